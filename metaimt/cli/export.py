"""`metaimt export` and `metaimt import`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.folder import Cases, folder_of
from metaimt.cli.new import marker_of
from metaimt.cli.output import FINE, PROBLEMS, counted, print_problems, told
from metaimt.files import for_terminal, write_file
from metaimt.problem import WrongUse, has_errors

if TYPE_CHECKING:
    from metaimt.curation.import_cases import Imported, Reading
    from metaimt.report.cells import Row

FOLDERS = ("phenopackets", "civic", "datapackage")
SHOWN = 20
_OTHER = "a fault in another row forbids it"
_WHAT = f"{', '.join(FOLDERS)}, or a workbook to fill in: cases.xlsx."


@told
def export(
    name: Annotated[str, typer.Argument(metavar="FORMAT|FILE.xlsx", help=_WHAT)],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="A new folder, written in one step."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a workbook that is there.")] = False,
    folder: Cases = None,
) -> None:
    """Write the cases in a format of others, or as a workbook, and say what it cannot hold."""
    if name.casefold().endswith(".xlsx"):
        if out is not None:
            raise WrongUse(f"{name} is a file, and --out names a folder; leave out --out")
        _workbook(Path(name), folder_of(folder), force=force)
    elif name in FOLDERS:
        if out is None:
            raise WrongUse(f"{name} writes a folder: add --out FOLDER")
        _folder(name, out, folder_of(folder))
    else:
        raise WrongUse(f"'{name}' is no format; choose {', '.join(FOLDERS)}, or a file name that ends in .xlsx")


def _folder(name: str, out: Path, cases: Path) -> None:
    from metaimt.out_folder import refuse_foreign_folder, write_folder
    from metaimt.report.exchange import NOT_EXPORTED, civic_files, package_files, phenopacket_files
    from metaimt.review import load

    refuse_foreign_folder(out)
    loaded = load(cases)
    if name == "phenopackets":
        files = phenopacket_files(loaded.library)
    else:
        files = (civic_files if name == "civic" else package_files)(loaded.library, loaded.protocol)
    write_folder(out, files)
    left = files[NOT_EXPORTED].count(b"\n") - 1
    print(f"Written: {out.as_posix()}/, {len(files) - 1} files; not exported: {left} values, {NOT_EXPORTED} says why")


def _workbook(path: Path, cases: Path, *, force: bool) -> None:
    from metaimt.report.case_workbook import case_workbook
    from metaimt.review import load

    if path.exists() and not force:
        raise WrongUse(
            f"{path} is there already, and may hold what somebody typed; choose another name, or add --force"
        )
    library = load(cases).library
    content, left = case_workbook(library)
    write_file(path, content)
    courses = sum(len(patient.courses) for report in library.reports for patient in report.patients)
    arms = sum(len(report.arms) for report in library.reports)
    held = f"{counted(len(library.reports), 'report')}, {counted(courses, 'course')}, {counted(arms, 'arm')}"
    print(f"wrote {for_terminal(path.as_posix())}: {held}")
    for part in sorted({part for _, part in left}):
        names = [name for name, each in left if each == part]
        print(for_terminal(f"not in it: {part} of {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}"))
    if library.pending:
        print(for_terminal(f"not in it: {counted(len(library.pending), 'pending file')}"))


@told
def import_cases(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="A workbook of metaimt export cases.xlsx.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Also change case files that are there.")] = False,
    folder: Cases = None,
) -> None:
    """Write case files from a workbook; what cannot be read is listed with its row and the reason."""
    from metaimt.casefiles.tables import UnreadableTable
    from metaimt.curation.import_cases import read_cases
    from metaimt.curation.new_case import review

    cases = folder_of(folder)
    library = review(cases)
    try:
        reading = read_cases(file, library, marker_of(library))
    except UnreadableTable as error:
        print_problems([error.told_as("case-sheet", file.as_posix())], sys.stdout)
        raise typer.Exit(PROBLEMS) from None
    written = _written(reading, force=force)
    for note in reading.notes:
        print(for_terminal(f"note: {note}"), file=sys.stderr)
    print_problems(reading.problems, sys.stdout)
    _keep(file, reading)
    checked = _checked(written)
    raise typer.Exit(PROBLEMS if reading.left or has_errors(reading.problems) else checked)


def _written(reading: Reading, *, force: bool) -> list[Imported]:
    """Write what is new, and with `force` what differs; say what was done with every report."""
    done = []
    for each in reading.reports:
        if each.state == "new" or (each.state == "differs" and force):
            write_file(Path(each.file), each.content)
            done.append(each)
            print(for_terminal(f"wrote {each.file}{'' if each.state == 'new' else ' anew'}"))
        elif each.state == "differs":
            print(for_terminal(f"{each.file} is there and differs; --force takes over the workbook:"))
        if each.state == "differs":
            shown = each.differences[:SHOWN]
            print("\n".join(for_terminal(f"  {line}") for line in shown))
            if more := len(each.differences) - len(shown):
                print(f"  and {more} more")
        if each.pending:
            print(for_terminal(f"  {each.file} still waits: delete its lines status and reason once it is read"))
    same = sum(each.state == "same" for each in reading.reports)
    print(f"{counted(same, 'report')} as in the review") if same else None
    return done


def _keep(file: Path, reading: Reading) -> None:
    """Write beside the workbook which rows were not taken over, and why; take away the list of a former run."""
    from metaimt.report.cells import csv_text

    path = file.with_name(f"{file.stem}.not-imported.csv")
    if not reading.left:
        path.unlink(missing_ok=True)
        return
    reasons = [(p.position.line, p.message.partition("!")[0], p) for p in reading.problems]
    rows: list[Row] = []
    for sheet, row, report in reading.left:
        own = [p for line, where, p in reasons if (line, where) == (row, sheet)]
        why = "; ".join(f"{p.message}: {p.hint}" if p.hint else p.message for p in own)
        rows.append({"sheet": sheet, "row": row, "report": report, "why": why or _OTHER})
    write_file(path, csv_text(rows, ("sheet", "row", "report", "why")).encode())
    print(for_terminal(f"not taken over: {counted(len(rows), 'row')}; {path.as_posix()} says why"))


def _checked(written: list[Imported]) -> int:
    """Check the files that were written, in the view of their review."""
    from metaimt.cli.validate import print_all_or_summary, problems_in

    if not written:
        return FINE
    problems, _ = problems_in([Path(each.file) for each in written])
    print_all_or_summary(problems)
    return PROBLEMS if has_errors(problems) else FINE
