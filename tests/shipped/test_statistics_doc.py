"""docs/statistics.md: what it names is there, and its constants are those of the code."""

from __future__ import annotations

import json
import re
from inspect import signature

import pytest
from conftest import ROOT

from metaimt.statistics import exact_tests, firth, glmm, partial_pooling, rho, survival
from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR

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
        f"({signature(rho.bootstrap_rho_test).parameters['replicates'].default:,} data sets, seeded",
        f"with {glmm.NODES} nodes",
        f"μ ~ Beta({MU_PRIOR[0]:g}, {MU_PRIOR[1]:g}), ρ ~ Beta({RHO_PRIOR[0]:g}, {RHO_PRIOR[1]:g})",
        f"m ~ N(0, {partial_pooling.M_SD:g}²), s ~ half-normal({partial_pooling.S_SCALE:g})",
        f"up to {exact_tests.MOST_TABLES:,} tables, beyond that {exact_tests.REPLICATES:,} drawn",
        f"two levels have {exact_tests.SMALLEST_LEVEL} patients or more",
        f"one slope per {firth.EVENTS_PER_PARAMETER} of",
        f"below {survival.FEWEST_TIMES} known times or {survival.FEWEST_EVENTS} events",
        f"Not run below {survival.FEWEST_COX_EVENTS} events",
    )
    assert [phrase for phrase in expected if phrase not in TEXT] == []
