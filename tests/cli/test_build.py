"""`metaimt build` as a user calls it: stages on a terminal, silence in a pipe, --open."""

from __future__ import annotations

import io
import re
import sys
import webbrowser
from pathlib import Path
from types import SimpleNamespace

import pytest
from command import metaimt
from conftest import Built, MakeReview, course, leave_empty, patient, report, write_review

from metaimt.cli.build import build
from metaimt.cli.progress import Stages
from metaimt.problem import CannotAnalyse
from metaimt.review import build as build_review
from metaimt.review import load, respond

pytestmark = pytest.mark.usefixtures("remembered")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plain(terminal: Terminal) -> list[str]:
    """Each state of each line, without what moves the cursor."""
    return [line for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).splitlines() if line]


TWO = (report("a-2020", patient(course("PR"))), report("b-2021", patient(course("SD"))))


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    return make_review(*TWO)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    """The folder of a review, and what is built of it with one figure when nothing fails."""
    folder = tmp_path_factory.mktemp("usual")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("metaimt.report.figures.figure_names", lambda protocol: {"forest": "made up"})
        leave_empty(patch)
        written = write_review(folder / "review", *TWO)
        return written, Built(build_review(written, folder / "out"), folder / "out")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that pools and writes nothing: for what the command says around it."""

    def pooled(cases: Path, out: Path, stages: Stages, jobs: int, **lists: list[str]) -> SimpleNamespace:
        stages("pooling")
        loaded = load(cases)
        return SimpleNamespace(
            response=respond(loaded)[1],
            library=loaded.library,
            warnings=loaded.warnings,
            protocol=loaded.protocol,
            selection=respond(loaded)[0],
        )

    monkeypatch.setattr("metaimt.review.build", pooled)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked for; it starts for the first one only."""
    asked: list[str] = []

    def browse(address: str) -> bool:
        asked.append(address)
        return len(asked) == 1

    monkeypatch.setattr(webbrowser, "open", browse)
    return asked


@pytest.mark.usefixtures("forest_only", "empty_documents")
def test_stages_are_shown_with_their_seconds_and_then_the_page(
    usual: tuple[Path, Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    review, whole = usual
    monkeypatch.setattr("metaimt.analyses.results.analyse", lambda *_: whole.results)
    build(review, tmp_path / "out", open_page=True)
    lines = [line for line in plain(terminal) if line.endswith(" s")]  # the others moved while it lasted
    assert any("1 of 2" in line for line in plain(terminal)), "the forest plot is drawn, those of the cohorts follow"
    stages = ["reading", "pooling,", "drawing", "comparing", "writing"]
    assert [line.split(" ...")[0].split()[0] for line in lines] == stages
    assert opened == [(tmp_path / "out" / "index.html").resolve().as_uri()]
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.usefixtures("at_once")
def test_nothing_is_shown_in_a_pipe(
    review: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], opened: list[str]
) -> None:
    build(review, tmp_path / "out", open_page=False)
    assert (capsys.readouterr().err, opened) == ("", [])


def test_a_stage_that_fails_ends_its_line(
    make_review: MakeReview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    stages = Stages()
    with pytest.raises(CannotAnalyse):
        build_review(make_review(report("a-2020", patient(course(None)))), tmp_path / "out", stages)
    stages.end()
    assert plain(terminal)[-1].startswith("pooling")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("at_once")
def test_where_no_browser_starts_the_page_is_named(
    review: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], opened: list[str]
) -> None:
    said = []
    for _ in range(2):
        build(review, tmp_path / "out", open_page=True)
        said.append("No browser could be started; the page is" in capsys.readouterr().err)
    assert said == [False, True]
    assert opened == [(tmp_path / "out" / "index.html").resolve().as_uri()] * 2


def names(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


RENDERERS = {  # what fails -> the outputs that are lost with it
    "metaimt.report.outputs.page_html": {"index.html"},
    "metaimt.report.outputs.report_markdown": {"report.md"},
    "metaimt.render.word.word_bytes": {"report.docx"},
    "metaimt.report.workbook.workbook_bytes": {"tables.xlsx"},
    "metaimt.report.exports.r_script": {"reproduce.R"},
    "metaimt.report.exports.bibtex_text": {"references.bib"},
    "metaimt.report.tables.unit_rows": {"tables/units.csv"},
    "metaimt.report.outputs.review_tables": set(),  # of cohorts, and the review has none
    "metaimt.report.figures.figure_files": {"figures/forest.svg"},
}


@pytest.mark.usefixtures("forest_only", "empty_documents")
@pytest.mark.parametrize("where", RENDERERS)
def test_a_renderer_that_fails_loses_its_own_output_only(
    where: str, usual: tuple[Path, Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    review, whole = usual
    out = tmp_path / "out"
    monkeypatch.setattr("metaimt.analyses.results.analyse", lambda *_: whole.results)

    def fails(*_: object, **__: object) -> None:
        raise ValueError("a made-up mistake")

    monkeypatch.setattr(where, fails)
    done = metaimt("build", review, "--out", out, "--jobs", "1")
    assert done.returncode == 1
    files = [
        {path.relative_to(each).as_posix() for path in each.rglob("*") if path.is_file()} for each in (whole.out, out)
    ]
    lost = files[0] - files[1]
    assert RENDERERS[where] <= lost <= RENDERERS[where] | {"figures/forest.png"}
    for name in sorted(lost - {"figures/forest.svg", "figures/forest.png"}):
        assert f"Not written: {name}, which could not be made: " in done.stderr
    assert "made-up mistake" in done.stderr and "test_build.py:" in done.stderr
    assert ("index.html" in done.stdout) == ("index.html" not in lost)
