"""`metaimt init`: a new review of any tumour, from options or from questions."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from metaimt import __version__
from metaimt.cli.asking import ask, uninterrupted
from metaimt.cli.output import told
from metaimt.files import for_terminal
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from metaimt.curation.new_review import NewReview

T = TypeVar("T")


class OutcomeName(StrEnum):
    """The outcomes that there are templates for, as metaimt.curation.new_review has them."""

    response = "response"
    complete = "complete"
    control = "control"


_ONE: Final = ("tumour", "outcome")  # of which there is one answer
_NEEDED: Final = ("tumour", "drug")
_MANY: Final = "one or more times"


@told
def init(  # noqa: PLR0917 - one parameter an option
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder, or an empty one.")],
    tumour: Annotated[str | None, typer.Option("--tumour", metavar="NAME", help="Its name, as in a sentence.")] = None,
    drug: Annotated[
        list[str] | None,
        typer.Option("--drug", metavar="NAME[:TARGET,...]", help=f"A drug, with targets if it is not known; {_MANY}."),
    ] = None,
    fusion: Annotated[
        list[str] | None, typer.Option("--fusion", metavar="GENE", help=f"The kinase of a fusion; {_MANY}.")
    ] = None,
    mutation: Annotated[
        list[str] | None, typer.Option("--mutation", metavar="GENE[:CHANGE]", help=f"BRAF:V600E; {_MANY}.")
    ] = None,
    marker: Annotated[
        list[str] | None, typer.Option("--marker", metavar="NAME", help=f"A marker whose status decides; {_MANY}.")
    ] = None,
    histology: Annotated[
        list[str] | None,
        typer.Option("--histology", metavar="TERM[:WORDS,...]", help="Its term in case files; default: the tumour."),
    ] = None,
    search: Annotated[
        list[str] | None, typer.Option("--search", metavar="WORDS", help=f"Further words for PubMed; {_MANY}.")
    ] = None,
    site: Annotated[
        list[str] | None, typer.Option("--site", metavar="GROUP[:WORDS,...]", help=f"A group of sites; {_MANY}.")
    ] = None,
    outcome: Annotated[OutcomeName | None, typer.Option("--outcome", help="What counts; default: response.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who answers for the review.")] = None,
    year: Annotated[int | None, typer.Option("--year", help="Of its first version; default: this year.")] = None,
    interactive: Annotated[bool, typer.Option("--interactive", help="Ask for what no option gives.")] = False,
) -> None:
    """Begin a review: protocol, terms, search, schemas, workflow, in a folder of its own.

    On a terminal it asks for what is missing.
    """
    from metaimt.curation.new_review import write_review

    decides = fusion or mutation or marker
    asks = interactive or (sys.stdin.isatty() and not (tumour and drug and decides))
    options = {
        **{"tumour": None if tumour is None else [tumour], "drug": drug, "fusion": fusion, "mutation": mutation},
        **{"marker": marker, "histology": histology, "site": site, "search": search},
        "outcome": None if outcome is None else [outcome.value],
    }
    review = _review(folder, options, asks=asks, by=by, year=year or date.today().year)
    for name in write_review(folder, review, __version__):
        print(f"wrote {for_terminal((folder / name).as_posix())}")
    print(f"Go through cases/review.yaml, then:\n  cd {for_terminal(shlex.quote(str(folder)))}\n  metaimt validate")


def _review(
    folder: Path, options: Mapping[str, list[str] | None], *, asks: bool, by: str | None, year: int
) -> NewReview:
    """The review of what the options say, or of what is answered where one is not given."""
    from metaimt.curation import new_review as starter

    read: dict[str, Callable[[str], Any]] = {
        **{"tumour": starter.answer, "drug": starter.drug, "fusion": starter.gene, "mutation": starter.mutation},
        **{"marker": starter.answer, "histology": starter.term, "site": starter.term, "search": starter.answer},
        "outcome": _outcome,
    }
    said: dict[str, tuple[Any, ...]] = {}
    with uninterrupted():
        for name, question in starter.questions().items():
            if options[name] is not None or not asks:
                said[name] = tuple(_told(name, read[name], word) for word in options[name] or ())
            else:
                said[name] = _answers(name, question, read[name])
    if not said["tumour"] or not said["drug"] or not (said["fusion"] or said["mutation"] or said["marker"]):
        example = f"metaimt init {folder} {starter.example()}"
        raise WrongUse(f"give --tumour, --drug, and one of --fusion, --mutation and --marker: {example}")
    tumour, terms = said["tumour"][0], dict(said["histology"] or [(said["tumour"][0], ())])
    return starter.NewReview(
        tumour=tumour,
        drugs=dict(said["drug"]),
        histology=terms,
        search=(tumour, *(word for one, words in terms.items() for word in words or (one,)), *said["search"]),
        year=year,
        markers=tuple(dict.fromkeys(said["marker"])),
        fusions=tuple(dict.fromkeys(said["fusion"])),
        mutations=tuple(dict.fromkeys(said["mutation"])),
        sites=dict(said["site"]),
        outcome=(said["outcome"] or (OutcomeName.response,))[0].value,
        by=starter.answer(by) if by is not None else "",
    )


def _outcome(text: str) -> OutcomeName:
    if text not in set(OutcomeName):
        raise WrongUse(f"'{text}' is not one of {', '.join(OutcomeName)}")
    return OutcomeName(text)


def _told(option: str, read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except WrongUse as error:
        raise WrongUse(f"--{option}: {error}") from error


def _answers(name: str, question: str, read: Callable[[str], T]) -> tuple[Any, ...]:
    """Answers until an empty one; a wrong one is told and asked again."""
    print(f"\n{question}")
    found: list[Any] = []
    while text := ask("> ").strip():
        try:
            found.append(read(text))
        except WrongUse as error:
            print(f"  {for_terminal(str(error))}")
            continue
        if name in _ONE:
            break
    if name in _NEEDED and not found:
        print("  This one is needed.")
        return _answers(name, question, read)
    return tuple(found)
