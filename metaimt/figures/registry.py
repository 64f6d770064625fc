"""Every figure of the review by name. A new one is a function `Draw`, and one line here: where
it is, what it shows, and the section of the report that shows it.

    draw_figure(results, "by-site", ("strict",))   one, of one pool
    figure_names(protocol)                         name -> what it shows, without drawing

A figure that the evidence does not allow is a `NotDrawn` with its reason, never an empty picture.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from metaimt.analyses.breakdown import NOT_REPORTED
from metaimt.figures.review_figure import Draw, Drawing, Pools
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from metaimt.analyses.results import Results
    from metaimt.casefiles.protocol import Protocol

BY: Final = "by-"
COHORTS: Final = "cohorts"
OTHERS: Final = "others"

_CURVE: Final = "Kaplan-Meier, where it may run"
_FIGURES: Final = {
    "sources": {
        "flow": ("metaimt.figures.flow:flow_figure", "from records to pools, after PRISMA"),
    },
    "headline": {
        "forest": ("metaimt.figures.review_forest:forest_figure", "every report, strata and pools"),
        "strata": ("metaimt.figures.review_forest:strata_figure", "pools by design, and the separate rows"),
    },
    "subgroups": {  # after those of each subgroup of the protocol
        "tiles": ("metaimt.figures.tiles:tiles_figure", "a tile a patient: drug, partner, site, histology"),
        "evidence-map": ("metaimt.figures.cell_map:evidence_map_figure", "fusion partner by drug"),
    },
    "duration": {
        "swimmer": ("metaimt.figures.swimmer:swimmer_figure", "treatment courses, patient by patient"),
        "waterfall": ("metaimt.figures.waterfall:waterfall_figure", "change of size, where it is known"),
        "time-on-treatment": ("metaimt.figures.kaplan_meier:time_on_treatment_figure", _CURVE),
        "pfs": ("metaimt.figures.kaplan_meier:pfs_figure", _CURVE),
        "response-duration": ("metaimt.figures.kaplan_meier:response_duration_figure", _CURVE),
    },
    "sensitivity": {
        "sensitivity": ("metaimt.figures.review_forest:sensitivity_figure", "each analysis done otherwise"),
        "leave-one-out": ("metaimt.figures.review_forest:leave_one_out_figure", "the pool without each report"),
        "specification": ("metaimt.figures.specification_curve:specification_figure", "every combination of choices"),
        "methods": ("metaimt.figures.review_forest:methods_figure", "the same reports under other models"),
    },
    "over_time": {
        "over-time": ("metaimt.figures.review_forest:over_time_figure", "the pool after each publication year")
    },
    "publication_bias": {
        "adjusted": ("metaimt.figures.review_forest:adjusted_figure", "the rate adjusted for selection, by its priors"),
        "selectivity": (
            "metaimt.figures.publication_bias:selectivity_figure",
            "the true ORR if publication is selective",
        ),
        "funnel": ("metaimt.figures.publication_bias:funnel_figure", "larger reports by their size"),
    },
}
"""Section of the report -> its figures: name -> (where it is drawn, what it shows)."""
ON_REQUEST: Final = ("methods", "leave-one-out", "by-sex", "by-drug-generation")
"""Figures that `metaimt figures NAME` draws and a build does not."""
FEWEST: Final = 3
"""Patients of some known level without which a build draws no figure of a subgroup."""
_SUBGROUP: Final = "metaimt.figures.review_forest:subgroup_figure"
INSTEAD: Final = {"evidence-map": "by-drug", "specification": "sensitivity"}
"""Where a column is too narrow for a figure: the one that fits and comes closest to what it says."""
SECTIONS: Final = (*_FIGURES, "cohort", OTHERS)
"""The sections of the report that have figures."""


def figure_names(protocol: Protocol) -> dict[str, str]:
    """Name -> what the figure shows, in the order of the report."""
    found: dict[str, str] = {}
    for section, figures in _FIGURES.items():
        if section == "subgroups":
            found |= {
                BY + each.replace("_", "-"): f"response by {each.replace('_', ' ')}" for each in protocol.subgroups
            }
        found |= {name: words for name, (_, words) in figures.items()}
    return found


def is_built(results: Results, name: str) -> bool:
    """Whether a build draws a figure without being asked; those of the cohorts always."""
    table = results.subgroups.tables.get(name.removeprefix(BY).replace("-", "_")) if name.startswith(BY) else None
    if name in ON_REQUEST or table is None:
        return name not in ON_REQUEST
    levels = (each.level for found in table.values() for each in found.levels)
    return any(level.name != NOT_REPORTED and level.counts.evaluable >= FEWEST for level in levels)


def section_of(name: str) -> str:
    """The section of the report in which a figure stands; `others` for one of no section."""
    if name.startswith((BY, "cohort-")):
        return "subgroups" if name.startswith(BY) else "cohort"
    return next((section for section, figures in _FIGURES.items() if name in figures), OTHERS)


def drawings(results: Results, name: str) -> tuple[Drawing, ...]:
    """One figure by name, of both pools; for COHORTS those of the local cohorts."""
    from metaimt.figures.cohort import review_cohort_figures

    return tuple(review_cohort_figures(results)) if name == COHORTS else (draw_figure(results, name),)


def draw_figure(results: Results, name: str, pools: Pools = ()) -> Drawing:
    """One figure by name, of `pools` (by default all of the protocol).

    Raises WrongUse naming the nearest figure or pool if there is none of that name.
    """
    chosen = pools or tuple(results.protocol.pools)
    for pool in chosen:
        known_name(pool, results.protocol.pools, "pool")
    wanted = known_name(name.replace("_", "-"), figure_names(results.protocol), "figure")
    return _draw(wanted)(results, chosen)


def _draw(name: str) -> Draw:
    if name.startswith(BY):
        grouping = name.removeprefix(BY).replace("-", "_")
        draw_subgroup = _function(_SUBGROUP)
        return lambda results, pools: draw_subgroup(results, pools, grouping)
    return _function(_FIGURES[section_of(name)][name][0])


def _function(where: str) -> Callable[..., Drawing]:
    module, _, function = where.partition(":")
    found: Callable[..., Drawing] = getattr(import_module(module), function)
    return found


def known_name(name: str, known: Mapping[str, object], kind: str) -> str:
    """`name` if it is known. Raises WrongUse with the nearest and all that are."""
    if name in known:
        return name
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]}?" if close else ""
    raise WrongUse(f"there is no {kind} '{name}'; there are {', '.join(known)}{meant}")
