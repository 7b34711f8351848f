"""The wheel that is tested: its size, and what comes with it."""

import os
import re
import zipfile

import pytest
from conftest import ROOT

WHEEL = os.environ.get("SCGRIDS_WHEEL")
pytestmark = pytest.mark.skipif(WHEEL is None, reason="no wheel: scripts/python.sh builds one")


def names():
    with zipfile.ZipFile(WHEEL) as wheel:
        return wheel.namelist()


def test_it_is_at_most_30_mb():
    assert os.path.getsize(WHEEL) <= 30_000_000


def test_every_library_that_comes_with_it_is_listed():
    libraries = {re.sub(r"-[0-9a-f]{8}.*|\.so.*", "", os.path.basename(n)) for n in names() if "scgrids.libs/" in n}
    libraries = {re.sub(r"-2$", "", name) for name in libraries if name}  # liblber-2.5, and the folder itself
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(lib[\w-]+)`", page.split("## What comes with the wheel")[1]))
    assert libraries == listed


def test_no_torch_and_no_sources_but_stubs_and_the_program_that_looks_at_files():
    own = [name for name in names() if name.startswith("scgrids/")]
    assert not [name for name in names() if "torch" in name]
    assert {"scgrids/bin/grids-probe", "scgrids/py.typed", "scgrids/__init__.pyi", "scgrids/tl.pyi"} <= set(own)
    assert not [name for name in own if name.endswith((".cpp", ".hpp"))]


def test_stubs_know_every_option():
    with zipfile.ZipFile(WHEEL) as wheel:
        stub = wheel.read("scgrids/tl.pyi").decode()
    assert "set_size: int=10" in stub and "Literal['auto', 'down', 'up']" in stub and "{options}" not in stub


def test_the_page_says_which_systems_it_runs_on():
    tag = re.search(r"manylinux_(\d+)_(\d+)_x86_64", WHEEL)
    assert f"glibc {tag[1]}.{tag[2]} or newer" in (ROOT / "docs/install.md").read_text(encoding="utf-8")
