"""Why each rule exists, for a clinician, with an example of what it refuses and of what it accepts.

The texts are data, in explanations.yaml, and are read only when one is asked for.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from metaimt.problem import SEVERITIES, Severity, WrongUse

WIDTH = 80
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


def rule_severities() -> Mapping[str, Severity]:
    """The severity of every rule that can be reported."""
    return {name: explanation.severity for name, explanation in explanations().items()}


def explanation_of(rule_id: str) -> Explanation:
    """The explanation of one rule. Raises WrongUse with the nearest id if there is none."""
    known = explanations()
    if rule_id in known:
        return known[rule_id]
    close = difflib.get_close_matches(rule_id.casefold(), known, n=1, cutoff=0.5)
    nearest = f"did you mean {close[0]}?" if close else "metaimt explain lists the rules"
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
        parts.append(f"If the file is right as it stands, waive it there, with the reason:\n{_waiver(explanation.id)}")
    return "\n\n".join(parts)


def _refused(explanation: Explanation) -> str:
    return "Refused" if explanation.severity == "error" else "Asked about"


def _waiver(rule_id: str) -> str:
    return f"    waivers:\n      - rule: {rule_id}\n        reason: why"


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
