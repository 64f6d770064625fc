"""The system's Chromium for the tests of the page. Missing: an error where CI is set, elsewhere a skip."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Visit:
    """An open page, and what it asked for and complained of since it was opened."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

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
        size = {"width": width, "height": 900}
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
