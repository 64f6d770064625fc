"""`metaimt audit` as a user calls it: the local paper, waivers, single files, JSON, annotations, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import CANNOT_ANALYSE, FINE, PROBLEMS, WRONG_USE, metaimt
from conftest import FROZEN, MakeReview, arm, report

from metaimt.analyses.audit import audit
from metaimt.review import load
from metaimt.serialise import to_json

LOCAL = "cases/local/you-2024.yaml"
KEYS = {"report", "what", "where", "printed", "computed", "rule", "explanation", "message", "remedy"}
WRONG: dict[str, Any] = {"what": "lung", "n": 6, "of": 15, "percent": 45.5, "where": "3.2"}


def findings(*words: str | Path) -> list[dict[str, Any]]:
    answer = json.loads(metaimt("audit", "--format", "json", *words).stdout)
    assert answer["format"] == 1
    found: list[dict[str, Any]] = answer["findings"]
    return found


@pytest.mark.parametrize(
    ("rule", "what", "says"),
    [
        ("claim-percentage", "ALK IHC positive, lung", "6/15 is 40.0 %, printed 45.5 %; 45.5 % would be 5/11"),
        ("claim-percentage", "systemic symptoms", "36/74 is 48.6 %, printed 40.7 %; 40.7 % would be 24/59"),
        ("claim-percentage", "head and neck", "no count of 74 is 24.1 %"),
        ("claim-twice", "head and neck", "18/74 (24.3 %) (section 3.1) and 24.1 % of 74 (abstract)"),
        ("claim-twice", "systemic symptoms", "14.8 % of 74 (discussion) and 36/74 (40.7 %) (section 3.1)"),
        ("claim-subgroup", "ALK IHC performed, limbs and trunk", "printed as 14, but 'limbs and trunk' as 11"),
        ("claim-survival", "overall survival at 1 year", "lower than 6 deaths among 74 patients allow"),
        ("claim-survival", "overall survival at 1 year", "58/74 is 78.4 %, 16 deaths with nobody lost before"),
        ("claim-parts", "ALK inhibitor given", "is 3, but 'ALK inhibitor given' is printed as 2"),
    ],
)
def test_what_is_wrong_in_the_local_paper(rule: str, what: str, says: str) -> None:
    """By hand from the paper: METHODS 12, and the two places that speak of the two treated patients."""
    own = [one for one in findings() if (one["report"], one["rule"], one["what"]) == ("you-2024", rule, what)]
    assert len(own) == 1
    assert says in own[0]["explanation"]
    assert own[0]["file"] == LOCAL
    assert (FROZEN / LOCAL).read_text(encoding="utf-8").splitlines()[own[0]["line"] - 1].strip()


def test_every_finding_is_complete_and_nothing_else_is_found() -> None:
    found = findings()
    assert all(set(one) >= {*KEYS, "file", "line", "column"} for one in found)
    assert all(one["printed"] and one["computed"] and one["remedy"] for one in found)
    assert [one["report"] for one in found] == ["you-2024"] * 11  # what the literature prints agrees
    assert sum(one["rule"] == "claim-survival" for one in found) == 4


def test_validate_and_audit_tell_the_same() -> None:
    problems = json.loads(metaimt("validate", "--format", "json").stdout)["problems"]
    told = {(p["file"], p["line"], p["rule"], p["message"]) for p in problems if p["rule"].startswith("claim-")}
    assert {(one["file"], one["line"], one["rule"], one["message"]) for one in findings()} == told


def test_text_fits_and_findings_end_with_1() -> None:
    done = metaimt("audit")
    assert done.returncode == PROBLEMS
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "    6/15 is 40.0 %, printed 45.5 %.\n    45.5 % would be 5/11.\n" in done.stdout


def test_one_file_alone_or_in_its_review(tmp_path: Path, make_review: MakeReview) -> None:
    folder = make_review(
        report("a", arms=[arm(1, 2)], claims=[WRONG]), report("b", arms=[arm(1, 2)], claims=[{**WRONG, "n": 5}])
    )
    assert [one["report"] for one in findings(folder)] == ["a", "b"]
    assert [one["report"] for one in findings(folder / "literature")] == ["a", "b"]
    assert [one["report"] for one in findings(folder / "literature" / "b.yaml")] == ["b"]
    alone = tmp_path / "a.yaml"
    alone.write_bytes((folder / "literature" / "a.yaml").read_bytes())
    assert [one["report"] for one in findings(alone)] == ["a"]


def test_nothing_found_ends_with_0(make_review: MakeReview) -> None:
    folder = make_review(report("a", arms=[arm(1, 2)], claims=[{**WRONG, "percent": 40.0}]))
    done = metaimt("audit", folder)
    assert (done.returncode, done.stderr) == (FINE, "")
    assert done.stdout == "1 printed statement in 1 report looked at: nothing that does not agree.\n"


def test_a_waived_finding_is_told_apart_with_its_reason(make_review: MakeReview) -> None:
    waiver = {"rule": "claim-percentage", "reason": "misprint, settled by letter", "at": "claims/1"}
    folder = make_review(report("a", arms=[arm(1, 2)], claims=[WRONG], waivers=[waiver]))
    done = metaimt("audit", folder)
    assert done.returncode == FINE
    assert "Waived, with the reason of the case file:\n  a, section 3.2: 6/15 is 40.0 %" in done.stdout
    assert "misprint, settled by letter" in done.stdout
    answer = json.loads(metaimt("audit", folder, "--format", "json").stdout)
    assert (answer["findings"], answer["waived"][0]["waived_because"]) == ([], "misprint, settled by letter")


def test_annotations_name_the_line_of_the_claim(make_review: MakeReview) -> None:
    folder = make_review(report("a", arms=[arm(1, 2)], claims=[WRONG]))
    line = next(
        k for k, text in enumerate((folder / "literature" / "a.yaml").read_text().splitlines(), 1) if "45.5" in text
    )
    done = metaimt("audit", folder, "--format", "github")
    assert done.stdout.startswith(f"::warning file={folder.as_posix()}/literature/a.yaml,line={line},col=")
    assert done.stdout.endswith("::6/15 is 40.0 %25, printed 45.5 %25; 45.5 %25 would be 5/11\n")


def test_hostile_text_reaches_no_terminal(make_review: MakeReview) -> None:
    hostile = "\u202e\u200b<script>"
    folder = make_review(report("a", arms=[arm(1, 2)], claims=[{**WRONG, "what": hostile, "where": hostile}]))
    done = metaimt("audit", folder)
    assert "\u202e" not in done.stdout
    assert "\u200b" not in done.stdout


def test_wrong_use_errors_and_nothing_to_audit(tmp_path: Path, make_review: MakeReview) -> None:
    assert metaimt("audit", tmp_path / "none").returncode == WRONG_USE
    (tmp_path / "empty").mkdir()
    nothing = metaimt("audit", tmp_path / "empty")
    assert (nothing.returncode, nothing.stdout) == (CANNOT_ANALYSE, "")
    assert "no case yet: metaimt new" in nothing.stderr
    folder = make_review(report("a", arms=[arm(3, 2)], claims=[WRONG]))
    broken = metaimt("audit", folder)
    assert (broken.returncode, broken.stdout) == (PROBLEMS, "")
    assert "responders-exceed-evaluable" in broken.stderr


def test_outputs_hold_the_findings_wherever_the_review_lies(make_review: MakeReview) -> None:
    folder = make_review(report("a", arms=[arm(1, 2)], claims=[WRONG]))
    loaded = load(folder)
    found = to_json(audit(loaded.library, loaded.waived))  # as in results.json
    assert [one["explanation"] for one in found["findings"]] == ["6/15 is 40.0 %, printed 45.5 %; 45.5 % would be 5/11"]
    assert folder.as_posix() not in json.dumps(found)
