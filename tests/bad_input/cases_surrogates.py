"""Surrogates that are damaged, of another program or of another study."""

from break_files import cut, edit_header, poke_tensor
from cases_models import STUDY, SURROGATE, explain
from harness import case


def surrogate(name, *says, **options):
    def register(change):
        @case(f"surrogate: {name}", r"s\.safetensors", *says, torch=True, **options)
        def make(room):
            change(room.copy("surrogate.safetensors", "s.safetensors"))
            return explain(surrogate="s.safetensors")

        return change

    return register


@surrogate("cut in the middle", r"bytes")
def _(path):
    cut(path, 0.5)


@surrogate("cut in its header", r"is it complete")
def _(path):
    path.write_bytes(path.read_bytes()[:100])


@surrogate("empty", r"shorter than its header|empty")
def _(path):
    path.write_bytes(b"")


@surrogate("another file", r"this is no safetensors file")
def _(path):
    path.write_bytes(b"%PDF-1.7 and so on, but no tensors at all")


@surrogate("a header of impossible length", r"this is no safetensors file")
def _(path):
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])


@surrogate("header that is no JSON", r"header is not a JSON object")
def _(path):
    path.write_bytes(path.read_bytes().replace(b"{", b"[", 1))


@surrogate("weights that are NaN", r"'atac_model\.embedding\.weight' holds nan", r"train again")
def _(path):
    poke_tensor(path, "atac_model.embedding.weight", float("nan"))


@surrogate("weights that are infinite", r"'rna_model\.decoder\.6\.weight' holds inf")
def _(path):
    poke_tensor(path, "rna_model.decoder.6.weight", float("inf"))


@surrogate("a variance that is negative", r"running_var", r"negative")
def _(path):
    poke_tensor(path, "rna_model.decoder.1.running_var", -0.5)


@surrogate("a tensor missing", r"no tensor 'rna_model\.decoder\.6\.weight'")
def _(path):
    edit_header(path, lambda header: header.pop("rna_model.decoder.6.weight"))


@surrogate("a small tensor missing", r"no tensor 'rna_model\.decoder\.0\.bias'")
def _(path):
    edit_header(path, lambda header: header.pop("rna_model.decoder.0.bias"))


@surrogate("a tensor of another shape", r"'atac_model\.embedding\.weight' has shape", r"expected")
def _(path):
    def change(header):
        shape = header["atac_model.embedding.weight"]["shape"]
        header["atac_model.embedding.weight"]["shape"] = [shape[1], shape[0], shape[2]]

    edit_header(path, change)


@surrogate("a tensor beyond the file", r"rna_model\.decoder\.6\.bias", r"data_offsets")
def _(path):
    def change(header):
        header["rna_model.decoder.6.bias"]["data_offsets"] = [10**12, 10**12 + 240]

    edit_header(path, change)


@surrogate("half precision", r"rna_model\.decoder\.6\.bias", r"F16", r"F32")
def _(path):
    edit_header(path, lambda header: header["rna_model.decoder.6.bias"].update(dtype="F16"))


@surrogate("tensors of another program", r"'chromosome_dims'", r"not a surrogate of grids")
def _(path):
    edit_header(path, lambda header: header.pop("__metadata__"))


@surrogate("of a later version", r"'format_version'", r"format 99", r"knows formats up to 1",
           r"use the grids that wrote it", r"grids train STUDY -o SURROGATE")
def _(path):
    edit_header(path, lambda header: header["__metadata__"].update(format_version="99"))


@surrogate("sizes that are text", r"header", r"genes|number")
def _(path):
    edit_header(path, lambda header: header["__metadata__"].update(genes='"sixty"'))


@surrogate("huge sizes", r"header|shape|size")
def _(path):
    edit_header(path, lambda header: header["__metadata__"].update(latent_dim="1000000000000"))


@case("surrogate: of another study", r"other\.safetensors", r"only in the surrogate", r"only in the study",
      torch=True)
def _(room):
    return explain(surrogate="../good/other.safetensors")


@case("surrogate and study exchanged", r"study\.h5mu", torch=True)
def _(room):
    return explain(study=SURROGATE, surrogate=STUDY)


@case("surrogate: no such file", r"s\.safetensors: there is no such file", r"grids train study\.h5mu", torch=True)
def _(room):
    return explain(surrogate="s.safetensors")


@case("surrogate: a folder", r"sim: it is a folder", torch=True)
def _(room):
    return explain(surrogate="../good/sim")
