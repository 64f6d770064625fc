"""`metaimt appraise`: how sound the reports are, as decided and as proposed."""

from __future__ import annotations

from typing import Annotated

import typer

from metaimt.cli.folder import Cases, complete_reports, folder_of
from metaimt.cli.output import told
from metaimt.files import for_terminal
from metaimt.problem import WrongUse


@told
def appraise(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="[REPORT]", help="Id, DOI, PMID or author; left out: all.", autocompletion=complete_reports
        ),
    ] = "",
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Ask what NAME has not answered; default: nobody.")
    ] = None,
    folder: Cases = None,
) -> None:
    """Show how sound the reports are: what people answered, and what is proposed from the files.

    Of one report: every question in full, the reason of each proposal, and what is still to be answered, in lines to
    paste into its file. Nothing is written: a proposal becomes an answer only by a person who enters it.
    """
    from metaimt.analyses.appraisal import appraisals
    from metaimt.analyses.report_list import meant
    from metaimt.casefiles.library import read_library
    from metaimt.content.appraisal import asking, overview_blocks, report_blocks
    from metaimt.render.terminal import blocks_text

    if by is not None and not wanted:
        raise WrongUse("--by asks what NAME has not answered of one report; give its id")
    library = read_library(folder_of(folder))
    found = appraisals(library)
    if not wanted:
        print(blocks_text(overview_blocks(found)))
        print("\nmetaimt appraise ID prints the questions in full, the reasons, and what to paste into its file.")
        return
    named = meant(library, wanted)
    if len(named) != 1:
        ids = ", ".join(each.id for each in named)
        raise WrongUse(
            f"{len(named)} reports are meant by '{wanted}'{f': {ids}' if ids else ''}; give an id: metaimt list"
        )
    one = next(each for each in found.reports if each.report.id == named[0].id)
    print(blocks_text(report_blocks(one)))
    document = library.report_documents[one.report.id]
    where = f"{document.name}:{document.position(('appraisal',), key=True).line}"
    print()
    for line in asking(one, where, (by or "").strip()):
        print("\n".join(map(for_terminal, line.split("\n"))))
