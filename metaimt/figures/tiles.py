"""The tiles: one a patient, coloured by the best response, under each level of what is known of the patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from metaimt.analyses.breakdown import NOT_REPORTED
from metaimt.analyses.results import Results
from metaimt.analyses.wording import plural
from metaimt.content.forest import responses_of
from metaimt.content.forest_row import SPACE, ForestRow
from metaimt.content.labels import capital, r_of_n, version_line
from metaimt.figures.forest import Plot, RowPlot, draw_rows, draw_tiles, tile_entries, tiles_height
from metaimt.figures.forest_layout import ForestTable
from metaimt.figures.layout import LegendEntry
from metaimt.figures.review_figure import Counting, NotDrawn, Pools, Region, ReviewFigure
from metaimt.model.count import Count
from metaimt.model.fields import BY_NAME

TITLE: Final = "One tile a patient, by drug, fusion partner, site and histology"
FACETS: Final = ("drug", "fusion_partner", "site", "histology")


@dataclass(frozen=True)
class _Tiles(RowPlot):
    """The plot of the tiles."""

    responses: tuple[tuple[str, ...], ...]

    def height(self, number: int, width: float) -> float:
        """As many lines of tiles as the patients of the row need."""
        return tiles_height(len(self.responses[number]), width)

    def legend(self) -> list[LegendEntry]:
        """The responses that are there."""
        return tile_entries(response for row in self.responses for response in row)

    def mark(self, plot: Plot, number: int, y: float) -> None:
        """The tiles of a row."""
        draw_tiles(plot, self.responses[number], y, f"row-{number}")


def patients(results: Results, pool: str) -> Count:
    """The evaluable patients of a pool who are described one by one."""
    title = f"{results.response.pools[pool].label}, one by one"
    return results.selection.count(pool, title).where(title, lambda unit: unit.patient is not None and unit.evaluable)


def tile_rows(whole: Count) -> Iterator[ForestRow]:
    """All patients, then each level of each facet, the one with most patients first."""
    yield ForestRow("plain", "All", (r_of_n(whole),), interval_text="", counts=whole)
    for facet in FACETS:
        field = BY_NAME[facet]
        if field.level is None:
            continue
        yield SPACE
        yield ForestRow("heading", field.label)
        levels = whole.by_level(f"{whole.title}: {field.label.lower()} ", field.level, NOT_REPORTED)
        known = sorted(levels, key=lambda level: (level == NOT_REPORTED, -levels[level].evaluable, level))
        for level in known:
            yield ForestRow("plain", level, (r_of_n(levels[level]),), interval_text="", counts=levels[level])


def tiles_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `tiles`, of the last of `pools`."""
    group = results.response.pools[pools[-1]]
    whole = patients(results, group.name)
    if not whole.parts:
        return NotDrawn("tiles", TITLE, "no evaluable patient of the pool is described one by one")
    arms = group.counts.where(f"{group.label}: in arms", lambda unit: unit.patient is None and unit.evaluable)
    rows = tuple(tile_rows(whole))
    count = Counting()
    described = f"{count.link(r_of_n(whole), whole)} of {group.label} are described one by one"
    said = described
    if arms.parts:
        said += f"; {count.link(r_of_n(arms), arms)} are known only as counts of an arm and have no tile"
    table = ForestTable(
        title=TITLE,
        subtitle=f"{version_line(results)}; {group.label}",
        label_heading="Patients",
        column_headings=("r/n",),
        interval_heading="",
        axis_label="",
        rows=rows,
        footnotes=(
            "A patient is in one row of each part. In grey: the lighter a tile, the less of a response. "
            f"{plural(arms.evaluable, 'patient')} known only as counts of an arm: no tile.",
        ),
    )
    found = tuple(() if row.counts is None else responses_of(row.counts) for row in rows)
    figure, places = draw_rows(table, _Tiles(found))
    drawn = zip(rows, places, strict=True)
    regions = tuple(Region(row.counts.title, row.counts, place) for row, place in drawn if row.counts is not None)
    largest = "; ".join(f"{row.label} {row.columns[0]}" for row in rows[1:] if row.counts is not None)
    caption = f"{TITLE}, coloured by best response. {capital(said)}."
    return ReviewFigure(
        "tiles", TITLE, caption, f"Tiles. {capital(said)}. {largest}.", figure, counted=count.found, regions=regions
    )
