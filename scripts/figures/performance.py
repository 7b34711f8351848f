"""The table of docs/performance.md, of what paper_scale wrote."""
from words import json_of, markdown

# Name, what it is, how it is shown (of the figures), goal.
FIGURES = (
    ("step_ms", "coordinate step, β = 0, batch 64, k = 32: median of 200", "{step_ms:.1f} ms", "≤ 6"),
    ("step_ratio", "dense in plain LibTorch ÷ fast", "{step_ratio:,.0f} × ({dense_step_s:.1f} s)", "≥ 4,000"),
    ("step_ratio_leanest", "dense at its leanest ÷ fast",
     "{step_ratio_leanest:,.0f} × ({dense_step_leanest_s:.1f} s)", ""),
    ("beta_step_ms", "the same at β > 0: all 3,000 genes", "{beta_step_ms:.1f} ms", "≤ 45"),
    ("step_cis_ratio", "coordinate step with a cis path, four terms a gene, ÷ without, β = 0",
     "{step_cis_ratio:.2f} ×", "≤ 1.2"),
    ("beta_step_cis_ratio", "the same at β > 0", "{beta_step_cis_ratio:.2f} ×", "≤ 1.2"),
    ("beta_step_cis_half_ratio", "the same, every other gene on the cis path",
     "{beta_step_cis_half_ratio:.2f} ×", "≤ 1.2"),
    ("search_l10_s", "500 steps, L = 10, batch 64", "{search_l10_s:.1f} s", "≤ 3"),
    ("search_l128_s", "L = 128 on 700 cells, to a local optimum",
     "{search_l128_s:.1f} s ({search_l128_steps:.0f} steps)", "≤ 120"),
    ("train_ms", "ATAC training step, batch 128", "{train_ms:.1f} ms", "≤ 40"),
    ("train_ratio", "dense in plain LibTorch ÷ fast", "{train_ratio:,.0f} × ({dense_train_s:.1f} s)", "≥ 100"),
    ("train_ratio_leanest", "dense at its leanest ÷ fast",
     "{train_ratio_leanest:,.0f} × ({dense_train_leanest_s:.1f} s)", ""),
    ("schedule_h", "36,000 + 9,000 + 36,000 steps, extrapolated", "{schedule_h:.2f} h", "≤ 1"),
    ("knockout_s", "each of 127,219 peaks masked, one gene, 700 cells, written", "{knockout_s:.1f} s", "≤ 15"),
    ("knockout_all_s", "the same for all 3,000 genes", "{knockout_all_s:.0f} s", "≤ 150"),
    ("explain_peak_mb", "peak memory of `grids explain`", "{explain_peak_mb:.0f} MiB", "< 1,024"),
    ("train_peak_mb", "peak memory of `grids train`", "{train_peak_mb:.0f} MiB", "< 2,048"),
    ("max_error", "knock-out against masking and predicting again", "{max_error:.1e}", "≤ 1e-5"),
)


def floor_words(floor):
    if floor is None:
        return ""
    return f"{floor:.0f}" if floor >= 30 else f"{floor:.1f}"


def figures(folder):
    found = json_of(folder / "figures.json")
    return markdown(("name", "what", "measured", "floor", "goal"),
                    [(f"`{name}`", what, shown.format(**found).replace("e-0", "e-"),
                      floor_words(found["floors"].get(name)), goal) for name, what, shown, goal in FIGURES])
