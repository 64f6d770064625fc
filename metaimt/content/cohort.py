"""The local cohort: Table 1, markers, symptoms, treatment, survival.

It is known as counts, so that its numbers lead to what the publication prints; rows of a patient table are never shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from metaimt.analyses.cohort import CohortResult, Reading
from metaimt.analyses.cohort_description import Contrast, Level, Positivity, Summary, Variable
from metaimt.analyses.cohort_survival import CohortCox, CohortSurvival, Comparison, GroupCurve
from metaimt.analyses.duration import Curve
from metaimt.analyses.results import Results
from metaimt.analyses.wording import fraction, limits, p_value, percent, plural
from metaimt.content.duration import NOT_REACHED
from metaimt.content.section import (
    Block,
    Column,
    Figures,
    Row,
    Section,
    items,
    paragraph,
    row,
    section,
    table,
    terminal_only,
)
from metaimt.model.text import Named, Number, Strong, Text, capital, counted, joined, say
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion
from metaimt.statistics.survival import FEWEST_COX_EVENTS, Landmark, Quantile

MOST_REJECTED = 20
_NAMES = {"R1_R2": "R1/R2", "lost_to_followup": "lost to follow-up"}
_SOURCES = {"published counts": "published counts", "patient table": "a patient table, which stays where it is"}
_N_OF, _PERCENT, _INTERVAL = Column("n/N", "number"), Column("%", "number"), Column("95 % interval", "interval")


def name(term: str) -> str:
    """A term as read: limbs and trunk, R1/R2."""
    return _NAMES.get(term) or term.replace("_", " ")


def cohorts_section(results: Results) -> Section:
    """Each cohort of the review, with figures; empty if it has none."""
    found = [cohort_section(cohort) for cohort in results.cohorts]
    return section("Local cohort", found, [Figures("cohort")] if found else [], id="cohort")


def cohort_section(cohort: CohortResult) -> Section:
    """Everything about one cohort."""
    title = () if cohort.title == cohort.id else (Named(cohort.title), ". ")
    everybody = counted(plural(cohort.patients, "patient"), cohort.whole)
    symptoms = cohort.symptoms
    return section(
        Text(Named(cohort.id)),
        paragraph(*title, everybody, ", from ", _SOURCES[cohort.source], "."),
        _reading(cohort.reading, cohort.patients) if cohort.reading else [],
        _described("Table 1", cohort.table_one, cohort),
        [_positivity(each, cohort) for each in cohort.positivity],
        section(
            "Symptoms by marker status",
            _not_run(symptoms) if isinstance(symptoms, NotRun) else _symptoms(symptoms, cohort),
        ),
        _described("Treatment", cohort.treatment, cohort),
        section("Overall survival", _survival(cohort)),
        [section("As printed", items(Text(capital(note), ".") for note in cohort.notes))] if cohort.notes else [],
    )


def _n_of(n: int, of: int, cohort: CohortResult) -> Number:
    return counted(fraction(n, of), cohort.printed(n, of))


def _not_run(why: NotRun) -> Block:
    return paragraph(Named(why.wording()), ".")


def _reading(reading: Reading, analysed: int) -> Iterator[Block]:
    """What became of the rows of a table; which of them were rejected is for who holds the table."""
    said = f"{plural(reading.rows, 'row')} read: {analysed} analysed, {len(reading.rejected)} rejected"
    said += f", {reading.repeated} repeated" if reading.repeated else ""
    said += f"; {plural(reading.empty, 'empty row')}" if reading.empty else ""
    yield paragraph(joined([Named(said), *(capital(Text(Named(note))) for note in reading.notes)], ". "), ".")
    shown = reading.rejected[:MOST_REJECTED]
    told = [f"row {each.row}{f' ({each.id})' if each.id else ''}: {'; '.join(each.reasons)}" for each in shown]
    if more := len(reading.rejected) - len(shown):
        told.append(f"and {more} more: --format json, or --out FOLDER")
    if reading.not_used:
        told.append(f"columns not used: {', '.join(reading.not_used)}")
    yield terminal_only(*items(Text(Named(each)) for each in told))


_CAPTIONS = {"Table 1": "Patients and tumours"}  # a caption has a number of its own


def _described(title: str, variables: Sequence[Variable], cohort: CohortResult) -> Section:
    rows = [row for variable in variables for row in _variable(variable, cohort)]
    shown = table(f"{_CAPTIONS.get(title, title)}, {cohort.id}", ("level", _N_OF, _PERCENT), rows)
    return section(Text(Named(title)), shown or paragraph("Nothing known."))


def _variable(variable: Variable, cohort: CohortResult) -> Iterator[Row]:
    """The name, then the number in words, then each level."""
    several = "" if variable.exclusive else " (a patient may have several)"
    yield row(f"{name(variable.name)}{several}", kind="heading")
    if variable.summary is not None:
        yield row(summary_words(variable.summary), _n_of(variable.summary.n, variable.of, cohort), "")
    yield from (_level(level, variable.of, cohort) for level in variable.levels)


def summary_words(summary: Summary) -> str:
    """`mean 50.1 (SD 14.2), median 51 (quartiles 40 to 61), range 18 to 82`; what was not printed is left out."""
    said = [f"mean {summary.mean:.4g}" + (f" (SD {summary.sd:.1f})" if summary.sd is not None else "")]
    if summary.median is not None:
        said.append(f"median {summary.median:g} (quartiles {summary.lower_quartile:g} to {summary.upper_quartile:g})")
        said.append(f"range {summary.minimum:g} to {summary.maximum:g}")
    return ", ".join(said)


def _level(level: Level, everybody: int, cohort: CohortResult) -> Row:
    of = everybody if level.of is None else level.of
    return row(name(level.name), _n_of(level.n, of, cohort), percent(level.n / of) if of else "")


def _positivity(found: Positivity, cohort: CohortResult) -> Section:
    """All, then each site, with the exact tests and what does not add up."""
    shares = [("all tested", found.overall), *found.by_site, *([found.rest] if found.rest else [])]
    tests = {"between sites": found.test}
    if found.test_named is not None:
        tests = {"between the sites named": found.test_named, "between all rows": found.test}
    columns = ("site", Column("r/n", "number"), _PERCENT, Column("95 % exact interval", "interval"))
    return section(
        f"{found.marker} positivity",
        table(f"{found.marker} positivity, {cohort.id}", columns, (_share(*each, cohort) for each in shares)),
        items(
            [
                *(say("Difference {of}: {test}.", of=of, test=test_words(test)) for of, test in tests.items()),
                *(Text(capital(Text(Named(name(note)))), ".") for note in found.notes),
            ]
        ),
    )


def _share(site: str, share: Proportion | None, cohort: CohortResult) -> Row:
    if share is None:
        return row(name(site), _n_of(0, 0, cohort), "", "nobody tested")
    counts = _n_of(share.responders, share.evaluable, cohort)
    return row(name(site), counts, percent(share.estimate), limits(share.lower, share.upper))


def test_words(test: ExactTest | NotRun) -> str:
    """`p = 0.335, Fisher-Freeman-Halton, exact by enumeration (65 tables)`, or why not."""
    return test.wording() if isinstance(test, NotRun) else f"{p_value(test.p)}, {test.wording()}"


def _symptoms(found: Sequence[Contrast], cohort: CohortResult) -> tuple[Block, ...]:
    columns = ("marker", "symptom", Column("positive", "number"), Column("negative", "number"), "exact test")
    return table(f"Symptoms by marker status, {cohort.id}", columns, (_contrast(each, cohort) for each in found))


def _contrast(found: Contrast, cohort: CohortResult) -> Row:
    sides = (
        Text(_n_of(each.responders, each.evaluable, cohort), Named(f" ({percent(each.estimate)})"))
        if each
        else "nobody"
        for each in (found.positive, found.negative)
    )
    test = found.test.wording() if isinstance(found.test, NotRun) else p_value(found.test.p)
    return row(found.marker, name(found.symptom), *sides, test)


def _survival(cohort: CohortResult) -> Iterator[Block]:
    found = cohort.survival
    if isinstance(found, NotRun):
        yield _not_run(found)
        yield from _printed(cohort)
        return
    yield paragraph(_known(found, cohort))
    yield from _curve(found.curve, f"Overall survival, {cohort.id}")
    if found.if_losses_died is not None:
        yield paragraph(
            Strong(
                "!! NOT the survival of this cohort: every loss to follow-up is counted as a death at the last contact."
            )
        )
        yield from _curve(found.if_losses_died, f"Every loss a death, {cohort.id}")
    if found.comparisons:
        yield section("Survival by group", [block for each in found.comparisons for block in _compared(each, cohort)])
    if found.models:
        yield section("Univariable Cox regression", _cox(found.models, cohort.id))


def _printed(cohort: CohortResult) -> Iterator[Block]:
    """Survival and follow-up as a publication prints them."""
    if cohort.printed_rates:
        rates = ", ".join(f"{percent(rate.rate)} at {rate.months:g} months" for rate in cohort.printed_rates)
        yield paragraph("As printed, without intervals: ", Named(rates), ".")
    if cohort.printed_followup is not None:
        value, *interval = ("not printed" if limit is None else f"{limit:g}" for limit in cohort.printed_followup)
        yield paragraph("Median follow-up as printed: ", Named(f"{value} months ({' to '.join(interval)})"), ".")


def _known(found: CohortSurvival, cohort: CohortResult) -> Text:
    """Who is in and who is not, and how follow-up ended."""
    known = f"{found.known} of {plural(found.patients, 'patient')}"
    out = ", ".join(f"{number} {why}" for why, number in found.excluded.items())
    return say(
        "Time and outcome known for {known}: {ends}.{out} Losses to follow-up are censored at the last contact, never "
        "counted as deaths.",
        known=counted(known, cohort.printed(found.known, found.patients)),
        ends=", ".join(f"{number} {name(outcome)}" for outcome, number in found.outcomes.items()),
        out=f" Not here: {out}." if out else "",
    )


def _curve(curve: Curve | NotRun, title: str) -> Iterator[Block]:
    if isinstance(curve, NotRun):
        yield paragraph("Kaplan-Meier ", Named(curve.wording()), ".")
        return
    yield paragraph(
        say(
            "{patients}, {deaths}; median {median} months; median follow-up (reverse Kaplan-Meier) {followup}.",
            patients=plural(curve.steps.subjects, "patient"),
            deaths=plural(curve.steps.total_events, "death"),
            median=quantile_words(curve.median),
            followup=curve.followup.wording()
            if isinstance(curve.followup, NotRun)
            else f"{quantile_words(curve.followup)} months",
        )
    )
    columns = (Column("months", "number"), Column("survival", "number"), _INTERVAL, Column("at risk", "number"))
    yield from table(title, columns, (row(*landmark_words(at)) for at in curve.landmarks))


def quantile_words(found: Quantile) -> str:
    """`59.9 (95 % interval 49 to 70.8)`."""
    value, low, high = (NOT_REACHED if x is None else f"{x:.4g}" for x in (found.estimate, found.lower, found.upper))
    return value if value == NOT_REACHED and low == NOT_REACHED else f"{value} (95 % interval {low} to {high})"


def landmark_words(at: Landmark) -> tuple[str, str, str, str]:
    """Months, survival, interval, at risk."""
    if at.estimate is None:
        return f"{at.time:g}", "beyond follow-up", "", str(at.at_risk)
    interval = "none" if at.lower is None or at.upper is None else limits(at.lower, at.upper)
    return f"{at.time:g}", percent(at.estimate), interval, str(at.at_risk)


def _compared(found: Comparison, cohort: CohortResult) -> Iterator[Block]:
    """The variable, for how many it is known and the test; deaths, and survival of each group at each time."""
    test = found.test
    if isinstance(test, NotRun):
        said = test.wording()
    else:
        df = "" if test.df == 1 else f", {test.df} degrees of freedom"
        said = f"{p_value(test.p)} (chi-square {test.statistic:.2f}{df})"
    yield paragraph(
        say(
            "{variable} (known for {known}{missing}): log-rank {test}. {died}.",
            variable=found.variable,
            known=found.known,
            missing=f", not known for {found.missing}" if found.missing else "",
            test=said,
            died=joined((_died(group, cohort) for group in found.groups), "; "),
        )
    )
    columns = [Column("months", "number"), *(Column(name(group.label), "interval") for group in found.groups)]
    times = zip(*(group.curve.landmarks for group in found.groups), strict=True)
    yield from table(f"Survival by {found.variable}, {cohort.id}", columns, map(_at_once, times))


def _died(group: GroupCurve, cohort: CohortResult) -> Text:
    steps = group.curve.steps
    return say("{group}: {n} died", group=name(group.label), n=_n_of(steps.total_events, steps.subjects, cohort))


def _at_once(groups: Sequence[Landmark]) -> Row:
    cells = [landmark_words(each) for each in groups]
    return row(
        cells[0][0], *(f"{survival} ({interval})" if interval else survival for _, survival, interval, _ in cells)
    )


def _cox(models: Sequence[CohortCox], cohort: str) -> Iterator[Block]:
    columns = ("term", Column("HR", "number"), _INTERVAL, "p")
    yield from table(f"Univariable Cox regression, {cohort}", columns, (row for each in models for row in _model(each)))
    yield from items(cox_notes(models))


def _model(model: CohortCox) -> Iterator[Row]:
    """The covariate with its patients, deaths and check, or why it was not run; then a row a term."""
    counts = f"{plural(model.n, 'patient')}, {plural(model.events, 'death')}"
    counts += f", not known for {model.missing}" if model.missing else ""
    check = model.hazards.wording() if isinstance(model.hazards, NotRun) else p_value(model.hazards.p)
    said = f"; check {check})" if model.not_run is None else f"): {model.not_run.wording()}"
    yield row(f"{name(model.covariate)} ({counts}{said}", kind="heading")
    for term in model.terms:
        against = f"{name(term.name)} / {name(model.reference)}" if model.reference else name(term.name)
        ratio, low, high = (_ratio(x) for x in (term.hazard_ratio, term.lower, term.upper))
        yield row(against, ratio, f"{low} - {high}", p_value(term.p))


def _ratio(value: float) -> str:
    if not np.isfinite(value) or value >= 1e4:
        return "beyond 10,000"
    return f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"


def cox_notes(models: Iterable[CohortCox]) -> Iterator[Text]:
    """Joint tests of covariates with several terms, and what penalised and the check mean."""
    listed = [model for model in models if model.not_run is None]
    for model in listed:
        if model.joint_p is not None:
            joint = p_value(model.joint_p)
            yield say("{name}: all terms together {p} (likelihood ratio).", name=name(model.covariate), p=joint)
    if any("penalised" in model.method for model in listed):
        yield say(
            "Penalised (Firth): fewer than {few} events, or no finite hazard ratio without; intervals by profile "
            "likelihood. With so few events a hazard ratio is a rough indication at best.",
            few=FEWEST_COX_EVENTS,
        )
    if listed:
        yield Text("Check: a small p speaks against proportional hazards (Grambsch and Therneau).")
