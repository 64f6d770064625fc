"""The JSON Schema that editors use: it says what the reader says, in both drafts that editors know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import metaimt
from conftest import FROZEN
from jsonschema import Draft7Validator, Draft202012Validator  # type: ignore[import-untyped]

from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.schema import KEYWORDS, case_schema
from metaimt.casefiles.strict_yaml import parse
from metaimt.vocabulary import built_in

HERE = Path(__file__).parent
SCHEMA = case_schema(built_in())
DRAFTS = [Draft7Validator, Draft202012Validator]
ACCEPTED = [
    *sorted((FROZEN / "cases" / "literature").glob("*.yaml")),
    *sorted((FROZEN / "cases" / "local").glob("*.yaml")),
    *sorted((HERE / "accepted").glob("*.yaml")),
]
SEEN_BY_THE_SCHEMA = ("unknown-", "missing-field", "wrong-type", "wrong-form", "empty-list")

BY_SPELLING_ALONE = {
    "unknown-fusion-partner--no-gene",  # nor does it know the genes and the markers
    "unknown-fusion-partner--septin",
    "unknown-marker--no-gene",
    "unknown-marker--trk",
    "unknown-fusion-partner--whole-fusion",  # a schema that allows new partners cannot tell
    "unknown-fusion-partner--typo",
    "unknown-fusion-partner--former-symbol",
    "unknown-question--near",  # nor which questions a tool asks
    "unknown-question--of-another-tool",
    "unknown-question--reason",
    "unknown-quantity--explained",  # nor compare two entries of a list
    "wrong-form--mutation",  # nor read the words of a mutation
    "wrong-form--no-mutation",
    "wrong-form--range-backwards",
    "wrong-type--number-too-long",
}
REJECTED = [
    path
    for path in sorted((HERE / "rejected").glob("*.yaml"))
    if path.stem.startswith(SEEN_BY_THE_SCHEMA) and path.stem not in BY_SPELLING_ALONE
]


def data(path: Path) -> Any:
    document = parse(path.name, path.read_bytes())
    assert document.problems == ()
    return document.data


def nodes(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within a schema, with the name of the property it describes."""
    yield name, schema
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key], name + ("{}" if key == "propertyNames" else "[]"))
    for option in schema.get("anyOf", ()):
        yield from nodes(option, f"{name}|")
    for field, inner in schema.get("properties", {}).items():
        yield from nodes(inner, f"{name}.{field}")


@pytest.mark.parametrize("folder", ["cases", "no-such-folder"])
def test_command_prints_it(folder: str) -> None:
    done = metaimt("schema", "--cases", folder)
    assert json.loads(done.stdout) == SCHEMA
    assert done.stderr == ""


@pytest.mark.parametrize("draft", DRAFTS)
def test_valid_in(draft: Any) -> None:
    draft.check_schema(SCHEMA)


@pytest.mark.parametrize(("name", "node"), list(nodes(SCHEMA)))
def test_only_keywords_that_both_drafts_know(name: str, node: dict[str, Any]) -> None:
    assert set(node) - {"$schema"} <= KEYWORDS
    assert "$schema" not in node or name == ""
    assert set(node) - {"description"}, f"{name} says nothing about the value"


@pytest.mark.parametrize(("name", "node"), [(n, s) for n, s in nodes(SCHEMA) if "properties" in s])
def test_every_property_is_described_and_no_other_allowed(name: str, node: dict[str, Any]) -> None:
    assert node["additionalProperties"] is False
    assert set(node.get("required", ())) <= set(node["properties"])
    for field, inner in node["properties"].items():
        assert len(inner.get("description", "")) >= 5, f"{name}.{field}"


def test_properties_are_those_of_the_model() -> None:
    assert list(SCHEMA["properties"]) == list(CaseFile.model_fields)
    names = {name for name, _ in nodes(SCHEMA)}
    assert {".patients[].courses[].drug", ".arms[].median_pfs_months.ci", ".cohort.alk_ihc[].tested"} <= names


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        (".report.design", "design"),
        (".patients[].site", "site"),
        (".patients[].ihc[]", "marker_status"),
        (".patients[].fusion_gene", "kinase"),
        (".arms[].response_basis", "response_basis"),
        (".patients[].courses[].response", "response"),
        (".patients[].courses[].response_alternatives[]", "response"),
        (".arms[].status[]", "arm_status"),
        (".arms[].line", "line"),
        (".cohort.sex{}", "sex"),
    ],
)
def test_terms_are_offered(name: str, terms: str) -> None:
    assert dict(nodes(SCHEMA))[name]["enum"] == list(built_in().terms(terms))


def test_partners_are_offered_and_new_ones_allowed() -> None:
    known, free = dict(nodes(SCHEMA))[".patients[].fusion_partner"]["anyOf"]
    assert known["enum"] == list(built_in().terms("partner"))
    assert "pattern" in free


def test_own_terms_of_a_review_are_offered() -> None:
    vocabulary = built_in().extended({"drugs": {"madeupinib": {"generation": "third"}}})
    one, regimen = dict(nodes(case_schema(vocabulary)))[".arms[].drug"]["anyOf"]
    assert "madeupinib" in one["enum"]
    assert regimen["items"]["enum"] == one["enum"]


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_accepts(path: Path, draft: Any) -> None:
    assert [error.message for error in draft(SCHEMA).iter_errors(data(path))] == []


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_rejects(path: Path, draft: Any) -> None:
    assert not draft(SCHEMA).is_valid(data(path))


def test_enough_examples_are_rejected() -> None:
    assert len(REJECTED) > 50


def test_every_term_has_its_list() -> None:
    """A field of one of a list of words whose list is missing would end each command in a traceback."""
    folder = Path(case_schema.__code__.co_filename).parent
    named = {name for path in folder.glob("*.py") for name in re.findall(r'\bTerm\("(\w+)"\)', path.read_text("utf-8"))}
    assert len(named) > 8
    assert named <= set(built_in().lists)
