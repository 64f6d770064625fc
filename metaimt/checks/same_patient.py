"""Reports that may describe the same patient, though nobody has looked: a suspicion with its reasons.

A pair of reports that links.yaml names is decided, whichever way, and not suspected again. How the score comes about:
`patient_likeness`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, log2
from typing import Any

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile
from metaimt.checks.across_library import name_of
from metaimt.checks.patient_facts import Facts, library_facts
from metaimt.checks.patient_likeness import SMALL_LIBRARY, Frequencies, Point, compare, values
from metaimt.checks.rule import Located, rule

THRESHOLD = 8.0  # bits, for a library of up to SMALL_LIBRARY reports: of its pairs about one in 2**7.6 is one patient
LARGEST_BLOCK = 60  # units that share a key; a key of more is too common to lead to a pair
_ALONE = ("trial", "author", "name", "partner", "median", "counts", "drugs", "drug", "place")
_TOGETHER = (
    ("partner", "site"),
    ("partner", "age"),
    ("partner", "drug"),
    ("site", "age"),
    ("place", "age"),
    ("place", "drug"),
    ("age", "drug"),
    ("age group", "drug"),
    ("author", "drug"),
    ("name", "drug"),
)
_DEPTHS = ("full_text", "abstract", "title", "secondary")
_LONGEST_MESSAGE = 190


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two patients or arms of different reports that may be the same, the first by id first.

    `reasons` speak for it, `against` against it; each ends with its points, and the points add up to the score.
    """

    units: tuple[Facts, Facts]
    score: float
    reasons: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def left(self) -> str:
        """The id of the first: `report/P1`."""
        return self.units[0].id

    @property
    def right(self) -> str:
        """The id of the other."""
        return self.units[1].id

    @property
    def reports(self) -> tuple[str, str]:
        """The ids of the two reports."""
        return self.units[0].report, self.units[1].report

    def to_dict(self) -> dict[str, Any]:
        """The two ids, the score and the reasons."""
        names = ("left", "right", "score", "reasons", "against")
        return {name: getattr(self, name) for name in names}


def candidates(library: Library) -> tuple[Candidate, ...]:
    """Every undecided pair of units that reaches the threshold, the likeliest first.

    Beyond SMALL_LIBRARY reports the threshold rises by a bit with each doubling, so that chance suspects stay as many a
    report.
    """
    decided = {frozenset(link.reports) for link in library.links}
    everyone = library_facts(library)
    known = Frequencies(everyone)
    threshold = THRESHOLD + log2(known.size / SMALL_LIBRARY)
    found = []
    for left, right in _pairs(everyone):
        if frozenset((left.report, right.report)) not in decided:
            candidate = likeness(left, right, known)
            if candidate is not None and candidate.score >= threshold:
                found.append(candidate)
    return tuple(sorted(found, key=lambda candidate: (-candidate.score, candidate.left, candidate.right)))


def likeness(left: Facts, right: Facts, known: Frequencies) -> Candidate | None:
    """How much two units look like one patient, whatever the score; None if a contradiction excludes it."""
    points = compare(left, right, known)
    if points is None:
        return None
    one, other = sorted((left, right), key=lambda facts: (facts.report, facts.unit))
    reasons = sorted((point for point in points if point.points > 0), key=_strongest)
    against = sorted((point for point in points if point.points < 0), key=_strongest)
    score = round(fsum(point.points for point in points), 1)
    return Candidate((one, other), score, tuple(map(str, reasons)), tuple(map(str, against)))


def _strongest(point: Point) -> tuple[float, str]:
    return -abs(point.points), point.reason


def _pairs(everyone: Sequence[Facts]) -> Iterator[tuple[Facts, Facts]]:
    """The pairs of units of different reports that share a key rare enough, each once (blocking)."""
    blocks: dict[Hashable, list[int]] = {}
    for k, facts in enumerate(everyone):
        for key in set(_keys(facts)):
            blocks.setdefault(key, []).append(k)
    seen: set[tuple[int, int]] = set()
    for block in blocks.values():
        if 2 <= len(block) <= LARGEST_BLOCK:
            seen.update(combinations(block, 2))
    for a, b in sorted(seen):
        if everyone[a].report != everyone[b].report:
            yield everyone[a], everyone[b]


def _keys(facts: Facts) -> Iterator[Hashable]:
    by_field: dict[str, list[Hashable]] = {}
    for field, value in values(facts):
        by_field.setdefault(field, []).append(value)
    if facts.age is not None:
        by_field["age"] = [int(facts.age), int(facts.age) + 1]  # two ages at most a year apart share one of these
    for field in _ALONE:
        yield from ((field, value) for value in by_field.get(field, ()))
    for one, other in _TOGETHER:
        for value in by_field.get(one, ()):
            yield from ((one, value, other, also) for also in by_field.get(other, ()))


@rule("possible-same-patient", "warning")
def possible_same_patient(library: Library) -> Iterator[Located]:
    """Whoever counts a patient twice counts a response twice; one warning in each of the two reports."""
    by_reports: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates(library):
        by_reports.setdefault(candidate.reports, []).append(candidate)
    reports = {report.id: report for report in reversed(library.reports)} if by_reports else {}
    for pair, found in by_reports.items():
        left, right = (reports[report] for report in pair)
        hint = _hint(left, right, found)
        one, other = found[0].units
        for report, here, there in ((left, one, other), (right, other, one)):
            place = (*here.path, "id" if here.counts is None else "label")
            yield name_of(library, report), place, _message(here.unit, there.id, found[0]), hint


def _message(unit: str, other: str, candidate: Candidate) -> str:
    """`P1 may be the same as x-2021/P1 (12.3 points): ...`: the strongest reasons that fit, and the doubt."""
    start = f"{unit} may be the same as {other} ({candidate.score:g} points): "
    doubt = "".join(f"; but {reason}" for reason in candidate.against[:1])
    told: list[str] = []
    for reason in candidate.reasons:
        if len(start) + len("; ".join([*told, reason])) + len(doubt) > _LONGEST_MESSAGE:
            break
        told.append(reason)
    return f"{start}{'; '.join(told)}{doubt}"


def _hint(left: CaseFile, right: CaseFile, found: Sequence[Candidate]) -> str:
    """The two entries to choose from, and where all the reasons are."""
    both = f"reports: [{left.id}, {right.id}]"
    arms = _arms(left) | _arms(right)
    same = ", ".join(_relation(candidate, arms) for candidate in _one_each(found, arms))
    entry = f"- {{{both}, patients: [{same}], certainty: probable, prefer: {_to_prefer(left, right, found[0], arms)}}}"
    other = f"- {{{both}, certainty: different}}"
    choice = f"add to links.yaml {entry} or, if they differ, {other}; say why under evidence"
    return f"{choice}. All reasons: metaimt show {left.id}"


def _arms(report: CaseFile) -> dict[str, Arm]:
    return {f"{report.id}/arm{a}": arm for a, arm in enumerate(report.arms, start=1)}


def _one_each(found: Iterable[Candidate], arms: Mapping[str, Arm]) -> Iterator[Candidate]:
    """The likeliest pairs, each patient in one of them; an arm may hold several patients, but is one other arm."""
    used: set[str] = set()
    for candidate in found:
        units = {candidate.left, candidate.right}
        patients = units - set(arms) or units
        if not used & patients:
            used |= patients
            yield candidate


def _relation(candidate: Candidate, arms: Mapping[str, Arm]) -> str:
    """The pair as links.yaml writes it: `a/P1 = b/P1`, or the smaller `in` the larger."""
    sizes = [arms[unit].counts[1] if unit in arms else 0 for unit in (candidate.left, candidate.right)]
    smaller, larger = (candidate.left, candidate.right) if sizes[0] <= sizes[1] else (candidate.right, candidate.left)
    return f"{smaller} {'=' if sizes[0] == sizes[1] else 'in'} {larger}"


def _to_prefer(left: CaseFile, right: CaseFile, best: Candidate, arms: Mapping[str, Arm]) -> str:
    """A suggestion: the report with more of the patients, else the one that was read more fully, else the later."""

    def rank(report: CaseFile, unit: str) -> tuple[int, int, int]:
        depth = report.extraction.depth
        read = -_DEPTHS.index(depth) if depth is not None else -len(_DEPTHS)
        return (arms[unit].counts[1] if unit in arms else 0, read, report.report.year or 0)

    return left.id if rank(left, best.left) > rank(right, best.right) else right.id
