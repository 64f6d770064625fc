"""`metaimt show`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.folder import Cases, complete_reports, folder_of
from metaimt.cli.output import print_json, told
from metaimt.problem import Blocked, WrongUse
from metaimt.serialise import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metaimt.casefiles.library import Library
    from metaimt.casefiles.model import CaseFile


class ShowFormat(StrEnum):
    """How a contribution is printed."""

    text = "text"
    json = "json"


@told
def show(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="REPORT",
            help="Id, DOI, PMID or author of a report; or a patient or arm, liu-2018/arm1.",
            autocompletion=complete_reports,
        ),
    ],
    folder: Cases = None,
    output: Annotated[ShowFormat, typer.Option("--format", help="How it is printed.")] = ShowFormat.text,
) -> None:
    """Show what one report contributes: where it counts, why not, and every pool with and without it.

    Errors in other files do not stop it; pools are then not computed, and it says so.
    """
    from metaimt.analyses.contribution import contribution
    from metaimt.analyses.report_list import meant
    from metaimt.casefiles.library import read_library
    from metaimt.content.sources import address_of
    from metaimt.evidence.selection import select
    from metaimt.report.show_text import contribution_text
    from metaimt.review import errors_elsewhere, load

    library = read_library(folder_of(folder))
    named = meant(library, wanted)
    if len(named) > 1:
        _list(named, library)
        raise WrongUse(f"{len(named)} reports are meant by '{wanted}'; give the id of one: metaimt show {named[0].id}")
    wanted = named[0].id if named else wanted
    try:
        protocol, errors = load(library).protocol, 0
    except Blocked as blocked:
        protocol, errors = errors_elsewhere(library, blocked, wanted)
    found = contribution(library, protocol, select(library, protocol), wanted, errors_elsewhere=errors)
    if output is ShowFormat.json:
        print_json({**to_json(found), "link": address_of(found.report.report) or None})
    else:
        print(contribution_text(found, protocol))


def _list(reports: Iterable[CaseFile], library: Library) -> None:
    """Each with its id, author and year, and title."""
    from metaimt.content.labels import report_labels
    from metaimt.render.terminal import wrapped

    labels = report_labels(library.reports)
    for each in reports:
        print("\n".join(wrapped(f"{each.id}: {labels[each.id]}. {each.report.title or 'title not known'}", 0, 2)))
