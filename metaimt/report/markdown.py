"""report.md: the review as a page of Markdown. Text from case files is escaped: it can neither format nor run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metaimt.analyses.results import Results
from metaimt.content.headline import heterogeneity_section
from metaimt.content.review import review_sections
from metaimt.figures.review_figure import Drawn
from metaimt.render.markdown import no_figures, section_markdown
from metaimt.report.cohort import cohort_section
from metaimt.report.environment import Rendered, render
from metaimt.report.figures import figure_sections
from metaimt.report.methods import methods_text
from metaimt.report.paper import audit_section
from metaimt.report.sensitivity import over_time_section, sensitivity_section
from metaimt.report.wording import (
    READ_AS,
)
from metaimt.versions.changes import Changes


def report_markdown(results: Results, figures: Sequence[Drawn] = (), changes: Changes | None = None) -> str:
    """The whole report, with the figures that were drawn; what is new only where `changes` are given."""
    drawn, content = figure_sections(figures), review_sections(results, changes)

    def section(name: str) -> Rendered:
        """A section with its figures."""
        return Rendered(section_markdown(content[name], drawn.__getitem__))

    content_ = {**report_content(results), "figures": drawn, "section": section, "news": changes is not None}
    return render("report.md.j2", content_)


def report_content(results: Results) -> dict[str, Any]:
    """What the template of the report prints."""
    protocol = results.protocol
    return {
        "title": protocol.title,
        "question": protocol.question,
        "version": protocol.version,
        "read_as": READ_AS,
        "heterogeneity": Rendered(section_markdown(heterogeneity_section(results), no_figures)),
        "methods": methods_text(results),
        "sensitivity": sensitivity_section(results),
        "over_time": over_time_section(results),
        "audit": audit_section(results.audit),
        "cohort": cohort_section(results.cohorts),
    }
