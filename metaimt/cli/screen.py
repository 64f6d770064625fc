"""`metaimt screen`: decisions on records."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.dates import checked_date
from metaimt.cli.folder import Cases, folder_of
from metaimt.cli.new import marker_of
from metaimt.cli.output import counted, told
from metaimt.cli.search import SHOWN, check_person, left_out, record_line
from metaimt.files import for_terminal, write_file
from metaimt.problem import Blocked, WrongUse

if TYPE_CHECKING:
    from metaimt.casefiles.library import Library
    from metaimt.casefiles.records import Record, Standing


class Verdict(StrEnum):
    """What all records of a list are."""

    include = "include"
    exclude = "exclude"
    later = "later"


@told
def screen(
    *,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Write or update the sheet of NAME.")] = None,
    labels: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Take the labels of ASReview, Covidence or Rayyan.")
    ] = None,
    every: Annotated[
        Verdict | None, typer.Option("--decision", help="What all of FILE are, such as a list of Covidence.")
    ] = None,
    start: Annotated[bool, typer.Option("--start", help="Begin a pending case file for each record included.")] = False,
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Day of --start; default: today.")] = None,
    folder: Cases = None,
) -> None:
    """Show which records are new, wait, conflict or are decided; write the sheet of a person; begin case files."""
    from metaimt.casefiles.records import RECORDS, sheet_paths
    from metaimt.curation.new_case import review

    cases = folder_of(folder)
    if labels is not None and by is None:
        raise WrongUse("--from takes the decisions of one person: add --by NAME")
    if every is not None and labels is None:
        raise WrongUse("--decision says what the references of --from FILE are: add --from FILE")
    library = review(cases)
    tables = {(cases / RECORDS).as_posix(), *(path.as_posix() for path in sheet_paths(cases))}
    if errors := tuple(each for each in library.problems if each.severity == "error" and each.file in tables):
        raise Blocked(errors, library.files_checked)
    for note in left_out(library):
        print(note, file=sys.stderr)
    if not library.records:
        raise WrongUse("there are no records yet: metaimt search add FILE --source NAME --date DATE")
    if by is not None:
        _write_sheet(cases, library, by, labels, every)
    elif start:
        _start(cases, library, checked_date(day or date.today().isoformat(), "the day on which the files are begun"))
    else:
        _print(library.standing)
        _print_uncertain(library)


def _write_sheet(cases: Path, library: Library, by: str, labels: Path | None, every: Verdict | None) -> None:
    from metaimt.casefiles.records import DUPLICATE, REASONS, SCREENING, SHEET_COLUMNS, table_text
    from metaimt.curation.reference_formats import read_references
    from metaimt.curation.screening import labelled, sheet_of

    person = check_person(by)
    lines = sheet_of(library.standing, person)
    named = library.protocol.screening.reasons if library.protocol is not None else ()
    reasons = (*(named or REASONS), *({DUPLICATE} - {*named}))
    if labels is not None:
        references = read_references(labels)
        wanted = every.value if every is not None else None
        found = labelled(library.standing, person, references, every=wanted, reasons=reasons, names=(by, person))
        lines = found.lines
        print(f"{found.taken} of {len(references)} references gave a decision")
        for title in found.unknown[:SHOWN]:
            print(for_terminal(f"  in no search, or of several records: {title}"))
        if len(found.unknown) > SHOWN:
            print(f"  and {len(found.unknown) - SHOWN} more")
    path = cases / SCREENING / f"{person}.csv"
    write_file(path, table_text(SHEET_COLUMNS, (one.cells for one in lines)).encode())
    open_ = sum(not one.decision for one in lines)
    print(for_terminal(f"wrote {path.as_posix()}: {counted(len(lines), 'record')}, {open_} to decide"))
    print(f"decision: include, exclude or later; reason: {', '.join(reasons)}")


def _start(cases: Path, library: Library, day: str) -> None:
    from metaimt.casefiles.records import INCLUDE
    from metaimt.curation.new_case import EDITOR_LINE, Known, case_text, draft_of
    from metaimt.curation.screening import reference_of

    known, standing = Known(library), library.standing
    started = 0
    for record in standing.unique:
        path = cases / "literature" / f"{record.id}.yaml"
        if path.exists():
            continue
        if not standing.agreed(record):
            if standing.of(record) == INCLUDE:
                print(for_terminal(f"{record.id}: waits for {', '.join(standing.undecided(record))}"))
            continue
        reference = reference_of(record)
        if taken := known.publication(reference):
            print(for_terminal(f"{record.id}: {taken.told}"))
            continue
        next_step = f"metaimt validate {path.as_posix()}"
        text = case_text(draft_of(record.id, reference, None, day), library.vocabulary, marker_of(library), next_step)
        waits = 'status: pending\nreason: "included on screening; not yet read"\n'
        write_file(path, text.replace(f"{EDITOR_LINE}\n", f"{EDITOR_LINE}\n{waits}", 1).encode())
        print(f"wrote {for_terminal(path.as_posix())}")
        started += 1
    print(
        f"{counted(started, 'case file')} begun; each waits until it is read: delete its lines status and reason then"
    )


def _print(standing: Standing) -> None:
    stands = {record.id: (record, standing.of(record)) for record in standing.unique}
    stands |= {
        name: (record, "waits")
        for name, (record, state) in stands.items()
        if state == "include" and not standing.agreed(record)
    }
    counts = Counter(state for _, state in stands.values())
    searches = f"{(n := len(standing.hits()))} search{'' if n == 1 else 'es'}"
    print(f"{counted(len(standing.records), 'record')} of {searches}, {len(stands)} without duplicates")
    for state, words in _WORDS.items():
        if counts[state]:
            print(f"{counts[state]:>6} {words}")
    for state in ("conflict", "new", "later"):
        found = [record for record, where in stands.values() if where == state]
        if found:
            print(f"\n{state}:")
        for record in found[:SHOWN]:
            print(_with_votes(record, standing))
        if len(found) > SHOWN:
            print(f"  and {len(found) - SHOWN} more")


def _print_uncertain(library: Library) -> None:
    """The pairs that may be of one publication, until one of the two is excluded."""
    from metaimt.casefiles.records import DUPLICATE
    from metaimt.curation.new_case import Known
    from metaimt.curation.search_records import uncertain

    standing = library.standing
    out = {record.id for record in standing.unique if standing.of(record) in {"exclude", "excluded"}}
    pairs = [each for each in uncertain(Known(library), standing.records) if out.isdisjoint({each.one, each.other})]
    if pairs:
        print(f"\n{len(pairs)} may be of one publication; nothing is merged. Compare, and exclude one of the same,")
        print(f"reason {DUPLICATE}:")
    for pair in pairs:
        print(for_terminal(f"  {pair.one} and {pair.other}: {pair.why}"))


_WORDS = {
    "new": "new: metaimt screen --by NAME",
    "later": "put off",
    "conflict": "in conflict between two people",
    "waits": "included by one person, not yet decided by another",
    "include": "to be read: metaimt screen --start",
    "exclude": "excluded on screening",
    "pending": "pending: case file not yet read to its end",
    "included": "included",
    "excluded": "read and excluded",
}


def _with_votes(record: Record, standing: Standing) -> str:
    votes = standing.decisions(record.id).items() if standing.of(record) == "conflict" else ()
    told = "; ".join(f"{who}: {one.decision or 'open'}{f' ({one.reason})' if one.reason else ''}" for who, one in votes)
    return f"{record_line(record)}{for_terminal(f'  [{told}]') if told else ''}"
