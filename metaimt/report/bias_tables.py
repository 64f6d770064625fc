"""The tables of publication bias as rows of named cells: the contrasts, and the curves of selectivity."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Final

from metaimt.analyses.contrasts import Contrast
from metaimt.analyses.publication_bias import NONE_NEEDED, PublicationBias, Selectivity
from metaimt.report.cells import Cell, Row, count_cells, interval_cells
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotIdentified, NotRun


def contrast_rows(bias: PublicationBias) -> Iterator[Row]:
    """One contrast a line; a limit that is not identified is empty, and `note` says why."""
    for contrast in bias.contrasts:
        group, reference = contrast.group, contrast.reference
        yield {
            "kind": contrast.kind,
            "pool": contrast.pool,
            "group": group.label,
            **count_cells(group.counts),
            "reference": reference.label,
            **count_cells(reference.counts, "reference_"),
            **_odds(contrast),
        }


def contrast_report_rows(bias: PublicationBias) -> Iterator[Row]:
    """What each contrast is fitted to: one (r, n) a report and side."""
    for contrast in bias.contrasts:
        for side, who in (("group", contrast.group), ("reference", contrast.reference)):
            for report, r, n in who.counts.clusters:
                labels = {"group": contrast.group.label, "reference": contrast.reference.label}
                yield {**labels, "side": side, "report": report, "r": r, "n": n}


_BY_LIKELIHOOD: Final = tuple(
    f"ml_{name}" for name in ("odds_ratio", "lower", "upper", "statistic", "p", "rho", "lower_f", "upper_f")
)


def _odds(contrast: Contrast) -> dict[str, Cell]:
    """The posterior, then what maximum likelihood gives (`ml_`)."""
    found, likelihood = contrast.odds_ratio, contrast.likelihood
    row = {**interval_cells(found, "odds_ratio"), "level": None if isinstance(found, NotRun) else found.level}
    if not isinstance(likelihood, OddsRatio):
        return {**row, **dict.fromkeys(_BY_LIKELIHOOD), "note": likelihood.wording()}
    no_rho = likelihood.rho.wording() if isinstance(likelihood.rho, NotIdentified) else ""
    rho = None if isinstance(likelihood.rho, NotIdentified) else likelihood.rho
    limits = (likelihood.estimate, likelihood.lower, likelihood.upper)
    wider = contrast.wider or (None, None)
    values = (*map(_finite, limits), likelihood.statistic, likelihood.p, rho, *map(_finite, wider))
    note = "; ".join(filter(None, (contrast.unbounded(), no_rho, contrast.caveat)))
    return {**row, **dict(zip(_BY_LIKELIHOOD, values, strict=True)), "note": note}


def _finite(value: float | None) -> float | None:
    return None if value in {None, 0.0, inf} else value


def selectivity_rows(bias: PublicationBias) -> Iterator[Row]:
    """One point of a pool's curve a line."""
    for pool, found in bias.selectivity.items():
        if isinstance(found, Selectivity):
            for point in found.points:
                yield {"pool": pool, "s": point.s, "orr": point.orr, "lower": point.lower, "upper": point.upper}


def missing_rows(bias: PublicationBias) -> Iterator[Row]:
    """One pool and target a line."""
    for pool, found in bias.selectivity.items():
        if not isinstance(found, Selectivity):
            continue
        for target in found.targets:
            none = "no number of non-responders gives 0 %" if target.missing is None else ""
            yield {
                "pool": pool,
                "responders": found.cases.counts.responders,
                "evaluable": found.cases.counts.evaluable,
                "target": target.name,
                "orr": target.orr,
                "missing_non_responders": target.missing,
                "s": target.s,
                "s_lower": target.s_lower,
                "s_upper": target.s_upper,
                "note": NONE_NEEDED if target.missing == 0 else none,
            }
