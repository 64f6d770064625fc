"""Validating 10,000 case files against loading the same texts with PyYAML's C loader, in one process.

    python benchmarks/validate_many.py [FILES]

The files are copies of the shipped ones under other ids; nothing of them is evidence. Targets: at most 4 times the time
of `yaml.load(text, Loader=CSafeLoader)`; with fewer files at most 6, for there copies are few enough to be told of each
other; memory that grows in proportion to the number of files.
"""

from __future__ import annotations

import gc
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from metaimt.casefiles.library import read_library
from metaimt.checks import check_library

TARGET, TARGET_OF_FEWER = 4, 6  # times the loader
FEWER = (1000, 2000, 4000)  # about 15, 30 and 60 copies of each file
MEMORY = 1.25  # times what is in proportion

CASES = Path(__file__).parent.parent / "cases"


def write_copies(folder: Path, files: int) -> list[str]:
    """Copies of the shipped files under other ids, identifiers and overlaps; returns their texts."""
    shipped = sorted((CASES / "literature").glob("*.yaml"))
    (folder / "literature").mkdir()
    (folder / "review.yaml").write_bytes((CASES / "review.yaml").read_bytes())
    texts = []
    for k in range(files):
        source = shipped[k % len(shipped)]
        text = re.sub(r"(?m)^  id: .*$", f"  id: copy-{k}", source.read_text(encoding="utf-8"), count=1)
        text = re.sub(r"(?m)^  overlaps: .*\n", "", text)
        text = re.sub(r"(?m)^  doi: (10\.\d+/).*$", rf"  doi: \g<1>copy-{k}", text)
        text = re.sub(r"(?m)^  pmid: .*$", f'  pmid: "{k}"', text)
        text = re.sub(r"(?m)^  pmcid: .*$", f"  pmcid: PMC{k}", text)
        text = re.sub(r"quotes: [\w-]+", f"quotes: copy-{k}", text)  # the report itself
        (folder / "literature" / f"copy-{k}.yaml").write_text(text, encoding="utf-8")
        texts.append(text)
    return texts


def seconds(call: Callable[[], object]) -> float:
    """Best of three runs, so that another process on the machine counts less."""
    best = float("inf")
    for _ in range(3):
        gc.collect()
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Print both times, their ratio and the peak memory for some and for all of the files."""
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    missed: list[str] = []
    peaks: dict[int, float] = {}
    for number in (*(fewer for fewer in FEWER if fewer < files / 2), files // 2, files):
        with tempfile.TemporaryDirectory() as folder:
            texts = write_copies(Path(folder), number)
            ours = seconds(lambda folder=folder: check_library(read_library(folder)))
            yamls = seconds(lambda texts=texts: [yaml.load(text, Loader=yaml.CSafeLoader) for text in texts])
        peaks[number] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ratio, target = ours / yamls, TARGET if number == files else TARGET_OF_FEWER
        missed += [f"{number} files: {ratio:.2f} times the loader, target {target}"] if ratio > target else []
        print(
            f"{number} files: validate {ours:.2f} s, yaml.load {yamls:.2f} s, ratio {ratio:.2f} (target {target}); "
            f"peak memory {peaks[number]:.0f} MiB"
        )
    if peaks[files] > MEMORY * files / (files // 2) * peaks[files // 2]:
        missed.append(f"memory grew from {peaks[files // 2]:.0f} to {peaks[files]:.0f} MiB")
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
