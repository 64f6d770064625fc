"""Questions and answers: the essentials of a case report, each answer checked as the files are.

An answer is refused by the validators and rules that refuse it in a file, with the same hints. An empty answer is
"not stated": the field stays out. `<` goes back, and an answer given again replaces the former one: the draft is made
anew of all answers after each. Nothing is written here: `keep` is handed the answers after each of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from metaimt.casefiles.model import CaseFile, Course, Patient, Publication
from metaimt.casefiles.schema import case_schema
from metaimt.casefiles.strict_yaml import parse
from metaimt.checks.within_report import WITHIN_RULES
from metaimt.curation.new_case import Draft, without_controls
from metaimt.curation.questions import ANOTHER, FLAGS, NO_BREAK, YES, Part, Question, Walk, explanation, inset, wording
from metaimt.vocabulary import Vocabulary

Answers = dict[str, str]
"""`Question.key` -> its answer as it was typed and accepted; empty for "not stated"."""
Filled = Mapping[str, str]
"""Field -> answer: of the question asked, and where an offer was taken of others of the same part."""
_HINT = re.compile(r"did you mean ([^?]+)\?$|write (\[[\d., ]+\]|[\w.]+)(?: without quotes or unit)?$")
_FIELD = re.compile(r"(?:^|, )([a-z_]+): ")
NOT_STATED: Final = "not stated"
"""What an empty answer is called, and what takes an answer back."""
_HOW: Final = (
    "Answer with a number or a word. Enter alone: not stated, the field is left out.\n"
    "?: what is meant. <: the question before. Ctrl-C: stop; the answers are kept."
)


class Stopped(Exception):  # noqa: N818 - the user's decision, not an error
    """The answers ended before the questions did."""


class _Back(Exception):  # noqa: N818 - the user's decision, not an error
    """To the question before."""


class Refused(Exception):  # noqa: N818 - an answer to be given again
    """An answer that a file could not hold: the text says why; `offer` is what would be accepted instead, if known."""

    def __init__(self, message: str, hint: str, offer: Filled) -> None:
        super().__init__(f"{message}{'; ' if hint else ''}{hint}")
        self.offer = offer


def _not_kept(answers: Answers) -> None:
    """Where nobody keeps answers."""


@dataclass
class Interview:
    """`ask` gives the answer to a prompt that words may complete (EOFError: none will come), `say` tells.

    `check` may refuse a publication; `keep` is given all answers after each.
    """

    vocabulary: Vocabulary
    marker: str
    ask: Callable[[str, Sequence[str]], str]
    say: Callable[[str], None]
    check: Callable[[str, str], None]
    keep: Callable[[Answers], None] = _not_kept
    _former: Answers = field(default_factory=dict, init=False)  # shown when their questions are asked again
    _heading: str = field(default="", init=False)
    _told: dict[tuple[type[BaseModel], str, str], tuple[str, str] | None] = field(default_factory=dict, init=False)

    @cached_property
    def _sections(self) -> Mapping[str, Any]:
        sections: Mapping[str, Any] = case_schema(self.vocabulary)["properties"]
        return sections

    def fill(self, draft: Draft, answers: Mapping[str, str] | None = None) -> None:
        """Fill in the draft of a report, going on after the `answers` kept before.

        Raises Stopped if the answers end early, and what `check` and `keep` raise; the draft is then as it was.
        """
        given = dict(answers or {})
        self.say(_HOW)
        if given and not self._goes_on(draft, given):
            given.clear()
            self.keep(given)
        again: str | None = None
        last: dict[str, str | None] = {}  # what was just answered, and what stood there before
        while True:
            walk, asked = self._replay(draft, given, last)
            at = next((k for k, one in enumerate(asked) if one.key == again or one.key not in given), None)
            if at is None:
                again = self._summary(asked, given)
                if again is None:
                    draft.update(walk.draft)
                    return
                continue
            question = asked[at]
            try:
                filled = self._question(question, given.get(question.key, self._former.get(question.key)))
            except _Back:
                again = asked[max(at - 1, 0)].key
                if at == 0:
                    self.say("  This is the first question.")
                continue
            now = {question.key: "", **{f"{question.place}/{name}": answer for name, answer in filled.items()}}
            last, again = {key: given.get(key) for key in now}, None
            given |= now
            self.keep(given)

    def _replay(self, draft: Draft, given: Answers, last: Mapping[str, str | None]) -> tuple[Walk, list[Question]]:
        """The draft of the answers so far and all its questions; answers that it no longer asks are dropped."""
        walk = Walk(draft, self._sections)
        asked: list[Question] = []
        for question in walk:
            asked.append(question)
            if question.key in given:
                try:
                    walk.taken[question.key] = self._values(question, given[question.key])
                except Refused as error:
                    self.say(inset(f"The answer to {question.at()} is no longer accepted: {error}"))
                    del given[question.key]
        keys = {question.key for question in asked}
        gone = {key: given.pop(key) for key in [*given] if key not in keys}
        if gone:
            self.say("\n" + inset("Dropped, since it is no longer asked:"))
            self.say("\n".join(inset(f"{key.replace('/', ' ')}: {shown(answer)}") for key, answer in gone.items()))
        changed = {key for key, before in last.items() if before not in {None, given.get(key)}}
        again: list[Question] = []
        for one in asked:
            if one.rests_on in changed and one.key in given and one.key not in last:
                again.append(one)
                changed.add(one.key)  # what rests on it in its turn
        if again:
            self.say(
                "\n" + inset(f"Asked again, since what it rests on was changed: {', '.join(one.name for one in again)}")
            )
        self._former |= gone | {one.key: given.pop(one.key) for one in again}
        return walk, asked

    def _goes_on(self, draft: Draft, given: Answers) -> bool:
        """Whether to go on after the kept answers, or else begin anew."""
        _, asked = self._replay(draft, given, {})
        at = next((one.at() for one in asked if one.key not in given), "the summary")
        self.say(f"\n{counted(given)} kept, going on at: {at}\n  [1] go on  [2] begin anew, without these answers")
        while (answer := self._line("1 or 2, Enter = go on > ")) not in {"", "1", "2"}:
            self.say("  1 or 2, please.")
        return answer != "2"

    def _question(self, question: Question, former: str | None) -> Filled:
        """Ask until the answer, or the offer made for it, is accepted; or until it is empty and need not be given."""
        if question.heading and question.heading != self._heading:
            self.say(f"\n{question.heading}")
        self._heading = question.heading
        if question.sentence:
            return self._another(question, former)
        self.say(wording(question, self.marker))
        if former is not None:
            take_back = f" '{NOT_STATED}' takes it back." if former else ""
            self.say(inset(f"Your answer: {shown(former)}. Enter: keep it.{take_back}"))
        offer: Filled = {}
        while True:
            typed = self._reply("> ", question)
            flag = FLAGS.get(typed.casefold())
            if offer and flag == "false":
                offer = {}
                self.say("  Then another answer, please.")
                continue
            answer = "" if typed.casefold() == NOT_STATED else typed or former or ""
            try:
                filled = offer if offer and flag == "true" else {question.name: _chosen(question, answer)}
                self._check(question, filled)
            except Refused as refused:
                offer = refused.offer
                enter = former or ("" if question.part.needs(question.name) else NOT_STATED)
                keys = ["y = yes", *([f"Enter = {enter}"] if enter else ())]
                take = f" ({', '.join(key.replace(' ', NO_BREAK) for key in keys)})" if offer else ""
                self.say(inset(f"{refused}{take}"))
            else:
                return filled

    def _check(self, question: Question, filled: Filled) -> None:
        """Raises Refused for the first answer that a file could not hold, with an offer; and what `check` raises."""
        for name, answer in filled.items():
            if not answer and question.part.needs(name):
                raise Refused("This one is needed.", "", {})
            problem = self._problem(question.part, name, answer) if answer else None
            if problem is not None:
                raise Refused(*problem, self._offer(question, problem[1]))
            if answer and question.part.model is Publication:
                self.check(name, answer)

    def _another(self, question: Question, former: str | None) -> Filled:
        """The answer to a yes or no; Enter is no, or the answer given before."""
        enter = "Enter = no" if former is None else f"n = no, Enter = {former or 'no'}"
        self.say(f"\n{question.sentence}")
        while (answer := self._reply(f"y = yes, {enter} > ", question).casefold()) not in FLAGS:
            if not answer:
                return {ANOTHER: former or ""}
            self.say("  y or n, please.")
        return {ANOTHER: YES if FLAGS[answer] == "true" else ""}

    def _summary(self, asked: Sequence[Question], given: Answers) -> str | None:
        """Show what was entered. The key of the question whose answer is to be changed; None if all is right."""
        lines, heading = ["\nWhat was entered:"], ""
        for number, question in enumerate(asked, start=1):
            if question.heading != heading:
                lines.append(f"\n{question.heading}".rstrip())
            heading = question.heading
            answer = given[question.key] or ("no" if question.sentence else NOT_STATED)
            lines.append(f"{number:>4}  {question.label:<19} {answer}")
        self.say("\n".join([*lines, "\nA number changes that answer, Enter writes the file."]))
        while True:
            try:
                answer = self._line("number or Enter > ")
            except Stopped:  # every question was answered: nothing is left to say
                return None
            if not answer:
                return None
            if answer == "<" or answer.casefold() == "back":
                return asked[-1].key
            if answer.isdecimal() and 1 <= int(answer) <= len(asked):
                return asked[int(answer) - 1].key
            self.say(f"  A number from 1 to {len(asked)}, or Enter, please.")

    def _reply(self, prompt: str, question: Question) -> str:
        """An answer that is no `?`, which is answered here. Raises _Back for `<`."""
        while True:
            answer = self._line(prompt, question.choices)
            if answer == "?":
                self.say(explanation(question, self.vocabulary))
            elif answer == "<":
                raise _Back
            elif answer.casefold() == "back":
                if not question.free and (question.name != "site" or not self.vocabulary.nearest("site", answer)):
                    raise _Back
                self.say(inset(f"'{answer}' is taken as the answer. To go back to the question before: <"))
                return answer
            else:
                return answer

    def _line(self, prompt: str, words: Sequence[str] = ()) -> str:
        try:
            return without_controls(self.ask(prompt, words)).strip()
        except EOFError as error:
            raise Stopped from error

    def _values(self, question: Question, answer: str) -> Draft:
        """What an answer puts into the file. Raises Refused for one that it could not hold, as from kept answers."""
        if not answer and not (question.name != ANOTHER and question.part.needs(question.name)):
            return {}
        if question.sentence and answer == YES:
            return {ANOTHER: True}
        if question.sentence or not answer:
            raise Refused("it is none", "", {})
        if problem := self._problem(question.part, question.name, answer):
            raise Refused(*problem, {})
        return {question.name: self._value(question.part, question.name, answer)}

    def _value(self, part: Part, name: str, answer: str) -> object:
        value = _as_in_a_file(part.schema["properties"][name], answer)
        return {self.marker: value} if name == "ihc" else value

    def _problem(self, part: Part, name: str, answer: str) -> tuple[str, str] | None:
        """What the field's validator, and for a number the rules of a report, say against it: message, hint.

        Asked of each answer at every replay, so once for all.
        """
        key = (part.model, name, answer)
        if key not in self._told:
            self._told[key] = self._problem_of(part, name, self._value(part, name, answer))
        return self._told[key]

    def _problem_of(self, part: Part, name: str, value: object) -> tuple[str, str] | None:
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

    def _offer(self, question: Question, hint: str) -> Filled:
        """The answers that a hint proposes, if they would be accepted."""
        match = _HINT.search(hint)
        if match is None:
            return {}
        proposed = match[1] or match[2]
        _, *pieces = _FIELD.split(proposed)
        offer = dict(zip(pieces[::2], pieces[1::2], strict=True)) or {question.name: proposed}
        fields = question.part.schema["properties"]
        wrong = (name not in fields or self._problem(question.part, name, answer) for name, answer in offer.items())
        return {} if any(wrong) else offer


def counted(answers: Mapping[str, str]) -> str:
    """`1 answer`, `7 answers`; "not stated" is one."""
    return f"{len(answers)} answer{'' if len(answers) == 1 else 's'}"


def shown(answer: str) -> str:
    """An answer in words."""
    return answer or NOT_STATED


def _chosen(question: Question, answer: str) -> str:
    """The word that a number, y or n stands for, or the answer. Raises Refused for a number that stands for none."""
    choices = question.choices
    if YES in choices and answer.casefold() in FLAGS:
        return choices[FLAGS[answer.casefold()] == "false"]
    if not choices or not answer.isdecimal():
        return answer
    if 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1]
    raise Refused(f"'{answer}' is none of the numbers", f"write 1 to {len(choices)}, or the word", {})


def _as_in_a_file(schema: Mapping[str, Any], answer: str) -> object:
    """An answer as the same characters in a file would be read: text, number, flag or list."""
    kinds = {one.get("type") for one in (schema, *schema.get("anyOf", ()))}
    if kinds == {"array"} and not answer.startswith("["):
        return [item.strip() for item in answer.split(",") if item.strip()]
    if not kinds & {"number", "integer", "boolean", "array"}:
        return answer
    typed = FLAGS.get(answer.casefold(), answer) if "boolean" in kinds else answer
    document = parse("answer", f"answer: {typed}\n".encode())
    value = None if document.problems else document.data["answer"]
    return answer if value is None else value


@lru_cache
def _validator(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(kind)
