"""`metaimt init`: a new review of any tumour, from options or from questions."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from metaimt import __version__
from metaimt.cli.asking import ask, uninterrupted
from metaimt.cli.output import told
from metaimt.files import for_terminal
from metaimt.problem import WrongUse

T = TypeVar("T")


class OutcomeName(StrEnum):
    """The outcomes that there are templates for, as metaimt.curation.new_review has them."""

    response = "response"
    complete = "complete"
    control = "control"


_QUESTIONS: Final = {
    "tumour": "Which tumour? Its name, as in a sentence: infantile fibrosarcoma",
    "drug": "Which drugs? One a line; of a drug that is not known also its targets: madeupinib:BRAF,MAP2K1",
    "fusion": "Which fusions? The kinase, one a line: NTRK3. Enter alone: none",
    "mutation": "Which mutations? One a line: BRAF:V600E, or BRAF for any. Enter alone: none",
    "marker": "Which markers, whose status decides? One a line: PD-L1. Enter alone: none",
    "histology": "How is the tumour called in a case file? A term, and other ways to write it, one term a line:\n"
    "IFS: congenital fibrosarcoma. Enter alone: its name",
    "search": "Words for the search, beside these? One a line. Enter alone: none",
    "site": "Groups of sites, beside the built-in ones? One a line: bone: femur, tibia. Enter alone: none",
    "outcome": "What counts: response (CR, PR), complete (CR) or control (CR, PR, SD)? Enter alone: response",
}
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
        list[str] | None, typer.Option("--fusion", metavar="GENE", help=f"The kinase of a fusion: NTRK3; {_MANY}.")
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
    from metaimt.curation.new_review import NewReview, answer, write_review
    from metaimt.curation.new_review import drug as a_drug
    from metaimt.curation.new_review import gene as a_gene
    from metaimt.curation.new_review import mutation as a_mutation
    from metaimt.curation.new_review import term as a_term

    asks = interactive or (sys.stdin.isatty() and not (tumour and drug and (fusion or mutation or marker)))

    def given(name: str, words: list[str] | None, read: Callable[[str], T], *, needed: bool = False) -> tuple[T, ...]:
        """What an option says, or what is answered where none is given."""
        if words is not None or not asks:
            return tuple(_told(name, read, word) for word in words or ())
        return _answers(_QUESTIONS[name], read, needed=needed)

    with uninterrupted():
        names = given("tumour", None if tumour is None else [tumour], answer, needed=True)
        drugs = given("drug", drug, a_drug, needed=True)
        fusions, mutations = given("fusion", fusion, a_gene), given("mutation", mutation, a_mutation)
        markers = given("marker", marker, answer)
        histologies, sites = given("histology", histology, a_term), given("site", site, a_term)
        searched = given("search", search, answer)
        outcomes = given("outcome", None if outcome is None else [outcome.value], _outcome)
    if not names or not drugs or not (fusions or mutations or markers):
        example = f'metaimt init {folder} --tumour "infantile fibrosarcoma" --drug larotrectinib --fusion NTRK3'
        raise WrongUse(f"give --tumour, --drug, and one of --fusion, --mutation and --marker: {example}")
    terms = dict(histologies or [(names[0], ())])
    review = NewReview(
        tumour=names[0],
        drugs=dict(drugs),
        histology=terms,
        search=(names[0], *(word for one, words in terms.items() for word in words or (one,)), *searched),
        year=year or date.today().year,
        markers=tuple(dict.fromkeys(markers)),
        fusions=tuple(dict.fromkeys(fusions)),
        mutations=tuple(dict.fromkeys(mutations)),
        sites=dict(sites),
        outcome=(outcomes or (OutcomeName.response,))[0].value,
        by=answer(by) if by is not None else "",
    )
    for name in write_review(folder, review, __version__):
        print(f"wrote {for_terminal((folder / name).as_posix())}")
    print(f"Go through cases/review.yaml, then:\n  cd {for_terminal(shlex.quote(str(folder)))}\n  metaimt validate")


def _outcome(text: str) -> OutcomeName:
    if text not in set(OutcomeName):
        raise WrongUse(f"'{text}' is not one of {', '.join(OutcomeName)}")
    return OutcomeName(text)


def _told(option: str, read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except WrongUse as error:
        raise WrongUse(f"--{option}: {error}") from error


def _answers(question: str, read: Callable[[str], T], *, needed: bool) -> tuple[Any, ...]:
    """Answers until an empty one; a wrong one is told and asked again."""
    print(f"\n{question}")
    found: list[Any] = []
    while text := ask("> ").strip():
        try:
            found.append(read(text))
        except WrongUse as error:
            print(f"  {for_terminal(str(error))}")
            continue
        if question in {_QUESTIONS["tumour"], _QUESTIONS["outcome"]}:
            break
    if needed and not found:
        print("  This one is needed.")
        return _answers(question, read, needed=needed)
    return tuple(found)
