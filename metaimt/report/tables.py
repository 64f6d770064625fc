"""The tables of the outputs as rows of named cells, one function a table.

A cell that an analysis did not fill is empty, and `not_run` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from metaimt.analyses.agreement import Agreement
from metaimt.analyses.appraisal import Appraisals
from metaimt.analyses.audit import Audit
from metaimt.analyses.breakdown import EvidenceMap
from metaimt.analyses.clinical import ClinicalQuestions, DeathsAndToxicity
from metaimt.analyses.duration import Duration, Times
from metaimt.analyses.findings import Finding
from metaimt.analyses.flow import flow
from metaimt.analyses.over_time import NOT_ADJUSTED, Cumulative
from metaimt.analyses.published_pooled import PublishedComparison, why_not_compared
from metaimt.analyses.sensitivity import SensitivityTables, SpecificationGrid
from metaimt.analyses.subgroups import Subgroups
from metaimt.analyses.treatment_courses import TreatmentCourses
from metaimt.analyses.unread import UnreadResponses
from metaimt.content.prisma import prisma_items
from metaimt.evidence.selection import unit_rows
from metaimt.report.bias_tables import contrast_report_rows, contrast_rows, missing_rows, selectivity_rows
from metaimt.report.cells import (
    Cell,
    Row,
    count_cells,
    curve_quantities,
    interval_cells,
    rate_cells,
    rate_cells_at_level,
    why_not,
)
from metaimt.report.prisma_flow import flow_rows
from metaimt.serialise import to_json
from metaimt.statistics.outcome import NotIdentified, NotRun

if TYPE_CHECKING:
    from metaimt.analyses.breakdown import Breakdown
    from metaimt.analyses.pooled_response import Group, PooledResponse
    from metaimt.analyses.results import Results
    from metaimt.versions.changes import Changes


def pool_rows(result: PooledResponse) -> Iterator[Row]:
    """Pools, strata and separate rows, one a line."""
    for kind, groups in (("pool", result.pools), ("row", result.rows)):
        for group in groups.values():
            yield _group_row(kind, group.name, "", group)
            for stratum in group.strata.values():
                yield _group_row(kind, group.name, stratum.name, stratum)


def _group_row(kind: str, name: str, stratum: str, group: Group) -> Row:
    place = {"kind": kind, "group": name, "stratum": stratum}
    return {**place, **count_cells(group.counts), **rate_cells_at_level(group.orr)}


def breakdown_rows(tables: Mapping[str, Sequence[Breakdown]]) -> Iterator[Row]:
    """All groupings and pools, one level a line."""
    for grouping, breakdowns in tables.items():
        for table in breakdowns:
            for level in table.levels:
                place = {"grouping": grouping, "pool": table.pool, "level": level.name}
                yield {**place, **count_cells(level.counts), **rate_cells(level.orr)}


def cluster_rows(result: PooledResponse) -> Iterator[Row]:
    """The pooled clusters: one (r, n) a report and pool, as the models see them, with stratum and design."""
    for group in result.pools.values():
        designs = {unit.report: unit.design for unit in group.counts.units}
        strata = {report: name for name, stratum in group.strata.items() for report, _, _ in stratum.clusters}
        for report, r, n in group.clusters:
            place = {"stratum": strata.get(report, ""), "design": designs[report]}
            yield {"pool": group.name, "report": report, **place, "r": r, "n": n}


def adjusted_rows(result: PooledResponse) -> Iterator[Row]:
    """The rate in trials, adjusted for selection: a pool and prior of the log odds ratio a line."""
    for group in result.pools.values():
        if isinstance(group.adjusted, NotRun):
            continue
        for each in group.adjusted:
            yield {
                "pool": group.name,
                "prior": each.prior.wording(),
                "odds_ratio": each.prior.odds_ratio,
                "log_sd": each.prior.log_sd,
                **interval_cells(each),
                "level": each.level,
            }


def stated_rows(found: DeathsAndToxicity) -> Iterator[Row]:
    """Status, end of treatment and adverse events: one value a line, with the units that state it."""
    for item in (found.status, found.ends, found.events):
        for value, who in item.values.items():
            numbers = {"number": len(who.parts), "stated": len(item.stated.parts), "of": len(item.asked.parts)}
            yield {"item": item.item, "value": value, **numbers, "units": "; ".join(who.ids)}


def clinical_rows(found: Mapping[str, ClinicalQuestions]) -> Iterator[Row]:
    """A pool, group and question a line."""
    for pool, questions in found.items():
        for (grouping, level), answers in questions.answers.items():
            for each in answers:
                yield {
                    "pool": pool,
                    "grouping": grouping,
                    "level": level,
                    "question": each.question,
                    "yes": len(each.yes.parts),
                    "known": len(each.known.parts),
                    "of": len(each.asked.parts),
                }


def agreement_rows(found: Iterable[Agreement]) -> Iterator[Row]:
    """A second reader and field a line."""
    for each in found:
        for field in each.fields:
            kappa = None if isinstance(field.kappa, NotIdentified) else field.kappa
            most = None if isinstance(field.most, NotIdentified) else field.most
            yield {
                "reader": each.reader,
                "field": field.field,
                "each": field.each,
                "compared": len(field.pairs),
                "agreed": field.agreed,
                "kappa": kappa.estimate if kappa else None,
                "kappa_lower": kappa.lower if kappa else None,
                "kappa_upper": kappa.upper if kappa else None,
                "most_frequent": most.value if most else None,
                "share": most.share if most else None,
                "both_stated": len(field.stated),
                "both_stated_agreed": sum(pair.agree for pair in field.stated),
                "note": "" if kappa else field.kappa.wording(),
            }


def disagreement_rows(found: Iterable[Agreement]) -> Iterator[Row]:
    """What a second reader gave otherwise, a line each, with where it stands."""
    for each in found:
        for field in each.fields:
            for pair in field.pairs:
                if not pair.agree:
                    yield {
                        **{"reader": each.reader, "unit": pair.unit, "field": field.field},
                        **{"case_file": pair.first, "second_reading": pair.second},
                        **{"at": pair.first_at, "second_at": pair.second_at},
                    }


def finding_rows(found: Mapping[str, tuple[Finding, ...]]) -> Iterator[Row]:
    """A pool, outcome and domain a line; the line without a domain is the finding itself."""
    for pool, findings in found.items():
        for each in findings:
            start: dict[str, Cell] = {"pool": pool, "outcome": each.outcome}
            yield {
                **start,
                "domain": "",
                "r": each.counts.responders,
                "n": each.counts.evaluable,
                "reports": each.counts.reports,
                "of": each.asked.evaluable,
                **interval_cells(each.rate, "rate"),
                "judged": each.certainty,
                "by": each.by,
                "why": each.rate.reason if isinstance(each.rate, NotRun) else str(each.reason),
            }
            empty = dict.fromkeys(("r", "n", "reports", "of", "rate", "lower", "upper"))
            for name, one in each.domains.items():
                judged = "not assessed" if isinstance(one.level, NotRun) else one.level
                yield {**start, "domain": name, **empty, "judged": judged, "by": one.by, "why": str(one.why)}


def subgroup_rows(found: Subgroups) -> Iterator[Row]:
    """All groupings and pools, one level a line, with the exact and the partially pooled rate and the test."""
    for grouping, by_pool in found.tables.items():
        for pool, table in by_pool.items():
            test = table.test
            for each in table.levels:
                rate = each.pooled
                pooled = {} if isinstance(rate, NotRun) else rate.printed
                yield {
                    "grouping": grouping,
                    "pool": pool,
                    "level": each.level.name,
                    **count_cells(each.level.counts),
                    **rate_cells(each.level.orr),
                    "pooled_median": pooled.get("median"),
                    "pooled_lower": pooled.get("lower"),
                    "pooled_upper": pooled.get("upper"),
                    "not_pooled": why_not(rate),
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
            if isinstance(model.fit, NotRun):
                none = {"coefficient": None, **interval_cells(None, "log_odds_ratio"), "p": None}
                yield {**start, **none, "not_run": model.fit.reason}
                continue
            for c in model.fit.coefficients:
                yield {**start, "coefficient": c.name, **interval_cells(c, "log_odds_ratio"), "p": c.p, "not_run": ""}


def later_rows(found: Subgroups) -> Iterator[Row]:
    """Each patient's change from one inhibitor to the next."""
    for switch in found.later.switches:
        yield to_json(switch)


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
    curves = {"": times.curves} if isinstance(times.curves, NotRun) else times.curves
    for variant, curve in curves.items():
        yield from (_estimate(variant, *quantity) for quantity in curve_quantities(curve))
    if isinstance(times.incidence, Mapping):
        for variant, incidence in times.incidence.items():
            for at in incidence.at:
                name = f"incidence of cause {at.cause} at {at.time:g} months"
                yield _estimate(variant, name, at)


def _estimate(variant: str, quantity: str, found: Any) -> Row:
    return {"ranges_at": variant, "quantity": quantity, **interval_cells(found), "not_run": why_not(found)}


def course_rows(found: Mapping[str, TreatmentCourses]) -> Iterator[Row]:
    """One course of one patient a row, by pool; what is not stated is empty."""
    for pool, courses in found.items():
        for patient in courses.patients:
            for course in patient.courses:
                low, high = course.duration or (None, None)
                yield {
                    "pool": pool,
                    "patient": patient.patient,
                    "course": course.course,
                    "drug": course.drug,
                    "combined_with": "; ".join(course.combined_with),
                    "response": course.response or "",
                    "response_basis": course.response_basis or "",
                    "months_low": low,
                    "months_high": high,
                    "ongoing": "" if course.ongoing is None else str(course.ongoing).lower(),
                    "stop_reason": course.stop_reason or "",
                    "life_status": patient.counts.units[0].life_status or "",
                }


def evidence_map_rows(found: Mapping[str, EvidenceMap]) -> Iterator[Row]:
    """One cell that has patients a row, by pool."""
    for pool, each in found.items():
        for (row, column), counts in each.cells.items():
            yield {"pool": pool, each.down: row, each.across: column, **to_json(counts)}


def sensitivity_rows(tables: SensitivityTables) -> Iterator[Row]:
    """One analysis and pool a line, then the models, then the stratum at each weight (r and n are weighted sums)."""
    for row in (*tables.rows, *tables.subsets, *tables.models):
        for pool, cell in row.pools.items():
            yield {
                "analysis": row.name,
                "pool": pool,
                "weight": None,
                **count_cells(cell.counts),
                **rate_cells_at_level(cell.orr),
                "change": cell.change,
                **{
                    f"patients_{how}": cell.moved[how].evaluable if how in cell.moved else 0
                    for how in ("entered", "left", "recounted")
                },
                "status": cell.status,
                "notes": "; ".join(map(str, cell.notes)),
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
            **rate_cells_at_level(point.orr),
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
                **interval_cells(None, "odds_ratio"),
                "note": test.wording() if isinstance(test, NotRun) else "",
            }
        for name, odds in found.odds.items():
            yield {
                "analysis": found.name,
                "contrast": name,
                **dict.fromkeys(("level", "responders", "evaluable", "p")),
                **interval_cells(odds, "odds_ratio"),
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
            **count_cells(left),
            **rate_cells_at_level(left.orr),
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
            **count_cells(specification.counts),
            **rate_cells_at_level(specification.orr),
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
                **count_cells(step.counts),
                **rate_cells_at_level(step.orr),
                "adjustment": NOT_ADJUSTED,
                "sequence_lower": None if step.sequence is None else step.sequence[0],
                "sequence_upper": None if step.sequence is None else step.sequence[1],
            }


def published_rows(found: Sequence[PublishedComparison]) -> Iterator[Row]:
    """One printed figure a line, with ours beside it."""
    for each in found:
        yield {
            "id": each.entry.id,
            "printed_responders": each.entry.responders,
            "printed_evaluable": each.entry.evaluable,
            "printed_percent": each.entry.orr_percent_printed,
            "matches": each.conditions,
            **count_cells(each.counts),
            **interval_cells(each.orr, "orr"),
            "method": each.orr.method if each.orr else why_not_compared(each.counts),
            "headline_responders": each.headline[0].responders,
            "headline_evaluable": each.headline[0].evaluable,
            "headline_orr": each.headline[1].estimate if each.headline[1] else None,
            "headline_lower": each.headline[1].lower if each.headline[1] else None,
            "headline_upper": each.headline[1].upper if each.headline[1] else None,
            "differences": "; ".join(each.differences),
        }


def audit_rows(found: Audit) -> Iterator[Row]:
    """Every finding, the waived ones with their reason."""
    for one in (*found.findings, *found.waived):
        row = to_json(one)
        yield {
            **{key: row[key] for key in ("report", "where", "what", "printed", "computed", "rule")},
            "message": one.found.message,
            "to_be_right": one.found.remedy,
            "waived_because": one.waived_because,
        }


def appraisal_rows(found: Appraisals) -> Iterator[Row]:
    """A report and question a line."""
    for each in found.reports:
        for one in each.answers:
            yield {
                "report": each.report.id,
                "tool": each.tool.key,
                "question": one.question.key,
                "text": one.question.text,
                "answer": one.answer,
                "standing": one.standing,
                "by": "; ".join(one.by),
                "reason": one.reason,
                "proposed": one.proposal.answer,
                "proposed_because": one.proposal.reason,
            }


def prisma_rows(results: Results, changes: Changes) -> Iterator[Row]:
    """A row an item of PRISMA-LSR."""
    for each in prisma_items(results, changes):
        where = {"section": each.section, "item": each.item, "asked": each.asked}
        yield {**where, "verified": each.verified, "said": each.said, "stands": each.stands}


TABLES: Final[dict[str, Callable[[Results], Iterable[Row]]]] = {
    "pools": lambda results: pool_rows(results.response),
    "flow": lambda results: flow_rows(flow(results.library, results.protocol)),
    "units": lambda results: unit_rows(results.selection),
    "clusters": lambda results: cluster_rows(results.response),
    "adjusted": lambda results: adjusted_rows(results.response),
    "breakdowns": lambda results: breakdown_rows(results.breakdowns),
    "subgroups": lambda results: subgroup_rows(results.subgroups),
    "regressions": lambda results: regression_rows(results.subgroups),
    "later-inhibitors": lambda results: later_rows(results.subgroups),
    "durations": lambda results: duration_rows(results.duration),
    "medians": lambda results: median_rows(results.duration),
    "duration-estimates": lambda results: duration_estimate_rows(results.duration),
    "deaths-and-toxicity": lambda results: stated_rows(results.deaths_and_toxicity),
    "summary-of-findings": lambda results: finding_rows(results.findings),
    "clinical-questions": lambda results: clinical_rows(results.clinical),
    "sensitivity": lambda results: sensitivity_rows(results.sensitivity),
    "sensitivity-contrasts": lambda results: sensitivity_contrast_rows(results.sensitivity),
    "unread": lambda results: unread_rows(results.unread),
    "leave-one-out": lambda results: leave_one_out_rows(results.sensitivity),
    "specification": lambda results: specification_rows(results.specification),
    "treatment-courses": lambda results: course_rows(results.courses),
    "evidence-map": lambda results: evidence_map_rows(results.evidence_map),
    "over-time": lambda results: cumulative_rows(results.over_time),
    "bias-contrasts": lambda results: contrast_rows(results.publication_bias),
    "contrast-reports": lambda results: contrast_report_rows(results.publication_bias),
    "selectivity": lambda results: selectivity_rows(results.publication_bias),
    "missing-non-responders": lambda results: missing_rows(results.publication_bias),
    "published-pooled": lambda results: published_rows(results.published),
    "agreement": lambda results: agreement_rows(results.agreement),
    "disagreements": lambda results: disagreement_rows(results.agreement),
    "audit": lambda results: audit_rows(results.audit),
    "appraisal": lambda results: appraisal_rows(results.appraisal),
}
"""Name of the file in tables/ -> its rows. One more table is a function above and a line here."""
_AGREED: Final = (
    *("reader", "field", "each", "compared", "agreed", "kappa", "kappa_lower", "kappa_upper", "most_frequent", "share"),
    *("both_stated", "both_stated_agreed", "note"),
)
_DISAGREED: Final = ("reader", "unit", "field", "case_file", "second_reading", "at", "second_at")
COLUMNS: Final = {"unread": UNREAD, "agreement": _AGREED, "disagreements": _DISAGREED}
"""The columns of a table that may have no row."""
