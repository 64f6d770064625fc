"""`metaimt complete`: the identifiers that a library lacks, and notices that retract or correct its reports."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from metaimt.cli.folder import Cases, complete_reports, folder_of
from metaimt.cli.output import FINE, PROBLEMS, counted, told
from metaimt.files import for_terminal, write_file
from metaimt.problem import WrongUse, check_name

if TYPE_CHECKING:
    from metaimt.casefiles.strict_yaml import Path as Steps
    from metaimt.curation.complete import Found, Notice, Record

_FETCH = "Ask NCBI's ID Converter, PubMed and Crossref (the only option that uses the network)."
_IDS: Final = typer.Argument(metavar="[ID]...", help="Reports; default: all.", autocompletion=complete_reports)
_NAMES: Final = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID"}
_PAUSE_SECONDS: Final = 0.1  # between two requests to Crossref, which asks for few at a time
_PUBMED_SECONDS: Final = 0.7  # between two publications, for each of which PubMed is asked twice


@told
def complete(
    ids: Annotated[list[str] | None, _IDS] = None,
    *,
    fetch: Annotated[bool, typer.Option("--fetch", help=_FETCH)] = False,
    write: Annotated[bool, typer.Option("--write", help="With --fetch: add what was found to the files.")] = False,
    folder: Cases = None,
) -> None:
    """List publications without DOI or PMID; find identifiers, retractions and corrections (--fetch)."""
    from metaimt.casefiles.library import read_library
    from metaimt.curation.complete import identifiers, records_of

    if write and not fetch:
        raise WrongUse("--write adds what --fetch finds; give both")
    library = read_library(folder_of(folder))
    records = records_of(library)
    for name in ids or ():
        check_name("ID", name, [record.id for record in records])
    asked = [record for record in records if not ids or record.id in ids]
    if not fetch:
        _list(asked)
        raise typer.Exit(FINE)
    found = list(identifiers(asked))
    known = {(each.record.file, each.record.at) for each in found if each.field == "pmid"}
    found += _of_pubmed([each for each in asked if (each.file, each.at) not in known])
    for each in found:
        other = f", but the file says {each.written}: check both" if each.written else ""
        print(for_terminal(f"{_name(each.record)}: {_NAMES[each.field]} {each.value}{other}"))
    told_of = _tell_notices(asked)
    new = [each for each in found if not each.written]
    if write:
        _write(new)
    done = "written" if write else "found"
    print(f"{counted(len(new), 'identifier')} {done}, {len(found) - len(new)} against the files, {told_of} by notice")
    raise typer.Exit(PROBLEMS if told_of or len(found) > len(new) else FINE)


def _of_pubmed(records: Iterable[Record]) -> list[Found]:
    """What PubMed says of those without a PubMed id; what may be one of them is printed for a person to decide."""
    from metaimt.curation.pubmed import Perhaps, look_up

    found: list[Found] = []
    for k, record in enumerate(record for record in records if "pmid" not in record.known):
        if k:
            time.sleep(_PUBMED_SECONDS)
        for each in look_up(record):
            if isinstance(each, Perhaps):
                print(for_terminal(f"{_name(record)}: perhaps PMID {each.pmid} ({each.why}): {each.title}"))
            else:
                found.append(each)
    return found


def _list(records: Iterable[Record]) -> None:
    everyone = tuple(records)
    lacking = [record for record in everyone if record.lacks]
    for record in lacking:
        known = ", ".join(f"{_NAMES[name]} {record.known[name]}" for name in _NAMES if name in record.known)
        without = " and no ".join(_NAMES[name] for name in record.lacks)
        print(for_terminal(f"{_name(record)}: no {without}; {known or 'no identifier'}"))
    for kind, part in (("case files", False), ("entries of excluded.yaml", True)):
        mine = [record for record in everyone if isinstance(record.at[0], int) == part]
        lack = ", ".join(f"{sum(name in r.lacks for r in mine)} no {_NAMES[name]}" for name in ("doi", "pmid"))
        if mine:
            print(f"Of {len(mine)} {kind}: {lack}")
    if lacking:
        print("To look them up over the network: metaimt complete --fetch")


def _tell_notices(records: Iterable[Record]) -> int:
    """Print each notice with what to type; how many publications have one."""
    from metaimt.curation.complete import notices
    from metaimt.curation.pubmed import pubmed_notices

    everyone = tuple(records)
    told: dict[tuple[str, Steps], list[Notice]] = {}
    for k, record in enumerate(record for record in everyone if "doi" in record.known):
        if k:
            time.sleep(_PAUSE_SECONDS)
        found = notices(record)
        if found is None:
            print(for_terminal(f"{_name(record)}: Crossref does not know {record.known['doi']}"), file=sys.stderr)
        told[record.file, record.at] = [*(found or ())]
    concerned = set()
    for said in pubmed_notices(everyone):
        if isinstance(said, tuple):
            record, kind = said
            print(for_terminal(f"{_name(record)}: PubMed calls it '{kind}'; check that it is the report itself"))
            concerned.add((record.file, record.at))
        elif said.kind not in {one.kind for one in told.setdefault((said.record.file, said.record.at), [])}:
            told[said.record.file, said.record.at].append(said)
    for each in (each for found in told.values() for each in found):
        kind = each.kind.replace("_", " ")
        print(for_terminal(f"{_name(each.record)}: {kind}; read it, decide, and write {each.entry}"))
        concerned.add((each.record.file, each.record.at))
    return len(concerned)


def _write(found: Iterable[Found]) -> None:
    """Put what was found into each file, in one step a file; all of them are made before the first is written."""
    from metaimt.curation.complete import completed

    by_file: dict[str, list[Found]] = {}
    for each in found:
        by_file.setdefault(each.record.file, []).append(each)
    contents = {name: completed(name, Path(name).read_bytes(), mine) for name, mine in by_file.items()}
    for name, content in contents.items():
        write_file(Path(name), content)
        print(f"wrote {for_terminal(name)}")


def _name(record: Record) -> str:
    return f"{record.file}: {record.label if record.label == record.id else f'{record.label} ({record.id})'}"
