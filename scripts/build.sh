#!/usr/bin/env bash
# build.sh PRESET [target ...]: configures once and builds the targets (all without any).
set -euo pipefail
cd "$(dirname "$0")/.."
# Builds in other folders (of the wheel, of another clone) compile the same.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
preset=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
# Where npm has come since, the page gets its script.
page=build/$preset/page/script.js
[ -s "$page" ] || rm -f "$page"
echo "Building grids ($preset) …" >&2
cmake --build --preset "$preset" --parallel "$(nproc)" ${@:+--target "$@"} >"$log" 2>&1 ||
  { cat "$log" >&2; exit 1; }
grep -h '^report.html will be static' "$log" >&2 || true
