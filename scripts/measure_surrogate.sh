#!/usr/bin/env bash
# Accuracy of surrogates on test cells: the tables of docs/surrogate.md.
#
#   scripts/measure_surrogate.sh OUT SEEDS STUDY.h5mu... [-- OPTIONS OF grids train]
#
# Trains each study with every seed of SEEDS ("1 2 3"), judges it, and appends to OUT/accuracy.tsv
# a line for each predictor: study, options, seed, seconds, predictor and the means of
# accuracy_summary.tsv. `grids` must be on the PATH.
set -euo pipefail
out=$1 seeds=$2
shift 2
studies=()
while (($#)) && [[ $1 != -- ]]; do studies+=("$1") && shift; done
(($#)) && shift
mkdir -p "$out"

for study in "${studies[@]}"; do
  for seed in $seeds; do
    name=$(basename "$study" .h5mu)
    began=$(date +%s)
    grids train "$study" -o "$out/surrogate.safetensors" --curves "$out/curves.tsv" \
      --seed "$seed" -q "$@"
    seconds=$(($(date +%s) - began))
    grids evaluate "$study" "$out/surrogate.safetensors" -o "$out/evaluation" -q
    tail -n +2 "$out/evaluation/accuracy_summary.tsv" |
      sed "s/^/$name\t${*:-defaults}\t$seed\t$seconds\t/" >>"$out/accuracy.tsv"
  done
done
