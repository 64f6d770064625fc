"""Sections as HTML: each number of patients a button that opens them, every word escaped and made visible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from math import cos, pi, sin, sqrt

from markupsafe import Markup, escape

from metaimt.content.section import (
    Block,
    Cell,
    Column,
    Disc,
    Figures,
    Fold,
    Interval,
    Items,
    Paragraph,
    Row,
    Section,
    Table,
    Tiles,
    blocks_for,
)
from metaimt.files import one_line
from metaimt.model.count import OUTCOMES, RESPONSE, Behind, Count, Publications, Reports
from metaimt.model.text import Code, Link, Number, Piece, Strong, Text
from metaimt.model.unit import Unit


class Numbers:
    """The sets of cases behind the numbers that a page has shown so far, and the button of each.

    units: by id, with the title of each alone.
    """

    def __init__(self, units: Mapping[str, tuple[Unit, str]]) -> None:
        self._units = units
        self._places: dict[object, int] = {}
        self._sets: list[Count | Publications] = []

    def sentence(self, text: Text | Piece) -> Markup:
        """A text with its counts as buttons, everything else escaped and visible."""
        return together(Markup("").join(map(self._piece, Text(text).parts)))

    def _piece(self, piece: Piece) -> Markup:
        if isinstance(piece, Number) and isinstance(piece.source, Behind):
            return self.button(piece.text, piece.source)
        if isinstance(piece, Link) and piece.leads:
            return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(
                visible(piece.address), shown(piece.text)
            )
        if isinstance(piece, Strong | Code):
            tag = "strong" if isinstance(piece, Strong) else "code"
            return Markup(f"<{tag}>{{}}</{tag}>").format(shown(piece.text))  # noqa: S704 - our own tags
        return escape(shown(str(piece)))

    def button(self, text: str, behind: Behind) -> Markup:
        """A number that leads to whom it counts."""
        return Markup('<button data-set="{}">{}</button>').format(self.place(behind), shown(str(text)))

    def unit(self, unit_id: str) -> Count:
        """One unit alone. Raises KeyError if the review has none of this id."""
        unit, title = self._units[unit_id]
        return Count.of(title, [unit])

    def place(self, behind: Behind) -> str:
        """The place of the set behind a number among all sets; `r` before it shows the reports of its cases.

        Raises KeyError for a unit that the review has not, ValueError for no title and more or fewer units than one.
        """
        if isinstance(behind, Reports):
            return f"r{self.place(behind.count)}"
        if isinstance(behind, Count):
            if not behind.title:
                (unit,) = behind.units
                behind = self.unit(unit.id)
            parts = tuple((part.unit.id, part.r, part.n) for part in behind.parts)
            if unknown := [unit for unit, _, _ in parts if unit not in self._units]:
                raise KeyError(f"{behind.title}: the review has no {unknown[0]}")
            key: object = (behind.title, behind.outcome, parts)
        else:
            key = behind
        if key not in self._places:
            self._places[key] = len(self._sets)
            self._sets.append(behind)
        return str(self._places[key])

    def sets(self) -> list[dict[str, object]]:
        """Every set so far: `t` the title, `u` the units by their place, with counts only where they are others.

        `o`: the outcome that is counted, if not response. `p`: the publications, where it is a set of these; `s`: what
        they print; `x`: id and words of those without a case file.
        """
        order = {name: place for place, name in enumerate(self._units)}
        return [self._set(found, order) for found in self._sets]

    def _set(self, found: Count | Publications, order: Mapping[str, int]) -> dict[str, object]:
        if isinstance(found, Publications):
            printed = [(each.what, each.printed, each.where) for each in found.statements]
            more = {"s": printed, "x": found.others}
            return {"t": found.title, "p": found.reports, **{key: each for key, each in more.items() if each}}
        cases: list[object] = []
        for part in found.parts:
            unit, place = self._units[part.unit.id][0], order[part.unit.id]
            same = (part.r, part.n) == (unit.responders, unit.evaluable)
            cases.append(place if same else [place, part.r, part.n])
        outcome = {} if found.outcome == RESPONSE else {"o": f"with {OUTCOMES[found.outcome]}"}
        return {"t": found.title, "u": cases, **outcome}


class Html:
    """Walks sections. figures: of a section's name the markup of its figures."""

    def __init__(self, numbers: Numbers, figures: Callable[[str], Markup]) -> None:
        self._numbers, self._figures = numbers, figures

    def section(self, found: Section) -> Markup:
        """A section of the page, under a heading of the second level; nothing of one without blocks."""
        blocks = self.blocks(found.blocks, 3)
        if not blocks:
            return Markup("")
        title = self._numbers.sentence(found.title)
        heading = Markup('<h2 id="{}-title">{}</h2>').format(found.id, title)
        return Markup('<section id="{0}" aria-labelledby="{0}-title">\n{1}\n{2}</section>\n').format(
            found.id, heading, blocks
        )

    def blocks(self, blocks: Iterable[Block], level: int = 3) -> Markup:
        """Blocks one after the other; `level` of the headings in them."""
        return Markup("").join(self._block(block, level) for block in blocks_for("page", blocks))

    def _block(self, block: Block, level: int) -> Markup:
        say = self._numbers.sentence
        if isinstance(block, Paragraph):
            return Markup("<p{}>{}</p>\n").format(_class(block.style), say(block.text))
        if isinstance(block, Items):
            return self._items(block)
        if isinstance(block, Table):
            return self._table(block)
        if isinstance(block, Figures):
            return self._figures(block.section)
        if isinstance(block, Fold):
            inside, name = self.blocks(block.blocks, level), _attribute("id", block.part.id if block.part else "")
            made = Markup("<details{}><summary>{}</summary>\n{}</details>\n")
            return made.format(name, shown(str(block.title)), inside) if inside else inside
        if isinstance(block, Section):
            made = Markup(f"<h{level}{{}}>{{}}</h{level}>\n{{}}")  # noqa: S704 - a number of ours
            return made.format(_attribute("id", block.id), say(block.title), self.blocks(block.blocks, level + 1))
        raise TypeError(f"the page has no form for {type(block).__name__}")

    def _items(self, block: Items) -> Markup:
        tag = "ol" if block.kind == "numbered" else "ul"
        each = Markup("").join(
            Markup("<li{}>{}</li>").format(_class("below" if at in block.below else ""), self._numbers.sentence(text))
            for at, text in enumerate(block.items)
        )
        kind = "counts" if block.kind == "counts" else "notes"
        return Markup(f'<{tag} class="{kind}">{{}}</{tag}>\n').format(each)  # noqa: S704 - our own tags

    def _table(self, found: Table) -> Markup:
        rows = Markup("\n").join(self._row(row, found.columns) for row in found.rows)
        table = Markup("<table{}>\n<thead>{}</thead>\n<tbody>\n{}\n</tbody>\n</table>").format(
            _class(found.style), self._heads(found.columns), rows
        )
        return Markup('<div class="wide" role="region" tabindex="0" aria-label="{}">\n{}\n</div>\n').format(
            visible(found.title), table
        )

    def _heads(self, columns: tuple[Column, ...]) -> Markup:
        """One row of headings, or two where some stand under a common one."""
        lower = Markup("").join(map(_head, columns))
        if not any(str(column.group) for column in columns):
            return Markup("<tr>{}</tr>").format(lower)
        upper = Markup("")
        for group, under in groupby(columns, key=lambda column: column.group):
            span = len(list(under))
            cell = Markup('<th scope="colgroup" colspan="{}" class="group">{}</th>')
            empty = Markup('<td colspan="{}"></td>')
            upper += cell.format(span, self._numbers.sentence(group)) if str(group) else empty.format(span)
        return Markup("<tr>{}</tr>\n<tr>{}</tr>").format(upper, lower)

    def _row(self, row: Row, columns: tuple[Column, ...]) -> Markup:
        if row.kind == "heading":
            return Markup('<tr class="heading"><th scope="rowgroup" colspan="{}">{}</th></tr>').format(
                len(columns), self._content(row.cells[0])
            )
        cells = Markup("").join(
            self._cell(cell, column, first=at == 0)
            for at, (cell, column) in enumerate(zip(row.cells, columns, strict=True))
        )
        return Markup("<tr{}{}>{}</tr>").format(_class(row.kind), self._opens(row.opens), cells)

    def _cell(self, cell: Cell, column: Column, *, first: bool) -> Markup:
        content, opens = self._content(cell), self._opens(cell.opens)
        if first and content:
            return Markup('<th scope="row"{}>{}</th>').format(opens, content)
        return Markup("<td{}{}>{}</td>").format(_class(_classes(column)), opens, content)

    def _content(self, cell: Cell) -> Markup:
        if isinstance(cell.content, Interval):
            return _drawn(cell.content)
        if isinstance(cell.content, Tiles):
            return self._tiles(cell.content)
        if isinstance(cell.content, Disc):
            return _disc(cell.content) + self._numbers.sentence(cell.content.text)
        return self._numbers.sentence(cell.content)

    def _tiles(self, found: Tiles) -> Markup:
        made = Markup('<button class="tile part-{}" data-set="{}" aria-label="{}"></button>')
        tiles = (
            made.format(place, self._numbers.place(count), visible(words))
            for count, place, words in zip(found.counts, found.places, found.words, strict=True)
        )
        return Markup('<span class="tiles">{}</span>').format(Markup("").join(tiles))

    def _opens(self, behind: Behind | None) -> Markup:
        return _attribute("data-open", "" if behind is None else self._numbers.place(behind))


_KINDS = {"words": "", "number": "r", "interval": "i", "plot": "plot"}
_SCALE = (
    '<span class="unseen">Interval drawn from 0 to 100 %</span><span class="scale" aria-hidden="true">'
    "<span>0</span><span>50</span><span>100\u00a0%</span></span>"
)


def _classes(column: Column) -> str:
    return " ".join(filter(None, [_KINDS[column.kind], "w" if column.wide else ""]))


def _head(column: Column) -> Markup:

    if column.kind == "plot":
        return Markup('<th scope="col" class="plot">{}</th>').format(Markup(_SCALE))  # noqa: S704 - our own
    if not column.label:
        return Markup("<td></td>")
    made = Markup('<th scope="col"{}>{}</th>')
    first = column.label.split()[0]
    symbol = len(first) == 1 or not first.rstrip(",").isalpha()  # r/n, p
    label = column.label if symbol else column.label[:1].upper() + column.label[1:]
    return made.format(_class(_classes(column)), shown(label))


def _class(name: str) -> Markup:
    return _attribute("class", name)


def _attribute(name: str, value: str) -> Markup:

    return Markup(f' {name}="{{}}"').format(value) if value else Markup("")  # noqa: S704 - names of ours


def _drawn(found: Interval) -> Markup:
    """An interval as a picture as wide as its cell: a diamond for what is pooled, else a box."""

    if found.rate is None:
        return Markup("")
    at, low, high = (_place(value) for value in (found.rate.estimate, found.rate.lower, found.rate.upper))
    upright = Markup('<line class="{0}" x1="{1}%" x2="{1}%" y1="{2}" y2="{3}"/>')
    reference = "" if found.reference is None else upright.format("reference", _place(found.reference), -9, 23)
    tick = "" if found.tick is None else upright.format("tick", _place(found.tick), 0, 14)
    diamond = Markup(
        '<svg viewBox="0 0 100 14" preserveAspectRatio="none"><path class="mark" d="M{0} 7L{1} 1 {2} 7 {1} 13z"/></svg>'
    )
    box = Markup('<svg x="{0}%"><rect class="mark" x="{1:g}" y="{2:g}" width="{3:g}" height="{3:g}"/></svg>')
    half = 4 if found.patients is None else round(2.5 + min(found.patients, 25) ** 0.5, 1)
    mark = diamond.format(low, at, high) if found.pooled else box.format(at, -half, round(7 - half, 1), 2 * half)
    made = Markup(
        '<svg class="bar{}" aria-hidden="true">{}<line class="range" x1="{}%" x2="{}%" y1="7" y2="7"/>{}{}</svg>'
    )
    return made.format(" out" if found.outside else "", reference, low, high, mark, tick)


_LARGEST, _SMALLEST = 14.0, 3.5  # radius of a disc, pixels


def _disc(found: Disc) -> Markup:
    """A disc filled clockwise from the top; nobody becomes invisible."""

    count = found.count
    radius = max(_LARGEST * sqrt(count.evaluable / found.most), _SMALLEST)
    share = count.responders / count.evaluable
    x, y = radius * sin(2 * pi * share), -radius * cos(2 * pi * share)
    path = f"M0 0V{-radius:.3g}A{radius:.3g} {radius:.3g} 0 {int(share > 0.5)} 1 {x:.3g} {y:.3g}z"
    filled = Markup('<path d="{}"/>').format(path) if share not in (0.0, 1.0) else ""
    made = Markup(
        '<svg class="disc" viewBox="-15 -15 30 30" width="30" height="30" aria-hidden="true">'
        '<circle r="{:.3g}"{}/>{}</svg>'
    )
    return made.format(radius, _class("full" if share == 1.0 else ""), filled)


def _place(share: float) -> str:
    """Per cent of the width, to a decimal: a third of a pixel of the widest."""
    return f"{round(100 * share, 1):.10g}"


def together(sentence: Markup) -> Markup:
    """No line ends between a button and the bracket before it or the sign after it, as none does beside words."""

    button = r"<button [^>]*>[^<]*</button>"
    kept = rf"[\[(]{button}[\]).,;:]*|{button}[\]).,;:]+"
    return Markup(re.sub(kept, r'<span class="together">\g<0></span>', str(sentence)))  # noqa: S704 - markup already


def visible(text: str) -> str:
    """Text from a file as the page shows it: one line, with control and direction characters shown as escapes."""
    return one_line(text)


def shown(text: str) -> str:
    """As `visible`, with `74.3 %` kept on one line and blanks at the ends kept, since a sentence goes on."""
    start, end = text[:1].isspace(), text[-1:].isspace()
    inner = visible(text).replace(" %", "\u00a0%")
    return f"{' ' if start else ''}{inner}{' ' if end and inner else ''}"
