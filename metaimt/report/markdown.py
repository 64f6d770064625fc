"""report.md: the review as a page of Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from metaimt.analyses.results import Results
from metaimt.content.review import review_sections
from metaimt.content.section import section
from metaimt.content.whats_new import history_section, news_section
from metaimt.figures.review_figure import Drawn
from metaimt.render.markdown import escaped, no_figures, section_markdown
from metaimt.report.figures import figure_sections
from metaimt.versions.changes import Changes


def report_markdown(results: Results, figures: Sequence[Drawn] = (), changes: Changes | None = None) -> str:
    """The whole report, with the figures that were drawn; what is new only where `changes` are given."""
    drawn, protocol = figure_sections(figures), results.protocol
    front = (
        f"# {escaped(protocol.title)}",
        escaped(f"Version {protocol.version}. {protocol.question}"),
    )
    sections = review_sections(results, changes).values()
    parts = [*front, *(section_markdown(each, drawn.__getitem__) for each in sections)]
    return "\n\n".join(filter(None, parts)) + "\n"


def changes_page(changes: Changes, title: str) -> str:
    """CHANGES.md: what is new since the newest version, then the news of every version, the newest first."""
    whole = section(f"Changes of the review: {title}", news_section(changes), history_section(changes))
    return section_markdown(whole, no_figures, level=1) + "\n"
