"""Everything one run of a review computes, in one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from metaimt.analyses.audit import Audit, audit
from metaimt.analyses.breakdown import Breakdown, breakdown
from metaimt.analyses.by_model import compare_pools, comparison_dicts, model_rows
from metaimt.analyses.clinical import ClinicalQuestions, clinical_questions
from metaimt.analyses.cohort import CohortResult, public_dict
from metaimt.analyses.cohort_counts import cohorts_of
from metaimt.analyses.comparison import Comparison
from metaimt.analyses.deaths_and_toxicity import DeathsAndToxicity, deaths_and_toxicity
from metaimt.analyses.duration import Duration, durations
from metaimt.analyses.evidence_map import EvidenceMap, evidence_map
from metaimt.analyses.heterogeneity import Heterogeneity, heterogeneity
from metaimt.analyses.over_time import Cumulative, over_time
from metaimt.analyses.pooled_response import Group, PooledResponse, pooled_response
from metaimt.analyses.provenance import findings, settings, software
from metaimt.analyses.publication_bias import PublicationBias, publication_bias
from metaimt.analyses.published_pooled import PublishedComparison, published_pooled
from metaimt.analyses.sensitivity import SensitivityTables, sensitivity
from metaimt.analyses.specification import SpecificationGrid, specification_grid
from metaimt.analyses.subgroups import Subgroups, subgroups
from metaimt.analyses.treatment_courses import TreatmentCourses, treatment_courses
from metaimt.analyses.unread import UnreadResponses, unread_responses
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection, select
from metaimt.problem import Problem, Waived
from metaimt.workers import run_all


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
    cohorts: tuple[CohortResult, ...] = ()
    published: tuple[PublishedComparison, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The content of results.json."""
        return {
            **self.response.to_dict(),
            "settings": settings(self.protocol),
            "software": software(),
            "problems": findings(self.library, self.warnings),
            "waived": findings(self.library, self.waived),
            "excluded": [entry.model_dump(mode="json", exclude_none=True) for entry in self.library.excluded],
            "by": {
                grouping: {table.pool: table.to_dict() for table in tables}
                for grouping, tables in self.breakdowns.items()
            },
            "heterogeneity": {name: found.to_dict() for name, found in self.heterogeneity.items()},
            "methods": comparison_dicts(self.comparison),
            "subgroups": self.subgroups.to_dict(),
            "duration": {name: found.to_dict() for name, found in self.duration.items()},
            "deaths_and_toxicity": self.deaths_and_toxicity.to_dict(),
            "sensitivity": self.sensitivity.to_dict(),
            "specification": self.specification.to_dict(),
            "courses": {name: found.to_dict() for name, found in self.courses.items()},
            "evidence_map": {name: found.to_dict() for name, found in self.evidence_map.items()},
            "over_time": [found.to_dict() for found in self.over_time],
            "audit": self.audit.to_dict(),
            "published_pooled": [found.to_dict() for found in self.published],
            "cohorts": [public_dict(found) for found in self.cohorts],
            "publication_bias": self.publication_bias.to_dict(),
            "unread": self.unread.to_dict(),
            "clinical_questions": {name: found.to_dict() for name, found in self.clinical.items()},
        }


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
        clinical={pool: clinical_questions(selection, pool, protocol.label(pool)) for pool in response.pools},
        cohorts=cohorts_of(library),
        published=published_pooled(library, selection, protocol),
    )


def _models(pools: Mapping[str, Group], protocol: Protocol) -> tuple[dict[str, Comparison], dict[str, Heterogeneity]]:
    """The pools under every model, and how much their reports differ."""
    return compare_pools(pools, protocol), {name: heterogeneity(group, protocol) for name, group in pools.items()}
