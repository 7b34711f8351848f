"""Rows that are asked for of tables that are none, or by what no column is called."""

from harness import case

TABLE = "gene\tq\tverdict\nA\t0.1\tborne_out\nB\tNA\tcontradicted\n"


def call(name, words, *says, content=TABLE, code=3):
    @case(f"top: {name}", *says, code=code)
    def make(room):
        room.file("links.tsv", content)
        return ["top", *words]


call("no table", [], r"table", code=2)
call("a table that does not exist", ["other.tsv"], r"other\.tsv", r"No such file")
call("an unknown column of a condition", ["links.tsv", "--where", "verdct=x"],
     r"no column 'verdct' \(did you mean 'verdict'\?\); it has: gene, q, verdict")
call("an unknown column to order by", ["links.tsv", "--sort", "p"], r"no column 'p'")
call("an unknown column to show", ["links.tsv", "--columns", "gene,Q2"], r"no column 'Q2'")
call("conditions that are none, all told", ["links.tsv", "--where", "q", "--where", "q<small"],
     r"--where 'q': give a column", r"'small' is not a number", code=2)
call("rows below none", ["links.tsv", "-n", "-1"], r"--rows must be at least 0", code=2)
call("the table as output", ["links.tsv", "-o", "links.tsv"], r"links\.tsv", code=2)
call("rows of another length", ["links.tsv"], r"line 3 has 2 tab-separated cells, the header has 3",
     content=TABLE.replace("B\tNA", "B"))
call("an empty file", ["links.tsv"], r"links\.tsv: empty", content="")
