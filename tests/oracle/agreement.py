"""The oracle beside the package: `python tests/oracle/agreement.py cases outputs/results.json`.

Prints every number that the two do not say alike, and exits with 1 if there is one; with 2 if the review holds what
the oracle does not read. Counts are equal exactly, rates and limits to TOLERANCE. What only one of the two has is a
difference too.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recompute import recompute

TOLERANCE = 2e-4  # of rates and limits, from 0 to 1: what the package's grid may miss
EDGE = 0.02  # so near to 0 or 1 a limit moves by more for the same probability:
AT_EDGE = 1e-3
RHO = 1e-3
ODDS = 2e-3  # of the odds ratio itself
DRAWN = 1e-4  # of partially pooled rates
COUNTS = ("responders", "evaluable", "reports")
SHARE = ("responders", "evaluable")
LIMITS = ("estimate", "lower", "upper")
DRAWN_RATE = ("median", "lower", "upper")
RULES = {"Clopper-Pearson": "exact", "beta-binomial, posterior median and equal-tailed interval": "posterior"}
# What results.json calls a reason of the oracle, where they differ; a row goes by its label there.
REASONS = {
    "counted in another report": "counted elsewhere",
    "inferred": "basis",
    "basis of the response not stated": "basis not stated",
    "target of the drug not stated": "target not stated",
    "drug without the pool's target": "target",
}

Found = Mapping[str, Any]


def differences(oracle: Found, results: Found) -> list[str]:
    """What the oracle and results.json do not say alike, one line each; empty if they agree."""
    found = _Comparison()
    found.headline_block(oracle, results)
    found.subgroups(oracle["subgroups"], results)
    found.evidence_map(oracle["evidence_map"], results["evidence_map"])
    found.wording(oracle["wording"], results["publication_bias"]["contrasts"])
    found.sensitivity(oracle["sensitivity"], results["sensitivity"])
    found.over_time(oracle["over_time"], results["over_time"])
    found.specification(oracle["specification"], results["specification"])
    return found.told


class _Comparison:
    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, place: str, ours: object, theirs: object) -> None:
        self.told.append(f"{place}: {ours} by the oracle, {theirs} in results.json")

    def both(self, place: str, ours: Found, theirs: Found) -> Iterator[tuple[str, Any, Any]]:
        """The entries that two tables have in common; told is what only one has."""
        if ours.keys() != theirs.keys():
            self.tell(place, sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys()))
        for name in ours.keys() & theirs.keys():
            yield f"{place}/{name}", ours[name], theirs[name]

    def same(self, place: str, ours: Found, theirs: Found, fields: tuple[str, ...], tolerance: float = 0.0) -> None:
        """Numbers of these names."""
        for field in fields:
            if not abs(ours[field] - theirs[field]) <= tolerance:
                self.tell(f"{place}/{field}", f"{ours[field]:.10g}", f"{theirs[field]:.10g}")

    def rate(self, place: str, ours: Found | None, theirs: Found) -> None:
        """Estimate, limits, and by which rule; None is "not identified"."""
        if ours is None or "not_identified" in theirs:
            if (ours is None) != ("not_identified" in theirs):
                self.tell(place, ours, theirs)
            return
        self.limits(place, ours, theirs)
        if ours["rule"] != RULES.get(theirs["method"]):
            self.tell(f"{place}/rule", ours["rule"], theirs["method"])

    def limits(self, place: str, ours: Found, theirs: Found) -> None:
        """Estimate and limits."""
        for field in LIMITS:
            edge = min(ours[field], 1 - ours[field]) < EDGE
            self.same(place, ours, theirs, (field,), AT_EDGE if edge else TOLERANCE)

    def drawn(self, place: str, ours: Found | None, theirs: Found) -> None:
        """A partially pooled rate, if there is one."""
        if ours is None or "not_run" in theirs:
            if (ours is None) != ("not_run" in theirs):
                self.tell(place, ours, theirs)
            return
        named = {"median": ours["estimate"], "lower": ours["lower"], "upper": ours["upper"]}
        self.same(place, named, theirs, DRAWN_RATE, DRAWN)

    def adjusted(self, place: str, ours: Found | None, theirs: Any) -> None:
        """The rate in trials under each prior of selection."""
        if ours is None or isinstance(theirs, dict):
            if (ours is None) != isinstance(theirs, dict):
                self.tell(place, ours, theirs)
            return
        for prior, one, other in self.both(place, ours, {each["prior"]: each for each in theirs}):
            self.limits(prior, one, other)

    def headline_block(self, oracle: Found, results: Found) -> None:
        """Pools, separate rows, their strata and parts, the local cohort, and who is not in the headline."""
        for kind in ("pools", "rows"):
            for name, ours, theirs in self.both(kind, oracle[kind], results[kind]):
                self.group(name, ours, theirs)
                for stratum, one, other in self.both(f"{name}/strata", ours["strata"], theirs["strata"]):
                    self.group(stratum, one, other)
                if "adjusted" in ours:
                    self.adjusted(f"{name}/adjusted", ours["adjusted"], theirs["adjusted"])
                    place, none = f"{name}/confidence_sequence", dict[str, Any]()
                    self.sequence(place, ours["confidence_sequence"], theirs.get("confidence_sequence", none))
                for part, one, other in self.both(f"{name}/parts", ours["parts"], theirs["parts"]):
                    self.same(part, one, other, COUNTS)
        for name, one, other in self.both("local", oracle["local"], results["local"]):
            self.same(name, one, other, COUNTS)
        protocol = results["settings"]["protocol"]
        names = {protocol["labels"].get(row, row.replace("_", " ")): f"row {row}" for row in protocol["rows"]} | REASONS
        said: Counter[str] = Counter()
        for entry in results["not_in_headline"]:
            reason = entry["reason"].partition(" (")[0]  # a target goes by its reason alone
            said[names.get(entry["reason"], REASONS.get(reason, reason))] += entry["patients"]
        said = +said  # a reason of nobody is none
        if oracle["not_in_headline"] != said:
            self.tell("not_in_headline", oracle["not_in_headline"], said)

    def group(self, place: str, ours: Found, theirs: Found) -> None:
        """A pool, stratum or separate row."""
        self.same(place, ours, theirs, (*COUNTS, "line_not_stated"))
        orr = ours["orr"]
        self.rate(f"{place}/orr", orr, theirs["orr"])
        self.rate(f"{place}/crude", orr and orr.get("crude", orr), theirs["crude"])
        rho = orr.get("rho") if orr else None
        if (rho is None) != ("not_identified" in theirs["rho"]):
            self.tell(f"{place}/rho", rho, theirs["rho"])
        elif rho is not None:
            self.same(f"{place}/rho", rho, theirs["rho"], LIMITS, RHO)
        for name in ("complete_response", "disease_control"):
            share = ours[name]
            self.rate(f"{place}/{name}", share["orr"], theirs[name])
            if share["orr"] is not None and "not_identified" not in theirs[name]:
                self.same(f"{place}/{name}", share, theirs[name], SHARE)

    def subgroups(self, tables: Found, results: Found) -> None:
        """Both tables of results.json: with partially pooled rates (`subgroups`), and without (`by`)."""
        for name, short in (("subgroups", False), ("by", True)):
            found = results["by"] if short else results["subgroups"]["tables"]
            for grouping, ours, theirs in self.both(name, tables, found):
                for pool, one, other in self.both(grouping, ours, theirs):
                    self.same(f"{pool}/total", one["total"], other["total"], COUNTS)
                    if not short:
                        self.same(f"{pool}/not_reported", one["not_reported"], other["not_reported"], COUNTS)
                    rows = {row["level"]: row for row in other["levels"]}
                    for level, row, there in self.both(pool, one["levels"], rows):
                        self.same(level, row, there, COUNTS)
                        self.rate(f"{level}/orr", row["orr"], there["orr"])
                        if not short:
                            self.drawn(
                                f"{level}/partially_pooled", row.get("partially_pooled"), there["partially_pooled"]
                            )

    def evidence_map(self, maps: Found, results: Found) -> None:
        """The cells and the total."""
        for pool, ours, theirs in self.both("evidence_map", maps, results):
            self.same(f"{pool}/total", ours["total"], theirs["total"], COUNTS)
            cells = {f"{cell['fusion_partner']} with {cell['drug']}": cell for cell in theirs["cells"]}
            for pair, one, other in self.both(pool, ours["cells"], cells):
                self.same(pair, one, other, COUNTS)

    def wording(self, oracle: Found, results: list[Found]) -> None:
        """Both sides of each contrast by wording."""
        contrasts = {each["name"]: each for each in results if each["kind"] == "wording"}
        for name, ours, theirs in self.both("wording", oracle, contrasts):
            self.odds(f"{name}/odds_ratio", ours["odds_ratio"], theirs)
            for side in ("group", "reference"):
                one = ours[side]
                self.same(f"{name}/{side}", one, theirs[side], COUNTS)
                self.rate(f"{name}/{side}/orr", one["orr"], theirs[side]["orr"])

    def odds(self, place: str, ours: Found | None, theirs: Found) -> None:
        """The odds ratio of a contrast, where both sides have patients."""
        if ours is None or not isinstance(theirs["odds_ratio"], float):
            if (ours is None) != isinstance(theirs["odds_ratio"], dict):
                self.tell(place, ours, theirs["odds_ratio"])
            return
        for field, name in (("estimate", "odds_ratio"), ("lower", "lower"), ("upper", "upper")):
            if not abs(ours[field] / theirs[name] - 1) <= ODDS:
                self.tell(f"{place}/{field}", f"{ours[field]:.10g}", f"{theirs[name]:.10g}")

    def sequence(self, place: str, ours: Found | None, theirs: Found) -> None:
        """Limits that hold however often one looks; they are two of 3,000 values, and the two may take neighbours."""
        if (ours is None) != ("lower" not in theirs):
            self.tell(place, ours, theirs)
        elif ours is not None:
            self.same(place, ours, theirs, ("lower", "upper"), AT_EDGE)

    def sensitivity(self, oracle: Found, results: Found) -> None:
        """Rows, each report left out, and the discount."""
        rows = {row["name"]: row["pools"] for row in (*results["rows"], *results["subsets"])}
        for name, ours, theirs in self.both("sensitivity", oracle["rows"], rows):
            for pool, one, other in self.both(name, ours, theirs):
                self.same(pool, one, other, COUNTS)
                self.rate(f"{pool}/orr", one["orr"], other["orr"])
        left_out = {f"{entry['pool']}/{entry['report']}": entry for entry in results["leave_one_out"]}
        for report, one, other in self.both("leave_one_out", oracle["leave_one_out"], left_out):
            self.same(f"{report}/own", one["own"], other, SHARE)
            self.same(report, one, other["without"], COUNTS)
            self.rate(f"{report}/orr", one["orr"], other["without"]["orr"])
        points = {f"{each['name']}/{each['pool']}/{each['weight']:g}": each["orr"] for each in results["discount"]}
        for point, one, other in self.both("discount", oracle["discount"], points):
            self.rate(point, one["orr"], other)
            if one["orr"] is not None and "not_identified" not in other:
                self.same(point, one, other, SHARE, 1e-9)

    def over_time(self, oracle: Found, results: list[Found]) -> None:
        """Every step of every pool, and what came with it."""
        for name, ours, theirs in self.both(
            "over_time", oracle, {f"{each['pool']}/{each['by']}": each for each in results}
        ):
            self.same(name, ours, theirs, ("reports", "dated"))
            for step, one, other in self.both(name, ours["steps"], {each["when"]: each for each in theirs["steps"]}):
                self.same(f"{step}/added", one["added"], other["added"], COUNTS)
                self.same(step, one, other, COUNTS)
                self.rate(f"{step}/orr", one["orr"], other["orr"])
                self.sequence(f"{step}/sequence", one.get("confidence_sequence"), other["confidence_sequence"])

    def specification(self, oracle: Found, results: Found) -> None:
        """The headline under each combination of choices."""
        grid = {
            "; ".join(sorted(f"{axis}: {option}" for axis, option in each["settings"].items())): each
            for each in results["specifications"]
        }
        for choices, one, other in self.both("specification", oracle, grid):
            self.same(choices, one, other, COUNTS)
            self.rate(f"{choices}/orr", one["orr"], other["orr"])


if __name__ == "__main__":
    cases, written = sys.argv[1:] or ("cases", "outputs/results.json")
    try:
        oracle = recompute(Path(cases))
    except NotImplementedError as error:
        print(error)
        sys.exit(2)
    told = differences(oracle, json.loads(Path(written).read_text(encoding="utf-8")))
    print("\n".join(told) or "The oracle and the package agree.")
    sys.exit(1 if told else 0)
