"""Exports, each read by its own project's library. The cases are made up."""

from __future__ import annotations

import json

from civicpy import civic
from conftest import MakeReview, arm, course, patient, report
from google.protobuf.json_format import Parse
from phenopackets import Individual, Phenopacket

from metaimt.report.exchange import CIVIC, NOT_EXPORTED, civic_files, phenopacket_files
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
