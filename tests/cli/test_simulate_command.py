"""`metaimt simulate`: table and figure of a run, the same from its table, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from metaimt.cli.main import app

HEADER = (
    "structure,reports,truth,rate,correlation,estimand,method,sets,coverage,coverage_se,bias,bias_se,width,width_se"
)
RUN = ["simulate", "studies.csv", "--sets", "3", "--jobs", "1"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "studies.csv").write_text("id,x,n\nmade-up-1,1,1\nmade-up-2,3,4\nmade-up-3,5,6\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_table_and_figure_and_the_figure_again_from_the_table(here: Path) -> None:
    done = CliRunner().invoke(app, [*RUN, "--out", "table.md", "--figure", "one.svg"])
    assert (done.exit_code, done.stdout) == (0, "Written: table.md and .csv\nWritten: one.svg\n")
    assert "--figure one.svg" in (here / "table.md").read_text(encoding="utf-8")
    again = CliRunner().invoke(app, ["simulate", "--from", "table.csv", "--figure", "two.svg"])
    assert (again.exit_code, again.stdout) == (0, "Written: two.svg\n")
    assert (here / "one.svg").read_bytes() == (here / "two.svg").read_bytes()
    shown = CliRunner().invoke(app, ["simulate", "--from", "table.csv"])
    assert shown.stdout == CliRunner().invoke(app, RUN).stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,x,n\na,1,2\n", "table.csv:1:1: not a table of `metaimt simulate`"),
        (
            "HEADER\nstrict,3,two-point,much,0,mean,headline,3,1,0,0,0,1,0\n",
            "table.csv:2:20: rate 'much' is not a number",
        ),
        (
            "HEADER\nstrict,3,two-point,nan,0,mean,headline,3,1,0,0,0,1,0\n",
            "table.csv:2:20: rate 'nan' is not a number",
        ),
        ("HEADER\nstrict,3\n", "table.csv:2:1: 2 cells; 14 are needed"),
        ("HEADER\n", "table.csv:1:1: not a table"),
    ],
)
def test_another_table_is_refused_with_its_place(here: Path, text: str, said: str) -> None:
    (here / "table.csv").write_text(text.replace("HEADER", HEADER), encoding="utf-8")
    done = CliRunner().invoke(app, ["simulate", "--from", "table.csv"])
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_table_that_is_no_text_or_has_nothing_to_draw(here: Path) -> None:
    (here / "table.csv").write_bytes(b"\xff\xfe")
    done = CliRunner().invoke(app, ["simulate", "--from", "table.csv"])
    assert (done.exit_code, "not a text in UTF-8" in done.stderr) == (2, True)
    (here / "table.csv").write_text(
        f"{HEADER}\nmade-up,3,two-point,0.5,0,mean,another,3,1,0,0,0,1,0\n", encoding="utf-8"
    )
    done = CliRunner().invoke(app, ["simulate", "--from", "table.csv", "--figure", "x.svg"])
    assert (done.exit_code, "here are none" in done.stderr) == (2, True)
    assert not (here / "x.svg").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--figure", "x.jpg"],
        ["--out", "x.txt"],
        ["--from", "t.csv", "--out", "x.md"],
        ["studies.csv", "--from", "t.csv"],
    ],
)
def test_wrong_use(here: Path, arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["simulate", *arguments])
    assert done.exit_code == 2
    assert not list(here.glob("x.*"))
