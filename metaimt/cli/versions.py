"""`metaimt snapshot`, `metaimt diff` and `metaimt verify`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from metaimt.casefiles.version_files import canonical
from metaimt.cli.folder import Cases, complete_versions, folder_of
from metaimt.cli.output import FINE, PROBLEMS, print_json, told
from metaimt.cli.show import ShowFormat
from metaimt.serialise import to_json


class DiffFormat(StrEnum):
    """How changes are printed."""

    text = "text"
    json = "json"
    markdown = "markdown"


@told
def snapshot(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="YEAR.N, as in review.yaml: 2026.1.")],
    folder: Cases = None,
) -> None:
    """Freeze the review as a version: cases, protocol, results, what they were made with; cases/versions/."""
    from metaimt.review import snapshot as freeze
    from metaimt.versions.changes import kinds_of

    path, changes = freeze(version, folder_of(folder))
    print(f"Frozen: {path.as_posix()} ({', '.join(kinds_of(changes)) or 'nothing new'})")


@told
def diff(
    old: Annotated[
        str | None,
        typer.Argument(
            metavar="[OLD]",
            help="Version, folder or git revision; default: newest version.",
            autocompletion=complete_versions,
        ),
    ] = None,
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="[NEW]",
            help="Version, folder or git revision; default: working tree.",
            autocompletion=complete_versions,
        ),
    ] = None,
    folder: Cases = None,
    output: Annotated[DiffFormat, typer.Option("--format", help="markdown: for a pull request.")] = DiffFormat.text,
) -> None:
    """Say what is new: records field by field, units, numbers by data and by method, warnings, the conclusion."""
    from metaimt.content.whats_new import news_section
    from metaimt.review import diff as compare

    changes = compare(old, new, folder_of(folder))
    if output is DiffFormat.json:
        print_json(canonical(to_json(changes)))
    elif output is DiffFormat.markdown:
        from metaimt.render.markdown import no_figures, section_markdown

        print(section_markdown(news_section(changes), no_figures))
    else:
        from metaimt.render.terminal import section_text

        print(section_text(news_section(changes)))


@told
def verify(
    version: Annotated[
        str | None,
        typer.Argument(metavar="[VERSION]", help="Default: the newest version.", autocompletion=complete_versions),
    ] = None,
    folder: Cases = None,
    output: Annotated[ShowFormat, typer.Option("--format", help="How the outcome is printed.")] = ShowFormat.text,
) -> None:
    """Recompute a frozen version from its own content: is each number reproduced, and if not, what differs?"""
    from metaimt.report.verification_text import verification_text
    from metaimt.review import verify as recompute

    found = recompute(version, folder_of(folder))
    if output is ShowFormat.json:
        print_json(canonical(to_json(found)))
    else:
        print(verification_text(found))
    raise typer.Exit(FINE if found.holds else PROBLEMS)
