"""Tables of docs/methods.md, of what methods_cost and cis_bars wrote."""
from words import counted, fixed, json_of, markdown, small


def costs(path):
    """What methods_cost printed: a dict for each method."""
    found = {}
    for line in path.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[1][:1].isdigit():
            found[cells[0]] = {"evaluations": int(cells[1]), "seconds": float(cells[2]), "left": float(cells[3])}
    return found


def seconds(number):
    return fixed(number, 0 if number >= 10 else 1)


def left_words(costs_of, method):
    """The least rate left is bold."""
    left = costs_of[method]["left"]
    least = min(entry["left"] for entry in costs_of.values())
    return f"**{left:.2f}**" if left == least else f"{left:.2f}"


def cost(folder):
    sizes = [costs(folder / "demo.md"), costs(folder / "paper.md")]
    header = ["method", "12,000 peaks: evaluations", "s", "rate left, %", "127,219 peaks: evaluations", "s",
              "rate left, %"]
    rows = []
    for method in sizes[0]:
        row = [f"`{method}`"]
        for of_size in sizes:
            entry = of_size[method]
            row += [counted(entry["evaluations"]), seconds(entry["seconds"]), left_words(of_size, method)]
        rows.append(row)
    return markdown(header, rows)


def cost_within_budget(folder):
    sizes = [costs(folder / "demo-budget.md"), costs(folder / "paper-budget.md")]
    return markdown(("method", "12,000 peaks: rate left, %", "127,219 peaks: rate left, %"),
                    [(f"`{method}`", *(f"{of_size[method]['left']:.2f}" for of_size in sizes))
                     for method in sizes[0]])


KINDS = {"single": "single", "additive": "additive", "multiplicative": "multiplicative", "either": "either-of",
         "together": "only-together", "all": "all"}


def planted(folder):
    figures = json_of(folder / "methods.json")["figures"]
    methods = ("grids", "lasso", "susie", "links", "nearest")

    def words(method, kind):
        figure = figures[f"members_{method}_{kind}"]
        best = all(figure["value"] > figures[f"members_{other}_{kind}"]["value"]
                   for other in methods if other != method)
        text = f"**{figure['value']:.2f}**" if best else f"{figure['value']:.2f}"
        return text + (f" ± {figure['error']:.2f}" if figure.get("error") else "")

    return markdown(("method", *KINDS.values(), "s a gene"),
                    [(f"`{method}`", *(words(method, kind) for kind in KINDS),
                      small(figures[f"seconds_{method}"]["value"])) for method in methods])


def agreement(pair):
    if pair["exact"]:
        return "equal" if pair["distance"] == 0 else f"to {pair['distance']:.0e} of the largest"
    return f"{pair['typical_distance']:.1f} standard errors"


def peers(folder):
    found = json_of(folder / "peers.json")
    header = ("method", "beside", "agreement", "CPU s", "theirs", "theirs ÷ ours", "rows of the network, theirs")
    rows = []
    for pair in found["pairs"]:
        method, *of = pair["method"].split(", ")
        rows.append((", ".join([f"`{method}`", *of]), f"`{pair['peer']}`", agreement(pair), small(pair["seconds"]),
                     small(pair["peer_seconds"]), f"{pair['peer_seconds'] / pair['seconds']:.2g} ×",
                     f"{counted(pair['rows'])}; {counted(pair['peer_rows'])}"))
    return markdown(header, rows)
