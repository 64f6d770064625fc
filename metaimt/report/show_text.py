"""`metaimt show`: what one report contributes, in a terminal 80 columns wide.

Whatever comes from a file is made safe for the terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from metaimt.analyses.contribution import Change, Contribution, Decision, Estimate, Novelty, Place
from metaimt.analyses.wording import NOTHING, fraction, limits, percent, plural
from metaimt.casefiles.protocol import DIFFERENT, Protocol
from metaimt.checks.same_patient import Candidate
from metaimt.content.sources import address_of
from metaimt.files import one_line
from metaimt.model.unit import Unit

WIDTH = 80
_LINES = {"first": "first line", "later": "later line", "any": "line mixed or not stated"}
_FIELDS = {"partner": "fusion partner", "site": "site", "histology": "histology", "drug": "drug"}


def contribution_text(found: Contribution, protocol: Protocol) -> str:
    """All of it: the publication, its courses and arms, what they change, and who else it may describe."""
    blocks = [
        list(_publication(found, protocol)),
        ["Courses and arms", *(line for place in found.places for line in _place(place, protocol))],
        *_compared(found),
        ["The same patients in other reports", *_same_patients(found)],
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks)


def _wrapped(text: str, indent: str = "", more: str | None = None) -> list[str]:
    """Lines of at most WIDTH; what does not fit beside other words, such as an address, is broken."""
    safe = one_line(text).replace(" %", "\u00a0%")
    following = indent if more is None else more
    lines = textwrap.wrap(safe, WIDTH, initial_indent=indent, subsequent_indent=following, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]


def _publication(found: Contribution, protocol: Protocol) -> Iterator[str]:
    publication = found.report.report
    said = (publication.title, publication.authors, publication.journal, publication.year)
    yield from _wrapped(f"{found.id}  ({found.file})")
    yield from _wrapped(". ".join(str(part).rstrip(".") for part in said if part) or "bibliography not verified")
    address = address_of(found.report.report)
    yield from _wrapped(address or "no link to the publication")
    if publication.url and publication.url != address:
        yield from _wrapped(f"read at {publication.url}")
    stratum = f" (stratum: {protocol.label(found.stratum)})" if found.stratum else ""
    yield from _wrapped(f"{publication.design.replace('_', ' ')}{stratum}; {_reading(found)}")


def _reading(found: Contribution) -> str:
    reading = found.extraction
    depth = (reading.depth or "depth not stated").replace("_", " ")
    source = f" ({reading.secondary_source})" if reading.secondary_source else ""
    if reading.checked_by is None:
        who = f"by one person ({reading.by})" if reading.by else "by one person, not named"
    else:
        who = f"by {reading.by or 'an unnamed reader'}, checked by {reading.checked_by}"
    date = f", {reading.date}" if reading.date else ""
    return f"read as {depth}{source}, {who}{date}"


def _place(place: Place, protocol: Protocol) -> Iterator[str]:
    unit = place.unit
    name = unit.name + (f" course {unit.course}" if unit.course > 1 else "")
    given = " + ".join((unit.drug, *unit.combined_with))
    yield from _wrapped(f"{name}: {given}, {_LINES[unit.line]}; {_outcome(unit)}", "  ", "    ")
    if unit.course < 2:
        row = protocol.label(place.row) if place.row else "none of the protocol"
        about = [part for part in (place.label or _patient(unit), f"row: {row}") if part]
        yield from _wrapped("; ".join(about), "    ", "    ")
    for group, reasons in place.left_out.items():
        why = f"not in: {', '.join(map(str, reasons))}" if reasons else "counted"
        yield from _wrapped(f"{protocol.label(group)}: {why}", "    ", "      ")


def _outcome(unit: Unit) -> str:
    if unit.uncounted:
        known = "responders not printed" if unit.known_responders is None else f"{unit.known_responders} responded"
        return f"{known}, how many were evaluable is not printed"
    if not unit.course:
        basis = f", {unit.response_basis}" if unit.response_basis else ""
        return f"{fraction(unit.responders, unit.evaluable)} responded{basis}"
    if unit.response is None:
        return "response not readable"
    if unit.response_basis == "death":
        return "died before assessment"
    return f"{unit.response}, {unit.response_basis or 'basis not stated'}"


def _patient(unit: Unit) -> str:
    """Age, sex, site, histology and fusion of a patient, as far as they are stated."""
    age = None if unit.age is None else f"{unit.age:g} years"
    fusion = "-".join(part for part in (unit.fusion_partner, unit.fusion_gene) if part)
    markers = None if fusion else ", ".join(f"{marker} {status}" for marker, status in unit.markers)
    site = unit.site and unit.site.replace("_", " ")
    changes = ", ".join(" ".join(filter(None, mutation)) for mutation in unit.mutations)
    return ", ".join(part for part in (age, unit.sex, site, unit.histology, fusion, markers, changes) if part)


def _compared(found: Contribution) -> list[list[str]]:
    """What it is beside all other reports; where some cannot be read, why that is not said."""
    if found.errors_elsewhere:
        said = (
            f"not computed: {plural(found.errors_elsewhere, 'error')} elsewhere in the review; metaimt validate tells "
            "where. No pool is computed before they are mended, and where it is counted above is by the files that "
            "can be read."
        )
        return [["With and without it", *_wrapped(said, "  ", "    ")]]
    return [
        ["With and without it", *_changes(found)],
        ["First or only report in the review", *_novelties(found)],
    ]


def _changes(found: Contribution) -> Iterator[str]:
    if not found.changes:
        yield "  counted nowhere: no rate of the review changes"
    for change in found.changes:
        yield from _wrapped(f"counts in {change.label} {_share(change)}:", "  ", "    ")
        yield f"    with it    {_estimate(change.with_it)}"
        yield f"    without it {_estimate(change.without_it)}"
    if found.stands_in:
        others = ", ".join(found.stands_in)
        yield from _wrapped(f"links stay as they are; if the file were gone, {others} would count in its place", "  ")


def _share(change: Change) -> str:
    given = dict.fromkeys(f"{unit.drug}, {_LINES[unit.line]}" for unit in change.share.units)
    if change.share.evaluable == 1:
        role = "as a responder" if change.share.responders else "as a non-responder"
    else:
        role = f"with {fraction(change.share.responders, change.share.evaluable)} responders"
    return f"{role} ({'; '.join(given)})"


def _estimate(estimate: Estimate) -> str:
    if estimate.orr is None:
        return NOTHING
    counts, orr = estimate.counts, estimate.orr
    reports = plural(counts.reports, "report")
    interval = f"{percent(orr.estimate):>8} [{limits(orr.lower, orr.upper)}]"
    return f"{fraction(counts.responders, counts.evaluable):>9} {interval}, {reports}"


def _novelties(found: Contribution) -> Iterator[str]:
    if not found.novelties:
        undated = "; it has no year, so it cannot be the first" if found.report.report.year is None else ""
        yield from _wrapped(f"none of its partner, site, histology and drug{undated}", "  ", "    ")
    for novelty in found.novelties:
        yield from _wrapped(_novelty(novelty), "  ", "    ")


def _novelty(novelty: Novelty) -> str:
    what = f"{_FIELDS[novelty.field]} {novelty.value.replace('_', ' ')}"
    if novelty.kind == "only":
        return f"only report with {what}"
    undated = f", {novelty.undated} of them without a year" if novelty.undated else ""
    return f"first dated report with {what} ({plural(novelty.others, 'other')}{undated})"


def _same_patients(found: Contribution) -> Iterator[str]:
    for decision in found.decisions:
        yield from _wrapped(_decision(decision), "  ", "    ")
    for candidate in found.candidates:
        yield from _candidate(candidate)
    if not found.candidates:
        also = "no further suspects" if found.decisions else "none known, none suspected"
        yield f"  {also}"


def _decision(decision: Decision) -> str:
    if decision.certainty == DIFFERENT:
        said = f"{decision.other}: different patients, both are counted"
    else:
        who = ", ".join(decision.patients) or "which patients is not known"
        noted = "both are counted" if decision.applies else "not applied by the protocol"
        counted = f"{decision.counted} is counted" if decision.counted else noted
        said = f"{decision.other}: the same, {decision.certainty} ({who}); {counted}"
    why = f". {decision.evidence}" if decision.evidence else ""
    return f"{said}{why}"


def _candidate(candidate: Candidate) -> Iterator[str]:
    start = f"possible, not decided: {candidate.left} and {candidate.right}, {candidate.score:g} points"
    yield from _wrapped(start, "  ", "    ")
    yield from _wrapped(f"for: {'; '.join(candidate.reasons)}", "    ", "    ")
    if candidate.against:
        yield from _wrapped(f"against: {'; '.join(candidate.against)}", "    ", "    ")
