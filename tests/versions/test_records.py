"""What changed in the files of a review, field by field, and that putting the changes together loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import arm, course, patient, report
from hypothesis import given
from hypothesis import strategies as st

from metaimt.versions.records import FieldChange, follow, record_changes


def case(entry: dict[str, Any]) -> dict[str, Any]:
    return {f"literature/{entry['report']['id']}.yaml": entry}


def fields(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    found = record_changes(case(old), case(new))
    assert not (found.added or found.removed or found.renamed or found.shared)
    return [(field.path, field.old, field.new) for edited in found.edited for field in edited.fields]


BEFORE = report("example-a", patient(course("PR"), course("SD")), patient(course("PD"), id="P2"))


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        (
            report("example-a", patient(course("SD"), course("SD")), patient(course("PD"), id="P2")),
            [("patients[P1].courses[1].response", "PR", "SD")],
        ),
        (
            report("example-a", patient(course("PR"), course("SD"), age=30), patient(course("PD"), id="P2")),
            [("patients[P1].age", None, 30)],
        ),
        (report("example-a", patient(course("PD"), id="P2"), patient(course("PR"), course("SD"))), []),
        (
            report("example-a", patient(course("PR"), course("SD"))),
            [("patients[P2]", patient(course("PD"), id="P2"), None)],
        ),
        (
            report("example-a", patient(course("PR")), patient(course("PD"), id="P2")),
            [("patients[P1].courses[2]", course("SD"), None)],
        ),
        (report("example-a", *BEFORE["patients"], arms=[arm(1, 2)]), [("arms[Made up]", None, arm(1, 2))]),
    ],
    ids=["response", "age stated", "order of patients", "patient gone", "course gone", "arm added"],
)
def test_fields(after: dict[str, Any], changes: list[tuple[str, Any, Any]]) -> None:
    assert fields(BEFORE, after) == changes


def test_arms_are_matched_by_label_and_where_labels_repeat_by_place() -> None:
    one, two = arm(1, 2, label="adults"), arm(3, 4, label="children")
    assert fields(report("x", arms=[one, two]), report("x", arms=[two, {**one, "responders": 2}])) == [
        ("arms[adults].responders", 1, 2)
    ]
    same = [arm(1, 2), arm(3, 4)]
    assert fields(report("x", arms=same), report("x", arms=[same[0], {**same[1], "responders": 4}])) == [
        ("arms[2].responders", 3, 4)
    ]


def test_true_is_not_one_and_a_range_is_one_value() -> None:
    old = report("x", patient(course("PR", ongoing=True, duration_months=3)))
    new = report("x", patient(course("PR", ongoing=1, duration_months=[3, 6])))
    assert fields(old, new) == [
        ("patients[P1].courses[1].duration_months", 3, [3, 6]),
        ("patients[P1].courses[1].ongoing", True, 1),
    ]


def test_a_rename_is_followed_through_links_and_overlaps_in_both_directions() -> None:
    link = {
        "reports": ["old-id", "other"],
        "patients": ["old-id/P1 = other/P1"],
        "certainty": "certain",
        "prefer": "other",
    }
    new_link = {**link, "reports": ["new-id", "other"], "patients": ["new-id/P1 = other/P1"]}
    before = {
        **case(report("old-id", patient(course("PR")))),
        **case(report("other", patient(course("PR")), overlaps=["old-id"])),
    }
    renamed = report("new-id", patient(course("SD")))
    renamed["report"]["former_ids"] = ["old-id"]
    after = {**case(renamed), **case(report("other", patient(course("PR")), overlaps=["new-id"]))}
    found = record_changes({**before, "links.yaml": [link]}, {**after, "links.yaml": [new_link]})
    assert (found.added, found.removed, found.renamed, found.shared) == ((), (), (("old-id", "new-id"),), ())
    assert [(e.id, e.fields) for e in found.edited] == [
        ("new-id", (FieldChange("patients[P1].courses[1].response", "PR", "SD"),))
    ]
    assert record_changes(after, before).renamed == (("new-id", "old-id"),)


def test_a_former_id_that_is_still_there_is_no_rename() -> None:
    new = report("b", patient(course("PR")))
    new["report"]["former_ids"] = ["a"]
    found = record_changes(
        case(report("a", patient(course("PR")))), {**case(report("a", patient(course("PR")))), **case(new)}
    )
    assert (found.renamed, [one.id for one in found.added]) == ((), ["b"])


@pytest.mark.parametrize("text", ["a free note about old-id here", "https://x/old-id", "older-old-id-b"])
def test_free_text_does_not_follow_a_rename(text: str) -> None:
    assert follow(text, {"old-id": "new-id"}) == text


def test_broken_files_are_compared_as_far_as_they_go() -> None:
    found = record_changes(
        {"literature/a.yaml": None, "review.yaml": []}, {"literature/a.yaml": "x", "links.yaml": [1]}
    )
    assert [(one.id, one.fields) for one in found.edited] == [("a", (FieldChange("", None, "x"),))]
    assert [one.file for one in found.shared] == ["links.yaml", "review.yaml"]


ENTRY = st.builds(
    lambda response, age: patient(course(response), **({} if age is None else {"age": age})),
    st.sampled_from(["CR", "PR", "SD", "PD"]),
    st.none() | st.integers(1, 90),
)
LIBRARY = st.dictionaries(st.sampled_from([f"example-{x}" for x in "abcdef"]), ENTRY, max_size=6)


def documents(library: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {name: data for id, one in library.items() for name, data in case(report(id, one)).items()}


@given(LIBRARY, LIBRARY)
def test_changes_are_empty_only_between_equals_and_turn_round(one: Any, other: Any) -> None:
    there, back = record_changes(documents(one), documents(other)), record_changes(documents(other), documents(one))
    assert bool(there) == (one != other)
    assert [record.id for record in there.added] == [record.id for record in back.removed]
    turned = [[FieldChange(f.path, f.new, f.old) for f in edited.fields] for edited in back.edited]
    assert [list(edited.fields) for edited in there.edited] == turned


def test_a_second_reading_put_into_the_folder_of_its_reader_is_no_change() -> None:
    reading = {"report": {"id": "example-a"}, "extraction": {"by": "reader-2"}}
    flat, own = "second-reading/example-a.yaml", "second-reading/reader-2/example-a.yaml"
    assert not record_changes({flat: reading}, {own: reading})
    other = {**reading, "patients": [{"id": "P1"}]}
    assert [one.id for one in record_changes({flat: reading}, {own: other}).shared] == [own]
    assert [one.id for one in record_changes({flat: reading}, {flat: reading, own: other}).shared] == [own]
