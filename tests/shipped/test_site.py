"""The documents as a site: links lead where GitHub leads, nothing comes from elsewhere, a flaw stops the build."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ROOT

pytest.importorskip("mkdocs")
sys.path.append(str(ROOT / "tools"))

import docs_site

LOCAL = ("file:", "data:", "blob:")
PAGES = ("index.html", "case-format.html", "comparison.html", "notebook.html", "commands.html", "outputs/report.html")


def build(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "site"
    done = build(ROOT, "--site-dir", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_page_of_the_review_is_in_it_as_committed(site: Path) -> None:
    for name in ("index.html", "report.md", "results.json", "figures/forest.svg"):
        assert (site / "outputs" / name).read_bytes() == (ROOT / "outputs" / name).read_bytes()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loads = re.compile(
        r'<(?:script|img|iframe|source)\b[^>]*\bsrc="?(?:https?:)?//|<link\b[^>]*\bhref="?(?:https?:)?//'
    )
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 25
    canonical = re.compile(r'<link rel="canonical"[^>]*>')
    assert [page.name for page in pages if loads.search(canonical.sub("", page.read_text(encoding="utf-8")))] == []
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert [text[:80] for text in styles if re.search(r"url\([\"']?(?:https?:)?//|@import", text)] == []


@pytest.fixture
def said(browser: Any) -> Iterator[tuple[Any, list[str]]]:
    """A page of a browser, and what it asked of a network or complained of."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page, told = context.new_page(), []
    page.on("request", lambda call: None if call.url.startswith(LOCAL) else told.append(call.url))
    page.on("console", lambda line: told.append(line.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    yield page, told
    context.close()


@pytest.mark.slow
def test_it_opens_from_a_disk_without_a_network(site: Path, said: tuple[Any, list[str]]) -> None:
    page, told = said
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for name in PAGES:
            page.goto((site / name).as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert page.evaluate("[...document.images].filter(each => !each.naturalWidth).length") == 0, name
    assert told == []


@pytest.mark.slow
def test_it_is_searched_from_a_disk(site: Path, said: tuple[Any, list[str]]) -> None:
    page, told = said
    page.goto((site / "index.html").as_uri())
    page.locator("input.md-search__input").click()
    page.keyboard.type("response_basis")
    page.locator(".md-search-result__link").first.wait_for()
    found = page.locator(".md-search-result__link").evaluate_all("links => links.map(each => each.href)")
    assert any("case-format.html" in link for link in found)
    assert told == []


def test_a_flaw_stops_the_build(tmp_path: Path) -> None:
    """Made up: a link to no page, one to no heading, and a page that is in no menu."""
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[0]
    config = config.replace("hooks: [tools/docs_site.py]\n", "")
    (tmp_path / "mkdocs.yml").write_text(f"{config}\nnav: [index.md]\n", encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n\n[x](gone.md) [y](forgotten.md#nowhere)\n", encoding="utf-8")
    (tmp_path / "docs" / "forgotten.md").write_text("# B\n", encoding="utf-8")
    done = build(tmp_path)
    assert done.returncode != 0
    said = done.stderr
    assert "'gone.md', but the target is not found" in said
    assert "does not contain an anchor '#nowhere'" in said
    assert 'not included in the "nav" configuration:\n  - forgotten.md' in said


def test_links_lead_where_they_lead_on_github() -> None:
    told = "[a](../README.md) [b](../outputs/report.md#x) [c](rules.md#y) [d](https://example.org/z.md) [e](#f)"
    assert docs_site.at_their_places("docs/tutorial.md", told) == (
        "[a](index.md) [b](outputs/report.md#x) [c](rules.md#y) [d](https://example.org/z.md) [e](#f)"
    )
    assert docs_site.at_their_places("README.md", "![p](docs/page.png) [t](docs/tutorial.md)") == (
        "![p](page.png) [t](tutorial.md)"
    )
    assert docs_site.at_their_places("tests/reference/README.md", "[s](../../docs/statistics.md)") == (
        "[s](../../statistics.md)"
    )
    code = "```console session\n$ echo [a](../README.md)\n```\n"
    assert docs_site.at_their_places("docs/tutorial.md", code) == code.replace(" session", "")
    assert docs_site.at_their_places("docs/tutorial.md", "```yaml fill-in a/b.yaml\nx: 1\n```\n") == (
        '```yaml title="a/b.yaml"\nx: 1\n```\n'
    )


def test_what_github_shows_otherwise_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Made up: a list that Python's Markdown takes for words of the paragraph above it."""
    page: Any = SimpleNamespace(markdown="Words\n- one\n- two\n", file=SimpleNamespace(src_uri="made-up.md"))
    assert docs_site.on_page_content("<p>Words</p><ul><li>one</li><li>two</li></ul>", page) != ""
    assert caplog.text == ""
    docs_site.on_page_content("<p>Words\n- one\n- two</p>", page)
    assert "the site has {}, GitHub {'ul': 1, 'li': 2}" in caplog.text
