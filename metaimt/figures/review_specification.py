"""The specification grid of the review as a curve."""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.analyses.specification import Specification, SpecificationGrid
from metaimt.analyses.wording import percent
from metaimt.figures.pool_rows import AXIS_LABEL, version_line, zoomed
from metaimt.figures.regions import Place, Region
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure
from metaimt.figures.specification_table import SpecificationPoint, SpecificationTable

_TITLE = "The headline under every combination of the main choices"


def specification_table(results: Results) -> SpecificationTable:
    """The combinations with an evaluable patient, in the order of the estimate. Raises ValueError if there is none."""
    grid = results.specification
    points = tuple(
        SpecificationPoint(orr.estimate, orr.lower, orr.upper, found.settings, found.headline)
        for _, found in _shown(grid)
        if (orr := found.orr) is not None
    )
    left_out = len(grid.specifications) - len(points)
    nobody = f" {left_out} more have no evaluable patient." if left_out else ""
    return SpecificationTable(
        title=_TITLE,
        subtitle=f"{version_line(results)}; {results.response.headline.label}",
        points=points,
        choices={name: tuple(options) for name, options in results.protocol.specification.items()},
        axis_label=AXIS_LABEL,
        axis=zoomed((point.lower, point.upper) for point in points),
        thresholds=results.protocol.thresholds,
        footnotes=(
            "From the lowest to the highest estimate. The combinations share their patients: they are not so many "
            f"studies, and no test is made of them.{nobody}",
        ),
    )


def specification_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `specification`, always of the headline pool, which alone has the grid."""
    from metaimt.figures.specification_curve import draw_specification_columns

    grid = results.specification
    if not results.protocol.specification:
        return NotDrawn("specification", _TITLE, "the protocol lists no choices")
    if grid.pool not in pools:
        return NotDrawn("specification", _TITLE, f"the combinations are run for {grid.pool} only")
    if grid.lowest is None or grid.middle is None or grid.highest is None:
        return NotDrawn("specification", _TITLE, "no combination has an evaluable patient")
    said = (
        f"{len(grid.specifications)} combinations of {len(results.protocol.specification)} choices give an ORR of "
        f"{percent(grid.lowest)} to {percent(grid.highest)} (median {percent(grid.middle)})"
    )
    shares = "; ".join(f"{100 * t:g} %: {100 * share:.0f} %" for t, share in grid.excluding.items())
    caption = f"{_TITLE}: {said}. Share of the intervals that leave out each threshold: {shares or 'none set'}."
    figure, places = draw_specification_columns(specification_table(results))
    regions = tuple(map(_region, (found for _, found in _shown(grid)), places))
    return ReviewFigure("specification", _TITLE, caption, f"Specification curve: {said}.", figure, regions=regions)


def _shown(grid: SpecificationGrid) -> list[tuple[int, Specification]]:
    """The combinations that have a point, with their place in the grid."""
    return [(place, found) for place, found in enumerate(grid.specifications) if found.orr is not None]


def _region(found: Specification, place: Place) -> Region:
    counts = f"{found.counts.responders}/{found.counts.evaluable}"
    return Region(f"{found.counts.title}; {counts}", found.counts, place)
