"""Reading and analysing a patient table of 100,000 rows: time against Python's csv module, and memory.

    python benchmarks/cohort_many.py [ROWS [--analyse]]

The patients are made up. Targets: reading takes at most 60 times as long as csv.reader over the same file with nothing
done to its cells; memory grows in proportion to the rows, by at most 2 KiB a row; a table of nothing but mistakes takes
at most three times as long. With --analyse also the time of all analyses, most of it Cox regression.
"""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from metaimt.analyses.cohort import cohort_of_table
from metaimt.casefiles.patient_table import read_patient_table

MAPPING = """# Made up.
dates: DD/MM/YYYY
columns:
  id: No
  age: Age
  sex: {column: Sex, codes: {F: female, M: male}}
  site: Site
  margin: Margin
  ihc: {ALK: ALK}
  symptoms: {fever: Fever}
  diagnosis_date: Dx
  last_contact_date: Last
  outcome: Outcome
"""
AS_LONG_AS_CSV, KIB_A_ROW, WITH_MISTAKES = 60, 2, 3
HEADING = "No,Age,Sex,Site,Margin,ALK,Fever,Dx,Last,Outcome"


def write_table(folder: Path, rows: int, *, wrong: bool = False) -> Path:
    """A made-up table with its mapping; with `wrong` every row has an unknown code and an impossible date."""
    draw = random.Random(1)  # noqa: S311 - made-up patients
    (folder / "t.mapping.yaml").write_text(MAPPING, encoding="utf-8")
    with (folder / "t.csv").open("w", encoding="utf-8") as stream:
        print(HEADING, file=stream)
        for k in range(rows):
            day, year = f"{draw.randint(1, 28):02d}/{draw.randint(1, 12):02d}", draw.randint(2000, 2012)
            last = f"{draw.randint(1, 28):02d}/{draw.randint(1, 12):02d}/{draw.randint(2013, 2024)}"
            cells = [f"P{k}", draw.randint(18, 90), draw.choice("FM"), draw.choice(("lung", "abdomen", "pelvis"))]
            cells += [draw.choice(("R0", "R1", "R2")), draw.choice(("positive", "negative", ""))]
            cells += [draw.choice(("yes", "no"))]
            cells += [f"{day}/{year}", last, draw.choice(("alive", "dead", "lost_to_followup"))]
            if wrong:
                cells[2], cells[7] = "X", f"31/02/{year}"
            print(*cells, sep=",", file=stream)
    return folder / "t.mapping.yaml"


def seconds(call: Callable[[], object]) -> float:
    """Best of three runs, so that another process on the machine counts less."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def only_csv(path: Path) -> int:
    """What the csv module alone takes."""
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(len(row) for row in csv.reader(stream))


def peak(mapping: Path) -> float:
    """Peak memory, MiB, of a process of its own that reads the table (Linux: there ru_maxrss may be the parent's)."""
    command = [sys.executable, __file__, "--memory", str(mapping)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this script
    return float(done.stdout)


def main() -> None:
    """Print the ratio, the memory of none, half and all rows, and the time of the analysis; 1 if a target is missed."""
    if sys.argv[1:2] == ["--memory"]:
        table = read_patient_table(Path(sys.argv[2]), Path(sys.argv[2]).with_name("t.csv"))
        status = Path("/proc/self/status").read_text(encoding="ascii") if table.readable else ""
        print(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024)
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    missed: list[str] = []
    times: dict[tuple[int, bool], tuple[float, float]] = {}  # rows, with mistakes -> seconds, MiB
    for number, wrong in ((10, False), (rows // 2, False), (rows, False), (rows, True)):
        with tempfile.TemporaryDirectory() as folder:
            mapping = write_table(Path(folder), number, wrong=wrong)
            path = mapping.with_name("t.csv")
            ours = seconds(lambda mapping=mapping, path=path: read_patient_table(mapping, path))
            plain = seconds(lambda path=path: only_csv(path))
            words = (
                f"{number} rows{', all with mistakes' if wrong else ''}: read {ours:.2f} s, ratio {ours / plain:.1f}"
            )
            memory = peak(mapping)
            times[number, wrong] = ours, memory
            print(f"{words}, peak memory {memory:.0f} MiB", end="")
            if number == rows and not wrong and ours / plain > AS_LONG_AS_CSV:
                missed.append(f"{ours / plain:.1f} times csv.reader, target {AS_LONG_AS_CSV}")
            table = read_patient_table(mapping, path)
            if table.patients and number > 10 and "--analyse" in sys.argv:
                start = time.perf_counter()
                cohort_of_table(table)
                print(f"; analysed in {time.perf_counter() - start:.1f} s", end="")
            print()
    kib = 1024 * (times[rows, False][1] - times[10, False][1]) / rows
    if kib > KIB_A_ROW:
        missed.append(f"{kib:.1f} KiB a row, target {KIB_A_ROW}")
    slower = times[rows, True][0] / times[rows, False][0]
    if slower > WITH_MISTAKES:
        missed.append(f"mistakes alone take {slower:.1f} times as long, target {WITH_MISTAKES}")
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
