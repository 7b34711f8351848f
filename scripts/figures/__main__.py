#!/usr/bin/python3
"""The tables of figures in docs/: which there are, and putting new ones in their place.

    scripts/figures list              NAME, page and run of each table, in the order of the pages
    scripts/figures check             whether pages and makers agree; prints what does not
    scripts/figures show OUT NAME     the table that the runs in OUT give
    scripts/figures write OUT NAME... puts it into its page

--docs FOLDER behind any of them: other pages than docs/. scripts/measure_docs.sh does the measuring.
"""
import argparse
import pathlib
import sys

import pages
from tables import TABLES

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"


def names_in(docs):
    """(name, page) of every table of figures, in the order of the pages."""
    return [(name, page) for page in pages.pages_of(docs) for name in pages.names_of(page.read_text())]


def disagreements(docs):
    """What keeps the pages from being made anew, a sentence each."""
    found = []
    for page in pages.pages_of(docs):
        found += [f"{page.name}: {problem}" for problem in pages.problems_of(page.read_text())]
    names = [name for name, _ in names_in(docs)]
    found += [f"{name} stands in the pages more than once" for name in set(names) if names.count(name) > 1]
    found += [f"{name}: nothing makes it" for name in names if name not in TABLES]
    found += [f"{name}: no page shows it" for name in TABLES if name not in names]
    return found


def write(docs, out, names):
    page_of = dict(names_in(docs))
    for name in names:
        page = page_of[name]
        page.write_text(pages.with_table(page.read_text(), name, TABLES[name].made_from(out)))
        print(f"{page.name}: {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command", choices=("list", "check", "show", "write"))
    parser.add_argument("out", nargs="?", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--docs", type=pathlib.Path, default=DOCS)
    arguments = parser.parse_intermixed_args()
    found = disagreements(arguments.docs)
    if found:
        sys.exit("\n".join(found))
    if arguments.command == "list":
        for name, page in names_in(arguments.docs):
            print(name, page.name, TABLES[name].run, sep="\t")
    if arguments.command == "show":
        for name in arguments.names:
            print(TABLES[name].made_from(arguments.out), end="")
    if arguments.command == "write":
        write(arguments.docs, arguments.out, arguments.names)


if __name__ == "__main__":
    main()
