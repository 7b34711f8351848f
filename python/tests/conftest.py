"""A small experiment, what the command line makes of it, and the same from Python."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def programs() -> pathlib.Path:
    """Where grids and grids-torch lie: SCGRIDS_PROGRAMS, or the release build."""
    return pathlib.Path(os.environ.get("SCGRIDS_PROGRAMS", ROOT / "build/release/bin")).absolute()


def grids(*words, folder, fails=False):
    """Runs the command line; what it says on the error stream."""
    done = subprocess.run(
        [programs() / "grids", *map(str, words), "--quiet"], cwd=folder, capture_output=True, text=True
    )
    if fails != (done.returncode != 0):
        raise AssertionError(f"grids {' '.join(map(str, words))}: exit code {done.returncode}\n{done.stderr}")
    return done.stderr


@pytest.fixture(scope="session")
def cells(tmp_path_factory):
    """Simulated raw cells: cells.h5mu, genes.bed, truth.tsv; small enough for seconds."""
    folder = tmp_path_factory.mktemp("cells")
    grids("simulate", "--preset", "tiny", "--seed", 3, "-o", "cells", folder=folder)
    return folder / "cells"


@pytest.fixture(scope="session")
def files(cells, tmp_path_factory):
    """What the command line made: study.h5mu, surrogate.safetensors, cis.safetensors, cis.tsv."""
    folder = tmp_path_factory.mktemp("command_line")
    prepare = ("prepare", cells / "cells.h5mu", "--labels", "cell_type", "--genes", cells / "genes.bed")
    grids(*prepare, "-o", "study.h5mu", folder=folder)
    grids("train", "study.h5mu", "-o", "surrogate.safetensors", "--max-steps", 60, folder=folder)
    grids("cis", "study.h5mu", "surrogate.safetensors", "-o", "cis.safetensors", folder=folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def quiet():
    import scgrids

    scgrids.settings.verbosity = 0
    scgrids.settings.trainer = str(programs() / "grids-torch")


@pytest.fixture(scope="session")
def mdata(cells):
    import mudata
    import scgrids

    data = mudata.read_h5mu(cells / "cells.h5mu")
    scgrids.pp.prepare(data, labels="cell_type", genes=cells / "genes.bed")
    return data


@pytest.fixture(scope="session")
def study(files):
    import scgrids

    return scgrids.Study.load(files / "study.h5mu")


@pytest.fixture(scope="session")
def surrogate(files):
    import scgrids

    return scgrids.Surrogate.load(files / "cis.safetensors")


@pytest.fixture(scope="session")
def genes(files):
    """The genes with the most to tell: those whose cis path passes gate B, then others."""
    rows = [line.split("\t") for line in (files / "cis.tsv").read_text().splitlines()]
    name, passed = rows[0].index("gene"), rows[0].index("gate_b_passed")
    order = sorted(rows[1:], key=lambda row: row[passed] != "yes")
    return list(dict.fromkeys(row[name] for row in order))


@pytest.fixture(scope="session")
def found(study, surrogate, genes):
    import scgrids

    return scgrids.tl.explain(study, surrogate, cell_type="all", gene=genes[:4], set_size=4, force=True)
