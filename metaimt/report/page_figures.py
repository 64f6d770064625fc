"""The figures of the page: pictures with buttons over their parts, and the evidence map as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from metaimt.analyses.results import Results
from metaimt.content.evidence_map import HOW, map_table
from metaimt.figures.registry import BY
from metaimt.figures.review_figure import Counted, Drawn, FigureText, NotDrawn, Place, parts_of
from metaimt.model.text import Named, Text, counted
from metaimt.render.html import Html, Numbers, visible
from metaimt.render.small import slim
from metaimt.report.figures import by_section

INTERACTIVE: Final = (
    *("forest", "strata", "sensitivity", "leave-one-out", "over-time", "tiles", "specification", "selectivity"),
    "adjusted",
)
"""Figures whose place a table with drawn intervals takes, the numbers of which open their cases."""
MAP: Final = "evidence-map"
_HINT = "Each row or column of the picture opens its cases; the arrow keys move between them."


class PageFigures:
    """Section -> its figures as HTML; those of `INTERACTIVE`, and the subgroups, are tables of the page.

    files: the SVG of each figure that was drawn, by its name in the outputs.
    """

    def __init__(self, results: Results, drawn: Sequence[Drawn], files: Mapping[str, bytes], numbers: Numbers) -> None:
        shown = [each for each in drawn if each.name not in INTERACTIVE and not each.name.startswith(BY)]
        self._sections, self._files, self._numbers = by_section(shown), files, numbers
        self._html, self._map = Html(numbers, self), results.evidence_map

    def __call__(self, section: str) -> Markup:
        """The figures of a section."""
        return Markup("").join(self._figure(each) for each in self._sections[section])

    def __bool__(self) -> bool:
        """Whether a section of their own has any."""
        return bool(self._sections["others"])

    def _figure(self, each: Drawn) -> Markup:
        if isinstance(each, NotDrawn):
            return Markup('<p class="small">{}.</p>\n').format(self._numbers.sentence(each.wording()))
        caption = Markup("").join(self._caption(each))
        if each.name == MAP:
            table = self._html.blocks([map_table(list(self._map.values())[-1], each.title)])
            made = '<figure class="page">\n{}<figcaption>{} {}</figcaption>\n</figure>\n'
            return Markup(made).format(table, HOW, caption)  # noqa: S704 - our own tags
        made = (
            '<figure>\n<div class="wide" role="region" tabindex="0" aria-label="{}, picture"><div class="picture">'
            "{}{}</div></div>\n<figcaption>{}</figcaption>\n</figure>\n"
        )
        picture = inline_svg(self._files[f"figures/{each.name}.svg"], each.name, visible(each.alt))
        return Markup(made).format(visible(each.title), picture, self._over(each), caption)  # noqa: S704 - our own

    def _caption(self, each: FigureText) -> Iterator[Markup]:
        parts = parts_of(each.caption, each.counted)
        said = (counted(part.text, part.behind) if isinstance(part, Counted) else Named(part) for part in parts)
        yield self._numbers.sentence(Text(*said))
        if each.regions and each.name != MAP:
            yield Markup(' <span class="hint">{}</span>').format(_HINT)
        yield Markup(' <a href="figures/{}.svg">SVG</a>').format(each.name)

    def _over(self, each: FigureText) -> Markup:
        """Buttons over the parts of a picture; the script puts them there, and without it there are none."""
        if not each.regions:
            return Markup("")
        button = Markup('<button class="part-at" data-set="{}" data-at="{}" aria-label="{}: show the cases"></button>')
        buttons = Markup("").join(
            button.format(self._numbers.place(found.behind), _at(found.place), visible(found.label))
            for found in each.regions
        )
        return Markup('<div class="over" role="toolbar" aria-label="{}" hidden>{}</div>').format(
            visible(each.title), buttons
        )


def _at(place: Place) -> str:
    """Left, top, width and height in per cent of the picture, for the script that puts the buttons there."""
    return " ".join(f"{100 * side:.4g}" for side in (place.left, place.top, place.width, place.height))


_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_FONT = re.compile(r"(?:(italic|oblique) )?(?:(bold|[0-9]{3}) )?([0-9.]+px) (.*)")


def inline_svg(svg: bytes, name: str, alt: str = "") -> Markup:
    """A picture of ours as part of the page: ids of its own, attributes for styles, which the page's policy forbids.

    Its texts are text, so that a search in the browser finds them. alt: what it says to who cannot see it.
    """
    from defusedxml import ElementTree

    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}:
                parent.remove(child)
    for each in root.iter():
        attributes: dict[str, str] = {}
        for key, value in each.attrib.items():
            if key == "style":
                attributes |= _attributes(value, name)
            else:
                attributes[key] = _renamed(key, value, name)
        each.attrib.clear()
        each.attrib.update(attributes)
    slim(root)
    root.attrib |= {"role": "img", "stroke-linejoin": "round", "class": "drawn"}
    root.attrib |= {"aria-label": alt} if alt else {}
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    text = _serialised(root)
    return Markup(text)  # noqa: S704 - our own drawing


def _renamed(key: str, value: str, name: str) -> str:
    """An id, or a reference to one, with the name of the figure before it."""
    if key == "id":
        return f"{name}-{value}"
    if key == f"{{{_XLINK}}}href" and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    return value.replace("url(#", f"url(#{name}-")


def _attributes(style: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in style.split(";"):
        key, _, value = (side.strip() for side in part.partition(":"))
        font = _FONT.fullmatch(value) if key == "font" else None
        if font is not None:
            sides = zip(("font-style", "font-weight", "font-size", "font-family"), font.groups(), strict=True)
            found |= {side: said for side, said in sides if said}
        elif key:
            found[key] = value.replace("url(#", f"url(#{name}-")
    return found


def _serialised(root: Any) -> str:
    from xml.etree.ElementTree import register_namespace, tostring

    register_namespace("", _SVG)
    register_namespace("xlink", _XLINK)
    return re.sub(r">\s+<", "><", tostring(root, encoding="unicode"))
