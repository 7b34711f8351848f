#!/usr/bin/python3
"""No table of figures in docs/ is forgotten: pages_test.py

Every table is marked as figures or words; every mark has a maker, every maker a run and a page; putting a
table into a page changes that table alone. scripts/measure_docs.sh does the measuring, which no test does.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIGURES = ROOT / "scripts" / "figures"
sys.path.insert(0, str(FIGURES))

import pages  # noqa: E402
import words  # noqa: E402
from tables import TABLES  # noqa: E402

TABLE = "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
MARKED = f"<!-- figures some-table -->\n{TABLE}<!-- /figures -->\n"


def docs():
    return pages.pages_of(ROOT / "docs")


class ThePages(unittest.TestCase):
    def test_every_table_is_marked(self):
        for page in docs():
            self.assertEqual(pages.problems_of(page.read_text()), [], page.name)

    def test_every_table_has_one_maker_and_every_maker_a_table(self):
        names = [name for page in docs() for name in pages.names_of(page.read_text())]
        self.assertEqual(sorted(names), sorted(TABLES))

    def test_every_run_is_one_that_the_script_knows(self):
        known = set(re.findall(r"^run_(\w+)\(\)", "\n".join(p.read_text() for p in FIGURES.glob("*.sh")), re.M))
        self.assertEqual({table.run for table in TABLES.values()} - known, set())
        listed = subprocess.run([ROOT / "scripts" / "measure_docs.sh", "--list"], check=True, text=True,
                                stdout=subprocess.PIPE).stdout.splitlines()
        self.assertEqual(len(listed), len(TABLES))

    def test_pages_that_are_passed_over_say_that_they_are_made(self):
        for name in pages.MADE:
            head = (ROOT / "docs" / name).read_text()[:300]
            self.assertRegex(head, "make_docs.sh|Made by `grids docs")

    def test_a_table_put_back_leaves_the_page_as_it_was(self):
        for page in docs():
            text = page.read_text()
            for name in pages.names_of(text):
                table = text.split(f"<!-- figures {name} -->\n")[1].split("<!-- /figures -->")[0]
                self.assertEqual(pages.with_table(text, name, table), text)

    def test_another_table_changes_nothing_else(self):
        for page in docs():
            text = page.read_text()
            for name in pages.names_of(text):
                changed = pages.with_table(text, name, TABLE)
                self.assertEqual(pages.problems_of(changed), [])
                self.assertEqual(pages.names_of(changed), pages.names_of(text))
                begin, end = f"<!-- figures {name} -->\n", "<!-- /figures -->"
                self.assertIn(begin + TABLE + end, changed)
                self.assertEqual(changed.split(begin)[0], text.split(begin)[0])
                self.assertEqual(changed.split(begin)[1].split(end, 1)[1], text.split(begin)[1].split(end, 1)[1])


class TheRules(unittest.TestCase):
    def problems(self, text):
        return len(pages.problems_of(text))

    def test_a_marked_table_is_well(self):
        self.assertEqual(self.problems(f"Words.\n\n{MARKED}\n<!-- words -->\n{TABLE}"), 0)

    def test_a_table_without_a_mark_is_told(self):
        self.assertEqual(self.problems(f"Words.\n\n{TABLE}"), 1)
        self.assertEqual(self.problems(f"{MARKED}\n{TABLE}"), 1)
        self.assertEqual(self.problems(f"<!-- words -->\n{TABLE}\n{TABLE}"), 1)

    def test_marks_hold_one_table_each(self):
        self.assertEqual(self.problems(MARKED.replace(TABLE, "")), 1)
        self.assertEqual(self.problems(MARKED.replace(TABLE, f"{TABLE}\n{TABLE}")), 1)

    def test_marks_that_do_not_match_are_told(self):
        self.assertEqual(self.problems(MARKED.replace("<!-- /figures -->\n", "")), 1)
        self.assertEqual(self.problems("<!-- /figures -->\n"), 1)
        self.assertEqual(self.problems(MARKED.replace("some-table -->", "Some Table -->")), 3)

    def test_a_table_is_put_between_its_marks(self):
        other = MARKED.replace("some-table", "other-table")
        page = f"Before.\n{MARKED}Between.\n{other}Behind.\n"
        new = TABLE.replace("1", "one")
        self.assertEqual(pages.with_table(page, "some-table", new),
                         f"Before.\n{MARKED.replace(TABLE, new)}Between.\n{other}Behind.\n")


class TheNumbers(unittest.TestCase):
    def test_as_the_pages_write_them(self):
        self.assertEqual(words.small(0.0042), "4e-03")
        self.assertEqual(words.small(0.042), "0.04")
        self.assertEqual(words.seconds(0.173), "0.17")
        self.assertEqual(words.seconds(25.4), "25")
        self.assertEqual(words.power_of_ten(1.2e-5), "1 · 10⁻⁵")
        self.assertEqual(words.power_of_ten(0.0031), "0.003")
        self.assertEqual(words.signed(-0.5, 1), "−0.5")
        self.assertEqual(words.signed(-0.04, 1), "0.0")
        self.assertEqual(words.counted(4068313), "4,068,313")
        self.assertEqual(words.fixed(None), "")

    def test_tables_and_files_agree(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "some.tsv"
            path.write_text('gene\tp\nA"1\t0.5\nB\tNA\n')
            rows = words.rows_of(path)
        self.assertEqual([(row["gene"], words.value(row["p"])) for row in rows], [('A"1', 0.5), ("B", None)])
        self.assertEqual(words.markdown(("gene", "p"), [("A", 1)]), "| gene | p |\n| --- | --- |\n| A | 1 |\n")
        self.assertRaises(ValueError, words.markdown, ("gene", "p"), [])


if __name__ == "__main__":
    unittest.main()
