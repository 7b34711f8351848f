"""Figures of results, for a paper: each draws on one matplotlib Axes and returns it.

Colours are Okabe and Ito's, which readers with any colour vision tell apart, and the same as on the
report's page. Results are what functions of ``tl`` return, or the folder that the command line wrote.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional, Sequence

from . import _genome
from ._error import Error
from ._style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RULE, SKY, SOFT, VERMILION
from ._tables import Tables

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["accuracy", "contrast", "locus", "redundancy", "settings"]

VERDICTS = {
    "borne_out": (BLUE, "o", "borne out"),
    "overstated": (SKY, "s", "overstated"),
    "undecided": ("#6f6f6a", "D", "undecided"),
    "not_judged": (GREY, "v", "not judged"),
    "contradicted": (VERMILION, "X", "contradicted"),
}
CALLS = {
    "redundant": (BLUE, "o"),
    "quorum": (SKY, "s"),
    "cooperative": (VERMILION, "^"),
    "independent": (GREEN, "D"),
    "stand_ins_or_proxies": (PURPLE, "P"),
    "not_called": (GREY, "o"),
}


def _tables(found: Any, needed: Sequence[str], maker: str) -> Tables:
    if isinstance(found, (str, os.PathLike)):
        found = Tables.load(found)
    if not isinstance(found, Tables):
        raise Error(f"{type(found).__name__} is no result of scgrids.tl and no folder of one", "usage")
    missing = [name for name in needed if name not in found]
    if missing:
        raise Error(f"the result has no table {', '.join(missing)}; {maker} makes it")
    return found


def _axes(ax: Any, size: tuple[float, float]) -> "matplotlib.axes.Axes":
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=size, layout="constrained")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(SOFT)
    ax.tick_params(colors=SOFT, labelcolor=INK, labelsize=8)
    return ax


def _one_set(frame: Any, gene: Optional[str], cell_type: Optional[str], what: str) -> tuple[str, str]:
    """Gene and type of the set that is asked for: the first, where several would do."""
    rows = frame
    if gene is not None:
        rows = rows[rows["gene"] == gene]
    if cell_type is not None:
        rows = rows[rows["cell_type"] == cell_type]
    if len(rows) == 0:
        sets = frame[["gene", "cell_type"]].drop_duplicates()
        known = ", ".join(f"{row.gene} in {row.cell_type}" for row in sets.head(8).itertuples())
        asked = " in ".join(str(name) for name in (gene, cell_type) if name is not None) or "any"
        raise Error(f"{what}: no set of {asked}; there are {known or 'none'}{' …' if len(sets) > 8 else ''}")
    return rows["gene"].iloc[0], rows["cell_type"].iloc[0]


def _in(cell_type: str) -> str:
    return "in all types" if cell_type == "all" else f"in {cell_type}"


def _title(ax: Any, gene: str, rest: str) -> None:
    """Genes stand in italics, as they do in papers."""
    name = gene.replace("_", r"\_").replace("-", "{-}")
    ax.set_title(f"$\\it{{{name}}}$ {rest}", loc="left", fontsize=9.5, color=INK)


# ---- the genome ----------------------------------------------------------------------------------


def locus(
    found: Any,
    gene: Optional[str] = None,
    cell_type: Optional[str] = None,
    *,
    types: Optional[Sequence[str]] = None,
    span: Optional[tuple[int, int]] = None,
    ax: "Optional[matplotlib.axes.Axes]" = None,
) -> "matplotlib.axes.Axes":
    """A set on the genome: genes, arcs from its members to the gene, peaks, and how open they are.

    Arcs are thicker where masking that element alone is predicted to change more, blue where the
    prediction falls and vermilion where it rises; faint for members that can be spared; dashed for
    partners. Below, the share of each type's training cells in which a peak is open.

    Parameters
    ----------
    found
        What :func:`scgrids.tl.explain` returned, or a folder of results.
    gene, cell_type
        Which set; without, the first.
    types
        Cell types whose openness is drawn; without, the set's own first and at most four others.
    span
        First and last base; without, what holds members and gene.
    ax
        Where to draw; without, a new figure.
    """
    tables = _tables(found, ["links", "loci", "locus_genes"], "scgrids.tl.explain")
    links = tables["links"]
    gene, cell_type = _one_set(links, gene, cell_type, "locus")
    links = links[(links["gene"] == gene) & (links["cell_type"] == cell_type)]
    genes = tables["locus_genes"]
    own = genes[genes["gene"] == gene]
    if len(own) == 0:
        raise Error(f"locus: {gene} has no position in the study; prepare it with genes=")
    own = own.iloc[0]
    chrom, tss = own["chrom"], own["start"] if own["strand"] != "-" else own["end"] - 1
    near = links[links["chrom"] == chrom]
    first, last = span or _genome.span(near, own)
    peaks = tables["loci"]
    peaks = peaks[(peaks["chrom"] == chrom) & (peaks["end"] > first) & (peaks["start"] < last)]
    shown = _genome.types(peaks, cell_type, types)

    rows = genes[(genes["chrom"] == chrom) & (genes["end"] > first) & (genes["start"] < last)]
    lanes = 1 + max(_genome.lanes(rows, (first, last)), default=0)
    ax = _axes(ax, (7.2, 1.7 + 0.36 * (len(shown) + lanes)))
    arcs_from = 1.0 * len(shown) + 1.0
    _genome.draw_openness(ax, peaks, shown, (first, last))
    _genome.draw_peaks(ax, peaks, near, arcs_from - 0.75)
    top = _genome.draw_arcs(ax, near, tss, arcs_from, (first, last))
    top = _genome.draw_genes(ax, rows, gene, top, (first, last))
    ax.set_xlim(first, last)
    ax.set_ylim(-0.15, top)
    ax.set_yticks([len(shown) - 1 - i + 0.35 for i in range(len(shown))], shown)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(_genome.locator())
    ax.xaxis.set_major_formatter(lambda place, _: f"{place / 1e6:,.2f}")
    ax.set_xlabel(f"{chrom} (Mb)", fontsize=8.5, color=INK)
    away = len(links) - len(near)
    beside = f"; {away} of {len(links)} peaks on other chromosomes" if away else ""
    change = links["relative_change"].iloc[0]
    told = "" if change != change else f", predicted {100 * change:+.0f} % when masked".replace("-", "−")
    _title(ax, gene, f"{_in(cell_type)}{told}{beside}")
    return ax


# ---- numbers -------------------------------------------------------------------------------------


def contrast(found: Any, *, ax: "Optional[matplotlib.axes.Axes]" = None) -> "matplotlib.axes.Axes":
    """Predicted against measured change of every set, in test cells that no search has seen.

    Both are mean log changes; the line is where they are equal. Bars are 95 % intervals, colours
    the verdicts, small grey dots random sets that are open as often.

    Parameters
    ----------
    found
        What :func:`scgrids.tl.explain` returned, or a folder of results.
    ax
        Where to draw; without, a new figure.
    """
    rows = _tables(found, ["contrasts"], "scgrids.tl.explain")["contrasts"]
    measured = rows[rows["observed"].notna()]
    ax = _axes(ax, (4.2, 4.0))
    random = measured[measured["set"] != "found"]
    ax.scatter(random["predicted"], random["observed"], s=5, color="#c4c4be", linewidth=0, label="random sets")
    own = measured[measured["set"] == "found"]
    for verdict, (colour, marker, name) in VERDICTS.items():
        some = own[own["verdict"] == verdict]
        if len(some) == 0:
            continue
        low, high = some["observed"] - some["observed_low"], some["observed_high"] - some["observed"]
        ax.errorbar(
            some["predicted"],
            some["observed"],
            yerr=[low, high],
            fmt=marker,
            color=colour,
            markersize=5,
            markeredgecolor="white",
            markeredgewidth=0.5,
            elinewidth=0.9,
            label=f"{name} ({len(some)})",
        )
    ax.axhline(0, color=RULE, linewidth=0.8, zorder=0)
    ax.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    ax.axline((0, 0), slope=1, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    left_out = int((rows["set"] == "found").sum()) - len(own)
    ax.set_xlabel("predicted log change when masked", fontsize=8.5, color=INK)
    ax.set_ylabel("measured log change", fontsize=8.5, color=INK)
    if left_out:
        ax.set_title(f"{left_out} sets not measured", loc="right", fontsize=7.5, color=SOFT)
    if len(measured):
        ax.legend(fontsize=7, frameon=False)
    return ax


def redundancy(
    found: Any, *, most: int = 30, ax: "Optional[matplotlib.axes.Axes]" = None
) -> "matplotlib.axes.Axes":
    """Do the elements of each set stand in for one another? The hidden share, with its interval.

    0: elements add; 1: any one suffices; below 0: they are needed jointly. The band is the margin
    within which nothing is called. Filled: called; open: not called. Without a bar: the interval is
    not bounded, because the joint change is too uncertain. Calls hold on the scale of rates and on
    that of their logs: what multiplies is below 0 here, and independent.

    Parameters
    ----------
    found
        What :func:`scgrids.tl.explain` or :func:`scgrids.tl.redundancy` returned, or a folder.
    most
        Sets drawn, those with the narrowest interval; the title says of how many.
    ax
        Where to draw; without, a new figure.
    """
    rows = _tables(found, ["redundancy"], "scgrids.tl.explain or scgrids.tl.redundancy")["redundancy"]
    measured = rows[rows["hidden_share"].notna()].copy()
    shown = measured.sort_values("hidden_error").head(most).sort_values("hidden_share")
    ax = _axes(ax, (6.4, 1.2 + 0.24 * max(3, len(shown))))
    ax.axvspan(-0.15, 0.15, color="#efefea", linewidth=0, zorder=0)
    for place in (0, 1):
        ax.axvline(place, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    labelled = set()
    for y, row in enumerate(shown.itertuples()):
        colour, marker = CALLS.get(row.call, CALLS["not_called"])
        if row.hidden_low == row.hidden_low:
            ax.hlines(y, row.hidden_low, row.hidden_high, color=colour, linewidth=1.1)
        name = row.call.replace("_", " ")
        ax.plot(
            row.hidden_share,
            y,
            marker,
            color=colour,
            markersize=5.5,
            markerfacecolor="white" if row.call == "not_called" else colour,
            label=None if name in labelled else name,
        )
        labelled.add(name)
    types = shown["cell_type"].where(shown["cell_type"] != "all", "all types")
    ax.set_yticks(range(len(shown)), [f"{gene}, {name}" for gene, name in zip(shown["gene"], types)])
    ax.set_ylim(-0.8, len(shown) - 0.2)
    low, high = _within(shown)
    ax.set_xlim(low, high)
    ax.set_xlabel("hidden share of the joint change (95 %)", fontsize=8.5, color=INK)
    counted = f"{len(measured)} of {len(rows)} sets measured"
    if len(shown) < len(measured):
        counted = f"{len(shown)} of {counted}"
    ax.set_title(counted, loc="left", fontsize=8, color=SOFT)
    if labelled:
        # Beside the axes: intervals may reach anywhere within.
        ax.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    else:
        ax.text(0.5, 0.5, "no set could be measured", transform=ax.transAxes, ha="center", color=SOFT, fontsize=8)
    return ax


def _within(shown: Any) -> tuple[float, float]:
    """What of the axis is drawn: all points, of the intervals what is near them."""
    if len(shown) == 0:
        return -1.2, 1.7
    low, high = shown["hidden_share"].min(), shown["hidden_share"].max()
    return max(-4.0, min(-0.6, low - 0.8)), min(5.0, max(1.5, high + 0.8))


def settings(
    found: Any,
    gene: Optional[str] = None,
    cell_type: Optional[str] = None,
    *,
    ax: "Optional[matplotlib.axes.Axes]" = None,
) -> "matplotlib.axes.Axes":
    """Expression in cells that hold each setting of a set's elements, measured and in the fit.

    Parameters
    ----------
    found
        What :func:`scgrids.tl.explain` or :func:`scgrids.tl.redundancy` returned, or a folder.
    gene, cell_type
        Which set; without, the first that was measured.
    ax
        Where to draw; without, a new figure.
    """
    rows = _tables(found, ["settings"], "scgrids.tl.explain or scgrids.tl.redundancy")["settings"]
    measured = rows[rows["rate"].notna()]
    gene, cell_type = _one_set(
        measured if gene is None and cell_type is None and len(measured) else rows, gene, cell_type, "settings"
    )
    rows = rows[(rows["gene"] == gene) & (rows["cell_type"] == cell_type) & (rows["set"] == "found")]
    rows = rows.sort_values("number_open", kind="stable")
    ax = _axes(ax, (2.7 + 0.42 * len(rows), 3.4))
    places = range(len(rows))
    ax.plot(places, rows["rate_fit"], "D", color=ORANGE, markersize=5.5, markerfacecolor="white", label="in the fit")
    low, high = rows["rate"] - rows["rate_low"], rows["rate_high"] - rows["rate"]
    ax.errorbar(
        places,
        rows["rate"],
        yerr=[low.fillna(0), high.fillna(0)],
        fmt="o",
        color=BLUE,
        markersize=5.5,
        elinewidth=1.1,
        label="measured (95 %)",
    )
    elements = _elements(rows)
    ax.set_xticks(places, [_letters(text, elements) for text in rows["open"]])
    for place, row in zip(places, rows.itertuples()):
        ax.annotate(
            f"{row.cells}", (place, 0), (0, -22), textcoords="offset points", ha="center", va="top",
            xycoords=("data", "axes fraction"), fontsize=6.5, color=SOFT,
        )  # fmt: skip
    ax.set_ylim(bottom=0)
    ax.set_xlabel(f"\nelements open (cells)\n{_legend_of(elements)}", fontsize=8, color=INK)
    ax.set_ylabel("counts per 100,000", fontsize=8.5, color=INK)
    ax.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    _title(ax, gene, _in(cell_type))
    return ax


def _elements(rows: Any) -> list[str]:
    """The elements of a set, by place: those of the setting in which all are open."""
    whole = rows.loc[rows["number_open"].idxmax(), "open"]
    return whole.split(",")


def _legend_of(elements: list[str]) -> str:
    """``A chr1:100-200``: a line for each, of an element's peaks the first."""
    return "\n".join(f"{chr(ord('A') + i)} {one.split(';')[0]}" for i, one in enumerate(elements))


def _letters(text: str, elements: list[str]) -> str:
    """``A B`` for the first and the second element."""
    if text in ("none", None):
        return "none"
    return "".join(chr(ord("A") + elements.index(one)) for one in text.split(","))


def accuracy(
    evaluation: Any, *, measure: str = "within_type_r", ax: "Optional[matplotlib.axes.Axes]" = None
) -> "matplotlib.axes.Axes":
    """The surrogate beside simple predictors on held-out cells, over genes.

    Boxes hold the middle half of the genes, whiskers 90 %; the line is the median.

    Parameters
    ----------
    evaluation
        What :func:`scgrids.tl.evaluate` returned, or a folder of results.
    measure
        A column of ``accuracy``: ``within_type_r``, ``r``, ``r2`` or ``within_type_r_partial``.
    ax
        Where to draw; without, a new figure.
    """
    rows = _tables(evaluation, ["accuracy"], "scgrids.tl.evaluate")["accuracy"]
    words = {
        "within_type_r": "correlation within cell types",
        "r": "correlation over cells",
        "r2": "R²",
        "within_type_r_partial": "correlation within cell types, beyond depth",
    }
    if measure not in words:
        raise Error(f"accuracy: '{measure}' is none of {', '.join(words)}", "usage")
    predictors = [name for name in dict.fromkeys(rows["predictor"])]
    predictors.sort(key=lambda name: name == "surrogate")
    values = [rows.loc[rows["predictor"] == name, measure].dropna() for name in predictors]
    ax = _axes(ax, (5.0, 0.9 + 0.34 * len(predictors)))
    boxes = ax.boxplot(
        values, orientation="horizontal", whis=(5, 95), widths=0.6, patch_artist=True, showfliers=False
    )
    for name, box in zip(predictors, boxes["boxes"]):
        box.set(facecolor=BLUE if name == "surrogate" else "#deded8", edgecolor="none")
    for name, line in zip(predictors, boxes["medians"]):
        line.set(color="white" if name == "surrogate" else INK, linewidth=1.4)
    for line in (*boxes["whiskers"], *boxes["caps"]):
        line.set(color=SOFT, linewidth=0.8)
    ax.set_yticks(range(1, len(predictors) + 1), predictors)
    ax.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    ax.set_xlabel(f"{words[measure]}, {rows['gene'].nunique()} genes", fontsize=8.5, color=INK)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax
