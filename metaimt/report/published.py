"""The section on pooled figures printed elsewhere, and its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.published_pooled import PublishedComparison, why_not_compared
from metaimt.casefiles.published import PublishedFigure
from metaimt.model.count import Count, Reports
from metaimt.report.cells import Row
from metaimt.report.environment import Rendered, render
from metaimt.report.linked import Link, plain
from metaimt.report.wording import NOTHING, estimate_with_interval, fraction, plural


def published_section(
    found: Sequence[PublishedComparison], others: Sequence[tuple[str, PublishedFigure]] = ()
) -> Rendered:
    """Each printed figure beside the matching patients of this review, then those not compared; nothing if none."""
    told = [{"id": figure.id, "why": why, "note": figure.note or ""} for why, figure in others]
    return render("published.md.j2", {"published": published_content(found), "not_compared": told})


def published_content(found: Sequence[PublishedComparison], link: Link = plain) -> list[dict[str, Any]]:
    """The lines of the section, for the report and the page."""
    return [
        {
            "id": each.entry.id,
            "citation": each.entry.citation or each.entry.id,
            "printed": _printed(each),
            "conditions": each.conditions,
            "ours": _ours(each.counts, each.orr, link),
            "headline": _ours(*each.headline, link),
            "differences": each.differences,
            "note": each.entry.note or "",
        }
        for each in found
    ]


def _ours(counts: Count, orr: Rate, link: Link) -> str:
    reports = link(plural(counts.reports, "report"), Reports(counts))
    if orr is None and counts.evaluable:
        return f"{link(fraction(counts.responders, counts.evaluable), counts)} in {reports}: {why_not_compared(counts)}"
    return f"{estimate_with_interval(orr, link, counts)} in {reports}" if orr else NOTHING


def _printed(each: PublishedComparison) -> str:
    if each.printed is not None:
        return estimate_with_interval(each.printed)
    return f"{each.entry.responders} responders; how many were evaluable is not printed"


def published_rows(found: Sequence[PublishedComparison]) -> Iterator[Row]:
    """One printed figure a line, with ours beside it."""
    for each in found:
        yield {
            "id": each.entry.id,
            "printed_responders": each.entry.responders,
            "printed_evaluable": each.entry.evaluable,
            "printed_percent": each.entry.orr_percent_printed,
            "matches": each.conditions,
            "responders": each.counts.responders,
            "evaluable": each.counts.evaluable,
            "reports": each.counts.reports,
            "orr": each.orr.estimate if each.orr else None,
            "lower": each.orr.lower if each.orr else None,
            "upper": each.orr.upper if each.orr else None,
            "method": each.orr.method if each.orr else why_not_compared(each.counts),
            "headline_responders": each.headline[0].responders,
            "headline_evaluable": each.headline[0].evaluable,
            "headline_orr": each.headline[1].estimate if each.headline[1] else None,
            "headline_lower": each.headline[1].lower if each.headline[1] else None,
            "headline_upper": each.headline[1].upper if each.headline[1] else None,
            "differences": "; ".join(each.differences),
        }
