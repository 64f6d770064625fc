"""The text of a new case file, and what the review already knows: everyone here is made up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeReview, course, patient, report
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from metaimt.casefiles.library import read_library
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.reading import read_model
from metaimt.casefiles.schema import case_schema
from metaimt.casefiles.strict_yaml import parse
from metaimt.curation.new_case import (
    EDITOR_LINE,
    Known,
    case_text,
    checked_id,
    draft_of,
    quoted,
    review,
    scalar,
    terms_of,
    without_controls,
)
from metaimt.curation.reference import Reference
from metaimt.files import in_ascii
from metaimt.problem import WrongUse
from metaimt.vocabulary import built_in

NEXT = "metaimt validate cases/literature/made-up-2026.yaml"
TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
HARD = (
    *("Made up: a title # with 'quotes', \"more\" and a \\ backslash", "- made up\n- two", "report:\n  id: other"),
    *("{made: up}", "[a, b]", "*alias &anchor !tag | > % @ `", "null", "12:30", "010", "No", "---\n..."),
    *("\u202eright to left\u2066\u200f \u00a0\ufeff\ud800\x00\x1b[31m\x85\u2028", "𝒢 é 家 🧬", " both ends ", "#"),
    *(": ", "made up:"),
)


def text_of(reference: Reference, **more: Any) -> str:
    draft = draft_of("made-up-2026", reference, more.pop("by", None), "2026-11-23")
    return case_text(draft, built_in(), "ALK", NEXT, **more)


def filled_in(text: str) -> str:
    """What a curator does first: the two required fields."""
    return re.sub(r"(?m)^(  design:|      - drug:).*", lambda m: f"{m[1]} {FILL[m[1].strip(' -:')]}", text)


FILL = {"design": "case_report", "drug": "crizotinib"}


def read_back(text: str) -> CaseFile:
    document = parse("made-up-2026.yaml", text.encode())
    found, problems = read_model(document, CaseFile, built_in())
    assert problems == ()
    assert found is not None
    return found


def test_the_file_says_what_goes_where_with_the_terms_of_the_vocabulary() -> None:
    text = text_of(Reference(title="Made up", year=2026), by="J. Doe")
    lines = text.splitlines()
    assert lines[0] == EDITOR_LINE
    assert f"#   {NEXT}" in lines
    assert "    # sex: female | male" in lines
    assert f"    # site: {' | '.join(built_in().terms('site'))}" in lines
    assert "    # ihc: {ALK: positive | negative}" in text
    for drug in built_in().terms("drug"):
        assert drug in text
    assert max(map(len, lines)) <= 120


def test_every_field_of_the_model_is_there_with_its_description() -> None:
    text = " ".join(text_of(Reference()).replace("#", " ").split())
    schema = case_schema(built_in())["properties"]
    patients = schema["patients"]["items"]["properties"]
    parts = (schema["report"]["properties"], schema["extraction"]["properties"], patients)
    for name, field in (
        (n, f) for part in (*parts, patients["courses"]["items"]["properties"]) for n, f in part.items()
    ):
        if name not in {"id", "date", "former_ids", "notices", "setting", "publisher", "adjudicated"}:
            assert f"{name}:" in text
            terms = set(terms_of(field))
            assert field["description"] in text or set(re.findall(r"\w+", field["description"])) <= terms | {"or"}


def test_an_untouched_file_is_refused_for_the_two_required_fields_only() -> None:
    document = parse("x", text_of(Reference(title="Made up", year=2026)).encode())
    _, problems = read_model(document, CaseFile, built_in())
    assert [problem.message for problem in problems] == ["design: no value", "drug: no value"]


def test_each_commented_field_can_be_filled_in_by_deleting_the_mark() -> None:
    """With one of its terms each line is valid where it stands, all of them together too."""
    values = {"age": "34", "duration_months": "[6, 9]", "fusion_partner": "RANBP2", "pmid": '"90000001"'}
    values |= {"year": "2026", "doi": "10.0000/made-up", "pmcid": "PMC9000001", "url": "https://example.org"}
    values |= {"pfs_months": "8", "response_duration_months": "8", "followup_months": "21"}
    values |= {"time_to_response_months": "2", "size_change_percent": "-40", "sizes": "[8.7, 5.2]"}
    values |= {
        "mutations": "[{gene: BRAF, change: V600E}]",
        "in_response_at_12_months": "true",
        "became_operable": "true",
    }

    def fill(match: re.Match[str]) -> str:
        first = match[3].split("  #")[0].split(" | ")[0].strip()
        closing = "}" if first.startswith("{") else ""
        value = values.get(match[2]) or (first + closing if first not in {"", '""', "[]"} else "made up")
        return f"{match[1]}{match[2]}: {value if first != '[]' or match[2] in values else '[PD]'}"

    text = filled_in(text_of(Reference()))
    uncommented = re.sub(r"(?m)^( +)# ([a-z_]+):(?: (.*))?$", lambda m: fill(m) if m[2] != "ongoing" else m[0], text)
    uncommented = uncommented.replace("checked_by: made up", 'checked_by: "B"').replace(
        "overlaps: [PD]", "overlaps: []"
    )
    found = read_back(uncommented)
    assert (found.patients[0].sex, found.patients[0].courses[0].response) == ("female", "CR")
    assert found.patients[0].ihc == {"ALK": "positive"}
    assert found.patients[0].courses[0].duration_months == (6.0, 9.0)


def test_the_block_of_counts_is_valid_once_filled_in() -> None:
    block = text_of(Reference()).split("# arms:\n")[1]
    arm = re.sub(r"(?m)^# ", "  ", block)
    for name, value in {"label": "Made up", "drug": "crizotinib", "evaluable": "4", "responders": "2"}.items():
        arm = re.sub(rf"(?m)^(.*\b{name}:).*", rf"\1 {value}", arm)
    arm = re.sub(r" \| [^}#\n]*[^}# \n]", "", arm)
    text = f"report: {{id: made-up-2026, design: trial}}\narms:\n{arm}"
    assert read_back(text).arms[0].responders == 2


def assert_survives(title: str, authors: str, journal: str, by: str, *, teach: bool) -> None:
    text = text_of(Reference(title=title, authors=authors, journal=journal), by=by, teach=teach)
    found = read_back(filled_in(text))
    wanted = [without_controls(one) if without_controls(one).strip() else None for one in (title, authors, journal, by)]
    assert [found.report.title, found.report.authors, found.report.journal, found.extraction.by] == wanted
    assert (found.id, [patient.id for patient in found.patients]) == ("made-up-2026", ["P1"])
    assert all(character.isprintable() or character == "\n" for character in text)


@examples(20)
@given(title=TEXT, authors=TEXT, journal=TEXT, by=TEXT, teach=st.booleans())
def test_any_text_survives_and_adds_no_structure(title: str, authors: str, journal: str, by: str, teach: bool) -> None:
    assert_survives(title, authors, journal, by, teach=teach)


@pytest.mark.parametrize("text", HARD)
def test_hard_text_survives(text: str) -> None:
    assert_survives(text, text, text, text, teach=True)


@examples(20)
@given(st.recursive(TEXT, lambda inner: st.lists(inner, max_size=3), max_leaves=4))
@example(list(HARD))
def test_scalars_are_read_back_by_other_yaml_readers_too(value: Any) -> None:
    def clean(one: Any) -> Any:
        return [clean(item) for item in one] if isinstance(one, list) else without_controls(one)

    assert parse("x", f"x: {scalar(value)}\n".encode()).data["x"] == clean(value)
    assert yaml.safe_load(f"x: {scalar(value)}\n")["x"] == clean(value)


@pytest.mark.parametrize("text", HARD)
def test_controls_become_spaces_or_nothing(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\ud800-\udfff]", without_controls(text))
    assert quoted(text).isprintable()


def test_with_teaching_off_the_file_is_short_and_names_the_other_fields() -> None:
    text = filled_in(text_of(Reference(title="Made up", year=2026), teach=False))
    assert len(text.splitlines()) < 30
    assert "# not filled in: age, sex, site" in text
    assert read_back(text).report.title == "Made up"


@pytest.mark.parametrize(
    ("surname", "year", "expected"),
    [
        ("Yıldırım", 2025, "yildirim-2025"),
        ("Schöffski", 2021, "schoffski-2021"),
        ("Ølund-Example", 2026, "olund-example-2026"),
        ("D'Made", 2020, "dmade-2020"),
        ("D’Made", 2020, "dmade-2020"),
        ("van der Made", 2020, "van-der-made-2020"),
        ("Łuć", None, "luc"),
        ("Straße", 2020, "strasse-2020"),
    ],
)
def test_the_id_is_first_author_and_year(
    make_review: MakeReview, surname: str, year: int | None, expected: str
) -> None:
    known = Known(review(make_review()))
    assert known.free_id(Reference(surname=surname, year=year)) == expected
    assert checked_id(expected) == expected


def test_a_taken_id_gets_a_letter(make_review: MakeReview) -> None:
    folder = make_review(*(report(f"made-2020{letter}", patient(course())) for letter in ("", "-b", "-c")))
    assert Known(review(folder)).free_id(Reference(surname="Made", year=2020)) == "made-2020-d"


@pytest.mark.parametrize("surname", ["家", "", None])
def test_a_name_without_latin_letters_needs_an_id(make_review: MakeReview, surname: str | None) -> None:
    with pytest.raises(WrongUse, match="--id wang-2024"):
        Known(review(make_review())).free_id(Reference(surname=surname, year=2024))


def test_what_is_not_filled_in_yet_is_taken_all_the_same(make_review: MakeReview) -> None:
    folder = make_review()
    text = text_of(Reference(title="Made up", doi="10.0000/made-up", pmid="90000001"))
    (folder / "literature" / "made-up-2026.yaml").write_text(text, encoding="utf-8")
    (folder / "literature" / "broken.yaml").write_text("report: [", encoding="utf-8")
    known = Known(review(folder))
    assert not read_library(folder).reports
    for reference in (Reference(doi="10.0000/MADE-UP"), Reference(pmid="90000001")):
        taken = known.publication(reference)
        assert taken is not None
        assert "literature/made-up-2026.yaml; edit that file instead" in taken.told
    assert known.find("id", "broken") is not None
    (said,) = known.alike(Reference(title="MADE UP."))
    assert said.startswith(f"{folder}/literature/made-up-2026.yaml has a publication of the same title")


def test_former_ids_and_excluded_publications_are_taken(make_review: MakeReview) -> None:
    entry = report("made-2020", patient(course()))
    entry["report"] |= {"former_ids": ["made-2019"], "pmid": 90000002}
    folder = make_review(entry)
    excluded = [{"id": "out-2020", "doi": "10.0000/out", "reason": "Made up: no response."}]
    (folder / "excluded.yaml").write_text(yaml.safe_dump(excluded), encoding="utf-8")
    known = Known(review(folder))
    assert known.find("id", "made-2019") is not None
    assert known.find("pmid", "90000002") is not None
    taken = known.publication(Reference(doi="10.0000/OUT"))
    assert taken is not None
    assert "excluded.yaml (Made up: no response)" in taken.told
    with pytest.raises(WrongUse, match=r"Made up: no response.*--id out-2020-b"):
        known.free_id(Reference(surname="Out", year=2020))
    with pytest.raises(WrongUse, match=r"Latin letters \(the BibTeX of a has a mistake"):
        known.free_id(Reference(notes=("the BibTeX of a has a mistake: check what was read",)))


@pytest.mark.parametrize("text", ["Smith 2024", "../x", "a/b", "é", "-a", "a" * 81])
def test_an_id_that_could_not_name_a_file_is_refused(text: str) -> None:
    with pytest.raises(WrongUse, match="lower-case letters, digits and dashes"):
        checked_id(text)


@given(TEXT)
def test_in_ascii_is_an_id_or_empty(text: str) -> None:
    plain = in_ascii(text)[:60].strip("-")
    assert plain == "" or checked_id(plain)


def test_a_folder_that_is_no_review_is_refused(tmp_path: Path) -> None:
    for folder, said in ((tmp_path, "holds no review.yaml"), (tmp_path / "absent", "is not here")):
        with pytest.raises(WrongUse, match=said):
            review(folder)
