"""The parts of a locus, from openness at the bottom to genes at the top, drawn on one Axes."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from ._error import Error
from ._style import BLUE, GREY, INK, ORANGE, RULE, SOFT, TYPES, VERMILION


#: From one lane of genes to the next: a body, its name, and the arrow of the lane below.
LANE = 1.0


def locator():
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(6)


def span(near: Any, own: Any) -> tuple[int, int]:
    first = min([own["start"], *near["start"]])
    last = max([own["end"], *near["end"]])
    margin = max(2000, (last - first) // 20)
    return int(first - margin), int(last + margin)


def types(peaks: Any, cell_type: str, types: Optional[Sequence[str]]) -> list[str]:
    known = [name for name in peaks.columns if name not in ("peak", "chrom", "start", "end")]
    if types is None:
        own = [name for name in known if name == cell_type]
        return own + [name for name in known if name != cell_type][: 5 - len(own)]
    missing = [name for name in types if name not in known]
    if missing:
        raise Error(f"locus: no cell type {', '.join(missing)}; there are {', '.join(known)}")
    return list(types)


def draw_openness(ax: Any, peaks: Any, types: list[str], span: tuple[int, int]) -> None:
    most = max([0.05, *(peaks[name].max() for name in types if len(peaks))])
    wide = (span[1] - span[0]) / 500
    middles = (peaks["start"] + peaks["end"]) / 2
    widths = (peaks["end"] - peaks["start"]).clip(lower=wide)
    for i, name in enumerate(types):
        floor = len(types) - 1 - i
        ax.hlines(floor, *span, color=RULE, linewidth=0.6)
        ax.bar(
            middles, 0.78 * peaks[name] / most, widths, floor, color=TYPES[i % len(TYPES)], linewidth=0
        )
    top = len(types) - 1 + 0.78
    ax.annotate(
        f"{most:.2f}\nopen",
        (span[1], top),
        ha="left",
        va="center",
        fontsize=7,
        color=SOFT,
        xytext=(4, 0),
        textcoords="offset points",
        annotation_clip=False,
    )


def _colour(row: Any) -> str:
    if row.loss_alone != row.loss_alone:
        return GREY
    return BLUE if row.loss_alone <= 0 else VERMILION


def _spared(row: Any) -> bool:
    """Whether a member can be spared: it is of no minimal sub-set."""
    return row.in_minimal is not None and row.in_minimal == False  # noqa: E712 (may be missing)


def draw_peaks(ax: Any, peaks: Any, near: Any, floor: float) -> None:
    ax.bar(
        (peaks["start"] + peaks["end"]) / 2,
        0.3,
        (peaks["end"] - peaks["start"]),
        floor,
        color="#c4c4be",
        edgecolor="#c4c4be",
        linewidth=0.6,
    )
    for row in near.itertuples():
        colour = ORANGE if row.rank != row.rank else BLUE
        ax.bar(
            (row.start + row.end) / 2,
            0.42,
            row.end - row.start,
            floor - 0.06,
            color=colour,
            edgecolor=colour,
            linewidth=0.9,
            alpha=0.45 if _spared(row) else 1,
        )


def draw_arcs(ax: Any, near: Any, tss: int, floor: float, span: tuple[int, int]) -> float:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    height = 1.7
    most = near["loss_alone"].abs().max()
    for row in near.sort_values("rank", ascending=False).itertuples():
        middle = (row.start + row.end) / 2
        reach = abs(middle - tss) / (span[1] - span[0])
        peak = floor + height * (0.35 + 0.65 * min(1.0, 1.6 * reach))
        weight = abs(row.loss_alone) / most if most and row.loss_alone == row.loss_alone else 0.3
        path = Path(
            [(middle, floor), (middle, peak), (tss, peak), (tss, floor)],
            [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4],
        )
        ax.add_patch(
            PathPatch(
                path,
                facecolor="none",
                edgecolor=_colour(row),
                linewidth=0.7 + 2.3 * weight,
                alpha=0.4 if _spared(row) else 1,
                linestyle=(0, (3, 2)) if row.rank != row.rank else "-",
                capstyle="round",
            )
        )
    return floor + height


def lanes(genes: Any, span: tuple[int, int]) -> list[int]:
    """In which lane each gene is drawn, the genes in the order of their starts: as few as they need."""
    ends: list[float] = []
    chosen = []
    for row in genes.sort_values("start").itertuples():
        lane = next((i for i, end in enumerate(ends) if end < row.start), len(ends))
        if lane == len(ends):
            ends.append(0)
        ends[lane] = max(row.end, row.start + _name_width(row.gene, span)) + _unit(span)
        chosen.append(lane)
    return chosen


def _unit(span: tuple[int, int]) -> float:
    """The width of an arrow, in bases."""
    return (span[1] - span[0]) / 60


def _name_width(name: str, span: tuple[int, int]) -> float:
    return _unit(span) * (0.75 * len(name) + 1)


def draw_genes(ax: Any, genes: Any, own: str, floor: float, span: tuple[int, int]) -> float:
    """Bodies with an arrow where transcription starts, names below."""
    wide = _unit(span)
    chosen = lanes(genes, span)
    for lane, row in zip(chosen, genes.sort_values("start").itertuples()):
        name_wide = _name_width(row.gene, span)
        is_own = row.gene == own
        y = floor + 0.3 + LANE * lane
        ax.barh(y, row.end - row.start, 0.2, row.start, color=INK if is_own else "#a8a8a2", linewidth=0)
        tss, ahead = (row.end, -1) if row.strand == "-" else (row.start, 1)
        if row.strand in "+-":
            ax.annotate(
                "",
                (tss + ahead * wide * 1.2, y + 0.26),
                (tss, y + 0.26),
                arrowprops=dict(arrowstyle="->", color=INK if is_own else SOFT, lw=0.8, shrinkA=0, shrinkB=0),
                annotation_clip=True,
            )
        at = (max(row.start, span[0]) + min(row.end, span[1])) / 2
        side = "center"
        if at + name_wide / 2 > span[1]:
            at, side = span[1], "right"
        elif at - name_wide / 2 < span[0]:
            at, side = span[0], "left"
        ax.text(
            at,
            y - 0.18,
            row.gene,
            ha=side,
            va="top",
            fontsize=7,
            style="italic",
            clip_on=True,
            color=INK if is_own else SOFT,
            fontweight="bold" if is_own else None,
        )
    return floor + 0.6 + LANE * (1 + max(chosen, default=0))
