"""`predict` says in its file what was masked, and takes a BED such as the tracks that grids writes."""

import pathlib
import subprocess

import h5py
import numpy

try:
    from anndata.experimental import read_elem
except ImportError:
    from anndata._io.specs import read_elem

KEPT = pathlib.Path(__file__).resolve().parents[1] / "fixtures/version_2/run"


def predict(programs, folder, name, *more):
    done = subprocess.run(
        [programs / "grids", "predict", KEPT / "study.h5mu", KEPT / "surrogate-cis.safetensors",
         *more, "-o", name], cwd=folder, capture_output=True, text=True, timeout=100,
        stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        return None, done.stderr
    with h5py.File(folder / name) as file:
        return read_elem(file["/"]), done.stderr


def tour(programs, folder):
    """What is wrong."""
    folder.mkdir()
    with h5py.File(KEPT / "study.h5mu") as file:
        var = read_elem(file["mod/atac/var"])
        genes = read_elem(file["mod/rna/var"])
    problems = []
    chosen = var.iloc[[3, 30, 31]]
    expected = sorted(chosen.index)
    lines = [f"{p['chrom']}\t{p['start']}\t{p['end']}\tIL7R grids {i + 1}\t900\t.\n"
             for i, (_, p) in enumerate(chosen.iterrows())]
    (folder / "track.bed").write_text('track name="IL7R in T" description="grids: peaks"\n' +
                                      "".join(lines))
    (folder / "names.txt").write_text('"x"\n' + "".join(f'"{name}"\n' for name in expected))
    first = var.iloc[0]
    (folder / "near.bed").write_text(f"{first['chrom']}\t{first['end'] - 1}\t{first['end']}\n")
    plain, _ = predict(programs, folder, "plain.h5ad")
    by_track, said = predict(programs, folder, "track.h5ad", "--mask", "track.bed")
    by_name, _ = predict(programs, folder, "names.h5ad", "--mask", "names.txt")
    near, _ = predict(programs, folder, "near.h5ad", "--mask", "near.bed")
    if any(made is None for made in (plain, by_track, by_name, near)):
        return [f"predict failed: {said}"]
    about = by_track.uns["grids"]
    if sorted(about["masked_peaks"]) != expected:
        problems.append(f"masked are {list(about['masked_peaks'])} instead of {expected}")
    if len(plain.uns["grids"]["masked_peaks"]) != 0 or about["scale"] != "log1p_cp100k":
        problems.append("what was masked or the scale is not said")
    if not numpy.array_equal(by_track.X, by_name.X) or numpy.array_equal(by_track.X, plain.X):
        problems.append("a track masks other peaks than their names")
    if list(near.uns["grids"]["masked_peaks"]) != [var.index[0]]:
        problems.append("a place within a peak does not stand for it")
    if not (by_track.var["chrom"].astype(str) == genes["chrom"].astype(str)).all():
        problems.append("places of genes are missing")
    if "gene_ids" not in by_track.var:
        problems.append("ids of genes are missing")
    (folder / "far.bed").write_text("chr99\t1\t2\n")
    none, said = predict(programs, folder, "none.h5ad", "--mask", "far.bed")
    if none is not None or "no peak of the study lies at chr99:1-2" not in said:
        problems.append("a place without a peak is not refused")
    return problems
