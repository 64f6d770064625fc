"""What others printed as pooled response, and what this review makes of the matching patients.

The printed figures are never pooled: their patients are recorded one by one where they can be. The matching units are
those of the widest pool that meet the conditions; fewer than FEWEST patients are counted, but nothing is compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from metaimt.analyses.alternatives import Rate, rate_of
from metaimt.analyses.wording import interval
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.published import Matches, PublishedFigure
from metaimt.evidence.selection import Placed, Selection
from metaimt.model.count import Count
from metaimt.model.unit import Unit
from metaimt.serialise import published, to_json
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.proportion import Proportion, clopper_pearson

FEWEST = 5


@published(
    "differences",
    id="entry.id",
    matches="conditions",
    printed=lambda each: each.printed or NotIdentified("no denominator is printed"),
    ours=lambda each: _ours(each.counts, each.orr),
    ours_headline=lambda each: _ours(*each.headline),
)
@dataclass(frozen=True)
class PublishedComparison:
    """One printed figure. printed: r/n with its exact interval, None where no denominator is printed.

    conditions: of the matching units, in words. counts, orr: of those in the widest pool; headline: the same in the
    headline pool; no rate of fewer than FEWEST patients. differences: what does not match, each a sentence with both
    numbers; none where the widest pool has fewer than FEWEST.
    """

    entry: PublishedFigure
    conditions: str
    printed: Proportion | None
    counts: Count
    orr: Rate
    headline: tuple[Count, Rate]
    differences: tuple[str, ...]


def _ours(counts: Count, orr: Rate) -> dict[str, Any]:
    return {**to_json(counts), "orr": interval(orr) or NotIdentified(why_not_compared(counts))}


def why_not_compared(counts: Count) -> str:
    """Why no rate of ours stands beside the printed one."""
    return f"fewer than {FEWEST} patients match: not compared" if counts.evaluable else "no such patient"


def published_pooled(library: Library, selection: Selection, protocol: Protocol) -> tuple[PublishedComparison, ...]:
    """A comparison for each entry under `pooled` that says which units match it."""
    if library.published is None:
        return ()
    return tuple(
        _compared(entry, entry.matches, selection, protocol)
        for entry in library.published.pooled
        if entry.matches is not None
    )


def _compared(
    entry: PublishedFigure, matches: Matches, selection: Selection, protocol: Protocol
) -> PublishedComparison:
    members = selection.members(selection.pools[-1])
    title = f"Patients that match {entry.citation or entry.id}"
    mine = Count.of(f"{title}, widest pool", (p.unit for p in members if _matching(p.unit, matches)))
    strict = selection.members(selection.pools[0])
    headline = Count.of(f"{title}, headline", (p.unit for p in strict if _matching(p.unit, matches)))
    printed = None
    if entry.responders is not None and entry.evaluable:
        printed = clopper_pearson(entry.responders, entry.evaluable)
    return PublishedComparison(
        entry=entry,
        conditions=_words(matches),
        printed=printed,
        counts=mine,
        orr=_rate(mine, protocol),
        headline=(headline, _rate(headline, protocol)),
        differences=(*_differences(entry, mine), *_undated(members, matches)) if mine.evaluable >= FEWEST else (),
    )


def _rate(counts: Count, protocol: Protocol) -> Rate:
    return rate_of(counts, protocol) if counts.evaluable >= FEWEST else None


def _undated(members: tuple[Placed, ...], matches: Matches) -> Iterator[str]:
    """Who would match but for the year."""
    timeless = matches.model_copy(update={"up_to_year": None})
    patients = sum(p.unit.evaluable for p in members if p.unit.year is None and _matching(p.unit, timeless))
    if matches.up_to_year is not None and patients:
        yield f"{patients} evaluable patients of undated reports would match but for the year and are left out"


def _matching(unit: Unit, matches: Matches) -> bool:
    return all(
        (
            not matches.drug or unit.drug in matches.drug,
            not matches.design or unit.design in matches.design,
            not matches.fusion_partner or unit.fusion_partner is not None,
            matches.up_to_year is None or (unit.year is not None and unit.year <= matches.up_to_year),
        )
    )


def _words(matches: Matches) -> str:
    said = [", ".join(matches.drug), ", ".join(design.replace("_", " ") for design in matches.design)]
    said += ["fusion partner known"] if matches.fusion_partner else []
    said += [f"published up to {matches.up_to_year}"] if matches.up_to_year else []
    return "; ".join(part for part in said if part) or "every patient"


def _differences(entry: PublishedFigure, counts: Count) -> Iterator[str]:
    units = counts.units
    if entry.evaluable is None:
        yield f"no denominator is printed: {entry.responders} responders of {entry.patients} patients, evaluable or not"
    printed = {
        "patients": (entry.evaluable, counts.evaluable),
        "responders": (entry.responders, counts.responders),
        "with stable disease": (entry.stable, _responses(units, "SD")),
        "with progression": (entry.progressed, _responses(units, "PD")),
    }
    for word, (theirs, ours) in printed.items():
        if theirs is not None and theirs != ours:
            yield f"{theirs} {word} printed, {ours} recorded here"
    partners = Counter(unit.fusion_partner for unit in units if unit.course)
    for partner, theirs in entry.fusion_partners.items():
        if theirs != partners[partner]:
            yield f"{theirs} with the fusion partner {partner} printed, {partners[partner]} recorded here"
    if entry.median_duration_months is not None:
        yield _duration(entry.median_duration_months, units)


def _responses(units: Iterable[Unit], response: str) -> int:
    """Patients recorded singly with this best response; an arm has none, it prints counts of its own."""
    return sum(unit.response == response for unit in units)


def _duration(theirs: float, units: Sequence[Unit]) -> str:
    known = [sum(unit.duration) / 2 for unit in units if unit.duration is not None]
    patients = sum(unit.course > 0 for unit in units)
    if not known:
        return f"median duration {theirs:g} months printed; none recorded here"
    ongoing = sum(unit.ongoing is True for unit in units if unit.duration is not None)
    return (
        f"median duration {theirs:g} months printed; the same naive median, which ignores who is still on treatment, "
        f"is {median(known):g} months here, known for {len(known)} of the {patients} patients recorded singly, "
        f"{ongoing} of them still on treatment"
    )
