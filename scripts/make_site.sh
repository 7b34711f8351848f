#!/usr/bin/env bash
# make_site.sh [FOLDER]: the site of docs/, into build/site or FOLDER. Pages with cells of code are run, by the scgrids
# of the environment build/site-env, where scripts/setup.sh and PyPI put what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/site}
env=build/site-env
scripts/setup.sh python3-venv
[ -x "$env/bin/sphinx-build" ] || {
  /usr/bin/python3 -m venv "$env"
  "$env/bin/pip" install --quiet -r docs/requirements.txt
}
"$env/bin/sphinx-build" -q -W --keep-going -b html docs "$folder"
echo "The site: $(realpath "$folder")/index.html"
