"""What `metaimt pool` prints of a table of studies, and of the pools of a review under every model.

May import: everything below the command line; numpy and scipy.special only, unless every model is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metaimt.cli.output import print_json

if TYPE_CHECKING:
    from metaimt.analyses.comparison import Comparison
    from metaimt.analyses.pooled_response import PooledResponse


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


def compare_pools(result: PooledResponse) -> dict[str, Comparison]:
    """Every model for each pool of a review."""
    from metaimt.analyses.comparison import compare

    return {
        name: compare(
            [r for _, r, _ in group.clusters],
            [n for _, _, n in group.clusters],
            ids=[report for report, _, _ in group.clusters],
            name=group.label,
        )
        for name, group in result.pools.items()
        if group.clusters
    }


def comparison_dicts(compared: Mapping[str, Comparison]) -> dict[str, Any]:
    """By pool, without what needs years and groups of the reports."""
    left = {"cumulative", "subgroups", "format"}
    return {
        name: {key: value for key, value in found.to_dict().items() if key not in left}
        for name, found in compared.items()
    }


def print_comparison_csv(compared: Mapping[str, Comparison]) -> None:
    """One row an estimate."""
    from metaimt.report.methods_text import comparison_rows
    from metaimt.report.tables import csv_text

    print(csv_text(row for name, found in compared.items() for row in comparison_rows(found, name)), end="")


def methods_block(found: Comparison) -> str:
    """The text of one pool."""
    from metaimt.report.methods_text import comparison_text

    return comparison_text(found, parts=False)
