"""The list of reports: as a table of words, and as rows for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from metaimt.analyses.report_list import ListedReport
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.protocol import Protocol
from metaimt.content.labels import NOT_STATED, r_of_n, report_labels, short_name
from metaimt.content.section import Column, Table, row, table

Cell = str | int | None
_DESIGNS: Final = {"case_report": "case", "case_series": "series", "cohort": "cohort", "trial": "trial"}


def reports_table(found: Sequence[ListedReport], everyone: Iterable[CaseFile], protocol: Protocol) -> tuple[Table, ...]:
    """A row a report; `everyone` are all reports of the review, so that names are those of every other table."""
    labels = report_labels(everyone)
    rows = [
        row(
            each.report.id,
            label if (label := labels[each.report.id]) != each.report.id else NOT_STATED,
            _DESIGNS.get(design := each.report.report.design, design.replace("_", " ")),
            r_of_n(each.counts) if each.counts.parts else "",
            where_counted(each, protocol),
        )
        for each in found
    ]
    return table("Reports", ("id", "report", "design", Column("r/n", "number"), "counted in"), rows)


def where_counted(found: ListedReport, protocol: Protocol) -> str:
    """`strict, all evidence`; with its own r/n where not all patients of the report are counted; or why nowhere."""
    if not found.counted:
        return f"none: {', '.join(found.reasons)}" if found.reasons else "none: nobody was given an inhibitor"
    whole = r_of_n(found.counts)
    names = (
        (short_name(group) if group in protocol.pools else protocol.label(group), r_of_n(counts))
        for group, counts in found.counted.items()
    )
    return ", ".join(name if own == whole else f"{name} {own}" for name, own in names)


def report_rows(
    found: Iterable[ListedReport], everyone: Iterable[CaseFile], protocol: Protocol
) -> Iterator[Mapping[str, Cell]]:
    """One row a report, with r and n of each pool of the protocol."""
    labels = report_labels(everyone)
    for each in found:
        about = each.report.report
        pools = {
            f"{name}_{what}": getattr(each.counted[name], what) if name in each.counted else 0
            for name in protocol.pools
            for what in ("responders", "evaluable")
        }
        yield {
            "id": each.report.id,
            "report": labels[each.report.id],
            "year": about.year,
            "design": about.design,
            "doi": about.doi,
            "pmid": about.pmid,
            "drugs": "; ".join(each.drugs),
            "responders": each.counts.responders,
            "evaluable": each.counts.evaluable,
            "counted_in": "; ".join(each.counted),
            **pools,
            "why_not": "; ".join(each.reasons),
        }
