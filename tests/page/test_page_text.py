"""index.html as bytes: every number has its cases, only its own script may run, and it is the same twice."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import Built, course, patient, report, unit
from opened import Opens, whole

from metaimt.analyses.publication_bias import Selectivity
from metaimt.casefiles.model import CaseFile
from metaimt.content.answer import read_as
from metaimt.content.sources import read_depths
from metaimt.figures.review_figure import Drawn
from metaimt.model.count import Count
from metaimt.model.unit import Unit
from metaimt.render.html import visible
from metaimt.report import page
from metaimt.report.page_cases import STRIP, arm_of, strip_of

MOST_BYTES = 2_000_000


class Page(HTMLParser):
    """The ids, headings, images and addresses of a page, and its tags, attributes and policy."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.images: list[dict[str, str | None]] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(named)
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"] or ""
        if "id" in named:
            self.ids.append(named["id"] or "")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img" or (named.get("role"), named.get("class")) == ("img", "drawn"):
            self.images.append(named)
        self.addresses += [named[name] or "" for name in ("href", "src", "xlink:href") if name in named]
        self.addresses += [
            f"#{place}" for value in named.values() for place in re.findall(r"url\(#(.*?)\)", value or "")
        ]


@pytest.fixture(scope="session")
def text(built: Built) -> str:
    return whole((built.out / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="session", params=["index.html", "cohort.html"])
def either(built: Built, request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return (built.out / name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def parsed(either: str) -> Page:
    return Page(either)


WHOLE = re.compile(r"\d+(?:\.\d+)?/\d+(?:\.\d+)?|\d+ of \d+ patients(?: responded)?")
STATED = ("status at the last follow-up: ", "how the treatment ended: ", "adverse events: ")
KNOWN = re.compile(r".*: (Time on treatment|Progression-free survival|Duration of response) known")
OF_EVERY_KIND = {
    "reports of strict, ALK-positive",
    "strict, ALK-positive: complete response, where known",
    "Read as: full text",
    "not in strict, ALK-positive: inferred",
    "all evidence: measured",
    "all evidence: abstract",
    "case reports and series (all evidence)",
    "all evidence: Time on treatment known",
    "adverse events: stated",
    "all evidence: histology known",
    "all evidence: courses",
}


def counted(text: str) -> tuple[float, float] | None:
    """Responders and evaluable patients of a number that shows both: `55/74`, `55 of 74 patients responded`."""
    if not WHOLE.fullmatch(text):
        return None
    r, n = re.findall(r"[\d.]+", text)
    return float(r), float(n)


def test_every_r_of_n_is_the_sum_of_its_cases(every_number: list[Opens]) -> None:
    seen = [(each, both) for each in every_number if (both := counted(each.words))]
    seen = [(each, both) for each, both in seen if not each.title.startswith(STATED)]  # of all who were asked
    assert len(seen) > 300
    assert any("." in each.words for each, _ in seen), "no weighted sum"
    for each, both in seen:
        if each.publications:  # as printed, not added up
            assert each.printed, each
            assert each.title.endswith(f": {each.words.replace(' of ', '/')}, published counts"), each
        else:
            assert each.counts == pytest.approx(both, abs=1e-9), each


def sizes(found: Opens, units: dict[str, Unit]) -> set[float]:
    """What a single number can count of a set: cases, responders, evaluable patients, patients, or publications."""
    mine = [units[unit] for unit, _, _ in found.cases]
    people = sum(unit.evaluable if unit.course == 0 else unit.course == 1 for unit in mine)
    return {len(mine), *found.counts, people, len(found.publications)}


def test_every_other_number_counts_its_cases(every_number: list[Opens], built: Built) -> None:
    units = {placed.unit.id: placed.unit for placed in built.results.selection.placed}
    curves = [each for each in built.results.publication_bias.selectivity.values() if isinstance(each, Selectivity)]
    missing = {(curve.cases.counts.title, target.missing) for curve in curves for target in curve.targets}
    names = set()
    for each in every_number:
        number = re.match(r"\d+", each.words)
        if not number or counted(each.words) or re.match(r"[\d.]+\s%|\d+ months", each.words):
            continue
        if each.reports:
            assert int(number[0]) == len({units[unit].report for unit, _, n in each.cases if n}), each
        elif each.title.endswith(", published counts"):
            assert each.publications, each
        elif (each.title, int(number[0])) not in missing:  # unpublished patients lead to the published ones
            assert int(number[0]) in sizes(each, units), each
        names.add(each.name)
    assert names >= OF_EVERY_KIND


def test_numbers_inside_sentences_are_buttons(text: str) -> None:
    """The note on bias, the reasons, the reading: no count in them is without its cases."""
    note = re.search(r'<h2 id="trust-title">.*?<p>(.*?)</p>', text, re.DOTALL)
    assert note is not None
    without = re.sub(r"<button.*?</button>", "", note[1])
    assert not re.search(r"\d+ of \d+|\d+ (?:reports|patients) ", without), without
    assert "\ue000" not in text


def test_every_step_over_time_is_the_sum_of_its_cases(numbers: list[Opens]) -> None:
    steps = [each for each in numbers if ", by publication year" in each.title and each.tag == "button"]
    steps = [each for each in steps if not each.reports]
    assert len(steps) > 20
    for each in steps:
        assert each.words == "{}/{}".format(*each.counts), each


def test_every_count_of_what_is_stated_is_its_number_of_cases(numbers: list[Opens]) -> None:
    stated = [each for each in numbers if each.title.startswith(STATED)]
    assert len(stated) > 10
    known = [each for each in numbers if KNOWN.fullmatch(each.title) and " of " in each.words]
    assert len({each.title for each in known}) == 6
    for each in stated + known:
        assert int(each.words.split()[0]) == len(each.cases), each


def test_every_unit_of_the_review_has_a_row(numbers: list[Opens], built: Built, headings: dict[str, str]) -> None:
    alone = {(each.title, *each.cases) for each in numbers if len(each.cases) == 1}
    units = [placed.unit for placed in built.results.selection.placed]
    assert {(headings[unit.id], (unit.id, unit.responders, unit.evaluable)) for unit in units} <= alone


def test_the_page_says_what_the_results_say(text: str, built: Built) -> None:
    headline = built.results.response.headline
    plain = re.sub(r"<[^>]+>", "", text).replace("\u00a0", " ")
    counts = headline.counts
    assert f"{counts.responders} of {counts.evaluable} patients ({headline.label}) responded" in plain
    assert headline.orr is not None
    low, high = headline.orr.lower, headline.orr.upper
    assert f"probably lies between {100 * low:.0f} and {100 * high:.0f} %." in plain
    assert f"{100 * headline.orr.estimate:.1f} %{100 * low:.1f} - {100 * high:.1f}" in plain.replace("\n", "")
    assert "this does not predict one patient's response" in plain.replace("&#39;", "'")
    assert "last search" in plain
    assert "were read as an abstract" in plain


def test_the_strip_adds_up_to_the_evaluable_patients(built: Built) -> None:
    for placed in built.results.selection.placed:
        strip = strip_of(placed.unit, arm_of(placed.unit, built.results))
        assert sum(strip) == placed.unit.evaluable, placed.unit.id
        assert sum(strip[:3]) == placed.unit.responders, placed.unit.id
        assert len(strip) == len(STRIP)


def test_only_its_own_script_and_style_may_run(either: str, parsed: Page) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", either, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", either, re.DOTALL)
    assert len(scripts) == len(styles) == 1
    for name, content in (("script-src", scripts[0]), ("style-src", styles[0])):
        digest = base64.b64encode(sha256(content.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in parsed.policy
    assert "default-src 'none'" in parsed.policy
    assert "unsafe" not in parsed.policy
    assert "style" not in parsed.attributes
    assert not {name for name in parsed.attributes if name.startswith("on")}
    assert not parsed.tags & {"iframe", "object", "embed", "link", "base"}


def test_it_fetches_nothing(parsed: Page) -> None:
    assert parsed.images
    assert not parsed.tags & {"img", "image"}, "pictures are part of the page"
    assert {address.split(":")[0] for address in parsed.addresses if ":" in address} <= {"https", "http"}


def test_headings_ids_and_figures_are_in_order(parsed: Page) -> None:
    assert parsed.headings.count(1) == 1
    steps = zip(parsed.headings, parsed.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert all(len(image["aria-label"] or "") > 60 for image in parsed.images)
    inside = {address[1:] for address in parsed.addresses if address.startswith("#")}
    assert inside <= set(parsed.ids)


def test_links_to_other_outputs_exist(parsed: Page, built: Built) -> None:
    others = [a for a in parsed.addresses if ":" not in a and not a.startswith("#")]
    wanted = {"report.md", "report.docx", "tables.xlsx", "results.json", "tables/", "figures/", "cohort.html"}
    assert {"index.html"} <= set(others) or wanted <= set(others)
    assert [name for name in others if not (built.out / name).exists()] == []


def test_the_same_results_give_the_same_page(built: Built, drawn: tuple[Drawn, ...]) -> None:
    """With the pictures as they were written; the next test and the gate's two builds make those again too."""
    from metaimt.review import news

    files = {path.relative_to(built.out).as_posix(): path.read_bytes() for path in built.out.glob("figures/*.svg")}
    written = (built.out / "index.html").read_text(encoding="utf-8")
    assert page.page_html(built.results, drawn, files, news(built.results)) == written


@pytest.mark.slow
def test_pictures_made_again_give_the_same_page(built: Built, text: str) -> None:
    from metaimt.report.figures import review_figure_files
    from metaimt.report.outputs import output_files
    from metaimt.review import news

    again = output_files(built.results, review_figure_files(built.results), news(built.results))["index.html"]
    assert whole(again.decode("utf-8")) == text


def test_the_page_is_small(built: Built) -> None:
    size = (built.out / "index.html").stat().st_size
    print(f"index.html: {size} bytes")
    assert size < MOST_BYTES


def test_json_holds_no_markup() -> None:
    hostile = "</script><script>alert(1)</script><!-- & \u2028 \u2029 ]]>"
    made = str(page._json({"text": hostile}))
    assert not re.search(r"[<>&\u2028\u2029]", made)
    assert json.loads(made)["text"] == visible(hostile)


def test_scripts_cannot_end_their_element() -> None:
    folder = Path(page.__file__).parent / "templates"
    for name in (*page.SCRIPTS, "page.css"):
        assert "</" not in (folder / name).read_text(encoding="utf-8")


def test_where_most_patients_come_from_is_counted(built: Built) -> None:
    for design, words in (("trial", "small trials"), ("case_report", "single cases")):
        group = replace(built.results.response.headline, counts=Count.of("", [unit("a/arm1", 3, 7, design=design)]))
        assert str(read_as(group)).startswith(f"Most patients (7 of 7) come from {words}")


def test_depths_are_a_sentence() -> None:
    def read(*depths: str) -> str:
        files = (
            report(f"made-{place}", patient(course()), extraction={"depth": depth})
            for place, depth in enumerate(depths)
        )
        return str(read_depths([CaseFile.model_validate(each) for each in files]))

    several = read("abstract", "full_text", "abstract", "abstract")
    assert several == "3 of 4 publications were read as an abstract, 1 in full text"
    assert read("title") == "1 of 1 publication was read by the title"
    assert read() == "no publication"


def test_a_click_beside_the_number_opens_what_a_number_of_the_row_opens(every_number: list[Opens]) -> None:
    rows: list[tuple[Opens, list[Opens]]] = []
    for each in every_number:
        if each.tag == "tr":
            rows.append((each, []))
        elif rows and each.tag == "button":
            rows[-1][1].append(each)
    assert len(rows) > 100
    for row, buttons in rows:
        parts = [each for each in buttons[:4] if each.title.startswith(row.title)]  # the same set, or a part of it
        assert parts or not buttons, row
        assert all({unit for unit, _, _ in each.cases} <= {unit for unit, _, _ in row.cases} for each in parts), row


def test_all_of_a_reason_are_those_listed_under_it(numbers: list[Opens]) -> None:
    places = [place for place, each in enumerate(numbers) if each.words == "All of them"]
    assert len(places) > 5
    for place in places:
        whole = [unit for unit, _, _ in numbers[place].cases]
        listed = [unit for each in numbers[place + 1 : place + 1 + len(whole)] for unit, _, _ in each.cases]
        assert listed == whole, numbers[place].title
