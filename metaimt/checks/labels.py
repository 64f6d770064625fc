"""Words of the source that name what is also entered as a field: labels of arms, titles, exact places and histologies.

Each rule is given a report, or a patient, and the vocabulary; paths start there. What a text does not name is never
asked for, but for a status.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from metaimt.casefiles.model import Arm, CaseFile, Course, Patient
from metaimt.checks.by_vocabulary import drug_names, drugs_in, one_of
from metaimt.checks.patient_facts import ADULT_FROM, CHILD_BELOW, title_age_group
from metaimt.checks.rule import Finding, Rule, arms, patients, rule, rules_in, treatments
from metaimt.statistics.printed_numbers import percentage_agrees
from metaimt.vocabulary import BROAD, OTHER, OWN, REGIMEN, SAYING, Vocabulary, members

Said = Iterator[tuple[str, str, str]]  # field, what the words say, what is entered

_BOTH = re.compile(r"\bwith and without\b|\bwith or without\b|\b(?:ir)?respective\b|\bregardless\b", re.IGNORECASE)
_TREATMENT = (
    "surgery|resection|debulking|radiotherapy|radiation|irradiation|chemotherapy|immunotherapy|steroids?|corticosteroids?"
    "|prednisone|prednisolone|dexamethasone|NSAIDs?|celecoxib|ketoprofen|naproxen|ibuprofen|indomethacin|meloxicam"
    "|methotrexate|vinblastine|vinorelbine|vincristine|cyclophosphamide|ifosfamide|doxorubicin|bevacizumab"
    "|pembrolizumab|nivolumab|ipilimumab|atezolizumab"
)
_NOT_GIVEN = "prior|previous|earlier|no|without|failed|incomplete|planned"
_COMBINED = re.compile(
    rf"(?:\b(?:with|plus|and)\s+|[+&]\s*)(?:(?!(?:{_NOT_GIVEN})\b)\w+\s+)?(?:{_TREATMENT})\b(?!-)", re.IGNORECASE
)
_COMBINED_IN_TITLE = re.compile(r"\bcombined with ((?:[\w-]+ ?){1,3})", re.IGNORECASE)
_ALONE = re.compile(r"\b(?:monotherapy|single[- ]agent|single[- ]drug|alone)\b", re.IGNORECASE)
_EARLIER = re.compile(r"\b(?:after|following|previous\w*|prior|pre-?treated|resistan\w+|refractory|failed)\b.*", re.I)
_FIRST_LINE = re.compile(
    r"\b(?:first|1st|front)[- ]?line\b|\bfirst-? (?:or|and)\b|\btreatment[- ]na(?:i|ï)ve\b", re.IGNORECASE
)
_LATER_LINE = re.compile(
    r"\b(?:second|third|2nd|3rd|later)[- ]lines?\b|\bafter (?:progression|relapse|failure|resistance) (?:on|to|of)\b",
    re.I,
)
_PRETREATED = r"[- ](?:pre-?treated|refractory|resistan\w+|failures?)\b"
_TAKEN_BEFORE = (
    r"(?<!\bno )(?<!\bwithout )\b(?:(?P<after>after|post|following)|prior|previous(?:ly)?(?: (?:treated|given) with)?"
    r"|resistan\w+ to|refractory to|pre-?treated with|progress\w+ (?:on|with|under))[- ]"
    r"(?:(?:prior|previous|failed|failure of|[\w-]+[- ]line) )?"
)
_UNTOLD = r"[- ]?(?:status )?(?:unknown|untested|not (?:tested|known|stated|determined|available))\b"
_ORR = re.compile(
    r"\b(?:ORR|(?:objective |overall )?response rate)\b[^\d%]{0,12}(\d+(?:\.\d+)?) ?%"
    r"|(?<![\d.])(\d+(?:\.\d+)?) ?% (?:ORR|(?:objective |overall )?response rate|responded)\b",
    re.IGNORECASE,
)
_NOT_IT = re.compile(  # before a tumour that the patient does not have, or had before
    r"(?:\b(?:not?|without|excluding|except|after|prior|previous|versus|vs\.?)(?: an?| the)? "
    r"|\b(?:mimic\w*|resembl\w+|simulating|suspicio\w+|(?:rather|other) than"
    r"|(?:history|diagnosis|diagnosed|misdiagnosed|read|reported|interpreted|suspected) (?:of|as)) (?:[\w-]+ ){0,3})$",
    re.IGNORECASE,
)
_NAMES = r"(?:group|cent(?:er|re)|institute|network|society|hospital|registry|research|study|trial)"  # not of a tumour
_DESIGNS = {
    "trial": re.compile(r"\bphase (?:[1-4]|I{1,3}|IV)[ab]?\b|\btrial\b", re.IGNORECASE),
    "case_report": re.compile(r"\b(?:a|one) case\b|\bcase report\b|\bcase series\b", re.IGNORECASE),
}
_CHANGED = r"(?i:positive|pos|rearranged|rearrangements?|fused|fusions?|translocated|translocations?|altered|driven)"
_OF = re.compile(r"(?<![\w./-])(?<!phase )(\d+)\s*(?:/|of|out of)\s*(\d+)(?![\w./%-])", re.IGNORECASE)
_SIZE = re.compile(r"\bn\s*=\s*(\d+)\b|(?<![\w/.-])(?<!of )(\d+) (?:patients|children|adults|cases)\b", re.IGNORECASE)


@rule("label-disagrees", "warning", about="report_terms")
def labels_agree_with_fields(case: CaseFile, terms: Vocabulary) -> Iterable[Finding]:
    """A label in the words of the source and the fields say the same of an arm; one of the two is a slip."""
    for path, arm in arms(case):
        for field, said, entered in _said_by_label(arm, terms):
            message = f"the label says {said}, but {entered}"
            place = (*path, field) if getattr(arm, field) not in (None, (), {}) else (*path, "label")
            yield place, message, f"correct {field}, or the label, whichever is not the source's"


def _said_by_label(arm: Arm, terms: Vocabulary) -> Said:
    """What the label of an arm says otherwise than a field does."""
    yield from _status(arm, terms)
    yield from _combination(arm)
    yield from _drug(arm, terms)
    yield from _closed_terms(arm, terms)
    yield from _counts(arm)


def _status(arm: Arm, terms: Vocabulary) -> Said:
    kinases = terms.lists["kinase"]
    for marker, status in arm.status.items():
        if marker in kinases and re.search(rf"(?<![\w-]){re.escape(marker)}{_UNTOLD}", arm.label):
            yield "status", f"{marker} unknown", f"{marker} is {status} in status"
    for family, form in _families(terms).items():
        named, genes = form.search(arm.label), members(family)
        if named and arm.fusion_gene not in {family, *genes} and not any(map(arm.status.get, (family, *genes))):
            yield "status", f"{named[1]}-positive", f"none of {', '.join(genes)} is in status"
    for marker, said in told_status(arm.label, terms).items():
        entered = "positive" if arm.fusion_gene == marker else arm.status.get(marker)
        wanted = said.pop() if len(said) == 1 else "mixed"
        if entered != wanted and (entered is not None or wanted != "mixed"):
            words = f"{marker} positive and negative" if wanted == "mixed" else f"{marker}-{wanted}"
            yield "status", words, f"{marker} is {entered or 'left out'} in status"


def _combination(arm: Arm) -> Said:
    label = _EARLIER.sub("", arm.label)
    named, alone = _COMBINED.search(label), _ALONE.search(label)
    if named is not None and not arm.combined_with:
        yield "combined_with", f"'{named[0].strip()}'", "combined_with is left out"
    elif alone is not None and named is None and arm.combined_with:
        yield "combined_with", f"'{alone[0]}'", f"combined_with is {', '.join(arm.combined_with)}"


def _drug(arm: Arm, terms: Vocabulary) -> Said:
    named = [drug for drug in drugs_in(terms, _EARLIER.sub("", arm.label)) if terms.drug(drug).named]
    if named and terms.drug(arm.drug).named and not set(named) & set(arm.drug.split(REGIMEN)):
        yield "drug", named[0], f"drug is {arm.drug}"


def _closed_terms(arm: Arm, terms: Vocabulary) -> Said:
    """Population, histology and line of treatment, each where the label names one and not several."""
    words = re.findall(r"\w+", arm.label)
    groups = {group for word in words if (group := terms.belongs("population", word)) in {"adult", "paediatric"}}
    histologies, broad = set(_histologies(arm.label, terms)), set(terms.lists[BROAD])
    later = _LATER_LINE.search(arm.label) or _after_inhibitor(arm, terms)
    lines = {name for name, found in (("first", _FIRST_LINE.search(arm.label)), ("later", later)) if found}
    for field, named in (("population", groups), ("histology", histologies), ("line", lines)):
        entered = getattr(arm, field)
        if len(named) == 1 and entered not in named and (entered is not None or not named <= broad):
            yield field, next(iter(filter(None, named))) or "", f"{field} is {entered or 'left out'}"


def _after_inhibitor(arm: Arm, terms: Vocabulary) -> bool:
    """Whether a label says that an inhibitor was given before; `response after` the drug of the arm does not."""
    found = _inhibitors_before(terms).finditer(arm.label)
    return any(not match["after"] or terms.belongs("drug", match["before"]) != arm.drug for match in found)


@lru_cache(maxsize=8)
def _inhibitors_before(terms: Vocabulary) -> re.Pattern[str]:
    names = drug_names(terms)
    before = rf"{_TAKEN_BEFORE}(?:an? |the )?(?:other )?(?P<before>{names})s?(?![\w-])(?!{_PRETREATED})"
    return re.compile(rf"(?<![\w-])(?:{names}){_PRETREATED}|{before}", re.I)


def _histologies(text: str, terms: Vocabulary) -> dict[str, str]:
    """The histologies that a text names, each with its name; the longest counts, as that of a kind of another."""
    form, names = _histology_names(terms)
    found: dict[str, str] = {}
    for match in form.finditer(text):
        histology, name = names[_level(match[1])]
        found.setdefault(histology, name)
    return found


@lru_cache(maxsize=8)
def _histology_names(terms: Vocabulary) -> tuple[re.Pattern[str], Mapping[str, tuple[str, str]]]:
    """The names of histologies and the words that say one: each, levelled, with its histology; `other` is not one."""
    names: dict[str, tuple[str, str]] = {}
    for histology, others in terms.lists["histology"].items():
        if histology != OTHER:
            every = (histology, *others, *terms.lists[SAYING].get(histology, ()))
            names |= {_level(name): (histology, name) for name in every}
    return re.compile(rf"(?<!\w)({_any_of(names)})s?(?!\w)", re.IGNORECASE), names


def _level(name: str) -> str:
    """A name of a tumour as it is compared, in small letters and with one spelling of `tumour`."""
    return name.casefold().replace("tumor", "tumour")


def _any_of(names: Iterable[str]) -> str:
    """Names of tumours as alternatives of a pattern, with or without their second u."""
    return one_of(names).replace("tumour", "tumou?r")


def _counts(arm: Arm) -> Said:
    printed = {(int(r), int(n)) for r, n in _OF.findall(arm.label)}
    chosen = any(r == arm.evaluable for r, _ in printed)  # 3 of 8 patients are the arm
    if printed and arm.evaluable is not None and arm.counts not in printed and not chosen:
        r, n = min(printed)
        yield "responders", f"{r}/{n}", f"the arm has {arm.responders}/{arm.evaluable}"
    rates = [one or other for one, other in _ORR.findall(arm.label)]
    if rates and arm.evaluable and not any(percentage_agrees(*arm.counts, rate) for rate in rates):
        yield "responders", f"{rates[0]} %", f"the arm has {arm.responders}/{arm.evaluable}"
    sizes = {int(one or other) for one, other in _SIZE.findall(arm.label)}
    known = {arm.evaluable, arm.treated} - {None}
    if sizes and known and not sizes & known:
        yield "evaluable", f"{min(sizes)} patients", f"the arm has {' or '.join(map(str, sorted(filter(None, known))))}"


@lru_cache(maxsize=8)
def _status_forms(terms: Vocabulary) -> Mapping[str, tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]]:
    """Kinase -> how a text says that it is positive, that it is negative, and that it is either."""
    forms, tumour = {}, _tumour_names(terms)
    for kinase in terms.terms("kinase"):
        name = rf"(?<![\w-]){re.escape(kinase)}(?:-1)?"
        told = rf"{name}(?:[- ]?{_CHANGED}\b|\+(?!\w)|[- ]{tumour}\b)"
        positive = rf"{told}|\b[A-Z][A-Z0-9]+(?:-|::){re.escape(kinase)}\b(?![- ](?i:negative))"
        lacking = rf"\b(?i:non|no|without|lacking)[- ]{re.escape(kinase)}\b(?:[- ]?{_CHANGED})?"
        negative = rf"{name}[- ]?(?i:negative|neg|wild[- ]?type)\b|{name}[−–](?!\w)|{name}-(?![\w-])|{lacking}"
        both = rf"{name}[- ]?(?i:pos|neg)\w* ?(?i:and|or|/) ?-?(?i:pos|neg)|{name}[+]/-"
        forms[kinase] = re.compile(positive), re.compile(negative), re.compile(both)
    return forms


def _tumour_names(terms: Vocabulary) -> str:
    """What follows a gene by which a tumour is named: the name of a histology, or `tumour`."""
    names = {name for one, more in terms.lists["histology"].items() if one != OTHER for name in (one, *more)}
    return rf"(?i:(?:{_any_of({*names, 'tumour'})})s?)"


@lru_cache(maxsize=8)
def _families(terms: Vocabulary) -> Mapping[str, re.Pattern[str]]:
    """Kinases that are one of several -> how a text says that one of them is positive."""
    tumour, found = _tumour_names(terms), {}
    for family, names in terms.lists["kinase"].items():
        if "/" in family:
            words = one_of(word for word in names if "/" not in word)
            form = rf"(?<![\w-])({words})(?:[- ]?{_CHANGED}\b|\+|[- ]{tumour}\b)"
            found[family] = re.compile(form)
    return found


def told_status(text: str, terms: Vocabulary) -> dict[str, set[str]]:
    """Kinase -> positive, negative or both, as a text says it of a tumour; `BRAF inhibitor` says nothing of one."""
    told: dict[str, set[str]] = {}
    for kinase, (positive, negative, both) in _status_forms(terms).items():
        if kinase not in text:
            continue
        if both.search(text):
            told[kinase] = {"positive", "negative"}
            continue
        found = {"negative"} if negative.search(text) else set()
        if positive.search(negative.sub(" ", text) if found else text):
            found.add("positive")
        if found:
            told[kinase] = found
    return {} if told and _BOTH.search(text) else told


@rule("title-disagrees", "warning", about="report_terms")
def titles_agree_with_fields(case: CaseFile, terms: Vocabulary) -> Iterable[Finding]:
    """The title of a report of one patient speaks of that patient."""
    title = case.report.title
    if title is None:
        return
    given = {drug for drug in _given_drugs(case) if terms.drug(drug).named}
    missing = [drug for drug in drugs_in(terms, title) if terms.drug(drug).named and drug not in given]
    if missing and given:
        message = f"the title says {missing[0]}, but no course or arm is of that drug"
        yield ("report", "title"), message, "correct the drug, or the title, whichever is not the source's"
    designs = {name for name, form in _DESIGNS.items() if form.search(title)}
    if len(designs) == 1 and not designs & {case.report.design, case.report.design.replace("series", "report")}:
        message = f"the title says {designs.pop().replace('_', ' ')}, but design is {case.report.design}"
        yield ("report", "design"), message, "correct design; it decides the stratum"
    if len(case.patients) == 1 and not case.arms and case.report.design == "case_report":
        for field, said, entered in _said_by_title(case.patients[0], title, terms):
            place = (
                ("patients", 0, field) if getattr(case.patients[0], field) not in (None, (), {}) else ("patients", 0)
            )
            hint = f"correct {field}, or the title, whichever is not the source's"
            yield place, f"the title says {said}, but {entered}", hint


def _given_drugs(case: CaseFile) -> set[str]:
    """Every drug that somebody in the report was given; those of a regimen one by one."""
    return {drug for _, unit in treatments(case) for drug in unit.drug.split(REGIMEN)}


def _said_by_title(patient: Patient, title: str, terms: Vocabulary) -> Said:
    for marker, said in told_status(title, terms).items():
        entered = _entered_status(patient, marker)
        tested = patient.fusion_gene or patient.ihc or patient.rearranged  # else: status-left-out
        if tested and len(said) == 1 and not said & entered:
            yield "ihc", f"{marker}-{said.pop()}", f"{marker} is {' and '.join(entered) or 'left out'}"
    combined = _COMBINED_IN_TITLE.search(title)
    if combined is not None and not any(course.combined_with for course in patient.courses):
        yield "courses", f"'{combined[0].strip()}'", "combined_with is left out"
    named = {one: words for one, words in _histologies(title, terms).items() if one not in terms.lists[BROAD]}
    if patient.histology not in {None, OTHER, *named} and len(named) == 1:
        yield "histology", next(iter(named.values())), f"histology is {patient.histology}"
    group = title_age_group(title, terms)
    age = patient.age
    if age is not None and ((group == "paediatric" and age >= ADULT_FROM) or (group == "adult" and age < CHILD_BELOW)):
        yield "age", str(group), f"age is {age:g}"
    words = re.findall(r"\w+", title)
    sexes = {sex for word in words if len(word) > 1 and (sex := terms.belongs("sex", word)) is not None}
    if patient.sex is not None and len(sexes) == 1 and patient.sex not in sexes:
        yield "sex", sexes.pop(), f"sex is {patient.sex}"
    sites = set(_sites(title, terms).values())
    if patient.site is not None and len(sites) == 1 and patient.site not in sites and patient.disease != "metastatic":
        yield "site", sites.pop(), f"site is {patient.site}"


def _sites(text: str, terms: Vocabulary) -> dict[str, str]:
    """The places that a text names, with their sites; the longest name counts: an abdominal wall is no abdomen."""
    found = {match[0]: terms.belongs("site", match[0]) for match in _places(terms).finditer(text)}
    return {word: site for word, site in found.items() if site is not None}


@lru_cache(maxsize=8)
def _places(terms: Vocabulary) -> re.Pattern[str]:
    names = (word for site, words in terms.lists["site"].items() for word in (site, *words) if site != "other")
    return re.compile(rf"(?<![\w-])(?:{one_of(names)})\b", re.IGNORECASE)


def _entered_status(patient: Patient, marker: str) -> set[str]:
    """What the file says of a marker, by fusion, rearrangement and stain; a fusion decides."""
    if patient.fusion_gene == marker:
        return {"positive"}
    found = {"positive" if value else "negative" for name, value in patient.rearranged.items() if name == marker}
    return found | {status for name, status in patient.ihc.items() if name == marker}


@rule("detail-disagrees", "warning", about="terms")
def details_agree_with_groups(patient: Patient, terms: Vocabulary) -> Iterable[Finding]:
    """The exact place lies within the site, and the words of the histology name the histology."""
    sites = _sites(patient.site_detail or "", terms)
    if patient.site is not None and sites and patient.site not in sites.values():
        word, site = next(iter(sites.items()))
        yield ("site",), f"site: {patient.site}, but site_detail names {word}, which is {site}", f"write site: {site}"
    named = list(_histologies(patient.histology_detail or "", terms))
    if patient.histology not in {None, OTHER} and named and patient.histology not in named:
        message = f"histology: {patient.histology}, but histology_detail says {named[0]}"
        yield ("histology",), message, "correct histology, or its words, whichever is not the source's"


@rule("test-without-result", "warning", about="terms")
def tests_have_results(patient: Patient, terms: Vocabulary) -> Iterable[Finding]:
    """A method without a result, and a result in its words that no field has, say that a result was forgotten."""
    for field in ("test_method", "ihc_pattern"):
        text = getattr(patient, field) or ""
        for marker, said in told_status(text, terms).items() if text else ():
            printed = said == {"negative"} or re.search(rf"{re.escape(marker)}(?:[- ]?pos|\+)", text, re.IGNORECASE)
            if printed and not said & _entered_status(patient, marker):  # `FISH for a fusion` is a method
                hint = f"add ihc or rearranged as the source says: ihc: {{{marker}: {min(said)}}}"
                yield (field,), f"{field} says {marker}-{min(said)}, and no field does", hint
    if patient.test_method is not None and not any(
        (patient.ihc, patient.rearranged, patient.fusion_gene, patient.mutations)
    ):
        hint = "add fusion_gene, rearranged or ihc as the source says, or delete test_method"
        yield ("test_method",), "test_method without a result", hint


@rule("combination-in-dose", "warning", about="course")
def doses_are_of_the_drug(course: Course) -> Iterable[Finding]:
    """A treatment given with the drug is no part of its dose: the course would count as of a single drug."""
    named = _COMBINED.search(course.dose or "")
    if named is not None and not course.combined_with:
        yield ("dose",), f"dose says '{named[0].strip()}', but combined_with is left out", "add combined_with"


@rule("another-tumour", "warning", about="report_terms")
def tumours_are_of_the_review(case: CaseFile, terms: Vocabulary) -> Iterable[Finding]:
    """A label, or a histology in words, that names another tumour, where histology does not say so."""
    texts = [((*path, "label"), arm.label, arm.histology) for path, arm in arms(case)]
    texts += [
        ((*path, "histology_detail"), patient.histology_detail, patient.histology)
        for path, patient in patients(case)
        if patient.histology_detail is not None
    ]
    for place, text, histology in texts:
        if histology != "other" and (named := _another_tumour(text, terms)):
            hint = "write histology: other if it is theirs; else correct the words, or waive this with the reason"
            yield place, f"{place[-1]} names another tumour: {named}", hint


def _another_tumour(text: str, terms: Vocabulary) -> str:
    """The first tumour other than those of the review that a text says somebody has; nothing if there is none."""
    own, others = _tumours(terms)
    plain = own.sub(lambda match: "-" * len(match[0]), text)
    return next((match[0] for match in others.finditer(plain) if not _NOT_IT.search(plain[: match.start()])), "")


@lru_cache(maxsize=8)
def _tumours(terms: Vocabulary) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The names of the tumours of the review, also the older ones, and those of others."""
    histologies = dict(terms.lists["histology"])
    listed = {**terms.lists["other_tumour"], "": histologies.pop("other", ())}
    forms = []
    for names in ({**histologies, **terms.lists[OWN]}, listed):
        either = _any_of({word for name, others in names.items() for word in (name, *others) if word})
        forms.append(re.compile(rf"(?<!\w)(?<!non-)(?:{either})s?(?![\w-]| kinase| {_NAMES}\b)", re.I))
    return forms[0], forms[1]


LABEL_RULES: tuple[Rule, ...] = rules_in(globals())
