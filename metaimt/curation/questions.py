"""What the interview asks: the questions of a report in their order, their words, choices and explanation.

A question is the model's description with the vocabulary's terms. What is asked depends on the answers before: the
questions come from a generator that is given each answer before it goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from metaimt.casefiles.model import Course, Extraction, Patient, Publication
from metaimt.curation.new_case import Draft, says_no_more, terms_of, wrapped
from metaimt.vocabulary import OTHER, Vocabulary

_BIBLIOGRAPHY = ("title", "authors", "journal", "year", "doi", "pmid")
_READING = ("depth", "secondary_source")
_PATIENT = ("age", "sex", "site", "site_detail", "histology", "ihc", "fusion_gene", "fusion_partner")
_RESPONSE = ("response", "response_as_stated", "response_basis")
_COURSE = ("drug", "combined_with", *_RESPONSE, "duration_months", "ongoing", "stop_reason")
_AT_THE_END = ("status", "followup_months")
_IF_KNOWN: Final = {  # asked only if the other field has a value
    "site_detail": "site",
    "fusion_partner": "fusion_gene",
    "response_as_stated": "response",
    "response_basis": "response",
}
_RESTS_ON: Final = {
    **_IF_KNOWN,
    **dict.fromkeys(("combined_with", "response", "duration_months", "ongoing", "stop_reason"), "drug"),
}
"""Asked again if the answer to the other field is changed; all of a course is of its drug."""
FLAGS: Final = {"y": "true", "yes": "true", "n": "false", "no": "false"}
ANOTHER: Final = "another"
"""The name of the question whether there is another course or patient; its answer is YES, or none."""
YES: Final = "yes"
NO_BREAK: Final = "\xa0"
"""A space at which `inset` ends no line."""
_LISTS = {"ihc": "marker_status", "fusion_gene": "kinase"}  # whose list of terms is not named as they are
_NEEDED = "The file cannot be without it."
_SHOWN_AS = 'It is shown as "not stated", and never guessed.'
_MOST_WORDS = 3  # of other ways to write a term


@dataclass(frozen=True)
class Help:
    """What `?` adds to a question: an example, what happens if it is left out, and the rule that tells more.

    Without an example the first term of the vocabulary is one.
    """

    example: str
    left_out: str = _SHOWN_AS
    rule: str = ""


HELP: Final = {
    "design": Help("case_report", _NEEDED, "unknown-design"),
    "title": Help("A made-up tumour of the bladder: a case report", "It can hardly be found again.", "missing-title"),
    "authors": Help("Smith J, Doe A", "The report is called by site, drug and year."),
    "journal": Help("J Made Up Med", "The reference is shown without it."),
    "year": Help("2024", "The report is pooled, and is in no analysis over time.", "missing-year"),
    "doi": Help("10.1000/182", "A second entry of the publication is found by PMID or title only."),
    "pmid": Help("12345678", "A second entry of the publication is found by DOI or title only."),
    "depth": Help("full_text", "Pools that ask how much was read do not count the report.", "depth-left-out"),
    "secondary_source": Help("Smith 2020, a review, its table 2", _NEEDED, "secondary-without-source"),
    "age": Help("34, or 0.8 for ten months", rule="age-out-of-range"),
    "sex": Help("female", rule="unknown-sex"),
    "site": Help("abdomen", rule="unknown-site"),
    "site_detail": Help("omentum"),
    "histology": Help("", "The protocol says whether a tumour counts whose histology is not stated."),
    "ihc": Help("positive", "Without it and a fusion the patient may be in no row of the review.", "status-left-out"),
    "fusion_gene": Help("", "Without it and a marker the patient may be in no row of the review."),
    "fusion_partner": Help("", rule="partner-is-gene"),
    "drug": Help("", f"{_NEEDED} Not named in the source? Take a term 'unspecified ...'.", "unknown-drug"),
    "combined_with": Help("surgery, radiotherapy", "The drug counts as given alone.", "unknown-combined-with"),
    "response": Help(
        "PR", "The patient is listed and counts as neither response nor failure: not readable.", "unknown-response"
    ),
    "response_as_stated": Help(
        "partial response at the first scan", "Nobody can see why it is this category.", "response-without-words"
    ),
    "response_basis": Help("stated", _NEEDED, "response-without-basis"),
    "duration_months": Help("14, or [6, 8] for a range", "The course is in no analysis of the time on the drug."),
    "ongoing": Help("no", "If no reason to stop is known, nobody can say whether the time is complete."),
    "stop_reason": Help("progression", rule="unknown-stop-reason"),
    "status": Help("alive", rule="unknown-status"),
    "followup_months": Help("21", "The patient is in no analysis of times under observation."),
}
_FIRST_OF: Final = {"fusion_gene": "kinase", "fusion_partner": "partner"}
_HELP_ON_ANOTHER = (
    "y, and the same questions are asked of the next one; Enter, and there is none. In the file the courses of a "
    "patient stand in the order in which they were given: the first one counts."
)


@dataclass(frozen=True)
class Part:
    """A part of the file that is being filled in: its model and schema, and its values so far."""

    model: type[BaseModel]
    schema: Mapping[str, Any]
    values: Draft

    def applies(self, name: str) -> bool:
        """Whether a field is to be asked: not known yet, and not settled by an earlier answer."""
        if name == "stop_reason" and self.values.get("ongoing") is True:
            return False
        if name == "secondary_source" and self.values.get("depth") != "secondary":
            return False
        return name not in self.values and (name not in _IF_KNOWN or _IF_KNOWN[name] in self.values)

    def needs(self, name: str) -> bool:
        """Whether an empty answer will not do: required fields, how a response is known, where it was quoted."""
        return name in self.schema.get("required", ()) or name in {"response_basis", "secondary_source"}


@dataclass(frozen=True)
class Question:
    """A field of a part, or ANOTHER with the sentence that asks it. `place` and name tell it from all others."""

    place: str
    name: str
    part: Part
    heading: str = ""
    sentence: str = ""

    @property
    def key(self) -> str:
        """`P1/2/drug` of the second course of P1."""
        return f"{self.place}/{self.name}"

    @property
    def rests_on(self) -> str:
        """The key of the question whose answer this one says more of; empty if there is none."""
        return f"{self.place}/{_RESTS_ON[self.name]}" if self.name in _RESTS_ON else ""

    @property
    def schema(self) -> Mapping[str, Any]:
        """The field's schema; of a marker that of its result."""
        found: Mapping[str, Any] = self.part.schema["properties"][self.name]
        return found["additionalProperties"] if self.name == "ihc" else found

    @property
    def choices(self) -> tuple[str, ...]:
        """The words of a closed list, in its order; numbers from 1 stand for them."""
        if self.sentence:
            return ()
        return (YES, "no") if self.schema.get("type") == "boolean" else terms_of(self.schema)

    @property
    def free(self) -> bool:
        """Whether any words may be the answer."""
        return not self.sentence and not self.choices and self.schema.get("type") == "string"

    def at(self) -> str:
        """The question as it is named in a sentence: `response (Patient P1, kinase inhibitor 1)`."""
        return f"{self.label} ({self.heading})" if self.heading else self.label

    @property
    def label(self) -> str:
        """The name that the summary shows."""
        return self.name if not self.sentence else "another patient" if "/" not in self.place else "another inhibitor"


@dataclass
class Walk:
    """The questions of a report. Whoever iterates puts what a question was answered into `taken` before going on.

    A question that is not in `taken` counts as not stated. `draft` is what the answers make of the draft given.
    """

    draft: Draft
    sections: Mapping[str, Any]
    taken: dict[str, Draft] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Question]:
        self.draft = draft = deepcopy({name: self.draft[name] for name in ("report", "extraction")})
        report = Part(Publication, self.sections["report"], draft["report"])
        bibliography = _BIBLIOGRAPHY if "title" not in report.values else ()
        yield from self._fields(report, "report", "", ("design", *bibliography))
        yield from self._fields(
            Part(Extraction, self.sections["extraction"], draft["extraction"]), "extraction", "", _READING
        )
        patients: list[Draft] = []
        draft["patients"] = patients
        schema = self.sections["patients"]["items"]
        while True:
            patients.append({"id": f"P{len(patients) + 1}"})
            part = Part(Patient, schema, patients[-1])
            yield from self._patient(part)
            sentence = f"Does it describe another patient, P{len(patients) + 1}?"
            question = Question(part.values["id"], ANOTHER, part, "", sentence)
            yield question
            if not self.taken.get(question.key):
                return

    def _patient(self, part: Part) -> Iterator[Question]:
        place = part.values["id"]
        courses: list[Draft] = []
        yield from self._fields(part, place, f"Patient {place}", _PATIENT)
        part.values["courses"] = courses
        schema = part.schema["properties"]["courses"]["items"]
        while True:
            courses.append({})
            number = len(courses)
            course, heading = Part(Course, schema, courses[-1]), f"Patient {place}, kinase inhibitor {number}"
            yield from self._fields(course, f"{place}/{number}", heading, _COURSE)
            sentence = "Was another kinase inhibitor given afterwards?"
            question = Question(f"{place}/{number}", ANOTHER, course, heading, sentence)
            yield question
            if not self.taken.get(question.key):
                break
        yield from self._fields(part, place, f"Patient {place}", _AT_THE_END)

    def _fields(self, part: Part, place: str, heading: str, names: tuple[str, ...]) -> Iterator[Question]:
        for name in names:
            if part.applies(name):
                question = Question(place, name, part, heading)
                yield question
                part.values.update(self.taken.get(question.key, {}))


def wording(question: Question, marker: str) -> str:
    """The question as it is shown: the field, what it means, and its numbered choices or its form."""
    title, meaning = question.name, question.part.schema["properties"][question.name]["description"]
    if question.name == "ihc":
        title = f"{title} {marker}"
        meaning = f"{marker} by immunohistochemistry, or '{marker}-positive' printed without a method."
    several = question.schema.get("type") == "array"
    form = "several: with commas between them" if several else numbered(question.choices)
    plain = " | ".join(question.choices)
    texts = [meaning] if not form else [form] if says_no_more(meaning, plain) else [meaning, form]
    return "\n".join([f"\n{title}", *map(inset, texts)])


def explanation(question: Question, vocabulary: Vocabulary) -> str:
    """What `?` tells: an example, what else is understood, what happens if it is left out, and where more stands."""
    if question.sentence:
        return inset(_HELP_ON_ANOTHER)
    told = HELP[question.name]
    terms = vocabulary.lists.get(_LISTS.get(question.name, question.name), {}) if question.choices else {}
    also = [f"{term} ({', '.join(words[:_MOST_WORDS])})" for term, words in terms.items() if words]
    lines = [
        f"Example: {told.example or first_term(question.name, vocabulary)}",
        *([f"Also understood, and asked back: {'; '.join(also)}"] if also else ()),
        f"Accepted: {_accepted(question)}",
        f"If left out: {told.left_out}",
        *([f"More: metaimt explain {told.rule}"] if told.rule else ()),
    ]
    return "\n".join(map(inset, lines))


def first_term(name: str, vocabulary: Vocabulary) -> str:
    """The first term of the list of a field."""
    return next(term for term in vocabulary.terms(_FIRST_OF.get(name, name)) if term != OTHER)


def _accepted(question: Question) -> str:
    """The form of an answer, as the schema has it."""
    if question.choices:
        return "a number or word of the list"
    if question.free:
        return "the form of the example" if "pattern" in question.schema else "any words, on one line"
    kinds = {one.get("type") for one in (question.schema, *question.schema.get("anyOf", ()))}
    if kinds & {"number", "integer"}:
        whole = "integer" in kinds and "number" not in kinds
        return f"a {'whole ' if whole else ''}number{', or a range' if 'array' in kinds else ''}, without unit"
    return "words with commas between them" if kinds == {"array"} else "the symbol of a gene"


def numbered(choices: tuple[str, ...]) -> str:
    """`[1] CR  [2] PR`: no line ends within a choice."""
    return "  ".join(f"[{number}] {choice}".replace(" ", NO_BREAK) for number, choice in enumerate(choices, start=1))


def inset(text: str) -> str:
    """Text in lines of at most 78 characters, two from the margin."""
    return "\n".join(wrapped(text, 78, "  "))
