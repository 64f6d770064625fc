"""What a source prints in numbers, kept as printed so that it can be audited.

May import: its neighbours in casefiles.
"""

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

    @model_validator(mode="after")
    def _among_the_patients(self) -> ClaimedSurvival:
        if self.patients < 1 or min(self.deaths, self.lost) < 0 or self.deaths + self.lost > self.patients:
            said = f"{self.deaths} deaths and {self.lost} lost of {self.patients} patients"
            raise refuse("wrong-form", said, "deaths and lost are among the patients: check the three counts")
        return self


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
    needs: Text | None = described("What is not printed, and would be needed to compute the number again.")

    @property
    def name(self) -> str:
        """The quantity; claims of the same name say the same thing twice."""
        return self.quantity or self.what
