"""`metaimt validate` and `metaimt schema`.

What reads case files is imported when it is used, so that other commands start without it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from metaimt.cli.output import (
    FINE,
    PROBLEMS,
    ProblemFormat,
    github_annotation,
    print_json,
    print_problems,
    summary,
    told,
)
from metaimt.problem import Findings, Problem, Waived, WrongUse, has_errors, ordered

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATHS]...", help="Review folders or case files; default: cases."),
]


@told
def validate(
    paths: Paths = None,
    output: Annotated[ProblemFormat, typer.Option("--format", help="How problems are printed.")] = ProblemFormat.text,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
) -> None:
    """Check case files: every problem in one run, with line, column and the nearest valid value."""
    findings, files = findings_in(paths or [Path("cases")])
    problems, waived = findings.problems, findings.waived
    last_line = summary(problems, files, len(waived))
    if output is ProblemFormat.json:
        lists = {
            "problems": [problem.to_dict() for problem in problems],
            "waived": [one.to_dict() for one in waived],
        }
        print_json({"format": 1, **lists, "files": files})
    elif output is ProblemFormat.github:
        print("\n".join([*map(github_annotation, problems), last_line]))
    else:
        print_problems(problems, sys.stdout)
        print(last_line)
    failed = has_errors(problems) or (strict and any(problem.severity == "warning" for problem in problems))
    raise typer.Exit(PROBLEMS if failed else FINE)


def problems_in(paths: Iterable[Path]) -> tuple[tuple[Problem, ...], int]:
    """The problems at the given paths that are not waived, and how many files were looked at."""
    findings, files = findings_in(paths)
    return findings.problems, files


def findings_in(paths: Iterable[Path]) -> tuple[Findings, int]:
    """The problems at the given paths, those that are waived apart, and how many files were looked at.

    A file or folder inside a review is checked with the whole review in view, but only its own problems are told.
    """
    from metaimt.casefiles.library import read_files, read_library, review_folder
    from metaimt.checks import examine

    problems: list[Problem] = []
    waived: list[Waived] = []
    looked_at: set[str] = set()
    alone: list[Path] = []
    inside: dict[Path, list[Path]] = {}
    for path in paths:
        if not path.exists():
            raise WrongUse(f"{path} does not exist; give the folder of a review, such as cases, or a case file")
        folder = review_folder(path)
        if folder is None and path.is_file():
            alone.append(path)
        else:
            inside.setdefault(folder or path, []).append(path)
    for folder, wanted in inside.items():
        library = read_library(folder)
        found = examine(library)
        homes = library.table_files
        problems += [each for each in found.problems if _wanted(homes.get(each.file, each.file), wanted)]
        waived += [one for one in found.waived if _wanted(one.problem.file, wanted)]
        looked_at |= {
            name for name in library.documents if _wanted(name, wanted) and Path(name).parent.name != "second-reading"
        }
        alone += [path for path in wanted if path.is_file() and path.as_posix() not in library.documents]
    if alone:
        library = read_files(alone)
        found = examine(library, whole=False)
        problems += found.problems
        waived += found.waived
        looked_at |= set(library.documents)
    return Findings(ordered(problems), tuple(waived)), len(looked_at)


def _wanted(name: str, paths: Iterable[Path]) -> bool:
    return any(name == path.as_posix() or Path(name).is_relative_to(path) for path in paths)


@told
def schema(
    cases: Annotated[Path, typer.Argument(help="Folder of the review.")] = Path("cases"),
) -> None:
    """Print the JSON Schema of case files, for editors; save it as cases/case.schema.json."""
    from metaimt.casefiles.library import read_library
    from metaimt.casefiles.schema import case_schema
    from metaimt.vocabulary import built_in

    vocabulary = read_library(cases).vocabulary if cases.is_dir() else built_in()
    print(json.dumps(case_schema(vocabulary), indent=1, ensure_ascii=False))
