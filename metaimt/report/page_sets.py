"""The cases behind every number of the page: key -> title and units, each with the counts it has there.

May import: analyses and below. A key is what the templates put on the number, so that a number and its cases cannot
come apart unnoticed: a template that names a key that is not here is an error, and a test adds the counts up.
"""

from __future__ import annotations

from metaimt.analyses.breakdown import NOT_REPORTED, value_of
from metaimt.analyses.later_inhibitors import LaterInhibitors
from metaimt.analyses.not_in_headline import not_in_headline, patients
from metaimt.analyses.over_time import BY_YEAR, UNDATED, Cumulative
from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.evidence.selection import meets
from metaimt.model.unit import Unit
from metaimt.report.case_set import CaseSet, Sets, case_set
from metaimt.report.page_sets_bias import bias_sets
from metaimt.report.page_sets_figures import figure_sets
from metaimt.report.page_sets_printed import printed_sets
from metaimt.report.page_sets_times import time_sets
from metaimt.report.wording import GROUPED, OUTCOMES, SINGLE

_IN_GROUPS = ("trial", "cohort")


def case_sets(results: Results) -> dict[str, CaseSet]:
    """Every set of the page, by key."""
    made = _Maker(results)
    return dict(
        [
            *made.pools(),
            *made.rows(),
            *made.subgroups(),
            *made.later(results.subgroups.later),
            *time_sets(results),
            *made.sensitivity(),
            *made.over_time(),
            *made.left_out(),
            *bias_sets(results),
            *printed_sets(results),
            *figure_sets(results),
        ]
    )


class _Maker:
    """Sets of one review; each method yields (key, set) pairs of one section."""

    def __init__(self, results: Results) -> None:
        self.results, self.selection = results, results.selection
        self.label = results.protocol.label
        self.by_id = {placed.unit.id: placed.unit for placed in results.selection.placed}

    def pools(self) -> Sets:
        """Each pool: its parts, each of its reports alone, and what is left without it."""
        headline = self.results.response.headline.name
        strict = {unit.id for unit in self._evaluable(headline)}
        for name, group in self.results.response.pools.items():
            members = self._evaluable(name)
            yield from self._group(f"pool/{name}", group, members)
            local = [unit for unit in members if unit.local]
            yield f"pool/{name}/local", case_set(f"{group.label}, local cohort", local)
            for where, inside in ((GROUPED, True), (SINGLE, False)):
                of_it = [unit for unit in members if (unit.design in _IN_GROUPS) == inside]
                yield f"pool/{name}/{where}", case_set(f"{group.label}: {where}", of_it)
            unknown = [unit for unit in members if unit.line == "any"]
            yield f"pool/{name}/line", case_set(f"{group.label}, line of treatment mixed or not stated", unknown)
            for report, _, _ in group.clusters:
                units = [unit for unit in members if unit.report == report]
                yield f"report/{name}/{report}", case_set(f"{report} in {group.label}", units)
                only = [unit for unit in units if name == headline or unit.id not in strict]
                yield f"forest/{name}/{report}", case_set(f"{report} in {group.label}", only)
                rest = [unit for unit in members if unit.report != report]
                yield f"without/{name}/{report}", case_set(f"{group.label} without {report}", rest)

    def rows(self) -> Sets:
        """Each separate row and its parts."""
        headline = self.results.protocol.pools[self.results.response.headline.name]
        for name, group in self.results.response.rows.items():
            members = self._evaluable(name)
            yield from self._group(f"row/{name}", group, members)
            for part in group.parts:
                if part in (self.results.response.headline.name, "rest"):
                    inside = [unit for unit in members if meets(unit, headline) == (part != "rest")]
                else:
                    inside = [m.unit for m in self.selection.members(name) if m.row == part]
                yield f"row/{name}/part/{part}", case_set(f"{group.label}: {self.label(part)}", inside)

    def _group(self, key: str, group: Group, members: list[Unit]) -> Sets:
        yield key, case_set(group.label, members)
        for field, name in OUTCOMES.items():
            known = [unit for unit in members if getattr(unit, field) is not None]
            cases = tuple((unit.id, int(getattr(unit, field)), unit.evaluable) for unit in known)
            yield f"{key}/{field}", CaseSet(f"{group.label}: {name}, where known", cases)
        for stratum, inside in group.strata.items():
            of_it = [unit for unit in members if self._stratum(unit) == stratum]
            yield f"{key}/stratum/{stratum}", case_set(f"{group.label}: {inside.label}", of_it)

    def subgroups(self) -> Sets:
        """Each level of each grouping, in each pool."""
        for grouping, tables in self.results.subgroups.tables.items():
            for pool, table in tables.items():
                for each in table.levels:
                    name = each.level.name
                    inside = [u for u in self._evaluable(pool) if (value_of(u, grouping) or NOT_REPORTED) == name]
                    title = f"{self.label(pool)}, {grouping.replace('_', ' ')}: {name}"
                    yield f"by/{grouping}/{pool}/{name}", case_set(title, inside)

    def later(self, found: LaterInhibitors) -> Sets:
        """Second inhibitors by what the first one did and why it ended, and the arms of later lines."""
        second = [switch for switch in found.switches if switch.course == 2]
        for name in found.by_prior_outcome:
            units = [self.by_id[switch.id] for switch in second if switch.prior_outcome == name]
            yield f"later/outcome/{name}", case_set(f"second inhibitor, first one: {name}", units)
        for name in found.by_prior_end:
            units = [self.by_id[switch.id] for switch in second if switch.prior_end == name]
            yield f"later/end/{name}", case_set(f"second inhibitor, first one ended by: {name}", units)
        arms = [m.unit for m in self.selection.members("later_lines") if m.unit.course == 0]
        yield "later/arms", case_set("arms of later lines", arms)

    def sensitivity(self) -> Sets:
        """Each analysis done otherwise, each combination of choices, and each weight of a stratum."""
        for row in self.results.sensitivity.rows:
            for pool, cell in row.pools.items():
                yield f"otherwise/{row.name}/{pool}", case_set(f"{self.label(pool)}: {row.name}", cell.units)
        for number, found in enumerate(self.results.specification.specifications):
            said = ", ".join(f"{choice}: {option}" for choice, option in found.settings.items())
            yield f"specification/{number}", case_set(said or "as in the protocol", found.units)
        for point in self.results.sensitivity.discounts:
            title = f"{self.label(point.pool)}: {self.label(point.stratum)} at weight {point.weight:g}"
            members = self.selection.members(point.pool)
            reports = {member.unit.report for member in members if member.stratum == point.stratum}
            weights = [(unit, point.weight if unit.report in reports else 1.0) for unit in self._evaluable(point.pool)]
            cases = tuple((unit.id, w * unit.responders, w * unit.evaluable) for unit, w in weights if w)
            yield f"weight/{point.name}/{point.pool}/{point.weight:g}", CaseSet(title, cases)

    def over_time(self) -> Sets:
        """The dated reports of each pool, and what each step added and held."""
        for found in self.results.over_time:
            dated = [unit for unit in self._evaluable(found.pool) if self._date(unit, found.by) != UNDATED]
            yield f"time/{found.pool}/{found.by}/dated", case_set(f"{self.label(found.pool)}, {found.by} known", dated)
            for step in found.steps:
                yield from self._step(found, step.when)

    def _step(self, found: Cumulative, when: str) -> Sets:
        units = [(unit, self._date(unit, found.by)) for unit in self._evaluable(found.pool)]
        title, key = f"{self.label(found.pool)}, by {found.by}", f"time/{found.pool}/{found.by}/{when}"
        then = [unit for unit, date in units if date == when]
        so_far = [unit for unit, date in units if date <= when] if when != UNDATED else [unit for unit, _ in units]
        yield f"{key}/added", case_set(f"{title}: {when}", then)
        yield f"{key}/all", case_set(f"{title}: up to {when}" if when != UNDATED else title, so_far)

    def _date(self, unit: Unit, by: str) -> str:
        """The date of a report as `over_time` writes it; UNDATED sorts after every date, being letters."""
        if by == BY_YEAR:
            return UNDATED if unit.year is None else f"{unit.year:04d}"
        report = self.results.library.report(unit.report)
        return report.extraction.date or UNDATED if report is not None else UNDATED

    def left_out(self) -> Sets:
        """By the reason that decides, in words; and as the line of reasons counts patients."""
        headline = self.results.response.headline
        reasons: dict[str, list[Unit]] = {}
        for unit in headline.left_out:
            reasons.setdefault(unit.reason, []).append(unit.unit)
        for reason, units in reasons.items():
            yield f"left/{reason}", case_set(f"not in {headline.label}: {reason}", units)
        for reason, _ in self.results.response.not_in_headline:
            found = [placed.unit for placed in not_in_headline(self.selection, reason) if patients(placed.unit)]
            yield f"not-in/{reason}", case_set(f"not in {headline.label}: {reason}", found)

    def _stratum(self, unit: Unit) -> str | None:
        return next((name for name, designs in self.results.protocol.strata.items() if unit.design in designs), None)

    def _evaluable(self, group: str) -> list[Unit]:
        return [placed.unit for placed in self.selection.members(group) if placed.unit.evaluable]
