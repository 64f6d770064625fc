"""The binomial-normal model with a report left out, over time, and by subgroup: all on the exact likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from metaimt.statistics.glmm import GlmmFit, fit_data, fit_glmm, read_data
from metaimt.statistics.glmm_likelihood import DataSets
from metaimt.statistics.glmm_separation import Separated
from metaimt.statistics.root import Floats


@dataclass(frozen=True)
class BetweenGroups:
    """Likelihood-ratio test of equal rates in all groups, with one tau in both models.

    fit: the model with a rate for each group; its intercept is the first group's logit, each slope the
    difference of another group from it. statistic: chi-square with `df` degrees of freedom.
    """

    statistic: float
    df: int
    p: float
    fit: GlmmFit
    fit_without_groups: GlmmFit


@dataclass(frozen=True)
class SubgroupFits:
    """Each group fitted alone, with its own tau, in the order of `groups`; and the test between them."""

    groups: tuple[str, ...]
    fits: tuple[GlmmFit, ...]
    test: BetweenGroups | Separated


def leave_one_out(responders: ArrayLike, evaluable: ArrayLike) -> tuple[GlmmFit, ...]:
    """One fit for each report, in the order of the input, from all reports but that one.

    Args:
        responders: shape (K,), integers, K at least 2.
        evaluable: shape (K,), integers of at least 1.

    Raises:
        ValueError: invalid counts, or a single report.
    """
    data, where = read_data(responders, evaluable)
    if where.size < 2:
        raise ValueError("leaving one out needs at least two reports")
    # Two reports of one kind leave the same data behind.
    fits = fit_data(replace(data, counts=data.counts - np.eye(data.evaluable.size)))
    return tuple(fits[kind] for kind in where)


def cumulative(
    responders: ArrayLike, evaluable: ArrayLike, steps: Sequence[object] | None = None
) -> tuple[GlmmFit, ...]:
    """Fits of the reports so far, in the order of the input.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        steps: a label for each report, such as its year; one fit after each run of equal labels. Without it,
            one after each report.

    Raises:
        ValueError: invalid counts, or not one label a report.
    """
    data, where = read_data(responders, evaluable)
    if steps is not None and len(steps) != where.size:
        raise ValueError(f"there must be one step a report: {where.size}, not {len(steps)}")
    ends = [i for i in range(where.size) if steps is None or i + 1 == where.size or steps[i] != steps[i + 1]]
    so_far: Floats = np.cumsum(np.eye(data.evaluable.size)[where], axis=0)[ends]
    return tuple(fit_data(replace(data, counts=so_far)))


def fit_subgroups(responders: ArrayLike, evaluable: ArrayLike, groups: Sequence[str]) -> SubgroupFits:
    """Fit each group, and test for any difference between them.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        groups: name of the group of each report, at least two different ones; the result has them sorted.

    Returns:
        Where in a group no patient or every patient responds, the test is `Separated`: exact answers for each
        group and penalised ones are to be read instead.

    Raises:
        ValueError: invalid counts, not one group a report, or a single group.
    """
    data, where = read_data(responders, evaluable)
    if len(groups) != where.size:
        raise ValueError(f"there must be one group a report: {where.size}, not {len(groups)}")
    names = tuple(sorted(set(groups)))
    if len(names) < 2:
        raise ValueError("a test between groups needs at least two groups")
    member = np.array([[group == name for name in names] for group in groups], dtype=float)
    each = replace(data, counts=member.T @ np.eye(data.evaluable.size)[where])
    separated = _separated(names, each)
    test = separated if separated else _between(responders, evaluable, member)
    return SubgroupFits(names, tuple(fit_data(each)), test)


def _separated(names: tuple[str, ...], each: DataSets) -> Separated | None:
    """Which groups have no patient or every patient responding, if any."""
    r, n = each.counts @ each.responders, each.counts @ each.evaluable
    ends = [
        f"in {name} {'no patient responds' if r[i] == 0 else 'every patient responds'}"
        for i, name in enumerate(names)
        if r[i] in {0, n[i]}
    ]
    return Separated("; ".join(ends)) if ends else None


def _between(responders: ArrayLike, evaluable: ArrayLike, member: Floats) -> BetweenGroups | Separated:
    fit, plain = fit_glmm(responders, evaluable, member[:, 1:]), fit_glmm(responders, evaluable)
    if isinstance(fit, Separated):
        return fit
    statistic, df = max(0.0, 2 * (fit.log_likelihood - plain.log_likelihood)), member.shape[1] - 1
    return BetweenGroups(statistic, df, float(chdtrc(df, statistic)), fit, plain)
