"""The tables of docs/performance.md on the whole run, of the JSON of bench/whole_run."""
import math
import statistics

from words import counted, json_of, markdown


def exponent(sizes, values):
    """Slope of log cost over log cells; empty where it has none."""
    if len(sizes) < 2 or min(values) <= 0:
        return ""
    logs = [[math.log(value) for value in each] for each in (sizes, values)]
    return f"{statistics.linear_regression(*logs).slope:.2f}"


def by_stage(rows):
    """Stage → its rows, in the order in which they ran."""
    stages = {}
    for row in rows:
        stages.setdefault(row["stage"], []).append(row)
    return stages


def seconds(number):
    return f"{number:.1f}" if number < 100 else counted(number)


def stages(folder):
    rows = [row for row in json_of(folder / "whole_run.json") if row["build"] == "now"]
    sizes = sorted({row["cells"] for row in rows})
    body = []
    for stage, of_stage in by_stage(rows).items():
        of_stage.sort(key=lambda row: row["cells"])
        cpu = [row["user_s"] + row["system_s"] for row in of_stage]
        body.append((f"`{stage}`", *map(seconds, cpu), exponent(sizes, cpu),
                     *(counted(row["peak_kb"] / 1024) for row in of_stage)))
    total = [sum(row["user_s"] + row["system_s"] for row in rows if row["cells"] == size) for size in sizes]
    peak = [max(row["peak_kb"] for row in rows if row["cells"] == size) / 1024 for size in sizes]
    body.append(("all", *map(seconds, total), exponent(sizes, total), *map(counted, peak)))
    return markdown(("stage", *(f"CPU s, {size:,} cells" for size in sizes), "exponent", *(f"MB, {size:,}" for size in sizes)), body)


def atlas(folder):
    """Memory of the largest number of cells alone: it is what --memory was to hold."""
    rows = json_of(folder / "atlas.json")
    sizes = sorted({row["cells"] for row in rows})
    body = []
    for stage, of_stage in by_stage(rows).items():
        of_stage.sort(key=lambda row: row["cells"])
        cpu = [row["user_s"] + row["system_s"] for row in of_stage]
        largest = of_stage[-1]
        body.append((f"`{stage}`", *map(seconds, cpu), exponent(sizes, cpu), counted(largest["peak_mb"]), counted(largest["own_mb"])))
    return markdown(("stage", *(f"CPU s, {size:,} cells" for size in sizes), "exponent", "MB with pages of files", "of its own"), body)
