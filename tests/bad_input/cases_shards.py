"""Shards that are none, or not of one run. What merge refuses besides: tests/shards."""

from break_files import opened, set_entry
from harness import case

STUDY, SURROGATE = "../good/study.h5mu", "../good/surrogate.safetensors"
COMMANDS = {
    "cis": ["cis", STUDY, SURROGATE],
    "explain": ["explain", STUDY, SURROGATE, "--cell-type", "type_1", "--gene", "SIM00001"],
    "redundancy": ["redundancy", STUDY, SURROGATE, "--gene", "SIM00001"],
    "knockout": ["knockout", STUDY, SURROGATE, "--cell-type", "type_1", "--gene", "SIM00001"],
    "compare": ["compare", STUDY, SURROGATE, "--cell-type", "type_1", "--gene", "SIM00001"],
}

for command, words in COMMANDS.items():
    for shard in ("0/3", "4/3", "x"):

        @case(f"{command}: shard {shard}", rf"--shard: '{shard}' is not of the form 2/8, the second of eight", code=2,
              torch=True)
        def _(room, words=words, shard=shard):
            return [*words, "--shard", shard, "-o", "out"]


def two_shards(room, words, change):
    """Shards 1 and 2 of two, the second with other words."""
    room.run(*words, "--shard", "1/2", "-o", "one")
    room.run(*words, *change, "--shard", "2/2", "-o", "two")
    return ["merge", "one", "two", "-o", "out"]


@case("merge: shards of a knock-out with other options", r"two: is a shard of another run than one",
      r"options: perturbation is open, there closed", r"run this one again", torch=True)
def _(room):
    return two_shards(room, COMMANDS["knockout"], ["--perturbation", "open"])


@case("merge: shards of other genes", r"two: is a shard of another run than one",
      r"options: gene is SIM00002, there SIM00001", torch=True)
def _(room):
    words = ["knockout", STUDY, SURROGATE, "--cell-type", "type_1"]
    room.run(*words, "--gene", "SIM00001", "--shard", "1/2", "-o", "one")
    room.run(*words, "--gene", "SIM00002", "--shard", "2/2", "-o", "two")
    return ["merge", "one", "two", "-o", "out"]


@case("merge: shards of two commands", r"two: is a shard of another run than one", r"command is", torch=True)
def _(room):
    room.run(*COMMANDS["knockout"], "--shard", "1/2", "-o", "one")
    room.run(*COMMANDS["cis"], "--latent-openness", "off", "--gate-folds", "0", "--shard", "2/2", "-o", "two")
    return ["merge", "one", "two", "-o", "out"]


@case("merge: a shard of a knock-out is missing", r"shard 2/2 is missing: run grids knockout … --shard 2/2", torch=True)
def _(room):
    room.run(*COMMANDS["knockout"], "--shard", "1/2", "-o", "one")
    return ["merge", "one", "-o", "out"]


@case("merge: a portion of a knock-out that was cut", r"numbers\.safetensors: is not as the shard left it",
      r"run the shard again", torch=True)
def _(room):
    merge = two_shards(room, COMMANDS["knockout"], [])
    kept = next((room.folder / "one/.grids/portions").glob("*.safetensors"))
    kept.write_bytes(kept.read_bytes()[:-4])
    return merge


@case("knockout: a window that is none", r"--window", code=2, torch=True)
def _(room):
    return [*COMMANDS["knockout"], "--window", "-1", "-o", "out"]


@case("knockout: a window without peaks", r"no gene has a position with peaks within 250000 bp", r"--window", torch=True)
def _(room):
    with opened(room.copy("study.h5mu")) as file:
        set_entry(file["mod/rna/var/chrom"], "codes", 0, -1)
        name = file["mod/rna/var/_index"][0].decode()
    return ["knockout", "study.h5mu", SURROGATE, "--cell-type", "type_1", "--gene", name, "--window", "250000", "-o", "out"]
