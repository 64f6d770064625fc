"""`metaimt new`: a new case file from a reference, from nothing, or from an interview.

What reads references, asks the network or asks questions is imported when it is used.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.asking import ask, uninterrupted
from metaimt.cli.dates import checked_date
from metaimt.cli.folder import Cases, folder_of, in_full
from metaimt.cli.output import FINE, PROBLEMS, print_problems, told
from metaimt.cli.validate import problems_in
from metaimt.files import for_terminal, write_file
from metaimt.problem import WrongUse, has_errors

if TYPE_CHECKING:
    from metaimt.casefiles.library import Library
    from metaimt.curation.kept_answers import Kept
    from metaimt.curation.new_case import Draft, Known
    from metaimt.curation.reference import Reference

_FILE = "References as exported: RIS, PubMed (.nbib), BibTeX, EndNote (.enw, .xml), CSL-JSON, Scopus or PubMed (.csv)."
_BLANK = "Start without a reference; ID is first author and year: smith-2026."
_FETCH = "Ask doi.org or PubMed for the reference (the only option that uses the network)."


@told
def new(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help=_FILE)] = None,
    *,
    blank: Annotated[str | None, typer.Option("--blank", metavar="ID", help=_BLANK)] = None,
    fetch: Annotated[str | None, typer.Option("--fetch", metavar="DOI|PMID", help=_FETCH)] = None,
    pick: Annotated[int | None, typer.Option("--pick", metavar="N", help="Which reference of the file.")] = None,
    case_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="Id; default: author and year.")] = None,
    interactive: Annotated[bool, typer.Option("--interactive", help="Ask for the essentials of the case.")] = False,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who reads the report.")] = None,
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Day of reading; default: today.")] = None,
    folder: Cases = None,
) -> None:
    """Start a case file: bibliography filled in, every field explained, or asked for one by one."""
    from metaimt.curation.kept_answers import kept_path
    from metaimt.curation.new_case import Known, draft_of, review

    if [file, blank, fetch].count(None) != 2:
        raise WrongUse("give one of a file of references, --fetch DOI or PMID, or --blank ID; --help tells more")
    if pick is not None and file is None:
        raise WrongUse("--pick chooses among the references of a file; give the file, or leave out --pick")
    cases = folder_of(folder)
    today = checked_date(day or date.today().isoformat(), "the day on which the report was read")
    library = review(cases)
    known = Known(library)
    reference = _reference(file, fetch, pick, known)
    new_id = _new_id(blank, case_id, reference, known)
    draft = draft_of(new_id, reference, by, today)
    path = cases / "literature" / f"{new_id}.yaml"
    _notes(reference, new_id, known)
    go_on = f"metaimt new --blank {new_id} --interactive{'' if folder is None else f' --cases {_word(folder)}'}"
    if not interactive:
        if kept_path(path).exists():
            print(f"note: answers are kept for {new_id}; to go on with them instead: {go_on}", file=sys.stderr)
        _write(path, draft, library, teach=True)
        raise typer.Exit(FINE)
    kept = _kept(path, draft, known, go_on, another=blank is None)
    if kept is not None:
        said = {name: text for name, text in (("by", by), ("date", day)) if text is not None}
        draft = {**kept.draft, "extraction": {**kept.draft["extraction"], **said}}
    _interview(path, draft, kept, library=library, known=known, go_on=go_on)
    _write(path, draft, library, teach=False)
    kept_path(path).unlink(missing_ok=True)
    raise typer.Exit(_validated(path))


def _reference(file: Path | None, identifier: str | None, pick: int | None, known: Known) -> Reference:
    """The reference that the user means; an empty one for --blank."""
    from metaimt.curation.reference import Reference, identifier_in
    from metaimt.curation.reference_formats import read_references

    if identifier is not None:
        from metaimt.curation.fetch import fetch

        if (asked := identifier_in(identifier)) and (taken := known.find(*asked)):
            raise WrongUse(taken.told)
        return fetch(identifier)
    if file is None:
        return Reference()
    if not file.exists() and (asked := identifier_in(str(file))):
        how = f"metaimt new --fetch {shlex.quote(asked[1])}"
        raise WrongUse(f"{file} is an identifier, not a file; to look it up over the network: {how}")
    references = read_references(file)
    if pick is None and len(references) > 1:
        print("\n".join(_listed(references, known)))
        raise WrongUse(f"{file} holds {len(references)} references; choose one: metaimt new {_word(file)} --pick N")
    if not 1 <= (pick or 1) <= len(references):
        raise WrongUse(f"--pick {pick}: {file} holds {len(references)}, numbered from 1")
    return references[(pick or 1) - 1]


def _listed(references: tuple[Reference, ...], known: Known) -> Iterator[str]:
    for number, reference in enumerate(references, start=1):
        taken = known.publication(reference)
        where = "" if taken is None else f"  [{'excluded' if taken.reason else 'already'} in {taken.file}]"
        yield for_terminal(f"{number:>4}  {reference.shown}{where}")


def _new_id(blank: str | None, case_id: str | None, reference: Reference, known: Known) -> str:
    """The id of the new file. Raises WrongUse if it, or the publication, is in the review or excluded from it."""
    from metaimt.curation.new_case import checked_id

    if blank is not None and case_id is not None:
        raise WrongUse("--blank names the id already; leave out --id")
    if taken := known.publication(reference):
        raise WrongUse(taken.told)
    wanted = blank if blank is not None else case_id
    new_id = known.free_id(reference) if wanted is None else checked_id(wanted)
    if taken := known.find("id", new_id):
        raise WrongUse(taken.told)
    return new_id


def _notes(reference: Reference, new_id: str, known: Known) -> None:
    """What the user should know about the reference, on the error stream."""
    notes = [*reference.notes]
    if reference.dropped:
        notes.append(f"not taken over, since a case file has no place for them: {', '.join(reference.dropped)}")
    notes += [f"{alike}; if it is the same one, delete {new_id}" for alike in known.alike(reference)]
    for note in notes:
        print(f"note: {for_terminal(note)}", file=sys.stderr)


def _kept(path: Path, draft: Draft, known: Known, go_on: str, *, another: bool) -> Kept | None:
    """The answers kept for a case file. Raises WrongUse if they, or the reference given, are of another publication."""
    from metaimt.curation.kept_answers import one_line, read_kept
    from metaimt.curation.reference import Reference

    kept = read_kept(path)
    if kept is None:
        return None
    report = {name: value for name, value in kept.draft["report"].items() if name != "id"}
    if another and one_line(draft["report"]) != kept.draft["report"]:
        of = f"the answers kept for {path.stem} are for another reference ({report.get('title', 'none')})"
        raise WrongUse(f"{of}; to go on with them: {go_on}; for this one choose another id: --id {path.stem}-b")
    if taken := known.publication(Reference(**report)):
        raise WrongUse(taken.told)
    return kept


def _interview(path: Path, draft: Draft, kept: Kept | None, *, library: Library, known: Known, go_on: str) -> None:
    """Fill in the draft from the answers. Ends the command if they end early, and says how to go on with them."""
    from metaimt.curation.interview import Answers, Interview, Stopped, counted
    from metaimt.curation.kept_answers import keep

    given: Answers = {} if kept is None else dict(kept.answers)
    content = None if kept is None else kept.content

    def check(field: str, value: str) -> None:
        if field in {"doi", "pmid"} and (taken := known.find(field, value)):
            raise WrongUse(taken.told)

    def keeping(answers: Answers) -> None:
        nonlocal content
        content = keep(path, draft, answers, content)
        given.clear()
        given.update(answers)

    def left() -> str:
        return f"{counted(given)} kept, to go on: {go_on}" if given else "nothing was written"

    def tell(text: str) -> None:
        print("\n".join(map(for_terminal, text.split("\n"))))

    tell(f"{path.as_posix()}: {draft['report'].get('title', 'no reference')}")
    interview = Interview(library.vocabulary, marker_of(library), ask, tell, check, keeping)
    with uninterrupted(left):
        try:
            interview.fill(draft, given)
        except Stopped as stopped:
            raise EOFError from stopped
        except WrongUse as error:
            raise WrongUse(f"{error}; {left()}") from error


def marker_of(library: Library) -> str:
    """The marker or gene that the protocol asks for first; without a protocol, the vocabulary's first kinase."""
    rows = library.protocol.rows.values() if library.protocol is not None else ()
    markers = (row.marker for row in rows if row.marker)
    mutated = (row.mutation for row in rows if row.mutation)
    return (*markers, *mutated, library.vocabulary.terms("kinase")[0])[0]


def _write(path: Path, draft: Draft, library: Library, *, teach: bool) -> None:
    from metaimt.curation.new_case import case_text

    if path.exists():
        raise WrongUse(f"{path} exists already; edit it, or choose another id")
    in_file = f"metaimt validate {_word(Path(*in_full(path).parts[-3:]))}"
    write_file(path, case_text(draft, library.vocabulary, marker_of(library), in_file, teach=teach).encode())
    print(f"wrote {for_terminal(path.as_posix())}")
    if teach:
        print(f"Fill it in, then check it:\n  metaimt validate {for_terminal(_word(path))}")


def _validated(path: Path) -> int:
    """Check the file that was written, in the view of its review, and say what is left to do."""
    problems, _ = problems_in([path])
    print_problems(problems, sys.stdout)
    if has_errors(problems):
        print(f"Mend it, then check it:\n  metaimt validate {for_terminal(_word(path))}")
        return PROBLEMS
    case = for_terminal(_word(path))
    print(f"The file is valid. After a change, check it again:\n  metaimt validate {case}")
    return FINE


def _word(path: Path) -> str:
    return shlex.quote(path.as_posix())
