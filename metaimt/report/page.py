"""index.html: the review as one self-contained page that works from a file, with no request to anywhere.

Text from case files is data: Jinja2 escapes it, the browser writes it as text, and a content security policy lets
nothing run but the scripts that stand here.

What is new, on the page: the verdict, the numbers that moved and why, and what changed in the files.

Units and publications that are still in the review lead to their cases, and so does each number as it stands now.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from hashlib import sha256
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from metaimt.analyses.results import Results
from metaimt.content.answer import citable
from metaimt.content.review import review_sections
from metaimt.figures.review_figure import Drawn
from metaimt.model.fields import FACETS as UNIT_FACETS
from metaimt.model.text import Number, Text
from metaimt.render.html import Html, Numbers, shown, visible
from metaimt.render.small import smaller
from metaimt.report.page_cases import FACETS, STRATUM, STRIP, case_data, report_data
from metaimt.report.page_figures import PageFigures
from metaimt.versions.changes import Changes

if TYPE_CHECKING:
    from jinja2 import Environment

SCRIPTS = ("page-numbers.js", "page-cases.js", "page-figures.js", "page-explorer.js")
FILTERS = {name: "Stratum" if name == STRATUM else UNIT_FACETS[name].label for name in FACETS if name != "year"}
COLUMNS = (  # heading, class: r numbers to the right, w only on a wide screen
    ("Case", ""),
    ("r/n", "r"),
    ("Drug", ""),
    ("Response", ""),
    ("Basis", "w"),
    ("Line", "w"),
    ("Histology", "w"),
    ("Partner", "w"),
    ("Site", "w"),
    ("Age", "w"),
    ("Stratum", "w"),
    ("Year", ""),
    ("Counted in, or why not", ""),
)
_JSON_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


EXPLORER, HEADING = "cases", "Explore the cases"
_FIRST = ("answer", "differ", EXPLORER, "forest", "long", "trust", "sources", "figures", "methods")
BESIDE = ("cohort", "audit")
"""Sections of a page of their own, beside the first."""


def page_html(
    results: Results,
    drawn: Sequence[Drawn] = (),
    files: Mapping[str, bytes] = MappingProxyType({}),
    changes: Changes | None = None,
    *,
    beside: bool = False,
) -> str:
    """The page of a review; the same results give the same text. What is new stands in it where `changes` are given.

    files: the SVG of each figure drawn, by its name in the outputs. beside: the page of the local cohort and of the
    printed numbers that do not agree.
    """
    cases, reports = case_data(results), report_data(results)
    titles = (f"{reports[case['report']]['label']}, {case['who']}" for case in cases)
    units = zip((placed.unit for placed in results.selection.placed), titles, strict=True)
    link = Numbers({unit.id: (unit, title) for unit, title in units})
    html, content = Html(link, PageFigures(results, drawn, files, link)), review_sections(results, changes)
    explorer = partial(_explorer, results, cases, reports, link)
    made = {
        name: explorer() if name == EXPLORER else html.section(content[name]) for name in (BESIDE if beside else _FIRST)
    }
    shown = {name: _safe(smaller(str(text))) for name, text in made.items() if text}
    script, style = page_script(beside=beside), _source("page.css")
    names = {name: str(content[name].title) if name in content else HEADING for name in shown}
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=results.protocol.title,
            question=results.protocol.question,
            version=results.response.version,
            names=names,
            parts=shown,
            beside=beside,
            other="index.html" if beside else "cohort.html" if has_beside(results) else "",
            citable=link.sentence(citable(results)),
            data=lambda: _json(_data(results, cases, reports, link)),  # last, when every number has been met
            script=_safe(script),
            style=_safe(style),
            policy=f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
            "base-uri 'none'; form-action 'none'",
        )
    )


def has_beside(results: Results) -> bool:
    """Whether there is a local cohort, or a printed number that does not agree."""
    return bool(results.cohorts or results.audit.findings)


def _explorer(
    results: Results, cases: list[dict[str, Any]], reports: dict[str, dict[str, Any]], link: Numbers
) -> Markup:
    """Filters over every case, the rate of who is left, and the table of them."""
    names = (*results.selection.pools, *results.selection.rows)
    text = (
        _environment()
        .get_template("page-explorer.html.j2")
        .render(
            heading=HEADING,
            groups=[(name, results.protocol.label(name)) for name in names],
            groups_first=len(results.selection.pools),
            filters=_filters(cases),
            filter_labels=FILTERS,
            case_columns=COLUMNS,
            cases=cases,
            reports=reports,
            link=link,
        )
    )
    return _safe(text)


def page_script(*, beside: bool) -> str:
    """The script of a page: its files one after the other, each a function of its own."""
    return "\n".join(_source(name) for name in SCRIPTS if not (beside and name == "page-explorer.js"))


def _data(
    results: Results, cases: list[dict[str, Any]], reports: dict[str, dict[str, Any]], link: Numbers
) -> dict[str, Any]:
    groups = [*results.selection.pools, *results.selection.rows]
    return {
        "version": results.response.version,
        "groups": {name: results.protocol.label(name) for name in groups},
        "strip": STRIP,
        "facets": FACETS,
        **_short(cases, reports),
        "sets": _short_titles(link.sets(), list(reports)),
    }


def _short(cases: list[dict[str, Any]], reports: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Cases and reports, each fact with the place of its label in `labels`, and the facets as a list in their order.

    The script puts them back when the page opens, and finds the reports by their id.
    """
    labels: dict[str, int] = {}

    def placed(facts: Iterable[tuple[str, str]]) -> list[tuple[int, str]]:
        return [(labels.setdefault(label, len(labels)), said) for label, said in facts]

    short = [
        case
        | {
            "facts": placed(case["facts"]),
            "why": placed(case["why"]),
            "facets": [case["facets"][each] for each in FACETS],
        }
        for case in cases
    ]
    read = [report | {"id": name, "reading": placed(report["reading"])} for name, report in reports.items()]
    return {"cases": short, "reports": read, "labels": list(labels)}


def _short_titles(sets: list[dict[str, Any]], reports: list[str]) -> list[dict[str, Any]]:
    """Sets with `k`, how many letters of its title each has from the one before, and publications by their place."""
    before, short = "", []
    for found in sets:
        title = visible(found["t"])
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, title, strict=False)))
        kept -= title[kept : kept + 1] == " "  # what is left begins with a letter
        places = {"p": [reports.index(report) for report in found["p"]]} if "p" in found else {}
        short.append(found | ({"k": kept, "t": title[kept:]} if kept else {}) | places)
        before = title
    return short


def _filters(cases: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The values of each filter, sorted, "not stated" last."""
    found = [case["facets"] for case in cases]
    return {name: sorted({facets[name] for facets in found}, key=lambda v: (v == "not stated", v)) for name in FACETS}


def _json(data: Any) -> Markup:
    """JSON that no HTML parser can take for markup; every text in it is `visible`."""
    text = json.dumps(_visible(data), ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return _safe(text.translate(_JSON_ESCAPES))


def _visible(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {_visible(key): _visible(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_visible(value) for value in data]
    return visible(data) if isinstance(data, str) else data


def _hash(text: str) -> str:
    """The source expression of an inline script or style. Source: W3C, Content Security Policy Level 3."""
    return "sha256-" + base64.b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _source(name: str) -> str:
    from importlib.resources import files

    text = files("metaimt.report").joinpath("templates", name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name} holds '</', which could end its element early")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _safe(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - our own files, and JSON without any sign that opens markup


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("metaimt.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _printed(value: object) -> object:
    """What a template prints: our own markup and numbers as they are, text made visible, `74.3 %` kept on one line."""
    if isinstance(value, Text | Number):
        raise TypeError(f"{value}: a Text goes through m.words, else its numbers open nobody")
    return shown(value) if type(value) is str else value
