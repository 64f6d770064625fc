"""`metaimt validate` as a user meets it: what is printed, the exit code, and never a traceback."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from command import Done, in_own_process, metaimt, modules_after_each
from conftest import FROZEN, ROOT

EXAMPLES = ROOT / "tests" / "casefiles"
SHIPPED_PROTOCOL = (FROZEN / "cases" / "review.yaml").read_bytes()
REVIEW = (ROOT / "tests" / "checks" / "review.yaml").read_text()
COMMAND = [sys.executable, "-m", "metaimt"]
GOOD = """# Made up.
report: {id: %s, title: Made up, year: 2024, design: case_report%s}
extraction: {checked_by: reader-2}
patients: [{id: P1, courses: [{drug: crizotinib}], histology: IMT}]
"""


def run(*words: str, cwd: Path, **environment: str) -> Done:
    return metaimt(*words, cwd=cwd, **environment)


def problems_of(folder: Path, *words: str) -> list[dict[str, Any]]:
    """What is told, as JSON, after which comes nothing."""
    told: list[dict[str, Any]] = json.loads(run("validate", "--format", "json", *words, cwd=folder).stdout)["problems"]
    return told


def last_line(result: Done) -> str:
    return result.stdout.splitlines()[-1]


def made(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A review in folder/cases with these files and, unless given, the protocol of the tests."""
    for name, content in {"review.yaml": REVIEW, **files}.items():
        path = folder / "cases" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped review, as in a clone."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(FROZEN / "cases", folder / "cases")
    return folder


@pytest.mark.parametrize("arguments", [["validate"], ["validate", "cases"], ["validate", "./cases/"]])
def test_shipped_review_is_fine(arguments: list[str], shipped: Path) -> None:
    result = run(*arguments, cwd=shipped)
    former = {"cases/local/you-2024.yaml", "cases/published-pooled.yaml"}  # they have former names of fields
    assert {line.removeprefix("note: ").partition(":")[0] for line in result.stderr.splitlines()} == former
    assert result.returncode == 0
    assert re.fullmatch(r"\d+ warnings, \d+ info in \d+ of 76 files", last_line(result))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["validate", "--strict"], 1),
        (["validate", "--strict", "cases/literature/mosse-2017.yaml"], 0),
        (["validate", "cases/literature/mosse-2017.yaml", "cases/local"], 0),
        (["validate", str(EXAMPLES / "accepted" / "example-minimal.yaml")], 0),
        (["validate", "--strict", str(EXAMPLES / "accepted" / "example-minimal.yaml")], 1),
        (["validate", str(EXAMPLES / "rejected" / "unknown-site--typo.yaml")], 1),
        (["validate", "nowhere"], 2),
        (["validate", "cases", "cases/nowhere.yaml"], 2),
        (["validate", "x" * 300], 2),
        (["validate", "--format", "xml"], 2),
        (["validate", "--no-such-option"], 2),
        (["no-such-command"], 2),
    ],
)
def test_exit_code(arguments: list[str], code: int, shipped: Path) -> None:
    assert run(*arguments, cwd=shipped).returncode == code


def test_wrong_use_says_the_next_step(shipped: Path) -> None:
    result = run("validate", "nowhere", cwd=shipped)
    assert result.stdout == ""
    assert result.stderr == (
        "metaimt: nowhere does not exist; give the folder of a review, such as cases, or a case file\n"
    )


def test_text_has_place_rule_message_hint_and_a_caret_below_the_value(tmp_path: Path) -> None:
    text = "# Made up.\nreport: {id: example-a, title: ä, year: 2024, design: Cohort }\n"
    made(tmp_path, {"literature/example-a.yaml": text + "extraction: {checked_by: b}\narms: 3\n"})
    result = run("validate", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        "cases/literature/example-a.yaml:2:55: error[unknown-design] design: 'Cohort' is not one of case_report, "
        "case_series, cohort, trial; did you mean design: cohort?",
        "    2 | report: {id: example-a, title: ä, year: 2024, design: Cohort }",
        "      | " + " " * 54 + "^^^^^^",
        "cases/literature/example-a.yaml:4:7: error[wrong-type] arms: expected a list; "
        "start each entry with '- ', such as '- label: ...'",
        "    4 | arms: 3",
        "      |       ^",
        "2 errors in 1 of 2 files",
    ]


@pytest.mark.parametrize("before", ["x" * 200, "é" * 90, "東" * 70, "\\u202e" * 12, "a\u200b" * 20])
def test_caret_stands_below_the_value_after_any_text(before: str, tmp_path: Path) -> None:
    line = f'report: {{title: "{before}", id: example-a, year: "MMXX", design: trial}}\n'
    made(tmp_path, {"literature/example-a.yaml": line + "extraction: {checked_by: b}\n" + GOOD.splitlines()[-1]})
    lines = run("validate", cwd=tmp_path).stdout.splitlines()
    shown, caret = lines[1], lines[2]
    assert shown[caret.index("^") :].startswith('"MMXX"')
    assert caret.count("^") == len('"MMXX"')


def test_json_contract(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": GOOD % ("example-b", ""), "literature/x.yaml": b"a: \xff"})
    result = run("validate", "--format", "json", cwd=tmp_path)
    assert result.returncode == 1
    assert json.loads(result.stdout) == {
        "format": 1,
        "files": 3,
        "moved": [],
        "pending": [],
        "waived": [],
        "problems": [
            {
                "file": "cases/literature/example-a.yaml",
                "line": 2,
                "column": 14,
                "rule": "id-not-file-name",
                "severity": "error",
                "message": "id 'example-b' in a file named 'example-a.yaml'",
                "hint": "write id: example-a, or rename the file",
            },
            {
                "file": "cases/literature/x.yaml",
                "line": 1,
                "column": 4,
                "rule": "not-utf8",
                "severity": "error",
                "message": "the file is not UTF-8 text",
                "hint": "save it as UTF-8",
            },
        ],
    }


def test_json_of_nothing(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": GOOD % ("example-a", "")})
    result = run("validate", "--format", "json", cwd=tmp_path)
    assert json.loads(result.stdout) == {
        **{"format": 1, "files": 2, "moved": [], "pending": [], "problems": [], "waived": []}
    }
    assert last_line(run("validate", cwd=tmp_path)) == "no problems in 2 files"


READ_BY_ONE = (GOOD % ("example-a", "")).replace("checked_by", "by")
WAIVED = READ_BY_ONE + "waivers: [{rule: read-by-one, reason: made up}]\n"


def test_what_is_waived_is_counted_apart_and_does_not_fail(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": WAIVED, "literature/example-b.yaml": GOOD % ("example-b", "")})
    for arguments in (["validate"], ["validate", "--strict"], ["validate", "--strict", "--format", "github"]):
        result = run(*arguments, cwd=tmp_path)
        assert (result.returncode, result.stdout) == (0, "no problems in 3 files, 1 waived\n")
    made(tmp_path, {"literature/example-b.yaml": READ_BY_ONE.replace("example-a", "example-b")})
    result = run("validate", "--strict", cwd=tmp_path)
    assert (result.returncode, last_line(result)) == (1, "1 warning in 1 of 3 files, 1 waived")
    assert last_line(run("validate", "cases/literature/example-b.yaml", cwd=tmp_path)) == "1 warning in 1 of 1 file"
    lone = run("validate", "--strict", str(tmp_path / "cases" / "literature" / "example-a.yaml"), cwd=tmp_path)
    assert (lone.returncode, lone.stdout) == (0, "no problems in 1 file, 1 waived\n")


def test_json_of_what_is_waived(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": WAIVED})
    told = json.loads(run("validate", "--format", "json", cwd=tmp_path).stdout)
    assert told["problems"] == []
    assert told["waived"] == [
        {
            "file": "cases/literature/example-a.yaml",
            "line": 3,
            "column": 13,
            "rule": "read-by-one",
            "severity": "warning",
            "message": "read by one person",
            "hint": "let someone else read the source, then add checked_by: their name",
            "reason": "made up",
        }
    ]


def test_an_info_does_not_fail_even_if_strict(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": (GOOD % ("example-a", "")).replace("zotinib}", "zotinib, dose: 1mg}")})
    result = run("validate", "--strict", cwd=tmp_path)
    assert (result.returncode, last_line(result)) == (0, "1 info in 1 of 2 files")


def test_github_annotations_are_escaped(tmp_path: Path) -> None:
    report = GOOD % ("example-a", "") + "    \n"
    text = report.replace("id: P1", 'id: P1, site: "50 %, a:\\n::error::b"')
    made(tmp_path, {"literature/50%,a:b.yaml": text.replace("checked_by", "by")})
    result = run("validate", "--format", "github", cwd=tmp_path)
    first = result.stdout.splitlines()[0]
    file = "cases/literature/50%25%2Ca%3Ab.yaml"
    assert first.startswith(f"::error file={file},line=4,col=27,title=unknown-site::site: '50 %25, a:%0A::error::b' is")
    assert len(result.stdout.splitlines()) == 2


def test_github_levels(tmp_path: Path) -> None:
    text = (GOOD % ("example-a", "")).replace("title: Made up, ", "").replace("crizotinib", "Xalkori")
    made(
        tmp_path,
        {"literature/example-a.yaml": text, "literature/example-b.yaml": (GOOD % ("b", "")).replace("2024", "1")},
    )
    lines = run("validate", "--format", "github", cwd=tmp_path).stdout.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::error", "::error", "3"]
    made(tmp_path, {"literature/example-a.yaml": text.replace("Xalkori", "crizotinib")})
    lines = run("validate", "--format", "github", cwd=tmp_path).stdout.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::warning", "::error", "::error", "2"]


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"a": "a: 1\n", "b": "report: {id: b, design: trial}\narms: 1\n"}, "3 errors in 2 of 3 files"),
        ({"a": "[]"}, "1 error in 1 of 2 files"),
        ({"a": (GOOD % ("a", "")).replace("year: 2024, ", ""), "b": "x"}, "1 error, 1 warning in 2 of 3 files"),
        ({"a": (GOOD % ("a", "")).replace("checked_by", "by")}, "1 warning in 1 of 2 files"),
    ],
)
def test_last_line_counts(files: dict[str, str], line: str, tmp_path: Path) -> None:
    made(tmp_path, {f"literature/{name}.yaml": text for name, text in files.items()})
    assert last_line(run("validate", cwd=tmp_path)) == line


def test_folder_without_anything(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    result = run("validate", cwd=tmp_path)
    assert (result.returncode, "of 0 files" in last_line(result)) == (1, False)
    assert "info[no-case-files] no case yet; metaimt new REFERENCE.ris begins one" in result.stdout
    assert "error[no-protocol]" in result.stdout
    assert "write cases/review.yaml: eligibility, rows and pools" in result.stdout


def test_folder_without_a_protocol(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": GOOD % ("example-a", "")})
    (tmp_path / "cases" / "review.yaml").unlink()
    result = run("validate", "--format", "json", cwd=tmp_path)
    assert [problem["rule"] for problem in json.loads(result.stdout)["problems"]] == ["no-protocol"]
    assert result.returncode == 1


links = pytest.mark.skipif(os.name != "posix", reason="on Windows links need a right of their own")


@pytest.mark.parametrize(
    "kind", ["directory", pytest.param("dangling link", marks=links), pytest.param("link in a circle", marks=links)]
)
def test_unreadable_file_is_a_problem_among_others(kind: str, tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": GOOD % ("example-b", "")})
    path = tmp_path / "cases" / "literature" / "x.yaml"
    if kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("nowhere" if kind == "dangling link" else "x.yaml")
    rules = [(Path(problem["file"]).name, problem["rule"]) for problem in problems_of(tmp_path)]
    assert rules == [("example-a.yaml", "id-not-file-name"), ("x.yaml", "unreadable")]


def test_a_file_is_checked_with_its_review_in_view_but_only_its_problems_are_told(tmp_path: Path) -> None:
    made(
        tmp_path,
        {
            "literature/example-a.yaml": GOOD % ("example-a", ", doi: 10.0000/made-up"),
            "literature/example-b.yaml": GOOD % ("example-b", ", doi: 10.0000/made-up, overlaps: [example-c]"),
            "literature/example-c.yaml": GOOD % ("example-x", ""),
            "vocabulary.yaml": "drugs: {madeupinib: {generation: third, targets: [ALK]}}\n",
            "local/example-d.yaml": (GOOD % ("example-d", "")).replace("crizotinib", "madeupinib"),
        },
    )
    result = run("validate", "--format", "json", "cases/literature/example-b.yaml", cwd=tmp_path)
    told = json.loads(result.stdout)
    assert told["files"] == 1
    assert {problem["file"] for problem in told["problems"]} == {"cases/literature/example-b.yaml"}
    assert [problem["rule"] for problem in told["problems"]] == ["repeated-doi", "overlap-without-link"]
    assert run("validate", "cases/local", cwd=tmp_path).stdout == "no problems in 1 file\n"


def test_lone_files_need_no_review_but_may_not_be_the_same(tmp_path: Path) -> None:
    for name, more in {
        "example-a": ", overlaps: [example-z]",
        "example-b": ", pmid: 1",
        "example-c": ", pmid: 1",
    }.items():
        (tmp_path / f"{name}.yaml").write_text(GOOD % (name, more))
    assert run("validate", "example-a.yaml", "example-b.yaml", cwd=tmp_path).stdout == "no problems in 2 files\n"
    both = run("validate", "example-b.yaml", "example-c.yaml", cwd=tmp_path)
    for name in ("example-b", "example-c"):
        assert re.search(rf"(?m)^{name}\.yaml:2:\d+: error\[repeated-pmid\]", both.stdout)


GARBAGE: dict[str, str | bytes] = {
    "list": "- a\n- {b: 1}\n",
    "text": "made up",
    "number": "1e999",
    "nothing": "~",
    "empty": "",
    "binary": bytes(range(256)),
    "deep": "[" * 100_000,
    "long number": "report: {id: a, design: trial, year: " + "9" * 6000 + "}\narms: [" + "9" * 400 + "]\n",
    "wrong everywhere": "report: [1]\nextraction: 1\npatients: {a: b}\narms: x\nclaims: 3\ncohort: [x]\n",
    "braces in values": "report: {id: '{message}', title: '{0}', design: '{rule}'}\npatients: [{id: '{'}]\n",
    "keys": "report: {'': 1, '[key]': 2, 'a\\nb': 3, id: 1, design: trial}\npatients: [[], {}, 1, null]\n",
    "entries": "- {reports: [a, b], patients: [1, x], certainty: 1, prefer: []}\n- 1\n- {id: a}\n",
    "counts": "report: {id: counts, design: trial}\narms: [{label: a, drug: x, evaluable: -9, responders: 1e5}]\n",
}
SHARED = ["review.yaml", "links.yaml", "excluded.yaml", "searches.yaml", "vocabulary.yaml", "published-pooled.yaml"]


def random_yaml(seed: int) -> bytes:
    """Pieces of a valid file in a wrong order."""
    chance = random.Random(seed)  # noqa: S311
    pieces = re.findall(r"\w+|\W", (EXAMPLES / "accepted" / "example-every-field.yaml").read_text())
    return "".join(chance.choices(pieces, k=chance.randrange(1, 60))).encode()


def test_garbage_never_gives_a_traceback(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"literature/{name}.yaml": content for name, content in GARBAGE.items()}
    files |= {f"literature/random-{seed}.yaml": random_yaml(seed) for seed in range(150)}
    valid = (EXAMPLES / "accepted" / "example-every-field.yaml").read_bytes()
    files |= {f"literature/cut-{at}.yaml": valid[:at] for at in range(0, len(valid), 23)}
    made(tmp_path, files)
    result = run("validate", "--format", "json", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    told = json.loads(result.stdout)
    assert told["files"] == len(files) + 1
    named = {Path(problem["file"]).stem for problem in told["problems"]}
    assert {*GARBAGE, *(f"random-{seed}" for seed in range(150))} <= named
    assert all(problem["message"] and problem["line"] and problem["column"] for problem in told["problems"])
    assert run("validate", cwd=tmp_path).returncode == 1
    assert run("validate", "--format", "github", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("name", SHARED)
def test_garbage_in_a_shared_file_never_gives_a_traceback(name: str, tmp_path: Path) -> None:
    from metaimt.cli.validate import problems_in

    for kind, content in GARBAGE.items():
        folder = tmp_path / kind.replace(" ", "-")
        made(folder, {"literature/example-a.yaml": GOOD % ("example-a", ""), name: content})
        problems, files = problems_in([folder / "cases"])
        assert files >= 2
        expected = (name, kind) != ("vocabulary.yaml", "nothing")
        if expected:
            assert [problem for problem in problems if Path(problem.file).name == name], kind


def test_a_review_with_many_warnings_is_summed_up_by_rule(shipped: Path) -> None:
    lines = run("validate", cwd=shipped).stdout.splitlines()
    each = run("validate", "--all", cwd=shipped).stdout
    assert len(lines) < 25
    for line in lines[:-2]:
        told = re.fullmatch(r" *(\d+) (warning|info)\[([a-z0-9-]+)\] (?:such as )?(cases/\S+:\d+:\d+)", line)
        assert told
        assert each.count(f": {told[2]}[{told[3]}] ") == int(told[1])
        assert f"{told[4]}: {told[2]}[{told[3]}] " in each
        assert ("such as" in line) == (told[1] != "1")
    assert "metaimt validate --all shows each" in lines[-2]
    assert lines[-1] == each.splitlines()[-1]
    assert sum(int(line.split()[0]) for line in lines[:-2]) == sum(map(int, re.findall(r"(\d+) (?:w|i)", lines[-1])))


def test_errors_are_always_told_in_full_and_warnings_beside_them(shipped: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped / "cases", tmp_path / "cases")
    broken = tmp_path / "cases" / "literature" / "nagumo-2018.yaml"
    broken.write_text(broken.read_text().replace("response: PR", "response: banana"))
    told = run("validate", cwd=tmp_path)
    assert told.returncode == 1
    assert "cases/literature/nagumo-2018.yaml:33:19: error[unknown-response]" in told.stdout
    assert "        response: banana" in told.stdout
    assert "warning[missing-year] such as" in told.stdout
    alone = run("validate", "cases/literature/liu-2018.yaml", "cases/literature/you-2024.yaml", cwd=tmp_path)
    assert alone.returncode == 2
    own = run("validate", "cases/local/you-2024.yaml", cwd=tmp_path).stdout
    assert own.count("[claim-survival] 7") + own.count("[claim-survival] 6") == 4


def test_few_warnings_need_no_summary(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": READ_BY_ONE})
    assert run("validate", cwd=tmp_path).stdout == run("validate", "--all", cwd=tmp_path).stdout


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=made up", "-c", "user.email=made-up@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


NEW_CASE = (GOOD % ("example-b", "")).replace("checked_by", "by")


@pytest.mark.parametrize("at", [".", "reviews/imt"])
def test_changed_tells_of_changed_and_new_files_only(at: str, tmp_path: Path) -> None:
    folder = made(tmp_path / at, {"literature/example-a.yaml": READ_BY_ONE, "literature/é 1.yaml": READ_BY_ONE})
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "made up")
    assert last_line(run("validate", "--changed", cwd=folder)) == "no problems in 0 files"
    made(
        folder, {"literature/example-b.yaml": NEW_CASE, "draft/example-c.yaml": NEW_CASE, "literatur/d.yaml": NEW_CASE}
    )
    result = run("validate", "--changed", cwd=folder)
    assert re.findall(r"(?m)^(\S+):\d+:\d+: \w+\[([a-z-]+)\]", result.stdout) == [
        ("cases/draft/example-c.yaml", "unread-case"),
        ("cases/literatur", "unread-case"),
        ("cases/literature/example-b.yaml", "read-by-one"),
    ]
    git(folder, "add", ".")
    assert run("validate", "--changed", cwd=folder).stdout == result.stdout
    renamed = folder / "cases" / "literature" / "é 1.yaml"
    renamed.write_text(READ_BY_ONE + "# changed\n")
    assert "cases/literature/é 1.yaml:" in run("validate", "--changed", cwd=folder).stdout
    assert last_line(run("validate", "--changed", "cases/literature/example-a.yaml", cwd=folder)) == (
        "no problems in 0 files"
    )


def test_changed_without_git_compares_with_the_newest_version(shipped: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped / "cases", tmp_path / "cases")
    assert last_line(run("validate", "--changed", cwd=tmp_path)) == "no problems in 0 files"
    made(tmp_path, {"literature/example-b.yaml": NEW_CASE, "example-c.yaml": NEW_CASE, "review.yaml": SHIPPED_PROTOCOL})
    assert {(problem["file"], problem["rule"]) for problem in problems_of(tmp_path, "--changed")} == {
        ("cases/literature/example-b.yaml", "read-by-one"),
        ("cases/example-c.yaml", "unread-case"),
    }


def test_changed_needs_something_to_compare_with(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": READ_BY_ONE})
    (tmp_path / "alone.yaml").write_text(READ_BY_ONE)
    for words, said in (((), "has neither (git commit, or metaimt snapshot YEAR.N)"), (("alone.yaml",), "is in none")):
        result = run("validate", "--changed", *words, cwd=tmp_path)
        assert (result.returncode, result.stdout) == (2, "")
        assert said in result.stderr


def test_every_problem_of_a_broken_file_in_one_run(tmp_path: Path) -> None:
    """A field that stands twice, one in a wrong form, and what rules ask of the patient and arm that are in form."""
    case = """# Made up.
report: {id: example-a, id: example-b, title: Made up, year: 2024, design: case_series}
extraction: {checked_by: reader-2}
patients:
  - {id: P1, courses: [{drug: crizotinib, response: banana}]}
  - {id: P2, age: 408, courses: [{drug: crizotinib}]}
arms:
  - {label: made up, drug: crizotinib, evaluable: 2, responders: 3, sd: x}
  - {label: made up, drug: crizotinib, evaluable: 2, responders: 3}
"""
    made(tmp_path, {"literature/example-a.yaml": case, "literature/example-c.yaml": NEW_CASE.replace("-b", "-c")})
    told = problems_of(tmp_path)
    assert [(Path(problem["file"]).stem, problem["line"], problem["rule"]) for problem in told] == [
        ("example-a", 2, "repeated-key"),
        ("example-a", 5, "unknown-response"),
        ("example-a", 6, "age-out-of-range"),
        ("example-a", 8, "wrong-type"),
        ("example-a", 9, "responders-exceed-evaluable"),
        ("example-c", 3, "read-by-one"),
    ]


def test_an_error_of_form_in_one_link_hides_no_other(tmp_path: Path) -> None:
    links = """# Made up.
- {reports: [example-a, example-b], certainty: sure, prefer: example-a}
- {reports: [example-a, example-z], certainty: certain, prefer: example-y}
"""
    cases = {f"literature/{name}.yaml": GOOD % (name, "") for name in ("example-a", "example-b")}
    made(tmp_path, {**cases, "links.yaml": links})
    told = problems_of(tmp_path)
    assert [(problem["line"], problem["rule"]) for problem in told if problem["severity"] == "error"] == [
        (2, "unknown-certainty"),
        (3, "unknown-link"),
        (3, "unknown-link"),
    ]


def test_every_problem_of_the_protocol_at_its_line(tmp_path: Path) -> None:
    protocol = """# Made up.
title: Made up
question: Made up?
version: "2026.1"
outcome: {responders: [CR, banana], evaluable: [CR, PR, SD, PD]}
eligible: {histology: [IMT]}
rows: {alk_positive: {marker: ALK, status: positive}}
pools: {all: {rows: [alk_negative]}, more: {rows: [alk_positive, ros]}}
strata: {trials: [trial]}
sensitivity:
  - each report left out
  - {name: adults, with_rows: [alk_positiv]}
  - {name: adults, discount: {stratum: trial, weights: [1]}}
  - each report left out
specification: {drug: {named: {drug: named}, other: {without_rows: [x]}}}
titel: x
"""
    made(tmp_path, {"review.yaml": protocol, "literature/example-b.yaml": NEW_CASE})
    told = problems_of(tmp_path)
    assert [(Path(problem["file"]).stem, problem["line"], problem["rule"]) for problem in told] == [
        ("example-b", 3, "read-by-one"),
        ("review", 5, "unknown-response"),
        ("review", 8, "unknown-row"),
        ("review", 8, "unknown-row"),
        ("review", 12, "unknown-row"),
        ("review", 13, "repeated-sensitivity"),
        ("review", 13, "unknown-stratum"),
        ("review", 14, "repeated-sensitivity"),
        ("review", 15, "unknown-row"),
        ("review", 16, "unknown-field"),
    ]


def test_every_problem_of_own_terms_at_its_line_and_the_others_are_used(tmp_path: Path) -> None:
    own = """# Made up.
sites: {knee: [leg]}
site:
  knee: leg
  brain: [lung, head]
  shin: [tibia]
response: {PR: [SD]}
drugs:
  madeupinib: {generation: fifth, dose: 1}
  otherinib: {synonyms: 3, named: maybe}
  thirdinib: {generation: third, synonyms: [Xalkori]}
  fourthinib: {generation: third, targets: [ALK]}
histology: x
"""
    case = NEW_CASE.replace("id: P1", "id: P1, site: shin").replace("crizotinib", "fourthinib")
    made(tmp_path, {"vocabulary.yaml": own, "literature/example-b.yaml": case})
    told = problems_of(tmp_path)
    assert [(problem["line"], problem["rule"]) for problem in told if problem["severity"] == "error"] == [
        (line, "vocabulary") for line in (2, 4, 5, 5, 7, 9, 9, 10, 10, 10, 11, 13)
    ]
    assert [problem["rule"] for problem in told if "literature" in problem["file"]] == ["read-by-one"]


@pytest.mark.parametrize(
    "content",
    [
        *("site: {knee: [1]}\n", "site: {knee: leg}\n", "drugs: {madeupinib: {generation: third, synonyms: MU-1}}\n"),
        *("drugs: {madeupinib: third}\n", "drugs: {madeupinib: {}}\n", "drugs: {madeupinib: {generation: fifth}}\n"),
        "sites: {knee: [leg]}\n",
    ],
)
def test_own_terms_in_a_wrong_form_are_a_problem(content: str, tmp_path: Path) -> None:
    from metaimt.cli.validate import problems_in

    case = (GOOD % ("example-a", "")).replace("id: P1", "id: P1, site: tibia")
    made(tmp_path, {"literature/example-a.yaml": case, "vocabulary.yaml": content})
    problems, _ = problems_in([tmp_path / "cases"])
    assert [problem.rule for problem in problems] == ["unknown-site", "vocabulary"]


CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("form", ["text", "github"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b"),
        ("Made \u202eup", "\\u202e"),
        ("Made \u2066up", "\\u2066"),
        ("Made up \x9b2J", "\\x9b"),
    ],
)
def test_nothing_in_a_value_reaches_the_terminal(value: str, shown: str, form: str, tmp_path: Path) -> None:
    text = (GOOD % ("example-a", "")).replace("Made up,", f"{value}, volume: 3,")
    made(tmp_path, {"literature/example-a.yaml": text})
    result = run("validate", "--format", form, cwd=tmp_path)
    assert result.returncode == 1
    assert not CONTROL.search(result.stdout)
    if form == "text":
        assert shown in result.stdout


def on_a_terminal(cwd: Path, **environment: str) -> bytes:
    """What the command writes to a terminal."""
    ours, theirs = pytest.importorskip("pty", reason="Windows has no pseudo-terminal").openpty()
    kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    with subprocess.Popen(
        [*COMMAND, "validate"], cwd=cwd, env={**kept, "TERM": "xterm", **environment}, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # Linux: the other end is closed
                break
            if not part:
                break
            written += part
        process.wait()
    os.close(ours)
    return written


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_colour_on_a_terminal_only_and_not_with_no_color(
    environment: dict[str, str], coloured: bool, tmp_path: Path
) -> None:
    made(tmp_path, {"literature/example-a.yaml": "[]"})
    written = on_a_terminal(tmp_path, **environment)
    assert (b"\x1b[1;31merror[wrong-type]\x1b[0m" in written) == coloured
    assert (b"\x1b" in written) == coloured


def test_no_colour_in_a_pipe(tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": "[]"})
    assert "\x1b" not in run("validate", cwd=tmp_path, TERM="xterm").stdout


HEAVY = {"pandas", "scipy", "statsmodels", "pymare", "matplotlib", "numpy", "jinja2"}
ONE_FORMAT = {
    *("openpyxl", "docx", "lxml", "rispy", "pybtex", "defusedxml", "markdown_it"),
}  # each is loaded with the first file of its format


def test_start_up_loads_nothing_heavy() -> None:
    calls = [
        ["--help"],
        ["--version"],
        ["schema"],
        ["explain"],
        ["validate", "--help"],
        ["validate"],
        ["validate", "--format", "json"],
    ]
    for words, modules in zip(calls, modules_after_each(*calls), strict=True):
        assert (HEAVY | ONE_FORMAT) & modules == set(), words
        assert ("metaimt.cli.validate" in modules) or words[0] != "validate"


def test_nothing_in_a_file_name_reaches_the_terminal(tmp_path: Path) -> None:
    made(tmp_path, {"literature/a\x1b[31m\u202eb.yaml": "[]"})
    assert not CONTROL.search(run("validate", cwd=tmp_path).stdout)


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_any_character_can_be_printed_anywhere(form: str, tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": "report: {id: é東}\n"})
    assert in_own_process("validate", "--format", form, cwd=tmp_path, PYTHONIOENCODING="ascii").returncode == 1


@pytest.mark.parametrize("name", ["draft.yaml", "literature/sub/draft.yaml", "literature/draft.txt"])
def test_a_file_in_the_review_that_no_command_reads_is_still_checked(name: str, tmp_path: Path) -> None:
    made(tmp_path, {"literature/example-a.yaml": GOOD % ("example-a", ""), name: "[]"})
    assert run("validate", f"cases/{name}", cwd=tmp_path).returncode == 1


def test_a_folder_named_local_makes_no_review(tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "example-a.yaml").write_text("[]")
    assert run("validate", "example-a.yaml", cwd=tmp_path).returncode == 1


def test_the_same_files_are_counted_from_within(shipped: Path) -> None:
    assert last_line(run("validate", ".", cwd=shipped / "cases")) == last_line(run("validate", cwd=shipped))
