"""What the numbers rest on besides the case files: package versions, and the constants and defaults of the code.

A changed default is news, also where no number moves.
"""

from __future__ import annotations

import inspect
import platform
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

from metaimt import __version__
from metaimt.casefiles.version_files import canonical
from metaimt.model import count
from metaimt.vocabulary import Vocabulary

PACKAGES = ("matplotlib", "numpy", "pandas", "pydantic", "pymare", "pyyaml", "scipy", "statsmodels")
MODULES = (
    "analyses.heterogeneity",
    "analyses.pooled_response",
    "analyses.sensitivity",
    "evidence.selection",
    "evidence.tables",
    "statistics.adjusted",
    "statistics.posterior",
    "statistics.prediction",
    "statistics.proportion",
)

JOBS = "jobs"  # how many processes share the work: no number rests on it


def package_versions() -> dict[str, str]:
    """The version of this package, of Python, and of each library that computes or draws."""
    return {"metaimt": __version__, "python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def code_defaults() -> dict[str, Any]:
    """`statistics.posterior.FEW` -> 3, `statistics.posterior.pool_proportion(level)` -> 0.95, of each of MODULES."""
    found: dict[str, Any] = {}
    for name in MODULES:
        module = import_module(f"metaimt.{name}")
        found |= {f"{name}.{key}": canonical(value) for key, value in (*_constants(module), *_arguments(module))}
    return found


def _constants(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Not the names of outcomes, which are no setting."""
    for name, value in vars(module).items():
        if name.isupper() and _is_plain(value) and name not in vars(count):
            yield name, value


def _arguments(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Of functions that others may call: how the work is shared among private ones is no setting."""
    for name, function in vars(module).items():
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
            for argument in inspect.signature(function).parameters.values():
                if argument.default is not argument.empty and _is_plain(argument.default) and argument.name != JOBS:
                    yield f"{name}({argument.name})", argument.default


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def terms_of(vocabulary: Vocabulary) -> dict[str, Any]:
    """The accepted terms, and each drug's generation and whether it is a named drug."""
    drugs = {drug.name: {"generation": drug.generation, "named": drug.named} for drug in vocabulary.drugs.values()}
    lists = {name: sorted(vocabulary.terms(name)) for name in vocabulary.lists if name != "drug"}
    return {"drugs": drugs, **lists}


def flat(data: Any, path: str = "") -> dict[str, Any]:
    """`{a: {b: 1}, c: [2]}` as `{a.b: 1, c[0]: 2}`; an empty mapping or list is a value."""
    if isinstance(data, Mapping) and data:
        parts = [flat(value, f"{path}.{key}" if path else str(key)) for key, value in data.items()]
    elif isinstance(data, list | tuple) and data:
        parts = [flat(value, f"{path}[{place}]") for place, value in enumerate(data)]
    else:
        return {path: data}
    return {key: value for part in parts for key, value in part.items()}
