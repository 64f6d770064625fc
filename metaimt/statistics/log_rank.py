"""Log-rank test between groups, and its Fleming-Harrington weighting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.root import Floats
from metaimt.statistics.survival_data import life_table, read_survival

_RANK = 1e-10


@dataclass(frozen=True)
class LogRankGroup:
    """A group: its label as given, subjects, and its observed and expected (weighted) events."""

    label: str
    subjects: int
    observed: float
    expected: float


@dataclass(frozen=True)
class LogRank:
    """Test that the groups have one survival curve: chi-square statistic, degrees of freedom, p.

    rho: events are weighted by S(t-)^rho; 0 is the log-rank test.
    """

    groups: tuple[LogRankGroup, ...]
    statistic: float
    df: int
    p: float
    rho: float


def log_rank(time: ArrayLike, event: ArrayLike, group: ArrayLike, *, rho: float = 0.0) -> LogRank | NotRun:
    """Log-rank test with the hypergeometric variance (Mantel, Cancer Chemother Rep 1966;50:163).

    rho > 0: Harrington and Fleming, Biometrika 1982;69:553, with the pooled Kaplan-Meier curve just before
    each time, as R's survdiff. A group with nobody at risk at any event does not count as a degree of freedom.

    Args:
        time: shape (N,), time to event or censoring.
        event: shape (N,), 1 for an event, 0 for a censored time.
        group: shape (N,), labels.
        rho: of the weights.

    Raises:
        ValueError: invalid times, events or labels.
    """
    times, events = read_survival(time, event)
    labels, member = np.unique(np.asarray(group), return_inverse=True)
    if member.shape != times.shape:
        raise ValueError(f"time and group must be two lists of one length, not {times.shape}, {member.shape}")
    table = life_table(times, events)
    weight = np.concatenate([[1.0], np.cumprod(1 - table.events / table.at_risk)[:-1]]) ** rho
    here = np.array([_counts(table.time, times, events, member == g) for g in range(labels.size)])
    share = here[:, 0] / table.at_risk
    observed, expected = here[:, 1] @ weight, share @ (weight * table.events)
    variance = _variance(share, weight**2 * table.events, table.at_risk, table.events)
    # Rows sum to 0: the rank is the number of groups less one, or less if some are never compared.
    df = int(np.linalg.matrix_rank(variance, tol=_RANK * float(np.diag(variance).max()), hermitian=True))
    if df == 0:
        return NotRun("no event while two groups are at risk")
    difference = observed - expected
    statistic = float(difference @ np.linalg.pinv(variance, rcond=_RANK, hermitian=True) @ difference)
    groups = tuple(
        LogRankGroup(str(label), int(np.count_nonzero(member == g)), float(observed[g]), float(expected[g]))
        for g, label in enumerate(labels.tolist())
    )
    return LogRank(groups, statistic, df, float(chdtrc(df, statistic)), rho)


def _counts(distinct: Floats, times: Floats, events: NDArray[np.bool_], member: NDArray[np.bool_]) -> Floats:
    """At risk and events of one group at each distinct time, shape (2, T)."""
    where = np.searchsorted(distinct, times[member])
    leaving = np.bincount(where, minlength=distinct.size)
    failing = np.bincount(where[events[member]], minlength=distinct.size)
    return np.array([np.cumsum(leaving[::-1])[::-1], failing], dtype=float)


def _variance(share: Floats, weighted: Floats, at_risk: NDArray[np.int64], events: NDArray[np.int64]) -> Floats:
    """Covariance of observed - expected, shape (G, G); a lone subject at risk adds nothing."""
    factor = np.divide(weighted * (at_risk - events), at_risk - 1, out=np.zeros(share.shape[1]), where=at_risk > 1)
    return np.asarray(np.diag(share @ factor) - (share * factor) @ share.T, dtype=float)
