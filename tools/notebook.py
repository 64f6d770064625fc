"""docs/notebook.ipynb: made of tools/notebook.md, and run by a kernel of its own.

`python tools/regenerate.py notebook` writes it. The same code and the same review give the same bytes: no times, no
versions, no paths, and whatever a cell writes to its standard error is an error here.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = ROOT / "tools" / "notebook.md"
MOST_SECONDS: Final = 300
"""For one cell."""
_CODE: Final = re.compile(r"```python\n(.*?)\n```\n", re.DOTALL)


class NotRunError(Exception):
    """A cell failed, or wrote to its standard error."""


def cells(source: str) -> Iterator[dict[str, Any]]:
    """The cells of the source, in order: what stands between blocks of Python is words."""
    number = 0
    for position, text in enumerate(_CODE.split(source)):
        if not text.strip():
            continue
        number += 1
        kind: dict[str, Any] = {"cell_type": "markdown"}
        if position % 2:
            kind = {"cell_type": "code", "execution_count": None, "outputs": []}
        yield {"id": f"cell-{number}", "metadata": {}, "source": text.strip("\n"), **kind}


def executed(source: str) -> str:
    """The notebook of a source with what its cells give, as text of an .ipynb file. Raises NotRunError."""
    import nbformat
    from jupyter_client.manager import KernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    told = {"cells": list(cells(source)), "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    notebook = nbformat.from_dict(told)  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as own:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": own, "NO_COLOR": "1", "PYTHONHASHSEED": "0"}
        environment.pop("MPLBACKEND", None)
        files = {"transport": "ipc"} if os.name == "posix" else {}  # else open ports, and a warning of them
        client = NotebookClient(
            notebook,
            km=KernelManager(kernel_name="python3", connection_file=f"{own}/kernel.json", **files),
            timeout=MOST_SECONDS,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(ROOT / "docs")}},
        )
        try:
            client.execute(env=environment, cleanup_kc=True)
        except CellExecutionError as failed:
            raise NotRunError(str(failed)) from failed
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", ()):
            _settle(output)
    return f"{nbformat.writes(notebook)}\n"  # type: ignore[no-untyped-call]


def _settle(output: Any) -> None:
    """Refuses what is written to the standard error; of a drawing keeps the drawing, without its size in words."""
    if output.get("name") == "stderr":
        raise NotRunError(output["text"])
    shown = output.get("data", {})
    if "image/svg+xml" in shown:
        shown.pop("text/plain", None)
