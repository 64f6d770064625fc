"""What a source prints in numbers, kept as printed so that it can be audited."""

from __future__ import annotations

from pydantic import Field, model_validator

from metaimt.casefiles.entry import Entry, described, listed
from metaimt.casefiles.fields import Identifier, Number, Printed, Text, Whole, refuse


class ClaimedSurvival(Entry):
    """What a printed survival rests on, so that it can be set against the printed deaths."""

    months: Number = Field(description="Months since the start.")
    patients: Whole = Field(description="Patients at the start.")
    deaths: Whole = Field(description="Deaths over the whole follow-up, as printed.")
    lost: Whole = Field(default=0, description="Patients lost to follow-up, as printed.")
    median_followup: Number | None = described("Printed median follow-up, months.")

    @model_validator(mode="after")
    def _among_the_patients(self) -> ClaimedSurvival:
        if self.patients < 1 or min(self.deaths, self.lost) < 0 or self.deaths + self.lost > self.patients:
            said = f"{self.deaths} deaths and {self.lost} lost of {self.patients} patients"
            raise refuse("wrong-form", said, "deaths and lost are among the patients: check the three counts")
        return self


class Comparison(Entry):
    """Which number of this review stands beside a printed one: a response rate, a median time, or a level's share."""

    number: Text | None = described("response: the pooled response rates; median_duration: the median of known times.")
    grouping: Text | None = described("A grouping of `metaimt pool --by`, such as fusion_partner, with level.")
    level: Text | None = described("The level of that grouping whose patients are counted, such as RANBP2.")

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Comparison:
        if self.number is None and self.level is not None and self.grouping is not None:
            return self
        if self.number in {"response", "median_duration"} and self.grouping is None and self.level is None:
            return self
        hint = "write number: response, number: median_duration, or a grouping of the protocol with its level"
        raise refuse("wrong-form", "names no number of this review", hint)


class Claim(Entry):
    """A printed statement, such as n/N (p %), kept as printed so that it can be audited."""

    what: Text = Field(description="What is counted.")
    quantity: Text | None = described("Name of the quantity, if `what` says it in other words than another claim.")
    n: Whole | None = described("Printed count.")
    of: Whole | None = described("Printed denominator.")
    percent: Printed | None = described("Printed percentage, with the digits as printed.")
    value: Printed | None = described("Printed number that is no count and no percentage, such as a mean.")
    unit: Text | None = described("Unit of value, such as years.")
    printed: Text | None = described("The words of the source, for what no other field holds.")
    where: Text | None = described("Section or table.")
    part_of: Text | None = described("The quantity that has at least as many patients as this one.")
    parts: tuple[Text, ...] = listed("Quantities that share no patient and add up to this one.")
    disjoint_parts: tuple[Text, ...] = listed("Quantities that share no patient; together no more than this one.")
    survival: ClaimedSurvival | None = described("For a survival percentage: when, of how many, with which deaths.")
    quotes: Identifier | None = described("Report of the review whose counts this statement quotes.")
    compare: Comparison | None = described("The number of this review that stands beside it.")
    needs: Text | None = described("What is not printed, and would be needed to compute the number again.")

    @property
    def name(self) -> str:
        """The quantity; claims of the same name say the same thing twice."""
        return self.quantity or self.what
