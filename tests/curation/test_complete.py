"""Identifiers and notices from recorded answers; every publication, identifier and answer is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import metaimt
from conftest import MakeReview, course, patient, report
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.library import read_library
from metaimt.curation import complete, pubmed
from metaimt.curation.complete import BATCH, Found, Notice, Record, completed, identifiers, notices, records_of
from metaimt.curation.fetch import Source, Unknown
from metaimt.curation.pubmed import Perhaps, look_up, pubmed_notices
from metaimt.model.publication import identity
from metaimt.problem import WrongUse

NOTHING = {"term": b'{"esearchresult": {"count": "0", "idlist": []}}', "id": b'{"result": {"uids": []}}'}
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
        found = recorded.get(source.kind, recorded.get(identifier, NOTHING.get(source.kind)))
        if found is None:
            raise Unknown("made up: not known")
        return found

    monkeypatch.setattr(complete, "answer", answered)
    monkeypatch.setattr(pubmed, "answer", answered)
    monkeypatch.setattr("metaimt.cli.complete._PUBMED_SECONDS", 0)
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
    monkeypatch.setattr(pubmed, "answer", refused)
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


def titled(known: dict[str, str] | None = None, **fields: str | int) -> Record:
    """A made-up publication of which the title is known."""
    said: dict[str, Any] = {"title": "Made up: a tumour of the example bladder", "authors": "Specimen A", "year": 2020}
    compared = identity(**{**said, **(known or {}), **fields})
    return Record("made-up.yaml", ("report",), "a", "a", known or {}, (), compared)


@pytest.fixture
def pubmed_web(web: tuple[dict[str, bytes], Asked]) -> Asked:
    """Three answers to a title: the publication, one by another of that family name, and one that cannot be got."""
    web[0]["term"] = (ANSWERS / "esearch.json").read_bytes()
    web[0]["id"] = (ANSWERS / "esummary.json").read_bytes()
    return web[1]


def test_a_title_author_and_year_find_the_ids_in_pubmed(pubmed_web: Asked) -> None:
    one = titled()
    assert list(look_up(one)) == [Found(one, "doi", "10.0000/made-up.11"), Found(one, "pmid", "90000011")]
    assert pubmed_web[0][1] == "made up a tumour of the example bladder[ti] AND specimen[au]"
    by_doi = titled({"doi": "10.0000/MADE-UP.11"}, title="")
    assert list(look_up(by_doi)) == [Found(by_doi, "pmid", "90000011")]
    assert ("", "10.0000/MADE-UP.11[aid]") in pubmed_web


@pytest.mark.usefixtures("pubmed_web")
@pytest.mark.parametrize("change", [{"year": 2019}, {"authors": ""}, {"authors": "Specimen B"}, {"year": ""}])
def test_what_is_uncertain_is_told_and_not_found(change: dict[str, Any]) -> None:
    found = list(look_up(titled(**change)))
    assert found
    assert all(isinstance(each, Perhaps) and each.why and each.title for each in found)


def test_two_that_are_surely_it_are_told_and_not_found(web: tuple[dict[str, bytes], Asked], pubmed_web: Asked) -> None:
    web[0]["id"] = web[0]["id"].replace(b"Specimen Z", b"Specimen A")
    assert [each.why for each in look_up(titled()) if isinstance(each, Perhaps)] == [
        "PubMed has 90000011 and 90000012 of it"
    ] * 2


@pytest.mark.parametrize("known", [{"pmid": "1"}, {}])
def test_pubmed_is_not_asked_for_what_has_an_id_or_no_title(known: dict[str, str], pubmed_web: Asked) -> None:
    assert list(look_up(record(1, **known))) == []
    assert pubmed_web == []


@pytest.mark.parametrize("answer", [b"{}", b'{"esearchresult": []}', b'{"esearchresult": {"idlist": ["x", null]}}'])
def test_an_answer_without_ids_finds_nothing(answer: bytes, web: tuple[dict[str, bytes], Asked]) -> None:
    web[0]["term"] = answer
    assert list(look_up(titled())) == []


def test_what_pubmed_knows_of_retractions(web: tuple[dict[str, bytes], Asked], pubmed_web: Asked) -> None:
    one = record(1, pmid="90000011")
    assert list(pubmed_notices([one, record(2)])) == [
        Notice(one, "correction", "", ""),
        Notice(one, "retraction", "", ""),
    ]
    told = Record("made-up.yaml", ("report",), "a", "a", {"pmid": "90000011"}, ({"kind": "retraction"},))
    assert [each.kind for each in pubmed_notices([told]) if isinstance(each, Notice)] == ["correction"]
    web[0]["id"] = web[0]["id"].replace(b"Case Reports", b"Published Erratum")
    assert (one, "Published Erratum") in list(pubmed_notices([one]))


@pytest.mark.usefixtures("pubmed_web")
def test_pubmed_ids_are_written_and_what_is_uncertain_is_printed(make_review: MakeReview) -> None:
    one, other = (report(f"example-{year}", patient(course())) for year in (2020, 2019))
    for each, year in ((one, 2020), (other, 2019)):
        each["report"] |= {"title": "Made up: a tumour of the example bladder", "authors": "Specimen A", "year": year}
    folder = make_review(one, other)
    done = metaimt("complete", "--fetch", "--write", "--cases", folder)
    assert done.stdout.splitlines()[-1] == "2 identifiers written, 0 against the files, 0 by notice"
    assert 'pmid: "90000011"\n' in (folder / "literature" / "example-2020.yaml").read_text(encoding="utf-8")
    assert "pmid" not in (folder / "literature" / "example-2019.yaml").read_text(encoding="utf-8")
    assert "example-2019.yaml: Specimen 2019 (example-2019): perhaps PMID 90000011 (same title" in done.stdout
    again = metaimt("complete", "--fetch", "--cases", folder).stdout
    assert "example-2020.yaml: Specimen 2020 (example-2020): retraction; read it" in again
    assert "write notices: [{kind: retraction}]" in again
