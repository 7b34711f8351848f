"""What `grids export` writes, in the eyes of the programs that it is for."""

import csv
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

from reader import output, reader

READERS = []
FORMATS = ["bed", "bedpe", "interact", "longrange", "bigwig", "igv", "muon", "multiqc"]
# UCSC's schema of interact, bed5+13.
INTERACT = ["chrom", "start", "end", "name", "score", "value", "exp", "color", "chrom", "start", "end", "name",
            "strand", "chrom", "start", "end", "name", "strand"]
FIELD = {"chrom": r"\S+", "start": r"\d+", "end": r"\d+", "name": r"\S+", "score": r"\d{1,3}|1000", "exp": r"\S+",
         "value": r"-?\d+(\.\d+)?(e-?\d+)?", "color": r"\d{1,3},\d{1,3},\d{1,3}", "strand": r"[+.-]"}


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def export(programs, run, folder):
    """Exports a run in all formats, twice: what grids wrote it may replace."""
    to = folder / "exported"
    for _ in range(2):
        done = subprocess.run([programs / "grids", "export", run, "--contradicted", "--format", ",".join(FORMATS),
                               "-o", to], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"grids export: {done.stderr}")
    return {"folder": to, "run": run, "links": rows(run / "links.tsv")}


def arcs(made):
    return [link for link in made["links"] if link["tss"] not in ("", "NA")]


def lines_of(path):
    return [line.split("\t") for line in path.read_text().splitlines() if not re.match("#|track|browser", line)]


@reader(READERS, "bedtools", "bedtools")
def bedtools(_programs, folder, made):
    to, links = made["folder"], made["links"]
    bed = to / "links.bed"
    # Lines of one place may stand in any order.
    placed = [[line.split("\t")[:3] for line in text.splitlines()]
              for text in (output("bedtools", "sort", "-header", "-i", bed), bed.read_text())]
    if placed[0] != placed[1]:
        yield "links.bed is in another order than bedtools sorts"
    # Readers of BED12 take columns 10 to 12 as blocks.
    if any(line[9:12] != ["1", str(int(line[2]) - int(line[1])), "0"] for line in lines_of(bed)):
        yield "links.bed has other blocks than its peaks"
    if len(lines_of(bed)) != len(links):
        yield f"links.bed has {len(lines_of(bed))} lines, of {len(links)} links"
    for type_bed in sorted(to.glob("links_*.bed")):
        cell_type = type_bed.stem.removeprefix("links_")
        if len(lines_of(type_bed)) != sum(link["cell_type"] == cell_type for link in links):
            yield f"{type_bed.name}: another number of lines than links"
    peaks = folder / "peaks_of_links.txt"
    peaks.write_text("".join(f"{link['chrom']}\t{link['start']}\t{link['end']}\n" for link in links))
    missed = output("bedtools", "intersect", "-v", "-f", "1", "-r", "-a", peaks, "-b", bed)
    if missed:
        yield f"links.bed lacks {missed.splitlines()[0]}"
    starts = folder / "starts_of_links.txt"
    starts.write_text("".join(f"{link['gene_chrom']}\t{link['tss']}\t{int(link['tss']) + 1}\n" for link in arcs(made)))
    # The second place of a pair is the start of its gene, to the base.
    found = output("bedtools", "pairtobed", "-a", to / "links.bedpe", "-b", starts, "-f", "1", "-type", "either")
    pairs = {tuple(line.split("\t")[:7]) for line in found.splitlines()}
    expected = {tuple(fields[:7]) for fields in lines_of(to / "links.bedpe")}
    if len(lines_of(to / "links.bedpe")) != len(arcs(made)) or pairs != expected:
        yield f"links.bedpe: {len(pairs)} pairs end at a gene, of {len(expected)} and {len(arcs(made))} links"


@reader(READERS, "tabix, of longrange", "tabix")
def longrange(_programs, _folder, made):
    packed = made["folder"] / "links.longrange.gz"
    for link in arcs(made):
        peak = f"{link['chrom']}:{link['start']}-{link['end']}"
        gene = f"{link['gene_chrom']}:{link['tss']}-{int(link['tss']) + 1}"
        for near, far in ((peak, gene), (gene, peak)):
            chrom, start, end = re.fullmatch(r"(.+):(\d+)-(\d+)", near).groups()
            found = output("tabix", packed, f"{chrom}:{int(start) + 1}-{end}")
            if not re.search(rf"^{re.escape(chrom)}\t{start}\t{end}\t{re.escape(far)},\d+$", found, re.M):
                yield f"{near} does not lead to {far}"


@reader(READERS, "interact, by the schema (its reader is not in Debian)")
def interact(_programs, _folder, made):
    path = made["folder"] / "links.interact"
    if not path.read_text().startswith("track type=interact "):
        yield "begins with another line than track type=interact"
    for line in lines_of(path):
        wrong = [kind for kind, field in zip(INTERACT, line) if not re.fullmatch(FIELD[kind], field)]
        if len(line) != len(INTERACT) or wrong:
            yield f"{line}: {wrong}"
            continue
        # A link between chromosomes has a line on either.
        ends = [end for end in (line[8:11], line[13:16]) if end[0] == line[0]]
        if not ends or min(int(end[1]) for end in ends) != int(line[1]) or max(int(end[2]) for end in ends) != int(line[2]):
            yield f"{line}: its ends lie elsewhere"


@reader(READERS, "pyBigWig, of openness", "import pyBigWig", "import h5py")
def openness(_programs, _folder, made):
    import h5py
    import numpy
    import pyBigWig
    import scipy.sparse
    with h5py.File(made["run"] / "study.h5mu") as study:
        atac = study["mod/atac"]
        x = atac["X"]
        open_in = scipy.sparse.csr_matrix((numpy.ones(x["indices"].shape[0]), x["indices"][:], x["indptr"][:]),
                                          shape=x.attrs["shape"])
        names = [name.decode() for name in atac["var"][atac["var"].attrs["_index"]][:]]
        types = study["obs/cell_type"]
        codes, categories = types["codes"][:], [each.decode() for each in types["categories"][:]]
    places = [re.fullmatch(r"(.+)[:-](\d+)-(\d+)", name).groups() for name in names]
    files = sorted(made["folder"].glob("openness_*.bw"))
    if not files:
        yield "there is no bigWig"
    for path in files:
        name = path.stem.removeprefix("openness_")
        cells = codes == categories.index(name) if name in categories else codes >= 0
        shares = numpy.asarray(open_in[cells].mean(axis=0)).ravel()
        file = pyBigWig.open(str(path))
        for (chrom, start, end), share in zip(places, shares):
            value = file.stats(chrom, int(start), int(end), type="max", exact=True)[0]
            if value is None or abs(value - share) > 1e-6:
                yield f"{path.name}: {chrom}:{start}-{end} has {value}, and {share} of the cells"
                break


@reader(READERS, "anndata", "import anndata", "import h5py")
def anndata_of_muon(_programs, _folder, made):
    import h5py
    from anndata._io.specs import read_elem
    with h5py.File(made["folder"] / "links.h5mu") as file:
        matrix = read_elem(file["varp/grids_links"]).tocsr()
        sets = read_elem(file["uns/grids/sets"])
        genes, atac = read_elem(file["mod/rna"]), read_elem(file["mod/atac"])
    annotation = atac.uns["atac"]["peak_annotation"]
    names = [*genes.var_names, *atac.var_names]
    if matrix.shape != (len(names), len(names)):
        yield f"varp/grids_links is {matrix.shape}, of {len(names)} variables"
    place = {name: i for i, name in enumerate(names)}
    for link in made["links"]:
        value = matrix[place[link["peak"]], place[link["gene"]]]
        if link["relative_change"] not in ("", "NA") and abs(value) < abs(float(link["relative_change"])) * (1 - 1e-5):
            yield f"{link['peak']}, {link['gene']}: {value}, and a set of {link['relative_change']}"
    if len(sets) != len(made["links"]) or list(sets["peak"]) != [link["peak"] for link in sorted_as(sets, made)]:
        yield f"uns/grids/sets has {len(sets)} rows, of {len(made['links'])} links"
    pairs = {(link["gene"], link["peak"]) for link in made["links"]}
    if set(zip(annotation.index, annotation["peak"])) != pairs:
        yield "uns/atac/peak_annotation has other pairs of gene and peak"


def sorted_as(sets, made):
    """The links in the order of the table, each once."""
    waiting = list(made["links"])
    for _, row in sets.iterrows():
        found = next((link for link in waiting if all(link[key] == str(row[key]) for key in ("cell_type", "gene", "set", "peak"))), None)
        if found is not None:
            waiting.remove(found)
            yield found


@reader(READERS, "multiqc", "multiqc")
def multiqc(_programs, folder, made):
    done = subprocess.run(["multiqc", made["folder"], "-o", folder / "multiqc", "-m", "custom_content", "--force"],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    if done.returncode != 0:
        yield done.stderr[-500:]
        return
    tables = [rows(path) for path in (folder / "multiqc/multiqc_data").glob("*grids_sets*.txt")]
    counts = {row["Sample"]: row for table in tables for row in table}
    sets = {}
    for link in made["links"]:
        sets.setdefault(link["cell_type"], set()).add((link["gene"], link["set"]))
    if {name: int(float(row["sets"])) for name, row in counts.items()} != {name: len(each) for name, each in sets.items()}:
        yield f"its table has {counts}"


@reader(READERS, "grids, of what is left out and of nothing")
def left_out(programs, folder, made):
    """What filters leave, and a run without sets: whatever can be written is, and the exit code is 0."""
    gene = made["links"][0]["gene"]
    none = folder / "none.tsv"
    none.write_text((made["run"] / "links.tsv").read_text().splitlines()[0] + "\n")
    study = ["--study", made["run"] / "study.h5mu"]
    verdict = next(each for each in ("overstated", "borne_out", "undecided")
                   if each not in {link["verdict"] for link in made["links"]})
    for name, words, says in (("one_gene", [made["run"], "--gene", gene, "--contradicted"], ""),
                              ("no_sets", [none, *study], "has no links: no set was found"),
                              ("nothing", [made["run"], "--verdict", verdict], "none passes what was asked")):
        to = folder / name
        done = subprocess.run([programs / "grids", "export", *words, "--format", ",".join(FORMATS), "-o", to],
                              capture_output=True, text=True)
        if done.returncode != 0 or says not in done.stderr:
            yield f"{name}: exit code {done.returncode}: {done.stderr}"
            continue
        missing = [file for file in ("links.bed", "links.bedpe", "links.interact", "links.longrange", "openness_all.bw",
                                     "grids_igv.xml", "links.h5mu", "grids_sets_mqc.tsv") if not (to / file).is_file()]
        if missing:
            yield f"{name}: {missing} are missing"
        counted = sum(int(line[1]) for line in lines_of(to / "grids_sets_mqc.tsv")[1:])
        sets = {(link["cell_type"], link["gene"], link["set"]) for link in made["links"] if link["gene"] == gene}
        if counted != (len(sets) if name == "one_gene" else 0):
            yield f"{name}: grids_sets_mqc.tsv counts {counted} sets"
        resources = xml.etree.ElementTree.parse(to / "grids_igv.xml").getroot().iter("Resource")
        if not any(each.get("path") == "openness_all.bw" for each in resources):
            yield f"{name}: the session has no openness"


@reader(READERS, "the session of IGV, as XML")
def session(_programs, _folder, made):
    path = made["folder"] / "grids_igv.xml"
    root = xml.etree.ElementTree.parse(path).getroot()
    resources = [path.parent / each.get("path") for each in root.iter("Resource")]
    for each in resources:
        if not each.is_file():
            yield f"{each} is not there"
    if root.tag != "Session" or len(resources) < 2:
        yield f"{root.tag} with {len(resources)} files"


READ_LINKS_R = """
words <- commandArgs(TRUE)
suppressPackageStartupMessages(library(GenomicRanges))
source(words[1])
links <- read_links(words[2])
arcs <- signac_links(links)
loops <- archr_loops(links)[["grids"]]
stopifnot(is(links, "GRanges"), is(arcs, "GRanges"), length(loops) == length(arcs), length(arcs) > 0)
stopifnot(identical(names(mcols(arcs)), c("score", "gene", "peak")), all(arcs$gene %in% links$gene))
table <- data.frame(as.character(seqnames(links)), start(links) - 1L, end(links), links$gene, links$peak)
write.table(table, words[3], sep = "\\t", quote = FALSE, row.names = FALSE, col.names = FALSE)
"""


FUNCTIONS_R = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/r/grids.R"


@reader(READERS, "R with GenomicRanges", "library GenomicRanges")
def genomic_ranges(_programs, folder, made):
    script, table = folder / "read.R", folder / "of_r.tsv"
    script.write_text(READ_LINKS_R)
    done = subprocess.run(["Rscript", script, FUNCTIONS_R, made["run"] / "links.tsv", table], capture_output=True, text=True)
    if done.returncode != 0:
        yield done.stderr[-800:]
        return
    found = [tuple(line.split("\t")) for line in table.read_text().splitlines()]
    if found != [tuple(link[key] for key in ("chrom", "start", "end", "gene", "peak")) for link in made["links"]]:
        yield "has other places than links.tsv"


WRITE_CELLS_R = """
words <- commandArgs(TRUE)
source(words[1])
suppressPackageStartupMessages(library(SeuratObject))
read <- function(name) readLines(gzfile(file.path(words[2], name)))
features <- do.call(rbind, strsplit(read("features.tsv.gz"), "\t"))
counts <- as(Matrix::readMM(gzfile(file.path(words[2], "matrix.mtx.gz"))), "CsparseMatrix")
counts@x[1] <- 100000  # which R likes to write as 1e+05
is_gene <- features[, 3] == "Gene Expression"
dimnames(counts) <- list(ifelse(is_gene, make.unique(features[, 2]), sub(":", "-", features[, 1])), read("barcodes.tsv.gz"))
object <- CreateSeuratObject(counts[is_gene, ])
# In another order of cells, and without one.
object[["peaks"]] <- CreateAssayObject(counts[!is_gene, ])
types <- read.delim(words[3])
object$cell_type <- types$cell_type[match(colnames(object), types$barcode)]
object$donor <- rep_len(c("a", "b, or \\"c\\""), ncol(object))
write_cells(object, words[4], atac = "peaks", ids = features[is_gene, 1])
stopifnot(inherits(try(write_cells(object, words[4]), silent = TRUE), "try-error"))
failed <- try(write_cells(object, words[4], atac = "peaks"), silent = TRUE)
stopifnot(grepl("exists", failed))
"""


@reader(READERS, "R with SeuratObject", "library SeuratObject")
def seurat(programs, folder, _made):
    """A Seurat object of a 10x folder is written as that folder, and read by grids."""
    given = pathlib.Path(__file__).resolve().parent.parent / "fixtures/pbmc_10x"
    script, to = folder / "write.R", folder / "of_seurat"
    script.write_text(WRITE_CELLS_R)
    done = subprocess.run(["Rscript", script, FUNCTIONS_R, given / "filtered_feature_bc_matrix", given / "labels.tsv", to],
                          capture_output=True, text=True)
    if done.returncode != 0:
        yield done.stderr[-800:]
        return
    studies = []
    for name, cells, labels in (("given", given / "filtered_feature_bc_matrix", [given / "labels.tsv"]),
                                ("written", to, [f"{to / 'cells.csv'}:cell_type", "--donors", f"{to / 'cells.csv'}:donor"])):
        studies.append(folder / f"{name}.h5mu")
        done = subprocess.run([programs / "grids", "prepare", cells, "--labels", *labels, "--keep-all", "--quiet", "-o",
                               studies[-1]], capture_output=True, text=True)
        if done.returncode != 0:
            yield f"{name}: {done.stderr}"
            return
    yield from differences(*studies)


def differences(given, written):
    before, after = contents(given), contents(written)
    for name in ("genes", "peaks", "type", "open"):
        if before[name] != after[name]:
            yield f"{name} of the cells differ"
    changed = [key for key in before["counts"].keys() | after["counts"].keys()
               if before["counts"].get(key) != after["counts"].get(key)]
    if len(changed) != 1 or after["counts"][changed[0]] != 100_000:
        yield f"{len(changed)} counts differ, and one was changed"
    if set(after["donor"]) != {"a", 'b, or "c"'}:
        yield f"donors are {set(after['donor'])}"


def contents(path):
    """What a study says of its cells, by barcode: cells may lie in another order."""
    import h5py
    with h5py.File(path) as file:
        barcodes = file["obs/_index"].asstr()[()]
        names = {"genes": file["mod/rna/var/_index"].asstr()[()].tolist(), "peaks": file["mod/atac/var/_index"].asstr()[()].tolist()}

        def entries(matrix):
            offsets, columns = file[matrix]["indptr"][()], file[matrix]["indices"][()]
            values = file[matrix]["data"][()]
            return {(barcode, int(columns[k])): float(values[k])
                    for i, barcode in enumerate(barcodes) for k in range(offsets[i], offsets[i + 1])}

        def column(name):
            if name not in file["obs"]:
                return []
            categories = file["obs"][name]["categories"].asstr()[()]
            return [categories[code] for code in file["obs"][name]["codes"][()]]

        return {**names, "type": dict(zip(barcodes, column("cell_type"))), "donor": column("donor"),
                "counts": entries("mod/rna/layers/counts"), "open": entries("mod/atac/X")}


# ---- by hand ----

IGV_PREFERENCES = "SKIP_VERSION=2.16\nSHOW_SPLASH_SCREEN=false\nIGV.Bounds=0,0,1400,700\n"


def genome_of(made, folder):
    """Chromosomes as long as the links reach: the cells are simulated, and no genome of IGV's has them."""
    ends = {}
    for link in made["links"]:
        ends[link["chrom"]] = max(ends.get(link["chrom"], 0), int(link["end"]) + 100_000)
    for link in arcs(made):
        ends[link["gene_chrom"]] = max(ends.get(link["gene_chrom"], 0), int(link["tss"]) + 100_000)
    path = folder / "simulated.chrom.sizes"
    path.write_text("".join(f"{chrom}\t{end}\n" for chrom, end in sorted(ends.items())))
    return path


def igv_picture(made, folder):
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    state = folder / "igv"
    state.mkdir(exist_ok=True)
    # Else it asks for human's, which is not to be had here.
    (state / "prefs.properties").write_text(f"{IGV_PREFERENCES}DEFAULT_GENOME_KEY={genome_of(made, folder)}\n")
    # The genome that the session names is fetched by IGV, and there is no network here.
    session = made["folder"].resolve() / "without_genome.xml"
    session.write_text(re.sub(r' genome="[^"]*"', "", (made["folder"] / "grids_igv.xml").read_text()))
    locus = xml.etree.ElementTree.parse(session).getroot().get("locus")
    batch = folder / "batch.txt"
    batch.write_text(f"new\nload {session}\n"
                     f"snapshotDirectory {folder}\ngoto {locus}\nsnapshot igv.png\nexit\n")
    done = subprocess.run(["xvfb-run", "-a", "-s", "-screen 0 1400x700x24", "igv", "--igvDirectory", state, "-b", batch],
                          capture_output=True, text=True)
    if not (folder / "igv.png").is_file():
        yield f"igv made no picture: {(done.stdout + done.stderr)[-800:]}"
    for wrong in re.findall(r".*(?:Error loading|NumberFormatException).*", done.stdout + done.stderr):
        yield f"igv: {wrong}"


MUDATA = """
import mudata, sys
mdata = mudata.read_h5mu(sys.argv[1])
links = mdata.varp["grids_links"]
assert links.shape == (mdata.n_vars, mdata.n_vars), links.shape
print(links.nnz, len(mdata.uns["grids"]["sets"]), len(mdata["atac"].uns["atac"]["peak_annotation"]))
"""


def by_hand(made, hand):
    wrong = []
    if hand.igv:
        wrong += igv_picture(made, hand.igv)
    if hand.mudata:
        done = subprocess.run([hand.mudata, "-c", MUDATA, made["folder"] / "links.h5mu"], capture_output=True, text=True)
        print(f"mudata: {done.stdout.strip()}")
        if done.returncode != 0:
            wrong.append(f"mudata: {done.stderr[-800:]}")
    return wrong
