"""`metaimt` as a user calls it, in this process: starting Python and its libraries takes longer than most tests."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import check_jsonschema
import pytest
from click.testing import CliRunner
from conftest import FROZEN, ROOT

from metaimt.cli.main import app

FINE, PROBLEMS, WRONG_USE, CANNOT_ANALYSE = 0, 1, 2, 3


@dataclass(frozen=True)
class Done:
    """How a call ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def in_own_process(*words: str | Path, cwd: Path = FROZEN, **environment: str) -> Done:
    """The same in a fresh Python, for what only a process has: its encodings, its streams, what it imports."""
    command = [sys.executable, "-m", "metaimt", *map(str, words)]
    told = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(command, cwd=cwd, env=told, capture_output=True, encoding="utf-8", check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


_CALLS = """
import json, sys
from metaimt.cli.main import app
asked, loaded = json.loads(sys.argv[1]), []
for words in asked:
    try:
        app(words, prog_name="metaimt")
    except SystemExit as end:
        assert not end.code, (words, end.code)
    loaded.append(list(sys.modules))
sys.stderr.write(json.dumps(loaded))
"""


def modules_after_each(*calls: list[str], cwd: Path = FROZEN) -> list[set[str]]:
    """What is imported by the end of each call, all of which succeed, one after the other in one fresh Python.

    What an earlier call imports is there in the later ones too: to be used where none may import a thing.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _CALLS, json.dumps(calls)]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=True)
    return [set(names) for names in json.loads(done.stderr.splitlines()[-1])]


def complaints(schema: str, *paths: Path) -> str:
    """What check-jsonschema says about files by a schema that it brings along; empty if nothing."""
    words = ["--builtin-schema", f"vendor.{schema}", *map(str, paths)]
    done = CliRunner().invoke(check_jsonschema.main, words)
    assert done.exit_code in {FINE, PROBLEMS}, done.output
    return done.output if done.exit_code else ""


def metaimt(*words: str | Path, cwd: Path = FROZEN, typed: str = "", **environment: str) -> Done:
    """Call the command line in the folder `cwd`, by default that of the frozen review, 80 columns wide."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"COLUMNS": "80", "NO_COLOR": "1", **environment}.items():
            patch.setenv(name, value)
        patch.chdir(cwd)
        patch.setattr("sys.stdin", io.StringIO(typed))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                app([os.fspath(word) for word in words], prog_name="metaimt")
            except SystemExit as end:
                code = end.code
    assert isinstance(code, int | None), code
    return Done(code or 0, out.getvalue(), err.getvalue())
