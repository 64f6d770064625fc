"""Every rule that can be reported is explained, and has an example that it refuses and one that it accepts."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from command import Done
from command import metaimt as called
from conftest import ROOT

import metaimt.casefiles
import metaimt.checks
from metaimt.checks import ALL_RULES
from metaimt.checks.waivers import WIDTH, explanation_of, explanation_text, explanations, rule_list
from metaimt.files import for_terminal
from metaimt.problem import WrongUse

FILES, FOLDERS = ROOT / "tests" / "casefiles", ROOT / "tests" / "checks"
# No file can hold them: test_strict_yaml, test_across_library, test_validate
NO_FILE = {"file-too-large", "no-case-files", "no-protocol", "too-long", "unreadable"}
PLACES = {
    "refuse": 0,
    "problem_in": 3,
    "problem": 1,
    "Problem": 2,
    "Sheet": 3,
    "tell": 0,
    "_tell": 0,
    "_told": 2,
}  # of the rule among the arguments


def text_of(node: ast.AST | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the parts that read and check files, with its name."""
    for part in (metaimt.casefiles, metaimt.checks):
        for path in sorted(Path(part.__path__[0]).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def rules_in_source() -> set[str]:
    """The rules written out where a file is read: as an argument, and made of a list's name: unknown-site."""
    found = {"empty-list"}  # reading._about_shape
    for name, call in calls():
        if name in PLACES and len(call.args) > PLACES[name]:
            found.add(text_of(call.args[PLACES[name]]))
        elif name == "Term":
            found.add(f"unknown-{text_of(call.args[-1]).replace('_', '-')}")
        elif name == "_choice":
            found |= {f"unknown-{text_of(word.value)}" for word in call.keywords if word.arg == "field"}
    return found - {""}


REPORTED = {*(rule.id for rule in ALL_RULES), *rules_in_source()}
ABOUT_WAIVERS = {"waiver-of-error": "error", "waiver-of-unknown-rule": "error", "unused-waiver": "warning"}


def test_the_rules_in_the_source_are_found() -> None:
    assert {"wrong-type", "repeated-key", "unknown-site", "unknown-grouping", "unreadable"} <= rules_in_source()
    assert len({rule.id for rule in ALL_RULES}) == len(ALL_RULES)


def test_every_rule_is_explained_and_nothing_else() -> None:
    assert set(explanations()) == REPORTED | set(ABOUT_WAIVERS)


def test_severities() -> None:
    """By hand, so that a changed severity is meant: what is not named here is an error."""
    by_severity = {
        "warning": "adjudicated-by-reader alternative-is-response alternatives-without-response another-tumour "
        "case-report-of-many categories-below-evaluable checked-by-reader combination-in-dose combined-inhibitors "
        "depth-left-out detail-disagrees drug-without-target duration-exceeds-drug duration-not-in-words "
        "evidence-of-two-kinases format-1 fusion-as-mutation id-with-another-year implausible-count "
        "label-disagrees link-without-overlap linked-but-different measured-without-number missing-title "
        "missing-year negative-but-fused new-partner not-sorted nothing-identified ongoing-but-dead "
        "ongoing-but-followed operable-but-progressed partner-without-gene patient-contradicts-arm "
        "patients-alike pfs-exceeds-follow-up positive-but-not-rearranged possible-same-patient "
        "prior-kinase-inhibitor read-by-one repeated-row response-after-treatment "
        "response-duration-without-response response-exceeds-pfs response-exceeds-treatment "
        "response-without-words retracted same-title second-reading-by-reader second-reading-disagrees "
        "size-not-in-words size-suggests-another-response sizes-in-two-units status-left-out "
        "test-without-result title-disagrees treatment-exceeds-follow-up twelve-months-disagree "
        "unclear-change unknown-marker unordered-arms unread-file unused-waiver "
        "words-name-another-response words-name-no-response",
        "info": "aggregator-link claim-parts claim-percentage claim-quotation claim-subgroup claim-survival "
        "claim-twice dose-in-short generation-order no-case-files not-evaluable-but-assessed same-drug-again "
        "treated-beyond-progression uncounted-arm",
    }
    for severity, names in by_severity.items():
        assert " ".join(sorted(name for name, e in explanations().items() if e.severity == severity)) == names
    said = {rule.id: rule.severity for rule in ALL_RULES} | ABOUT_WAIVERS
    assert {name: explanations()[name].severity for name in said} == said


def shown_lines(paths: Iterable[Path]) -> set[str]:
    """The lines of files as an explanation shows them: without indentation, what does not show made visible."""
    text = "\n".join(path.read_bytes().decode("utf-8", "backslashreplace") for path in paths)
    return {for_terminal(line.strip().replace("\t", "<tab>")) for line in text.replace("\t", "<tab>").split("\n")}


def examples(kind: str, rule: str) -> list[list[Path]]:
    """The files of each example of a rule; an example is one file, or a folder."""
    inside = [(FILES / kind, "*.yaml"), (FOLDERS / kind, "*")]
    found = [path for folder, form in inside for path in sorted(folder.glob(form)) if path.name != "expect.txt"]
    mine = [path for path in found if path.name.removesuffix(".yaml").split("--")[0] == rule]
    kinds = ("*.yaml", "*.csv", "*.json")
    return [
        [path] if path.is_file() else sorted(found for kind in kinds for found in path.rglob(kind)) for path in mine
    ]


def test_examples_hold_what_the_explanation_shows() -> None:
    for explanation in explanations().values():
        for kind, snippet in (("rejected", explanation.bad), ("accepted", explanation.good)):
            assert snippet, explanation.id
            lines = [line.strip() for line in snippet.splitlines() if not line.strip().startswith("#")]
            holding = [example for example in examples(kind, explanation.id) if set(lines) <= shown_lines(example)]
            assert holding or explanation.id in NO_FILE, explanation.id


def test_accepted_examples_are_of_rules() -> None:
    names = {path.stem for path in (FILES / "accepted").glob("*.yaml") if not path.stem.startswith("example-")}
    assert names <= set(explanations())


def test_an_explanation_fits_the_terminal_and_is_a_paragraph() -> None:
    for explanation in explanations().values():
        text = explanation_text(explanation)
        assert max(map(len, text.splitlines())) <= WIDTH, explanation.id
        assert text.startswith(f"{explanation.severity}[{explanation.id}]\n\n")
        assert 40 <= len(explanation.why) <= 700, explanation.id
        assert explanation.why.endswith("."), explanation.id
        assert ("waive it there" in text) == explanation.waivable, explanation.id


def test_the_list_names_every_rule_with_its_first_sentence() -> None:
    text = rule_list()
    assert max(map(len, text.splitlines())) <= WIDTH
    assert set(explanations()) <= {line.strip() for line in text.splitlines()}
    assert "  death-but-alive\n      The drug was stopped by death, and the patient is alive.\n" in text


def run(*words: str) -> Done:
    return called("explain", *words)


def test_the_command() -> None:
    one, every, unknown = run("unknown-site"), run(), run("unknown-sites")
    assert (one.returncode, one.stdout) == (0, explanation_text(explanation_of("unknown-site")) + "\n")
    assert (every.returncode, every.stdout) == (0, rule_list() + "\n")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "metaimt: no rule has the id 'unknown-sites'; did you mean unknown-site?\n"
    assert run("unknown-site", "--markdown").returncode == 2


def test_an_unknown_rule_without_a_near_one() -> None:
    with pytest.raises(WrongUse, match="metaimt explain lists the rules"):
        explanation_of("qqq")


def test_explanations_are_not_read_at_start_up() -> None:
    code = "import sys, metaimt.cli.main, metaimt.checks; sys.exit('metaimt.checks.waivers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
