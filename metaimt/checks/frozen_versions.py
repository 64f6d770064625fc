"""Rules on cases/versions: a frozen version is written by command and never edited."""

from __future__ import annotations

from pathlib import Path

from metaimt.casefiles.strict_yaml import problem_in
from metaimt.casefiles.version_files import FOLDER, LARGEST, Fault, fault_in
from metaimt.files import read_whole
from metaimt.problem import Position, Problem


def problems_of_versions(cases: Path) -> list[Problem]:
    """Every JSON file of the versions folder that was edited since it was frozen, or is named like no version."""
    paths = sorted((cases / FOLDER).glob("*.json"))
    return [_problem(path, fault) for path in paths if (fault := fault_in(path)) is not None]


def _problem(path: Path, fault: Fault) -> Problem:
    place, name = Position(fault.line, 1), path.as_posix()
    try:
        text = read_whole(path, LARGEST).decode("utf-8", "replace")
    except OSError:  # which is the fault itself
        text = ""
    if fault.rule == "version-name":
        return problem_in(name, text, place, "version-name", fault.message, fault.hint)
    return problem_in(name, text, place, "version-edited", fault.message, fault.hint)
