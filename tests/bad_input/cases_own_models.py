"""Models of the user's own, their rows, and questions that they cannot answer."""

import zipfile

import numpy

from break_files import cut
from harness import case

OWN = ("explain", "--model", "model.pt", "--data", "rows.npz", "-o", "out")
CODE = """class Network(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Network,
    x: Tensor) -> Tensor:
    some = torch.sum(torch.slice(x, 1, 0, 3), [1])
    return torch.stack([some, torch.neg(some), torch.mul(some, some)], 1)
"""
# Of protocol 2: an object of the class __torch__.Network whose one attribute, training, is false.
OBJECT = b"\x80\x02c__torch__\nNetwork\nq\x00)\x81}(X\x08\x00\x00\x00trainingq\x01\x89ub."


def write_network(path, code=CODE):
    """A TorchScript archive without parameters, as torch::jit::Module::save lays it out."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("data.pkl", OBJECT), ("code/__torch__.py", code),
                              ("constants.pkl", b"\x80\x02).\n"), ("version", "3\n")):
            archive.writestr(f"network/{name}", content)


def rows():
    return numpy.arange(60, dtype="float32").reshape(12, 5)


def own(name, *says, words=("--target-class", "2", "-L", "2"), **options):
    """The case's function may break the good files, which it finds in its folder."""

    def register(change):
        @case(f"own model: {name}", *says, torch=True, **options)
        def make(room):
            write_network(room.folder / "model.pt")
            numpy.savez(room.folder / "rows.npz", x=rows(), y=numpy.arange(12) % 3)
            change(room.folder)
            return [*OWN, *words]

        return change

    return register


def asked(name, *says, words, code=3):
    own(name, *says, words=words, code=code)(lambda folder: None)


asked("as it should be", r"2 features masked", words=("--target-class", "2", "-L", "2"),
      code=0)
asked("nothing asked", r"either --target-class or --output", words=(), code=2)
asked("two questions", r"either --target-class or --output",
      words=("--target-class", "1", "--output", "1"), code=2)
asked("a class that it has not", r"model\.pt has no class '7'; its 3 outputs are 0, 1, 2",
      words=("--target-class", "7"))
asked("an output that it has not", r"model\.pt has no output 3", words=("--output", "3"))
asked("names of other classes", r"model\.pt has 3 outputs, --classes names 2",
      words=("--target-class", "a", "--classes", "a,b"))
asked("rows of a label that none has", r"rows\.npz: x: 0 rows of class 9",
      words=("--target-class", "2", "--from-class", "9"))
asked("more features than there are", r"5 .*features|fewer|features may be masked",
      words=("--target-class", "2", "-L", "6"))
asked("a method of chromatin", r"'links' is none of: grids, ", code=2,
      words=("--target-class", "2", "-L", "2", "--method", "links"))
asked("an image of another size", r"--image 2x2: 4 pixels, but rows\.npz: x has 5 features",
      words=("--target-class", "2", "--image", "2x2"))
asked("an image that is none", r"'2by2' is not HEIGHTxWIDTH", code=2,
      words=("--target-class", "2", "--image", "2by2"))
asked("no such perturbation", r"--perturbation \(zero, mean or a \.npy\): cannot read median",
      words=("--target-class", "2", "--perturbation", "median"))
asked("no such array", r"rows\.npz: no array 'z'; it holds: x, y",
      words=("--target-class", "2", "--data-key", "z"))


@own("no TorchScript", r"model\.pt: this is no TorchScript file")
def _(folder):
    (folder / "model.pt").write_bytes(b"PK, but nothing more")


@own("cut in the middle", r"model\.pt: this is no TorchScript file, or a damaged one")
def _(folder):
    cut(folder / "model.pt", 0.5)


@own("no such file", r"model\.pt: there is no such file")
def _(folder):
    (folder / "model.pt").unlink()


@own("of another number of features", r"with the 5 features of rows\.npz: x: model\.pt: forward")
def _(folder):
    write_network(folder / "model.pt", CODE.replace("torch.neg(some)", "torch.matmul(x, some)"))


@own("without a gradient", r"model\.pt: its outputs have no gradient")
def _(folder):
    write_network(folder / "model.pt", CODE.replace("torch.sum(torch", "torch.sum(torch.detach(torch")
                  .replace("0, 3), [1])", "0, 3)), [1])"))


def broken_rows(name, *says, **options):
    def register(save):
        own(f"rows {name}", r"rows\.npz", *says, **options)(lambda folder: save(folder / "rows.npz"))
        return save

    return register


@broken_rows("cut in the middle", r"damaged, or not copied to its end")
def _(path):
    cut(path, 0.5)


@broken_rows("in Fortran order", r"Fortran order; save numpy\.ascontiguousarray")
def _(path):
    numpy.savez(path, x=numpy.asfortranarray(rows()))


@broken_rows("of another type", r"'<f2' are not read")
def _(path):
    numpy.savez(path, x=rows().astype("float16"))


@broken_rows("with a value that is none", r"x: row 3, feature 1 is nan")
def _(path):
    values = rows()
    values[3, 1] = numpy.nan
    numpy.savez_compressed(path, x=values)


@broken_rows("of one dimension", r"an array of 1 dimension")
def _(path):
    numpy.savez(path, x=rows()[0])


@broken_rows("and other labels", r"y: 3 labels in 1 dimensions for 12 rows")
def _(path):
    numpy.savez(path, x=rows(), y=numpy.arange(3))


@own("other features to report on", r"test\.npy has 4 features, rows\.npz: x has 5",
     words=("--target-class", "2", "-L", "2", "--test-data", "test.npy"))
def _(folder):
    numpy.save(folder / "test.npy", rows()[:, :4])
    numpy.savez(folder / "rows.npz", x=rows())


@own("perturbation values for other features", r"p\.npy: 4 perturbation values for the 5 features",
     words=("--target-class", "2", "-L", "2", "--perturbation", "p.npy"))
def _(folder):
    numpy.save(folder / "p.npy", rows()[0, :4])
