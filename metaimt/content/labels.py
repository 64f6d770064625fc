"""Labels and short texts that figures and page share: reports, pools, counts, and columns from the case files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from string import ascii_lowercase
from typing import Final, Protocol

from metaimt.analyses.results import Results
from metaimt.analyses.wording import Link, estimate_with_interval, fraction, plain
from metaimt.casefiles.model import CaseFile
from metaimt.model.fields import BY_NAME, COLUMNS
from metaimt.model.unit import Unit
from metaimt.problem import check_name

NOT_STATED: Final = "–"
_NEXT: Final = re.compile(r"[,;\N{ARABIC COMMA}\N{IDEOGRAPHIC COMMA}\N{FULLWIDTH COMMA}]|\s+et al")
_LONGEST: Final = 40
_SURNAME: Final = re.compile(r"([^,]{2,40}?) [A-Z]{1,4}(?:[,.]|\s+et al|$)")


class _Counted(Protocol):
    """What has responders of evaluable patients."""

    @property
    def responders(self) -> int: ...
    @property
    def evaluable(self) -> int: ...


def capital(text: str) -> str:
    """`text` with its first letter in upper case; the rest as it is."""
    return text[:1].upper() + text[1:]


def short_name(pool: str) -> str:
    """The name of a pool, grouping or level in the protocol as words: `all evidence`."""
    return pool.replace("_", " ")


def r_of_n(counted: _Counted) -> str:
    """`56/75`."""
    return fraction(counted.responders, counted.evaluable)


def points(change: float | None) -> str:
    """A change in percentage points, `+1.2`; never -0.0."""
    return "" if change is None else f"{round(100 * change, 1) + 0.0:+.1f}"


def pools_said(results: Results, pools: Iterable[str], link: Link = plain) -> str:
    """`strict: 74.3 % (95 % interval ...; 55/74); all evidence: ...`."""
    groups = (results.response.pools[pool] for pool in pools)
    return "; ".join(f"{g.label}: {estimate_with_interval(g.orr, link, g.counts)}" for g in groups)


def version_line(results: Results) -> str:
    """The line under the title of a figure."""
    return f"{results.protocol.title}, version {results.response.version}"


def report_labels(reports: Iterable[CaseFile]) -> dict[str, str]:
    """By id: `Mossé 2017`; `Zhang 2020a` and `Zhang 2020b`, in the order of their ids, where two would be alike."""
    alike: dict[str, list[str]] = {}
    for report in reports:
        alike.setdefault(_label(report), []).append(report.id)
    labels: dict[str, str] = {}
    for label, ids in alike.items():
        if len(ids) == 1:
            labels[ids[0]] = label
        elif len(ids) <= len(ascii_lowercase):
            labels |= {name: label + letter for name, letter in zip(sorted(ids), ascii_lowercase, strict=False)}
        else:
            labels |= {name: name for name in ids}
    return labels


def _label(report: CaseFile) -> str:
    """First author's surname and the year; the id where either is not known, and that the authors are not given."""
    if not report.report.authors:
        return f"authors not given, {report.id}"
    name = surname(report.report.authors)
    if not name or report.report.year is None:
        return report.id
    return f"{name} {report.report.year}"


def surname(authors: str) -> str:
    """Of the first author: `Made` of `Made UP, Other C`; in a script without capitals what stands before the last word.

    Empty where it cannot be told apart from the given names.
    """
    match = _SURNAME.match(authors)
    if match is not None:
        return match[1]
    first = _NEXT.split(authors, maxsplit=1)[0].strip()
    letters = [sign for sign in first if sign.isalpha()]
    if len(first) > _LONGEST or not letters or any(unicodedata.category(sign) != "Lo" for sign in letters):
        return ""
    *family, last = first.split()
    return " ".join(family) or last


def column_headings(names: Iterable[str]) -> tuple[str, ...]:
    """The headings of columns. Raises WrongUse with the nearest name and all of them if there is none of a name."""
    wanted = tuple(names)
    for name in wanted:
        check_name("--columns", name, COLUMNS)
    return tuple(BY_NAME[name].heading for name in wanted)


def column_texts(names: Iterable[str], units: Iterable[Unit]) -> tuple[str, ...]:
    """What the units say in each column, every wording once, in their order; a dash where none says anything."""
    inside = tuple(units)
    shown = (BY_NAME[name].shown or BY_NAME[name].words for name in names)
    return tuple(", ".join(dict.fromkeys(filter(None, map(words, inside)))) or NOT_STATED for words in shown)
