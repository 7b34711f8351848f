#!/usr/bin/env bash
# What the cis path shows on planted regulation: the table of docs/surrogate.md, "Measured".
#
#   scripts/measure_cis.sh OUT [OPTIONS OF cis_bars]
#
# Writes OUT/RUN.json for each run and OUT/table.md. `cis_bars` must be on the PATH. About an
# hour on 2 cores.
set -euo pipefail
out=$1
shift
mkdir -p "$out"

cis_bars -q --capture 1 --null-windows 3 --json "$out/capture-1.json" "$@"
cis_bars -q --capture 0.5 --json "$out/capture-0.5.json" "$@"
cis_bars -q --capture 0.3 --json "$out/capture-0.3.json" "$@"
cis_bars -q --cells 1000 --json "$out/cells-1000.json" "$@"
cis_bars -q --cells 10000 --seeds 1 --null-windows 3 --json "$out/cells-10000.json" "$@"
python3 "$(dirname "$0")/cis_table.py" "$out"/capture-1.json "$out"/capture-0.5.json \
  "$out"/capture-0.3.json "$out"/cells-1000.json "$out"/cells-10000.json >"$out/table.md"
