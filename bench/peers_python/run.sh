#!/usr/bin/env bash
# bench/peers_python/run.sh OUT [--brief]
#
# Methods of scgrids beside those of captum, shap, sage-importance and lime, on one network of PyTorch, in one run:
# peers.json in OUT, which scripts/figures makes a table of. An environment of its own in build/peers-python (5 GB:
# PyPI's torch is built for CUDA), made where it is missing; delete it afterwards. By hand: CI has no torch.
set -euo pipefail
out=$(realpath -m "${1:?a folder for peers.json}")
shift
cd "$(dirname "$0")/../.."
environment=${PEERS_PYTHON:-build/peers-python}
if [ ! -x "$environment/bin/python" ]; then
  [ -e build/wheelhouse ] || scripts/python.sh wheel
  /usr/bin/python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check torch captum shap sage-importance lime \
    build/wheelhouse/*.whl
fi
mkdir -p "$out"
# One thread each: what is compared is work.
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
  "$environment/bin/python" -W ignore bench/peers_python/peers.py "$out/peers.json" "$@"
