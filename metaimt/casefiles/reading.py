"""From a document to a frozen model, or to problems: line, column, what was expected, the nearest value."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from metaimt.casefiles import hints
from metaimt.casefiles.former_keys import as_typed
from metaimt.casefiles.strict_yaml import Document, Path
from metaimt.problem import Problem
from metaimt.vocabulary import Vocabulary, is_not_stated, one_slip

Model = TypeVar("Model", bound=BaseModel)
_NOTHING = {"no", "none", "nothing", "alone", "monotherapy", "single agent", "0"}
_FIELDS_EXPECTED = {"dict_type", "mapping_type", "model_type"}


def read_model(
    document: Document, model: type[Model], vocabulary: Vocabulary, unfinished: str = ""
) -> tuple[Model | None, tuple[Problem, ...]]:
    """The model of a document, or None with every problem found in it, in one go.

    unfinished: what else may be done with a file that has empty fields; the hint of the first of them says so too.

    A document with problems that still has data, such as a field that stands twice, is read on with what it has.
    """
    if document.problems and document.data is None:
        return None, document.problems
    found, problems = _read(document, model, vocabulary, unfinished)
    return (None, (*document.problems, *problems)) if document.problems else (found, problems)


def _read(
    document: Document, model: type[Model], vocabulary: Vocabulary, unfinished: str
) -> tuple[Model | None, tuple[Problem, ...]]:
    found_empty = _empty_fields(document.data) if _has_empty_field(document.data) else ()
    empty = {path: _no_value(document, model, path) for path in found_empty}
    if empty and unfinished:
        path, first = next(iter(empty.items()))
        empty[path] = replace(first, hint=f"{first.hint.rstrip('.')}. {unfinished}")
    try:
        found = model.model_validate(document.data, context={"vocabulary": vocabulary})
        return (None, tuple(empty.values())) if empty else (found, ())
    except ValidationError as error:
        details = error.errors(include_url=False)
        wrong = [detail for detail in details if not is_echo(detail) and detail["loc"] not in empty]
        return None, (*empty.values(), *(_problem(document, model, detail) for detail in wrong))


def readable_entries(entries: Any, model: type[Model], vocabulary: Vocabulary) -> dict[int, Model]:
    """The entries of a list that are in form, by their place in it: what can be checked beside a wrong one."""
    found: dict[int, Model] = {}
    for k, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not _has_empty_field(entry):
            with contextlib.suppress(ValidationError):
                found[k] = model.model_validate(entry, context={"vocabulary": vocabulary})
    return found


def is_echo(detail: ErrorDetails) -> bool:
    """Pydantic counts only the valid items of a list: one wrong item also makes the list "too short"."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _has_empty_field(data: Any) -> bool:
    """Whether any field has no value: the question without the places, for it is asked of every file."""
    waiting = [data] if isinstance(data, dict | list) else []
    for item in waiting:
        values = item.values() if type(item) is dict else item
        if values is not item and None in values:
            return True
        waiting += [value for value in values if type(value) is dict or type(value) is list]
    return False


def _empty_fields(data: Any, path: Path = ()) -> Iterator[Path]:
    """Fields without a value: one that was meant to be filled in later must not pass as not stated."""
    if isinstance(data, dict | list):
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            if value is None and isinstance(data, dict):
                yield (*path, step)
            yield from _empty_fields(value, (*path, step))


def _no_value(document: Document, model: type[BaseModel], path: Path) -> Problem:
    if str(path[-1]) in _required(_fields_at(model, path[:-1])):
        hint = _fill_in(model, path)
    else:
        hint = f"fill it in, or {hints.LEFT_OUT}"
    return document.problem(path, "wrong-type", f"{path[-1]}: no value", hint, key=True)


def _fill_in(model: type[BaseModel], path: Path) -> str:
    meaning = _meaning(model, path).removeprefix(f"add {path[-1]}").lstrip(": ,")
    return f"fill it in: {meaning}" if meaning else "fill it in; it is required"


def _problem(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Problem:
    path: Path = tuple(step for step in detail["loc"] if step != "[key]")
    at_key = "[key]" in detail["loc"]
    field = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    context: Mapping[str, Any] = detail.get("ctx", {})
    if detail["type"] == "metaimt":
        message = f"{field}: {context['message']}" if field else context["message"]
        in_field = bool(path) and path[-1] == field and not at_key
        hint = _with_field(field, context) if in_field else context["hint"]
        if hint == hints.LEFT_OUT and in_field and field in _required(_fields_at(model, path[:-1])):
            hint = _fill_in(model, path)
        return _told(document, path, context["rule"], message, hint, key=at_key)
    if detail["type"] == "missing":
        where = _where(path[:-1])
        return _told(document, path[:-1], "missing-field", f"{where} has no '{field}'", _meaning(model, path))
    if detail["type"] == "extra_forbidden":
        hint = _nearest_field(model, path, detail["input"])
        return _told(document, path, "unknown-field", f"{_where(path[:-1])} has no field '{field}'", hint, key=True)
    rule, message, hint = _about_shape(model, path, detail)
    return _told(document, path, rule, f"{field or _where(path)}: {message}", hint)


def _told(document: Document, path: Path, rule: str, message: str, hint: str = "", *, key: bool = False) -> Problem:
    """A problem at the value of a path of the model, which in the file may stand below a former key."""
    typed = as_typed(document.name.rpartition("/")[2], document.data, path)
    return document.problem(typed, rule, message, hint, key=key)


def _with_field(field: str, context: Mapping[str, Any]) -> str:
    """The hint with the whole line to type: `did you mean PR?` becomes `did you mean response: PR?`."""
    hint: str = context["hint"]
    if value := context.get("proposed"):
        for verb in ("write ", "did you mean "):
            hint = hint.replace(f"{verb}{value}", f"{verb}{field}: {value}", 1)
    return hint


def _about_shape(model: type[BaseModel], path: Path, detail: ErrorDetails) -> tuple[str, str, str]:
    """Rule, message and hint where a list, or fields, or another length was expected."""
    kind, value = detail["type"], detail["input"]
    first = next(iter(_required(_fields_at(model, path))), "")
    if kind == "too_short" and not value:
        return "empty-list", "the list is empty", "fill it in"
    if kind in {"too_short", "too_long"}:
        limit = detail["ctx"].get("min_length") or detail["ctx"]["max_length"]
        return "wrong-form", f"a list of {len(value)}; expected {limit}", f"write {limit} entries"
    if kind == "tuple_type":
        if isinstance(value, str) and (is_not_stated(value) or value.strip().casefold() in _NOTHING):
            return "wrong-type", "expected a list", hints.LEFT_OUT
        simple = f"write [{value}]" if isinstance(value, str) else "write [first, second]"
        hint = f"start each entry with '- ', such as '- {first}: ...'" if _fields_at(model, path) else simple
        return "wrong-type", "expected a list", hint
    if kind in _FIELDS_EXPECTED:
        hint = f"write '{first}: ...' and the other fields, one a line" if first else "write {name: value}"
        if isinstance(value, str) and is_not_stated(value):
            hint = hints.LEFT_OUT
        elif status := _marker(model, path, value):
            hint = f"write {path[-1]}: {status}"
        return "wrong-type", "expected fields", hint
    return "wrong-type", detail["msg"], ""


def _marker(model: type[BaseModel], path: Path, value: object) -> str | None:
    """`{BRAF: positive}` where markers are expected and `BRAF+`, or a list of one, was typed."""
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    owner = _fields_at(model, path[:-1])
    kind = str(owner[str(path[-1])].annotation) if path and str(path[-1]) in owner else ""
    if not isinstance(text, str) or "Mapping[" not in kind:
        return None
    return hints.marker(text, flags="bool" in kind)


def _where(path: Path) -> str:
    """A part of a file in words: `courses 2 of patients 1` reads `patients 1, courses 2`."""
    words: list[str] = []
    for step in path:
        if isinstance(step, int) and words:
            words[-1] = f"{words[-1]} {step + 1}"
        else:
            words.append(f"entry {step + 1}" if isinstance(step, int) else str(step))
    return ", ".join(words) or "the file"


def _nearest_field(model: type[BaseModel], path: Path, value: object) -> str:
    name, fields = str(path[-1]), tuple(_fields_at(model, path[:-1]))
    if name in model.model_fields:
        return f"{name} starts at the left margin; check the indentation"
    if homes := tuple(dict.fromkeys(_homes(model, name))):
        return f"{name} is a field of {' and '.join(homes)}; check the indentation"
    if renamed := hints.of_renamed_field(name, value, fields):
        return renamed
    close = [field for field in fields if _same_name(name, field)]
    return f"did you mean {close[0]}?" if len(close) == 1 else f"the fields are {', '.join(fields)}"


def _same_name(typed: str, field: str) -> bool:
    """Whether a name is the field's with other signs between, in the plural, or with one slip of typing.

    No likeness beyond that: `non_response` is like `response`.
    """
    one, other = ("".join(re.findall(r"[a-z0-9]", name.casefold())) for name in (typed, field))
    return one.removesuffix("s") == other.removesuffix("s") or one_slip(one, other)


def _homes(model: type[BaseModel], name: str) -> Iterator[str]:
    """The fields of a model under which a field of this name may stand."""
    for home, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            if name in inner.model_fields:
                yield home
            yield from _homes(inner, name)


def _meaning(model: type[BaseModel], path: Path) -> str:
    name = str(path[-1])
    required = _required(_fields_at(model, path))
    if required:
        return f"add {name}, with {' and '.join(required)}"
    field = _fields_at(model, path[:-1]).get(name)
    return f"add {name}: {field.description}" if field is not None else f"add {name}"


def _required(fields: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, field in fields.items() if field.is_required())


def _fields_at(model: type[BaseModel], path: Path) -> Mapping[str, Any]:
    """The fields of the model that stands at `path`, following lists, mappings and optional values."""
    current: Any = model
    for step in path:
        field = _fields_in(current).get(step) if isinstance(step, str) else None
        current = current if field is None else field.annotation
    return _fields_in(current)


def _fields_in(annotation: Any) -> Mapping[str, Any]:
    owner = _model_in(annotation)
    return owner.model_fields if owner is not None else {}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model that an annotation such as tuple[Course, ...] or Median | None mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        root = annotation.model_fields.get("root")
        return _model_in(root.annotation) if root is not None else annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
