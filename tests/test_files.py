"""Writing leaves the old state or the new one, whole, wherever it is interrupted; text is made safe for its place."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metaimt import out_folder as files
from metaimt.files import for_cell, for_terminal, safe_name, write_file
from metaimt.out_folder import MANIFEST, RECORD, NotOurs, write_folder

exchange = pytest.mark.skipif(sys.platform != "linux", reason="two folders are exchanged in one step on Linux only")
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has other rights, links and locks")
OLD = {"index.html": b"old", "tables/a.csv": b"1\n", "tables/gone.csv": b"2\n"}
NEW = {"index.html": b"new \xff", "tables/a.csv": b"", "figures/deep/b.svg": b"<svg/>"}


def state(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, staging folders and all."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """A folder as an earlier build left it, with a file that someone else put there."""
    folder = tmp_path / "outputs"
    write_folder(folder, OLD)
    (folder / "tables" / "mine.txt").write_bytes(b"mine")
    return folder


def written(new: dict[str, bytes]) -> dict[str, bytes]:
    """The folder that a build of these files leaves, without what others put there."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in sorted(new.items())]
    committed = [line for line in lines if not line.endswith((".docx", ".xlsx", ".png"))]
    head = "# Written by metaimt: sha256 and name of each file."
    manifest, record = ("\n".join([head, *said, ""]).encode() for said in (committed, lines))
    return {**new, MANIFEST: manifest, RECORD: record}


def interrupt(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, at: int, *, after: bool = False) -> None:
    """Let the `at`-th call of owner.name raise KeyboardInterrupt, before it acts or right after."""
    calls, original = [0], getattr(owner, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == at and not after:
            raise KeyboardInterrupt
        result = original(*args, **kwargs)
        if calls[0] == at:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(owner, name, call)


def test_write_folder_replaces_what_the_last_build_wrote(outputs: Path) -> None:
    write_folder(outputs, NEW)
    assert state(outputs) == {**written(NEW), "tables/mine.txt": b"mine"}
    assert [path.name for path in outputs.parent.iterdir()] == ["outputs"]
    write_folder(outputs, {})
    assert state(outputs) == {**written({}), "tables/mine.txt": b"mine"}


@pytest.mark.parametrize("prepare", [lambda folder: None, lambda folder: folder.mkdir(parents=True)])
def test_write_folder_makes_a_new_one(prepare: Callable[[Path], None], tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "outputs"
    prepare(folder)
    write_folder(folder, NEW)
    assert state(tmp_path / "a" / "b") == {f"outputs/{name}": content for name, content in written(NEW).items()}


@posix
def test_everyone_may_read_what_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    write_folder(folder, NEW)
    assert folder.stat().st_mode & 0o777 == (folder / "figures" / "deep").stat().st_mode & 0o777 == 0o755
    assert (folder / "index.html").stat().st_mode & 0o777 == 0o644


def test_the_same_build_twice_gives_the_same_bytes(outputs: Path) -> None:
    write_folder(outputs, NEW)
    once = state(outputs)
    write_folder(outputs, dict(reversed(NEW.items())))
    assert state(outputs) == once


@pytest.mark.parametrize("content", [{"thesis.docx": b"mine"}, {"sub/x": b""}, {".hidden": b""}])
def test_foreign_folder_is_refused(content: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in content.items():
        write_file(tmp_path / "outputs" / name, data)
    with pytest.raises(NotOurs, match="choose an empty or new folder with --out"):
        write_folder(tmp_path / "outputs", NEW)
    assert state(tmp_path / "outputs") == content


def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_bytes(b"mine")
    with pytest.raises(NotOurs, match="is a file, not a folder"):
        write_folder(tmp_path / "outputs", NEW)
    assert state(tmp_path) == {"outputs": b"mine"}


BUILD_STEPS = [
    (os, "fsync", 4),
    (Path, "replace", 4),
    (Path, "chmod", 6),
    (shutil, "copy2", 1),
    (files, "_renameat2", 1),
]


def each_call(steps: Sequence[tuple[Any, str, int]]) -> list[Any]:
    """(owner, name, at) of every call of every step."""
    calls = [(owner, name, at + 1) for owner, name, number in steps for at in range(number)]
    return [pytest.param(call, marks=[exchange] if call[1] == "_renameat2" else []) for call in calls]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", each_call(BUILD_STEPS))
def test_interrupted_build_leaves_the_former_folder(
    step: tuple[Any, str, int], after: bool, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = state(outputs)
    with monkeypatch.context() as patch:
        interrupt(patch, *step, after=after)
        with pytest.raises(KeyboardInterrupt):
            write_folder(outputs, NEW)
    exchanged = after and step[1] == "_renameat2"
    assert state(outputs) == ({**written(NEW), "tables/mine.txt": b"mine"} if exchanged else former)
    assert [path.name for path in outputs.parent.iterdir()] == ["outputs"]


def without_exchange(patch: pytest.MonkeyPatch) -> None:
    """As on a file system that cannot exchange two folders in one step."""
    patch.setattr(files, "_renameat2", lambda new, folder: False)


def test_without_exchange_the_result_is_the_same(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_exchange(monkeypatch)
    write_folder(outputs, NEW)
    assert state(outputs) == {**written(NEW), "tables/mine.txt": b"mine"}
    assert [path.name for path in outputs.parent.iterdir()] == ["outputs"]


@pytest.mark.parametrize(("at", "after"), [(1, False), (1, True), (2, False)])
def test_interrupted_without_exchange(at: int, after: bool, outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    former = state(outputs)
    with monkeypatch.context() as patch:
        without_exchange(patch)
        interrupt(patch, Path, "rename", at, after=after)
        with pytest.raises(KeyboardInterrupt):
            write_folder(outputs, NEW)
    assert state(outputs) == former
    assert [path.name for path in outputs.parent.iterdir()] == ["outputs"]


KILLED = """
import os, shutil, sys
from pathlib import Path
from metaimt import out_folder as files

folder, owner, name, at = sys.argv[1:]
owner = {"os": os, "Path": Path, "shutil": shutil, "files": files}[owner]
calls = [0]
original = getattr(owner, name)
def call(*args, **kwargs):
    calls[0] += 1
    if calls[0] == int(at):
        os._exit(9)
    return original(*args, **kwargs)
setattr(owner, name, call)
files.write_folder(Path(folder), {"index.html": b"new", "figures/deep/b.svg": b"<svg/>"})
"""
KILLS = [("os", "fsync", 3), ("Path", "replace", 3), ("shutil", "copy2", 1), ("files", "_renameat2", 1)]


@pytest.mark.parametrize("step", each_call(KILLS))
def test_killed_build_leaves_the_former_folder_and_the_next_one_works(
    step: tuple[str, str, int], outputs: Path
) -> None:
    former = state(outputs)
    run = subprocess.run([sys.executable, "-c", KILLED, str(outputs), *map(str, step)], check=False)
    assert run.returncode == 9
    assert state(outputs) == former
    write_folder(outputs, NEW)
    assert state(outputs) == {**written(NEW), "tables/mine.txt": b"mine"}


@exchange
def test_killed_after_the_exchange_leaves_the_new_folder(outputs: Path) -> None:
    run = subprocess.run([sys.executable, "-c", KILLED, str(outputs), "shutil", "rmtree", "1"], check=False)
    assert run.returncode == 9
    new = {"index.html": b"new", "figures/deep/b.svg": b"<svg/>"}
    assert state(outputs) == {**written(new), "tables/mine.txt": b"mine"}


@pytest.mark.parametrize("old", [None, b"old"])
@pytest.mark.parametrize(
    ("owner", "name"), [(os, "fsync"), (Path, "replace"), (Path, "chmod"), pytest.param(os, "fdopen", marks=posix)]
)
def test_interrupted_file(
    owner: Any, name: str, old: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sub" / "a.csv"
    if old is not None:
        write_file(path, old)
    with monkeypatch.context() as patch:
        interrupt(patch, owner, name, 1)
        with pytest.raises(KeyboardInterrupt):
            write_file(path, b"new")
    assert state(tmp_path) == ({} if old is None else {"sub/a.csv": old})
    write_file(path, b"new")
    assert state(tmp_path) == {"sub/a.csv": b"new"}


@pytest.mark.parametrize(
    "name", ["mine.txt", "sub/mine.txt", ".hidden", "tables/b c.txt", "Übersicht.txt", "tables/gone.csv.bak"]
)
def test_unknown_file_is_carried_over_by_every_build(name: str, outputs: Path) -> None:
    write_file(outputs / name, b"mine")
    for new in (NEW, OLD, {}):
        write_folder(outputs, new)
        assert state(outputs)[name] == b"mine"


@posix
@pytest.mark.parametrize("target", ["index.html", "nowhere", "."])
def test_unknown_symbolic_link_is_carried_over(target: str, outputs: Path) -> None:
    (outputs / "link").symlink_to(target)
    write_folder(outputs, NEW)
    assert (outputs / "link").readlink() == Path(target)


HOSTILE = st.text(st.characters() | st.sampled_from("=+-@\t\r\n\x0b\x85\u2028\u2029\u202e\x1b'\x00/\\.~ "), max_size=40)


@given(HOSTILE)
@example("=1+1")
@example("\n=1")
@example("\ud800")
def test_cell_is_one_line_and_no_formula(text: str) -> None:
    cell = for_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert len(cell.splitlines()) <= 1
    assert cell == for_terminal(cell)


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), ("-", "'-"), ("a=b", "a=b"), ("a\r\nb", "a b"), ("Mossé YP, 5 %", "Mossé YP, 5 %"), ("", "")],
)
def test_cell(text: str, cell: str) -> None:
    assert for_cell(text) == cell


@given(HOSTILE)
def test_terminal_text_is_visible(text: str) -> None:
    shown = for_terminal(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert {unicodedata.bidirectional(character) for character in shown}.isdisjoint(BIDI_CONTROLS)
    assert for_terminal(shown) == shown
    shown.encode()


BIDI_CONTROLS = {"LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [("\x1b[31m", "\\x1b[31m"), ("a\u202eb", "a\\u202eb"), ("\n", "\\x0a"), ("Yıldırım 東京", "Yıldırım 東京")],
)
def test_terminal_text(text: str, shown: str) -> None:
    assert for_terminal(text) == shown


@given(HOSTILE | st.sampled_from(["", ".", "..", "../../etc/passwd", "a/b", "C:\\x", "x" * 300, "...hidden", "東京"]))
def test_safe_name_is_a_plain_file_name(text: str) -> None:
    name = safe_name(text)
    assert name
    assert not name.startswith((".", "-"))
    assert len(name) <= 80
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert name.isascii()
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"), [("mosse-2017", "mosse-2017"), ("Mossé 2017", "Mosse-2017"), ("a/b", "a-b"), ("..", "unnamed")]
)
def test_safe_name(text: str, name: str) -> None:
    assert safe_name(text) == name


# ---------- nothing is lost that was not written here ----------


def test_a_folder_with_a_manifest_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """`manifest.txt` is a common name: that of a backup lists the user's own files."""
    mine = {"a.csv": b"precious", "b.csv": b"b", MANIFEST: b"a.csv\nb.csv\n"}
    for name, content in mine.items():
        write_file(tmp_path / "data" / name, content)
    with pytest.raises(NotOurs, match="did not write"):
        write_folder(tmp_path / "data", NEW)
    assert state(tmp_path / "data") == mine


OLD_PAGE = b'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'"> metaimt'


def test_an_old_manifest_is_believed_beside_a_page_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    before = {"index.html": OLD_PAGE, "report.md": b"old", "mine.txt": b"mine"}
    listing = b"index.html\nmanifest.txt\nreport.md\n"
    for name, content in {**before, MANIFEST: listing}.items():
        write_file(folder / name, content)
    assert write_folder(folder, NEW) == ()
    assert state(folder) == {**written(NEW), "mine.txt": b"mine"}


@pytest.mark.parametrize("in_place", [False, True])
def test_what_was_changed_by_hand_is_kept_and_named(
    in_place: bool, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if in_place:
        monkeypatch.setattr(Path, "is_mount", lambda path: path == outputs)
    write_file(outputs / "tables" / "a.csv", b"changed by hand")
    write_file(outputs / "figures" / "deep" / "b.svg", b"mine, under a name that is ours now")
    write_file(outputs / "tables" / "gone.csv", b"changed too, and no longer written")
    kept = write_folder(outputs, NEW)
    assert sorted(kept) == ["figures/deep/b.svg.kept", "tables/a.csv.kept"]
    expected = {
        "tables/a.csv.kept": b"changed by hand",
        "figures/deep/b.svg.kept": b"mine, under a name that is ours now",
        "tables/gone.csv": b"changed too, and no longer written",
        "tables/mine.txt": b"mine",
    }
    assert state(outputs) == {**written(NEW), **expected}
    assert write_folder(outputs, NEW) == ()
    assert state(outputs) == {**written(NEW), **expected}


def test_files_of_another_machine_and_of_the_last_write_here_are_ours(outputs: Path) -> None:
    """After `git pull` the manifest is another's; what is not committed is still of the last write here."""
    theirs = {"index.html": b"theirs", "report.docx": b"theirs"}
    write_folder(outputs.parent / "theirs", theirs)
    shutil.copy(outputs.parent / "theirs" / "index.html", outputs / "index.html")
    shutil.copy(outputs.parent / "theirs" / MANIFEST, outputs / MANIFEST)
    assert write_folder(outputs, NEW) == ()
    assert state(outputs) == {**written(NEW), "tables/mine.txt": b"mine"}


@posix
def test_a_symbolic_link_is_followed(outputs: Path) -> None:
    link = outputs.parent / "link"
    link.symlink_to(outputs, target_is_directory=True)
    write_folder(link, NEW)
    assert link.is_symlink()
    assert state(outputs) == {**written(NEW), "tables/mine.txt": b"mine"}
    assert sorted(path.name for path in outputs.parent.iterdir()) == ["link", "outputs"]


def test_empty_folders_of_others_stay_and_ours_go(outputs: Path) -> None:
    (outputs / "mine" / "empty").mkdir(parents=True)
    (outputs / "tables" / "mine.txt").unlink()
    write_folder(outputs, {"index.html": b"new"})
    assert (outputs / "mine" / "empty").is_dir()
    assert not (outputs / "tables").exists()


@posix
@pytest.mark.parametrize(
    ("umask", "file", "folder"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700), (0o002, 0o664, 0o775)]
)
def test_rights_follow_the_umask(umask: int, file: int, folder: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_folder(tmp_path / "outputs", NEW)
    finally:
        os.umask(before)
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in (tmp_path / "outputs").rglob("*")}
    assert modes == {True: folder, False: file}
    assert (tmp_path / "outputs").stat().st_mode & 0o777 == folder


@posix
def test_rights_that_were_given_stay(outputs: Path) -> None:
    outputs.chmod(0o700)
    (outputs / "index.html").chmod(0o600)
    write_folder(outputs, NEW)
    assert outputs.stat().st_mode & 0o777 == 0o700
    assert (outputs / "index.html").stat().st_mode & 0o777 == 0o600


@posix
def test_what_killed_writes_left_is_swept(outputs: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left = outputs.parent / f".outputs.{int(done.stdout)}.abcdefgh"
    running = outputs.parent / f".outputs.{os.getpid()}.abcdefgh"
    other = outputs.parent / ".outputs.mine"
    for path in (left, running, other):
        path.mkdir()
    write_folder(outputs, NEW)
    assert [path.exists() for path in (left, running, other)] == [False, True, True]


def test_a_file_that_another_program_holds_is_named(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows does: a folder with an open file cannot be moved."""
    before = state(outputs)
    without_exchange(monkeypatch)

    def held(path: Path, target: Path) -> Path:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "rename", held)
    monkeypatch.setattr(files, "_in_use", lambda folder: folder / "report.docx")
    with pytest.raises(NotOurs, match=r"report\.docx is open in another program"):
        write_folder(outputs, NEW)
    assert state(outputs) == before
