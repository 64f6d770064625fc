"""The local cohort: from a patient table, or from the counts that a publication prints.

The tables of a cohort from the counts that its publication prints.

Nothing is reconstructed: what follows by subtraction says so, and what needs the times of single patients is not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from metaimt.analyses.cohort_description import (
    Contrast,
    Level,
    Positivity,
    Summary,
    Variable,
    categories,
    contrast,
    number,
    positivity,
    several,
    share,
    test_between,
)
from metaimt.analyses.cohort_survival import CohortSurvival, survival
from metaimt.analyses.duration import Curve
from metaimt.casefiles.cohort_mapping import CohortMapping
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Claim, Cohort, Tested
from metaimt.casefiles.patient_table import PatientTable, Rejected
from metaimt.casefiles.table_patients import CohortPatient
from metaimt.model.count import Publications, Quoted
from metaimt.model.text import Text, counted, say
from metaimt.serialise import entries_of, optional, published
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion, clopper_pearson
from metaimt.vocabulary import Vocabulary, built_in

_CATEGORIES = {"sex": "sex", "site": "site", "histology": "histology", "disease": "disease", "margin": "margin"}
_COVARIATES = ("age", "sex", "site", "margin")
PATIENT_TABLE: Final = "patient table"
PUBLISHED_COUNTS: Final = "published counts"


@dataclass(frozen=True, slots=True)
class PrintedRate:
    """A survival rate as a publication prints it; no interval, and no way to check it without the times."""

    months: float
    rate: float


@published("rows", "repeated", "empty", "notes", "rejected", columns_not_used="not_used")
@dataclass(frozen=True)
class Reading:
    """What became of the rows of a table: those not empty are analysed, rejected or repeated."""

    rows: int
    rejected: tuple[Rejected, ...]
    repeated: int
    empty: int
    not_used: tuple[str, ...]
    notes: tuple[str, ...] = ()  # what of the file is not read


WITHOUT_TIMES: Final = {Curve: entries_of(Curve, "steps")}
"""For results.json: no steps of the curves, since they are the times of single patients, and those stay local."""


def _printed(cohort: CohortResult) -> dict[str, Any]:
    found: dict[str, Any] = {"overall_survival": cohort.printed_rates}
    if cohort.printed_followup is not None:
        median, *ends = cohort.printed_followup
        interval = [{"not_printed": True} if end is None else end for end in ends]
        found["followup_median_months"] = {"value": median, "interval": interval}
    return found


@published(
    "id",
    "title",
    "source",
    "patients",
    "table_one",
    "positivity",
    "symptoms",
    "treatment",
    "survival",
    ("notes", lambda each: list(map(str, each.notes))),
    optional("reading"),
    optional("printed", lambda each: _printed(each) if each.reading is None else None),
)
@dataclass(frozen=True)
class CohortResult:
    """Everything about one cohort.

    survival: NotRun for published counts. followup: median follow-up as printed, months, with its limits, where it is
    not computed. reading: None for published counts. notes: what does not add up as printed, and the like.
    """

    id: str
    title: str
    source: str
    patients: int
    table_one: tuple[Variable, ...]
    positivity: tuple[Positivity, ...]
    symptoms: tuple[Contrast, ...] | NotRun
    treatment: tuple[Variable, ...]
    survival: CohortSurvival | NotRun
    printed_rates: tuple[PrintedRate, ...] = ()
    printed_followup: tuple[float, float | None, float | None] | None = None
    reading: Reading | None = None
    notes: tuple[Text, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def whole(self) -> Publications:
        """The publication behind the number of its patients."""
        return Publications(f"{self.id}, {self.source}", (self.id,))

    def printed(self, n: int, of: int) -> Publications:
        """What the publication prints with these counts; else where they come from."""
        return _with_counts(self.id, self.source, self.claims, n, of)


def _with_counts(id: str, source: str, claims: Sequence[Claim], n: int, of: int) -> Publications:
    same = [claim for claim in claims if claim.n == n and claim.of == of]
    told = [Quoted(claim.what, _as_printed(claim), claim.where or "") for claim in same]
    if not told:
        table = source == PATIENT_TABLE
        known = "counted from the patient table" if table else "from the published counts"
        where = "its rows are not shown" if table else "as recorded in the case file"
        told = [Quoted(known, f"{n}/{of}", where)]
    return Publications(f"{id}: {n}/{of}, {source}", (id,), tuple(told))


def _as_printed(claim: Claim) -> str:
    counts = f"{claim.n} of {claim.of}" if claim.of is not None else f"{claim.n}"
    return f"{counts} ({claim.percent} %)" if claim.percent is not None else counts


def cohort_of_table(
    table: PatientTable,
    vocabulary: Vocabulary | None = None,
    *,
    id: str = "",
    losses_as_deaths: bool = False,
    penalised: bool = False,
) -> CohortResult:
    """Every analysis of a cohort, on the patients that a readable table kept.

    Raises:
        ValueError: the table was not readable.
    """
    mapping, words = table.mapping, vocabulary or built_in()
    if mapping is None or not table.readable:
        raise ValueError(f"{table.name} was not read")
    people = table.patients
    markers = _by_name(mapping.columns.ihc, [patient.markers for patient in people])
    signs = _by_name(mapping.columns.symptoms, [patient.symptoms for patient in people])
    sites = [patient.site for patient in people]
    return CohortResult(
        id=id or table.title,
        title=table.title,
        source=PATIENT_TABLE,
        patients=len(people),
        table_one=_table_one(people, mapping, words, markers, signs),
        positivity=tuple(positivity(marker, status, sites) for marker, status in markers.items()),
        symptoms=_symptoms(signs, markers),
        treatment=_treatment(people, mapping),
        survival=_survival(people, mapping, words, markers, losses_as_deaths=losses_as_deaths, penalised=penalised),
        reading=Reading(table.rows, table.rejected, table.repeated, table.empty, table.not_used, table.notes),
    )


def _by_name(names: Mapping[str, Any], rows: Sequence[tuple[str | None, ...]]) -> dict[str, list[str | None]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _table_one(
    people: Sequence[CohortPatient],
    mapping: CohortMapping,
    words: Vocabulary,
    markers: Mapping[str, Sequence[str | None]],
    signs: Mapping[str, Sequence[str | None]],
) -> tuple[Variable, ...]:
    found = [number("age, years", [patient.age for patient in people])] if mapping.columns.age else []
    for name, terms in _CATEGORIES.items():
        if getattr(mapping.columns, name) is not None:
            order = words.terms(terms) if name != "site" else ()
            found.append(categories(name, [getattr(patient, name) for patient in people], order))
    found += [categories(f"{marker} status", status, ("positive", "negative")) for marker, status in markers.items()]
    if signs:
        found.append(several("symptoms", signs, len(people)))
    if mapping.columns.outcome or mapping.columns.death_date:
        order = words.terms("cohort_outcome")
        found.append(categories("outcome", [patient.outcome for patient in people], order))
    return tuple(found)


def _symptoms(
    signs: Mapping[str, Sequence[str | None]], markers: Mapping[str, Sequence[str | None]]
) -> tuple[Contrast, ...] | NotRun:
    if not signs or not markers:
        return NotRun("no column of symptoms is mapped" if not signs else "no column of a marker is mapped")
    return tuple(
        contrast(sign, marker, present, status) for marker, status in markers.items() for sign, present in signs.items()
    )


def _treatment(people: Sequence[CohortPatient], mapping: CohortMapping) -> tuple[Variable, ...]:
    found = []
    if mapping.columns.treatment:
        given = _by_name(mapping.columns.treatment, [patient.treatments for patient in people])
        found.append(several("treatment", given, len(people)))
    if mapping.columns.courses:
        drugs = [patient.treated.courses[0].drug if patient.treated else "none or not stated" for patient in people]
        found.append(categories("first kinase inhibitor", drugs))
    return tuple(found)


def _survival(
    people: Sequence[CohortPatient],
    mapping: CohortMapping,
    words: Vocabulary,
    markers: Mapping[str, Sequence[str | None]],
    *,
    losses_as_deaths: bool,
    penalised: bool,
) -> CohortSurvival | NotRun:
    columns = mapping.columns
    timed = columns.followup or columns.last_contact_date or columns.death_date
    if not timed or not (columns.outcome or columns.death_date):
        return NotRun("no column of follow-up, or none of the outcome, is mapped")
    if all(patient.no_time for patient in people):
        return NotRun("no patient with a time and an outcome")
    mapped = [name for name in _COVARIATES if getattr(columns, name) is not None]
    values: dict[str, Sequence[Any]] = {name: _grouped(name, people, mapping) for name in mapped}
    values |= {f"{marker} status": status for marker, status in markers.items()}
    margin_first = next(iter(mapping.groups.get("margin", words.lists["margin"])))
    references = {"margin": margin_first, **{f"{marker} status": "negative" for marker in markers}}
    references |= {name: next(iter(groups)) for name, groups in mapping.groups.items()}
    compared = [name for name in values if name.endswith(" status") or name == "margin"]
    return survival(
        people,
        {name: values[name] for name in compared},
        values,
        references=references,
        losses_as_deaths=losses_as_deaths,
        penalised=penalised,
    )


def _grouped(name: str, people: Sequence[CohortPatient], mapping: CohortMapping) -> list[Any]:
    """The values of one variable, in the groups that the mapping makes of its terms."""
    group_of = {term: group for group, terms in mapping.groups.get(name, {}).items() for term in terms}
    values = [getattr(patient, name) for patient in people]
    return [group_of.get(value, value) if isinstance(value, str) else value for value in values]


ALL = "all"
OTHERS = "other sites (by subtraction)"
NOT_PRINTED = "other or not printed (by subtraction)"


def cohorts_of(library: Library) -> tuple[CohortResult, ...]:
    """Every cohort of a review: by report, the published counts before the patient table."""
    found: list[CohortResult] = []
    for report in library.reports:
        counts, table = cohort_of_counts(report), library.tables.get(report.id)
        mine = [counts] if counts is not None else []
        mine += [cohort_of_table(table, library.vocabulary, id=report.id)] if table is not None else []
        found += [replace(each, claims=report.claims) for each in mine]
    return tuple(found)


def cohort_of_counts(report: CaseFile, *, losses_as_deaths: bool = False) -> CohortResult | None:
    """The cohort that a report prints, or None if it prints none.

    losses_as_deaths adds how many would have died if every loss to follow-up were a death; a curve needs times.
    """
    cohort = report.cohort
    if cohort is None:
        return None
    printed = partial(_with_counts, report.id, PUBLISHED_COUNTS, report.claims)
    followup = cohort.followup_median_months
    lower, upper = (followup.ci if followup and followup.ci else (None, None)) or (None, None)
    return CohortResult(
        id=report.id,
        title=report.report.title or report.id,
        source=PUBLISHED_COUNTS,
        patients=cohort.n,
        table_one=tuple(_counts_only_table_one(cohort)),
        positivity=tuple(_positivity(marker, counts, cohort) for marker, counts in cohort.ihc.items()),
        symptoms=tuple(_contrasts(cohort)) or NotRun("the publication prints no symptoms by marker status"),
        treatment=tuple(_arm_treatment(cohort)),
        survival=NotRun("published counts hold no times of single patients"),
        printed_rates=tuple(PrintedRate(rate.months, rate.rate) for rate in cohort.overall_survival),
        printed_followup=(followup.value, lower, upper) if followup else None,
        notes=(*_notes(cohort, printed), *(_if_losses_died(cohort) if losses_as_deaths else ())),
        claims=report.claims,
    )


def _counts_only_table_one(cohort: Cohort) -> Iterator[Variable]:
    if cohort.mean_age is not None:
        yield Variable("age, years", cohort.n, (), Summary(cohort.n, cohort.mean_age))
    parts: Mapping[str, Mapping[str, int]] = {
        "sex": cohort.sex,
        "site": cohort.sites,
        "margin": cohort.resection,
        "outcome": cohort.outcome,
    }
    for name, counts in parts.items():
        if counts:
            yield _whole(name, counts, cohort.n)
    if cohort.symptoms:
        levels = tuple(Level(term, number) for term, number in cohort.symptoms.items())
        yield Variable("symptoms", cohort.n, levels, exclusive=False)


def _whole(name: str, counts: Mapping[str, int], n: int) -> Variable:
    """Exclusive categories; what is missing to the whole is a row of its own."""
    levels = [Level(term, number) for term, number in counts.items()]
    rest = n - sum(counts.values())
    return Variable(name, n, (*levels, *((Level(NOT_PRINTED, rest),) if rest > 0 else ())))


def _positivity(marker: str, counts: Mapping[str, Tested], cohort: Cohort) -> Positivity:
    named = {site: clopper_pearson(c.positive, c.tested) for site, c in counts.items() if site != ALL and c.tested}
    whole = counts.get(ALL)
    overall = share(whole.positive, whole.tested) if whole else None
    rest = _rest(overall, list(named.values()))
    notes = [
        f"{marker}: {counts[site].tested} tested at the site {site}, where {cohort.sites[site]} patients are printed"
        for site in named
        if site in cohort.sites and counts[site].tested > cohort.sites[site]
    ]
    by_site = tuple(sorted(named.items(), key=lambda pair: (-pair[1].estimate, pair[0])))
    shares = [each for _, each in by_site]
    everyone = test_between([*shares, rest]) if rest else test_between(shares)
    return Positivity(
        marker,
        overall,
        by_site,
        (OTHERS, rest) if rest else None,
        everyone,
        test_between(shares) if rest else None,
        tuple(notes),
    )


def _rest(overall: Proportion | None, named: list[Proportion]) -> Proportion | None:
    if overall is None:
        return None
    positive = overall.responders - sum(each.responders for each in named)
    tested = overall.evaluable - sum(each.evaluable for each in named)
    return clopper_pearson(positive, tested) if 0 <= positive <= tested and tested > 0 else None


def _contrasts(cohort: Cohort) -> Iterator[Contrast]:
    for marker, symptoms in cohort.symptoms_by_marker.items():
        for symptom, sides in symptoms.items():
            shares = [share(sides[s].n, sides[s].of) if s in sides else None for s in ("positive", "negative")]
            test = test_between([each for each in shares if each is not None])
            yield Contrast(symptom, marker, shares[0], shares[1], test)


def _arm_treatment(cohort: Cohort) -> Iterator[Variable]:
    printed = {
        "no further treatment after surgery": cohort.no_postoperative_treatment,
        "radiotherapy": cohort.radiotherapy,
        "chemotherapy": cohort.chemotherapy,
    }
    levels = tuple(Level(name, number) for name, number in printed.items() if number is not None)
    if levels:
        yield Variable("treatment", cohort.n, levels, exclusive=False)


def _if_losses_died(cohort: Cohort) -> Iterator[Text]:
    dead, lost = (cohort.outcome.get(name, 0) for name in ("dead", "lost_to_followup"))
    if cohort.outcome:
        yield say(
            "NOT the survival of this cohort: if every loss to follow-up were a death, {died} would have died; the "
            "curve is not run, since it needs the times of single patients",
            died=f"{dead + lost} of {cohort.n}",
        )


def _notes(cohort: Cohort, printed: Callable[[int, int], Publications]) -> Iterator[Text]:
    parts: dict[str, Any] = {"sex": cohort.sex, "site": cohort.sites, "margin": cohort.resection}
    for name, counts in {**parts, "outcome": cohort.outcome}.items():
        if sum(counts.values()) > cohort.n:
            yield say(
                "{name}: the categories add up to {sum}, more than the {n} patients",
                name=name,
                sum=sum(counts.values()),
                n=cohort.n,
            )
    dead, lost = (cohort.outcome.get(name, 0) for name in ("dead", "lost_to_followup"))
    if cohort.overall_survival and cohort.outcome:
        yield say(
            "overall survival is as printed; {dead} patients are known to have died and {lost} are lost to follow-up, "
            "and it can be computed only from the times of single patients",
            dead=counted(f"{dead} of {cohort.n}", printed(dead, cohort.n)),
            lost=lost,
        )
