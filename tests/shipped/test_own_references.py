"""The review's own reference lists, read as a search would give them: each is known, or somebody is told to compare."""

from __future__ import annotations

import pytest
from conftest import ROOT

from metaimt.casefiles.library import read_library
from metaimt.curation.new_case import Known
from metaimt.curation.reference_formats import parse_references
from metaimt.curation.search_records import add_search


@pytest.mark.parametrize("name", ["references.ris", "references.bib"])
def test_no_reference_of_the_review_is_new_without_a_word(name: str) -> None:
    library = read_library(ROOT / "cases")
    references = parse_references((ROOT / "outputs" / name).read_text(encoding="utf-8"))
    added = add_search(Known(library), (), references, "self", "2026-11-30")
    compared = {pair.one for pair in added.unsure if pair.other in library.by_id}
    compared |= {pair.other for pair in added.unsure if pair.one in library.by_id}
    main = {record.id: record.duplicate_of or record.id for record in added.records}
    assert [own for own in added.own if main[own] not in library.by_id and main[own] not in compared] == []
    assert sum(main[own] in library.by_id for own in added.own) > len(references) / 2
