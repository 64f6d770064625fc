"""Identifiers and notices from recorded answers; every publication, identifier and answer is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import metaimt
from conftest import MakeReview, course, patient, report
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.library import read_library
from metaimt.curation import complete
from metaimt.curation.complete import BATCH, Found, Record, completed, identifiers, notices, records_of
from metaimt.curation.fetch import Source, Unknown
from metaimt.problem import WrongUse

ANSWERS = Path(__file__).parent / "answers"
Asked = list[tuple[str, str]]
CASE = """# Made up.
report:   # the bibliography
    id: example-2024
    doi: 10.0000/made-up.1   # as printed
    design: case_report
patients: [{id: P1, courses: [{drug: crizotinib}]}]
"""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, bytes], Asked]:
    """Recorded answers by kind of source; what is not recorded is unknown."""
    recorded = {
        "ids": (ANSWERS / "idconv.json").read_bytes(),
        "10.0000/made-up.1": (ANSWERS / "crossref.json").read_bytes(),
    }
    asked: Asked = []

    def answered(source: Source, identifier: str, *, before: str = "") -> bytes:
        asked.append((before, identifier))
        found = recorded.get(source.kind, recorded.get(identifier))
        if found is None:
            raise Unknown("made up: not known")
        return found

    monkeypatch.setattr(complete, "answer", answered)
    return recorded, asked


def record(number: int, **known: str) -> Record:
    return Record("made-up.yaml", ("report",), f"example-{number}", f"Example {number}", known)


def test_what_the_converter_knows_is_found_and_a_contradiction_is_told(web: tuple[dict[str, bytes], Asked]) -> None:
    one = record(1, doi="10.0000/made-up.1")
    two = record(2, doi="10.0000/made-up.2", pmid="90000099")
    three = record(3, doi="10.0000/made-up.3")
    whole = record(4, doi="10.0000/made-up.4", pmid="1", pmcid="PMC1")
    found = list(identifiers([one, three, whole]))
    assert found == [Found(one, "pmid", "90000001"), Found(one, "pmcid", "PMC90000001")]
    assert web[1] == [("idtype=doi&ids=", "10.0000/made-up.1,10.0000/made-up.3")]
    recorded = json.loads(web[0]["ids"])
    recorded["records"][1]["requested-id"] = "90000099"
    recorded["records"][1]["pmid"] = "90000002"
    web[0]["ids"] = json.dumps(recorded).encode()
    assert Found(two, "pmid", "90000002", "90000099") in list(identifiers([two]))


def test_a_request_holds_no_more_ids_than_the_converter_takes(web: tuple[dict[str, bytes], Asked]) -> None:
    list(identifiers([record(k, doi=f"10.0000/other.{k}") for k in range(BATCH + 1)]))
    assert [len(ids.split(",")) for _, ids in web[1]] == [BATCH, 1]


@pytest.mark.parametrize("answer", [b"", b"[]", b"\xff", b"[" * 100_000, b"null"])
def test_an_answer_of_another_form_is_told(answer: bytes, web: tuple[dict[str, bytes], Asked]) -> None:
    web[0]["ids"] = answer
    with pytest.raises(WrongUse, match="the ID Converter answers with"):
        list(identifiers([record(1, doi="10.0000/made-up.1")]))


def test_notices_are_told_once(web: tuple[dict[str, bytes], Asked]) -> None:
    found = notices(record(1, doi="10.0000/made-up.1"))
    assert [each.entry for each in found or ()] == [
        'notices: [{kind: correction, doi: 10.0000/made-up.notice-1, date: "2025-12"}]',
        'notices: [{kind: retraction, doi: 10.0000/made-up.notice-2, date: "2026-03-01"}]',
    ]
    written = ({"kind": "retraction", "doi": "10.0000/MADE-UP.notice-2"}, {"kind": "correction"})
    told = Record("made-up.yaml", ("report",), "a", "a", {"doi": "10.0000/made-up.1"}, written)
    assert notices(told) == ()
    assert notices(record(2, doi="10.0000/unknown")) is None


def test_a_found_identifier_is_the_only_line_that_is_new() -> None:
    one = record(1)
    text = completed(
        "made-up.yaml", CASE.encode(), [Found(one, "pmid", "90000001"), Found(one, "pmcid", "PMC1")]
    ).decode()
    new = ['    pmid: "90000001"\n', "    pmcid: PMC1\n"]
    lines = text.splitlines(keepends=True)
    assert lines[4:6] == new
    assert "".join(line for line in lines if line not in new) == CASE


@given(
    comments=st.lists(st.text("#é :-[]{}'\"ab", max_size=20), min_size=1, max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
)
def test_in_a_list_with_any_comments_every_other_byte_stays(comments: list[str], end: str, last: bool) -> None:
    entries = [f"# {note}{end}- id: a-{k}{end}  reason: >-{end}    made up{end}" for k, note in enumerate(comments)]
    text = "".join(entries) + f"- reason: made up{end}  id: z{'' if last else end}"
    at = len(comments)
    new = completed(
        "excluded.yaml", text.encode(), [Found(Record("excluded.yaml", (at,), "z", "z", {}), "doi", "10.0000/x")]
    ).decode()
    assert new.replace(f"{end}  doi: 10.0000/x", "", 1) == text + (end if last else "")


def test_what_stands_in_braces_is_left_to_a_person() -> None:
    text = "report: {id: example-2024, design: case_report}\n"
    with pytest.raises(WrongUse, match=r"doi: 10\.0000/x of example-1 could not be put in its place; write it by hand"):
        completed("made-up.yaml", text.encode(), [Found(record(1), "doi", "10.0000/x")]).decode()


def test_without_fetch_what_is_missing_is_listed_and_nothing_asked(
    make_review: MakeReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(complete, "answer", refused)
    one = report("example-2024", patient(course()))
    one["report"] |= {"doi": "10.0000/made-up.1", "authors": "Example A, Other B", "year": 2024}
    folder = make_review(one)
    (folder / "excluded.yaml").write_text("- {id: other-2020, pmid: '90000009', reason: made up}\n", encoding="utf-8")
    assert [each.lacks for each in records_of(read_library(folder))] == [("pmid",), ("doi",)]
    done = metaimt("complete", "--cases", folder)
    assert done.returncode == 0
    assert "Example 2024 (example-2024): no PMID; DOI 10.0000/made-up.1" in done.stdout
    assert "Of 1 case files: 0 no DOI, 1 no PMID" in done.stdout
    assert metaimt("complete", "--write", "--cases", folder).returncode == 2


def test_fetch_and_write(make_review: MakeReview, web: tuple[dict[str, bytes], Asked]) -> None:
    one = report("example-2024", patient(course()))
    one["report"]["doi"] = "10.0000/made-up.1"
    folder = make_review(one)
    done = metaimt("complete", "--fetch", "--write", "--cases", folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        1,
        "2 identifiers written, 0 against the files, 1 by notice",
    )
    assert 'pmid: "90000001"\n  pmcid' in (folder / "literature" / "example-2024.yaml").read_text(encoding="utf-8")
    again = metaimt("complete", "--fetch", "--write", "--cases", folder)
    assert again.stdout.splitlines()[-1] == "0 identifiers written, 0 against the files, 1 by notice"
