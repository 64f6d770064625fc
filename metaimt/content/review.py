"""The sections of a review, in the order in which they are read."""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.content.duration import clinical_section, deaths_section, duration_section
from metaimt.content.headline import pools_section
from metaimt.content.publication_bias import bias_section
from metaimt.content.section import Section
from metaimt.content.sources import left_out_section, sources_section
from metaimt.content.subgroups import later_section, subgroups_section
from metaimt.content.whats_new import Here, news_section
from metaimt.versions.changes import Changes


def review_sections(results: Results, changes: Changes | None = None) -> dict[str, Section]:
    """Every section, by its id. What is new stands in it only where `changes` are given."""
    found = [
        *([] if changes is None else [news_section(changes, Here.of(results))]),
        pools_section(results),
        subgroups_section(results),
        later_section(results),
        duration_section(results),
        clinical_section(results),
        deaths_section(results),
        bias_section(results),
        left_out_section(results),
        sources_section(results),
    ]
    return {section.id: section for section in found}
