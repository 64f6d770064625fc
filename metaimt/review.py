"""The one orchestrator: read -> check -> select -> run -> draw -> write.

Each step is one call to the package that knows how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast, get_args

from metaimt.analyses.pooled_response import PooledResponse, pooled_response
from metaimt.casefiles.library import Library, read_library
from metaimt.casefiles.migrate import migrated
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.version_files import fault_in, version_paths
from metaimt.checks import examine
from metaimt.checks.across_library import stem_of
from metaimt.evidence.selection import Selection, select
from metaimt.out_folder import refuse_foreign_folder, write_folder
from metaimt.problem import Blocked, CannotAnalyse, Problem, Waived, check_name, has_errors
from metaimt.serialise import to_json
from metaimt.versions.changes import Changes, changes_between, first_version, kinds_of, refuse_number
from metaimt.versions.moved import moved_lines, pool_moves
from metaimt.versions.places import WORKING_TREE, Place, find, newest
from metaimt.versions.side import Side, State, documents_of, relative, state_of, texts_of
from metaimt.versions.stored import (
    News,
    Stored,
    read_stored,
    releases,
    stored_versions,
    unpack,
    version_content,
    version_file,
    write_version,
)
from metaimt.versions.verification import Verification, verified
from metaimt.vocabulary import built_in
from metaimt.workers import Lost

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results
    from metaimt.figures.review_figure import Drawing
    from metaimt.report.release import Release

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """A library without errors, its protocol, its warnings and infos, and those that its case files waive."""

    library: Library
    protocol: Protocol
    warnings: tuple[Problem, ...]
    waived: tuple[Waived, ...] = ()


def load(review: Library | Path | str = "cases") -> Loaded:
    """Read and check a review folder.

    Raises WrongUse (no such folder), CannotAnalyse (no protocol, no case files), Blocked (errors in files).
    """
    library = review if isinstance(review, Library) else read_library(review)
    findings = examine(library)
    problems = findings.problems
    missing = [problem for problem in problems if problem.rule in {"no-protocol", "no-case-files"}]
    if missing:
        said = "; ".join(f"{problem.message}: {problem.hint}" for problem in missing)
        raise CannotAnalyse(f"{library.folder.as_posix()}: {said}")
    if has_errors(problems) or library.protocol is None:
        raise Blocked(problems, library.files_checked)
    return Loaded(library, library.protocol, problems, findings.waived)


def moved(loaded: Loaded, selection: Selection | None = None) -> tuple[str, ...]:
    """What moved a pool since the newest frozen version, a line a pool; empty where nothing did or none is frozen."""
    return moved_lines(loaded.library, loaded.protocol, selection or select(loaded.library, loaded.protocol))


def migration(cases: Path | str = "cases") -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """What `metaimt migrate` writes: file -> (old text, new text); and what that moves, a line a pool.

    Errors that the rewriting mends do not stop it. Raises what `load` raises if others are left: nothing is written.
    """
    library = read_library(cases)
    texts = texts_of(library)
    new = migrated(texts, library.vocabulary)
    if not new:
        load(library)
        return {}, ()
    lines: Iterable[str] = ()
    with TemporaryDirectory(prefix="metaimt-") as temporary:
        unpack({**texts, **new}, Path(temporary))
        try:
            after = load(read_library(temporary))
        except Blocked as left:
            raise Blocked(
                tuple(_in_folder(each, temporary, library.folder) for each in left.problems), left.files
            ) from None
        if library.protocol is not None:
            before = select(library, library.protocol)
            lines = tuple(pool_moves(before, select(after.library, after.protocol), library.protocol))
    return {name: (texts[name], text) for name, text in new.items()}, tuple(lines)


def _in_folder(problem: Problem, temporary: str, folder: Path) -> Problem:
    """A problem of a copy, told of the file that was copied."""
    return replace(problem, file=problem.file.replace(Path(temporary).as_posix(), folder.as_posix(), 1))


def errors_elsewhere(library: Library, blocked: Blocked, wanted: str) -> tuple[Protocol, int]:
    """The protocol, and how many errors stop the pools, where none is in the file of `wanted`: a report, report/P1.

    Raises `blocked` itself if one is, or if the protocol cannot be read.
    """
    errors = [library.table_files.get(each.file, each.file) for each in blocked.problems if each.severity == "error"]
    report_id = wanted.partition("/")[0]
    document = library.report_documents.get(report_id)
    own = document.name in errors if document else report_id in map(stem_of, library.case_file_names)
    if library.protocol is None or own:
        raise blocked
    return library.protocol, len(errors)


def respond(loaded: Loaded) -> tuple[Selection, PooledResponse]:
    """The selection and the pooled response alone: what `metaimt pool` needs."""
    selection = select(loaded.library, loaded.protocol)
    return selection, pooled_response(selection, loaded.protocol)


def run(review: Library | Path | str = "cases") -> Results:
    """The whole analysis of a review, for a notebook or for `build`. Raises what `load` raises."""
    from metaimt.analyses.results import analyse

    loaded = load(review)
    return analyse(loaded.library, loaded.protocol, loaded.warnings, loaded.waived)


def draw(results: Results, name: str = "forest") -> Figure:
    """One figure of a review, by default the forest plot, shown by a notebook; `metaimt figures` lists the names.

    Raises WrongUse for an unknown name, CannotAnalyse if the evidence does not allow the figure.
    """
    from metaimt.figures.registry import draw_figure
    from metaimt.figures.review_figure import NotDrawn
    from metaimt.figures.save import in_notebook

    drawn = draw_figure(results, name)
    if isinstance(drawn, NotDrawn):
        raise CannotAnalyse(drawn.wording())
    return in_notebook(drawn.figure)


def draw_named(
    review: Library | Path | str,
    name: str,
    *,
    by: str | None = None,
    columns: tuple[str, ...] = (),
    pool: str | None = None,
    order: str | None = None,
    single_cases: str | None = None,
    every: bool = False,
    progress: Progress | None = None,
) -> Drawing:
    """One figure by name, of both pools or of one; of the forest plot the grouping, columns and order of its reports.

    single_cases: the reports of one patient as `rows`, `one` row a stratum, or `tiles`; rows where `by` or `columns`
    ask what each says, else one. every: rows have no limit, since the figure may take pages. Raises what `load`
    raises, and WrongUse, naming the nearest, for an unknown name, pool, grouping, column, order or form.
    """
    from metaimt.analyses.subgroups import reports_by_level
    from metaimt.content.forest import PAGE_ROWS, USUAL, ForestOptions, Order, SingleCases
    from metaimt.content.labels import column_headings
    from metaimt.figures.registry import draw_figure
    from metaimt.figures.review_forest import forest_by_figure, forest_figure
    from metaimt.model.fields import GROUPINGS

    say = progress or _silent
    column_headings(columns)
    if by is not None:
        check_name("--by", by, GROUPINGS)
    shown = single_cases or ("rows" if by is not None or columns else "one")
    check_name("--order", order or "weight", get_args(Order))
    check_name("--single-cases", shown, get_args(SingleCases))
    say("reading, checking, pooling")
    results = run(review)
    say("drawing")
    if by is None and not (columns or order or single_cases):
        return draw_figure(results, name, () if pool is None else (pool,))
    options = ForestOptions(
        columns or USUAL.columns,
        cast("Order", order or "weight"),
        cast("SingleCases", shown),
        None if shown == "rows" else PAGE_ROWS,
        every and shown == "rows",
    )
    if by is None:
        return forest_figure(results, tuple(results.response.pools) if pool is None else (pool,), options)
    found = reports_by_level(results.selection, results.protocol, pool or list(results.response.pools)[-1], by)
    return forest_by_figure(results, found, options)


def _silent(stage: str) -> None:
    """Progress for callers that want none."""
    del stage


def build(
    review: Library | Path | str = "cases",
    out: Path | str = "outputs",
    progress: Progress | None = None,
    jobs: int = 1,
    *,
    kept: list[str] | None = None,
    lost: list[Lost] | None = None,
) -> Results:
    """Run the review in `jobs` processes and write its outputs to `out` in one step. Raises as `load`, and NotOurs.

    `kept` gets the names under which files that were changed by hand are kept; `lost` the outputs that could not be
    made, while the others are written. Without `lost` what the first of them raises is raised, and nothing is written.
    """
    from metaimt.analyses.results import analyse
    from metaimt.report.figures import review_figure_files
    from metaimt.report.outputs import output_files

    say = progress or _silent
    refuse_foreign_folder(Path(out))
    say("reading and checking the case files")
    loaded = load(review)
    say("pooling, subgroups, sensitivity")
    results = analyse(loaded.library, loaded.protocol, loaded.warnings, loaded.waived, jobs)
    say("drawing the figures")
    figures = review_figure_files(results, jobs, lost)
    say("comparing with the newest version")
    changes = news(results)
    say("writing the page, the report and the tables")
    changed = write_folder(Path(out), output_files(results, figures, changes, jobs, lost))
    if kept is not None:
        kept += changed
    return results


def news(results: Results) -> Changes:
    """What is new in a review that was just analysed, against its newest version."""
    loaded = Loaded(results.library, results.protocol, results.warnings, results.waived)
    state = _state(loaded, results.selection, results.response)
    return _changes(newest(results.library.folder), _side(WORKING_TREE, loaded, state), results.library.folder)


def diff(old: str | None = None, new: str | None = None, cases: Path | str = "cases") -> Changes:
    """What is new in `new` (default: the working tree) against `old` (default: the newest version).

    Each is a version, a folder, or a git revision. Raises what `load` raises, and WrongUse for an unknown name.
    """
    folder = Path(cases)
    now, _ = _read(find(new, folder) if new is not None else Place(WORKING_TREE, folder=folder))
    if now.computed is None:
        raise CannotAnalyse(f"{now.name}: {now.unreadable}")
    return _changes(find(old, folder) if old is not None else newest(folder), now, folder)


def snapshot(version: str, cases: Path | str = "cases") -> tuple[Path, Changes]:
    """Freeze the review as `version`: the file written, and what is new in it. Raises what `load` raises, WrongUse."""
    loaded = load(cases)
    folder = loaded.library.folder
    refuse_number(version, stored_versions(folder), loaded.protocol)
    content, changes, _, _ = _frozen(version, loaded)
    return write_version(folder, version, content), changes


def release(
    version: str, cases: Path | str = "cases", outputs: Path | str = "outputs", *, date: str, trigger: str | None = None
) -> Release:
    """What releasing the review as `version` writes, and why it may not be; `written` writes it, nothing here does.

    date: of the release, YYYY-MM-DD. trigger: what made this version necessary. Raises what `load` raises, WrongUse.
    """
    from metaimt.report.release import Release, files_of, missing_in, reasons_against, shipped_folder, statement_of
    from metaimt.report.text import answer_text

    loaded = load(cases)
    library, protocol, folder = loaded.library, loaded.protocol, loaded.library.folder
    known = stored_versions(folder)
    if version in known and (stored := read_stored(folder, version).release).released:
        return Release(version, stored.released, stored.statement, already=True)
    refuse_number(version, known, protocol)
    content, changes, response, former = _frozen(version, loaded)
    statement = statement_of(changes, library, former, date=date, trigger=trigger)
    content["changes"] |= {"released": date, "trigger": trigger, "statement": list(statement)}
    project = folder.resolve().parent
    files, faults = files_of(
        project, library, protocol, answer=answer_text(response.headline), statement=statement, date=date
    )
    frozen = version_file(folder, version, content)
    if (shipped := shipped_folder(project)) is not None:
        files |= version_file(shipped, version, content)
    against = (*reasons_against(protocol, library, Path(outputs)), *faults)
    return Release(
        version, date, statement, {**files, **frozen}, against, tuple(missing_in(protocol, trigger, library))
    )


def _frozen(version: str, loaded: Loaded) -> tuple[dict[str, Any], Changes, PooledResponse, Stored | None]:
    """The content of a version, what is new in it, its numbers, and the version before it."""
    from metaimt.analyses.results import frozen_numbers
    from metaimt.content.whats_new import news_lines

    library, protocol, folder = loaded.library, loaded.protocol, loaded.library.folder
    selection, response = respond(loaded)
    state, former = _state(loaded, selection, response), newest(folder)
    changes = _changes(former, _side(version, loaded, state), folder)
    stored = former.stored if former else None
    content = version_content(
        library,
        protocol,
        selection,
        results=frozen_numbers(library, protocol, selection, response),
        warnings=state.warnings,
        news=News(version, changes.old, kinds_of(changes), news_lines(changes)),
        former=stored,
    )
    return content, changes, response, stored


def verify(version: str | None = None, cases: Path | str = "cases") -> Verification:
    """Recompute a version (default: the newest) from its own content. Raises WrongUse if there is none."""
    from metaimt.analyses.results import frozen_numbers

    tree = read_library(cases)
    paths = version_paths(tree.folder)
    wanted = version or next(reversed(paths), "YEAR.N")
    if wanted in paths and (fault := fault_in(paths[wanted])):
        return Verification(wanted, fault)
    stored = read_stored(tree.folder, wanted)
    side, loaded = _read(Place(wanted, texts=stored.texts, stored=stored))
    found, now = None, (documents_of(tree), texts_of(tree))
    if loaded is not None and side.computed is not None:
        numbers = frozen_numbers(loaded.library, loaded.protocol, *respond(loaded))
        found = (numbers, side.computed.placings)
    vocabulary = loaded.library.vocabulary if loaded else built_in()
    return verified(
        stored,
        side.documents,
        recomputed=found,
        protocol=side.protocol,
        vocabulary=vocabulary,
        working_tree=now,
        unreadable=side.unreadable,
    )


def _read(place: Place) -> tuple[Side, Loaded | None]:
    """A state of the review, computed by today's package; one that was frozen or is in git may be unreadable to it."""
    if place.folder is not None:
        loaded = load(place.folder)
        return _side(place.name, loaded, _state(loaded, *respond(loaded))), loaded
    with TemporaryDirectory(prefix="metaimt-") as temporary:
        unpack(place.texts, Path(temporary))
        library = read_library(temporary)
        printed = place.stored.state if place.stored else None
        try:
            loaded = load(library)
            return _side(place.name, loaded, _state(loaded, *respond(loaded)), printed), loaded
        except (Blocked, CannotAnalyse) as error:
            return _unreadable(place.name, library, error, printed), None


def _state(loaded: Loaded, selection: Selection, response: PooledResponse) -> State:
    return state_of(loaded.library, loaded.warnings, selection, to_json(response))


def _side(name: str, loaded: Loaded, state: State, printed: State | None = None) -> Side:
    library = loaded.library
    return Side(name, documents_of(library), texts_of(library), loaded.protocol, state, printed=printed)


def _unreadable(name: str, library: Library, error: Blocked | CannotAnalyse, printed: State | None) -> Side:
    said = relative(library, str(error))
    if isinstance(error, Blocked):
        errors = [problem for problem in error.problems if problem.severity == "error"]
        first = f"{relative(library, errors[0].file)}: {errors[0].message}"
        found = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        said = f"today's rules find {found} in its files, the first in {first}"
    return Side(name, documents_of(library), texts_of(library), library.protocol, None, said, printed)


def _changes(place: Place | None, new: Side, folder: Path) -> Changes:
    """What is new against a state; the old data are computed again, also under the new protocol if that changed."""
    history = releases(folder)
    if place is None:
        return first_version(new, history)
    if place.texts == new.texts and new.protocol is not None:
        old = replace(new, name=place.name, printed=place.stored.state if place.stored else None)
        return changes_between(old, None, new, new.protocol.conclusion_test, history)
    old, loaded = _read(place)
    between = None
    if loaded is not None and new.protocol is not None and not new.protocol.is_same(loaded.protocol):
        try:
            between = _state(loaded, *respond(replace(loaded, protocol=new.protocol)))
        except CannotAnalyse as error:
            old = replace(old, computed=None, unreadable=f"under the protocol of {new.name}: {error}")
    asked = old.protocol or new.protocol
    return changes_between(old, between, new, asked.conclusion_test if asked else None, history)
