"""Keys of files that once named one gene or tumour: they are read as the present ones. former_keys.yaml lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import PydanticCustomError

from metaimt.casefiles.fields import refuse
from metaimt.casefiles.strict_yaml import Path
from metaimt.vocabulary.words import load_words

PUBLISHED = "published-pooled.yaml"
COHORT, POOLED = "cohort", "pooled"


@lru_cache(maxsize=1)
def former_keys() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Where it stands (a cohort, a pooled figure) -> former key -> path of the present one."""
    return {
        place: {key: tuple(path) for key, path in keys.items()} for place, keys in load_words("former_keys").items()
    }


def with_present_keys(place: str, value: Any) -> Any:
    """A mapping with the present keys; what is no mapping, or has none of the former ones, as it is.

    Raises the error of a model where a former and its present key say the same.
    """
    former = former_keys()[place]
    if not isinstance(value, dict) or not any(key in value for key in former):
        return value
    found = {key: each for key, each in value.items() if key not in former}
    for key, (name, *below) in former.items():
        if key not in value:
            continue
        others = found.get(name) if below else found
        if name in found and not (below and isinstance(others, dict) and below[0] not in others):
            both = ".".join((name, *below))
            raise refuse("repeated-key", f"{key} and {both} say the same", f"delete {key}: metaimt migrate rewrites it")
        found[name] = {**(found.get(name) or {}), below[0]: value[key]} if below else value[key]
    return found


def places_in(name: str, data: Any) -> Iterator[tuple[str, Path]]:
    """The mappings of a file that may hold former keys: of which place, and their paths."""
    if not isinstance(data, dict):
        return
    if name == PUBLISHED:
        for section, entries in data.items():
            yield from ((POOLED, (section, k)) for k in range(len(entries) if isinstance(entries, list) else 0))
    elif COHORT in data:
        yield COHORT, (COHORT,)


def former_in(name: str, data: Any) -> Iterator[tuple[Path, str]]:
    """Where former keys stand in a file, in its order: the path of each, and what to write today."""
    for place, path in places_in(name, data):
        held, former = _at(data, path), former_keys()[place]
        for key in held if isinstance(held, dict) else ():
            if key in former:
                field, *below = former[key]
                yield (*path, key), f"{field}: {{{below[0]}: ...}}" if below else field


def present_document(name: str, data: Any) -> Any:
    """What a file holds, with present keys: so that a comparison sees no change in a key that was renamed."""
    for place, path in places_in(name, data):
        data = _replaced(data, path, place)
    return data


def _replaced(data: Any, path: Path, place: str) -> Any:
    if not path:
        try:
            return with_present_keys(place, data)
        except PydanticCustomError:  # both keys: the reader tells it
            return data
    step, *rest = path
    changed = _replaced(data[step], tuple(rest), place)
    if changed is data[step]:
        return data
    if isinstance(data, list):
        return [changed if k == step else each for k, each in enumerate(data)]
    return {**data, step: changed}


def as_typed(name: str, data: Any, path: Path) -> Path:
    """The path of a value in the file as it is typed, where a former key stands for the present one."""
    for place, start in places_in(name, data):
        if path[: len(start)] != start:
            continue
        held, rest = _at(data, start), path[len(start) :]
        for key, present in former_keys()[place].items():
            if isinstance(held, dict) and key in held and rest[: len(present)] == present:
                return (*start, key, *rest[len(present) :])
    return path


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data
