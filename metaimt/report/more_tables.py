"""Rows for CSV of the subgroups and of the times.

A cell that an analysis did not fill is empty, and `not_run` says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metaimt.analyses.deaths_and_toxicity import DeathsAndToxicity
from metaimt.analyses.duration import Curve, Duration, Times
from metaimt.analyses.subgroups import Subgroups
from metaimt.report.tables import Cell, Row
from metaimt.statistics.outcome import NotRun


def stated_rows(found: DeathsAndToxicity) -> Iterator[Row]:
    """Status, end of treatment and adverse events: one value a line, with the units that state it."""
    for item in (found.status, found.ends, found.events):
        for value, who in item.values.items():
            numbers = {"number": len(who.parts), "stated": len(item.stated.parts), "of": len(item.asked.parts)}
            yield {"item": item.item, "value": value, **numbers, "units": "; ".join(who.ids)}


def subgroup_rows(found: Subgroups) -> Iterator[Row]:
    """All groupings and pools, one level a line, with the exact and the partially pooled rate and the test."""
    for grouping, by_pool in found.tables.items():
        for pool, table in by_pool.items():
            test = table.test
            for each in table.levels:
                orr, rate, counts = each.level.orr, each.pooled, each.level.counts
                yield {
                    "grouping": grouping,
                    "pool": pool,
                    "level": each.level.name,
                    "responders": counts.responders,
                    "evaluable": counts.evaluable,
                    "reports": counts.reports,
                    "orr": orr.estimate if orr else None,
                    "lower": orr.lower if orr else None,
                    "upper": orr.upper if orr else None,
                    "method": orr.method if orr else "no evaluable patient",
                    "pooled_median": None if isinstance(rate, NotRun) else rate.median,
                    "pooled_lower": None if isinstance(rate, NotRun) else rate.lower,
                    "pooled_upper": None if isinstance(rate, NotRun) else rate.upper,
                    "not_pooled": rate.reason if isinstance(rate, NotRun) else "",
                    "test_p": None if isinstance(test, NotRun) else test.p,
                    "test": test.wording(),
                }


def regression_rows(found: Subgroups) -> Iterator[Row]:
    """The regressions, one coefficient a line; one line with the reason for a model that was not run."""
    for pool, models in found.regressions.items():
        for model in models:
            start: dict[str, Cell] = {
                "pool": pool,
                "covariates": "; ".join(model.covariates),
                "patients": model.patients.evaluable,
                "complete": model.complete.evaluable,
                "responders": model.complete.responders,
            }
            names = ("coefficient", "log_odds_ratio", "lower", "upper", "p")
            if isinstance(model.fit, NotRun):
                yield {**start, **dict.fromkeys(names, None), "not_run": model.fit.reason}
                continue
            for c in model.fit.coefficients:
                values = (c.name, c.estimate, c.lower, c.upper, c.p)
                yield {**start, **dict(zip(names, values, strict=True)), "not_run": ""}


def later_rows(found: Subgroups) -> Iterator[Row]:
    """Each patient's change from one inhibitor to the next."""
    for switch in found.later.switches:
        yield switch.to_dict()


def duration_rows(found: Mapping[str, Duration]) -> Iterator[Row]:
    """Known times by pool and field, one patient a line, months."""
    for pool, duration in found.items():
        for times in duration.times.values():
            for known in times.known:
                yield {
                    "pool": pool,
                    "field": times.field,
                    "unit": known.unit.id,
                    "drug": known.unit.drug,
                    "low": known.low,
                    "high": known.high,
                    "state": known.state,
                    "why": known.why,
                }


def median_rows(found: Mapping[str, Duration]) -> Iterator[Row]:
    """Medians that arms print, months, with the interval as printed."""
    for pool, duration in found.items():
        for median in duration.medians:
            lower, upper = median.interval or (None, None)
            yield {
                "pool": pool,
                "field": median.field,
                "unit": median.id,
                "drug": median.drug,
                "n": median.n,
                "median": median.value,
                "lower": lower,
                "upper": upper,
                "interval": "printed" if median.interval else "not printed",
            }


def duration_estimate_rows(found: Mapping[str, Duration]) -> Iterator[Row]:
    """Medians, S(t) and cumulative incidence by pool, field and variant; an empty cell is not reached."""
    for pool, duration in found.items():
        for times in duration.times.values():
            for quantity in _estimates(times):
                yield {"pool": pool, "field": times.field, **quantity}


def _estimates(times: Times) -> Iterator[Row]:
    if isinstance(times.curves, NotRun):
        yield _estimate("", "Kaplan-Meier", (None, None, None), times.curves.reason)
        return
    for variant, curve in times.curves.items():
        yield from _of_curve(variant, curve)
    if isinstance(times.incidence, Mapping):
        for variant, incidence in times.incidence.items():
            for at in incidence.at:
                name = f"incidence of cause {at.cause} at {at.time:g} months"
                yield _estimate(variant, name, (at.estimate, at.lower, at.upper))


def _of_curve(variant: str, curve: Curve) -> Iterator[Row]:
    for name, found in (("median, months", curve.median), ("median follow-up, months", curve.followup)):
        yield _estimate(variant, name, (found.estimate, found.lower, found.upper))
    for at in curve.landmarks:
        yield _estimate(variant, f"S at {at.time:g} months", (at.estimate, at.lower, at.upper))


def _estimate(variant: str, quantity: str, values: tuple[float | None, ...], not_run: str = "") -> Row:
    numbers = dict(zip(("estimate", "lower", "upper"), values, strict=True))
    return {"ranges_at": variant, "quantity": quantity, **numbers, "not_run": not_run}
