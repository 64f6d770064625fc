"""docs/statistics.md: what it names is there, and its constants are those of the code."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from metaimt.analyses import clinical, heterogeneity, models
from metaimt.analyses.models import LIKELIHOOD
from metaimt.analyses.wording import NOTABLE_GAP, percent, prior_words
from metaimt.content import publication_bias
from metaimt.report import simulation_text
from metaimt.statistics import adjusted, exact_tests, firth, glmm, partial_pooling, posterior, prediction, survival

DOCUMENT = ROOT / "docs" / "statistics.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
MODULES = sorted(path.name for path in (ROOT / "metaimt" / "statistics").glob("*.py") if path.name != "__init__.py")
PATHS = sorted(set(re.findall(r"`((?:metaimt|tests|docs|cases)/[\w/.-]+\.\w+)`", TEXT)))
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"(?m)^## ", TEXT)[1:]}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_statistics_is_named(module: str) -> None:
    assert f"`metaimt/statistics/{module}`" in TEXT


def test_every_file_named_is_there() -> None:
    assert len(PATHS) > 50
    assert [path for path in PATHS if not (ROOT / path).exists()] == []


def test_every_test_of_statistics_is_named() -> None:
    tests = sorted((ROOT / "tests" / "statistics").glob("test_*.py"))
    assert [path.name for path in tests if f"`tests/statistics/{path.name}`" not in TEXT] == []


@pytest.mark.parametrize("title", SECTIONS)
def test_a_tolerance_stands_in_a_test_that_its_section_names(title: str) -> None:
    section = SECTIONS[title]
    files = [ROOT / path for path in re.findall(r"`(tests/[\w/]+\.py)`", section)]
    said = set(re.findall(r"\b\de-\d+\b", section.replace("1e-7 relative", "")))
    written = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [number for number in said if number not in written] == []
    assert files or "Not yet described here." in section


def test_the_constants_are_those_of_the_code() -> None:
    meta = json.loads((ROOT / "tests" / "reference" / "reference.json").read_text(encoding="utf-8"))["meta"]
    version = re.search(r"\d+\.\d+\.\d+", meta["R"])
    assert version is not None
    expected = (
        f"R {version[0]} with",
        f"μ ~ {prior_words(posterior.MU_PRIOR)} (neutral",
        f"ρ ~ {prior_words(posterior.RHO_PRIOR)}, chosen for coverage",
        f"under ρ ~ {', '.join(map(prior_words, heterogeneity.OTHER_PRIORS[:2]))} and half-normal",
        f"{posterior._CELLS:,} cells of μ, of equal mass under the default prior",
        f"and {posterior._NODES} Gauss-Legendre nodes",
        f"printed to {posterior._DIGITS} digits",
        f"With {posterior.FEW} reports or fewer",
        f"more than {100 * NOTABLE_GAP:g} points from the median",
        f"trials: {adjusted.SELECTION_PRIOR.wording()}, in the protocol",
        ", ".join(each.wording() for each in adjusted.OTHER_PRIORS[1:]),
        f"The {100 * prediction.LEVELS[0]:g} % range comes first and then the {100 * prediction.LEVELS[1]:g} % one",
        f"L(μ, ρ) < {posterior.STEADY}}}",
        f"with {glmm.NODES} nodes",
        f"reports of fewer than {models._SPARSE} patients",
        f"{models.DIGITS} digits are printed",
        f"m ~ N(0, {partial_pooling.M_SD:g}²), s ~ half-normal({partial_pooling.S_SCALE:g})",
        f"up to {exact_tests.MOST_TABLES:,} tables, beyond that {exact_tests.REPLICATES:,} drawn",
        f"two levels have {exact_tests.SMALLEST_LEVEL} patients or more",
        f"one slope per {firth.EVENTS_PER_PARAMETER} of",
        f"no rate of fewer than {clinical.FEWEST} known",
        f"below {survival.FEWEST_TIMES} known times or {survival.FEWEST_EVENTS} events",
        f"Not run below {survival.FEWEST_COX_EVENTS} events",
        f"at most {publication_bias.MOST_WORDS} words",
        f"at least {100 * simulation_text.OF_MEAN:g} % for every structure",
        f"every cell at least {100 * simulation_text.OF_CELL:g} %",
    )
    assert [phrase for phrase in expected if phrase not in TEXT] == []
    assert [name for name in models.SHOWN if f"(`{name}`)" not in TEXT] == []
    assert [name for name in LIKELIHOOD.values() if f"`{name}`" not in TEXT] == []


def test_the_one_exception_to_monotony_is_as_large_as_it_says() -> None:
    """A non-responder inside a report of two patients or more becomes a responder: how often does a number fall?"""

    def limits(r: Any, n: Any) -> tuple[float, float]:
        found = posterior.pool_proportion(r, n)
        return found.lower, found.estimate

    (lower, estimate), (then, up) = (limits((16, 16, 19, last), (19, 19, 21, 24)) for last in (23, 24))
    assert up > estimate
    rng = np.random.Generator(np.random.PCG64(17))
    falls: list[tuple[float, float]] = []
    while len(falls) < 200:
        k = int(rng.integers(2, 21))
        n = np.where(rng.random(k) < 0.5, 1, rng.integers(2, 25, k))
        mean, icc = rng.uniform(0.3, 0.95), rng.uniform(0.01, 0.5)
        size = (1 - icc) / icc
        r = rng.binomial(n, rng.beta(mean * size, (1 - mean) * size, k))
        able = np.flatnonzero((n >= 2) & (r < n))
        if able.size:
            more = r.copy()
            more[rng.choice(able)] += 1
            before, after = limits(r, n), limits(more, n)
            falls.append((before[0] - after[0], before[1] - after[1]))
    counted = np.array(falls)
    (limit, rate), (most, largest) = (counted > 0.001).sum(axis=0), 100 * counted.max(axis=0)
    for phrase in (
        f"a lower limit of {percent(lower)}; with 24/24 it is {percent(then)}",
        f"In {len(falls)} made-up sets",
        f"more than 0.1 points in {limit} (at most {most:.1f}) and the estimate in {rate} ({largest:.1f})",
    ):
        assert phrase in TEXT


def test_the_made_up_numbers_of_reading_the_answer_are_right() -> None:
    text = (ROOT / "docs" / "reading-the-answer.md").read_text(encoding="utf-8")
    found = posterior.pool_proportion([10, 12, *[1] * 10], [20, 20, *[1] * 10])
    assert isinstance(found, posterior.PooledProportion)
    crude = f"r/n is {found.responders}/{found.evaluable}, {100 * found.crude.estimate:.0f} %"
    assert f"{crude}. The mean over reports is some {100 * found.estimate:.0f} %" in text
    drawn, *_ = partial_pooling.partial_pooling([2, 16, 24, 8], [2, 20, 30, 10]).groups
    assert f"beside 16/20, 24/30 and 8/10 it becomes some {100 * drawn.rate.median:.0f} %" in text
