"""A command that takes long or needs much says so before it begins, and not otherwise."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from metaimt.cli import output
from metaimt.cli.output import COST, say_if_large

TABLE = Path(__file__).parent.parent.parent / "docs" / "performance.csv"


@pytest.mark.parametrize(
    ("command", "files", "said"),
    [
        ("validate", 6, ""),
        ("validate", 7, "metaimt: 7 case files: validate takes about 5 s and 400 MB\n"),
        ("pool", 10, "metaimt: 10 case files: pool takes about 10 s and 600 MB\n"),
        ("build", 3, ""),  # the figures alone take longer: that is no news
        ("build", 4, "metaimt: 4 case files: build takes about 100 s and 1,000 MB\n"),
    ],
)
def test_many_files_are_said(  # noqa: PLR0917 - three of a case, three of pytest
    command: str,
    files: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(output, "MANY", 3)
    cost = {name: tuple((fixed, 1000 * more) for fixed, more in both) for name, both in COST.items()}  # of one file
    monkeypatch.setattr(output, "COST", cost)
    (tmp_path / "literature").mkdir()
    (tmp_path / "local").mkdir()
    for k in range(files):
        (tmp_path / ("local" if k % 2 else "literature") / f"example-{k}.{'yml' if k % 3 else 'yaml'}").touch()
    say_if_large(command, tmp_path)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", said)


def test_what_is_said_is_what_was_measured() -> None:
    """At 1,000 files and more, within a factor of two: machines differ more."""
    with TABLE.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["command"] in COST and int(row["size"]) >= 1000]
    assert {row["command"] for row in rows} == set(COST)
    for row in rows:
        seconds, megabytes = (fixed + more * int(row["size"]) / 1000 for fixed, more in COST[row["command"]])
        assert seconds / 2 <= float(row["cpu_s"]) <= 2 * seconds, row
        assert megabytes / 2 <= float(row["peak_mib"]) <= 2 * megabytes, row
