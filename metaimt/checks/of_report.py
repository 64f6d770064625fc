"""Rules on the report as a whole, on one patient, on one course, and on one arm.

Of a report: its bibliography, how it was read, what its claims are about. Of a patient: age, markers, the courses in
their order. Of a course: the response and how it is known, why it ended, the dose. Of an arm: its counts. Paths start
at what the rule is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from metaimt.casefiles.fields import shown
from metaimt.casefiles.model import Arm, CaseFile, Course, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.rule import Finding, Rule, arms, rule, rules_in, treatments, units
from metaimt.problem import nearest_of
from metaimt.vocabulary import REGIMEN, aggregators

OLDEST_AGE = 115


@rule("age-out-of-range", about="patient")
def age_in_range(patient: Patient) -> Iterable[Finding]:
    """Ages are in years."""
    age = patient.age
    if age is not None and not 0 <= age <= OLDEST_AGE:
        hint = "write years; months as a fraction: 0.5"
        if OLDEST_AGE < age <= 12 * OLDEST_AGE:
            hint += f"; if these are months, age: {age / 12:.3g}"
        yield ("age",), f"age {age:g} is not between 0 and {OLDEST_AGE} years", hint


@rule("negative-but-fused", "warning", about="patient")
def immunohistochemistry_agrees_with_fusion(patient: Patient) -> Iterable[Finding]:
    """Possible, but more often a slip."""
    gene = patient.fusion_gene
    if gene is not None and patient.ihc.get(gene) == "negative":
        message = f"{gene} negative by immunohistochemistry with a fusion of {gene}"
        yield ("ihc", gene), message, f"counted as {gene}-positive: check that the source says both"


@rule("partner-without-gene", "warning", about="patient")
def partner_has_gene(patient: Patient) -> Iterable[Finding]:
    """A partner alone does not say which kinase is fused."""
    if patient.fusion_partner is not None and patient.fusion_gene is None:
        yield ("fusion_partner",), "fusion_partner without fusion_gene", "add fusion_gene: the kinase that is fused"


@rule("ongoing-but-dead", "warning", about="patient")
def dead_take_no_drug(patient: Patient) -> Iterable[Finding]:
    """Ongoing at the last visit and dead later is possible; then the course was stopped by death."""
    if patient.status != "dead":
        return
    for c, course in enumerate(patient.courses):
        if course.ongoing:
            hint = "if death ended the course, write ongoing: false and stop_reason: death"
            yield ("courses", c, "ongoing"), "ongoing: true with status: dead", hint


@rule("death-but-alive", about="patient")
def alive_after_no_death(patient: Patient) -> Iterable[Finding]:
    """A course that death ended was that of a patient who died."""
    if patient.status != "alive":
        return
    for c, course in enumerate(patient.courses):
        if course.stop_reason == "death":
            message = "stop_reason: death with status: alive"
            yield ("courses", c, "stop_reason"), message, "write status: dead, or the true stop_reason"


@rule("course-after-death", about="patient")
def death_ends_the_last_course(patient: Patient) -> Iterable[Finding]:
    """Courses stand in the order given."""
    for c, (course, after) in enumerate(pairwise(patient.courses)):
        if course.stop_reason == "death":
            message = f"{course.drug} was stopped by death, but {after.drug} comes after it"
            hint = "put the courses in the order given, or correct stop_reason"
            yield ("courses", c, "stop_reason"), message, hint


@rule("ongoing-but-followed", "warning", about="patient")
def ongoing_course_is_the_last(patient: Patient) -> Iterable[Finding]:
    """A drug that is still taken when the next one is begun is given together with it."""
    for c, (course, after) in enumerate(pairwise(patient.courses)):
        if course.ongoing:
            message = f"{course.drug} is ongoing, but {after.drug} comes after it"
            hint = f"write ongoing: false; if both were given together, combined_with: [{after.drug}]"
            yield ("courses", c, "ongoing"), message, hint


@rule("positive-but-not-rearranged", "warning", about="patient")
def immunohistochemistry_agrees_with_rearrangement(patient: Patient) -> Iterable[Finding]:
    """A stain without a rearrangement is seen, but decides the row; more often one of the two is a slip."""
    for marker, rearranged in patient.rearranged.items():
        if not rearranged and patient.ihc.get(marker) == "positive":
            message = f"{marker} positive by immunohistochemistry, and not rearranged"
            yield ("rearranged", marker), message, "check that the source says both; if it does, waive this"


RESPONSES = ("CR", "PR")
_HOW_OFTEN = {  # "daily" and "/day" stay: they may be the sum of several doses
    "once daily": ("qd", "od", "q.d.", "o.d.", "q24h", "1x/d", "1x/day"),
    "twice daily": ("bid", "bd", "b.i.d.", "b.d.", "q12h", "2x/d", "2x/day"),
    "three times daily": ("tid", "tds", "t.i.d.", "t.d.s.", "q8h", "3x/d", "3x/day"),
}
_IN_SHORT = {short: words for words, all_short in _HOW_OFTEN.items() for short in all_short}
_DOSE = re.compile(r"(\d+(?:\.\d+)?) ?(mg|g|µg|mcg)(/m2|/m²|/kg)?(?:,? ?([a-z0-9./ ]+?))?", re.IGNORECASE)


@rule("response-without-basis", about="course")
def response_has_basis(course: Course) -> Iterable[Finding]:
    """The strict pool needs to know how a response is known."""
    if course.response is not None and course.response_basis is None:
        hint = "add response_basis: stated (category printed), measured (size change printed) or inferred"
        yield ("response",), f"response {course.response} without response_basis", hint


@rule("basis-without-response", about="course")
def basis_has_response(course: Course) -> Iterable[Finding]:
    """A basis alone says that a response was forgotten."""
    if course.response is None and course.response_basis is not None:
        message = f"response_basis {course.response_basis} without a response"
        yield ("response_basis",), message, "add response: CR, PR, SD, PD or NE, or delete response_basis"


@rule("response-without-words", "warning", about="course")
def known_response_has_words(course: Course) -> Iterable[Finding]:
    """A second reader compares the category with the words it was taken from."""
    if course.response is None or course.response_as_stated is not None or course.response_basis in {None, "inferred"}:
        return
    if course.response_basis != "measured" or (course.sizes is None and course.size_change_percent is None):
        message = f"response_basis: {course.response_basis} without response_as_stated"
        yield ("response_basis",), message, "add response_as_stated: the words, or the measurements, of the source"


@rule("alternative-is-response", "warning", about="course")
def alternatives_are_others(course: Course) -> Iterable[Finding]:
    """An alternative is another category that the source leaves open."""
    if course.response is not None and course.response in course.response_alternatives:
        place = ("response_alternatives", course.response_alternatives.index(course.response))
        message = f"response_alternatives names {course.response}, which is the response itself"
        yield place, message, f"delete {course.response} here, or correct response"


@rule("alternatives-without-response", "warning", about="course")
def alternatives_have_a_response(course: Course) -> Iterable[Finding]:
    """Alternatives stand beside the likeliest category; alone they are not counted anywhere."""
    if course.response is None and course.response_alternatives:
        hint = "enter the likeliest as response, with response_basis: inferred, or delete response_alternatives"
        yield ("response_alternatives",), "response_alternatives without a response", hint


@rule("not-evaluable-but-assessed", "info", about="course")
def not_evaluable_was_not_assessed(course: Course) -> Iterable[Finding]:
    """NE is for no assessment; who progressed, or may have responded, was looked at."""
    if course.response != "NE" or course.stop_reason == "death":
        return
    others = course.response_alternatives
    if course.stop_reason == "progression":
        hint = "if the tumour never shrank or stood still, write response: PD"
        yield ("response",), "response: NE, but the drug was stopped for progression", hint
    elif others and others != ("NE",):
        hint = f"if an assessment is described, write response: {others[0]}, and NE as alternative"
        yield ("response",), f"response: NE, though {', '.join(others)} is left open", hint


@rule("ongoing-but-stopped", about="course")
def ongoing_has_no_stop_reason(course: Course) -> Iterable[Finding]:
    """A course is going on or was stopped."""
    if course.ongoing and course.stop_reason is not None:
        message = f"ongoing: true with stop_reason: {course.stop_reason}"
        yield ("stop_reason",), message, "write ongoing: false, or delete stop_reason"


@rule("dose-in-short", "info", about="course")
def dose_is_written_out(course: Course) -> Iterable[Finding]:
    """Abbreviations of doses are misread, and the same dose is found under one spelling only."""
    if course.dose is None or (match := _DOSE.fullmatch(course.dose.strip())) is None:
        return
    amount, unit, per, often = match.groups()
    words = _IN_SHORT.get((often or "").casefold(), often or "")
    blank = " " if words and not words.startswith("/") else ""
    plain = f"{amount} {unit.casefold()}{(per or '').replace('²', '2')}{blank}{words}"
    if plain != course.dose:
        yield ("dose",), f"dose: {shown(course.dose)} is written in short", f"write dose: {plain}"


MOST_IN_AN_ARM = 200
"""Ten times the largest arm of the review that metaimt ships (16 evaluable), and twice its largest cohort (74)."""


@rule("count-below-zero", about="arm")
def counts_not_negative(arm: Arm) -> Iterable[Finding]:
    """A count of patients is 0 or more."""
    for name in ("evaluable", "responders", "treated", "cr", "pr", "sd", "pd"):
        value = getattr(arm, name)
        if value is not None and value < 0:
            yield (name,), f"{name}: {value} is below 0", "write 0 or more"


@rule("responders-exceed-evaluable", about="arm")
def responders_within_evaluable(arm: Arm) -> Iterable[Finding]:
    """Responders are among the evaluable."""
    responders, evaluable = arm.counts
    if responders > evaluable:
        message = f"{responders} responders of {evaluable} evaluable patients"
        hint = "responders are among the evaluable: check both counts against the source"
        yield ("responders",), message, hint


@rule("cr-pr-not-responders", about="arm")
def cr_and_pr_are_responders(arm: Arm) -> Iterable[Finding]:
    """Responders are those with CR or PR; either may be missing, but neither may be too many."""
    total = (arm.cr or 0) + (arm.pr or 0)
    said = arm.responders
    if said is not None and (total > said or (total < said and None not in (arm.cr, arm.pr))):
        message = f"cr {arm.cr or 0} + pr {arm.pr or 0} is {total}, but responders is {said}"
        yield ("responders",), message, "correct the wrong one, or leave out the count that is not printed"


@rule("counts-exceed-evaluable", about="arm")
def counts_within_evaluable(arm: Arm) -> Iterable[Finding]:
    """All best responses together are at most the evaluable."""
    responders, evaluable = arm.counts
    total = max(responders, (arm.cr or 0) + (arm.pr or 0)) + (arm.sd or 0) + (arm.pd or 0)
    if arm.evaluable is not None and total > evaluable >= responders:
        message = f"responders, sd and pd add up to {total} of {evaluable} evaluable patients"
        hint = "check each count against the source, or leave out the one that is not printed"
        yield ("evaluable",), message, hint


@rule("categories-below-evaluable", "warning", about="arm")
def categories_are_all(arm: Arm) -> Iterable[Finding]:
    """Each evaluable patient has one best response; four printed categories that miss some raise a question."""
    if arm.evaluable is None or arm.cr is None or arm.pr is None or arm.sd is None or arm.pd is None:
        return
    total = arm.cr + arm.pr + arm.sd + arm.pd
    if total < arm.evaluable:
        message = f"cr, pr, sd and pd add up to {total} of {arm.evaluable} evaluable patients"
        hint = f"write evaluable: {total} if the others could not be assessed, or leave out a count that is not printed"
        yield ("evaluable",), message, hint


@rule("counts-exceed-treated", about="arm")
def counts_within_treated(arm: Arm) -> Iterable[Finding]:
    """Who was assessed was treated, and who is still in response is among those in whom it is known."""
    hint = "check both counts against the source, or leave out the one that is not printed"
    for name in ("evaluable", "responders"):
        value = getattr(arm, name)
        if arm.treated is not None and value is not None and value > arm.treated >= 0:
            yield ("treated",), f"{value} {name} of {arm.treated} treated patients", hint
            break
    known, place = arm.in_response_at_12_months, ("in_response_at_12_months",)
    if known is None:
        return
    largest = max((count for count in (arm.treated, arm.evaluable) if count is not None), default=known.of)
    if not 0 <= known.n <= known.of:
        yield place, f"in_response_at_12_months: {known.n} of {known.of} patients", hint
    elif known.of > largest:
        yield place, f"in_response_at_12_months of {known.of} patients, but the arm has {largest}", hint


@rule("implausible-count", "warning", about="arm")
def counts_are_those_of_a_rare_tumour(arm: Arm) -> Iterable[Finding]:
    """More patients of a rare tumour on one drug than any study has had: mostly a digit too many."""
    for name in ("evaluable", "treated", "responders"):
        value = getattr(arm, name)
        if value is not None and value > MOST_IN_AN_ARM:
            hint = "check it against the source; if it is so, waive this with the reason"
            yield (name,), f"{name}: {value} is more than {MOST_IN_AN_ARM} patients of a rare tumour", hint
            return


@rule("uncounted-arm", "info", about="arm")
def arms_have_a_denominator(arm: Arm) -> Iterable[Finding]:
    """Without the number of evaluable patients an arm is in no pool."""
    if arm.evaluable is None:
        place = ("treated",) if arm.treated is not None else ("responders",)
        yield place, "no evaluable: the arm is in no pool", "add evaluable if the source prints it"


EARLIEST = 1800  # histology is younger; the first year of a review is that of its protocol: across_library
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
    if len(case.patients) >= 2 and case.report.design == "case_report":
        message = f"design: case_report with {len(case.patients)} patients"
        yield ("report", "design"), message, "write design: case_series, or case_report with one patient a file"


@rule("year-out-of-range", about="report")
def year_in_range(case: CaseFile) -> Iterable[Finding]:
    """The upper limit is the year after the extraction: the result does not depend on today's date."""
    year, read = case.report.year, case.extraction.date
    last = 2100 if read is None else int(read[:4]) + 1
    if year is not None and not EARLIEST <= year <= last:
        message = f"year {year} is not between {EARLIEST} and {last}"
        yield ("report", "year"), message, "write the four digits of the year of publication"


@rule("id-with-another-year", "warning", about="report")
def id_has_the_year(case: CaseFile) -> Iterable[Finding]:
    """The id is made of the first author and the year; one of the two years is wrong."""
    year = case.report.year
    if year is None or str(year) in case.report.id:
        return
    match = _YEAR_IN_ID.fullmatch(case.report.id)
    if match is not None and not any(year_in_range.look(case)):
        message = f"id {case.report.id} with year {year}"
        hint = f"write year: {match[1]}, or rename the file and keep its old id: former_ids: [{case.report.id}]"
        yield ("report", "year"), message, hint


@rule("missing-title", "warning", about="report")
def has_title(case: CaseFile) -> Iterable[Finding]:
    """A report without a title is hard to find again."""
    if case.report.title is None:
        yield ("report",), "no title", "once it is known, add title: as printed"


@rule("retracted", "warning", about="report")
def retracted_is_decided_on(case: CaseFile) -> Iterable[Finding]:
    """Whether what a retracted report says is still believed is for a person to decide."""
    for k, notice in enumerate(case.report.notices):
        if notice.kind == "retraction":
            hint = "add status: pending with a reason, or a waiver that says why its patients are still counted"
            yield ("report", "notices", k), "the report was retracted, and its patients are counted", hint


@rule("missing-year", "warning", about="report")
def has_year(case: CaseFile) -> Iterable[Finding]:
    """A report without a year is left out of every analysis over time."""
    if case.report.year is None:
        message = "no year; the report is left out of every analysis over time"
        yield ("report",), message, "once it is verified, add year: with four digits"


@rule("read-by-one", "warning", about="report")
def read_twice(case: CaseFile) -> Iterable[Finding]:
    """A second, independent reading finds what the first one missed."""
    if case.extraction.checked_by is None:
        hint = "let someone else read the source, then add checked_by: their name"
        yield ("extraction",), "read by one person", hint


@rule("checked-by-reader", "warning", about="report")
def readers_differ(case: CaseFile) -> Iterable[Finding]:
    """Who reads a text twice makes the same mistake twice."""
    by, checked_by = case.extraction.by, case.extraction.checked_by
    if by is not None and checked_by is not None and by.strip().casefold() == checked_by.strip().casefold():
        hint = "let someone else read the source; until then delete checked_by"
        yield ("extraction", "checked_by"), f"checked_by: {shown(checked_by)} is who extracted it", hint


@rule("secondary-without-source", about="report")
def secondary_names_its_source(case: CaseFile) -> Iterable[Finding]:
    """Without the name of the other text nobody can follow where the values come from."""
    if case.extraction.depth == "secondary" and case.extraction.secondary_source is None:
        hint = "add secondary_source: the text in which it was read, with its reference"
        yield ("extraction", "depth"), "depth: secondary without secondary_source", hint


@rule("aggregator-link", "info", about="report")
def link_leads_to_the_publication(case: CaseFile) -> Iterable[Finding]:
    """Pages that collect other people's abstracts change and vanish; a DOI or PubMed id does not."""
    report = case.report
    if report.url is None or (report.doi is None and report.pmid is None):
        return
    match = _HOST.match(report.url)
    host = match[1].casefold() if match else ""
    if host in aggregators():
        known = "DOI" if report.doi is not None else "PubMed id"
        message = f"{host} is not the publication, though the {known} is known"
        hint = "read it at the publisher's page or in PubMed, then write that address, or delete url"
        yield ("report", "url"), message, f"{hint}: the {known} suffices"


@rule("partner-is-gene", about="report")
def partner_is_another_gene(case: CaseFile) -> Iterable[Finding]:
    """A fusion joins two genes."""
    for path, unit in units(case):
        if unit.fusion_partner is not None and unit.fusion_partner == unit.fusion_gene:
            message = f"fusion_partner: {unit.fusion_partner} is the fusion_gene itself"
            yield (*path, "fusion_partner"), message, "write the other gene of the fusion, or delete it"


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
    for path, unit in units(case):
        for m, mutation in enumerate(unit.mutations):
            words = f"mutations: {mutation.gene} {mutation.change or ''}".rstrip()
            if re.search(r"fusion|rearrang|transloc|::", mutation.change or "", re.IGNORECASE):
                hint = f"write fusion_gene: {mutation.gene} if that is the kinase, or fusion_partner"
                yield (*path, "mutations", m), f"{words} is a fusion", hint
            elif mutation in unit.mutations[:m]:
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
                    hint = nearest_of(name, sorted(known), "write the what, or the quantity, of another claim")
                    yield ("claims", k, field), f"no claim is about {shown(name)}", hint


REPORT_RULES: tuple[Rule, ...] = rules_in(globals())
