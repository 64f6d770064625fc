"""What the data files of this folder hold, as they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml


def load_words(name: str) -> Any:
    """What a data file of this folder holds."""
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


@lru_cache(maxsize=1)
def _genes() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Symbol -> number in the HGNC, empty where it is not known; former symbol -> present symbol."""
    lines = files(__package__).joinpath("hgnc.txt").read_text(encoding="utf-8").splitlines()
    numbers, former = {}, {}
    for line in lines:
        if not line.startswith("#"):
            symbol, *more = line.split()
            numbers[symbol] = more.pop(0) if more and more[0].isdigit() else ""
            former.update(dict.fromkeys(more, symbol))
    return MappingProxyType(numbers), MappingProxyType(former)


@lru_cache(maxsize=1)
def genes() -> tuple[frozenset[str], Mapping[str, str]]:
    """The present symbols of all protein-coding genes, and former symbol -> present symbol: hgnc.txt."""
    numbers, former = _genes()
    return frozenset(numbers), former


def gene_numbers() -> Mapping[str, str]:
    """Present symbol -> its number in the HGNC, empty where it is not known."""
    return _genes()[0]
