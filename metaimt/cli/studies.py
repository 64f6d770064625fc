"""What `metaimt pool` prints of a table of studies, and of the pools of a review under every model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from metaimt.cli.output import print_json

if TYPE_CHECKING:
    from metaimt.analyses.comparison import Comparison


def pool_studies(path: Path, output: str, *, every_model: bool) -> None:
    """Pool a table of studies. Raises UnreadableStudies, which ends the command with its problems."""
    from metaimt.analyses.comparison import compare_studies
    from metaimt.casefiles.studies import read_studies

    studies = read_studies(path)
    found = compare_studies(studies.rows, studies.grouping, name=path.name, every_model=every_model)
    if output == "json":
        print_json({**found.to_dict(), "columns_not_used": list(studies.ignored)})
    elif output == "csv":
        print_comparison_csv({path.name: found})
    else:
        from metaimt.files import for_terminal
        from metaimt.report.methods_text import comparison_text

        print(comparison_text(found))
        if studies.ignored:
            print(f"\nColumns not used: {for_terminal(', '.join(studies.ignored))}")


def print_comparison_csv(compared: Mapping[str, Comparison]) -> None:
    """One row an estimate."""
    from metaimt.report.methods_text import comparison_rows
    from metaimt.report.tables import csv_text

    print(csv_text(row for name, found in compared.items() for row in comparison_rows(found, name)), end="")


def methods_block(found: Comparison) -> str:
    """The text of one pool."""
    from metaimt.report.methods_text import comparison_text

    return comparison_text(found, parts=False)
