#!/usr/bin/env python3
"""Kills, full disks, two at once and the user's own files, for every command that writes.

    run_folder.py PROGRAMS [--all] [--kills N] [--disks N] [--seed S] [--only TEXT]

PROGRAMS is the folder with `grids` and `grids-torch`. Without options, what CI has time for; by hand,
--all --kills 300 --disks 6 (half an hour of one core). Whatever happens to a command: a file under its final
name is whole, what the user put there stays as it is, half-written files and locks are gone once it is
given again, and then the results are those of a command that nothing happened to, byte for byte.
Ends with "N passed, N failed".
"""

import argparse
import hashlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# What holds times.
TIMED = ("manifest.json", "report.html", "timings.tsv")
# The user's own, in every folder: what older programs of this kind took for theirs.
FOREIGN = {"checkpoint/mine.txt": "a thesis", "notes.part": "half a thought", ".hidden.part": "x",
           "tracks/mine.bed": "chr1\t1\t2\n", "runs/mine.tsv": "a\n", "study.h5mu.1234.part": "y"}
LONGEST_STOP = 10.0  # five, and as much again for a machine that is busy; the last line tells
SECONDS = 300  # far above what a command here needs
SHARED = ["study.h5mu", "surrogate.safetensors"]
LIMITS = ["--threads", "1"]


class Command:
    """A command; `words` of it with the folder that it writes into."""

    def __init__(self, name, words, results, weight=1):
        self.name, self.words, self.results, self.weight = name, words, results, weight
        self.seconds = 0.0
        self.whole = {}


def commands():
    few = ["--cell-type", "type_1", "type_2", "--gene", "SIM00009", "SIM00042", "-L", "3", "--force"]
    pair = ["../whole/study.h5mu", "../whole/surrogate-cis.safetensors"]
    cells = ["../cells/cells.h5mu", "--labels", "cell_type", "--genes", "../cells/genes.bed"]
    return [
        # What takes longest is killed most often.
        Command("run", lambda out: ["run", *cells, "--truth", "../cells/truth.tsv", "-L", "3",
                                    "--max-training-steps", "20", "--markers-per-type", "1",
                                    "--force", "-o", out], "subsets.tsv", weight=4),
        Command("simulate", lambda out: ["simulate", "--preset", "tiny", "--seed", "3", "-o", out],
                "truth.tsv"),
        Command("prepare", lambda out: ["prepare", *cells, "--summary", f"{out}/prepare.tsv", "-o",
                                        f"{out}/study.h5mu"], "study.h5mu"),
        Command("train", lambda out: ["train", pair[0], "--max-steps", "30", "--checkpoint",
                                      f"{out}/of_training", "--checkpoint-every", "10", "--curves",
                                      f"{out}/training.tsv", "-o", f"{out}/s.safetensors"],
                "s.safetensors", weight=2),
        Command("cis", lambda out: ["cis", pair[0], "../whole/surrogate.safetensors", "-o",
                                    f"{out}/cis.safetensors"], "cis.tsv"),
        Command("evaluate", lambda out: ["evaluate", *pair, "--map", "-o", out], "accuracy.tsv"),
        Command("explain", lambda out: ["explain", *pair, *few, "-o", out], "subsets.tsv"),
        Command("redundancy", lambda out: ["redundancy", *pair, *few, "--stability", "1", "-o", out],
                "redundancy.tsv"),
        Command("knockout", lambda out: ["knockout", *pair, "--cell-type", "each", "--all-genes", "-o",
                                         out], "knockout_type_1.h5ad"),
        Command("predict", lambda out: ["predict", *pair, "-o", f"{out}/p.h5ad"], "p.h5ad"),
        Command("compare", lambda out: ["compare", *pair, *few, "--seeds", "2", "--methods",
                                        "grids,random,lime", "--budget", "20000", "-o", out],
                "compare.tsv"),
        Command("export", lambda out: ["export", "../whole", "--format", "bed,interact,igv,muon",
                                       "--contradicted", "-o", out], "links.h5mu"),
        Command("report", lambda out: ["report", out], "report.html"),
    ]


class House:
    """Where everything happens, and what is wrong."""

    def __init__(self, programs, root, seed):
        self.grids, self.root = str(programs / "grids"), root
        self.random = random.Random(seed)
        self.problems, self.passed, self.numbers = [], 0, 0
        self.longest_stop, self.stops, self.kills, self.disks = 0.0, 0, 0, 0

    def folder(self, command):
        """A new one, beside the others, with what is the user's; as a name."""
        self.numbers += 1
        folder = self.root / f"{command.name}_{self.numbers}"
        folder.mkdir()
        for name, text in FOREIGN.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        if command.name == "report":  # of a folder of results
            for name, path in files_of(self.root / "whole").items():
                if not name.startswith(".grids") and name != "report.html":
                    (folder / name).parent.mkdir(exist_ok=True)
                    shutil.copy(path, folder / name)
        return folder

    def words(self, command, folder, *more):
        return [self.grids, *command.words(f"../{folder.name}"), *LIMITS, *more]

    def start(self, command, folder, *more):
        return subprocess.Popen(self.words(command, folder, *more), cwd=folder, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, errors="replace")

    def end(self, process):
        """Exit code and message of a process."""
        try:
            _, message = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            _, message = process.communicate()
            message += "\nhangs"
        return process.returncode, message

    def finish(self, command, folder, *more):
        if command.name == "train" and (folder / "of_training").exists():
            more = (*more, "--resume")
        return self.end(self.start(command, folder, *more))

    def told(self, name, problems, message=""):
        self.passed += 0 if problems else 1
        for problem in problems:
            self.problems.append(f"{name}: {problem}")
        if problems:
            print(f"FAILED: {name}", *problems, *message.splitlines()[-8:], sep="\n    ", flush=True)


def files_of(folder):
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*"))
            if path.is_file()}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def results_of(folder):
    """Results and their contents: without the state, the user's own, and records of askings."""
    return {name: digest(path) for name, path in files_of(folder).items()
            if not name.startswith((".grids/", "of_training/")) and "/.grids/" not in name
            and name not in FOREIGN and ".asked/" not in name}


def locks(folder):
    return [path.name for path in (folder / ".grids").glob("lock*") if path.name != "lock.guard"]


def wrong_now(command, folder):
    """What may not be at any time, whatever happened."""
    problems = [f"{name} of the user has changed or is gone" for name, text in FOREIGN.items()
                if not (folder / name).exists() or (folder / name).read_text() != text]
    for name, content in results_of(folder).items():
        if name not in command.whole:
            problems.append(f"{name} is there")
        elif content != command.whole[name] and not name.endswith(TIMED):
            problems.append(f"{name} is not whole")
    return problems


def wrong_at_the_end(command, folder):
    problems = wrong_now(command, folder)
    problems += [f"{name} is missing" for name in command.whole.keys() - results_of(folder).keys()]
    parts = folder / ".grids/parts"
    if parts.exists() and any(parts.iterdir()):
        problems.append(f"half-written files are left: {[p.name for p in parts.iterdir()]}")
    if locks(folder):
        problems.append("the lock is left")
    return problems


def make_whole(house, command):
    """The results of a command that nothing happens to."""
    folder = house.folder(command)
    began = time.monotonic()
    code, message = house.finish(command, folder)
    command.seconds = time.monotonic() - began
    if code != 0:
        sys.exit(f"{command.name} fails:\n{message}")
    command.whole = results_of(folder)


def stop(house, command, process, how):
    """Sends a signal; what is wrong with how it ends."""
    began = time.monotonic()
    process.send_signal(how)
    code, message = house.end(process)
    took = time.monotonic() - began
    if code == 0:
        return []  # it was done
    house.kills += 1
    if how == signal.SIGKILL:
        return [] if code == -9 else [f"exit code {code} of SIGKILL: {message[-300:]}"]
    house.stops += 1
    house.longest_stop = max(house.longest_stop, took)
    problems = [] if took < LONGEST_STOP else [f"{took:.1f} s from {how.name} to its end"]
    # Before it has begun to work, the signal itself ends it.
    if code not in (128 + how, -how):
        problems.append(f"exit code {code} of {how.name}: {message[-300:]}")
    return problems


def kills(house, command, count):
    """So many kills, some in a row in one folder, each row ended by a command that is let be."""
    while count > 0:
        folder = house.folder(command)
        problems, row = [], min(count, house.random.choice([1, 2, 3, 5]))
        done_before = house.kills
        for _ in range(row):
            process = house.start(command, folder,
                                  *(["--resume"] if command.name == "train"
                                    and (folder / "of_training").exists() else []))
            how = house.random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            time.sleep(house.random.uniform(0, 1.05 * command.seconds))
            problems += stop(house, command, process, how) + wrong_now(command, folder)
        count -= max(1, house.kills - done_before)
        code, message = house.finish(command, folder)
        problems += [] if code == 0 else [f"exit code {code} at the end"]
        problems += wrong_at_the_end(command, folder)
        house.told(f"{command.name}, {row} kills ({folder.name})", problems, message)
        if not problems:
            shutil.rmtree(folder)


def can_mount():
    script = "mount -t tmpfs -o size=64k none /mnt"
    return subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True).returncode == 0


ON_SMALL_DISK = """
set -e
mount -t tmpfs -o size={size} none {folder}
cp -a {copy}/. {folder}/
cd {folder}
set +e
"$@"
code=$?
set -e
rm -rf {copy}
cp -a {folder}/. {copy}/
exit $code
"""


def full_disk(house, command, share, mounts):
    """The disk is full when a share of the results is written; where none can be mounted, no file may
    become larger than that share of the largest."""
    folder = house.folder(command)
    kept = sum(path.stat().st_size + 4096 for path in files_of(folder).values()) + 32768
    whole = [path.stat().st_size for path in files_of(house.root / "sizes" / command.name).values()]
    copy = folder.with_name(folder.name + "_copy")
    words = house.words(command, folder)
    if mounts:
        folder.rename(copy)
        folder.mkdir()
        size = int(kept + share * (sum(whole) + 4096 * len(whole)))
        script = ON_SMALL_DISK.format(size=size, folder=folder, copy=copy)
        words = ["unshare", "-rm", "sh", "-c", script, "sh", *words]
    else:
        blocks = max(1, int(share * max(whole) / 512))
        words = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *words]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=SECONDS,
                          stdin=subprocess.DEVNULL, errors="replace")
    if mounts:
        folder.rmdir()
        copy.rename(folder)
    house.disks += 1
    problems = wrong_now(command, folder)
    if done.returncode not in (0, 3):
        problems.append(f"exit code {done.returncode} on a full disk")
    if done.returncode == 3 and not re.search(r"No space left|File too large|may be full|cannot (write|make)",
                                              done.stderr):
        problems.append("the message does not say that the disk is full")
    code, message = house.finish(command, folder)
    problems += [] if code == 0 else [f"exit code {code} once there is room"]
    problems += wrong_at_the_end(command, folder)
    house.told(f"{command.name}, a disk full at {share:.0%} ({folder.name})", problems,
               done.stderr + message)
    if not problems:
        shutil.rmtree(folder)


def two_at_once(house, command):
    """The second is told who works there; neither disturbs the other."""
    folder = house.folder(command)
    first = house.start(command, folder)
    deadline = time.monotonic() + SECONDS
    while not locks(folder) and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(first.pid, signal.SIGSTOP)  # it stays at work until the second was refused
    problems = []
    if locks(folder):
        code, message = house.end(house.start(command, folder))
        if code != 3 or f"process {first.pid}" not in message:
            problems.append(f"the second ends with {code}: {message[-300:]}")
    os.kill(first.pid, signal.SIGCONT)
    code, message = house.end(first)
    problems += [] if code == 0 else [f"the first ends with {code}"]
    house.told(f"{command.name}, two at once", problems + wrong_at_the_end(command, folder), message)


def own_file_in_the_way(house, command):
    """A file of the user under a name of the results: refused, or kept beside."""
    folder = house.folder(command)
    mine = folder / command.results
    mine.write_text("my own")
    code, message = house.finish(command, folder)
    problems = [] if code == 3 and command.results in message else [f"exit code {code}"]
    if mine.read_text() != "my own" or set(results_of(folder)) - {command.results} - (
            set(command.whole) if command.name == "report" else set()):
        problems.append("something was written")
    code, message = house.finish(command, folder, "--overwrite")
    problems += [] if code == 0 else [f"exit code {code} with --overwrite"]
    beside = folder / (command.results + ".kept")
    if not beside.exists() or beside.read_text() != "my own":
        problems.append("the user's file is not kept")
    else:
        beside.unlink()
    problems += wrong_at_the_end(command, folder)
    house.told(f"{command.name}, a file of the user in the way", problems, message)


def changed_result(house, command):
    """A result that was changed by hand is neither taken for one nor lost."""
    folder = house.folder(command)
    code, message = house.finish(command, folder)
    problems = [] if code == 0 else [f"exit code {code}"]
    result = folder / command.results
    content = bytearray(result.read_bytes())
    content[len(content) // 2] ^= 1
    result.write_bytes(content)
    code, message = house.finish(command, folder)
    if code != 3 or result.read_bytes() != content:
        problems.append(f"exit code {code}, or the change is lost")
    house.told(f"{command.name}, a result changed by hand", problems, message)


def link_as_output(house, command):
    """A link stays, and what it points at is the result."""
    folder = house.folder(command)
    elsewhere = house.root / f"elsewhere_{house.numbers}"
    (folder / command.results).symlink_to(elsewhere)
    code, message = house.finish(command, folder)
    problems = [] if code == 0 else [f"exit code {code}"]
    if not (folder / command.results).is_symlink() or not elsewhere.is_file():
        problems.append("the link is gone, or points at nothing")
    problems += wrong_at_the_end(command, folder)
    house.told(f"{command.name}, a link as output", problems, message)


def other_command_and_target(house):
    """README's steps in one folder: commands beside each other, a page that is whole, and no
    replacing of another target."""
    folder = house.root / "steps"
    folder.mkdir()
    pair = ["out/study.h5mu", "out/cis.safetensors"]
    gene = ["--cell-type", "type_1", "--force", "-L", "3", "-o", "out", "--gene"]
    steps = [
        (0, ["prepare", "../cells/cells.h5mu", "--labels", "cell_type", "--genes",
             "../cells/genes.bed", "--summary", "out/prepare.tsv", "-o", "out/study.h5mu"]),
        (0, ["train", pair[0], "--max-steps", "30", "--curves", "out/training.tsv", "-o",
             "out/surrogate.safetensors"]),
        (0, ["cis", pair[0], "out/surrogate.safetensors", "-o", pair[1]]),
        (0, ["evaluate", *pair, "--map", "-o", "out"]),
        (0, ["explain", *pair, *gene, "SIM00009"]),
        (0, ["knockout", *pair, "--cell-type", "type_1", "--gene", "SIM00009", "-o", "out"]),
        (0, ["predict", *pair, "-o", "out/predicted.h5ad"]),
        (0, ["report", "out"]),
        (3, ["explain", *pair, *gene, "SIM00042"]),
        (3, ["redundancy", *pair, *gene, "SIM00009"]),
        (3, ["predict", *pair, "-o", "out/study2.h5mu", "--overwrite"]),
        (3, ["cis", pair[0], "out/surrogate.safetensors", "-o", "out/surrogate.safetensors"]),
        (0, ["explain", *pair, *gene, "SIM00042", "--overwrite"]),
        (0, ["report", "out"]),
    ]
    (folder / "out").mkdir()
    (folder / "out/study2.h5mu").mkdir()  # a folder is never a file's place
    problems = []
    for code, words in steps:
        done = subprocess.run([house.grids, *words, *LIMITS], cwd=folder, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=SECONDS)
        if done.returncode != code:
            problems.append(f"{' '.join(words[:1] + words[-2:])}: exit code {done.returncode}, not "
                            f"{code}: {done.stderr[-300:]}")
    page = (folder / "out/report.html").read_text() if not problems else ""
    problems += [f"the page says: {words}" for words in
                 re.findall(r'<p class="missing">(.*?)</p>', page)]
    problems += [f"the page does not show grids {name}" for name in ("evaluate", "explain", "knockout")
                 if f"grids {name}" not in page]
    tracks = sorted(path.name for path in (folder / "out/tracks").iterdir())
    if tracks != ["type_1_SIM00042.bed"]:
        problems.append(f"tracks are {tracks}")
    house.told("step by step in one folder", problems)


def note_sizes(house, command):
    """A copy of the results, for their sizes."""
    target = house.root / "sizes" / command.name
    target.mkdir(parents=True)
    source = max((path for path in house.root.glob(f"{command.name}_*")), key=lambda p: p.name)
    for name in command.whole:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)
    shutil.rmtree(source)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("programs", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--all", action="store_true", help="every case for every command")
    parser.add_argument("--kills", type=int, default=14, help="over all commands")
    parser.add_argument("--disks", type=int, default=1, help="full disks for each command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="commands whose name contains this")
    arguments = parser.parse_args()
    if not (arguments.programs / "grids-torch").exists():
        print("skipped: most commands need a surrogate, and grids-torch is not built")
        sys.exit(77)
    root = pathlib.Path(tempfile.mkdtemp(prefix="grids-run-folder-"))
    house = House(arguments.programs, root, arguments.seed)
    try:
        for words in (["simulate", "--preset", "tiny", "--seed", "1", "-o", "cells"],
                      ["run", "cells/cells.h5mu", "--labels", "cell_type", "--genes",
                       "cells/genes.bed", "--max-training-steps", "40", "--force", "-o", "whole"]):
            subprocess.run([house.grids, *words, *LIMITS], cwd=root, check=True, capture_output=True)
        mounts = can_mount()
        chosen = [each for each in commands() if arguments.only in each.name]
        total = sum(each.weight for each in chosen)
        for command in chosen:
            make_whole(house, command)
            note_sizes(house, command)
            kills(house, command, max(1, arguments.kills * command.weight // total))
            for number in range(arguments.disks):
                full_disk(house, command, (number + 0.5) / arguments.disks, mounts)
            two_at_once(house, command)
            if arguments.all or command.name != "run":
                own_file_in_the_way(house, command)
            if arguments.all or command.name in ("explain", "predict", "report"):
                link_as_output(house, command)
                changed_result(house, command)
            print(f"{command.name}: {command.seconds:.1f} s alone", flush=True)
        if not arguments.only:
            other_command_and_target(house)
    finally:
        if house.problems:
            print(f"left to be looked at: {root}")
        else:
            shutil.rmtree(root)
    print(f"{house.kills} kills, the longest of {house.stops} stops {house.longest_stop:.1f} s; "
          f"{house.disks} full disks{'' if mounts else ' (limits of file sizes)'}")
    print(f"{house.passed} passed, {len(house.problems)} failed")
    return 1 if house.problems or not house.passed else 0


if __name__ == "__main__":
    sys.exit(main())
