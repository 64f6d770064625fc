"""The shared files of a review: links, excluded publications, searches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, PlainValidator, RootModel, WithJsonSchema, model_validator

from metaimt.casefiles.fields import (
    Date,
    Doi,
    Entry,
    Identifier,
    Pmcid,
    Pmid,
    Text,
    Url,
    Whole,
    described,
    listed,
    mapped,
    refuse,
)
from metaimt.casefiles.model import ArmStatus
from metaimt.casefiles.protocol import DIFFERENT, POSSIBLE, LinkCertainty

_REFERENCE = r"([a-z0-9][a-z0-9-]*)/([A-Za-z0-9][A-Za-z0-9_.-]*)"
_PAIR = re.compile(rf"{_REFERENCE}\s+(=|in)\s+{_REFERENCE}")


@dataclass(frozen=True, slots=True)
class SamePatients:
    """`left relation right`; each side is (report id, patient or arm id); relation is = or in."""

    left: tuple[str, str]
    relation: str
    right: tuple[str, str]

    def side(self, report: str) -> tuple[str, str] | None:
        """The side that belongs to `report`."""
        return next((side for side in (self.left, self.right) if side[0] == report), None)


def _same_patients(value: object) -> SamePatients:
    match = _PAIR.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        hint = "write smith-2020/P1 = jones-2021/P2, or smith-2020/P1 in jones-2021/arm1"
        raise refuse("wrong-form", f"'{value}' does not say which patients are the same", hint)
    return SamePatients((match[1], match[2]), match[3], (match[4], match[5]))


_SCHEMA = {"type": "string", "pattern": f"^{_REFERENCE}\\s+(=|in)\\s+{_REFERENCE}$"}


class Link(Entry):
    """Two reports that share, or may share, patients, and which of the two to count, if only one."""

    reports: Annotated[tuple[Identifier, ...], Field(min_length=2, max_length=2)] = Field(description="Two ids.")
    patients: tuple[Annotated[SamePatients, PlainValidator(_same_patients), WithJsonSchema(_SCHEMA)], ...] = listed(
        "What is the same: a/P1 = b/P1, or a/P1 in b/arm1; left out: the whole report gives way."
    )
    certainty: LinkCertainty = Field(
        description="certain, probable or possible; different: compared, and no patient is in both: both are counted."
    )
    prefer: Identifier = Field(
        default="",
        description="The report to count. With certainty different, and possible where it is left out, both are.",
    )
    decided_by: Text | None = described("Who decided.")
    evidence: Text | None = described("Why they are taken to be the same, or different.")

    @model_validator(mode="after")
    def _decides(self) -> Link:
        if self.different and self.patients:
            hint = "delete patients, or write certainty: possible"
            raise refuse("wrong-form", "certainty different says that no patient is in both reports", hint)
        if self.certainty not in {DIFFERENT, POSSIBLE} and not self.prefer:
            hint = f"add prefer: {self.reports[0]} or prefer: {self.reports[1]}, the report to count"
            raise refuse("missing-field", "the link has no 'prefer'", hint)
        return self

    @property
    def different(self) -> bool:
        """Whether the two reports were found to share no patient: nobody gives way."""
        return self.certainty == DIFFERENT

    @property
    def gives_way(self) -> str:
        """The report whose named patients are not counted; empty where both reports are."""
        if self.different or not self.prefer:
            return ""
        return next((report for report in self.reports if report != self.prefer), self.prefer)


class Excluded(Entry):
    """A publication that was read and not included, with the reason."""

    id: Identifier = Field(description="author-year.")
    title: Text | None = described("Title as printed.")
    doi: Doi | None = described("DOI.")
    pmid: Pmid | None = described("PubMed id.")
    pmcid: Pmcid | None = described("PubMed Central id: PMC and digits.")
    url: Url | None = described("Where it was read.")
    date: Date | None = described("Date of the decision.")
    reason: Text = Field(description="Why it is not included.")
    treated: Whole | None = described("Patients known to have had the drugs of the review, response unreadable.")
    responded: Whole | None = described("How many of them are known to have responded, at least.")
    treated_as_stated: Text | None = described("The words of the source on both, and how the number follows.")
    status: Mapping[str, ArmStatus] = mapped("Marker -> status of those treated, where the source says it.")

    @model_validator(mode="after")
    def _responded_are_treated(self) -> Excluded:
        if self.responded is not None and (self.treated is None or self.responded > self.treated):
            said = f"responded: {self.responded} of treated: {self.treated}"
            raise refuse("wrong-form", said, "those who responded are among the treated: add treated, or correct one")
        return self


class Search(Entry):
    """One search of one source."""

    id: Identifier = Field(description="Short name of the search.")
    source: Text = Field(description="Database, register, or how else.")
    status: Text = Field(description="done, or not yet run.")
    date: Date | None = described("Date of the search.")
    query: Text | None = described("The query as run, or to be run.")
    hits: Whole | None = described("Records found; left out if not recorded.")
    screened: Whole | None = described("Records screened; left out if not recorded.")
    included: Whole | None = described("Publications included.")
    excluded: tuple[Identifier, ...] = listed("Ids in excluded.yaml.")
    note: Text | None = described("What a reader must know about it.")


class LinkFile(RootModel[tuple[Link, ...]]):
    """links.yaml."""


class ExcludedFile(RootModel[tuple[Excluded, ...]]):
    """excluded.yaml."""


class SearchFile(RootModel[tuple[Search, ...]]):
    """searches.yaml."""
