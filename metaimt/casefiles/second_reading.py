"""A second reading: what another person found in the same publication, without having seen the case file.

It holds responses and counts, no bibliography, and is never pooled. It has the fields of a case file, and may give
words where the reader chose no term.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import ConfigDict, Field, PlainValidator, ValidationInfo, WithJsonSchema, model_validator

from metaimt.casefiles.fields import DrugName, Entry, Text, described, listed, unknown_term, vocabulary_of
from metaimt.casefiles.model import Arm, Course, Design, Extraction, Patient, Publication, Waiver
from metaimt.files import in_ascii

FOLDER = "second-reading"


def is_second_reading(name: str) -> bool:
    """Whether a file of this name is one: in the folder itself, or in that of a person below it."""
    return FOLDER in PurePosixPath(name).parts[-3:-1]


def reader_of(name: str, by: str | None) -> str:
    """Who read again: whoever the file says, else whose folder it lies in."""
    folder = PurePosixPath(name).parent.name
    return by or (folder if folder != FOLDER else "not named")


def key_of_reader(name: str) -> str:
    """What a person's name is compared by: `Reader 2` is whose folder is reader-2."""
    return in_ascii(name) or " ".join(name.casefold().split())


_AFTER = re.compile(r"after (.+)")


def _line(value: object, info: ValidationInfo) -> str:
    """`after` a drug is a later line, said with the drug that was given before."""
    vocabulary = vocabulary_of(info)
    text = str(value)
    before = _AFTER.fullmatch(text)
    if text not in vocabulary.lists["line"] and not (before and before[1] in vocabulary.drugs):
        raise unknown_term(vocabulary, "line", "line", text)
    return "later" if before else text


class SecondCourse(Course):
    """One course as the second reader found it."""

    drug: DrugName | None = described("Generic name; left out: the courses are in the order of the case file.")  # type: ignore[assignment]
    drug_as_stated: Text | None = described("The drug in the words of the source.")


class SecondPatient(Patient):
    """One patient as the second reader found it, by the id of the case file."""

    histology_as_stated: Text | None = described("The histology in the words of the source.")
    courses: tuple[SecondCourse, ...] = Field(min_length=1, description="Kinase inhibitors in the order given.")


class SecondArm(Arm):
    """One arm as the second reader found it, in the order of the case file."""

    model_config = ConfigDict(json_schema_extra={})  # that of an arm asks for counts

    label: Text | None = described("What the group is, in a few words.")  # type: ignore[assignment]
    drug_as_stated: Text | None = described("The drug in the words of the source.")
    line: Annotated[str, PlainValidator(_line), WithJsonSchema({"type": "string"})] = Field(
        default="any", description="first, later, any, or after a drug."
    )

    @model_validator(mode="after")
    def _has_counts(self) -> SecondArm:
        """A second reader may have found no counts: what is left out is not compared."""
        return self


class ReportRead(Publication):
    """Which report was read; its bibliography may stand here too, and is not compared."""

    design: Design | None = described("Not compared.")  # type: ignore[assignment]


class SecondReading(Entry):
    """second-reading/PERSON/ID.yaml."""

    report: ReportRead = Field(description="Which report was read.")
    extraction: Extraction = Field(default_factory=Extraction, description="Who read it, and when.")
    patients: tuple[SecondPatient, ...] = listed("Patients described one by one.")
    arms: tuple[SecondArm, ...] = listed("Groups published only as counts.")
    waivers: tuple[Waiver, ...] = listed("Disagreements that were settled, each with the reason.")
