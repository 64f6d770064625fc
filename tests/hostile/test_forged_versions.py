"""A version file with a seal that fits and another form than metaimt writes is told, not believed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command import metaimt
from conftest import FROZEN

from metaimt.casefiles.version_files import sealed
from metaimt.problem import WrongUse
from metaimt.versions.stored import read_stored

SECTIONS = ("analysis_set", "changes", "defaults", "files", "packages", "protocol", "records", "results", "warnings")
FORGED: tuple[Any, ...] = (None, [], "x", 1, [1], {"a": 1}, [None], {"a": []})
ALLOWED: dict[str, list[Any]] = {  # what says nothing is of the form: no warning, no line of a file, no default
    "warnings": [[]],
    "files": [{"a": []}],
    **{key: [{"a": 1}, {"a": []}] for key in ("defaults", "packages", "protocol")},
}


@pytest.mark.parametrize("format_", [1, 2])
@pytest.mark.parametrize("section", SECTIONS)
def test_each_section(section: str, format_: int, tmp_path: Path) -> None:
    shutil.copytree(FROZEN / "cases" / "versions", tmp_path / "versions")
    path = tmp_path / "versions" / "2026.1.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["seal"]
    for name in ("analysis_set", "records", "warnings"):  # most of it is written and read for each value
        part = content[name]
        content[name] = dict(list(part.items())[:2]) if isinstance(part, dict) else part[:2]
    content["files"] = {"a": []}
    content["results"] = {name: part for name, part in content["results"].items() if name not in {"sensitivity", "by"}}
    if format_ == 2:
        path.unlink()
        path, content["format"] = path.with_name("2026.1.json.bz2"), 2
    path.write_bytes(sealed(content))
    read_stored(tmp_path, "2026.1")
    for value in FORGED:
        path.write_bytes(sealed({**content, section: value}))
        if value in ALLOWED.get(section, []):
            read_stored(tmp_path, "2026.1")
            continue
        with pytest.raises(WrongUse, match="has not the form that metaimt writes"):
            read_stored(tmp_path, "2026.1")


@pytest.mark.usefixtures("remembered")
def test_the_command_tells_it(tmp_path: Path) -> None:
    shutil.copytree(FROZEN / "cases", tmp_path / "cases")
    path = tmp_path / "cases" / "versions" / "2026.1.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_bytes(sealed({**{name: part for name, part in content.items() if name != "seal"}, "changes": {"a": 1}}))
    for words in (("verify", "2026.1"), ("diff", "2026.1")):
        done = metaimt(*words, cwd=tmp_path)
        assert done.returncode == 2 and done.stderr.startswith("metaimt: "), done
