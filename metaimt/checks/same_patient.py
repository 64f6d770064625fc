"""Reports that may describe the same patient, though nobody has looked: a suspicion with its reasons.

A pair of reports that links.yaml names is decided, whichever way, and not suspected again. How much two descriptions
look like one patient is the sum of points of evidence, each with its reason.

The points are log-likelihood ratios in bits, after Fellegi IP, Sunter AB, "A theory for record linkage", J Am Stat
Assoc 1969; 64: 1183-1210, simplified: fields count as independent, and the probabilities of agreement among true pairs
(`m`) are set, not estimated. Where a field agrees in a value,

    points = log2(m / u),   u = max(rarest, (others + STRENGTH * base) / (stating + STRENGTH)),

where `others` of `stating` other reports have that value: frequent agreements count less. `base` is the frequency
expected before any report is seen, and nothing is taken to be rarer: that a library has a value but twice does not say
how rare it is. Only drugs are a short list of which most patients share the common ones, so that another may well be
rarer than `base`: `rarest`. A value that every report has that states the field tells nobody apart and counts nothing,
also where only the two state it. The number of a trial names one set of patients, so it counts by the number of
reports, and nothing only where every report of the library has it. Where a field disagrees,
points = log2((1 - m) / (1 - base)), below zero; a field that either report leaves out counts nothing.
Another kinase, a marker positive here and negative there, and another fusion partner exclude a pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import fsum, log2
from typing import NamedTuple

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.across_library import name_of
from metaimt.checks.patient_facts import Facts, library_facts
from metaimt.checks.rule import Located, rule
from metaimt.serialise import published

STRENGTH = 10
SMALL_LIBRARY = 100  # reports
AGES_APART = 2.0  # years that two printed ages may differ beyond the years between the publications
UNDATED = 5.0  # years between publications where either has no year
_INFANT, _OLDEST, _AGE_WINDOW = 2.0, 120, 5
_SMALLEST_SERIES = 5  # of fewer patients, equal counts say nothing
_FURTHER_WORD, _MOST_FURTHER = 1.0, 2  # points of a further shared author or name, and how many count
_PLACE_WORDS = 2  # shown of a long description


@dataclass(frozen=True, slots=True)
class Odds:
    """`m`: how often one patient described twice agrees in the field; `base`: how often two patients do.

    `rarest` stands in for `base` as what no value is taken to be rarer than.
    """

    m: float
    base: float
    rarest: float | None = None

    def against(self) -> float:
        """Points of a disagreement."""
        return round(log2((1 - self.m) / (1 - self.base)), 1)


FIELDS = {
    "trial": Odds(0.9, 0.0),
    "author": Odds(0.5, 0.01),
    "name": Odds(0.5, 0.01),
    "partner": Odds(0.95, 0.05),
    "kinase": Odds(0.99, 0.5),
    "age": Odds(0.99, 0.05),
    "same age": Odds(0.7, 0.0125),
    "near age": Odds(0.25, 0.025),
    "age group": Odds(0.95, 0.5),
    "sex": Odds(0.995, 0.5),
    "site": Odds(0.9, 0.15),
    "place": Odds(0.6, 0.2),
    "histology": Odds(0.9, 0.5),
    "drugs": Odds(0.6, 0.05),
    "drug": Odds(0.85, 0.3, rarest=0.08),  # two share a drug mostly for the commonest; there are a dozen
    "near years": Odds(0.75, 0.3),
    "far years": Odds(0.9, 0.6),
    "median": Odds(0.5, 0.01),
    "counts": Odds(0.5, 0.03),
    "evaluable": Odds(0.5, 0.1),
}


class Point(NamedTuple):
    """What an agreement or a contradiction adds to the score, or takes away; its words are made where they are read."""

    points: float
    form: str
    said: tuple[str | float, ...] = ()
    reports: int = 0  # that have the value, of those that state the field
    stating: int = 0

    @property
    def words(self) -> str:
        """The reason: `same partner GENE`."""
        return self.form.format(*self.said)

    @property
    def reason(self) -> str:
        """The reason, and how many reports have the value."""
        return f"{self.words} ({self.reports} of {self.stating} reports)" if self.stating else self.words

    def __str__(self) -> str:
        return f"{self.reason} {self.points:+.1f}"


def _strongest(point: Point) -> tuple[float, str, tuple[str | float, ...]]:
    return -abs(point.points), point.form, point.said


class Frequencies:
    """In how many reports of a library each value stands."""

    def __init__(self, everyone: Iterable[Facts]) -> None:
        self._reports: Counter[Hashable] = Counter()
        by_report: dict[str, set[Hashable]] = {}
        ages: Counter[int] = Counter()
        for facts in everyone:
            stated = by_report.setdefault(facts.report, set())
            for field, value in values(facts):
                stated.add((field, value))
                stated.add(_stating(field, value))
            ages[_year_of_age(facts.age or 0)] += facts.age is not None
        for stated in by_report.values():
            self._reports.update(stated)
        self._number = len(by_report)
        self.size = max(SMALL_LIBRARY, self._number)
        self._younger = [0, *accumulate(ages[year] for year in range(_OLDEST + 1))]
        self._known: dict[tuple[str, Hashable], tuple[float, int, int]] = {}

    def agreement(self, field: str, value: Hashable, form: str, *said: str | float) -> Point:
        """The point for a value that two reports share."""
        known = self._known.get((field, value))
        if known is None:
            known = self._known[field, value] = self._agreement(field, value)
        points, reports, stating = known
        return Point(points, form, said, reports, stating)

    def _agreement(self, field: str, value: Hashable) -> tuple[float, int, int]:
        odds = FIELDS[field]
        reports, stating = self._reports[field, value], self._reports[_stating(field, value)]
        u = (reports - 2 + STRENGTH * odds.base) / (stating - 2 + STRENGTH)
        rarest = odds.base if odds.rarest is None else odds.rarest
        return (_for(odds.m, max(rarest, u)) if self.tells(field, value) else 0.0), reports, stating

    def tells(self, field: str, value: Hashable) -> bool:
        """Whether any report states the field otherwise."""
        return self._reports[field, value] < self._reports[_stating(field, value)]

    def trial_agreement(self, trial: str) -> Point:
        """The point for the number of a trial: of so many reports, one in three would be such a pair by chance."""
        everywhere = self._reports["trial", trial] == self._number > 2
        points = 0.0 if everywhere else _for(FIELDS["trial"].m, 1 / (3 * self.size))
        return Point(points, "same trial {}", (trial,))

    def age_agreement(self, left: float, right: float) -> Point | None:
        """The point for two ages that are the same, or a year apart; younger than 2 years, three months."""
        apart = abs(left - right)
        infants = min(left, right) < _INFANT
        same, near = (0.05, 0.25) if infants else (0.5, 1.0)
        if apart > near:
            return None
        middle = _year_of_age((left + right) / 2)
        low, high = max(0, middle - _AGE_WINDOW), min(_OLDEST, middle + _AGE_WINDOW)
        others = max(0, self._between(low, high) - 2) / (high + 1 - low)
        alike = max(0, self._between(*map(_year_of_age, sorted((left, right)))) - 2)
        everyone = max(0, self._younger[-1] - 2)
        odds, years, form = (
            (FIELDS["same age"], 1, "same age {:g}") if apart <= same else (FIELDS["near age"], 2, "ages {:g} and {:g}")
        )
        u = (max(years * others, alike) + STRENGTH * odds.base) / (everyone + STRENGTH)
        points = 0.0 if alike == everyone else _for(odds.m, max(odds.base, u))
        return Point(points, form, (min(left, right), max(left, right))[:years])

    def _between(self, low: int, high: int) -> int:
        """How many are of these years of age."""
        return self._younger[high + 1] - self._younger[low]


def values(facts: Facts) -> Iterator[tuple[str, Hashable]]:
    """The values of a patient or arm whose frequency matters, by field."""
    words = facts.words
    for field, several in (
        ("trial", words.trials),
        ("author", words.authors),
        ("name", words.names),
        ("kinase", facts.kinases),
        ("drug", facts.drugs),
    ):
        yield from ((field, value) for value in several)
    for field, one in (
        ("partner", facts.partner),
        ("age group", facts.age_group),
        ("sex", facts.sex),
        ("site", facts.site),
        ("histology", facts.histology),
        ("drugs", facts.drugs if len(facts.drugs) > 1 else None),
        ("median", facts.median_pfs),
        ("counts", facts.counts),
        ("evaluable", facts.counts and facts.counts[1]),
        ("year", facts.year),
    ):
        if one is not None:
            yield field, one
    yield from (("place", (facts.site, stem)) for stem in facts.place)


def _stating(field: str, value: Hashable) -> Hashable:
    """What counts the reports that state a field; for a place, those of the same site."""
    return (field, value[0]) if field == "place" and isinstance(value, tuple) else field


def _year_of_age(age: float) -> int:
    return min(_OLDEST, max(0, int(age)))


def _for(m: float, u: float) -> float:
    return round(max(0.0, log2(m / u)), 1)


def compare(left: Facts, right: Facts, known: Frequencies) -> tuple[Point, ...] | None:
    """Every point for and against one patient being described twice, or None if a contradiction excludes it."""
    if _excluded(left, right):
        return None
    every = (_of_words, _of_tumour, _of_person, _of_treatment, _of_counts)
    return tuple(point for points_of in every for point in points_of(left, right, known) if point.points)


def _excluded(left: Facts, right: Facts) -> bool:
    other_kinase = left.kinases and right.kinases and not left.kinases & right.kinases
    opposite = left.kinases & right.negative or right.kinases & left.negative
    other_partner = None not in (left.partner, right.partner) and left.partner != right.partner
    return bool(other_kinase or opposite or other_partner)


def _of_words(left: Facts, right: Facts, known: Frequencies) -> Iterator[Point]:
    for trial in sorted(left.words.trials & right.words.trials)[:1]:
        yield known.trial_agreement(trial)
    yield from _rarest("author", "shared author {}", left.words.authors & right.words.authors, known)
    yield from _rarest("name", "both name {}", left.words.names & right.words.names, known)


def _rarest(field: str, form: str, shared: Iterable[str], known: Frequencies) -> Iterator[Point]:
    """The rarest shared word in full; each further one comes with it and adds little."""
    points = sorted((known.agreement(field, value, form, value) for value in shared), key=_strongest)
    yield from points[:1]
    for point in points[1 : 1 + _MOST_FURTHER]:
        yield point._replace(points=min(_FURTHER_WORD, point.points))


def _of_tumour(left: Facts, right: Facts, known: Frequencies) -> Iterator[Point]:
    if left.partner is not None and left.partner == right.partner:
        yield known.agreement("partner", left.partner, "same partner {}", left.partner)
    for kinase in sorted(left.kinases & right.kinases):
        yield known.agreement("kinase", kinase, "both {}-positive", kinase)
    yield from _same_or_not("site", left.site, right.site, known)
    if left.site == right.site:
        yield from _of_place(left, right, known)
    if not left.histology == right.histology == "other":
        yield from _same_or_not("histology", left.histology, right.histology, known)


def _of_place(left: Facts, right: Facts, known: Frequencies) -> Iterator[Point]:
    """The rarest word of the exact place that both use, within the same site."""
    shared = [
        known.agreement("place", (left.site, stem), "place {}", "/".join(sorted({left.place[stem], right.place[stem]})))
        for stem in left.place.keys() & right.place.keys()
    ]
    if shared:
        yield min(shared, key=_strongest)
    elif left.place and right.place:
        words = sorted(", ".join(sorted(facts.place.values())[:_PLACE_WORDS]) for facts in (left, right))
        yield Point(_AGAINST["place"], "place {} / {}", tuple(words))


def _of_person(left: Facts, right: Facts, known: Frequencies) -> Iterator[Point]:
    yield from _same_or_not("sex", left.sex, right.sex, known)
    if left.age is None or right.age is None:
        yield from _same_or_not("age group", left.age_group, right.age_group, known)
        return
    if (agreement := known.age_agreement(left.age, right.age)) is not None:
        yield agreement
    between = UNDATED if left.year is None or right.year is None else abs(left.year - right.year)
    if abs(left.age - right.age) > AGES_APART + between:
        yield Point(_AGAINST["age"], "ages {:g} / {:g}", tuple(sorted((left.age, right.age))))


def _same_or_not(field: str, left: str | None, right: str | None, known: Frequencies) -> Iterator[Point]:
    if left is None or right is None:
        return
    if left == right:
        yield known.agreement(field, left, "same {} {}", field, left.replace("_", " "))
    else:
        one, other = (value.replace("_", " ") for value in sorted((left, right)))
        yield Point(_AGAINST[field], "{} {} / {}", (field, one, other))


def _of_treatment(left: Facts, right: Facts, known: Frequencies) -> Iterator[Point]:
    shared = set(left.drugs) & set(right.drugs)
    if left.drugs == right.drugs and len(shared) > 1:
        yield known.agreement("drugs", left.drugs, "same drugs {}", ", then ".join(left.drugs))
    elif shared:
        yield min((known.agreement("drug", drug, "both {}", drug) for drug in shared), key=_strongest)
    elif left.drugs and right.drugs:
        yield Point(_AGAINST["drug"], "drugs {} / {}", tuple(sorted((", ".join(left.drugs), ", ".join(right.drugs)))))


def _of_counts(left: Facts, right: Facts, known: Frequencies) -> Iterator[Point]:
    """Arms by their counts and printed medians; patients by the years of their publications."""
    if left.counts is None and right.counts is None:
        yield from _of_years(left.year, right.year, known)
    if left.counts is None or right.counts is None:
        return
    size = left.counts[1]
    if size >= _SMALLEST_SERIES and left.counts == right.counts:
        yield known.agreement("counts", left.counts, "both {}/{}", left.counts[0], size)
    elif size >= _SMALLEST_SERIES and size == right.counts[1]:
        yield known.agreement("evaluable", size, "both of {} patients", size)
    if left.median_pfs is not None and left.median_pfs == right.median_pfs:
        yield known.agreement("median", left.median_pfs, "same median PFS {:g} months", left.median_pfs)


def _of_years(left: int | None, right: int | None, known: Frequencies) -> Iterator[Point]:
    if left is None or right is None:
        return
    between = abs(left - right)
    if not between and known.tells("year", left):
        yield Point(_NEAR_YEARS, "same year {}", (left,))
    elif between == 1:
        yield Point(_NEAR_YEARS, "years {} and {}", (min(left, right), max(left, right)))
    elif between > 3:
        yield Point(_AGAINST["far years"], "published {} years apart", (between,))


_AGAINST = {field: odds.against() for field, odds in FIELDS.items()}
_NEAR_YEARS = _for(FIELDS["near years"].m, FIELDS["near years"].base)
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


@published("left", "right", "score", "reasons", "against")
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
    """`same partner GENE, same age 34; but sex female / male`: the strongest reasons for it, and against it."""
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
