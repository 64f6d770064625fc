"""Whole commands on made-up reviews of growing size: time and peak memory against the number of reports.

    python benchmarks/scale.py                                 # writes docs/performance.csv; one row a command and size
    python benchmarks/scale.py --only build --sizes 1000       # these rows anew
    python benchmarks/scale.py --write FOLDER --sizes 300      # a made-up review (or STUDIES.csv) to look at

Every file says that it is made up, and lies in a temporary folder; the protocol is that of `cases/`, without its links.
`python tools/regenerate.py performance` writes docs/performance.md and its picture from the table.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "performance.csv"
SIZES = {
    "validate": (100, 300, 1000, 3000, 10_000),
    "pool": (100, 300, 1000, 3000, 10_000),
    "build": (100, 300, 1000, 3000, 10_000),
    "pool STUDIES.csv": (100, 1000, 20_000),
}
SITES = ("head_and_neck", "lung", "chest", "abdomen", "pelvis", "limbs_and_trunk", "brain")
ANSWERS = {"CR": "complete response", "PR": "partial response", "SD": "stable disease", "PD": "progressive disease"}
SYLLABLES = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "zu")
DRUGS = (
    *("crizotinib",) * 5,
    *("alectinib",) * 2,
    "ceritinib",
    "brigatinib",
    "lorlatinib",
    "unspecified ALK inhibitor",
)
PARTNERS = ("TPM3", "TPM4", "CLTC", "RANBP2", "FN1", "TNS1", "STRN", "EML4", "DCTN1", "PRKAR1A")
DESIGNS = (*("case_report",) * 8, "case_series", "cohort", "trial")
# A process of its own per command: the child's own use, so that no other command counts.
MEASURED = """
import os, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


def _course(made: random.Random) -> dict[str, Any]:
    response = made.choices((*ANSWERS, None), (15, 40, 18, 15, 12))[0]
    course: dict[str, Any] = {"drug": made.choice(DRUGS)}
    if response is not None:
        basis = made.choice(("stated", "stated", "stated", "inferred"))
        course |= {"response": response, "response_basis": basis, "response_as_stated": ANSWERS[response]}
    if made.random() < 0.6:
        course |= {"duration_months": made.randint(4, 600) / 10, "ongoing": False}
    return course


def _patient(made: random.Random, number: int) -> dict[str, Any]:
    positive = made.random() < 0.85
    told = {
        "id": f"P{number}",
        "age": made.randint(1, 80),
        "sex": made.choice(("female", "male")),
        "site": made.choice(SITES),
        "histology": made.choice(("IMT", "IMT", "IMT", "EIMS")),
        "ihc": {"ALK": "positive" if positive else "negative"},
        **({"fusion_gene": "ALK", "fusion_partner": made.choice(PARTNERS)} if positive and made.random() < 0.6 else {}),
        "courses": [_course(made) for _ in range(made.choice((1, 1, 1, 2)))],
        "status": "alive",
        "followup_months": made.randint(61, 120),
    }
    return {
        key: value
        for key, value in told.items()
        if made.random() < 0.8 or key not in {"age", "sex", "site", "histology"}
    }


def _arm(made: random.Random) -> dict[str, Any]:
    evaluable = made.randint(3, 30)
    return {
        "label": "Made up",
        "drug": made.choice(DRUGS),
        "status": {"ALK": made.choice(("positive", "positive", "negative", "mixed"))},
        "evaluable": evaluable,
        "responders": sum(made.random() < 0.6 for _ in range(evaluable)),
        "population": made.choice(("adult", "paediatric", "mixed")),
        "counts_basis": "printed",
        "response_basis": "stated",
    }


def _report(number: int) -> dict[str, Any]:
    """The same report for the same number, whatever the size of the review."""
    made = random.Random(number)  # noqa: S311 - nothing to keep secret
    design = made.choice(DESIGNS)
    bibliography = {
        "id": f"made-up-{number:05d}",
        "title": f"Made up {number}: {' '.join(''.join(made.choices(SYLLABLES, k=4)) for _ in range(6))}",
        "authors": f"Nobody{number} A, et al.",
        "journal": "J Made Up",
        "year": made.randint(2015, 2025),
        "doi": f"10.99999/made.up.{number}",
        "design": design,
    }
    date = f"2026-{made.randint(1, 11):02d}-{made.randint(1, 28):02d}"
    extraction = {"depth": "full_text", "by": "nobody", "checked_by": "nobody else", "date": date, "note": "Made up."}
    people = {"case_report": 1, "case_series": made.randint(2, 6)}.get(design)
    told = {"arms": [_arm(made)]} if people is None else {"patients": [_patient(made, k + 1) for k in range(people)]}
    return {"report": bibliography, "extraction": extraction, **told}


def write_review(folder: Path, reports: int) -> None:
    """A review of so many made-up reports under the protocol of `cases/`."""
    (folder / "literature").mkdir(parents=True)
    (folder / "review.yaml").write_bytes((ROOT / "cases" / "review.yaml").read_bytes())
    for k in range(1, reports + 1):
        text = yaml.dump(_report(k), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
        (folder / "literature" / f"made-up-{k:05d}.yaml").write_text(
            f"# Made up for benchmarks/scale.py: nobody in it exists.\n{text}", encoding="utf-8"
        )


def write_studies(path: Path, rows: int) -> None:
    """A table of so many made-up studies of 1 to 40 patients."""
    made = random.Random(rows)  # noqa: S311
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("id", "responders", "evaluable", "year", "group"))
        for k in range(rows):
            n = made.randint(1, 40)
            rate = made.betavariate(3, 2)
            table.writerow(
                (
                    f"made-up-{k}",
                    sum(made.random() < rate for _ in range(n)),
                    n,
                    made.randint(1980, 2026),
                    made.choice("abcd"),
                )
            )


def measure(command: str, size: int, folder: Path) -> dict[str, Any]:
    """One row of the table: a whole process on `folder`."""
    given = {
        "validate": ["validate", str(folder)],
        "pool": ["pool", str(folder)],
        "build": ["build", str(folder), "--out", str(folder.parent / f"out-{size}"), "--jobs", "1"],
        "pool STUDIES.csv": ["pool", str(folder)],
    }[command]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", MEASURED, sys.executable, "-m", "metaimt", *given],
        check=True,
        capture_output=True,
        text=True,
    )
    code, wall, cpu, peak = done.stdout.split()
    if code != "0":
        sys.exit(f"{command} of {size} ended with {code}:\n{done.stderr}")
    return {
        "command": command,
        "size": size,
        "wall_s": f"{float(wall):.2f}",
        "cpu_s": f"{float(cpu):.2f}",
        "peak_mib": f"{float(peak):.0f}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def main() -> None:
    """Measure what is asked for and put it in the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=SIZES, action="append")
    parser.add_argument("--sizes", type=int, nargs="*")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    if args.write:
        write_review(args.write, args.sizes[0])
        return
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    if TABLE.exists():
        with TABLE.open(encoding="utf-8", newline="") as file:
            rows = {(row["command"], int(row["size"])): row for row in csv.DictReader(file)}
    wanted = [(command, size) for command in args.only or SIZES for size in args.sizes or SIZES[command]]
    for size in sorted({size for _, size in wanted}):
        with tempfile.TemporaryDirectory() as temporary:
            review, studies = Path(temporary) / "review", Path(temporary) / "STUDIES.csv"
            write_studies(studies, size)
            if any(each == size and command != "pool STUDIES.csv" for command, each in wanted):
                write_review(review, size)
            for command in (command for command, each in wanted if each == size):
                row = measure(command, size, studies if command == "pool STUDIES.csv" else review)
                print(" ".join(map(str, row.values())), flush=True)
                rows[command, size] = row
                order = sorted(rows, key=lambda key: (list(SIZES).index(key[0]), key[1]))
                with TABLE.open("w", encoding="utf-8", newline="") as file:
                    table = csv.DictWriter(file, list(row), lineterminator="\n")
                    table.writeheader()
                    table.writerows(rows[key] for key in order)


if __name__ == "__main__":
    main()
