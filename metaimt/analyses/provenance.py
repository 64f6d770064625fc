"""How the numbers were made: the protocol, the defaults of the code, and the packages that computed them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any

import metaimt
from metaimt.analyses import duration
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.problem import Problem, Waived
from metaimt.statistics import exact_tests, firth, survival

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "PyMARE", "matplotlib", "PyYAML", "pydantic", "Jinja2")


def software() -> dict[str, str]:
    """Version of this package and of those that compute, read or draw; `constraints.txt` pins them."""
    return {"metaimt": metaimt.__version__, **{name: version(name) for name in PACKAGES}}


def settings(protocol: Protocol) -> dict[str, Any]:
    """Everything that was chosen: by the review (its protocol, with its defaults filled in) and by the code."""
    return {"protocol": protocol.model_dump(mode="json", warnings=False), "defaults": defaults()}


def defaults() -> dict[str, Any]:
    """The constants of the methods that no protocol sets, by what they govern."""
    return {
        "interval_level": 0.95,
        "exact_test": {
            "most_tables_enumerated": exact_tests.MOST_TABLES,
            "replicates_beyond": exact_tests.REPLICATES,
            "seed": exact_tests.SEED,
            "smallest_level": exact_tests.SMALLEST_LEVEL,
        },
        "firth": {"events_per_parameter": firth.EVENTS_PER_PARAMETER},
        "survival": {
            "fewest_times": survival.FEWEST_TIMES,
            "fewest_events": survival.FEWEST_EVENTS,
            "fewest_events_for_cox": survival.FEWEST_COX_EVENTS,
            "landmarks_months": list(duration.LANDMARKS),
        },
    }


def findings(library: Library, found: Iterable[Problem | Waived]) -> list[dict[str, Any]]:
    """What is said of the case files, with file names as from the folder of the review."""
    told = ((one, one if isinstance(one, Problem) else one.problem) for one in found)
    return [{**one.to_dict(), "file": _inside(problem.file, library)} for one, problem in told]


def _inside(name: str, library: Library) -> str:
    path = PurePosixPath(name)
    folder = library.folder.as_posix()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
