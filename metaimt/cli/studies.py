"""What `metaimt pool` prints of a table of studies, and of the pools of a review under every model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from metaimt.cli.output import print_json
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from metaimt.analyses.comparison import Comparison, Models
    from metaimt.figures.save import Kind


def pool_studies(path: Path, output: str, *, models: Models, out: Path | None = None) -> None:
    """Pool a table of studies; its forest plot goes to `out`.

    Raises UnreadableStudies, which ends the command with its problems.
    """
    from dataclasses import asdict

    from metaimt.analyses.comparison import compare_studies
    from metaimt.analyses.study_parts import MOST_KINDS
    from metaimt.casefiles.studies import read_studies
    from metaimt.files import for_terminal
    from metaimt.statistics.prediction import predict

    kind = None if out is None else figure_kind(out)
    studies = read_studies(path)
    kinds = len({(row.responders, row.evaluable) for row in studies.rows})
    if kinds > MOST_KINDS:
        said = f"{kinds} different (r, n) in {path.name}: the GLMM takes a while for so many, 10 s or more"
        print(f"metaimt: {for_terminal(said)}", file=sys.stderr, flush=True)
    found = compare_studies(studies.rows, studies.grouping, name=path.name, models=models)
    prediction = predict([row.responders for row in studies.rows], [row.evaluable for row in studies.rows])
    if output == "json":
        reading = {"columns_not_used": list(studies.ignored), "notes": list(studies.notes)}
        print_json({**found.to_dict(), "prediction": asdict(prediction), **reading})
    elif output == "csv":
        print_comparison_csv({path.name: found})
    else:
        from metaimt.report.methods_text import studies_text

        print(studies_text(found, prediction))
        lines = [f"Columns not used: {', '.join(studies.ignored)}"] if studies.ignored else []
        lines += [f"{note[:1].upper()}{note[1:]}" for note in studies.notes]
        print("".join(f"\n{for_terminal(line)}" for line in lines), end="\n" if lines else "")
    if out is not None and kind is not None:
        from metaimt.figures.save import figure_bytes
        from metaimt.figures.studies_forest import studies_figure
        from metaimt.files import write_file

        figure, title, alt = studies_figure(studies, found, prediction)
        write_file(out, figure_bytes(figure, kind, title=title, description=alt))
        if output == "text":
            print(f"\nWritten: {out.as_posix()}")


def figure_kind(target: Path) -> Kind:
    """The kind of a figure by the ending of its file. Raises WrongUse for another."""
    from metaimt.figures.save import Kind

    kind = target.suffix.lower().removeprefix(".")
    if kind not in get_args(Kind):
        raise WrongUse(f"--out {target}: a figure is {', '.join(f'.{known}' for known in get_args(Kind))}")
    return cast("Kind", kind)


def print_comparison_csv(compared: Mapping[str, Comparison]) -> None:
    """One row an estimate."""
    from metaimt.report.methods_text import comparison_rows
    from metaimt.report.tables import csv_text

    print(csv_text(row for name, found in compared.items() for row in comparison_rows(found, name)), end="")


def methods_block(found: Comparison) -> str:
    """The text of one pool."""
    from metaimt.report.methods_text import comparison_text

    return comparison_text(found, parts=False)
