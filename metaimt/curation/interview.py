"""Questions and answers: the essentials of a case report, each answer checked as the files are.

A question is the model's description with the vocabulary's terms; an answer is refused by the validators and rules that
refuse it in a file, with the same hints. An empty answer is "not stated": the field stays out. Nothing is written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from metaimt.casefiles.model import CaseFile, Course, Extraction, Patient, Publication
from metaimt.casefiles.schema import case_schema
from metaimt.casefiles.strict_yaml import parse
from metaimt.checks.within_report import WITHIN_RULES
from metaimt.curation.new_case import Draft, says_no_more, terms_of, without_controls, wrapped
from metaimt.vocabulary import Vocabulary

_BIBLIOGRAPHY = ("title", "authors", "journal", "year", "doi", "pmid")
_READING = ("depth", "secondary_source")
_PATIENT = ("age", "sex", "site", "site_detail", "histology", "ihc", "fusion_gene", "fusion_partner")
_RESPONSE = ("response", "response_as_stated", "response_basis")
_COURSE = ("drug", "combined_with", *_RESPONSE, "duration_months", "ongoing", "stop_reason")
_AT_THE_END = ("status", "followup_months")
_IF_KNOWN = {  # asked only if the other field has a value
    "site_detail": "site",
    "fusion_partner": "fusion_gene",
    "response_as_stated": "response",
    "response_basis": "response",
}
_HINT = re.compile(r"did you mean ([^?]+)\?$|write (\[[\d., ]+\]|[\w.]+)(?: without quotes or unit)?$")
_FIELD = re.compile(r"(?:^|, )([a-z_]+): ")
_TAKE_IT = " (y\xa0=\xa0yes)"  # with spaces at which a line does not end
_FLAGS = {"y": "true", "yes": "true", "n": "false", "no": "false"}


class Stopped(Exception):  # noqa: N818 - the user's decision, not an error
    """The answers ended before the questions did."""


class Refused(Exception):  # noqa: N818 - an answer to be given again
    """An answer that a file could not hold: the text says why; `offer` is what would be accepted instead, if known."""

    def __init__(self, message: str, hint: str, offer: Mapping[str, str]) -> None:
        super().__init__(f"{message}{'; ' if hint else ''}{hint}")
        self.offer = offer


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
class Interview:
    """`ask` gives the answer to a prompt (EOFError: none will come), `say` tells; `check` may refuse a publication."""

    vocabulary: Vocabulary
    marker: str
    ask: Callable[[str], str]
    say: Callable[[str], None]
    check: Callable[[str, str], None]

    def fill(self, draft: Draft) -> None:
        """Fill in the draft of a report. Raises Stopped if the answers end early, and what `check` raises."""
        self.say("Enter alone: not stated, the field is left out. Ctrl-C: stop, nothing is written.")
        sections = case_schema(self.vocabulary)["properties"]
        report = Part(Publication, sections["report"], draft["report"])
        self._questions(report, ("design", *(_BIBLIOGRAPHY if "title" not in report.values else ())))
        self._questions(Part(Extraction, sections["extraction"], draft["extraction"]), _READING)
        patients: list[Draft] = []
        draft["patients"] = patients
        while not patients or self._yes(f"Does it describe another patient, P{len(patients) + 1}?"):
            patients.append({"id": f"P{len(patients) + 1}"})
            self._patient(patients[-1], sections["patients"]["items"])

    def _patient(self, values: Draft, schema: Mapping[str, Any]) -> None:
        part = Part(Patient, schema, values)
        courses: list[Draft] = []
        self.say(f"\nPatient {values['id']}")
        self._questions(part, _PATIENT)
        values["courses"] = courses
        while not courses or self._yes("Was another kinase inhibitor given afterwards?"):
            courses.append({})
            self.say(f"\nPatient {values['id']}, kinase inhibitor {len(courses)}")
            self._questions(Part(Course, schema["properties"]["courses"]["items"], courses[-1]), _COURSE)
        self._questions(part, _AT_THE_END)

    def _questions(self, part: Part, names: tuple[str, ...]) -> None:
        for name in names:
            if part.applies(name):
                self._question(part, name)

    def _question(self, part: Part, name: str) -> None:
        """Ask until the answer, or the offer made for it, is accepted; or until it is empty and need not be given."""
        self.say(self._wording(part.schema["properties"][name], name))
        offer: Mapping[str, str] = {}
        while True:
            answer = self._answer("> ")
            if offer and _FLAGS.get(answer.casefold()) == "false":
                offer = {}
                self.say("  Then another answer, please.")
                continue
            if not answer:
                if not part.needs(name):
                    return
                self.say("  This one is needed.")
                continue
            taken = offer if offer and _FLAGS.get(answer.casefold()) == "true" else {name: answer}
            try:
                part.values.update(self._accepted(part, taken))
            except Refused as refused:
                offer = refused.offer
                self.say(_inset(f"{refused}{_TAKE_IT if offer else ''}"))
            else:
                return

    def _answer(self, prompt: str) -> str:
        try:
            return without_controls(self.ask(prompt)).strip()
        except EOFError as error:
            raise Stopped from error

    def _yes(self, question: str) -> bool:
        while (answer := self._answer(f"\n{question} y = yes, Enter = no > ").casefold()) not in {"", *_FLAGS}:
            pass
        return _FLAGS.get(answer) == "true"

    def _wording(self, schema: Mapping[str, Any], name: str) -> str:
        title, meaning = name, schema["description"]
        if name == "ihc":
            title, schema = f"{name} {self.marker}", schema["additionalProperties"]
            meaning = f"{self.marker} by immunohistochemistry, or '{self.marker}-positive' printed without a method."
        forms = {"boolean": "true (y) | false (n)", "array": "several: with commas between them"}
        terms = " | ".join(terms_of(schema)) or forms.get(schema.get("type", ""), "")
        texts = [meaning, *([terms] if terms and not says_no_more(terms, meaning) else ())]
        shown = [terms] if terms and says_no_more(meaning, terms) else texts
        return "\n".join([f"\n{title}", *map(_inset, shown)])

    def _accepted(self, part: Part, answers: Mapping[str, str], *, offering: bool = True) -> Draft:
        """The values of accepted answers, as a file would hold them. Raises Refused for the first that is not."""
        values: Draft = {}
        for name, answer in answers.items():
            value = _as_in_a_file(part.schema["properties"][name], answer)
            values[name] = {self.marker: value} if name == "ihc" else value
            if problem := self._problem(part, name, values[name]):
                raise Refused(*problem, self._offer(part, name, problem[1]) if offering else {})
            if part.model is Publication:
                self.check(name, answer)
        return values

    def _problem(self, part: Part, name: str, value: object) -> tuple[str, str] | None:
        """What the field's validator, and for a number the rules of a report, say against a value: message, hint."""
        try:
            _validator(part.model, name).validate_python(value, context={"vocabulary": self.vocabulary})
        except ValidationError as error:
            context = error.errors()[0].get("ctx", {})
            return str(context.get("message", "that cannot be read")), str(context.get("hint", ""))
        return self._out_of_range(part, name, value)

    def _out_of_range(self, part: Part, name: str, value: object) -> tuple[str, str] | None:
        """The first rule that a report of this one value breaks; other rules need the answers still to come."""
        if isinstance(value, str | bool | dict):
            return None
        course: Draft = {"drug": self.vocabulary.terms("drug")[0]}
        patient: Draft = {"id": "P1", "courses": [course]}
        report: Draft = {"id": "x", "design": self.vocabulary.terms("design")[0]}
        {Publication: report, Patient: patient, Course: course}[part.model][name] = value
        context = {"vocabulary": self.vocabulary}
        case = CaseFile.model_validate({"report": report, "patients": [patient]}, context=context)
        errors = (rule for rule in WITHIN_RULES if rule.severity == "error")
        findings = (finding for rule in errors for finding in rule.find(case) if finding[0][-1] == name)
        return next(((message, hint) for _, message, hint in findings), None)

    def _offer(self, part: Part, name: str, hint: str) -> Mapping[str, str]:
        """The answers that a hint proposes, if they would be accepted."""
        match = _HINT.search(hint)
        if match is None:
            return {}
        proposed = match[1] or match[2]
        _, *pieces = _FIELD.split(proposed)
        offer = dict(zip(pieces[::2], pieces[1::2], strict=True)) or {name: proposed}
        try:
            self._accepted(part, offer, offering=False)
        except (Refused, KeyError):
            return {}
        return offer


def _inset(text: str) -> str:
    return "\n".join(wrapped(text, 78, "  "))


def _as_in_a_file(schema: Mapping[str, Any], answer: str) -> object:
    """An answer as the same characters in a file would be read: text, number, flag or list."""
    kinds = {one.get("type") for one in (schema, *schema.get("anyOf", ()))}
    if kinds == {"array"} and not answer.startswith("["):
        return [item.strip() for item in answer.split(",") if item.strip()]
    if not kinds & {"number", "integer", "boolean", "array"}:
        return answer
    typed = _FLAGS.get(answer.casefold(), answer) if "boolean" in kinds else answer
    document = parse("answer", f"answer: {typed}\n".encode())
    value = None if document.problems else document.data["answer"]
    return answer if value is None else value


@lru_cache
def _validator(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(kind)
