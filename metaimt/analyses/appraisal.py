"""How sound each report is: what follows from its file is proposed, what people answered decides, nothing is a score.

A proposal is made of each course and arm and says in words what it follows from. That something is not in the file is
no finding where only an abstract or less was read: the answer is then unclear. Of a report read by its title all are.
Tools, questions and sources: metaimt/vocabulary/appraisal.yaml.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

from metaimt.analyses.pooled_response import Group
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import ANSWERS, Arm, CaseFile, Course, Patient
from metaimt.model.count import Count, Publications
from metaimt.serialise import published
from metaimt.vocabulary import AppraisalTool, Question, Vocabulary, appraisal_tools, follow_up_enough

YES, NO, UNCLEAR, NOT_APPLICABLE = ANSWERS
DECIDED, DISAGREED, PROPOSED = STANDINGS = ("decided", "disagreed", "proposed")


class Proposal(NamedTuple):
    """An answer that follows from a file, and from what."""

    answer: str
    reason: str


class Given(NamedTuple):
    """One course of a patient, or an arm (`patient` is None), with its report."""

    case: CaseFile
    treatment: Course | Arm
    patient: Patient | None
    vocabulary: Vocabulary

    def missing(self, what: str) -> Proposal:
        """What the file does not hold: no, if the whole text was read, else unclear."""
        depth = self.case.extraction.depth
        if depth == "full_text":
            return Proposal(NO, f"{what}, read in full text")
        return Proposal(UNCLEAR, f"{what}, read as {(depth or 'not stated').replace('_', ' ')}")


def _exposure(given: Given) -> Proposal:
    drug = given.vocabulary.drug(given.treatment.drug)
    return Proposal(YES, f"drug: {drug.name}") if drug.named else given.missing("the drug is not named")


def _outcome(given: Given) -> Proposal:
    """A response that was measured, or by stated criteria, or in a trial, which has them in its protocol."""
    treatment, basis = given.treatment, given.treatment.response_basis
    if isinstance(treatment, Course):
        if (treatment.response, treatment.stop_reason) == ("NE", "death"):
            return Proposal(YES, "stop_reason: death, before the response was assessed")
        if treatment.response is not None and treatment.criteria is not None:
            return Proposal(YES, f"criteria: {treatment.criteria}")
    said = f"response_basis: {basis}"
    if basis == "measured":
        return Proposal(YES, said)
    if basis == "stated" and given.case.report.design == "trial":
        return Proposal(YES, f"{said}, in a trial")
    if basis == "inferred":
        return given.missing(said)
    return Proposal(UNCLEAR, f"{said}, without criteria" if basis else "response_basis is not given")


def _other_causes(given: Given) -> Proposal:
    if given.treatment.combined_with:
        return Proposal(NO, f"combined_with: {', '.join(given.treatment.combined_with)}")
    if given.case.extraction.depth == "full_text":
        return Proposal(YES, "combined_with: none, read in full text")
    return given.missing("combined_with is not given")


def _months(given: Given) -> float | None:
    """The longest time that the file gives, of a range its low end; of an arm the median."""
    treatment = given.treatment
    if isinstance(treatment, Arm):
        found = [each.value for each in (treatment.median_pfs_months, treatment.median_duration_months) if each]
        return max(found, default=None)
    spans = (treatment.duration_months, treatment.pfs_months, treatment.response_duration_months)
    known = [span[0] if isinstance(span, tuple) else span for span in spans if span is not None]
    followed = given.patient.followup_months if given.patient is not None else None
    return max([*known, *([] if followed is None else [followed])], default=None)


def _follow_up(given: Given) -> Proposal:
    """Long enough by the time, or because progression or death, or a response, was seen."""
    months, enough, treatment = _months(given), follow_up_enough(), given.treatment
    if months is not None and months >= enough:
        return Proposal(YES, f"{months:g} months, at least {enough:g}")
    if isinstance(treatment, Course):
        if treatment.response == "PD" or treatment.stop_reason in {"progression", "death"}:
            return Proposal(YES, "followed to progression or death")
        if given.patient is not None and given.patient.followup_months is not None:
            return Proposal(NO, f"followup_months: {given.patient.followup_months:g}, less than {enough:g}")
    if months is not None:
        return Proposal(UNCLEAR, f"{months:g} months, less than {enough:g}, and the follow-up is not given")
    return given.missing("no time is given")


def _detail(given: Given) -> Proposal:
    """Histology, partner, drug, response and follow-up of a patient; an arm has none of its patients'."""
    patient, treatment = given.patient, given.treatment
    if patient is None or not isinstance(treatment, Course):
        return given.missing("patients are not described one by one")
    asked = {
        "histology": patient.histology,
        "fusion_partner": patient.fusion_partner,
        "drug": given.vocabulary.drug(treatment.drug).named or None,
        "response": treatment.response,
        "follow-up": _months(given),
    }
    gaps = [name for name, value in asked.items() if value is None]
    return given.missing(f"without {', '.join(gaps)}") if gaps else Proposal(YES, f"given: {', '.join(asked)}")


_PROPOSED: Final[Mapping[str, Callable[[Given], Proposal]]] = {
    "exposure": _exposure,
    "outcome": _outcome,
    "other_causes": _other_causes,
    "follow_up": _follow_up,
    "detail": _detail,
}
"""What can be proposed, by question; of any other nothing in a file says the answer."""


@published("answer", "standing", "reason")
@dataclass(frozen=True, slots=True)
class Answered:
    """One question of one report.

    answer: yes, no, unclear, not_applicable; what is disagreed on is unclear. standing: decided, disagreed or proposed.
    by: who answered. proposal: what follows from the file, which stands where nobody answered.
    """

    question: Question
    answer: str
    standing: str
    by: tuple[str, ...]
    reason: str
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class ReportAppraisal:
    """The answers of one report to the tool for its design, in the order of its questions; compared: by two raters.

    of_units: unit id -> question -> what follows from that course or arm.
    """

    report: CaseFile
    tool: AppraisalTool
    answers: tuple[Answered, ...]
    of_units: Mapping[str, Mapping[str, Proposal]]
    compared: int
    agreed: int

    @property
    def by_person(self) -> bool:
        """Whether a person answered any question."""
        return any(each.by for each in self.answers)

    def meets(self, unit: str, wanted: Mapping[str, str]) -> bool:
        """Whether what is decided, or else proposed of this course or arm, is as wanted; not asked: no condition."""
        return all(
            (self.of_units[unit][key] if each.standing == PROPOSED else each).answer == wanted[key]
            for each in self.answers
            if (key := each.question.key) in wanted
        )

    def rests_on_proposals(self, wanted: Mapping[str, str]) -> bool:
        """Whether one of these answers is a proposal."""
        return any(each.standing == PROPOSED for each in self.answers if each.question.key in wanted)


@dataclass(frozen=True)
class Appraisals:
    """All reports, in the order of the review."""

    reports: tuple[ReportAppraisal, ...]

    @property
    def tools(self) -> tuple[AppraisalTool, ...]:
        """The tools that are used, in the order of their file."""
        used = {each.tool.key for each in self.reports}
        return tuple(tool for tool in appraisal_tools().values() if tool.key in used)

    def of_tool(self, tool: AppraisalTool) -> tuple[ReportAppraisal, ...]:
        """The reports that are asked its questions."""
        return tuple(each for each in self.reports if each.tool.key == tool.key)

    def answered(self, tool: AppraisalTool, question: Question, answer: str, *standings: str) -> Publications:
        """The reports with this answer, all or those of a standing."""
        of_it = self.of_tool(tool)
        found = (
            each.report.id
            for each in of_it
            for one in each.answers
            if one.question.key == question.key and one.answer == answer and one.standing in (standings or STANDINGS)
        )
        return Publications(f"{question.short}: {answer.replace('_', ' ')} ({tool.key})", tuple(found))

    @property
    def by_person(self) -> Publications:
        """The reports that a person appraised."""
        return Publications("Appraised by a person", tuple(each.report.id for each in self.reports if each.by_person))

    @property
    def agreement(self) -> tuple[int, int]:
        """Answers that two raters gave alike, of those that both gave."""
        return sum(each.agreed for each in self.reports), sum(each.compared for each in self.reports)


WELL_ASCERTAINED: Final = {"exposure": YES, "outcome": YES}


def well_ascertained(found: Appraisals, pools: Mapping[str, Group]) -> dict[str, Count] | None:
    """Of each pool the patients with exposure and outcome well ascertained; None where nobody appraised a report."""
    if not found.by_person.reports:
        return None
    of_report = {each.report.id: each for each in found.reports}
    return {
        name: group.counts.where(
            f"{group.label}: well ascertained", lambda unit: of_report[unit.report].meets(unit.id, WELL_ASCERTAINED)
        )
        for name, group in pools.items()
    }


def published_appraisal(found: Appraisals) -> dict[str, object]:
    """For results.json: counts of reports by tool, question, answer and standing."""
    tools: dict[str, object] = {}
    for tool in found.tools:
        counts = {
            question.key: {
                f"{standing}": {
                    answer: number
                    for answer in ANSWERS
                    if (number := len(found.answered(tool, question, answer, standing).reports))
                }
                for standing in STANDINGS
            }
            for question in tool.questions
        }
        tools[tool.key] = {"reports": len(found.of_tool(tool)), "questions": counts}
    agreed, compared = found.agreement
    return {"by_person": len(found.by_person.reports), "agreed": agreed, "compared": compared, "tools": tools}


def appraisals(library: Library) -> Appraisals:
    """What is decided and what is proposed of every report."""
    return Appraisals(tuple(appraisal_of(report, library.vocabulary) for report in library.reports))


def appraisal_of(report: CaseFile, vocabulary: Vocabulary) -> ReportAppraisal:
    """The answers to every question of the tool for its design."""
    tool = next(tool for tool in appraisal_tools().values() if report.report.design in tool.designs)
    units = dict(_units(report, vocabulary))
    of_units = {
        name: {question.key: _proposed(question, given) for question in tool.questions} for name, given in units.items()
    }
    answers = tuple(
        _answered(report, question, _together([found[question.key] for found in of_units.values()]))
        for question in tool.questions
    )
    pairs = [
        (one.answers[key], other.answers[key])
        for one, other in combinations((each for each in report.appraisal if not each.decides), 2)
        for key in one.answers.keys() & other.answers.keys()
    ]
    return ReportAppraisal(report, tool, answers, of_units, len(pairs), sum(one == other for one, other in pairs))


def _units(report: CaseFile, vocabulary: Vocabulary) -> Iterator[tuple[str, Given]]:
    """Unit id, as in evidence/tables, and what it is."""
    for patient in report.patients:
        for number, course in enumerate(patient.courses, start=1):
            name = f"{report.id}/{patient.id}"
            yield name if number == 1 else f"{name}/course{number}", Given(report, course, patient, vocabulary)
    for number, arm in enumerate(report.arms, start=1):
        yield f"{report.id}/arm{number}", Given(report, arm, None, vocabulary)


def _proposed(question: Question, given: Given) -> Proposal:
    if question.not_asked:
        return Proposal(NOT_APPLICABLE, question.not_asked)
    if given.case.extraction.depth == "title":
        return Proposal(UNCLEAR, "read by the title only")
    if question.key not in _PROPOSED:
        return Proposal(UNCLEAR, "nothing in the file says it")
    return _PROPOSED[question.key](given)


def _together(found: list[Proposal]) -> Proposal:
    """Of a report what follows from all its courses and arms: no if of one, yes if of each, else unclear."""
    if not found:
        return Proposal(UNCLEAR, "nobody in the file was given an inhibitor")
    answers = {each.answer for each in found}
    answer = answers.pop() if len(answers) == 1 else NO if NO in answers else UNCLEAR
    said = Counter(each.reason for each in found if answer in (each.answer, UNCLEAR))
    words = (
        f"{reason} ({number} of {len(found)})" if number < len(found) else reason for reason, number in said.items()
    )
    return Proposal(answer, "; ".join(words))


def _answered(report: CaseFile, question: Question, proposal: Proposal) -> Answered:
    """What a person answered; the one who decides, where there is one, before all others."""
    key = question.key
    given = [each for each in report.appraisal if key in each.answers]
    deciding = [each for each in given if each.decides] or given
    by, answers = tuple(each.by for each in given), {each.answers[key] for each in deciding}
    if not deciding:
        return Answered(question, proposal.answer, PROPOSED, by, proposal.reason, proposal)
    if len(answers) > 1:
        reason = "; ".join(f"{each.by}: {each.answers[key].replace('_', ' ')}" for each in deciding)
        return Answered(question, UNCLEAR, DISAGREED, by, reason, proposal)
    reasons: Iterable[str] = dict.fromkeys(each.reasons[key] for each in deciding if key in each.reasons)
    return Answered(question, answers.pop(), DECIDED, by, "; ".join(reasons), proposal)
