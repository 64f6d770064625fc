"""What an author types, what the hint must say, and what it must not offer as the value. Adding a test is adding a row.

The words are those of clinicians; the files that they are put into are made up.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_hints import asked

from metaimt.casefiles import hints
from metaimt.casefiles.hints import Proposal
from metaimt.vocabulary import built_in, is_not_stated, one_slip

WORDS = built_in()
SD_OR_BETTER, SD_OR_PD, NEVER_CR = "SD or better", "SD or PD", "PR is usual, with response_basis: inferred"
PATHOLOGICAL, METABOLIC = "a pathological response is no response category", "a metabolic response is no response"
MEASURABLE, CR_OR_PR = "was there measurable disease", "a response is CR or PR"
DOUBT, SEVERAL, LISTED = (
    "doubt or a bound is kept",
    "several categories",
    "CR all lesions gone, PR smaller by at least 30 %",
)
# Typed as the response, and what the hint must say. None of them may be offered a category to paste.
NO_CATEGORY = {
    PATHOLOGICAL: [
        *("pCR", "PCR", "pathologic complete response", "pathological CR", "complete pathological remission"),
        *("near pCR", "pathologic response", "major pathological response", "Huvos IV", "histological response"),
        *("95 % necrosis", "pathologische Komplettremission", "réponse pathologique complète"),
    ],
    METABOLIC: [
        *(
            *("complete metabolic response", "CMR", "PMR", "SMD", "PMD", "metabolic CR", "PERCIST PR"),
            "metabolic response",
        ),
        *("partial metabolic remission", "stable metabolic disease", "PET-CR", "SUV decrease by 68 %", "Deauville 2"),
    ],
    SD_OR_BETTER: [
        *("no progression", "not progressing", "progression-free", "without progression", "no evidence of progression"),
        *("no signs of disease progression", "no further tumour progression", "not progressed", "nonprogressive"),
        *("non-progression", "not PD", "non-PD", "no PD", "not progressive", "progression was not observed"),
        *("keine Progression", "progressionsfrei", "pas de progression", "sans progression", "sin progresión"),
        *("senza progressione", "no growth", "no new lesions"),
    ],
    MEASURABLE: [
        *(
            *("NED", "ned", "no evidence of disease", "disease-free", "tumour-free", "tumor free", "cured"),
            "no recurrence",
        ),
        *("no residual tumour", "tumorfrei", "geheilt", "sin enfermedad", "guarito", "free of disease"),
    ],
    NEVER_CR: [
        *("incomplete response", "near-complete response", "almost CR", "nearly complete remission", "near CR", "nCR"),
        *("subtotal remission", "VGPR", "very good partial response", "not complete", "close to complete response"),
        *("non-complete response", "nahezu vollständige Remission", "réponse presque complète"),
    ],
    SD_OR_PD: [
        *("no response", "non-response", "nonresponder", "non-responder", "not responding", "failed to respond"),
        *("did not respond", "no objective response", "no regression", "no shrinkage", "unresponsive", "refractory"),
        *("kein Ansprechen", "pas de réponse", "sin respuesta", "nessuna risposta", "NR", "unsuccessful"),
    ],
    "a minor response is SD by size": [
        *("MR", "minor response", "mixed response", "minimal response", "slight regression"),
    ],
    CR_OR_PR: [
        *("good response", "major response", "durable response", "responded", "responder", "objective response", "OR"),
        *("excellent response", "remission", "in remission", "effective", "improved", "clinical response"),
    ],
    "PR from 30 % of shrinkage": ["regression", "shrinkage", "reduced by 48 %", "-48%", "tumour shrank", "smaller"],
    "PD from 20 % of growth": ["grew by 48 %", "+25 %", "enlarged"],
    "control or benefit is CR, PR or SD": ["disease control", "clinical benefit"],
    "iRECIST has categories of its own": ["iCR", "iPR", "iUPD", "icr", "irPD"],
    "the response is not confirmed": ["uPR", "unconfirmed PR", "CRu"],
    "c is confirmed in some sources and clinical in others": ["cPR", "cCR"],
    DOUBT: ["PR?", "probable PR", "possible CR", "at least PR", ">=SD", "SD or better", "~PR", "rather PR than SD"],
    SEVERAL: ["PR/SD", "CR or PR", "PR then PD", "PR in lung, PD in liver", "stable disease, then partial response"],
    "one category is named beside other words": ["clinical CR", "PR ongoing", "partial response of the lung lesions"],
    "it says only what it is not": ["not CR", "no complete response", "not a partial response", "not stable disease"],
    "death is no response category": ["died", "DOD", "verstorben"],
    "status of the patient": ["alive", "AWD"],
    "a time or a rate": ["PFS 12 months", "ORR"],
    LISTED: ["banana", "positive", "dramatic", "1", "0"],
    "delete the line": ["unknown", "n/a", "NA", "not stated", "ND", "none", "?", "-", "unbekannt", "not reported"],
}
# Words that are one category and nothing else.
CATEGORIES = {
    "CR": "cr C.R. complete complete-remission complete_response Komplettremission",
    "PR": "pr partial partial_remission partail-response confirmed_PR PR_(RECIST_1.1) sustained_partial_response",
    "SD": "sd stable stable_disease stabile_Erkrankung maladie_stable best_overall_SD",
    "PD": "pd progressive_disease progression progressed enfermedad_progresiva disease_progression",
    "NE": "ne not_evaluable not_assessed nicht_beurteilbar",
}
WITHOUT = [(words, said) for said, every in NO_CATEGORY.items() for words in every]
WITH = [(words.replace("_", " "), category) for category, every in CATEGORIES.items() for words in every.split()]


def response(words: str) -> Proposal | str:
    return hints.response(words, WORDS.lists["response"], WORDS.nearest("response", words))


@pytest.mark.parametrize(("words", "said"), WITHOUT, ids=[row[0] for row in WITHOUT])
def test_words_that_are_no_category_are_offered_none(words: str, said: str) -> None:
    hint = response(words)
    assert isinstance(hint, str)
    assert said in hint
    assert not re.search(r"write (?:response: )?(?:CR|PR|SD|PD|NE)\b", hint)
    assert "response_as_stated" in hint or said == "delete the line"


@pytest.mark.parametrize(("words", "category"), WITH, ids=[row[0] for row in WITH])
def test_words_that_are_a_category_are_offered_it(words: str, category: str) -> None:
    hint = response(words)
    assert isinstance(hint, Proposal)
    assert hint.value == category
    assert hint.hint.endswith(f"write {category}")


def test_no_word_names_two_kinds() -> None:
    """Each listed word of a category is offered this one, though other kinds list parts of it."""
    for category, words in WORDS.lists["response"].items():
        for word in words:
            hint = response(word)
            assert isinstance(hint, Proposal)
            assert hint.value == category


RENAMED = [
    ("course", "duration_weeks: 8", "8 weeks / 4.345 = 1.8 months: write duration_months: 1.8"),
    ("course", "duration_days: 61", "write duration_months: 2"),
    ("course", "duration_years: 2", "2 years * 12 = 24 months: write duration_months: 24"),
    ("course", "durationWeeks: 8", "write duration_months: 1.8"),
    ("course", "duration: 8 weeks", "write duration_months: 1.8"),
    ("course", "duration: 8", "the field is duration_months, in months"),
    ("course", "duration_weeks: 8 months", "the field is duration_months, in months"),
    ("course", "duration_weeks: long", "the field is duration_months, in months"),
    ("course", "duration_weeks: unknown", "delete the line"),
    ("course", "duration_weeks: [8, 12]", "write duration_months: [1.8, 2.8]"),
    ("course", "duration_weeks: ~8", "write duration_months: 1.8, and that it is approximate in extraction.note"),
    (
        "course",
        "duration_weeks: '>8'",
        "write duration_months: 1.8, with ongoing: true if the drug was still being taken",
    ),
    ("course", "pfs_days: 61", "write pfs_months: 2"),
    ("course", "pfs_years: 2", "write pfs_months: 24"),
    ("course", "response_duration_weeks: 30", "write response_duration_months: 6.9"),
    ("course", "dor_weeks: 30", "write response_duration_months: 6.9"),
    ("patient", "followup_weeks: 8", "write followup_months: 1.8"),
    ("patient", "follow_up_years: 2", "write followup_months: 24"),
    ("patient", "follow-up: 2 years", "write followup_months: 24"),
    ("patient", "age_months: 9", "9 months / 12 = 0.75 years: write age: 0.75"),
    ("patient", "age_in_months: 9", "write age: 0.75"),
    ("patient", "age_years: 9", "write age: 9"),
    ("patient", "Age: 9", "did you mean age?"),
    ("course", "respones: PR", "did you mean response?"),
    ("course", "drugs: crizotinib", "did you mean drug?"),
    ("course", "response_date: 2020", "the fields are"),
    ("course", "non_response: SD", "the fields are"),
    ("course", "no_progression: yes", "the fields are"),
    ("course", "months: 8", "months is a field of"),
    ("arm", "evaluable: 9\n    nonresponders: 1", "the fields are"),
    ("arm", "evaluable: 9\n    median_pfs_weeks: 8", "write median_pfs_months: 1.8"),
    ("arm", "evaluable: 9\n    median_pfs_months: {value: 8 weeks}", "write value: 1.8"),
]
AMOUNTS = [
    ("patient", "age: 9 months", "write age: 0.75"),
    ("patient", "age: 10 months", "write age: 0.83"),
    ("patient", "age: 3 weeks", "write age: 0.057"),
    ("patient", "age: ~40", "write age: 40, and that it is approximate in extraction.note"),
    ("patient", "age: about 40 years", "write age: 40, and that it is approximate in extraction.note"),
    ("patient", "age: 40s", "the age itself is not stated"),
    ("patient", "age: in his 40s", "the age itself is not stated"),
    ("patient", "age: '>40'", "the age itself is not stated"),
    ("patient", "age: 40+", "the age itself is not stated"),
    ("patient", "age: unknown", "delete the line"),
    ("course", "duration_months: ~8", "write a range such as [low, high] if the source allows one"),
    ("course", "duration_months: about 8", "write duration_months: 8, and that it is approximate in extraction.note"),
    ("course", "duration_months: '>8'", "ongoing or censored: write duration_months: 8, with ongoing: true if"),
    ("course", "duration_months: 8+", "ongoing or censored: write duration_months: 8, with ongoing: true if"),
    ("course", "duration_months: at least 8 weeks", "else that it is a lower bound goes into extraction.note"),
    ("course", "duration_months: over 2 years", "else that it is a lower bound goes into extraction.note"),
    ("course", "duration_months: '<8'", "an upper bound: write duration_months: [0, 8]"),
    ("course", "duration_months: less than 8 weeks", "an upper bound: write duration_months: [0, 1.8]"),
    ("course", "duration_months: up to 4", "an upper bound: write duration_months: [0, 4]"),
    ("course", "duration_months: [~3, 6]", "write 3, and that it is approximate in extraction.note"),
    ("patient", "followup_months: '>8'", "write followup_months: 8, and that it is a lower bound in extraction.note"),
    ("patient", "followup_months: '<8'", "keep it in extraction.note and delete the line"),
    ("arm", "evaluable: ~12", "write evaluable: 12, and that it is approximate in extraction.note"),
    ("arm", "evaluable: none of 12", ""),
    ("arm", "evaluable: 12%", ""),
    ("arm", "evaluable: unknown", "delete the line: what is not stated is left out"),
]
LISTS = [
    *(
        ("patient", f"fusion_partner: {word}", "delete the line")
        for word in ["UNKNOWN", "NONE", "NA", "NOS", "ND", "NEGATIVE", "n/a", "none", "negative"]
    ),
    ("patient", "fusion_partner: RANPB2", "did you mean fusion_partner: RANBP2?"),
    ("patient", "fusion_partner: EML-4", "did you mean fusion_partner: EML4?"),
    ("patient", "fusion_gene: none", "delete the line"),
    ("patient", "fusion_gene: ALK2", "can be added"),
    ("patient", "sex: not stated", "delete the line"),
    ("patient", "ihc: unknown", "delete the line"),
    ("patient", "ihc: {ALK: ND}", "delete the line"),
    ("patient", 'ihc: {ALK: "-"}', "did you mean ALK: negative?"),
    ("patient", "ihc: {ALK: not positive}", ""),
    ("patient", "rearranged: {ALK: unknown}", "delete the line"),
    ("patient", "site: unknown", "delete the line"),
    ("patient", "site: pelvsi", "did you mean site: pelvis?"),
    ("patient", "site: extra-abdominal", ""),
    ("patient", "site: ilium", ""),  # the bone, not the bowel
    ("patient", "histology: unclear", "delete the line"),
    ("patient", "histology: not IMT", ""),
    ("patient", "disease: now resectable", ""),
    ("patient", "disease: advanced", ""),
    ("patient", "disease: nonmetastatic", ""),
    ("patient", "status: NED", "did you mean status: alive?"),
    ("patient", "status: not dead", ""),
    ("course", "drug: gefitinib", "can be added"),
    ("course", "drug: erlotinib", "can be added"),
    ("course", "drug: PF-02341067", "can be added"),
    ("course", "drug: crizotnib", "did you mean drug: crizotinib?"),
    ("course", "drug: unknown", "fill it in"),
    ("course", "drug: crizotinib\n        stop_reason: unknown", "delete the line"),
    ("course", "drug: crizotinib\n        stop_reason: no progression", ""),
    ("course", "drug: crizotinib\n        response_basis: unmeasured", ""),
    ("course", "drug: crizotinib\n        ongoing: unknown", "delete the line"),
    ("arm", "evaluable: 9\n    line: unknown", "did you mean line: any?"),
    ("extraction", "date: unknown", "delete the line"),
    ("report", "pmid: n/a", "delete the line"),
]
LINES = [*RENAMED, *AMOUNTS, *LISTS]


@pytest.mark.parametrize(("place", "line", "said"), LINES, ids=[row[1].split("\n")[-1].strip() for row in LINES])
def test_a_line(place: str, line: str, said: str, tmp_path: Path) -> None:
    problem = next(problem for problem in asked(place, line, tmp_path) if problem.severity == "error")
    assert said in problem.hint
    if not said:
        assert problem.hint == ""
    if re.match("the field is|the fields are|the age itself|delete", said):
        assert not re.search(r"write \w+|did you mean", problem.hint)


@pytest.mark.parametrize("symbol", ["TPM5", "SEC31B", "CLTA", "PRKAR1B", "NEWGENE9"])
def test_a_gene_is_not_taken_for_its_sister(symbol: str, tmp_path: Path) -> None:
    (problem,) = asked("patient", f"fusion_gene: ALK\n    fusion_partner: {symbol}", tmp_path)
    assert problem.rule in {"new-partner", "unknown-fusion-partner"}
    assert "did you mean" not in problem.hint


def offered(name: str, text: str) -> str | None:
    if name != "response":
        return WORDS.nearest(name, text)
    hint = response(text)
    return hint.value if isinstance(hint, Proposal) else None


EVERY = [(name, term, word) for name, terms in WORDS.lists.items() for term in terms for word in (term, *terms[term])]
DENIALS = ("no ", "not ", "non-", "non ", "in", "un", "without ", "never ", "near-", "almost ")


def test_a_denied_word_is_never_offered_as_itself() -> None:
    for name, term, word in EVERY:
        if any(map(str.isalpha, word)):
            assert all(offered(name, f"{denial}{word}") != term for denial in DENIALS), (name, word)


def test_each_word_is_offered_its_own_term_and_no_other() -> None:
    for name, term, word in EVERY:
        assert offered(name, word) == term, (name, word)


def test_a_slip_that_may_be_of_two_terms_is_of_none() -> None:
    assert WORDS.nearest("margin", "macroscopic residual") == "R2"
    assert WORDS.nearest("margin", "mecroscopic residual") is None


def test_what_only_says_that_nothing_is_said_is_no_other_way_to_write_a_term() -> None:
    named = {(name, word) for name, _, word in EVERY if is_not_stated(word) and name != "drug"}
    on_purpose = {("line", "unknown"), ("line", "not stated"), ("presence", "not given")}
    assert named == on_purpose | {("marker_status", "-"), ("arm_status", "-")}


@pytest.mark.parametrize(
    ("typed", "meant", "symbol", "one"),
    [
        ("pelvsi", "pelvis", False, True),
        ("crizotnib", "crizotinib", False, True),
        ("crizottinib", "crizotinib", False, True),
        ("alectanib", "alectinib", False, True),
        ("partial respnose", "partial response", False, True),
        ("crizotinib", "crizotinib", False, False),
        ("lnug", "lung", False, False),
        ("atypical", "typical", False, False),
        ("incomplete", "complete", False, False),
        ("now resectable", "not resectable", False, False),
        ("no partial response", "partial response", False, False),
        ("pf 02341067", "pf 02341066", False, False),
        ("sec31b", "sec31a", True, False),
        ("ranpb2", "ranbp2", True, True),
    ],
)
def test_one_slip(typed: str, meant: str, symbol: bool, one: bool) -> None:
    assert one_slip(typed, meant, symbol=symbol) is one
