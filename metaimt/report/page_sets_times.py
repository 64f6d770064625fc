"""The cases behind durations, deaths and adverse events, and the regressions on patients described one by one.

May import: analyses and below, and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metaimt.analyses.breakdown import value_of
from metaimt.analyses.duration import Times, asked
from metaimt.analyses.known_times import EVENT, LABELS, UNKNOWN
from metaimt.analyses.patient_regression import all_known, described
from metaimt.analyses.results import Results
from metaimt.model.unit import Unit
from metaimt.report.case_set import CaseSet, Sets, case_set

Units = Mapping[str, Unit]


def time_sets(results: Results) -> Sets:
    """Every set of the sections on duration and on deaths, and of the regressions."""
    by_id = {placed.unit.id: placed.unit for placed in results.selection.placed}
    for pool, duration in results.duration.items():
        for field, times in duration.times.items():
            title = f"{results.protocol.label(pool)}: {LABELS[field]}"
            everybody = [member.unit for member in asked(results.selection.members(pool), field)]
            yield from _times(f"time/{pool}/{field}", title, times, by_id)
            singly = [unit for unit in everybody if unit.course]
            yield f"time/{pool}/{field}/described", case_set(f"{title}, described one by one", singly)
            arms = [unit for unit in everybody if not unit.course]
            yield f"time/{pool}/{field}/as counts", case_set(f"{title}, known only as counts", arms)
    yield from _stated(results, by_id)
    yield from _regressions(results)


def _times(key: str, title: str, times: Times, by_id: Units) -> Sets:
    known = times.known
    parts = {
        key: ("known", [each.id for each in known]),
        f"{key}/curve": ("in the curve", [each.id for each in known if each.state != UNKNOWN]),
        f"{key}/events": ("with the event", [each.id for each in known if each.state == EVENT]),
        f"{key}/ranges": ("known as a range", [each.id for each in known if each.low < each.high]),
    }
    for why in times.excluded:
        left_out = [each.id for each in known if each.state == UNKNOWN and each.why == why]
        parts[f"{key}/excluded/{why}"] = (why, left_out)
    usable = [by_id[each.id] for each in known if each.state != UNKNOWN]
    for group in times.groups:
        ids = [unit.id for unit in usable if value_of(unit, group.grouping)]
        parts[f"{key}/known {group.grouping}"] = (f"and {group.grouping.replace('_', ' ')} known", ids)
    for name, (words, ids) in parts.items():
        yield name, _named(f"{title} {words}", ids, by_id)


def _stated(results: Results, by_id: Units) -> Sets:
    found = results.deaths_and_toxicity
    for key, item in (("status", found.status), ("end", found.ends), ("event", found.events)):
        yield f"stated/{key}", _named(f"{item.item}: stated", item.stated, by_id)
        for value, names in item.values.items():
            yield f"stated/{key}/{value}", _named(f"{item.item}: {value}", names, by_id)
    yield "stated/as counts", _named("known only as counts", found.arms, by_id)
    yield (
        "stated/within arms",
        _named("within these counts, but described one by one elsewhere", found.elsewhere, by_id),
    )


def _regressions(results: Results) -> Sets:
    for pool, models in results.subgroups.regressions.items():
        singly, label = described(results.selection.members(pool)), results.protocol.label(pool)
        for place, model in enumerate(models):
            known = ", ".join(name.replace("_", " ") for name in model.covariates)
            yield f"regression/{pool}/{place}", case_set(f"{label}: described one by one", singly)
            complete = all_known(singly, model.covariates)
            yield f"regression/{pool}/{place}/complete", case_set(f"{label}: {known} known", complete)


def _named(title: str, names: Iterable[str], by_id: Units) -> CaseSet:
    return case_set(title, [by_id[name] for name in names])
