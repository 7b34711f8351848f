"""Small good inputs for each program of fuzz/, from which libFuzzer begins: make_seeds.py FOLDER."""

import gzip
import io
import json
import pathlib
import struct
import sys
import tarfile
import zipfile

FOLDER = pathlib.Path(sys.argv[1])


def put(target, name, content):
    folder = FOLDER / f"{target}_fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def npy(text_of_header, numbers):
    header = text_of_header + " " * (63 - (len(text_of_header) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + numbers


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def zipped(method, **arrays):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", array)
    return content.getvalue()


def safetensors(**tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, (kind, shape, numbers) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


TABLE = "cell_type\tgene\tscore\nT\tCD19\t0.5\n\"a\tb\"\t'=x\tNA\n"
put("table", "plain.tsv", TABLE)
put("table", "windows.tsv", "\xef\xbb\xbf" + TABLE.replace("\n", "\r\n"))
put("table", "packed.tsv.gz", gzip.compress(TABLE.encode(), mtime=0))
put("labels", "tabs.tsv", "barcode\tcell_type\nAAAC-1\tT\nAAAG-1\tB cell\n")
put("labels", "commas.csv", '"","x"\n"AAAC-1","T, naive"\nAAAG-1,B\n')
put("labels", "packed.tsv.gz", gzip.compress(b"AAAC-1\tT\n", mtime=0))
put("genes", "genes.bed", "#chr\tstart\tend\tname\tscore\tstrand\nchr1\t10\t90\tG1\t0\t+\nchr2\t5\t9\tG2\t0\t-\n")
put("genes", "genes.gtf",
    'chr1\tx\tgene\t11\t90\t.\t+\t.\tgene_id "E1"; gene_name "G1"; gene_type "protein_coding";\n'
    'chr1\tx\ttranscript\t31\t90\t.\t+\t.\tgene_id "E1"; gene_name "G1"; transcript_id "T1"\n')
put("genes", "sizes.tsv", "chr1\t1000\nchr2\t900\n")
put("matrix_market", "integers.mtx", "%%MatrixMarket matrix coordinate integer general\n% x\n4 3 3\n1 1 2\n4 3 1\n2 2 7\n")
put("matrix_market", "reals.mtx", "%%MatrixMarket matrix coordinate real general\n3 4 1\n3 4 0.5e1\n")
put("matrix_market", "pattern.mtx", "%%MatrixMarket matrix coordinate pattern general\n4 3 2\n1 1\n2 3\n")
put("matrix_market", "list.txt", "AAAC-1\nAAAG-1\n# note\n\n")
ARRAY = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", floats(1, 2, 3, 4))
LABELS = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", b"\0\1")
put("arrays", "x.npy", ARRAY)
put("arrays", "labels.npy", LABELS)
put("arrays", "longs.npy", npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), }", struct.pack("<q", 5)))
put("arrays", "stored.npz", zipped(zipfile.ZIP_STORED, x=ARRAY, y=LABELS))
put("arrays", "packed.npz", zipped(zipfile.ZIP_DEFLATED, x=ARRAY, y=LABELS))
put("safetensors", "two.safetensors",
    safetensors(a=("F32", [2, 1], floats(1, 2)), b=("I64", [1], struct.pack("<q", 3)), c=("U8", [0], b"")))
put("manifest", "manifest.json",
    json.dumps({"command": "run", "version": "0.2.0", "options": {"seed": 1}, "seed": 1, "threads": 2,
                "inputs": [{"path": "a", "sha256": "00", "bytes": 1}], "outputs": [], "warnings": ["w"],
                "stages": [{"name": "prepare", "seconds": 0.5}]}))
for name in ("chr1:10-20", "chr1_10_20", "chr1-10-20", "GRCh38_chr1:1-2", "HLA-A*01:01:01:01-1-2"):
    put("peak_name", name.replace("*", "_"), name)
# Their first byte tells experiments_fuzz which reader they are for.
ARMS = "gene\telements\tarm\tlog_fold\tlog_fold_error\n" + "".join(
    f"G1\tchr1:10-20;chr1:40-50\t{arm}\t-0.5\t0.1\n" for arm in ("chr1:10-20", "chr1:40-50", "chr1:10-20;chr1:40-50"))
SCREEN = ("chrom\tchromStart\tchromEnd\tmeasuredGeneSymbol\tEffectSize\tSignificant\tRegulated\tValidConnection\tCellType\t"
          "distanceToTSS\tPowerAtEffectSize25\nchr1\t10\t20\tG1\t-0.4\tTRUE\tTRUE\tTRUE\tK562\t500\t0.9\n"
          "chr1\t40\t50\tG1\tNA\tFALSE\tFALSE\toverlaps promoter\tK562\t700\tNA\n")
EXPERIMENTS = [
    ("combinations.tsv", ARMS),
    ("screen.tsv", SCREEN),
    ("loops.bedpe", "chr1\t10\t20\tchr1\t400\t500\tL1\t7\nchr1\t.\t-1\tchr2\t4\t5\n"),
    ("variants.tsv", "chrom\tpos\tgene\tpip\nchr1\t11\tG1\t0.7\nchr1\t12\tENSG1.3\t0.02\n"),
    ("places.bed", "track name=x\nchr1\t10\t20\tp\nchr2\t4\t5\n"),
    ("motifs.jaspar", ">MA1.1 SP1::KLF\nA [ 1 2 ]\nC [ 3 4 ]\nG [ 0 1 ]\nT [ 9 0 ]\n"),
    ("genome.fa", ">chr1 x\nACGTN\nacg\n>2\nTTGACCAGT\n"),
]
for number, (name, content) in enumerate(EXPERIMENTS):
    put("experiments", name, bytes([number]) + content.encode())
MEME = ("MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1 SP1\nletter-probability matrix: alength= 4 w= 2 nsites= 10\n"
        " 0.1 0.2 0.3 0.4\n 0.25 0.25 0.25 0.25\n")
put("experiments", "motifs.meme", bytes([5]) + MEME.encode())
put("experiments", "places.bed.gz", bytes([4]) + gzip.compress(b"chr1\t10\t20\n", mtime=0))
put("store", "nothing", b"")
put("store", "unpaired", b"\1")
put("store", "some", bytes(range(1, 40)))

# Arrays that zarr wrote, each a store of its own, and cells: keys and values one after the other.
STORES = pathlib.Path(__file__).parent.parent / "tests/fixtures/zarr/stores.tar.gz"


def compact(key, value):
    """Metadata without spaces, and without those of other nodes."""
    if key.rsplit("/")[-1] not in ("zarr.json", ".zarray", ".zattrs", ".zgroup"):
        return value
    node = json.loads(value)
    node.pop("consolidated_metadata", None)
    return json.dumps(node, separators=(",", ":")).encode()


def keys(values):
    return b"".join(key.encode() + b"\0" + struct.pack("<H", len(value)) + value for key, value in values.items())


def zarr_stores():
    """What lies in the archive, by version and store."""
    stores = {}
    with tarfile.open(STORES) as archive:
        for member in archive:
            version, store, *path = member.name.split("/")[0:2] + ["/".join(member.name.split("/")[2:])]
            if member.isfile() and path[0] and ".zmetadata" not in path[0]:
                content = archive.extractfile(member).read()
                stores.setdefault((version, store), {})[path[0]] = compact(path[0], content)
    return stores


for (version, store), values in zarr_stores().items():
    root = "zarr.json" if version == "v3" else ".zgroup"
    if store == "codecs.zarr":
        arrays = {"/".join(key.split("/")[:2]) for key in values if key.count("/") > 1}
        for array in arrays:
            put("zarr", f"{version}_{array.replace('/', '_')}",
                keys({root: values[root], **{"a" + key[len(array):]: value for key, value in values.items()
                                             if key.startswith(array + "/")}}))
    elif store in ("csr.zarr", "dense.zarr", "columns.zarr"):
        put("zarr", f"{version}_{store}", keys(values))
        if store == "csr.zarr":
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w") as archive:
                for key, value in values.items():
                    archive.writestr(key, value)
            put("zarr", f"{version}_{store}.zip", content.getvalue())

try:
    import h5py
    import numpy
except ImportError:
    put("hdf5", "signature.h5", b"\x89HDF\r\n\x1a\n" + bytes(88))
else:
    path = FOLDER / "hdf5_fuzz" / "small.h5mu"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = h5py.string_dtype()
    with h5py.File(path, "w") as file:
        for modality, features in (("rna", ["G1", "G2"]), ("atac", ["chr1:1-9", "chr1:20-30"])):
            group = file.create_group(f"mod/{modality}")
            for table, names in (("obs", ["AAAC-1", "AAAG-1"]), ("var", features)):
                frame = group.create_group(table)
                frame.attrs["_index"] = "_index"
                frame.attrs["column-order"] = numpy.array([], "f8")
                frame.create_dataset("_index", data=names, dtype=text)
            matrix = group.create_group("X")
            matrix.attrs["encoding-type"] = "csr_matrix"
            matrix.attrs["shape"] = [2, 2]
            matrix["indptr"] = numpy.array([0, 1, 2])
            matrix["indices"] = numpy.array([0, 1], "i4")
            matrix.create_dataset("data", data=numpy.array([1, 2], "f4"), chunks=(1,), compression="gzip", shuffle=True)
