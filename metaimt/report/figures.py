"""The figures in report.md: each in its section, with alternative text and caption, or why it is not drawn.

A figure that no section names stands in the last one, so that none is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from metaimt.figures.registry import BY
from metaimt.figures.review_figure import Drawn, FigureText, NotDrawn
from metaimt.report.environment import Rendered, markdown

COHORT: Final = "cohort-"
SECTIONS: Final = {
    "headline": ("forest", "strata"),
    "subgroups": (BY, "evidence-map"),
    "duration": ("swimmer", "time-on-treatment", "pfs", "response-duration"),
    "sensitivity": ("sensitivity", "leave-one-out", "specification", "methods"),
    "over_time": ("over-time",),
    "cohort": (COHORT,),
    "publication_bias": ("selectivity", "funnel"),
}
"""Section -> names of its figures, or with what they begin."""
OTHERS: Final = "others"


def figure_sections(drawn: Sequence[Drawn]) -> dict[str, Rendered]:
    """Section -> its figures in Markdown, empty where it has none."""
    return {section: _markdown(figures) for section, figures in by_section(drawn).items()}


def by_section(drawn: Sequence[Drawn]) -> dict[str, list[Drawn]]:
    """Section -> its figures, in the order drawn."""
    placed: dict[str, list[Drawn]] = {section: [] for section in (*SECTIONS, OTHERS)}
    for each in drawn:
        placed[_section(each.name)].append(each)
    return placed


def _section(name: str) -> str:
    begins = next((start for start in (BY, COHORT) if name.startswith(start)), name)
    return next((section for section, names in SECTIONS.items() if name in names or begins in names), OTHERS)


def _markdown(figures: Iterable[Drawn]) -> Rendered:
    return Rendered("".join(f"{figure_markdown(each)}\n\n" for each in figures))


def figure_markdown(each: Drawn, folder: str = "figures/") -> Rendered:
    """The picture with its alternative text, and the caption under it; or that it is not drawn, and why."""
    if isinstance(each, NotDrawn):
        return Rendered(f"*{markdown(each.wording())}.*")
    return Rendered(f"![{markdown(each.alt)}]({folder}{each.name}.svg)\n\n*{markdown(each.caption)}*")


def gallery(drawn: Sequence[Drawn]) -> str:
    """figures/README.md: every figure with its title and caption, and those that were not drawn."""
    parts = [f"## {markdown(each.title)}\n\n{figure_markdown(each, folder='')}" for each in drawn_figures(drawn)]
    missing = [f"- {markdown(each.wording())}" for each in drawn if isinstance(each, NotDrawn)]
    parts += ["## Not drawn\n\n" + "\n".join(missing)] if missing else []
    return (
        "\n\n".join(["# Figures", "One figure in another form: `metaimt figures NAME --out FILE.pdf`.", *parts]) + "\n"
    )


def drawn_figures(drawn: Iterable[Drawn]) -> list[FigureText]:
    """Those that were drawn."""
    return [each for each in drawn if isinstance(each, FigureText)]
