"""What the pages show of Python runs as it stands."""

import os
import re

import matplotlib
import pytest
from conftest import ROOT, grids, programs

TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.md"))

matplotlib.use("Agg")


def test_the_session_of_docs_python(tmp_path, monkeypatch):
    """On cells that take seconds; the figures that it saves are there."""
    import matplotlib.pyplot as plt

    cells = ("--preset", "tiny", "--cells", 900, "--types", 2, "--seed", 5)
    grids("simulate", *cells, "-o", tmp_path, folder=tmp_path)
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    session = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert len(session.splitlines()) <= 22
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{programs()}{os.pathsep}{os.environ['PATH']}")
    exec(compile(session, "docs/python.md", "exec"), {})
    plt.close("all")
    made = {path.name for path in tmp_path.iterdir()}
    assert {"contrast.pdf", "locus.pdf", "redundancy.pdf", "cells-with-sets.h5mu"} <= made


@pytest.mark.parametrize("page", ["python.md", *(f"tutorials/{path.name}" for path in TUTORIALS)])
def test_names_of_the_page_exist(page):
    """Every `sg.…` that it names is there. The tutorials are run by scripts/make_site.sh."""
    import scgrids as sg

    page = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for name in sorted(set(re.findall(r"\bsg\.([a-zA-Z_]+(?:\.[a-z_]+)?)", page))):
        value = sg
        for part in name.split("."):
            value = getattr(value, part)
