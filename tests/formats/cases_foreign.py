"""What grids does not read: the message says what it is and what to do."""

import gzip
import io
import tarfile
import zipfile

import h5py

import layouts
from harness import refuses
from layouts import BARCODES, PLACES, write


def file_of(name, content):
    """A maker of a file of these bytes."""

    def make(folder):
        (folder / name).write_bytes(content)
        return [name]

    return make


def tar():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("filtered_feature_bc_matrix/"))
    return packed.getvalue()


def zipped():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rna.h5ad", "x")
    return packed.getvalue()


for name, content, *says in (
        ("f.h5", b"\n<!doctype HTML><html>Access denied</html>", r"f\.h5: cannot be read: it is a page of HTML",
         r"download it again"),
        ("f.h5ad", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", r"XML", r"download"),
        ("f.h5mu", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n", r"git lfs pull"),
        ("f.tar.gz", tar(), r"it is a tar archive; unpack it"),
        ("f.zip", zipped(), r"it is a zip archive; unpack it"),
        ("f.rds", b"BZh91AY&SY" + bytes(50), r"bzip2", r"read it in R"),
        ("f.bam", gzip.compress(b"BAM\1" + bytes(50)), r"BAM", r"Cell Ranger ARC"),
        ("f.mtx", b"1 2 3\n" * 30, r"the format is not recognised; known formats are:", r"FILE\.h5mu")):
    refuses(f"foreign: {name}, {content[:12]}", *says)(file_of(name, content))


def fragments_file(folder):
    write(folder / "fragments.tsv.gz", ["# id=x", *("%s\t%d\t%d\t%s\t1" % (*place, barcode)
                                                     for place, barcode in zip(PLACES, BARCODES))])


@refuses("fragments without peaks", r"fragments\.tsv\.gz: fragments are counted in peaks", r"--peaks")
def _(folder):
    fragments_file(folder)
    layouts.rna_file(folder)
    return ["--rna", "rna.h5ad", "--atac", "fragments.tsv.gz"]


@refuses("fragments alone", r"fragments\.tsv\.gz: holds fragments and no RNA", r"--rna RNA --fragments")
def _(folder):
    fragments_file(folder)
    return ["fragments.tsv.gz"]


@refuses("peaks alone", r"peaks\.bed: cannot be read: it is a BED file", r"--peaks")
def _(folder):
    write(folder / "peaks.bed", ["%s\t%d\t%d" % place for place in PLACES])
    layouts.rna_file(folder)
    return ["--rna", "rna.h5ad", "--atac", "peaks.bed"]


@refuses("an Arrow file", r"it is an Arrow file of ArchR", r"getMatrixFromProject", r"--peaks peaks\.bed")
def _(folder):
    with h5py.File(folder / "s1.arrow", "w") as file:
        file["Class"] = [b"Arrow"]
        file.create_group("Fragments")
        file.create_group("Metadata")
    return ["s1.arrow"]


@refuses("a folder that is something else", r"data: cannot be read: it is a folder with rna\.h5ad", r"name the file")
def _(folder):
    (folder / "data").mkdir()
    layouts.rna_file(folder / "data")
    return ["data"]


@refuses("an AnnData without obs", r"rna\.h5ad: cannot be read: it is like an AnnData, but has no obs", r"write_h5ad")
def _(folder):
    with layouts.rna_file(folder) as file:
        del file["obs"]
    layouts.atac_file(folder)
    return ["--rna", "rna.h5ad", "--atac", "atac.h5ad"]


@refuses("a 10x file without features", r"f\.h5: matrix/features: the names of the features are missing",
         r"give the matrix that Cell Ranger wrote")
def _(folder):
    layouts.tenx_file(folder / "f.h5")
    with h5py.File(folder / "f.h5", "r+") as file:
        del file["matrix/features"]
    return ["f.h5"]


@refuses("molecule_info.h5", r"molecule_info\.h5", r"give filtered_feature_bc_matrix\.h5")
def _(folder):
    with h5py.File(folder / "m.h5", "w") as file:
        file["barcode_idx"], file["umi"], file["feature_idx"] = [1], [2], [3]
    return ["m.h5"]


@refuses("a 10x file of RNA alone", r"f\.h5: matrix: there are 30 features", r"--rna and --atac")
def _(folder):
    from cases_places import rna_10x
    rna_10x(folder / "f.h5")
    return ["f.h5"]
