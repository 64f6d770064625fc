"""For how long; what a clinician asks next; deaths and toxicity. Months throughout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from metaimt.analyses.clinical import FEWEST, Answer, Stated
from metaimt.analyses.duration import (
    LABELS,
    RESPONSE,
    Curve,
    Duration,
    GroupComparison,
    Incidence,
    KnownTime,
    PrintedMedian,
    Times,
)
from metaimt.analyses.results import Results
from metaimt.analyses.subgroups import PRIMARY
from metaimt.analyses.wording import limits, percent, plural
from metaimt.content.section import (
    Block,
    Column,
    Figures,
    Fold,
    Row,
    Section,
    items,
    paragraph,
    row,
    section,
    table,
)
from metaimt.model.count import Count
from metaimt.model.text import Named, Text, capital, counted, joined, say
from metaimt.model.unit import Unit
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import FEWEST_EVENTS, FEWEST_TIMES

NOT_REACHED = "not reached"
_VARIANTS = {"middle": "at the midpoint", "low": "at the low end", "high": "at the high end"}
T = TypeVar("T")


def medians_section(results: Results) -> Section:
    """Medians as arms print them."""
    label = results.protocol.label
    units = {placed.unit.id: placed.unit for placed in results.selection.placed}
    medians = [
        _median(label(pool), each, units[each.id])
        for pool, duration in results.duration.items()
        for each in duration.medians
    ]
    columns = ("pool", "arm", "drug", "what", Column("n", "number"), Column("median", "number"), "95 % interval")
    return section("Medians as printed, months", table("Medians as printed", columns, medians))


def duration_section(results: Results) -> Section:
    """Each field of each pool: for how many it is known, and curves or the list."""
    label = results.protocol.label
    return section(
        "Times one by one",
        paragraph(
            say(
                "Months. Time on treatment, progression-free survival and duration of response are kept apart. Time on "
                "treatment ends when the drug is stopped for any reason; progression-free survival and response end "
                "with progression or death, and surgery, completion and toxicity compete. Curves need {times} known "
                "times and {events} events. No time is compared by response.",
                times=FEWEST_TIMES,
                events=FEWEST_EVENTS,
            )
        ),
        [_pool(label(pool), duration) for pool, duration in results.duration.items()],
        Figures("duration"),
        id="duration",
    )


def _median(pool: str, found: PrintedMedian, unit: Unit) -> Row:
    interval = "not printed"
    if found.interval is not None:
        interval = " to ".join("not estimable" if limit is None else f"{limit:g}" for limit in found.interval)
    what, value = LABELS[found.field], f"{found.value:g}"
    return row(pool, _case(unit), found.drug, what, str(found.n), value, interval, opens=Count.of("", [unit]))


def _case(unit: Unit) -> Text:
    return Text(counted(unit.id, Count.of("", [unit])))


def _pool(label: str, duration: Duration) -> Section:
    return section(label[:1].upper() + label[1:], [_field(times, label) for times in duration.times.values()])


def _field(times: Times, pool: str) -> Section:
    known = counted(f"{len(times.known)} of {len(times.described.parts)}", times.everybody)
    said = [*_estimates(times)]
    if times.groups and not isinstance(times.curves, NotRun):
        said.append(Text(joined(map(_group, times.groups), "; "), "."))
    title = f"{times.label}, {pool}"
    columns = ("patient", "drug", Column("months", "number"), "counts as", "how it ended")
    listed = table(title, columns, map(_time, times.known))
    fold = [Fold(say("The {n} known", n=plural(len(times.known), "time")), listed)] if listed else []
    return section(Text(Named(times.label), ": known for ", known), paragraph(_known(times)), items(said), fold)


def _known(times: Times) -> Text:
    who = "responder" if times.field == RESPONSE else "evaluable patient"
    said = [
        say(
            "known for {n} of {everybody} described one by one",
            n=counted(len(times.known), times.everybody),
            everybody=counted(plural(len(times.described.parts), who), times.described),
        )
    ]
    if times.as_counts:
        said.append(say("{n} more only as counts", n=counted(times.as_counts, times.arms)))
    if times.excluded:
        reasons = (Text(counted(len(who.parts), who), " ", Named(why)) for why, who in times.excluded.items())
        said.append(Text("excluded from curves: ", joined(reasons)))
    if times.ranges.parts:
        said.append(say("{n} known only as a range", n=counted(len(times.ranges.parts), times.ranges)))
    if times.naive_median is not None:
        said.append(
            say(
                "naive median of {times} {months} months, which ignores who is still on treatment",
                times=counted(plural(len(times.known), "printed time"), times.everybody),
                months=f"{times.naive_median:g}",
            )
        )
    if isinstance(times.curves, NotRun):
        said.append(say("curve {why}", why=times.curves.wording()))
    return Text(capital(joined(said, "; ")), ".")


def _estimates(times: Times) -> Iterator[Text]:
    if isinstance(times.curves, Mapping):
        for variant, curve in _shown(times, times.curves):
            yield Text("Kaplan-Meier, competing events censored", variant, ": ", _curve(curve, times), ".")
    if isinstance(times.incidence, Mapping):
        for variant, incidence in _shown(times, times.incidence):
            yield say("Aalen-Johansen{variant}: {what}.", variant=variant, what=_incidence(incidence))


def _shown(times: Times, by_variant: Mapping[str, T]) -> Iterator[tuple[str, T]]:
    """Ends of the ranges only where there are ranges."""
    for name, found in by_variant.items():
        if times.ranges.parts:
            yield f", ranges {_VARIANTS[name]}", found
        elif name == "middle":
            yield "", found


def _curve(curve: Curve, times: Times) -> Text:
    n, events = curve.steps.subjects, curve.steps.total_events
    said = [
        say(
            "{events} in {n}",
            events=counted(plural(events, "event"), times.events),
            n=counted(plural(n, "patient"), times.usable),
        )
    ]
    for name, found in (("median", curve.median), ("median follow-up", curve.followup)):
        if isinstance(found, NotRun):
            said.append(Text(name, " ", Named(found.wording())))
            continue
        limits_ = f"({_months(found.lower)} to {_months(found.upper)})"
        said.append(Text(name, " ", Named(f"{_months(found.estimate)} months {limits_}")))
    for at in curve.landmarks:
        share = _share(at.estimate, at.lower, at.upper)
        said.append(Text("at ", Named(f"{at.time:g} months {share}, {at.at_risk} at risk")))
    return joined(said, "; ")


def _incidence(incidence: Incidence) -> str:
    return "; ".join(
        f"{incidence.causes[at.cause]} by {at.time:g} months {_share(at.estimate, at.lower, at.upper)}"
        for at in incidence.at
    )


def _share(estimate: float | None, lower: float | None, upper: float | None) -> str:
    if estimate is None:
        return "beyond the last time"
    if lower is None or upper is None:
        return f"{percent(estimate)} (no interval)"
    return f"{percent(estimate)} ({limits(lower, upper)})"


def _months(value: float | None) -> str:
    return NOT_REACHED if value is None else f"{value:.4g}"


def _group(found: GroupComparison) -> Text:
    ranked, model = found.log_rank, found.cox
    test = ranked.wording() if isinstance(ranked, NotRun) else f"p = {ranked.p:.3f}"
    if isinstance(model, NotRun):
        hazards = model.wording()
    else:
        hazards = ", ".join(
            f"{t.name} hazard ratio {t.hazard_ratio:.2f} ({t.lower:.2f} to {t.upper:.2f})" for t in model.terms
        )
    return say(
        "{name} (known for {known}): log-rank {test}, Cox {hazards}",
        name=found.grouping.replace("_", " "),
        known=counted(found.known.evaluable, found.known),
        test=test,
        hazards=hazards,
    )


def _time(known: KnownTime) -> Row:
    months = f"{known.low:g}" if known.low == known.high else f"{known.low:g} to {known.high:g}"
    unit = known.unit
    return row(_case(unit), unit.drug, months, known.state, known.why, opens=Count.of("", [unit]))


def clinical_section(results: Results) -> Section:
    """What a clinician asks next, of the widest pool: a row a group, a column a question."""
    found = list(results.clinical.values())[-1]
    questions = [each.question for each in found.answers["", ""]]
    groups: dict[str, list[Row]] = {}
    for (grouping, level), answers in found.answers.items():
        groups.setdefault(grouping, []).append(row(level or "all", *map(_answer, answers)))
    first = [each for grouping in ("", PRIMARY) for each in groups.pop(grouping, [])]
    columns, what = ("", *questions), "Answers, and for how many they are known"
    return section(
        "What a clinician asks next",
        paragraph(
            say(
                "Patients of {pool} described one by one: how many, and for how many it is known. No rate is made of "
                "fewer than {least} known. Who is told of is no random sample.",
                pool=results.protocol.label(found.pool),
                least=FEWEST,
            )
        ),
        table(what, columns, first),
        [
            Fold(say("The same by {what}", what=name.replace("_", " ")), table(f"{what}, by {name}", columns, rows))
            for name, rows in groups.items()
        ],
        id="next",
    )


def _answer(found: Answer) -> Text:
    """`5, known for 40 of 40`; with a rate where enough is known."""
    yes, known, asked = (len(each.parts) for each in (found.yes, found.known, found.asked))
    said = say("{yes}, known for {n}", yes=counted(yes, found.yes), n=counted(f"{known} of {asked}", found.known))
    return said if found.rate is None else Text(said, Named(f" ({percent(found.rate)})"))


def deaths_section(results: Results) -> Section:
    """Status, ends of treatment and toxicity as stated, in counts."""
    found = results.deaths_and_toxicity
    within = []
    if found.elsewhere.parts:
        n = counted(len(found.elsewhere.parts), found.elsewhere)
        within = [say("; {n} of them are described one by one elsewhere and stand here", n=n)]
    return section(
        "Deaths and toxicity",
        paragraph(
            "What the sources state for patients described one by one, whether or not their response is readable, each "
            "patient once. A source that says nothing does not say “none”, and those who are told of are no random "
            "sample: these are counts, and no rate is made of them. ",
            counted(plural(found.arms.evaluable, "patient"), found.arms),
            " are known only as counts, without any of this",
            *within,
            ".",
        ),
        [_stated(found.status, "patient"), _stated(found.ends, "course"), _stated(found.events, "course")],
        id="deaths",
    )


def _stated(found: Stated, unit: str) -> Block:
    stated = counted(f"{len(found.stated.parts)} of {plural(len(found.asked.parts), unit)}", found.stated)
    title = Text(Named(found.item[:1].upper() + found.item[1:]), ": stated for ", stated)
    values = [Text(Named(value), ": ", counted(len(each.parts), each)) for value, each in found.values.items()]
    return section(title, items(values or [Text("nobody")], "counts"))
