"""The note on publication bias: what its rules say at their edges, and what is always in it. Patients are made up."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeReview, arm, course, patient, report, selected_in
from hypothesis import given
from hypothesis import strategies as st

from metaimt.analyses.pooled_response import pooled_response
from metaimt.analyses.publication_bias import publication_bias
from metaimt.analyses.results import Results
from metaimt.analyses.unread import ANY, KNOWN, Bounds, Unread, UnreadResponses, unread_responses
from metaimt.analyses.wording import odds_text
from metaimt.content.publication_bias import (
    MOST_WORDS,
    NOT_ALONE,
    VERDICTS,
    bias_note,
    bias_section,
    technical_note,
    trend_text,
    verdict,
)
from metaimt.render.markdown import section_markdown
from metaimt.report.markdown import report_markdown
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotRun

TOO_FEW = "too few to show or to exclude it"
SENTENCE = re.compile(r"(?<=[.])\s+(?=[A-Z])")


Review = Callable[[tuple[int, int], tuple[int, int]], Results]


def asked(shipped: Results, folder: Path) -> Results:
    """What the note is written from, of the review in a folder; all else is that of the frozen review."""
    library, protocol, selection = selected_in(folder)
    found = publication_bias(selection, protocol)
    response = pooled_response(selection, protocol)
    return replace(
        shipped, library=library, protocol=protocol, selection=selection, response=response, publication_bias=found
    )


@pytest.fixture
def review(make_review: MakeReview, shipped: Results) -> Review:
    """Single cases (responders of all), and two trials that share these responders and patients."""
    return lambda cases, trials: asked(shipped, make_review(*reports(cases, trials)))


def reports(cases: tuple[int, int], trials: tuple[int, int]) -> list[dict[str, Any]]:
    told = [report(f"case-{k}", patient(course("PR" if k < cases[0] else "PD"))) for k in range(cases[1])]
    half = (trials[0] // 2, trials[1] // 2)
    arms = [half, (trials[0] - half[0], trials[1] - half[1])]
    told += [report(f"trial-{k}", design="trial", arms=[arm(r, n)]) for k, (r, n) in enumerate(arms) if n]
    return told


@pytest.mark.parametrize(
    ("lower", "upper", "name"),
    [
        (1.0001, 1.5, "excess"),
        (1.0001, 9.0, "excess"),
        (1.0, 9.0, "too few"),  # an interval that ends at 1 includes it
        (0.2, 2.0001, "too few"),
        (0.2, float("inf"), "too few"),
        (0.2, 2.0, "no excess"),
        (0.2, 1.0, "no excess"),
        (0.2, 0.9999, "fewer"),
        (0.0, 0.5, "fewer"),
    ],
)
def test_rules_at_their_edges(lower: float, upper: float, name: str) -> None:
    assert verdict(lower, upper).name == name


@given(st.floats(0, 50), st.floats(0, 50))
def test_while_the_upper_limit_exceeds_2_and_1_is_inside_the_data_are_too_few(a: float, b: float) -> None:
    lower, upper = min(a, b), max(a, b)
    said = verdict(lower, upper)
    if lower <= 1 and upper > 2:
        assert TOO_FEW in said.wording
    assert (said.name == "excess") == (lower > 1)


def test_no_rule_says_that_there_is_none() -> None:
    assert not [rule.name for rule in VERDICTS if "no publication bias" in rule.wording.lower()]


def test_the_shipped_note(shipped: Results) -> None:
    note = str(bias_note(shipped))
    assert len(note.split()) <= MOST_WORDS
    sentences = SENTENCE.split(note)
    assert len(sentences) == 3
    assert all(re.search(r"\d", sentence) for sentence in sentences)
    order = (
        "Adjusted for selection",
        "Case reports against strict trials",
        "Vague against stated",
        "would bring case reports",
    )
    assert [note.index(words) for words in order] == sorted(note.index(words) for words in order)
    assert note.count("in strict") == note.count("in all evidence") == 2
    assert TOO_FEW in note
    assert "no publication bias" not in note.lower()
    assert "43/48 against 55/74" in note
    design = shipped.publication_bias.design("strict").odds_ratio
    assert not isinstance(design, NotRun)
    assert f"{design.estimate:.2f} [{design.lower:.2f} to {design.upper:.2f}] in strict (8/12 against 33/45)" in note


def test_unread_responses_stand_in_the_note_as_bounds(shipped: Results) -> None:
    counts = shipped.response.pools["all_evidence"].counts
    found = Unread("example-2020", 10, 2, "positive", "made up")
    results = replace(shipped, unread=UnreadResponses((found,), (Bounds("all_evidence", KNOWN, counts, (found,)),)))
    assert (
        "With 10 treated patients of unread response all evidence lies between 100/132 and 108/132 (76 to 82 %)."
        in str(bias_note(results))
    )


CASES: list[tuple[tuple[int, int], tuple[int, int], str]] = [
    ((28, 28), (16, 30), "over-represented"),
    ((27, 28), (14, 30), "over-represented"),
    ((8, 12), (33, 45), TOO_FEW),
    ((2, 30), (28, 30), "the opposite of it"),
]


@pytest.mark.parametrize(("cases", "trials", "said"), CASES)
def test_the_note_follows_the_evidence(
    review: Review, cases: tuple[int, int], trials: tuple[int, int], said: str
) -> None:
    results = review(cases, trials)
    note = str(bias_note(results))
    assert said in note
    assert len(note.split()) <= MOST_WORDS
    assert "no publication bias" not in note.lower()
    for contrast in results.publication_bias.contrasts[:2]:
        found: Any = contrast.odds_ratio
        if found.lower <= 1 and found.upper > 2:
            assert TOO_FEW in note


@pytest.mark.parametrize(("cases", "trials"), [((3, 4), (0, 0)), ((0, 0), (33, 45))])
def test_what_cannot_be_judged_says_why(review: Review, cases: tuple[int, int], trials: tuple[int, int]) -> None:
    results = review(cases, trials)
    note = str(bias_note(results))
    assert "not run: no evaluable patient" in note
    assert "as for publication bias" not in note
    assert "nan" not in note
    assert re.search(r"\binf\b", note) is None
    assert str(technical_note(results))


def test_the_trend_with_the_year_is_told_with_its_interval(shipped: Results) -> None:
    """The numbers are made up, the reports those of the frozen review."""
    trend = shipped.publication_bias.trends["strict"]
    found = OddsRatio(1.0512, 0.9004, 1.3127, 0.95, 0.9, 0.34, 0.1, -20.0, -20.45)
    dated = f"{trend.dated.reports} of {trend.reports} reports dated"
    assert str(trend_text(replace(trend, odds_ratio=found))) == (
        f"odds ratio 1.051 a year (95 % interval 0.900 to 1.313), p = 0.34, {dated}"
    )
    assert str(trend_text(trend)).startswith("not run: ")


def test_the_report_leads_with_the_note_and_its_table(shipped: Results) -> None:
    section = report_markdown(shipped).partition("## How far to trust it\n\n")[2]
    assert section.startswith("Adjusted for selection, the rate in trials is ")
    section = section.partition("### Publication bias\n\n")[2]
    assert section.startswith("| rate in trials, adjusted for selection")
    assert f"{NOT_ALONE[0].upper()}{NOT_ALONE[1:]}." in section
    assert "| N(log 2, 0.7) | " in section
    assert "| case reports and series | 8/12 | 28/30 |" in section
    assert section.index("### Technical version") < section.index("### Contrasts") < section.index("### Selectivity")
    assert "none needed" in section
    assert "confounded with design" in section


def test_a_hostile_label_is_text(make_review: MakeReview, shipped: Results) -> None:
    folder = make_review(report("case-a", patient(course())), report("trial-a", design="trial", arms=[arm(7, 10)]))
    path = folder / "review.yaml"
    path.write_text(path.read_text().replace("all_evidence: all evidence", "all_evidence: '<b>[x](y)|*z*'"))
    section = section_markdown(bias_section(asked(shipped, folder)), lambda _: "")
    assert "<b>" not in section
    assert "[x](y)" not in section
    assert "&lt;b&gt;" in section


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.1818, "2.18"),
        (9.999, "10.00"),
        (17.62, "17.6"),
        (0.0, "0"),
        (float("inf"), "without limit"),
        (0.004, "<0.01"),
        (0.01, "0.01"),
    ],
)
def test_odds_as_text(value: float, text: str) -> None:
    assert odds_text(value) == text


def test_of_three_pools_the_note_has_the_headline_and_the_widest(make_review: MakeReview, shipped: Results) -> None:
    folder = make_review(*reports((6, 8), (5, 9)))
    protocol = folder / "review.yaml"
    text = protocol.read_text(encoding="utf-8")
    between = "  between:\n    rows: [alk_positive]\n    line: first\n  all_evidence:\n"
    assert text.count("  all_evidence:\n") == 1
    protocol.write_text(text.replace("  all_evidence:\n", between), encoding="utf-8")
    results = asked(shipped, folder)
    assert list(results.response.pools) == ["strict", "between", "all_evidence"]
    note = str(bias_note(results))
    assert note.count("in strict") == note.count("in all evidence") == 2
    assert "between" not in note


def test_patients_of_mixed_status_may_belong_to_the_pool(make_review: MakeReview) -> None:
    folder = make_review(*reports((6, 8), (5, 9)))
    common = {"url": "https://example.org", "reason": "Made up.", "treated": 2}
    words = ("mixed", "negative", "positive")
    entries = [{"id": f"unread-{word}", **common, "status": {"ALK": word}} for word in words]
    (folder / "excluded.yaml").write_text(yaml.safe_dump(entries), encoding="utf-8")
    library, protocol, selection = selected_in(folder)
    bounds = unread_responses(library, protocol, selection).bounds
    assert [(each.name, each.treated) for each in bounds] == [(KNOWN, 2), (ANY, 4)]
