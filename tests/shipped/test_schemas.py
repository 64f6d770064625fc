"""Every file of the shipped review fits the schema of its kind, by which an editor checks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from metaimt.casefiles.library import read_library
from metaimt.casefiles.schema import SCHEMAS, review_schema

REVIEWS = [path.parent for path in (ROOT / "cases" / "review.yaml", *sorted(ROOT.glob("examples/*/review.yaml")))]
KINDS = {"literature": "case", "local": "case", "second-reading": "second-reading"}


@pytest.mark.parametrize("folder", REVIEWS, ids=lambda folder: folder.name)
def test_each_file_fits_the_schema_of_its_kind(folder: Path) -> None:
    library = read_library(folder)
    checks = {name: Draft7Validator(review_schema(name, library.vocabulary)) for name in SCHEMAS}
    seen, wrong = set(), {}
    for name, document in library.documents.items():
        inside = Path(name).relative_to(folder).parts[0]
        kind = KINDS.get(inside, Path(name).stem)
        seen.add(kind)
        if found := [each.message for each in checks[kind].iter_errors(document.data)]:
            wrong[name] = found
    assert wrong == {}
    assert {"case", "review", "searches"} <= seen
