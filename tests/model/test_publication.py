"""Whether two entries are of the same publication; every title, author and identifier is made up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.model.publication import Identity, identity, key_of, plain_doi, same_publication, title_key

OLD = "10.1002/(SICI)0000-0000(19980101)1:1<1::AID-INV1>3.0.CO;2-K"


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("10.0000/Made-Up", "10.0000/Made-Up"),
        ("https://doi.org/10.0000/made-up", "10.0000/made-up"),
        ("http://dx.doi.org/10.0000/made-up", "10.0000/made-up"),
        ("https://doi.org/10.0000/made-up?utm_source=x&y=1#top", "10.0000/made-up"),
        ("doi: 10.0000/made-up.", "10.0000/made-up"),
        ("DOI 10.0000/made-up;", "10.0000/made-up"),
        ("(10.0000/made-up)", "10.0000/made-up"),
        ("10.0000/made(up)", "10.0000/made(up)"),
        ("10.0000%2Fmade-up", "10.0000/made-up"),
        (OLD, OLD),
        (OLD.replace("<", "%3C").replace(">", "%3E"), OLD),
        (OLD.replace("<", "%253C").replace(">", "%253e"), OLD),
        (OLD.replace("<", "&lt;").replace(">", "&gt;"), OLD),
        ("10.0000/", ""),
        ("10.0/x", ""),
        ("made up", ""),
        ("10.0000/" + "x" * 1000, ""),
    ],
)
def test_a_doi_however_it_is_written(typed: str, plain: str) -> None:
    assert plain_doi(typed) == plain
    assert plain_doi(plain) == plain


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("doi", "10.0000/MADE-UP.", "https://doi.org/10.0000/made-up"),
        ("pmid", "012345", "12345"),
        ("pmid", " PMID: 12345", "12345"),
        ("pmcid", "PMC0012345", "pmc12345"),
        ("pmcid", "PMC12345.1", "PMC12345"),
    ],
)
def test_keys_of_one_identifier(field: str, one: str, other: str) -> None:
    assert key_of(field, one) == key_of(field, other) != ""


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("The Tumour of the <i>bladder</i>: a case report.", ("", "tumourofthebladderacasereport")),
        ("Tumeur de l'\u0153sophage &amp; ALK\u207a", ("", "tumeurdeloesophagealk")),
        ("腫瘍の一例", ("", "腫瘍の一例")),
        ("Erratum to: A made-up tumour", ("correction", "amadeuptumour")),
        ("Author's Correction: A made-up tumour", ("correction", "amadeuptumour")),
        ("A made-up tumour [Corrigendum]", ("correction", "amadeuptumour")),
        ("Retraction note to: A made-up tumour", ("correction", "amadeuptumour")),
        ("Reply to the letter by Otherone", ("reply", "otherone")),
        ("A made-up tumour: authors' reply", ("reply", "amadeuptumour")),
        ("Response to crizotinib in a made-up tumour", ("", "responsetocrizotinibinamadeuptumour")),
        ("A made-up tumour with complete response", ("", "amadeuptumourwithcompleteresponse")),
        ("Comment on: A made-up tumour", ("comment", "amadeuptumour")),
        ("Letter to the Editor: A made-up tumour", ("letter", "amadeuptumour")),
        ("Re: A made-up tumour", ("letter", "amadeuptumour")),
        ("Recurrent made-up tumour", ("", "recurrentmadeuptumour")),
        ("A made-up tumour [abstract]", ("abstract", "amadeuptumour")),
        ("Abstract P123: A made-up tumour", ("abstract", "amadeuptumour")),
        ("", ("", "")),
    ],
)
def test_kind_and_words_of_a_title(title: str, key: tuple[str, str]) -> None:
    assert title_key(title) == key


A: dict[str, Any] = {"title": "Made up: a tumour of the omentum", "authors": "Specimen A, Otherone C", "year": 2020}


@pytest.mark.parametrize(
    ("change", "level", "reason"),
    [
        ({}, "error", "same title, first author, year"),
        ({"authors": None}, "error", "same title, year"),
        ({"year": 2021}, "error", "same title, first author"),
        ({"authors": "Spécimen, Anna; Fourthone, E.", "year": None}, "error", "same title, first author"),
        ({"authors": "Thirdone D", "year": 2021}, "warning", "same title"),
        ({"authors": None, "year": None}, "warning", "same title"),
        ({"title": "THE MADE UP, a Tumour of the omentum."}, "error", "same title, first author, year"),
        ({"title": "Made up: a tumour of the omentum: a case report"}, None, ""),
        ({"title": "Erratum: Made up: a tumour of the omentum"}, "other", "same title, but a paper and a correction"),
        ({"title": "Made up: a tumour of the omentum [abstract]"}, "other", "same title, but a paper and an abstract"),
        ({"title": "Reply to: Made up: a tumour of the omentum"}, "other", "same title, but a paper and a reply"),
        ({"title": None}, None, ""),
    ],
)
def test_titles(change: dict[str, Any], level: str | None, reason: str) -> None:
    one, other = identity(**A), identity(**(A | change))
    found, back = same_publication(one, other), same_publication(other, one)
    assert (found.level if found else None, found.reason if found else "") == (level, reason)
    assert (back.level if back else None) == level


@pytest.mark.parametrize("field", ["doi", "pmid", "pmcid"])
def test_identifiers_come_before_titles(field: str) -> None:
    values = {"doi": ("10.0000/a", "10.0000/b"), "pmid": ("1", "2"), "pmcid": ("PMC1", "PMC2")}[field]
    one, same, another = (identity(**(A | {field: value})) for value in (values[0], values[0], values[1]))
    found = same_publication(one, same)
    assert found is not None
    assert (found.level, found.by) == ("error", field)
    found = same_publication(one, another)
    assert found is not None
    assert (found.level, found.by) == ("warning", "title")
    by_another = identity(**(A | {field: values[1], "authors": "Thirdone D"}))
    found = same_publication(one, by_another)
    assert found is not None
    assert found.level == "other"


def test_an_abstract_in_a_supplement_is_not_the_paper() -> None:
    journals = ("J Inv Oncol 2014;32(15_suppl)", "Made-up Annual Meeting", "J Inv Oncol")
    supplement, meeting, paper = (identity(**A, journal=journal) for journal in journals)
    for abstract in (supplement, meeting):
        found = same_publication(abstract, paper)
        assert found is not None
        assert found.level == "other"
    unknown = same_publication(supplement, identity(**A))
    assert unknown is not None
    assert unknown.level == "error"


@pytest.mark.parametrize("title", ["Reply", "Erratum", "Case report", "Letter to the Editor", "Authors' reply"])
def test_a_title_that_names_nothing_decides_nothing(title: str) -> None:
    one = identity(title=title, year=2020)
    found = same_publication(one, one)
    assert found is None or found.level == "other"


FIELDS = st.fixed_dictionaries(
    {
        "doi": st.sampled_from(["", "10.0000/a", "10.0000/A.", "10.0000/b"]) | st.text(max_size=20),
        "pmid": st.sampled_from(["", "1", "01", "2"]),
        "pmcid": st.sampled_from(["", "PMC1", "pmc01"]),
        "title": st.sampled_from(["", A["title"], f"Erratum: {A['title']}", "Reply"]) | st.text(max_size=40),
        "authors": st.sampled_from(["", "Specimen A", "Otherone C"]) | st.text(max_size=20),
        "journal": st.sampled_from(["", "J Inv", "J Inv (suppl)"]),
        "year": st.sampled_from([None, 2020, 2021]),
    }
)


@given(FIELDS, FIELDS)
def test_it_is_the_same_from_both_sides(one: dict[str, Any], other: dict[str, Any]) -> None:
    mine, theirs = identity(**one), identity(**other)
    found, back = same_publication(mine, theirs), same_publication(theirs, mine)
    assert (found and (found.level, found.by)) == (back and (back.level, back.by))
    itself = same_publication(mine, mine)
    told = any((mine.doi, mine.pmid, mine.pmcid)) or (len(mine.title) >= 12 and bool(mine.author or mine.year))
    assert (itself is not None and itself.level == "error") == told


def test_nothing_is_the_same_as_nothing() -> None:
    assert same_publication(Identity(), Identity()) is None
