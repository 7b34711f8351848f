"""Type stubs of scgrids: make_stubs.py FOLDER-OF-_core OUT

Functions that take the options of a command get them one by one, as they are described in the module that
was just built; `_core` gets nanobind's own stub. Run when the package is built (python/CMakeLists.txt).
"""

import ast
import importlib
import inspect
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
#: Modules with functions whose keywords come from descriptions.
DESCRIBED = ("pp", "tl", "_surrogate", "_pages", "_own_model")
PREAMBLE = "import os\nfrom typing import Any, Callable, Iterable, Literal, Optional, Sequence, Union\n\nimport pandas\n"


def keywords(function, options) -> None:
    """Puts described options in the place of ``**options``."""
    arguments = function.args
    arguments.kwarg = None
    known = {one.arg for one in arguments.kwonlyargs}
    for option in options:
        if option.keyword in known:
            continue
        annotation = ast.parse(option.annotation, mode="eval").body
        arguments.kwonlyargs.append(ast.arg(option.keyword, annotation))
        arguments.kw_defaults.append(ast.parse(repr(option.standard), mode="eval").body)


class Stubs(ast.NodeTransformer):
    """Keeps what type checkers read: signatures, docstrings, imports."""

    def __init__(self, scope):
        self.scope = [scope]

    def visit_FunctionDef(self, node):
        described = [one for one in node.decorator_list if getattr(getattr(one, "func", None), "id", "") == "described"]
        node.decorator_list = [one for one in node.decorator_list if one not in described]
        made = getattr(self.scope[-1], node.name, None)
        if described:
            keywords(node, getattr(made, "__func__", made).__scgrids_options__)
        text = inspect.getdoc(made) if described else ast.get_docstring(node)
        node.body = [ast.Expr(ast.Constant(text))] if text else []
        node.body.append(ast.Expr(ast.Constant(...)))
        return node

    def visit_ClassDef(self, node):
        self.scope.append(getattr(self.scope[-1], node.name))
        node.body = [
            self.visit(one)
            for one in node.body
            if not isinstance(one, ast.FunctionDef) or not one.name.startswith("_") or one.name == "__init__"
        ]
        self.scope.pop()
        return node


def stub_of(name: str) -> str:
    tree = ast.parse((HERE / "scgrids" / f"{name}.py").read_text())
    transformer = Stubs(importlib.import_module(f"scgrids.{name}"))
    kept = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            kept.append(transformer.visit(node))
        elif isinstance(node, ast.ImportFrom) and node.module not in ("__future__", "typing", "_options"):
            kept.append(node)
        elif isinstance(node, ast.If):  # TYPE_CHECKING
            kept.extend(node.body)
    return PREAMBLE + "\n" + ast.unparse(ast.fix_missing_locations(ast.Module(kept, []))) + "\n"


def main() -> None:
    core, out = map(pathlib.Path, sys.argv[1:])
    sys.path.insert(0, str(HERE))
    import scgrids

    scgrids.__path__.append(str(core))
    from nanobind.stubgen import StubGen

    module = importlib.import_module("scgrids._core")
    stub = StubGen(module)
    stub.put(module)
    out.mkdir(parents=True, exist_ok=True)
    (out / "_core.pyi").write_text(stub.get())
    for name in DESCRIBED:
        (out / f"{name}.pyi").write_text(stub_of(name))
    places = {"pp": "pp", "tl": "tl", "pl": "pl"}
    lines = [f"from . import {name} as {name}" for name in places]
    lines += [f"from .{place} import {name} as {name}" for name, place in scgrids._PLACES.items() if name not in places]
    (out / "__init__.pyi").write_text("\n".join([*lines, "", "__version__: str", ""]))


if __name__ == "__main__":
    main()
