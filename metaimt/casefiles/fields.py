"""The kinds of value a field of a case file may hold: text, numbers, flags, dates, and terms of the vocabulary.

Each kind refuses what it is not, with a hint; nothing is converted except a number or date typed without quotes into a
text field, which keeps its typed form. `Entry` is what all models of a case file are: frozen, and of known fields.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from metaimt.casefiles import hints
from metaimt.casefiles.hints import LEFT_OUT, Proposal
from metaimt.casefiles.strict_yaml import TypedFloat, TypedInt
from metaimt.files import in_ascii
from metaimt.vocabulary import REGIMEN, Vocabulary, built_in, is_not_stated
from metaimt.vocabulary.words import genes


class Entry(BaseModel):
    """What all models share: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def described(text: str) -> Any:
    """An optional field with its description."""
    return Field(default=None, description=text)


def listed(text: str) -> Any:
    """An optional list with its description."""
    return Field(default=(), description=text)


def mapped(text: str) -> Any:
    """An optional mapping with its description."""
    return Field(default_factory=dict, description=text)


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


_KINDS: tuple[tuple[Any, str], ...] = (
    (NoneType, "nothing"),
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "fields"),
)


def _kind(value: object) -> str:
    return next((word for kinds, word in _KINDS if isinstance(value, kinds)), type(value).__name__)


def _wrong(value: object, expected: str, hint: str | Proposal | None = "") -> PydanticCustomError:
    what = _kind(value) if value is None or isinstance(value, list | dict) else f"{shown(value)} is {_kind(value)}"
    if value is None:
        hint = hint or f"fill it in, or {LEFT_OUT}"
    if isinstance(value, str) and is_not_stated(value):
        hint = LEFT_OUT
    return refuse("wrong-type", f"{what}; expected {expected}", hint)


def _text(value: object) -> str:
    if type(value) is str and value.strip():
        return value
    if isinstance(value, TypedInt | TypedFloat):
        return value.typed
    if isinstance(value, str):
        raise _wrong(None, "text")
    raise _wrong(value, "text", "put it in quotes" if isinstance(value, bool | int | float) else "")


Meant = Callable[[str], Proposal | str | None]  # what a text in place of a number probably means


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
            if isinstance(proposal, Proposal) and not compiled.fullmatch(proposal.value.strip('"')):
                proposal = None
            meaning = LEFT_OUT if is_not_stated(text) else proposal or hint
            raise refuse("wrong-form", f"{shown(text)} is not {expected}", meaning)
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
# neither encoded, nor with what ends the sentence it was copied from
_PLAIN_DOI = r"10\.[0-9]{4,9}/(?!\S*(?:%[0-9A-Fa-f]{2}|&(?:amp|lt|gt);))\S*[^\s.,;]"
Doi = Annotated[
    str,
    _pattern(_PLAIN_DOI, "a DOI", "from 10. on, without https://doi.org/: 10.1000/xyz", hints.doi),
    _string(f"^{_PLAIN_DOI}$"),
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

    def check(self, value: object, info: ValidationInfo) -> str:
        """The term itself; raises the refusal if it is not in the list."""
        vocabulary = vocabulary_of(info)
        if type(value) is str and value in vocabulary.lists[self.name]:
            return value
        text = _text(value) if not isinstance(value, bool) else str(value).lower()
        if text in vocabulary.lists[self.name]:
            return text
        raise unknown_term(vocabulary, self.name, self.field or self.name, text)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "x-terms": self.name}


def _gene(value: object, info: ValidationInfo) -> str:
    text = _text(value)
    return text if text in vocabulary_of(info).lists["kinase"] else _partner(text, info)


def _drugs(value: object, info: ValidationInfo) -> str:
    """One drug, or a list of those given together as one regimen: their names joined by ` + `, in order of letters."""
    if not isinstance(value, list):
        parts = [part.strip() for part in re.split(r"\s\+\s|\s?&\s?|\s(?:and|plus|with)\s", str(value))]
        known = vocabulary_of(info).drugs
        if len(parts) > 1 and all(part in known for part in parts):
            written = f"[{', '.join(parts)}]"
            raise refuse("unknown-drug", f"{shown(value)} is two drugs", Proposal(written, f"write {written}"))
        return _DRUG.check(value, info)
    names = sorted({_DRUG.check(name, info) for name in value})
    if len(names) < 2 or len(names) < len(value):
        hint = f"write drug: {names[0] if names else next(iter(vocabulary_of(info).drugs), 'its name')}"
        raise refuse("wrong-form", "a regimen is a list of two drugs or more, each named once", hint)
    return REGIMEN.join(names)


def unknown_term(vocabulary: Vocabulary, name: str, field: str, text: str) -> PydanticCustomError:
    """The error for a term that is not in its list: all accepted terms where they are few, and the nearest one."""
    terms = vocabulary.terms(name)
    accepted = f"one of {', '.join(terms)}" if len(terms) <= 8 else "in the vocabulary"
    rule, message = f"unknown-{field.replace('_', '-')}", f"{shown(text)} is not {accepted}"
    if name == "kinase" and (hint := _whole_fusion(vocabulary, text)):
        return refuse(rule, message, hint)
    nearest = vocabulary.nearest(name, text)
    if name == "response":
        return refuse(rule, message, hints.response(text, vocabulary.lists[name], vocabulary.belongs(name, text)))
    if is_not_stated(text) and (nearest is None or name == "drug"):
        return refuse(rule, message, LEFT_OUT)
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


_NO_FUSION = frozenset(("negative", "neg", "no", "no fusion", "not found", "not detected", "not identified", "novel"))


def _partner(value: object, info: ValidationInfo) -> str:
    """The present HGNC symbol of a gene: of the vocabulary, or of any other protein-coding gene."""
    text = _text(value)
    if is_not_stated(text) or text.casefold() in _NO_FUSION:
        raise refuse("unknown-fusion-partner", f"{shown(text)} is not a gene", LEFT_OUT)
    vocabulary = vocabulary_of(info)
    if text in vocabulary.lists["partner"] or text in vocabulary.lists["kinase"]:
        return text
    known, former = genes()
    if text in known:
        return text
    if hint := _whole_fusion(vocabulary, text):
        raise refuse("unknown-fusion-partner", f"{shown(text)} is a fusion, not one gene", hint)
    upper = text.upper()
    present = vocabulary.belongs("partner", text) or former.get(upper) or vocabulary.nearest("partner", text)
    if present is not None or upper in known:
        said = "is a former symbol of a gene" if upper in former else "is not the HGNC symbol of a gene"
        proposal = Proposal(present or upper, f"did you mean {present or upper}?")
        raise refuse("unknown-fusion-partner", f"{shown(text)} {said}", proposal)
    hint = "write the HGNC symbol of one gene; a gene that is missing can be added in cases/vocabulary.yaml"
    raise refuse("unknown-fusion-partner", f"{shown(text)} is no gene of the HGNC", hint)


_DRUG = Term("drug")
_REGIMEN = {
    "anyOf": [
        {"type": "string", "x-terms": "drug"},
        {"type": "array", "items": {"type": "string", "x-terms": "drug"}, "minItems": 2},
    ]
}
DrugName = Annotated[str, PlainValidator(_drugs), WithJsonSchema(_REGIMEN)]
Gene = Annotated[str, PlainValidator(_gene), WithJsonSchema({"type": "string", "x-suggestions": "kinase"})]


FusionPartner = Annotated[str, PlainValidator(_partner), WithJsonSchema({"type": "string", "x-suggestions": "partner"})]


def _limit(text: str) -> str | None:
    """What a limit of a range probably means; no value for the field, of which it is a part."""
    meant = hints.months(text)
    return meant.hint if isinstance(meant, Proposal) else meant


def _range(value: object) -> float | tuple[float, float]:
    if not isinstance(value, list):
        return float(_amount(value, hints.months_or_range))
    if len(value) != 2:
        raise refuse("wrong-form", f"a list of {len(value)}; expected [low, high]", "write [3, 6] or one number")
    low, high = (float(_amount(limit, _limit)) for limit in value)
    if low > high:
        meant = f"[{high:g}, {low:g}]"
        said = f"the range [{low:g}, {high:g}] runs backwards"
        raise refuse("wrong-form", said, Proposal(meant, f"write {meant}"))
    return low, high


_NUMBER_OR_RANGE = {
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    ]
}
Months = Annotated[float | tuple[float, float], PlainValidator(_range), WithJsonSchema(_NUMBER_OR_RANGE)]


_PROTEIN = re.compile(
    r"(?<![A-Za-z0-9.])(?:p\.)?\(?(?P<old>[A-Z][a-z]{2}|[A-Z])(?P<place>[0-9]{1,5})(?P<new>[A-Z][a-z]{2}|[A-Z*=])\)?(?![A-Za-z0-9/])"
)
_ACIDS = dict(
    zip(
        "Ala Arg Asn Asp Cys Gln Glu Gly His Ile Leu Lys Met Phe Pro Ser Thr Trp Tyr Val Ter".split(),  # noqa: SIM905
        "ARNDCQEGHILKMFPSTWYV*",
        strict=True,
    )
)


_NO_CHANGE = re.compile(
    r"none|nil|negative|neg\.?|absent|wt|wild[- ]?type|-+|–|0|(?:no|without|keine?)\b.*"
    r"|not (?:detected|found|identified|mutated|present)",
    re.IGNORECASE,
)


def _change(value: object) -> str:
    """A mutation; one that says one change of a protein says it in short, so that V600E is written one way only."""
    text = _text(value)
    said = " ".join(text.split())
    if _NO_CHANGE.fullmatch(said):
        raise refuse("wrong-form", f"{shown(text)} is no mutation", "delete the entry")
    found = {
        f"{_ACIDS.get(match['old'], match['old'])}{match['place']}{_ACIDS.get(match['new'], match['new'])}"
        for match in _PROTEIN.finditer(said if any(map(str.isupper, said)) else said.upper())
    }
    if len(found) == 1 and text not in found:
        (short,) = found
        raise refuse("wrong-form", f"{shown(text)} is not written in short", Proposal(short, f"write {short}"))
    return text


Change = Annotated[str, PlainValidator(_change), WithJsonSchema({"type": "string"})]


def _percent(value: object) -> float:
    change = float(_amount(value, _signed))
    if change < -100:
        raise refuse("wrong-form", f"{shown(value)} is a loss of more than the whole", "write -30 for a loss of 30 %")
    return change


def _signed(text: str) -> Proposal | None:
    """`-52%`, `−52 %`: the number alone; a change without a sign may be a growth or a loss, and is not guessed."""
    match = re.fullmatch(r"([-+−–])\s?(\d{1,4}(?:[.,]\d+)?)\s?%?", text.strip())
    if match is None:
        return None
    plain = ("" if match[1] == "+" else "-") + match[2].replace(",", ".")
    return Proposal(plain, f"write {plain}")


SizeChange = Annotated[float, PlainValidator(_percent), WithJsonSchema({"type": "number", "minimum": -100})]


def _sizes(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise refuse("wrong-form", "expected [before, after]", "write [8.7, 7.5], both in the same unit")
    if any(isinstance(size, str) for size in value):
        raise refuse("wrong-type", f"{', '.join(map(shown, value))}; expected two numbers", hints.sizes(value))
    before, after = (float(_amount(size, hints.number)) for size in value)
    if before <= 0 or after < 0:
        raise refuse("wrong-form", "a size is above 0, and 0 only where the tumour is gone", "write [8.7, 7.5]")
    return before, after


_TWO_NUMBERS = {"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 2, "maxItems": 2}
Sizes = Annotated[tuple[float, float], PlainValidator(_sizes), WithJsonSchema(_TWO_NUMBERS)]
