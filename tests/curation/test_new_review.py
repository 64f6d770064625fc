"""`metaimt init`: any answers make a valid review that says what was answered, and its numbers are right."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from command import CANNOT_ANALYSE, FINE, WRONG_USE, metaimt
from conftest import patient, report
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from metaimt.casefiles.library import read_library
from metaimt.casefiles.schema import review_schema
from metaimt.checks import check_library
from metaimt.curation.new_review import NewReview, answer, drug, pubmed_query, review_files, term
from metaimt.files import write_file
from metaimt.problem import WrongUse
from metaimt.review import load, respond

MELANOMA = [
    *("--tumour", "acral melanoma", "--mutation", "BRAF:V600E", "--year", "2026"),
    *("--drug", "dabrafenib:BRAF", "--drug", "trametinib:MAP2K1,MAP2K2"),
]
FIBROSARCOMA = ["--tumour", "infantile fibrosarcoma", "--drug", "larotrectinib", "--fusion", "NTRK3", "--year", "2026"]


def begun(folder: Path, *options: str) -> Path:
    done = metaimt("init", folder, *options)
    assert done.returncode == FINE, done.stderr
    return folder / "cases"


def add(cases: Path, *reports: dict[str, object]) -> None:
    for each in reports:
        path = cases / "literature" / f"{each['report']['id']}.yaml"  # type: ignore[index]
        path.write_text(f"# Made up.\n{yaml.safe_dump(each, sort_keys=False)}", encoding="utf-8")


def given_together(response: str, change: str = "V600E", **more: object) -> dict[str, object]:
    course = {"drug": ["dabrafenib", "trametinib"], "response": response, "response_basis": "stated", **more}
    told = {"histology": "acral melanoma", "ihc": {}, "mutations": [{"gene": "BRAF", "change": change}]}
    return {**patient(), **told, "courses": [course]}


@pytest.mark.parametrize(
    ("outcome", "responders"),
    [("response", 1), ("complete", 0), ("control", 2)],  # by hand: a PR and an SD
)
def test_a_mutation_and_a_regimen(outcome: str, responders: int, tmp_path: Path) -> None:
    cases = begun(tmp_path / "melanoma", *MELANOMA, "--outcome", outcome)
    add(
        cases,
        report("made-up-2024", given_together("PR")),
        report("made-up-2025", given_together("SD")),
        report("made-up-2026", given_together("CR", change="K601E")),  # another change: in no row
    )
    _, result = respond(load(cases))
    strict = result.pools["strict"]
    assert (strict.counts.responders, strict.counts.evaluable) == (responders, 2)
    if responders == 1:  # prior and data are the same for response and failure, so the median is a half
        assert strict.orr.estimate == pytest.approx(0.5, abs=1e-6)  # type: ignore[union-attr]


def test_a_fusion_and_a_known_drug(tmp_path: Path) -> None:
    cases = begun(
        tmp_path / "ifs", *FIBROSARCOMA, "--histology", "IFS: congenital fibrosarcoma", "--site", "bone: femur"
    )
    told = {"histology": "IFS", "ihc": {}, "site": "bone", "fusion_gene": "NTRK3", "fusion_partner": "ETV6"}
    course = {"drug": "larotrectinib", "response": "CR", "response_basis": "stated"}
    add(cases, report("made-up-2024", {**patient(), **told, "courses": [course]}))
    assert not (cases / "vocabulary.yaml").read_text(encoding="utf-8").count("larotrectinib")
    _, result = respond(load(cases))
    assert (result.pools["strict"].counts.responders, result.pools["strict"].counts.evaluable) == (1, 1)


def test_the_empty_review_says_what_is_missing(tmp_path: Path) -> None:
    cases = begun(tmp_path / "new", *FIBROSARCOMA)
    done = metaimt("validate", cwd=tmp_path / "new")
    assert (done.returncode, done.stdout.count("\n")) == (FINE, 2)
    assert "info[no-case-files] no case yet; metaimt new REFERENCE.ris" in done.stdout
    for command in ("pool", "build", "list", "audit"):
        done = metaimt(command, cwd=tmp_path / "new")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (CANNOT_ANALYSE, "", 1), command
        assert "no case yet: metaimt new REFERENCE.ris" in done.stderr
    assert [each.rule for each in check_library(read_library(cases))] == ["no-case-files"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("Made up", encoding="utf-8")
    done = metaimt("init", tmp_path / "mine", *FIBROSARCOMA)
    assert done.returncode == WRONG_USE
    assert "is not empty" in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    begun(tmp_path / "clone", *FIBROSARCOMA)


def test_a_new_case_asks_for_the_gene_of_the_review(tmp_path: Path) -> None:
    cases = begun(tmp_path / "new", *MELANOMA)
    assert metaimt("new", "--blank", "made-up-2024", cwd=tmp_path / "new").returncode == FINE
    text = (cases / "literature" / "made-up-2024.yaml").read_text(encoding="utf-8")
    assert "ihc: {BRAF: positive" in text
    assert "ihc: {ALK" not in text


REFUSED = {
    "no drug": (["--tumour", "a", "--fusion", "NTRK3"], "give --tumour, --drug"),
    "nothing decides": (["--tumour", "a", "--drug", "larotrectinib"], "one of --fusion, --mutation and --marker"),
    "unknown drug": ([*FIBROSARCOMA, "--drug", "madeupinib"], "--drug: 'madeupinib' is not in the vocabulary"),
    "brand name": ([*FIBROSARCOMA, "--drug", "Vitrakvi"], "write larotrectinib"),
    "other targets": ([*FIBROSARCOMA, "--drug", "larotrectinib:ALK"], "give the name alone"),
    "regimen": ([*FIBROSARCOMA, "--drug", "a + b:ALK"], "give each: a and b"),
    "former symbol": ([*FIBROSARCOMA, "--drug", "madeupinib:MEK1"], "no gene of the HGNC"),
    "no gene": ([*FIBROSARCOMA, "--fusion", "TRK"], "'TRK' is no gene"),
    "long change": ([*MELANOMA, "--mutation", "BRAF:Val600Glu"], "write V600E"),
    "two terms": ([*FIBROSARCOMA, "--site", "bone: lungs"], "'lungs' already stands for lung"),
    "empty": ([*FIBROSARCOMA, "--marker", " \x00 "], "--marker: an answer has 1 to 200 characters"),
}


@pytest.mark.parametrize(("options", "said"), REFUSED.values(), ids=REFUSED)
def test_refused_with_nothing_written(options: list[str], said: str, tmp_path: Path) -> None:
    done = metaimt("init", tmp_path / "new", *options)
    assert (done.returncode, done.stdout) == (WRONG_USE, "")
    assert said in done.stderr
    assert not (tmp_path / "new").exists()


def test_it_asks(tmp_path: Path) -> None:
    answers = "acral melanoma\nmadeupinib\nmadeupinib:BRAF\n\n\nBRAF:V600E\n\n\n\n\n\nall\ncontrol\n"
    done = metaimt("init", "new", "--interactive", "--year", "2026", cwd=tmp_path, typed=answers)
    assert done.returncode == FINE, done.stderr
    assert "'all' is not one of response, complete, control" in done.stdout
    assert "'madeupinib' is not in the vocabulary; say what it is given against" in done.stdout
    by_options = metaimt(
        *("init", "same", "--tumour", "acral melanoma", "--drug", "madeupinib:BRAF", "--mutation", "BRAF:V600E"),
        *("--year", "2026", "--outcome", "control"),
        cwd=tmp_path,
    )
    assert by_options.returncode == FINE
    one, other = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("new", "same")
    )
    assert one == other
    stopped = metaimt("init", "third", "--interactive", cwd=tmp_path, typed="acral melanoma\n")
    assert (stopped.returncode, (tmp_path / "third").exists()) == (WRONG_USE, False)
    assert "nothing was written" in stopped.stderr


def test_the_query_names_tumour_and_drugs_as_phrases() -> None:
    review = NewReview('a "b" c', {"larotrectinib": ("NTRK3",)}, {"T": ()}, ('a "b" c', "d"), 2026, fusions=("NTRK3",))
    assert pubmed_query(review) == '("a b c" OR "d") AND ("larotrectinib" OR "Vitrakvi" OR "LOXO-101")'


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["no", "1/3", "{{ 1 }}", "{% x %}", "# a", "a: b", "- a", "&a", "*a", "!!a", "\"'\\", "a\u2028b", "]}"]
    ),
)


def usable(text: str) -> bool:
    try:
        return bool(term(text)[0]) and bool(answer(text.replace(":", "")))
    except WrongUse:
        return False


@examples(15)
@given(st.lists(HOSTILE.filter(usable), min_size=4, max_size=4, unique_by=lambda text: answer(text).casefold()))
def test_whatever_is_answered_is_read_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    tumour, word, by, marker = map(answer, texts)
    term_ = f"term {word}"
    review = NewReview(tumour, {f"drug {word}": ("BRAF",)}, {term_: ()}, (word,), 2026, (f"X {marker}",), by=by)
    folder = tmp_path_factory.mktemp("review")
    for name, text in review_files(review, "0").items():
        write_file(folder / name, text.encode())
    library = read_library(folder / "cases")
    assert [each for each in check_library(library) if each.rule != "no-case-files"] == []
    protocol = library.protocol
    assert protocol is not None
    assert protocol.title.endswith(f" in {tumour}")
    assert protocol.labels["patients"] == f"patients with {tumour}"
    assert (protocol.authors, protocol.eligible.histology[0]) == ((by,), term_)
    assert [row.marker for row in protocol.rows.values()] == [f"X {marker}"] * 3
    assert library.vocabulary.drug(f"drug {word}").targets == ("BRAF",)
    assert library.searches[0].query == pubmed_query(review)


def test_what_is_written_fits_the_schemas_beside_it(tmp_path: Path) -> None:
    cases = begun(tmp_path / "new", *MELANOMA, "--site", "acral: sole")
    vocabulary = read_library(cases).vocabulary
    for name in ("review", "searches", "vocabulary"):
        text = (cases / f"{name}.yaml").read_text(encoding="utf-8")
        assert text.startswith(f"# yaml-language-server: $schema=../schemas/{name}.schema.json\n")
        schema = yaml.safe_load((tmp_path / "new" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
        assert schema == review_schema(name, vocabulary)
        assert [each.message for each in Draft7Validator(schema).iter_errors(yaml.safe_load(text))] == []


def test_a_drug_that_is_known_needs_no_target() -> None:
    assert drug("larotrectinib") == drug("larotrectinib: NTRK3, NTRK1,NTRK2")
