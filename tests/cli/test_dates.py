"""A day that is still to come is told, wherever it was typed; no output and no problem depends on the clock."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml
from conftest import MakeReview, course, patient, report
from typer.testing import CliRunner, Result

import metaimt.cli.dates
from metaimt.cli.main import app

RIS = "TY  - JOUR\nAU  - Nobody, A\nPY  - 2020\nTI  - Made up, found by a search\nER  - \n"


class Today(datetime.date):
    """The day of the machine."""

    @classmethod
    def today(cls) -> Today:
        return cls(2026, 11, 30)


class Later(Today):
    @classmethod
    def today(cls) -> Later:
        return cls(2099, 1, 1)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metaimt.cli.dates, "date", Today)


def run(folder: Path, *words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words), "--cases", str(folder)])


def with_record(folder: Path) -> Path:
    """A review in which a record was found and included."""
    (folder.parent / "found.ris").write_text(RIS)
    assert (
        run(folder, "search", "add", folder.parent / "found.ris", "--source", "P", "--date", "2026-11-01").exit_code
        == 0
    )
    assert run(folder, "screen", "--by", "a").exit_code == 0
    sheet = folder / "screening" / "a.csv"
    lines = [line.replace(",,", ",include,", 1) for line in sheet.read_text().splitlines()]
    sheet.write_text("\n".join([lines[0].replace(",include,", ",,"), *lines[1:], ""]))
    return folder


COMMANDS = {
    "search": ("search add {home}/found.ris --source Q", "the day on which the search was run"),
    "new": ("new --blank smith-2026", "the day on which the report was read"),
    "screen": ("screen --start", "the day on which the files are begun"),
    "release": ("release 2026.1 --check", "the day of the release"),
}


@pytest.mark.parametrize(("command", "instead"), COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(
    ("day", "told"),
    [("2026-11-29", False), ("2026-11-30", False), ("2026-12-01", False), ("2026-12-02", True), ("2062-11-30", True)],
)
def test_a_day_to_come_is_told_by_each_command(
    make_review: MakeReview, command: str, instead: str, day: str, told: bool
) -> None:
    folder = with_record(make_review(report("one-2020", patient(course()))))
    done = run(folder, *command.format(home=folder.parent).split(), "--date", day)
    assert done.exit_code != 2, done.output
    note = f"note: --date: {day} is still to come: today is 2026-11-30; write {instead}\n"
    assert (note in done.stderr) is told
    assert ("still to come" in done.output) is told


def test_validate_tells_days_to_come_of_every_file(make_review: MakeReview) -> None:
    folder = make_review(
        report("one-2020", patient(course()), extraction={"date": "2026-12"}),
        report("two-2020", patient(course()), extraction={"date": "2027-01"}),
    )
    searches = [{"id": "p", "source": "P", "status": "done", "date": "2062-11-30"}]
    (folder / "searches.yaml").write_text(yaml.safe_dump(searches), encoding="utf-8")
    done = run(folder, "validate")
    notes = [line.removeprefix(f"note: {folder.as_posix()}/") for line in done.stderr.splitlines()]
    assert sorted(notes) == [
        "literature/two-2020.yaml:11:9: date: 2027-01 is still to come: today is 2026-11-30; "
        "write the day on which it was done",
        "searches.yaml:1:9: date: 2062-11-30 is still to come: today is 2026-11-30; write the day on which it was done",
    ]
    one = CliRunner().invoke(app, ["validate", str(folder / "literature" / "one-2020.yaml")])
    assert "still to come" not in one.stderr


def test_what_is_found_and_written_is_the_same_on_every_day(
    make_review: MakeReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_review(report("one-2020", patient(course()), extraction={"date": "2027-01-01"}))
    early = run(folder, "validate", "--format", "json")
    monkeypatch.setattr(metaimt.cli.dates, "date", Later)
    late = run(folder, "validate", "--format", "json")
    assert "still to come" in early.stderr and "still to come" not in late.stderr
    assert (early.stdout, early.exit_code) == (late.stdout, late.exit_code)
