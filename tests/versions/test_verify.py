"""Verify: each number from a version's own content; what was edited, what the package changed, what is new since."""

from __future__ import annotations

import bz2
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeReview, course, patient, report
from made_up_review import edit, frozen, small_review, write

import metaimt.analyses.pooled_response
import metaimt.model.unit
from metaimt.casefiles.protocol import Priors
from metaimt.casefiles.version_files import read_version, sealed
from metaimt.problem import WrongUse
from metaimt.report.verification_text import verification_text
from metaimt.review import verify
from metaimt.serialise import to_json
from metaimt.statistics.posterior import pool_proportion
from metaimt.versions.verification import counts_of

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    """A made-up review of which 2026.1 is frozen."""
    folder = small_review(make_review)
    edit(folder / "review.yaml", "priors: {mu: [1, 1], rho: [1, 4], ", "priors: {mu: [1, 1], ")
    return frozen(folder)


def reseal(path: Path, **sections: Any) -> None:
    """A version file that was edited and sealed anew, as an older package might have written it."""
    content = {name: value for name, value in read_version(path).items() if name != "seal"}
    path.write_bytes(sealed({**content, **sections}))


def test_every_number_is_reproduced(review: Path) -> None:
    found = verify("2026.1", review)
    assert found.holds
    counts = counts_of(found.values)
    assert counts["frozen"] == counts["reproduced"] > 300
    assert (found.differing, found.units, found.settings, found.misread) == ((), (), (), ())
    assert {one.outcome for one in found.values} == {"reproduced"}
    assert len(found.headline) > 2 and not any(cause for _, cause in found.headline)
    assert "In the working tree since: nothing." in verification_text(found)


def test_the_newest_is_the_default_and_an_unknown_one_is_told(review: Path, make_review: MakeReview) -> None:
    assert verify(cases=review).version == "2026.1"
    with pytest.raises(WrongUse, match=r"no version 2026\.2 .*the versions are 2026\.1"):
        verify("2026.2", review)
    (review / "versions" / "2026.1.json.bz2").unlink()
    with pytest.raises(WrongUse, match=r"none is frozen yet: metaimt snapshot YEAR\.N"):
        verify(cases=review)


@pytest.mark.parametrize(
    ("old", "new", "section"),
    [
        ('"responders": 8', '"responders": 9', "analysis_set"),
        ("response: PR", "response: CR", "files"),
        ('"status": "update_in_progress"', '"status": "up_to_date"', "protocol"),
        ('"numpy": "', '"numpy": "9', "packages"),
        ('"all": "', '"all": "0', "seal"),
    ],
)
def test_a_changed_byte_of_the_version_file(old: str, new: str, section: str, review: Path) -> None:
    path = review / "versions" / "2026.1.json.bz2"
    text = bz2.decompress(path.read_bytes()).decode("utf-8")
    path.write_bytes(bz2.compress(text.replace(old, new, 1).encode("utf-8")))
    found = verify("2026.1", review)
    assert found.fault is not None
    assert not found.holds
    assert section in found.fault.message
    assert "Nothing was recomputed; restore it" in " ".join(verification_text(found).split())


def test_a_number_that_is_not_reproduced(review: Path) -> None:
    path = review / "versions" / "2026.1.json.bz2"
    results = read_version(path)["results"]
    results["pools"]["strict"]["orr"]["estimate"] += 0.01
    reseal(path, results=results)
    found = verify("2026.1", review)
    assert [(one.path, one.cause) for one in found.differing] == [("pools.strict.orr.estimate", "method")]
    assert [(number.group.name, cause) for number, cause in found.headline if cause] == [("strict", "method")]
    counts = counts_of(found.values)
    assert (counts["frozen"] - counts["reproduced"], counts["method"], found.holds) == (1, 1, False)
    said = " ".join(verification_text(found).split())
    assert "Headline numbers that differ: 1 - strict, ALK-positive: 10/14, 71.4 %" in said
    assert "Further results" not in said


def test_a_changed_default_that_moves_numbers(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wider(*arguments: Any, **more: Any) -> Any:
        return pool_proportion(*arguments, **more, level=0.9)

    monkeypatch.setattr(metaimt.analyses.pooled_response, "pool_proportion", wider)
    found = verify("2026.1", review)
    differing = {one.path for one in found.differing}
    assert {"pools.strict.orr.level", "pools.strict.orr.lower", "pools.strict.orr.upper"} <= differing
    assert not found.holds


def test_a_changed_default_of_the_protocol(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Priors.model_fields["rho"], "default", (2.0, 1.0))
    Priors.model_rebuild(force=True)
    try:
        from metaimt.casefiles.protocol import Protocol

        monkeypatch.setattr(Protocol.model_fields["priors"], "default_factory", Priors)
        Protocol.model_rebuild(force=True)
        found = verify("2026.1", review)
    finally:
        monkeypatch.undo()
        Priors.model_rebuild(force=True)
        Protocol.model_rebuild(force=True)
    changed = {(kind, one.path, one.frozen, one.now) for kind, one in found.settings}
    assert changed == {("protocol", "priors.rho[0]", 1.0, 2.0)}
    assert {one.cause for one in found.differing} == {"method"}
    assert "priors.rho[0]: 1 -> 2" in verification_text(found)


def test_a_changed_default_that_moves_no_number_is_told(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metaimt.model.unit, "ADULT_AGE", 16.0)
    found = verify("2026.1", review)
    assert found.holds
    assert [(kind, one.path, one.now) for kind, one in found.settings] == [("defaults", "model.unit.ADULT_AGE", 16.0)]


def test_another_package_version_is_told(review: Path) -> None:
    path = review / "versions" / "2026.1.json.bz2"
    reseal(path, packages={**read_version(path)["packages"], "numpy": "1.0", "gone": "2"})
    found = verify("2026.1", review)
    assert found.holds
    assert {(one.path, one.frozen) for _, one in found.settings} == {("numpy", "1.0"), ("gone", "2")}
    assert "numpy" not in verification_text(found)
    results = read_version(path)["results"]
    results["pools"]["strict"]["orr"]["estimate"] += 0.01
    reseal(path, results=results)
    assert "numpy: 1.0 -> " in verification_text(verify("2026.1", review))


def test_a_case_changed_since_is_told_and_the_version_still_holds(review: Path) -> None:
    edit(review / "literature" / "example-a.yaml", "response: PR", "response: PD")
    edit(review / "literature" / "example-c.yaml", "# Made up.\n", "# Made up.\n\n")
    write(review, report("example-e", patient(course("PD"))))
    found = verify("2026.1", review)
    assert found.holds
    said = verification_text(found)
    assert "example-a: patients[P1].courses[1].response: PR -> PD" in said
    assert "added: example-e" in said
    assert "comments or layout of literature/example-c.yaml" in said


def test_a_working_tree_with_errors_does_not_keep_a_version_from_being_verified(review: Path) -> None:
    (review / "literature" / "example-a.yaml").write_text("report: [", encoding="utf-8")
    found = verify("2026.1", review)
    assert found.holds
    assert [one.id for one in found.since.edited] == ["example-a"]


def test_content_that_todays_rules_refuse(review: Path) -> None:
    path = review / "versions" / "2026.1.json.bz2"
    files = read_version(path)["files"]
    files["literature/example-a.yaml"] = [line.replace("PR", "Partial") for line in files["literature/example-a.yaml"]]
    reseal(path, files=files)
    found = verify("2026.1", review)
    assert found.unreadable.startswith(
        "today's rules find 1 error in its files, the first in literature/example-a.yaml"
    )
    assert not found.holds
    assert found.misread == ("example-a",)


def test_the_json_form_has_no_machine_path(review: Path, tmp_path: Path) -> None:
    found = verify("2026.1", review)
    told = to_json(found)
    assert str(tmp_path) not in json.dumps(told)
    frozen = sum(one.is_number for one in found.values)
    none = dict.fromkeys(("data", "selection", "method", "only_frozen", "only_now"), 0)
    assert told["numbers"] == {"frozen": frozen, "reproduced": frozen, **none}
    assert {one["outcome"] for one in told["values"]} == {"reproduced"}
