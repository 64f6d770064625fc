"""Rules on the report as a whole: its bibliography, how it was read, and what its claims are about."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from metaimt.casefiles.fields import shown
from metaimt.casefiles.model import Arm, CaseFile, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.rule import FINE, Finding, Rule, arms, patients, rule, rules_in, treatments
from metaimt.vocabulary import REGIMEN, aggregators

FIRST_YEAR = 1939  # the first description of the tumour; ALK inhibitors came in 2010
_YEAR_IN_ID = re.compile(r".*-(\d{4})(?:-[a-z])?")
_NO_TREATMENT = re.compile(
    r"(?:0|null|n a|na|unknown|false|(?:(?:given |drug |inhibitor )?alone|monotherapy|single (?:agent|drug))(?: .*)?"
    r"|(?:none|nil|nothing|not(?! otherwise)|no(?! touch)|without|kein\w*|nichts?|ohne|allein|monotherapie"
    r"|aucun\w*|sans|ningun\w*|sin|nessun\w*|senza)(?: .*)?)?"
)
_HOST = re.compile(r"https?://(?:www\.)?([^/:?#]+)", re.IGNORECASE)


@rule("repeated-patient-id", about="report")
def patient_ids_differ(case: CaseFile) -> Iterable[Finding]:
    """Links name patients by their ids."""
    if len(case.patients) < 2:
        return
    seen: set[str] = set()
    for p, patient in enumerate(case.patients):
        if patient.id in seen:
            message = f"patient '{patient.id}' stands twice in this file"
            yield ("patients", p, "id"), message, "number the patients P1, P2, P3 in file order"
        seen.add(patient.id)


@rule("same-facts-twice", about="report")
def nobody_stands_here_twice(case: CaseFile) -> Iterable[Finding]:
    """Two patients who agree in all facts, with at least three of their own and a number, are one; so are two arms."""
    for p, first, patient in _same_patients(case):
        if _is_one(patient):
            message = f"{patient.id} has the same facts as {first.id}: the same patient twice"
            yield ("patients", p), message, f"delete {patient.id}, or correct what is not theirs"
    for a, arm in enumerate(case.arms):
        first_arm = next((k for k, other in enumerate(case.arms[:a]) if _plain_arm(other) == _plain_arm(arm)), None)
        if first_arm is not None:
            message = f"arm {a + 1} has the label and counts of arm {first_arm + 1}: the same patients twice"
            yield ("arms", a), message, "delete one of the two, or correct what is not its own"


@rule("patients-alike", "warning", about="report")
def patients_differ(case: CaseFile) -> Iterable[Finding]:
    """Two patients may agree in the little that is known of them; where the same words stand, it is asked."""
    for p, first, patient in _same_patients(case):
        if not _is_one(patient) and any(course.response_as_stated for course in patient.courses):
            message = f"{patient.id} has the facts and the words of {first.id}"
            yield ("patients", p), message, f"if it is one patient, delete {patient.id}; else add what tells them apart"


def _same_patients(case: CaseFile) -> Iterator[tuple[int, Patient, Patient]]:
    """Each patient who has the facts of an earlier one: place, the earlier one, the patient."""
    for p, patient in enumerate(case.patients[1:], start=1):
        plain = patient.model_copy(update={"id": ""})
        first = next((other for other in case.patients[:p] if other.model_copy(update={"id": ""}) == plain), None)
        if first is not None:
            yield p, first, patient


def _is_one(patient: Patient) -> bool:
    """Whether three facts of a person are known and one of them is a number: two such persons are never alike."""
    times = [
        time
        for course in patient.courses
        for time in (course.duration_months, course.response_duration_months, course.pfs_months, course.sizes)
    ]
    numbers = [patient.age, patient.followup_months, *times]
    known = [*numbers, patient.sex, patient.site, patient.site_detail, patient.fusion_partner]
    return any(number is not None for number in numbers) and sum(fact is not None for fact in known) >= 3


def _plain_arm(arm: Arm) -> Arm:
    return arm.model_copy(update={"label": " ".join(arm.label.casefold().split())})


@rule("combined-with-nothing", about="report")
def combinations_are_treatments(case: CaseFile) -> Iterable[Finding]:
    """`combined_with: [none]` would take the patients out of a pool of single drugs."""
    for path, unit in treatments(case):
        for k, treatment in enumerate(unit.combined_with):
            place: Path = (*path, "combined_with", k)
            if _NO_TREATMENT.fullmatch(word := _plain(treatment)):
                message = f"combined_with: {shown(treatment)} is no treatment: the drug would count as combined"
                yield place, message, "leave combined_with out where the drug was given alone"
            elif word in map(str.casefold, unit.drug.split(REGIMEN)):
                message = f"combined_with: {shown(treatment)} is the drug itself"
                yield place, message, "leave it out, or write what was given with it"


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


@rule("case-report-of-many", "warning", about="report")
def case_report_is_of_one(case: CaseFile) -> Iterable[Finding]:
    """A report of several patients is a series."""
    if len(case.patients) < 2 or case.report.design != "case_report":
        return FINE
    message = f"design: case_report with {len(case.patients)} patients"
    return [(("report", "design"), message, "write design: case_series, or case_report with one patient a file")]


@rule("year-out-of-range", about="report")
def year_in_range(case: CaseFile) -> Iterable[Finding]:
    """The upper limit is the year after the extraction: the result does not depend on today's date."""
    year, read = case.report.year, case.extraction.date
    last = 2100 if read is None else int(read[:4]) + 1
    if year is None or FIRST_YEAR <= year <= last:
        return FINE
    message = f"year {year} is not between {FIRST_YEAR} and {last}"
    return [(("report", "year"), message, "write the four digits of the year of publication")]


@rule("id-with-another-year", "warning", about="report")
def id_has_the_year(case: CaseFile) -> Iterable[Finding]:
    """The id is made of the first author and the year; one of the two years is wrong."""
    year = case.report.year
    if year is None or str(year) in case.report.id:
        return FINE
    match = _YEAR_IN_ID.fullmatch(case.report.id)
    if match is None or any(year_in_range.look(case)):
        return FINE
    message = f"id {case.report.id} with year {year}"
    hint = f"write year: {match[1]}, or rename the file and keep its old id: former_ids: [{case.report.id}]"
    return [(("report", "year"), message, hint)]


@rule("missing-title", "warning", about="report")
def has_title(case: CaseFile) -> Iterable[Finding]:
    """A report without a title is hard to find again."""
    if case.report.title is not None:
        return FINE
    return [(("report",), "no title", "once it is known, add title: as printed")]


@rule("missing-year", "warning", about="report")
def has_year(case: CaseFile) -> Iterable[Finding]:
    """A report without a year is left out of every analysis over time."""
    if case.report.year is not None:
        return FINE
    message = "no year; the report is left out of every analysis over time"
    return [(("report",), message, "once it is verified, add year: with four digits")]


@rule("read-by-one", "warning", about="report")
def read_twice(case: CaseFile) -> Iterable[Finding]:
    """A second, independent reading finds what the first one missed."""
    if case.extraction.checked_by is not None:
        return FINE
    hint = "let someone else read the source, then add checked_by: their name"
    return [(("extraction",), "read by one person", hint)]


@rule("checked-by-reader", "warning", about="report")
def readers_differ(case: CaseFile) -> Iterable[Finding]:
    """Who reads a text twice makes the same mistake twice."""
    by, checked_by = case.extraction.by, case.extraction.checked_by
    if by is None or checked_by is None or by.strip().casefold() != checked_by.strip().casefold():
        return FINE
    hint = "let someone else read the source; until then delete checked_by"
    return [(("extraction", "checked_by"), f"checked_by: {shown(checked_by)} is who extracted it", hint)]


@rule("secondary-without-source", about="report")
def secondary_names_its_source(case: CaseFile) -> Iterable[Finding]:
    """Without the name of the other text nobody can follow where the values come from."""
    if case.extraction.depth != "secondary" or case.extraction.secondary_source is not None:
        return FINE
    hint = "add secondary_source: the text in which it was read, with its reference"
    return [(("extraction", "depth"), "depth: secondary without secondary_source", hint)]


@rule("aggregator-link", "info", about="report")
def link_leads_to_the_publication(case: CaseFile) -> Iterable[Finding]:
    """Pages that collect other people's abstracts change and vanish; a DOI or PubMed id does not."""
    report = case.report
    if report.url is None or (report.doi is None and report.pmid is None):
        return FINE
    match = _HOST.match(report.url)
    host = match[1].casefold() if match else ""
    if host not in aggregators():
        return FINE
    known = "DOI" if report.doi is not None else "PubMed id"
    hint = f"read it at the publisher's page or in PubMed, then write that address, or delete url: the {known} suffices"
    return [(("report", "url"), f"{host} is not the publication, though the {known} is known", hint)]


@rule("partner-is-gene", about="report")
def partner_is_another_gene(case: CaseFile) -> Iterable[Finding]:
    """A fusion joins two genes."""
    for p, patient in enumerate(case.patients):
        if patient.fusion_partner is not None and patient.fusion_partner == patient.fusion_gene:
            yield ("patients", p, "fusion_partner"), *_same_gene(patient.fusion_partner)
    for path, arm in arms(case):
        if arm.fusion_partner is not None and arm.fusion_partner == arm.fusion_gene:
            yield (*path, "fusion_partner"), *_same_gene(arm.fusion_partner)


def _same_gene(gene: str) -> tuple[str, str]:
    return f"fusion_partner: {gene} is the fusion_gene itself", "write the other gene of the fusion, or delete it"


@rule("not-rearranged-but-fused", about="report")
def rearranged_agrees_with_fusion(case: CaseFile) -> Iterable[Finding]:
    """A fusion is a rearrangement."""
    for p, patient in enumerate(case.patients):
        gene = patient.fusion_gene
        if gene is not None and patient.rearranged.get(gene) is False:
            message = f"rearranged: {{{gene}: false}} with fusion_gene: {gene}"
            hint = "a fusion is a rearrangement: delete the one that the source does not say"
            yield ("patients", p, "rearranged", gene), message, hint
    for path, arm in arms(case):
        if arm.fusion_gene is not None and arm.status.get(arm.fusion_gene) == "negative":
            message = f"status: {{{arm.fusion_gene}: negative}} with fusion_gene: {arm.fusion_gene}"
            yield (*path, "status", arm.fusion_gene), message, "write positive, or delete fusion_gene"


@rule("fusion-as-mutation", "warning", about="report")
def fusions_are_no_mutations(case: CaseFile) -> Iterable[Finding]:
    """A fusion among the mutations decides no row; the same mutation twice is a slip."""
    mutations = [(path, patient.mutations) for path, patient in patients(case)]
    mutations += [(path, arm.mutations) for path, arm in arms(case)]
    for path, found in mutations:
        for m, mutation in enumerate(found):
            words = f"mutations: {mutation.gene} {mutation.change or ''}".rstrip()
            if re.search(r"fusion|rearrang|transloc|::", mutation.change or "", re.IGNORECASE):
                hint = f"write fusion_gene: {mutation.gene} if that is the kinase, or fusion_partner"
                yield (*path, "mutations", m), f"{words} is a fusion", hint
            elif mutation in found[:m]:
                yield (*path, "mutations", m), f"{words} twice", "delete one of them"


@rule("unknown-quantity", about="report")
def claims_name_their_groups(case: CaseFile) -> Iterable[Finding]:
    """A group or a part that no claim is about is a slip: nothing would be compared."""
    known = {claim.name for claim in case.claims}
    for k, claim in enumerate(case.claims):
        for field, names in (
            ("part_of", filter(None, [claim.part_of])),
            ("parts", claim.parts),
            ("disjoint_parts", claim.disjoint_parts),
        ):
            for name in names:
                if name not in known:
                    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
                    hint = f"did you mean {close[0]}?" if close else "write the what, or the quantity, of another claim"
                    yield ("claims", k, field), f"no claim is about {shown(name)}", hint


REPORT_RULES: tuple[Rule, ...] = rules_in(globals())
