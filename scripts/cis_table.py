#!/usr/bin/env python3
"""Figures of several runs of cis_bars as one Markdown table, a column a run.

    scripts/cis_table.py RUN.json...

A figure is followed by its standard error; where it misses the bar of its run, it is bold and the
bar stands behind it. Times are left out: they belong to the machine and what else it did.
"""
import json
import pathlib
import sys


TIMES = ("fit_seconds", "fit_cpu_seconds", "fit_rate", "fit_minutes")


def bar_text(figure):
    low, high = figure.get("low"), figure.get("high")
    if low is not None and high is not None:
        return f"{low:g}–{high:g}"
    if low is not None:
        return f"≥ {low:g}"
    return f"≤ {high:g}"


def number(value):
    whole = abs(value) >= 100 or (value == round(value) and value > 1)
    return f"{value:.0f}" if whole else f"{value:.3f}"


def cell(figure):
    if figure is None or figure["value"] is None:
        return ""
    text = number(figure["value"])
    if figure.get("met") is False:
        text = f"**{text}**"
    if figure.get("error"):
        text += f" ± {number(figure['error'])}"
    if figure.get("met") is False:
        text += f" ({bar_text(figure)})"
    return text


def main(paths):
    runs = [json.loads(pathlib.Path(path).read_text()) for path in paths]
    names = {}  # in the order of the first run that has them
    for run in runs:
        for name, figure in run["figures"].items():
            if name not in TIMES:
                names.setdefault(name, figure["about"])
    print("| figure | bar | " + " | ".join(pathlib.Path(path).stem for path in paths) + " |")
    print("| --- | --- |" + " --- |" * len(paths))
    for name, about in names.items():
        figures = [run["figures"].get(name) for run in runs]
        first = figures[0]
        bar = bar_text(first) if first and "met" in first else ""
        print(f"| {about} | {bar} | " + " | ".join(cell(figure) for figure in figures) + " |")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
