"""No line of Python in the package speaks of one tumour, gene or drug: vocabulary, starter and documentation may.

Of code, comments, docstrings and help texts alike: what holds of one tumour is data, so that a review of another has
the same checks with its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import metaimt
from metaimt.vocabulary import built_in

PACKAGE = Path(metaimt.__path__[0])
LISTED = (
    *("IMTs", "EIMS", "ALK-positive", "TRK", "NTRK", "ROS", "epithelioid", "myofibroblastic", "fibrosarcoma"),
    *("1939", "eight groups", "Xalkori"),
)
KEYS = re.compile(r"\b(?:alk|ros1|ntrk\d?|imt|eims)_\w+|['\"](?:alk|imt|eims)['\"]")  # of a format: alk_ihc


def words() -> Iterator[str]:
    """The words listed here, and what the shipped vocabulary calls tumours, genes and drugs."""
    yield from LISTED
    lists = built_in().lists
    for name in ("histology", "histology_words", "own_tumour"):
        for term, others in lists[name].items():
            yield from (() if term == "other" else (term, *others))
    yield from (*lists["kinase"], *lists["partner"])
    names = [drug.name for drug in built_in().drugs.values() if drug.named]
    yield from (*names, *(name.capitalize() for name in names))


SPOKEN = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(set(words()), key=len, reverse=True)))})(?![\w-])")


def spoken(text: str) -> list[str]:
    return [*SPOKEN.findall(text), *KEYS.findall(text)]


def test_no_line_speaks_of_a_tumour_a_gene_or_a_drug() -> None:
    files = {path: path.read_text(encoding="utf-8").splitlines() for path in sorted(PACKAGE.rglob("*.py"))}
    assert len(files) > 100
    found = [(path, k, line) for path, lines in files.items() for k, line in enumerate(lines, 1) if spoken(line)]
    assert [f"{path.relative_to(PACKAGE)}:{k}: {line.strip()}" for path, k, line in found] == []


@pytest.mark.parametrize(
    "line",
    [
        "FIRST_YEAR = 1939  # the first description",
        '"""ALK-positive or not."""',
        'hint = "write drug: crizotinib"',
        'if patient.histology == "IMT":',
        "alk_ihc: Mapping[str, Tested]",
        "imt = figure['imt']",
        "# as TPM3 is",
        "an epithelioid one",
    ],
)
def test_the_words_are_found(line: str) -> None:
    assert spoken(line)


def test_other_words_are_not() -> None:
    assert spoken("from metaimt import run; walk_all(); METHOD; desmin; the tumour; 19390") == []
