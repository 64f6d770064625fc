"""Property of every reader: a damaged file is read or refused by the reader's own error, and never by another.

The files are the made-up ones of the tests, cut, doubled and mixed as hypothesis likes; `fuzz.py` tries the same
readers for longer, guided by the lines that are reached.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from workbooks import sound

from metaimt.casefiles.cohort_mapping import CohortMapping
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.reading import read_model
from metaimt.casefiles.strict_yaml import parse
from metaimt.casefiles.studies import UnreadableStudies, read_studies
from metaimt.curation.reference_formats import parse_references
from metaimt.vocabulary import built_in

REFERENCES = "tests/curation/references/*"
SEEDS = {
    "case": ("tests/casefiles/accepted/**/*.yaml", "tests/casefiles/rejected/**/*.yaml"),
    "mapping": ("examples/**/*.mapping.yaml",),
    **{ending: (f"{REFERENCES}.{ending}",) for ending in ("ris", "nbib", "bib", "enw", "xml", "json")},
    "csv": ("tests/**/*.csv",),
    "xlsx": (),
}


@cache
def seeds(kind: str) -> list[bytes]:
    paths = sorted(path for pattern in SEEDS[kind] for path in ROOT.glob(pattern))
    found = [path.read_bytes() for path in paths if path.stat().st_size < 20_000] if paths else [sound()]
    assert found and bool(paths) == bool(SEEDS[kind])
    return found


@st.composite
def damaged(draw: st.DrawFn, kind: str) -> bytes:
    """One of the files with up to four parts left out, doubled, put elsewhere or changed."""
    content = draw(st.sampled_from(seeds(kind)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 200)))
        part, place = content[start:end], draw(st.integers(0, len(content)))
        change = draw(st.sampled_from(("left out", "doubled", "elsewhere", "other bytes")))
        if change == "left out":
            content = content[:start] + content[end:]
        elif change == "doubled":
            content = content[:end] + part + content[end:]
        elif change == "elsewhere":
            content = content[:place] + part + content[place:]
        else:
            content = content[:start] + draw(st.binary(max_size=12)) + content[end:]
    return content


def reads(kind: str, content: bytes, path: Path) -> None:
    if kind in {"case", "mapping"}:
        read_model(parse("x", content), CaseFile if kind == "case" else CohortMapping, built_in())
    elif kind in {"csv", "xlsx"}:
        path.write_bytes(content)
        try:
            read_studies(path)
        except UnreadableStudies as refused:
            assert str(refused)
    else:
        try:
            parse_references(content.decode("utf-8", "replace"))
        except ValueError as refused:
            assert str(refused)


@pytest.mark.parametrize("kind", SEEDS)
def test_a_damaged_file_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{kind}"
    check: Callable[[], None] = given(damaged(kind))(lambda content: reads(kind, content, path))
    check()


FOUND = ROOT / "tests" / "hostile" / "seeds.zip"
READERS = ("bib", "case", "csl", "csv", "enw", "mapping", "nbib", "ris", "scopus", "xlsx", "xml")


@pytest.mark.parametrize("kind", READERS)
def test_what_the_fuzzer_found_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    """Texts that reached lines of the reader that no other did."""
    with zipfile.ZipFile(FOUND) as kept:
        contents = [kept.read(name) for name in kept.namelist() if name.startswith(f"{kind}/")]
    assert contents
    for content in contents:
        reads(kind, content, tmp_path / f"t.{kind}")
