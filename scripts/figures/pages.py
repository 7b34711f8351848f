"""Where the tables of figures stand in the pages.

A Markdown table of figures stands between `<!-- figures NAME -->` and `<!-- /figures -->`, each on a line
of its own; one that holds no measured figures has `<!-- words -->` on the line above. Pages that begin with
a note that they are made, and what stands in fences, are nobody's business here.
"""
import re

BEGIN = re.compile(r"<!-- figures ([a-z0-9-]+) -->")
END = "<!-- /figures -->"
WORDS = "<!-- words -->"
RULE = re.compile(r"\|( *:?-+:? *\|)+")
# Made by scripts/make_docs.sh from what the program declares.
MADE = ("options.md", "results.md")


def pages_of(docs):
    return [page for page in sorted(docs.rglob("*.md")) if page.name not in MADE]


def names_of(text):
    return [begin.group(1) for line in text.splitlines() if (begin := BEGIN.fullmatch(line))]


def problems_of(text):
    """Tables without a mark, marks without a table, marks that do not match, a sentence each."""
    problems, name, tables, above = [], None, 0, ["", ""]
    for number, line in enumerate(text.splitlines(), 1):
        begin = BEGIN.fullmatch(line)
        if begin:
            if name:
                problems.append(f"line {number}: {name} does not end before {begin.group(1)} begins")
            name, tables = begin.group(1), 0
        elif line == END:
            if not name:
                problems.append(f"line {number}: an end of figures that did not begin")
            elif tables != 1:
                problems.append(f"line {number}: {name} holds {tables} tables")
            name = None
        elif "<!-- figures" in line or "/figures -->" in line:
            problems.append(f"line {number}: a mark must stand alone, as {END}")
        elif RULE.fullmatch(line.strip()):
            tables += 1
            if not name and above[0] != WORDS:
                problems.append(f"line {number}: a table that is not marked as figures or words")
        above = [above[1], line]
    if name:
        problems.append(f"{name} does not end")
    return problems


def with_table(text, name, table):
    """The page with another table between the marks of `name`; all else as it was."""
    begin, end = f"<!-- figures {name} -->\n", f"\n{END}\n"
    before, after = text.split(begin)
    old, rest = after.split(end, 1)
    del old
    return before + begin + table.rstrip("\n") + end + rest
