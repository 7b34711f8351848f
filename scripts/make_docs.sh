#!/usr/bin/env bash
# Makes anew what in docs/ comes from the programs themselves; `grids` must have been built.
set -euo pipefail
cd "$(dirname "$0")/.."
grids=${GRIDS:-build/release/bin/grids}
"$grids" docs options >docs/options.md
