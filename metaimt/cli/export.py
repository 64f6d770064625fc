"""`metaimt export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from metaimt.cli.folder import Cases, folder_of
from metaimt.cli.output import told


class Format(StrEnum):
    """A format of others."""

    phenopackets = "phenopackets"
    civic = "civic"


@told
def export(
    name: Annotated[Format, typer.Argument(metavar="FORMAT", help="phenopackets or civic.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A new folder, written in one step.")],
    folder: Cases = None,
) -> None:
    """Write the cases in a format of others, and beside them what it cannot say (not-exported.csv)."""
    from metaimt.out_folder import refuse_foreign_folder, write_folder
    from metaimt.report.exchange import NOT_EXPORTED, civic_files, phenopacket_files
    from metaimt.review import load

    refuse_foreign_folder(out)
    loaded = load(folder_of(folder))
    library, protocol = loaded.library, loaded.protocol
    files = phenopacket_files(library) if name is Format.phenopackets else civic_files(library, protocol)
    write_folder(out, files)
    left = files[NOT_EXPORTED].count(b"\n") - 1
    print(f"Written: {out.as_posix()}/, {len(files) - 1} files; not exported: {left} values, {NOT_EXPORTED} says why")
