"""Marginal likelihood of one report under the binomial-normal model, by adaptive Gauss-Hermite quadrature.

r ~ Binomial(n, p), logit p = eta + tau z, z ~ N(0, 1). The rule is centred at the mode of the integrand and
scaled by its curvature there (Liu and Pierce, Biometrika 1994;81:624), with 80 nodes. Its error is set by the
poles of the logistic function, pi / tau from the real line in z: exp(-2 pi sqrt(80) / tau) for a report in
which all respond or none does, 6e-13 at tau = 2 but 4e-3 at tau = 10. Above tau = 2 such a report is
integrated by parts: the step f = p^n becomes the bump f' = n p^n (1 - p) times a normal distribution function,
whose width does not grow with tau. Reports with both outcomes are bumps from the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit, log_ndtr

from metaimt.statistics.root import Floats

NODES = 80
# Enough to see on which side of a maximum a point lies, never for a number that is shown.
FEW_NODES = 24

_BY_PARTS_ABOVE = 2.0
_LOG_2PI = float(np.log(2 * np.pi))
# Values of the integrand at once: larger arrays leave the cache.
_CHUNK = 60_000
# How near the mode, in standard deviations or logits, the rule must be centred; with few nodes less near.
_CLOSE, _NEAR = 1e-3, 0.03


@dataclass(frozen=True, eq=False)
class Terms:
    """Log marginal likelihood of each report, without the binomial coefficient, and derivatives.

    All of shape (B, J): B pairs of parameters, J reports. `eta`, `eta_eta`: first and second derivative in
    eta. `variance`: first derivative in tau^2, which by the heat equation is half the second derivative of the
    likelihood itself in eta, and so is exact at tau = 0. `eta_tau`, `tau_tau`: second derivatives in tau.
    """

    value: Floats
    eta: Floats
    variance: Floats
    eta_eta: Floats
    eta_tau: Floats
    tau_tau: Floats


def log_marginal(responders: Floats, evaluable: Floats, eta: Floats, tau: Floats, nodes: int = NODES) -> Terms:
    """Log of the integral over z, and its derivatives.

    Args:
        responders: r, shape (J,).
        evaluable: n, shape (J,).
        eta: logit of the median rate, shape (B, J).
        tau: standard deviation on the logit scale, at least 0, shape (B,).
        nodes: of the quadrature.
    """
    if not tau.any():
        return _binomial(responders, evaluable, eta)
    result = np.empty((6, *eta.shape))
    unanimous = (responders == 0) | (responders == evaluable)
    wide = tau > _BY_PARTS_ABOVE
    for rows, cells, rule in (
        (~wide, np.ones_like(unanimous), _direct),
        (wide, ~unanimous, _direct),
        (wide, unanimous, _by_parts),
    ):
        columns = np.nonzero(cells)[0]
        size = max(1, _CHUNK // (nodes * max(1, columns.size)))
        chosen = np.nonzero(rows)[0]
        for at in range(0, chosen.size if columns.size else 0, size):
            some = chosen[at : at + size, None]
            counts = responders[columns], evaluable[columns]
            result[:, some, columns] = rule(*counts, eta[some, columns], tau[some], nodes)
    return Terms(*result)


def _binomial(r: Floats, n: Floats, eta: Floats) -> Terms:
    """The limit at tau = 0, where the integral is its integrand at z = 0.

    With s = r - n p and v = n p q: the derivative in tau^2 is (s^2 - v) / 2 (the heat equation), that in tau is 0, and
    so is the mixed one; the second in tau is twice the first in tau^2.
    """
    p, q, joint = _logistic(eta)
    score, spread = r - n * p, n * p * q
    value = r * np.minimum(eta, 0) - (n - r) * np.maximum(eta, 0) - n * joint
    bend = score * score - spread
    return Terms(value, score, bend / 2, -spread, np.zeros_like(eta), bend)


@lru_cache(maxsize=2)
def _gauss_hermite(nodes: int) -> tuple[Floats, Floats]:
    """Nodes x times sqrt(2), and weights times exp(x^2) / sqrt(pi): for functions that are Gaussian at best.

    The weights are 1 / (N psi^2) by the normalised recurrence of the Hermite functions psi.
    """
    x = np.polynomial.hermite.hermgauss(nodes)[0]
    before, psi = np.zeros_like(x), np.pi**-0.25 * np.exp(-x * x / 2)
    for j in range(nodes - 1):
        before, psi = psi, np.sqrt(2 / (j + 1)) * x * psi - np.sqrt(j / (j + 1)) * before
    return np.sqrt(2) * x, 1 / (nodes * psi**2 * np.sqrt(np.pi))


def _logistic(e: Floats) -> tuple[Floats, Floats, Floats]:
    """p = expit(e), q = 1 - p, and l with log p = min(e, 0) - l, log q = min(-e, 0) - l; nothing cancels."""
    small = np.exp(-np.abs(e))
    large = 1 / (1 + small)
    other = small * large
    positive = e > 0
    return np.where(positive, large, other), np.where(positive, other, large), np.log1p(small)


def _direct(r: Floats, n: Floats, eta: Floats, tau: Floats, nodes: int) -> Floats:
    """Integral over z of p^r (1-p)^(n-r) phi(z)."""
    x, w = _gauss_hermite(nodes)
    mode, scale = _mode(r, n, eta, tau, _closeness(nodes))
    z = mode[..., None] + scale[..., None] * x
    e = eta[..., None] + tau[..., None] * z
    p, q, joint = _logistic(e)
    height = r[:, None] * np.minimum(e, 0) - (n - r)[:, None] * np.maximum(e, 0) - n[:, None] * joint - z * z / 2
    peak = height.max(axis=-1)
    weight = w * np.exp(height - peak[..., None])
    total = weight.sum(axis=-1)
    weight /= total[..., None]
    score = r[:, None] - n[:, None] * p
    bend = score * score - n[:, None] * p * q
    d, zd = np.vecdot(weight, score), np.vecdot(weight, z * score)
    weight *= bend
    t, zt, zzt = weight.sum(axis=-1), np.vecdot(weight, z), np.vecdot(weight, z * z)
    value = peak + np.log(total * scale)
    return np.stack([value, d, t / 2, t - d * d, zt - d * zd, zzt - zd * zd])


def _closeness(nodes: int) -> float:
    return _CLOSE if nodes >= NODES else _NEAR


def _mode(r: Floats, n: Floats, eta: Floats, tau: Floats, close: float) -> tuple[Floats, Floats]:
    """Mode in z by Newton's method, and the scale there. The integrand is log-concave."""
    rate = (r + 0.5) / (n + 1)
    z = tau * (np.log(rate / (1 - rate)) - eta) / (tau**2 + 1 / (n * rate * (1 - rate)))
    reach = 2 / np.clip(tau, 1e-3, 1)
    for _ in range(60):
        p = expit(eta + tau * z)
        bend = 1 + tau**2 * n * (p * (1 - p))
        step = (tau * (r - n * p) - z) / bend
        z = z + np.minimum(np.maximum(step, -reach), reach)
        if np.abs(step).max() < close:
            break
    return z, 1 / np.sqrt(bend)


def _by_parts(r: Floats, n: Floats, eta: Floats, tau: Floats, nodes: int) -> Floats:
    """Integral over e of n p^n (1-p) Phi((eta - e) / tau), the same after integration by parts; mirrored at r = 0."""
    x, w = _gauss_hermite(nodes)
    sign = np.where(r > 0, 1.0, -1.0)
    at = sign * eta
    mode, scale = _bump(n, at, tau, _closeness(nodes))
    e = mode[..., None] + scale[..., None] * x
    y = (at[..., None] - e) / tau[..., None]
    log_phi = log_ndtr(y)
    height = n[:, None] * np.minimum(e, 0) - np.maximum(e, 0) - (n + 1)[:, None] * _logistic(e)[2] + log_phi
    peak = height.max(axis=-1)
    weight = w * np.exp(height - peak[..., None])
    total = weight.sum(axis=-1)
    weight *= np.exp(-(y * y + _LOG_2PI) / 2 - log_phi) / total[..., None]
    d1, d2 = weight.sum(axis=-1) / tau, -np.vecdot(weight, y) / tau**2
    mixed, second = np.vecdot(weight, y * y - 1) / tau**2, np.vecdot(weight, y * (2 - y * y)) / tau**2
    value = peak + np.log(n * total * scale) + _LOG_2PI / 2
    by_tau = tau * d2
    return np.stack([value, sign * d1, d2 / 2, d2 - d1 * d1, sign * (mixed - d1 * by_tau), second - by_tau**2])


def _bump(n: Floats, eta: Floats, tau: Floats, close: float) -> tuple[Floats, Floats]:
    """Mode in e of n p^n (1-p) Phi((eta - e) / tau), log-concave, and the scale there."""
    e = np.minimum(np.log(n), eta + tau**2)
    for _ in range(60):
        p, y = expit(e), (eta - e) / tau
        mills = np.exp(-(y * y + _LOG_2PI) / 2 - log_ndtr(y))
        bend = (n + 1) * (p * (1 - p)) + mills * (mills + y) / tau**2
        step = (n - (n + 1) * p - mills / tau) / bend
        e = e + np.minimum(np.maximum(step, -5), 5)
        if np.abs(step).max() < close:
            break
    return e, 1 / np.sqrt(bend)
