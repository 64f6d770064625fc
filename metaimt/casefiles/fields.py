"""The kinds of value a field of a case file may hold: text, numbers, flags, dates, and terms of the vocabulary.

Each kind refuses what it is not, with a hint; nothing is converted except a number or date typed without quotes into a
text field, which keeps its typed form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
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

from metaimt.casefiles import hints
from metaimt.casefiles.hints import Proposal
from metaimt.casefiles.strict_yaml import TypedFloat, TypedInt
from metaimt.files import in_ascii
from metaimt.vocabulary import Vocabulary, built_in


def refuse(rule: str, message: str, hint: str | Proposal | None = "") -> PydanticCustomError:
    """The error that becomes a Problem with this rule id, message and hint; `proposed` is the value the hint holds."""
    said, proposed = (hint.hint, hint.value) if isinstance(hint, Proposal) else (hint or "", "")
    context = {"rule": rule, "message": message, "hint": said, "proposed": proposed}
    return PydanticCustomError("metaimt", "{message}", context)


def vocabulary_of(info: ValidationInfo) -> Vocabulary:
    """The vocabulary of the review that is being read; the built-in one where a model is made in Python."""
    context = info.context
    return context["vocabulary"] if context and "vocabulary" in context else built_in()


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


def _wrong(value: object, expected: str, hint: str | Proposal | None = "") -> PydanticCustomError:
    what = (
        f"{shown(value)} is {_kind(value)}"
        if value is not None and not isinstance(value, list | dict)
        else _kind(value)
    )
    if value is None:
        hint = hint or "fill it in, or delete the line: what is not stated is left out"
    return refuse("wrong-type", f"{what}; expected {expected}", hint)


def _text(value: object) -> str:
    if type(value) is str and value.strip():
        return value
    if isinstance(value, TypedInt | TypedFloat):
        return value.typed
    if isinstance(value, str):
        raise _wrong(None, "text")
    raise _wrong(value, "text", "put it in quotes" if isinstance(value, bool | int | float) else "")


Meant = Callable[[str], Proposal | None]  # what a text in place of a number probably means


def _amount(value: object, meant: Meant) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, "a number", meant(value) if isinstance(value, str) else "")
    if not math.isfinite(value):
        raise _wrong(value, "a finite number")
    return value


def _number_by(meant: Meant) -> PlainValidator:
    return PlainValidator(lambda value: float(_amount(value, meant)))


def _printed(value: object) -> float:
    """A number with the digits that were typed: 31.0 is more precise than 31."""
    return _amount(value, hints.number)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, "a whole number", hints.number(value) if isinstance(value, str) else "")
    return int(value)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(value, "true or false", hints.flag(str(value)))


def _pattern(regex: str, expected: str, hint: str, meant: Meant | None = None) -> BeforeValidator:
    compiled = re.compile(regex)

    def check(value: object) -> str:
        """The text if it has the form; raises the refusal, with what was meant if that is known."""
        text = _text(value)
        if not compiled.fullmatch(text):
            proposal = meant(text) if meant is not None else None
            if proposal is not None and not compiled.fullmatch(proposal.value.strip('"')):
                proposal = None
            raise refuse("wrong-form", f"{shown(text)} is not {expected}", proposal or hint)
        return text

    return BeforeValidator(check)


def _as_id(text: str) -> Proposal | None:
    proposed = in_ascii(text)[:80]
    return Proposal(proposed, f"write {proposed}; an id is lower-case letters, digits and dashes") if proposed else None


def _string(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


Text = Annotated[str, BeforeValidator(_text)]
_NUMBER = WithJsonSchema({"type": "number"})
Number = Annotated[float, _number_by(hints.number), _NUMBER]
Years = Annotated[float, _number_by(hints.years), _NUMBER]
SingleMonths = Annotated[float, _number_by(hints.months), _NUMBER]
Printed = Annotated[float, PlainValidator(_printed), _NUMBER]
Whole = Annotated[int, PlainValidator(_whole), WithJsonSchema({"type": "integer"})]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
ID_PATTERN = "[a-z0-9][a-z0-9-]{0,79}"
Identifier = Annotated[
    str,
    _pattern(ID_PATTERN, "an id", "lower-case letters, digits and dashes: smith-2024", _as_id),
    _string(f"^{ID_PATTERN}$"),
]
Label = Annotated[
    str,
    _pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", "a patient id", "letters, digits, dash or underscore: P1"),
    _string("^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"),
]
Doi = Annotated[
    str,
    _pattern(r"10\.\d{4,9}/\S+", "a DOI", "from 10. on, without https://doi.org/: 10.1000/xyz", hints.doi),
    _string("^10\\.[0-9]{4,9}/\\S+$"),
]
Pmid = Annotated[
    str,
    _pattern(r"[0-9]{1,9}", "a PubMed id", 'digits only: "28787259"', hints.pmid),
    _string("^[0-9]{1,9}$"),
]
Pmcid = Annotated[
    str,
    _pattern(r"PMC[0-9]{1,9}", "a PubMed Central id", "PMC and digits: PMC5947833", hints.pmcid),
    _string("^PMC[0-9]{1,9}$"),
]
Url = Annotated[str, _pattern(r"https?://\S+", "a web address", "from http on, no spaces"), _string("^https?://\\S+$")]
Date = Annotated[
    str,
    _pattern(r"\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?", "a date", 'year, month, day: "2026-11-23"', hints.day),
    _string("^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$"),
]


@dataclass(frozen=True)
class Term:
    """Marks a text field whose value must be in the vocabulary's list `name`; the schema lists the terms."""

    name: str
    field: str = ""

    def _check(self, value: object, info: ValidationInfo) -> str:
        vocabulary = vocabulary_of(info)
        if type(value) is str and value in vocabulary.lists[self.name]:
            return value
        text = _text(value) if not isinstance(value, bool) else str(value).lower()
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
    rule, message = f"unknown-{field.replace('_', '-')}", f"{shown(text)} is not {accepted}"
    if name == "kinase" and (hint := _whole_fusion(vocabulary, text)):
        return refuse(rule, message, hint)
    nearest = vocabulary.nearest(name, text)
    if nearest is None:
        missing = "a term that is missing can be added in cases/vocabulary.yaml"
        return refuse(rule, message, "" if len(terms) <= 8 else missing)
    if name == "site" and vocabulary.belongs(name, text) and text.casefold() != nearest:
        return refuse(rule, message, f"did you mean site: {nearest}, site_detail: {text}?")
    return refuse(rule, message, Proposal(nearest, f"did you mean {nearest}?"))


def _whole_fusion(vocabulary: Vocabulary, text: str) -> str:
    """The two fields of a fusion that was typed into one, or nothing."""
    pair = hints.fusion(text, vocabulary.lists["kinase"])
    if pair is None:
        return ""
    partner = vocabulary.belongs("partner", pair[1]) or pair[1]
    return f"did you mean fusion_gene: {pair[0]}, fusion_partner: {partner}?"


def _partner(value: object, info: ValidationInfo) -> str:
    """HGNC symbols: new partners are published every year, so an unknown one passes if it is near no known one."""
    text = _text(value)
    vocabulary = vocabulary_of(info)
    if text in vocabulary.lists["partner"] or text in vocabulary.lists["kinase"]:
        return text
    if hint := _whole_fusion(vocabulary, text):
        raise refuse("unknown-fusion-partner", f"{shown(text)} is a fusion, not one gene", hint)
    nearest = vocabulary.nearest("partner", text)
    if nearest is not None:
        message = f"{shown(text)} is not an HGNC symbol of the vocabulary"
        raise refuse("unknown-fusion-partner", message, Proposal(nearest, f"did you mean {nearest}?"))
    if not re.fullmatch(r"[A-Z][A-Z0-9]{0,14}(orf[0-9]+|-[A-Z0-9]+)?", text):
        message = f"{shown(text)} does not look like an HGNC symbol"
        raise refuse("unknown-fusion-partner", message, "capital letters and digits, one gene: EML4")
    return text


FusionPartner = Annotated[str, PlainValidator(_partner), WithJsonSchema({"type": "string", "x-suggestions": "partner"})]


def _range(value: object) -> float | tuple[float, float]:
    if not isinstance(value, list):
        return float(_amount(value, hints.months_or_range))
    if len(value) != 2:
        raise refuse("wrong-form", f"a list of {len(value)}; expected [low, high]", "write [3, 6] or one number")
    low, high = (float(_amount(limit, hints.months)) for limit in value)
    if low > high:
        backwards = f"[{high:g}, {low:g}]"
        raise refuse(
            "wrong-form", f"the range [{low:g}, {high:g}] runs backwards", Proposal(backwards, f"write {backwards}")
        )
    return low, high


_NUMBER_OR_RANGE = {
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    ]
}
Months = Annotated[float | tuple[float, float], PlainValidator(_range), WithJsonSchema(_NUMBER_OR_RANGE)]
