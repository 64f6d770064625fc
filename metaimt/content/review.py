"""The sections of a review, in the order in which they are read."""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.content.duration import clinical_section, deaths_section, duration_section
from metaimt.content.publication_bias import bias_section
from metaimt.content.section import Section
from metaimt.content.subgroups import later_section, subgroups_section


def review_sections(results: Results) -> dict[str, Section]:
    """Every section, by its id."""
    found = [
        subgroups_section(results),
        later_section(results),
        duration_section(results),
        clinical_section(results),
        deaths_section(results),
        bias_section(results),
    ]
    return {section.id: section for section in found}
