"""What is new between two states: numbers by cause, units by rule, warnings, the conclusion; versions, folders, git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import FROZEN, MakeReview, arm, course, patient, report
from made_up_review import contents, edit, frozen, repository, small_review, write

import metaimt.analyses.pooled_response
from metaimt.analyses.results import Results
from metaimt.casefiles.version_files import canonical
from metaimt.content.whats_new import field_text
from metaimt.problem import Blocked, CannotAnalyse, WrongUse
from metaimt.report.markdown import changes_page, report_markdown
from metaimt.review import Loaded, build, diff, load, respond, snapshot
from metaimt.serialise import to_json
from metaimt.statistics.posterior import pool_proportion
from metaimt.versions.changes import Changes, kinds_of
from metaimt.versions.side import NumberChange

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    """A made-up review of which 2026.1 is frozen."""
    return frozen(small_review(make_review))


def number(changes: Changes, group: str) -> NumberChange:
    return next(one for one in changes.numbers if one.group.name == group)


def step(change: NumberChange, cause: str) -> tuple[int, int]:
    """What one cause did to responders and evaluable patients."""
    before, after = next((before, after) for name, before, after in change.steps if name == cause)
    assert before is not None
    assert after is not None
    return after.responders - before.responders, after.evaluable - before.evaluable


def moves(changes: Changes, group: str) -> list[tuple[str, str, str, str]]:
    return [(m.kind, m.unit, m.rule, m.cause) for m in changes.moves if m.group == group]


def test_nothing_new(review: Path) -> None:
    changes = diff(cases=review)
    assert changes.nothing
    assert (changes.old, changes.moved, kinds_of(changes), changes.crossed) == ("2026.1", (), (), False)


def test_no_version_yet(make_review: MakeReview) -> None:
    changes = diff(cases=small_review(make_review))
    assert (changes.old, changes.nothing, kinds_of(changes)) == (None, False, ("first version",))


def test_a_new_case_is_caused_by_the_data(review: Path) -> None:
    write(review, report("example-e", patient(course("PD"))))
    changes = diff(cases=review)
    assert [record.id for record in changes.records.added] == ["example-e"]
    strict = number(changes, "strict")
    assert (step(strict, "data"), step(strict, "package"), step(strict, "protocol")) == ((0, 1), (0, 0), (0, 0))
    assert moves(changes, "strict") == [("entered", "example-e/P1", "not in the review before", "data")]
    assert "evidence added" in kinds_of(changes)


def test_a_new_case_that_counts_nowhere_says_why(review: Path) -> None:
    write(review, report("example-e", patient(course("PR"), histology="other")))
    assert moves(diff(cases=review), "") == [("not counted", "example-e/P1", "not eligible (histology other)", "data")]


def test_a_corrected_response_moves_a_unit_by_its_rule(review: Path) -> None:
    edit(review / "literature" / "example-a.yaml", "response_basis: stated", "response_basis: inferred")
    changes = diff(cases=review)
    assert moves(changes, "strict") == [("left", "example-a/P1", "inferred", "data")]
    assert kinds_of(changes) == ("error corrected",)
    snapshot_of = {one.path: (one.old, one.new) for edited in changes.records.edited for one in edited.fields}
    assert snapshot_of == {"patients[P1].courses[1].response_basis": ("stated", "inferred")}


def test_a_new_selection_is_caused_by_the_protocol_and_not_by_the_data(review: Path) -> None:
    edit(review / "review.yaml", "response_basis: [stated, measured]\n    disputed: false", "disputed: true")
    changes = diff(cases=review)
    strict = number(changes, "strict")
    assert (step(strict, "data"), step(strict, "package"), step(strict, "protocol")) == ((0, 0), (0, 0), (0, 1))
    assert moves(changes, "strict") == [("entered", "example-b/P1", "inferred, disputed", "protocol")]
    assert kinds_of(changes)[-1] == "selection changed"
    caused = to_json(strict)["caused_by"]
    assert (caused["method"]["evaluable"], caused["data"]["evaluable"]) == (1, 0)


def test_a_changed_package_is_caused_by_the_method(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(review, report("example-e", patient(course("PD"))))

    def wider(*arguments: Any, **more: Any) -> Any:
        return pool_proportion(*arguments, **more, level=0.99)

    monkeypatch.setattr(metaimt.analyses.pooled_response, "pool_proportion", wider)
    changes = diff(cases=review)
    caused = to_json(number(changes, "strict"))["caused_by"]
    assert caused["package"]["lower"] < -0.01
    assert (caused["package"]["estimate"], caused["package"]["evaluable"], caused["protocol"]["lower"]) == (0, 0, 0)
    assert (caused["data"]["evaluable"], caused["method"]) == (1, caused["package"])
    assert kinds_of(changes)[-1] == "method changed"


def test_the_causes_add_up(review: Path) -> None:
    write(review, report("example-e", patient(course("PD"))))
    edit(review / "review.yaml", "rho: [1, 4]", "rho: [2, 4]")
    for change in diff(cases=review).numbers:
        entry = to_json(change)
        if not entry["unchanged"]:
            for rate in ("estimate", "lower", "upper"):
                moved = entry["new"][rate] - entry["old"][rate]
                by_cause = sum(entry["caused_by"][cause][rate] for cause in ("package", "protocol", "data"))
                assert by_cause == pytest.approx(moved, abs=4e-6)


def test_a_rename_moves_nothing(review: Path) -> None:
    old = review / "literature" / "example-a.yaml"
    edit(old, "id: example-a\n", "id: example-z\n  former_ids: [example-a]\n")
    old.rename(old.with_name("example-z.yaml"))
    changes = diff(cases=review)
    assert changes.records.renamed == (("example-a", "example-z"),)
    assert (changes.moves, changes.moved, changes.warnings) == ((), (), ())
    assert not changes.nothing


def test_warnings_new_and_cleared_with_their_cause(review: Path) -> None:
    edit(review / "literature" / "example-a.yaml", "  checked_by: b\n", "")
    found = {(one.warned.place, one.warned.rule, one.is_new, one.cause) for one in diff(cases=review).warnings}
    assert found == {("literature/example-a.yaml", "read-by-one", True, "data")}
    edit(review / "review.yaml", 'version: "2026.1"', 'version: "2026.2"')
    snapshot("2026.2", review)
    edit(review / "literature" / "example-a.yaml", "  by: a\n", "  by: a\n  checked_by: b\n")
    found = {(one.warned.place, one.warned.rule, one.is_new, one.cause) for one in diff(cases=review).warnings}
    assert found == {("literature/example-a.yaml", "read-by-one", False, "data")}


def test_comments_and_layout_are_no_change_but_are_told(review: Path) -> None:
    edit(review / "literature" / "example-a.yaml", "# Made up.\n", "# Made up.\n# A comment.\n")
    changes = diff(cases=review)
    assert (changes.nothing, changes.reworded) == (True, ("literature/example-a.yaml",))


@pytest.mark.parametrize(("responders", "crossed"), [(8, False), (12, True)])
def test_the_conclusion_test_of_the_protocol(responders: int, crossed: bool, review: Path) -> None:
    write(review, report("example-d", arms=[arm(responders, 12)], design="trial"))
    changes = diff(cases=review)
    assert changes.crossed is crossed
    assert ("conclusion changed" in kinds_of(changes)) is crossed


def test_the_test_that_was_in_force_before_decides(review: Path) -> None:
    write(review, report("example-d", arms=[arm(12, 12)], design="trial"))
    edit(review / "review.yaml", "orr_moves_by: 0.05, interval_crosses: [0.5, 0.6, 0.7]", "orr_moves_by: 0.9")
    changes = diff(cases=review)
    assert changes.crossed
    assert {one.limit for one in changes.conclusion} == {0.05}


def test_the_old_side_that_cannot_be_read_any_more(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import metaimt.review

    real = metaimt.review.load

    def strict_today(folder: Any) -> Any:
        """A rule that finds an error in what was frozen, and in nothing else."""
        if isinstance(folder, Path):
            return real(folder)
        document = folder.report_documents["example-a"]
        raise Blocked((document.problem(("report", "id"), "made-up", "made up"),), 5)

    monkeypatch.setattr(metaimt.review, "load", strict_today)
    write(review, report("example-e", patient(course("PD"))))
    changes = diff(cases=review)
    assert changes.unreadable.startswith("today's rules find 1 error in its files, the first in literature/")
    assert to_json(number(changes, "strict"))["caused_by"] == "not known"
    assert moves(changes, "strict") == [("entered", "example-e/P1", "not in the review before", "not known")]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Path], str]:
    """A function that builds a review into a folder, of all outputs only CHANGES.md, and returns what it says."""

    def analysed(library: Any, protocol: Any, warnings: Any, waived: Any, jobs: int) -> Any:
        selection, response = respond(Loaded(library, protocol, warnings, waived))
        names = {"library": library, "protocol": protocol, "warnings": warnings, "waived": waived}
        return SimpleNamespace(**names, selection=selection, response=response)

    def written(results: Any, figures: Any, changes: Changes, *_: Any) -> dict[str, bytes]:
        return {"CHANGES.md": changes_page(changes, "Made up").encode()}

    def built(review: Path, out: Path) -> str:
        build(review, out)
        return (out / "CHANGES.md").read_text(encoding="utf-8")

    monkeypatch.setattr("metaimt.analyses.results.analyse", analysed)
    monkeypatch.setattr("metaimt.report.figures.review_figure_files", lambda *_: ())
    monkeypatch.setattr("metaimt.report.outputs.output_files", written)
    return built


def test_build_says_what_is_new_and_twice_the_same(
    review: Path, tmp_path: Path, built: Callable[[Path, Path], str]
) -> None:
    write(review, report("example-e", patient(course("PD"))))
    said = built(review, tmp_path / "one")
    assert said == built(review, tmp_path / "one") == built(review, tmp_path / "two")
    assert "## What is new since version 2026.1" in said
    assert "- added: example-e (case report, 1 patient)" in said
    assert "## 2026.1: first version" in said


def test_the_report_says_what_is_new(review: Path, shipped: Results) -> None:
    write(review, report("example-e", patient(course("PD"))))
    said = report_markdown(shipped, (), diff(cases=review))
    assert "## What is new since version 2026.1" in said
    assert "- added: example-e (case report, 1 patient)" in said


def test_build_says_that_nothing_is_new_and_the_report_leaves_it_out(
    review: Path, tmp_path: Path, built: Callable[[Path, Path], str], shipped: Results
) -> None:
    assert "## What is new since version 2026.1: nothing" in built(review, tmp_path / "out")
    assert "What is new" not in report_markdown(shipped, (), diff(cases=review))


def test_build_before_the_first_version(
    make_review: MakeReview, tmp_path: Path, built: Callable[[Path, Path], str]
) -> None:
    said = built(small_review(make_review), tmp_path / "out")
    assert "No version has been frozen yet: everything is new" in said


def test_two_folders(review: Path, tmp_path: Path) -> None:
    shutil.copytree(review, tmp_path / "other")
    write(tmp_path / "other", report("example-e", patient(course("PD"))))
    changes = diff(str(review), str(tmp_path / "other"), review)
    assert (changes.old, changes.new, changes.printed) == ("review", "other", False)
    assert [record.id for record in changes.records.added] == ["example-e"]
    assert str(tmp_path) not in json.dumps(to_json(changes))


def test_an_unknown_name_says_what_there_is(review: Path) -> None:
    for wanted, said in (
        ("2026.9", "no version 2026.9 .*; the versions are 2026.1"),
        ("nowhere", "no version .*the versions are 2026.1.*, no folder, and review is in no git repository"),
        ("--output=x", "no name of a git revision"),
        ("", "no name of a git revision"),
    ):
        with pytest.raises(WrongUse, match=said):
            diff(wanted, cases=review)


def added(changes: Changes) -> set[str]:
    return {record.id for record in changes.records.added}


def test_two_branches_merge_cleanly_and_the_diff_of_the_merge_is_the_union(review: Path) -> None:
    git = repository(review.parent)
    link = "- reports: [example-{}, example-{}]\n  certainty: different\n  evidence: made up\n"
    (review / "links.yaml").write_text("# Made up.\n" + "".join(link.format(*pair) for pair in ("ac", "bc", "cd")))
    git("add", "--all")
    git("commit", "--quiet", "--message", "links")
    for branch, case, response, age in (("one", "e", "PD", 3), ("two", "f", "CR", 70)):
        git("checkout", "--quiet", "-b", branch, "main")
        write(review, report(f"example-{case}", patient(course(response), age=age)))
        after = {"one": "a", "two": "b"}[branch]
        edit(review / "links.yaml", link.format(after, "c"), link.format(after, "c") + link.format(after, "d"))
        git("add", "--all")
        git("commit", "--quiet", "--message", branch)
    one, two = diff("main", "one", review), diff("main", "two", review)
    git("merge", "--quiet", "--no-edit", "one")
    assert not git("status", "--porcelain")
    merged = diff("main", "two", review)
    assert (added(one), added(two), added(merged)) == ({"example-e"}, {"example-f"}, {"example-e", "example-f"})
    assert set(merged.moves) == set(one.moves) | set(two.moves)
    shared = [
        {field for edited in side.records.shared for field in map(field_text, edited.fields)}
        for side in (one, two, merged)
    ]
    assert (len(shared[0]), len(shared[1]), shared[0] | shared[1]) == (1, 1, shared[2])
    # What is said of an estimate depends on all reports together.
    said = [{each for each in side.warnings if each.warned.rule != "estimate"} for side in (one, two, merged)]
    assert said[2] == said[0] | said[1]
    for change in merged.numbers:
        parts = [number(side, change.group.name) for side in (one, two)]
        both = tuple(map(sum, zip(*(step(part, "data") for part in parts), strict=True)))
        assert step(change, "data") == both


def test_a_revision_is_read_without_touching_the_repository(review: Path) -> None:
    git = repository(review.parent)
    before = contents(review.parent)
    write(review, report("example-e", patient(course("PD"))))
    tree, status = git("rev-parse", "HEAD"), git("status", "--porcelain")
    changes = diff("HEAD", cases=review)
    assert changes.old == f"HEAD ({tree[:10]})"
    assert added(changes) == {"example-e"}
    assert (git("rev-parse", "HEAD"), git("status", "--porcelain")) == (tree, status)
    assert {**before, "review/literature/example-e.yaml": b""}.keys() == contents(review.parent).keys()


@pytest.mark.skipif(os.name != "posix", reason="Windows allows no such names")
def test_a_revision_without_the_review_and_one_with_hostile_names(review: Path) -> None:
    git = repository(review.parent)
    hostile = review / "literature" / "a;touch x$(id)\n\x1b[31m.yaml"
    hostile.write_bytes((review / "literature" / "example-a.yaml").read_bytes())
    (review / "literature" / "link.yaml").symlink_to("/etc/hostname")
    git("add", "--all")
    git("commit", "--quiet", "--message", "hostile")
    git("rm", "-r", "--quiet", "review/review.yaml")
    git("commit", "--quiet", "--message", "gone")
    (review / "review.yaml").write_bytes((FROZEN / "cases" / "review.yaml").read_bytes())
    hostile.unlink()
    (review / "literature" / "link.yaml").unlink()
    with pytest.raises(WrongUse, match=r"has no review in review: no review\.yaml there"):
        diff("HEAD", cases=review)
    changes = diff("HEAD~1", cases=review)
    assert "errors in its files" in changes.unreadable
    assert str(review.parent) not in json.dumps(to_json(changes))


def test_a_new_side_that_cannot_be_analysed(review: Path) -> None:
    git = repository(review.parent)
    edit(review / "literature" / "example-a.yaml", "response: PR", "response: Partial")
    git("commit", "--all", "--quiet", "--message", "wrong")
    with pytest.raises(CannotAnalyse, match="today's rules find 1 error"):
        diff("2026.1", "HEAD", review)
    with pytest.raises(Blocked):
        diff(cases=review)


def test_without_git(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: Any, **more: Any) -> Any:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)
    with pytest.raises(WrongUse, match="git is not installed"):
        diff("main", cases=review)


def test_printed_numbers_are_those_that_pool_gives(review: Path) -> None:
    printed = diff("2026.1", cases=review)
    results = canonical(to_json(respond(load(review))[1]))
    for name, pool in results["pools"].items():
        old = number(printed, name).old
        assert old is not None
        assert (old.responders, old.evaluable, old.estimate) == (
            pool["responders"],
            pool["evaluable"],
            pool["orr"].get("estimate"),
        )
