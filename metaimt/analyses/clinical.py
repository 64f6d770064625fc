"""What a clinician asks next: who had no benefit, who still has after a year, who was operated on, who stopped.

Counts of the patients of a pool described one by one, by histology and by drug, each with for how many it is known. No
rate is made of fewer than FEWEST.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.model.unit import Unit

FEWEST: Final = 10
YEAR: Final = 12.0  # months
NOT_REPORTED: Final = "not reported"
PROGRESSION: Final = "primary progression: progression or death before assessment as best response"
AT_A_YEAR: Final = "of responders, still in response or on the drug at 12 months"
OPERABLE: Final = "became operable, or the drug was stopped for surgery"
TOXICITY: Final = "stopped for toxicity"


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

    def to_dict(self) -> dict[str, Any]:
        """The three counts."""
        counts = {"yes": len(self.yes.parts), "known": len(self.known.parts), "of": len(self.asked.parts)}
        return {"question": self.question, **counts}


@dataclass(frozen=True)
class ClinicalQuestions:
    """Of one pool: the answers for all, and by level of histology and of drug."""

    pool: str
    answers: Mapping[tuple[str, str], tuple[Answer, ...]]  # (grouping, level); ("", "") is the pool

    def to_dict(self) -> dict[str, Any]:
        """A list of groups."""
        return {
            "pool": self.pool,
            "groups": [
                {"grouping": grouping, "level": level, "answers": [each.to_dict() for each in found]}
                for (grouping, level), found in self.answers.items()
            ],
        }


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
    if unit.stop_reason is not None:
        return unit.stop_reason == "surgery" or None
    return None


def _toxicity(unit: Unit) -> bool | None:
    if unit.stop_reason is not None:
        return unit.stop_reason == "toxicity"
    return False if unit.ongoing else None
