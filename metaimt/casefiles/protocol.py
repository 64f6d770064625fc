"""The protocol of a review, `cases/review.yaml`: eligibility, rows, pools, strata and priors, as data.

Nothing about a tumour or a gene is in code; a row is a group of units that share named fields, and a pool is a choice
among rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema, model_validator

from metaimt.casefiles.fields import Entry, Flag, Number, Term, Text, Whole, described, listed, mapped, refuse
from metaimt.casefiles.model import (
    Answer,
    Basis,
    Depth,
    Design,
    Histology,
    Response,
)
from metaimt.casefiles.strict_yaml import Path
from metaimt.model.fields import GROUPINGS
from metaimt.problem import nearest_of
from metaimt.vocabulary import NOT_STATED, appraisal_tools, wrong_gene


def _choice(*options: str, field: str) -> Any:
    def check(value: object) -> str:
        if value not in options:
            raise refuse(f"unknown-{field}", f"'{value}' is not one of {', '.join(options)}")
        return str(value)

    return PlainValidator(check)


def _schema(*options: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(options)})


Grouping = Annotated[str, _choice(*GROUPINGS, field="grouping"), _schema(*GROUPINGS)]
_STATUSES = ("positive", "negative", "not_stated", "mixed")
RowStatus = Annotated[str, _choice(*_STATUSES, field="status"), _schema(*_STATUSES)]
POSSIBLE = "possible"  # of a link: it cannot be excluded; where it prefers neither report, both are counted
_CERTAINTIES = ("certain", "probable", POSSIBLE)
Certainty = Annotated[str, _choice(*_CERTAINTIES, field="certainty"), _schema(*_CERTAINTIES)]
DIFFERENT = "different"  # of a link: two reports were compared and share no patient; never one of those that apply
LinkCertainty = Annotated[str, _choice(*_CERTAINTIES, DIFFERENT, field="certainty"), _schema(*_CERTAINTIES, DIFFERENT)]
_LINES = ("first", "later")
PoolLine = Annotated[str, _choice(*_LINES, field="line"), _schema(*_LINES)]
_DRUGS = ("named", "any")
PoolDrug = Annotated[str, _choice(*_DRUGS, field="drug"), _schema(*_DRUGS)]
_COMBINED = ("none", "any")
PoolCombined = Annotated[str, _choice(*_COMBINED, field="combined-with"), _schema(*_COMBINED)]
_DEATHS = ("non_response", "not_evaluable")
Death = Annotated[str, _choice(*_DEATHS, field="death-rule"), _schema(*_DEATHS)]
_LIVING = ("up_to_date", "update_in_progress", "not_up_to_date", "retired")
LivingStatus = Annotated[str, _choice(*_LIVING, field="living-status"), _schema(*_LIVING)]


def _eligible(value: object, info: ValidationInfo) -> str:
    """A histology of the vocabulary, to which a review of another tumour adds its own, or not_stated."""
    return NOT_STATED if value == NOT_STATED else Term("histology").check(value, info)


EligibleHistology = Annotated[str, PlainValidator(_eligible), WithJsonSchema({"type": "string"})]


class Outcome(Entry):
    """What counts as a response and who is evaluable."""

    responders: tuple[Response, ...] = Field(min_length=1, description="Best responses that are responses.")
    evaluable: tuple[Response, ...] = Field(min_length=1, description="Best responses that are evaluable.")
    death_before_assessment: Death = Field(
        default="non_response", description="NE with stop_reason death: non_response or not_evaluable."
    )


class Eligible(Entry):
    """Who belongs to the review."""

    histology: tuple[EligibleHistology, ...] = Field(
        min_length=1, description="Eligible histologies; not_stated: as reported."
    )


class Row(Entry):
    """A group of units: by a marker's status, or by the kinase of the fusion (`other`: one no row names)."""

    marker: Text | None = described("The marker.")
    status: RowStatus | None = described("positive, negative, not_stated or mixed.")
    fusion_gene: Text | None = described("The kinase of the fusion; other: any that no row or marker names.")
    mutation: Text | None = described("The mutated gene.")
    change: Text | None = described("The mutation, such as V600E; left out: any of the gene.")
    targets: tuple[Text, ...] = listed("Targets of the drugs it is about, genes; not_stated too, or [any].")

    @model_validator(mode="after")
    def _one_kind(self) -> Row:
        kinds = sum(given is not None for given in (self.marker, self.fusion_gene, self.mutation))
        if (self.marker is None) != (self.status is None) or kinds != 1:
            raise refuse("wrong-form", "a row has a marker with a status, or a fusion_gene, or a mutation")
        if self.change is not None and self.mutation is None:
            raise refuse("wrong-form", "a row has a change, but no mutation", "add mutation: the gene, such as BRAF")
        return self


class Pool(Entry):
    """A choice among rows; a unit enters if it passes every condition that is given."""

    rows: tuple[Text, ...] = Field(min_length=1, description="The rows it draws from.")
    line: PoolLine = Field(default="first", description="first (and not stated) or later.")
    targets: tuple[Text, ...] = listed("Targets of the drugs it is about; left out: those of its rows.")
    drug: PoolDrug = Field(default="any", description="named: the source names the drug.")
    combined_with: PoolCombined = Field(default="any", description="none: the drug was given alone.")
    response_basis: tuple[Basis, ...] = listed("Accepted bases of the response; empty: all.")
    disputed: Flag = Field(default=True, description="false: no alternative across the responder line.")
    depth: tuple[Depth, ...] = listed("Accepted depths of reading; empty: all.")


class Links(Entry):
    """Which links between reports apply."""

    apply: tuple[Certainty, ...] = Field(default=_CERTAINTIES, description="Certainties that apply.")


def _beta_prior(low: float, example: str) -> PlainValidator:
    """Two numbers, parameters of a beta distribution, that the grid of the model can hold."""

    def check(value: object) -> tuple[float, float]:
        """The pair as numbers; a fraction may be written as text."""
        parts = [_number_or_fraction(part) for part in value] if isinstance(value, list | tuple) else []
        found = tuple(part for part in parts if part is not None and low <= part <= _LARGEST)
        if len(parts) != 2 or len(found) != 2:
            raise refuse("wrong-form", f"expected two numbers from {low:g} to {_LARGEST:g}", f"write {example}")
        return found

    return PlainValidator(check)


def _from_to(low: float, high: float) -> AfterValidator:
    def check(value: float) -> float:
        if not low <= value <= high:
            raise refuse("wrong-form", f"expected a number from {low:g} to {high:g}, not {value:g}")
        return value

    return AfterValidator(check)


def _number_or_fraction(value: object) -> float | None:
    """1, 0.5 or the text 1/3; None if it is none of these."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", value) if isinstance(value, str) else None
    return int(found[1]) / int(found[2]) if found and int(found[2]) else None


_LARGEST = 1000
_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d{1,4}/\d{1,4}$"}]}
_PAIR = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
# Below 0.1 nearly all of the prior is at 0 and 1; below 1 the density of rho has no top there, where its nodes are few.
MuPrior = Annotated[tuple[float, float], _beta_prior(0.1, "[1/3, 1/3]"), WithJsonSchema(_PAIR)]
RhoPrior = Annotated[tuple[float, float], _beta_prior(1, "[1, 1] or [1, 4]"), WithJsonSchema(_PAIR)]
GroupScale = Annotated[Number, _from_to(0.25, 10)]


class SelectionOdds(Entry):
    """How much higher the odds of response may be in reports other than prospective trials."""

    odds_ratio: Annotated[Number, _from_to(0.01, 100)] = Field(
        default=2.0, description="Median of the prior; 1: as likely lower as higher."
    )
    log_sd: Annotated[Number, _from_to(0.01, 10)] = Field(default=0.7, description="s.d. of its logarithm; above 0.")


class Priors(Entry):
    """Priors of the models, printed with every table that rests on them."""

    mu: MuPrior = Field(default=(1 / 3, 1 / 3), description="Beta prior of the mean rate over reports.")
    rho: RhoPrior = Field(default=(1.0, 1.0), description="Beta prior of the intraclass correlation.")
    selection: SelectionOdds = Field(
        default_factory=SelectionOdds, description="Prior of the odds ratio, for the rate adjusted for selection."
    )
    subgroup_mean_sd: GroupScale = Field(default=1.5, description="SD of the mean log odds over subgroups.")
    subgroup_sd_scale: GroupScale = Field(default=1.0, description="Half-normal scale of the SD between subgroups.")


class ConclusionTest(Entry):
    """When a new version counts as changing the conclusion."""

    orr_moves_by: Number = Field(description="Change of the pooled ORR.")
    interval_crosses: tuple[Number, ...] = listed("Thresholds the interval may start or stop to exclude.")


class Screening(Entry):
    """How records of searches are screened."""

    reasons: tuple[Text, ...] = listed("Reasons to exclude a record by title and abstract.")


class Living(Entry):
    """How the review is kept up to date."""

    search_every_months: Whole = Field(description="Months between searches.")
    status: LivingStatus = Field(description="up_to_date, update_in_progress, not_up_to_date or retired.")
    retire_when: Text | None = described("When the review will no longer be kept up to date.")


OUTCOMES = ("response", "complete", "controlled", "at_12_months", "toxicity")
DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
CONCERNS = ("none", "serious", "very_serious")
CERTAINTIES = ("high", "moderate", "low", "very_low")
"""Outcomes of the summary of findings; domains, concerns and levels of certainty of GRADE, each from best to worst."""
FindingOutcome = Annotated[str, _choice(*OUTCOMES, field="judgement"), _schema(*OUTCOMES)]
Domain = Annotated[str, _choice(*DOMAINS, field="judgement"), _schema(*DOMAINS)]
Concern = Annotated[str, _choice(*CONCERNS, field="judgement"), _schema(*CONCERNS)]
CertaintyLevel = Annotated[str, _choice(*CERTAINTIES, field="judgement"), _schema(*CERTAINTIES)]


class Decision(Entry):
    """What a person judged of one outcome: the concern of one domain, or the certainty of it all."""

    outcome: FindingOutcome = Field(description=f"{', '.join(OUTCOMES[:-1])} or {OUTCOMES[-1]}.")
    pool: Text | None = described("The pool; left out: the headline.")
    domain: Domain | None = described(f"{', '.join(DOMAINS[:-1])} or {DOMAINS[-1]}.")
    concern: Concern | None = described("none, serious or very_serious; with a domain.")
    certainty: CertaintyLevel | None = described("high, moderate, low or very_low; in place of a domain.")
    by: Text = Field(description="Who decided.")
    reason: Text = Field(description="Why.")

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Decision:
        if (self.domain is None) != (self.concern is None) or (self.domain is None) == (self.certainty is None):
            hint = "write domain: and concern:, or certainty: alone"
            raise refuse("wrong-form", "a decision is of one domain with its concern, or of the certainty", hint)
        return self


class CertaintyOfFindings(Entry):
    """How certain the findings are: where the judgement begins, and what a person decided."""

    start: CertaintyLevel = Field(
        default="low", description="Where it begins: low, as GRADE has it for evidence without a comparison."
    )
    decided: tuple[Decision, ...] = listed("Decisions in place of what is proposed from the numbers.")


_INFERRED = ("non_response",)
_DISPUTED = ("best", "worst")
_UNREADABLE = ("response", "non_response")
_READINGS = ("earlier", "later")
_AGES = ("child", "adult", "mixed")


_QUESTIONS = tuple(dict.fromkeys(each.key for tool in appraisal_tools().values() for each in tool.questions))
Asked = Annotated[str, _choice(*_QUESTIONS, field="question")]


class Choices(Entry):
    """What an alternative analysis does otherwise; what is left out stays as in the protocol."""

    death_before_assessment: Death | None = described("non_response or not_evaluable.")
    inferred: Annotated[str, _choice(*_INFERRED, field="inferred"), _schema(*_INFERRED)] | None = described(
        "non_response: patients whose response was inferred count as failures."
    )
    disputed: Annotated[str, _choice(*_DISPUTED, field="disputed"), _schema(*_DISPUTED)] | None = described(
        "best or worst: where the source leaves it open, as response or as failure."
    )
    unreadable: Annotated[str, _choice(*_UNREADABLE, field="unreadable"), _schema(*_UNREADABLE)] | None = described(
        "response or non_response: patients who were treated but whose response is not readable."
    )
    other_reading: Annotated[str, _choice(*_READINGS, field="reading"), _schema(*_READINGS)] | None = described(
        "earlier or later: the counts of the report that gives way, for arms that a certain link says are the same."
    )
    links: tuple[Certainty, ...] | None = described("Certainties of links that apply.")
    drug: PoolDrug | None = described("named or any, in every pool.")
    combined_with: PoolCombined | None = described("none or any, in every pool.")
    response_basis: tuple[Basis, ...] | None = described("Accepted bases of the response, in every pool.")
    depth: tuple[Depth, ...] | None = described("Accepted depths of reading, in every pool.")
    with_rows: tuple[Text, ...] = listed("Rows added to every pool.")
    without_rows: tuple[Text, ...] = listed("Rows taken out of every pool.")
    histology: tuple[Histology, ...] = listed("Only patients reported with these.")
    age_group: tuple[Annotated[str, _choice(*_AGES, field="age-group"), _schema(*_AGES)], ...] = listed(
        "Only these: child, adult."
    )
    design: tuple[Design, ...] = listed("Only reports of these designs.")
    without_depth: tuple[Depth, ...] = listed("Reports read only so are left out.")
    line: Annotated[str, _choice("stated", field="line"), _schema("stated")] | None = described(
        "stated: not where it is mixed or unsaid."
    )
    values: Annotated[str, _choice("second_reading", field="reading"), _schema("second_reading")] | None = described(
        "second_reading: what a second reader gave, in place of what the case file has."
    )
    appraisal: Mapping[Asked, Answer] | None = described(
        "Question -> answer, decided or else proposed; one that the tool for the design does not ask is no condition."
    )


class Discount(Entry):
    """Reports of one stratum at less than their full weight."""

    stratum: Text = Field(description="The stratum that is given less weight.")
    weights: tuple[Number, ...] = Field(min_length=1, description="Weights from 0 (left out) to 1.")

    @model_validator(mode="after")
    def _from_0_to_1(self) -> Discount:
        if not all(0 <= weight <= 1 for weight in self.weights):
            raise refuse("wrong-form", "a weight is not between 0 and 1", "write [0, 0.25, 0.5, 0.75, 1]")
        return self


LEAVE_ONE_OUT = "each report left out"
TABLES = (LEAVE_ONE_OUT,)  # sensitivity analyses that are a table of their own and need no further fields


class Sensitivity(Choices):
    """One sensitivity analysis: a name and what it does otherwise, or the name alone of one of `TABLES`."""

    name: Text = Field(description="Name shown in the table.")
    discount: Discount | None = described("A stratum at lower weight.")
    subset: Flag = Field(default=False, description="true: some of the patients, another question; its own table.")

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, value: object) -> object:
        return {"name": str(value)} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _does_something(self) -> Sensitivity:
        if self.model_fields_set <= {"name"} and self.name not in TABLES:
            known = f"'{self.name}' says nothing that is done otherwise, and is not {' or '.join(TABLES)}"
            fields = [name for name in type(self).model_fields if name != "name"]
            hint = nearest_of(self.name, TABLES, f"add one of {', '.join(fields)}", cutoff=0.5)
            raise refuse("unknown-sensitivity", known, hint)
        if self.discount is not None and self.model_fields_set - {"name", "discount"}:
            hint = "make two entries of it"
            raise refuse("wrong-form", f"'{self.name}' has a discount and something else done otherwise", hint)
        return self


FORMAT = 2
"""The form and rules of a review that are written today; format 1 is still read, by its own rules."""
ANY_TARGET = "any"


def _format(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= FORMAT:
        said = f"{value} is not 1 or {FORMAT}"
        newer = isinstance(value, int) and value > FORMAT
        raise refuse("wrong-form", said, "install a newer metaimt" if newer else f"write format: {FORMAT}")
    return value


_FORMATS = WithJsonSchema({"type": "integer", "enum": list(range(1, FORMAT + 1))})


class Protocol(Entry):
    """cases/review.yaml."""

    format: Annotated[int, PlainValidator(_format), _FORMATS] = Field(
        default=1, description="2; left out, the review is read by the rules of format 1."
    )
    title: Text = Field(description="Title of the review.")
    question: Text = Field(description="The question, in one sentence.")
    version: Text = Field(description="YEAR.N")
    outcome: Outcome = Field(description="What counts as a response.")
    eligible: Eligible = Field(description="Who belongs to the review.")
    rows: Mapping[str, Row] = Field(description="Exclusive groups of units; the first that fits takes a unit.")
    pools: Mapping[str, Pool] = Field(description="What is pooled; the first is the headline.")
    strata: Mapping[str, tuple[Design, ...]] = Field(description="Stratum -> designs.")
    links: Links = Field(default_factory=Links, description="Which links apply.")
    subgroups: tuple[Grouping, ...] = listed("Pre-specified subgroups.")
    thresholds: tuple[Number, ...] = listed("ORR thresholds of interest, 0 to 1.")
    priors: Priors = Field(default_factory=Priors, description="Priors of the Bayesian intervals.")
    sensitivity: tuple[Sensitivity, ...] = listed("Sensitivity analyses, in the order shown.")
    specification: Mapping[Text, Mapping[Text, Choices]] = mapped("Choice -> its options; every combination is run.")
    conclusion_test: ConclusionTest | None = described("When a conclusion has changed.")
    living: Living | None = described("How the review is kept up to date.")
    certainty: CertaintyOfFindings = Field(  # a judgement on the numbers, which moves none of them
        default_factory=CertaintyOfFindings, exclude=True, description="How certain the findings are judged to be."
    )
    screening: Screening = Field(  # no setting of the analysis
        default_factory=Screening, exclude=True, description="How records are screened."
    )
    first_year: Whole | None = Field(  # no setting of the analysis
        default=None, exclude=True, description="No report can be of an earlier year; left out: no such year is known."
    )
    authors: tuple[Text, ...] = listed("Who answers for the review.")
    licence: Text | None = Field(  # no setting of the analysis
        default=None, exclude=True, description="Licence of the case files and tables, such as CC-BY-4.0."
    )
    labels: Mapping[str, Text] = mapped("Names shown for pools, rows and strata.")
    headline: Text = Field(default="Objective response rate", description="Heading of the table.")

    def targets(self, row: str | None, pool: Pool) -> tuple[str, ...]:
        """The targets of the drugs that a pool is about: its own, else those of the row a unit is in."""
        return pool.targets or (self.rows[row].targets if row is not None else ())

    def label(self, name: str) -> str:
        """The name shown for a pool, row or stratum."""
        return self.labels.get(name, name.replace("_", " "))

    def is_same(self, other: Protocol) -> bool:
        """Whether both prescribe the same analysis, whatever their version, licence and judgement of certainty."""
        same: dict[str, Any] = {
            "version": "",
            "licence": None,
            "certainty": CertaintyOfFindings(),
            "screening": Screening(),
            "first_year": None,
        }
        return self.model_copy(update=same) == other.model_copy(update=same)


Fault = tuple[Path, str, str, str]  # path of the value, rule, message, hint


def protocol_faults(data: Any) -> Iterator[Fault]:
    """Names in a protocol that nothing else in it has: path, rule, message and hint of each, whatever else is wrong.

    It works on what was typed, so that an error of form elsewhere in the file hides none of them.
    """
    if not isinstance(data, dict):
        return
    rows, pools, strata = (_mapping(data.get(name)) for name in ("rows", "pools", "strata"))
    if data.get("pools") == {}:
        yield _tell("no-pool", ("pools",), "no pool is defined", "add one: all: {rows: [...]}")
    named: list[tuple[str, Path, Any]] = [
        (f"pool {name}", ("pools", name, "rows"), _mapping(pool).get("rows")) for name, pool in pools.items()
    ]
    for option, path, choices in _alternatives(data):
        named += [(f"'{option}'", (*path, field), choices.get(field)) for field in ("with_rows", "without_rows")]
        stratum = _mapping(choices.get("discount")).get("stratum")
        if isinstance(stratum, str) and strata and stratum not in strata:
            said = f"'{option}' names the stratum '{stratum}'; the strata are {', '.join(strata)}"
            yield _tell(
                "unknown-stratum", (*path, "discount", "stratum"), said, nearest_of(stratum, strata, cutoff=0.5)
            )
    for whose, path, names in named:
        for k, row in enumerate(names if isinstance(names, list) else ()):
            if isinstance(row, str) and rows and row not in rows:
                said = f"{whose} names the row '{row}'; the rows are {', '.join(rows)}"
                yield _tell("unknown-row", (*path, k), said, nearest_of(row, rows, cutoff=0.5))
    yield from _targets(data, rows, pools)
    yield from _named_twice(data)
    yield from _decided(data, pools)


def _targets(data: Mapping[str, Any], rows: Mapping[str, Any], pools: Mapping[str, Any]) -> Iterator[Fault]:
    """In format 2 each row says which drugs it is about; in format 1 nothing does."""
    first = data.get("format", 1) == 1
    for kind, of_kind in (("rows", rows), ("pools", pools)):
        for name, said in of_kind.items():
            entry = _mapping(said)
            if first and "targets" in entry:
                hint = f"add format: {FORMAT} at the top of the file; metaimt migrate does it"
                yield _tell("wrong-form", (kind, name, "targets"), "targets is a field of format 2", hint)
            for k, target in enumerate(_listed(entry.get("targets")) if not first else ()):
                if target not in {ANY_TARGET, NOT_STATED} and (meant := wrong_gene(target)) is not None:
                    hint = f"{meant}; or {NOT_STATED}, or {ANY_TARGET}"
                    yield _tell("unknown-target", (kind, name, "targets", k), f"'{target}' is no target", hint)
            if not first and kind == "rows" and not entry.get("targets"):
                gene = entry.get("marker") or entry.get("fusion_gene")
                own = gene if isinstance(gene, str) and gene != "other" else ANY_TARGET
                hint = f"add targets: [{own}]" + (f", or targets: [{ANY_TARGET}]" if own != ANY_TARGET else "")
                message = f"the row {name} does not say which drugs it is about"
                yield _tell("missing-targets", (kind, name), message, hint)


def _decided(data: Mapping[str, Any], pools: Mapping[str, Any]) -> Iterator[Fault]:
    """A judgement is of a pool that there is, and there is one of each thing."""
    seen: set[tuple[Any, ...]] = set()
    for k, each in enumerate(_listed(_mapping(data.get("certainty")).get("decided"))):
        entry, path = _mapping(each), ("certainty", "decided", k)
        pool = entry.get("pool", next(iter(pools), None))
        if isinstance(pool, str) and pools and pool not in pools:
            said = f"no pool is named '{pool}'; the pools are {', '.join(pools)}"
            yield _tell("unknown-judgement", (*path, "pool"), said, nearest_of(pool, pools, cutoff=0.5))
        what = (str(pool), str(entry.get("outcome")), str(entry.get("domain")))
        if what in seen:
            yield _tell("wrong-form", path, "the same is decided twice", "delete one of the two")
        seen.add(what)


def _tell(rule: str, path: Path, message: str, hint: str) -> Fault:
    return path, rule, message, hint


def _alternatives(data: Mapping[str, Any]) -> Iterator[tuple[str, Path, Mapping[str, Any]]]:
    """Every alternative analysis: its name, where it stands, and what it does otherwise."""
    for k, entry in enumerate(_listed(data.get("sensitivity"))):
        yield str(_mapping(entry).get("name", "")), ("sensitivity", k), _mapping(entry)
    for axis, options in _mapping(data.get("specification")).items():
        for option, choices in _mapping(options).items():
            yield option, ("specification", axis, option), _mapping(choices)


def _named_twice(data: Mapping[str, Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for k, entry in enumerate(_listed(data.get("sensitivity"))):
        name = entry if isinstance(entry, str) else _mapping(entry).get("name")
        if isinstance(name, str) and name in seen:
            path: Path = ("sensitivity", k) if isinstance(entry, str) else ("sensitivity", k, "name")
            yield _tell("repeated-sensitivity", path, f"two sensitivity analyses are named '{name}'", "rename one")
        seen.add(str(name))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
