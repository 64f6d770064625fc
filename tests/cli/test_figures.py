"""`metaimt figures` as a user calls it: the list, one file, wrong use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command import CANNOT_ANALYSE, FINE, WRONG_USE, metaimt
from conftest import FROZEN, MakeReview, arm, report

from metaimt.analyses.results import Results


@pytest.fixture
def analysed(shipped: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """The analysis of the frozen review, in place of one by each call."""
    monkeypatch.setattr("metaimt.review.run", lambda review: shipped)


CASES = ("--cases", str(FROZEN / "cases"))


def test_without_a_name_all_figures_of_the_build_are_listed(outputs: Path) -> None:
    said = metaimt("figures").stdout
    names = {line.split()[0] for line in said.partition("\n\n")[0].splitlines()}
    built = {path.stem for path in (outputs / "figures").glob("*.svg")}
    assert {name for name in built if not name.startswith("cohort-")} <= names  # those are of `metaimt cohort`
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.usefixtures("analysed")
def test_a_figure_is_written_the_same_twice_and_without_a_date(tmp_path: Path) -> None:
    for number in (1, 2):
        done = metaimt("figures", "strata", "--out", tmp_path / f"{number}.pdf")
        assert done.returncode == FINE, done.stderr
    one, two = ((tmp_path / f"{number}.pdf").read_bytes() for number in (1, 2))
    assert one == two
    assert b"CreationDate" not in one


@pytest.mark.usefixtures("analysed")
def test_the_file_is_that_of_the_build(outputs: Path, tmp_path: Path) -> None:
    metaimt("figures", "over_time", *CASES, cwd=tmp_path)
    assert (tmp_path / "over-time.svg").read_bytes() == (outputs / "figures" / "over-time.svg").read_bytes()


@pytest.mark.usefixtures("analysed")
def test_a_forest_plot_by_group_with_columns(tmp_path: Path) -> None:
    words = ("--by", "fusion_partner", "--columns", "drug,site,duration", "--out", tmp_path / "x.pdf")
    done = metaimt("figures", "forest", *words)
    assert done.returncode == FINE, done.stderr
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")
    assert re.search(r"RANBP2 100\.0 % .*1/1", done.stdout)


@pytest.mark.usefixtures("analysed")
def test_a_figure_as_a_journal_asks(tmp_path: Path) -> None:
    how = ("--width", "85mm", "--dpi", "600", "--grey", "--no-title", "--order", "year", "--single-cases", "tiles")
    done = metaimt("figures", "forest", *how, "--columns", "drug", "--out", tmp_path / "x.png", *CASES)
    assert done.returncode == FINE, done.stderr
    assert f"Written: {tmp_path.as_posix()}/x-1.png, {tmp_path.as_posix()}/x-2.png" in done.stdout
    for name in ("x-1.png", "x-2.png"):
        width = int.from_bytes((tmp_path / name).read_bytes()[16:20])
        assert abs(width - 85 / 25.4 * 600) <= 1
    assert not (tmp_path / "x.png").exists()
    assert metaimt("figures", "forest", "--out", tmp_path / "y.png", *CASES).stdout.split(". Boxes")[0] in done.stdout


@pytest.mark.usefixtures("analysed")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("forrest",), "did you mean forest?"),
        (("forest", "--by", "sites"), "did you mean site?"),
        (("forest", "--columns", "drugs"), "did you mean drug?"),
        (("specification", "--width", "85mm"), "draw sensitivity: metaimt figures sensitivity --width 85mm"),
        (("evidence-map", "--width", "85mm"), "draw by-drug: metaimt figures by-drug --width 85mm"),
        (("strata", "--pool", "strickt"), "did you mean strict?"),
        (("strata", "--by", "site"), "for the figure forest"),
        (("strata", "--out", "x.gif"), ".svg, .png, .pdf"),
        (("forest", "--order", "years"), "did you mean year?"),
        (("forest", "--single-cases", "row"), "did you mean rows?"),
        (("strata", "--order", "year"), "for the figure forest"),
        (("strata", "--width", "wide"), "--width 170mm"),
        (("strata", "--width", "9m"), "--width 170mm"),
        (("strata", "--font", "Made up"), "no font 'Made up'"),
        (("evidence-map", "--width", "85mm"), "the figure evidence-map needs"),
        (("strata", "--dpi", "90000", "--out", "x.png"), "dots an inch"),
        (("strata", "--dpi", "0", "--out", "x.png"), "--dpi"),
    ],
)
def test_wrong_use_says_what_is_meant_and_writes_nothing(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = metaimt("figures", *words, *CASES, cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (WRONG_USE, True), done.stderr
    assert not list(tmp_path.iterdir())


def test_a_figure_that_the_evidence_does_not_allow_says_why(make_review: MakeReview, tmp_path: Path) -> None:
    folder = make_review(report("made-up", arms=[arm(3, 5)], design="trial"))
    done = metaimt("figures", "swimmer", "--cases", folder, "--out", tmp_path / "x.svg")
    assert done.returncode == CANNOT_ANALYSE
    assert "not drawn" in done.stderr and not (tmp_path / "x.svg").exists()
