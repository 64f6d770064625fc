"""Pools over time: the steps add up, undated reports come last, and crossings are said with their side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from conftest import MakeReview, arm, course, patient, report, selected_in

import metaimt
from metaimt.analyses.over_time import BY_ENTRY, BY_YEAR, UNDATED, Cumulative, over_time
from metaimt.analyses.results import Results
from metaimt.report.markdown import report_markdown
from metaimt.report.tables import cumulative_rows
from metaimt.serialise import to_json


def one(results: Results, pool: str, by: str) -> Cumulative:
    return next(found for found in results.over_time if (found.pool, found.by) == (pool, by))


def with_steps_of(results: Results, folder: Path) -> Results:
    """The results, but with the steps over time of another review."""
    return replace(results, over_time=over_time(*selected_in(folder)))


def dated(name: str, year: int | None, entered: str | None, *arms: dict[str, Any]) -> dict[str, Any]:
    entry = report(name, design="trial", arms=list(arms), extraction={"date": entered} if entered else {})
    if year is None:
        del entry["report"]["year"]
    else:
        entry["report"]["year"] = year
    return entry


def test_the_last_step_is_the_pool(shipped: Results) -> None:
    assert len(shipped.over_time) == 2 * len(shipped.response.pools)
    for found in shipped.over_time:
        group, last = shipped.response.pools[found.pool], found.steps[-1]
        assert last.counts.parts == group.counts.parts
        assert found.reports == group.counts.reports
        assert last.orr is not None
        assert group.orr is not None
        assert (last.orr.estimate, last.orr.lower, last.orr.upper) == (
            group.orr.estimate,
            group.orr.lower,
            group.orr.upper,
        )


def test_the_steps_add_up_and_are_in_order(shipped: Results) -> None:
    for found in shipped.over_time:
        for before, after in zip(found.steps, found.steps[1:], strict=False):
            assert after.counts.evaluable == before.counts.evaluable + after.added.evaluable
            assert after.counts.responders == before.counts.responders + after.added.responders
            assert after.counts.reports == before.counts.reports + after.added.reports
            assert after.when > before.when or after.when == UNDATED
        undated = sum(step.added.reports for step in found.steps if step.when == UNDATED)
        assert found.dated.reports + undated == found.reports


def test_undated_reports_are_a_last_labelled_step(make_review: MakeReview, shipped: Results) -> None:
    results = with_steps_of(
        shipped,
        make_review(
            dated("example-1", 2021, "2026-01-02", arm(1, 4)),
            dated("example-2", None, "2026-01-01", arm(2, 3)),
            dated("example-3", 2019, "2026-01-02", arm(5, 6)),
        ),
    )
    by_year, by_entry = one(results, "strict", BY_YEAR), one(results, "strict", BY_ENTRY)
    assert [(s.when, s.counts.responders, s.counts.evaluable) for s in by_year.steps] == [
        ("2019", 5, 6),
        ("2021", 6, 10),
        (UNDATED, 8, 13),
    ]
    assert (by_year.dated.reports, by_year.reports) == (2, 3)
    assert [(s.when, s.counts.responders, s.counts.evaluable) for s in by_entry.steps] == [
        ("2026-01-01", 2, 3),
        ("2026-01-02", 8, 13),
    ]
    text = report_markdown(results)
    assert "by publication year: 2 of 3 dated" in text
    assert "with the 1 undated report " in text
    assert "not adjusted for repeated looks" in text


def test_crossings_start_and_stop_on_a_side(make_review: MakeReview, shipped: Results) -> None:
    # One report of 20/20 lies above 0.7 (Clopper-Pearson); the posterior of 20/20 and 9/20 excludes none of the three.
    folder = make_review(dated("example-1", 2019, None, arm(20, 20)), dated("example-2", 2020, None, arm(9, 20)))
    results = with_steps_of(shipped, folder)
    found = one(results, "strict", BY_YEAR).crossings
    expected = [(year, t, year == "2019", "above") for year in ("2019", "2020") for t in (0.5, 0.6, 0.7)]
    assert [(c.when, c.threshold, c.excludes, c.side) for c in found] == expected
    text = report_markdown(results)
    assert "2019: the interval first excludes 70 % (all of it above)." in text
    assert "2020: the interval stops excluding 70 %." in text


def test_from_above_to_below_is_two_crossings(make_review: MakeReview) -> None:
    single = [report(f"example-{k}", patient(course("PD")), design="case_report") for k in range(1, 31)]
    first = dated("early-1", 2010, None, arm(6, 6))
    del first["arms"]
    first |= {"patients": [patient(course("PR"), id=f"P{k}") for k in range(1, 7)]}
    library, protocol, selection = selected_in(make_review(first, *single))
    steps = over_time(library, protocol, selection)
    found = next(found for found in steps if (found.pool, found.by) == ("strict", BY_YEAR))
    half = [(c.when, c.excludes, c.side) for c in found.crossings if c.threshold == 0.5]
    assert half == [("2010", True, "above"), ("2020", False, "above"), ("2020", True, "below")]


def test_an_empty_pool_has_no_steps(make_review: MakeReview) -> None:
    results = metaimt.run(make_review(report("example-1", patient(course("PR", response_basis="inferred")))))
    found = one(results, "strict", BY_YEAR)
    assert (found.steps, found.dated.parts, found.reports, found.crossings) == ((), (), 0, ())
    report_markdown(results)


def test_rows_and_json_say_that_looks_are_not_adjusted_for(shipped: Results) -> None:
    rows = list(cumulative_rows(shipped.over_time))
    assert len(rows) == sum(len(found.steps) for found in shipped.over_time)
    assert {row["adjustment"] for row in rows} == {"not adjusted for repeated looks"}
    for found in to_json(shipped)["over_time"]:
        assert found["adjustment"] == "not adjusted for repeated looks"
        assert not any("p" in step for step in found["steps"])
