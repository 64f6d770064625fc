"""The tables of the outputs as rows of named cells, one function a table.

A cell that an analysis did not fill is empty, and `not_run` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Final

from metaimt.analyses.agreement import Agreement
from metaimt.analyses.alternatives import Rate
from metaimt.analyses.appraisal import Appraisals
from metaimt.analyses.audit import Audit
from metaimt.analyses.breakdown import EvidenceMap
from metaimt.analyses.clinical import ClinicalQuestions, DeathsAndToxicity
from metaimt.analyses.contrasts import Contrast
from metaimt.analyses.duration import Curve, Duration, Times
from metaimt.analyses.findings import Finding
from metaimt.analyses.flow import Flow, flow
from metaimt.analyses.over_time import NOT_ADJUSTED, Cumulative
from metaimt.analyses.publication_bias import NONE_NEEDED, PublicationBias, Selectivity
from metaimt.analyses.published_pooled import PublishedComparison, why_not_compared
from metaimt.analyses.sensitivity import SensitivityTables, SpecificationGrid
from metaimt.analyses.subgroups import Subgroups
from metaimt.analyses.treatment_courses import TreatmentCourses
from metaimt.analyses.unread import UnreadResponses
from metaimt.content.prisma import prisma_items
from metaimt.evidence.selection import unit_rows
from metaimt.report.cells import Cell, Row
from metaimt.serialise import to_json
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.posterior import WeightedProportion

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
    orr = group.orr
    return {
        "kind": kind,
        "group": name,
        "stratum": stratum,
        "responders": group.counts.responders,
        "evaluable": group.counts.evaluable,
        "reports": group.counts.reports,
        "orr": orr.estimate if orr else None,
        "lower": orr.lower if orr else None,
        "upper": orr.upper if orr else None,
        "level": orr.level if orr else None,
        "method": orr.method if orr else "no evaluable patient",
    }


def breakdown_rows(tables: Mapping[str, Sequence[Breakdown]]) -> Iterator[Row]:
    """All groupings and pools, one level a line."""
    for grouping, breakdowns in tables.items():
        for table in breakdowns:
            for level in table.levels:
                yield {
                    "grouping": grouping,
                    "pool": table.pool,
                    "level": level.name,
                    "responders": level.counts.responders,
                    "evaluable": level.counts.evaluable,
                    "reports": level.counts.reports,
                    "orr": level.orr.estimate if level.orr else None,
                    "lower": level.orr.lower if level.orr else None,
                    "upper": level.orr.upper if level.orr else None,
                    "method": level.orr.method if level.orr else "no evaluable patient",
                }


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
                "estimate": each.estimate,
                "lower": each.lower,
                "upper": each.upper,
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
            value, share = field.most
            yield {
                "reader": each.reader,
                "field": field.field,
                "each": field.each,
                "compared": len(field.pairs),
                "agreed": field.agreed,
                "kappa": kappa.estimate if kappa else None,
                "kappa_lower": kappa.lower if kappa else None,
                "kappa_upper": kappa.upper if kappa else None,
                "most_frequent": value,
                "share": share,
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
            rate = None if isinstance(each.rate, NotRun) else each.rate
            start: dict[str, Cell] = {"pool": pool, "outcome": each.outcome}
            yield {
                **start,
                "domain": "",
                "r": each.counts.responders,
                "n": each.counts.evaluable,
                "reports": each.counts.reports,
                "of": each.asked.evaluable,
                "rate": rate.estimate if rate else None,
                "lower": rate.lower if rate else None,
                "upper": rate.upper if rate else None,
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
                orr, rate, counts = each.level.orr, each.pooled, each.level.counts
                pooled = {} if isinstance(rate, NotRun) else rate.printed
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
                    "pooled_median": pooled.get("median"),
                    "pooled_lower": pooled.get("lower"),
                    "pooled_upper": pooled.get("upper"),
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
        if isinstance(found, NotRun):
            yield _estimate(variant, name, (None, None, None), not_run=found.reason)
        else:
            yield _estimate(variant, name, (found.estimate, found.lower, found.upper))
    for at in curve.landmarks:
        yield _estimate(variant, f"S at {at.time:g} months", (at.estimate, at.lower, at.upper))


def _estimate(variant: str, quantity: str, values: tuple[float | None, ...], not_run: str = "") -> Row:
    numbers = dict(zip(("estimate", "lower", "upper"), values, strict=True))
    return {"ranges_at": variant, "quantity": quantity, **numbers, "not_run": not_run}


def flow_rows(found: Flow) -> Iterator[Row]:
    """The boxes of PRISMA 2020, as the template of the R package PRISMA2020 has them (inst/extdata/PRISMA.csv).

    Its PRISMA_data reads "not recorded" as NA, and parts reasons and numbers as "wrong disease, 3; no patients, 2".
    """
    known = found.identified is not None
    counts: dict[str, int | str | None] = {
        "previous_studies": len(found.previous),
        "database_results": sum(map(len, (found.identified or {}).values())),
        "database_specific_results": _reasons(found.identified or {}),
        "duplicates": len(found.duplicates),
        "excluded_other": len(found.known),
        "records_waiting": len(found.waiting),
        "records_screened": len(found.screened),
        "records_excluded": sum(map(len, found.screened_out.values())),
        "dbr_sought_reports": len(found.sought),
        "dbr_notretrieved_reports": len(found.not_read),
        "dbr_assessed": len(found.assessed),
        "dbr_excluded": _reasons(found.excluded) or 0,
        "new_studies": len(found.total) - len(found.previous),
        "total_studies": len(found.total),
    }
    always = {"previous_studies", "new_studies", "total_studies"}
    for data, node, box, text in _PRISMA:
        heading = data in {"NA", box}
        n = counts.get(data, 0 if heading else "not recorded")
        if not known and not heading and data not in always:
            n = "not recorded"
        ends = {"tooltips": text, "url": "NA", "n": n}
        yield {"data": data, "node": node, "box": box, "description": text, "boxtext": text, **ends}


def _reasons(found: Mapping[str, Collection[str]]) -> str:
    return "; ".join(f"{_no_mark(why)}, {len(ids)}" for why, ids in found.items())


def _no_mark(reason: str) -> str:
    """A reason without the marks that divide reasons and numbers."""
    return " ".join(reason.replace(",", " ").replace(";", " ").split())


_PRISMA: Final = (  # data, node, box, and what it is: of the template, with our words
    ("NA", "node4", "prevstud", "Previous studies"),
    ("previous_studies", "node5", "box1", "Studies included in previous version of review"),
    ("previous_reports", "NA", "box1", "Reports of studies included in previous version of review"),
    ("NA", "node6", "newstud", "Identification of new studies via databases and registers"),
    ("database_results", "node7", "box2", "Records identified from databases and registers"),
    ("database_specific_results", "NA", "box2", "Records identified from each database or register"),
    ("register_results", "NA", "box2", "Registers, where they are counted apart"),
    ("register_specific_results", "NA", "box2", "Each register, where they are counted apart"),
    ("NA", "node16", "othstud", "Identification of new studies via other methods"),
    ("website_results", "node17", "box11", "Websites"),
    ("organisation_results", "NA", "box11", "Organisations"),
    ("citations_results", "NA", "box11", "Citation searching"),
    ("duplicates", "node8", "box3", "Duplicate records"),
    ("excluded_automatic", "NA", "box3", "Records marked as ineligible by automation tools"),
    ("excluded_other", "NA", "box3", "Records removed for other reasons: in the version before"),
    ("records_screened", "node9", "box4", "Records screened"),
    ("records_excluded", "node10", "box5", "Records excluded"),
    ("dbr_sought_reports", "node11", "box6", "Reports sought for retrieval"),
    ("dbr_notretrieved_reports", "node12", "box7", "Reports not retrieved, or not yet read"),
    ("other_sought_reports", "node18", "box12", "Reports sought for retrieval (other)"),
    ("other_notretrieved_reports", "node19", "box13", "Reports not retrieved (other)"),
    ("dbr_assessed", "node13", "box8", "Reports assessed for eligibility"),
    ("dbr_excluded", "node14", "box9", "Reports excluded"),
    ("other_assessed", "node20", "box14", "Reports assessed for eligibility (other)"),
    ("other_excluded", "node21", "box15", "Reports excluded (other)"),
    ("new_studies", "node15", "box10", "New studies included in review"),
    ("new_reports", "NA", "box10", "Reports of new included studies"),
    ("total_studies", "node22", "box16", "Total studies included in review"),
    ("total_reports", "NA", "box16", "Reports of total included studies"),
    ("identification", "node1", "identification", "Identification"),
    ("screening", "node2", "screening", "Screening"),
    ("included", "node3", "included", "Included"),
    ("records_waiting", "NA", "box4", "Records that wait for a decision: not of the template"),
)


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
                "responders": cell.counts.responders,
                "evaluable": cell.counts.evaluable,
                "reports": cell.counts.reports,
                **_estimate_columns(cell.orr),
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
            **_estimate_columns(point.orr),
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
            **_estimate_columns(left.orr),
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
            **_estimate_columns(specification.orr),
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
                **_estimate_columns(step.orr),
                "adjustment": NOT_ADJUSTED,
                "sequence_lower": None if step.sequence is None else step.sequence[0],
                "sequence_upper": None if step.sequence is None else step.sequence[1],
            }


def _estimate_columns(orr: Rate | WeightedProportion) -> dict[str, Cell]:
    if orr is None:
        return {"orr": None, "lower": None, "upper": None, "level": None, "method": "no evaluable patient"}
    limits = {"orr": orr.estimate, "lower": orr.lower, "upper": orr.upper}
    return {**limits, "level": orr.level, "method": orr.method}


def contrast_rows(bias: PublicationBias) -> Iterator[Row]:
    """One contrast a line; a limit that is not identified is empty, and `note` says why."""
    for contrast in bias.contrasts:
        group, reference = contrast.group, contrast.reference
        yield {
            "kind": contrast.kind,
            "pool": contrast.pool,
            "group": group.label,
            "responders": group.counts.responders,
            "evaluable": group.counts.evaluable,
            "reports": group.counts.reports,
            "reference": reference.label,
            "reference_responders": reference.counts.responders,
            "reference_evaluable": reference.counts.evaluable,
            "reference_reports": reference.counts.reports,
            **_odds(contrast),
        }


def contrast_report_rows(bias: PublicationBias) -> Iterator[Row]:
    """What each contrast is fitted to: one (r, n) a report and side."""
    for contrast in bias.contrasts:
        for side, who in (("group", contrast.group), ("reference", contrast.reference)):
            for report, r, n in who.counts.clusters:
                labels = {"group": contrast.group.label, "reference": contrast.reference.label}
                yield {**labels, "side": side, "report": report, "r": r, "n": n}


def _odds(contrast: Contrast) -> dict[str, Cell]:
    """The posterior, then what maximum likelihood gives (`ml_`)."""
    found, likelihood = contrast.odds_ratio, contrast.likelihood
    names = ("odds_ratio", "lower", "upper", "level")
    row: dict[str, Cell] = dict.fromkeys(names)
    if not isinstance(found, NotRun):
        row = dict(zip(names, (found.estimate, found.lower, found.upper, found.level), strict=True))
    said = [contrast.unbounded(), contrast.caveat]
    by_likelihood = tuple(
        f"ml_{name}" for name in ("odds_ratio", "lower", "upper", "statistic", "p", "rho", "lower_f", "upper_f")
    )
    if not isinstance(likelihood, OddsRatio):
        return {**row, **dict.fromkeys(by_likelihood), "note": likelihood.wording()}
    rho = None if isinstance(likelihood.rho, NotIdentified) else likelihood.rho
    limits = (likelihood.estimate, likelihood.lower, likelihood.upper)
    wider = contrast.wider or (None, None)
    values = (*map(_finite, limits), likelihood.statistic, likelihood.p, rho, *map(_finite, wider))
    said.insert(1, likelihood.rho.wording() if isinstance(likelihood.rho, NotIdentified) else "")
    return {**row, **dict(zip(by_likelihood, values, strict=True)), "note": "; ".join(part for part in said if part)}


def _finite(value: float | None) -> float | None:
    return None if value in {None, 0.0, inf} else value


def selectivity_rows(bias: PublicationBias) -> Iterator[Row]:
    """One point of a pool's curve a line."""
    for pool, found in bias.selectivity.items():
        if isinstance(found, Selectivity):
            for point in found.points:
                yield {"pool": pool, "s": point.s, "orr": point.orr, "lower": point.lower, "upper": point.upper}


def missing_rows(bias: PublicationBias) -> Iterator[Row]:
    """One pool and target a line."""
    for pool, found in bias.selectivity.items():
        if not isinstance(found, Selectivity):
            continue
        for target in found.targets:
            none = "no number of non-responders gives 0 %" if target.missing is None else ""
            yield {
                "pool": pool,
                "responders": found.cases.counts.responders,
                "evaluable": found.cases.counts.evaluable,
                "target": target.name,
                "orr": target.orr,
                "missing_non_responders": target.missing,
                "s": target.s,
                "s_lower": target.s_lower,
                "s_upper": target.s_upper,
                "note": NONE_NEEDED if target.missing == 0 else none,
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
