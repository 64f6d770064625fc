"""`metaimt new` as a clinician calls it: what is written, what is refused, what is said. Everyone here is made up."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, MakeReview, course, patient, report
from typer.testing import CliRunner, Result

from metaimt.cli.main import app

FINE, PROBLEMS, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
REFERENCES = ROOT / "tests" / "curation" / "references"
ANSWERS = (
    "case report\ny\nabstract\n34\nf\ny\nomentum\ny\nEIMS\npositive\nALK\nRANBP2\ncrizotinib\n\nPR\npartial response\n"
)
ANSWERS += "stated\n8\nn\nprogression\n\nalive\n21\n\n"


@pytest.fixture
def cases(make_review: MakeReview, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A made-up review, called `review`, in the folder the command runs in."""
    folder = make_review(report("made-2020", patient(course()), doi="10.0000/taken"))
    excluded = [{"id": "out-2020", "pmid": "90000011", "reason": "Made up: gives no response."}]
    (folder / "excluded.yaml").write_text(yaml.safe_dump(excluded), encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    before = {path for path in folder.rglob("*") if path.name.startswith(".")}
    yield Path("review")
    left = {path for path in folder.rglob("*") if path.name.startswith(".") and not path.name.endswith(".answers.json")}
    assert left == before, "something was left behind"


def new(*words: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["new", "--cases", "review", *map(str, words)], input=typed)


def written(cases: Path) -> list[str]:
    return sorted(path.name for path in (cases / "literature").iterdir() if path.name != "made-2020.yaml")


def kept(cases: Path, case_id: str) -> dict[str, str]:
    """The answers that are kept for a case file that is not written, which is all that there is of it."""
    assert written(cases) == [f".{case_id}.answers.json"]
    found: dict[str, str] = json.loads((cases / "literature" / f".{case_id}.answers.json").read_bytes())["answers"]
    return found


def refused(cases: Path, *words: str | Path, typed: str = "") -> str:
    done = new(*words, typed=typed)
    assert (done.exit_code, written(cases)) == (WRONG_USE, []), done.output
    return done.stderr


def test_blank_writes_a_file_that_validate_helps_to_fill_in(cases: Path) -> None:
    done = new("--blank", "smith-2026", "--by", "J. Doe")
    assert done.exit_code == FINE
    path = cases / "literature" / "smith-2026.yaml"
    assert f"wrote {path}" in done.stdout
    assert f"  metaimt validate {path}\n" in done.stdout
    text = path.read_text(encoding="utf-8")
    assert f'date: "{datetime.date.today().isoformat()}"' in text
    assert "by: J. Doe" in text
    told = CliRunner().invoke(app, ["validate", str(path)])
    assert told.exit_code == PROBLEMS
    assert "design: no value" in told.stdout
    assert "drug: no value" in told.stdout
    path.write_text(text.replace("  design:", "  design: case_report").replace("- drug:", "- drug: crizotinib"))
    assert CliRunner().invoke(app, ["validate", str(path)]).exit_code == FINE


def test_a_file_of_several_references_is_listed_and_one_is_picked(cases: Path) -> None:
    done = new(REFERENCES / "made-up.ris")
    assert done.exit_code == WRONG_USE
    assert '   1  van der Example, 2024: Made up: an "epithelioid" tumour' in done.stdout
    assert "--pick N" in done.stderr
    assert new(REFERENCES / "made-up.ris", "--pick", "2").exit_code == FINE
    assert written(cases) == ["olund-2023.yaml"]
    assert "holds 3, numbered from 1" in new(REFERENCES / "made-up.ris", "--pick", "4").stderr


def test_what_the_review_has_is_marked_in_the_list(cases: Path) -> None:
    done = new(REFERENCES / "made-up.nbib")
    assert "[excluded in review/excluded.yaml]" in done.stdout
    new(REFERENCES / "made-up.nbib", "--pick", "2", "--id", "study-2021")
    assert "[already in review/literature/study-2021.yaml]" in new(REFERENCES / "made-up.nbib").stdout


def test_an_id_and_a_date_can_be_given(cases: Path) -> None:
    assert new(REFERENCES / "made-up.json", "--pick", "1", "--id", "other-id", "--date", "2026-01-02").exit_code == FINE
    assert 'date: "2026-01-02"' in (cases / "literature" / "other-id.yaml").read_text(encoding="utf-8")


def test_what_is_left_out_or_looks_like_a_repeat_is_noted(cases: Path, tmp_path: Path) -> None:
    done = new(REFERENCES / "made-up.ris", "--pick", "2")
    assert "note: doi left out: 'not a DOI' is not a DOI" in done.stderr
    again = tmp_path / "again.json"
    again.write_text('{"title": "Made up", "author": [{"family": "Made"}], "issued": {"date-parts": [[2020]]}}')
    done = new(again)
    assert "made-2020.yaml has a publication of the same title (made-2020: same title, but too short" in done.stderr
    assert "wrote review/literature/made-2020-b.yaml" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give one of"),
        (("--blank", "a-2020", "--fetch", "1"), "give one of"),
        (("--blank", "a-2020", "--pick", "1"), "--pick chooses"),
        (("--blank", "a-2020", "--id", "b-2020"), "leave out --id"),
        (("--blank", "A 2020"), "lower-case letters, digits and dashes"),
        (("--blank", "../up"), "lower-case letters, digits and dashes"),
        (("--blank", ""), "the id is empty"),
        (("--blank", "made-2020"), "is taken by review/literature/made-2020.yaml"),
        (("--blank", "out-2020"), "is excluded in review/excluded.yaml (Made up: gives no response)"),
        (("--blank", "a-2020", "--date", "3.4.2026"), "--date: '3.4.2026' is not a date"),
        (("--blank", "a-2020", "--cases", "elsewhere"), "name its folder: --cases FOLDER"),
        (("absent.ris",), "absent.ris does not exist"),
        ((REFERENCES / "nothing.txt",), "no reference in it"),
        ((REFERENCES / "made-up.nbib", "--pick", "1"), "PubMed id 90000011 is excluded in review/excluded.yaml"),
        (("--fetch", "made up"), "neither a DOI"),
    ],
)
def test_wrong_use_is_told_and_writes_nothing(cases: Path, words: tuple[str | Path, ...], said: str) -> None:
    assert said in refused(cases, *words)


def test_a_publication_of_the_review_is_refused_by_its_doi(cases: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    again.write_text('{"title": "Made up again", "DOI": "10.0000/TAKEN"}')
    assert "already in review/literature/made-2020.yaml; edit that file" in refused(cases, again, "--id", "x")


def test_the_same_doi_written_otherwise_is_refused(cases: Path) -> None:
    """f07 of the inputs: percent-encoded in one export, plain in the other."""
    assert new(REFERENCES / "doi-percent-encoded.ris").exit_code == FINE
    text = (cases / "literature" / "specimen-1998.yaml").read_text(encoding="utf-8")
    assert 'doi: "10.1002/(SICI)0000-0000(19980101)1:1<1::AID-INV1>3.0.CO;2-K"\n' in text
    again = new(REFERENCES / "doi-plain.ris")
    assert again.exit_code == WRONG_USE
    assert "is already in review/literature/specimen-1998.yaml; edit that file instead" in again.stderr
    assert written(cases) == ["specimen-1998.yaml"]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ('"PMCID": "PMC7654321"', "PubMed Central id PMC007654321 is already in review/literature/waiting-2019.yaml"),
        ('"DOI": "https://doi.org/10.0000/TAKEN."', "DOI 10.0000/taken is already in review/literature/made-2020.yaml"),
        ('"PMID": "090000011"', "PubMed id 90000011 is excluded in review/excluded.yaml"),
        ('"issued": "2019"', "a publication of the same title, year is already in review/literature/waiting-2019.yaml"),
    ],
)
def test_what_the_review_has_is_refused_by_whichever_identity(
    cases: Path, tmp_path: Path, reference: str, said: str
) -> None:
    waiting = {"id": "waiting-2019", "title": "Made up: an inflammatory tumour", "year": 2019, "pmcid": "PMC007654321"}
    entry = {"status": "pending", "reason": "Made up: the text is ordered.", "report": waiting}
    (cases / "literature" / "waiting-2019.yaml").write_text(f"# Made up.\n{yaml.safe_dump(entry)}", encoding="utf-8")
    again = tmp_path / "again.json"
    again.write_text(f'{{"title": "Made up, an INFLAMMATORY tumour", {reference}}}')
    done = new(again, "--id", "x")
    assert (done.exit_code, written(cases)) == (WRONG_USE, ["waiting-2019.yaml"])
    assert said in done.stderr


def test_a_title_alone_is_noted(cases: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first.json", tmp_path / "again.json"
    first.write_text('{"title": "Made up: an inflammatory tumour", "author": [{"family": "A"}], "issued": "2019"}')
    again.write_text('{"title": "Made up: an inflammatory tumour", "author": [{"family": "B"}], "issued": "2020"}')
    assert new(first).exit_code == FINE
    done = new(again)
    assert done.exit_code == FINE
    assert "a-2019.yaml has a publication of the same title (a-2019: same title); if it is the same" in done.stderr


def test_what_a_case_file_has_no_place_for_is_named_in_one_line(cases: Path) -> None:
    done = new(REFERENCES / "ovid-authors.ris", "--pick", "1")
    assert written(cases) == ["specimen-2020.yaml"]
    said = "note: not taken over, since a case file has no place for them: abstract, address, issue, pages, volume\n"
    assert said in done.stderr
    assert "authors: Specimen A, Otherone C\n" in (cases / "literature" / "specimen-2020.yaml").read_text()


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("10.0000/made-up", "10.0000/made-up"),
        ("https://doi.org/10.0000/made%3Cup%3E", "'10.0000/made<up>'"),
        ("doi:10.0000/made-up", "10.0000/made-up"),
        ("https://doi.org/10.0000/made-up/fulltext?q=1", "10.0000/made-up"),
        ("29999991", "29999991"),
        ("https://pubmed.ncbi.nlm.nih.gov/29999991/", "29999991"),
    ],
)
def test_an_identifier_in_place_of_a_file_points_to_fetch(cases: Path, typed: str, plain: str) -> None:
    assert refused(cases, typed).endswith(f"look it up over the network: metaimt new --fetch {plain}\n")


def test_a_doi_of_the_review_is_not_asked_for(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metaimt.curation.fetch.answer", lambda *asked, **more: pytest.fail("the network was asked"))
    assert "is already in review/literature/made-2020.yaml" in refused(cases, "--fetch", "doi:10.0000/TAKEN")


def test_fetch_says_the_way_forward_without_a_network(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAIMT_DOI_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cases.resolve().parent / "cache"))
    assert "are you online?" in refused(cases, "--fetch", "10.0000/made-up")


def test_fetch_fills_in_what_the_registry_answers(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = (REFERENCES / "made-up.json").read_bytes()
    monkeypatch.setattr("metaimt.curation.fetch.answer", lambda *asked, **more: answer)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cases.resolve().parent / "cache"))
    assert new("--fetch", "90000021").exit_code == FINE
    assert 'pmid: "90000021"' in (cases / "literature" / "muster-2019.yaml").read_text(encoding="utf-8")


def test_interactive_writes_a_valid_file_from_piped_answers(cases: Path) -> None:
    done = new(REFERENCES / "made-up.ris", "--pick", "1", "--interactive", "--by", "A", typed=ANSWERS)
    assert done.exit_code == FINE, done.output
    assert "did you mean site: abdomen, site_detail: omentum?" in " ".join(done.stdout.split())
    assert "> omentum" in done.stdout
    assert "warning[read-by-one]" in done.stdout
    text = (cases / "literature" / "van-der-example-2024.yaml").read_text(encoding="utf-8")
    assert "    site: abdomen\n    site_detail: omentum\n" in text
    assert '        response_as_stated: "partial response"\n' in text
    assert "# sex" not in text


def test_interactive_tells_what_only_the_whole_file_shows(cases: Path) -> None:
    contradiction = ANSWERS.replace("positive\nALK\nRANBP2", "negative\nALK\n")
    done = new(REFERENCES / "made-up.ris", "--pick", "1", "--interactive", typed=contradiction)
    assert done.exit_code == FINE
    assert "warning[negative-but-fused]" in done.stdout


def test_interactive_without_a_reference_refuses_a_known_doi(cases: Path) -> None:
    typed = "case_report\nMade up\n\n\n2026\n10.0000/taken\n"
    done = new("--blank", "a-2026", "--interactive", typed=typed)
    assert done.exit_code == WRONG_USE
    assert "already in review/literature/made-2020.yaml; edit that file instead; 5 answers kept" in done.stderr
    assert kept(cases, "a-2026").keys() == {
        f"report/{name}" for name in ("design", "title", "authors", "journal", "year")
    }


def test_answers_that_are_not_utf8_are_told(cases: Path) -> None:
    done = metaimt("new", "--blank", "a-2026", "--interactive", "--cases", "review", typed=b"\xff\xfe\n")
    assert (done.returncode, written(cases)) == (WRONG_USE, [])
    assert b"not UTF-8" in done.stderr


def metaimt(*words: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8:strict"}
    command = [sys.executable, "-m", "metaimt", *words]
    done = subprocess.run(command, env=environment, input=typed, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    return done


def test_nothing_heavy_and_no_network_unless_asked(cases: Path) -> None:
    code = (
        "import sys\n"
        "from metaimt.cli.main import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = ('numpy', 'pandas', 'scipy', 'statsmodels', 'pymare', 'matplotlib', 'urllib.request', 'ssl')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)\n"
    )
    for words, light in (
        (["--help"], ["rispy", "pybtex", "prompt_toolkit", "metaimt.curation"]),
        (["new", "--cases", "review", "--blank", "a-2026"], ["rispy", "metaimt.curation.fetch"]),
        (
            ["new", "--cases", "review", str(REFERENCES / "made-up.ris"), "--pick", "1"],
            ["pybtex", "defusedxml", "metaimt.curation.fetch"],
        ),
    ):
        checked = code.replace("'ssl')", f"'ssl', {', '.join(map(repr, light))})")
        done = subprocess.run([sys.executable, "-c", checked, *words], capture_output=True, text=True, check=True)
        assert done.stderr.splitlines()[-1] == "[]", words


def test_a_file_that_is_not_filled_in_says_how_it_may_wait(cases: Path) -> None:
    """And as it says, it no longer stops the review."""
    assert new("--blank", "begun-2026").exit_code == FINE
    stopped = CliRunner().invoke(app, ["pool", "--cases", "review"])
    assert stopped.exit_code == PROBLEMS
    assert stopped.stderr.count("status: pending, and reason: with why it waits") == 1, "once a file"
    path = cases / "literature" / "begun-2026.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"status: pending\nreason: the full text is ordered\n{text}", encoding="utf-8")
    assert "Pending, in no pool: begun-2026" in CliRunner().invoke(app, ["pool", "--cases", "review"]).stdout
