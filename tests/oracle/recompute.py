"""The numbers of a review, worked out a second time from its files: `python tests/oracle/recompute.py cases`.

Imports nothing of metaimt and follows the written rules (review.yaml, docs/statistics.md, docs/cohort.md, the README of
the evidence), so that a slip in the package does not hide behind the same slip here. Where the rules are silent, a
comment that begins with "Silent:" says what the package does. Prints JSON; `agreement.py` sets it beside results.json.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.special import betaincinv, betaln, expit, log_expit, logit

Floats = NDArray[np.float64]
Report = tuple[int, int, float]  # responders, evaluable patients, weight (1 except in a discount)
Rule = dict[str, Any]  # a part of the protocol
VOCABULARY = Path(__file__).parents[2] / "metaimt" / "vocabulary"  # data: generation and targets of drugs; kinases
CERTAINTIES = ("certain", "probable", "possible")
NO_LEVEL = ("not reported", "mixed")  # rows of a subgroup table that are no level of it
CURVE = 601  # points of the mean in a posterior
SPREAD = 121  # points of the intraclass correlation in a posterior
EVEN = 1801  # points of the mean where two kinds of reports are tied
LOGITS = 1001  # points of the logit in partial pooling
STEPS = 100  # values of the standard deviation in partial pooling


# 1. The files. Every scalar stays the text that was typed (YAML would make False of NO), and is converted where it is
#    used. A value that is left empty is not stated.


def read(path: Path) -> Any:
    """A YAML file; empty values are None."""
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return tidy(yaml.load(path.read_text(encoding="utf-8-sig"), Loader=loader))  # noqa: S506 - it gives text only


def tidy(value: Any) -> Any:
    """The value with None for what is left empty."""
    if isinstance(value, dict):
        return {key: tidy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [tidy(inner) for inner in value]
    return None if value in {"", "~", "null"} else value


@dataclass
class Files:
    """What is read of a review folder."""

    protocol: Rule
    reports: list[Rule]
    links: list[Rule]
    drugs: dict[str, Rule]
    kinases: set[str]
    again: list[Rule]


def read_review(folder: Path) -> Files:
    """The protocol, the case files with the patients of their tables, the links, the drugs and the kinases."""
    found = [path for name in ("literature", "local") for path in sorted((folder / name).glob("*.y*ml"))]
    read_all = {path: read(path) for path in found if not path.match("*.mapping.y*ml")}
    reports = {path: report for path, report in read_all.items() if report.get("status") != "pending"}
    for path, report in reports.items():
        if report.get("table"):
            report["patients"] = [*(report.get("patients") or []), *patients_of_table(path, report)]
    links, words = folder / "links.yaml", folder / "vocabulary.yaml"
    own = (read(words) or {}) if words.exists() else {}
    drugs = read(VOCABULARY / "drugs.yaml") | (own.get("drugs") or {})
    kinases = {*read(VOCABULARY / "genes.yaml")["kinases"], *(own.get("kinase") or {})}
    linked = (read(links) if links.exists() else None) or []
    seconds = [path for at in ("*.y*ml", "*/*.y*ml") for path in (folder / "second-reading").glob(at)]
    again = [read(path) for path in sorted(seconds, key=lambda path: (path.name, path.as_posix()))]
    return Files(read(folder / "review.yaml"), list(reports.values()), linked, drugs, kinases, again)


def patients_of_table(path: Path, report: Rule) -> list[Rule]:
    """Those of a hospital's table (docs/cohort.md) who had a drug, as a case file would have them. CSV only."""
    table = path.with_name(report["table"])
    if table.suffix.casefold() != ".csv":
        raise NotImplementedError(f"{table.name}: of tables of patients only CSV is read here")
    mapping = read(path.with_name(report.get("mapping") or f"{table.stem}.mapping.yaml"))
    columns, missing = mapping["columns"], {"", *(word.casefold() for word in mapping.get("missing") or [])}
    encoding = mapping.get("encoding") or "utf-8"
    text = table.read_text(encoding="utf-8-sig" if encoding == "utf-8" else encoding)
    separator = re.match(r'\s*"?sep=([,;\t|])"?\s*\n', text)  # Excel names it so
    text = (text[separator.end() :] if separator else text).lstrip("\r\n")
    guess = max(",;\t", key=lambda sign: (text.partition("\n")[0].count(sign), sign == ","))
    named = mapping.get("delimiter") or (separator[1] if separator else guess)
    rows = list(csv.reader(text.splitlines(keepends=True), delimiter="\t" if named == "tab" else named))
    headings = [" ".join(heading.split()) for heading in rows[0]]

    def cell(row: list[str], column: Any) -> str | None:
        """What a row says in one column of the mapping, None if nothing."""
        if column is None:
            return None
        name, codes = (column, {}) if isinstance(column, str) else (column["column"], column.get("codes") or {})
        at = headings.index(" ".join(name.split()))
        said = " ".join(row[at].split()) if at < len(row) else ""
        return None if said.casefold() in missing else codes.get(said, said)

    patients: dict[str, Rule] = {}  # a row that is repeated counts once
    plain = ("id", "age", "sex", "site", "histology", "fusion_gene", "fusion_partner")
    for row in rows[1:]:
        courses = []
        for column in columns.get("courses") or []:
            course: Rule = {field: cell(row, name) for field, name in column.items()}
            course["combined_with"] = [part for part in re.split(r"\s*;\s*", course.get("combined_with") or "") if part]
            courses += [course] if course["drug"] else []
        if courses:
            patient: Rule = {field: cell(row, columns.get(field)) for field in plain}
            patient["age"] = (patient["age"] or "").replace(",", ".") or None
            markers = {marker: cell(row, column) for marker, column in (columns.get("ihc") or {}).items()}
            patient["ihc"] = {marker: found for marker, found in markers.items() if found}
            patients[patient["id"]] = {**patient, "courses": courses}
    return list(patients.values())


# 2. Units: each course of each patient, and each arm. A patient counts by the first recorded course and a later one
#    never stands in; an arm is its counts.


@dataclass(frozen=True)
class Unit:
    """A course of a patient (numbered from 1) or an arm (course 0), with what the rules ask for."""

    report: str
    subject: str  # the patient or arm, as links name it: smith-2020/P1, smith-2020/arm1
    course: int
    line: str
    design: str
    local: bool
    depth: str | None
    year: int | None
    drug: str
    drug_named: bool
    drug_generation: str | None
    targets: tuple[frozenset[str], ...]  # of each drug of the regimen; not_stated where nobody says
    combined: bool
    histology: str | None
    site: str | None
    fusion_gene: str | None
    fusion_partner: str | None
    markers: dict[str, str]
    kinases: frozenset[str]  # that are positive
    mutations: tuple[tuple[str, str | None], ...]
    marker_evidence: str | None
    age_group: str | None
    sex: str | None
    response: str | None
    basis: str | None
    disputed: bool
    r: int
    n: int
    complete: int | None  # complete responses, None where not known
    controlled: int | None  # complete and partial responses and stable disease


def units_of(files: Files, outcome: Rule) -> list[Unit]:
    """All units, in the order of the files."""
    units = []
    for report in files.reports:
        about, extraction = report["report"], report.get("extraction") or {}
        year = about.get("year")
        same = {
            "report": about["id"],
            "design": about["design"],
            "local": about.get("setting") == "local",
            "depth": extraction.get("depth"),
            "year": None if year is None else int(year),
        }
        for patient in report.get("patients") or []:
            for number, course in enumerate(patient["courses"], start=1):
                given = same | of_drug(course, files.drugs) | of_patient(patient)
                given |= of_genes(patient, given["markers"], files.kinases)
                units.append(Unit(**given, **of_course(number, course, outcome)))
        for number, arm in enumerate(report.get("arms") or [], start=1):
            given = same | of_drug(arm, files.drugs) | of_arm(arm, f"{about['id']}/arm{number}")
            units.append(Unit(**given, **of_genes(arm, given["markers"], files.kinases)))
    return [replace(unit, subject=unit.subject.replace("*", unit.report)) for unit in units]


def of_drug(given: Rule, drugs: dict[str, Rule]) -> Rule:
    """The drug or regimen, whether the source names it, its generation, its targets, and whether more was given.

    Silent: a regimen is named if each of its drugs is, and of their generation if they have the same, else of another.
    """
    names = given["drug"] if isinstance(given["drug"], list) else [given["drug"]]
    regimen = [drugs[name] for name in names]
    named = all(drug.get("named") != "false" for drug in regimen)
    generations = {drug["generation"] for drug in regimen}
    targets = [drug.get("targets") or "not_stated" for drug in regimen]
    return {
        "drug": " + ".join(sorted(names)),
        "drug_named": named,
        "drug_generation": (generations.pop() if len(generations) == 1 else "other") if named else None,
        "targets": tuple(frozenset([each] if isinstance(each, str) else each) for each in targets),
        "combined": bool(given.get("combined_with")),
    }


def of_genes(given: Rule, markers: dict[str, str], kinases: set[str]) -> Rule:
    """The kinases that are positive, of which a known fusion names the only one, and the mutations."""
    stained = {marker for marker, status in markers.items() if status == "positive"} & kinases
    mutations = tuple((each["gene"], each.get("change")) for each in given.get("mutations") or [])
    fused = given.get("fusion_gene")
    return {"kinases": frozenset([fused] if fused else stained), "mutations": mutations}


def of_patient(patient: Rule) -> Rule:
    """What does not depend on the course. A fusion decides over a rearrangement, that over a stain."""
    markers = dict(patient.get("ihc") or {})
    rearranged = {marker: found == "true" for marker, found in (patient.get("rearranged") or {}).items()}
    for marker, found in rearranged.items():
        # Silent: a positive stain stays positive where the gene was found not to be rearranged.
        markers[marker] = "positive" if found or markers.get(marker) == "positive" else "negative"
    stain = "ihc" if "positive" in (patient.get("ihc") or {}).values() else None
    evidence = "rearranged" if any(rearranged.values()) else stain
    if patient.get("fusion_gene"):
        markers[patient["fusion_gene"]], evidence = "positive", "fusion"
    age = patient.get("age")
    fields = ("histology", "site", "fusion_gene", "fusion_partner", "sex")
    return {
        **{field: patient.get(field) for field in fields},
        "subject": f"*/{patient['id']}",
        "markers": markers,
        "marker_evidence": evidence,
        "age_group": None if age is None else "child" if float(age) < 18 else "adult",
    }


def of_course(number: int, course: Rule, outcome: Rule) -> Rule:
    """The response of one course: 1 of 1, 0 of 1, or 0 of 0 where it is not readable or not evaluable."""
    response, stopped = course.get("response"), course.get("stop_reason")

    def responded(category: str | None) -> bool | None:
        """Whether a category is a response, None if the patient is then not evaluable."""
        if category in outcome["evaluable"]:
            return category in outcome["responders"]
        # Death before assessment is NE with stop_reason death, and a non-response unless the protocol says otherwise.
        rule = outcome.get("death_before_assessment") or "non_response"
        return False if category == "NE" and stopped == "death" and rule == "non_response" else None

    found = responded(response)
    alternatives = {responded(other) for other in course.get("response_alternatives") or []}
    died = response == "NE" and found is False
    return {
        "course": number,
        "line": "first" if number == 1 else "later",
        "response": response,
        "basis": "death" if died else course.get("response_basis"),
        "disputed": {True, False} <= {found, *alternatives},
        "r": int(found is True),
        "n": int(found is not None),
        # Silent: whoever is evaluable is known not to have had a complete response, or disease control, if the
        # response is another one; death before assessment is no disease control.
        "complete": None if found is None else int(response == "CR"),
        "controlled": None if found is None else int(response in {"CR", "PR", "SD"}),
    }


def of_arm(arm: Rule, subject: str) -> Rule:
    """An arm, of nobody where the source prints no denominator.

    Its complete responses are known where `cr` is given, its disease control where `sd` is.
    """
    markers = dict(arm.get("status") or {})
    if arm.get("fusion_gene"):
        markers[arm["fusion_gene"]] = "positive"
    counted = arm.get("evaluable") is not None
    r, n = (int(arm["responders"]), int(arm["evaluable"])) if counted else (0, 0)
    fields = ("histology", "site", "fusion_gene", "fusion_partner")
    return {
        **{field: arm.get(field) for field in fields},
        "subject": subject,
        "course": 0,
        "line": arm.get("line") or "any",
        "markers": markers,
        "marker_evidence": "stated" if "positive" in markers.values() else None,
        "age_group": {"paediatric": "child"}.get(arm.get("population") or "", arm.get("population")),
        "sex": None,
        "response": None,
        "basis": arm.get("response_basis"),
        "disputed": False,
        "r": r,
        "n": n,
        "complete": None if arm.get("cr") is None else int(arm["cr"]),
        "controlled": None if arm.get("sd") is None else r + int(arm["sd"]),
    }


# 3. Who is counted where. In format 1 links are resolved before any pool is formed; whoever gives way is counted in
#    none, whether or not the preferred one then counts. A preferred patient who is not eligible takes nobody's place.
#    In format 2 they are resolved in each pool: of those who share patients the most preferred who may enter does.


def shared(link: Rule) -> list[tuple[str, str, str]]:
    """(patient or arm that gives way, =, in or its reverse, preferred one) of each pair that a link names."""
    found = []
    for pair in link.get("patients") or []:
        left, relation, right = pair.split()
        loses = right.partition("/")[0] == link["prefer"]
        found.append((left, relation, right) if loses else (right, relation, left))
    return found


def gives_way(link: Rule) -> str:
    """The report of a link that is not counted."""
    one, other = link["reports"]
    return str(other if link["prefer"] == one else one)


def applied(protocol: Rule) -> list[str]:
    """The certainties of the links that apply."""
    return list((protocol.get("links") or {}).get("apply", CERTAINTIES))


def counted_elsewhere(units: list[Unit], files: Files, protocol: Rule) -> set[str]:
    """Format 1: the patients and arms that another report counts."""
    able = {unit.subject: unit.report for unit in units if is_eligible(unit, protocol)}
    lost: set[str] = set()
    for link in files.links:
        if link["certainty"] not in applied(protocol) or "prefer" not in link:
            continue
        if link.get("patients"):
            lost |= {loser for loser, _, preferred in shared(link) if preferred in able}
        elif link["prefer"] in able.values():  # which patients is not known: the whole report gives way
            lost |= {subject for subject, report in able.items() if report == gives_way(link)}
    return lost


class Sharing:
    """Format 2: which patients and arms share patients, and in which order they are asked into a pool.

    holds: subject -> the subjects all of whose patients are among its own, itself included. beside: pairs of subjects
    of two reports that share patients, and nobody knows which. order: the most preferred first.
    """

    def __init__(self, units: list[Unit], links: list[Rule], certainties: Iterable[str]) -> None:
        self.of_report: dict[str, list[str]] = {}
        subjects = list(dict.fromkeys(unit.subject for unit in units))
        for subject in subjects:
            self.of_report.setdefault(subject.partition("/")[0], []).append(subject)
        self.holds = {subject: {subject} for subject in subjects}
        self.beside: set[frozenset[str]] = set()
        before: dict[str, set[str]] = {}
        # Those of a file that is not read are in no pool; still, two that hold the same one of them share him.
        # A possible link that prefers neither report is a note.
        for link in (link for link in links if link["certainty"] in certainties and "prefer" in link):
            for loser, _, preferred in shared(link) or self.all_with_all(link):
                before.setdefault(loser, set()).add(preferred)
            for left, relation, right in (pair.split() for pair in link.get("patients") or []):
                self.holds.setdefault(right, {right}).add(left)
                self.holds.setdefault(left, {left}).update({right} if relation == "=" else ())
        changed = True
        while changed:  # a in b and b in c: a is in c
            wider = {each: {part for held in parts for part in self.holds[held]} for each, parts in self.holds.items()}
            changed, self.holds = wider != self.holds, wider
        # Silent: in the order of the files, each after those to which it gives way, which are taken by name.
        self.order: list[str] = []

        def ask(subject: str) -> None:
            for preferred in sorted(before.get(subject, ())):
                ask(preferred)
            if subject not in self.order:
                self.order.append(subject)

        for subject in subjects:
            ask(subject)

    def all_with_all(self, link: Rule) -> list[tuple[str, str, str]]:
        """(gives way, ?, preferred) of every pair of a link between reports that names no patients."""
        pairs = [
            (loser, "?", preferred)
            for loser in self.of_report.get(gives_way(link), [])
            for preferred in self.of_report.get(link["prefer"], [])
        ]
        self.beside |= {frozenset((loser, preferred)) for loser, _, preferred in pairs}
        return pairs

    def share(self, one: str, other: str) -> bool:
        """Whether two subjects share patients: there is one that both hold, or a link says so without a name."""
        return not self.holds[one].isdisjoint(self.holds[other]) or frozenset((one, other)) in self.beside

    def beaten(self, able: set[str]) -> set[str]:
        """Who, when asked into a pool, shares patients with one that has entered; `able`: nothing else keeps them out.

        Silent: who is not able either is told as counted elsewhere.
        """
        entered: list[str] = []
        beaten = set()
        for subject in self.order:
            if any(self.share(subject, other) for other in entered):
                beaten.add(subject)
            elif subject in able:
                entered.append(subject)
        return beaten


def is_eligible(unit: Unit, protocol: Rule) -> bool:
    """Whether the histology is one of the review's."""
    return (unit.histology or "not_stated") in protocol["eligible"]["histology"]


def row_of(unit: Unit, protocol: Rule) -> str | None:
    """The first row that fits."""
    fits = fits_row if protocol.get("format") == "2" else fits_row_1
    return next((name for name, row in protocol["rows"].items() if fits(unit, row, named_genes(protocol))), None)


def named_genes(protocol: Rule) -> set[str]:
    """The genes that rows name as fusion or marker."""
    return {row.get("fusion_gene") or row.get("marker") for row in protocol["rows"].values()} - {"other", None}


def fits_row(unit: Unit, row: Rule, named: set[str]) -> bool:
    """Format 2: a positive kinase decides, however it is written."""
    if row.get("mutation"):
        return any(gene == row["mutation"] and row.get("change") in {None, change} for gene, change in unit.mutations)
    if row.get("fusion_gene") == "other":
        return bool(unit.kinases) and unit.kinases.isdisjoint(named)
    if row.get("fusion_gene"):
        return row["fusion_gene"] in unit.kinases
    if unit.markers.get(row["marker"], "not_stated") != row["status"]:
        return False
    if row["status"] == "positive":
        return unit.fusion_gene in {None, row["marker"]}
    return unit.kinases <= {row["marker"]}


def fits_row_1(unit: Unit, row: Rule, named: set[str]) -> bool:
    """Format 1: a known fusion gene decides before a marker does."""
    gene, own = row.get("fusion_gene"), unit.fusion_gene
    if gene is None:
        marker = row.get("marker") or ""
        return own in {None, marker} and unit.markers.get(marker, "not_stated") == row.get("status")
    return own is not None and (own == gene or (gene == "other" and own not in named))


def stratum_of(unit: Unit, protocol: Rule) -> str | None:
    """The stratum of a unit, by the design of its report only. Silent: the first that names the design."""
    return next((name for name, designs in protocol["strata"].items() if unit.design in designs), None)


def asked_of(pool: Rule, row: str | None, protocol: Rule) -> list[str]:
    """The targets that a drug must have for a pool: the pool's, else those of the row. Format 1 asks for none."""
    if protocol.get("format") != "2":
        return ["any"]
    return list(pool.get("targets") or (protocol["rows"][row].get("targets") if row else None) or [])


def why_not(unit: Unit, pool: Rule, row: str | None, asked: list[str]) -> str | None:
    """Why an eligible unit that nobody else counts is not in a pool: the first reason in this order, None if it is in.

    Silent: the order. It decides under which reason of "Not in strict" a patient with several is counted.
    """
    later = pool.get("line") == "later"
    reasons = {
        "later line": not later and unit.line == "later",  # a line that is mixed or not said counts as first
        "first line": later and unit.line != "later",
        "third course": later and unit.course > 2,
        f"row {row}": row not in pool["rows"],
        "not evaluable": unit.n == 0,
    }
    return next((reason for reason, applies in reasons.items() if applies), None) or unmet(unit, pool, asked)


def unmet(unit: Unit, pool: Rule, asked: list[str]) -> str | None:
    """The first condition of a pool on drug, treatment, response and reading that a unit does not meet."""
    basis = pool.get("response_basis") or []
    fitting = ["any" in asked or not targets.isdisjoint(asked) for targets in unit.targets]
    reasons = {
        "target not stated": not any(fitting) and set(unit.targets) == {frozenset(["not_stated"])},
        "target": not any(fitting),
        "basis": basis and unit.basis not in (*basis, "death", None),
        "basis not stated": basis and unit.basis is None,
        "unnamed drug": pool.get("drug") == "named" and not unit.drug_named,
        "mixed treatment": pool.get("combined_with") == "none" and (unit.combined or not all(fitting)),
        "second-hand": pool.get("depth") and unit.depth not in pool["depth"],
        "disputed": pool.get("disputed") == "false" and unit.disputed,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


@dataclass
class Chosen:
    """Who is counted in each pool, separate row and the later lines; why others are not in a pool; strata, rows."""

    members: dict[str, list[Unit]]
    reasons: dict[str, list[tuple[Unit, str]]]
    rows: dict[str, str | None]  # subject -> row
    units: list[Unit]
    sharing: Sharing  # by the links that apply; of format 1 by none
    surely: Sharing  # by those of them that are certain or probable


def choose(units: list[Unit], files: Files, protocol: Rule) -> Chosen:
    """The protocol applied to the units."""
    walked = protocol.get("format") == "2"
    lost = set() if walked else counted_elsewhere(units, files, protocol)
    certainties = applied(protocol) if walked else []
    sharing = Sharing(units, files.links, certainties)
    surely = Sharing(units, files.links, set(certainties) - {"possible"})
    pooled = [row for row in protocol["rows"] if any(row in pool["rows"] for pool in protocol["pools"].values())]
    groups = dict(protocol["pools"]) | {row: {"rows": [row]} for row in protocol["rows"] if row not in pooled}
    groups["later_lines"] = {"rows": pooled, "line": "later"}
    rows = {unit.subject: row_of(unit, protocol) for unit in units}
    chosen = Chosen({name: [] for name in groups}, {name: [] for name in groups}, rows, units, sharing, surely)
    for name, pool in groups.items():
        own: list[str | None] = []
        for unit in units:
            reason = why_not(unit, pool, rows[unit.subject], asked_of(pool, rows[unit.subject], protocol))
            own.append(reason if is_eligible(unit, protocol) else "histology")
        able = {unit.subject for unit, reason in zip(units, own, strict=True) if reason is None}
        elsewhere = lost | sharing.beaten(able)
        for unit, of_its_own in zip(units, own, strict=True):
            beaten = unit.subject in elsewhere and of_its_own != "histology"
            if reason := "counted elsewhere" if beaten else of_its_own:
                chosen.reasons[name].append((unit, reason))
            else:
                chosen.members[name].append(unit)
    return chosen


# A patient described elsewhere who belongs to an arm is a part of it, and a pool less another is less by patients.


def described(pool: str, chosen: Chosen) -> list[Unit]:
    """The members of a pool, each arm in two parts: whom other reports describe, and the remainder."""
    found = []
    for unit in chosen.members[pool]:
        rest = unit
        for each in people_within(unit, chosen) if unit.course == 0 else []:
            # Silent: all or none responded, of those who are left of the arm.
            r = each.r if each.n else int(rest.r > 0)
            if r > rest.r or 1 - r > rest.n - rest.r or not (each.n or rest.r in {0, rest.n}):
                continue
            fields = ("histology", "site", "fusion_gene", "fusion_partner", "age_group", "sex", "marker_evidence")
            own = {field: getattr(each, field) or getattr(unit, field) for field in fields}
            found.append(replace(unit, r=r, n=1, **own))
            rest = replace(rest, r=rest.r - r, n=rest.n - 1)
        found.append(rest)
    return found


def people_within(arm: Unit, chosen: Chosen) -> list[Unit]:
    """The patients who surely belong to an arm, by the most preferred description, an evaluable one if there is one.

    Silent: a description is the first course.
    """
    holds = chosen.surely.holds
    first = {unit.subject: unit for unit in chosen.units if unit.course == 1}
    inside = [first[each] for each in chosen.sharing.order if each in holds[arm.subject] and each in first]
    found: dict[frozenset[str], Unit] = {}  # by all that are the same patient
    for unit in sorted(inside, key=lambda unit: not unit.n):
        found.setdefault(frozenset(each for each in holds[unit.subject] if unit.subject in holds[each]), unit)
    return list(found.values())


def rest_of(pool: str, narrow: str, chosen: Chosen) -> list[Unit]:
    """Whom a wider pool counts and the narrow one does not, by patients."""
    counted = [{(unit.subject, unit.course) for unit in chosen.members[name]} for name in (pool, narrow)]
    both = counted[0] & counted[1]
    wider, narrower = (
        [unit for unit in chosen.members[name] if (unit.subject, unit.course) not in both] for name in (pool, narrow)
    )
    rest = {unit.subject: unit for unit in wider}
    for other in narrower:
        left = other.n
        for r, n, subject in in_common(other, wider, chosen):
            unit = rest[subject]
            gone = min(n, unit.n, left)
            # Silent: where the arm has no room for their responses, as many as it has room for.
            responded = max(min(r, unit.r, gone), gone - (unit.n - unit.r))
            rest[subject], left = replace(unit, r=unit.r - responded, n=unit.n - gone), left - gone
    return [unit for unit in rest.values() if unit.n]


def in_common(one: Unit, others: list[Unit], chosen: Chosen) -> list[tuple[int, int, str]]:
    """(responders, patients, with whom) of all that a unit shares with others, as itself says, else as described.

    First those whom links name. Silent: where they name nobody, as many as there can be; of one and the same patient
    two courses are two.
    """
    holds = chosen.sharing.holds
    named, unnamed = [], []
    for other in others:
        both = holds[one.subject] & holds[other.subject]
        if one.subject == other.subject:
            continue
        if one.subject in both:
            named.append((one.r, one.n, other.subject))
        elif other.subject in both:
            named.append((other.r, other.n, other.subject))
        elif frozenset((one.subject, other.subject)) in chosen.sharing.beside:
            unnamed.append((one.r, one.n, other.subject))
        else:
            widest = [each for each in both if not any(each in holds[it] and it not in holds[each] for it in both)]
            units = {frozenset(holds[it.subject]): it for it in chosen.units if it.subject in widest and it.course < 2}
            for it in units.values():
                r, n = (it.r, it.n) if it.n or not it.course else (int(one.r == one.n), 1)
                named.append((r, n, other.subject))
    return named + unnamed


# 4. Counts. One cluster a report and pool.


def counts(members: Iterable[Unit]) -> dict[str, int]:
    """Responders, evaluable patients, reports with one or more of them."""
    members = list(members)
    reports = {unit.report for unit in members if unit.n}
    r, n = sum(unit.r for unit in members), sum(unit.n for unit in members)
    return {"responders": r, "evaluable": n, "reports": len(reports)}


def clusters(members: Iterable[Unit], events: Callable[[Unit], int | None] = lambda unit: unit.r) -> dict[str, Report]:
    """Report -> (events, patients in whom they are known, weight 1)."""
    sums: dict[str, Report] = {}
    for unit in members:
        if (found := events(unit)) is not None and unit.n:
            r, n, _ = sums.get(unit.report, (0, 0, 1.0))
            sums[unit.report] = (r + found, n + unit.n, 1.0)
    return sums


def group(members: list[Unit], protocol: Rule, *, pooled: bool, rated: Rule | None = None) -> Rule:
    """All that the headline block says of a pool, stratum or separate row; `rated`: its ORR, if that is known."""
    complete = clusters(members, lambda unit: unit.complete).values()
    controlled = clusters(members, lambda unit: unit.controlled).values()

    def judged(reports: Iterable[Report]) -> Rule | None:
        return rate(reports, protocol) if pooled else exact_rate(reports)

    return {
        **counts(members),
        "orr": judged(clusters(members).values()) if rated is None else rated,
        "line_not_stated": sum(unit.n for unit in members if unit.line == "any"),
        "complete_response": {**sums(complete), "orr": judged(complete)},
        "disease_control": {**sums(controlled), "orr": judged(controlled)},
    }


def sums(reports: Iterable[Report]) -> dict[str, float]:
    """Weighted sums of events and patients."""
    reports = list(reports)
    return {"responders": sum(r * w for r, _, w in reports), "evaluable": sum(n * w for _, n, w in reports)}


def headline_block(chosen: Chosen, protocol: Rule) -> Rule:
    """Pools with strata and the local cohort's share, separate rows, and why patients are not in the headline."""
    pools: Rule = {}
    rows: Rule = {}
    for name, members in chosen.members.items():
        pooled = name in protocol["pools"]
        found = group(members, protocol, pooled=pooled)
        strata = {name: [unit for unit in members if stratum_of(unit, protocol) == name] for name in protocol["strata"]}
        rates = strata_rates(strata, protocol) if pooled else {}
        found["strata"] = {
            stratum: group(units, protocol, pooled=pooled, rated=rates.get(stratum))
            for stratum, units in strata.items()
        }
        if pooled:
            found["adjusted"] = adjusted_rates(members, protocol)
            found["confidence_sequence"] = sequence(tuple(clusters(members).values()), protocol)
        (pools if pooled else rows)[name] = {**found, "parts": {} if pooled else parts(name, chosen, protocol)}
    local = {name: counts(unit for unit in chosen.members[name] if unit.local) for name in pools}
    return {"pools": pools, "rows": rows, "local": local, "not_in_headline": not_in_headline(chosen, protocol)}


def parts(name: str, chosen: Chosen, protocol: Rule) -> Rule:
    """A separate row by whether it meets the headline's conditions on drug, treatment, response and reading.

    The later lines also by row. Silent: the targets are those of the row, whatever the headline's own are.
    """
    headline, pool = next(iter(protocol["pools"].items()))
    members = chosen.members[name]
    asked = {unit.subject: asked_of({}, chosen.rows[unit.subject], protocol) for unit in members}
    found = {headline: [unit for unit in members if not unmet(unit, pool, asked[unit.subject])]}
    found["rest"] = [unit for unit in members if unmet(unit, pool, asked[unit.subject])]
    if name == "later_lines":
        for row in protocol["rows"]:
            if any(row in each["rows"] for each in protocol["pools"].values()):
                found[row] = [unit for unit in members if chosen.rows[unit.subject] == row]
    return {key: counts(units) for key, units in found.items()}


def not_in_headline(chosen: Chosen, protocol: Rule) -> dict[str, int]:
    """Patients of the last pool, which is the widest, by why they are not in the first; and those counted elsewhere.

    Silent: of those counted elsewhere a patient is one, evaluable or not, and an arm its evaluable patients.
    """
    headline, widest = next(iter(protocol["pools"])), next(reversed(protocol["pools"]))
    rest = {(unit.subject, unit.course): unit.n for unit in rest_of(widest, headline, chosen)}
    found: Counter[str] = Counter()
    for unit, reason in chosen.reasons[headline]:
        if reason == "counted elsewhere":
            found[reason] += unit.n if unit.course == 0 else int(unit.course == 1)
        elif (unit.subject, unit.course) in rest:
            found[reason] += rest[unit.subject, unit.course]
    return dict(found)


def words(term: str | None) -> str | None:
    """A term as tables show it."""
    return term and term.replace("_", " ")


LEVELS: dict[str, Callable[[Unit], str | None]] = {
    "histology": lambda unit: unit.histology,
    "site": lambda unit: words(unit.site),
    "fusion_partner": lambda unit: unit.fusion_partner,
    "drug": lambda unit: unit.drug if unit.drug_named else None,
    "drug_generation": lambda unit: unit.drug_generation,
    "age_group": lambda unit: unit.age_group,
    "population": lambda unit: unit.age_group,
    "sex": lambda unit: unit.sex,
    "design": lambda unit: words(unit.design),
    "depth": lambda unit: words(unit.depth),
    "response_basis": lambda unit: unit.basis,
    "marker_evidence": lambda unit: unit.marker_evidence,
    "year": lambda unit: None if unit.year is None else str(unit.year),
    "report": lambda unit: unit.report,
}


def subgroups(chosen: Chosen, protocol: Rule) -> Rule:
    """Every grouping of the protocol in every pool: the rows add up to the pool, "not reported" among them."""
    tables: Rule = {}
    for grouping in protocol.get("subgroups") or []:
        for pool in protocol["pools"]:
            levels: dict[str, list[Unit]] = {"not reported": []}
            for unit in described(pool, chosen):
                levels.setdefault(LEVELS[grouping](unit) or "not reported", []).append(unit)
            found: Rule = {
                level: {**counts(units), "orr": exact_rate(clusters(units).values())} for level, units in levels.items()
            }
            known = {level: (row["responders"], row["evaluable"]) for level, row in found.items()}
            known = {level: pair for level, pair in known.items() if level not in NO_LEVEL and pair[1]}
            drawn = partially_pooled(tuple(known.values()), *subgroup_priors(protocol)) if len(known) > 1 else ()
            for level, posterior in zip(known, drawn, strict=False):
                found[level]["partially_pooled"] = posterior
            unknown = [unit for level in NO_LEVEL for unit in levels.get(level, [])]
            table = {"levels": found, "total": counts(chosen.members[pool]), "not_reported": counts(unknown)}
            tables.setdefault(grouping, {})[pool] = table
    return tables


def evidence_map(chosen: Chosen, protocol: Rule) -> Rule:
    """Partner by drug in every pool: the pairs that have patients."""
    tables: Rule = {}
    for pool in protocol["pools"]:
        cells: dict[str, list[Unit]] = {}
        for unit in described(pool, chosen):
            pair = (LEVELS[grouping](unit) or "not reported" for grouping in ("fusion_partner", "drug"))
            cells.setdefault(" with ".join(pair), []).append(unit)
        filled = {pair: counts(units) for pair, units in cells.items() if counts(units)["evaluable"]}
        tables[pool] = {"cells": filled, "total": counts(chosen.members[pool])}
    return tables


def wording(chosen: Chosen, protocol: Rule) -> Rule:
    """What only a wider pool counts beside the headline: of patients described singly, and of all."""
    headline, *wider = protocol["pools"]
    found: Rule = {}
    for pool in wider:
        sides = {"group": rest_of(pool, headline, chosen), "reference": chosen.members[headline]}
        for words, first in (("single patients", 1), ("all patients", 0)):
            of = {side: [unit for unit in units if unit.course >= first] for side, units in sides.items()}
            found[f"rest against {headline}, {words}, {pool}"] = {
                side: {**counts(units), "orr": rate(clusters(units).values(), protocol)} for side, units in of.items()
            }
            group, reference = (tuple(sorted(clusters(units).values())) for units in of.values())
            odds = odds_ratio(group, reference, *priors(protocol)) if group and reference else None
            found[f"rest against {headline}, {words}, {pool}"]["odds_ratio"] = odds
    return found


# 5. Sensitivity: the whole selection again with one thing done otherwise.


def alternative(files: Files, protocol: Rule, choice: Rule) -> dict[str, list[Unit]]:
    """Pool -> who is counted under a choice of the protocol's list."""
    changed = deepcopy(protocol)
    if choice.get("death_before_assessment"):
        changed["outcome"]["death_before_assessment"] = choice["death_before_assessment"]
    if choice.get("links") is not None:
        changed["links"] = {"apply": choice["links"]}
    for pool in changed["pools"].values():
        rows = [*pool["rows"], *(choice.get("with_rows") or [])]
        pool["rows"] = [row for row in rows if row not in (choice.get("without_rows") or [])]
        names = ("drug", "combined_with", "response_basis", "depth")
        pool |= {name: choice[name] for name in names if choice.get(name) is not None}
    units = units_of(reread(files) if choice.get("values") else files, changed["outcome"])
    if choice.get("other_reading"):
        units = read_otherwise(units, files, choice["other_reading"])
    chosen = choose([recounted(unit, choice) for unit in units], files, changed)
    # Who is kept is decided after the links: nobody comes back because the preferred report is not kept.
    wanted = {name: choice[name] for name in ("histology", "age_group", "design") if choice.get(name)}
    unread = choice.get("without_depth") or []
    lines = {"first", "later"} if choice.get("line") == "stated" else {"first", "later", "any"}
    return {
        pool: [
            unit
            for unit in chosen.members[pool]
            if unit.depth not in unread
            and unit.line in lines
            and all(getattr(unit, of) in kept for of, kept in wanted.items())
            and all(
                appraised(unit, question, files) in {answer, "not asked"}
                for question, answer in (choice.get("appraisal") or {}).items()
            )
        ]
        for pool in protocol["pools"]
    }


def reread(files: Files) -> Files:
    """The files with what a second reader gave in its place; a response that is left out was not readable.

    Patients by id, those left over in their order; courses in their order where there are as many, else by drug.
    """
    reports = {report["report"]["id"]: deepcopy(report) for report in files.reports}
    for reading in files.again:
        report = reports.get(reading["report"]["id"])
        if report is None:
            continue
        mine = report.get("patients") or []
        theirs = reading.get("patients") or []
        by_id = {patient["id"]: patient for patient in mine}
        left = [patient for patient in mine if patient["id"] not in {each["id"] for each in theirs}]
        for again in theirs:
            patient = by_id.get(again["id"]) or (left.pop(0) if left else None)
            if patient is None:
                continue
            open_ = list(patient["courses"])
            alike = len(open_) == len(again["courses"])
            for other in again["courses"]:
                same = [each for each in open_ if alike or each["drug"] == other.get("drug")]
                if same:
                    open_ = open_[next(k for k, each in enumerate(open_) if each is same[0]) + 1 :]
                    same[0] |= {name: value for name, value in other.items() if value is not None}
                    for name in ("response", "response_basis"):
                        same[0][name] = other.get(name)
            kept = {"id", "courses"}
            patient |= {name: value for name, value in again.items() if name not in kept and value is not None}
        for arm, other in zip(report.get("arms") or [], reading.get("arms") or [], strict=False):
            given = {name: value for name, value in other.items() if name != "label" and value is not None}
            if str(given.get("line", "")).startswith("after "):
                given["line"] = "later"
            arm.update(given)
    return replace(files, reports=list(reports.values()))


def appraised(unit: Unit, question: str, files: Files) -> str:
    """The answer that people gave of the report, unclear where they differ; else what follows of this course or arm."""
    report = next(each for each in files.reports if each["report"]["id"] == unit.report)
    if question == "exposure" and unit.design == "trial":
        return "not asked"
    entries = [entry for entry in report.get("appraisal") or [] if question in entry["answers"]]
    ruling = [entry for entry in entries if entry.get("decides") == "true"] or entries
    if ruling:
        answers = {entry["answers"][question] for entry in ruling}
        return answers.pop() if len(answers) == 1 else "unclear"
    if unit.depth == "title":
        return "unclear"
    absent = "no" if unit.depth == "full_text" else "unclear"
    if question == "exposure":
        return "yes" if unit.drug_named else absent
    if question != "outcome":
        raise NotImplementedError(f"{question}: of an appraisal only exposure and outcome are read here")
    if unit.basis == "inferred":
        return "yes" if with_criteria(unit, report) else absent
    sure = unit.basis in {"death", "measured"} or (unit.basis == "stated" and unit.design == "trial")
    return "yes" if sure or with_criteria(unit, report) else "unclear"


def with_criteria(unit: Unit, report: Rule) -> bool:
    """Whether the course has a response and says by which criteria."""
    patients = {f"{unit.report}/{patient['id']}": patient for patient in report.get("patients") or []}
    course = patients[unit.subject]["courses"][unit.course - 1] if unit.course else {}
    return bool(course.get("response") and course.get("criteria"))


def recounted(unit: Unit, choice: Rule) -> Unit:
    """The unit with the counts that a choice gives it."""
    if choice.get("inferred") and unit.basis == "inferred" and unit.n:
        unit = replace(unit, r=0)
    if choice.get("disputed") and unit.disputed and unit.n:
        unit = replace(unit, r=unit.n if choice["disputed"] == "best" else 0)
    # Patients who were treated but whose response is not readable. Silent: their basis passes as stated; arms have no
    # such patients.
    if choice.get("unreadable") and unit.course and unit.response is None and not unit.n:
        unit = replace(unit, r=int(choice["unreadable"] == "response"), n=1, basis="stated")
    return unit


def read_otherwise(units: list[Unit], files: Files, wanted: str) -> list[Unit]:
    """Arms that a certain link calls the same (`=`): the counts of the one that gives way, if it is earlier or later.

    Silent: of several other readings the earliest or latest, of two of one year the first by name; a report without a
    year is neither; the arm keeps its place, drug and depth.
    """
    arms = {unit.subject: unit for unit in units if unit.course == 0}
    other: dict[str, Unit] = {}
    pairs = [pair for link in files.links if link["certainty"] == "certain" for pair in shared(link)]
    for loser, relation, preferred in sorted(pairs):
        if relation != "=" or loser not in arms or preferred not in arms:
            continue
        giving, best = arms[loser], other.get(preferred, arms[preferred])
        apart = 0 if giving.year is None or best.year is None else giving.year - best.year
        if giving.n and (apart < 0 if wanted == "earlier" else apart > 0):
            other[preferred] = giving
    instead: dict[str, Rule] = {subject: {"r": unit.r, "n": unit.n} for subject, unit in other.items()}
    return [replace(unit, **instead.get(unit.subject, {})) for unit in units]


def sensitivity(files: Files, chosen: Chosen, protocol: Rule) -> Rule:
    """Every row of the protocol's list in every pool, each report left out, and reports at less than full weight."""
    listed = protocol.get("sensitivity") or []
    rows: Rule = {}
    left_out: Rule = {}
    discount: Rule = {}
    for entry in listed:
        if isinstance(entry, dict) and set(entry) - {"name", "discount", "subset"}:
            found = alternative(files, protocol, entry)
            rows[entry["name"]] = {
                pool: {**counts(members), "orr": rate(clusters(members).values(), protocol)}
                for pool, members in found.items()
            }
        elif isinstance(entry, dict) and entry.get("discount"):
            for pool in protocol["pools"]:
                discount |= discounted(entry, pool, chosen, protocol)
    names = [entry["name"] if isinstance(entry, dict) else entry for entry in listed]
    if "each report left out" in names:
        for pool in protocol["pools"]:  # links stay as they were resolved
            whole = clusters(chosen.members[pool])
            left_out |= {f"{pool}/{report}": without(report, whole, protocol) for report in whole}
    return {"rows": rows, "leave_one_out": left_out, "discount": discount}


def over_time(files: Files, chosen: Chosen, protocol: Rule) -> Rule:
    """Every pool after each publication year and each date of entry; reports without a date come last."""
    about = {report["report"]["id"]: report for report in files.reports}
    dates: dict[str, dict[str, str | None]] = {
        "publication year": {name: report["report"].get("year") for name, report in about.items()},
        "date of entry": {name: (report.get("extraction") or {}).get("date") for name, report in about.items()},
    }
    found: Rule = {}
    for pool, (by, when) in product(protocol["pools"], dates.items()):
        whole = clusters(chosen.members[pool])
        steps: Rule = {}
        for date in sorted({when[name] or "undated" for name in whole}):  # digits come before letters
            added, now = (
                [report for name, report in whole.items() if (when[name] or "undated") in dated]
                for dated in ({date}, {each or "undated" for each in when.values() if (each or "undated") <= date})
            )
            steps[date] = {"added": {**sums(added), "reports": len(added)}, **sums(now), "reports": len(now)}
            steps[date]["orr"] = rate(now, protocol)
            if date != "undated":  # which is no event in time
                steps[date]["confidence_sequence"] = sequence(tuple(now), protocol)
        dated = sum(when[name] is not None for name in whole)
        found[f"{pool}/{by}"] = {"reports": len(whole), "dated": dated, "steps": steps}
    return found


def specification(files: Files, protocol: Rule) -> Rule:
    """The headline under every combination of the protocol's choices."""
    axes = protocol.get("specification") or {}
    found: Rule = {}
    for options in product(*(axis.items() for axis in axes.values())):
        choice = {name: value for _, choices in options for name, value in (choices or {}).items()}
        members = next(iter(alternative(files, protocol, choice).values()))
        named = sorted(f"{axis}: {option}" for axis, (option, _) in zip(axes, options, strict=True))
        found["; ".join(named)] = {**counts(members), "orr": rate(clusters(members).values(), protocol)}
    return found


def without(report: str, whole: dict[str, Report], protocol: Rule) -> Rule:
    """A pool without one report, and that report's own counts."""
    rest = [other for name, other in whole.items() if name != report]
    r, n, _ = whole[report]
    return {"own": {"responders": r, "evaluable": n}, **sums(rest), "reports": len(rest), "orr": rate(rest, protocol)}


def discounted(entry: Rule, pool: str, chosen: Chosen, protocol: Rule) -> Rule:
    """A pool with the reports of one stratum at each weight: the log-likelihood of a report times its weight."""
    members, stratum = chosen.members[pool], entry["discount"]["stratum"]
    light = {unit.report for unit in members if stratum_of(unit, protocol) == stratum}
    found = {}
    for weight in map(float, entry["discount"]["weights"]):
        weighted = [(r, n, weight if name in light else 1.0) for name, (r, n, _) in clusters(members).items()]
        reports = [report for report in weighted if report[2]]
        orr = discounted_rate(tuple(sorted(reports)), *priors(protocol))
        found[f"{entry['name']}/{pool}/{weight:g}"] = {**sums(reports), "orr": orr}
    return found


# 6. Rates. One proportion: Clopper-Pearson.


def clopper_pearson(r: int, n: int) -> Rule:
    """r/n with the exact interval: quantiles of beta distributions."""
    lower = float(betaincinv(r, n - r + 1, 0.025)) if r else 0.0
    upper = float(betaincinv(r + 1, n - r, 0.975)) if r < n else 1.0
    return {"estimate": r / n, "lower": lower, "upper": upper, "rule": "exact"}


def exact_rate(reports: Iterable[Report]) -> Rule | None:
    """The exact rate over patients, None if there is nobody."""
    reports = list(reports)
    return clopper_pearson(sum(r for r, _, _ in reports), sum(n for _, n, _ in reports)) if reports else None


# Several reports: r ~ BetaBinomial(n, mu, rho) under beta priors; posterior median and equal-tailed 95 % interval.


def rate(reports: Iterable[Report], protocol: Rule) -> Rule | None:
    """The pooled rate of reports, None if there are none. It depends on their counts only, not on their order."""
    known = tuple(sorted(reports))
    return pooled_rate(known, *priors(protocol)) if known else None


def strata_rates(strata: dict[str, list[Unit]], protocol: Rule) -> Rule:
    """The strata of one pool by one regression: a mean each, and rho in common."""
    parts = {name: tuple(sorted(clusters(units).values())) for name, units in strata.items()}
    parts = {name: reports for name, reports in parts.items() if reports}
    if not any(len(reports) > 1 for reports in parts.values()):
        return {name: with_crude(exact(reports), reports) for name, reports in parts.items()}
    found, rho = posterior(tuple(parts.values()), *priors(protocol))
    rates = {}
    for (name, reports), mean in zip(parts.items(), found, strict=True):
        if len(reports) == 1:
            rates[name] = with_crude(exact(reports), reports)
        else:
            told = any(n > 1 for each in parts.values() for _, n, _ in each)
            rates[name] = with_crude(mean, reports) | {"rho": rho if told else None}
    return rates


def adjusted_rates(members: list[Unit], protocol: Rule) -> Rule | None:
    """The rate in trials given all reports, by the prior of the log odds ratio of the others; None without both."""
    sides = [clusters(unit for unit in members if (unit.design == "trial") is trial) for trial in (True, False)]
    trials, others = (tuple(sorted(side.values())) for side in sides)
    if not trials or not others:
        return None
    given = (protocol.get("priors") or {}).get("selection") or {}
    own = (float(given.get("odds_ratio") or 2), float(given.get("log_sd") or 0.7))
    found = {}
    for ratio, sd in (own, (1.0, 0.0), (1.0, 0.5), (1.5, 0.5), (1.0, 2.0)):
        name = f"N({'0' if ratio == 1 else f'log {ratio:g}'}, {sd:g})" if sd else "none"
        if sd:
            found[name] = adjusted(trials, others, (ratio, sd), *priors(protocol))
        else:
            whole = rate([*trials, *others], protocol)
            found[name] = {field: whole[field] for field in ("estimate", "lower", "upper")} if whole else {}
    return found


def priors(protocol: Rule) -> tuple[float, float, float, float]:
    """The beta priors of the mean and of the intraclass correlation. A fraction may be written: 1/3."""
    given = protocol.get("priors") or {}
    (a, b), (c, d) = (given.get(name) or usual for name, usual in (("mu", ("1/3", "1/3")), ("rho", ("1", "1"))))
    return number(a), number(b), number(c), number(d)


def number(text: str) -> float:
    """A number as it is written in a file."""
    return float(Fraction(text))


def subgroup_priors(protocol: Rule) -> tuple[float, float]:
    """The scales of the priors of partial pooling."""
    given = protocol.get("priors") or {}
    return float(given.get("subgroup_mean_sd") or 1.5), float(given.get("subgroup_sd_scale") or 1.0)


def exact(reports: tuple[Report, ...]) -> Rule:
    """r/n of all patients with the exact interval."""
    return clopper_pearson(sum(r for r, _, _ in reports), sum(n for _, n, _ in reports))


def with_crude(found: Rule, reports: tuple[Report, ...]) -> Rule:
    """A rate with r/n beside it."""
    return {**found, "crude": exact(reports)}


@cache
def pooled_rate(reports: tuple[Report, ...], *prior: float) -> Rule:
    """Posterior of the mean over reports; one report has r/n with its exact interval."""
    if len(reports) == 1:
        return with_crude(exact(reports), reports)
    (found,), rho = posterior((reports,), *prior)
    told = any(n > 1 for _, n, _ in reports)  # single cases say nothing about rho
    return with_crude(found, reports) | {"rho": rho if told else None}


@cache
def discounted_rate(reports: tuple[Report, ...], *prior: float) -> Rule | None:
    """The posterior with weighted likelihood."""
    return posterior((reports,), *prior)[0][0] if reports else None


def log_likelihood(reports: tuple[Report, ...], x: Floats, y: Floats) -> Floats:
    """Of the beta-binomial, without the binomial coefficients: log odds x of the mean (rows) and y of rho (columns).

    With t = rho / (1 - rho), P(r of n) is proportional to [mu (mu + t) ... (mu + (r-1) t)] times the same of 1 - mu and
    n - r, divided by [1 (1 + t) ... (1 + (n-1) t)]; at t = 0 it is the binomial.
    """
    t = np.exp(y)
    total = np.zeros((x.size, t.size))
    lengths = ([r for r, _, _ in reports], [n - r for r, n, _ in reports], [n for _, n, _ in reports])
    starts = (expit(x)[:, None], expit(-x)[:, None], np.ones((1, 1)))
    for start, sign, length in zip(starts, (1, 1, -1), lengths, strict=True):
        weight: Counter[int] = Counter()
        for report, many in zip(reports, length, strict=True):
            weight[many] += report[2]  # type: ignore[assignment]
        product = np.zeros(np.broadcast(start, t).shape)
        for factor in range(max(length, default=0)):
            product = product + np.log(start + factor * t)
            if weight[factor + 1]:
                total += sign * weight[factor + 1] * product
    return total


# The posterior: a grid of log odds of the mean and of the intraclass correlation, over the part that holds the mass.


@cache
def posterior(
    parts: tuple[tuple[Report, ...], ...], a: float, b: float, c: float, d: float
) -> tuple[tuple[Rule, ...], Rule]:
    """Median and equal-tailed 95 % interval of the mean of each part, and of their rho."""
    xs = []
    for reports in parts:
        total = sums(reports)
        middle = logit((total["responders"] + a) / (total["evaluable"] + a + b))
        xs.append(np.unique(np.concatenate([np.linspace(-90, 90, 361), middle + np.linspace(-1, 1, 41)])))
    y = np.linspace(-30, 20, 101)
    rough, of_rho = joint(parts, xs, y, (a, b, c, d))
    near = [density > density.max() - 25 for density in rough]
    xs = [np.linspace(*ends(x, found.any(axis=1)), CURVE) for x, found in zip(xs, near, strict=True)]
    y = np.linspace(*ends(y, of_rho > of_rho.max() - 25), SPREAD)
    fine, of_rho = joint(parts, xs, y, (a, b, c, d))
    means = (
        summary(x, np.exp(density - density.max()).sum(axis=1)) | {"rule": "posterior"}
        for x, density in zip(xs, fine, strict=True)
    )
    return tuple(means), summary(y, np.exp(of_rho - of_rho.max()))


def joint(
    parts: tuple[tuple[Report, ...], ...], xs: list[Floats], y: Floats, prior: tuple[float, ...]
) -> tuple[list[Floats], Floats]:
    """log density in log odds: of the mean of each part (rows) with rho (columns), and of rho."""
    a, b, c, d = prior
    own = [
        log_likelihood(reports, x, y) + (a * log_expit(x) + b * log_expit(-x))[:, None]
        for reports, x in zip(parts, xs, strict=True)
    ]
    said = [np.logaddexp.reduce(each + np.log(np.gradient(x))[:, None]) for each, x in zip(own, xs, strict=True)]
    of_rho = np.sum(said, axis=0) + c * log_expit(y) + d * log_expit(-y)
    return [each + (of_rho - mine) for each, mine in zip(own, said, strict=True)], of_rho


@cache
def adjusted(
    trials: tuple[Report, ...], others: tuple[Report, ...], selection: tuple[float, float], *prior: float
) -> Rule:
    """Mean of the trials; the log odds of the others are higher by a normal with median log(ratio) and this s.d."""
    a, b, c, d = prior
    x, y = np.linspace(-90, 90, EVEN), np.linspace(-30, 20, 2 * SPREAD)
    ratio, sd = selection
    higher = ((np.arange(1 - EVEN, EVEN) * (x[1] - x[0])) - np.log(ratio)) / sd  # of each difference of two points
    normal = np.lib.stride_tricks.sliding_window_view(np.exp(-(higher**2) / 2), EVEN)[::-1]
    said = log_likelihood(others, x, y)
    chance = normal @ np.exp(said - said.max(axis=0))
    own = log_likelihood(trials, x, y) + (a * log_expit(x) + b * log_expit(-x))[:, None]
    with np.errstate(divide="ignore"):
        density = own + np.log(chance) + said.max(axis=0) + c * log_expit(y) + d * log_expit(-y)
    return summary(x, np.exp(density - density.max()).sum(axis=1))


def sequence(reports: tuple[Report, ...], protocol: Rule) -> Rule | None:
    """The confidence sequence of two reports or more."""
    if len(reports) < 2:
        return None
    return dict(zip(("lower", "upper"), confidence_sequence(tuple(sorted(reports)), *priors(protocol)), strict=True))


@cache
def odds_ratio(group: tuple[Report, ...], reference: tuple[Report, ...], *prior: float) -> Rule:
    """Odds of the mean of a group against a reference: a mean each, rho in common; by convolution in log odds."""
    x, y = np.linspace(-90, 90, EVEN), np.linspace(-30, 20, 2 * SPREAD)
    (one, two), of_rho = joint((group, reference), [x, x], y, prior)
    other = np.exp(two - of_rho - (two - of_rho).max(axis=0))  # given rho
    mass = np.exp(one - one.max())
    size = 4 * EVEN
    both = np.fft.rfft(mass, size, axis=0) * np.fft.rfft(other[::-1] / other.sum(axis=0), size, axis=0)
    density = np.maximum(np.fft.irfft(both.sum(axis=1), size)[: 2 * EVEN - 1], 0.0)
    return summary(np.linspace(-180, 180, 2 * EVEN - 1), density, np.exp)


@cache
def confidence_sequence(reports: tuple[Report, ...], a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Outermost of 3,000 means, of equal prior mass between them, that are not 20 times less likely than the average.

    Less likely than the likelihood averaged over the priors, whatever rho from 0 on.
    """
    x, y = np.linspace(-90, 90, EVEN // 2), np.linspace(-30, 20, 2 * SPREAD)
    of_mu, of_rho = a * log_expit(x) + b * log_expit(-x), c * log_expit(y) + d * log_expit(-y)
    whole = log_likelihood(reports, x, y) + of_mu[:, None] + of_rho
    average = (
        np.logaddexp.reduce(whole, axis=None) + np.log((x[1] - x[0]) * (y[1] - y[0])) - betaln(a, b) - betaln(c, d)
    )
    u = (np.arange(3000) + 0.5) / 3000
    mu, rest = betaincinv(a, b, u), betaincinv(b, a, 1 - u)
    means, rhos = np.log(mu) - np.log(rest), np.append(-700.0, y)

    def inside(which: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of these means that are inside."""
        best = log_likelihood(reports, means[which], rhos).max(axis=1)
        return np.asarray(which[best > average - np.log(20)])

    rough = inside(np.arange(3000)[::30])
    low, high = (np.clip(end + np.arange(-30, 31), 0, 2999) for end in (rough[0], rough[-1]))
    return float(mu[inside(low)[0]]), float(mu[inside(high)[-1]])


def ends(points: Floats, near: NDArray[np.bool_]) -> tuple[float, float]:
    """The range of the points that are near, one point wider on each side."""
    inside = np.flatnonzero(near)
    return float(points[max(inside[0] - 1, 0)]), float(points[min(inside[-1] + 1, points.size - 1)])


def summary(x: Floats, density: Floats, shown: Callable[[Any], Any] = expit) -> Rule:
    """Median and equal-tailed 95 % interval of expit(x), or as `shown`, from a density on equal steps ending in 0."""
    step = x[1] - x[0]
    density = density / (density.sum() * step)
    # The trapezoid rule with its first correction, then between two points the cubic with the right slopes.
    below = step * (np.cumsum(density) - density / 2) - step**2 / 12 * np.gradient(density, step)
    found = {}
    u = np.linspace(0, 1, 1001)
    for name, probability in (("lower", 0.025), ("estimate", 0.5), ("upper", 0.975)):
        i = int(np.searchsorted(below, probability)) - 1
        rise = below[i + 1] - below[i]
        cubic = below[i] + rise * u**2 * (3 - 2 * u)
        cubic += step * (density[i] * u * (1 - u) ** 2 - density[i + 1] * u**2 * (1 - u))
        found[name] = float(shown(x[i] + step * np.interp(probability, cubic, u)))
    return found


@cache
def partially_pooled(levels: tuple[tuple[int, int], ...], mean_sd: float, sd_scale: float) -> tuple[Rule, ...]:
    """Levels (r, n) drawn towards each other: logit p_g ~ N(m, s^2), m ~ N(0, mean_sd^2), s ~ half-normal(sd_scale).

    On one grid of logits for m and every logit p_g, and the middles of equal steps of s.
    """
    x = np.linspace(-1, 1, LOGITS) * 20 * max(1.0, mean_sd / 1.5, sd_scale)
    likelihood = np.array([r * log_expit(x) + (n - r) * log_expit(-x) for r, n in levels])
    likelihood = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    density = np.zeros_like(likelihood)
    for s in (np.arange(STEPS) + 0.5) * 7 * sd_scale / STEPS:
        chance = spread(likelihood, s / (x[1] - x[0]))  # of the counts of each level at each m
        at_m = np.exp(-0.5 * (x / mean_sd) ** 2 - 0.5 * (s / sd_scale) ** 2)
        others = [at_m * np.prod(np.delete(chance, g, axis=0), axis=0) for g in range(len(levels))]
        density += likelihood * spread(np.array(others), s / (x[1] - x[0]))
    return tuple(summary(x, row) for row in density)


def spread(rows: Floats, sd: float) -> Floats:
    """Each row averaged about each of its points with normal weights; `sd` in points (convolution by Fourier)."""
    size = 2 ** int(np.ceil(np.log2(2 * LOGITS)))
    weights = np.exp(-0.5 * (np.fft.fftfreq(size, 1 / size) / sd) ** 2)
    mixed = np.fft.irfft(np.fft.rfft(rows, size) * np.fft.rfft(weights / weights.sum()), size)
    return np.asarray(np.maximum(mixed[:, :LOGITS], 0.0))


def recompute(folder: Path) -> Rule:
    """All numbers of a review folder."""
    files = read_review(folder)
    protocol = files.protocol
    chosen = choose(units_of(files, protocol["outcome"]), files, protocol)
    return {
        **headline_block(chosen, protocol),
        "subgroups": subgroups(chosen, protocol),
        "evidence_map": evidence_map(chosen, protocol),
        "wording": wording(chosen, protocol),
        "sensitivity": sensitivity(files, chosen, protocol),
        "over_time": over_time(files, chosen, protocol),
        "specification": specification(files, protocol),
    }


if __name__ == "__main__":
    print(json.dumps(recompute(Path(sys.argv[1] if len(sys.argv) > 1 else "cases")), indent=1))
