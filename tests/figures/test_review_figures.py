"""Every figure of a review: by name, tidy, told in words, and left out with a reason. All patients are made up."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import FROZEN, ROOT, MakeReview, arm, course, patient, report
from drawn import EXTREME_LABELS, assert_tidy, written

import metaimt
from metaimt.analyses.results import Results
from metaimt.casefiles.library import read_library
from metaimt.casefiles.protocol import Protocol
from metaimt.content.forest import ForestOptions
from metaimt.figures.registry import COHORTS, draw_figure, drawings, figure_names
from metaimt.figures.review_figure import Drawing, NotDrawn, ReviewFigure
from metaimt.figures.review_forest import forest_figure
from metaimt.figures.save import figure_bytes
from metaimt.problem import CannotAnalyse, WrongUse


def protocol() -> Protocol:
    found = read_library(FROZEN / "cases").protocol
    assert found is not None
    return found


NAMES = tuple(figure_names(protocol()))
KINDS = ("forest", "by-histology", "evidence-map", "swimmer")
"""One of each way to draw; the others are drawn again in the nightly run."""
SOME = [name if name in KINDS else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]


def review_figures(results: Results) -> tuple[Drawing, ...]:
    return tuple(each for name in (*figure_names(results.protocol), COHORTS) for each in drawings(results, name))


def drawn(results: Results, name: str, *pools: str) -> ReviewFigure:
    found = draw_figure(results, name, pools)
    assert isinstance(found, ReviewFigure), found
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_the_review_is_tidy_and_told_with_counts(shipped: Results, name: str) -> None:
    found = draw_figure(shipped, name)
    if isinstance(found, NotDrawn):
        assert found.reason
        return
    assert found.name == name
    assert_tidy(found.figure)
    assert re.search(r"\d", found.caption)
    assert re.search(r"\d", found.alt)
    assert len(found.alt) > 60


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("pool", ["strict", pytest.param("all_evidence", marks=pytest.mark.slow)])
def test_every_figure_can_be_of_one_pool(shipped: Results, name: str, pool: str) -> None:
    found = draw_figure(shipped, name, (pool,))
    if isinstance(found, ReviewFigure):
        assert_tidy(found.figure)


def single(number: int, **more: Any) -> dict[str, Any]:
    """A made-up single case; every fourth does not respond."""
    told = patient(course("SD" if number % 4 == 0 else "PR"), **more)
    return report(f"made-up-{number}", told, extraction={"checked_by": "c"})


@pytest.mark.parametrize("count", [1, 2, pytest.param(60, marks=pytest.mark.slow)])
def test_figures_of_any_number_of_reports_are_tidy(make_review: MakeReview, count: int) -> None:
    folder = make_review(*(single(number, site="lung") for number in range(count)))
    figures = review_figures(metaimt.run(folder))
    assert [each.name for each in figures] == list(NAMES)
    for each in figures:
        if isinstance(each, ReviewFigure):
            assert_tidy(each.figure)
        else:
            assert each.reason


def test_a_long_or_hostile_author_is_drawn_as_text(make_review: MakeReview) -> None:
    entries = [single(number, site="lung") for number in range(len(EXTREME_LABELS))]
    for entry, label in zip(entries, EXTREME_LABELS, strict=True):
        entry["report"]["authors"] = " ".join(label.split()).replace("\x00", "").replace("\x1b", "")[:38] + " AB"
    entries[-1]["report"]["authors"] = "=cmd <script> AB"
    results = metaimt.run(make_review(*entries))
    rows = forest_figure(results, ("strict", "all_evidence"), ForestOptions())
    collapsed, *others = (each for each in review_figures(results) if each.name != "flow")
    assert isinstance(collapsed, ReviewFigure) and collapsed.name == "forest"
    assert_tidy(collapsed.figure)
    for each in (rows, *others):
        if isinstance(each, ReviewFigure):
            assert_tidy(each.figure)
            said = "".join(written(each.figure))
            assert each.name not in {"forest", "leave-one-out"} or "=cmd<script>" in said.replace(" ", "")


def test_one_responder_of_one_stands_with_what_the_others_make_of_it(shipped: Results) -> None:
    found = drawn(shipped, "by-fusion-partner")
    said = written(found.figure)
    assert "RANBP2" in said
    assert "partially pooled" in said
    assert "1/1" in said


def test_the_pool_that_is_asked_for_is_the_one_shown(shipped: Results) -> None:
    strict, wide = (written(drawn(shipped, "by-drug", pool).figure) for pool in ("strict", "all_evidence"))
    assert "strict, ALK-positive (55/74)" in strict and "all evidence (98/122)" not in strict
    assert "all evidence (98/122)" in wide and "strict, ALK-positive (55/74)" not in wide


def test_an_unknown_name_is_refused_with_the_nearest(shipped: Results) -> None:
    with pytest.raises(WrongUse, match=r"no figure 'forrest'.*did you mean forest\?"):
        draw_figure(shipped, "forrest")
    with pytest.raises(WrongUse, match=r"no pool 'strickt'.*did you mean strict\?"):
        draw_figure(shipped, "strata", ("strickt",))
    assert drawn(shipped, "leave_one_out").name == "leave-one-out"


def test_what_cannot_be_drawn_says_why(make_review: MakeReview) -> None:
    results = metaimt.run(make_review(report("made-up", arms=[arm(3, 5)], design="trial")))
    by_name = {each.name: each for each in review_figures(results)}
    for name, reason in (("by-site", "known site"), ("leave-one-out", "two reports")):
        found = by_name[name]
        assert isinstance(found, NotDrawn) and reason in found.reason
    with pytest.raises(CannotAnalyse, match="known site"):
        metaimt.draw(results, "by-site")


def test_the_example_of_the_page_of_commands_runs(
    shipped: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "commands.md").read_text(encoding="utf-8"), re.DOTALL)
    (example,) = (block for block in blocks if "draw_forest" in block)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(metaimt, "run", lambda _: shipped)
    exec(compile(example, "commands.md", "exec"), {})  # noqa: S102
    assert b"<svg" in (tmp_path / "site.svg").read_bytes()


@pytest.mark.parametrize("name", SOME)
def test_hostile_words_in_every_figure_are_text(hostile_results: Results, name: str) -> None:
    results = hostile_results
    found = draw_figure(results, name)
    if isinstance(found, NotDrawn):
        return
    assert_tidy(found.figure)
    svg = figure_bytes(found.figure, "svg").decode()
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}  # noqa: S314
    assert "script" not in tags


@pytest.fixture(scope="module")
def hostile_results(shipped: Results) -> Results:
    """The shipped results with hostile names for pools and title: whatever a protocol says is drawn as text."""
    results = shipped
    labels = {
        pool: f"<script>{pool}</script> $x^2$ =cmd \U0001f600 \u05d0\u05d1 {'x' * 90}"
        for pool in ("strict", "all_evidence")
    }
    changed = results.protocol.model_copy(
        update={"labels": {**results.protocol.labels, **labels}, "title": labels["strict"]}
    )
    groups = {name: replace(group, label=labels[name]) for name, group in results.response.pools.items()}
    return replace(results, protocol=changed, response=replace(results.response, pools=groups))


def test_a_file_carries_its_title_and_what_it_says(shipped: Results) -> None:
    found = drawn(shipped, "strata")
    hostile = f"{found.title} </title><script>x</script> \x07"
    svg = figure_bytes(found.figure, "svg", title=hostile, description=found.alt)
    root = ElementTree.fromstring(svg)  # noqa: S314
    texts = [element.text for element in root.iter() if element.text and element.text.strip()]
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert hostile.removesuffix(" \x07") in texts and found.alt in texts
    for kind in ("png", "pdf"):
        assert figure_bytes(found.figure, kind, title=found.title, description=found.alt)
