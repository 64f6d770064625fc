"""What a clinician asks next: who had no benefit, who still has after a year, who was operated on, who stopped.

Counts of the patients of a pool described one by one, by histology and by drug, each with for how many it is known. No
rate is made of fewer than FEWEST.

What do the sources say on deaths, on why treatment ended, and on adverse events? Counts, with who says so.

Every eligible patient described one by one, once, whether or not the response is readable. A patient whom the pools
count in an arm stands here too: an arm says none of this. A source that says nothing is not a source that says "none":
each count stands beside the number for whom the item is stated, and no rate is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Placed, Selection
from metaimt.evidence.sharing import pairs_of
from metaimt.model.count import Count
from metaimt.model.reason import Reason
from metaimt.model.unit import Unit
from metaimt.serialise import published

ONGOING = "still on the drug"
NO_REASON = "stopped, reason not stated"
BEFORE_ASSESSMENT = "death before the response was assessed"


@published(
    stated=lambda each: len(each.stated.parts),
    of=lambda each: len(each.asked.parts),
    values=lambda each: {n: {"number": len(v.ids), "units": v.ids} for n, v in each.values.items()},
)
@dataclass(frozen=True, slots=True)
class Stated:
    """One item: `values` maps what is stated to who, `stated` are all these, `asked` also those who state nothing.

    A unit may have more than one value (adverse events), so that the values may add up to more than `stated`.
    """

    item: str
    values: Mapping[str, Count]
    stated: Count
    asked: Count


@published(
    "status",
    end_of_treatment="ends",
    adverse_events="events",
    patients_as_counts="arms.evaluable",
    of_these_described_elsewhere=lambda each: len(each.elsewhere.parts),
)
@dataclass(frozen=True, slots=True)
class DeathsAndToxicity:
    """`status` of each patient at the last follow-up; `ends` and `events` of each course.

    arms: for whose patients none of this is recorded, but for those whom another report describes one by one
    (`elsewhere`), and who stand in the three items.
    """

    status: Stated
    ends: Stated
    events: Stated
    arms: Count
    elsewhere: Count


def deaths_and_toxicity(library: Library, protocol: Protocol, selection: Selection) -> DeathsAndToxicity:
    """Count what is stated for the patients of a selection."""
    again = _described_again(library, protocol)
    eligible = [placed for placed in selection.placed if not _says(placed, Reason.NOT_ELIGIBLE)]
    courses = [placed.unit for placed in eligible if placed.unit.course and placed.unit.subject not in again]
    first = [unit for unit in courses if unit.course == 1]
    given_way = {placed.unit.subject for placed in eligible if _says(placed, Reason.COUNTED_ELSEWHERE)}
    alone = (p.unit for p in eligible if not p.unit.course and p.unit.subject not in given_way)
    arms = [unit for unit in alone if unit.line != "later"]
    named = _events(library)
    return DeathsAndToxicity(
        status=_stated("status at the last follow-up", first, lambda unit: _one(unit.life_status)),
        ends=_stated("how the treatment ended", courses, lambda unit: _one(_end(unit))),
        events=_stated("adverse events", courses, lambda unit: named.get((unit.subject, unit.course), ())),
        arms=Count.of("known only as counts", arms),
        elsewhere=Count.of(
            "within these counts, but described one by one elsewhere",
            (unit for unit in first if unit.subject in given_way),
        ),
    )


def _says(placed: Placed, reason: Reason) -> bool:
    """Eligibility and links come before the conditions of any pool, so that every group has the same reason."""
    return any(why.reason is reason for why in next(iter(placed.reasons.values()), ()))


def _described_again(library: Library, protocol: Protocol) -> set[str]:
    """Subjects that give way to a report which describes the same patient one by one."""
    found: set[str] = set()
    people = {report.id: {f"{report.id}/{patient.id}" for patient in report.patients} for report in library.reports}
    described = set[str]().union(*people.values())
    for link in library.links:
        if link.certainty not in protocol.links.apply:
            continue
        found |= {mine for mine, theirs, _ in pairs_of(link) if theirs in described}
        if not link.patients and people.get(link.prefer):
            found |= people.get(link.gives_way, set())
    return found


def _end(unit: Unit) -> str | None:
    if unit.stop_reason == "death" and unit.response == "NE":
        return BEFORE_ASSESSMENT
    if unit.stop_reason is not None:
        return unit.stop_reason
    return None if unit.ongoing is None else ONGOING if unit.ongoing else NO_REASON


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _events(library: Library) -> dict[tuple[str, int], tuple[str, ...]]:
    """(subject, course) -> adverse events as printed, in small letters so that equal ones meet."""
    return {
        (f"{report.id}/{patient.id}", number): tuple(dict.fromkeys(event.casefold() for event in course.adverse_events))
        for report in library.reports
        for patient in report.patients
        for number, course in enumerate(patient.courses, start=1)
    }


def _stated(item: str, asked: Sequence[Unit], values_of: Callable[[Unit], Iterable[str]]) -> Stated:
    values: dict[str, list[Unit]] = {}
    for unit in asked:
        for value in values_of(unit):
            values.setdefault(value, []).append(unit)
    ranked = sorted(values, key=lambda value: (-len(values[value]), value))
    return Stated(
        item,
        {value: Count.of(f"{item}: {value}", values[value]) for value in ranked},
        Count.of(f"{item}: stated", (unit for unit in asked if tuple(values_of(unit)))),
        Count.of(item, asked),
    )


FEWEST: Final = 10
YEAR: Final = 12.0  # months
NOT_REPORTED: Final = "not reported"
PROGRESSION: Final = "primary progression: progression or death before assessment as best response"
AT_A_YEAR: Final = "of responders, still in response or on the drug at 12 months"
OPERABLE: Final = "became operable, or the drug was stopped for surgery"
TOXICITY: Final = "stopped for toxicity"


@published(
    "question",
    yes=lambda each: len(each.yes.parts),
    known=lambda each: len(each.known.parts),
    of=lambda each: len(each.asked.parts),
)
@dataclass(frozen=True)
class Answer:
    """One question: who of `asked` says yes, who says yes or no."""

    question: str
    yes: Count
    known: Count
    asked: Count

    @property
    def rate(self) -> float | None:
        """yes / known, 0 to 1; None where fewer than FEWEST are known."""
        known = len(self.known.parts)
        return len(self.yes.parts) / known if known >= FEWEST else None


@published(
    "pool",
    groups=lambda each: [{"grouping": g, "level": level, "answers": a} for (g, level), a in each.answers.items()],
)
@dataclass(frozen=True)
class ClinicalQuestions:
    """Of one pool: the answers for all, and by level of histology and of drug."""

    pool: str
    answers: Mapping[tuple[str, str], tuple[Answer, ...]]  # (grouping, level); ("", "") is the pool


def clinical_questions(selection: Selection, pool: str, label: str) -> ClinicalQuestions:
    """The four questions of one pool."""
    members = (placed.unit for placed in selection.members(pool))
    patients = Count.of(f"{label}: described one by one", (unit for unit in members if unit.course and unit.evaluable))
    found = {("", ""): _answers(patients)}
    levels: tuple[tuple[str, Callable[[Unit], str | None]], ...] = (
        ("histology", lambda unit: unit.histology),
        ("drug", lambda unit: unit.drug),
    )
    for grouping, level_of in levels:
        for name, counts in patients.by_level(f"{label}, {grouping}: ", level_of, NOT_REPORTED).items():
            found[grouping, name] = _answers(counts)
    return ClinicalQuestions(pool, found)


def _answers(patients: Count) -> tuple[Answer, ...]:
    responders = patients.where(f"{patients.title}: responders", lambda unit: unit.responders == 1)
    return (
        _answer(PROGRESSION, patients, _progressed),
        _answer(AT_A_YEAR, responders, _at_a_year),
        _answer(OPERABLE, patients, _operable),
        _answer(TOXICITY, patients, _toxicity),
    )


def _answer(question: str, asked: Count, of: Callable[[Unit], bool | None]) -> Answer:
    short = question.partition(":")[0]
    return Answer(
        question,
        asked.where(f"{asked.title}: {short}", lambda unit: of(unit) is True),
        asked.where(f"{asked.title}: {short}, known", lambda unit: of(unit) is not None),
        asked,
    )


def _progressed(unit: Unit) -> bool | None:
    return None if unit.response is None else unit.response == "PD" or unit.response_basis == "death"


def _at_a_year(unit: Unit) -> bool | None:
    """Stated; or a time of response, without progression or on the drug of a year or more; or that it ended earlier."""
    if unit.at_twelve_months is not None:
        return unit.at_twelve_months
    times = [span for span in (unit.response_duration, unit.pfs, unit.duration) if span is not None]
    if any(low >= YEAR for low, _ in times):
        return True
    # The drug may have been stopped for another reason while the response went on: that is not known.
    lost = unit.stop_reason in {"progression", "death"} and not unit.ongoing
    return False if lost and times and all(high < YEAR for _, high in times) else None


def _operable(unit: Unit) -> bool | None:
    if unit.became_operable is not None:
        return unit.became_operable
    return unit.stop_reason == "surgery" or None


def _toxicity(unit: Unit) -> bool | None:
    if unit.stop_reason is not None:
        return unit.stop_reason == "toxicity"
    return False if unit.ongoing else None
