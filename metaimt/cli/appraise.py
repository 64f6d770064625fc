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
    folder: Cases = None,
) -> None:
    """Show how sound the reports are: what people answered, and what is proposed from the files.

    Of one report: every question in full, the reason of each proposal, and the lines to paste into its file. Nothing is
    written: a proposal becomes an answer only by a person who enters it.
    """
    from metaimt.analyses.appraisal import appraisals
    from metaimt.analyses.report_list import meant
    from metaimt.casefiles.library import read_library
    from metaimt.content.appraisal import overview_blocks, report_blocks, yaml_block
    from metaimt.render.terminal import blocks_text

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
    print("\nTo answer, paste this into the file, and take the # from each line that you have judged yourself:\n")
    print("\n".join(map(for_terminal, yaml_block(one).split("\n"))))
