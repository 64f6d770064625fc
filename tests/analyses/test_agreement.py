"""Agreement of two readers: kappa against a computation by hand, and what is compared. All cases are made up."""

from __future__ import annotations

import csv
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import metaimt
from conftest import MakeReview, arm, course, patient, report
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from typer.testing import CliRunner

from metaimt.analyses.agreement import Agreement, FieldAgreement, MostFrequent, Pair, agreements
from metaimt.analyses.alternatives import alternative
from metaimt.casefiles.library import read_library
from metaimt.casefiles.protocol import Choices
from metaimt.checks import examine
from metaimt.cli.main import app
from metaimt.content.agreement import agreement_section, agreement_table
from metaimt.render.html import Html, Numbers
from metaimt.report.tables import agreement_rows
from metaimt.review import load
from metaimt.statistics.agreement import Kappa, cohens_kappa
from metaimt.statistics.outcome import NotIdentified

Case = dict[str, Any]


def test_kappa_of_two_by_two_by_hand() -> None:
    """20, 5, 10, 15 of 50: observed 0.7, by chance 0.5, kappa 0.4; its error by Fleiss, Cohen and Everitt 1969."""
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    found = cohens_kappa(pairs)
    assert isinstance(found, Kappa)
    table, n, kappa, chance = {(0, 0): 0.4, (0, 1): 0.1, (1, 0): 0.2, (1, 1): 0.3}, 50, 0.4, 0.5
    rows, columns = (0.5, 0.5), (0.6, 0.4)
    diagonal = sum(table[i, i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in (0, 1))
    others = (1 - kappa) ** 2 * sum(table[i, 1 - i] * (columns[i] + rows[1 - i]) ** 2 for i in (0, 1))
    error = sqrt((diagonal + others - (kappa - chance * (1 - kappa)) ** 2) / (n * (1 - chance) ** 2))
    assert (found.estimate, found.lower, found.upper) == pytest.approx(
        (kappa, kappa - 1.959964 * error, kappa + 1.959964 * error), abs=1e-6
    )


def test_where_kappa_does_not_exist() -> None:
    assert cohens_kappa([]) == NotIdentified("nothing to compare")
    assert cohens_kappa([("PR", "PR")] * 9) == NotIdentified("one category only")
    assert cohens_kappa([("PR", "PR"), ("SD", "SD")]) == Kappa(1.0, None, None)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=30))
def test_kappa_does_not_ask_who_is_first(pairs: list[tuple[str, str]]) -> None:
    one, other = cohens_kappa(pairs), cohens_kappa([(b, a) for a, b in pairs])
    if isinstance(one, NotIdentified):
        assert one == other
    else:
        assert isinstance(other, Kappa)
        assert one.estimate == pytest.approx(other.estimate)
        assert one.estimate <= 1


def case() -> Case:
    first = patient(course("PR", duration_months=4.17), course("SD", drug="alectinib"), age=9.5, sex="male")
    return report("example-a", first, patient(course("CR"), id="P2"), arms=[arm(12, 14)])


ARM = {"drug": "crizotinib", "responders": 12}


def read_again(*, name: str, by: str | None = None, **first: Any) -> dict[str, Case]:
    """A file of a second reading: the courses in another order of drugs, P2 not described."""
    courses = [{"drug": "alectinib", "response": "PR"}, {"response": "PR", "duration_months": 4.2} | first]
    one = {"id": "P1", "histology": "IMT", "age": 9.5, "courses": courses[::-1]}
    extraction = {} if by is None else {"extraction": {"by": by}}
    return {
        name: {
            "report": {"id": "example-a"},
            **extraction,
            "patients": [one],
            "arms": [{"drug": "crizotinib", "responders": 12}],
        }
    }


def made(make_review: MakeReview, files: dict[str, Case]) -> Path:
    folder = make_review(case())
    for name, content in files.items():
        path = folder / "second-reading" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Made up.\n{yaml.safe_dump(content, sort_keys=False)}", encoding="utf-8")
    return folder


def field_of(found: Agreement, name: str) -> FieldAgreement:
    return next(each for each in found.fields if each.field == name)


def compared(*pairs: tuple[str, str]) -> FieldAgreement:
    found = (Pair(f"example-a/P{k}", *pair, pair[0] == pair[1], "a:1", "b:1") for k, pair in enumerate(pairs))
    return FieldAgreement("response", "course", tuple(found))


@pytest.mark.parametrize(
    ("pairs", "most", "shown"),
    [
        ([("PR", "SD")], NotIdentified("one pair says nothing of what is frequent"), "–"),
        ([("PR", "PR")], NotIdentified("one pair says nothing of what is frequent"), "–"),
        ([("PR", "SD"), ("SD", "PR")], NotIdentified("no value is more frequent than any other"), "–"),
        ([("PR", "SD"), ("PR", "PD")], MostFrequent("PR", 0.5), "PR 50 %"),
        ([("PR", "PR"), ("PR", "PR")], MostFrequent("PR", 1.0), "PR 100 %"),
    ],
)
def test_a_most_frequent_value_is_said_only_where_there_is_one(
    pairs: list[tuple[str, str]], most: MostFrequent | NotIdentified, shown: str
) -> None:
    field = compared(*pairs)
    found = Agreement("b", 1, (field,), ())
    assert field.most == most
    ((row,),) = (table.rows for table in agreement_table(found))
    assert str(row.cells[4].content) == shown
    (line,) = agreement_rows((found,))
    alone = isinstance(most, NotIdentified)
    assert (line["most_frequent"], line["share"]) == ((None, None) if alone else (most.value, most.share))  # type: ignore[union-attr]


def test_what_is_compared(make_review: MakeReview) -> None:
    folder = made(make_review, read_again(name="example-a.yaml", by="Reader Two"))
    (found,) = agreements(read_library(folder))
    assert (found.reader, found.publications, found.not_matched) == (
        "Reader Two",
        1,
        ("example-a/P2 (case file only)",),
    )
    response = field_of(found, "response")
    assert (response.agreed, len(response.pairs), response.most) == (1, 2, MostFrequent("PR", 0.75))
    (differs,) = [pair for pair in response.pairs if not pair.agree]
    assert (differs.unit, differs.first, differs.second) == ("example-a/P1/course2", "SD", "PR")
    for at, value in ((differs.first_at, "SD"), (differs.second_at, "PR")):
        name, _, line = at.rpartition(":")
        assert (folder / name).read_text(encoding="utf-8").splitlines()[int(line) - 1].endswith(f"response: {value}")
    # left out by the second reader: a category of its own, and none of those where both gave a value
    sex = field_of(found, "sex")
    assert [(pair.first, pair.second, pair.agree) for pair in sex.pairs] == [("male", "not stated", False)]
    assert sex.stated == ()
    assert field_of(found, "duration_months").agreed == 2, "4.2 is 4.17 with fewer decimals; neither has the other"
    assert field_of(found, "duration_months").kappa == NotIdentified("numbers are no categories")
    assert len(field_of(found, "drug").pairs) == 1, "a drug that was left out is that of the file"
    assert [(pair.first, pair.second) for pair in field_of(found, "responders").pairs] == [("12", "12")]
    assert {each.field for each in found.fields if each.each == "arm"} == {"responders", "evaluable", "line", "drug"}


def test_a_folder_a_person(make_review: MakeReview) -> None:
    files = {**read_again(name="reader-b/example-a.yaml"), **read_again(name="reader-c/example-a.yaml", response="SD")}
    folder = made(make_review, files)
    assert [each.reader for each in agreements(read_library(folder))] == ["reader-b", "reader-c"]
    told = {(problem.rule, Path(problem.file).parent.name) for problem in examine(read_library(folder)).problems}
    assert ("second-reading-disagrees", "reader-c") in told
    assert not {rule for rule, _ in told} & {"repeated-report-id", "unread-case", "unread-file"}


@pytest.mark.parametrize(
    "person", ["Reader Two", "Jörg Müller", "r.two", "王", "=1+1", "<b>x", "'; --", "a\x1b[2Jb", "reader\u202etwo"]
)
def test_a_folder_of_any_name_is_that_persons(make_review: MakeReview, person: str) -> None:
    folder = made(make_review, read_again(name=f"{person}/example-a.yaml", response="SD"))
    library = read_library(folder)
    (found,) = agreements(library)
    assert found.reader == person
    assert [each.rule for each in examine(library).problems if each.severity == "error"] == []
    said = metaimt("agree", "--by", person, "--cases", folder)
    assert said.returncode == 0
    assert not {"\x1b", "\u202e"} & {*said.stdout, *metaimt("validate", "--all", "--cases", folder).stdout}
    rows = csv.reader(metaimt("agree", "--format", "csv", "--cases", folder).stdout.splitlines())
    assert not any(row[0].startswith(("=", "+", "-", "@")) for row in rows)
    html = Html(Numbers({}), lambda _: Markup(""))
    assert "<b>" not in "".join(html.section(each) for each in agreement_section((found,)))


def test_a_hidden_folder_is_nobodys(make_review: MakeReview) -> None:
    folder = made(make_review, read_again(name=".trash/example-a.yaml"))
    assert agreements(read_library(folder)) == ()


def test_what_one_person_read_twice_counts_once(make_review: MakeReview) -> None:
    twice = {
        **read_again(name="example-a.yaml", by="Reader 2"),
        **read_again(name="reader-2/example-a.yaml", response="SD"),
    }
    library = read_library(made(make_review, twice))
    (found,) = agreements(library)
    assert (found.reader, found.publications) == ("Reader 2", 1)
    (told,) = [each for each in examine(library).problems if each.rule == "repeated-second-reading"]
    assert told.file.endswith("second-reading/reader-2/example-a.yaml")
    assert "second-reading/example-a.yaml" in told.message


def test_the_values_of_the_second_reader_are_pooled(make_review: MakeReview) -> None:
    """P1: PR, then SD; the second reader found the first course not readable. P2 and the arm stay."""
    reading = read_again(name="reader-b/example-a.yaml")
    del reading["reader-b/example-a.yaml"]["patients"][0]["courses"][0]["response"]
    loaded = load(made(make_review, reading))
    found = alternative(loaded.library, loaded.protocol, Choices(values="second_reading"))
    pooled = {placed.unit.id: (placed.unit.responders, placed.unit.evaluable) for placed in found.members["strict"]}
    assert pooled == {"example-a/P2": (1, 1), "example-a/arm1": (12, 14)}
    assert found.touched == {"example-a/P1", "example-a/P1/course2"}


def test_an_arm_that_was_read_again_has_the_counts_of_the_second_reader(make_review: MakeReview) -> None:
    reading = read_again(name="reader-b/example-a.yaml")
    reading["reader-b/example-a.yaml"]["arms"] = [{"drug": "crizotinib", "responders": 11, "evaluable": 13}]
    loaded = load(made(make_review, reading))
    found = alternative(loaded.library, loaded.protocol, Choices(values="second_reading"))
    (unit,) = (placed.unit for placed in found.members["strict"] if placed.unit.id == "example-a/arm1")
    assert (unit.responders, unit.evaluable) == (11, 13)


def test_the_command(make_review: MakeReview) -> None:
    folder = made(make_review, read_again(name="reader-b/example-a.yaml"))
    result = CliRunner().invoke(app, ["agree", "--cases", str(folder), "--field", "response"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "reader-b: 1 publication read again"
    assert max(map(len, lines)) <= 80
    assert [line.split(":")[0] for line in lines[-3:]] == [
        "response, example-a/P1/course2",
        "  SD             literature/example-a.yaml",
        "  PR             second-reading/reader-b/example-a.yaml",
    ]
    for wrong in (["--by", "nobody"], ["--field", "colour"]):
        assert CliRunner().invoke(app, ["agree", "--cases", str(folder), *wrong]).exit_code == 2
