"""`metaimt verify` in words: the verdict, what differs, what changed since. All numbers are made up."""

from __future__ import annotations

from typing import Any

import pytest

from metaimt.casefiles.version_files import Fault
from metaimt.report.verification_text import verification_text
from metaimt.versions.records import Edited, FieldChange, Record, RecordChanges
from metaimt.versions.side import Group, Move, Number, NumberChange
from metaimt.versions.verification import ABSENT, Compared, Difference, Verification

SAME = Compared("pools.strict.rho", 0.1, 0.1, "")
MOVED = Compared("pools.strict.orr.estimate", 0.12345678912, 0.5, "method")
NOTHING_SINCE = "In the working tree since: nothing."


def lines(**more: Any) -> list[str]:
    return verification_text(Verification("2026.1", **more)).splitlines()


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"values": (SAME,) * 9}, "is as it was frozen, and reproduced from its own content: 9 of 9 numbers"),
        (
            {"values": (MOVED, *(SAME,) * 8)},
            "is as it was frozen, but not reproduced: 8 of 9 ",
        ),
        ({"unreadable": "a field is unknown"}, "is as it was frozen, but not reproduced: a field is unknown."),
        (
            {"fault": Fault("seal", "a line was edited", "take it back")},
            "is not as it was frozen: a line was edited. Nothing",
        ),
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
    gone, new = Compared("by.x", 1, ABSENT, "method"), Compared("by.y", ABSENT, 1, "data")
    rates = Number(1, 2, 1, 0.5, 0.1, 0.9, "exact"), Number(2, 2, 1, 1.0, 0.2, 1.0, "exact")
    other = Number(1, 2, 1, 0.5, 0.1, 0.9, "posterior")
    headline = (
        (NumberChange(Group("pool", "all"), "all evidence", rates[0], None, None, rates[0]), ""),
        (NumberChange(Group("row", "ros1"), "ROS1", rates[0], None, None, rates[1]), "selection"),
        (NumberChange(Group("row", "other"), "other", rates[0], None, None, other), "method"),
        (NumberChange(Group("row", "gone"), "gone", rates[0], None, None, None), "data"),
    )
    counted = Compared("rows.ros1.responders", 1, 2, "selection")
    found = lines(
        values=(MOVED, SAME, counted, gone, new),
        headline=headline,
        units=(unit,),
        misread=("a-2020: age",),
        settings=settings,
    )
    assert found[:8] == [
        "2026.1 is as it was frozen, but not reproduced: 1 of 4 numbers reproduced.",
        "",
        "Numbers, and what changed them",
        "  numbers           frozen  reproduced  data  selection  method  gone  new",
        "  pools and strata       2           1     -          -       1     -    -",
        "  separate rows          1           -     -          1       -     -    -",
        "  subgroups              1           -     -          -       -     1    1",
        "  all                    4           1     -          1       1     1    1",
    ]
    assert found[8].startswith("  Changed by data: a record")
    assert [line for line in found[found.index("Headline numbers that differ: 3") :] if line] == [
        "Headline numbers that differ: 3",
        "  - ROS1: 1/2, 50.0 % [10.0 - 90.0] -> 2/2, 100.0 % [20.0 - 100.0] (selection)",
        "  - other: exact -> posterior, 1/2, 50.0 % [10.0 - 90.0] (method)",
        "  - gone: 1/2, 50.0 % [10.0 - 90.0] -> not in it (data)",
        "Further results that differ: 2",
        "  - pools.strict.orr.estimate: 0.1234567891 -> 0.5 (method)",
        "  - by.x: 1 -> absent (method)",
        "Units that differ: 1",
        "  - strict: left a-2020/P1 (inferred)",
        "Records that today's package reads otherwise: 1",
        "  - a-2020: age",
        "Package versions that differ: 1",
        "  - numpy: 1.0 -> 2.0",
        "Protocol, as today's package completes it, that differs: 1",
        "  - priors.mu: absent -> [1, 1]",
        "Terms that differ: 1",
        "  - drug.x: 1 -> absent",
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
        "  - added: b-2021",
        "  - removed: c-2022",
        "  - renamed: d -> e",
        "  - a-2020: patients[P1].age: 3 -> 4",
        "  - links.yaml: [0].prefer: a taken out",
        "  - comments or layout of f-2023.yaml",
    ]


def test_a_long_list_is_cut() -> None:
    for number, more in ((10, []), (11, ["  - and 1 more: --format json"])):
        found = lines(values=(MOVED,) * number)
        assert f"Further results that differ: {number}" in found
        assert [line for line in found if line.startswith("  - pools")] == [
            "  - pools.strict.orr.estimate: 0.1234567891 -> 0.5 (method)"
        ] * 10
        assert [line for line in found if line.startswith("  - and ")] == more


def test_what_only_today_gives_is_told_where_all_is_reproduced() -> None:
    new = Compared("by.y", ABSENT, 1, "method")
    assert "Only today's package gives 2 further values." in lines(values=(SAME, new, new))


def test_a_long_line_goes_on_below_its_start_and_no_name_is_torn_apart() -> None:
    name = "x" * 90
    found = lines(misread=(f"{'words ' * 20}{name} {'more-words ' * 9}".strip(),))
    at = found.index("Records that today's package reads otherwise: 1")
    block = found[at + 1 : found.index("", at)]
    assert block[0].startswith("  - words")
    assert all(line.startswith("    ") and line[4] != " " for line in block[1:])
    assert any(line.strip() == name for line in block)
    assert all(len(line) <= 80 for line in block if name not in line)
