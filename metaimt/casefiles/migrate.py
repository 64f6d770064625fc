"""From format 1 to format 2: the same files with the lines that today's rules ask for, and nothing else changed.

review.yaml says `format: 2` and which drugs each row is about; a gene is written by its present symbol, and a key that
named a gene or tumour is the present one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from metaimt.casefiles.former_keys import former_keys, places_in
from metaimt.casefiles.library import PROTOCOL_FILE
from metaimt.casefiles.protocol import ANY_TARGET, FORMAT
from metaimt.casefiles.strict_yaml import parse
from metaimt.vocabulary import Vocabulary, built_in, wrong_gene
from metaimt.vocabulary.words import genes

_DEEPER = 2  # columns


@dataclass(frozen=True, slots=True)
class Edit:
    """What is put in the place of a part of a text; places are counted in characters from its start."""

    place: int
    text: str
    end: int | None = None  # None: put in before `place`


def migrated(texts: Mapping[str, str], vocabulary: Vocabulary) -> dict[str, str]:
    """File name below the review's folder -> its new text, of the files that change. What is no YAML stays as it is."""
    found = {name: with_present_keys(name, _with_present_genes(name, text, vocabulary)) for name, text in texts.items()}
    if PROTOCOL_FILE in texts:
        found[PROTOCOL_FILE] = protocol_of_format_2(found[PROTOCOL_FILE], vocabulary)
    return {name: text for name, text in found.items() if text != texts[name]}


def protocol_of_format_2(text: str, vocabulary: Vocabulary | None = None) -> str:
    """review.yaml with its format and with the targets of each row: the row's own kinase, or any."""
    document = parse(PROTOCOL_FILE, text.encode("utf-8"))
    data, root = document.data, document.root
    if not isinstance(data, dict) or not isinstance(root, yaml.MappingNode) or data.get("format", 1) != 1:
        return text
    nodes = {key.value: node for key, node in root.value}
    if "format" in nodes:
        edits = [Edit(nodes["format"].start_mark.index, str(FORMAT), nodes["format"].end_mark.index)]
    else:
        edits = [Edit(root.start_mark.index, f"format: {FORMAT}\n")]
    rows = data.get("rows")
    if isinstance(nodes.get("rows"), yaml.MappingNode) and isinstance(rows, dict):
        edits += _row_edits(nodes["rows"], rows, text, vocabulary or built_in())
    return _edited(text, edits)


def with_present_keys(name: str, text: str) -> str:
    """Former keys of a file as the present ones; what stands below them is indented by as much as it moves."""
    document = parse(name, text.encode("utf-8"))
    edits: list[Edit] = []
    for place, path in places_in(name.rpartition("/")[2], document.data):
        node = document.root
        for step in path:
            node = _below(node, step)
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            edits += _key_edits(key, value, text, former_keys()[place].get(key.value, ()))
    return _edited(text, edits)


def _below(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step]  # type: ignore[no-any-return]
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == step), None)


def _key_edits(key: yaml.ScalarNode, value: yaml.Node, text: str, present: tuple[str, ...]) -> Iterator[Edit]:
    """A key by its present one: `name: {BELOW: value}`, or with lines below it one level deeper."""
    if not present:
        return
    name, *below = present
    start, end = key.start_mark.index, key.end_mark.index
    if not below:
        yield Edit(start, name, end)
    elif isinstance(value, yaml.MappingNode) and not value.flow_style:
        yield Edit(start, f"{name}:\n{' ' * (key.start_mark.column + _DEEPER)}{below[0]}", end)
        for line in range(value.start_mark.line, _last_line(value) + 1):
            yield Edit(_start_of(line, text), " " * _DEEPER)
    else:
        yield Edit(start, name, end)
        yield Edit(value.start_mark.index, f"{{{below[0]}: ")
        yield Edit(value.end_mark.index, "}")


def _last_line(node: yaml.Node) -> int:
    """The line of the last word of a block: it ends itself where the next one begins."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end: yaml.Mark = node.end_mark
    return int(end.line - (end.column == 0 and end.line > node.start_mark.line))


def _start_of(line: int, text: str) -> int:
    return sum(map(len, text.splitlines(keepends=True)[:line]))


def _edited(text: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda each: each.place, reverse=True):
        text = text[: edit.place] + edit.text + text[edit.place if edit.end is None else edit.end :]
    return text


def _row_edits(node: yaml.MappingNode, rows: Mapping[str, Any], text: str, vocabulary: Vocabulary) -> Iterator[Edit]:
    for key, row in node.value:
        said = rows.get(key.value)
        if not isinstance(row, yaml.MappingNode) or not isinstance(said, dict) or "targets" in said or not row.value:
            continue
        gene = said.get("marker") or said.get("fusion_gene") or ""
        known = vocabulary.belongs("kinase", str(gene)) or gene
        targets = f"targets: [{known if wrong_gene(known) is None else ANY_TARGET}]"
        last = row.value[-1][1].end_mark.index
        column = row.value[0][0].start_mark.column
        flow = text[row.start_mark.index] == "{"
        yield Edit(last, f", {targets}" if flow else f"\n{' ' * column}{targets}")


def _with_present_genes(name: str, text: str, vocabulary: Vocabulary) -> str:
    """Former symbols of partners by their present ones: `SEPT9` is `SEPTIN9`; prose is left alone."""
    root = parse(name, text.encode("utf-8")).root
    own = {*vocabulary.terms("partner"), *vocabulary.terms("kinase")}
    known, former = genes()
    edits = []
    for node in _partners(root):
        gene = node.value.strip()
        if gene not in own and gene not in known and gene.upper() in former:
            start, end = node.start_mark.index, node.end_mark.index
            edits.append(Edit(start, text[start:end].replace(gene, former[gene.upper()], 1), end))
    return _edited(text, edits)


def _partners(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "fusion_partner" and isinstance(value, yaml.ScalarNode):
                yield value
            yield from _partners(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _partners(value)
