"""index.html as bytes: every number has its cases, only its own script may run, and it is the same twice."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import Built
from metaimt.report.case_set import CaseSet

from metaimt.analyses.not_in_headline import patients
from metaimt.analyses.selectivity import Selectivity
from metaimt.figures.review_figure import Drawn
from metaimt.model.unit import Unit
from metaimt.report import page
from metaimt.report.linked import Linker, visible
from metaimt.report.page_cases import STRIP, arm_of, strip_of
from metaimt.report.wording import read_as, read_depths

MOST_BYTES = 2_000_000


class Page(HTMLParser):
    """The buttons (key, text), ids, headings, images, table headers and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.buttons: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.images: list[dict[str, str | None]] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.policy = ""
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(named)
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"] or ""
        if "data-set" in named:
            self.buttons.append((named["data-set"] or "", ""))
            self._open = True
        if "id" in named:
            self.ids.append(named["id"] or "")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img":
            self.images.append(named)
        self.addresses += [named[name] or "" for name in ("href", "src") if name in named]

    def handle_data(self, data: str) -> None:
        if self._open:
            key, text = self.buttons[-1]
            self.buttons[-1] = (key, text + data)

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "button"


@pytest.fixture(scope="session")
def text(built: Built) -> str:
    return (built.out / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def parsed(text: str) -> Page:
    return Page(text)


# Names and places, not counts; and counts in captions, which the tests of figures add up.
ELSEWHERE = ("unit/", "forest/", "publication/", "audit/", "cohort/", "figure/", "patient/")
WHOLE = re.compile(r"\d+(?:\.\d+)?/\d+(?:\.\d+)?|\d+ of \d+ patients(?: responded)?")


def counted(text: str) -> tuple[float, float] | None:
    """Responders and evaluable patients of a number that shows both: `55/74`, `55 of 74 patients responded`."""
    if not WHOLE.fullmatch(text):
        return None
    r, n = re.findall(r"[\d.]+", text)
    return float(r), float(n)


def test_every_r_of_n_is_the_sum_of_its_cases(parsed: Page, sets: dict[str, CaseSet]) -> None:
    seen = [(key, text, both) for key, text in parsed.buttons if (both := counted(text)) and key in sets]
    seen = [(key, text, both) for key, text, both in seen if not key.startswith("stated/")]  # of all who were asked
    assert len(seen) > 300
    assert sum("." in text for _, text, _ in seen) > 0, "no weighted sum"
    for key, text, both in seen:
        found = sets[key]
        if found.reports:  # as printed, not added up
            assert found.statements, (key, text)
            assert found.title.endswith(
                (f": {text}, published counts", f": {text.replace(' of ', '/')}, published counts")
            )
        else:
            assert (found.responders, found.evaluable) == pytest.approx(both, abs=1e-9), (key, text)


def sizes(found: CaseSet, units: dict[str, Unit]) -> set[float]:
    """What a single number can count of a set: cases, responders, evaluable patients, patients, or publications."""
    people = [patients(units[name]) for name, _, _ in found.cases]
    return {len(found.cases), found.responders, found.evaluable, sum(people), len(found.reports)}


def test_every_other_number_counts_its_cases(parsed: Page, built: Built, sets: dict[str, CaseSet]) -> None:
    units = {placed.unit.id: placed.unit for placed in built.results.selection.placed}
    curves = [each for each in built.results.publication_bias.selectivity.values() if isinstance(each, Selectivity)]
    missing = {target.missing for curve in curves for target in curve.targets}
    kinds = set()
    for key, text in parsed.buttons:
        number = re.match(r"\d+", text.strip())
        if not number or counted(text) or key.startswith(ELSEWHERE):
            continue
        name = key.removeprefix("reports/")
        found = sets[name]
        if key != name:
            publications = {units[each].report for each, _, n in found.cases if n}
            assert int(number[0]) == len(publications), (key, text)
        elif key.endswith("/group") and (text.isdigit() or "unpublished" in text):
            assert int(number[0]) in missing, (key, text)  # unpublished patients lead to the published ones
        elif not re.match(r"[\d.]+\s%", text):
            assert int(number[0]) in sizes(found, units), (key, text, sizes(found, units))
        kinds.add(key.split("/")[0])
    assert kinds >= {"reports", "pool", "read", "not-in", "basis", "depth", "contrast", "time", "stated", "regression"}


def test_numbers_inside_sentences_are_buttons(text: str, parsed: Page) -> None:
    """The note on bias, the reasons, the reading: no count in them is without its cases."""
    note = re.search(r'<p class="note">(.*?)</p>', text, re.DOTALL)
    assert note is not None
    without = re.sub(r"<button.*?</button>", "", note[1])
    assert not re.search(r"\d+ of \d+|\d+ (?:reports|patients) ", without), without
    assert "\ue000" not in text


def test_every_step_over_time_is_the_sum_of_its_cases(parsed: Page, sets: dict[str, CaseSet]) -> None:
    steps = [
        (key, text) for key, text in parsed.buttons if key.startswith("time/") and key.endswith(("/added", "/all"))
    ]
    assert len(steps) > 20
    for key, text in steps:
        assert text == f"{sets[key].responders}/{sets[key].evaluable}", key


def test_every_count_of_what_is_stated_is_its_number_of_cases(parsed: Page, sets: dict[str, CaseSet]) -> None:
    others = ("stated/as counts",)  # patients of arms, counted in the test above
    stated = [(key, text) for key, text in parsed.buttons if key.startswith("stated/") and key not in others]
    assert len(stated) > 10
    for key, text in stated:
        assert int(re.match(r"\d+", text)[0]) == len(sets[key].cases), key  # type: ignore[index]
    known = [(key, text) for key, text in parsed.buttons if re.fullmatch(r"time/[^/]+/[a-z_]+", key)]
    assert len({key for key, _ in known}) == 6
    for key, text in ((key, text) for key, text in known if " of " in text):
        assert int(text.split(" of ")[0]) == len(sets[key].cases), key


def test_every_unit_of_the_review_has_a_row(parsed: Page, built: Built) -> None:
    units = {f"unit/{placed.unit.id}" for placed in built.results.selection.placed}
    assert units <= {key for key, _ in parsed.buttons}


def test_the_page_says_what_the_results_say(text: str, built: Built) -> None:
    headline = built.results.response.headline
    plain = re.sub(r"<[^>]+>", "", text).replace("\u00a0", " ")
    counts = headline.counts
    assert f"{counts.responders} of {counts.evaluable} patients responded" in plain
    assert headline.orr is not None
    assert f"ORR {100 * headline.orr.estimate:.1f} %" in plain
    assert "this does not predict one patient's response" in plain.replace("&#39;", "'")
    assert "Last search" in plain
    assert "were read as an abstract" in plain


def test_the_strip_adds_up_to_the_evaluable_patients(built: Built) -> None:
    for placed in built.results.selection.placed:
        strip = strip_of(placed.unit, arm_of(placed.unit, built.results))
        assert sum(strip) == placed.unit.evaluable, placed.unit.id
        assert sum(strip[:3]) == placed.unit.responders, placed.unit.id
        assert len(strip) == len(STRIP)


def test_only_its_own_script_and_style_may_run(text: str, parsed: Page) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
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
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in parsed.images if image["src"])
    assert {address.split(":")[0] for address in parsed.addresses if ":" in address} <= {"https", "http", "data"}


def test_headings_ids_and_figures_are_in_order(parsed: Page) -> None:
    assert parsed.headings.count(1) == 1
    steps = zip(parsed.headings, parsed.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert all(len(image["alt"] or "") > 60 for image in parsed.images)
    inside = {address[1:] for address in parsed.addresses if address.startswith("#")}
    assert inside <= set(parsed.ids)


def test_links_to_other_outputs_exist(parsed: Page, built: Built) -> None:
    others = [a for a in parsed.addresses if ":" not in a and not a.startswith("#")]
    assert {"report.md", "results.json", "tables/", "figures/"} <= set(others)
    assert [name for name in others if not (built.out / name).exists()] == []


def test_the_same_results_give_the_same_page(built: Built, text: str, drawn: tuple[Drawn, ...]) -> None:
    """With the pictures as they were written; the next test and the gate's two builds make those again too."""
    from metaimt.review import news

    files = {path.relative_to(built.out).as_posix(): path.read_bytes() for path in built.out.glob("figures/*.svg")}
    assert page.page_html(built.results, drawn, files, news(built.results)) == text


@pytest.mark.slow
def test_pictures_made_again_give_the_same_page(built: Built, text: str) -> None:
    from metaimt.report.figure_files import review_figure_files
    from metaimt.report.outputs import output_files
    from metaimt.review import news

    again = output_files(built.results, review_figure_files(built.results), news(built.results))["index.html"]
    assert again.decode("utf-8") == text


def test_the_page_is_small(built: Built) -> None:
    size = (built.out / "index.html").stat().st_size
    print(f"index.html: {size} bytes")
    assert size < MOST_BYTES


def test_a_number_without_cases_is_an_error() -> None:
    link = Linker({"pool/strict"}, "")
    with pytest.raises(KeyError, match="pool/none"):
        link("1/2", "pool/none")
    with pytest.raises(KeyError, match="pool/none"):
        link.button("1/2", "pool/none")
    assert "data-set" in link.button("3", "reports/pool/strict")


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
    headline = built.results.response.headline
    total = headline.counts.evaluable
    assert read_as(headline, {"trial": total}).startswith(f"Most ({total} of {total}) come from small trials")
    assert read_as(headline, {"case_report": total}).startswith(f"Most ({total} of {total}) come from single cases")


def test_depths_are_a_sentence() -> None:
    assert (
        read_depths({"abstract": 3, "full_text": 1}) == "3 of 4 publications were read as an abstract, 1 in full text"
    )
    assert read_depths({"title": 1}) == "1 of 1 publication was read by the title"
    assert read_depths({}) == "no publication"
