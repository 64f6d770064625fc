"""A frozen version: what it holds, its number, its bytes, and that it is never written over."""

from __future__ import annotations

import bz2
import json
import re
from pathlib import Path

import pytest
from conftest import ROOT, MakeReview, course, patient, report
from hypothesis import example, given
from hypothesis import strategies as st
from made_up_review import contents, edit, frozen, small_review, write

from metaimt.casefiles.library import read_library
from metaimt.casefiles.version_files import canonical, digest_of, read_version, version_key
from metaimt.problem import Blocked, WrongUse
from metaimt.review import load, respond, snapshot
from metaimt.serialise import to_json
from metaimt.versions.changes import refuse_number
from metaimt.versions.side import texts_of
from metaimt.versions.stored import read_stored, unpack


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    """A made-up review without a version."""
    return small_review(make_review)


def release(review: Path, old: str, new: str) -> None:
    edit(review / "review.yaml", f'version: "{old}"', f'version: "{new}"')
    snapshot(new, review)


@pytest.mark.usefixtures("remembered")
def test_what_a_version_holds(review: Path) -> None:
    path, _ = snapshot("2026.1", review)
    assert path == review / "versions" / "2026.1.json.bz2"
    content = read_version(path)
    documented = set(re.findall(r"(?m)^\| `([a-z_]+)` \|", (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")))
    assert set(content) == documented
    assert set(content["records"]) == {"example-a", "example-b", "example-c", "example-d"}
    assert content["analysis_set"]["example-b/P1"]["groups"]["strict"] == ["inferred", "disputed"]
    assert content["analysis_set"]["example-d/arm1"] == {
        "evaluable": 12,
        "responders": 8,
        "groups": {
            **content["analysis_set"]["example-d/arm1"]["groups"],
            "strict": "counted",
            "all_evidence": "counted",
        },
    }
    assert content["protocol"]["priors"]["mu"] == [1.0, 1.0]
    assert content["results"]["pools"]["strict"]["evaluable"] == 14
    assert content["packages"]["metaimt"]
    assert content["defaults"]["statistics.posterior.pool_proportion(level)"] == 0.95
    assert content["status"] == "update_in_progress"


def test_a_version_is_sorted_json_and_two_are_the_same_bytes(review: Path, tmp_path: Path) -> None:
    path, _ = snapshot("2026.1", review)
    once = path.read_bytes()
    path.unlink()
    snapshot("2026.1", review)
    assert path.read_bytes() == once
    text = bz2.decompress(once)
    assert len(once) < len(text) / 4
    assert text.decode() == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert str(tmp_path).encode() not in text


@pytest.mark.usefixtures("remembered")
def test_the_files_come_back_as_they_were(review: Path, tmp_path: Path) -> None:
    path = review / "literature" / "example-a.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + "# é \u2603".encode())
    snapshot("2026.1", review)
    stored = read_stored(review, "2026.1")
    assert stored.texts == texts_of(read_library(review))
    unpack(stored.texts, tmp_path / "again")
    assert texts_of(read_library(tmp_path / "again")) == stored.texts
    before, after = to_json(respond(load(review))[1]), to_json(respond(load(tmp_path / "again"))[1])
    assert before == after


@pytest.mark.parametrize("name", ["../x.yaml", "/etc/x.yaml", "literature/../../x.yaml", "literature/a/b.yaml", "x.py"])
def test_a_file_with_a_name_from_elsewhere_is_not_unpacked(name: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="is no file of a review"):
        unpack({"review.yaml": "", name: ""}, tmp_path / "here")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("remembered")
def test_the_next_version_names_the_one_before_and_its_seal(review: Path) -> None:
    path = frozen(review) / "versions" / "2026.1.json.bz2"
    write(review, report("example-e", patient(course("PD"))))
    release(review, "2026.1", "2026.2")
    content = read_version(review / "versions" / "2026.2.json.bz2")
    assert content["former"] == {"version": "2026.1", "seal": read_version(path)["seal"]["all"]}
    assert (content["changes"]["since"], content["changes"]["kinds"][-1]) == ("2026.1", "evidence added")
    assert "added: example-e (case report, 1 patient)" in content["changes"]["news"]
    assert any(line.startswith("Conclusion test: ") for line in content["changes"]["news"])


@pytest.mark.usefixtures("remembered")
def test_a_frozen_version_is_never_written_over(review: Path) -> None:
    frozen(review)
    before = contents(review)
    write(review, report("example-e", patient(course("PD"))))
    with pytest.raises(WrongUse, match=r"2026\.1 is frozen already and stays as it is; the next one is 2026\.2"):
        snapshot("2026.1", review)
    assert contents(review / "versions") == {"2026.1.json.bz2": before["versions/2026.1.json.bz2"]}


@pytest.mark.parametrize(
    ("known", "wanted", "said"),
    [
        ((), "2026.2", r"2026\.2 does not follow no version; next: 2026\.1"),
        (("2026.1",), "2026.3", r"does not follow 2026\.1; next: 2026\.2"),
        (("2026.1", "2027.1"), "2026.2", r"does not follow 2027\.1"),
        (("2026.9",), "2026.10", ""),
        (("2026.1",), "2027.1", ""),
        ((), "v1", "'v1' is no version number; write YEAR.N"),
        ((), "2026.01", "is no version number"),
        ((), "2026.0", "is no version number"),
        ((), "../2026.1", "is no version number"),
    ],
)
def test_version_numbers(known: tuple[str, ...], wanted: str, said: str, review: Path) -> None:
    protocol = load(review).protocol.model_copy(update={"version": wanted})
    if said:
        with pytest.raises(WrongUse, match=said):
            refuse_number(wanted, known, protocol)
    else:
        refuse_number(wanted, known, protocol)


def test_the_protocol_names_the_version_first(review: Path) -> None:
    frozen(review)
    with pytest.raises(WrongUse, match=r'review.yaml says version 2026\.1; write version: "2026\.2" there first'):
        snapshot("2026.2", review)


def test_files_with_errors_are_not_frozen(review: Path) -> None:
    edit(review / "literature" / "example-a.yaml", "response: PR", "response: Partial")
    with pytest.raises(Blocked):
        snapshot("2026.1", review)
    assert not (review / "versions").exists()


def test_versions_are_ordered_by_number() -> None:
    assert sorted(["2026.10", "2026.9", "2027.1"], key=lambda name: version_key(name) or (0, 0)) == [
        "2026.9",
        "2026.10",
        "2027.1",
    ]
    assert version_key("2026.1.json") is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
@example(None, 1.7976931349e308)
def test_digests_differ_as_the_values_do(one: object, other: object) -> None:
    same = json.dumps(canonical(one), sort_keys=True) == json.dumps(canonical(other), sort_keys=True)
    assert (digest_of(one) == digest_of(other)) is same
