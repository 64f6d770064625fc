"""What the frozen review gives, as texts to compare: `python tests/pins/pins.py` writes them to `kept/`.

The page is read without a browser: its visible words, a line each, and of each number that opens cases a line with
its words, the title of its cases, their sum, how many, and a digest of the cases with their counts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEPT = HERE / "kept"
TESTS = HERE.parent
PLAIN = ("results.json", "report.md", "references.bib", "references.ris", "figures/README.md")
COMMANDS = (
    "validate cases",
    "pool cases",
    "pool cases --format json",
    *(f"pool cases --by {name}" for name in ("histology", "fusion_partner", "drug", "site", "age_group", "report")),
    "pool cases --by depth --format json",
    "audit cases",
    "audit cases --format json",
    "cohort ../../examples/cohort/patients.csv",
    "figures",
)


def output_pins(out: Path) -> dict[str, str]:
    """What the build wrote to a folder, but for what only holds pictures."""
    names = [*PLAIN, *sorted(path.relative_to(out).as_posix() for path in (out / "tables").glob("*.csv"))]
    found = {name: (out / name).read_text(encoding="utf-8") for name in names}
    page = (out / "index.html").read_text(encoding="utf-8")
    return {
        **found,
        "page.txt": "\n".join(Words(page).found) + "\n",
        "page-numbers.txt": "\n".join(numbers(page)) + "\n",
    }


def terminal_pin(run: Any, reports: list[str]) -> str:
    """What commands print, one after the other. `run` takes words and gives returncode, stdout and stderr."""
    said = []
    for command in (*COMMANDS, *(f"show {report}" for report in reports), f"show {reports[0]} --format json"):
        done = run(*command.split())
        said.append(f"$ metaimt {command}\n{done.stdout}{done.stderr}[{done.returncode}]\n")
    return "\n".join(said)


def problems_pin() -> str:
    """The problems of every example file, each in its own library."""
    from metaimt.casefiles.library import read_files
    from metaimt.checks import check_library

    lines = []
    for path in sorted(TESTS.glob("ca*/*ed/*.yaml")) + sorted(TESTS.glob("checks/*ed/*.yaml")):
        lines.append(path.relative_to(TESTS).as_posix())
        for each in check_library(read_files([path]), whole=False):
            told = f"{each.position.line}:{each.position.column} {each.severity}[{each.rule}] {each.message}"
            lines.append(f"  {told} | {each.hint}".replace(str(TESTS), "TESTS"))
    return "\n".join(lines) + "\n"


class Words(HTMLParser):
    """The visible words of a page, a line each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(" ".join(data.split()))


def numbers(page: str) -> Iterator[str]:
    """A line for each number and each row that opens cases."""
    from opened import opened

    for each in opened(page):
        r, n = (f"{counts:.10g}" for counts in each.counts)
        evaluable = sorted({unit.split("/")[0] for unit, _, m in each.cases if m}) if each.reports else []
        said = [sorted(each.publications), each.printed] if each.publications else evaluable
        digest = sha256(json.dumps([sorted(each.cases), said]).encode()).hexdigest()[:8]
        words = each.words if each.tag == "button" else f"<{each.tag}>"
        yield f"{words} | {each.title} | {r}/{n} in {len(each.cases)} | {digest}"


def main() -> None:
    """Build the frozen review and write everything anew."""
    sys.path[:0] = [str(TESTS), str(TESTS.parent)]
    from command import metaimt as run

    import metaimt
    from metaimt.out_folder import write_folder
    from metaimt.report.figures import review_figure_files
    from metaimt.report.outputs import output_files
    from metaimt.review import news

    results = metaimt.run(TESTS / "frozen" / "cases")
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "scratch"
    write_folder(out, output_files(results, review_figure_files(results), news(results)))
    found = output_pins(out)
    found |= {"terminal.txt": terminal_pin(run, [one.id for one in results.library.reports])}
    found |= {"problems.txt": problems_pin()}
    for name, text in found.items():
        (KEPT / name).parent.mkdir(parents=True, exist_ok=True)
        (KEPT / name).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
