"""`metaimt build` as a user calls it: stages on a terminal, silence in a pipe, --open."""

from __future__ import annotations

import io
import sys
import webbrowser
from pathlib import Path

import pytest
from conftest import MakeReview, course, patient, report

from metaimt.cli.build import Stages, build
from metaimt.problem import CannotAnalyse
from metaimt.review import build as build_review


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    return make_review(report("a-2020", patient(course("PR"))), report("b-2021", patient(course("SD"))))


def test_stages_are_shown_with_their_seconds(review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    build(review, tmp_path / "out", open_page=False)
    lines = terminal.getvalue().splitlines()
    stages = ["reading", "pooling,", "drawing", "comparing", "writing"]
    assert [line.split(" ...")[0].split()[0] for line in lines] == stages
    assert all(line.endswith(" s") for line in lines)


def test_nothing_is_shown_in_a_pipe(review: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(review, tmp_path / "out", open_page=False)
    assert capsys.readouterr().err == ""


def test_a_stage_that_fails_ends_its_line(
    make_review: MakeReview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    stages = Stages()
    with pytest.raises(CannotAnalyse):
        build_review(make_review(report("a-2020", patient(course(None)))), tmp_path / "out", stages)
    stages.end()
    assert terminal.getvalue().splitlines()[-1].startswith("pooling")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("started", [True, False])
def test_open_shows_the_page(
    review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], started: bool
) -> None:
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return started

    monkeypatch.setattr(webbrowser, "open", browse)
    build(review, tmp_path / "out", open_page=True)
    assert opened == [(tmp_path / "out" / "index.html").resolve().as_uri()]
    assert ("No browser could be started; the page is" in capsys.readouterr().err) == (not started)
