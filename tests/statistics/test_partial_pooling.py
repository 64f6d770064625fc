"""Partial pooling against R's quadrature, an independent one in other variables, and closed forms.

Against R: means and posterior mean of m 1e-5, log marginal 1e-4, mean of s 2e-4, quantiles 5e-4: R read them off a
staircase on a grid of 0.02 logits, and the independent quadrature below finds ours right to 2e-5.
Priors of the file: m ~ N(0, 2^2).
"""

from __future__ import annotations

import json
from dataclasses import astuple
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logit
from scipy.stats import norm

from metaimt.serialise import to_json
from metaimt.statistics.partial_pooling import M_SD, S_SCALE, PartialPooling, Rate, partial_pooling

Floats = NDArray[np.float64]
SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
SHRINKAGE = {name: each["subgroup"]["shrinkage"] for name, each in SETS.items() if "subgroup" in each}
COMPARED = [name for name, each in SHRINKAGE.items() if each["bhm"] is not None]
# debruin2009 has more than 400 patients: R was not asked.
assert set(SHRINKAGE) - set(COMPARED) == {"debruin2009"}


@pytest.mark.parametrize("name", COMPARED)
def test_agrees_with_r(name: str) -> None:
    theirs = SHRINKAGE[name]["bhm"]
    ours = partial_pooling(SHRINKAGE[name]["x"], SHRINKAGE[name]["n"], m_sd=2.0)
    rates = np.array([astuple(group.rate) for group in ours.groups]).T
    assert rates[0] == pytest.approx(theirs["p_group_mean"], abs=1e-5)
    assert rates[1] == pytest.approx(theirs["p_group_median"], abs=5e-4)
    assert rates[2] == pytest.approx(theirs["p_group_lo"], abs=5e-4)
    assert rates[3] == pytest.approx(theirs["p_group_hi"], abs=5e-4)
    new = ours.new_group
    assert (new.lower, new.median, new.upper) == pytest.approx(theirs["p_new"], abs=5e-4)
    assert ours.m_mean == pytest.approx(theirs["mu_mean"], abs=1e-5)
    assert ours.s_mean == pytest.approx(theirs["tau_mean"], abs=2e-4)
    assert ours.log_marginal == pytest.approx(theirs["log_marginal"], abs=1e-4)


gauss = cache(np.polynomial.legendre.leggauss)


def panels(breaks: list[float], nodes: int) -> tuple[Floats, Floats]:
    x, w = gauss(nodes)
    edges = np.unique(breaks)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


class Brute:
    """Gauss-Legendre in s and m (with breaks around the point asked for), Gauss-Legendre in (logit - m) / s."""

    def __init__(self, r: list[int], n: list[int], m_sd: float, s_scale: float) -> None:
        self.r, self.n, self.m_sd, self.s_scale = r, n, m_sd, s_scale

    def likelihood(self, g: int, value: Floats) -> Floats:
        p = expit(value)
        return np.asarray(p ** self.r[g] * (1 - p) ** (self.n[g] - self.r[g]))

    def conditional(self, g: int, m: Floats, s: float, upper: Floats) -> Floats:
        """Integral of group g's likelihood over its logit up to `upper`, given m and s."""
        x, w = gauss(40 if s < 0.6 else 120)
        end = np.clip((upper - m) / s, -9, 9)[:, None]
        z = -9 + (end + 9) * (1 + x) / 2
        return np.asarray((self.likelihood(g, m[:, None] + s * z) * np.exp(-0.5 * z**2) @ w) * (end[:, 0] + 9) / 2)

    def below(self, group: int | None, point: float) -> float:
        """P(logit of the group < point); None: of a new group."""
        part = whole = 0.0
        for s, weight in zip(*panels([0, 0.05, 0.2, 0.6, 1.5, 3.5, 7.5], 9), strict=True):
            around = [point + k * s for k in (-8, -3, 0, 3, 8)]
            m, w = panels([-10.0, -5, -2.5, -1, 0, 1, 2.5, 5, 10, *around], 14)
            joint = w * weight * norm.pdf(m, 0, self.m_sd) * norm.pdf(s, 0, self.s_scale)
            everywhere = np.full_like(m, np.inf)
            for g in range(len(self.r)):
                if g != group:
                    joint = joint * self.conditional(g, m, s, everywhere)
            if group is None:
                whole += joint.sum()
                part += joint @ norm.cdf((point - m) / s)
            else:
                whole += joint @ self.conditional(group, m, s, everywhere)
                part += joint @ self.conditional(group, m, s, np.full_like(m, point))
        return float(part / whole)


@pytest.mark.parametrize(
    ("r", "n", "m_sd", "s_scale"),
    [
        ([33, 2, 22], [50, 3, 28], 2.0, S_SCALE),
        ([0, 0, 1, 9], [1, 6, 1, 12], M_SD, S_SCALE),
        ([2, 11], [2, 12], 0.5, 0.4),
    ],
)
def test_agrees_with_an_independent_quadrature(r: list[int], n: list[int], m_sd: float, s_scale: float) -> None:
    ours = partial_pooling(r, n, m_sd=m_sd, s_scale=s_scale)
    brute = Brute(r, n, m_sd, s_scale)
    for group, rate in ((0, ours.groups[0].rate), (None, ours.new_group)):
        for value, probability in ((rate.lower, 0.025), (rate.upper, 0.975))[: 1 if group is None else 2]:
            assert brute.below(group, float(logit(value))) == pytest.approx(probability, abs=2e-5)
    assert (ours.m_sd, ours.s_scale, ours.level) == (m_sd, s_scale, 0.95)


@pytest.mark.parametrize(("r", "n"), [(0, 1), (1, 1), (3, 7), (0, 1000), (1000, 1000), (300, 1000)])
def test_one_group_is_a_double_integral(r: int, n: int) -> None:
    """One group: its logit is N(0, m_sd^2 + s^2), so m is gone, and quantiles are sums over a fine grid."""
    (group,) = partial_pooling([r], [n]).groups
    s, w = panels([0, 1, 3, 9], 20)
    rate = group.rate
    found = [float(logit(x)) for x in (rate.lower, rate.median, rate.upper)]
    breaks = [x + k * (found[2] - found[0]) for x in found for k in (-1, -0.1, 0, 0.1, 1)]
    value, v = panels([-40, -12, -6, -3, 0, 3, 6, 12, 40, *breaks], 40)
    prior = norm.pdf(value[:, None], 0, np.hypot(M_SD, s)) @ (w * 2 * norm.pdf(s))
    log_likelihood = r * log_expit(value) + (n - r) * log_expit(-value)
    density = v * prior * np.exp(log_likelihood - log_likelihood.max())
    density /= density.sum()
    below = [float(density[value < x].sum()) for x in found]
    assert below == pytest.approx([0.025, 0.5, 0.975], abs=1e-4)
    assert rate.mean == pytest.approx(float(density @ expit(value)), abs=1e-6)


def normal_model(y: Floats, variance: Floats) -> tuple[Floats, float]:
    """Means of the logits under y_g ~ N(theta_g, variance_g), and of s: a single sum over s."""
    s = np.linspace(0, 5, 20_001)[:, None]
    total = variance + s**2
    precision = (1 / total).sum(axis=1) + 1 / M_SD**2
    centre = (y / total).sum(axis=1) / precision
    fit = -0.5 * (np.log(total) + y**2 / total).sum(axis=1) + 0.5 * precision * centre**2 - 0.5 * np.log(precision)
    weight = np.exp(fit - fit.max() - 0.5 * s[:, 0] ** 2)
    weight /= weight.sum()
    means = (y * s**2 + variance * centre[:, None]) / total
    return np.asarray(weight @ means), float(weight @ s[:, 0])


def test_an_outlier_among_large_groups() -> None:
    """200 patients a group: the logits are nearly normal, so the normal model is the answer, or nearly."""
    r, n = np.array([100] * 9 + [160]), np.full(10, 200)
    ours = partial_pooling(r, n)
    p = r / n
    means, s_mean = normal_model(np.asarray(logit(p)), 1 / (n * p * (1 - p)))
    assert [logit(group.rate.median) for group in ours.groups] == pytest.approx(means.tolist(), abs=0.03)
    assert ours.s_mean == pytest.approx(s_mean, rel=0.03)


def test_a_small_group_beside_a_large_one() -> None:
    """2 of 3 beside 1,000 of 2,000, whose rate is known: the grid must not see the large one as a wall."""
    ours = partial_pooling([1000, 2], [2000, 3])
    assert ours.groups[0].rate.median == pytest.approx(0.5, abs=5e-4)
    s, w = panels([0, 0.5, 1.5, 4, 9], 20)
    value, v = panels([-40, -8, -3, -1, 0, 1, 3, 8, 40], 40)
    about_m = norm.pdf(0.0, 0, np.hypot(M_SD, s)) * w * norm.pdf(s)  # the large group's logit is 0
    centre = np.zeros_like(s) * M_SD**2 / (M_SD**2 + s**2)
    spread = np.sqrt(s**2 + M_SD**2 * s**2 / (M_SD**2 + s**2))
    density = v * (norm.pdf(value[:, None], centre, spread) @ about_m) * expit(value) ** 2 * expit(-value)
    assert ours.groups[1].rate.mean == pytest.approx(float(density @ expit(value) / density.sum()), abs=2e-3)


def test_more_patients_than_the_grid_resolves_are_refused() -> None:
    with pytest.raises(ArithmeticError, match="need no partial pooling"):
        partial_pooling([5000, 5000, 9000], [10_000] * 3)


def test_opposed_large_groups() -> None:
    ours = partial_pooling([10_000, 0], [10_000, 10_000])
    assert ours.groups[0].rate.lower > 0.999
    assert ours.groups[1].rate.upper < 0.001
    assert ours.new_group.mean == pytest.approx(0.5, abs=1e-9)


def test_groups_are_drawn_together() -> None:
    """Small groups more than large ones; and the less, the wider the prior of s."""
    r, n = [1, 20, 30], [1, 40, 40]
    tight, usual, wide = (partial_pooling(r, n, s_scale=scale) for scale in (0.25, 1.0, 5.0))
    assert usual.groups[0].rate.mean < 0.8
    spread = [each.groups[2].rate.mean - each.groups[1].rate.mean for each in (tight, usual, wide)]
    assert 0 < spread[0] < spread[1] < spread[2] < 0.25
    assert [each.evaluable for each in usual.groups] == n


COUNTS = st.lists(
    st.one_of(st.integers(1, 25), st.integers(1, 200)).flatmap(
        lambda n: st.tuples(st.one_of(st.integers(0, n), st.sampled_from([0, n])), st.just(n))
    ),
    min_size=1,
    max_size=6,
)


def pool(pairs: list[tuple[int, int]], mirror: bool = False, **more: float) -> PartialPooling:
    return partial_pooling([n - r if mirror else r for r, n in pairs], [n for _, n in pairs], **more)


def rates(ours: PartialPooling) -> list[Rate]:
    return [*(group.rate for group in ours.groups), ours.new_group]


UNANIMOUS = [(18, 18), (1, 1), (22, 22), (0, 16), (125, 125)]
"""Sides differed by 1.2e-5 here while the gap between the last point of the grid and the first belonged to one end."""


@examples(6, nightly=120)
@example(pairs=UNANIMOUS, random=Random(1))  # noqa: S311 - an order
@given(COUNTS, st.randoms(use_true_random=False))
def test_order_mirror_and_limits(pairs: list[tuple[int, int]], random: Any) -> None:
    ours = pool(pairs)
    order = random.sample(range(len(pairs)), len(pairs))
    shuffled = pool([pairs[i] for i in order])
    assert [shuffled.groups[k] for k in range(len(order))] == [ours.groups[i] for i in order]
    assert shuffled.new_group == ours.new_group
    mirrored = pool(pairs, mirror=True)
    wider = pool(pairs, level=0.99)
    for a, b, c in zip(*(rates(each) for each in (ours, mirrored, wider)), strict=True):
        assert (b.mean, b.median, b.lower, b.upper) == pytest.approx(
            (1 - a.mean, 1 - a.median, 1 - a.upper, 1 - a.lower), abs=1e-6
        )
        assert 0 < c.lower < a.lower < a.median < a.upper < c.upper < 1
        assert a.lower < a.mean < a.upper


@pytest.mark.parametrize(("more", "message"), [({"m_sd": 0.0}, "prior"), ({"s_scale": np.inf}, "prior")])
def test_refuses(more: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        partial_pooling([1, 2], [3, 4], **more)
    with pytest.raises(ValueError, match="between 0"):
        partial_pooling([4, 2], [3, 4])


def test_no_digit_is_printed_that_the_grid_does_not_determine() -> None:
    """Means and limits are good to 1e-5, the mean of s to 2e-4."""
    found = partial_pooling([33, 2, 22], [50, 3, 28])
    shown = to_json({"levels": [group.rate for group in found.groups], "between": found})
    assert all(value == round(value, 5) for rate in shown["levels"] for value in rate.values())
    assert [set(rate) for rate in shown["levels"]] == [{"mean", "median", "lower", "upper"}] * 3
    assert shown["levels"][0]["median"] == pytest.approx(found.groups[0].rate.median, abs=5.1e-6)
    assert shown["between"]["sd_of_logits"] == pytest.approx(found.s_mean, abs=5.1e-4)
    assert shown["between"]["sd_of_logits"] == round(shown["between"]["sd_of_logits"], 3)
