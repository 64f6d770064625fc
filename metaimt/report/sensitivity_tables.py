"""The sensitivity analyses, the specifications and the cumulative pools as rows for CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.over_time import NOT_ADJUSTED, Cumulative
from metaimt.analyses.sensitivity import SensitivityTables
from metaimt.analyses.specification import SpecificationGrid
from metaimt.analyses.unread import UnreadResponses
from metaimt.report.tables import Cell, Row
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.posterior import WeightedProportion


def sensitivity_rows(tables: SensitivityTables) -> Iterator[Row]:
    """One analysis and pool a line, then the models, then the stratum at each weight (r and n are weighted sums)."""
    for row in (*tables.rows, *tables.subsets, *tables.models):
        for pool, cell in row.pools.items():
            yield {
                "analysis": row.name,
                "pool": pool,
                "weight": None,
                "responders": cell.counts.responders,
                "evaluable": cell.counts.evaluable,
                "reports": cell.counts.reports,
                **_estimate(cell.orr),
                "change": cell.change,
                **{
                    f"patients_{how}": cell.moved[how].evaluable if how in cell.moved else 0
                    for how in ("entered", "left", "recounted")
                },
                "status": cell.status,
                "notes": "; ".join(cell.notes),
            }
    for point in tables.discounts:
        counts = (point.orr.responders, point.orr.evaluable) if point.orr else (None, None)
        yield {
            "analysis": point.name,
            "pool": point.pool,
            "weight": point.weight,
            "responders": counts[0],
            "evaluable": counts[1],
            "reports": None,
            **_estimate(point.orr),
            **dict.fromkeys(("change", "patients_entered", "patients_left", "patients_recounted")),
            "status": "",
            "notes": "",
        }


def sensitivity_contrast_rows(tables: SensitivityTables) -> Iterator[Row]:
    """An analysis and level of the pre-specified contrast a line, with the exact test; then its odds ratios."""
    for found in tables.contrasts:
        test = found.test
        for level, counts in found.levels.items():
            yield {
                "analysis": found.name,
                "contrast": "pre-specified",
                "level": level,
                "responders": counts.responders,
                "evaluable": counts.evaluable,
                "p": None if isinstance(test, NotRun) else test.p,
                **dict.fromkeys(("odds_ratio", "lower", "upper")),
                "note": test.wording() if isinstance(test, NotRun) else "",
            }
        for name, odds in found.odds.items():
            values = (None, None, None) if isinstance(odds, NotRun) else (odds.estimate, odds.lower, odds.upper)
            yield {
                "analysis": found.name,
                "contrast": name,
                **dict.fromkeys(("level", "responders", "evaluable", "p")),
                **dict(zip(("odds_ratio", "lower", "upper"), values, strict=True)),
                "note": odds.wording() if isinstance(odds, NotRun) else "",
            }


UNREAD: Final = ("name", "status", "treated", "responded", "lower", "upper", "source")


def unread_rows(found: UnreadResponses) -> Iterator[Row]:
    """A publication or arm a line, then both bounds."""
    for each in found.found:
        counts = {"treated": each.treated, "responded": each.responded}
        yield {"name": each.id, "status": each.status, **counts, "lower": None, "upper": None, "source": each.as_stated}
    for bounds in found.bounds:
        counts = {"treated": bounds.treated, "responded": bounds.responded}
        lower, upper = bounds.limits
        said = f"{bounds.worst[0]}/{bounds.worst[1]} to {bounds.best[0]}/{bounds.best[1]} in {bounds.pool}"
        yield {"name": f"bounds: {bounds.name}", "status": "", **counts, "lower": lower, "upper": upper, "source": said}


def leave_one_out_rows(tables: SensitivityTables) -> Iterator[Row]:
    """Each pool without each of its reports."""
    for left in tables.leave_one_out:
        yield {
            "pool": left.pool,
            "left_out": left.report,
            "its_responders": left.own.responders,
            "its_evaluable": left.own.evaluable,
            "responders": left.responders,
            "evaluable": left.evaluable,
            "reports": left.reports,
            **_estimate(left.orr),
            "change": left.change,
        }


def specification_rows(grid: SpecificationGrid) -> Iterator[Row]:
    """Each combination in the order of the estimate, its settings in columns of their own."""
    for number, specification in enumerate(grid.specifications, start=1):
        yield {
            "rank": number,
            "pool": grid.pool,
            "headline": specification.headline,
            **{f"choice: {name}": option for name, option in specification.settings.items()},
            "responders": specification.counts.responders,
            "evaluable": specification.counts.evaluable,
            "reports": specification.counts.reports,
            **_estimate(specification.orr),
        }


def cumulative_rows(found: Iterable[Cumulative]) -> Iterator[Row]:
    """Each pool and kind of date, step by step."""
    for cumulative in found:
        for step in cumulative.steps:
            yield {
                "pool": cumulative.pool,
                "by": cumulative.by,
                "up_to": step.when,
                "reports_added": step.added.reports,
                "responders_added": step.added.responders,
                "evaluable_added": step.added.evaluable,
                "responders": step.counts.responders,
                "evaluable": step.counts.evaluable,
                "reports": step.counts.reports,
                **_estimate(step.orr),
                "adjustment": NOT_ADJUSTED,
                "sequence_lower": None if step.sequence is None else step.sequence[0],
                "sequence_upper": None if step.sequence is None else step.sequence[1],
            }


def _estimate(orr: Rate | WeightedProportion) -> dict[str, Cell]:
    if orr is None:
        return {"orr": None, "lower": None, "upper": None, "level": None, "method": "no evaluable patient"}
    limits = {"orr": orr.estimate, "lower": orr.lower, "upper": orr.upper}
    return {**limits, "level": orr.level, "method": orr.method}
