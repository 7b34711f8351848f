#!/usr/bin/env bash
# make_site.sh [FOLDER]: the site of docs/, into build/site or FOLDER, by Sphinx from PyPI; the reference of Python is
# that of the wheel in build/wheelhouse (scripts/python.sh wheel). The tutorials are run, by that wheel and by the programs
# of build/release/bin, or where there are none by those on the PATH; a cell that fails ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/site}
env=build/site-env
export PATH="$PWD/build/release/bin:$PATH"
for program in grids grids-torch; do
  command -v "$program" >/dev/null || {
    echo "make_site.sh: the tutorials run $program, which is neither in build/release/bin nor on the PATH: " \
      "scripts/build.sh release grids grids-torch" >&2
    exit 1
  }
done
[ -n "$(ls build/wheelhouse/scgrids-*.whl 2>/dev/null)" ] || scripts/python.sh wheel
[ -x "$env/bin/pip" ] || /usr/bin/python3 -m venv "$env"
"$env/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheelhouse/scgrids-*.whl
"$env/bin/pip" install --quiet --disable-pip-version-check -r docs/requirements.txt build/wheelhouse/scgrids-*.whl
# What the tutorials printed is kept for these very programs and this wheel alone.
made_by=$(cat "$(command -v grids)" "$(command -v grids-torch)" build/wheelhouse/scgrids-*.whl | sha256sum | cut -c1-16)
kept=$PWD/build/site-runs/$made_by
[ -d "$kept" ] || rm -rf build/site-runs
# -E: a page that did not change since says what this version prints, too.
"$env/bin/sphinx-build" -q -E -W --keep-going -b html -D nb_execution_cache_path="$kept" docs "$folder"
echo "The site: $(realpath "$folder")/index.html"
