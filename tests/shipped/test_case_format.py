"""docs/case-format.md: its example is a case file, and every field of a schema has its row. That it is as it would be
written: test_generated.py."""

from __future__ import annotations

import sys

from conftest import ROOT, MakeReview

sys.path.append(str(ROOT / "tools"))

from case_format import EXAMPLE, case_format_markdown

import metaimt


def test_the_file_that_is_shown_is_a_case_file(make_review: MakeReview) -> None:
    folder = make_review()
    (folder / "literature" / "example-2020.yaml").write_text(EXAMPLE, encoding="utf-8")
    found = metaimt.check(metaimt.read(folder))
    assert [problem for problem in found if problem.file.endswith("example-2020.yaml")] == []


def test_every_field_of_a_schema_has_its_row() -> None:
    """Made up: parts of parts, a part met twice, a long list of terms."""
    part = {
        "type": "object",
        "description": "A part.",
        "properties": {"deep": {"type": "boolean"}},
        "required": ["deep"],
    }
    terms = [f"term-{number}" for number in range(20)]
    schema = {
        "properties": {
            "one": {**part, "description": "A | B."},
            "again": {"type": "array", "items": part},
            "named": {"type": "object", "additionalProperties": {"type": "integer"}},
            "listed": {"enum": terms},
            "either": {"anyOf": [{"type": "number"}, {"type": "array", "minItems": 2, "maxItems": 2}]},
        }
    }
    page = case_format_markdown(schema)
    assert "| `one` | A \\| B. | the fields of [`one`](#one) |" in page
    assert "| **`deep`** |  | true or false |" in page
    assert "| `named` |  | names; each: whole number |" in page
    assert "| `either` |  | number or two numbers in brackets |" in page
    assert "[a term of listed](#terms-of-listed)" in page
    assert all(f"`{term}`" in page for term in terms)
