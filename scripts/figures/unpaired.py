"""Tables of docs/unpaired.md, of what bench/unpaired/unpaired.py wrote."""
from words import deviation, fixed, json_of, markdown, mean

SETS = {"sim": "simulation, capture 1", "sim_sparse": "simulation, capture 0.3", "a549": "A549", "bmmc": "BMMC"}
WAYS = {"paired": "paired surrogate", "hidden": "grids, types given", "GLUE, labels": "GLUE, types given",
        "unlabelled": "grids, no types", "GLUE": "GLUE, no types"}
MEASURES = {"foscttm": ("FOSCTTM", 3), "foscttm_within_type": ("within types", 3),
            "label_transfer_atac": ("transfer to chromatin", 2), "label_transfer_rna": ("transfer to RNA", 2),
            "within_type_r": ("within-type r", 3), "cpu_s": ("CPU s", 0)}


def over_seeds(values, digits):
    """Mean ± standard deviation."""
    if not values:
        return ""
    spread = f" ± {fixed(deviation(values), digits)}" if len(values) > 1 and digits else ""
    return fixed(mean(values), digits) + spread


def beside_glue(folder):
    found = json_of(folder / "figures.json")
    body = []
    for name, words in SETS.items():
        for way, called in WAYS.items():
            of = [row for row in found if (row["set"], row["way"]) == (name, way)]
            if not of:
                continue
            seeds = len({row["seed"] for row in of})
            figures = [over_seeds([row["value"] for row in of if row["measure"] == measure], digits)
                       for measure, (_, digits) in MEASURES.items()]
            body.append((words, called, seeds, *figures))
    return markdown(("cells", "trained as", "seeds", *(words for words, _ in MEASURES.values())), body)
