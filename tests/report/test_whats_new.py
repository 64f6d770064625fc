"""The wording of what is new: 80 columns, causes, hostile text, and a version's news."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import MakeReview, course, patient, report

from metaimt.content.whats_new import (
    _crossing,
    caused_by,
    field_text,
    news_entries,
    news_lines,
    news_section,
    number_text,
    points,
    verdict,
)
from metaimt.render.markdown import no_figures, section_markdown
from metaimt.render.terminal import section_text
from metaimt.report.markdown import changes_page
from metaimt.review import diff, snapshot
from metaimt.versions.changes import Changes
from metaimt.versions.records import Edited, FieldChange, Record, RecordChanges
from metaimt.versions.side import Crossing, Group, Number, NumberChange

HOSTILE = "<script>x</script> | `y` [a](javascript:b) \x1b[31m\u202e =1+1"


def number(responders: int, evaluable: int, estimate: float | None, method: str = "exact") -> Number:
    lower, upper = (None, None) if estimate is None else (estimate - 0.1, estimate + 0.1)
    return Number(responders, evaluable, 3, estimate, lower, upper, method)


def change(*states: Number | None) -> NumberChange:
    return NumberChange(Group("pool", "strict"), "strict", *states)


BEFORE, AFTER = number(5, 10, 0.5), number(6, 12, 0.5)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (change(BEFORE, BEFORE, BEFORE, AFTER), ("+1/+2", "none")),
        (change(BEFORE, AFTER, AFTER, AFTER), ("none", "+1/+2 (package)")),
        (
            change(BEFORE, BEFORE, number(5, 10, 0.52), number(5, 10, 0.49)),
            ("-3.0 [-3.0, -3.0]", "+2.0 [+2.0, +2.0] (protocol)"),
        ),
        (
            change(BEFORE, number(5, 10, 0.5, "other"), number(5, 10, 0.5, "other"), number(5, 10, 0.5, "other")),
            ("none", "interval by other instead of exact (package)"),
        ),
        (  # the estimate stays, a limit moves
            change(BEFORE, BEFORE, BEFORE, Number(5, 10, 3, 0.5, 0.4, 0.65, "exact")),
            ("0.0 [0.0, +5.0]", "none"),
        ),
        (change(BEFORE, BEFORE, BEFORE, Number(5, 10, 4, 0.5, 0.4, 0.6, "exact")), ("+1 report", "none")),
        (change(BEFORE, BEFORE, BEFORE, Number(5, 11, 1, 0.5, 0.4, 0.6, "exact")), ("0/+1, -2 reports", "none")),
        (
            change(BEFORE, number(4, 10, 0.5), number(4, 9, 0.5), number(4, 9, 0.5)),
            ("none", "-1/0 (package); 0/-1 (protocol)"),
        ),
        (change(None, None, None, AFTER), ("not known", "not known")),
        (change(BEFORE, None, None, AFTER), ("not known", "not known")),
        (
            change(number(0, 0, None), number(0, 0, None), number(0, 0, None), AFTER),
            ("+6/+12, none evaluable -> 6/12, 50.0 % [40.0 - 60.0]", "none"),
        ),
    ],
)
def test_what_moved_a_number(found: NumberChange, said: tuple[str, str]) -> None:
    assert caused_by(found) == said


def test_two_causes_that_cancel_are_not_unchanged() -> None:
    assert not change(BEFORE, AFTER, AFTER, BEFORE).is_same
    assert change(BEFORE, BEFORE, BEFORE, BEFORE).is_same


@pytest.mark.parametrize(
    ("value", "text"), [(0.004, "+0.4"), (-0.0501, "-5.0"), (0.0, "0.0"), (-0.0001, "0.0"), (1.0, "+100.0")]
)
def test_points(value: float, text: str) -> None:
    assert points(value) == text


def test_a_number_that_is_not_identified_or_not_there() -> None:
    assert (number_text(None), number_text(number(0, 0, None))) == ("not in it", "none evaluable")


@pytest.fixture
def hostile(make_review: MakeReview) -> Changes:
    """A made-up review in which a new case and a changed note hold hostile text."""
    folder = make_review(report("example-a", patient(course("PR"), site_detail="lung")))
    snapshot("2026.1", folder)
    path = folder / "literature" / "example-a.yaml"
    path.write_text(
        path.read_text().replace("site_detail: lung", "site_detail: '<script>x</script> | `y` [a](javascript:b)'")
    )
    make_review(report("example-b", patient(course("PR"), site_detail="=1+1"), arms=[]))
    return diff(cases=folder)


def test_hostile_text_cannot_format(hostile: Changes, tmp_path: Path) -> None:
    for text in (section_markdown(news_section(hostile), no_figures), changes_page(hostile, HOSTILE)):
        assert "<script>" not in text
        assert "[a](javascript" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert str(tmp_path) not in text


def test_the_terminal_is_80_columns_wide(hostile: Changes) -> None:
    lines = section_text(news_section(hostile)).splitlines()
    assert max(map(len, lines)) <= 80
    assert "    - patients[P1].site_detail: lung -> <script>x</script> | `y`" in lines


def test_thresholds_are_told_in_per_cent() -> None:
    found = Crossing("strict", "strict", 0.07, 0.05, ((0.5, "above", "holds it"),), (0.5,), (0.25, 0.3))
    assert _crossing(found) == (
        "strict: ORR +7.0 points (limit 5), the interval lay above 50 % and now spans it (borderline, depends on the "
        "prior) (excluded however often one looks: 25 % and 30 %)"
    )


def test_the_news_of_a_version(make_review: MakeReview) -> None:
    folder = make_review(report("example-a", patient(course("PR"))))
    first = diff(cases=folder)
    assert news_lines(first)[0] == "The first frozen version of the review."
    assert "strict, ALK-positive: 1/1, 100.0 % [2.5 - 100.0]" in news_lines(first)
    snapshot("2026.1", folder)
    assert news_lines(diff(cases=folder))[0] == "Nothing new."
    make_review(report("example-b", patient(course("PD"))))
    news = news_lines(diff(cases=folder))
    assert news[0] == "added: example-b (case report, 1 patient)"
    assert any(line.startswith("strict, ALK-positive: 1/1, 100.0 %") and "; by method: none" in line for line in news)
    assert news[-1].startswith("Conclusion test: crossed. strict, ALK-positive: ORR -50.0 points (limit 5)")


LONG = (
    "The child was given crizotinib for seven weeks, and the tumour shrank by a half on imaging, as printed in the "
    "abstract; surgery followed."
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("PR", "SD", "note: PR -> SD"),
        (LONG, LONG.replace("a half", "a third"), "note: … by a [half -> third] on imaging, …"),
        (LONG, f"{LONG} Then it grew.", "note: … surgery followed. [(nothing) -> Then it grew.]"),
        (LONG, LONG.removeprefix("The child "), "note: [The child -> (nothing)] was given …"),
        (
            LONG,
            LONG.replace("seven", "six").replace("surgery", "nothing"),
            "note: … crizotinib for [seven -> six] weeks, and …; … the abstract; [surgery -> nothing] followed.",
        ),
        (  # however long it is, and however often a word stands in it
            f"At first {'the tumour shrank and ' * 60}grew",
            f"At last {'the tumour shrank and ' * 60}stayed",
            "note: At [first -> last] the tumour …; … shrank and [grew -> stayed]",
        ),
    ],
)
def test_a_long_text_shows_what_changed_in_it(old: str, new: str, said: str) -> None:
    assert field_text(FieldChange("note", old, new)) == said


RECORD = Record("b-2021", "literature/b-2021.yaml", "case_series", 2, 0)


@pytest.mark.parametrize(
    ("shared", "said"),
    [
        ((), "removed: b-2021 (case series, 2 patients)"),
        (
            (Edited("excluded.yaml", "excluded.yaml", (FieldChange("[1]", None, {"id": "b-2021"}),)),),
            "removed: b-2021 (case series, 2 patients); excluded now",
        ),
        (  # another publication, or no new entry, or another file
            (
                Edited(
                    "excluded.yaml", "excluded.yaml", (FieldChange("[1]", None, {"id": "c"}), FieldChange("x", 1, 2))
                ),
                Edited("links.yaml", "links.yaml", (FieldChange("[1]", None, {"id": "b-2021"}),)),
            ),
            "removed: b-2021 (case series, 2 patients)",
        ),
    ],
)
def test_a_publication_that_was_taken_out(shared: tuple[Edited, ...], said: str) -> None:
    changes = Changes("2026.1", "now", records=RecordChanges(removed=(RECORD,), shared=shared))
    (title, first), *others = news_entries(changes).items()
    assert (title, [str(entry.head) for entry in first]) == ("Publications", [said])
    assert [len(entries) for _, entries in others] == ([len(shared)] if shared else [])


def test_a_publication_that_came_or_has_another_name() -> None:
    trial = Record("c-2022", "literature/c-2022.yaml", "trial", 0, 1)
    records = RecordChanges(added=(trial,), renamed=(("d", "e"),))
    (first,) = news_entries(Changes("2026.1", "now", records=records)).values()
    assert [str(entry.head) for entry in first] == ["added: c-2022 (trial, 1 arm)", "renamed: d -> e"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (Changes("2026.1", "now"), []),
        (
            Changes("2026.1", "now", numbers=(change(BEFORE, BEFORE, BEFORE, BEFORE),)),
            ["1 of 1 headline number unchanged."],
        ),
        (
            Changes("2026.1", "now", numbers=(change(BEFORE, BEFORE, BEFORE, AFTER), change(*[BEFORE] * 4))),
            ["1 of 2 headline numbers unchanged."],
        ),
        (Changes("2026.1", "now", unreadable="no age"), ["Data and method cannot be told apart: no age."]),
        (
            Changes("main", "now", printed=False),
            ["main is no frozen version: of the method only a change of the protocol shows."],
        ),
    ],
)
def test_the_verdict(changes: Changes, said: list[str]) -> None:
    assert verdict(changes)[: len(said)] == said
    assert len(verdict(changes)) == len(said) + 1, "and the conclusion test"
