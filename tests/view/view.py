#!/usr/bin/env python3
"""`grids view` on a small run, over plain sockets: view.py PROGRAMS [--requests 10000]

Its numbers are those of `grids predict --mask` and `grids explain`; the token stands in no list of processes; looks
at test cells survive a kill; and after thousands of requests that nobody should send (malformed, huge, slow, with
other tokens, hosts, origins, paths, types, JSON that explodes) it answers as before, has told nothing of other
files, and ends when it is asked to. PROGRAMS is the folder with the programs; without `grids-torch` it is skipped.
"""

import argparse
import json
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from viewer import Viewer

try:
    import h5py
    import numpy
except ImportError:
    print("skipped: the view needs python3-h5py")
    sys.exit(77)

PROBLEMS = []


def expect(holds, what):
    if not holds:
        PROBLEMS.append(what)


def grids(programs, folder, *words):
    done = subprocess.run([programs / "grids", *words, "--quiet"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"grids {' '.join(words)}: {done.stderr}")


def simulated_run(programs, folder):
    grids(programs, folder, "simulate", "--preset", "tiny", "--seed", "3", "-o", "cells")
    grids(programs, folder, "run", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed",
          "--max-training-steps", "30", "--latent", "7", "--training-batch", "100", "-L", "3", "--force", "-o", "run")
    return folder / "run"


def table(path):
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    return [dict(zip(lines[0], row)) for row in lines[1:]]


def unconfirmed(results):
    """Genes that predict leaves to the networks and explain, asked for them, does not."""
    return {row["gene"] for row in table(results / "cis.tsv") if row["gate_b_passed"] != "yes"}


def text_of(values):
    return [value.decode() if isinstance(value, bytes) else value for value in values]


def column_of(frame, name):
    """A column of an AnnData frame, coded or plain."""
    column = frame[name]
    if isinstance(column, h5py.Group):
        names = text_of(column["categories"][:])
        return [names[code] for code in column["codes"][:]]
    return text_of(column[:])


def predicted(path):
    """X, genes, cell types and splits of what predict wrote."""
    with h5py.File(path) as file:
        genes = text_of(file["var"][file["var"].attrs["_index"]][:])
        return (file["X"][:].astype(numpy.float64), genes, numpy.array(column_of(file["obs"], "cell_type")),
                numpy.array(column_of(file["obs"], "split")))


def compare_numbers(programs, folder, results, viewer):
    """With predict --mask in every type, and with the set that explain finds."""
    session = viewer.json("/api/session")
    study, surrogate = results / "study.h5mu", results / "surrogate-cis.safetensors"
    unlike = unconfirmed(results)
    gene = next(name for name in session["genes"] if name not in unlike)
    around = viewer.json("/api/gene", {"gene": gene, "cell_type": "type_1"})
    peaks = [entry["peak"] for entry in around["peaks"] if entry["in_cis"]][:5]
    (folder / "mask.txt").write_text("".join(f"{peak}\n" for peak in peaks))
    grids(programs, folder, "predict", study, surrogate, "-o", "plain.h5ad")
    grids(programs, folder, "predict", study, surrogate, "--mask", "mask.txt", "-o", "masked.h5ad")
    before, genes, types, split = predicted(folder / "plain.h5ad")
    after = predicted(folder / "masked.h5ad")[0]
    column = genes.index(gene)
    told = viewer.json("/api/change", {"gene": gene, "cell_type": "type_1", "close": peaks, "open": []})["types"]
    expect(len(told) == 3 and len(peaks) == 5, f"{len(told)} types, {len(peaks)} peaks")
    for entry in told:
        cells = (types == entry["cell_type"]) & (split != "test")
        x, y = before[cells, column], after[cells, column]
        expect(entry["cells"] == cells.sum(), f"cells of {entry}")
        # `predict` adds the sums of closed peaks anew where a mask takes differences away: the last bits of floats.
        for name, value in (("before", numpy.expm1(x).mean()), ("after", numpy.expm1(y).mean())):
            expect(abs(entry[name] / value - 1) < 1e-5, f"{name} of {entry} is not {value}")
        change = numpy.expm1(y).mean() / numpy.expm1(x).mean() - 1
        expect(abs(entry["rate_change"] - change) < 1e-5, f"the change of {entry} is not {change}")
    for gene in (gene, next(iter(sorted(unlike)), gene)):
        grids(programs, folder, "explain", study, surrogate, "--cell-type", "type_1", "--gene", gene, "-L", "3",
              "--domain", "cis", "--force", "-o", f"explained {gene}")
        rows = table(folder / f"explained {gene}" / "subsets.tsv")
        found = viewer.search({"gene": gene, "cell_type": "type_1", "L": 3, "domain": "cis", "direction": "down"})
        expect(found["error"] is None, f"the search ends with {found['error']}")
        expect(found["peaks"] == [row["peak"] for row in rows],
               f"explain finds {[row['peak'] for row in rows]}, the search {found['peaks']}")
    return gene, peaks


SECRET = "a file that nobody asked for"


class Storm:
    """Requests that nobody should send; each answer is looked at."""

    def __init__(self, viewer, gene, peaks, seed):
        self.viewer, self.gene, self.peaks = viewer, gene, peaks
        self.random = random.Random(seed)
        self.sent = 0

    def good(self):
        change = {"gene": self.gene, "cell_type": "type_1", "close": self.random.sample(self.peaks, 2), "open": []}
        return self.random.choice([
            self.viewer.request("GET", "/"), self.viewer.request("GET", "/api/session"),
            self.viewer.request("POST", "/api/change", change),
            self.viewer.request("POST", "/api/settings", {**change, "peaks": self.peaks[:2]}),
            self.viewer.request("GET", "/api/search/1"), self.viewer.request("GET", "/api/sets.tsv"),
            self.viewer.request("POST", "/login", {"token": self.viewer.token})])

    def garbage(self):
        return self.random.randbytes(self.random.choice([0, 1, 7, 100, 5000]))

    def mutated(self):
        data = bytearray(self.good())
        for _ in range(self.random.randint(1, 8)):
            place = self.random.randrange(len(data))
            action = self.random.randrange(4)
            if action == 0:
                data[place] = self.random.randrange(256)
            elif action == 1:
                del data[place:place + self.random.randint(1, 20)]
            elif action == 2:
                data[place:place] = self.random.choice([b"\r\n", b"\0", b" ", b":", b"%00", b"\xff" * 30, b"A" * 300])
            else:
                data = data[:place + 1]
            if not data:
                break
        return bytes(data)

    def huge(self):
        size = self.random.choice([17_000, 70_000, 300_000])
        return self.random.choice([
            b"GET /" + b"a" * size + b" HTTP/1.1\r\n\r\n",
            self.viewer.request("GET", "/", **{"X": "a" * size}),
            self.viewer.request("GET", "/", **{f"X{i}": "y" for i in range(size // 100)}),
            self.viewer.request("POST", "/api/change", b" " * size),
            self.viewer.request("POST", "/api/change", b"{}", Content_Length=str(10 ** self.random.randint(5, 40))),
            self.viewer.request("GET", "/", Range="bytes=" + "1-2," * 2000),
            self.viewer.request("GET", "/", Cookie="a=b;" * 3000),
            self.viewer.request("GET", "/", Accept_Encoding="gzip, br" * 500)])

    def stranger(self):
        wrong = {"token": self.random.choice(["", "0" * 64, self.viewer.token[:-1], self.viewer.token.upper(), 5, None])}
        name = self.viewer.cookie.split("=")[0]
        request = self.viewer.request
        return self.random.choice([
            request("POST", "/login", wrong),
            request("GET", "/api/session", Cookie=None),
            request("GET", "/api/sets", Cookie=f"{name}={self.random.randbytes(32).hex()}"),
            request("POST", "/api/judge", {"gene": self.gene, "cell_type": "type_1", "peaks": self.peaks}, Cookie=None),
            request("GET", "/api/session", Host="example.org"),
            request("GET", "/", Host=f"127.0.0.1.example.org:{self.viewer.port}"),
            request("GET", "/api/session", Host=None),
            request("POST", "/api/judge", {"gene": self.gene, "cell_type": "type_1", "peaks": self.peaks},
                    Origin="http://example.org"),
            request("POST", "/api/judge", {"gene": self.gene, "cell_type": "type_1", "peaks": self.peaks},
                    Origin="null"),
            request("POST", "/api/judge", {"gene": self.gene, "cell_type": "type_1", "peaks": self.peaks},
                    Content_Type=self.random.choice(["text/plain", "multipart/form-data; boundary=x", ""]))])

    def traversal(self):
        path = self.random.choice(["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/secret.txt",
                                   "/api/../../secret.txt", "//etc/passwd", "/page.js/../../secret.txt",
                                   "file:///etc/passwd", "/study.h5mu", "/manifest.json", "/.grids/view_looks.tsv",
                                   "/page", "/login-page", "/api/search/../session", "/\\..\\secret.txt",
                                   "/%00", "/?" + "x=y&" * 20])
        return self.viewer.request(self.random.choice(["GET", "POST"]), path, None)

    def bomb(self):
        depth = self.random.choice([10, 1000, 30_000])
        body = self.random.choice([
            b"[" * depth, b'{"a":' * depth, b"[" * depth + b"]" * depth, b'{"gene":' + b"[" * depth + b"]" * depth + b"}",
            json.dumps({"gene": "g" * 60_000, "cell_type": "x"}).encode(),
            json.dumps({"gene": "", "cell_type": "type_1", "close": ["x"] * 12_000, "open": []}).encode(),
            b'{"gene":"' + b"\\u0000" * 5000 + b'"}', b'{"L":' + b"9" * 50_000 + b"}", b"\xff" * 1000,
            json.dumps({"gene": "", "cell_type": "type_1", "L": 10 ** 30, "domain": "cis", "direction": "up"}).encode(),
            json.dumps({"gene": None, "cell_type": [], "peaks": {}, "note": 1}).encode()])
        path = self.random.choice(["gene", "change", "search", "search/stop", "settings", "judge", "save"])
        return self.viewer.request("POST", f"/api/{path}", body)

    def look_at(self, kind, data, answer):
        if not answer:
            return  # closed: it was no whole request
        head, _, body = answer.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.1 (\d\d\d) [A-Za-z ]+\r\n", head)
        if not status:
            return expect(False, f"{kind}: no answer of HTTP: {answer[:100]} to {data[:200]}")
        code = int(status[1])
        expect(code in (200, 400, 401, 403, 404, 405, 409, 413, 415), f"{kind}: {code} to {data[:200]}: {body[:200]}")
        expect(SECRET.encode() not in answer and b"root:" not in answer, f"{kind}: a file was read by {data[:200]}")
        expect(self.viewer.token.encode() not in answer, f"{kind}: the token was told to {data[:200]}")
        if kind in ("stranger", "traversal", "bomb", "huge"):
            plain = kind == "huge" and code == 200 and data.startswith(f"GET {self.viewer.folder} ".encode())
            # Range, Accept-Encoding and the like are passed over.
            expect(code >= 400 or plain, f"{kind}: 200 to {data[:200]}")
        if code >= 400:
            expect("error" in json.loads(body), f"{kind}: no sentence: {answer[:300]}")
        expect(b"Content-Security-Policy: default-src 'none'" in head, f"{kind}: no policy")

    def blow(self, count):
        kinds = (self.garbage, self.mutated, self.mutated, self.huge, self.stranger, self.traversal, self.bomb)
        for _ in range(count):
            kind = self.random.choice(kinds)
            data = kind()
            try:
                self.look_at(kind.__name__, data, self.cut_off(data))
            except OSError as error:
                expect(False, f"{kind.__name__}: {error} at {data[:200]}")
            self.sent += 1

    def cut_off(self, data):
        """The answer; a request that is not whole is ended, as its sender would not wait for three seconds."""
        with socket.create_connection(("127.0.0.1", self.viewer.port), timeout=20) as connection:
            pieces = []
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(1 << 16):
                    pieces.append(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass
            except OSError as error:
                if error.errno != 107:  # closed before it could be shut down
                    raise
            return b"".join(pieces)


class SlowOnes(threading.Thread):
    """Connections that send a byte now and then, and never end."""

    def __init__(self, viewer):
        super().__init__(daemon=True)
        self.viewer, self.ended = viewer, threading.Event()

    def run(self):
        connections = []
        request = self.viewer.request("POST", "/api/change", b" " * 5000)
        while not self.ended.wait(0.2):
            while len(connections) < 12:
                connections.append((socket.create_connection(("127.0.0.1", self.viewer.port)), iter(request)))
            for entry in list(connections):
                try:
                    entry[0].sendall(bytes([next(entry[1])]))
                except OSError:
                    entry[0].close()
                    connections.remove(entry)
        for connection, _ in connections:
            connection.close()


def memory_of(process):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1]) >> 10


def storm(viewer, gene, peaks, requests):
    question = {"gene": gene, "cell_type": "type_1", "close": peaks, "open": []}
    looks = viewer.json("/api/gene", {"gene": gene, "cell_type": "type_1"})["looks"]
    before, memory = viewer.json("/api/change", question), memory_of(viewer.process)
    slow = SlowOnes(viewer)
    slow.start()
    storms = [Storm(viewer, gene, peaks, seed) for seed in range(4)]
    threads = [threading.Thread(target=each.blow, args=(requests // len(storms),)) for each in storms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slow.ended.set()
    slow.join()
    expect(viewer.process.poll() is None, "the server ended")
    after = viewer.json("/api/change", question)
    expect(before["types"] == after["types"] and before["others"] == after["others"], "it answers otherwise")
    expect(viewer.json("/api/gene", {"gene": gene, "cell_type": "type_1"})["looks"] == looks, "a stranger spent a look")
    grown = memory_of(viewer.process) - memory
    expect(grown < 150, f"{grown} MB more than before")
    return sum(each.sent for each in storms)


def opened_through_a_file(programs, results, folder):
    """A desktop's xdg-open is given a file that only the user can read; no list of processes holds the token."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "xdg-open").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tools}/arguments"\ncp -p "$1" "{tools}/copy"\n'
                                    f'stat -c %a "$1" "$(dirname "$1")" > "{tools}/modes"\n')
    (tools / "xdg-open").chmod(0o755)
    path = {"PATH": f"{tools}:/usr/bin:/bin", "DISPLAY": ":9", "XDG_RUNTIME_DIR": str(tools)}
    with Viewer(programs, results, env=path, opens=True) as viewer:
        for _ in range(100):
            if (tools / "modes").exists() and (tools / "modes").read_text().count("\n") == 2:
                break
            time.sleep(0.05)
        opened = pathlib.Path((tools / "arguments").read_text().strip())
        expect((tools / "modes").read_text().split() == ["600", "700"], f"modes {(tools / 'modes').read_text()}")
        expect(viewer.url in (tools / "copy").read_text(), "the file does not lead to the address")
        words = pathlib.Path(f"/proc/{viewer.process.pid}/cmdline").read_bytes() + (tools / "arguments").read_bytes()
        expect(viewer.token.encode() not in words, "the token stands in a list of processes")
        expect(opened.exists(), "the file is gone before the login")
        viewer.log_in()
        for _ in range(100):
            if not opened.exists():
                break
            time.sleep(0.02)
        expect(not opened.exists() and not opened.parent.exists(), "the file is there after the login")
    (tools / "arguments").unlink()
    (tools / "modes").unlink()
    with Viewer(programs, results, env=path, opens=True) as viewer:
        for _ in range(100):
            if (tools / "arguments").exists():
                break
            time.sleep(0.05)
        opened = pathlib.Path((tools / "arguments").read_text().strip())
        code, seconds, said = viewer.stop()
        expect(code == 0 and seconds < 2, f"Ctrl-C ends it with {code} after {seconds:.1f} s: {said}")
        expect(not opened.exists() and not opened.parent.exists(), "Ctrl-C leaves the file")


def looks_survive(programs, results, gene, peaks):
    """Each look is counted, also where the program is killed on its way."""
    def looks(viewer):
        return viewer.json("/api/gene", {"gene": gene, "cell_type": "type_1"})["looks"]

    def asked_files():
        return len(list((results / "study.h5mu.asked").glob("*.asked")))

    before = asked_files()
    with Viewer(programs, results) as viewer:
        viewer.log_in()
        first = looks(viewer)
        asked = {"gene": gene, "cell_type": "type_1", "peaks": peaks[:1]}
        judged = viewer.json("/api/judge", asked)
        expect(judged["looks"] == first + 1 and judged["verdict"] == "exploratory", f"judged: {judged}")
        expect(viewer.json("/api/judge", asked)["looks"] == first + 1, "the same set is another look")
        expect(asked_files() == before + 1, "other commands are not told of the look")
        rows = viewer.json("/api/save", {**asked, "note": "kept"})["rows"]
        viewer.process.send_signal(signal.SIGKILL)
        viewer.process.wait()
    for number, wait in enumerate((0, 0.002, 0.02)):
        with Viewer(programs, results) as viewer:
            viewer.log_in()
            known = looks(viewer)
            expect(known >= first + 1, f"{known} looks after a kill, {first + 1} before")
            with socket.create_connection(("127.0.0.1", viewer.port)) as connection:
                connection.sendall(viewer.request("POST", "/api/judge", {**asked, "peaks": peaks[:2 + number]}))
                time.sleep(wait)
                viewer.process.send_signal(signal.SIGKILL)
                viewer.process.wait()
    with Viewer(programs, results) as viewer:
        viewer.log_in()
        expect(looks(viewer) >= known, "a kill takes looks away")
        sets = viewer.json("/api/sets")
        expect(len(sets["rows"]) == rows, f"{len(sets['rows'])} sets are kept, not {rows}")
        status = sets["columns"].index("status")
        expect(all(row[status] == "exploratory" for row in sets["rows"]), "a kept set is more than exploratory")
        code, seconds, said = viewer.stop(signal.SIGTERM)
        expect(code == 0 and seconds < 2, f"SIGTERM ends it with {code} after {seconds:.1f} s: {said}")


def copy_of(results, folder):
    """The same results, which nobody views."""
    return shutil.copytree(results, folder / "copy", ignore=shutil.ignore_patterns("lock*"))


def taken_is_told(programs, results, others, port):
    """Who views these results already; whose port it is."""
    for folder, says in ((results, "grids view"), (others, f"--port {port}")):
        done = subprocess.run([programs / "grids", "view", folder, "--no-open", "--port", str(port)],
                              capture_output=True, text=True, timeout=60)
        expect(done.returncode == 3 and says in done.stderr, f"{says}: {done.returncode} {done.stderr}")


def larger_than_memory(programs, results, gene, peaks):
    """A study that lies in a file while it is looked at answers as one in memory does."""
    answers = []
    question = {"gene": gene, "cell_type": "type_1"}
    for words in ([], ["--memory", "20K"]):
        with Viewer(programs, results, *words) as viewer:
            viewer.log_in()
            found = viewer.search({**question, "L": 2, "domain": "cis", "direction": "down"})
            change = viewer.json("/api/change", {**question, "close": peaks[:2], "open": []})
            del change["milliseconds"]
            answers.append((change, found["peaks"], viewer.json("/api/judge", {**question, "peaks": peaks[:2]})))
            said = viewer.stop()[2]
        told = "more than half of the memory to work in" in said
        expect(told == bool(words), f"{words}: where the study lies is {'' if told else 'not '}told: {said}")
    expect(answers[0] == answers[1], f"a study in a file answers otherwise: {answers}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--requests", type=int, default=10_000)
    given = arguments.parse_args()
    programs = given.programs.resolve()
    if not (programs / "grids-torch").exists():
        print("skipped: grids-torch is missing")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="grids-view-") as name:
        folder = pathlib.Path(name)
        results = simulated_run(programs, folder)
        (results.parent / "secret.txt").write_text(SECRET)
        (results / "secret.txt").write_text(SECRET)
        files = {path: path.read_bytes() for path in results.rglob("*") if path.is_file() and ".grids" not in path.parts}
        with Viewer(programs, results) as viewer:
            expect(viewer.ask("GET", "/api/session")[0] == 404, "it tells something before the login")
            viewer.log_in()
            page = viewer.ask("GET", "/")
            expect(page[0] == 200 and b'data-live="yes"' in page[2], f"the page: {page[1]}")
            gene, peaks = compare_numbers(programs, folder, results, viewer)
            sent = storm(viewer, gene, peaks, given.requests)
            code, seconds, said = viewer.stop()
            expect(code == 0 and seconds < 2, f"Ctrl-C ends it with {code} after {seconds:.1f} s: {said}")
        looks_survive(programs, results, gene, peaks)
        opened_through_a_file(programs, results, folder)
        copied = copy_of(results, folder)
        larger_than_memory(programs, copied, gene, peaks)
        with Viewer(programs, results) as viewer:
            taken_is_told(programs, results, copied, viewer.port)
        for path, content in files.items():
            expect(path.read_bytes() == content, f"{path.name} has changed")
    for problem in PROBLEMS[:20]:
        print(problem)
    print(f"{sent} requests, {len(PROBLEMS)} problems")
    sys.exit(1 if PROBLEMS else 0)


if __name__ == "__main__":
    main()
