"""Build the review under other processors' code, locale, time zone, hash seed and number of processes: the same bytes?

    python tools/same_bytes.py                       two builds, as this machine is and otherwise in everything
    python tools/same_bytes.py --built outputs       the first of them is there already: only the other is made
    python tools/same_bytes.py --against outputs     compare with the committed outputs too, of which the binary are not
    python tools/same_bytes.py --all                 one build more for each kernel that can be had here (half an hour)
    python tools/same_bytes.py --keep FOLDER         leave the builds there: FOLDER/here, FOLDER/elsewhere, ...

OpenBLAS, numpy and the C library choose their code by the processor, and the last bits of a number differ between them.
They can be told to take the code of an older processor, not of a newer one: a processor with AVX-512 proves more.
Exit status: 0 the same bytes, 1 not, 2 a build failed or wrong use.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
BINARY = {".docx", ".xlsx", ".png"}
SAID = "what the build prints"
_MOST, _WIDTH = 20, 160
_KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen")  # of OpenBLAS
_AVX512 = "SkylakeX"  # OpenBLAS takes it without asking whether the processor can
_LOCALES = ("tr_TR.utf8", "de_DE.utf8", "fr_FR.utf8")  # a comma in numbers, or letters of their own
_LIBM = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX,-AVX2_Usable,-FMA_Usable,-FMA4_Usable,-AVX_Usable"
_ASK_KERNEL = """
import ctypes, re, numpy
from pathlib import Path
for path in sorted(set(re.findall(r"/\\S*openblas\\S*", Path("/proc/self/maps").read_text()))):
    for name in ("scipy_openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename"):
        if hasattr(ctypes.CDLL(path), name):
            found = getattr(ctypes.CDLL(path), name)
            found.restype = ctypes.c_char_p
            print(found().decode())
            raise SystemExit
"""
_ASK_FEATURES = "import numpy; print(*numpy.show_config(mode='dicts')['SIMD Extensions'].get('found', []))"


@dataclass(frozen=True)
class Way:
    """One way to build: the variables that are set, and the number of processes."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    jobs: int = 2


def main(words: Sequence[str] | None = None) -> int:
    """Build, compare, say what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--review", type=Path, default=ROOT / "cases", help="folder of the review")
    parser.add_argument("--built", type=Path, help="a build made on this machine, in place of the first")
    parser.add_argument("--against", type=Path, help="a folder without binary files to compare with as well")
    parser.add_argument("--keep", type=Path, help="folder for the builds")
    parser.add_argument("--all", action="store_true", help="every kernel that can be had here")
    given = parser.parse_args(words)
    for folder in (given.review, given.built, given.against):
        if folder is not None and not folder.is_dir():
            parser.error(f"{folder} is no folder")
    with tempfile.TemporaryDirectory() as scratch:
        return compare_ways(given, (given.keep or Path(scratch)).resolve())


def compare_ways(given: argparse.Namespace, folder: Path) -> int:
    """The builds into `folder`, each compared with the first."""
    here = Way("here")
    kernel = kernel_of(here)
    print(f"Here: {kernel} (OpenBLAS), {features() or 'nothing beyond the baseline'} (numpy)", flush=True)
    ways = [elsewhere(kernel), *(others(kernel) if given.all else ())]
    first: Path | None = given.built
    if first is None:
        first = build(here, given.review, folder)
    if first is None:
        return 2
    same = given.against is None or told("here", first, given.against, binary=False)
    for way in ways:
        found = build(way, given.review, folder)
        if found is None:
            return 2
        same = told(way.name, found, first, binary=True) and same
        if given.built is None:
            same = told(f"{way.name}, {SAID}", found.with_suffix(".txt"), first.with_suffix(".txt")) and same
    print("The same bytes." if same else "Not the same bytes.")
    return 0 if same else 1


def elsewhere(kernel: str) -> Way:
    """Another kernel than this machine's, and otherwise whatever may differ between machines."""
    other = "Prescott" if kernel in {"Haswell", "Zen"} else "Haswell"  # those two do not differ
    variables = {
        "OPENBLAS_CORETYPE": other,
        "LC_ALL": locale(),
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "4242",
        "OPENBLAS_NUM_THREADS": "2",
    }
    return Way("elsewhere", variables, jobs=1)


def others(kernel: str) -> Iterator[Way]:
    """The further code that this machine can be told to run."""
    if platform.machine() not in {"x86_64", "AMD64"}:
        print(f"No further kernels: they are known for x86-64, and this is {platform.machine()}")
        return
    known, seen = features().split(), {kernel}
    for name in (*_KERNELS, *([_AVX512] if "X86_V4" in known else [])):
        way = Way(name, {"OPENBLAS_CORETYPE": name})
        found = kernel_of(way)  # some are others under another name, or not in this OpenBLAS
        if found not in seen:
            yield way
        seen.add(found)
    for end in range(len(known)):
        yield Way(f"numpy-without-{known[end]}", {"NPY_DISABLE_CPU_FEATURES": " ".join(known[end:])})
    if platform.libc_ver()[0] == "glibc":
        yield Way("plain-libm", {"GLIBC_TUNABLES": _LIBM})
        yield Way(
            "plain",
            {"OPENBLAS_CORETYPE": _KERNELS[0], "NPY_DISABLE_CPU_FEATURES": " ".join(known), "GLIBC_TUNABLES": _LIBM},
        )


def locale() -> str:
    """A locale that writes numbers otherwise, if one is installed; else C."""
    program = shutil.which("locale")
    known = _run([program, "-a"], Way("here")).stdout.split() if program else []
    return next((name for name in _LOCALES if name in known), "C")


def kernel_of(way: Way) -> str:
    """The kernel that OpenBLAS takes; "unknown" where it cannot be asked."""
    found = _run([sys.executable, "-c", _ASK_KERNEL], way)
    return found.stdout.strip() or "unknown"


def features() -> str:
    """What numpy uses of this processor beyond its baseline."""
    return _run([sys.executable, "-c", _ASK_FEATURES], Way("here")).stdout.strip()


def build(way: Way, review: Path, folder: Path) -> Path | None:
    """The review built this way, what was printed beside it; None if the build failed."""
    out = folder / way.name
    said = " ".join(f"{name}={value!r}" for name, value in way.variables.items())
    print(f"Build {way.name}: --jobs {way.jobs} {said}".rstrip(), flush=True)
    done = _run(
        [sys.executable, "-m", "metaimt", "build", str(review), "--out", str(out), "--jobs", str(way.jobs)], way
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        return None
    out.with_suffix(".txt").write_text(done.stdout.replace(out.as_posix(), "OUT"), encoding="utf-8")
    return out


def _run(command: list[str], way: Way) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, **way.variables, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


def told(name: str, one: Path, other: Path, *, binary: bool = True) -> bool:
    """Whether two files, or all files of two folders, have the same bytes; says where not."""
    found = list(differences(one, other, binary=binary))
    for line in found[:_MOST]:
        print(f"  {name}: {line}")
    if len(found) > _MOST:
        print(f"  {name}: and {len(found) - _MOST} more")
    return not found


def differences(one: Path, other: Path, *, binary: bool) -> Iterator[str]:
    """A line for each file that differs."""
    if one.is_file():
        yield from first_difference("", one.read_bytes(), other.read_bytes())
        return
    names = [
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} for folder in (one, other)
    ]
    for name in sorted(names[0] | names[1]):
        if binary or Path(name).suffix not in BINARY:
            missing = [folder for folder, present in zip((one, other), names, strict=True) if name not in present]
            if missing:
                yield f"{name} is not in {missing[0]}"
            else:
                yield from first_difference(name, (one / name).read_bytes(), (other / name).read_bytes())


def first_difference(name: str, one: bytes, other: bytes) -> Iterator[str]:
    """Where two files of a name begin to differ: the line of a text, the part of an archive, the byte of a picture."""
    if one == other:
        return
    if zipfile.is_zipfile(io.BytesIO(one)) and zipfile.is_zipfile(io.BytesIO(other)):
        with zipfile.ZipFile(io.BytesIO(one)) as left, zipfile.ZipFile(io.BytesIO(other)) as right:
            parts = sorted({*left.namelist(), *right.namelist()})
            both = [part for part in parts if part in left.namelist() and part in right.namelist()]
            differing = [part for part in both if left.read(part) != right.read(part)]
            yield f"{name}: {', '.join(differing or sorted({*parts} - {*both}) or ['the archive itself'])}"
        return
    if Path(name).suffix in BINARY:
        yield f"{name}: other bytes"
        return
    lines = [text.decode("utf-8", "replace").splitlines() for text in (one, other)]
    number = next((at for at, pair in enumerate(zip(*lines, strict=False)) if pair[0] != pair[1]), min(map(len, lines)))
    texts = [_around(lines, number, side) for side in (0, 1)]
    yield f"{name}:{number + 1}: {texts[0]} against {texts[1]}"


def _around(lines: Sequence[list[str]], number: int, side: int) -> str:
    """The line, from shortly before it differs."""
    if number >= len(lines[side]):
        return "the end"
    both = [each[number] if number < len(each) else "" for each in lines]
    alike = next((at for at, pair in enumerate(zip(*both, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, alike - _WIDTH // 4)
    return repr(lines[side][number][start : start + _WIDTH])


if __name__ == "__main__":
    sys.exit(main())
