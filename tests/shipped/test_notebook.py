"""The notebook for pandas users: whole, run in order, and without what would change by itself."""

from __future__ import annotations

import json
import re
import sys

import pytest
from conftest import ROOT

pytest.importorskip("nbclient")
sys.path.append(str(ROOT / "tools"))

import notebook

NOTEBOOK = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))


def test_it_is_its_source_and_was_run_in_order() -> None:
    """That its outputs are what its code gives: `python tools/regenerate.py --check notebook`, run by the gate."""
    told = list(notebook.cells(notebook.SOURCE.read_text(encoding="utf-8")))
    assert ["".join(cell["source"]) for cell in NOTEBOOK["cells"]] == [cell["source"] for cell in told]
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert all(cell["outputs"] for cell in code)


def test_nothing_in_it_changes_by_itself() -> None:
    text = json.dumps(NOTEBOOK)
    assert {"kernelspec", "language_info"} == set(NOTEBOOK["metadata"])
    assert NOTEBOOK["metadata"]["language_info"] == {"name": "python"}
    assert all(cell["metadata"] == {} for cell in NOTEBOOK["cells"])
    assert re.findall(r"0x[0-9a-f]{6,}|/home/|/tmp/|/root/|<dc:date>|iso8601", text) == []
    assert text.count('"image/svg+xml": [') == 2


def test_a_cell_that_fails_or_complains_is_an_error() -> None:
    for code in ("1 / 0", "import sys; print('made up', file=sys.stderr)"):
        with pytest.raises(notebook.NotRunError, match=r"ZeroDivisionError|made up"):
            notebook.executed(f"# Made up\n\n```python\n{code}\n```\n")


def test_what_a_cell_prints_and_its_value_stand_below_it() -> None:
    made = json.loads(notebook.executed("# Made up\n\n```python\nprint(1)\nprint(2)\n6 * 7\n```\n"))
    assert [cell["cell_type"] for cell in made["cells"]] == ["markdown", "code"]
    outputs = made["cells"][1]["outputs"]
    assert [output["output_type"] for output in outputs] == ["stream", "execute_result"]
    assert outputs[0]["text"] == ["1\n", "2\n"]
    assert outputs[1]["data"] == {"text/plain": ["42"]}
