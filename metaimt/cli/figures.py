"""`metaimt figures`."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.folder import Cases, complete_figures, complete_groupings, complete_pools, folder_of
from metaimt.cli.output import told
from metaimt.cli.progress import Stages
from metaimt.problem import CannotAnalyse, WrongUse
from metaimt.workers import watched

if TYPE_CHECKING:
    from metaimt.casefiles.library import Library
    from metaimt.figures.review_figure import ReviewFigure
    from metaimt.figures.save import Kind
    from metaimt.figures.style import Setting


FOREST = ("--by", "--columns", "--order", "--single-cases")


@told
def figures(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]", help="The figure; without it, all are listed.", autocompletion=complete_figures
        ),
    ] = "",
    *,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="GROUPING",
            help="forest: its reports grouped by site, drug ...",
            autocompletion=complete_groupings,
        ),
    ] = "",
    columns: Annotated[
        str, typer.Option("--columns", metavar="A,B", help="forest: columns of text: drug, site, duration ...")
    ] = "",
    order: Annotated[
        str, typer.Option("--order", metavar="ORDER", help="forest: reports by weight, rate, year or name.")
    ] = "",
    single_cases: Annotated[
        str,
        typer.Option("--single-cases", metavar="FORM", help="forest: one row a stratum (one), tiles, or rows."),
    ] = "",
    pool: Annotated[
        str,
        typer.Option(
            "--pool", metavar="POOL", help="Of one pool: strict, all_evidence.", autocompletion=complete_pools
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File to write: .svg, .png or .pdf. Default: NAME.svg")
    ] = None,
    width: Annotated[str, typer.Option("--width", help="As a journal asks: 85mm, 170mm, 6.7in. Default: 170mm")] = "",
    dpi: Annotated[int | None, typer.Option("--dpi", help="Dots an inch of a PNG. Default: 300")] = None,
    font: Annotated[str, typer.Option("--font", metavar="NAME", help="An installed font. Default: DejaVu Sans")] = "",
    grey: Annotated[bool, typer.Option("--grey", help="In grey.")] = False,
    no_title: Annotated[bool, typer.Option("--no-title", help="Without title and subtitle.")] = False,
    folder: Cases = None,
) -> None:
    """Draw one figure of the review to a file; without a name, list them.

    No option changes a number. Text is at least 7 points high at the width that is asked for.
    """
    from metaimt.figures.registry import figure_names, known_name
    from metaimt.review import load

    loaded = load(folder_of(folder))
    names = figure_names(loaded.protocol)
    if not name:
        _list(names)
        return
    wanted = known_name(name.replace("_", "-"), names, "figure")
    if pool:
        known_name(pool, loaded.protocol.pools, "pool")
    if (by or columns or order or single_cases) and wanted != "forest":
        raise WrongUse(f"{', '.join(FOREST)} are for the figure forest, and '{wanted}' has its own rows and columns")
    target = out or Path(f"{wanted}.svg")
    setting = _setting(width, font, title=not no_title)
    rows = {"by": by, "order": order, "single_cases": single_cases, "pool": pool}
    chosen = {option: value for option, value in rows.items() if value}
    listed = tuple(filter(None, (column.strip() for column in columns.split(","))))
    with _set_as(setting):
        _write(partial(_drawn, loaded.library, wanted, listed, chosen), target, dpi, grey=grey)


def _list(names: dict[str, str]) -> None:
    width = max(map(len, names))
    for name, words in names.items():
        print(f"{name:<{width}}  {words}")
    print("\nmetaimt figures NAME --out FILE.svg, .png or .pdf")


_UNITS = {"": 25.4, "mm": 25.4, "cm": 2.54, "in": 1.0}
_NARROWEST, _WIDEST = 2.0, 40.0


def _inches(width: str) -> float:
    """Raises WrongUse unless it is a length of 51 mm to 1016 mm."""
    found = re.fullmatch(r"(\d{1,4}(?:\.\d+)?) ?(mm|cm|in|)", width.strip())
    inches = float(found[1]) / _UNITS[found[2]] if found else 0.0
    if not _NARROWEST <= inches <= _WIDEST:
        raise WrongUse(f"--width {width!r} is no width from 51mm to 1016mm; write --width 170mm")
    return inches


def _setting(width: str, font: str, *, title: bool) -> Setting:
    from metaimt.figures.layout import is_installed
    from metaimt.figures.style import FONT, Setting

    if font and not is_installed(font):
        raise WrongUse(f"--font: there is no font {font!r} on this computer; without --font it is {FONT}")
    return Setting(_inches(width) if width else None, title, font or FONT, pages=True)


def _set_as(setting: Setting) -> AbstractContextManager[None]:
    """What is drawn within is set so."""
    from metaimt.figures.style import set_as

    return set_as(setting)


def _drawn(
    library: Library, wanted: str, columns: tuple[str, ...], chosen: dict[str, str], progress: Stages
) -> ReviewFigure:
    from metaimt.figures.registry import INSTEAD
    from metaimt.figures.review_figure import ReviewFigure
    from metaimt.figures.style import setting
    from metaimt.review import draw_named

    found = draw_named(library, wanted, columns=columns, every=True, progress=progress, **chosen)
    if not isinstance(found, ReviewFigure):
        raise CannotAnalyse(found.wording())
    asked, has = setting().width, float(found.figure.get_size_inches()[0])
    if asked is not None and has > asked + 0.01:
        needed = f"--width: the figure {wanted} needs {math.ceil(round(25.4 * has, 3))} mm"
        if wanted in INSTEAD:
            other = INSTEAD[wanted]
            needed += f"; for a narrower column draw {other}: metaimt figures {other} --width {25.4 * asked:.0f}mm"
        raise WrongUse(needed)
    return found


def _write(draw: Callable[[Stages], ReviewFigure], target: Path, dpi: int | None, *, grey: bool) -> None:
    from metaimt.cli.pool import figure_kind
    from metaimt.figures.save import in_grey
    from metaimt.files import for_terminal, write_file

    kind = figure_kind(target)
    stages = Stages()
    try:
        with watched(stages.moved):
            drawn = draw(stages)
    finally:
        stages.end()
    for page in drawn.pages if grey else ():
        in_grey(page)
    written = _files(drawn, target, kind, dpi)
    for path, found in written.items():
        write_file(path, found)
    _tell_letters(drawn, kind)
    print(for_terminal(drawn.caption))
    pages = f" ({len(drawn.pages)} pages)" if len(written) < len(drawn.pages) else ""
    print(f"Written: {', '.join(path.as_posix() for path in written)}{pages}")


def _files(drawn: ReviewFigure, target: Path, kind: Kind, dpi: int | None) -> dict[Path, bytes]:
    """The file of a figure; of several pages one PDF, or a file each: NAME-1.svg, NAME-2.svg."""
    from metaimt.figures.save import figure_bytes, pages_bytes

    if len(drawn.pages) > 1 and kind == "pdf":
        return {target: pages_bytes(drawn.pages, title=drawn.title, description=drawn.alt)}
    paths = [target.with_stem(f"{target.stem}-{place}") for place in range(1, len(drawn.pages) + 1)]
    told = {"title": drawn.title, "description": drawn.alt}
    try:
        made = [figure_bytes(page, kind, dpi=dpi, **told) for page in drawn.pages]
    except ValueError as error:
        raise WrongUse(f"--dpi {dpi}: {error}") from None
    return dict(zip(paths if len(made) > 1 else [target], made, strict=True))


def _tell_letters(drawn: ReviewFigure, kind: Kind) -> None:
    from metaimt.figures.layout import font_with
    from metaimt.figures.save import without_glyph
    from metaimt.files import for_terminal

    missing = "".join(dict.fromkeys("".join(map(without_glyph, drawn.pages))))
    if kind != "svg" and missing:
        font = font_with(missing)
        what = f'--font "{font}" has' if font else "No installed font has"
        more = "" if font else " all of them: install one (Debian: fonts-noto-cjk, fonts-noto-core)"
        print(
            f"No letter in the font for {for_terminal(missing)}: a sign stands there. "
            f"{what}{more or ' them'}; an SVG keeps the letters.",
            file=sys.stderr,
        )
