"""A case file: one publication, with its patients and their treatment courses, or its counts.

The models are frozen. A field that a source does not state is absent (None or empty), never filled in. Field meanings
follow the evidence README; each is described here once and from here reaches the JSON Schema, the documentation and the
editors.

What a source prints in numbers, kept as printed so that it can be audited.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from metaimt.casefiles.fields import (
    Change,
    Date,
    Doi,
    DrugName,
    Entry,
    Flag,
    FusionPartner,
    Gene,
    Identifier,
    Label,
    Months,
    Number,
    Pmcid,
    Pmid,
    Printed,
    SingleMonths,
    SizeChange,
    Sizes,
    Term,
    Text,
    Url,
    Whole,
    Years,
    described,
    listed,
    mapped,
    refuse,
    shown,
)
from metaimt.casefiles.former_keys import COHORT, with_present_keys
from metaimt.casefiles.hints import Proposal
from metaimt.vocabulary import appraisal_tools


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
    level: Text | None = described("The level of that grouping whose patients are counted, such as lung.")

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


Design = Annotated[str, Term("design")]
Depth = Annotated[str, Term("depth")]
Sex = Annotated[str, Term("sex")]
Site = Annotated[str, Term("site")]
Histology = Annotated[str, Term("histology")]
Disease = Annotated[str, Term("disease")]
MarkerStatus = Annotated[str, Term("marker_status")]
ArmStatus = Annotated[str, Term("arm_status")]
Kinase = Annotated[str, Term("kinase", "fusion_gene")]
Response = Annotated[str, Term("response")]
Basis = Annotated[str, Term("response_basis")]
StopReason = Annotated[str, Term("stop_reason")]
LifeStatus = Annotated[str, Term("status")]
Population = Annotated[str, Term("population")]
Line = Annotated[str, Term("line")]
CountsBasis = Annotated[str, Term("counts_basis")]
Denominator = Annotated[str, Term("denominator")]
Setting = Annotated[str, Term("setting")]


class Notice(Entry):
    """A notice by which a publisher retracts or corrects a report."""

    kind: Annotated[str, Term("notice")] = Field(description="retraction, correction or expression_of_concern.")
    doi: Doi | None = described("DOI of the notice.")
    date: Date | None = described("Date of the notice.")


_CHOSEN = [{"type": name} for name in ("string", "number", "boolean", "array", "object", "null")]
_Chosen = Annotated[Any, WithJsonSchema({"anyOf": _CHOSEN})]


class Adjudication(Entry):
    """A field in which two readers differed, and what a person settled."""

    field: Text = Field(description="The field beside which this stands, such as response.")
    chosen: _Chosen = described("The value that stands in the file; left out: the field is left blank.")
    by: Text = Field(description="Who settled it; best a third person.")
    why: Text = Field(description="Why this value.")


class Publication(Entry):
    """The bibliography of a report."""

    id: Identifier = Field(description="Unique id; equals the file name without .yaml: author-year.")
    former_ids: tuple[Identifier, ...] = listed("Ids this report had before a rename.")
    title: Text | None = described("Title as printed.")
    authors: Text | None = described("Authors as printed in a reference list.")
    journal: Text | None = described("Journal, meeting, or issuing body.")
    year: Whole | None = described("Year of publication; left out if not verified.")
    doi: Doi | None = described("DOI from 10. on, without https://doi.org/.")
    pmid: Pmid | None = described("PubMed id, digits, in quotes.")
    pmcid: Pmcid | None = described("PubMed Central id: PMC and digits.")
    url: Url | None = described("Where it was read; may be an aggregator.")
    design: Design = Field(description="case_report, case_series, cohort or trial: decides the stratum.")
    overlaps: tuple[Identifier, ...] = listed("Ids of reports that describe, or may describe, the same patients.")
    setting: Setting | None = described("local: the cohort of the review's own hospital.")
    publisher: Text | None = described("Publisher or server, where it matters for trust.")
    adjudicated: tuple[Adjudication, ...] = listed("Fields in which two readers differed, and what was settled.")
    notices: tuple[Notice, ...] = listed("Notices that retract or correct it; a retracted report is decided on.")


class Extraction(Entry):
    """How the report was read, and by whom."""

    depth: Depth | None = described("How much was read: full_text, abstract, title, or secondary.")
    secondary_source: Text | None = described("The other text it was read in, if depth is secondary.")
    by: Text | None = described("Who extracted it.")
    checked_by: Text | None = described("Who read it a second time, independently.")
    date: Date | None = described("Date of extraction: year, month, day, in quotes.")
    note: Text | None = described("What the source leaves open and how it was judged.")


_DRUG = "Generic name; a term 'unspecified ...' if none is named; [a, b]: a regimen."


class Mutation(Entry):
    """A mutation that the source prints."""

    gene: Gene = Field(description="The gene, HGNC symbol.")
    change: Change | None = described("The change of the protein in short, V600E; else as printed.")


class Course(Entry):
    """One course of one kinase inhibitor in one patient; `response` is the best response of that course."""

    drug: DrugName = Field(description=_DRUG)
    dose: Text | None = described("Dose as printed.")
    combined_with: tuple[Text, ...] = listed("Surgery, radiotherapy or a drug given with it.")
    response: Response | None = described("Best overall response: CR, PR, SD, PD or NE; left out if not readable.")
    response_basis: Basis | None = described("stated (category printed), measured (size change printed), inferred.")
    response_as_stated: Text | None = described("The words of the source.")
    response_alternatives: tuple[Response, ...] = listed("Other categories the source leaves open.")
    criteria: Text | None = described("Response criteria, such as RECIST 1.1.")
    size_change_percent: SizeChange | None = described("Best change of size in percent, -30 for a loss of 30 %.")
    sizes: Sizes | None = described("Size before and at best response, [8.7, 7.5], where no percentage is printed.")
    time_to_response_months: Months | None = described("Time from the first dose to the response in months.")
    duration_months: Months | None = described("Time on the drug in months; [low, high] if only a range follows.")
    response_duration_months: Months | None = described("Duration of response in months, if the source gives it.")
    pfs_months: Months | None = described("Progression-free survival in months.")
    ongoing: Flag | None = described("Whether the drug was still being taken; left out if not stated.")
    stop_reason: StopReason | None = described("Why the drug was stopped.")
    in_response_at_12_months: Flag | None = described("Whether still in response, or on the drug, at 12 months.")
    became_operable: Flag | None = described("Whether the tumour could be resected because it shrank.")
    beyond_progression: Flag | None = described("Whether the drug was continued after progression.")
    adverse_events: tuple[Text, ...] = listed("Adverse events as printed.")
    adjudicated: tuple[Adjudication, ...] = listed("Fields in which two readers differed, and what was settled.")


class Patient(Entry):
    """One patient; `courses` are the kinase inhibitors in the order given."""

    id: Label = Field(description="P1, P2 ...; unique within the file.")
    age: Years | None = described("Age in years; months as a fraction.")
    sex: Sex | None = described("female or male.")
    site: Site | None = described("Primary site, in one of the groups of the vocabulary.")
    site_detail: Text | None = described("The exact place, in the words of the source.")
    histology: Histology | None = described("A histology of the vocabulary, or other; left out: as reported.")
    histology_detail: Text | None = described("The histology in the words of the source.")
    disease: Disease | None = described("Extent at the start of treatment.")
    prior_treatment: tuple[Text, ...] = listed("Treatment before the first kinase inhibitor.")
    ihc: Mapping[str, MarkerStatus] = mapped("Immunohistochemistry: marker -> positive or negative.")
    ihc_pattern: Text | None = described("Staining pattern, such as nuclear membrane.")
    test_method: Text | None = described("How fusion or marker was tested, such as FISH, RNA sequencing, D5F3.")
    fusion_gene: Kinase | None = described("The kinase of the fusion; implies rearranged.")
    fusion_partner: FusionPartner | None = described("The partner gene, HGNC symbol.")
    rearranged: Mapping[str, Flag] = mapped("Marker -> true or false, where no fusion gene is known.")
    mutations: tuple[Mutation, ...] = listed("Mutations as printed: - {gene: BRAF, change: V600E}.")
    courses: tuple[Course, ...] = Field(min_length=1, description="Kinase inhibitors in the order given.")
    status: LifeStatus | None = described("alive or dead at last follow-up.")
    followup_months: SingleMonths | None = described("Follow-up in months.")
    adjudicated: tuple[Adjudication, ...] = listed("Fields in which two readers differed, and what was settled.")


def _limits(value: object) -> tuple[float | None, float | None]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise refuse("wrong-form", "expected [lower, upper]", "write [7.6, 34.0]; null where not estimable")
    if any(isinstance(limit, bool) or not isinstance(limit, int | float | None) for limit in value):
        raise refuse("wrong-form", "expected two numbers", "write [7.6, 34.0]; null where not estimable")
    lower, upper = (None if limit is None else float(limit) for limit in value)
    return lower, upper


_LIMITS_SCHEMA = {
    "type": "array",
    "items": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    "minItems": 2,
    "maxItems": 2,
}
Limits = Annotated[tuple[float | None, float | None], PlainValidator(_limits), WithJsonSchema(_LIMITS_SCHEMA)]


class Median(Entry):
    """A printed median with its interval."""

    value: SingleMonths = Field(description="The median, months.")
    ci: Limits | None = described("Printed 95 % interval, months; null for a limit that is not estimable.")


class Having(Entry):
    """Patients with something, of those in whom it is known."""

    n: Whole = Field(description="Patients with it.")
    of: Whole = Field(description="Patients in whom it is known.")


class Arm(Entry):
    """A group of patients published only as counts."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["responders"]}, {"required": ["treated"]}]})

    label: Text = Field(description="What the group is, in a few words.")
    drug: DrugName = Field(description=_DRUG)
    combined_with: tuple[Text, ...] = listed("Surgery, radiotherapy or a drug given with it.")
    status: Mapping[str, ArmStatus] = mapped("Marker -> positive, negative or mixed.")
    fusion_gene: Kinase | None = described("The kinase of the fusion, if one for all.")
    fusion_partner: FusionPartner | None = described("The partner gene, if one for all.")
    mutations: tuple[Mutation, ...] = listed("Mutations, if the same for all.")
    histology: Histology | None = described("A histology of the vocabulary, if one for all.")
    site: Site | None = described("Primary site, if one for all.")
    evaluable: Whole | None = described("Patients whose response could be assessed; left out if not printed.")
    responders: Whole | None = described("Patients with CR or PR.")
    treated: Whole | None = described("Patients given the drug, where those evaluable are not printed.")
    cr: Whole | None = described("Complete responses.")
    pr: Whole | None = described("Partial responses.")
    sd: Whole | None = described("Stable disease.")
    pd: Whole | None = described("Progressive disease.")
    population: Population | None = described("adult, paediatric or mixed.")
    line: Line = Field(default="any", description="first, later, or any (mixed or not said).")
    counts_basis: CountsBasis | None = described("printed, from_percentage or by_subtraction.")
    response_basis: Basis | None = described("stated or measured; inferred: the source does not count responders.")
    in_response_at_12_months: Having | None = described("Responders still in response, or on the drug, at 12 months.")
    denominator: Denominator | None = described("minimum: more patients may have been treated.")
    median_pfs_months: Median | None = described("Printed median progression-free survival.")
    median_duration_months: Median | None = described("Printed median time on treatment.")
    adjudicated: tuple[Adjudication, ...] = listed("Fields in which two readers differed, and what was settled.")

    @property
    def counts(self) -> tuple[int, int]:
        """(responders, evaluable); 0 of 0 where the source prints no denominator, so that nobody is counted."""
        return (self.responders or 0, self.evaluable) if self.evaluable is not None else (0, 0)

    @model_validator(mode="after")
    def _has_counts(self) -> Arm:
        if self.evaluable is not None and self.responders is None:
            raise refuse("missing-field", "the arm has no 'responders'", "add responders: Patients with CR or PR.")
        if self.evaluable is None and self.treated is None and self.responders is None:
            hint = (
                "add evaluable and responders; or what alone is printed, treated or responders: it is then in no pool"
            )
            raise refuse("missing-field", "the arm has no 'evaluable'", hint)
        return self


class Tested(Entry):
    """Positive among tested."""

    positive: Whole = Field(description="Positive patients.")
    tested: Whole = Field(description="Tested patients.")


class SurvivalRate(Entry):
    """A printed survival rate."""

    months: SingleMonths = Field(description="Months since the start.")
    rate: Printed = Field(description="Printed survival, 0 to 1.")


class Cohort(Entry):
    """Published counts of a whole cohort, most of whom had no kinase inhibitor."""

    n: Whole = Field(description="Patients.")
    period: tuple[Whole, ...] = listed("First and last year.")
    sex: Mapping[Sex, Whole] = mapped("Sex -> patients.")
    mean_age: Years | None = described("Mean age, years.")
    sites: Mapping[Site, Whole] = mapped("Site -> patients.")
    ihc: Mapping[str, Mapping[str, Tested]] = mapped(
        "Marker -> site, or all -> positive and tested by immunohistochemistry."
    )
    symptoms: Mapping[str, Whole] = mapped("Symptom -> patients.")
    symptoms_by_marker: Mapping[str, Mapping[str, Mapping[MarkerStatus, Having]]] = mapped(
        "Marker -> symptom -> positive and negative -> patients with it."
    )
    resection: Mapping[str, Whole] = mapped("Margin -> patients.")
    no_postoperative_treatment: Whole | None = described("Patients without further treatment.")
    radiotherapy: Whole | None = described("Patients given radiotherapy.")
    chemotherapy: Whole | None = described("Patients given chemotherapy.")
    outcome: Mapping[str, Whole] = mapped("Outcome -> patients.")
    followup_median_months: Median | None = described("Printed median follow-up.")
    overall_survival: tuple[SurvivalRate, ...] = listed("Printed survival rates.")

    @model_validator(mode="before")
    @classmethod
    def _present_keys(cls, value: object) -> object:
        return with_present_keys(COHORT, value)


class Waiver(Entry):
    """A warning or info of `metaimt validate` that was looked at and is no mistake."""

    rule: Text = Field(description="Id of the rule, as metaimt validate prints it in brackets; errors are mended.")
    reason: Text = Field(description="Why the file is right as it stands; printed in the report.")
    at: Text | None = described("Where: patients/P1, patients/P1/courses/1, arms/1, report/year; left out: the file.")


ANSWERS = ("yes", "no", "unclear", "not_applicable")
TOOLS = tuple(appraisal_tools())


def _answer(value: object) -> str:
    if value not in ANSWERS or not isinstance(value, str):
        meant = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None
        hint = Proposal(meant, f"write {meant}") if meant else ""
        raise refuse("unknown-appraisal-answer", f"{shown(value)} is not one of {', '.join(ANSWERS)}", hint)
    return value


def _tool(value: object) -> str:
    if value not in TOOLS or not isinstance(value, str):
        raise refuse("unknown-appraisal-tool", f"{shown(value)} is not one of {', '.join(TOOLS)}")
    return value


Answer = Annotated[str, PlainValidator(_answer), WithJsonSchema({"type": "string", "enum": list(ANSWERS)})]
Tool = Annotated[str, PlainValidator(_tool), WithJsonSchema({"type": "string", "enum": list(TOOLS)})]


class Appraisal(Entry):
    """What one person answers to the questions of a tool, as far as they are answered."""

    by: Text = Field(description="Who appraises.")
    tool: Tool = Field(description=f"The one for the design of the report: {', '.join(TOOLS)}.")
    answers: Mapping[str, Answer] = Field(
        min_length=1,
        description="Question -> yes, no, unclear or not_applicable; metaimt appraise lists the questions.",
    )
    reasons: Mapping[str, Text] = mapped("Question -> why it is answered so.")
    decides: Flag = Field(default=False, description="true: it settles where the other raters disagree.")


class CaseFile(Entry):
    """One file: the report, how it was read, and its patients or arms."""

    status: Annotated[str, Term("file_status")] | None = described("pending: not yet read to its end; in no pool.")
    reason: Text | None = described("Why the file is pending.")
    report: Publication = Field(description="The publication.")
    extraction: Extraction = Field(default_factory=Extraction, description="How it was read.")
    patients: tuple[Patient, ...] = listed("Patients described one by one.")
    arms: tuple[Arm, ...] = listed("Groups published only as counts.")
    claims: tuple[Claim, ...] = listed("Printed numbers to audit.")
    cohort: Cohort | None = described("Published counts of the whole cohort.")
    table: Text | None = described("A table of patients beside this file, CSV or XLSX; it stays where it is.")
    mapping: Text | None = described("How the table is read: a file beside it; default: TABLE.mapping.yaml.")
    waivers: tuple[Waiver, ...] = listed("Warnings that were looked at and are no mistakes, each with the reason.")
    appraisal: tuple[Appraisal, ...] = listed("How sound the report is, by one or more people.")
    published_table_4: Mapping[str, Any] = mapped("Totals of the paper's table of cases; compared, never pooled.")

    @model_validator(mode="after")
    def _has_someone(self) -> CaseFile:
        if self.reason is not None and self.status is None:
            raise refuse("pending-without-status", "a reason, but no status", "add status: pending, or delete reason")
        if not self.patients and not self.arms and self.table is None:
            raise refuse("nobody", "neither patients nor arms", "give one patient with one course, or one arm")
        return self

    @property
    def id(self) -> str:
        """The report id."""
        return self.report.id
