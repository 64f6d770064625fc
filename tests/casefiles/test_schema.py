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

from metaimt.casefiles.former_keys import present_document
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.schema import KEYWORDS, SCHEMAS, case_schema, review_schema
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


@pytest.mark.parametrize("name", SCHEMAS)
def test_valid_in_both_drafts(name: str) -> None:
    for draft in DRAFTS:
        draft.check_schema(review_schema(name, built_in()))


@pytest.mark.parametrize("kind", SCHEMAS)
def test_each_is_printed_by_its_name(kind: str) -> None:
    assert json.loads(metaimt("schema", kind).stdout)["title"] == f"metaimt {kind} file"


def test_a_file_that_has_no_schema_is_refused() -> None:
    done = metaimt("schema", "reviews")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no schema 'reviews'; there are case, vocabulary, review," in done.stderr


@pytest.mark.parametrize("kind", SCHEMAS)
def test_only_keywords_that_both_drafts_know_and_each_value_is_told_of(kind: str) -> None:
    for name, node in nodes(review_schema(kind, built_in())):
        assert set(node) - {"$schema"} <= KEYWORDS, name
        assert "$schema" not in node or name == ""
        assert set(node) - {"description"}, f"{name} says nothing about the value"


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_property_is_described_and_no_other_allowed(kind: str) -> None:
    for name, node in nodes(review_schema(kind, built_in())):
        if "properties" in node:
            assert node["additionalProperties"] is False
            assert set(node.get("required", ())) <= set(node["properties"])
            for field, inner in node["properties"].items():
                assert len(inner.get("description", "")) >= 4, f"{name}.{field}"


def test_properties_are_those_of_the_model() -> None:
    assert list(SCHEMA["properties"]) == list(CaseFile.model_fields)
    names = {name for name, _ in nodes(SCHEMA)}
    assert {".patients[].courses[].drug", ".arms[].median_pfs_months.ci", ".cohort.ihc[][].tested"} <= names


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
def test_accepts(draft: Any) -> None:
    for path in ACCEPTED:
        case = present_document(path.name, data(path))  # the schema offers the present keys alone
        assert [error.message for error in draft(SCHEMA).iter_errors(case)] == [], path


@pytest.mark.parametrize("draft", DRAFTS)
def test_rejects(draft: Any) -> None:
    assert [path for path in REJECTED if draft(SCHEMA).is_valid(data(path))] == []


def test_enough_examples_are_rejected() -> None:
    assert len(REJECTED) > 50


def test_every_term_has_its_list() -> None:
    """A field of one of a list of words whose list is missing would end each command in a traceback."""
    folder = Path(case_schema.__code__.co_filename).parent
    named = {name for path in folder.glob("*.py") for name in re.findall(r'\bTerm\("(\w+)"\)', path.read_text("utf-8"))}
    assert len(named) > 8
    assert named <= set(built_in().lists)


LINK = {"reports": ["a-2020", "b-2021"], "certainty": "certain", "prefer": "a-2020"}
SEARCH = {"id": "pubmed", "source": "PubMed", "status": "done"}
FILES: dict[str, tuple[Any, list[Any]]] = {  # made up: a file in form, and others that are not
    "vocabulary": (
        {"drugs": {"madeupinib": {"targets": ["BRAF"]}}, "site": {"bone": ["femur"], "skin": None}},
        [
            *([], {"sites": {}}, {"site": ["bone"]}, {"site": {"bone": "femur"}}, {"drugs": {"x": {}}}),
            *({"drugs": {"x": {"targets": []}}}, {"drugs": {"x": {"targets": ["BRAF"], "target": 1}}}),
        ],
    ),
    "searches": ([SEARCH], [SEARCH, [{**SEARCH, "hits": "many"}], [{**SEARCH, "found": 1}], [{"id": "pubmed"}]]),
    "links": (
        [{**LINK, "patients": ["a-2020/P1 = b-2021/P2"]}],
        [LINK, [{**LINK, "certainty": "sure"}], [{**LINK, "reports": ["a-2020"]}], [{**LINK, "patients": ["P1 = P2"]}]],
    ),
    "excluded": (
        [{"id": "a-2020", "reason": "Made up.", "status": {"ALK": "positive"}}],
        [[{"id": "a-2020"}], [{"id": "A 2020", "reason": "Made up."}], [{"id": "a", "reason": "b", "treated": "2"}]],
    ),
    "published-pooled": (
        {"pooled": [{"id": "a-2020", "patients": 3, "orr_ci_printed": [1, 2]}]},
        [{"pool": []}, {"pooled": [{"patients": 3}]}, {"pooled": [{"id": "a-2020", "orr_ci_printed": [1]}]}],
    ),
    "second-reading": (
        {"report": {"id": "a-2020"}, "patients": [{"id": "P1", "courses": [{"response": "PR"}]}]},
        [{}, {"report": {"id": "a-2020"}, "patients": [{"id": "P1", "courses": [{"response": "good"}]}]}],
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_of_the_shared_files(kind: str) -> None:
    good, bad = FILES[kind]
    for draft in DRAFTS:
        check = draft(review_schema(kind, built_in()))
        assert [each.message for each in check.iter_errors(good)] == []
        assert [each for each in bad if check.is_valid(each)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"title": 1},
        {"formats": 2},
        {"outcome": {"responders": [], "evaluable": ["CR"]}},
        {"rows": {"a": {"marker": "ALK", "status": "present"}}},
        {"pools": {"a": {"rows": ["a"], "lines": "first"}}},
        {"subgroups": ["colour"]},
        {"sensitivity": ["each patient left out"]},
        {"priors": {"mu": [1]}},
        {"strata": {"trials": ["study"]}},
    ],
    ids=str,
)
def test_of_the_protocol(change: dict[str, Any]) -> None:
    schema, good = review_schema("review", built_in()), data(FROZEN / "cases" / "review.yaml")
    for draft in DRAFTS:
        assert [each.message for each in draft(schema).iter_errors(good)] == []
        assert not draft(schema).is_valid({**good, **change})
