"""`metaimt verify` in words: the verdict, what differs, what changed since. All numbers are made up."""

from __future__ import annotations

from typing import Any

import pytest

from metaimt.casefiles.version_files import Fault
from metaimt.report.verification_text import verification_text
from metaimt.versions.records import Edited, FieldChange, Record, RecordChanges
from metaimt.versions.side import Move
from metaimt.versions.verification import ABSENT, Difference, Verification

MOVED = Difference("response.strict.orr", 0.12345678912, 0.5)
NOTHING_SINCE = "In the working tree since: nothing."


def lines(**more: Any) -> list[str]:
    return verification_text(Verification("2026.1", **more)).splitlines()


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"reproduced": 9, "numbers": 9}, "is as it was frozen, and reproduced from its own content: 9 of 9 numbers"),
        (
            {"reproduced": 8, "numbers": 9, "values": (MOVED,)},
            "is as it was frozen, but not reproduced: 8 of 9 ",
        ),
        ({"unreadable": "a field is unknown"}, "is as it was frozen, but not reproduced: a field is unknown."),
        ({"fault": Fault("seal", "a line was edited", "take it back")}, "was changed: a line was edited. Nothing was"),
    ],
)
def test_the_verdict_comes_first(found: dict[str, Any], verdict: str) -> None:
    text = " ".join(lines(**found))
    assert text.startswith(f"2026.1 {verdict}")
    assert ("In the working tree since" in text) == ("fault" not in found), "of an edited version nothing more"


def test_what_differs_is_listed_by_kind() -> None:
    unit = Move("strict", "a-2020/P1", "left", "inferred", (1, 1), None, "package")
    settings = (
        ("packages", Difference("numpy", "1.0", "2.0")),
        ("protocol", Difference("priors.mu", ABSENT, [1, 1])),
        ("vocabulary", Difference("drug.x", 1, ABSENT)),
    )
    found = lines(values=(MOVED,), units=(unit,), misread=("a-2020: age",), settings=settings, added=2)
    assert [line for line in found[1:] if line] == [
        "Results that differ: 1",
        "  response.strict.orr: 0.1234567891 -> 0.5",
        "Units that differ: 1",
        "  strict: left a-2020/P1 (inferred)",
        "Records that today's package reads otherwise: 1",
        "  a-2020: age",
        "Package versions that differ: 1",
        "  numpy: 1.0 -> 2.0",
        "Protocol, as today's package completes it, that differs: 1",
        "  priors.mu: absent -> [1, 1]",
        "Terms that differ: 1",
        "  drug.x: 1 -> absent",
        "Only today's package gives 2 further values.",
        NOTHING_SINCE,
    ]


def test_other_packages_are_told_only_where_a_number_differs() -> None:
    settings = (("packages", Difference("numpy", "1.0", "2.0")), ("defaults", Difference("level", 0.9, 0.95)))
    said = lines(settings=settings)
    assert "Package versions that differ: 1" not in said
    assert "Defaults of the code that changed: 1" in said


def test_what_changed_since() -> None:
    edited = Edited("a-2020", "literature/a-2020.yaml", (FieldChange("patients[P1].age", 3, 4),))
    shared = Edited("links.yaml", "links.yaml", (FieldChange("[0].prefer", "a", None),))
    one, two = (Record(name, f"{name}.yaml", "trial", 0, 1) for name in ("b-2021", "c-2022"))
    since = RecordChanges((one,), (two,), (("d", "e"),), (edited,), (shared,))
    found = lines(since=since, reworded=("f-2023.yaml",))
    assert found[found.index("In the working tree since: 6") + 1 :] == [
        "  added: b-2021",
        "  removed: c-2022",
        "  renamed: d -> e",
        "  a-2020: patients[P1].age: 3 -> 4",
        "  links.yaml: [0].prefer: a taken out",
        "  comments or layout of f-2023.yaml",
    ]


def test_a_long_list_is_cut() -> None:
    for number, more in ((20, []), (21, ["  and 1 more: --format json"])):
        found = lines(values=(MOVED,) * number)
        assert f"Results that differ: {number}" in found
        assert [line for line in found if line.startswith("  response")] == [
            "  response.strict.orr: 0.1234567891 -> 0.5"
        ] * 20
        assert [line for line in found if "more" in line] == more


def test_a_long_line_goes_on_below_its_start_and_no_name_is_torn_apart() -> None:
    name = "x" * 90
    found = lines(misread=(f"{'words ' * 20}{name} {'more-words ' * 9}".strip(),))
    at = found.index("Records that today's package reads otherwise: 1")
    block = found[at + 1 : found.index("", at)]
    assert block[0].startswith("  words")
    assert all(line.startswith("    ") and line[4] != " " for line in block[1:])
    assert any(line.strip() == name for line in block)
    assert all(len(line) <= 80 for line in block if name not in line)
