"""The sections of a review, in the order in which they are read."""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.content.audit import audit_section
from metaimt.content.cohort import cohorts_section
from metaimt.content.duration import clinical_section, deaths_section, duration_section
from metaimt.content.every_report import reports_section
from metaimt.content.headline import heterogeneity_section, pools_section
from metaimt.content.in_short import short_section
from metaimt.content.methods import methods_section
from metaimt.content.over_time import over_time_section
from metaimt.content.publication_bias import bias_section
from metaimt.content.section import Figures, Section, section
from metaimt.content.sensitivity import sensitivity_section
from metaimt.content.sources import left_out_section, sources_section
from metaimt.content.subgroups import later_section, subgroups_section
from metaimt.content.whats_new import Here, news_section
from metaimt.versions.changes import Changes


def review_sections(results: Results, changes: Changes | None = None) -> dict[str, Section]:
    """Every section, by its id. What is new stands in it only where `changes` are given."""
    found = [
        short_section(results),
        *([] if changes is None else [news_section(changes, Here.of(results))]),
        pools_section(results),
        reports_section(results),
        heterogeneity_section(results),
        subgroups_section(results),
        later_section(results),
        duration_section(results),
        clinical_section(results),
        deaths_section(results),
        sensitivity_section(results),
        over_time_section(results),
        bias_section(results),
        cohorts_section(results),
        audit_section(results.audit),
        section("More figures", Figures("others"), id="figures"),
        left_out_section(results),
        sources_section(results),
        methods_section(results),
    ]
    return {section.id: section for section in found}
