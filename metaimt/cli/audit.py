"""`metaimt audit`: printed numbers that do not agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.folder import Cases, complete_reports, folder_of
from metaimt.cli.output import FINE, PROBLEMS, ProblemFormat, github_annotation, print_json, told
from metaimt.problem import Blocked, CannotAnalyse, Findings, WrongUse, has_errors

if TYPE_CHECKING:
    from metaimt.casefiles.library import Library


@told
def audit(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="One case file; default: the whole review.")
    ] = None,
    output: Annotated[ProblemFormat, typer.Option("--format", help="How findings are printed.")] = ProblemFormat.text,
    paper: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="Every statement of this report, with its verdict, as Markdown.",
            autocompletion=complete_reports,
        ),
    ] = "",
    folder: Cases = None,
) -> None:
    """Find printed numbers that do not agree, each with what would make it right. Exit code 1 if there are any."""
    from metaimt.analyses.audit import audit as audit_of
    from metaimt.analyses.audit import located

    cases = folder_of(folder, file)
    if paper and output is not ProblemFormat.text:
        raise WrongUse("--paper prints Markdown; leave out --format")
    if paper:
        print(_paper(cases, paper))
        return
    library, files = _read(cases)
    findings = _without_errors(library, files)
    found = audit_of(library, findings.waived, files)
    if output is ProblemFormat.json:
        print_json(located(found))
    elif output is ProblemFormat.github:
        for one in found.findings:
            print(github_annotation(one.place))
    else:
        from metaimt.content.audit import findings_with_lines
        from metaimt.render.terminal import blocks_text

        print(blocks_text(findings_with_lines(found)))
    raise typer.Exit(PROBLEMS if found.findings else FINE)


def _paper(cases: Path, report: str) -> str:
    from metaimt.analyses.audit import audit as audit_of
    from metaimt.analyses.audit import statements
    from metaimt.content.audit import ReviewNumbers, paper_section
    from metaimt.render.markdown import section_markdown
    from metaimt.review import load, respond

    loaded = load(cases)
    found = statements(loaded.library, audit_of(loaded.library, loaded.waived), report)
    numbers = ReviewNumbers(*respond(loaded), loaded.protocol)
    return section_markdown(paper_section(loaded.library, report, found, numbers), lambda _: "", level=1)


def _read(path: Path) -> tuple[Library, tuple[str, ...] | None]:
    """The library a path belongs to, and the names of the files that are asked about: None for the whole of it."""
    from metaimt.casefiles.library import read_files, read_library, review_folder

    if not path.exists():
        raise WrongUse(f"{path} does not exist; give the folder of a review, such as cases, or a case file")
    folder = review_folder(path) or (path if path.is_dir() else None)
    if folder is not None:
        library = read_library(folder)
        if folder == path:
            return library, None
        names = tuple(name for name in library.documents if Path(name).is_relative_to(path))
        if names or path.is_dir():
            return library, names
    return read_files([path]), (path.as_posix(),)


def _without_errors(library: Library, files: tuple[str, ...] | None) -> Findings:
    """The findings of `metaimt validate`. Raises Blocked if the files asked about have errors, CannotAnalyse."""
    from metaimt.checks import examine

    findings = examine(library, whole=library.folder != Path())
    problems = tuple(problem for problem in findings.problems if files is None or problem.file in files)
    missing = [problem for problem in problems if problem.rule == "no-case-files"]
    if missing:
        raise CannotAnalyse(f"{library.folder.as_posix()}: {missing[0].message}: {missing[0].hint}")
    if has_errors(problem for problem in problems if problem.rule != "no-protocol"):  # no protocol is needed here
        raise Blocked(problems, library.files_checked if files is None else len(files))
    return findings
