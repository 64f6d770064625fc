"""What every table of tables/ holds and every column means, from `tables.yaml`; and datapackage.json, which says so to
other programs: a Frictionless Data Package, https://datapackage.org/profiles/2.0/datapackage.json.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any, Final

import yaml

from metaimt.casefiles.protocol import Protocol
from metaimt.files import for_terminal
from metaimt.model.fields import BY_NAME
from metaimt.report.cells import json_text

PACKAGE: Final = "tables/datapackage.json"
MADE_OF: Final = "madeOf"  # SHA-256 of what the files of the review say, whatever their layout
_PROFILE: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
_FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"type": "string"},
    "count": {"type": "integer", "constraints": {"minimum": 0}},
    "whole": {"type": "integer"},
    "number": {"type": "number"},
    "rate": {"type": "number", "constraints": {"minimum": 0, "maximum": 1}},
    "change": {"type": "number", "constraints": {"minimum": -1, "maximum": 1}},
    "p": {"type": "number", "constraints": {"minimum": 0, "maximum": 1}},
    "months": {"type": "number", "constraints": {"minimum": 0}},
    "yes_no": {"type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]},
    "true_false": {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]},
}
"""What a column holds -> how Table Schema says it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, what it holds (`text`, `count`, `rate`, ... of tables.yaml) and what it means; empty: not said."""

    name: str
    holds: str = "text"
    means: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """A table: the plain name of its sheet, what it holds, and its columns."""

    name: str
    sheet: str
    holds: str
    columns: tuple[Column, ...]


@cache
def descriptions() -> Mapping[str, Any]:
    """tables.yaml, as written."""
    text = files("metaimt.report").joinpath("tables.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


def reading_order(names: Iterable[str]) -> list[str]:
    """Names of tables in the order in which they are read; those without a description last."""
    places = {name: place for place, name in enumerate(descriptions()["tables"])}
    return sorted(names, key=lambda name: (places.get(name, len(places)), name))


def described(name: str, columns: Sequence[str]) -> Described:
    """What is known of a table with these columns; one that is nowhere described has its names only."""
    said = descriptions()["tables"].get(name, {})
    own, common = _by_name(said.get("columns", {})), _by_name(descriptions()["columns"])
    plain = name.replace("-", " ")
    holds = said.get("holds") or ", ".join(columns) or "no rows"
    return Described(
        name,
        said.get("sheet", plain[:1].upper() + plain[1:]),
        holds,
        tuple(_column(each, own, common) for each in columns),
    )


def _by_name(columns: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, str]]:
    return {name: (holds, means) for holds, each in columns.items() for name, means in each.items()}


def _column(name: str, *places: Mapping[str, tuple[str, str]]) -> Column:
    for said in places:
        patterns = (each for each in said if each.endswith("*") and name.startswith(each[:-1]))
        if (key := name if name in said else next(patterns, None)) is not None:
            return Column(name, *said[key])
    return Column(name, "text", f"{BY_NAME[name].label}." if name in BY_NAME else "")


def table_rows(text: str) -> list[list[str]]:
    """The rows of a CSV, the header first, however long its cells."""
    limit = csv.field_size_limit(len(text) + 1)
    try:
        return list(csv.reader(io.StringIO(text)))
    finally:
        csv.field_size_limit(limit)


def data_package(protocol: Protocol, tables: Mapping[str, str], made_of: str = "") -> str:
    """datapackage.json beside `tables` (name in the outputs -> CSV text), in reading order; empty ones are left out.

    Title, version, authors and licence are the protocol's; `made_of` tells the state of the review's files. Nothing in
    it is of the hour it was written.
    """
    by_name = {PurePosixPath(name).stem: (next(iter(table_rows(text)), [])) for name, text in tables.items()}
    data = {
        **about(protocol),
        "name": "tables",
        MADE_OF: made_of,
        "resources": [_resource(described(name, by_name[name])) for name in reading_order(by_name) if by_name[name]],
    }
    return json_text({key: value for key, value in data.items() if value})


def about(protocol: Protocol) -> dict[str, Any]:
    """What a data package says of the review; what the protocol leaves out is left out."""
    said = {
        "$schema": _PROFILE,
        "title": for_terminal(protocol.title),
        "description": for_terminal(protocol.question),
        "version": for_terminal(protocol.version),
        "licenses": [{"name": for_terminal(protocol.licence)}] if protocol.licence else [],
        "contributors": [{"title": for_terminal(author), "roles": ["author"]} for author in protocol.authors],
    }
    return {key: value for key, value in said.items() if value}


def _resource(found: Described) -> dict[str, Any]:
    return {
        "name": found.name,
        "path": f"{found.name}.csv",
        "type": "table",
        "title": found.sheet,
        "description": found.holds,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": [*map(_field, found.columns)], "missingValues": [""]},
    }


def _field(column: Column) -> dict[str, Any]:
    said = {"description": column.means} if column.means else {}
    return {"name": column.name, **said, **_FORMS[column.holds]}
