"""What needs chromatin and RNA of the same cells, asked of cells that were not measured together."""

from harness import case

CELLS = ["--unpaired", "--rna", "../good/rna.h5ad", "--atac", "../good/atac.h5ad", "--rna-labels", "cell_type",
         "--genes", "../good/genes.bed"]
SURROGATE = "../good/surrogate.safetensors"
STUDY = "../good/unpaired.h5mu"
ONE = ["--cell-type", "type_1", "--gene", "SIM00001"]
NEEDS = r"needs chromatin and RNA of the same cells"


def refused(name, words, *says):
    @case(f"unpaired: {name}", NEEDS, *says, torch=True)
    def make(room):
        return words


refused("cis", ["cis", STUDY, SURROGATE, "-o", "out.safetensors"], r"unpaired\.h5mu: grids cis", r"regressions",
        r"grids explain")
refused("redundancy", ["redundancy", STUDY, SURROGATE, *ONE, "-o", "out"], r"unpaired\.h5mu: grids redundancy",
        r"were not observed", r"grids explain")
refused("compare", ["compare", STUDY, SURROGATE, *ONE, "-o", "out"], r"unpaired\.h5mu: grids compare",
        r"grids explain with one --method")
refused("explain in the domain cis", ["explain", STUDY, SURROGATE, *ONE, "--domain", "cis", "-o", "out"],
        r"--domain cis", r"leave out --domain")
refused("explain by a method that reads counts",
        ["explain", STUDY, SURROGATE, *ONE, "--method", "susie", "-o", "out"], r"method 'susie'", r"--method grids")
refused("explain for groups of cells",
        ["explain", STUDY, SURROGATE, *ONE, "--contrast-groups", "donor", "-o", "out"], r"--contrast-groups",
        r"leave it out")
refused("explain for all genes", ["explain", STUDY, SURROGATE, "--all-genes", "-o", "out"], r"--all-genes", r"--gene")
refused("run with a negative control", ["run", *CELLS, "--negative-control", "-o", "out"], r"--negative-control",
        r"leave it out")
refused("run in the domain cis", ["run", *CELLS, "--domain", "cis", "-o", "out"], r"leave out --domain")


@case("unpaired: run with labels of a study that was prepared", r"unpaired\.h5mu: this study was prepared",
      r"leave out what names them", torch=True)
def _(room):
    return ["run", STUDY, "--labels", "cell_type", "-o", "out"]


@case("unpaired: evaluate with a map", r"unpaired\.h5mu: --map", NEEDS, torch=True)
def _(room):
    return ["evaluate", STUDY, SURROGATE, "--map", "-o", "out"]
