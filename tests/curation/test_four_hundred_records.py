"""400 records of 280 publications, as seven exporters write them, one search each: everything here is made up.

A family is seven publications that look alike: a paper, its erratum, the reply to it by others, an abstract of the same
title, a paper of that title by others and one by somebody of that family name, and a second part. Two families in five
are case 1 and case 2 of one supplement, under one DOI. What an exporter leaves out or writes otherwise is drawn.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pytest
from conftest import MakeReview, course, patient, report

from metaimt.casefiles.library import read_library
from metaimt.casefiles.records import Record
from metaimt.curation.new_case import Known
from metaimt.curation.reference_formats import parse_references
from metaimt.curation.search_records import add_search, uncertain

FAMILIES, RECORDS = 40, 400
ANIMALS = ["griffin", "unicorn", "phoenix", "basilisk", "sphinx", "hydra", "kraken", "dragon", "centaur", "chimera"]
PLACES = ["bladder", "lung", "orbit", "stomach"]
NAMES = ["Specimen", "Müster", "Probe", "Quill"]


@dataclass(frozen=True)
class Work:
    """A publication; `truth` tells it from all others."""

    truth: str
    title: str
    family: str
    initials: str
    year: int
    journal: str
    doi: str = ""
    pmid: str = ""


def family(number: int) -> list[Work]:
    """Seven publications that look alike."""
    animal, place = ANIMALS[number % 10], PLACES[number // 10]
    title = f"Made up: an inflammatory tumour of the {place} of a {animal}, a report"
    name, year = NAMES[number % 4], 2010 + number % 10
    base = Work(
        f"{number}-paper",
        title,
        name,
        "AB",
        year,
        "Journal of Made Up Cases",
        f"10.9999/a.{number}",
        str(9000000 + number),
    )
    other: dict[str, Any] = {"doi": f"10.9999/b.{number}", "pmid": str(9100000 + number)}
    second = replace(base, truth=f"{number}-second", title=f"{title}, part II", doi=f"10.9999/g.{number}", pmid="")
    if number % 5 < 2:
        base = replace(base, title=f"{title}: case 1", doi=f"10.9999/s.{number}", pmid="")
        second = replace(base, truth=f"{number}-second", title=f"{title}: case 2")
    return [
        base,
        replace(base, truth=f"{number}-erratum", title=f"Erratum to: {base.title}", doi="", pmid=""),
        replace(base, truth=f"{number}-reply", title=f"Re: {base.title}", family="Elsewhere", doi="", pmid=""),
        replace(base, truth=f"{number}-abstract", journal="Made Up Pathology Suppl", doi="", pmid=""),
        replace(base, truth=f"{number}-others", family="Another", journal="Other Annals", **other),
        replace(base, truth=f"{number}-namesake", initials="Z", journal="Archives of Nothing", doi="", pmid=""),
        second,
    ]


def ris(work: Work) -> str:
    ends = [f"DO  - {work.doi}"] if work.doi else []
    lines = [
        f"TI  - {work.title}",
        f"AU  - {work.family}, {'. '.join(work.initials)}.",
        f"PY  - {work.year}",
        f"JO  - {work.journal}",
    ]
    return "\n".join(["TY  - JOUR", *lines, *ends, "ER  - ", ""])


def nbib(work: Work) -> str:
    lines = [f"PMID- {work.pmid}"] if work.pmid else ["OWN - NLM"]
    lines += [
        f"TI  - {work.title}.",
        f"AU  - {work.family} {work.initials}",
        f"DP  - {work.year} Jan",
        f"JT  - {work.journal}",
    ]
    return "\n".join([*lines, *([f"LID - {work.doi} [doi]"] if work.doi else []), "", ""])


def bibtex(work: Work) -> str:
    fields = {
        "title": f"{{{work.title}}}",
        "author": f"{work.family}, {work.initials[0]}.",
        "year": str(work.year),
        "journal": work.journal,
    }
    fields |= {"doi": work.doi} if work.doi else {}
    return f"@article{{x{work.truth}, {', '.join(f'{key} = {{{value}}}' for key, value in fields.items())}}}\n"


def enw(work: Work) -> str:
    ends = [f"%R https://doi.org/{work.doi}"] if work.doi else []
    lines = [f"%T {work.title.upper()}", f"%A {work.family}, {work.initials}", f"%D {work.year}", f"%J {work.journal}"]
    return "\n".join(["%0 Journal Article", *lines, *ends, "", ""])


def csl(work: Work) -> str:
    entry = {
        "type": "article-journal",
        "title": work.title.replace("tumour", "<i>tumour</i>"),
        "author": [{"family": work.family, "given": " ".join(work.initials)}],
        "issued": {"date-parts": [[work.year]]},
        "container-title": work.journal,
    }
    return json.dumps({**entry, **({"DOI": work.doi.upper()} if work.doi else {})})


def scopus(work: Work) -> str:
    cells = (
        f"{work.family} {work.initials[0]}.",
        work.title.replace("tumour", "tumor"),
        work.year,
        work.journal,
        work.doi,
    )
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def endnote(work: Work) -> str:
    doi = f"<electronic-resource-num>{work.doi}</electronic-resource-num>" if work.doi else ""
    return (
        f"<record><contributors><authors><author>{work.family}, {work.initials}</author></authors></contributors>"
        f"<titles><title>{work.title}</title><secondary-title>{work.journal}</secondary-title></titles>"
        f"<dates><year>{work.year}</year></dates>{doi}</record>"
    )


EXPORTERS: dict[str, tuple[Callable[[Work], str], str, str, str]] = {  # how a record is written, and what is around it
    "ris": (ris, "", "", ""),
    "nbib": (nbib, "", "", ""),
    "bibtex": (bibtex, "", "", ""),
    "enw": (enw, "", "", ""),
    "csl": (csl, "[", ",", "]"),
    "scopus": (scopus, "Authors,Title,Year,Source title,DOI\n", "", ""),
    "endnote": (endnote, "<xml><records>", "", "</records></xml>"),
}


def otherwise(work: Work, drawn: random.Random) -> Work:
    """The same publication with less, or as another database has it."""
    changes: list[dict[str, object]] = [
        {},
        {"doi": "", "pmid": ""},
        {"pmid": ""},
        {"journal": " ".join(word if len(word) < 5 else word[:4] for word in work.journal.split())},
        {"year": work.year + 1},
        {"title": work.title.replace("inflammatory", "inflamatory")},
    ]
    return replace(work, **drawn.choice(changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [20, 21, 22])
def test_no_false_merge_and_every_duplicate_is_found_or_listed(make_review: MakeReview, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - no secret
    works = [work for number in range(FAMILIES) for work in family(number)]
    assert len(works) == 280
    written = [*works, *(drawn.choice(works) for _ in range(RECORDS - len(works)))]
    drawn.shuffle(written)
    known = Known(read_library(make_review(report("example-2020", patient(course())))))
    records: tuple[Record, ...] = ()
    truth: dict[str, str] = {}
    for k, (source, (write, before, between, after)) in enumerate(EXPORTERS.items()):
        mine = [otherwise(work, drawn) for work in written[k :: len(EXPORTERS)]]
        references = parse_references(before + between.join(map(write, mine)) + after)
        assert len(references) == len(mine), source
        added = add_search(known, records, references, source, "2026-11-30")
        for name, work in zip(added.own, mine, strict=True):
            assert truth.setdefault(name, work.truth) == work.truth, "two publications in one row"
        records = added.records
    assert sum(len(record.sources) for record in records) == RECORDS
    joined = [(truth[one.id], truth[one.duplicate_of]) for one in records if one.duplicate_of]
    assert [pair for pair in joined if len({*pair}) > 1] == [], "false merges"
    main: dict[str, list[str]] = {}
    for record in records:
        if not record.duplicate_of:
            main.setdefault(truth[record.id], []).append(record.id)
    listed = {frozenset((each.one, each.other)) for each in uncertain(known, records)}
    apart = [pair for ids in main.values() for pair in combinations(ids, 2)]
    assert [pair for pair in apart if frozenset(pair) not in listed] == [], "duplicates that nobody is told of"
    assert RECORDS - sum(map(len, main.values())) >= 60, "half of the 120 are merged, the others listed"
