"""JSON Schemas of the files of a review, for editors: completion, hover text, and red lines while typing.

Only keywords that mean the same in draft-07 and 2020-12 are used: references are written out, since draft-07 ignores
what stands beside a `$ref`, and there is no `prefixItems`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.protocol import TABLES, Protocol
from metaimt.casefiles.published import PublishedFile
from metaimt.casefiles.second_reading import SecondReading
from metaimt.casefiles.shared import ExcludedFile, LinkFile, SearchFile
from metaimt.vocabulary import CODES, NOT_STATED, REPLACEABLE, REPLACES, Vocabulary
from metaimt.vocabulary.codes import kinds, systems

SCHEMA_FILE = "case.schema.json"
_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "review": Protocol,
    "searches": SearchFile,
    "links": LinkFile,
    "excluded": ExcludedFile,
    "published-pooled": PublishedFile,
    "second-reading": SecondReading,
}
SCHEMAS: Final = ("case", "vocabulary", *_MODELS)
"""The files of a review that have a schema, by the names of the files."""
KEYWORDS = frozenset(
    [
        "additionalProperties",
        "anyOf",
        "description",
        "enum",
        "items",
        "maxItems",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "pattern",
        "properties",
        "propertyNames",
        "required",
        "title",
        "type",
    ]
)


def review_schema(name: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """The schema of one kind of file, of `SCHEMAS`, with this vocabulary's terms."""
    if name == "case":
        return case_schema(vocabulary)
    schema = _of_vocabulary(vocabulary) if name == "vocabulary" else _of_model(_MODELS[name], vocabulary)
    if name == "review":
        entry = schema["properties"]["sensitivity"]
        entry["items"] = {"anyOf": [{"type": "string", "enum": list(TABLES)}, entry["items"]]}
    return _titled(schema, f"metaimt {name} file")


def case_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """The schema of a case file with this vocabulary's terms."""
    schema = _of_model(CaseFile, vocabulary)
    schema["anyOf"] = [{"required": [name]} for name in ("patients", "arms", "table", "status")]
    return _titled(schema, "metaimt case file")


def _titled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema, "title": title}


def _of_model(model: type[BaseModel], vocabulary: Vocabulary) -> dict[str, Any]:
    raw = _raw(model)
    schema: dict[str, Any] = _plain(raw, raw.get("$defs", {}), vocabulary)
    return schema


@cache
def _raw(model: type[BaseModel]) -> dict[str, Any]:
    """As pydantic says it, which takes longer than all else here and hangs on no vocabulary; to be read only."""
    return model.model_json_schema()


def _of_vocabulary(vocabulary: Vocabulary) -> dict[str, Any]:
    """Of vocabulary.yaml, as `metaimt.casefiles.added_terms` reads it."""
    words = {"type": "array", "items": {"type": "string"}}
    synonyms = {**words, "description": "Other ways to write it."}
    terms = {"type": "object", "additionalProperties": {"anyOf": [words, {"type": "null"}]}}
    targets = {"anyOf": [{**words, "minItems": 1}, {"type": "string", "enum": [NOT_STATED]}]}
    drug = {
        "generation": {"type": "string", "enum": list(vocabulary.terms("generation")), "description": "Of its class."},
        "named": {"type": "boolean", "description": "false: the source names no drug."},
        "synonyms": synonyms,
        "targets": {**targets, "description": "HGNC symbols of what it is given against."},
        "first_year": {"type": "integer", "description": "When it was first given to a patient."},
    }
    entry = {
        "type": "object",
        "properties": drug,
        "additionalProperties": False,
        "anyOf": [{"required": ["targets"]}, {"required": ["generation"]}],
    }
    lists = {name: {**terms, "description": f"{name}: term -> other ways to write it."} for name in vocabulary.lists}
    lists.pop("drug")
    drugs = {"type": "object", "additionalProperties": entry, "description": "Generic name -> what it is."}
    replaced = {
        "type": "array",
        "items": {"type": "string", "enum": list(REPLACEABLE)},
        "description": "Lists of which nothing built-in is kept.",
    }
    properties = {REPLACES: replaced, "drugs": drugs, **lists, CODES: _of_codes()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _of_codes() -> dict[str, Any]:
    """Of `codes` in vocabulary.yaml: kind -> term -> system -> code, with where and when it was read."""
    text = {"type": "string", "minLength": 1}
    of_kinds = {}
    for kind in kinds():
        of_systems = {
            name: {
                "type": "object",
                "description": f"{system.name}, such as {system.such_as}.",
                "properties": {
                    "code": {
                        "type": "string",
                        "pattern": f"^({system.form})$",
                        "description": "Without the system's name.",
                    },
                    "source": {**text, "description": "The page where it was read."},
                    "looked_up": {**text, "description": "The day on which it was read, YYYY-MM-DD."},
                },
                "required": ["code", "source", "looked_up"],
                "additionalProperties": False,
            }
            for name, system in systems().items()
            if kind in system.of
        }
        of_term = {"type": "object", "properties": of_systems, "additionalProperties": False}
        said = f"A {kind} of the vocabulary -> its codes."
        of_kinds[kind] = {"type": "object", "additionalProperties": of_term, "description": said}
    said = "Codes of terms in systems of others, each with the page where it was read."
    return {"type": "object", "properties": of_kinds, "additionalProperties": False, "description": said}


def _plain(node: Any, definitions: dict[str, Any], vocabulary: Vocabulary) -> Any:
    if isinstance(node, list):
        return [_plain(item, definitions, vocabulary) for item in node]
    if not isinstance(node, dict):
        return node
    node = _without_null(node)
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[-1]]
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return _plain({**target, **beside}, definitions, vocabulary)
    if "x-terms" in node:
        node = {**node, "enum": list(vocabulary.terms(node["x-terms"]))}
    if "x-suggestions" in node:
        node = _with_suggestions(node, vocabulary)
    return {
        key: _value(key, value, definitions, vocabulary) for key, value in node.items() if key in KEYWORDS - {"title"}
    }


def _value(key: str, value: Any, definitions: dict[str, Any], vocabulary: Vocabulary) -> Any:
    if key == "properties":
        return {name: _plain(field, definitions, vocabulary) for name, field in value.items()}
    return _plain(value, definitions, vocabulary)


def _with_suggestions(node: dict[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    known = {"type": "string", "enum": list(vocabulary.terms(node["x-suggestions"]))}
    free = {"type": "string", "pattern": "^[A-Z][A-Za-z0-9-]{0,19}$"}
    rest = {key: value for key, value in node.items() if key not in {"x-suggestions", "type"}}
    return {**rest, "anyOf": [known, free]}


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    """An optional field is left out, never null; so `anyOf [type, null]` becomes the type."""
    options = node.get("anyOf")
    if not isinstance(options, list) or "default" not in node:
        return node
    kept = [option for option in options if option.get("type") != "null"]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**kept[0], **rest} if len(kept) == 1 else {**rest, "anyOf": kept}
