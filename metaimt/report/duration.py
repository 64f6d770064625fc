"""The section "For how long" of report.md.

Months throughout; every sentence carries its counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
from metaimt.report.environment import Rendered, render
from metaimt.report.wording import Link, limits, percent, plain, plural
from metaimt.statistics.outcome import NotRun

NOT_REACHED = "not reached"
_VARIANTS = {"middle": "at the midpoint", "low": "at the low end", "high": "at the high end"}


def duration_section(results: Results) -> Rendered:
    """The section in Markdown."""
    return render("duration.md.j2", duration_content(results))


def duration_content(results: Results, link: Link = plain) -> dict[str, Any]:
    """Printed medians, then each field of each pool: what is known, and curves or the list."""
    label = results.protocol.label
    return {
        "medians": [
            {"pool": label(pool), **_median(each)}
            for pool, duration in results.duration.items()
            for each in duration.medians
        ],
        "pools": [_pool(label(pool), duration, link) for pool, duration in results.duration.items()],
    }


def _median(found: PrintedMedian) -> dict[str, Any]:
    interval = "not printed"
    if found.interval is not None:
        interval = " to ".join("not estimable" if limit is None else f"{limit:g}" for limit in found.interval)
    return {
        "id": found.id,
        "drug": found.drug,
        "what": LABELS[found.field],
        "n": found.n,
        "value": f"{found.value:g}",
        "interval": interval,
    }


def _pool(label: str, duration: Duration, link: Link) -> dict[str, Any]:
    return {
        "label": label[:1].upper() + label[1:],
        "fields": [
            {
                "label": times.label,
                "known": _known(times, link),
                "estimates": list(_estimates(times, link)),
                "groups": "; ".join(_group(each, link) for each in times.groups)
                if not isinstance(times.curves, NotRun)
                else "",
                "times": [_time(known) for known in times.known],
            }
            for times in duration.times.values()
        ],
    }


def _known(times: Times, link: Link) -> str:
    who = "responder" if times.field == RESPONSE else "evaluable patient"
    everybody = link(plural(len(times.described.parts), who), times.described)
    said = [f"known for {link(str(len(times.known)), times.everybody)} of {everybody} described one by one"]
    if times.as_counts:
        said.append(f"{link(str(times.as_counts), times.arms)} more only as counts")
    if times.excluded:
        reasons = (f"{link(str(len(who.parts)), who)} {why}" for why, who in times.excluded.items())
        said.append(f"excluded from curves: {', '.join(reasons)}")
    if times.ranges.parts:
        said.append(f"{link(str(len(times.ranges.parts)), times.ranges)} known only as a range")
    if times.naive_median is not None:
        said.append(
            f"naive median of {link(plural(len(times.known), 'printed time'), times.everybody)} "
            f"{times.naive_median:g} months, which ignores who is still on treatment"
        )
    if isinstance(times.curves, NotRun):
        said.append(f"curve {times.curves.wording()}")
    return "; ".join(said) + "."


def _estimates(times: Times, link: Link) -> Iterator[str]:
    if isinstance(times.curves, Mapping):
        censored = "" if times.incidence is None else ", competing events censored"
        for variant, curve in _shown(times, times.curves):
            yield f"Kaplan-Meier{censored}{variant}: {_curve(curve, times, link)}."
    if isinstance(times.incidence, Mapping):
        for variant, incidence in _shown(times, times.incidence):
            yield f"Aalen-Johansen{variant}: {_incidence(incidence)}."


def _shown(times: Times, by_variant: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Ends of the ranges only where there are ranges."""
    for name, found in by_variant.items():
        if times.ranges.parts:
            yield f", ranges {_VARIANTS[name]}", found
        elif name == "middle":
            yield "", found


def _curve(curve: Curve, times: Times, link: Link) -> str:
    n, events = curve.steps.subjects, curve.steps.total_events
    in_them = link(plural(n, "patient"), times.usable)
    said = [f"{link(plural(events, 'event'), times.events)} in {in_them}"]
    for name, found in (("median", curve.median), ("median follow-up", curve.followup)):
        said.append(f"{name} {_months(found.estimate)} months ({_months(found.lower)} to {_months(found.upper)})")
    for at in curve.landmarks:
        said.append(f"at {at.time:g} months {_share(at.estimate, at.lower, at.upper)}, {at.at_risk} at risk")
    return "; ".join(said)


def _incidence(incidence: Incidence) -> str:
    names = {1: "progression or death", 2: "surgery, completion or toxicity"}
    return "; ".join(
        f"{names[at.cause]} by {at.time:g} months {_share(at.estimate, at.lower, at.upper)}" for at in incidence.at
    )


def _share(estimate: float | None, lower: float | None, upper: float | None) -> str:
    if estimate is None:
        return "beyond the last time"
    if lower is None or upper is None:
        return f"{percent(estimate)} (no interval)"
    return f"{percent(estimate)} ({limits(lower, upper)})"


def _months(value: float | None) -> str:
    return NOT_REACHED if value is None else f"{value:.4g}"


def _group(found: GroupComparison, link: Link) -> str:
    name = found.grouping.replace("_", " ")
    ranked, model = found.log_rank, found.cox
    test = ranked.wording() if isinstance(ranked, NotRun) else f"p = {ranked.p:.3f}"
    if isinstance(model, NotRun):
        hazards = model.wording()
    else:
        hazards = ", ".join(
            f"{t.name} hazard ratio {t.hazard_ratio:.2f} ({t.lower:.2f} to {t.upper:.2f})" for t in model.terms
        )
    known = link(str(found.known.evaluable), found.known)
    return f"{name} (known for {known}): log-rank {test}, Cox {hazards}"


def _time(known: KnownTime) -> dict[str, str]:
    months = f"{known.low:g}" if known.low == known.high else f"{known.low:g} to {known.high:g}"
    return {"id": known.unit.id, "drug": known.unit.drug, "months": months, "state": known.state, "why": known.why}
