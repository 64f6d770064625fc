"""What a change costs: each recipe of docs/architecture.md, followed on a copy of the package and of the frozen review.

A recipe is the edits that a developer would make; what it touches is what the document names, and no more. Everything
that is added is made up.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import FROZEN, ROOT

pytestmark = pytest.mark.gate
DOCUMENT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = {
    what: set(re.findall(r"`([^`]+)`", files))
    for what, files in re.findall(r"^\| (?:an?) ([a-z ]+?) \| ([^|]+) \|", DOCUMENT, re.MULTILINE)
}
COSTS = {
    "subgroup": 1,
    "field": 2,
    "figure": 2,
    "table": 3,
    "rule": 4,  # of which two are its examples, one refused and one accepted
    "drug": 1,
    "importer": 1,
    "renderer": 2,
}  # DESIGN, "What a change should cost"


class Copy:
    """The package and the review to change; `touched` are the files of code and data that were."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "metaimt", folder / "metaimt", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(FROZEN / "cases", folder / "cases")
        self.touched: set[str] = set()

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name}: {old!r} stands {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")
        self.touched.add(name)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        self.touched.add(name)

    def case(self, name: str, text: str) -> None:
        """A made-up case file to try it on: no part of the recipe."""
        (self.folder / "cases" / "literature" / name).write_text(textwrap.dedent(text), encoding="utf-8")

    def run(self, code: str) -> object:
        """What a fresh Python with this copy puts into `found`."""
        program = f"import json, sys\n{textwrap.dedent(code)}\njson.dump(found, sys.stdout)"
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        command = [sys.executable, "-c", program]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr
        found: object = json.loads(done.stdout)
        return found


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def as_documented(copy: Copy, what: str) -> None:
    """The document names what was touched, new files by their folder; and it costs no more than it should."""
    known = {name if (ROOT / name).exists() or name.startswith("cases/") else _new(name) for name in copy.touched}
    assert known == NAMED[what]
    assert len(copy.touched) <= COSTS[what]


def _new(name: str) -> str:
    return f"{name.rpartition('/')[0]}/NEW{Path(name).suffix}"


CASE = """\
    # Made up.
    report: {id: example-2024, title: Made up, year: 2024, design: case_report}
    extraction: {depth: abstract, by: reader-1, checked_by: reader-2, date: 2024-11-01}
    patients:
      - id: P1
        histology: IMT
        ihc: {ALK: positive}
%s
        courses:
          - {drug: crizotinib, response: PR, response_basis: stated, response_as_stated: partial response}
"""


def test_all_are_documented() -> None:
    assert set(NAMED) == set(COSTS)


def test_a_subgroup(copy: Copy) -> None:
    copy.edit("cases/review.yaml", "age_group, sex]", "age_group, sex, depth]")
    found = copy.run(
        """
        from metaimt.analyses.subgroups import subgroup
        from metaimt.evidence.selection import select
        from metaimt.figures.registry import figure_names, section_of
        from metaimt.casefiles.library import read_library
        library = read_library("cases")
        selection = select(library, library.protocol)
        table = subgroup(selection, "all_evidence", "depth", library.protocol.priors, "all evidence")
        name = next(name for name in figure_names(library.protocol) if "depth" in name)
        found = [library.protocol.subgroups[-1], name, section_of(name), len(table.levels) > 1]
        """
    )
    assert found == ["depth", "by-depth", "subgroups", True]
    as_documented(copy, "subgroup")


def test_a_field(copy: Copy) -> None:
    line = "    test_method: Text | None = described("
    copy.edit("metaimt/casefiles/model.py", line, f'    blood_group: Text | None = described("Made up.")\n{line}')
    entry = '    _plain("sex", "Sex",'
    mine = '    _plain("blood_group", "Blood group", heading="Blood", facet="blood", level=True),\n'
    copy.edit("metaimt/model/fields.py", entry, f"{mine}{entry}")
    copy.case("example-2024.yaml", CASE % "        blood_group: AB_negative")
    found = copy.run(
        """
        from metaimt.analyses.breakdown import breakdown
        from metaimt.casefiles.library import read_library
        from metaimt.checks import check_library
        from metaimt.evidence.selection import select
        from metaimt.model.fields import COLUMNS, FACETS
        from metaimt.report.page_cases import _patient
        from metaimt.evidence.selection import unit_rows
        library = read_library("cases")
        problems = [each.rule for each in check_library(library) if each.file.endswith("example-2024.yaml")]
        selection = select(library, library.protocol)
        (row,) = [row for row in unit_rows(selection) if row["report"] == "example-2024"]
        levels = breakdown(selection, "all_evidence", "blood_group").levels
        said = dict(_patient(library.by_id["example-2024"].patients[0]))["Blood group"]
        found = [row["blood_group"], [(each.name, each.counts.evaluable) for each in levels][0], said]
        found += ["blood_group" in COLUMNS, "blood" in FACETS, problems]
        """
    )
    assert found == ["AB_negative", ["AB negative", 1], "AB negative", True, True, []]
    as_documented(copy, "field")


def test_a_figure(copy: Copy) -> None:
    copy.write(
        "metaimt/figures/made_up.py",
        '''
        """A made-up figure."""

        from matplotlib.figure import Figure

        from metaimt.figures.review_figure import ReviewFigure


        def made_up_figure(results, pools):
            """Nothing."""
            return ReviewFigure("made-up", "Made up", "Made up.", "Nothing.", Figure())
        ''',
    )
    entry = '        "funnel": ('
    mine = '        "made-up": ("metaimt.figures.made_up:made_up_figure", "nothing"),\n'
    copy.edit("metaimt/figures/registry.py", entry, f"{mine}{entry}")
    found = copy.run(
        """
        from types import SimpleNamespace
        from metaimt.casefiles.library import read_library
        from metaimt.figures.registry import draw_figure, figure_names
        from metaimt.report.figures import by_section, figure_files
        protocol = read_library("cases").protocol
        drawn = figure_files(draw_figure(SimpleNamespace(protocol=protocol), "made-up"))
        placed = by_section([drawn.drawn])["publication_bias"]
        found = ["made-up" in figure_names(protocol), placed[0].caption, sorted(drawn.files)]
        """
    )
    assert found == [True, "Made up.", ["figures/made-up.svg"]]
    as_documented(copy, "figure")


def test_a_table(copy: Copy) -> None:
    copy.write(
        "metaimt/analyses/made_up.py",
        '''
        """A made-up analysis."""

        from dataclasses import dataclass


        @dataclass(frozen=True)
        class MadeUp:
            """How many reports a pool has."""

            pool: str
            reports: int


        def made_up(selection):
            """One a pool."""
            return tuple(MadeUp(pool, selection.described(pool, pool).reports) for pool in selection.pools)
        ''',
    )
    results = "metaimt/analyses/results.py"
    copy.edit(results, "    cohorts: tuple[CohortResult, ...] = ()", "    cohorts: tuple = ()\n    made_up: tuple = ()")
    copy.edit(
        results,
        "        cohorts=cohorts_of(library),",
        "        cohorts=cohorts_of(library),\n        made_up=made_up(selection),",
    )
    place = "from metaimt.analyses.over_time import"
    copy.edit(results, place, f"from metaimt.analyses.made_up import made_up\n{place}")
    tables = "metaimt/report/tables.py"
    start = "TABLES: Final"
    rows = 'def made_up_rows(found):\n    """One a pool."""\n    return [vars(each) for each in found]\n'
    copy.edit(tables, start, f"{rows}\n\n{start}")
    copy.edit(
        tables,
        '    "pools": lambda',
        '    "made-up": lambda results: made_up_rows(results.made_up),\n    "pools": lambda',
    )
    found = copy.run(
        """
        from metaimt import review
        from metaimt.report.outputs import output_files
        from metaimt.serialise import to_json
        results = review.run("cases")
        files = output_files(results, (), review.news(results))
        pools = to_json(results)["pools"]
        found = [files["tables/made-up.csv"].decode().splitlines(), [pools[name]["reports"] for name in pools]]
        """
    )
    assert isinstance(found, list)
    lines, reports = found
    assert lines[0] == "pool,reports" and [int(line.partition(",")[2]) for line in lines[1:]] == reports
    as_documented(copy, "table")


def test_a_rule(copy: Copy) -> None:
    module = "metaimt/checks/of_report.py"
    start = '@rule("partner-is-gene", about="report")'
    copy.edit(
        module,
        start,
        '@rule("odd-year", about="report")\n'
        "def year_is_even(case: CaseFile) -> Iterable[Finding]:\n"
        '    """Made up."""\n'
        "    if (case.report.year or 0) % 2:\n"
        '        yield ("report", "year"), f"{case.report.year} is odd", "write an even year"\n\n\n'
        f"{start}",
    )
    copy.edit(
        "metaimt/checks/explanations.yaml",
        "partner-is-gene:\n",
        "odd-year:\n  severity: error\n"
        "  why: >-\n    The year of the report is odd. This rule is made up, for a test.\n"
        "  bad: |\n    year: 2023\n  good: |\n    year: 2024\npartner-is-gene:\n",
    )
    example = CASE.replace("year: 2024", "year: 2023") % ""
    copy.write("tests/casefiles/accepted/odd-year.yaml", textwrap.dedent(CASE % ""))
    copy.write("tests/casefiles/rejected/odd-year.yaml", f"# expect: 3:50 odd-year\n{textwrap.dedent(example)}")
    found = copy.run(
        """
        from pathlib import Path
        from metaimt.casefiles.library import read_files
        from metaimt.checks import check_library
        from metaimt.checks.waivers import explanations
        def told(kind):
            library = read_files([Path(f"tests/casefiles/{kind}/odd-year.yaml")])
            return [each for each in check_library(library, whole=False) if each.rule == "odd-year"]
        mine = [(each.position.line, each.position.column, each.message, each.hint) for each in told("rejected")]
        found = [mine, told("accepted"), explanations()["odd-year"].severity]
        """
    )
    assert found == [[[3, 50, "2023 is odd", "write an even year"]], [], "error"]
    as_documented(copy, "rule")


def test_a_drug(copy: Copy) -> None:
    drugs = "metaimt/vocabulary/drugs.yaml"
    copy.edit(drugs, "ceritinib: {", "madeupinib: {generation: second, targets: [ALK], synonyms: [MU-1]}\nceritinib: {")
    copy.case("example-2024.yaml", (CASE % "").replace("crizotinib", "madeupinib"))
    found = copy.run(
        """
        from metaimt.casefiles.library import read_library
        from metaimt.evidence.selection import select
        library = read_library("cases")
        (placed,) = [each for each in select(library, library.protocol).placed if each.unit.report == "example-2024"]
        found = [placed.unit.drug, placed.unit.drug_generation, placed.is_in("all_evidence")]
        """
    )
    assert found == ["madeupinib", "second", True]
    as_documented(copy, "drug")


def test_an_importer(copy: Copy) -> None:
    module = "metaimt/curation/reference_formats.py"
    start = "_BEGINNINGS: tuple["
    copy.edit(
        module,
        start,
        "def from_made_up(text: str) -> Iterator[Reference]:\n"
        '    """One line a reference: title | authors | year."""\n'
        "    for line in text.splitlines()[1:]:\n"
        '        title, names, year = line.split(" | ")\n'
        "        yield Fields(title=[title], authors=[*authors(names)[0]], year=[year]).reference()\n\n\n"
        f"{start}",
    )
    copy.edit(
        module,
        '        (r"^TY {1,2}- ", from_ris),',
        '        (r"^MADE UP$", from_made_up),\n        (r"^TY {1,2}- ", from_ris),',
    )
    found = copy.run(
        """
        from metaimt.curation.reference_formats import parse_references
        told = parse_references("MADE UP\\nA made-up title | Specimen A, Other B | 2024\\n")
        found = [(each.title, each.authors, each.year) for each in told]
        """
    )
    assert found == [["A made-up title", "Specimen A, Other B", 2024]]
    as_documented(copy, "importer")


def test_a_renderer(copy: Copy) -> None:
    copy.write(
        "metaimt/render/made_up.py",
        '''
        """The headline in one line."""


        def made_up_bytes(results):
            """Pool and counts."""
            return f"{results.response.headline.name}\\n".encode()
        ''',
    )
    exports = "metaimt/report/exports.py"
    copy.edit(exports, '"references.bib")', '"references.bib", "headline.txt")')
    copy.edit(exports, "ris_file, bib_file = EXPORTS", "ris_file, bib_file, text_file = EXPORTS")
    copy.edit(
        exports,
        "        bib_file: lambda:",
        "        text_file: lambda: made_up_bytes(results),\n        bib_file: lambda:",
    )
    place = "    protocol = results.protocol\n"
    copy.edit(exports, place, f"    from metaimt.render.made_up import made_up_bytes\n\n{place}")
    found = copy.run(
        """
        from types import SimpleNamespace
        from metaimt.casefiles.library import read_library
        from metaimt.report.exports import export_makers
        library = read_library("cases")
        response = SimpleNamespace(headline=SimpleNamespace(name="strict"))
        results = SimpleNamespace(library=library, protocol=library.protocol, response=response)
        found = export_makers(results, (), {}, None)["headline.txt"]().decode()
        """
    )
    assert found == "strict\n"
    as_documented(copy, "renderer")
