"""Waivers: what a case file, or a second reading, says is no mistake.

A warning or info may be waived with a reason; an error never. Nothing disappears: a waived problem is counted apart and
listed in the report, and a waiver that matches nothing is itself a warning.

Why each rule exists, for a clinician, with an example of what it refuses and of what it accepts.

The texts are data, in explanations.yaml, and are read only when one is asked for.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from metaimt.casefiles.fields import shown
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Waiver
from metaimt.casefiles.strict_yaml import Document
from metaimt.checks.rule import Finding, Rule
from metaimt.problem import SEVERITIES, Findings, Problem, Severity, Waived, WrongUse, nearest_of, ordered

WIDTH = 80
_ALL_RULES = "metaimt explain lists the rules"
_INTRODUCTION = """# The rules

What `metaimt validate` asks of the files of a review. An **error** is a file that cannot be read, contradicts itself or
loses data: nothing is analysed before it is mended. A **warning** is for a human to look at. An **info** is a
suggestion. A warning or info that was looked at and is no mistake is waived in the case file, with the reason:

```yaml
waivers:
  - {rule: missing-year, reason: the year is not on the page that was read}
  - {rule: ongoing-but-followed, reason: given together for a week, at: patients/P1/courses/1}
```

A waived finding is counted apart and listed in the report. `metaimt explain RULE` prints one of the entries below.

This page is generated: `metaimt explain --markdown > docs/rules.md`."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why` is a paragraph; `bad` and `good` are lines of YAML that the rule refuses and accepts."""

    id: str
    severity: Severity
    why: str
    bad: str
    good: str
    waivable: bool  # by a case file: not an error, and not about a shared file

    @property
    def first_sentence(self) -> str:
        """The first sentence of `why`."""
        return re.split(r"(?<=[.!?]) ", self.why, maxsplit=1)[0]


@lru_cache(maxsize=1)
def explanations() -> Mapping[str, Explanation]:
    """All explanations by rule id, sorted."""
    text = files("metaimt.checks").joinpath("explanations.yaml").read_text(encoding="utf-8")
    entries: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return {name: _explanation(name, entries[name]) for name in sorted(entries)}


def _explanation(name: str, entry: Mapping[str, str]) -> Explanation:
    severity = next(severity for severity in SEVERITIES if severity == entry["severity"])
    why, bad, good = (entry[part].rstrip() for part in ("why", "bad", "good"))
    waivable = severity != "error" and entry.get("about", "case file") == "case file"
    return Explanation(name, severity, " ".join(why.split()), bad, good, waivable)


def explanation_of(rule_id: str) -> Explanation:
    """The explanation of one rule. Raises WrongUse with the nearest id if there is none."""
    known = explanations()
    if rule_id in known:
        return known[rule_id]
    nearest = nearest_of(rule_id.casefold(), known, _ALL_RULES, cutoff=0.5)
    raise WrongUse(f"no rule has the id '{rule_id}'; {nearest}")


def explanation_text(explanation: Explanation) -> str:
    """One explanation for a terminal 80 columns wide; the snippets stand as they are."""
    parts = [
        f"{explanation.severity}[{explanation.id}]",
        textwrap.fill(explanation.why, WIDTH, break_on_hyphens=False, break_long_words=False),
        f"{_refused(explanation)}:\n{textwrap.indent(explanation.bad, '    ')}",
        f"Accepted:\n{textwrap.indent(explanation.good, '    ')}",
    ]
    if explanation.waivable:
        waiver = f"    waivers:\n      - rule: {explanation.id}\n        reason: why"
        parts.append(f"If the file is right as it stands, waive it there, with the reason:\n{waiver}")
    return "\n\n".join(parts)


def _refused(explanation: Explanation) -> str:
    return "Refused" if explanation.severity == "error" else "Asked about"


def rule_list() -> str:
    """Every rule with its severity and the first sentence of its explanation, by severity."""
    blocks = []
    for severity in SEVERITIES:
        rules = [explanation for explanation in explanations().values() if explanation.severity == severity]
        lines = [f"{severity}: {len(rules)}"]
        for rule in rules:
            body = textwrap.fill(rule.first_sentence, WIDTH - 6, break_on_hyphens=False)
            lines.append(f"  {rule.id}\n{textwrap.indent(body, ' ' * 6)}")
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, "metaimt explain RULE tells more, with an example."])


def rules_page() -> str:
    """docs/rules.md."""
    return "\n\n".join([_INTRODUCTION, *map(_section, explanations().values())]) + "\n"


def _section(explanation: Explanation) -> str:
    why = textwrap.fill(explanation.why, 120, break_on_hyphens=False, break_long_words=False)
    return (
        f"## {explanation.id}\n\n*{explanation.severity}* · {why}\n\n{_refused(explanation)}:\n\n"
        f"```yaml\n{explanation.bad}\n```\n\nAccepted:\n\n```yaml\n{explanation.good}\n```"
    )


UNKNOWN, OF_ERROR, UNUSED = "waiver-of-unknown-rule", "waiver-of-error", "unused-waiver"
_ARM = re.compile(r"(?:arm)?([1-9]\d*)")


def without_waived(library: Library, problems: Sequence[Problem], looked_for: Collection[str]) -> Findings:
    """The problems that no file waives, with those about the waivers themselves; and the waived ones.

    `looked_for` are the ids of the rules that were asked: a waiver of another rule is not called unused.
    """
    excused: dict[Problem, str] = {}
    about: list[Problem] = []
    files = [(library.report_documents[report.id], report.waivers) for report in library.by_id.values()]
    files += [(library.documents[name], reading.waivers) for name, reading in library.second_readings.items()]
    by_file: dict[str, list[Problem]] = {document.name: [] for document, waivers in files if waivers}
    for problem in problems:
        if problem.severity != "error" and problem.file in by_file:
            by_file[problem.file].append(problem)
    for document, waivers in files:
        if waivers:
            about += _of_file(waivers, document, by_file[document.name], excused, looked_for)
    if not excused and not about:
        return Findings(ordered(problems))
    kept = ordered([*(problem for problem in problems if problem not in excused), *about])
    return Findings(kept, tuple(Waived(problem, excused[problem]) for problem in ordered(excused)))


def _of_file(
    waivers: Sequence[Waiver],
    document: Document,
    problems: Iterable[Problem],
    excused: dict[Problem, str],
    looked_for: Collection[str],
) -> Iterator[Problem]:
    """Add what the waivers of a file excuse to `excused`; yield what is wrong with them."""
    severities = {name: explanation.severity for name, explanation in explanations().items()}
    for k, waiver in enumerate(waivers):
        span = _span(document, waiver.at)
        matches = [problem for problem in problems if problem.rule == waiver.rule and _within(problem, span)]
        for problem in matches:
            excused.setdefault(problem, waiver.reason)
        if severities.get(waiver.rule) in {None, "error"}:
            refused = Rule(OF_ERROR if waiver.rule in severities else UNKNOWN, "error", iter)
            yield refused.problem(document, _not_waived(k, waiver, severities))
        elif not matches and (waiver.rule in looked_for or waiver.rule == UNUSED):
            yield Rule(UNUSED, "warning", iter).problem(document, _unused(k, waiver, span is None))


def _not_waived(k: int, waiver: Waiver, severities: Mapping[str, str]) -> Finding:
    path = ("waivers", k, "rule")
    if waiver.rule in severities:
        hint = f"mend what it is about (metaimt explain {waiver.rule}), then delete this waiver"
        return path, f"{waiver.rule} is an error, and an error is not waived", hint
    hint = nearest_of(waiver.rule, severities, _ALL_RULES).replace("did you mean ", "did you mean rule: ")
    return path, f"no rule has the id {shown(waiver.rule)}", hint


def _unused(k: int, waiver: Waiver, nowhere: bool) -> Finding:
    if nowhere:
        hint = "write at: patients/P1, patients/P1/courses/1, arms/1 or report/year, or delete at"
        return ("waivers", k, "at"), f"at: {shown(waiver.at)} leads nowhere in this file", hint
    where = f" at {waiver.at}" if waiver.at else " in this file"
    return ("waivers", k), f"{waiver.rule} finds nothing{where}", "delete this waiver, or correct its rule or at"


Span = tuple[tuple[int, int], tuple[int, int]]


def _span(document: Document, at: str | None) -> Span | None:
    """From where to where, (line, column) from 0, the part named by `at` goes; None if there is no such part."""
    node = document.root
    for step in at.strip("/").split("/") if at else ():
        node = _inner(node, step)
    if node is None:
        return None
    start, end = node.start_mark, node.end_mark
    return (start.line, start.column), (end.line, end.column)


def _inner(node: yaml.Node | None, step: str) -> yaml.Node | None:
    """The field of that name; or the entry with that id, else with that number, from 1: `P1`, `1`, `arm1`."""
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if not isinstance(node, yaml.SequenceNode):
        return None
    named = (entry for entry in node.value if getattr(_inner(entry, "id"), "value", None) == step)
    match = _ARM.fullmatch(step)
    numbered = node.value[int(match[1]) - 1] if match and int(match[1]) <= len(node.value) else None
    return next(named, numbered)


def _within(problem: Problem, span: Span | None) -> bool:
    at = problem.position
    return span is not None and span[0] <= (at.line - 1, at.column - 1) < span[1]
