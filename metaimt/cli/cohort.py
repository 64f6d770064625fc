"""`metaimt cohort`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.build import tell_kept, tell_lost
from metaimt.cli.folder import Cases, complete_reports, folder_of
from metaimt.cli.output import PROBLEMS, counted, print_json, print_problems, told
from metaimt.problem import Blocked, WrongUse
from metaimt.workers import Lost

if TYPE_CHECKING:
    from metaimt.analyses.cohort import CohortResult
    from metaimt.casefiles.patient_table import PatientTable
    from metaimt.vocabulary import Vocabulary

TABLE_ENDINGS = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm"}
MAPPING_ENDINGS = {".yaml", ".yml"}
MOST_PRINTED = 50


@dataclass(frozen=True)
class Asked:
    """The switches."""

    losses_as_deaths: bool
    penalised: bool


class CohortFormat(StrEnum):
    """How a cohort is printed."""

    text = "text"
    json = "json"
    csv = "csv"


@told
def cohort(  # noqa: PLR0917 - one parameter an option
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="FILE|ID",
            help="A mapping, a patient table, or a report with a cohort: you-2024.",
            autocompletion=complete_reports,
        ),
    ],
    draft: Annotated[
        bool, typer.Option("--draft", help="Write a first mapping beside the table FILE, and nothing else.")
    ] = False,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="FILE", help="How to read the table; default: TABLE.mapping.yaml beside it."),
    ] = None,
    folder: Cases = None,
    output: Annotated[CohortFormat, typer.Option("--format", help="How it is printed.")] = CohortFormat.text,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Also write tables and figures to this folder.")
    ] = None,
    losses_as_deaths: Annotated[
        bool, typer.Option("--losses-as-deaths", help="Also the curve if every loss to follow-up were a death.")
    ] = False,
    penalised: Annotated[
        bool, typer.Option("--penalised", help="Run Cox models with fewer than 10 events, penalised.")
    ] = False,
) -> None:
    """Describe a local cohort: Table 1, marker positivity, treatment, survival; from a patient table or from counts."""
    from metaimt.out_folder import refuse_foreign_folder, write_folder

    if draft:
        if mapping is not None or out is not None:
            raise WrongUse("--draft writes a mapping; leave --mapping and --out to the command after it")
        _draft(Path(wanted))
        return
    if out is not None:
        refuse_foreign_folder(out)
    path = Path(wanted)
    asked = Asked(losses_as_deaths, penalised)
    if path.suffix.casefold() in TABLE_ENDINGS | MAPPING_ENDINGS or path.exists():
        table = _read(path, mapping)
        found = [_of_table(table, asked)]
    elif mapping is not None:
        raise WrongUse(f"--mapping is for a table, and {wanted} is no file")
    else:
        table, found = None, _of_review(wanted, folder_of(folder), asked)
    _print(found, output)
    lost: list[Lost] = []
    if out is not None:
        from metaimt.report.cohort_tables import cohort_files

        tell_kept(out, write_folder(out, cohort_files(found, lost)))
        if output is CohortFormat.text:
            names = [name for name in ("cohort.txt", "results.json") if name not in {each.name for each in lost}]
            print(f"\nWritten: {out.as_posix()}/{', '.join([*names, 'tables/', 'figures/'])}")
    try:
        if table is not None and table.problems:
            _tell(table)
    finally:
        tell_lost(lost)


def _draft(path: Path) -> None:
    """Write TABLE.mapping.yaml beside a table that has none."""
    from metaimt.casefiles.cohort_mapping import SUFFIX
    from metaimt.casefiles.draft_mapping import draft_mapping
    from metaimt.casefiles.tables import UnreadableTable
    from metaimt.files import for_terminal, write_file

    if path.suffix.casefold() not in TABLE_ENDINGS:
        raise WrongUse(f"--draft is for a table ({', '.join(sorted(TABLE_ENDINGS))}), and {path} is none by its ending")
    target = path.with_name(f"{path.stem}{SUFFIX}")
    if target.exists():
        raise WrongUse(f"{target} is already there; delete it, or go on with it: metaimt cohort {path}")
    try:
        found = draft_mapping(path)
    except UnreadableTable as error:
        raise Blocked((error.told_as("patient-table", path.as_posix()),), 1) from None
    write_file(target, found.text.encode("utf-8"))
    for note in found.notes:
        print(for_terminal(f"{note[:1].upper()}{note[1:]}."))
    print(f"Written: {target.as_posix()}, {found.mapped} of {counted(found.columns, 'column')} mapped")
    print(f"Fill in what stands behind #, then: metaimt cohort {for_terminal(path.as_posix())}")


def _read(path: Path, mapping: Path | None) -> PatientTable:
    from metaimt.casefiles.cohort_mapping import SUFFIX
    from metaimt.casefiles.patient_table import read_patient_table

    if not path.exists():
        raise WrongUse(f"{path} does not exist; give a mapping, a table, or the id of a report with a cohort")
    if path.suffix.casefold() in MAPPING_ENDINGS:
        if mapping is not None:
            raise WrongUse(f"{path} is a mapping itself; give the table, or leave --mapping out")
        table = read_patient_table(path)
    else:
        chosen = mapping or path.with_name(f"{path.stem}{SUFFIX}")
        if not chosen.exists():
            begun = f" (metaimt cohort --draft {path} begins it)" if path.suffix.casefold() in TABLE_ENDINGS else ""
            hint = f"write {chosen}{begun}, or name a mapping with --mapping (docs/cohort.md)"
            raise WrongUse(f"how {path.name} is to be read is not known; {hint}")
        table = read_patient_table(chosen, path)
    if not table.readable or not table.patients:
        raise Blocked(table.problems, 1)
    return table


def _of_table(table: PatientTable, asked: Asked, vocabulary: Vocabulary | None = None, id: str = "") -> CohortResult:
    from metaimt.analyses.cohort import cohort_of_table

    return cohort_of_table(table, vocabulary, id=id, losses_as_deaths=asked.losses_as_deaths, penalised=asked.penalised)


def _of_review(wanted: str, cases: Path, asked: Asked) -> list[CohortResult]:
    from metaimt.analyses.cohort import cohort_of_counts
    from metaimt.review import load

    library = load(cases).library
    report = library.report(wanted)
    having = [each.id for each in library.reports if each.cohort is not None or each.id in library.tables]
    if report is None or wanted not in having:
        what = "no file and no report" if report is None else "a report without a cohort"
        known = f"reports with one: {', '.join(having)}" if having else "no report has one"
        raise WrongUse(f"{wanted} is {what}; {known}")
    counts = cohort_of_counts(report, losses_as_deaths=asked.losses_as_deaths)
    table = library.tables.get(wanted)
    computed = _of_table(table, asked, library.vocabulary, wanted) if table is not None else None
    return [each for each in (counts, computed) if each is not None]


def _print(found: list[CohortResult], output: CohortFormat) -> None:
    if output is CohortFormat.json:
        print_json({"cohorts": found})
    elif output is CohortFormat.csv:
        from metaimt.report.cells import csv_text
        from metaimt.report.cohort_tables import long_rows

        print(csv_text(long_rows(found)), end="")
    else:
        from metaimt.content.cohort import cohort_section
        from metaimt.render.terminal import section_text

        print("\n\n\n".join(map(section_text, map(cohort_section, found))))


def _tell(table: PatientTable) -> None:
    """The problems of the rows; a rejected row is a problem found, so that no script overlooks it."""
    print_problems(table.problems[:MOST_PRINTED], sys.stderr)
    if (more := len(table.problems) - MOST_PRINTED) > 0:
        print(f"{counted(more, 'more problem')}: --out FOLDER lists every rejected row", file=sys.stderr)
    if table.rejected:
        rejected = f"{len(table.rejected)} of {counted(table.rows, 'row')}"
        print(f"{rejected} rejected; the others were analysed", file=sys.stderr)
        raise typer.Exit(PROBLEMS)
