"""What a cohort is like: Table 1, marker positivity overall and by site, symptoms by marker, treatment.

Nothing here is compared but what METHODS 11 names, and by exact tests only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from metaimt.analyses.wording import KNOWN_FOR_NOBODY
from metaimt.serialise import optional, published, to_json
from metaimt.statistics.exact_tests import ExactTest, exact_test
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion, clopper_pearson

NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Level:
    """One row of Table 1: a category and its patients; `of` where it is known for fewer than all."""

    name: str
    n: int
    of: int | None = None


@published("n", "mean", *map(optional, ("sd", "median", "lower_quartile", "upper_quartile", "minimum", "maximum")))
@dataclass(frozen=True, slots=True)
class Summary:
    """A number over patients; None where a publication prints none."""

    n: int
    mean: float
    sd: float | None = None
    median: float | None = None
    lower_quartile: float | None = None
    upper_quartile: float | None = None
    minimum: float | None = None
    maximum: float | None = None


@published(
    "name",
    "of",
    "exclusive",
    optional("summary"),
    levels=lambda each: [replace(level, of=each.of if level.of is None else level.of) for level in each.levels],
)
@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of Table 1. levels: with "not stated" last, they add up to `of`, unless `exclusive` is false.

    summary: of a number. exclusive: a patient is in one level only.
    """

    name: str
    of: int
    levels: tuple[Level, ...] = ()
    summary: Summary | None = None
    exclusive: bool = True


def _of_site(site: str, share: Proportion) -> dict[str, Any]:
    return {"site": site, **to_json(share)}


@published(
    "marker",
    optional("rest", lambda each: each.rest and _of_site(*each.rest)),
    optional("test_of_named_sites", "test_named"),
    "test",
    "notes",
    overall=lambda each: each.overall or KNOWN_FOR_NOBODY,
    sites=lambda each: [_of_site(*found) for found in each.by_site],
)
@dataclass(frozen=True)
class Positivity:
    """Positive among tested, with exact intervals. by_site: the sites as given; rest: the others together.

    test: exact test of a difference between the sites, all of them (with the rest as one), and between those named.
    """

    marker: str
    overall: Proportion | None
    by_site: tuple[tuple[str, Proportion], ...]
    rest: tuple[str, Proportion] | None
    test: ExactTest | NotRun
    test_named: ExactTest | NotRun | None = None
    notes: tuple[str, ...] = ()


@published("symptom", "marker", "positive", "negative", "test", none=KNOWN_FOR_NOBODY)
@dataclass(frozen=True)
class Contrast:
    """A symptom among marker-positive and marker-negative patients, of those for whom both are known."""

    symptom: str
    marker: str
    positive: Proportion | None
    negative: Proportion | None
    test: ExactTest | NotRun


def share(r: int, n: int) -> Proportion | None:
    """r of n with its exact interval; None of nobody."""
    return clopper_pearson(r, n) if n else None


def categories(name: str, values: Sequence[str | None], order: Iterable[str] = ()) -> Variable:
    """A variable of named categories: in the given order or by number, "not stated" last."""
    counts = Counter(value for value in values if value is not None)
    rank = {term: place for place, term in enumerate(order)}
    names = sorted(counts, key=lambda term: (rank.get(term, len(rank)), -counts[term], term))
    levels = [Level(term, counts[term]) for term in names]
    if unknown := len(values) - sum(counts.values()):
        levels.append(Level(NOT_STATED, unknown))
    return Variable(name, len(values), tuple(levels))


def number(name: str, values: Sequence[float | None]) -> Variable:
    """A numeric variable; quartiles by linear interpolation (R's type 7)."""
    known = np.array([value for value in values if value is not None], dtype=float)
    missing = (Level(NOT_STATED, len(values) - known.size),) if known.size < len(values) else ()
    if not known.size:
        return Variable(name, len(values), missing)
    sd = float(known.std(ddof=1)) if known.size > 1 else None
    low, q1, median, q3, high = np.percentile(known, [0, 25, 50, 75, 100]).tolist()
    return Variable(name, len(values), missing, Summary(known.size, float(known.mean()), sd, median, q1, q3, low, high))


def several(name: str, by_item: Mapping[str, Sequence[str | None]], of: int) -> Variable:
    """Items of which a patient may have more than one, such as symptoms: "yes" of those for whom it is known."""
    levels = [
        Level(item, sum(value == "yes" for value in values), sum(value is not None for value in values))
        for item, values in by_item.items()
    ]
    return Variable(name, of, tuple(levels), exclusive=False)


def positivity(marker: str, status: Sequence[str | None], sites: Sequence[str | None]) -> Positivity:
    """A marker's positivity among those tested, overall and by site; an unknown site is a row, but not in the test."""
    tested = [(site, found == "positive") for site, found in zip(sites, status, strict=True) if found is not None]
    overall = share(sum(positive for _, positive in tested), len(tested))
    numbers = Counter(site for site, _ in tested if site is not None)
    hits = Counter(site for site, positive in tested if positive)
    named = sorted(numbers, key=lambda site: (-numbers[site], site))
    by_site = tuple((site, clopper_pearson(hits[site], numbers[site])) for site in named)
    unknown = len(tested) - sum(numbers.values())
    rest = (NOT_STATED, clopper_pearson(hits[None], unknown)) if unknown and named else None
    return Positivity(marker, overall, by_site, rest, test_between([each for _, each in by_site]))


def test_between(shares: Sequence[Proportion]) -> ExactTest | NotRun:
    """Exact test of equal proportions, if its rule allows it."""
    if len(shares) < 2:
        return NotRun("fewer than two groups")
    return exact_test([each.responders for each in shares], [each.evaluable for each in shares])


def contrast(symptom: str, marker: str, present: Sequence[str | None], status: Sequence[str | None]) -> Contrast:
    """A symptom by marker status."""
    both = [(p == "yes", s) for p, s in zip(present, status, strict=True) if p is not None and s is not None]
    sides = [[here for here, side in both if side == wanted] for wanted in ("positive", "negative")]
    positive, negative = (share(sum(side), len(side)) for side in sides)
    test = test_between([each for each in (positive, negative) if each is not None])
    return Contrast(symptom, marker, positive, negative, test)
