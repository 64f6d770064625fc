"""Made-up review folders for the tests: nobody in them exists."""

from __future__ import annotations

import os

# Read when numpy is loaded, as by the command line: of two threads for small arrays one waits, and that costs as much.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import copyreg
import gc
import pickle
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, fields
from functools import cache, partial, wraps
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import typer.main
import typer.testing
import yaml
from filelock import FileLock

import metaimt
from metaimt.analyses.results import Results
from metaimt.casefiles.library import Library, read_files
from metaimt.casefiles.migrate import protocol_of_format_2
from metaimt.casefiles.protocol import Protocol
from metaimt.checks import check_library
from metaimt.evidence.selection import Selection, select
from metaimt.model.unit import Unit
from metaimt.problem import Problem
from metaimt.review import load

pytest_plugins = ["hypothesis_profiles", "page_browser"]
# Where bytecode is not kept, every process compiles the package and every worker rewrites all tests, at each run.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# A full collection of garbage looks at all of ten thousand tests: a small part of the usual number is enough.
gc.set_threshold(10_000, 10, 200)
# Every call of the command line would describe all commands anew, which takes longer than most of them.
typer.main.get_command = cache(typer.main.get_command)
vars(typer.testing)["_get_command"] = typer.main.get_command
ROOT = Path(__file__).parent.parent
FROZEN = Path(__file__).parent / "frozen"
"""A project folder with a frozen review in `cases/`: what tests of code run on, never the living review."""
MakeReview = Callable[..., Path]
PRESENT_PROTOCOL = protocol_of_format_2((FROZEN / "cases" / "review.yaml").read_text(encoding="utf-8"))
"""The frozen review's protocol in the present format; made-up reviews have it."""


LIVING = (f"{ROOT / 'cases'}{os.sep}", f"{ROOT / 'outputs'}{os.sep}")
_LOOKS_AT_IT = ROOT / "tests" / "shipped"
_may_look = [True]


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(LIVING) and not _may_look[0]:
        raise AssertionError(f"{arguments[0]}: a test of code runs on the frozen review or on a made-up one")


sys.addaudithook(_refuse)


def pytest_sessionfinish() -> None:
    """pytest looks for garbage five times at its end; after the first look all that is left stays."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Only the tests in tests/shipped may read the living review; one more case there must break no other."""
    _may_look[0] = item.path.is_relative_to(_LOOKS_AT_IT)
    try:
        return (yield)
    finally:
        _may_look[0] = True


def selected_in(folder: Path) -> tuple[Library, Protocol, Selection]:
    """A review read and selected by its protocol: what a single analysis needs, where the whole takes seconds."""
    loaded = load(folder)
    return loaded.library, loaded.protocol, select(loaded.library, loaded.protocol)


@dataclass(frozen=True)
class Built:
    """The results of a review and the folder they were written to."""

    results: Results
    out: Path


def course(response: str | None = "PR", **more: Any) -> dict[str, Any]:
    """A made-up course of crizotinib with a stated response."""
    stated = {} if response is None else {"response": response, "response_basis": "stated"}
    return {"drug": "crizotinib", **stated, **more}


def patient(*courses: dict[str, Any], id: str = "P1", **more: Any) -> dict[str, Any]:
    """A made-up ALK-positive patient."""
    return {"id": id, "histology": "IMT", "ihc": {"ALK": "positive"}, "courses": list(courses), **more}


def report(id: str, *patients: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A made-up report; `design` and `overlaps` go to its bibliography, the rest to the file."""
    bibliography = {"id": id, "title": "Made up", "year": 2020, "design": more.pop("design", "case_report")}
    bibliography |= {key: more.pop(key) for key in ("overlaps", "setting", "doi", "year") if key in more}
    extraction = {"depth": "abstract", "by": "a", "checked_by": "b", "date": "2026-01-01"} | more.pop("extraction", {})
    return {
        "report": bibliography,
        "extraction": extraction,
        **({"patients": list(patients)} if patients else {}),
        **more,
    }


def arm(responders: int, evaluable: int, **more: Any) -> dict[str, Any]:
    """A made-up ALK-positive arm on crizotinib."""
    counts = {"evaluable": evaluable, "responders": responders, "response_basis": "stated"}
    return {"label": "Made up", "drug": "crizotinib", "status": {"ALK": "positive"}, "line": "any", **counts, **more}


def link(gives: str, prefer: str, *patients: str, certainty: str = "certain") -> dict[str, Any]:
    """A made-up link; without patients nobody knows which ones are the same."""
    found = {"reports": sorted((gives, prefer)), "prefer": prefer, "certainty": certainty}
    return {**found, "patients": list(patients)} if patients else found


def told_of(folder: Path, text: str, name: str = "example-2024") -> tuple[Problem, ...]:
    """What is told of a lone case file with this text."""
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return check_library(read_files([folder / f"{name}.yaml"]), whole=False)


def unit(id: str, responders: int = 0, evaluable: int = 1, **more: Any) -> Unit:
    """A made-up unit that says nothing but its counts: `report/P1`, or `report/arm1`."""
    of, _, name = id.partition("/")
    number = int(name.removeprefix("arm")) if name.startswith("arm") else None
    told: dict[str, Any] = {field.name: None for field in fields(Unit)}
    told |= {"id": id, "report": of, "file": f"cases/literature/{of}.yaml", "arm": number}
    told |= {"patient": name if number is None else None, "course": int(number is None), "line": "first"}
    told |= {"design": "case_report", "local": False, "drug": "crizotinib", "drug_named": True, "combined_with": ()}
    told |= {"targets": (("ALK",),), "kinases": (), "mutations": ()}
    told |= {"markers": (), "disputed": False, "responders": responders, "evaluable": evaluable}
    return Unit(**{**told, **more})


def _proxy(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)


copyreg.pickle(MappingProxyType, lambda proxy: (_proxy, (dict(proxy),)))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of one test run share: what is dear is made there once, behind a lock."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(path: Path, make: Callable[[], Results]) -> Results:
    """What one process of the test run makes and keeps at `path` in `once`, and the others read."""
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            path.write_bytes(pickle.dumps(make()))
        found: Results = pickle.loads(path.read_bytes())  # noqa: S301 - written by another process of this run
    return found


_REMEMBERED: dict[str, Any] = {}
_DEAR = {
    "alternatives": ("pool_proportion",),
    "comparison": ("beta_binomial_model", "glmm_model", "inverse_variance_models", "likelihood_model"),
    "contrasts": ("beta_binomial_regression", "odds_ratio"),
    "heterogeneity": ("pool_proportion", "predict"),
    "pooled_response": ("adjusted_rate", "confidence_sequence", "pool_parts", "pool_proportion"),
    "sensitivity": ("odds_ratio", "pool_weighted"),
    "study_parts": ("beta_binomial_parts", "glmm_model"),
    "subgroups": ("partial_pooling",),
}


def remember(patch: pytest.MonkeyPatch, kept: Path) -> None:
    """Keep what the dear functions answer in the folder `kept`, and ask for nothing twice."""
    kept.mkdir(exist_ok=True)

    def recalled(function: Callable[..., Any]) -> Callable[..., Any]:
        assert function.__module__.startswith("metaimt."), "what a test puts in its place has no name of its own"

        @wraps(function)
        def ask(*given: Any, **more: Any) -> Any:
            asked = repr((function.__module__, function.__qualname__, given, sorted(more.items())))
            assert "array(" not in asked, "numpy leaves out what is long"
            if asked not in _REMEMBERED:
                path = kept / sha256(asked.encode()).hexdigest()
                if not path.exists():
                    own = path.with_suffix(f".{os.getpid()}")
                    own.write_bytes(pickle.dumps(function(*given, **more)))
                    own.replace(path)
                _REMEMBERED[asked] = pickle.loads(path.read_bytes())  # noqa: S301 - written by a process of this run
            return _REMEMBERED[asked]

        return ask

    for owner, names in _DEAR.items():
        module = import_module(f"metaimt.analyses.{owner}")
        for name in names:
            patch.setattr(module, name, recalled(getattr(module, name)))


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch, once: Path) -> None:
    """Equal reports have equal posteriors and predictions: what the analyses ask for again is not computed again.

    Neither in this process nor in another one of the test run.
    """
    remember(monkeypatch, once / "remembered")


@pytest.fixture(scope="session")
def shipped(once: Path) -> Results:
    """The frozen review, analysed once a test run."""
    with pytest.MonkeyPatch.context() as patch:
        remember(patch, once / "remembered")
        return made_once(once / "results", lambda: metaimt.run(FROZEN / "cases"))


def write_review(folder: Path, *reports: dict[str, Any], links: list[dict[str, Any]] | None = None) -> Path:
    """Write a made-up review with the shipped protocol, and return its folder."""
    (folder / "literature").mkdir(parents=True, exist_ok=True)
    (folder / "review.yaml").write_text(PRESENT_PROTOCOL, encoding="utf-8")
    for entry in reports:
        path = folder / "literature" / f"{entry['report']['id']}.yaml"
        path.write_text(f"# Made up.\n{yaml.safe_dump(entry, sort_keys=False)}", encoding="utf-8")
    if links:
        (folder / "links.yaml").write_text(yaml.safe_dump(links), encoding="utf-8")
    return folder


@pytest.fixture
def make_review(tmp_path: Path) -> MakeReview:
    """A function that writes a made-up review folder with the shipped protocol and returns it."""
    return partial(write_review, tmp_path / "review")


@pytest.fixture
def forest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds that draw the forest plot and no other figure: drawing is most of the time of a small build."""
    monkeypatch.setattr("metaimt.report.figures.figure_names", lambda protocol: {"forest": "made up"})


QUICK = {
    "metaimt.report.outputs.page_html": "",
    "metaimt.report.outputs.report_markdown": "",
    "metaimt.render.word.word_bytes": b"",
    "metaimt.report.workbook.workbook_bytes": b"",
}


def leave_empty(patch: pytest.MonkeyPatch) -> None:
    """Builds whose page, report, Word document and workbook are empty: for what is done around them."""
    for name, content in QUICK.items():
        patch.setattr(name, lambda *_, _content=content, **__: _content)


@pytest.fixture
def empty_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """See `leave_empty`."""
    leave_empty(monkeypatch)


@pytest.fixture(scope="session")
def outputs(shipped: Results, once: Path) -> Path:
    """The folder of the frozen review's outputs, written once a test run."""
    from metaimt.out_folder import write_folder
    from metaimt.report.figures import review_figure_files
    from metaimt.report.outputs import output_files
    from metaimt.review import news

    out = once / "outputs"
    with FileLock(once / "outputs.lock"):
        if not out.exists():
            write_folder(out, output_files(shipped, review_figure_files(shipped), news(shipped)))
    return out


@pytest.fixture(scope="session")
def built(shipped: Results, outputs: Path) -> Built:
    """The frozen review: its results and the folder of its outputs."""
    return Built(shipped, outputs)
