"""Text of one's own, packed by grids-tracks, in the eyes of tabix, bedtools and pyBigWig."""

import random

from reader import output, reader

READERS = []
SIZES = {"chr1": 3_000_000, "chr10": 900_000, "chr2": 600_000_000, "odd|name": 5_000}
EXIT_INPUT = 3


def spans(seed, chromosomes, n=400):
    """Disjoint spans of the chromosomes, sorted by name and place."""
    draws = random.Random(seed)
    for chromosome in sorted(chromosomes):
        ends = sorted(draws.sample(range(SIZES[chromosome]), n))
        yield from ((chromosome, start, end) for start, end in zip(ends[::2], ends[1::2]))


def write_sizes(folder):
    path = folder / "sizes"
    path.write_text("".join(f"{name}\t{size}\n" for name, size in SIZES.items()))
    return path


@reader(READERS, "tabix", "tabix", "bgzip")
def tabix(programs, folder, _made):
    for preset, chromosomes, ending in (("bed", ["chr1", "chr10", "odd|name"], "tbi"), ("bedgraph", SIZES, "csi")):
        lines = [(*span, str(i)) for i, span in enumerate(spans(1, chromosomes))]
        text = folder / f"{preset}.txt"
        text.write_text("#a comment\n" + "".join("\t".join(map(str, line)) + "\n" for line in lines))
        to = folder / f"{preset}.gz"
        output(programs / "grids-tracks", "pack", text, to, "--preset", preset)
        if not to.with_name(f"{to.name}.{ending}").exists():
            yield f"{preset}: there is no .{ending}"
        if output("bgzip", "-dc", to) != text.read_text():
            yield f"{preset}: bgzip unpacks to something else"
        for chromosome in chromosomes:
            size = SIZES[chromosome]
            for low, high in ((0, size // 3), (size // 2, size // 2 + size // 50), (size - size // 4, size)):
                there = ["\t".join(map(str, line)) for line in lines
                         if line[0] == chromosome and line[1] < high and line[2] > low]
                if output("tabix", to, f"{chromosome}:{low + 1}-{high}").splitlines() != there:
                    yield f"{preset}: other lines of {chromosome}:{low + 1}-{high}"


@reader(READERS, "bedtools, of packed lines", "bedtools")
def bedtools(programs, folder, _made):
    text = folder / "pairs.bedpe"
    lines = [f"{c}\t{s}\t{e}\tchr1\t{i}\t{i + 1}\tname_{i}\t7\n" for i, (c, s, e) in enumerate(spans(2, ["chr1", "chr10"]))]
    text.write_text("#chr1\tx1\tx2\tchr2\ty1\ty2\n" + "".join(lines))
    output(programs / "grids-tracks", "pack", text, folder / "pairs.gz", "--preset", "bedpe")
    all_of = folder / "all.bed"
    all_of.write_text("chr1\t0\t3000000\nchr10\t0\t900000\n")
    found = output("bedtools", "pairtobed", "-a", folder / "pairs.gz", "-b", all_of, "-type", "both").splitlines()
    if len({line.split("\t")[6] for line in found}) != len(lines):
        yield f"finds {len(found)} pairs of {len(lines)}"


@reader(READERS, "pyBigWig", "import pyBigWig")
def py_big_wig(programs, folder, _made):
    import pyBigWig
    values = [(*span, round(random.Random(i).uniform(-5, 5), 3)) for i, span in enumerate(spans(3, SIZES))]
    text, to = folder / "in.bedgraph", folder / "out.bw"
    text.write_text("".join(f"{c}\t{s}\t{e}\t{v}\n" for c, s, e, v in values))
    output(programs / "grids-tracks", "bigwig", "--chrom-sizes", write_sizes(folder), text, to)
    file = pyBigWig.open(str(to))
    if not file.isBigWig() or dict(file.chroms()) != SIZES:
        yield f"chromosomes {file.chroms()}"
    for chromosome in SIZES:
        expected = [(s, e, v) for c, s, e, v in values if c == chromosome]
        found = [(s, e, round(v, 3)) for s, e, v in file.intervals(chromosome) or ()]
        if found != expected:
            yield f"{chromosome}: other values"
    covered = sum(e - s for _, s, e, _ in values)
    if file.header()["nBasesCovered"] != covered or file.header()["nLevels"] < 1:
        yield f"header {file.header()}, of {covered} bases"


@reader(READERS, "what is refused")
def refused(programs, folder, _made):
    """A file that is refused leaves nothing, and what was there."""
    import subprocess
    cases = {"unsorted": ("pack", "chr1\t5\t6\nchr1\t1\t2\n", "sort -k1,1 -k2,2n"),
             "overlap": ("bigwig", "chr1\t5\t9\t1\nchr1\t7\t9\t1\n", "merge"),
             "nan": ("bigwig", "chr1\t5\t9\tnan\n", "finite"),
             "beyond": ("bigwig", "chr1\t5\t3000001\t1\n", "--chrom-sizes")}
    for name, (command, text, said) in cases.items():
        source, to = folder / f"{name}.txt", folder / f"{name}.out"
        source.write_text(text)
        options = ["--chrom-sizes", write_sizes(folder), "--overwrite"]
        to.write_text("mine")
        done = subprocess.run([programs / "grids-tracks", command, source, to, *options], capture_output=True, text=True)
        if done.returncode != EXIT_INPUT or source.name not in done.stderr or said not in done.stderr:
            yield f"{name}: exit code {done.returncode}: {done.stderr}"
        if to.read_text() != "mine" or len(list(folder.glob(f"{to.name}*"))) != 1:
            yield f"{name}: leaves {sorted(folder.glob(to.name + '*'))}"
        done = subprocess.run([programs / "grids-tracks", command, source, to, *options[:2]], capture_output=True, text=True)
        if done.returncode != EXIT_INPUT or "there already" not in done.stderr:
            yield f"{name}: takes the place of a file without being told to: {done.stderr}"
