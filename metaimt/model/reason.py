"""Why a unit is not counted in a pool: an enumeration, its words in one table. Nothing decides by the words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Reason(Enum):
    """What keeps a unit out of a pool or separate row. Which is named first is decided in `evidence.selection`."""

    NOT_ELIGIBLE = auto()
    COUNTED_ELSEWHERE = auto()
    LATER_LINE = auto()
    FIRST_LINE = auto()
    LATER_COURSE = auto()
    OTHER_ROW = auto()
    MIXED_STATUS = auto()
    NO_ROW = auto()
    OTHER_TARGET = auto()
    TARGET_NOT_STATED = auto()
    NOT_EVALUABLE = auto()
    NOT_READABLE = auto()
    NO_DENOMINATOR = auto()
    INFERRED = auto()
    BASIS_NOT_STATED = auto()
    UNNAMED_DRUG = auto()
    MIXED_TREATMENT = auto()
    SECOND_HAND = auto()
    DISPUTED = auto()


WORDS: Final = {
    Reason.NOT_ELIGIBLE: "not eligible (histology {})",
    Reason.COUNTED_ELSEWHERE: "counted in {}",
    Reason.LATER_LINE: "later line",
    Reason.FIRST_LINE: "first line",
    Reason.LATER_COURSE: "third or later course",
    Reason.OTHER_ROW: "{}",
    Reason.MIXED_STATUS: "{} status mixed",
    Reason.NO_ROW: "in no row of the protocol",
    Reason.OTHER_TARGET: "drug without the pool's target ({})",
    Reason.TARGET_NOT_STATED: "target of the drug not stated",
    Reason.NOT_EVALUABLE: "not evaluable",
    Reason.NOT_READABLE: "response not readable",
    Reason.NO_DENOMINATOR: "no number of evaluable patients printed",
    Reason.INFERRED: "inferred",
    Reason.BASIS_NOT_STATED: "basis of the response not stated",
    Reason.UNNAMED_DRUG: "unnamed drug",
    Reason.MIXED_TREATMENT: "mixed treatment",
    Reason.SECOND_HAND: "second-hand",
    Reason.DISPUTED: "disputed",
}


@dataclass(frozen=True, slots=True)
class Why:
    """A reason with its detail: the report that counts the patient, the label of another row, a histology, markers.

    `str` gives the words.
    """

    reason: Reason
    detail: str = ""

    JSON = str

    def __str__(self) -> str:
        return WORDS[self.reason].format(self.detail)
