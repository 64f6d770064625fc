"""The evidence map of the review: fusion partner by drug."""

from __future__ import annotations

from metaimt.analyses.evidence_map import EvidenceMap
from metaimt.analyses.results import Results
from metaimt.analyses.wording import fraction, plural
from metaimt.figures.cell_map import CellMap
from metaimt.figures.counted import Counting
from metaimt.figures.pool_rows import capital, version_line
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure
from metaimt.model.count import Count


def evidence_cells(results: Results, pools: Pools) -> CellMap:
    """The last of `pools`: responders of evaluable patients for each pair of levels."""
    found = results.evidence_map[pools[-1]]
    return CellMap(
        title=_title(found),
        subtitle=f"{version_line(results)}; {results.response.pools[found.pool].label}",
        corner=capital(_words(found.down)),
        rows=found.rows,
        columns=found.columns,
        cells={pair: (counts.responders, counts.evaluable) for pair, counts in found.cells.items()},
        row_totals={name: _counts(counts) for name, counts in found.row_totals.items()},
        column_totals={name: _counts(counts) for name, counts in found.column_totals.items()},
        total=_counts(found.total),
        footnotes=(
            f"Responders ({' or '.join(results.protocol.outcome.responders)}) of evaluable patients. Most cells are "
            "far too small for a rate. Not reported: patients of arms that print counts only, and sources that do not "
            "say.",
        ),
    )


def _title(found: EvidenceMap) -> str:
    return f"Where there is evidence: {_words(found.down)} by {_words(found.across)}"


def _words(grouping: str) -> str:
    return grouping.replace("_", " ")


def _counts(counts: Count) -> str:
    return fraction(counts.responders, counts.evaluable)


def evidence_map_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `evidence-map`."""
    from metaimt.figures.cell_map import draw_cell_map

    found = results.evidence_map[pools[-1]]
    if not found.cells:
        return NotDrawn("evidence-map", _title(found), "no patient of the pool is evaluable")
    count = Counting()
    largest = sorted(found.cells.items(), key=lambda item: (-item[1].evaluable, item[0]))[:5]
    possible = len(found.rows) * len(found.columns)
    said = (
        f"{count.link(_counts(found.total), found.total)} of {results.response.pools[found.pool].label} in "
        f"{len(found.cells)} of {plural(possible, 'cell')}, {_single(found, count)} of one patient; "
    )
    said += "the largest: " + "; ".join(
        f"{row} with {column} {count.link(_counts(counts), counts)}" for (row, column), counts in largest
    )
    caption = f"{_title(found)}. {capital(said)}. Discs: area by patients, filled as far as they responded."
    figure = draw_cell_map(evidence_cells(results, pools))
    return ReviewFigure("evidence-map", _title(found), caption, f"Table of discs: {said}.", figure, counted=count.found)


def _single(found: EvidenceMap, count: Counting) -> str:
    """How many cells hold one patient."""
    alone = {unit.id for counts in found.cells.values() if counts.evaluable == 1 for unit in counts.units}
    of_one = found.total.of_units(f"{found.total.title}: cells of one patient", alone)
    return count.link(str(len(of_one.parts)), of_one)
