"""Stages beside other things that a notebook does: Ctrl-C, threads, h5py, progress, memory."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy
import pytest

import scgrids as sg


def test_ctrl_c_ends_a_stage_within_seconds(files):
    """In a process of its own, as a notebook's kernel: the error is KeyboardInterrupt, and it works on."""
    code = textwrap.dedent(
        """
        import scgrids as sg, sys, time
        sg.settings.verbosity = 0
        study, surrogate = sg.Study.load("study.h5mu"), sg.Surrogate.load("cis.safetensors")
        genes = list(study.genes.index)
        print("begins", flush=True)
        try:
            while True:  # however fast the machine is, or slow whoever sends the signal
                sg.tl.explain(study, surrogate, cell_type="each", gene=genes, set_size=10, force=True,
                              method="sage", sage_threshold=0.0)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        print(len(sg.tl.explain(study, surrogate, cell_type="all", gene=genes[0], force=True).set_summary))
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code], cwd=files, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "begins\n"
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - began < 10
        assert process.stdout.readline() == "1\n"
        assert process.wait() == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_other_threads_work_while_a_stage_does(study, surrogate, genes):
    """The interpreter's lock is free: a thread counts on while sets are sought."""
    counted, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1
            time.sleep(0.001)

    counter = threading.Thread(target=count)
    counter.start()
    before = counted[0]
    sg.tl.explain(study, surrogate, cell_type="each", gene=genes[:4], force=True, threads=1)
    after = counted[0]
    done.set()
    counter.join()
    assert after - before > 5


def test_two_threads_read_and_explain_beside_h5py(files, genes, tmp_path):
    """Each gets what it gets alone."""
    import h5py

    alone = _explained(files, genes[0])
    failures, stop = [], threading.Event()

    def explain():
        try:
            for _ in range(3):
                frame = _explained(files, genes[0])
                if not frame.equals(alone):
                    failures.append("other numbers")
        except BaseException as error:
            failures.append(repr(error))

    def read_and_write():
        try:
            round_ = 0
            while not stop.is_set():
                round_ += 1
                with h5py.File(tmp_path / "beside.h5", "w") as file:
                    file["x"] = numpy.arange(10_000)
                with h5py.File(tmp_path / "beside.h5") as file:
                    if file["x"][()].sum() != 49_995_000:
                        failures.append("h5py read something else")
                with h5py.File(files / "study.h5mu") as file:
                    file.visit(lambda name: None)
        except BaseException as error:
            failures.append(repr(error))

    beside = threading.Thread(target=read_and_write)
    workers = [threading.Thread(target=explain) for _ in range(2)]
    for thread in (beside, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    stop.set()
    beside.join()
    assert not failures


def _explained(files, gene):
    study = sg.Study.load(files / "study.h5mu")
    surrogate = sg.Surrogate.load(files / "cis.safetensors")
    return sg.tl.explain(study, surrogate, cell_type="all", gene=gene, set_size=2, force=True).subsets


def test_hdf5_waits_for_h5pys_lock(files):
    """While a thread holds h5py's lock, no file of ours is read: Debian's HDF5 is one for both."""
    from h5py._hl.base import phil

    read = threading.Event()

    def load():
        sg.Study.load(files / "study.h5mu")
        read.set()

    with phil:
        thread = threading.Thread(target=load)
        thread.start()
        assert not read.wait(1.0)
    thread.join()
    assert read.is_set()


def _resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _flat(work, calls: int, most_mib: float) -> None:
    """Memory after many calls is what it was after some."""
    for _ in range(calls // 10):
        work()
    gc.collect()
    before = _resident()
    for _ in range(calls):
        work()
    gc.collect()
    assert (_resident() - before) / 2**20 < most_mib


def test_no_leak_over_ten_thousand_calls(study, surrogate):
    """Arrays that show the study's memory, texts, predictions, refused options."""
    cells, mask = list(study.obs.index[:2]), [study.peaks.index[3]]
    rows, masked = numpy.arange(2, dtype=numpy.int32), numpy.arange(3, dtype=numpy.int32)
    core, model = study._core, surrogate._core
    run = sg._core.Run(1, 1, "", None)

    def work():
        core.open, core.expression, core.genes, core.part_of_cell
        model.has_cis
        sg._core.predict(run, core, model, rows, masked)
        try:
            sg._core.explain(run, core, model, [("nothing", ["1"])])
        except sg.Error:
            pass

    _flat(work, 10_000, 8)
    assert cells and mask


def test_no_leak_of_prepared_data(cells):
    """What a MuData was handed over by is given back with it."""
    import mudata

    def work():
        data = mudata.read_h5mu(cells / "cells.h5mu")
        sg.pp.prepare(data, labels="cell_type", genes=cells / "genes.bed")

    from scgrids._study import kept

    work()
    before = len(kept._by_id)
    _flat(work, 20, 16)
    gc.collect()
    assert len(kept._by_id) <= before + 1


def test_messages_warnings_and_progress(study, surrogate, genes, monkeypatch, capsys):
    bars = []

    class Bar:
        def __init__(self, total, desc, leave):
            self.n, self.total, self.desc, self.closed = 0, total, desc, False
            bars.append(self)

        def update(self, by):
            self.n += by

        def close(self):
            self.closed = True

    from scgrids import _running

    monkeypatch.setattr(_running.Reporter, "_tqdm", staticmethod(lambda: Bar))
    monkeypatch.setattr(sg.settings, "verbosity", 1)
    with pytest.warns(sg.ScgridsWarning, match="bears out none") as caught:
        sg.tl.explain(study, surrogate, cell_type="each", gene=genes[:4], force=True)
    assert caught[0].filename == __file__, "it points at the user's line"
    assert genes[0] in capsys.readouterr().err
    assert bars and all(bar.closed and bar.n <= bar.total for bar in bars)


def test_a_reporter_that_fails_ends_the_stage(study, surrogate, genes, monkeypatch):
    from scgrids import _running

    def broken(self, text):
        raise RuntimeError("a broken reporter")

    monkeypatch.setattr(_running.Reporter, "info", broken)
    with pytest.raises(RuntimeError, match="a broken reporter"):
        sg.tl.explain(study, surrogate, cell_type="each", gene=genes[:4], force=True)
