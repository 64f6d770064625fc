"""`metaimt validate` and `metaimt schema`.

What reads case files is imported when it is used, so that other commands start without it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.dates import days_to_come, tell
from metaimt.cli.folder import Cases, folder_of
from metaimt.cli.output import (
    FINE,
    PROBLEMS,
    ProblemFormat,
    github_annotation,
    print_json,
    print_problems,
    say_if_large,
    summary,
    told,
)
from metaimt.files import for_terminal
from metaimt.problem import SEVERITIES, Findings, Problem, Waived, WrongUse, has_errors, ordered

if TYPE_CHECKING:
    from metaimt.casefiles.library import Library, Pending
    from metaimt.casefiles.strict_yaml import Document

SHOWN_IN_FULL = 10  # warnings and infos of a review; more of them are summed up by rule

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATHS]...", help="Case files; default: the whole review."),
]


@told
def validate(  # noqa: PLR0917 - one parameter an option
    paths: Paths = None,
    output: Annotated[ProblemFormat, typer.Option("--format", help="How problems are printed.")] = ProblemFormat.text,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Print each warning of a review, not a summary.")] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only files changed since git HEAD, or the newest frozen version.")
    ] = False,
    folder: Cases = None,
) -> None:
    """Check case files: every problem in one run, with line, column and the nearest valid value.

    Of a review with many warnings a summary is printed, one line a rule; errors are always printed in full.
    """
    if paths and folder is not None:
        raise WrongUse("--cases checks the whole review; leave it out, or the files")
    asked = paths or [folder_of(folder)]
    looked = looked_at(asked, changed=changed)
    problems, waived, files = looked.findings.problems, looked.findings.waived, looked.files
    tell(looked.notes)
    last_line = summary(problems, files, len(waived), len(looked.pending))
    if output is ProblemFormat.json:
        told_too = {"pending": [each.id for each in looked.pending], "moved": list(looked.moved)}
        print_json({"format": 1, "problems": problems, "waived": waived, **told_too, "files": files})
    elif output is ProblemFormat.github:
        print("\n".join([*map(github_annotation, problems), last_line]))
    else:
        in_short = not every and not changed and any(path.is_dir() for path in asked)
        print_all_or_summary(problems) if in_short else print_problems(problems, sys.stdout)
        for line in (*pending_lines(looked.pending), *looked.moved):
            print(for_terminal(line))
        print(last_line)
    failed = has_errors(problems) or (strict and any(problem.severity == "warning" for problem in problems))
    raise typer.Exit(PROBLEMS if failed else FINE)


def print_all_or_summary(problems: Iterable[Problem]) -> None:
    """Errors in full, and each warning and info too if they are few; else one line a rule, with an example."""
    found = tuple(problems)
    others = [problem for problem in found if problem.severity != "error"]
    if len(others) <= SHOWN_IN_FULL:
        print_problems(found, sys.stdout)
        return
    print_problems((problem for problem in found if problem.severity == "error"), sys.stdout)
    by_rule: dict[tuple[int, str], list[Problem]] = {}
    for problem in others:
        by_rule.setdefault((SEVERITIES.index(problem.severity), problem.rule), []).append(problem)
    for (_, rule), same in sorted(by_rule.items()):
        first, such = same[0], "" if len(same) == 1 else "such as "
        place = f"{such}{for_terminal(first.file)}:{first.position.line}:{first.position.column}"
        print(f"{len(same):>4} {first.severity}[{rule}] {place}")
    print("metaimt validate --all shows each of them, metaimt explain RULE says why it is asked.")


def pending_lines(pending: Iterable[Pending]) -> Iterator[str]:
    """`pending, in no pool: smith-2026 (the full text is ordered)`."""
    for each in pending:
        yield f"pending, in no pool: {each.id} ({each.reason})"


def problems_in(paths: Iterable[Path]) -> tuple[tuple[Problem, ...], int]:
    """The problems at the given paths that are not waived, and how many files were looked at; notes are printed."""
    looked = looked_at(paths)
    tell(looked.notes)
    return looked.findings.problems, looked.files


@dataclass(frozen=True)
class Looked:
    """What was found at some paths, in how many files; files that wait; what moved a pool, a line each; and notes."""

    findings: Findings
    files: int
    pending: tuple[Pending, ...] = ()
    moved: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def looked_at(paths: Iterable[Path], *, changed: bool = False) -> Looked:
    """The problems at the given paths, those that are waived apart, and how many files were looked at.

    A file or folder inside a review is checked with the whole review in view, but only its own problems are told; with
    `changed` only those of files that are new or changed. Raises WrongUse if a path is not there, or nothing says what
    changed.
    """
    from metaimt.casefiles.library import read_files, read_library, review_folder
    from metaimt.casefiles.second_reading import is_second_reading
    from metaimt.checks import examine

    problems: list[Problem] = []
    waived: list[Waived] = []
    names: set[str] = set()
    pending: list[Pending] = []
    lines: list[str] = []
    notes: list[str] = []
    alone: list[Path] = []
    inside: dict[Path, list[Path]] = {}
    for path in paths:
        if not path.exists():
            raise WrongUse(f"{path} does not exist; give the folder of a review, such as cases, or a case file")
        folder = review_folder(path)
        if changed and folder is None:
            raise WrongUse(f"--changed compares the files of a review, and {path} is in none")
        if folder is None and path.is_file():
            alone.append(path)
        else:
            inside.setdefault(folder or path, []).append(path)
    for folder, wanted in inside.items():
        say_if_large("validate", folder)
        library = read_library(folder)
        found = examine(library)
        homes, own = library.table_files, _changed_in(library) if changed else _anything
        problems += [
            each
            for each in found.problems
            if _wanted(home := homes.get(each.file, each.file), wanted) and (own(home) or own(each.file))
        ]
        waived += [one for one in found.waived if _wanted(one.problem.file, wanted) and own(one.problem.file)]
        named = {path.as_posix() for path in wanted}
        pending += [each for each in library.pending if _wanted(each.file, wanted)]
        lines += _moved(library, found) if any(path.is_dir() for path in wanted) else ()
        here = [name for name in library.documents if _wanted(name, wanted) and own(name)]
        notes += _notes(library.documents[name] for name in here)
        names |= {name for name in here if name in named or not is_second_reading(name)}
        alone += [path for path in wanted if path.is_file() and path.as_posix() not in library.documents]
    if alone:
        library = read_files(alone)
        found = examine(library, whole=False)
        problems += found.problems
        waived += found.waived
        pending += library.pending
        notes += _notes(library.documents.values())
        names |= set(library.documents)
    findings = Findings(ordered(problems), tuple(waived))
    return Looked(findings, len(names), tuple(pending), tuple(lines), tuple(notes))


def _notes(documents: Iterable[Document]) -> Iterator[str]:
    """What no rule asks of files: days to come, and former names of fields, which are read as the present ones."""
    from metaimt.casefiles.former_keys import former_in

    for document in documents:
        yield from days_to_come(document)
        former = [*former_in(document.name.rpartition("/")[2], document.data)]
        for path, present in former[:1]:
            place = document.position(path, key=True)
            said = f"{document.name}:{place.line}:{place.column}: {path[-1]} is now {present}"
            more = f", as {len(former) - 1} more in the file" if len(former) > 1 else ""
            yield f"{said}{more}; it is still read, and metaimt migrate rewrites it"


def _moved(library: Library, found: Findings) -> Iterator[str]:
    """What moved a pool since the newest version; with errors in the review nobody is placed yet."""
    from metaimt.casefiles.version_files import version_paths

    if has_errors(found.problems) or library.protocol is None or not version_paths(library.folder):
        return
    from metaimt.evidence.selection import select
    from metaimt.versions.moved import moved_lines

    yield from moved_lines(library, library.protocol, select(library, library.protocol))


def _changed_in(library: Library) -> Callable[[str], bool]:
    from metaimt.versions.places import changed_in  # it reads git and versions, which nothing else here needs

    return changed_in(library)


def _anything(name: str) -> bool:
    del name
    return True


def _wanted(name: str, paths: Iterable[Path]) -> bool:
    return any(name == path.as_posix() or Path(name).is_relative_to(path) for path in paths)


@told
def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="case, review, vocabulary, searches, links, ...; default: case."),
    ] = None,
    results: Annotated[bool, typer.Option("--results", help="That of results.json.")] = False,
    folder: Cases = None,
) -> None:
    """Print the JSON Schema of case files, for editors, or that of another file of a review, by its name."""
    if results:
        from metaimt.analyses.results import results_schema

        print(json.dumps(results_schema(), indent=1, ensure_ascii=False))
        return
    from metaimt.casefiles.library import read_library
    from metaimt.casefiles.schema import SCHEMAS, review_schema
    from metaimt.vocabulary import built_in

    former = None if name in SCHEMAS or name is None else Path(name)
    if former is not None and not former.is_dir():
        raise WrongUse(f"there is no schema '{name}'; there are {', '.join(SCHEMAS)}")
    cases = folder_of(folder, former)
    vocabulary = read_library(cases).vocabulary if cases.is_dir() else built_in()
    print(json.dumps(review_schema(name if name in SCHEMAS else "case", vocabulary), indent=1, ensure_ascii=False))
