"""JSON Schema of a case file, for editors: completion, hover text, and red lines while typing.

Only keywords that mean the same in draft-07 and 2020-12 are used: references are written out, since draft-07 ignores
what stands beside a `$ref`, and there is no `prefixItems`.
"""

from __future__ import annotations

from typing import Any

from metaimt.casefiles.model import CaseFile
from metaimt.vocabulary import Vocabulary

SCHEMA_FILE = "case.schema.json"
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


def case_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """The schema of a case file with this vocabulary's terms."""
    raw = CaseFile.model_json_schema()
    definitions = raw.pop("$defs", {})
    schema = _plain(raw, definitions, vocabulary)
    schema["anyOf"] = [{"required": [name]} for name in ("patients", "arms", "table", "status")]
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema, "title": "metaimt case file"}


def _plain(node: Any, definitions: dict[str, Any], vocabulary: Vocabulary) -> Any:
    if isinstance(node, list):
        return [_plain(item, definitions, vocabulary) for item in node]
    if not isinstance(node, dict):
        return node
    node = _without_null(node)
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[-1]]
        return _plain(
            {**target, **{key: value for key, value in node.items() if key != "$ref"}},
            definitions,
            vocabulary,
        )
    if "x-terms" in node:
        node = _with_terms(node, vocabulary)
    if "x-suggestions" in node:
        node = _with_suggestions(node, vocabulary)
    return {
        key: _value(key, value, definitions, vocabulary) for key, value in node.items() if key in KEYWORDS - {"title"}
    }


def _value(key: str, value: Any, definitions: dict[str, Any], vocabulary: Vocabulary) -> Any:
    if key == "properties":
        return {name: _plain(field, definitions, vocabulary) for name, field in value.items()}
    return _plain(value, definitions, vocabulary)


def _with_terms(node: dict[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        **{k: v for k, v in node.items() if k != "x-terms"},
        "enum": list(vocabulary.terms(node["x-terms"])),
    }


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
