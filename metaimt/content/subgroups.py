"""In whom; and what a next inhibitor does after the first. Every sentence carries its counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp

from metaimt.analyses.breakdown import NOT_REPORTED
from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import AS_IT_STANDS, ContrastsUnder
from metaimt.analyses.subgroups import NOT_STATED, PRIMARY, Regression, Subgroup, SubgroupLevel
from metaimt.analyses.wording import limits, odds_text, p_value, percent, plural
from metaimt.content.section import (
    Cell,
    Column,
    Figures,
    Interval,
    Section,
    folded,
    items,
    paragraph,
    row,
    section,
    table,
)
from metaimt.model.count import Count
from metaimt.model.text import Named, Number, Strong, Text, counted, joined, r_of_n, say
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.firth import EVENTS_PER_PARAMETER
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion


def subgroups_section(results: Results) -> Section:
    """Each grouping, the headline first, with what is not known and the test; then the regressions."""
    found, priors = results.subgroups, results.protocol.priors
    regressions = [
        Text(Strong(results.protocol.label(pool)), ": ", _regression(model))
        for pool, models in found.regressions.items()
        for model in models
    ]
    return section(
        "Every grouping, both pools, tests and regression",
        paragraph(
            say(
                "Counts and exact (Clopper-Pearson) intervals; the rows of a table add up to the pool. Partially "
                "pooled: each level drawn towards the others as far as the data allow (posterior median and {level} "
                "interval; priors of the mean and of the spread of the log odds {priors}). Patients of no known level "
                "stay out of it and out of the tests, which are run for the contrast that was specified before, take "
                "patients as independent and are not adjusted for their number. Levels differ also in age, drug, line "
                "and how they were reported.",
                level="95 %",
                priors=f"N(0, {priors.subgroup_mean_sd:g}²) and half-normal({priors.subgroup_sd_scale:g})",
            )
        ),
        [_grouping(by_pool, results) for by_pool in found.tables.values()],
        Figures("subgroups"),
        section(
            "Regression on patients described one by one",
            paragraph(
                say(
                    "Firth-penalised logistic regression, profile intervals; at most one parameter per {n} of the "
                    "rarer outcome.",
                    n=EVENTS_PER_PARAMETER,
                )
            ),
            items(regressions),
        ),
        id="whom",
    )


FIRST = ("histology", "drug", "age_group")
"""Groupings that are shown before one asks for more."""


def differ_section(results: Results) -> Section:
    """Does it differ? A row a level of the widest pool, counts first and no p-value; everything else on demand."""
    tables = {name: list(by_pool.values())[-1] for name, by_pool in results.subgroups.tables.items()}
    shown = [tables[name] for name in FIRST if name in tables]
    pool = results.response.pools[shown[0].pool] if shown else None
    return section(
        "Does it differ?",
        [
            paragraph(
                say(
                    "Patients of {pool}. Levels differ also in age, drug, line and how they were reported.",
                    pool=pool.label,
                )
            )
        ]
        if pool
        else [],
        [_short(found, results) for found in shown],
        folded(subgroups_section(results)),
        id="differ",
    )


def _short(found: Subgroup, results: Results) -> Section:
    """Level, r/n, the exact interval drawn; for how many no level is known; who died before any assessment."""
    pool = results.response.pools[found.pool]
    line = pool.orr.estimate if pool.orr else None
    rows = [
        row(
            results.protocol.label(each.level.name) if each.level.name in results.protocol.labels else each.level.name,
            r_of_n(each.level.counts),
            Interval(each.level.orr, reference=line, patients=each.level.counts.evaluable),
            exact_interval(each.level.orr),
            opens=each.level.counts,
        )
        for each in found.levels
        if each.level.orr is not None and each.level.name != NOT_REPORTED
    ]
    title, missing = found.grouping.replace("_", " ").capitalize(), found.not_reported
    columns = (found.grouping.replace("_", " "), Column("r/n", "number"), Column("", "plot"))
    said = [say("Not known for {n}.", n=counted(f"{missing.evaluable} of {found.total.evaluable}", missing))]
    said += _died_first(results) if found.grouping == PRIMARY else []
    line_said = [say("Dotted line: {pool}.", pool=pool.label)] if line is not None else []
    shown = table(f"{title}, {pool.label}", (*columns, Column("exact rate, 95 %", "interval")), rows)
    return section(title, shown, paragraph(joined([*said, *line_said], " "), small=True))


def _died_first(results: Results) -> list[Text]:
    """How many non-responders died before any assessment, and the contrast without them: counts, no test."""
    said = [
        say(
            "{n} of the {all} of {level} died before any assessment.",
            n=counted(len(dead.parts), dead),
            all=plural(counts.evaluable - counts.responders, "non-responder"),
            level=name,
        )
        for name, counts, dead in _dead(results)
    ]
    without = [
        say("Without deaths before assessment: {levels}.", levels=_levels(each.levels)) for each in _without(results)
    ]
    return [*said, *without[:1]] if said else []


def _dead(results: Results) -> Iterator[tuple[str, Count, Count]]:
    """Levels of the contrast as it stands in which somebody died before any assessment: name, all, and who died."""
    first = next((each for each in results.sensitivity.contrasts if each.name == AS_IT_STANDS), None)
    for name, counts in first.levels.items() if first else ():
        dead = counts.where(f"{name}: died first", lambda unit: unit.response_basis == "death")
        if dead.parts:
            yield name, counts, dead


def _without(results: Results) -> list[ContrastsUnder]:
    """The contrast under each analysis of the protocol that reads a death before assessment otherwise."""
    found = {each.name: each for each in results.sensitivity.contrasts}
    otherwise = (each.name for each in results.protocol.sensitivity if each.death_before_assessment is not None)
    return [found[name] for name in otherwise if name in found]


def prespecified(results: Results) -> tuple[Subgroup, Text] | None:
    """The pre-specified contrast in the widest pool, and what is to be said of it; None if none is asked for."""
    if not results.subgroups.primary:
        return None
    widest = list(results.subgroups.primary.values())[-1]
    return widest, Text(_note(widest), *_fragile(results))


def exact_interval(orr: Proportion) -> str:
    """`91.7 % (77.5 - 98.2)`."""
    return f"{percent(orr.estimate)} ({limits(orr.lower, orr.upper)})"


def _grouping(by_pool: Mapping[str, Subgroup], results: Results) -> Section:
    tables, label = list(by_pool.values()), results.protocol.label
    name, first = tables[0].grouping, prespecified(results)
    title = name.replace("_", " ").capitalize() + (" (the pre-specified contrast)" if name == PRIMARY else "")
    levels = [{each.level.name: each for each in found.levels} for found in tables]
    names = sorted(dict.fromkeys(name for found in levels for name in found), key=lambda name: name == NOT_REPORTED)
    columns = [Column("level"), *(column for found in tables for column in _columns(label(found.pool)))]
    rows = [row(name, *(cell for found in levels for cell in _cells(found.get(name)))) for name in names]
    notes = [first[1] if first and found is first[0] else _note(found) for found in tables]
    said = [Text(Named(label(found.pool)), ": ", note) for found, note in zip(tables, notes, strict=True)]
    return section(title, table(f"Response by {_lower(title)}", columns, rows, style="two"), items(said))


def _lower(title: str) -> str:
    return f"{title[:1].lower()}{title[1:]}"


def _columns(pool: str) -> tuple[Column, ...]:
    return (
        Column("r/n", "number", pool),
        Column("", "plot", pool),
        Column("ORR (exact, 95 %)", "interval", pool),
        Column("partially pooled", "interval", pool),
    )


def _cells(found: SubgroupLevel | None) -> tuple[str | Number | Cell, ...]:
    if found is None or found.level.orr is None:
        return ("0/0", "", "", "")
    counts, orr, rate = found.level.counts, found.level.orr, found.pooled
    pooled = "" if isinstance(rate, NotRun) else f"{percent(rate.median)} ({limits(rate.lower, rate.upper)})"
    beside = (Interval(orr), Text(Named(exact_interval(orr))), Text(Named(pooled)))
    return (r_of_n(counts), *(Cell(each, counts) for each in beside))


def _note(found: Subgroup) -> Text:
    missing, test = found.not_reported, found.test
    result = test.wording() if isinstance(test, NotRun) else f"{p_value(test.p)}, {test.wording()}"
    tested = say("; test of any difference between the known levels: {result}", result=result)
    return say(
        "not known for {n} patients{responded}{tested}.{possible}",
        n=counted(f"{missing.evaluable} of {found.total.evaluable}", missing),
        responded=say(" (of whom {n} responded)", n=r_of_n(missing)) if missing.evaluable else "",
        tested=tested if found.grouping == PRIMARY else "",
        possible=Text(" If possible links counted too: ", _levels(found.with_possible), ".")
        if found.with_possible
        else "",
    )


def _levels(found: Mapping[str, Count]) -> Text:
    """`lung 33/36, abdomen 2/4`."""
    return joined(say("{name} {n}", name=name, n=r_of_n(counts)) for name, counts in found.items())


def _fragile(results: Results) -> Iterator[Text]:
    """Of the pre-specified contrast in the widest pool: what it is without those who died first.

    A p-value of few patients may rest on two of them.
    """
    found = results.sensitivity.contrasts
    tests = [each.test.p for each in found if isinstance(each.test, ExactTest)]
    if len(tests) < 2 or AS_IT_STANDS not in {each.name for each in found}:
        return
    died = [
        counted(plural(len(dead.parts), f"non-responder of {name}", f"non-responders of {name}"), dead)
        for name, _, dead in _dead(results)
    ]
    rows = [
        say(
            "{name} {levels}, {test}",
            name=each.name,
            levels=_levels(each.levels),
            test=each.test.wording() if isinstance(each.test, NotRun) else p_value(each.test.p),
        )
        for each in _without(results)
    ]
    if died and rows:
        yield say(" {who} died before any assessment: {rows}.", who=joined(died, " and "), rows=joined(rows, "; "))
    most = p_value(max(tests)).removeprefix("p ").removeprefix("= ")
    yield say(" Over the sensitivity analyses: {least} to {most}.", least=p_value(min(tests)), most=most)


def _regression(model: Regression) -> Text:
    complete = model.complete
    known = say(
        "{covariates}: {patients} described one by one, all covariates known for {known} ({responders})",
        covariates=", ".join(name.replace("_", " ") for name in model.covariates),
        patients=counted(plural(model.patients.evaluable, "patient"), model.patients),
        known=counted(complete.evaluable, complete),
        responders=counted(f"{complete.responders} responders", complete),
    )
    if isinstance(model.fit, NotRun):
        return say("{known}; {why}.", known=known, why=model.fit.wording())
    odds = [
        f"{c.name}: odds ratio {odds_text(exp(c.estimate))} ({100 * model.fit.level:g} % interval "
        f"{odds_text(exp(c.lower))} to {odds_text(exp(c.upper))}, {p_value(c.p)})"
        for c in model.fit.coefficients[1:]
    ]
    return say("{known}; {odds}.", known=known, odds="; ".join(odds))


def later_section(results: Results) -> Section:
    """Responses to the second inhibitor by what the first one did, and every patient with a later one."""
    found = results.subgroups.later
    said = [
        *(say("First one: {what}: {n}", what=name, n=r_of_n(c)) for name, c in found.by_prior_outcome.items()),
        *(say("First one ended by {what}: {n}", what=name, n=r_of_n(c)) for name, c in found.by_prior_end.items()),
        say("Later-line arms, whose first one is not known patient by patient: {n}", n=r_of_n(found.arms)),
    ]
    rows = [
        row(
            counted(each.after.subject, who),
            str(each.after.course),
            *(value or NOT_STATED for value in (each.before.drug, each.before.response, each.before.stop_reason)),
            *(value or NOT_STATED for value in (each.after.drug, each.after.response, each.after.response_basis)),
            opens=who,
        )
        for each in found.switches
        for who in [Count.of("", [each.after])]
    ]
    columns = ("inhibitor before", "response", "ended by", "this inhibitor", "response", "basis")
    return section(
        "A next inhibitor after the first",
        paragraph(
            "Responses to the second recorded inhibitor, by what the first one did; by protocol without a test. The "
            "table has every later inhibitor, whether or not its response is readable."
        ),
        items(said, "counts"),
        table("Patients with a later inhibitor", ("patient", Column("course", "number"), *columns), rows),
        id="later",
    )
