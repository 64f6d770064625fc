"""Who types README and tutorial line by line, in a clone, leaves nothing behind that git would show."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

sys.path.append(str(ROOT / "tools"))

import transcripts

from metaimt.casefiles.records import RECORD_COLUMNS, SHEET_COLUMNS

TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in transcripts.DOCUMENTS}
COPY = re.compile(r"git clone \. (?P<folder>\S+)\ncd (?P=folder)\n")
WRITTEN = re.compile(r'--out (\S+\.(?:pdf|svg|png))$|Path\("(\S+)"\)\.write', re.MULTILINE)


WITH_A_CASE = [name for name, text in TEXTS.items() if "console session" in text]


@pytest.mark.parametrize("name", WITH_A_CASE)
def test_the_made_up_case_goes_into_a_copy_that_is_left_at_the_end(name: str) -> None:
    before, *sessions = TEXTS[name].split("```console session\n")
    (copy,) = COPY.finditer(TEXTS[name])
    assert copy.end() < len(before)
    assert f"`cd ..`, and delete the folder `{copy['folder']}`" in sessions[-1]
    assert not any("```console\n" in block for block in sessions[:-1]), "it would run in the copy"


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="not in a clone")
def test_git_ignores_what_a_reader_writes() -> None:
    copies = [f"{copy['folder']}/cases" for text in TEXTS.values() for copy in COPY.finditer(text)]
    files = [one or other for text in TEXTS.values() for one, other in WRITTEN.findall(text)]
    assert len(copies) == len(WITH_A_CASE) == 4
    assert len(files) >= 3
    names = [".venv/x", "build/x", "metaimt.egg-info/x", *copies, *files]
    done = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout.split() == names


@pytest.mark.slow
def test_a_review_is_updated_from_search_exports_to_a_release() -> None:
    """What docs/updating.md shows is what its commands print, one after the other, in a copy of the review."""
    walk = TEXTS["docs/updating.md"]
    assert transcripts.rewritten(walk) == walk
    done = {words.split()[1] for words in transcripts.commands(walk)}
    assert {"search", "screen", "validate", "show", "diff", "build", "release", "verify"} <= done
    assert "Wrote cases/versions/2026.4.json.bz2" in walk


def test_the_columns_of_the_tables_are_described() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", TEXTS["docs/updating.md"])
    assert rows == [*RECORD_COLUMNS.items(), *SHEET_COLUMNS.items()]


@pytest.mark.parametrize("page", ["commands", "releasing", "updating", "versions"])
def test_every_page_on_releasing_says_that_a_build_comes_before_and_after_as_the_command_does(page: str) -> None:
    rule = "metaimt build comes before it, since it takes only outputs of these very files, and once more after it"
    text = " ".join((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").replace("`", "").split())
    help_ = subprocess.run(
        [sys.executable, "-m", "metaimt", "release", "--help"], capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert rule in text
    assert rule in " ".join(help_.split())
    if page == "updating":
        built, released = text.index("$ metaimt build"), text.index("$ metaimt release")
        assert built < released < text.index("Then metaimt build again")
