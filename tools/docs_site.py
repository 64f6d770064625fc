"""The documents of the repository as a site: what mkdocs calls while it builds (`hooks` of mkdocs.yml).

Links stay as GitHub follows them. README.md is the first page; a file outside docs/ that a document links to is in the
site at its path in the repository. A document whose lists, tables, blocks or headings are others than GitHub shows is a
warning, which `mkdocs build --strict` does not let pass.
"""

from __future__ import annotations

import json
import logging
import posixpath
import re
import shutil
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parent.parent
FIRST: Final = ("README.md", "CHANGELOG.md", "SECURITY.md", "CODE_OF_CONDUCT.md")
"""Documents outside docs/ that no document need link to."""
PLACES: Final = {"README.md": "index.md", "docs/notebook.ipynb": "notebook.md"}
"""Those of the repository that have another name in the site."""
LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
_FENCE: Final = re.compile(r"^( *`{3,})(\S*)(?: fill-in (\S+)| .*)?$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^( *)(`{3,}).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
_TABLE_ONLY: Final = re.compile(r"<style.*?</style>|^ *\n", re.DOTALL | re.MULTILINE)
"""What pandas writes around a table, and the empty lines that would end it."""
_LOG: Final = logging.getLogger("mkdocs.plugins.docs_site")


def place(path: str) -> str:
    """Where a file of the repository is in the site: of docs/ without that folder."""
    return PLACES.get(path, path.removeprefix("docs/"))


def path_of(found: str) -> str:
    """The path in the repository of what is at a place in the site."""
    back = {there: path for path, there in PLACES.items()}
    return back.get(found, f"docs/{found}" if (ROOT / "docs" / found).exists() else found)


def target(path: str, link: str) -> str:
    """The path in the repository to which a link of the document at `path` leads."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link))


def in_prose(markdown: str) -> Iterator[tuple[bool, str]]:
    """The parts of a document in order, each with whether it is prose and no block of code."""
    end = 0
    for block in _BLOCK.finditer(markdown):
        yield True, markdown[end : block.start()]
        yield False, block[0]
        end = block.end()
    yield True, markdown[end:]


def linked(path: str, markdown: str) -> Iterator[str]:
    """The files outside docs/ to which a document links."""
    for prose, text in in_prose(markdown):
        for link in LINK.findall(text) if prose else ():
            found = target(path, link)
            if not found.startswith(("docs/", "..")) and (ROOT / found).is_file():
                yield found


def at_their_places(path: str, markdown: str) -> str:
    """The document with each link as it is in the site."""
    here = posixpath.dirname(place(path))

    def one(found: re.Match[str]) -> str:
        return posixpath.relpath(place(target(path, found[0])), here or ".")

    return "".join(LINK.sub(one, text) if prose else _fenced(text) for prose, text in in_prose(markdown))


def _fenced(block: str) -> str:
    """A block of code with the name of its file, if it has one, in the words of the site."""

    def one(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}" + (f' title="{found[3]}"' if found[3] else "")

    return _FENCE.sub(one, block, count=1)


def shape(html: str) -> dict[str, int]:
    """How many lists, entries, tables, blocks and headings there are."""
    found = (tag for tag in re.findall(r"<(ul|ol|li|table|pre|h[1-6])[\s>]", html))
    counts: dict[str, int] = {}
    for tag in found:
        counts[tag] = counts.get(tag, 0) + 1
    return counts


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Adds what stands outside docs/: outputs/ as it is, the documents, and what they link to."""
    outputs = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "outputs").rglob("*.*") if path.is_file())
    for path in outputs:
        if not path.endswith((".md", ".metaimt-written")):
            files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    notebook = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
    files.append(File.generated(config, "notebook.md", content=notebook_markdown(notebook)))
    waiting = [*FIRST, *(path_of(file.src_uri) for file in files.documentation_pages())]
    seen = set(waiting) | set(outputs)
    while waiting:
        path = waiting.pop()
        if files.get_file_from_path(place(path)) is None:
            files.append(File.generated(config, place(path), abs_src_path=str(ROOT / path)))
        if path.endswith(".md"):
            further = set(linked(path, (ROOT / path).read_text(encoding="utf-8")))
            seen -= {found for found in further if found.endswith(".md") and found in outputs}
            waiting += sorted(further - seen)
            seen |= further
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Links lead to where things are in the site."""
    return at_their_places(path_of(page.file.src_uri), markdown)


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Warns of what GitHub would show otherwise; not of what is built of the cases, which no case may make fail."""
    if page.file.src_uri.startswith("outputs/"):
        return html
    there = shape(MarkdownIt("commonmark").enable("table").render(page.markdown or ""))
    if (here := shape(html)) != there:
        _LOG.warning("%s: the site has %s, GitHub %s: an empty line before a list, 4 spaces in it?", page, here, there)
    return html


def on_post_build(config: MkDocsConfig, **_: Any) -> None:
    """The page of the review links to the report as it is, not as a page of the site."""
    for path in (ROOT / "outputs").rglob("*.md"):
        shutil.copy(path, Path(config.site_dir) / path.relative_to(ROOT))


def notebook_markdown(notebook: Mapping[str, Any]) -> str:
    """A notebook as a document: words, code, and what each cell shows."""
    return "\n\n".join(text for cell in notebook["cells"] for text in _cell(cell)) + "\n"


def _cell(cell: Mapping[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        shown = output.get("data", {"text/plain": output.get("text", "")})
        if drawn := "".join(shown.get("image/svg+xml", ())):
            data = b64encode(drawn.encode("utf-8")).decode("ascii")
            alt = escape(f"What {source.splitlines()[-1]} draws")
            yield f'<img class="shown" alt="{alt}" src="data:image/svg+xml;base64,{data}">'
        elif "<table" in (html := "".join(shown.get("text/html", ()))):
            yield f'<div class="shown">{_TABLE_ONLY.sub("", html)}</div>'
        else:
            yield f"```text\n{''.join(shown['text/plain'])}\n```"
