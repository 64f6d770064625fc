"""Fuzz one reader with atheris: texts that reach new lines of it are kept and changed further.

    pip install atheris
    python tests/hostile/fuzz.py READER [SECONDS] [FOLDER]      600 seconds; FOLDER keeps what was found

READER is case, mapping, ris, nbib, bib, enw, xml, csl, scopus, csv or xlsx. The seeds are the made-up files of the
tests, and what it found before (seeds.zip, which `keep_seeds.py` writes). A traceback, 5 seconds or 1,000 MB for one
input stop it, and the input is written beside; else it ends with 0.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
with atheris.instrument_imports(include=["metaimt"]):
    from metaimt.casefiles.cohort_mapping import CohortMapping
    from metaimt.casefiles.model import CaseFile
    from metaimt.casefiles.reading import read_model
    from metaimt.casefiles.strict_yaml import parse
    from metaimt.casefiles.studies import UnreadableStudies, read_studies
    from metaimt.curation.bibtex import from_bibtex
    from metaimt.curation.reference_formats import (
        from_csl_json,
        from_endnote_xml,
        from_enw,
        from_nbib,
        from_ris,
        from_table,
    )
    from metaimt.vocabulary import built_in

REFERENCES = {
    "ris": from_ris,
    "nbib": from_nbib,
    "bib": from_bibtex,
    "enw": from_enw,
    "xml": from_endnote_xml,
    "csl": from_csl_json,
    "scopus": from_table,
}
SEEDS = {
    "case": ["tests/casefiles/accepted/**/*.yaml", "tests/casefiles/rejected/**/*.yaml"],
    "mapping": ["examples/**/*.mapping.yaml"],
    "csl": ["tests/curation/references/*.json"],
    "scopus": ["tests/curation/references/*.csv"],
    "csv": ["tests/**/*.csv"],
    "xlsx": ["tests/**/*.xlsx"],
}


def reader(name: str) -> Callable[[bytes], None]:
    """What is tried: it may refuse a text by its own errors, and by no other."""
    if name in {"case", "mapping"}:
        model = CaseFile if name == "case" else CohortMapping
        return lambda data: [read_model(parse("x", data), model, built_in())].clear()
    if name in REFERENCES:
        return lambda data: _references(name, data.decode("utf-8", "replace"))
    path = Path(tempfile.mkdtemp()) / f"t.{name}"
    return lambda data: _table(path, data)


def _references(name: str, text: str) -> None:
    try:
        list(REFERENCES[name](text))
    except ValueError:
        return


def _table(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        read_studies(path)
    except UnreadableStudies:
        return


def main() -> None:
    """Copy the seeds into the folder and fuzz."""
    name, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "600"
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in SEEDS.get(name, [f"tests/curation/references/*.{name}"]):
        for k, path in enumerate(sorted(ROOT.glob(pattern))[:200]):
            (folder / f"seed-{k}").write_bytes(path.read_bytes())
    with zipfile.ZipFile(Path(__file__).parent / "seeds.zip") as kept:  # what it found before
        for each in kept.namelist():
            if each.startswith(f"{name}/"):
                (folder / f"kept-{each.rpartition('/')[2]}").write_bytes(kept.read(each))
    if name == "xlsx":
        from workbooks import sound

        (folder / "seed-sound").write_bytes(sound())
    limits = ["-timeout=5", "-rss_limit_mb=1000", "-max_len=4096" if name != "xlsx" else "-max_len=8192"]
    target = reader(name)
    atheris.Setup([sys.argv[0], str(folder), f"-max_total_time={seconds}", "-print_final_stats=1", *limits], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
