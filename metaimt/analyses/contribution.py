"""What one report, or one patient of it, contributes: where it is counted, and every pool with and without it.

Without it means that its courses and arms are taken out of the selection as it stands: links are not reopened, so
nobody else comes in instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from metaimt.analyses.pooled_response import response_rate
from metaimt.analyses.wording import NOBODY, interval
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Extraction
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.shared import Link
from metaimt.checks.same_patient import Candidate, candidates
from metaimt.evidence.selection import LATER_LINES, Placed, Selection, place_units
from metaimt.model.count import Count
from metaimt.model.reason import Why
from metaimt.model.unit import Unit
from metaimt.problem import WrongUse
from metaimt.serialise import optional, published, spread, to_json
from metaimt.statistics.posterior import PooledProportion
from metaimt.statistics.proportion import Proportion


@published(
    "label",
    "row",
    id="unit.id",
    drug="unit.drug",
    line="unit.line",
    response="unit.response",
    response_basis="unit.response_basis",
    responders="unit.responders",
    evaluable="unit.evaluable",
    groups=lambda each: {n: {"counted": not why, "reasons": why} for n, why in each.left_out.items()},
)
@dataclass(frozen=True, slots=True)
class Place:
    """A course or arm: its unit, the label of an arm, its row, and for each group that concerns it why it is not in.

    `left_out` names the pools, the separate row it belongs to, and later lines for a later course; an empty list of
    reasons means that it is counted there.
    """

    unit: Unit
    label: str | None
    row: str | None
    left_out: Mapping[str, tuple[Why, ...]]


@published(spread("counts"), orr=lambda each: interval(each.orr), none=NOBODY)
@dataclass(frozen=True, slots=True)
class Estimate:
    """Counts with the rate; `orr` is None where no patient is evaluable."""

    counts: Count
    orr: PooledProportion | Proportion | None


@published(
    "label",
    "with_it",
    "without_it",
    group="name",
    share=lambda each: to_json(each.share, {Count: ("responders", "evaluable", ("units", "ids"))}),
)
@dataclass(frozen=True, slots=True)
class Change:
    """A pool or separate row that it is in: its own share, and the group with and without it."""

    name: str
    label: str
    share: Count
    with_it: Estimate
    without_it: Estimate


@dataclass(frozen=True, slots=True)
class Novelty:
    """A value that no other report has (`only`), or that no dated one had before (`first`).

    `others` counts the other reports with the value, `undated` those of them without a year.
    """

    field: str
    value: str
    kind: str
    others: int
    undated: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A link of the review that names the report; `counted` is the report that counts, None where both do.

    `applies`: whether the protocol applies links of this certainty.
    """

    other: str
    certainty: str
    patients: tuple[str, ...]
    counted: str | None
    applies: bool
    evidence: str | None
    decided_by: str | None


_PUBLICATION: Final = ("title", "authors", "journal", "year", "doi", "pmid", "pmcid", "url", "design")
_READ: Final = ("depth", "secondary_source", "by", "checked_by", "date")


def _chosen(part: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(part, name) for name in names}


@published(
    "id",
    "file",
    "stratum",
    optional("errors_elsewhere", lambda each: each.errors_elsewhere or None),
    "changes",
    "stands_in",
    format=lambda _: 1,
    report=lambda each: {"id": each.report.id, **_chosen(each.report.report, _PUBLICATION)},
    units="places",
    first_or_only="novelties",
    same_patients=lambda each: {"decided": each.decisions, "possible": each.candidates},
    reading=lambda each: {**_chosen(each.extraction, _READ), "by_one_person": each.extraction.checked_by is None},
)
@dataclass(frozen=True)
class Contribution:
    """All of it. `id` is the report, or one patient or arm of it; `title` and the like are those of the report."""

    id: str
    report: CaseFile
    file: str
    stratum: str | None
    places: tuple[Place, ...]
    changes: tuple[Change, ...]
    novelties: tuple[Novelty, ...]
    decisions: tuple[Decision, ...]
    candidates: tuple[Candidate, ...]
    errors_elsewhere: int = 0
    stands_in: tuple[str, ...] = ()  # reports that would count in a pool if it were not in the review

    @property
    def extraction(self) -> Extraction:
        """How the report was read, and by whom."""
        return self.report.extraction


def contribution(
    library: Library, protocol: Protocol, selection: Selection, wanted: str, *, errors_elsewhere: int = 0
) -> Contribution:
    """What `wanted`, a report id or report/patient, contributes. Raises WrongUse with the nearest ids.

    With errors elsewhere nothing is computed from the other reports: a file that cannot be read would be missing in it.
    """
    report, subject = find(library, wanted)
    mine = tuple(p for p in selection.placed if p.unit.report == report.id and subject in (None, p.unit.subject))
    compared = () if errors_elsewhere else (*selection.pools, *selection.rows)
    suspects = [c for c in candidates(library) if report.id in c.reports and subject in (None, c.left, c.right)]
    return Contribution(
        id=subject or report.id,
        report=report,
        file=library.report_documents[report.id].name,
        stratum=mine[0].stratum,
        places=tuple(_place(placed, report, selection) for placed in mine),
        changes=tuple(change for name in compared if (change := _change(name, report.id, mine, selection, protocol))),
        novelties=() if errors_elsewhere else tuple(_novelties(mine, selection)),
        decisions=tuple(_decisions(library.links, report.id, subject, protocol)),
        candidates=tuple(suspects),
        errors_elsewhere=errors_elsewhere,
        stands_in=() if errors_elsewhere else tuple(_stands_in(mine, selection, library, protocol)),
    )


def _stands_in(mine: tuple[Placed, ...], selection: Selection, library: Library, protocol: Protocol) -> Iterator[str]:
    """The reports that would count patients in a pool in its place: links are read again without it."""
    own = {placed.unit.id for placed in mine}
    others = tuple(placed.unit for placed in selection.placed if placed.unit.id not in own)
    before = {(pool, member.unit.id) for pool in selection.pools for member in selection.members(pool)}
    after = place_units(others, library.links, protocol)
    entered = {
        member.unit.report
        for pool in selection.pools
        for member in after.members(pool)
        if member.unit.evaluable and (pool, member.unit.id) not in before
    }
    yield from sorted(entered)


def find(library: Library, wanted: str) -> tuple[CaseFile, str | None]:
    """The report of an id, and for report/patient or report/arm1 that subject. Raises WrongUse with the nearest ids."""
    name, _, unit = wanted.partition("/")
    report = next((r for r in library.reports if r.id == name or name in r.report.former_ids), None)
    if report is None:
        raise WrongUse(_unknown_report(library, name))
    units = [*(patient.id for patient in report.patients), *(f"arm{a + 1}" for a in range(len(report.arms)))]
    if unit and unit not in units:
        raise WrongUse(f"{report.id} has no patient or arm '{unit}'; it has {', '.join(units)}")
    return report, f"{report.id}/{unit}" if unit else None


def _unknown_report(library: Library, name: str) -> str:
    excluded = next((entry for entry in library.excluded if entry.id == name), None)
    if excluded is not None:
        return f"{name} was read and excluded: {excluded.reason}"
    waiting = next((each for each in library.pending if each.id == name), None)
    if waiting is not None:
        return f"{name} is pending and in no pool: {waiting.reason} ({waiting.file})"
    close = difflib.get_close_matches(name, [report.id for report in library.reports], n=3, cutoff=0.5)
    said = f"the nearest ids are {', '.join(close)}" if close else "give an id, a DOI, a PMID or an author"
    return f"no report is '{name}'; {said}; metaimt list shows all"


def _place(placed: Placed, report: CaseFile, selection: Selection) -> Place:
    unit = placed.unit
    concerned = {placed.row, LATER_LINES if unit.line == "later" else None}
    groups = [*selection.pools, *(row for row in selection.rows if row in concerned or placed.is_in(row))]
    label = None if unit.arm is None else report.arms[unit.arm - 1].label
    return Place(unit, label, placed.row, {name: placed.reasons[name] for name in groups})


def _change(name: str, report: str, mine: Iterable[Placed], selection: Selection, protocol: Protocol) -> Change | None:
    own = {placed.unit.id for placed in mine if placed.is_in(name) and placed.unit.evaluable}
    if not own:
        return None
    label, pooled = protocol.label(name), name in selection.pools
    whole = selection.count(name, label)
    rest = whole.where(f"{label} without {report}", lambda unit: unit.id not in own)
    return Change(
        name=name,
        label=label,
        share=whole.where(f"{report} in {label}", lambda unit: unit.id in own),
        with_it=_estimate(whole, protocol, pooled=pooled),
        without_it=_estimate(rest, protocol, pooled=pooled),
    )


def _estimate(counts: Count, protocol: Protocol, *, pooled: bool) -> Estimate:
    """As in `pooled_response`: pools by the model of `statistics.posterior`, separate rows exactly."""
    return Estimate(counts, response_rate(counts.clusters, protocol, pooled=pooled))


def _novelties(mine: tuple[Placed, ...], selection: Selection) -> Iterator[Novelty]:
    report, year = mine[0].unit.report, mine[0].unit.year
    others: dict[tuple[str, str], dict[str, int | None]] = {}
    for placed in selection.placed:
        for key in _kinds(placed.unit) if placed.unit.report != report else ():
            others.setdefault(key, {})[placed.unit.report] = placed.unit.year
    for field, value in dict.fromkeys(key for placed in mine for key in _kinds(placed.unit)):
        years = list(others.get((field, value), {}).values())
        dated = [other for other in years if other is not None]
        if not years:
            yield Novelty(field, value, "only", 0, 0)
        elif year is not None and all(year < other for other in dated):
            yield Novelty(field, value, "first", len(years), len(years) - len(dated))


def _kinds(unit: Unit) -> Iterator[tuple[str, str]]:
    """The partner, site, histology and named drug of a unit."""
    drug = unit.drug if unit.drug_named else None
    fields = {"partner": unit.fusion_partner, "site": unit.site, "histology": unit.histology, "drug": drug}
    yield from ((field, value) for field, value in fields.items() if value is not None)


def _decisions(links: Iterable[Link], report: str, subject: str | None, protocol: Protocol) -> Iterator[Decision]:
    for link in links:
        pairs = [(f"{'/'.join(s.left)} {s.relation} {'/'.join(s.right)}", s.side(report)) for s in link.patients]
        named = [words for words, side in pairs if subject is None or (side and "/".join(side) == subject)]
        applies = link.certainty in protocol.links.apply
        if report in link.reports and (named or not link.patients):
            yield Decision(
                other=next((other for other in link.reports if other != report), report),
                certainty=link.certainty,
                patients=tuple(named),
                counted=(link.prefer or None) if applies else None,
                applies=applies,
                evidence=link.evidence,
                decided_by=link.decided_by,
            )
