"""The kinds of value a field of a case file may hold: text, numbers, flags, dates, and terms of the vocabulary.

May import: vocabulary, and strict_yaml beside it. Each kind refuses what it is not, with a hint; nothing is converted
except a number or date typed without quotes into a text field, which keeps its typed form.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from metaimt.casefiles.strict_yaml import TypedFloat, TypedInt
from metaimt.vocabulary import Vocabulary, built_in


def refuse(rule: str, message: str, hint: str = "") -> PydanticCustomError:
    """The error that becomes a Problem with this rule id, message and hint."""
    return PydanticCustomError("metaimt", "{message}", {"rule": rule, "message": message, "hint": hint})


def vocabulary_of(info: ValidationInfo) -> Vocabulary:
    """The vocabulary of the review that is being read; the built-in one where a model is made in Python."""
    return (info.context or {}).get("vocabulary") or built_in()


def shown(value: object) -> str:
    """A value as a message shows it: short, in quotes."""
    text = str(getattr(value, "typed", value)) if not isinstance(value, bool) else str(value).lower()
    return f"'{text if len(text) <= 60 else text[:57] + '...'}'"


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    for kinds, word in (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "fields"),
    ):
        if isinstance(value, kinds):
            return word
    return type(value).__name__


def _wrong(value: object, expected: str, hint: str = "") -> PydanticCustomError:
    what = (
        f"{shown(value)} is {_kind(value)}"
        if value is not None and not isinstance(value, list | dict)
        else _kind(value)
    )
    if value is None:
        hint = hint or "fill it in, or delete the line: what is not stated is left out"
    return refuse("wrong-type", f"{what}; expected {expected}", hint)


def _text(value: object) -> str:
    if isinstance(value, TypedInt | TypedFloat):
        return value.typed
    if isinstance(value, str):
        if not value.strip():
            raise _wrong(None, "text")
        return value
    raise _wrong(value, "text", "put it in quotes" if isinstance(value, bool | int | float) else "write one value")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, "a number", _number_hint(value))
    if not math.isfinite(value):
        raise _wrong(value, "a finite number", "write it with fewer digits")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        hint = "write it without a fraction" if isinstance(value, float) else _number_hint(value)
        raise _wrong(value, "a whole number", hint)
    return int(value)


def _number_hint(value: object) -> str:
    found = re.search(r"-?\d+(?:[.,]\d+)?", value) if isinstance(value, str) else None
    if isinstance(value, str) and (ends := re.fullmatch(r"(\d+) ?(?:-|–|to) ?(\d+).*", value)):
        return f"write [{ends[1]}, {ends[2]}] where a range is allowed, else one number"
    if isinstance(value, list | dict) or found is None:
        return ""
    number = found.group().replace(",", ".").lstrip("0") or "0"
    return f"write {number} without quotes or unit" if not number.startswith(".") else f"write 0{number}"


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).casefold()
    hint = (
        "write true"
        if word in {"yes", "y", "on", "1", "true"}
        else "write false"
        if word in {"no", "n", "off", "0", "false"}
        else ""
    )
    raise _wrong(value, "true or false", hint)


def _pattern(regex: str, expected: str, hint: str) -> BeforeValidator:
    compiled = re.compile(regex)

    def check(value: object) -> str:
        text = _text(value)
        if not compiled.fullmatch(text):
            raise refuse("wrong-form", f"{shown(text)} is not {expected}", hint)
        return text

    return BeforeValidator(check)


def _string(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Whole = Annotated[int, PlainValidator(_whole), WithJsonSchema({"type": "integer"})]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
Identifier = Annotated[
    str,
    _pattern(r"[a-z0-9][a-z0-9-]{0,79}", "an id", "lower-case letters, digits and dashes: smith-2024"),
    _string("^[a-z0-9][a-z0-9-]{0,79}$"),
]
Label = Annotated[
    str,
    _pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", "a patient id", "letters, digits, dash or underscore: P1"),
    _string("^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"),
]
Doi = Annotated[
    str,
    _pattern(r"10\.\d{4,9}/\S+", "a DOI", "from 10. on, without https://doi.org/: 10.1000/xyz"),
    _string("^10\\.[0-9]{4,9}/\\S+$"),
]
Pmid = Annotated[str, _pattern(r"[0-9]{1,9}", "a PubMed id", 'digits only: "28787259"'), _string("^[0-9]{1,9}$")]
Pmcid = Annotated[
    str,
    _pattern(r"PMC[0-9]{1,9}", "a PubMed Central id", "PMC and digits: PMC5947833"),
    _string("^PMC[0-9]{1,9}$"),
]
Url = Annotated[str, _pattern(r"https?://\S+", "a web address", "from http on, no spaces"), _string("^https?://\\S+$")]
Date = Annotated[
    str,
    _pattern(r"\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?", "a date", 'year, month, day: "2026-11-23"'),
    _string("^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$"),
]


@dataclass(frozen=True)
class Term:
    """Marks a text field whose value must be in the vocabulary's list `name`; the schema lists the terms."""

    name: str
    field: str = ""

    def _check(self, value: object, info: ValidationInfo) -> str:
        text = _text(value) if not isinstance(value, bool) else str(value).lower()
        vocabulary = vocabulary_of(info)
        if text in vocabulary.lists[self.name]:
            return text
        raise unknown_term(vocabulary, self.name, self.field or self.name, text)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "x-terms": self.name}


def unknown_term(vocabulary: Vocabulary, name: str, field: str, text: str) -> PydanticCustomError:
    """The error for a term that is not in its list: all accepted terms where they are few, and the nearest one."""
    terms = vocabulary.terms(name)
    accepted = f"one of {', '.join(terms)}" if len(terms) <= 8 else "in the vocabulary"
    nearest = vocabulary.nearest(name, text)
    if nearest is not None and name == "site" and vocabulary.belongs(name, text) and text.casefold() != nearest:
        hint = f"did you mean site: {nearest}, site_detail: {text}?"
    elif nearest is not None:
        hint = f"did you mean {nearest}?"
    else:
        hint = "" if len(terms) <= 8 else "a term that is missing can be added in cases/vocabulary.yaml"
    return refuse(f"unknown-{field.replace('_', '-')}", f"{shown(text)} is not {accepted}", hint)


def _partner(value: object, info: ValidationInfo) -> str:
    """HGNC symbols: new partners are published every year, so an unknown one passes if it is near no known one."""
    text = _text(value)
    vocabulary = vocabulary_of(info)
    if text in vocabulary.lists["partner"] or text in vocabulary.lists["kinase"]:
        return text
    if pair := re.fullmatch(r"([A-Za-z0-9-]+?)\s*(?:::|[-/])\s*(ALK|ROS1|RET|NTRK[123]|PDGFRB)", text, re.IGNORECASE):
        hint = f"did you mean fusion_gene: {pair[2].upper()}, fusion_partner: {pair[1].upper()}?"
        raise refuse("unknown-fusion-partner", f"{shown(text)} is a fusion, not one gene", hint)
    nearest = vocabulary.nearest("partner", text)
    if nearest is not None:
        message = f"{shown(text)} is not an HGNC symbol of the vocabulary"
        raise refuse("unknown-fusion-partner", message, f"did you mean {nearest}?")
    if not re.fullmatch(r"[A-Z][A-Z0-9]{0,14}(orf[0-9]+|-[A-Z0-9]+)?", text):
        message = f"{shown(text)} does not look like an HGNC symbol"
        raise refuse("unknown-fusion-partner", message, "capital letters and digits, one gene: EML4")
    return text


FusionPartner = Annotated[str, PlainValidator(_partner), WithJsonSchema({"type": "string", "x-suggestions": "partner"})]


def _range(value: object) -> float | tuple[float, float]:
    if isinstance(value, list):
        if len(value) != 2:
            raise refuse("wrong-form", f"a list of {len(value)}; expected [low, high]", "write [3, 6] or one number")
        low, high = _number(value[0]), _number(value[1])
        if low > high:
            raise refuse("wrong-form", f"the range [{low:g}, {high:g}] runs backwards", f"write [{high:g}, {low:g}]")
        return low, high
    return _number(value)


_NUMBER_OR_RANGE = {
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    ]
}
Months = Annotated[float | tuple[float, float], PlainValidator(_range), WithJsonSchema(_NUMBER_OR_RANGE)]
