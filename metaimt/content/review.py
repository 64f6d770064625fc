"""The sections of a review, in the order in which they are read."""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.content.audit import audit_section
from metaimt.content.cohort import cohorts_section
from metaimt.content.duration import clinical_section, deaths_section, duration_section
from metaimt.content.over_time import over_time_section
from metaimt.content.section import Section
from metaimt.content.sensitivity import sensitivity_section


def review_sections(results: Results) -> dict[str, Section]:
    """Every section, by its id."""
    found = [
        duration_section(results),
        clinical_section(results),
        deaths_section(results),
        sensitivity_section(results),
        over_time_section(results),
        cohorts_section(results),
        audit_section(results.audit),
    ]
    return {section.id: section for section in found}
