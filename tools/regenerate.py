"""Write whatever is generated in this project anew: outputs, schema, documents, transcripts.

    python tools/regenerate.py                  everything
    python tools/regenerate.py rules paper      these only
    python tools/regenerate.py --check          change nothing; name what is not as it would be written, exit 1

After a new case, a new rule or a changed method this is the one command to run; what it changed is what to commit.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import performance as measured  # noqa: E402 - found by the line above
import transcripts  # noqa: E402
from case_format import case_format_markdown  # noqa: E402

from metaimt.out_folder import RECORD  # noqa: E402

if TYPE_CHECKING:
    from metaimt.statistics.simulate import Cell

BINARY = {".docx", ".xlsx", ".png"}
"""Built and not committed."""

Files = dict[str, bytes]


def _said(*words: str) -> bytes:
    """What a command prints."""
    from metaimt.cli.main import app

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.chdir(ROOT):
        try:
            app(list(words), prog_name="metaimt")
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"metaimt {' '.join(words)} ended with {end.code}") from end
    return out.getvalue().encode("utf-8")


def schema() -> Files:
    """The schema that editors complete and check case files by, and that of results.json."""
    return {"cases/case.schema.json": _said("schema"), "docs/results.schema.json": _said("schema", "--results")}


def case_format() -> Files:
    """Every field of a case file."""
    return {"docs/case-format.md": case_format_markdown(json.loads(_said("schema"))).encode("utf-8")}


def rules() -> Files:
    """Every rule, explained."""
    return {"docs/rules.md": _said("explain", "--markdown")}


def paper() -> Files:
    """Every number of the local paper."""
    return {"docs/paper.md": _said("audit", "--paper", "you-2024")}


REVIEWED = ("strict", "all evidence")  # in docs/simulation.csv, the structures of the review's own pools
DRAWN = (*REVIEWED, "5 reports", "10 reports", "10 single cases", "one large report and a single case")


def simulation() -> Files:
    """The page and the figure of the table of the simulation, which is itself hours of work and not run here."""
    from metaimt.figures.save import figure_bytes
    from metaimt.figures.simulation import draw_simulation
    from metaimt.report.simulation_text import simulation_markdown

    cells = simulated()
    page = simulation_markdown(cells, "python benchmarks/coverage.py", REVIEWED)
    drawn = draw_simulation([cell for cell in cells if cell.structure in DRAWN])
    return {"docs/simulation.md": page.encode("utf-8"), "docs/simulation.svg": figure_bytes(drawn, "svg")}


def simulated() -> tuple[Cell, ...]:
    """The table that `benchmarks/coverage.py` wrote."""
    from metaimt.report.simulation_text import read_simulation

    return read_simulation((ROOT / "docs" / "simulation.csv").read_text(encoding="utf-8"), "docs/simulation.csv")


def performance() -> Files:
    """The page and the figure of the table of times, which is itself half an hour of work and not run here."""
    from metaimt.figures.save import figure_bytes

    runs = measured.read_runs((ROOT / "docs" / "performance.csv").read_text(encoding="utf-8"))
    page, drawn = measured.performance_markdown(runs), measured.draw_performance(runs)
    return {"docs/performance.md": page.encode("utf-8"), "docs/performance.svg": figure_bytes(drawn, "svg")}


def outputs() -> Files:
    """What `metaimt build` writes of the living review, but for what is not committed."""
    with tempfile.TemporaryDirectory() as folder:
        _said("build", "--out", f"{folder}/outputs")
        made = Path(folder) / "outputs"
        return {
            f"outputs/{path.relative_to(made).as_posix()}": path.read_bytes()
            for path in sorted(made.rglob("*"))
            if path.is_file() and path.suffix not in BINARY
        }


def notebook() -> Files:
    """The notebook, run."""
    from notebook import SOURCE, executed

    return {"docs/notebook.ipynb": executed(SOURCE.read_text(encoding="utf-8")).encode("utf-8")}


def documents() -> Files:
    """README, tutorial and the page of commands, with what they print."""
    return {name: text.encode("utf-8") for name, text in transcripts.transcripts().items()}


def frozen() -> Files:
    """The newest frozen version, which the package brings along for `metaimt.open`."""
    from metaimt.casefiles.version_files import version_paths

    newest = list(version_paths(ROOT / "cases").values())[-1:]
    return {f"{SHIPPED}/{path.name}": path.read_bytes() for path in newest if path.suffix == ".bz2"}


SHIPPED = "metaimt/data/versions"
PARTS: dict[str, Callable[[], Files]] = {
    part.__name__: part
    for part in (schema, case_format, rules, paper, simulation, performance, frozen, outputs, notebook, documents)
}


def stale(names: Sequence[str]) -> Files:
    """The generated files that are not as they would be written now: name -> as it would be; empty: to be removed."""
    changed: Files = {}
    for name in names:
        made = PARTS[name]()
        changed |= {
            file: data
            for file, data in made.items()
            if _present(file) != data and (_present(file) is not None or PurePosixPath(file).name != RECORD)
        }  # a new clone has no record of what was written, and needs none
        if folder := {"outputs": "outputs", "frozen": SHIPPED}.get(name):
            there = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix not in BINARY)
            former = {path.relative_to(ROOT).as_posix() for path in there}
            changed |= dict.fromkeys(sorted(former - set(made)), b"")
    return changed


def _present(name: str) -> bytes | None:
    path = ROOT / name
    return path.read_bytes() if path.is_file() else None


def main(words: Sequence[str]) -> int:
    """Write or check; the exit code."""
    names = [word for word in words if word != "--check"] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"{unknown[0]} is not one of {', '.join(PARTS)}", file=sys.stderr)
        return 2
    check, found = "--check" in words, False
    for name in names:
        for file, data in stale([name]).items():
            found = True
            print(f"{file}: {'not as it would be written' if check else 'written anew'}")
            if not check and data:
                (ROOT / file).parent.mkdir(parents=True, exist_ok=True)
                (ROOT / file).write_bytes(data)
            elif not check:
                (ROOT / file).unlink()
    if check and found:
        print("python tools/regenerate.py writes them anew")
    return int(check and found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
