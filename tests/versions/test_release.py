"""`metaimt release`: what is refused and why, what is written, in which order, and that a second run writes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from command import Done, complaints, metaimt
from conftest import MakeReview, course, patient, report
from killed_at_each_write import NUMBERS
from made_up_review import built, contents, edit, frozen, small_review, write

from metaimt.api import open_review as metaimt_open
from metaimt.casefiles.library import read_library
from metaimt.files import write_file
from metaimt.problem import WrongUse
from metaimt.report.dictionary import PACKAGE
from metaimt.report.release import Release, citation, shipped_folder, zenodo
from metaimt.review import load, snapshot, verify
from metaimt.review import release as prepare
from metaimt.versions.stored import releases, stored_versions

pytestmark = pytest.mark.usefixtures("remembered")
DAY = "2026-11-30"
OLD_CFF = """# Made up.
cff-version: 1.2.0
message: Made up
title: Made up
type: dataset
version: 0.1.0   # of before
authors:
- name: Somebody
  alias: version
"""
SOFTWARE = OLD_CFF.replace("dataset", "software")
HERE = Path(__file__).parent


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    """A made-up review alone in its folder: 2026.1 is frozen, 2026.2 is next, with outputs that are of it."""
    folder = frozen(small_review(make_review))
    with (folder / "searches.yaml").open("a", encoding="utf-8") as file:
        file.write('- {id: made-up, source: PubMed, status: done, date: "2026-11-29"}\n')
        file.write("- {id: made-up-2, source: Embase, status: not yet run}\n")
    edit(folder / "review.yaml", 'version: "2026.1"', 'version: "2026.2"\nlicence: CC-BY-4.0')
    edit(folder / "review.yaml", "authors: [metaimt maintainers]", 'authors: ["Reader, A <b>"]')
    built(folder)
    return folder


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """No number is computed that only the frozen version holds."""
    monkeypatch.setattr("metaimt.analyses.results.frozen_numbers", lambda *_: NUMBERS)


def run(folder: Path, *words: str) -> Done:
    return metaimt("release", "2026.2", "--date", DAY, "--cases", folder.name, *words, cwd=folder.parent)


def test_a_release_is_checked_written_once_and_reproduced(review: Path) -> None:
    before = contents(review.parent)
    checked = run(review, "--check")
    assert checked.returncode == 0, checked.stderr
    assert contents(review.parent) == before
    done = run(review, "--trigger", "made up\x1b")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"Version 2026.2, {DAY}; the preceding version is 2026.1.",
        "Kind: nothing new found by the searches since.",
        r"Triggered by: made up\x1b.",
        "Last search of PubMed: 2026-11-29.",
        "Last search of Embase: not yet run.",
        "Wrote CITATION.cff",
        "Wrote .zenodo.json",
        f"Wrote {review.name}/versions/2026.2.json.bz2",
        "Now: metaimt build, so that the outputs tell of the release; commit; nothing was uploaded",
    ]
    assert "Missing, and left out: what triggered it" in checked.stdout
    assert "Triggered by: not stated." in checked.stdout
    after = contents(review.parent)
    assert run(review).stdout == f"2026.2 is released already, on {DAY}\n"
    assert contents(review.parent) == after
    assert verify("2026.2", review).holds
    newest, oldest = releases(review)
    assert newest.statement == tuple(done.stdout.splitlines()[:5]) and newest.kinds == ()
    assert (oldest.released, oldest.statement) == (None, ())
    cff = yaml.safe_load(after["CITATION.cff"])
    assert (cff["version"], cff["date-released"], cff["type"], cff["license"]) == (
        "2026.2",
        DAY,
        "dataset",
        "CC-BY-4.0",
    )
    assert cff["authors"] == [{"name": "Reader, A <b>"}]
    archived = json.loads(after[".zenodo.json"])
    assert archived["creators"] == [{"name": "Reader, A <b>"}]
    assert "12 of 14 patients" not in archived["notes"]
    assert archived["description"].startswith("10 of 14 patients responded (71.4 %) in 3 reports")
    assert archived["related_identifiers"] == []


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("change", "said", "code"),
    [
        (lambda at: edit(at / "review.yaml", 'authors: ["Reader, A <b>"]\n', ""), "names no authors", 1),
        (lambda at: write(at, report("example-e", patient(course("PD")))), "not built of these files", 1),
        (lambda at: (at.parent / "outputs" / "index.html").write_bytes(b"edited"), "not as metaimt wrote it", 1),
        (lambda at: (at.parent / "outputs" / "index.html").unlink(), "not as metaimt wrote it", 1),
        (lambda at: (at.parent / "outputs" / PACKAGE).write_bytes(b"[]"), "not built of these files", 1),
        (lambda at: (at.parent / "outputs" / PACKAGE).unlink(), "type: metaimt build", 1),
        (lambda at: (at.parent / "CITATION.cff").write_text("title: Made up\n"), "lacks cff-version", 1),
        (lambda at: (at.parent / ".zenodo.json").write_text("["), "is not JSON", 1),
        (lambda at: edit(at / "review.yaml", '"2026.2"', '"2026.3"'), 'write version: "2026.2" there first', 2),
        (lambda at: snapshot("2026.2", at), "frozen already", 2),
        (lambda at: edit(at / "literature" / "example-a.yaml", "crizotinib", "nothing"), "error", 1),
    ],
)
def test_what_is_refused_is_refused_with_its_reason_and_nothing_is_written(
    review: Path, change: object, said: str, code: int
) -> None:
    assert callable(change)
    change(review)
    if "authors" in said:
        built(review)
    before = contents(review.parent)
    done = run(review)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert contents(review.parent) == before


def test_a_date_that_is_none(review: Path) -> None:
    done = metaimt("release", "2026.2", "--date", "30.11.2026", "--cases", review.name, cwd=review.parent)
    assert done.returncode == 2 and "write year, month, day" in done.stderr


@pytest.mark.usefixtures("few")
def test_without_a_search_since_nothing_is_said_to_have_been_looked_for(review: Path) -> None:
    edit(review / "searches.yaml", "status: done", "status: not yet run")
    assert "Kind: nothing new; no search since is recorded." in run(review, "--check").stdout


@pytest.mark.usefixtures("few")
def test_until_the_last_file_is_written_it_is_not_released(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = prepare("2026.2", review, review.parent / "outputs", date=DAY)
    left = iter(range(0))

    def stopped(path: Path, content: bytes) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        write_file(path, content)

    monkeypatch.setattr("metaimt.report.release.write_file", stopped)
    for stop in range(len(found.files)):
        left = iter(range(stop))
        with pytest.raises(KeyboardInterrupt):
            found.write()
        assert stored_versions(review) == ("2026.1",)
    again = prepare("2026.2", review, review.parent / "outputs", date=DAY)
    assert (again.already, again.files) == (False, found.files)


def test_the_package_brings_versions_along(review: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "elsewhere" / "metaimt" / "data"
    monkeypatch.setattr("metaimt.api.SHIPPED", package)
    monkeypatch.setattr("metaimt.report.release.SHIPPED", package)
    assert shipped_folder(review.parent) is None
    assert shipped_folder(tmp_path / "elsewhere") == package
    monkeypatch.chdir(review.parent.parent)
    with pytest.raises(WrongUse, match=r"no version 2026\.1"):
        metaimt_open("2026.1")
    file = "versions/2026.1.json.bz2"
    Release("2026.1", None, (), {package / file: (review / file).read_bytes()}).write()
    assert [each.id for each in metaimt_open("2026.1").library.reports] == [f"example-{name}" for name in "abcd"]


def test_a_citation_that_is_there_keeps_its_other_bytes(review: Path) -> None:
    protocol = load(review).protocol
    new = citation(OLD_CFF, protocol, DAY)
    kept = [line for line in new.splitlines() if not line.startswith(("version:", "date-released:"))]
    assert kept == [line for line in OLD_CFF.splitlines() if not line.startswith("version:")]
    assert yaml.safe_load(new) == {**yaml.safe_load(OLD_CFF), "version": "2026.2", "date-released": DAY}
    assert citation(new, protocol, DAY) == new
    with pytest.raises(ValueError, match="cannot be replaced"):
        citation("cff-version: 1.2.0\ntype: dataset\nversion: >-\n  1\n", protocol, DAY)


def cff_faults(text: str, folder: Path) -> str:
    """What the schema of CFF 1.2.0, which check-jsonschema brings, says of a file."""
    path = folder / "made-up.cff"
    path.write_text(text, encoding="utf-8")
    return complaints("citation-file-format", path)


@pytest.mark.parametrize("licence", ["CC-BY-4.0", "cc-by-4.0", "made up", None])
def test_each_citation_is_of_the_schema(review: Path, tmp_path: Path, licence: str | None) -> None:
    protocol = load(review).protocol.model_copy(update={"licence": licence, "title": 'Made up: "a" # b'})
    for old in (None, OLD_CFF, SOFTWARE, SOFTWARE.replace("type: software\n", "")):
        new = citation(old, protocol, DAY)
        assert cff_faults(new, tmp_path) == ""
        assert citation(new, protocol, DAY) == new
    assert cff_faults("cff-version: 1.2.0\n", tmp_path) != ""


def test_the_version_of_software_stays_and_the_review_is_what_to_cite(review: Path) -> None:
    protocol = load(review).protocol
    new = citation(SOFTWARE, protocol, DAY)
    assert new.startswith(SOFTWARE.rstrip())
    said = yaml.safe_load(new)
    assert (said["version"], said["preferred-citation"]["version"]) == ("0.1.0", "2026.2")
    later = protocol.model_copy(update={"version": "2026.3"})
    again = yaml.safe_load(citation(f"{new}keywords: [made up]\n", later, "2026-12-24"))
    assert again == {
        **said,
        "keywords": ["made up"],
        "preferred-citation": {**said["preferred-citation"], "version": "2026.3", "date-released": "2026-12-24"},
    }
    article = f"{SOFTWARE}preferred-citation: {{type: article, title: Made up, authors: [{{name: A}}]}}\n"
    assert citation(article, protocol, DAY) == article


def test_the_archive_data_are_of_the_schema_of_zenodo(review: Path) -> None:
    schema = json.loads((HERE / "zenodo-deposit.schema.json").read_text("utf-8"))
    library, protocol = read_library(review), load(review).protocol
    found = json.loads(zenodo(None, protocol, library, description="a", notes=("b",), date=DAY))
    jsonschema.validate(found, schema)
    faults: tuple[dict[str, Any], ...] = (
        {"upload_type": "review"},
        {"creators": []},
        {"made_up": 1},
        {"publication_date": "30.11.2026"},
    )
    for wrong in faults:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**found, **wrong}, schema)


def test_what_a_person_added_to_the_archive_data_stays(review: Path) -> None:
    library, protocol = read_library(review), load(review).protocol
    mine = {
        "creators": [{"name": "A", "orcid": "0000-0000-0000-0000"}],
        "keywords": ["made up"],
        "version": "1",
        "related_identifiers": [{"identifier": "10.1/a", "relation": "isDerivedFrom"}, {"relation": "cites"}],
    }
    found = json.loads(zenodo(json.dumps(mine), protocol, library, description="a < b", notes=("c",), date=DAY))
    assert (found["creators"], found["keywords"]) == (mine["creators"], mine["keywords"])
    assert (found["version"], found["description"]) == ("2026.2", "a &lt; b")
    assert found["related_identifiers"] == [{"relation": "cites"}]
