#!/usr/bin/env bash
# package.sh [FOLDER]: builds grids and packs it as Debian packages, into build/packages or FOLDER.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/packages}
scripts/setup.sh dpkg-dev file
scripts/build.sh release grids grids-torch grids-tracks libgrids
mkdir -p "$folder"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cpack --config build/release/CPackConfig.cmake -B "$(realpath "$folder")" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
rm -rf "$folder/_CPack_Packages"
ls "$folder"/*.deb
