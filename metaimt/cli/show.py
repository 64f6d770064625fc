"""`metaimt show`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from metaimt.cli.output import print_json, told
from metaimt.problem import Blocked
from metaimt.serialise import to_json


class ShowFormat(StrEnum):
    """How a contribution is printed."""

    text = "text"
    json = "json"


@told
def show(
    wanted: Annotated[
        str, typer.Argument(metavar="ID", help="A report, liu-2018, or a patient or arm, liu-2018/arm1.")
    ],
    cases: Annotated[Path, typer.Option("--cases", help="Folder of the review.")] = Path("cases"),
    output: Annotated[ShowFormat, typer.Option("--format", help="How it is printed.")] = ShowFormat.text,
) -> None:
    """Show what one report contributes: where it counts, why not, and every pool with and without it.

    Errors in other files do not stop it; pools are then not computed, and it says so.
    """
    from metaimt.analyses.contribution import contribution
    from metaimt.casefiles.library import read_library
    from metaimt.content.sources import address_of
    from metaimt.evidence.selection import select
    from metaimt.report.show_text import contribution_text
    from metaimt.review import errors_elsewhere, load

    library = read_library(cases)
    try:
        protocol, errors = load(library).protocol, 0
    except Blocked as blocked:
        protocol, errors = errors_elsewhere(library, blocked, wanted)
    found = contribution(library, protocol, select(library, protocol), wanted, errors_elsewhere=errors)
    if output is ShowFormat.json:
        print_json({**to_json(found), "link": address_of(found.report.report) or None})
    else:
        print(contribution_text(found, protocol))
