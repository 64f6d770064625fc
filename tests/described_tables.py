"""What is wrong with the descriptions of a folder of tables: for the frozen and for the living review."""

from __future__ import annotations

import json
from pathlib import Path

from frictionless import validate

from metaimt.report.dictionary import described, table_rows


def faults(outputs: Path) -> list[str]:
    """Columns that are not described, values of another type than described, and what the package's profile refuses."""
    found = []
    package = outputs / "tables" / "datapackage.json"
    named = {each["path"] for each in json.loads(package.read_text(encoding="utf-8"))["resources"]}
    for path in sorted(outputs.glob("tables/*.csv")):
        rows = table_rows(path.read_text(encoding="utf-8"))
        found += [] if path.name in named else [f"{path.name} is not in the package"]
        found += [f"{path.name}: {each.name}" for each in described(path.stem, rows[0]).columns if not each.means]
    found += [str(told) for told in validate(str(package)).flatten(["name", "fieldName", "type", "message"])]
    return found
