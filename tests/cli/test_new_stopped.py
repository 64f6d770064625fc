"""An interview that is stopped goes on: from pipes, on a terminal, after a kill. Everyone here is made up."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, MakeReview, course, patient, report
from typer.testing import CliRunner, Result

from metaimt.cli.main import app
from metaimt.curation.new_case import without_controls

FINE, WRONG_USE, INTERRUPTED = 0, 2, 130
DOCUMENT = ROOT / "docs" / "commands.md"
BLANK = ("new", "--blank", "a-2026", "--interactive")
ANSWERS = (
    *("1", "Made up: a title", "", "", "2026", "", "", "abstract"),
    *("34", "2", "4", "omentum", "IMT", "1", "ALK", "TPM3"),
    *("crizotinib", "", "PR", "partial response", "stated", "8", "no", "progression", "", "alive", "21", ""),
)
NAMES = (
    *("design", "title", "authors", "journal", "year", "doi", "pmid", "depth"),
    *("age", "sex", "site", "site_detail", "histology", "ihc ALK", "fusion_gene", "fusion_partner"),
    *("drug", "combined_with", "response", "response_as_stated", "response_basis", "duration_months", "ongoing"),
    *("stop_reason", "Was another", "status", "followup_months", "Does it describe"),
)


@pytest.fixture
def home(make_review: MakeReview, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a made-up review, in which the commands run."""
    folder = make_review(report("made-2020", patient(course()), doi="10.0000/taken"))
    monkeypatch.chdir(folder.parent)
    folder.rename(folder.parent / "cases")
    return Path.cwd()


def run(home: Path, *words: str, typed: tuple[str, ...] = ()) -> Result:
    done = CliRunner().invoke(app, list(words), input="".join(f"{line}\n" for line in typed))
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done


def kept_of(home: Path, case_id: str = "a-2026") -> Path:
    return home / "cases" / "literature" / f".{case_id}.answers.json"


def case(home: Path, case_id: str = "a-2026") -> str:
    return (home / "cases" / "literature" / f"{case_id}.yaml").read_text(encoding="utf-8")


def the_command(said: str) -> tuple[str, ...]:
    """The command that a message tells to go on with."""
    match = re.search(r"to go on(?: with them)?: metaimt (.+?)(?:;|$)", said, re.MULTILINE)
    assert match is not None, said
    return tuple(shlex.split(match[1]))


@pytest.mark.parametrize("number", [0, 1, 7, 12, 20, 24, 27, 28])  # of 28
def test_stopped_after_any_answer_the_file_is_the_same(home: Path, number: int) -> None:
    whole = run(home, *BLANK, "--date", "2026-11-23", typed=ANSWERS)
    assert whole.exit_code == FINE, whole.stderr
    expected = case(home)
    (home / "cases" / "literature" / "a-2026.yaml").unlink()
    stopped = run(home, *BLANK, "--date", "2026-11-23", typed=ANSWERS[:number])
    if number < len(ANSWERS):
        assert stopped.exit_code == WRONG_USE
        said = f"{number} answer{'' if number == 1 else 's'} kept" if number else "nothing was written"
        assert said in stopped.stderr
        assert kept_of(home).exists() == (number > 0)
        go_on = the_command(stopped.stderr) if number else (*BLANK, "--date", "2026-11-23")
        done = run(home, *go_on, typed=("", *ANSWERS[number:]) if number else ANSWERS)
        assert done.exit_code == FINE, done.stdout
        assert (f"{said}, going on at: " in done.stdout) == (number > 0)
    assert case(home) == expected
    assert not kept_of(home).exists()


def test_nothing_else_reads_what_is_kept(home: Path) -> None:
    before = run(home, "validate", "cases").stdout
    run(home, *BLANK, typed=ANSWERS[:5])
    assert kept_of(home).exists()
    assert run(home, "validate", "cases").stdout == before
    assert "a-2026" not in run(home, "list").stdout
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ignored.count(".*.answers.json*") == 1
    assert ".*.answers.json*" in (ROOT / "metaimt/curation/templates/gitignore").read_text(encoding="utf-8")


def test_two_interviews_live_beside_each_other(home: Path) -> None:
    run(home, *BLANK, typed=ANSWERS[:5])
    other = run(home, "new", "--blank", "b-2025", "--interactive", typed=ANSWERS[:9])
    assert "9 answers kept" in other.stderr
    assert (kept_of(home).exists(), kept_of(home, "b-2025").exists()) == (True, True)
    assert run(home, *the_command(other.stderr), typed=("", *ANSWERS[9:])).exit_code == FINE
    assert (kept_of(home).exists(), kept_of(home, "b-2025").exists()) == (True, False)


def test_begin_anew(home: Path) -> None:
    run(home, *BLANK, typed=ANSWERS[:5])
    again = run(home, *BLANK, typed=("anew", "2", "2"))
    assert "1 or 2, please" in again.stdout
    assert json.loads(kept_of(home).read_bytes())["answers"] == {"report/design": "case_series"}
    assert "1 answer kept" in again.stderr
    run(home, *BLANK, typed=("2",))
    assert not kept_of(home).exists()


def test_two_interviews_for_one_file_do_not_overwrite_each_other(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that writes second is stopped, and what the other keeps is whole."""
    left = list(ANSWERS[:5])

    def answer(prompt: str) -> str:
        if len(left) == 2:
            monkeypatch.setattr("builtins.input", real)
            assert "4 answers kept" in run(home, *BLANK, typed=("", "Another one")).stderr
            monkeypatch.setattr("builtins.input", answer)
        return left.pop(0)

    real = input
    monkeypatch.setattr("builtins.input", answer)
    done = run(home, *BLANK)
    assert done.exit_code == WRONG_USE
    assert "was changed meanwhile: another interview for a-2026 runs; go on there" in done.stderr
    assert json.loads(kept_of(home).read_bytes())["answers"]["report/journal"] == "Another one"


def reference(home: Path, title: str) -> str:
    (home / "refs.ris").write_text(f"TY  - JOUR\nTI  - {title}\nAU  - Example, A.\nPY  - 2024\nER  - \n")
    return str(home / "refs.ris")


def test_what_is_kept_of_another_publication_is_not_used_for_this_one(home: Path) -> None:
    begun = run(home, "new", reference(home, "Made up one"), "--interactive", "--by", "A", typed=("1", "2", "34"))
    assert the_command(begun.stderr) == ("new", "--blank", "example-2024", "--interactive")
    other = run(home, "new", reference(home, "Made up two"), "--interactive", typed=("1",))
    assert other.exit_code == WRONG_USE
    assert "are for another reference (Made up one)" in other.stderr
    assert "--id example-2024-b" in other.stderr
    same = run(home, "new", reference(home, "Made up one"), "--interactive", "--by", "B", typed=("", "female"))
    assert "3 answers kept, going on at: sex (Patient P1)" in same.stdout
    assert "4 answers kept" in same.stderr
    done = run(home, *the_command(begun.stderr), typed=("", *ANSWERS[10:]))
    assert done.exit_code == FINE, done.stdout
    assert 'title: "Made up one"' in case(home, "example-2024")
    assert "by: B\n" in case(home, "example-2024")


def test_without_interactive_what_is_kept_is_told(home: Path) -> None:
    run(home, *BLANK, typed=ANSWERS[:5])
    done = run(home, "new", "--blank", "a-2026")
    assert (done.exit_code, kept_of(home).exists()) == (FINE, True)
    assert f"to go on with them instead: metaimt {' '.join(BLANK)}\n" in done.stderr


def changed(**more: Any) -> bytes:
    whole = {
        "format": 1,
        "report": {"id": "a-2026"},
        "extraction": {"date": "2026-11-23"},
        "answers": {"report/design": "case_report"},
    }
    return json.dumps({**whole, **more}).encode()


UNUSABLE = {
    "cut short": (changed()[:36], "are damaged (Unterminated string"),
    "empty": (b"", "are damaged (Expecting value: line 1 column 1"),
    "no text": (b"\xff\xfe{", "are damaged ("),
    "a list": (b"[]", "are damaged (no fields)"),
    "deep": (b"[" * 100_000, "are damaged ("),
    "older format": (changed(format=0), "are of format 0, and this version reads format 1"),
    "no format": (changed(format=None), "are of format null"),
    "another id": (changed(report={"id": "../../x"}), "are for another id"),
    "no answers": (changed(answers=None), "no answers"),
    "no text in it": (changed(answers={"P1/age": 34}), 'answers, "P1/age": 34 is no line of text'),
    "two lines": (changed(answers={"P1/age": "3\n4"}), "is no line of text"),
    "half a pair": (changed(answers={"P1/age": "\ud800"}), "is no line of text"),
    "more fields": (changed(report={"id": "a-2026", "former_ids": "x"}), "hold something else"),
    "more parts": (changed(more={}), "hold something else"),
}


@pytest.mark.parametrize(("content", "said"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_damaged_is_told_and_left_alone(home: Path, content: bytes, said: str) -> None:
    kept_of(home).write_bytes(content)
    done = run(home, *BLANK, typed=ANSWERS)
    assert done.exit_code == WRONG_USE
    assert said in done.stderr
    assert "none of them is used" in done.stderr and "delete that file" in done.stderr
    assert kept_of(home).read_bytes() == content
    assert not (home / "cases" / "literature" / "a-2026.yaml").exists()
    kept_of(home).unlink()
    assert run(home, *BLANK, typed=ANSWERS).exit_code == FINE


HOSTILE = {
    "a word that is no term": ({"report/design": "case_report", "P1/sex": "wombat"}, "sex (Patient P1) is no longer"),
    "no answer where one is needed": ({"report/design": "", "P1/1/drug": ""}, "design is no longer accepted"),
    "a question that there is not": ({"report/design": "trial", "P1/id": "../x"}, "P1 id: ../x"),
    "another that is no flag": ({"report/design": "trial", "P1/another": "perhaps"}, "another patient is no longer"),
    "what a terminal obeys": ({"report/design": "trial", "report/\u202ex": "\u202ea"}, "\\u202e"),
}


@pytest.mark.parametrize(("answers", "said"), HOSTILE.values(), ids=HOSTILE)
def test_every_kept_answer_is_checked_again(home: Path, answers: dict[str, str], said: str) -> None:
    kept_of(home).write_bytes(changed(answers=answers))
    done = run(home, *BLANK, typed=("", *(("1",) if not answers["report/design"] else ()), *ANSWERS[1:]))
    assert said in " ".join(done.stdout.split())
    assert "\u202e" not in done.stdout
    assert (done.exit_code, "wombat" in case(home), "../x" in case(home)) == (FINE, False, False), done.stdout


KILLED = """
import os, signal, sys
from pathlib import Path
import metaimt.files
number, place = int(sys.argv.pop(1)), sys.argv.pop(1)
calls = 0
def dying(real):
    def call(*given, **more):
        global calls
        calls += 1
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **more)
    return call
if place == "before it is whole":
    os.fsync = dying(os.fsync)
else:
    Path.replace = dying(Path.replace)
from metaimt.cli.main import main
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("number", [1, 2, 28, 29])
@pytest.mark.parametrize("place", ["before it is whole", "before it is in place"])
def test_a_kill_at_any_write_loses_one_answer_at_most(home: Path, number: int, place: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", KILLED, str(number), place, *BLANK]
    typed = "".join(f"{line}\n" for line in ANSWERS)
    killed = subprocess.run(
        command, cwd=home, env=environment, input=typed, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    found = json.loads(kept_of(home).read_bytes())["answers"] if kept_of(home).exists() else {}
    assert len(found) == number - 1
    done = run(home, *BLANK, typed=("", *ANSWERS[number - 1 :]) if found else ANSWERS)
    assert done.exit_code == FINE, done.stdout + done.stderr
    assert not kept_of(home).exists()


ON_ITS_TERMINAL = """
import fcntl, signal, termios
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests under nohup ignores it, and so would this
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from metaimt.cli.main import main
main()
"""


class Terminal:
    """The command on a pseudo-terminal, as somebody types and reads."""

    def __init__(self, home: Path, *words: str, term: str = "xterm") -> None:
        import fcntl
        import pty
        import struct
        import termios

        self.end, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": term}
        command = [sys.executable, "-c", ON_ITS_TERMINAL, *words]
        self.process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=inner, stdout=inner, stderr=inner, start_new_session=True
        )
        os.close(inner)
        self.said = ""
        self.ready = "> " if term == "dumb" else "\x1b[?2004h"  # bracketed paste: the line editor is there

    def see(self, text: str, ready: str = "") -> str:
        """Read until `text` is there, and after it what says that the next line is awaited; all that was read."""
        until = time.monotonic() + 30
        while True:
            _, found, after = self.said.replace("\r", "").partition(text)
            if found and ready in after:
                seen, self.said = self.said, ""
                return seen
            assert time.monotonic() < until, f"no {text!r} in {self.said!r}"
            if select.select([self.end], [], [], 0.1)[0]:
                self.said += self._read()

    def _read(self) -> str:
        try:
            return os.read(self.end, 65536).decode()
        except OSError:  # Linux says so where the other end is closed
            time.sleep(0.1)
            return ""

    def type(self, *pairs: tuple[str, str]) -> str:
        """After what is seen, what is typed; all that was read before the last of it."""
        seen = ""
        for text, keys in pairs:
            seen += self.see(text, self.ready).replace("\r", "")
            os.write(self.end, keys.encode())
        return seen

    def ended(self) -> int:
        """The exit code; what is still said until then is read."""
        until = time.monotonic() + 30
        while self.process.poll() is None:
            assert time.monotonic() < until, self.said
            if select.select([self.end], [], [], 0.1)[0]:
                self.said += self._read()
        return self.process.returncode


@pytest.fixture
def terminal(home: Path) -> Iterator[Callable[..., Terminal]]:
    """Begins the command in a terminal; those left over are ended."""
    begun: list[Terminal] = []

    def begin(term: str = "xterm") -> Terminal:
        begun.append(Terminal(home, *BLANK, term=term))
        return begun[-1]

    yield begin
    for one in begun:
        one.process.kill()
        one.process.wait()
        os.close(one.end)


needs_a_terminal = pytest.mark.skipif(os.name != "posix", reason="Windows has no pseudo-terminal of this kind")


@needs_a_terminal
@pytest.mark.parametrize(
    ("term", "key"),
    [
        ("xterm", "\x03"),
        ("dumb", "\x04"),
        *(pytest.param(term, key, marks=pytest.mark.slow) for term, key in (("xterm", "\x04"), ("dumb", "\x03"))),
    ],
)
def test_stopped_on_a_terminal_it_goes_on_there(
    home: Path, terminal: Callable[..., Terminal], term: str, key: str
) -> None:
    first = terminal(term)
    first.type(*(dialogue := [(f"\n{name}", f"{answer}\r") for name, answer in zip(NAMES, ANSWERS, strict=True)])[:9])
    first.type(("\nsex", key))
    first.see("stopped; 9 answers kept, to go on: metaimt new --blank a-2026 --interactive")
    assert first.ended() == INTERRUPTED
    second = terminal(term)
    assert "9 answers kept, going on at: sex (Patient P1)" in second.type(("[2] begin anew", "\r"), ("\nsex", "<\r"))
    assert "Your answer: 34. Enter: keep it." in second.type(("\nage", "35\r"), *dialogue[9:])
    assert "9  age                 35" in second.type(("A number changes", "9\r"))
    second.type(("\nage", "36\r"), ("A number changes", "\r"))
    second.see("wrote cases/literature/a-2026.yaml")
    assert second.ended() == FINE
    assert "    age: 36\n" in case(home)
    assert not kept_of(home).exists()


@needs_a_terminal
def test_a_terminal_completes_a_word_and_takes_none_unasked(home: Path, terminal: Callable[..., Terminal]) -> None:
    child = terminal()
    child.type(("\ndesign", "coh"))
    child.see("cohort")
    os.write(child.end, b"\t\r")
    child.type(("\ntitle", "\x03"))
    assert child.ended() == INTERRUPTED
    assert json.loads(kept_of(home).read_bytes())["answers"] == {"report/design": "cohort"}
    kept_of(home).unlink()
    child = terminal()
    child.type(("\ndesign", "coh\r"), ("'coh' is not one of", "\x03"))
    assert child.ended() == INTERRUPTED
    assert not kept_of(home).exists()


@needs_a_terminal
def test_a_terminal_that_is_closed_loses_nothing(home: Path, terminal: Callable[..., Terminal]) -> None:
    child = terminal()
    child.type(("\ndesign", "1\r"), ("\ntitle", "Made up\r"))
    child.see("\nauthors")
    os.killpg(child.process.pid, signal.SIGHUP)
    child.ended()
    assert json.loads(kept_of(home).read_bytes())["answers"] == {
        "report/design": "case_report",
        "report/title": "Made up",
    }


def test_the_dialogue_of_the_documents_is_one(home: Path) -> None:
    """What docs/commands.md shows is what the answers in it give."""
    shutil.copytree(ROOT / "examples", home / "examples")
    block = re.search(
        r"```text interview\n\$ metaimt (.*?)\n(.*?)\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )
    assert block is not None
    answers = re.findall(r"(?m)^> (.+)$", block[2])
    assert len(answers) == 7
    assert run(home, *shlex.split(block[1]), typed=tuple(answers)).stdout.rstrip() == block[2]


@pytest.mark.parametrize(
    "text", ["\u202edne", "\x1b[31mred\x1b]0;x\x07", "a\u2028b\x00", '"; rm -rf ~ #', "{{ 1 }} <b>"]
)
def test_hostile_answers_are_shown_as_escapes_and_kept_as_text(home: Path, text: str) -> None:
    answers = (ANSWERS[0], text, *ANSWERS[2:])
    stopped = run(home, *BLANK, typed=answers[:5])
    done = run(home, *the_command(stopped.stderr), typed=("", *answers[5:], "2", "", "", ""))
    assert done.exit_code == FINE
    for said in (stopped.output, done.output):
        assert all(line.isprintable() for line in said.splitlines()), said
    title = yaml.safe_load(case(home))["report"]["title"]
    assert title == without_controls(text).strip()
