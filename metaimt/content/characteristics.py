"""Characteristics of the included reports: what each states of its patients, drugs and markers, how it was read.

A report is a row. Patients described one by one stand together, each arm by itself: what two arms of a report share is
not known here, so that nothing is added up. What the case files do not state is "not stated".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from metaimt.analyses.results import Results
from metaimt.casefiles.model import CaseFile
from metaimt.content.labels import report_labels, short_name
from metaimt.content.section import Column, Row, Table, row, table
from metaimt.model.count import Count, Publications
from metaimt.model.text import Named, Text, counted, joined
from metaimt.model.unit import Unit

MOST = 500
"""Reports that have a row; of more the first, trials before cohorts before series before single cases."""
TITLE = "Characteristics of the included reports"
NOT_STATED = "not stated"
_DESIGNS = ("trial", "cohort", "case_series", "case_report")
_LINES = {"any": "mixed or not stated"}
_DEPTHS = {"full_text": "full text", "secondary": "second-hand"}


def characteristics_table(results: Results) -> tuple[Table, ...]:
    """A row a report, at most `MOST`: trials first, then by name."""
    reports = results.library.reports
    labels, units = report_labels(reports), dict[str, list[Unit]]()
    for placed in results.selection.placed:
        units.setdefault(placed.unit.report, []).append(placed.unit)
    ranked = sorted(reports, key=lambda one: (_rank(one.report.design), labels[one.id].casefold(), one.id))
    columns = (
        *("report", "design", Column("evaluable / treated", "number"), "age, years", "drug", "line", "histology"),
        *("marker", "read as"),
    )
    return table(TITLE, columns, (_row(one, labels[one.id], units.get(one.id, [])) for one in ranked[:MOST]))


def _rank(design: str) -> int:
    return _DESIGNS.index(design) if design in _DESIGNS else len(_DESIGNS)


def _row(report: CaseFile, label: str, units: list[Unit]) -> Row:
    return row(
        Text(counted(label, Publications(report.id, (report.id,)))),
        short_name(report.report.design),
        joined(_patients(report, units), "; "),
        "; ".join(_ages(units)) or NOT_STATED,
        _each(units, _drug),
        _each(units, lambda unit: _LINES.get(unit.line, unit.line)),
        _each(units, lambda unit: unit.histology),
        _each(units, _markers),
        _DEPTHS.get(report.extraction.depth or "", report.extraction.depth or NOT_STATED),
    )


def _patients(report: CaseFile, units: list[Unit]) -> Iterator[Text]:
    """`3 / 4`: evaluable for response of those given a kinase inhibitor; patients by their first one, then each arm."""
    described = [unit for unit in units if unit.course == 1]
    if described:
        who = Count.of(f"{report.id}, described one by one", described)
        yield Text(counted(who.evaluable, who), " / ", counted(len(described), who))
    for unit in units:
        if unit.arm is not None:
            arm, who = report.arms[unit.arm - 1], Count.of(unit.id, [unit])
            evaluable = NOT_STATED if arm.evaluable is None else str(arm.evaluable)
            yield Text(counted(evaluable, who), " / ", Named(NOT_STATED if arm.treated is None else str(arm.treated)))


def _ages(units: list[Unit]) -> Iterator[str]:
    """The span of the known ages, and of how many where not of all; of arms adults, children or both."""
    patients = {unit.subject: unit.age for unit in units if unit.arm is None}
    known = sorted(age for age in patients.values() if age is not None)
    if known:
        low, high = f"{known[0]:g}", f"{known[-1]:g}"
        rest = "" if len(known) == len(patients) else f" (known for {len(known)} of {len(patients)})"
        yield f"{low if low == high else f'{low} to {high}'}{rest}"
    groups = (unit.age_group for unit in units if unit.age is None)
    yield from dict.fromkeys({"mixed": "adults and children"}.get(group, group) for group in groups if group)


def _drug(unit: Unit) -> str:
    return " + ".join([unit.drug, *unit.combined_with])


def _markers(unit: Unit) -> str | None:
    """`GENE positive (fusion)`: each marker that the source mentions, and how a positive one is known."""
    known = {"positive": f" ({short_name(unit.marker_evidence)})" if unit.marker_evidence else ""}
    said = (f"{name} {short_name(status)}{known.get(status, '')}" for name, status in unit.markers)
    return ", ".join(said) or None


def _each(units: Iterable[Unit], words: Callable[[Unit], str | None]) -> str:
    """What the units say, every wording once, in their order; `not stated` for those that say nothing, last."""
    found = [words(unit) for unit in units]
    stated = [*dict.fromkeys(filter(None, found))]
    return "; ".join([*stated, *([] if all(found) and found else [NOT_STATED])])
