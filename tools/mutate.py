"""Do the tests notice? Small wrong changes in the package, a sample of them, each under the tests that run it.

    python tools/mutate.py                     300 changes, the table by area, and who survived
    python tools/mutate.py --seed 2 --number 40 --area page

Ends with status 1 if fewer than 85 of 100 are caught. Survivors stand, each with its reason, in
`tests/mutation/survivors.md`, which `--write` writes anew and keeps the reasons of.

mutmut and cosmic-ray were looked at: the first changes nothing but the bodies of functions, while much of what is meant
here stands in tables (conditions of a pool, levels of a grouping); the second starts Python for each change, which
takes longer here than the tests that notice it.

What makes it fast: one process imports everything and is forked for each change. The changed module, and whatever
imports it, is imported again there; nothing is written to the package. `metaimt.statistics` is never changed, so that
its answers are kept from one run to the next; nor is an analysis made again for a change in a report or figure. Of the
test files only those are run that call the changed function, first the one of the same name, then the quickest, until
one fails or they have taken a minute.
"""

from __future__ import annotations

import argparse
import ast
import functools
import gc
import hashlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import pickle
import pkgutil
import re
import shutil
import sys
import threading
import time
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))
from mutants import Mutant, mutants_of
from mutate_change import change
from mutate_run import TOO_LONG, First, each_in_fork, run_tests

ROOT: Final = Path(__file__).resolve().parent.parent
SURVIVORS: Final = ROOT / "tests" / "mutation" / "survivors.md"
LEAST_CAUGHT: Final = 0.85
AREAS: Final[dict[str, tuple[str, ...]]] = {
    "selection": ("metaimt/evidence/*.py", "metaimt/model/*.py", "metaimt/casefiles/shared.py"),
    "checks": ("metaimt/checks/*.py",),
    "analyses": ("metaimt/analyses/*.py",),
    "content": ("metaimt/content/*.py", "metaimt/report/*.py", "metaimt/render/*.py"),
    "page": (
        *("metaimt/report/page*.py", "metaimt/render/html.py"),
        "metaimt/report/templates/page*.html.j2",
    ),
}
TESTS: Final = (
    "decisions",
    "oracle",
    "evidence",
    "checks",
    "analyses",
    "content",
    "report",
    "page",
    "figures",
    "cli",
    "casefiles",
    "model",
    "versions",
    "curation",
)
WITHOUT: Final = ()
_IMPORTED: Final = (
    *("numpy", "scipy.optimize", "scipy.special", "scipy.stats", "pandas", "statsmodels.api", "pymare"),
    *("matplotlib.figure", "matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg", "pydantic", "jinja2"),
    *(
        "yaml",
        "typer",
        "rich",
        "rispy",
        "pybtex",
        "latexcodec",
        "defusedxml",
        "openpyxl",
        "docx",
        "markdown_it",
        "pytest",
        "hypothesis",
    ),
)
_MADE: Final = {
    "analyse": "metaimt.analyses.results",
    "review_figure_files": "metaimt.report.figures",
}
_LARGE: Final = 50_000  # bytes
_WORTH: Final = 0.005  # seconds; the inner loops have too many answers to be carried into every fork
_LONGEST: Final = 100.0  # seconds of the processor; a file of tests that takes longer is for other occasions
_PER_CHANGE: Final = 60.0  # seconds of the processor, of tests under one change
CAUGHT, TIMEOUT, SURVIVED, NEVER_RUN = "caught", "timeout", "survived", "never run"


@dataclass(frozen=True)
class TestFile:
    """A file of tests, how long it takes alone, and the functions of the package that it calls: (file, name)."""

    name: str
    seconds: float
    calls: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Verdict:
    """What became of a change, and which test noticed it."""

    mutant: Mutant
    outcome: str
    by: str
    seconds: float


# ---------- the sample ----------


def population(areas: Sequence[str]) -> dict[str, list[Mutant]]:
    """Every change of each area; a file is of the last area that names it."""
    owner = {path: area for area, patterns in AREAS.items() for pattern in patterns for path in ROOT.glob(pattern)}
    found: dict[str, list[Mutant]] = {area: [] for area in areas}
    for path, area in sorted(owner.items()):
        if area in found:
            found[area] += mutants_of(area, path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    return found


def sample(everything: Mapping[str, list[Mutant]], number: int, seed: int) -> list[Mutant]:
    """As many of each area, and within it the kinds of change in turn.

    Each change has a rank of its own, so that an edit elsewhere leaves it in the sample and its reason stands.
    """
    chosen: list[Mutant] = []
    for k, mutants in enumerate(everything.values()):
        kinds: dict[str, list[Mutant]] = defaultdict(list)
        for mutant in _ranked(mutants, seed):
            kinds[mutant.kind].append(mutant)
        turns = [each for turn in zip_longest(kinds[kind] for kind in sorted(kinds)) for each in turn]
        chosen += turns[: number * (k + 1) // len(everything) - number * k // len(everything)]
    return chosen


def _ranked(mutants: Iterable[Mutant], seed: int) -> list[Mutant]:
    """In an order by chance that hangs on the seed and on each change alone."""
    same: Counter[str] = Counter()
    ranks: dict[Mutant, bytes] = {}
    for mutant in sorted(mutants, key=lambda each: (each.file, each.place)):
        told = f"{seed} {mutant.file} {mutant.inside} {mutant.before} {mutant.after}"
        same[told] += 1
        ranks[mutant] = hashlib.sha256(f"{told} {same[told]}".encode()).digest()
    return sorted(ranks, key=ranks.__getitem__)


def zip_longest(rows: Iterable[list[Mutant]]) -> list[list[Mutant]]:
    """The first of each row, then the second of each that has one, and so on."""
    columns = list(rows)
    return [[row[k] for row in columns if k < len(row)] for k in range(max(map(len, columns), default=0))]


# ---------- one process that has everything, forked for each run ----------


class Kept:
    """Answers of functions whose modules are not changed, by their arguments; in `folder` from one run to the next."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[bytes, Any] = {}
        self.new: dict[bytes, Any] = {}
        self.folder = folder

    def write(self, name: str) -> None:
        """The new answers under a name, but for large ones, which are parts of others."""
        told = {}
        for key, found in self.new.items():
            with suppress(TypeError, AttributeError, pickle.PicklingError):
                told[key] = pickle.dumps(found)
        small = {key: found for key, found in told.items() if len(found) < _LARGE}
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.pickle").write_bytes(pickle.dumps(small))

    def read(self) -> None:
        """All that were written."""
        for path in self.folder.glob("*.pickle"):
            told = pickle.loads(path.read_bytes())  # noqa: S301 - our own
            self.answers |= {key: pickle.loads(found) for key, found in told.items()}  # noqa: S301

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which computes an answer once; what is quick, or cannot be compared, is computed each time."""

        @functools.wraps(function)
        def kept(*args: Any, **named: Any) -> Any:
            try:
                key = pickle.dumps((function.__module__, function.__qualname__, args, sorted(named.items())))
            except (TypeError, AttributeError, pickle.PicklingError):
                return function(*args, **named)
            if key not in self.answers:
                start = time.perf_counter()
                found = function(*args, **named)
                if isinstance(found, types.GeneratorType) or time.perf_counter() - start < _WORTH:
                    return found
                self.answers[key] = self.new[key] = found
            return self.answers[key]

        return kept


def prepare(scratch: Path) -> Kept:
    """Import everything; what keeps the answers of `metaimt.statistics`."""
    for name in _IMPORTED:
        with suppress(ImportError):
            importlib.import_module(name)
    kept = Kept(scratch / f"answers-{_digest(ROOT.glob('metaimt/statistics/*.py'))}")
    package = importlib.import_module("metaimt.statistics")
    modules = [
        importlib.import_module(f"{package.__name__}.{each.name}") for each in pkgutil.iter_modules(package.__path__)
    ]
    own = {
        id(value): kept.of(value)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    for module in modules:
        for name, value in list(vars(module).items()):
            if id(value) in own:
                setattr(module, name, own[id(value)])
    root = importlib.import_module("metaimt")
    for each in pkgutil.walk_packages(root.__path__, "metaimt."):
        if not each.name.endswith("__main__"):
            importlib.import_module(each.name)
    return kept


class Made:
    """What is made once of a review that is only read: its analysis and its figures, each with the functions called.

    Good for a change in a module that neither imports. `used` tells which were asked for.
    """

    def __init__(self) -> None:
        self.found: dict[tuple[str, bytes], Any] = {}
        self.calls: dict[str, set[tuple[str, str]]] = {"analyse": set(), "review_figure_files": set()}
        self.used: set[str] = set()
        self.homes = {name: importlib.import_module(home) for name, home in _MADE.items()}
        self.inside = {name: _inside(home) for name, home in _MADE.items()}
        self.original = {name: getattr(home, name) for name, home in self.homes.items()}

    def install(self, *names: str) -> None:
        """Take the place of these functions."""
        for name in names:
            setattr(self.homes[name], name, getattr(self, name))

    def analyse(self, library: Any, protocol: Any, warnings: Any = (), waived: Any = (), *_: int) -> Any:
        """As `metaimt.analyses.results.analyse`."""
        found = self._once("analyse", library, lambda: self.original["analyse"](library, protocol))
        return replace(found, library=library, protocol=protocol, warnings=warnings, waived=waived)

    def review_figure_files(self, results: Any, *_: int) -> Any:
        """As `metaimt.report.figures.review_figure_files`."""
        original = self.original["review_figure_files"]
        return self._once("review_figure_files", results.library, lambda: original(results))

    def _once(self, name: str, library: Any, make: Callable[[], Any]) -> Any:
        texts = sorted((Path(file).name, document.text) for file, document in library.documents.items())
        key = (name, hashlib.sha256(repr((library.folder.name, texts, library.protocol)).encode()).digest())
        if key in self.found:
            self.used.add(name)
        else:
            self.found[key] = make()
        return self.found[key]

    def prepare(self) -> None:
        """The frozen review."""
        read = importlib.import_module("metaimt.casefiles.library").read_library
        library = read(ROOT / "tests" / "frozen" / "cases")
        with calls_into(self.calls["analyse"]):
            results = self.analyse(library, library.protocol)
        with calls_into(self.calls["review_figure_files"]):
            self.review_figure_files(results)


@contextmanager
def calls_into(found: set[tuple[str, str]]) -> Iterator[None]:
    """Note the functions of the package that are called meanwhile: (file, name)."""
    seen: set[types.CodeType] = set()

    def look(frame: types.FrameType, event: str, _: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    threading.setprofile(look)
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)
        own = [code for code in seen if code.co_filename.startswith(f"{ROOT}/metaimt/")]
        files = {code: Path(code.co_filename).relative_to(ROOT).as_posix() for code in own}
        found |= {(file, code.co_qualname.partition(".<locals>")[0]) for code, file in files.items()}


# ---------- which tests call what ----------


def collect(kept: Kept, made: Made, scratch: Path, jobs: int) -> list[TestFile]:
    """Every file of tests alone, once: how long, and what it calls. Kept until the tests change.

    The package may change meanwhile: which functions a test calls changes seldom. Not so the answers of its statistics.
    """
    folder = scratch / "calls"
    folder.mkdir(exist_ok=True)
    helpers = _digest(path for path in ROOT.glob("tests/**/*.py") if not path.name.startswith("test_"))
    stores = {
        path.relative_to(ROOT).as_posix(): folder / f"{path.stem}-{_digest([path], helpers)}.json"
        for of_them in TESTS
        for path in sorted((ROOT / "tests" / of_them).glob("test_*.py"))
        if path.stem not in WITHOUT
    }
    new = [name for name, store in stores.items() if not store.exists()]
    print(f"{len(stores)} files of tests, {len(new)} of them run alone to see what they call", flush=True)
    todo = [
        (name, functools.partial(_traced, kept, made, name, stores[name], scratch / "alone" / Path(name).stem))
        for name in new
    ]
    for name, code, seconds in each_in_fork(todo, jobs, scratch, lambda _: _LONGEST):
        if code:
            print(f"  left out: {name} (status {code}, {seconds:.0f} s)", flush=True)
    stores = {name: store for name, store in stores.items() if store.exists()}
    loaded = {name: json.loads(store.read_text(encoding="utf-8")) for name, store in stores.items()}
    return [
        TestFile(name, each["seconds"], frozenset((file, line) for file, line in each["calls"]))
        for name, each in sorted(loaded.items(), key=lambda item: item[1]["seconds"])
    ]


def _digest(paths: Iterable[Path], start: str = "") -> str:
    """Of files by their names in the project, so that what was found in one checkout holds in another."""
    said = b"".join(path.relative_to(ROOT).as_posix().encode() + path.read_bytes() for path in sorted(paths))
    return hashlib.sha256(start.encode() + said).hexdigest()[:16]


def _traced(kept: Kept, made: Made, name: str, store: Path, folder: Path) -> int:
    kept.new.clear()
    made.install(*_MADE)
    calls: set[tuple[str, str]] = set()
    start = time.process_time()
    with calls_into(calls):
        code = run_tests([name], folder)
    calls.update(*(made.calls[each] for each in made.used))
    if code == 0:
        kept.write(store.stem)
        content = {"seconds": time.process_time() - start, "calls": sorted(calls)}
        store.write_text(json.dumps(content), encoding="utf-8")
    return code


def tests_for(mutant: Mutant, files: Sequence[TestFile]) -> list[TestFile]:
    """Of the files that call what is changed, as many as take `_PER_CHANGE` seconds, and at least one.

    First the file of the same name as what is changed, then the folder of the same name, then the quickest. What only a
    later one would notice counts as not noticed.
    """
    found: list[TestFile] = []
    left = _PER_CHANGE
    path = Path(mutant.file)
    own, home = f"test_{path.name.partition('.')[0]}", "page" if path.name.startswith("page") else path.parts[1]

    def nearest(each: TestFile) -> tuple[bool, bool, float]:
        test = Path(each.name)
        return test.stem != own, test.parent.name != home, each.seconds

    for each in sorted(_callers(mutant, files), key=nearest):
        left -= each.seconds
        if found and left < 0:
            break
        found.append(each)
    return found


def _callers(mutant: Mutant, files: Sequence[TestFile]) -> list[TestFile]:
    """The files that call the changed function; of a module's own lines, all that call into it."""
    if mutant.file.endswith(".j2"):
        printer = "metaimt/report/page.py"
        return [each for each in files if any(file == printer for file, _ in each.calls)]
    if mutant.function:
        return [each for each in files if (mutant.file, mutant.function) in each.calls]
    found = [each for each in files if any(file == mutant.file for file, _ in each.calls)]
    if found:
        return found
    return list(files)  # a table of words that has no function: whoever imports it


# ---------- one change ----------


def _inside(home: str) -> set[str]:
    """A module and all that it imports, also inside functions; of the reports' words themselves only the first."""
    found, todo = {home}, [home]
    while todo:
        name = todo.pop()
        path = getattr(sys.modules[name], "__file__", None)
        if name != home and name.startswith("metaimt.report."):
            continue
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))) if path else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("metaimt."):
                names = {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
                new = {name for name in names if name in sys.modules} - found
                found |= new
                todo += new
    return found


def _changed(mutant: Mutant, files: Sequence[str], made: Made, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        again = change(mutant)
        made.install(*(name for name, inside in made.inside.items() if again.isdisjoint(inside)))
    except Exception as error:  # noqa: BLE001 - whatever the import of a changed module raises
        (folder / "first.txt").write_text(f"import: {error!r}", encoding="utf-8")
        return 1
    return run_tests(files, folder, plugins=[First(folder / "first.txt")])


def judge(mutants: Sequence[Mutant], tests: Sequence[TestFile], made: Made, scratch: Path, jobs: int) -> list[Verdict]:
    """Run every change under its tests; a run that was broken off goes on, see `known_verdict`."""
    chosen = {mutant: tests_for(mutant, tests) for mutant in mutants}
    names = {f"{k:03d}": mutant for k, mutant in enumerate(mutants)}
    found = {mutant: Verdict(mutant, NEVER_RUN, "", 0.0) for mutant in mutants}
    stores = {mutant: _store(mutant, scratch) for mutant in mutants}
    for mutant, store in stores.items():
        found[mutant] = known_verdict(mutant, store, tests) or found[mutant]
    folders = {name: scratch / "runs" / name for name in names}
    todo = [
        (name, functools.partial(_changed, mutant, [each.name for each in chosen[mutant]], made, folders[name]))
        for name, mutant in names.items()
        if chosen[mutant] and found[mutant].outcome == NEVER_RUN
    ]

    def longest(name: str) -> float:
        return 60 + 5 * sum(each.seconds for each in chosen[names[name]])

    for name, code, seconds in each_in_fork(todo, jobs, scratch, longest):
        mutant, first = names[name], folders[name] / "first.txt"
        by = first.read_text(encoding="utf-8") if first.exists() else ""
        outcome = TIMEOUT if code == TOO_LONG else SURVIVED if code in {0, 5} else CAUGHT
        found[mutant] = Verdict(mutant, outcome, by, seconds)
        under = _digest([ROOT / by.partition("::")[0]] if "::" in by else _all_tests())
        stores[mutant].write_text(json.dumps([outcome, by, seconds, under]), encoding="utf-8")
        if outcome != CAUGHT:
            print(f"  {outcome}: {mutant.file}:{mutant.line} {mutant.inside}: {mutant.what}", flush=True)
    return list(found.values())


def known_verdict(mutant: Mutant, store: Path, tests: Sequence[TestFile]) -> Verdict | None:
    """What an earlier run found, if it still holds: caught by a test that is as it was, or all tests are.

    A file of tests that is new or was changed may notice what survived, so that is asked again.
    """
    if not store.exists():
        return None
    outcome, by, seconds, under = json.loads(store.read_text(encoding="utf-8"))
    file = by.partition("::")[0]
    if "::" in by and file not in {each.name for each in tests}:
        return None
    now = _digest([ROOT / file] if "::" in by else _all_tests())
    return Verdict(mutant, outcome, by, seconds) if under == now else None


def _all_tests() -> list[Path]:
    return [path for folder in TESTS for path in (ROOT / "tests" / folder).glob("test_*.py")]


def _store(mutant: Mutant, scratch: Path) -> Path:
    """Where the verdict of a change is kept, by the change and its file."""
    folder = scratch / "verdicts"
    folder.mkdir(exist_ok=True)
    return folder / f"{_digest([ROOT / mutant.file], str(mutant))}.json"


# ---------- what is told ----------


def table(verdicts: Sequence[Verdict]) -> str:
    """A row an area, and all."""
    lines = ["| area | changes | caught | of these timeouts | survived | share |", "|---|---:|---:|---:|---:|---:|"]
    areas = dict.fromkeys(each.mutant.area for each in verdicts)
    for area in (*areas, "all"):
        counted = Counter(each.outcome for each in verdicts if area in {each.mutant.area, "all"})
        total = counted.total()
        caught = counted[CAUGHT] + counted[TIMEOUT]
        lines.append(
            f"| {area} | {total} | {caught} | {counted[TIMEOUT]} | {total - caught} | {100 * caught / total:.0f} % |"
        )
    return "\n".join(lines)


def survivors(verdicts: Sequence[Verdict]) -> list[Mutant]:
    """Who was not noticed, by file and line."""
    found = (each.mutant for each in verdicts if each.outcome in {SURVIVED, NEVER_RUN})
    return sorted(found, key=lambda each: (each.file, each.line, each.place))


def reasons(text: str) -> dict[str, str]:
    """Key of a survivor -> the reason given in the file of survivors."""
    return dict(re.findall(r"^- (.+?)\n  (\S.*)$", text, re.MULTILINE))


def survivors_text(verdicts: Sequence[Verdict], said: str, known: Mapping[str, str]) -> str:
    """The file of survivors: the table, and each survivor with its reason."""
    head = (
        "# Changes that no test notices\n\n"
        f"Written by `{said}`; the reasons by hand. Each makes no\n"
        "difference to anything that is meant, and says why, or is caught by a test that was seen to fail with the\n"
        "change made by hand: a change is given a minute of the tests that call it, so the share is a least one.\n"
    )
    listed = [f"- {each.key}\n  {known.get(each.key, 'NO REASON YET')}" for each in survivors(verdicts)]
    return "\n".join([head, table(verdicts), "", *listed, ""])


def main(words: Sequence[str] | None = None) -> int:
    """The command."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    ask.add_argument("--number", type=int, default=300)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--area", choices=AREAS, action="append")
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--scratch", type=Path, default=Path("/tmp/metaimt-mutation"))  # noqa: S108 - only of this machine
    ask.add_argument("--write", action="store_true", help="write tests/mutation/survivors.md")
    told = ask.parse_args(words)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"  # read by numpy, which is not imported yet: a process with threads is not forked
    os.environ["PYTHONPATH"] = str(ROOT)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    told.scratch.mkdir(parents=True, exist_ok=True)
    (scratch,) = {told.scratch.resolve()}
    kept = prepare(scratch)
    kept.read()
    made = Made()
    made.prepare()
    kept.write("frozen")
    tests = collect(kept, made, scratch, told.jobs)
    kept.read()
    mutants = sample(population(told.area or list(AREAS)), told.number, told.seed)
    print(f"{len(mutants)} changes, seed {told.seed}", flush=True)
    shutil.rmtree(scratch / "runs", ignore_errors=True)
    gc.collect()
    gc.freeze()  # else each fork copies all that was made so far, to look for garbage in it
    start = time.monotonic()
    verdicts = judge(mutants, tests, made, scratch, told.jobs)
    (scratch / "verdicts.json").write_text(json.dumps([asdict(each) for each in verdicts], indent=1), encoding="utf-8")
    print(f"\n{table(verdicts)}\n\n{time.monotonic() - start:.0f} s")
    known = reasons(SURVIVORS.read_text(encoding="utf-8")) if SURVIVORS.exists() else {}
    for each in survivors(verdicts):
        print(f"{each.file}:{each.line} {each.inside}: {each.what}  {known.get(each.key, '')}")
    if told.write:
        SURVIVORS.parent.mkdir(exist_ok=True)
        said = f"python tools/mutate.py --number {told.number} --seed {told.seed} --write"
        SURVIVORS.write_text(survivors_text(verdicts, said, known), encoding="utf-8")
    caught = sum(each.outcome in {CAUGHT, TIMEOUT} for each in verdicts)
    return int(caught < LEAST_CAUGHT * len(verdicts))


if __name__ == "__main__":
    sys.exit(main())
