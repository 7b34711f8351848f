#!/usr/bin/env bash
# make_site.sh [FOLDER]: the site of docs/, into build/site or FOLDER, by Sphinx from PyPI; the reference of Python is
# that of the wheel in build/wheelhouse (scripts/python.sh wheel).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/site}
env=build/site-env
[ -n "$(ls build/wheelhouse/scgrids-*.whl 2>/dev/null)" ] || scripts/python.sh wheel
[ -x "$env/bin/pip" ] || /usr/bin/python3 -m venv "$env"
"$env/bin/pip" install --quiet --disable-pip-version-check -r docs/requirements.txt build/wheelhouse/scgrids-*.whl
"$env/bin/sphinx-build" -q -W --keep-going -b html docs "$folder"
echo "The site: $(realpath "$folder")/index.html"
