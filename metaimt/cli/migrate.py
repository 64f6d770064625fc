"""`metaimt migrate`."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from metaimt.cli.folder import Cases, Former, folder_of
from metaimt.cli.output import told


@told
def migrate(
    former: Former = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    folder: Cases = None,
) -> None:
    """Rewrite a review of an older format for the present one, and show every line that changes."""
    from metaimt.files import as_edited, for_terminal, write_file
    from metaimt.review import migration

    cases = folder_of(folder, former)
    changed, moved = migration(cases)
    if not changed:
        print("Nothing to do: the review has the present format.")
        return
    for name, (old, new) in changed.items():
        path = (cases / name).as_posix()
        for line in difflib.unified_diff(old.splitlines(), new.splitlines(), path, path, lineterm="", n=1):
            print(for_terminal(line))
        if not dry_run:
            write_file(cases / name, as_edited((cases / name).read_bytes(), new))
    print()
    for line in moved:
        print(for_terminal(line))
    files = f"{len(changed)} file{'s' if len(changed) > 1 else ''}"
    print(f"{files} would be rewritten (--dry-run)" if dry_run else f"{files} rewritten; metaimt validate checks them")
