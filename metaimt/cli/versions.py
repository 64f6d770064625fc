"""`metaimt snapshot`, `metaimt diff`, `metaimt verify` and `metaimt release`."""

from __future__ import annotations

import datetime
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from metaimt.casefiles.version_files import canonical
from metaimt.cli.dates import checked_date
from metaimt.cli.folder import Cases, beside, complete_versions, folder_of
from metaimt.cli.output import FINE, PROBLEMS, print_json, told
from metaimt.cli.show import ShowFormat
from metaimt.files import for_terminal
from metaimt.problem import WrongUse
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


_TRIGGER = "What made this version necessary: a search, a correction, new evidence."
_DATE = "Date of the release: YYYY-MM-DD; default: today."


@told
def release(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="YEAR.N, as in review.yaml: 2026.4.")],
    *,
    trigger: Annotated[str | None, typer.Option("--trigger", metavar="WORDS", help=_TRIGGER)] = None,
    date: Annotated[str | None, typer.Option("--date", metavar="DATE", help=_DATE)] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; say what would be, and what is missing.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="The outputs; default: outputs.")] = None,
    folder: Cases = None,
) -> None:
    """Release the review as a version: freeze it, CITATION.cff, .zenodo.json; nothing is uploaded.

    metaimt build comes before it, since it takes only outputs of these very files, and once more after it.
    """
    from metaimt.review import release as prepare

    cases = folder_of(folder)
    found = prepare(
        version,
        cases,
        out or beside(cases, "outputs", named=folder is not None),
        date=_day(date),
        trigger=trigger.strip() or None if trigger else None,
    )
    if found.already:
        print(f"{version} is released already, on {for_terminal(str(found.date))}")
        raise typer.Exit(FINE)
    for line in found.statement:
        print(for_terminal(line))
    for name in found.missing:
        print(f"Missing, and left out: {name}")
    for reason in found.against:
        print(for_terminal(f"Not released: {reason}"), file=sys.stderr)
    if found.against:
        raise typer.Exit(PROBLEMS)
    if not check:
        found.write()
    for path in found.files:
        print(for_terminal(f"{'Would write' if check else 'Wrote'} {os.path.relpath(path)}"))
    if not check:
        print("Now: metaimt build, so that the outputs tell of the release; commit; nothing was uploaded")


def _day(text: str | None) -> str:
    """A date as it is written; today without one. Raises WrongUse for another form."""
    try:
        found = datetime.date.today() if text is None else datetime.date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"--date {text} is no date; write year, month, day: 2026-11-30") from None
    checked_date(found.isoformat(), "the day of the release")
    return found.isoformat()
