"""results.json has what its schema and its document say, and nothing else."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, MakeReview, arm, course, patient, report
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import metaimt
from metaimt.analyses.cohort import WITHOUT_TIMES, cohort_of_table
from metaimt.analyses.results import results_schema
from metaimt.casefiles.patient_table import read_patient_table
from metaimt.report.cells import json_text
from metaimt.report.outputs import results_dict
from metaimt.serialise import to_json

SCHEMA = results_schema()
VALID = Draft202012Validator(SCHEMA)


def wrong(found: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALID.iter_errors(found)]


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema within a schema."""
    if isinstance(node, dict):
        yield node
        inner = {key: node[key].values() for key in ("properties", "$defs") if key in node}
        lists = {key: node[key] for key in ("anyOf",) if key in node}
        for each in [*(x for values in {**inner, **lists}.values() for x in values), node.get("items")]:
            yield from objects(each)
        yield from objects(node.get("additionalProperties"))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_key_is_described_and_no_other_is_allowed() -> None:
    described = [node for node in objects(SCHEMA) if "properties" in node]
    assert len(described) > 100
    assert [node for node in described if node["additionalProperties"] is not False] == []
    parts = {f"#/$defs/{name}": part for name, part in SCHEMA["$defs"].items()}
    keys = [(key, each) for node in described for key, each in node["properties"].items()]
    assert [key for key, each in keys if "description" not in {**parts.get(each.get("$ref"), {}), **each}] == []
    assert [node["$ref"] for node in objects(SCHEMA) if "$ref" in node and node["$ref"] not in parts] == []


def test_the_frozen_review(outputs: Path) -> None:
    assert wrong(json.loads((outputs / "results.json").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "reports",
    [
        [report("a", patient(course()))],
        [report("a", patient(course(), histology="EIMS")), report("b", arms=[arm(3, 4)], design="case_series")],
    ],
)
def test_reviews_in_which_little_can_be_computed(make_review: MakeReview, reports: list[dict[str, Any]]) -> None:
    found = results_dict(metaimt.run(make_review(*reports)))
    assert wrong(json.loads(json_text(found))) == []


def test_a_cohort_read_from_a_table(outputs: Path) -> None:
    table = read_patient_table(ROOT / "examples" / "cohort" / "patients.mapping.yaml")
    cohort = cohort_of_table(table, losses_as_deaths=True, penalised=True)
    whole = json.loads((outputs / "results.json").read_text(encoding="utf-8"))
    assert wrong({**whole, "cohorts": to_json([cohort], WITHOUT_TIMES)}) == []
    assert "steps" in json.dumps(to_json(cohort)["survival"]["if_losses_were_deaths"])
    assert wrong({**whole, "cohorts": to_json([cohort])}) != [], "the times of single patients stay local"


@pytest.mark.parametrize("path", [(), ("pools", "strict"), ("pools", "strict", "orr"), ("audit",)])
def test_a_key_that_nobody_planned_is_found(outputs: Path, path: tuple[str, ...]) -> None:
    found = copy.deepcopy(json.loads((outputs / "results.json").read_text(encoding="utf-8")))
    place = found
    for key in path:
        place = place[key]
    place["of_nobody"] = 1
    assert wrong(found) != []


def test_the_document_names_the_keys_of_the_schema() -> None:
    text = (ROOT / "docs" / "results-json.md").read_text(encoding="utf-8")
    table = text.partition("## Where to find what")[2].partition("\n## ")[0]
    firsts = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    named = [key.partition(".")[0] for first in firsts for key in re.findall(r"`([^`]+)`", first)]
    assert sorted(named) == sorted(SCHEMA["properties"])
