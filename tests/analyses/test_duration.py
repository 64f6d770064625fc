"""For how long: nothing mixed, nothing guessed, curves only where the rule allows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report

import metaimt
from metaimt.analyses.duration import LABELS, Curve, Duration, Incidence, Times, durations
from metaimt.analyses.results import Results
from metaimt.content.duration import duration_section
from metaimt.content.section import Section
from metaimt.evidence.selection import select
from metaimt.render.markdown import section_markdown
from metaimt.report.cells import csv_text
from metaimt.report.tables import duration_estimate_rows, duration_rows, median_rows
from metaimt.review import load
from metaimt.serialise import to_json
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import log_rank

STOPPED = {"ongoing": False, "stop_reason": "progression"}


def found_in(folder: Path) -> dict[str, Duration]:
    """The times alone."""
    loaded = load(folder)
    return durations(select(loaded.library, loaded.protocol), loaded.protocol)


def of(found: Mapping[str, Duration], field: str = "time_on_treatment", pool: str = "strict") -> Times:
    """One field of one pool."""
    return found[pool].times[field]


def courses(*given: dict[str, Any]) -> list[dict[str, Any]]:
    """One made-up report a course."""
    return [report(f"example-{k:02d}", patient(course("PR", **more))) for k, more in enumerate(given)]


def ten(field: str = "duration_months", last: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Ten times, 1 to 10 months: the first six ended by progression, three ongoing, and the last as given."""
    given = [{field: k, **(STOPPED if k <= 6 else {"ongoing": True})} for k in range(1, 10)]
    return [*given, {field: 10, **(last or {"ongoing": True})}]


def test_the_widest_pool_is_first_and_the_counts_add_up(shipped: Results) -> None:
    assert list(shipped.duration) == ["all_evidence", "strict"]
    for pool, duration in shipped.duration.items():
        counts = shipped.response.pools[pool].counts
        for name in ("time_on_treatment", "pfs"):
            times = duration.times[name]
            assert len(times.described.parts) + times.as_counts == counts.evaluable
        responders = duration.times["response_duration"]
        assert len(responders.described.parts) + responders.as_counts == counts.responders


def test_the_shipped_evidence_has_no_curve(shipped: Results) -> None:
    wide = of(shipped.duration, pool="all_evidence")
    assert wide.curves == NotRun("10 known times of 122 patients, a third is needed")
    for pool, field in (("strict", "time_on_treatment"), ("all_evidence", "pfs"), ("strict", "pfs")):
        assert isinstance(of(shipped.duration, field, pool).curves, NotRun)


@pytest.mark.parametrize(("as_counts", "drawn"), [(20, True), (21, False)])
def test_a_third_of_the_pool_must_have_a_known_time(make_review: MakeReview, as_counts: int, drawn: bool) -> None:
    arm_of = report("example-arm", design="cohort", arms=[arm(as_counts, as_counts)])
    times = of(found_in(make_review(*courses(*ten()), arm_of)), pool="strict")
    assert isinstance(times.curves, dict) is drawn
    assert isinstance(times.incidence, dict) is drawn


def test_a_median_of_a_linked_duplicate_is_left_out(make_review: MakeReview) -> None:
    medians = {"median_pfs_months": {"value": 20.8, "ci": [7.6, 34.0]}}
    open_ended = {"median_pfs_months": {"value": 18.0, "ci": [4.0, None]}, "median_duration_months": {"value": 9.0}}
    folder = make_review(
        report("early", design="trial", overlaps=["late"], arms=[arm(3, 5, **medians)]),
        report("late", design="trial", overlaps=["early"], arms=[arm(6, 10, **open_ended)]),
        links=[{"reports": ["early", "late"], "certainty": "certain", "prefer": "late", "decided_by": "a"}],
    )
    found = found_in(folder)["strict"]
    assert [(m.id, m.field, m.n, m.value) for m in found.medians] == [
        ("late/arm1", "pfs", 10, 18.0),
        ("late/arm1", "time_on_treatment", 10, 9.0),
    ]
    said = [to_json(median)["interval"] for median in found.medians]
    assert said == [[4.0, {"not_reached": "not estimable"}], {"not_stated": "no interval printed"}]


def test_the_three_fields_are_never_mixed(make_review: MakeReview) -> None:
    folder = make_review(*courses({"duration_months": 8}, {"pfs_months": 5}, {"response_duration_months": 3}))
    times = found_in(folder)["strict"].times
    assert {name: [known.middle for known in times[name].known] for name in LABELS} == {
        "time_on_treatment": [8.0],
        "pfs": [5.0],
        "response_duration": [3.0],
    }
    assert all(len(found.known) == 1 and len(found.described.parts) == 3 for found in times.values())


def test_ongoing_absent_is_excluded_and_counted(make_review: MakeReview) -> None:
    given = [*ten(), {"duration_months": 40}, {"duration_months": 50}]
    times = of(found_in(make_review(*courses(*given))))
    assert len(times.known) == 12
    assert {why: len(who.parts) for why, who in times.excluded.items()} == {"not stated whether ongoing": 2}
    assert isinstance(times.curves, dict)
    assert times.curves["middle"].steps.subjects == 10
    assert times.naive_median == 6.5  # of all twelve, whatever became of them


@pytest.mark.parametrize(
    ("more", "on_treatment", "pfs"),
    [
        ({"ongoing": True}, "censored", "censored"),
        ({"ongoing": False}, "event", "unknown"),
        ({}, "unknown", "unknown"),
        ({"ongoing": False, "stop_reason": "progression"}, "event", "event"),
        ({"ongoing": False, "stop_reason": "death"}, "event", "event"),
        ({"ongoing": False, "stop_reason": "surgery"}, "competing", "competing"),
        ({"ongoing": False, "stop_reason": "toxicity"}, "event", "competing"),
        ({"ongoing": False, "stop_reason": "completed"}, "competing", "competing"),
        ({"ongoing": False, "stop_reason": "other"}, "event", "unknown"),
        ({"ongoing": True, "beyond_progression": True}, "censored", "event"),
        ({"stop_reason": "progression"}, "event", "event"),
    ],
)
def test_how_a_time_ended(make_review: MakeReview, more: dict[str, Any], on_treatment: str, pfs: str) -> None:
    folder = make_review(*courses({"duration_months": 8, "pfs_months": 8, "response_duration_months": 6, **more}))
    times = found_in(folder)["strict"].times
    states = {name: times[name].known[0].state for name in LABELS}
    assert states == {"time_on_treatment": on_treatment, "pfs": pfs, "response_duration": pfs}


def test_a_range_enters_at_its_midpoint_and_at_each_end(make_review: MakeReview) -> None:
    given = ten()
    given[4] = {"duration_months": [4.5, 9], **STOPPED}
    times = of(found_in(make_review(*courses(*given))))
    assert len(times.ranges.parts) == 1
    assert isinstance(times.curves, dict)
    assert {name: 4.5 in c.steps.time for name, c in times.curves.items()} == {
        "middle": False,
        "low": True,
        "high": False,
    }
    assert 6.75 in times.curves["middle"].steps.time
    (ranged,) = (known for known in times.known if known.low < known.high)
    assert (ranged.low, ranged.high, ranged.middle) == (4.5, 9.0, 6.75)


@pytest.mark.parametrize(("drop", "reason"), [(1, "9 known times, 10 are needed"), (0, "4 events, 5 are needed")])
def test_curves_need_ten_times_and_five_events(make_review: MakeReview, drop: int, reason: str) -> None:
    given = ten()[drop:]
    if not drop:
        given[4:6] = [{"duration_months": k, "ongoing": True} for k in (5, 6)]
    times = of(found_in(make_review(*courses(*given))))
    assert times.curves == NotRun(reason)
    assert to_json(times)["kaplan_meier"] == {"not_run": reason}
    assert len(to_json(times)["times"]) == 10 - drop


def test_kaplan_meier_by_hand(make_review: MakeReview) -> None:
    """Six events at 1 to 6 of ten, the others censored after: S(t) falls by a tenth a month."""
    times = of(found_in(make_review(*courses(*ten()))))
    assert isinstance(times.curves, dict)
    curve: Curve = times.curves["middle"]
    assert curve.median.estimate == 5.5
    assert [at.time for at in curve.landmarks] == [6, 12, 24]  # half a year, one and two
    assert [at.estimate for at in curve.landmarks] == pytest.approx([0.4, None, None])
    assert curve.followup == NotRun("4 censored times, 5 are needed")
    longer = of(found_in(make_review(*courses(*ten(), {"duration_months": 11, "ongoing": True}))))
    assert isinstance(longer.curves, dict)
    assert longer.curves["middle"].followup.estimate == 9
    assert isinstance(times.incidence, dict)
    assert times.incidence["middle"].at[0].estimate == pytest.approx(0.6)
    assert to_json(times)["aalen_johansen"]["middle"]["at"][0]["cause"] == "stopped"


def test_competing_events_of_pfs(make_review: MakeReview) -> None:
    surgery = {"ongoing": False, "stop_reason": "surgery"}
    given = ten("pfs_months")
    given[0] = {"pfs_months": 1, **surgery}
    times = of(found_in(make_review(*courses(*given))), "pfs")
    assert isinstance(times.incidence, dict)
    found: Incidence = times.incidence["middle"]
    by_six = {at.cause: at.estimate for at in found.at if at.time == 6}
    assert by_six == {1: pytest.approx(0.5), 2: pytest.approx(0.1)}
    assert isinstance(times.curves, dict)
    assert times.curves["middle"].steps.total_events == 5  # surgery censored
    assert times.curves["middle"].landmarks[0].estimate == pytest.approx(4 / 9)


def test_who_is_still_without_progression_leaves_those_at_risk_and_adds_to_no_cause(make_review: MakeReview) -> None:
    """Of ten three are followed for one to three months, one has surgery at 4, six a progression at 5 to 10."""
    given: list[dict[str, Any]] = [{"pfs_months": k, "ongoing": True} for k in (1, 2, 3)]
    given += [{"pfs_months": 4, "ongoing": False, "stop_reason": "surgery"}]
    given += [{"pfs_months": k, **STOPPED} for k in range(5, 11)]
    times = of(found_in(make_review(*courses(*given))), "pfs")
    assert isinstance(times.incidence, dict)
    by_six = {at.cause: at.estimate for at in times.incidence["middle"].at if at.time == 6}
    assert by_six == {1: pytest.approx(2 / 7), 2: pytest.approx(1 / 7)}  # of the seven at risk from the fourth month


def test_a_response_has_a_duration_and_nothing_else_has(make_review: MakeReview) -> None:
    folder = make_review(
        report("example-1", patient(course("PR", response_duration_months=4))),
        report("example-2", patient(course("SD"))),
    )
    times = of(found_in(folder), "response_duration")
    assert (len(times.described.parts), len(times.known)) == (1, 1)


def test_groups_are_compared_where_the_rule_allows(make_review: MakeReview) -> None:
    entries = courses(*ten())
    for k, entry in enumerate(entries):
        entry["patients"][0]["histology"] = "EIMS" if k % 2 else "IMT"
    entries[0]["patients"][0]["courses"][0]["duration_months"] = [0, 11]  # 5.5: after the fifth, not before the second
    histology, age, sex = of(found_in(make_review(*entries))).groups
    assert not isinstance(histology.log_rank, NotRun)
    assert [group.subjects for group in histology.log_rank.groups] == [5, 5]
    times, events = [5.5, *range(2, 11)], [1] * 6 + [0] * 4
    assert histology.log_rank == log_rank(times, events, ["IMT", "EIMS"] * 5)
    assert histology.cox == NotRun("6 events, 10 are needed")
    assert (age.known.parts, sex.known.parts) == ((), ())
    assert age.log_rank == NotRun("0 known times, 10 are needed")


def test_the_order_of_reports_does_not_matter(make_review: MakeReview) -> None:
    given = [*ten(), {"duration_months": [2, 7], **STOPPED}, {"duration_months": 3}]

    def found(order: list[dict[str, Any]]) -> dict[str, Any]:
        duration = to_json(found_in(make_review(*courses(*order)))["strict"])
        for times in duration["times"].values():
            times["times"] = sorted((t["low"], t["high"], t["state"], t["why"]) for t in times["times"])
        return dict(duration)

    assert found(given) == found(given[::-1]) == found(given[5:] + given[:5])


def test_nothing_is_null_and_the_tables_have_all_rows(shipped: Results) -> None:
    found = shipped.duration
    as_dict = {pool: to_json(duration) for pool, duration in found.items()}
    assert "null" not in json.dumps(as_dict, allow_nan=False)
    known = sum(len(times.known) for duration in found.values() for times in duration.times.values())
    assert len(csv_text(duration_rows(found)).splitlines()) == known + 1
    assert len(list(median_rows(found))) == sum(len(duration.medians) for duration in found.values())
    assert {row["pool"] for row in duration_estimate_rows(found)} == set(found)


def said(section: Section) -> str:
    return section_markdown(section, lambda _: "")


def test_the_section_says_what_is_known_and_what_was_not_run(shipped: Results, make_review: MakeReview) -> None:
    section = said(duration_section(shipped))
    times = of(shipped.duration, "pfs")
    assert f"nown for {len(times.known)} of {len(times.described.parts)} evaluable patients" in section
    assert "curve not run: " in section
    surgery = {"ongoing": False, "stop_reason": "surgery"}
    competing = said(duration_section(metaimt.run(make_review(*courses(*ten("pfs_months", surgery))))))
    assert "Aalen-Johansen: progression or death by 6 months 60.0 %" in competing
    assert "competing events censored: 6 events in 10 patients" in competing
