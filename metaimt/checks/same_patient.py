"""Reports that may describe the same patient, though nobody has looked: a suspicion with its reasons.

A pair of reports that links.yaml names is decided, whichever way, and not suspected again. How the score comes about:
`patient_likeness`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, log2
from typing import Any

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.across_library import name_of
from metaimt.checks.patient_facts import Facts, library_facts
from metaimt.checks.patient_likeness import SMALL_LIBRARY, Frequencies, Point, compare, values
from metaimt.checks.rule import Located, rule

THRESHOLD = 8.0  # bits, for a library of up to SMALL_LIBRARY reports: of its pairs about one in 2**7.6 is one patient
MOST_REPORTS = 15  # with which a unit is compared for its rarest keys; a key of more is too common to lead to a pair
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
_OF_A_CROWD = 5  # of reports that are all alike, so many are looked at for two to name
_DEPTHS = ("full_text", "abstract", "title", "secondary")
_LONGEST_MESSAGE, _MOST_REASONS = 115, 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two patients or arms of different reports that may be the same, the first by id first."""

    units: tuple[Facts, Facts]
    score: float
    points: tuple[Point, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks for it, the strongest first; each ends with its points, and all points make the score."""
        return tuple(map(str, self.speaking()))

    @property
    def against(self) -> tuple[str, ...]:
        """What speaks against it, likewise."""
        return tuple(map(str, self.speaking(-1)))

    def speaking(self, sign: int = 1) -> list[Point]:
        """The points for it, or with -1 those against it, the strongest first."""
        return sorted((each for each in self.points if sign * each.points > 0), key=_strongest)

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
    """Every undecided pair of units that reaches the threshold, the likeliest first."""
    return _suspects(library)[0]


def _suspects(library: Library) -> tuple[tuple[Candidate, ...], tuple[tuple[int, Candidate], ...]]:
    """The candidates; and of more reports that are alike than a unit is compared with, how many and the likeliest pair.

    Such a crowd is told where two of its reports would be told if the others were not there.
    """
    decided = {frozenset(link.reports) for link in library.links}
    everyone = library_facts(library)
    keys = keys_of(everyone)
    found = _likely(_pairs(everyone, keys), Frequencies(everyone), decided)
    crowds = _crowds(everyone, keys)
    others = {facts.id for crowd in crowds for facts in crowd[2:]}
    if not crowds:
        return tuple(found), ()
    apart = Frequencies(facts for facts in everyone if facts.id not in others)
    told = [(len(crowd), _likely(pairwise(crowd[:_OF_A_CROWD]), apart, decided)) for crowd in crowds]
    return tuple(found), tuple((number, likely[0]) for number, likely in told if likely)


def _likely(
    pairs: Iterable[tuple[Facts, Facts]], known: Frequencies, decided: Collection[frozenset[str]]
) -> list[Candidate]:
    """The pairs that no link decides and that reach the threshold, the likeliest first.

    Beyond SMALL_LIBRARY reports the threshold rises by a bit with each doubling, so that chance suspects stay as many a
    report.
    """
    threshold = THRESHOLD + log2(known.size / SMALL_LIBRARY)
    found = []
    for left, right in pairs:
        if not decided or frozenset((left.report, right.report)) not in decided:
            candidate = likeness(left, right, known)
            if candidate is not None and candidate.score >= threshold:
                found.append(candidate)
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.left, candidate.right))


def likeness(left: Facts, right: Facts, known: Frequencies) -> Candidate | None:
    """How much two units look like one patient, whatever the score; None if a contradiction excludes it."""
    if (right.report, right.unit) < (left.report, left.unit):
        left, right = right, left
    points = compare(left, right, known)
    return None if points is None else Candidate((left, right), round(fsum(each.points for each in points), 1), points)


def _strongest(point: Point) -> tuple[float, str, tuple[str | float, ...]]:
    return -abs(point.points), point.form, point.said


def _crowds(everyone: Sequence[Facts], keys: Sequence[frozenset[Hashable]]) -> list[list[Facts]]:
    """The units, one a report, that have every key in common, where they are too many to be compared; like by like."""
    groups: dict[frozenset[Hashable], dict[str, Facts]] = {}
    for facts, shared in zip(everyone, keys, strict=True):
        groups.setdefault(shared, {}).setdefault(facts.report, facts)
    crowds = [list(group.values()) for group in groups.values() if len(group) > MOST_REPORTS + 1]
    return [sorted(crowd, key=lambda facts: (facts.sex or "", facts.histology or "", facts.id)) for crowd in crowds]


def _pairs(everyone: Sequence[Facts], keys: Sequence[frozenset[Hashable]]) -> Iterator[tuple[Facts, Facts]]:
    """The pairs of units of different reports, each once, of which one has the other among its nearest (blocking)."""
    report_of = [facts.report for facts in everyone]
    blocks: dict[Hashable, list[int]] = {}
    for unit, shared in enumerate(keys):
        for key in shared:
            blocks.setdefault(key, []).append(unit)
    sizes = {key: len({report_of[unit] for unit in block}) for key, block in blocks.items()}
    pairs: set[tuple[int, int]] = set()
    for unit, shared in enumerate(keys):
        rare = [(sizes[key], blocks[key]) for key in shared if 2 <= sizes[key] <= MOST_REPORTS + 1]
        others = (other for other in _nearest(rare, report_of) if report_of[other] != report_of[unit])
        pairs.update((unit, other) if unit < other else (other, unit) for other in others)
    for a, b in sorted(pairs):
        yield everyone[a], everyone[b]


def _nearest(blocks: Iterable[tuple[int, list[int]]], report_of: Sequence[str]) -> set[int]:
    """The units of the smallest blocks, of no more than MOST_REPORTS reports and one's own.

    Of blocks of one size all or none, so that no order decides.
    """
    by_size: dict[int, list[list[int]]] = {}
    for size, block in blocks:
        by_size.setdefault(size, []).append(block)
    nearest: set[int] = set()
    for size in sorted(by_size):
        more = nearest.union(*by_size[size])
        if len({report_of[unit] for unit in more}) > MOST_REPORTS + 1:
            break
        nearest = more
    return nearest


def keys_of(everyone: Iterable[Facts]) -> list[frozenset[Hashable]]:
    """What each unit is found by: values, and pairs of values, that lead to the others that have them."""
    return [frozenset(_keys(facts)) for facts in everyone]


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
    """Whoever counts a patient twice counts a response twice; a warning in each of the two reports, one of a crowd."""
    by_reports: dict[tuple[str, str], list[Candidate]] = {}
    pairs, crowds = _suspects(library)
    for candidate in pairs:
        by_reports.setdefault(candidate.reports, []).append(candidate)
    told: dict[str, list[Located]] = {}
    for pair, found in by_reports.items():
        left, right = (library.by_id[report] for report in pair)
        hint, why = _hint(left, right, found), _why(found[0])
        one, other = found[0].units
        for report, here, there in ((left, one, other), (right, other, one)):
            located = name_of(library, report), _place(here), _message(here.unit, there.id, why), hint
            told.setdefault(report.id, []).append(located)
    for of_report in told.values():
        yield from of_report
    for number, candidate in crowds:
        one, other = candidate.units
        message = f"{number} reports are as alike as {one.unit} here and {other.id}, too many to tell each pair"
        link = f"{{reports: [{one.report}, {other.report}], patients: [{one.id} = {other.id}], certainty: possible}}"
        hint = f"delete copies; for two of one patient add to links.yaml - {link}; if all differ, waive this"
        yield name_of(library, library.by_id[one.report]), _place(one), f"{message}: {_why(candidate)}", hint


def _place(facts: Facts) -> Path:
    return (*facts.path, "id" if facts.counts is None else "label")


def _message(unit: str, other: str, why: str) -> str:
    return f"{unit} may be the same as {other}: {why}"


def _why(candidate: Candidate) -> str:
    """`same partner FN1, same age 34; but sex female / male`: the strongest reasons for it, and against it."""
    left, right = candidate.units
    room = _LONGEST_MESSAGE - max(len(_message(left.unit, right.id, "")), len(_message(right.unit, left.id, "")))
    doubt = "".join(f"; but {point.words}" for point in candidate.speaking(-1)[:1])
    first, *more = candidate.speaking()[:_MOST_REASONS]
    said = first.words
    for point in more:
        longer = f"{said}, {point.words}"
        said = longer if len(longer) + len(doubt) <= room else said
    return said + doubt


def _hint(left: CaseFile, right: CaseFile, found: Sequence[Candidate]) -> str:
    """The two entries to choose from, and where all the reasons are."""
    both = f"reports: [{left.id}, {right.id}]"
    arms = _arms(left) | _arms(right)
    same = ", ".join(_relation(candidate, arms) for candidate in _one_each(found, arms))
    prefer = _to_prefer(left, right, found[0], arms)
    return (
        f"add to links.yaml - {{{both}, patients: [{same}], certainty: possible}}; add prefer: {prefer} to count one "
        f"of the two only; if they differ, - {{{both}, certainty: different}}. All reasons: metaimt show {left.id}"
    )


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
