"""One unit of the evidence: a treatment course of a patient, or an arm known only as counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

ADULT_AGE = 18.0  # years; a child is younger
Span = tuple[float, float]  # months, shortest and longest; equal where the source gives one number


class Median(Protocol):
    """A printed median, months, with its printed interval; a limit of None is not estimable."""

    @property
    def value(self) -> float:
        """The median."""

    @property
    def ci(self) -> tuple[float | None, float | None] | None:
        """The limits, or None where none is printed."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One course of one patient (`course` counts from 1), or one arm (`course` is 0).

    `responders` and `evaluable` are counts of patients, 0 of 0 where the response cannot be assessed; `complete` and
    `controlled` count complete responses and disease control, None where the source does not allow it. `markers`
    holds positive, negative or mixed for each marker that the source mentions; a fusion decides over a stain.
    Times and how the course ended are a patient's, medians an arm's; None where the source does not say.
    """

    id: str
    report: str
    file: str
    patient: str | None  # id in the report; None: an arm
    arm: int | None  # the arm of the report, from 1; None: a patient
    course: int
    line: str  # first | later | any (arms: mixed or not said); a patient's first recorded course is first
    design: str
    local: bool
    depth: str | None
    drug: str
    drug_named: bool
    drug_generation: str | None
    targets: tuple[tuple[str, ...], ...]  # of each drug given (two or more: a regimen); empty where not stated
    combined_with: tuple[str, ...]
    histology: str | None
    site: str | None
    fusion_gene: str | None
    fusion_partner: str | None
    markers: tuple[tuple[str, str], ...]
    kinases: tuple[str, ...]  # of a fusion, or else those with a positive marker, however that is written
    mutations: tuple[tuple[str, str | None], ...]  # gene, change as printed
    marker_evidence: str | None  # how a marker is known to be positive: fusion, rearranged, ihc, or stated (arms)
    age: float | None
    age_group: str | None  # child (younger than 18 years) | adult | mixed (arms)
    sex: str | None
    year: int | None
    response: str | None
    response_basis: str | None
    disputed: bool
    responders: int
    evaluable: int
    complete: int | None
    controlled: int | None
    duration: Span | None = None  # time on the drug
    pfs: Span | None = None
    response_duration: Span | None = None
    ongoing: bool | None = None
    stop_reason: str | None = None
    beyond_progression: bool | None = None
    uncounted: bool = False  # an arm whose evaluable patients are not printed
    known_responders: int | None = None  # of such an arm
    life_status: str | None = None  # alive | dead at last follow-up
    at_twelve_months: bool | None = None  # a responder still in response, or on the drug, at 12 months
    became_operable: bool | None = None
    median_pfs: Median | None = None
    median_duration: Median | None = None  # of the time on the drug
    stated: tuple[tuple[str, str | int | float | bool | None], ...] = ()  # further fields of model/fields, as entered

    @property
    def name(self) -> str:
        """The patient or arm within its report: `P1`, `arm2`."""
        return self.patient if self.patient is not None else f"arm{self.arm}"

    @property
    def subject(self) -> str:
        """The same in the review, for all courses of one patient: `report/P1`."""
        return f"{self.report}/{self.name}"

    def field(self, name: str) -> Any:
        """A field by its name, one of its own or one of `stated`; None where the source does not say."""
        return getattr(self, name) if name in self.__slots__ else dict(self.stated).get(name)

    def marker(self, name: str) -> str:
        """The status of one marker: positive, negative, mixed, or not_stated."""
        return dict(self.markers).get(name, "not_stated")
