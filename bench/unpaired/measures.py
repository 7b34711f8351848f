"""What cells say of a common space when their pairing was hidden, and of expression predicted from chromatin.

NumPy and h5py alone, so that each method's own environment can import it. All measures are of test cells; only label
transfer looks at training cells, those whose labels are handed on.
"""

import dataclasses

import h5py
import numpy

NEIGHBOURS = 15  # whose labels, or whose expression, are handed on
MIN_CELLS_IN_TYPE = 10  # as in `grids evaluate`: types with fewer judged cells enter no within-type r


@dataclasses.dataclass
class Sparse:
    """Rows of a matrix, of which only the cells asked for become dense."""

    data: numpy.ndarray
    indices: numpy.ndarray
    starts: numpy.ndarray
    shape: tuple

    def dense(self, rows):
        """float32, rows × columns."""
        values = numpy.zeros((len(rows), self.shape[1]), numpy.float32)
        for i, row in enumerate(rows):
            span = slice(self.starts[row], self.starts[row + 1])
            values[i, self.indices[span]] = self.data[span]
        return values


@dataclasses.dataclass
class Study:
    """A paired study of `grids prepare`."""

    names: numpy.ndarray  # of the cells
    types: numpy.ndarray  # of each cell, by name
    split: numpy.ndarray  # of each cell: train, validation, test
    total_rna: numpy.ndarray  # counts of each cell over all genes that were measured
    open_peaks: numpy.ndarray
    expression: Sparse  # cells × genes: log1p of counts per 100,000, or log values
    counts: Sparse | None
    open: Sparse  # cells × peaks
    genes: dict  # name, chrom, start, end, strand; chrom is empty without a position
    peaks: dict  # the same without strand

    def cells(self, *parts):
        return numpy.flatnonzero(numpy.isin(self.split, parts))


def column(group, name):
    """A column of obs or var as NumPy holds it; texts as str, "" where there is none."""
    node = group[name]
    if isinstance(node, h5py.Group):
        names = numpy.append(node["categories"].asstr()[()], "")
        return names[node["codes"][()]]
    return node.asstr()[()].astype(str) if h5py.check_string_dtype(node.dtype) else node[()]


def matrix(group):
    return Sparse(group["data"][()], group["indices"][()], group["indptr"][()], tuple(group.attrs["shape"]))


def places(var, *more):
    return {name: column(var, name) for name in ("chrom", "start", "end", *more)} | {"name": column(var, "_index")}


def read_study(path):
    with h5py.File(path) as file:
        obs, rna, atac = file["obs"], file["mod/rna"], file["mod/atac"]
        if not file["uns/grids/paired"][()]:
            raise SystemExit(f"{path}: what is judged with the pairing hidden needs chromatin and RNA of the same cells")
        for name in ("rna", "atac"):
            if not numpy.array_equal(column(file[f"mod/{name}/obs"], "_index"), column(obs, "_index")):
                raise SystemExit(f"{path}: the cells of mod/{name} stand in another order")
        counts = matrix(rna["layers/counts"]) if "counts" in rna["layers"] else None
        return Study(
            names=column(obs, "_index"), types=column(obs, "cell_type"), split=column(obs, "split"),
            total_rna=column(obs, "total_rna").astype(float), open_peaks=column(obs, "open_peaks").astype(float),
            expression=matrix(rna["X"]), counts=counts, open=matrix(atac["X"]),
            genes=places(rna["var"], "strand"), peaks=places(atac["var"]))


def read_predicted(path, study):
    """Expression of test cells as `grids predict` wrote it, test cells × genes."""
    with h5py.File(path) as file:
        rows = {name: row for row, name in enumerate(column(file["obs"], "_index"))}
        return file["X"][()][[rows[name] for name in study.names[study.cells("test")]]]


def distances(x, y):
    """Euclidean, rows of x × rows of y."""
    x, y = numpy.asarray(x, float), numpy.asarray(y, float)
    squares = (x**2).sum(1)[:, None] + (y**2).sum(1)[None, :] - 2 * x @ y.T
    return numpy.sqrt(numpy.maximum(squares, 0))


def cells_by_type(types, fewest):
    """Each type that has so many cells, and their positions."""
    for name in numpy.unique(types):
        positions = numpy.flatnonzero(types == name)
        if len(positions) >= fewest:
            yield name, positions


def closer_than_match(between):
    """Of each row and of each column, the share of the others closer than the match on the diagonal; ties count half.

    0 = the match is the nearest, 0.5 = by chance. A space in which all cells coincide scores 0.5 too.
    """
    match = numpy.diag(between)
    others = len(match) - 1
    rows = (between < match[:, None]).sum(1) + ((between == match[:, None]).sum(1) - 1) / 2
    columns = (between < match[None, :]).sum(0) + ((between == match[None, :]).sum(0) - 1) / 2
    return rows / others, columns / others


def foscttm(atac, rna):
    """The mean of both directions over all cells; latents of the same cells in the same order."""
    rows, columns = closer_than_match(distances(atac, rna))
    return (rows.mean() + columns.mean()) / 2


def judged_types(types):
    """Positions of the cells of each type that has enough of them."""
    for name in numpy.unique(types):
        positions = numpy.flatnonzero(types == name)
        if len(positions) >= MIN_CELLS_IN_TYPE:
            yield name, positions


def foscttm_within_type(atac, rna, types):
    """The same among the cells of a type, mean over all cells that have others of their type."""
    sizes, values = [], []
    for _, of in cells_by_type(types, 2):
        sizes.append(len(of))
        values.append(foscttm(atac[of], rna[of]))
    return numpy.average(values, weights=sizes) if values else numpy.nan


def nearest(queries, references, count=NEIGHBOURS):
    """Row numbers of each query's nearest references, nearest first; of ties the smaller number."""
    return numpy.argsort(distances(queries, references), axis=1, kind="stable")[:, :count]


def transferred(queries, references, labels):
    """The commonest label among the nearest references; of ties that of the nearest of them."""
    handed_on = []
    for neighbours in labels[nearest(queries, references)]:
        names, first, votes = numpy.unique(neighbours, return_index=True, return_counts=True)
        handed_on.append(names[numpy.lexsort((first, -votes))[0]])
    return numpy.array(handed_on)


def share_right(given, true):
    return (given == true).mean()


def balanced_accuracy(given, true):
    """The share that is right of each type that has judged cells, averaged over types."""
    return numpy.mean([(given[true == name] == name).mean() for name in numpy.unique(true)])


def alignment(study, atac, rna):
    """What alignment.tsv of `grids evaluate` says of all types, of latents of all cells in one space, cells × dimensions."""
    test, train = study.cells("test"), study.cells("train")
    types = study.types
    found = {"foscttm": foscttm(atac[test], rna[test]),
             "foscttm_within_type": foscttm_within_type(atac[test], rna[test], types[test])}
    for asked, latents, others in (("atac", atac, rna), ("rna", rna, atac)):
        given = transferred(latents[test], others[train], types[train])
        found[f"label_transfer_{asked}"] = share_right(given, types[test])
        found[f"label_transfer_balanced_{asked}"] = balanced_accuracy(given, types[test])
    return found


def correlations(x, y, x_before=None, y_before=None):
    """Pearson's r of each column; NaN where x does not vary, 0 where only y does not. Values from which columns were taken
    out come with what they were before, against which rounding is judged."""
    x_squares = ((x if x_before is None else x_before) ** 2).sum(0)
    y_squares = ((y if y_before is None else y_before) ** 2).sum(0)
    x, y = x - x.mean(0), y - y.mean(0)
    xx, yy = (x**2).sum(0), (y**2).sum(0)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        r = (x * y).sum(0) / numpy.sqrt(xx * yy)
    r[yy <= 1e-12 * y_squares] = 0
    r[xx <= 1e-12 * x_squares] = numpy.nan
    return r


def residuals(values, columns):
    return values - columns @ numpy.linalg.lstsq(columns, values, rcond=None)[0]


class TypeMeans:
    """Each gene's mean over types, weighted by cells, of what is not NaN."""

    def __init__(self, genes):
        self.sums, self.weights = numpy.zeros(genes), numpy.zeros(genes)

    def add(self, values, weight):
        judged = ~numpy.isnan(values)
        self.sums[judged] += weight * values[judged]
        self.weights[judged] += weight

    def values(self):
        return numpy.divide(self.sums, self.weights, out=numpy.full_like(self.sums, numpy.nan), where=self.weights > 0)


def mean_of_known(values):
    known = values[~numpy.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def prediction(study, predicted):
    """How well expression is predicted from chromatin: means over genes, by the rules of `grids evaluate`
    (`src/evaluate/agreement.hpp`); `predicted` on the study's scale, test cells × genes."""
    test = study.cells("test")
    measured = study.expression.dense(test).astype(float)
    predicted = numpy.asarray(predicted, float)
    depth = numpy.column_stack([numpy.ones(len(test)), numpy.log1p(study.total_rna[test]), numpy.log1p(study.open_peaks[test])])
    rescaled = measured
    if study.counts is not None:
        median = numpy.sort(study.total_rna[test])[len(test) // 2]
        rescaled = numpy.log1p(median / 100_000 * numpy.expm1(measured))
    within, partial = TypeMeans(measured.shape[1]), TypeMeans(measured.shape[1])
    for _, of in cells_by_type(study.types[test], MIN_CELLS_IN_TYPE):
        within.add(correlations(measured[of], predicted[of]), len(of))
        partial.add(correlations(residuals(rescaled[of], depth[of]), residuals(predicted[of], depth[of]), rescaled[of],
                                 predicted[of]), len(of))
    return {
        "r": mean_of_known(correlations(measured, predicted)),
        "within_type_r": mean_of_known(within.values()),
        "within_type_r_partial": mean_of_known(partial.values()),
    }


def from_neighbours(study, atac, rna):
    """Expression of test cells as the mean of the training cells with RNA nearest to their chromatin, test cells × genes."""
    test, train = study.cells("test"), study.cells("train")
    return study.expression.dense(train)[nearest(atac[test], rna[train])].mean(1)


def joint_space(study, atac, rna, decoded):
    """All measures of latents of all cells in one space, and of expression of test cells decoded from their chromatin."""
    ways = {"": decoded, "neighbours_": from_neighbours(study, atac, rna)}
    found = alignment(study, atac, rna)
    for way, predicted in ways.items():
        found |= {way + name: value for name, value in prediction(study, predicted).items()}
    return {name: float(value) for name, value in found.items()}
