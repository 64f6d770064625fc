"""Results as JSON data: one function for every class; each class says what of it is published.

A frozen dataclass is published by its fields. One that publishes something else says so above itself:

    @published("grouping", spread("counts"), level="name", orr=lambda each: rounded(each.orr), none=NOBODY)

These are a value under its own name, the keys of a part beside the own ones, values under another name or computed,
and what stands for a value that does not exist, so that nothing is null. The decorator sets `JSON` and `JSON_NONE`; a
class that imports nothing of the package (`statistics`) has them as attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite
from operator import attrgetter
from typing import Any, TypeVar

Source = str | Callable[[Any], Any]
"""A name (dotted: of a part) of a field, property or method without arguments; or a function of the object."""
Entry = str | tuple[str, Source] | Callable[[Any], Any]
Published = tuple[Entry, ...] | Callable[[Any], Any]
Instead = Mapping[Any, Published]
"""Class -> what it publishes in place of what it says itself."""

Class = TypeVar("Class")
_PLAIN = frozenset([str, int, float, bool, type(None)])
_EMPTY: tuple[Any, ...] = (None, "", (), {})


def to_json(value: Any, instead: Instead | None = None) -> Any:
    """Dicts with text as keys, lists, text, numbers, true, false and None.

    Args:
        value: dataclasses, mappings, tuples, lists, enumerations, numpy scalars and arrays, at any depth. A key that
            is a number is written as short as it is: `0.3`.
        instead: what these classes publish, at any depth, in place of what they say themselves.

    Raises:
        TypeError: a value of another class, or a key that is neither text nor a number.
    """
    if type(value) in _PLAIN:
        return value
    said = (instead or {}).get(type(value)) or getattr(type(value), "JSON", None)
    if said is None and is_dataclass(value):
        said = tuple(field.name for field in fields(value))
    if said is None:
        return _of_no_class(value, instead)
    return to_json(said(value), instead) if callable(said) else _object(value, said, instead)


def _of_no_class(value: Any, instead: Instead | None) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): to_json(inner, instead) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(inner, instead) for inner in value]
    if isinstance(value, Enum):
        return to_json(value.value)
    for kind in (str, int, float):  # of subclasses, numpy's float among them
        if isinstance(value, kind):
            return kind(value)
    if not hasattr(value, "tolist"):
        raise TypeError(f"{type(value).__name__} has no form as JSON")
    return to_json(value.tolist())


def published(*entries: Entry, none: Any = None, **named: Source) -> Callable[[type[Class]], type[Class]]:
    """What a class publishes in place of its fields.

    Args:
        entries: a name, whose value stands under it; a pair of key and source; or a function of the object that gives
            keys to stand beside the others.
        none: what stands for None and for a number that is not finite: data, or an object that has a form as JSON.
        named: key and source.
    """

    def chosen(owner: type[Class]) -> type[Class]:
        setattr(owner, "JSON", (*entries, *named.items()))  # noqa: B010 - mypy knows no such attribute
        setattr(owner, "JSON_NONE", none)  # noqa: B010
        return owner

    return chosen


def entries_of(owner: type, *without: str) -> tuple[Entry, ...]:
    """What a class publishes, but for the entries of these keys."""
    said: tuple[Entry, ...] = owner.__dict__["JSON"]
    return tuple(each for each in said if not {each, each[0] if isinstance(each, tuple) else each} & {*without})


def spread(source: Source) -> Callable[[Any], Any]:
    """An entry: the keys of a part of the object, beside the object's own."""
    return lambda each: _read(each, source)


def optional(name: str, source: Source | None = None) -> Callable[[Any], Any]:
    """An entry: the key is left out where the value is None or empty."""
    return lambda each: {} if (value := _read(each, source or name)) in _EMPTY else {name: value}


def _object(value: Any, entries: tuple[Entry, ...], instead: Instead | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in entries:
        if callable(entry):
            found |= to_json(entry(value), instead)
        else:
            name, source = (entry, entry) if isinstance(entry, str) else entry
            found[name] = to_json(_read(value, source), instead)
    none = to_json(getattr(type(value), "JSON_NONE", None))
    return found if none is None else {name: none if _is_none(inner) else inner for name, inner in found.items()}


def _read(each: Any, source: Source) -> Any:
    value = attrgetter(source)(each) if isinstance(source, str) else source(each)
    return value() if callable(value) else value


def _is_none(value: object) -> bool:
    return value is None or (isinstance(value, float) and not isfinite(value))


def _key(key: object) -> str:
    if isinstance(key, str):
        return str(key)
    if isinstance(key, int | float):
        return f"{key:g}"
    raise TypeError(f"{type(key).__name__} is no key of JSON")
