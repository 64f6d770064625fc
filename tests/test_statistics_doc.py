"""docs/statistics.md: its blocks are what the code and the simulation give, and what it names is there.

Run as a program, this file writes the blocks anew.
"""

from __future__ import annotations

import importlib
import json
import re
from inspect import signature
from pathlib import Path

import pytest

from metaimt.report.simulation_text import read_simulation, simulation_in_short, simulation_markdown
from metaimt.statistics import exact_tests, firth, glmm_quadrature, partial_pooling, rho, survival_data
from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "statistics.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
MODULES = sorted(path.name for path in (ROOT / "metaimt" / "statistics").glob("*.py") if path.name != "__init__.py")
PATHS = sorted(set(re.findall(r"`((?:metaimt|tests|docs|cases)/[\w/.-]+\.\w+)`", TEXT)))
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"(?m)^## ", TEXT)[1:]}


def rule() -> str:
    """The numbered list at the head of the module that applies the rule."""
    head = importlib.import_module("metaimt.statistics.pooled").__doc__ or ""
    steps = re.split(r"(?m)^(?=\d+\. )", head)[1:]
    return "".join(f"{' '.join(step.split())}\n" for step in steps)


def simulation() -> str:
    table = ROOT / "docs" / "simulation.csv"
    return simulation_in_short(read_simulation(table.read_text(encoding="utf-8"), "docs/simulation.csv"))


def test_the_page_of_the_simulation_is_that_of_its_table() -> None:
    folder = ROOT / "docs"
    page = (folder / "simulation.md").read_text(encoding="utf-8")
    command = re.search(r"Written by `(metaimt simulate [^`]+)`", page)
    assert command is not None
    cells = read_simulation((folder / "simulation.csv").read_text(encoding="utf-8"), "docs/simulation.csv")
    assert page == simulation_markdown(cells, command[1])


BLOCKS = {"rule": rule, "simulation": simulation}


def block(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name}: begin -->\n)(.*?)(<!-- {name}: end -->)", re.DOTALL)


@pytest.mark.parametrize("name", BLOCKS)
def test_the_block_is_what_the_code_gives(name: str) -> None:
    found = block(name).search(TEXT)
    assert found is not None
    assert found[2] == BLOCKS[name](), "python tests/test_statistics_doc.py writes it anew"
    assert found[2].count("\n") >= 4


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
        f"with {glmm_quadrature.NODES} nodes",
        f"μ ~ Beta({MU_PRIOR[0]:g}, {MU_PRIOR[1]:g}), ρ ~ Beta({RHO_PRIOR[0]:g}, {RHO_PRIOR[1]:g})",
        f"m ~ N(0, {partial_pooling.M_SD:g}²), s ~ half-normal({partial_pooling.S_SCALE:g})",
        f"up to {exact_tests.MOST_TABLES:,} tables, beyond that {exact_tests.REPLICATES:,} drawn",
        f"two levels have {exact_tests.SMALLEST_LEVEL} patients or more",
        f"one slope per {firth.EVENTS_PER_PARAMETER} of",
        f"below {survival_data.FEWEST_TIMES} known times or {survival_data.FEWEST_EVENTS} events",
        f"Not run below {survival_data.FEWEST_COX_EVENTS} events",
    )
    assert [phrase for phrase in expected if phrase not in TEXT] == []


def rewritten(text: str) -> str:
    for name, make in BLOCKS.items():
        found = block(name).search(text)
        assert found is not None
        text = text[: found.start(2)] + make() + text[found.end(2) :]
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(TEXT), encoding="utf-8")
