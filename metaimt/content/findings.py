"""Summary of findings: outcomes per 100 patients with how certain they are, and each domain with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.findings import LABELS, Finding
from metaimt.analyses.results import Results
from metaimt.analyses.wording import NOTHING, rounded_percent
from metaimt.content.labels import short_name
from metaimt.content.section import (
    Column,
    Fold,
    Row,
    Section,
    documents_only,
    paragraph,
    row,
    section,
    table,
)
from metaimt.model.count import Reports
from metaimt.model.text import Code, Named, Text, counted, joined, r_of_n, say
from metaimt.statistics.outcome import NotRun

_PROPOSED = " (proposed)"
_COLUMNS = (
    *("outcome", Column("r/n", "number"), Column("reports", "number")),
    *(Column("per 100 patients", "interval"), "certainty", "concerns"),
)


def findings_section(results: Results) -> Section:
    """The headline pool on the page; documents have the widest too, and every domain with its reason."""
    first, *others = results.findings.items()
    label = results.protocol.label
    decided = any(each.by or any(one.by for one in each.domains.values()) for each in first[1])
    explained = say(
        "Of {pool}: those for whom it is known, and of each hundred such patients how many, with the 95 % interval. "
        "Certainty and domains are those of GRADE. {who} A proposal follows from the numbers by rules; a person "
        "decides, with a reason, in {file}.",
        pool=label(first[0]),
        who="Nobody has decided yet." if not decided else "Who decided stands beside it.",
        file=Code("review.yaml"),
    )
    return section(
        "Summary of findings",
        table("Summary of findings", _COLUMNS, map(_row, first[1])),
        paragraph(explained, small=True),
        Fold(
            Text("Certainty, domain by domain"),
            table("Certainty, domain by domain", ("outcome", "domain", "concern", "why"), _domains(first[1])),
        ),
        [
            documents_only(
                section(Text(Named(f"The same of {label(pool)}")), table("Findings", _COLUMNS, map(_row, found)))
            )
            for pool, found in others[-1:]
        ],
        id="findings",
    )


def _row(found: Finding) -> Row:
    certainty = found.certainty.replace("_", " ")
    return row(
        LABELS[found.outcome],
        r_of_n(found.counts),
        counted(found.counts.reports, Reports(found.counts)),
        _per_100(found),
        f"{certainty}{_by(found.by)}",
        _concerns(found),
        opens=found.counts,
    )


def _per_100(found: Finding) -> str:
    if isinstance(found.rate, NotRun):
        return found.rate.wording()
    if found.rate is None:
        return NOTHING
    estimate, lower, upper = map(rounded_percent, (found.rate.estimate, found.rate.lower, found.rate.upper))
    return f"{estimate} ({lower} to {upper})"


def _concerns(found: Finding) -> Text:
    said = [
        Text(Named(f"{name.replace('_', ' ')}{'' if each.steps == 1 else ' (very serious)'}"))
        for name, each in found.domains.items()
        if each.steps
    ]
    return joined(said, "; ") if said else Text("none")


def _domains(findings: tuple[Finding, ...]) -> Iterator[Row]:
    """What no number speaks about stands in the table files only."""
    for found in findings:
        for name, each in found.domains.items():
            if not isinstance(each.level, NotRun):
                level = f"{short_name(each.level)}{_by(each.by)}"
                yield row(LABELS[found.outcome], short_name(name), level, each.why)


def _by(name: str) -> str:
    return f" (by {name})" if name else _PROPOSED
