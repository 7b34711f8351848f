#!/usr/bin/env bash
# make_docs.sh: rewrites the pages of docs/ that are made from what the program describes.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh release grids
page=$(mktemp)
trap 'rm -f "$page"' EXIT
build/release/bin/grids docs results --template docs/templates/results.md >"$page"
cp "$page" docs/results.md
build/release/bin/grids docs options >"$page"
cp "$page" docs/options.md
