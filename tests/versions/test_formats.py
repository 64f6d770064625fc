"""The two forms of a version file: both are read, any changed byte of the text shows, a damaged file is a message."""

from __future__ import annotations

import bz2
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import FROZEN, MakeReview
from hypothesis import given
from hypothesis import strategies as st
from made_up_review import edit, frozen, small_review

from metaimt.casefiles import version_files
from metaimt.casefiles.library import read_library
from metaimt.casefiles.version_files import FORMAT, FORMATS, canonical, fault_in, read_version, sealed, version_paths
from metaimt.checks import check_library
from metaimt.problem import WrongUse
from metaimt.review import diff, load, snapshot, verify
from metaimt.versions.stored import _SECTIONS, read_stored, stored_versions

SMALL = {"version": "2026.1", "text": ["a", "é"], "number": 0.125, "empty": {}}
PLAIN, PACKED = FORMATS
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def whole(ending: str) -> bytes:
    """A made-up version file."""
    return sealed({"format": FORMATS[ending], **SMALL})


@given(st.dictionaries(TEXT.filter(lambda name: name not in {"format", "version", "seal"}), JSON, max_size=4))
def test_any_content_comes_back(tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]) -> None:
    path = tmp_path_factory.getbasetemp() / f"2026.1{PACKED}"
    content |= {"format": FORMAT, "version": "2026.1"}
    path.write_bytes(sealed(content))
    found = read_version(path)
    assert found.pop("seal")["sections"].keys() == content.keys()
    assert found == canonical(content)


@pytest.mark.parametrize("ending", FORMATS)
def test_any_changed_byte_of_the_text_shows(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"2026.1{ending}"
    pack = bz2.compress if ending == PACKED else bytes
    text = bz2.decompress(whole(ending)) if ending == PACKED else whole(ending)
    path.write_bytes(pack(text))
    assert fault_in(path) is None
    for place in range(len(text)):
        for byte in {text[place] ^ 1, text[place] ^ 32, ord(" "), ord("\n")} - {text[place]}:
            path.write_bytes(pack(text[:place] + bytes([byte]) + text[place + 1 :]))
            assert fault_in(path) is not None, (place, byte)
        path.write_bytes(pack(text[:place] + text[place + 1 :]))
        assert fault_in(path) is not None, place


def test_a_compressed_file_cut_or_changed_anywhere_is_a_fault_or_the_same_text(tmp_path: Path) -> None:
    path, packed = tmp_path / f"2026.1{PACKED}", whole(PACKED)
    for place in range(len(packed)):
        path.write_bytes(packed[:place])
        assert fault_in(path) is not None, place
        for bit in range(8):
            path.write_bytes(packed[:place] + bytes([packed[place] ^ 1 << bit]) + packed[place + 1 :])
            if fault_in(path) is None:
                assert bz2.decompress(path.read_bytes()) == bz2.decompress(packed)


def test_the_text_compressed_by_another_program_is_the_same_version(tmp_path: Path) -> None:
    path = tmp_path / f"2026.1{PACKED}"
    path.write_bytes(bz2.compress(bz2.decompress(whole(PACKED)), 1))
    assert path.read_bytes() != whole(PACKED)
    assert fault_in(path) is None


TEXT_OF_2 = bz2.decompress(whole(PACKED))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read: it is cut short"),
        (whole(PACKED)[:-9], "cannot be read: it is cut short"),
        (whole(PACKED) + b"more", "cannot be read: something stands behind its end"),
        (whole(PACKED) * 2, "cannot be read: something stands behind its end"),
        (TEXT_OF_2, "cannot be read: it is damaged, or was not compressed by bzip2"),
        (gzip.compress(TEXT_OF_2), "cannot be read: it is damaged, or was not compressed by bzip2"),
        (bz2.compress(b"{"), "is not the JSON that was frozen"),
        (bz2.compress(b"[" * 100_000), "is nested too deep|is not the JSON"),
        (bz2.compress(b"\xff"), "is not the JSON that was frozen"),
        (bz2.compress(b"[1]"), "has no seal"),
        (bz2.compress(whole(PLAIN)), "its format is 1; this metaimt reads 1 in .json files, 2 in .json.bz2 files"),
        (bz2.compress(b" " * 2**20), "cannot be read: it unpacks to more than 1 MB"),
    ],
)
def test_what_is_no_such_file_is_a_message(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version_files, "LARGEST", 2**20 - 1)
    path = tmp_path / f"2026.1{PACKED}"
    path.write_bytes(content)
    with pytest.raises(WrongUse, match=said):
        read_version(path)


def test_what_could_not_be_read_again_is_not_frozen() -> None:
    content = {"format": FORMAT, "version": "2026.1", "text": "a" * (17 * 2**20)}
    with pytest.raises(WrongUse, match="would unpack to 17 MB, more than is read"):
        sealed(content)


def test_records_without_a_digest_are_not_of_the_form(tmp_path: Path) -> None:
    """A seal can be made for any content."""
    folder = tmp_path / "versions"
    folder.mkdir()
    sections: dict[str, Any] = {name: {} for name in _SECTIONS}
    sections |= {"warnings": [], "records": {"smith-2020": {"file": "x"}}}
    (folder / f"2026.1{PACKED}").write_bytes(sealed({"format": FORMAT, "version": "2026.1", **sections}))
    with pytest.raises(WrongUse, match="its part 'records' has not the form that metaimt writes"):
        read_stored(tmp_path, "2026.1")


def test_a_small_file_does_not_unpack_to_a_flood(tmp_path: Path) -> None:
    path = tmp_path / f"2026.1{PACKED}"
    path.write_bytes(bz2.compress(b"[" + b" " * 17 * 2**20))
    with pytest.raises(WrongUse, match="cannot be read: it unpacks to more than 16 MB"):
        read_version(path)


def test_an_unpacked_file_of_format_2_is_told(tmp_path: Path) -> None:
    path = tmp_path / f"2026.1{PLAIN}"
    path.write_bytes(TEXT_OF_2)
    fault = fault_in(path)
    assert fault is not None and fault.message.startswith("its format is 2")


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    """A made-up review whose 2026.1 is of format 1, as versions were written first."""
    folder = small_review(make_review)
    new = frozen(folder) / "versions" / f"2026.1{PACKED}"
    content = {name: part for name, part in read_version(new).items() if name != "seal"}
    new.with_name(f"2026.1{PLAIN}").write_bytes(sealed({**content, "format": 1}))
    new.unlink()
    return folder


@pytest.mark.usefixtures("remembered")
def test_both_forms_side_by_side(review: Path) -> None:
    edit(review / "literature" / "example-a.yaml", "response: PR", "response: SD")
    edit(review / "review.yaml", 'version: "2026.1"', 'version: "2026.2"')
    snapshot("2026.2", review)
    assert [path.name for path in version_paths(review).values()] == [f"2026.1{PLAIN}", f"2026.2{PACKED}"]
    assert read_stored(review, "2026.2").content["former"]["seal"] == read_stored(review, "2026.1").digest
    assert load(review).library.protocol is not None, "validate refuses neither"
    assert verify("2026.1", review).holds and verify("2026.2", review).holds
    assert [one.id for one in diff("2026.1", "2026.2", review).records.edited] == ["example-a"]
    assert [release.version for release in diff(cases=review).history] == ["2026.2", "2026.1"]


def test_two_files_of_one_version(review: Path) -> None:
    plain = review / "versions" / f"2026.1{PLAIN}"
    shutil.copy(plain, plain.with_name(f"2026.1{PACKED}"))
    assert stored_versions(review) == ("2026.1",)
    told = [problem for problem in check_library(read_library(review)) if problem.severity == "error"]
    assert [Path(problem.file).name for problem in told] == [f"2026.1{PLAIN}", f"2026.1{PACKED}"]
    assert {problem.rule for problem in told} == {"version-name"}
    assert "are two files of version 2026.1, which has one" in told[0].message
    with pytest.raises(WrongUse, match="are two files of version"):
        read_stored(review, "2026.1")
    found = verify(cases=review)
    assert found.fault is not None and not found.holds


def test_an_edit_of_a_shipped_file_of_format_1_shows(tmp_path: Path) -> None:
    shutil.copytree(FROZEN / "cases" / "versions", tmp_path / "versions")
    path = tmp_path / "versions" / f"2026.1{PLAIN}"
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["format"] == 1
    assert fault_in(path) is None
    path.write_text(text.replace('"responders": 1', '"responders": 0', 1), encoding="utf-8")
    fault = fault_in(path)
    assert fault is not None and fault.line > 1
