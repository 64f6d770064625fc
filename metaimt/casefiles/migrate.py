"""From format 1 to format 2: the same files with the lines that today's rules ask for, and nothing else changed.

review.yaml says `format: 2` and which drugs each row is about; a gene is written by its present symbol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from metaimt.casefiles.library import PROTOCOL_FILE
from metaimt.casefiles.protocol import ANY_TARGET, FORMAT
from metaimt.casefiles.strict_yaml import parse
from metaimt.vocabulary import Vocabulary, genes

_PARTNER = re.compile(r"^(?P<before>.*\bfusion_partner:\s*[\"']?)(?P<gene>[A-Za-z0-9-]+)(?P<after>.*)$")


@dataclass(frozen=True, slots=True)
class Edit:
    """What is put into a text before a place, counted in characters from its start."""

    place: int
    text: str


def migrated(texts: Mapping[str, str], vocabulary: Vocabulary) -> dict[str, str]:
    """File name below the review's folder -> its new text, of the files that change. Form must be free of errors."""
    found = {name: _with_present_genes(text, vocabulary) for name, text in texts.items()}
    if PROTOCOL_FILE in texts:
        found[PROTOCOL_FILE] = protocol_of_format_2(found[PROTOCOL_FILE])
    return {name: text for name, text in found.items() if text != texts[name]}


def protocol_of_format_2(text: str) -> str:
    """review.yaml with its format and with the targets of each row: the row's own kinase, or any."""
    document = parse(PROTOCOL_FILE, text.encode("utf-8"))
    data, root = document.data, document.root
    if not isinstance(data, dict) or not isinstance(root, yaml.MappingNode) or data.get("format", 1) != 1:
        return text
    edits = [Edit(root.start_mark.index, f"format: {FORMAT}\n")]
    rows = data.get("rows")
    for key, node in root.value:
        if key.value == "rows" and isinstance(node, yaml.MappingNode) and isinstance(rows, dict):
            edits += _row_edits(node, rows, text)
    for edit in sorted(edits, key=lambda each: each.place, reverse=True):
        text = text[: edit.place] + edit.text + text[edit.place :]
    return re.sub(r"^format: 1 *\n", "", text, count=1, flags=re.MULTILINE)


def _row_edits(node: yaml.MappingNode, rows: Mapping[str, Any], text: str) -> Iterator[Edit]:
    for key, row in node.value:
        said = rows.get(key.value)
        if not isinstance(row, yaml.MappingNode) or not isinstance(said, dict) or "targets" in said or not row.value:
            continue
        gene = said.get("marker") or said.get("fusion_gene")
        targets = f"targets: [{ANY_TARGET if gene in {None, 'other'} else gene}]"
        last = row.value[-1][1].end_mark.index
        column = row.value[0][0].start_mark.column
        yield Edit(last, f", {targets}" if text[row.start_mark.index] == "{" else f"\n{' ' * column}{targets}")


def _with_present_genes(text: str, vocabulary: Vocabulary) -> str:
    """Former symbols of partners by their present ones: `SEPT9` is `SEPTIN9`."""
    known, former = genes()
    own = {*vocabulary.terms("partner"), *vocabulary.terms("kinase"), *known}
    lines = []
    for line in text.split("\n"):
        match = _PARTNER.match(line)
        gene = match["gene"] if match else ""
        if match and gene not in own and gene.upper() in former:
            lines.append(f"{match['before']}{former[gene.upper()]}{match['after']}")
        else:
            lines.append(line)
    return "\n".join(lines)
