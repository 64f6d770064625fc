"""README and tutorial: what they promise is there. That their commands print what they show: test_generated.py."""

from __future__ import annotations

import re
import sys

import pytest
from conftest import ROOT

sys.path.append(str(ROOT / "tools"))

import transcripts

TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in transcripts.DOCUMENTS}
GATE = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
LINKS = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("name", TEXTS)
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


def test_no_number_of_the_review_stands_outside_what_is_generated() -> None:
    """A count or a rate in plain words would be wrong with the next case."""
    for name, text in TEXTS.items():
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        assert re.findall(r"\b\d+/\d+\b|\b\d+\.\d+ %", prose) == [], name
