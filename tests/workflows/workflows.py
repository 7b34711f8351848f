#!/usr/bin/env python3
"""Shards on engines: workflows.py PROGRAMS [--all] [--shards N] [--kills N] [--seed S] [--only stand_in|slurm|snakemake]

--all asks every command that takes shards, not three of them. A small study is asked about all of its genes by one process, then by workflows/slurm/sharded.sh (under a stand-in for
sbatch, and under a Slurm started here) while jobs are stopped, killed and put back at random, and by
workflows/snakemake/Snakefile; the tables must be those of the one process, byte for byte. What cannot be tried here is
skipped by name, and the exit code is then 77.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from slurm import Slurm, where

HERE = pathlib.Path(__file__).resolve().parent
WORKFLOWS = HERE.parent.parent / "workflows"
# What holds times.
TIMED = ("manifest.json", "report.html", "timings.tsv")
QUESTIONS = {"explain": ["--all-genes", "--cell-type", "each", "-L", "3", "--force"],
             "redundancy": ["--all-genes", "--cell-type", "all", "-L", "3", "--force"],
             "knockout": ["--all-genes", "--cell-type", "each", "--window", "100000"]}
# By --all. The cis path takes what a first pass estimated; one process estimates it on the way.
MORE = {"compare": ["--cell-type", "each", "--gene", "SIM00001,SIM00002,SIM00003,SIM00004", "-L", "2", "--force",
                    "--methods", "grids,greedy,links,random", "--unlimited", "grids,random"],
        "openness": ["--gate-folds", "2", "--estimate-openness"],
        "cis": ["--gate-folds", "2"]}
SECONDS = 1800


def call(words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=SECONDS, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def tables(folder):
    """Contents by name, below the folder; not what holds times, nor what grids keeps for itself."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and path.name not in TIMED and ".grids" not in name.parts:
            found[str(name)] = path.read_bytes()
    return found


def differences(wanted, folder):
    found = tables(folder)
    wrong = [f"{folder}: {name} is missing" for name in wanted if name not in found]
    wrong += [f"{folder}: {name} differs from that of one process" for name in wanted
              if name in found and found[name] != wanted[name]]
    return wrong


class Setting:
    """The study, and what one process says of it."""

    def __init__(self, programs, folder, arguments):
        self.grids = programs / "grids"
        self.folder = folder
        self.shards = arguments.shards
        self.kills = arguments.kills
        self.random = random.Random(arguments.seed)
        quiet = ["--quiet", "--threads", "1"]
        steps = (["simulate", "--preset", "tiny", "--seed", "3", "-o", "cells"],
                 ["prepare", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed", "-o", "study.h5mu"],
                 ["train", "study.h5mu", "--max-steps", "60", "-o", "surrogate.safetensors"],
                 ["cis", "study.h5mu", "surrogate.safetensors", "-o", "surrogate-cis.safetensors"])
        for step in steps:
            call([self.grids, *step, *quiet], cwd=folder)
        self.wanted = {}
        self.questions = [*QUESTIONS, *(MORE if arguments.all else ())]
        for question in self.questions:
            out = f"whole/{question}"
            (folder / out).mkdir(parents=True)
            # Without shards `cis` writes a file, and its table beside it.
            name = "/surrogate-cis.safetensors" if question == "cis" else ""
            call([*self.command(question), *quiet, "-o", out + name], cwd=folder)
            self.wanted[question] = tables(folder / out)

    def command(self, question):
        if question in ("cis", "openness"):
            return [str(self.grids), "cis", "study.h5mu", "surrogate.safetensors", *MORE[question]]
        return [str(self.grids), question, "study.h5mu", "surrogate-cis.safetensors", *{**QUESTIONS, **MORE}[question]]

    def sharded(self, question, out):
        estimated = ["--latent-openness", str(pathlib.Path(out).parent / "openness")] if question == "cis" else []
        return [WORKFLOWS / "slurm" / "sharded.sh", "-o", out, "--shards", str(self.shards), "--tries", "20", "--wait",
                "--sbatch", "--cpus-per-task=1", "--", *self.command(question), *estimated]


def stand_in(setting):
    """sbatch of ours: jobs run one after another, and some are killed."""
    wrong = []
    killed = 0
    for question in setting.questions:
        out = f"stand_in/{question}"
        environment = dict(os.environ, PATH=f"{HERE / 'stand_in'}:{os.environ['PATH']}",
                           STAND_IN=str(setting.folder / "stand_in_jobs"), STAND_IN_KILLS=str(setting.kills),
                           STAND_IN_SEED=str(setting.random.randrange(1 << 30)))
        shutil.rmtree(setting.folder / "stand_in_jobs", ignore_errors=True)
        call(setting.sharded(question, out), cwd=setting.folder, env=environment)
        wrong += differences(setting.wanted[question], setting.folder / out)
        told = setting.folder / "stand_in_jobs" / "killed"
        killed += int(told.read_text()) if told.exists() else 0
        # Once more: nothing is left to do, and nothing changes.
        again = call(setting.sharded(question, out), cwd=setting.folder, env=environment)
        if ": shards" in again.stdout:
            wrong.append(f"{out}: shards that are done were submitted again: {again.stdout}")
        wrong += differences(setting.wanted[question], setting.folder / out)
    print(f"stand_in: {killed} jobs killed")
    return wrong if killed else [*wrong, "stand_in: no job was killed: this tried nothing"]


def listed(slurm, state, form):
    """The jobs of the array in a state."""
    return slurm.call("squeue", "-h", "-r", "-t", state, "-n", "grids", "-o", form).stdout.split("\n")[:-1]


def begin_now(slurm):
    """Slurm lets a job that was put back wait for two minutes."""
    for line in listed(slurm, "PENDING", "%i %r"):
        job, _, reason = line.partition(" ")
        if reason == "BeginTime":
            slurm.call("scontrol", "update", f"JobId={job}", "StartTime=now")


def disturb(setting, slurm, running):
    """Cancels, and puts back, jobs of the array at random."""
    told = {"scancel": 0, "requeue": 0}
    while running.poll() is None:
        time.sleep(setting.random.uniform(0.3, 1.0))
        begin_now(slurm)
        jobs = listed(slurm, "RUNNING", "%i")
        if not jobs or sum(told.values()) >= setting.kills:
            continue
        job = setting.random.choice(jobs)
        how = setting.random.choice(sorted(told))
        if slurm.call(*(["scancel", job] if how == "scancel" else ["scontrol", "requeue", job])).returncode == 0:
            told[how] += 1
    return told


def on_slurm(setting):
    wrong = []
    with Slurm(setting.folder / "slurm") as slurm:
        for question in setting.questions:
            out = f"on_slurm/{question}"
            log = setting.folder / f"{question}.log"
            with open(log, "w") as text:
                running = subprocess.Popen([str(word) for word in setting.sharded(question, out)], cwd=setting.folder,
                                           env=slurm.environment, stdout=text, stderr=text)
                told = disturb(setting, slurm, running)
                code = running.wait(SECONDS)
            print(f"slurm, {question}: {told['scancel']} jobs cancelled, {told['requeue']} put back")
            if code != 0:
                logs = "".join(path.read_text() for path in (setting.folder / f"{out}.shards/log").glob("*"))
                wrong.append(f"{out}: exit {code}: {log.read_text()}\n{logs}")
            else:
                wrong += differences(setting.wanted[question], setting.folder / out)
    return wrong


def on_snakemake(setting):
    snakemake = where("snakemake")
    if not snakemake:
        raise Slurm.Skipped("snakemake is not installed")
    options = {question: " ".join(words) for question, words in QUESTIONS.items()}
    (setting.folder / "mine.yaml").write_text(f"""grids: {setting.grids}
cells: cells/cells.h5mu
out: snake
shards: {setting.shards}
prepare: "--labels cell_type --genes cells/genes.bed"
train: "--max-steps 60"
evaluate: ""
cis_shards: 3
questions: {{explain: "{options['explain']}", redundancy: "{options['redundancy']}", knockout: "{options['knockout']}"}}
threads: 1
memory: 1000
""")
    call([snakemake, "-s", WORKFLOWS / "snakemake" / "Snakefile", "--configfile", "mine.yaml", "--cores", "2", "--nolock"],
         cwd=setting.folder)
    wrong = [f"snake/{name} is missing" for name in ("report.html", "accuracy.tsv", "prepare.tsv")
             if not (setting.folder / "snake" / name).exists()]
    wrong += differences(setting.wanted["explain"], setting.folder / "snake")
    for question in ("redundancy", "knockout"):
        wrong += differences(setting.wanted[question], setting.folder / "snake" / question)
    return wrong


ENGINES = {"stand_in": stand_in, "slurm": on_slurm, "snakemake": on_snakemake}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--all", action="store_true", help="every command that takes shards")
    arguments.add_argument("--shards", type=int, default=5)
    arguments.add_argument("--kills", type=int, default=4, help="for each question")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", choices=sorted(ENGINES))
    arguments.add_argument("--keep", type=pathlib.Path, help="a folder to work in, which stays")
    given = arguments.parse_args()
    folder = pathlib.Path(given.keep or tempfile.mkdtemp(prefix="grids_workflows_"))
    folder.mkdir(parents=True, exist_ok=True)
    # The user of munge looks into it.
    folder.chmod(0o755)
    wrong, skipped = [], []
    try:
        setting = Setting(given.programs.resolve(), folder.resolve(), given)
        for name, engine in ENGINES.items():
            if given.only not in (None, name):
                continue
            try:
                wrong += engine(setting)
                print(f"{name} was tried")
            except Slurm.Skipped as why:
                skipped.append(f"{name}: skipped: {why}")
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(wrong + skipped))
    sys.exit(1 if wrong else 77 if skipped else 0)


if __name__ == "__main__":
    main()
