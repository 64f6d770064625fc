"""`metaimt search add`: the records of a search."""

from __future__ import annotations

import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.dates import checked_date
from metaimt.cli.folder import Cases, folder_of
from metaimt.cli.output import told
from metaimt.files import as_edited, for_terminal, in_ascii, text_of, write_file
from metaimt.problem import Blocked, WrongUse

if TYPE_CHECKING:
    from metaimt.casefiles.library import Library
    from metaimt.casefiles.records import Record, Standing

SHOWN = 20
_FILES = (
    "Exports: RIS, PubMed (.nbib), BibTeX, EndNote (.enw, .xml), CSL-JSON, CSV of Scopus, PubMed, ASReview, Rayyan."
)


class Action(StrEnum):
    """What is done with searches."""

    add = "add"


@told
def search(
    action: Annotated[Action, typer.Argument(metavar="add", help="Add the records of a search.")],  # noqa: ARG001
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=_FILES)],
    *,
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Database or register, such as pubmed.")],
    day: Annotated[str, typer.Option("--date", metavar="DATE", help="Day of the search.")],
    query: Annotated[str | None, typer.Option("--query", metavar="TEXT", help="The query as it was run.")] = None,
    search_id: Annotated[
        str | None,
        typer.Option(
            "--id", metavar="ID", help="Id in searches.yaml; default: that of the source, else source and date."
        ),
    ] = None,
    folder: Cases = None,
) -> None:
    """Add the records of a search to records.csv: which are duplicates, were decided before, or are new."""
    from metaimt.casefiles.library import read_library
    from metaimt.casefiles.records import RECORD_COLUMNS, RECORDS, table_text
    from metaimt.curation.new_case import Known, checked_id, review
    from metaimt.curation.reference_formats import read_references
    from metaimt.curation.search_records import add_search, with_search

    cases = folder_of(folder)
    day = checked_date(day, "the day on which the search was run")
    library = review(cases)
    _refuse_broken(library)
    if not source.strip() or not (search_id or in_ascii(source) or _entry_of(library, source, day)):
        raise WrongUse(
            f"--source '{for_terminal(source)}' has no Latin letter or digit: add --id NAME, such as --id main"
        )
    name = checked_id(search_id or _entry_of(library, source, day) or f"{in_ascii(source)}-{day}")
    references = [reference for file in files for reference in read_references(file)]
    for note in left_out(library):
        if f"'{name}'" not in note:
            print(f"{note}; the rows that only it found are taken out of records.csv", file=sys.stderr)
    added = add_search(Known(library), library.records, references, name, day)
    path = cases / "searches.yaml"
    before = path.read_bytes() if path.exists() else b""
    after = as_edited(before, with_search(text_of(before), name, source, day, query))
    table = table_text(RECORD_COLUMNS, (record.cells for record in added.records)).encode()
    if not (cases / RECORDS).exists() or (cases / RECORDS).read_bytes() != table:
        write_file(cases / RECORDS, table)
    if after != before:  # last: what a search found counts once it stands here as done
        write_file(path, after)
    standing = read_library(cases).standing
    records = {record.id: record for record in standing.records}
    kinds = {own: _kind(records[own], standing, name, records) for own in added.own}
    counts = Counter(kinds.values())
    numbers = f"{counts['duplicate']} duplicates, {counts['before']} decided before, {counts['new']} new"
    print(f"{len(references)} found, {numbers}")
    new = [records[own] for own in sorted(kinds) if kinds[own] == "new"]
    for record in new[:SHOWN]:
        print(record_line(record))
    if len(new) > SHOWN:
        print(f"and {len(new) - SHOWN} more: metaimt screen")
    if added.unsure:
        print(f"{len(added.unsure)} may be of one publication; nothing is merged. Compare:")
    for pair in added.unsure:
        print(for_terminal(f"  {pair.one} and {pair.other}: {pair.why}"))


def left_out(library: Library) -> list[str]:
    """The searches that have rows in records.csv and do not count, each with why."""
    found = (each for each in library.problems if each.rule == "records-form" and each.severity == "warning")
    return list(dict.fromkeys(for_terminal(f"note: {each.message}") for each in found))


def _refuse_broken(library: Library) -> None:
    """Raise Blocked if the files that this command writes, or rests on, have errors of form."""
    names = ("records.csv", "searches.yaml")
    found = [each for each in library.problems if each.file.endswith(names) and each.severity == "error"]
    if found:
        raise Blocked(tuple(found), library.files_checked)


def _entry_of(library: Library, source: str, day: str) -> str:
    """The id of the one search of a source that waits to be run, or was run that day; '' if there is not one."""
    mine = [each for each in library.searches if each.source.casefold() == source.strip().casefold()]
    fits = [each.id for each in mine if each.status != "done" or each.date == day]
    return fits[0] if len(fits) == 1 else ""


def _kind(record: Record, standing: Standing, search: str, records: dict[str, Record]) -> str:
    """`duplicate` of another record, decided `before`, or `new`."""
    main = records[record.duplicate_of or record.id]
    if record.duplicate_of and search in main.sources:
        return "duplicate"
    if standing.of(main) not in {"new", "later"}:
        return "before"
    return "new" if not record.duplicate_of and record.sources[0] == search else "duplicate"


def record_line(record: Record) -> str:
    """Id, author, year and title on one line of a terminal."""
    author = record.authors.partition(",")[0] or "no author"
    return for_terminal(f"  {record.id}: {author}, {record.year or 'no year'}: {record.title or 'no title'}")[:118]


def check_person(name: str) -> str:
    """The name of a person as that of a file. Raises WrongUse if nothing is left of it."""
    if not (plain := in_ascii(name)):
        raise WrongUse(f"--by '{name}' has no Latin letter or digit: give initials or a name, such as reader-1")
    return plain
