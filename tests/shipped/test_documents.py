"""README, tutorial and page of commands: what they promise is there. What their commands print: test_generated.py."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from conftest import ROOT
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from metaimt.cli.main import app

sys.path.append(str(ROOT / "tools"))

import transcripts

TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in transcripts.DOCUMENTS}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
GATE = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
LINKS = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


WITH_A_CASE = ("README.md", "docs/tutorial.md")


def test_the_readme_is_short_and_shows_the_page() -> None:
    """The picture is made by tools/page_image.py."""
    assert TEXTS["README.md"].count("\n") <= 150
    assert "(docs/page.png)" in TEXTS["README.md"]
    assert (ROOT / "docs" / "page.png").read_bytes().startswith(b"\x89PNG")
    assert (ROOT / "docs" / "page.png").stat().st_size < 150_000


def test_every_command_is_on_the_page_of_commands() -> None:
    assert [name for name in COMMANDS if f"metaimt {name}" not in TEXTS["docs/commands.md"]] == []


@pytest.mark.parametrize("name", WITH_A_CASE)
def test_a_case_is_added_with_a_typo_and_its_answer_is_seen(name: str) -> None:
    assert TEXTS[name].count("```console session") >= 4
    assert "did you mean site: abdomen" in TEXTS[name]
    assert "without it" in TEXTS[name]


def test_the_gate_runs_the_commands_of_the_readme() -> None:
    shell = "\n".join(re.findall(r"```sh\n(.*?)\n```", TEXTS["README.md"], re.DOTALL))
    wanted = re.findall(r"\.venv/bin/pip install (.*?)(?: &&|$)", shell, re.MULTILINE)
    assert len(wanted) == 2, "one for users, one for who changes the code"
    assert [words for words in wanted if words not in GATE] == []


PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    folder = (ROOT / page).parent
    assert [link for link in LINKS.findall(text) if not (folder / link).exists()] == []


KNOWN = ("not checked", "no", "-")


def test_each_statement_of_the_comparison_has_its_source_and_each_source_a_statement() -> None:
    said, _, sources = TEXTS["docs/comparison.md"].partition("## Sources")
    tag = r"\b[A-Z]\d\b"
    named = set(re.findall(rf"^\| ({tag}) \|", sources, re.MULTILINE))
    cited = set(re.findall(tag, re.sub(r"```.*?```|R 3 and", "", said, flags=re.DOTALL)))
    assert named == cited | {"R1"}, "R1 is named by R2"
    rows = [line for line in said.splitlines() if line.startswith("| ") and "T1" in line]
    assert all(re.search(tag, cell) or cell.strip() in KNOWN for row in rows for cell in row.split("|")[2:-1]), rows


def test_no_number_of_the_review_stands_outside_what_is_generated() -> None:
    """A count or a rate in plain words would be wrong with the next case."""
    for name, text in TEXTS.items():
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        assert re.findall(r"\b\d+/\d+\b|\b\d+\.\d+ %", prose) == [], name


def test_the_keys_of_results_json_are_those_that_its_document_names() -> None:
    """What format 2 has is there; what only format 1 had is not."""
    found = set(_paths(json.loads((ROOT / "outputs" / "results.json").read_text(encoding="utf-8"))))
    there = {"".join(path[:end]) for path in found for end in range(1, len(path) + 1)}
    text = (ROOT / "docs" / "results-json.md").read_text(encoding="utf-8").partition("## From format 1")[2]
    rows = [row.split("|")[1:3] for row in text.splitlines() if row.startswith("| ")]
    former, today = ([set(re.findall(r"`([^`]+)`", row[side])) for row in rows] for side in (0, 1))
    assert [key for keys in today for key in keys if f".{key}" not in there] == []
    gone = [key for old, new in zip(former, today, strict=True) for key in old - new if f".{key}" in there]
    assert gone == []


def test_results_json_is_by_its_schema() -> None:
    found = json.loads((ROOT / "outputs" / "results.json").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    assert [f"{wrong.json_path}: {wrong.message}" for wrong in Draft202012Validator(schema).iter_errors(found)] == []


def _paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where each value stands: `.pools`, `.<pool>`, `.adjusted`, `[]`, `.prior`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, (*path, ".<pool>" if name in {"strict", "all_evidence"} else f".{name}"))
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, (*path, "[]"))
    yield path
