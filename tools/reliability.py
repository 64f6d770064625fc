"""Try every hostile input of tests/hostile at full size, and write the counts to docs/reliability.md.

    python tools/reliability.py [LOGS of tests/hostile/fuzz.py, named READER.txt]

Without logs the fuzzer's table stays as it is. Ends with 1 if an input raised, took 5 seconds or 500 MB.
"""

from __future__ import annotations

import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "hostile")]

import texts  # noqa: E402 - found by the line above
import workbooks  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
SIZE, MOST_SECONDS, MOST_MB = 1_000_000, 5.0, 500
HEAD = """# How hard it is to break

Written by `python tools/reliability.py`: each made-up input of `tests/hostile`, texts of a megabyte. An input is read
as it is meant, or told with file, line and column; none may end in a traceback, take 5 seconds of a processor or 500 MB
more.

| inputs | tried | read | told | traceback | over 5 s | over 500 MB |
|---|---:|---:|---:|---:|---:|---:|
"""
FUZZED = """
## Fuzzing

`python tests/hostile/fuzz.py READER SECONDS` (atheris, guided by the lines of the reader that a text reaches), as it
was run last. A run stops at the first traceback, and at 5 seconds or 1,000 MB for one input.

| reader | seconds | texts tried | texts that reached new lines | stopped by |
|---|---:|---:|---:|---|
"""


def main() -> int:
    """Try all, write the page."""
    lines, bad = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for name, inputs in _kinds(Path(folder)).items():
            counts = _tried(inputs)
            bad += counts["traceback"] + counts["slow"] + counts["large"]
            columns = [sum(counts[key] for key in ("read", "told", "traceback")), *map(counts.get, _COLUMNS)]
            lines.append(f"| {name} | {' | '.join(str(number or 0) for number in columns)} |\n")
    former = PAGE.read_text(encoding="utf-8").partition(FUZZED)[2] if PAGE.exists() else ""
    fuzzed = "".join(_of_log(Path(log)) for log in sys.argv[1:]) or former
    PAGE.write_text(HEAD + "".join(lines) + FUZZED + fuzzed, encoding="utf-8")
    return 1 if bad else 0


_COLUMNS = ("read", "told", "traceback", "slow", "large")
_Inputs = Iterator[tuple[str, Callable[[], bool]]]


def _kinds(folder: Path) -> dict[str, _Inputs]:
    return {"workbooks": _workbooks(folder), "case files": _cases(folder), "references": _references()}


def _workbooks(folder: Path) -> _Inputs:
    from metaimt.casefiles.patient_table import read_patient_table

    (folder / "t.mapping.yaml").write_text("table: t.xlsx\ncolumns: {id: id, age: age, sex: sex}\n", encoding="utf-8")
    for name, content in workbooks.workbooks():
        (folder / "t.xlsx").write_bytes(content)
        yield name, lambda: not read_patient_table(folder / "t.mapping.yaml").problems


def _cases(folder: Path) -> _Inputs:
    from metaimt.casefiles.library import read_files
    from metaimt.checks import examine

    path = folder / "example-2020.yaml"
    for name, text in texts.cases(SIZE):
        path.write_text(text, encoding="utf-8")
        yield name, lambda: not examine(read_files([path]), whole=False).problems


def _references() -> _Inputs:
    from metaimt.curation.reference_formats import parse_references

    for name, text in texts.references(SIZE):
        yield name, lambda text=text: bool(parse_references(text))  # type: ignore[misc]


def _tried(inputs: _Inputs) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, look in inputs:
        before, begun = _peak(), time.process_time()
        try:
            counts["read" if look() else "told"] += 1
        except ValueError:  # how a reader of references refuses a text
            counts["told"] += 1
        except Exception as error:  # noqa: BLE001 - what is counted
            counts["traceback"] += 1
            print(f"{name}: {type(error).__name__}: {error}"[:300])
        seconds, more = time.process_time() - begun, _peak() - before
        if seconds > MOST_SECONDS or more > MOST_MB:
            counts["slow" if seconds > MOST_SECONDS else "large"] += 1
            print(f"{name}: {seconds:.1f} s, {more:.0f} MB")
    return counts


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _of_log(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    found = {
        name: re.search(rf"stat::{name}: +(\d+)", text) for name in ("number_of_executed_units", "new_units_added")
    }
    seconds = re.search(r"Done \d+ runs in (\d+) second", text)
    stopped = re.search(r"ERROR: libFuzzer: ([\w -]+)|=== Uncaught Python exception", text)
    numbers = [match[1] if match else "?" for match in (seconds, *found.values())]
    return f"| {path.stem} | {' | '.join(numbers)} | {(stopped[1] or 'a traceback') if stopped else 'nothing'} |\n"


if __name__ == "__main__":
    sys.exit(main())
