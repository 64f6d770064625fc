"""`metaimt show`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from metaimt.cli.output import print_json, told


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
    """Show what one report contributes: where it counts, why not, and every pool with and without it."""
    from metaimt.analyses.contribution import contribution
    from metaimt.evidence.selection import select
    from metaimt.report.markdown import citation_link
    from metaimt.report.show_text import contribution_text
    from metaimt.review import load

    loaded = load(cases)
    selection = select(loaded.library, loaded.protocol)
    found = contribution(loaded.library, loaded.protocol, selection, wanted)
    if output is ShowFormat.json:
        print_json({**found.to_dict(), "link": citation_link(found.report)[0] or None})
    else:
        print(contribution_text(found, loaded.protocol))
