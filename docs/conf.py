"""The site of docs/, by Sphinx: scripts/make_site.sh."""

import pathlib
import re

from myst_nb.core import render
from myst_nb.core.utils import coalesce_streams

ROOT = pathlib.Path(__file__).resolve().parent.parent

project = "grids"
author = "The grids authors"
copyright = "The grids authors, MIT licence"
release = re.search(r"project\(grids VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
version = release

extensions = ["myst_nb", "sphinx_copybutton", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
exclude_patterns = ["templates"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# A cell that fails ends the build: what the pages show is what this version printed.
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_show_tb = True
# Each in a folder of its own, so that a page rests on nothing but what it shows.
nb_execution_in_temp = True
nb_execution_timeout = 600
nb_merge_streams = True

html_theme = "sphinx_book_theme"
html_title = f"grids {release}"
html_theme_options = {"show_toc_level": 2, "home_page_in_toc": True, "use_download_button": True,
                      "navbar_persistent": []}
html_copy_source = True
suppress_warnings = ["mystnb.unknown_mime_type"]


def whole_streams(outputs):
    """The pieces in which a cell's output came, joined: myst_nb would begin a line with each of them."""
    joined, streams = [], {}
    for output in outputs:
        name = output.get("name") if output["output_type"] == "stream" else None
        if name in streams:
            streams[name]["text"] += output["text"]
            continue
        joined.append(output)
        if name is not None:
            streams[name] = output
    return coalesce_streams(joined)


render.coalesce_streams = whole_streams


def link_pages(app, name, source):
    """`docs/sets.md` in a page becomes a link, by its title, to that page of the site."""
    def link(found):
        page = found.group(1)
        there = page != name and (ROOT / "docs" / f"{page}.md").is_file()
        return f"[](/{page}.md)" if there else found.group(0)

    source[0] = re.sub(r"`docs/([\w-]+)\.md`", link, source[0])


def drop_groups(app, what, name, object_, options, lines):
    """Groups of options are headings for help(), and no parameters."""
    lines[:] = [line for line in lines if not re.fullmatch(r"\*[A-Z][^*]*\*", line)]


def setup(app):
    app.connect("source-read", link_pages)
    app.connect("autodoc-process-docstring", drop_groups, priority=1)
