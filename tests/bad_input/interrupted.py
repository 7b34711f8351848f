"""Training, whole runs and comparisons that are stopped half way, and go on to the same bytes."""

import signal
import subprocess
import time

from harness import SECONDS, differences, must, run, snapshot

# What holds times, or says what was done when.
WITH_TIMES = ("manifest.json", "report.html", ".grids/run.json", ".grids/explain.json", ".grids/written.tsv", "timings.tsv")

# Exit codes: what a shell says of a signal; -9 is Python's word for SIGKILL.
STOPS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
# When a run is stopped: once this file of its folder is there.
RUN_STOPS = (
    (signal.SIGINT, "markers.tsv"),
    (signal.SIGTERM, ".grids/training/settings.txt"),
    (signal.SIGKILL, "study.h5mu"),
    (signal.SIGKILL, "markers.tsv"),
)


def start(programs, words, folder):
    words = [str(programs / "grids"), *words]
    return subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def stop_when(process, appeared, how):
    """Sends the signal once something has appeared; returns the exit code and the message."""
    deadline = time.monotonic() + SECONDS
    while not appeared() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(how)
    try:
        _, message = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        _, message = process.communicate()
        message += "\nstill running long after the signal"
    return process.returncode, message


def train_words():
    # Patience 0: the stages run to their last step, so that there is time to stop them.
    return ["train", "../good/study.h5mu", "--max-steps", "80", "--patience", "0", "--threads", "1",
            "--checkpoint", "checkpoint", "--checkpoint-every", "10", "--curves", "curves.tsv",
            "-o", "s.safetensors"]


def stopped_training(programs, folder, how, code, whole):
    folder.mkdir()
    checkpoint = folder / "checkpoint/checkpoint.safetensors"
    ended, message = stop_when(start(programs, train_words(), folder), checkpoint.exists, how)
    problems = []
    if ended != code:
        problems.append(f"exit code {ended} instead of {code}")
    if (folder / "s.safetensors").exists() or (folder / "curves.tsv").exists():
        problems.append("a result was written although the training was stopped")
    if code != -9 and "--resume" not in message:
        problems.append("the message does not say how to continue")
    done = run(programs, [*train_words(), "--resume"], folder)
    if done.returncode != 0 or "continuing stage" not in done.stderr:
        problems.append("it did not continue")
    problems += same_results(whole, folder)
    return problems, message + done.stderr


def run_words():
    # Enough steps that the signal comes before the end on a busy machine, too.
    return ["run", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "../good/genes.bed",
            "--max-training-steps", "60", "--threads", "1", "--targets", "../good/targets.tsv",
            "--force", "-o", "results"]


def stopped_run(programs, folder, how, code, sign, whole):
    folder.mkdir()
    appeared = (folder / "results" / sign).exists
    ended, message = stop_when(start(programs, run_words(), folder), appeared, how)
    problems = []
    if ended != code:
        problems.append(f"exit code {ended} instead of {code}")
    if (folder / "results/manifest.json").exists():
        problems.append("a manifest was written although the run was stopped")
    done = run(programs, run_words(), folder)
    if done.returncode != 0:
        problems.append("it did not continue")
    problems += same_results(whole, folder)
    return problems, message + done.stderr


def compare_words():
    return ["compare", "../good/study.h5mu", "../good/surrogate.safetensors", "--targets",
            "../good/targets.tsv", "-L", "3", "--seeds", "2", "--methods", "grids,random,lime",
            "--budget", "20000", "--no-types", "--force", "--threads", "1", "-o", "out"]


def stopped_compare(programs, folder, how, code, whole):
    folder.mkdir()
    kept = folder / "out/.grids/runs"
    ended, message = stop_when(start(programs, compare_words(), folder),
                               lambda: any(kept.glob("*.sha256")), how)
    problems = []
    if ended != code:
        problems.append(f"exit code {ended} instead of {code}")
    if (folder / "out/compare.tsv").exists():
        problems.append("tables were written although the comparison was stopped")
    done = run(programs, compare_words(), folder)
    if done.returncode != 0 or "had been learned before" not in done.stderr:
        problems.append("it did not continue")
    problems += same_results(whole, folder)
    return problems, message + done.stderr


def same_results(whole, folder):
    problems = []
    now = snapshot(folder)
    for line in differences(snapshot(whole), now):
        name = line.rpartition(" ")[0]
        timed = name.endswith(WITH_TIMES)
        if name.endswith(".grids/lock.guard"):  # of who took over the lock of the dead
            continue
        if name.startswith("checkpoint") or timed and line.endswith("changed"):
            continue
        problems.append(f"beside an uninterrupted one, {line}")
    return problems


def tour(programs, root, only, pool):
    """The cases as (name, problems, message)."""
    whole_training, whole_run, whole_compare = (root / f"whole_{what}"
                                                for what in ("training", "run", "compare"))
    for folder, words in ((whole_training, train_words()), (whole_run, run_words()),
                          (whole_compare, compare_words())):
        folder.mkdir()
        must(programs, words, folder)
    jobs = {}
    for how, code in STOPS.items():
        name = f"training stopped by {how.name}, continued"
        jobs[name] = (stopped_training, root / f"train_{how.name}", how, code, whole_training)
    for number, (how, sign) in enumerate(RUN_STOPS):
        name = f"run stopped by {how.name} once {sign} is there, continued"
        jobs[name] = (stopped_run, root / f"run_{number}", how, STOPS[how], sign, whole_run)
    for how in (signal.SIGINT, signal.SIGKILL):
        name = f"comparison stopped by {how.name}, continued"
        jobs[name] = (stopped_compare, root / f"compare_{how.name}", how, STOPS[how], whole_compare)
    started = {name: pool.submit(job[0], programs, *job[1:])
               for name, job in jobs.items() if only in name}
    return [(name, *job.result()) for name, job in started.items()]
