"""`metaimt agree`: second readings against the case files."""

from __future__ import annotations

from typing import Annotated

import typer

from metaimt.cli.folder import Cases, folder_of
from metaimt.cli.output import counted, print_json, told
from metaimt.cli.pool import TableFormat
from metaimt.files import for_terminal
from metaimt.problem import WrongUse


@told
def agree(
    *,
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help="Only this second reader.")] = "",
    field: Annotated[str, typer.Option("--field", metavar="FIELD", help="Only this field: response, site ...")] = "",
    output: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.text,
    folder: Cases = None,
) -> None:
    """How far second readers agree with the case files, field by field, and where they do not.

    Percent, Cohen's kappa with its 95 % interval, the most frequent value. What a reader left out is a category of its
    own; the last column has those where both gave a value.
    """
    from dataclasses import replace

    from metaimt.analyses.agreement import agreements
    from metaimt.casefiles.library import read_library
    from metaimt.content.agreement import agreement_table, difference_lines
    from metaimt.render.terminal import blocks_text
    from metaimt.report.cells import csv_text
    from metaimt.report.tables import agreement_rows
    from metaimt.serialise import to_json

    found = agreements(read_library(folder_of(folder)))
    if not found:
        raise WrongUse("there is no second reading: put one into second-reading/, with the fields of a case file")
    if by and by not in (readers := [each.reader for each in found]):
        raise WrongUse(f"nobody named '{by}' read again; second readers are {', '.join(readers)}")
    named = {one.field for each in found for one in each.fields}
    if field and field not in named:
        raise WrongUse(f"'{field}' is not compared; the fields are {', '.join(sorted(named))}")
    found = tuple(
        replace(each, fields=tuple(one for one in each.fields if field in {"", one.field}))
        for each in found
        if by in {"", each.reader}
    )
    if output is TableFormat.json:
        print_json({"format": 1, "agreement": to_json(found)})
    elif output is TableFormat.csv:
        print(csv_text(agreement_rows(found)), end="")
    else:
        for each in found:
            print(f"{for_terminal(each.reader)}: {counted(each.publications, 'publication')} read again\n")
            print(blocks_text(agreement_table(each)))
            print()
            for line in difference_lines(each):
                print(for_terminal(line))
