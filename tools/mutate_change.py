"""Make a change of one module in this process, without writing it: it, and all that import it, are imported again."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.abc
import importlib.util
import sys
import types
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from mutants import Mutant, changed_module, changed_template

ROOT: Final = Path(__file__).resolve().parent.parent


class Serving(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module: the changed one."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, fullname: str, path: object, target: object = None) -> Any:  # noqa: ARG002 - as called
        """Its place among imports."""
        if fullname != self.name:
            return None
        inside = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self.path, loader=self, submodule_search_locations=inside
        )

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the changed module in the place of its file."""
        exec(compile(self.tree, str(self.path), "exec"), vars(module))  # noqa: S102 - a module is imported


def module_name(file: str) -> str:
    """`metaimt/checks/__init__.py` as `metaimt.checks`."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@functools.cache
def importers() -> dict[str, set[str]]:
    """Module -> the modules that import it when they are imported."""
    found: dict[str, set[str]] = defaultdict(set)
    loaded = {name for name in sys.modules if name.startswith("metaimt.")}
    for name in loaded:
        path = getattr(sys.modules[name], "__file__", None)
        for node in ast.parse(Path(path).read_text(encoding="utf-8")).body if path else ():
            if isinstance(node, ast.ImportFrom) and node.module:
                for each in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                    found[each].add(name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.name].add(name)
    return {name: who & loaded for name, who in found.items()}


def change(mutant: Mutant) -> set[str]:
    """Make the change in this process: the module and all that import it, which are told, are imported again."""
    path = ROOT / mutant.file
    text = path.read_text(encoding="utf-8")
    if mutant.file.endswith(".j2"):
        _serve_template(path.name, changed_template(text, mutant.place))
        return set()
    name = module_name(mutant.file)
    again, todo = {name}, [name]
    while todo:
        new = importers().get(todo.pop(), set()) - again
        again |= new
        todo += new
    sys.meta_path.insert(0, Serving(name, path, changed_module(text, mutant.place)))
    packages = sorted((each for each in again if hasattr(sys.modules[each], "__path__")), reverse=True)
    for each in again - set(packages):
        parent, _, own = each.rpartition(".")
        delattr(sys.modules[parent], own)
        del sys.modules[each]
    for each in packages:
        importlib.reload(sys.modules[each])
    return again


def _serve_template(name: str, text: str) -> None:
    from jinja2 import PackageLoader

    original = PackageLoader.get_source

    def served(self: Any, environment: Any, template: str) -> Any:
        found = original(self, environment, template)
        return (text, *found[1:]) if template == name else found

    PackageLoader.get_source = served  # type: ignore[method-assign]
