"""The tables of docs/redundancy.md, of the JSON that redundancy_bars wrote for each size of cells and capture."""
from words import fixed, json_of, markdown

RUNS = [(3000, "1"), (3000, "0.5"), (3000, "0.3"), (10000, "1"), (10000, "0.5")]
WAYS = {"planted": "planted members, all cells", "found": "members found, cross-fitted"}


def share(figure):
    """"0.85 ± 0.02 (244)": value, standard error, sets."""
    if figure is None or figure["value"] is None:
        return ""
    return f"{fixed(figure['value'], 3)} ± {fixed(figure.get('error') or 0.0, 3)} ({figure['count']})"


def measured(folder):
    """Cells, capture and figures of each run that there is."""
    for cells, capture in RUNS:
        path = folder / f"{cells}_{capture}.json"
        if path.exists():
            yield f"{cells:,}", capture, json_of(path)["figures"]


def pairs(folder):
    body = []
    for cells, capture, figures in measured(folder):
        for way, words in WAYS.items():
            if f"{way}_pairs_called" not in figures:
                continue
            of = lambda name: share(figures.get(f"{way}_pairs_{name}"))
            body.append((cells, capture, words, share(figures.get("found_members")) if way == "found" else "",
                         of("called"), of("right"), of("either_called"), of("together_called"),
                         of("false_redundant"), of("false_cooperative")))
    return markdown(("cells", "capture", "what is judged", "members found", "pairs called", "right when called",
                     "either-of called", "jointly needed called", "additive and multiplicative: called redundant",
                     "called cooperative"), body)


def others(folder):
    body = []
    for cells, capture, figures in measured(folder):
        row = lambda name: share(figures.get(name))
        body.append((cells, capture, row("found_triples_called"), row("found_triples_right"),
                     row("found_buffered_0.3_called"), row("found_buffered_0.3_right"),
                     row("found_buffered_0.5_called"), row("found_buffered_0.5_right"), row("other_called")))
    return markdown(("cells", "capture", "two of three: called", "quorum or redundant when called",
                     "true H 0.3: called", "redundant when called", "true H 0.5: called", "redundant when called",
                     "sets with a peak that is not planted: called"), body)


def level(folder):
    figures = json_of(folder / "level.json")["figures"]
    body = [(words, share(figures[f"level_{key}_rate"]), fixed(figures[f"level_{key}"]["value"], 3))
            for key, words in (("additive", "additive, H"), ("multiplicative", "multiplicative, H of log rates"))]
    return markdown(("bootstrap and statistic", "p < 0.05", "Kolmogorov–Smirnov p"), body)
