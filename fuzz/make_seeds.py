"""Small good inputs for each program of fuzz/, from which libFuzzer begins: make_seeds.py FOLDER."""

import gzip
import io
import json
import pathlib
import struct
import sys
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
put("store", "nothing", b"")
put("store", "some", bytes(range(1, 40)))

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
