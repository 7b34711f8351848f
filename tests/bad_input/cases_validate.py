"""Pairs, peaks and experiments that `validate` cannot hold beside each other."""

from harness import case

PAIRS = "gene\tpeak\ttss\tscore\nA\tchr1:1000-1500\t4000\t0.5\nA\tchr1:9000-9500\t4000\t0.25\n"


def validate(name, *says, pairs=PAIRS, more=(), files=(), code=3):
    """`files`: (name, content) of what `more` names."""

    @case(f"validate: {name}", *says, code=code)
    def make(room):
        for file, content in files:
            room.file(file, content)
        return ["validate", room.file("pairs.tsv", pairs), *more, "-o", "out"]


def beside(name, option, content, *says):
    validate(name, *says, more=[option, "beside.txt"], files=[("beside.txt", content)])


validate("study and peaks", r"--study and --peaks both say", code=2,
         more=["--study", "../good/study.h5mu", "--peaks", "peaks.bed"])
validate("no score of that name", r"pairs\.tsv: no column 'abc'; it has: gene, peak, tss, score", more=["--score", "abc"])
validate("a study that does not exist", r"nothing\.h5mu", more=["--study", "nothing.h5mu"])
validate("loops that do not exist", r"nothing\.bedpe: no such file", more=["--loops", "nothing.bedpe"])
validate("nothing but a header", r"no pairs", pairs="gene\tpeak\n")
validate("no peaks", r"no column says which peak", pairs="gene\tscore\nA\t1\n")
validate("a peak without a place", r"line 2: the peak 'e7' has no place", pairs="gene\tpeak\nA\te7\n")
validate("a peak that is not among them", r"line 3: the peak 'chr1:9000-9500' is not among the peaks",
         more=["--peaks", "peaks.bed"], files=[("peaks.bed", "chr1\t1000\t1500\n")])
validate("no gene has a position", r"none of its 1 genes has a position: give --genes",
         pairs="gene\tpeak\nA\tchr1:1-2\n")
validate("a position that is none", r"line 2, column 'tss': '4 kb' is no whole number",
         pairs="gene\tpeak\ttss\nA\tchr1:1-2\t4 kb\n")
beside("half a loop", "--loops", "chr1\t1\t2\n", r"line 1: 3 fields; BEDPE")
beside("loops on other chromosomes", "--loops", "2L\t1\t2\t2L\t5\t6\n", r"no chromosome in common")
beside("variants without a PIP", "--eqtl", "chrom\tpos\tgene\nchr1\t5\tA\n", r"no column pip", r"--bed")
beside("a PIP of 2", "--eqtl", "chrom\tpos\tgene\tpip\nchr1\t5\tA\t2\n", r"line 2: a PIP is between 0 and 1")
beside("no places", "--bed", "chr1\tone\ttwo\n", r"beside\.txt: no places")
beside("no loops", "--loops", "", r"beside\.txt: no loops: BEDPE has")
beside("no peaks to choose from", "--peaks", "", r"beside\.txt: no peaks: give a BED")
beside("variants of other genes", "--eqtl", "chrom\tpos\tgene_id\tpip\nchr1\t1200\tENSG1\t0.5\n",
       r"none of the 1 genes of pairs\.tsv \(A, …\) has a variant", r"symbols in one and ids in the other")
beside("places at no peak", "--bed", "chr1\t5\t6\n", r"none of its 1 places overlaps any of the 2 peaks")
beside("a place beyond the chromosome", "--bed", "chr1\t1100\t1200\nchr1\t100\t900000000000\n",
       r"1 of 2 places beyond the ends of chromosomes")
beside("a place that is none", "--bed", "chr1\t1\t2\nchr1\tone\ttwo\n", r"line 2")

validate("motifs without a genome", r"--fasta and --motifs belong together", code=2, more=["--motifs", "m.txt"])
validate("motifs without a study", r"--motifs needs --study", code=2, more=["--motifs", "m.txt", "--fasta", "g.fa"],
         files=[("m.txt", ">a b\n1 2\n1 2\n1 2\n1 2\n"), ("g.fa", ">chr1\nACGT\n")])
validate("other cells without a screen", r"--other-cell-type is of a screen", code=2, more=["--other-cell-type"])
beside("a screen without columns", "--crispr", "chrom\tchromStart\nchr1\t5\n", r"lacks the columns chromEnd")
beside("combinations without errors", "--combinations", "gene\telements\tarm\tfold\nA\tc:1-2;c:3-4\tc:1-2\t1\n",
       r"lacks fold and fold_error \(or log_fold and log_fold_error\)", r"docs/validation-screens\.md")
beside("a combination of one", "--combinations",
       "gene\telements\tarm\tfold\tfold_error\nA\tc:1-2\tc:1-2\t1\t1\n", r"line 2, column 'elements'")

SCREEN = ("chrom\tchromStart\tchromEnd\tmeasuredGeneSymbol\tEffectSize\tSignificant\tRegulated\tValidConnection\t"
          "CellType\tdistanceToTSS\n")
beside("a screen of other cells", "--crispr",
       SCREEN + "chr1\t1\t2\tA\t-1\tTRUE\tTRUE\tTRUE\tK562\t5\n", r"made in K562", r"--other-cell-type")
COMBINATION = "gene\telements\tarm\tfold\tfold_error\tcell_type\n" + "".join(
    f"A\tchr1:1-2;chr1:3-4\t{arm}\t0.5\t0.1\tK562\n" for arm in ("chr1:1-2", "chr1:3-4", "chr1:1-2;chr1:3-4"))
validate("combinations of other cells", r"1 of 1 perturbed combinations were made in K562", r"--other-cell-type",
         pairs="gene\tpeak\ttss\thidden_share\nA\tchr1:1000-1500\t4000\t0.5\n",
         more=["--combinations", "c.tsv"], files=[("c.tsv", COMBINATION)])
beside("a screen that is not true or false", "--crispr",
       SCREEN + "chr1\t1\t2\tA\t-1\tTRUE\tyes?\tTRUE\tK562\t5\n", r"line 2, column 'Regulated'")


@case("validate: a folder without sets", r"no links\.tsv, compare\.tsv or subsets\.tsv lies there")
def _(room):
    (room.folder / "results").mkdir()
    return ["validate", "results", "-o", "out"]
