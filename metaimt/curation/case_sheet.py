"""Case files as tables for a spreadsheet: a sheet `Courses`, one row a course, and a sheet `Arms`, one row an arm.

A column is a field of case files; those of the report and of the patient stand in each of its rows. An empty cell is a
field that is left out. A list of texts stands with semicolons between them; what else is a list or has fields of its
own stands as YAML, `{GENE: positive}`. Nothing here knows how a spreadsheet is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from metaimt.casefiles.schema import case_schema
from metaimt.casefiles.strict_yaml import parse
from metaimt.casefiles.tables import Cell, WrongCell, text_of
from metaimt.curation.new_case import scalar
from metaimt.vocabulary import Vocabulary

COURSES, ARMS = "Courses", "Arms"
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    COURSES: ("report", "extraction", "patients", "courses"),
    ARMS: ("report", "extraction", "arms"),
}
"""The sheets, and the parts of a case file that each of their rows holds."""
ONE: Final = {"patients": "patient", "courses": "course", "arms": "arm"}
WITHOUT: Final = (
    *("status", "reason", "claims", "cohort", "table", "mapping", "waivers", "appraisal", "published_table_4"),
)
"""Parts of a case file that no sheet holds."""
_ERRORS: Final = {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
_SEPARATOR: Final = ";"


@dataclass(frozen=True)
class Column:
    """`name`: its heading; `part` and `field`: where it stands in a case file; `schema`: what it may hold."""

    name: str
    part: str
    field: str
    schema: Mapping[str, Any]
    required: bool

    @property
    def terms(self) -> tuple[str, ...]:
        """The accepted terms, if one of them is the whole cell; of a field that takes a list as well, the terms."""
        return tuple(self.schema.get("enum", self._kinds[0].get("enum", ())))

    @property
    def closed(self) -> bool:
        """Whether nothing but a term is accepted."""
        return "enum" in self.schema

    @property
    def _kinds(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.schema.get("anyOf", (self.schema,)))

    @property
    def types(self) -> frozenset[str]:
        """JSON types that it may hold; a closed list of terms is text."""
        return frozenset(each.get("type", "string") for each in self._kinds)

    @property
    def several(self) -> bool:
        """Whether it is a list of texts."""
        return self.types == {"array"} and self.schema.get("items", {}).get("type", "string") == "string"

    @property
    def form(self) -> str:
        """How a value is written, in a few words."""
        if self.terms:
            return " | ".join(self.terms)
        if self.several:
            return "text; text"
        examples = {"object": "{NAME: value}", "array": "[a, b]", "boolean": "true | false"}
        return next((words for kind, words in examples.items() if kind in self.types), " or ".join(sorted(self.types)))


def columns(vocabulary: Vocabulary) -> Mapping[str, tuple[Column, ...]]:
    """The columns of each sheet, in the order of the case format; the id of the report and the patient first."""
    sections = case_schema(vocabulary)["properties"]
    return {sheet: tuple(_of_parts(parts, sections)) for sheet, parts in PARTS.items()}


def _of_parts(parts: Sequence[str], sections: Mapping[str, Any]) -> Iterator[Column]:
    schemas = {part: sections[part].get("items", sections[part]) for part in parts if part in sections}
    if "courses" in parts:
        schemas["courses"] = schemas["patients"]["properties"]["courses"]["items"]
    taken: set[str] = set()
    for part in parts:
        for field, schema in schemas[part]["properties"].items():
            if field == "courses":
                continue
            name = ONE[part] if part in ONE and field == "id" else field
            name = f"{ONE[part]}.{name}" if name in taken else name
            taken.add(name)
            yield Column(name, part, field, schema, field in schemas[part].get("required", ()))


def to_cell(value: object, column: Column | None = None) -> str | int | float:
    """A value of a case file as a cell of its column; without one as it is shown, a list in brackets."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    if column is not None and column.several and isinstance(value, list) and value:
        texts = [str(item) for item in value]
        if all(text == text.strip() and text and _SEPARATOR not in text and text[0] not in "[{" for text in texts):
            return f"{_SEPARATOR} ".join(texts)
    return str(value) if isinstance(value, str) else scalar(value)


def from_cell(cell: Cell, column: Column) -> Any:
    """The value of a cell, as the same characters in a case file would be read; None for an empty cell.

    Raises WrongCell for the error of a formula, and for what is no YAML where a list or fields are expected.
    """
    if isinstance(cell, date):
        cell = (cell.date() if isinstance(cell, datetime) else cell).isoformat()
    if not text_of(cell):
        return None
    if cell in _ERRORS:
        raise WrongCell(f"{column.name}: {cell} is the error of a formula", "type the value, or empty the cell")
    kinds = column.types
    if isinstance(cell, bool):
        return cell if "boolean" in kinds else str(cell).lower()
    if isinstance(cell, int | float):
        number = int(cell) if isinstance(cell, float) and cell.is_integer() else cell
        return number if kinds & {"number", "integer"} else str(number)
    return _of_text(str(cell).strip(), column)


def _of_text(text: str, column: Column) -> Any:
    kinds = column.types
    if column.several and not text.startswith("["):
        return [item.strip() for item in text.split(_SEPARATOR) if item.strip()]
    if kinds == {"object"} and not text.startswith("{"):
        text = "{" + text.replace(_SEPARATOR, ",") + "}"
    if text.startswith(("[", "{")) and kinds & {"array", "object"}:
        value, wrong = _as_yaml(text)
        if wrong:
            raise WrongCell(f"{column.name}: {wrong}", f"write it as {column.form}")
        return value
    value, _ = _as_yaml(text) if kinds & {"number", "integer", "boolean"} else (None, "")
    return text if value is None or isinstance(value, str) else value


def _as_yaml(text: str) -> tuple[Any, str]:
    """A text as a case file would be read, or what is wrong with it."""
    document = parse("cell", f"cell: {text}\n".encode())
    return (None, document.problems[0].message) if document.problems else (document.data["cell"], "")
