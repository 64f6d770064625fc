"""docs/case-format.md: every field of a case file, made of the schema that editors read.

`python tools/regenerate.py case_format` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MOST_TERMS: Final = 13
"""A longer list of terms has a place of its own at the end of the page."""

EXAMPLE: Final = """\
# Made up: nobody described here exists.
report:
  id: example-2020
  title: An epithelioid tumour of the omentum given crizotinib
  authors: Example AB, Other C
  year: 2020
  design: case_report
extraction:
  depth: full_text
  by: reader-1
  checked_by: reader-2
  date: "2026-11-30"
patients:
  - id: P1
    age: 34
    sex: female
    site: abdomen
    histology: EIMS
    ihc: {ALK: positive}
    fusion_gene: ALK
    fusion_partner: RANBP2
    courses:
      - drug: crizotinib
        response: PR
        response_basis: stated
        response_as_stated: partial response after two months
        duration_months: 9
        ongoing: false
        stop_reason: progression
"""

_PLAIN: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "names and values",
}
_INTRO: Final = """\
# The case format

One YAML file a publication, in `cases/literature/`, or in `cases/local/` for patients of the review's own hospital.
Write what the source says and leave out what it does not: what is left out is "not stated", never guessed.

This page is generated from the schema (`metaimt schema`), which an editor reads to complete and check what is typed
([editors.md](editors.md)). The schema knows fields and terms; what contradicts what is a matter of
[the rules](rules.md). `metaimt new` begins a file ([tutorial.md](tutorial.md)). Terms are those of this review; another
has its own ([your-own-review.md](your-own-review.md)).

## A whole file

```yaml
{example}```

A group of patients that is published only as counts is an entry of `arms` instead of `patients`. A file without either
has a `table` of patients ([cohort.md](cohort.md)), or the status `pending`.

Required fields are **bold**; the others are left out where the source says nothing. Nothing else is a field: a name
that is not below is an error, with the nearest name.
"""


@dataclass
class _Page:
    """The tables as they are met, and the lists of terms that are too long for a cell."""

    tables: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    terms: dict[tuple[str, ...], str] = field(default_factory=dict)


def case_format_markdown(schema: Mapping[str, Any]) -> str:
    """The page of the schema of a case file."""
    page = _Page()
    _table(page, "The file", "", schema)
    words = [_INTRO.format(example=EXAMPLE), *page.tables]
    words += [f"## Terms of {name}\n\n{_listed(terms)}\n" for terms, name in page.terms.items()]
    return "\n".join(words)


def _table(page: _Page, heading: str, place: str, part: Mapping[str, Any]) -> None:
    """The fields of one part in a table, then the parts of which it is made."""
    rows = "\n".join(_rows(page, place, part))
    said = f"{part['description']}\n\n" if place else ""
    page.tables.append(f"## {heading}\n\n{said}| field | what | value |\n|---|---|---|\n{rows}\n")
    for name, value in part["properties"].items():
        inner = _inner(value)
        below = f"{place}.{name}" if place else name
        if "properties" in inner and page.places.setdefault(_known_by(inner), below) == below:
            _table(page, f"`{below}`", below, inner)


def _rows(page: _Page, place: str, part: Mapping[str, Any]) -> Iterator[str]:
    for name, value in part["properties"].items():
        shown = f"**`{name}`**" if name in part.get("required", ()) else f"`{name}`"
        cells = (shown, value.get("description", ""), _value(page, f"{place}.{name}" if place else name, value))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _value(page: _Page, place: str, value: Mapping[str, Any]) -> str:
    """What may be typed, in words."""
    kind = value.get("type")
    if "enum" in value:
        words = _one_of(page, place, tuple(value["enum"]))
    elif kind == "array" and value.get("maxItems") == 2:
        words = "two numbers in brackets"
    elif kind == "array":
        words = f"list; each: {_value(page, place, value['items'])}" if "items" in value else "list"
    elif "properties" in value:
        above = page.places.get(_known_by(value), place)
        words = f"the fields of [`{above}`](#{_anchor(above)})"
    elif choices := value.get("anyOf"):
        words = " or ".join(dict.fromkeys(_value(page, place, choice) for choice in choices))
    elif isinstance(value.get("additionalProperties"), Mapping):
        words = f"names; each: {_value(page, place, value['additionalProperties'])}"
    else:
        words = _PLAIN[str(kind)]
    return words


def _one_of(page: _Page, place: str, terms: tuple[str, ...]) -> str:
    if len(terms) <= MOST_TERMS:
        return _listed(terms)
    name = page.terms.setdefault(terms, place.rpartition(".")[2])
    return f"[a term of {name}](#terms-of-{_anchor(name)})"


def _listed(terms: tuple[str, ...]) -> str:
    return ", ".join(f"`{term}`" for term in terms)


def _inner(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a list its items, of named values one of them; else the value."""
    while "properties" not in value:
        further = value.get("items", value.get("additionalProperties"))
        if not isinstance(further, Mapping):
            return value
        value = further
    return value


def _known_by(part: Mapping[str, Any]) -> str:
    """Parts of the same fields are described once."""
    return repr(part)


def _anchor(name: str) -> str:
    """The name of a heading in an address, as GitHub and the site make it."""
    return name.replace(".", "").lower()
