"""The integral over one report, against a trapezoid rule of 20,001 points on the range that matters.

The rule is exact to 1e-8 (absolute, in the log-likelihood) up to tau = 8, and to 3e-8 at tau = 60.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp

from metaimt.statistics.glmm import _terms
from metaimt.statistics.reports import read_reports

REPORTS = [(0, 1), (1, 1), (1, 2), (2, 2), (0, 7), (3, 7), (10, 10), (1, 40), (700, 1000), (1000, 1000)]
LARGE = [(70_000, 100_000), (0, 100_000), (1, 100_000)]
TAUS = [0.0, 0.1, 0.7, 1.9, 2.0, 2.1, 4.0, 8.0, 60.0]
ETAS = [-6.0, 0.0, 1.0, 6.0]


def trapezoid(r: int, n: int, eta: float, tau: float) -> float:
    def height(z: np.ndarray) -> np.ndarray:
        e = eta + tau * z
        return np.asarray(r * e - n * np.logaddexp(0, e) - z * z / 2 - np.log(2 * np.pi) / 2)

    low, high = -400.0, 400.0
    for _ in range(10):
        z = np.linspace(low, high, 4001)
        inside = np.nonzero(height(z) > height(z).max() - 60)[0]
        low, high = z[max(inside[0] - 1, 0)], z[min(inside[-1] + 1, 4000)]
    z = np.linspace(low, high, 20_001)
    return float(logsumexp(height(z)) + np.log(z[1] - z[0]))


def at(r: int, n: int, eta: float, tau: float) -> NDArray[np.float64]:
    """Logarithm, its first and second derivative in eta, and that in tau^2: (4,)."""
    return _terms(read_reports([r], [n]), np.array([eta]), np.array([tau]))[:, 0]


@pytest.mark.parametrize(("r", "n"), REPORTS + LARGE)
def test_integral(r: int, n: int) -> None:
    for tau in TAUS:
        for eta in ETAS:
            expected = trapezoid(r, n, eta, tau)
            # r e - n log(1 + exp(e)) is rounded to 1e-16 of its size.
            tolerance = (1e-8 if tau <= 8 else 1e-7) + 1e-12 * abs(expected)
            assert at(r, n, eta, tau)[0] == pytest.approx(expected, abs=tolerance), (eta, tau)


@pytest.mark.parametrize(("r", "n"), [*REPORTS, (70_000, 100_000)])
@pytest.mark.parametrize("tau", [0.3, 1.9, 2.5, 20.0])
def test_derivatives(r: int, n: int, tau: float) -> None:
    for eta in (-2.0, 0.5, 3.0):
        # Wider steps for 100,000 patients, whose derivatives are rounded to 1e-9.
        d, h = at(r, n, eta, tau), 1e-5 if n < 10_000 else 1e-3
        k = h * tau
        right, left = at(r, n, eta + h, tau), at(r, n, eta - h, tau)
        up, down = at(r, n, eta, tau + k), at(r, n, eta, tau - k)
        for found, expected in (
            (d[1], (right[0] - left[0]) / (2 * h)),
            (d[2], (right[1] - left[1]) / (2 * h)),
            (2 * tau * d[3], (up[0] - down[0]) / (2 * k)),
        ):
            assert found == pytest.approx(expected, rel=1e-4, abs=1e-6 if n < 10_000 else 1e-4)


def test_no_spread_is_the_binomial_with_its_derivatives() -> None:
    p = 1 / (1 + np.exp(-0.4))
    score, bend = 3 - 7 * p, 7 * p * (1 - p)
    expected = (3 * np.log(p) + 4 * np.log(1 - p), score, -bend, (score**2 - bend) / 2)
    assert at(3, 7, 0.4, 0.0) == pytest.approx(expected, abs=1e-13)


def test_blocks_join() -> None:
    """More values than go into one block, with tau on both sides of the change of rule."""
    rng = np.random.Generator(np.random.PCG64(1))
    eta, tau = rng.normal(size=700), rng.uniform(0, 5, 700)
    data = read_reports([0, 1, 1, 4], [1, 1, 1, 9])
    whole = _terms(data, eta, tau)
    for row in (0, 333, 699):
        assert whole[:, row] == pytest.approx(_terms(data, eta[[row]], tau[[row]])[:, 0], abs=1e-9)


def test_nothing_overflows() -> None:
    """Where reports cannot come from the parameters the logarithm is very negative, and finite."""
    for eta in (-700.0, 700.0):
        for tau in (0.0, 0.05, 3.0, 100.0):
            for r, n in ((0, 100_000), (100_000, 100_000), (50_000, 100_000), (1, 1)):
                assert np.isfinite(at(r, n, eta, tau)[0])
