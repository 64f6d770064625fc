"""Exports, each read by its own project's library. The cases are made up."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from civicpy import civic
from civicpy.exports import civic_gks_record as gks
from conftest import FROZEN, MakeReview, arm, course, patient, report
from frictionless import Package
from google.protobuf.json_format import Parse
from phenopackets import Individual, Phenopacket

from metaimt.report.exchange import CIVIC, NOT_EXPORTED, civic_files, package_files, phenopacket_files
from metaimt.review import load


def test_exports_say_what_the_file_says_and_list_the_rest(make_review: MakeReview) -> None:
    fused = patient(course("CR"), fusion_gene="ALK", fusion_partner="TPM3", age=4.5, sex="female", status="alive")
    fused["mutations"] = [{"gene": "BRAF", "change": "V600E"}]
    made = report("one-2020", fused, arms=[arm(3, 5)])
    made["report"] |= {"pmid": "12345", "title": "=cmd\tand <b>"}
    loaded = load(make_review(made))
    files = phenopacket_files(loaded.library)
    packet = Parse(files["one-2020_P1.json"].decode(), Phenopacket())  # refuses what is not of the schema
    assert packet.subject.time_at_last_encounter.age.iso8601duration == "P4Y6M"
    assert packet.subject.sex == Individual(sex="FEMALE").sex
    variant = packet.interpretations[0].diagnosis.genomic_interpretations[0].variant_interpretation
    assert variant.variation_descriptor.label == "TPM3::ALK"
    assert packet.medical_actions[0].treatment.agent.label == "crizotinib"
    assert packet.medical_actions[0].response_to_treatment.label == "CR"
    assert packet.id
    assert packet.meta_data.phenopacket_schema_version == "2.0"
    left = files[NOT_EXPORTED].decode()
    assert "one-2020/arm1,arm," in left
    assert "one-2020/P1,ihc," in left
    evidence = civic_files(loaded.library, loaded.protocol)
    head, row = evidence["evidence.tsv"].decode().splitlines()
    beyond = evidence[NOT_EXPORTED].decode()
    assert "one-2020/P1/course1,BRAF V600E,a row has one molecular profile" in beyond
    assert all(f"one-2020/P1/course1,{name}," in beyond for name in ("age", "ihc", "sex", "status"))
    said = dict(zip(head.split("\t"), row.split("\t"), strict=True))
    assert tuple(said) == CIVIC
    assert said["molecular_profile"] == "TPM3::ALK Fusion"
    assert (said["evidence_direction"], said["significance"]) == ("SUPPORTS", "SENSITIVITYRESPONSE")
    assert said["citation"].startswith("'=cmd")
    own = {"evidence_type", "evidence_direction", "evidence_level", "significance", "therapy_interaction_type"}
    assert own <= civic.Evidence._SIMPLE_FIELDS
    assert json.loads(files["one-2020_P1.json"]) == json.loads(phenopacket_files(loaded.library)["one-2020_P1.json"])


@pytest.mark.parametrize(
    ("response", "drug", "written"),
    [
        ("PR", "crizotinib", ("SUPPORTS", "crizotinib", "")),
        ("PD", "crizotinib", ("DOES_NOT_SUPPORT", "crizotinib", "")),
        ("SD", ["alectinib", "crizotinib"], ("DOES_NOT_SUPPORT", "alectinib,crizotinib", "COMBINATION")),
    ],
)
def test_words_of_an_evidence_row_are_those_of_civicpy(
    make_review: MakeReview, response: str, drug: object, written: tuple[str, str, str]
) -> None:
    """Its export to GKS knows each word that a row has: level, type, significance, direction, interaction."""
    made = report("one-2020", patient(course(response, drug=drug), fusion_gene="ALK", fusion_partner="TPM3"))
    made["report"]["pmid"] = "12345"
    loaded = load(make_review(made))
    text = civic_files(loaded.library, loaded.protocol)["evidence.tsv"].decode()
    (row,) = csv.DictReader(io.StringIO(text), delimiter="\t")
    assert (row["evidence_direction"], row["therapies"], row["therapy_interaction_type"]) == written
    assert gks.CivicEvidenceLevel(row["evidence_level"])
    assert gks.CivicEvidenceAssertionType(row["evidence_type"])
    assert row["significance"] in gks.CLIN_SIG_TO_PREDICATE
    assert gks._CivicGksEvidenceAssertionMixin.get_direction(row["evidence_direction"]) is not None
    assert not written[2] or gks.CivicInteractionType(written[2])


def test_data_package_is_valid_and_says_all_that_the_files_say(tmp_path: Path) -> None:
    loaded = load(FROZEN / "cases")
    files = package_files(loaded.library, loaded.protocol)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    package = Package(str(tmp_path / "datapackage.json"))
    found = package.validate()
    assert found.valid, found.flatten(["type", "note"])
    rows = {
        each.name: list(csv.DictReader(io.StringIO((tmp_path / f"{each.name}.csv").read_text())))
        for each in package.resources
    }
    courses = [(r.id, p.id, c.drug) for r in loaded.library.reports for p in r.patients for c in p.courses]
    assert [(row["report"], row["patient"], row["drug"]) for row in rows["courses"]] == courses
    arms = [(r.id, each.responders, each.evaluable) for r in loaded.library.reports for each in r.arms]
    assert [
        (row["report"], *(int(row[k]) if row[k] else None for k in ("responders", "evaluable"))) for row in rows["arms"]
    ] == arms
    assert len(rows["reports"]) == len(loaded.library.reports)
    left = files[NOT_EXPORTED].decode()
    assert all(f"{each.id},claims," in left for each in loaded.library.reports if each.claims)
    assert all(field.description for each in package.resources for field in each.schema.fields)


def test_data_package_refuses_what_is_not_of_it(make_review: MakeReview, tmp_path: Path) -> None:
    """The constraints bite: an unknown report, and a response that is none."""
    loaded = load(make_review(report("one-2020", patient(course("PR")))))
    for name, content in package_files(loaded.library, loaded.protocol).items():
        (tmp_path / name).write_bytes(content)
    text = (tmp_path / "courses.csv").read_text()
    (tmp_path / "courses.csv").write_text(text.replace("one-2020", "two-2020").replace(",PR,", ",XX,"))
    found = Package(str(tmp_path / "datapackage.json")).validate().flatten(["type"])
    assert {kind for (kind,) in found} == {"foreign-key", "constraint-error"}
