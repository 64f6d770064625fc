"""Sufficient statistics of the beta-binomial: weights on a few nodes, whatever the number of patients.

The log-likelihood is a sum over j = 0, 1, ... of log(m + j rho), each term weighted by the number of
reports with a count above j (Griffiths, Biometrics 1973;29:637). That form is exact at rho = 0 and free
of the cancellation of differences of log-gamma functions. Below 64 the nodes are the integers. From
there on each block [64, 128), [128, 256), ... has 20 Chebyshev nodes: log(m + x rho) and its derivatives
are analytic out to x <= 0, three half-widths from the centre, so that interpolation is off by 5.8^-20 =
5e-16. The weights are sums of the interpolating polynomials over integers, exact by Gauss quadrature
for sums. One report of a million patients costs 344 nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metaimt.statistics.reports import Integers, Reports
from metaimt.statistics.root import Floats

_EXACT_BELOW = 64
_NODES = 20


@dataclass(frozen=True, eq=False)
class TailCounts:
    """Weights of responders, non-responders and evaluable patients at the nodes.

    `nodes` has shape (J,) and starts with 0; the weights have shape (J,), or (..., J) for several data
    sets.
    """

    nodes: Floats
    responders: Floats
    failures: Floats
    evaluable: Floats

    @cached_property
    def above(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Nodes above 0 and the weights there, of responders, non-responders and evaluable patients.

        Each up to the last node with a weight: counts of non-responders end early where most respond.
        """
        return self._above(self.responders), self._above(self.failures), self._above(self.evaluable)

    def _above(self, weights: Floats) -> tuple[Floats, Floats]:
        used = np.flatnonzero(weights.reshape(-1, self.nodes.size).any(axis=0))
        end = max(int(used[-1]) + 1 if used.size else 1, 1)
        return self.nodes[1:end], weights[..., 1:end]

    def with_mirror(self) -> TailCounts:
        """Two data sets: itself, and with responders and non-responders exchanged.

        One search then finds both limits. Only from a single data set.
        """
        both = np.stack([self.responders, self.failures])
        return replace(self, responders=both, failures=both[::-1], evaluable=np.stack([self.evaluable, self.evaluable]))

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> TailCounts:
        """Data sets by index along the first axis; itself if it is a single data set."""
        return self._each(lambda weights: weights[index])

    def with_axis(self) -> TailCounts:
        """A new axis behind the data sets, to evaluate each at several parameters."""
        return self._each(lambda weights: weights[..., None, :])

    def _each(self, change: Callable[[Floats], Floats]) -> TailCounts:
        if self.responders.ndim == 1:
            return self
        return replace(
            self,
            responders=change(self.responders),
            failures=change(self.failures),
            evaluable=change(self.evaluable),
        )


def tail_counts(reports: Reports) -> TailCounts:
    """Tail counts of one data set, arrays of shape (J,)."""
    r, n, repeats = reports.distinct
    top = int(n[-1])
    return TailCounts(
        _nodes(top),
        _repeated_table(r, repeats, top),
        _repeated_table(n - r, repeats, top),
        _repeated_table(n, repeats, top),
    )


def tail_counts_of(responders: Integers, evaluable: Integers) -> TailCounts:
    """Tail counts of B data sets of K reports: counts of shape (B, K) give weights of shape (B, J)."""
    top = int(evaluable.max())
    return TailCounts(
        _nodes(top),
        _summed_table(responders, top),
        _summed_table(evaluable - responders, top),
        _summed_table(evaluable, top),
    )


def _nodes(top: int) -> Floats:
    low = np.arange(min(top, _EXACT_BELOW), dtype=float)
    blocks = [(3 * a - 1) / 2 + (a - 1) / 2 * np.cos(_angles()) for a in _blocks(top)]
    return np.concatenate([low, *blocks])


def _blocks(top: int) -> list[int]:
    """First integer a of each block [a, 2a) that holds an integer below `top`."""
    starts = []
    a = _EXACT_BELOW
    while a < top:
        starts.append(a)
        a *= 2
    return starts


def _angles() -> Floats:
    return np.pi * (np.arange(_NODES) + 0.5) / _NODES


def _repeated_table(values: Integers, repeats: Integers, top: int) -> Floats:
    unique, where = np.unique(values, return_inverse=True)
    frequency = np.bincount(where, weights=repeats, minlength=unique.size)
    return np.asarray(frequency @ _table(unique, top), dtype=float)


def _summed_table(values: Integers, top: int) -> Floats:
    unique, where = np.unique(values, return_inverse=True)
    table = _table(unique, top)
    sets = values.shape[0]
    cells = where.reshape(values.shape) + unique.size * np.arange(sets)[:, None]
    frequency = np.bincount(cells.ravel(), minlength=sets * unique.size).reshape(sets, unique.size)
    return np.asarray(frequency @ table, dtype=float)


def _table(values: Integers, top: int) -> Floats:
    """Row v, column of node x: weight of f(x) in the sum of f(j) over 0 <= j < v."""
    low = (values[:, None] > np.arange(min(top, _EXACT_BELOW))).astype(float)
    return np.concatenate([low, *(_block_weights(np.clip(values - a, 0, a), a) for a in _blocks(top))], axis=1)


def _block_weights(count: Integers, a: int) -> Floats:
    """Sums over a <= j < a + count of the polynomials that interpolate at the nodes of block [a, 2a).

    The polynomials have degree 19. Gauss quadrature for sums over 0..N-1 is exact to degree 21 with 11
    nodes, the eigenvalues of the Jacobi matrix of the discrete Chebyshev polynomials (Gautschi, Orthogonal
    Polynomials, 2004, table 1.2; Golub and Welsch, Math Comp 1969;23:221). With N <= 11 it is the sum itself.
    """
    k = np.arange(1, _NODES // 2 + 1)
    size = count[:, None].astype(float)
    off = np.sqrt(np.maximum(size**2 - k**2, 0.0) / (4 * (4 - 1 / k**2)))
    jacobi = np.zeros((count.size, k.size + 1, k.size + 1))
    jacobi[:, k, k - 1] = jacobi[:, k - 1, k] = off
    centred, vectors = np.linalg.eigh(jacobi)
    weights = size * vectors[:, 0, :] ** 2
    x = np.clip((centred + (size - 1) / 2 - (a - 1) / 2) / ((a - 1) / 2), -1.0, 1.0)
    degrees = np.arange(_NODES)
    chebyshev = np.cos(degrees * np.arccos(x)[..., None])
    moments = np.einsum("vg,vgk->vk", weights, chebyshev)
    moments[:, 0] /= 2
    return np.asarray(moments @ np.cos(np.outer(degrees, _angles())) * (2 / _NODES), dtype=float)
