"""Everything one run of a review computes, in one frozen object.

The numbers that a version of the review freezes: a fixed part of results.json, recomputed in a few seconds.

They are the pools with strata and separate rows, the breakdowns, the heterogeneity of each pool, and the sensitivity
analyses. `left_out` is not among them: a version holds the analysis set itself.

How the numbers were made: the protocol, the defaults of the code, and the packages that computed them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import metaimt
from metaimt.analyses import duration
from metaimt.analyses.agreement import Agreement, agreements
from metaimt.analyses.appraisal import Appraisals, appraisals, published_appraisal, well_ascertained
from metaimt.analyses.audit import Audit, audit
from metaimt.analyses.breakdown import Breakdown, EvidenceMap, breakdown, evidence_map
from metaimt.analyses.by_model import BY_POOL, compare_pools, model_rows
from metaimt.analyses.clinical import ClinicalQuestions, DeathsAndToxicity, clinical_questions, deaths_and_toxicity
from metaimt.analyses.cohort import WITHOUT_TIMES, CohortResult, cohorts_of
from metaimt.analyses.comparison import Comparison
from metaimt.analyses.duration import Duration, durations
from metaimt.analyses.findings import Finding, summary_of_findings
from metaimt.analyses.heterogeneity import Heterogeneity, heterogeneity
from metaimt.analyses.over_time import Cumulative, over_time
from metaimt.analyses.pooled_response import Group, PooledResponse, pooled_response
from metaimt.analyses.publication_bias import PublicationBias, publication_bias
from metaimt.analyses.published_pooled import PublishedComparison, published_pooled
from metaimt.analyses.sensitivity import SensitivityTables, SpecificationGrid, sensitivity, specification_grid
from metaimt.analyses.subgroups import Subgroups, subgroups
from metaimt.analyses.treatment_courses import TreatmentCourses, treatment_courses
from metaimt.analyses.unread import UnreadResponses, unread_responses
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection, select, unit_rows
from metaimt.problem import Problem, Waived
from metaimt.serialise import entries_of, published, spread, to_json
from metaimt.statistics import exact_tests, firth, survival
from metaimt.workers import run_all

if TYPE_CHECKING:
    import pandas as pd


def frozen_numbers(
    library: Library, protocol: Protocol, selection: Selection, response: PooledResponse
) -> dict[str, Any]:
    """The numbers in the form of results.json."""
    pooled = to_json(response, {Group: entries_of(Group, "left_out")})
    by = {name: {pool: breakdown(selection, pool, name) for pool in response.pools} for name in protocol.subgroups}
    return {
        **{name: pooled[name] for name in ("title", "headline", "local", "not_in_headline", "pools", "rows")},
        "by": to_json(by),
        "heterogeneity": {name: to_json(heterogeneity(group, protocol)) for name, group in response.pools.items()},
        "sensitivity": to_json(sensitivity(library, protocol, selection)),
    }


def results_schema() -> dict[str, Any]:
    """The JSON Schema of results.json: what each key is, in what unit, and that nothing else is there."""
    import yaml

    text = files("metaimt.analyses").joinpath("results.schema.yaml").read_text(encoding="utf-8")
    short = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    return {key: value for key, value in _written_out(short, short).items() if key not in {"meanings", "parts"}}


def _written_out(node: Any, short: Mapping[str, Any]) -> Any:
    """A schema from the short form that results.schema.yaml describes; `short` is the whole of it."""
    if not isinstance(node, dict):
        return {"$ref": f"#/$defs/{node}"} if isinstance(node, str) else node
    found = {key: _written_out(node[key], short) for key in ("items", "additionalProperties") if key in node}
    if "anyOf" in node:
        found["anyOf"] = [_written_out(each, short) for each in node["anyOf"]]
    if "$defs" in node:
        found["$defs"] = {name: _written_out(part, short) for name, part in node["$defs"].items()}
    if "properties" in node:
        names = {key: key.rstrip("?") for key in node["properties"]}
        found["properties"] = {
            names[key]: _described(names[key], each, short) for key, each in node["properties"].items()
        }
        found["required"] = [key for key, name in names.items() if key == name]
        found["additionalProperties"] = False
    return {**node, **found}


def _described(key: str, node: Any, short: Mapping[str, Any]) -> Any:
    said = "description" in (short["$defs"][node] if isinstance(node, str) else node)
    return {**({} if said else {"description": short["meanings"][key]}), **_written_out(node, short)}


PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "PyMARE", "matplotlib", "PyYAML", "pydantic", "Jinja2")


def software() -> dict[str, str]:
    """Version of this package and of those that compute, read or draw; `constraints.txt` pins them."""
    return {"metaimt": metaimt.__version__, **{name: version(name) for name in PACKAGES}}


def settings(protocol: Protocol) -> dict[str, Any]:
    """Everything that was chosen: by the review (its protocol, with its defaults filled in) and by the code."""
    return {"protocol": protocol.model_dump(mode="json", warnings=False), "defaults": defaults()}


def defaults() -> dict[str, Any]:
    """The constants of the methods that no protocol sets, by what they govern."""
    return {
        "interval_level": 0.95,
        "exact_test": {
            "most_tables_enumerated": exact_tests.MOST_TABLES,
            "replicates_beyond": exact_tests.REPLICATES,
            "seed": exact_tests.SEED,
            "smallest_level": exact_tests.SMALLEST_LEVEL,
        },
        "firth": {"events_per_parameter": firth.EVENTS_PER_PARAMETER},
        "survival": {
            "fewest_times": survival.FEWEST_TIMES,
            "fewest_events": survival.FEWEST_EVENTS,
            "fewest_events_for_cox": survival.FEWEST_COX_EVENTS,
            "landmarks_months": list(duration.LANDMARKS),
        },
    }


def told_of_files(library: Library, found: Iterable[Problem | Waived]) -> list[dict[str, Any]]:
    """What is said of the case files, with file names as from the folder of the review."""
    told = ((one, one if isinstance(one, Problem) else one.problem) for one in found)
    return [{**to_json(one), "file": _inside(problem.file, library)} for one, problem in told]


def _inside(name: str, library: Library) -> str:
    path = PurePosixPath(name)
    folder = library.folder.as_posix()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


@published(
    spread("response"),
    "heterogeneity",
    "subgroups",
    "duration",
    "deaths_and_toxicity",
    "sensitivity",
    "specification",
    "courses",
    "evidence_map",
    "over_time",
    "audit",
    "publication_bias",
    "unread",
    settings=lambda each: settings(each.protocol),
    software=lambda _: software(),
    problems=lambda each: told_of_files(each.library, each.warnings),
    waived=lambda each: told_of_files(each.library, each.waived),
    excluded=lambda each: [e.model_dump(mode="json", exclude_none=True) for e in each.library.excluded],
    by=lambda each: {name: {table.pool: table for table in found} for name, found in each.breakdowns.items()},
    methods=lambda each: to_json(each.comparison, BY_POOL),
    published_pooled="published",
    cohorts=lambda each: to_json(each.cohorts, WITHOUT_TIMES),
    clinical_questions="clinical",
    summary_of_findings="findings",
    agreement="agreement",
    appraisal=lambda each: published_appraisal(each.appraisal),
)
@dataclass(frozen=True)
class Results:
    """The review as read, its selection, and each analysis.

    `warnings` are those of the case files, with the infos; `waived` are those that a case file calls no mistake.
    """

    library: Library
    protocol: Protocol
    warnings: tuple[Problem, ...]
    selection: Selection
    response: PooledResponse
    breakdowns: Mapping[str, tuple[Breakdown, ...]]
    heterogeneity: Mapping[str, Heterogeneity]
    comparison: Mapping[str, Comparison]
    subgroups: Subgroups
    duration: Mapping[str, Duration]
    deaths_and_toxicity: DeathsAndToxicity
    sensitivity: SensitivityTables
    specification: SpecificationGrid
    over_time: tuple[Cumulative, ...]
    audit: Audit
    courses: Mapping[str, TreatmentCourses]
    evidence_map: Mapping[str, EvidenceMap]
    publication_bias: PublicationBias
    waived: tuple[Waived, ...] = ()
    unread: UnreadResponses = field(default_factory=lambda: UnreadResponses((), ()))
    clinical: Mapping[str, ClinicalQuestions] = field(default_factory=dict)
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    agreement: tuple[Agreement, ...] = ()
    cohorts: tuple[CohortResult, ...] = ()
    published: tuple[PublishedComparison, ...] = ()
    appraisal: Appraisals = field(default_factory=lambda: Appraisals(()))

    @property
    def units(self) -> pd.DataFrame:
        """tables/units.csv as a frame: one row a course or arm, where it is counted and why not."""
        import pandas as pd

        return pd.DataFrame(list(unit_rows(self.selection)))


def analyse(
    library: Library,
    protocol: Protocol,
    warnings: tuple[Problem, ...] = (),
    waived: tuple[Waived, ...] = (),
    jobs: int = 1,
) -> Results:
    """Select and run every analysis, in `jobs` processes. Raises CannotAnalyse if nothing is eligible."""
    selection = select(library, protocol)
    response = pooled_response(selection, protocol, jobs)
    # Independent of each other, the longest first; what needs PyMARE is one piece, so that one process imports it.
    models, bias, changed, grid, cumulative, grouped = run_all(
        [
            partial(_models, response.pools, protocol),
            partial(publication_bias, selection, protocol),
            partial(sensitivity, library, protocol, selection),
            partial(specification_grid, library, protocol),
            partial(over_time, library, protocol, selection),
            partial(subgroups, selection, protocol),
        ],
        jobs,
    )
    compared, spread = models
    sound = appraisals(library)
    clinical = {pool: clinical_questions(selection, pool, protocol.label(pool)) for pool in response.pools}
    return Results(
        library=library,
        protocol=protocol,
        warnings=warnings,
        selection=selection,
        response=response,
        breakdowns={
            name: tuple(breakdown(selection, pool, name) for pool in response.pools) for name in protocol.subgroups
        },
        heterogeneity=spread,
        comparison=compared,
        subgroups=grouped,
        duration=durations(selection, protocol),
        sensitivity=replace(changed, models=model_rows(response.pools, compared)),
        deaths_and_toxicity=deaths_and_toxicity(library, protocol, selection),
        specification=grid,
        courses=treatment_courses(selection),
        evidence_map={pool: evidence_map(selection, pool, protocol.label(pool)) for pool in response.pools},
        over_time=cumulative,
        audit=audit(library, waived),
        publication_bias=bias,
        waived=waived,
        unread=unread_responses(library, protocol, selection),
        clinical=clinical,
        findings=summary_of_findings(response.pools, clinical, well_ascertained(sound, response.pools), protocol),
        agreement=agreements(library),
        cohorts=cohorts_of(library),
        published=published_pooled(library, selection, protocol),
        appraisal=sound,
    )


def _models(pools: Mapping[str, Group], protocol: Protocol) -> tuple[dict[str, Comparison], dict[str, Heterogeneity]]:
    """The pools under every model, and how much their reports differ."""
    return compare_pools(pools, protocol), {name: heterogeneity(group, protocol) for name, group in pools.items()}
