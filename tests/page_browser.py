"""The system's Chromium for the tests of the page. Missing: an error where CI is set, elsewhere a skip."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opened import Opens
from opened import opened as numbers_of

from metaimt.report.page_cases import report_data

if TYPE_CHECKING:
    from conftest import Built

    from metaimt.figures.review_figure import Drawn


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a browser is marked so."""
    for item in items:
        if isinstance(item, pytest.Function) and "browser" in item.fixturenames:
            item.add_marker("browser")


BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZE = {"width": 1280, "height": 900}
UNFOLD_AROUND = """part => {
    for (let up = part.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
}"""
AS_OPENED = """() => new Promise(done => {
    document.getElementById("list").close();
    for (const each of document.querySelectorAll("details[open]")) each.open = false;
    getSelection().removeAllRanges();
    if (document.activeElement) document.activeElement.blur();
    scrollTo(0, 0);
    if (!location.hash && !document.getElementById("search").value) return done();
    document.getElementById("filters").reset();
    setTimeout(() => { history.replaceState(null, "", location.pathname); done(); });
})"""
"""Whoever chose has an address with a `#`. The filters follow their reset in a timer set before the one here."""


@dataclass
class Visit:
    """An open page, and what it asked for and complained of since it was opened."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def bring_back(self, complaints: int) -> None:
        """As it was opened: nothing unfolded, chosen or searched for, on a screen, with so many complaints."""
        self.page.emulate_media(media="screen", color_scheme="light")
        if self.page.viewport_size != SIZE:
            self.page.set_viewport_size(SIZE)
        self.page.evaluate(AS_OPENED)
        del self.complaints[complaints:]

    def narrow(self, width: int) -> None:
        """Another width of the window."""
        self.page.set_viewport_size(SIZE | {"width": width})

    def unfold(self) -> None:
        """Open whatever is folded."""
        self.page.evaluate("document.querySelectorAll('details').forEach(each => (each.open = true))")

    def close_list(self) -> None:
        """Escape goes back in the history, which takes a moment."""
        self.page.keyboard.press("Escape")
        self.page.locator("#list").wait_for(state="hidden")

    def click_number(self, number: Opens) -> None:
        """Click on the first button that opens the same, where it is folded away after unfolding it."""
        button = self.page.locator(number.button).first
        button.evaluate(UNFOLD_AROUND)
        button.click()

    def evaluate(self, script: str, argument: object = None) -> Any:
        """The value of an expression of the page."""
        return self.page.evaluate(script, argument)


class Visitor:
    """Opens files in a browser that may reach nothing but the file itself."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.contexts: list[Any] = []

    def open(self, path: Path, *, width: int = 1280, scheme: str = "light", fragment: str = "", **more: Any) -> Visit:
        """A new context; every request but the one for the file is refused and recorded."""
        address = path.resolve().as_uri()
        size = SIZE | {"width": width}
        context = self.browser.new_context(viewport=size, color_scheme=scheme, accept_downloads=True, **more)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        visit = Visit(page)

        def route(call: Any) -> None:
            if call.request.url.partition("#")[0] == address:
                call.continue_()
            else:
                visit.requests.append(call.request.url)
                call.abort()

        def dismissed(dialog: Any) -> None:
            visit.complaints.append(f"dialog {dialog.message}")
            dialog.dismiss()

        context.route("**/*", route)
        page.on("console", lambda said: visit.complaints.append(said.text) if said.type != "log" else None)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("dialog", dismissed)
        page.goto(address + fragment)
        page.wait_for_selector("html.ready", state="attached")
        return visit

    def close(self) -> None:
        """Close what was opened."""
        while self.contexts:
            self.contexts.pop().close()


def missing(reason: str) -> None:
    """No browser: an error in CI, a skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; the gate needs it")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser a session."""
    executable = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if executable is None:
        missing(f"no browser: none of {', '.join(BROWSERS)} is installed (apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed (pip install -e '.[test]')")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visitor(browser: Any) -> Iterator[Visitor]:
    """A visitor whose pages are closed after the test."""
    made = Visitor(browser)
    yield made
    made.close()


@pytest.fixture(scope="session")
def opened(browser: Any, built: Built) -> Iterator[tuple[Visit, int]]:
    """The page of the frozen review, opened once, and what it complained of meanwhile."""
    made = Visitor(browser)
    visit = made.open(built.out / "index.html")
    assert visit.evaluate("document.querySelectorAll('details[open], dialog[open]').length") == 0
    visit.evaluate("document.documentElement.style.scrollBehavior = 'auto'")  # a click waits until a part stands still
    yield visit, len(visit.complaints)
    made.close()


@pytest.fixture
def visit(opened: tuple[Visit, int]) -> Visit:
    """The page of the frozen review as it was opened; what it asked for is kept from one test to the next.

    A test that sorts its table, or that needs a focus nobody has moved, opens its own.
    """
    found, complaints = opened
    found.bring_back(complaints)
    return found


@pytest.fixture(scope="session")
def scriptless(browser: Any, built: Built) -> Iterator[Any]:
    """The same page where no script runs."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built.out / "index.html").as_uri())
    yield page
    context.close()


@pytest.fixture(scope="session")
def numbers(built: Built) -> list[Opens]:
    """Everything on the page that opens something."""
    return numbers_of((built.out / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def every_number(built: Built, numbers: list[Opens]) -> list[Opens]:
    """Everything that opens something on the page and on the one beside it."""
    return [*numbers, *numbers_of((built.out / "cohort.html").read_text(encoding="utf-8"))]


@pytest.fixture(scope="session")
def sets(numbers: list[Opens]) -> dict[str, Opens]:
    """The first number of each name."""
    return {each.name: each for each in reversed(numbers)}


@pytest.fixture(scope="session")
def drawn(built: Built) -> tuple[Drawn, ...]:
    """Every figure of the page, drawn once more."""
    from metaimt.figures.registry import COHORTS, drawings, figure_names, is_built

    names = [name for name in figure_names(built.results.protocol) if is_built(built.results, name)]
    return tuple(drawing for name in (*names, COHORTS) for drawing in drawings(built.results, name))


@pytest.fixture(scope="session")
def labels(built: Built) -> dict[str, Any]:
    """What the page says of each report."""
    return report_data(built.results)


@pytest.fixture(scope="session")
def headings(built: Built, labels: dict[str, Any]) -> dict[str, str]:
    """The heading of each case where it is shown, by the id of its unit."""
    units = [placed.unit for placed in built.results.selection.placed]
    later = {unit.id: f", inhibitor {unit.course}" if unit.course > 1 else "" for unit in units}
    return {unit.id: f"{labels[unit.report]['label']}, {unit.name}{later[unit.id]}" for unit in units}


def shown_cases(page: Any) -> list[str]:
    """The headings in the open dialog, sorted."""
    return sorted(page.eval_on_selector_all("#list-cases h3", "all => all.map(each => each.textContent)"))
