"""What must hold for every model of `metaimt pool STUDIES.csv --methods --all-models`, on made-up data of all kinds.

Limits that come out of a search (ML and REML stop at a step of 1e-8, profiles at 1e-9) agree to 2e-6; a width that
should not grow may by 1e-7.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from metaimt.analyses.comparison import Comparison, compare
from metaimt.analyses.models import Interval, Model
from metaimt.statistics.inverse_variance import Method, fit_inverse_variance
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.proportion import Proportion

Pairs = list[tuple[int, int]]
SAME, WIDER = 2e-6, 1e-7
ALWAYS = ("crude", "glmm")
ONE_REPORT_EXCEPTIONS = {"beta-binomial", "glmm, marginal_mean"}


def report_pairs(largest: int) -> st.SearchStrategy[tuple[int, int]]:
    """r of n: mostly single cases, and unanimous reports as often as others."""
    sizes = st.one_of(st.just(1), st.integers(1, largest))
    return sizes.flatmap(lambda n: st.tuples(st.one_of(st.integers(0, n), st.sampled_from((0, n))), st.just(n)))


data_sets = st.lists(report_pairs(14), min_size=1, max_size=13)


@pytest.fixture(autouse=True, scope="module")
def whole_only() -> Iterator[None]:
    """No report left out and no steps over time: these are the same models on parts of the data."""
    with pytest.MonkeyPatch.context() as patch:
        for part in ("leave_one_out", "cumulative"):
            patch.setattr(f"metaimt.analyses.comparison.{part}", lambda studies, priors: ())
        yield


def all_models(pairs: Pairs, **more: Any) -> Comparison:
    return compare([r for r, _ in pairs], [n for _, n in pairs], models="every", **more)


def rates(found: Comparison) -> dict[str, Interval | Proportion | NotIdentified]:
    """Every rate of every model by name, those on reports with two patients or more among them."""
    every: dict[str, Interval | Proportion | NotIdentified] = {f"crude {k}": v for k, v in found.crude.items()}
    for name, model in found.methods.items():
        every |= {f"{name}, {part}" if part else name: rate for part, rate in model.rates.items()}
        if isinstance(model.larger, Model):
            every[f"{name}, two or more"] = model.larger.rates[""]
    return every


def width(rate: Interval | Proportion) -> float:
    return rate.upper - rate.lower


@examples(4, nightly=50)
@given(data_sets)
def test_every_interval_is_finite_and_holds_its_estimate_or_says_why_not(pairs: Pairs) -> None:
    found = rates(all_models(pairs))
    assert len(found) >= 32
    for name, rate in found.items():
        if isinstance(rate, NotIdentified):
            assert rate.reason
            assert name != "beta-binomial" and not name.startswith(ALWAYS), name
        else:
            assert 0 <= rate.lower <= rate.estimate <= rate.upper <= 1


@examples(2, nightly=40)
@given(data_sets, st.randoms(use_true_random=False))
def test_the_order_of_the_reports_does_not_matter(pairs: Pairs, shuffle: random.Random) -> None:
    other = list(pairs)
    shuffle.shuffle(other)
    here, there = rates(all_models(pairs)), rates(all_models(other))
    assert here.keys() == there.keys()
    for name, rate in here.items():
        agree(name, rate, there[name])


@examples(2, nightly=40)
@given(st.lists(report_pairs(9), min_size=1, max_size=6), st.data())
def test_the_names_of_the_reports_do_not_matter(pairs: Pairs, data: st.DataObject) -> None:
    names = st.lists(st.text(min_size=1, max_size=9), min_size=len(pairs), max_size=len(pairs), unique=True)
    named = all_models(pairs, ids=data.draw(names))
    assert rates(named) == rates(all_models(pairs))


@examples(2, nightly=40)
@given(data_sets)
def test_failures_mirror_responders(pairs: Pairs) -> None:
    here, there = rates(all_models(pairs)), rates(all_models([(n - r, n) for r, n in pairs]))
    assert here.keys() == there.keys()
    for name, rate in here.items():
        other = there[name]
        mirrored = other if isinstance(other, NotIdentified) else mirror(other)
        agree(name, rate, mirrored)


def mirror(rate: Interval | Proportion) -> Interval:
    return Interval(1 - rate.estimate, 1 - rate.upper, 1 - rate.lower)


def agree(name: str, one: object, other: object) -> None:
    if isinstance(one, NotIdentified) or isinstance(other, NotIdentified):
        assert one == other, name
    else:
        for part in ("estimate", "lower", "upper"):
            assert getattr(one, part) == pytest.approx(getattr(other, part), abs=SAME), (name, part)


@examples(4, nightly=50)
@given(data_sets)
def test_every_report_twice_never_widens_an_interval(pairs: Pairs) -> None:
    """Apart from a posterior, whose rho may move up, and from a single report to two."""
    once, twice = all_models(pairs), all_models(pairs + pairs)
    before, after = rates(once), rates(twice)
    for name, rate in before.items():
        other = after[name]
        if len(pairs) == 1 and name in ONE_REPORT_EXCEPTIONS:
            continue
        if name == "beta-binomial":  # twice the same reports may say more of rho, and so of the spread
            continue
        if not isinstance(rate, NotIdentified):
            assert not isinstance(other, NotIdentified), name
            assert width(other) <= width(rate) + WIDER, name
            if name.startswith(("crude", "glmm")) or name == "beta-binomial-ml-chi2":
                assert width(other) < width(rate), name


def test_two_equal_reports_leave_more_open_than_one_for_the_marginal_mean() -> None:
    once, twice = widths(all_models([(36, 37)])), widths(all_models([(36, 37)] * 2))
    assert twice["glmm, marginal_mean"] > once["glmm, marginal_mean"] + 0.01
    assert twice["glmm, median"] < once["glmm, median"]


def widths(found: Comparison) -> dict[str, float]:
    return {name: width(rate) for name, rate in rates(found).items() if not isinstance(rate, NotIdentified)}


@examples(10)
@given(st.lists(report_pairs(30), min_size=2, max_size=12), st.sampled_from(("DL", "Hedges", "ML", "REML")))
def test_on_the_scale_of_the_model_inverse_variance_intervals_shrink(pairs: Pairs, method: Method) -> None:
    r, n = [r for r, _ in pairs], [n for _, n in pairs]
    for small_sample in ("none", "Knapp-Hartung, never narrower"):
        one, two = (
            fit_inverse_variance(r * k, n * k, measure="logit", method=method, small_sample=small_sample)
            for k in (1, 2)
        )
        assert two.coefficient_upper - two.coefficient_lower < one.coefficient_upper - one.coefficient_lower


@examples(10)
@given(st.lists(report_pairs(30), min_size=2, max_size=12), st.sampled_from(("DL", "Hedges", "ML", "REML")))
def test_knapp_hartung_in_its_never_narrower_form_never_narrows(pairs: Pairs, method: Method) -> None:
    r, n = [r for r, _ in pairs], [n for _, n in pairs]
    plain = fit_inverse_variance(r, n, method=method)
    wider = fit_inverse_variance(r, n, method=method, small_sample="Knapp-Hartung, never narrower")
    assert wider.estimate == pytest.approx(plain.estimate, abs=1e-12)
    assert wider.lower <= plain.lower <= plain.upper <= wider.upper
