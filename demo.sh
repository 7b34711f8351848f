#!/usr/bin/env bash
# Installs, builds, simulates cells with planted regulation, runs everything on them as a user would,
# and prints the path of the report. Results go to demo/ (or the folder named by the first argument).
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-demo}

scripts/setup.sh
scripts/build.sh release grids grids-torch
export PATH="$PWD/build/release/bin:$PATH"

say() { printf '\n$ %s\n' "$*" >&2; "$@"; }
say grids simulate --preset demo --seed 1 -o "$out/cells"
say grids run "$out/cells/cells.h5mu" --labels cell_type --genes "$out/cells/genes.bed" \
  --truth "$out/cells/truth.tsv" -o "$out/results"
printf '\nThe report: %s\n' "$(realpath "$out/results/report.html")"
