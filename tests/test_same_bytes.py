"""tools/same_bytes.py finds what differs. The builds are made up: the real ones are the gate's."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import same_bytes
from same_bytes import Way

Files = Mapping[str, bytes]
REVIEW: Files = {"report.md": b"one\ntwo\n", "tables/pools.csv": b"a,b\n1,0.7\n", "tables.xlsx": b"made up"}


def archive(parts: Files) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as written:
        for name, content in parts.items():
            written.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def write(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


Run = Callable[..., tuple[int, str]]
ask_kernel, ask_features = same_bytes.kernel_of, same_bytes.features


@cache
def kernel_here() -> str:
    """Asked for once: a fresh Python has to import numpy for it."""
    return ask_kernel(Way("here"))


@cache
def features_here() -> str:
    return ask_features()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the tool with builds that write these files and print these words, by the name of the way."""

    monkeypatch.setattr(same_bytes, "kernel_of", lambda way: kernel_here())
    monkeypatch.setattr(same_bytes, "features", features_here)

    def told(*words: str, said: Mapping[str, str] | None = None, **files: Files) -> tuple[int, str]:
        def build(way: Way, review: Path, folder: Path) -> Path | None:
            if way.name == "fails":
                return None
            out = write(folder / way.name, files.get(way.name, REVIEW))
            out.with_suffix(".txt").write_text((said or {}).get(way.name, "74.3 %"), encoding="utf-8")
            return out

        monkeypatch.setattr(same_bytes, "build", build)
        code = same_bytes.main([*words, "--keep", str(tmp_path / "kept"), "--review", str(tmp_path)])
        return code, capsys.readouterr().out

    return told


def test_the_same(run: Run, tmp_path: Path) -> None:
    code, out = run()
    assert code == 0
    assert out.endswith("The same bytes.\n")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir() if path.is_dir()) == ["elsewhere", "here"]


def test_a_last_digit_is_found_with_its_line(run: Run) -> None:
    code, out = run(elsewhere={**REVIEW, "tables/pools.csv": b"a,b\n1,0.6\n"})
    assert code == 1
    assert "elsewhere: tables/pools.csv:2: '1,0.6' against '1,0.7'" in out


@pytest.mark.parametrize(
    ("other", "line"),
    [
        ({**REVIEW, "tables.xlsx": b"other"}, "tables.xlsx: other bytes"),
        ({"report.md": REVIEW["report.md"], "tables.xlsx": REVIEW["tables.xlsx"]}, "tables/pools.csv is not in "),
        ({**REVIEW, "more.csv": b"1"}, "more.csv is not in "),
        ({**REVIEW, "report.md": b"one\ntwo\nthree\n"}, "report.md:3: 'three' against the end"),
        ({**REVIEW, "report.md": b"one\r\ntwo\r\n"}, "report.md:"),
    ],
)
def test_any_difference_is_found(run: Run, other: Files, line: str) -> None:
    code, out = run(elsewhere=other)
    assert code == 1
    assert line in out


def test_what_is_printed_counts_too(run: Run) -> None:
    code, out = run(said={"elsewhere": "74.2 %"})
    assert code == 1
    assert "what the build prints" in out


def test_a_committed_folder_has_no_binary_files(run: Run, tmp_path: Path) -> None:
    text = {name: content for name, content in REVIEW.items() if not name.endswith(".xlsx")}
    assert run("--against", str(write(tmp_path / "committed", text)))[0] == 0
    code, out = run("--against", str(write(tmp_path / "committed", {"report.md": b"one\ntow\n"})))
    assert code == 1
    assert "here: report.md:2: 'two' against 'tow'" in out


def test_a_build_that_is_there_is_not_made_again(run: Run, tmp_path: Path) -> None:
    built = write(tmp_path / "built", REVIEW)
    assert run("--built", str(built))[0] == 0
    assert not (tmp_path / "kept" / "here").exists()
    assert run("--built", str(built), elsewhere={**REVIEW, "report.md": b"1"})[0] == 1
    with pytest.raises(SystemExit):
        run("--built", str(tmp_path / "nothing"))


def test_a_build_that_fails_is_no_success(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_bytes, "elsewhere", lambda kernel: Way("fails"))
    assert run()[0] == 2


def test_every_kernel_is_built_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_bytes, "kernel_of", lambda way: way.variables.get("OPENBLAS_CORETYPE", "Zen"))
    monkeypatch.setattr(same_bytes, "features", lambda: "X86_V3 X86_V4")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    names = [way.name for way in same_bytes.others("Zen")]
    assert names[:5] == ["Prescott", "Nehalem", "Sandybridge", "Haswell", "SkylakeX"]
    assert names[5:7] == ["numpy-without-X86_V3", "numpy-without-X86_V4"]
    assert run("--all", Nehalem={**REVIEW, "report.md": b"1"})[0] == 1


def test_elsewhere_is_another_kernel_than_here() -> None:
    assert same_bytes.elsewhere("SkylakeX").variables["OPENBLAS_CORETYPE"] == "Haswell"
    assert same_bytes.elsewhere("Haswell").variables["OPENBLAS_CORETYPE"] == "Prescott"


def test_the_part_of_an_archive_is_named() -> None:
    one, other = archive({"a.xml": b"1", "b.xml": b"2"}), archive({"a.xml": b"1", "b.xml": b"3"})
    assert list(same_bytes.first_difference("x.docx", one, other)) == ["x.docx: b.xml"]
    assert list(same_bytes.first_difference("x.docx", one, archive({"a.xml": b"1"}))) == ["x.docx: b.xml"]
    assert list(same_bytes.first_difference("x.docx", one, one)) == []
