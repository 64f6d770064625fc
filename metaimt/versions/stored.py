"""A frozen version: what it holds, making one, and reading it again.

The whole content is described in docs/versions.md.

What the numbers rest on besides the case files: package versions, and the constants and defaults of the code.

A changed default is news, also where no number moves.
"""

from __future__ import annotations

import ast
import inspect
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from metaimt import __version__
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.version_files import (
    ENDING,
    FOLDER,
    FORMAT,
    canonical,
    digest_of,
    read_version,
    sealed,
    version_paths,
)
from metaimt.evidence.selection import Selection
from metaimt.files import write_file
from metaimt.problem import WrongUse
from metaimt.serialise import to_json
from metaimt.versions.records import Documents, reports_in
from metaimt.versions.side import (
    State,
    Warned,
    documents_of,
    headline_numbers,
    placings_from,
    placings_of,
    texts_of,
)
from metaimt.vocabulary import WORDS_ONLY, Vocabulary

PACKAGES = ("matplotlib", "numpy", "pandas", "pydantic", "pymare", "pyyaml", "scipy", "statsmodels")
MODULES = (
    "analyses.heterogeneity",
    "analyses.pooled_response",
    "analyses.sensitivity",
    "evidence.selection",
    "evidence.tables",
    "model.unit",
    "statistics.adjusted",
    "statistics.posterior",
    "statistics.prediction",
    "statistics.proportion",
)

SHIPPED = Path(__file__).parents[1] / "data"  # holds versions/, as a review does; `metaimt release` fills it
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
    """Those that the module itself assigns; what it imports is a setting of another, or a name."""
    for node in ast.parse(inspect.getsource(module)).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        for name in names:
            if name.isupper() and not name.startswith("_") and _is_plain(value := getattr(module, name, ...)):
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
    lists = {name: sorted(vocabulary.terms(name)) for name in vocabulary.lists if name not in {"drug", *WORDS_ONLY}}
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


_FILE = re.compile(
    r"(?:literature|local|second-reading(?:/(?!\.)[^/\\\x00]+)?)/[^/\\\x00]+\.ya?ml"
    r"|screening/[^/\\\x00]+\.csv|records\.csv|[a-z][a-z-]*\.yaml"
)
_SECTIONS = ("analysis_set", "changes", "defaults", "files", "packages", "protocol", "records", "results", "warnings")


@dataclass(frozen=True, slots=True)
class News:
    """What a version was when it was frozen: the one before it, of which kind, and its news in sentences.

    released: the date of `metaimt release`, with what it stated; None of a version that was only frozen.
    """

    version: str
    since: str | None
    kinds: tuple[str, ...]
    news: tuple[str, ...]
    released: str | None = None
    trigger: str | None = None
    statement: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stored:
    """A version file as read; `content` is the whole of it."""

    version: str
    path: Path
    content: Mapping[str, Any]

    @property
    def texts(self) -> dict[str, str]:
        """Name below the review's folder -> text of each file."""
        return {name: "\n".join(lines) for name, lines in self.content["files"].items()}

    @property
    def state(self) -> State:
        """Warnings, placings and numbers as they were printed."""
        warnings = tuple(sorted(Warned(**entry) for entry in self.content["warnings"]))
        return State(warnings, placings_from(self.content["analysis_set"]), headline_numbers(self.content["results"]))

    @property
    def release(self) -> News:
        """The version in its list of changes."""
        changes = self.content["changes"]
        kinds, news, statement = (tuple(changes.get(name, ())) for name in ("kinds", "news", "statement"))
        return News(
            self.version, changes["since"], kinds, news, changes.get("released"), changes.get("trigger"), statement
        )

    @property
    def digest(self) -> str:
        """The seal of the whole content."""
        return str(self.content["seal"]["all"])


def stored_versions(cases: Path) -> tuple[str, ...]:
    """The versions of a review, oldest first."""
    return tuple(version_paths(cases))


def read_stored(cases: Path, version: str) -> Stored:
    """A version of a review. Raises WrongUse if there is none, or its file is not as it was frozen."""
    paths = version_paths(cases)
    if version not in paths:
        known = f"the versions are {', '.join(paths)}" if paths else "none is frozen yet: metaimt snapshot YEAR.N"
        raise WrongUse(f"no version {version} in {(cases / FOLDER).as_posix()}; {known}")
    content = read_version(paths[version])
    missing = [name for name in _SECTIONS if name not in content]
    if missing:
        raise WrongUse(f"{paths[version].as_posix()} lacks {', '.join(missing)}; restore it from git")
    stored = Stored(version, paths[version], content)
    if section := _ill_formed(stored):
        said = f"its part '{section}' has not the form that metaimt writes, though its seal fits"
        raise WrongUse(f"{stored.path.as_posix()}: {said}; restore it from git")
    return stored


def _ill_formed(stored: Stored) -> str:
    """The section of a version that is not of its form; a seal can be made for any content."""
    for name in _SECTIONS:
        if not isinstance(stored.content[name], list if name == "warnings" else dict):
            return name
    if not all(isinstance(entry, dict) and "sha256" in entry for entry in stored.content["records"].values()):
        return "records"
    for name, read in (("files", "texts"), ("changes", "release"), ("results, analysis_set or warnings", "state")):
        try:
            getattr(stored, read)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            return name
    return ""


def releases(cases: Path) -> tuple[News, ...]:
    """Every version with its news, newest first."""
    return tuple(read_stored(cases, version).release for version in reversed(version_paths(cases)))


def is_review_file(name: str) -> bool:
    """Whether a file of this name, below the folder of a review, may belong to it."""
    return _FILE.fullmatch(name) is not None


def unpack(texts: Mapping[str, str], folder: Path) -> None:
    """Write the files of a state below `folder`. Raises WrongUse for a name that no file of a review has."""
    for name in texts:
        if not is_review_file(name):
            raise WrongUse(f"'{name}' is no file of a review; the version file or revision cannot be used")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def record_digests(documents: Documents) -> dict[str, dict[str, str]]:
    """Report id -> its file, and a SHA-256 of what the file says, whatever its layout and comments."""
    return {name: {"file": file, "sha256": digest_of(data)} for name, (file, data) in reports_in(documents).items()}


def state_digest(library: Library) -> str:
    """A SHA-256 of what every file of a review says, tables of patients apart, whatever its layout and comments."""
    return digest_of(documents_of(library))


def version_content(
    library: Library,
    protocol: Protocol,
    selection: Selection,
    *,
    results: Mapping[str, Any],
    warnings: Iterable[Warned],
    news: News,
    former: Stored | None,
) -> dict[str, Any]:
    """The sections of a version file; `results` are those of `analyses.frozen_numbers`."""
    searches = [{"id": search.id, "status": search.status, "date": search.date} for search in library.searches]
    return {
        "format": FORMAT,
        "version": news.version,
        "status": protocol.living.status if protocol.living else None,
        "changes": {"since": news.since, "kinds": list(news.kinds), "news": list(news.news)},
        "former": {"version": former.version, "seal": former.digest} if former else None,
        "files": {name: text.split("\n") for name, text in texts_of(library).items()},
        "records": record_digests(documents_of(library)),
        "exclusions": {entry.id: entry.reason for entry in library.excluded},
        "searches": searches,
        "protocol": protocol.model_dump(),
        "analysis_set": to_json(placings_of(selection)),
        "results": dict(results),
        "warnings": to_json(sorted(warnings)),
        "packages": package_versions(),
        "defaults": code_defaults(),
        "vocabulary": terms_of(library.vocabulary),
    }


def version_file(cases: Path, version: str, content: Mapping[str, Any]) -> dict[Path, bytes]:
    """The path of cases/versions/VERSION.json.bz2, and its bytes."""
    return {cases / FOLDER / f"{version}{ENDING}": sealed(content)}


def write_version(cases: Path, version: str, content: Mapping[str, Any]) -> Path:
    """Write cases/versions/VERSION.json.bz2 in one step."""
    ((path, packed),) = version_file(cases, version, content).items()
    write_file(path, packed)
    return path
