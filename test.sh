#!/usr/bin/env bash
# ./test.sh          installs what is missing, builds with warnings as errors, runs all tests but the tours
# ./test.sh tours    those that call the programs hundreds of times: bad input, formats, kills, instruction sets, foreign
#                    readers, packages in a clean root, the report in a browser, hostile requests to view, shards on Slurm
#                    and Snakemake
# ./test.sh python   the wheel of scgrids, installed into an environment of its own, and its tests (scripts/python.sh);
#                    the site of docs/, without a warning, its tutorials run
# ./test.sh ci       what CI runs: these three, lint, and the sanitizers over smaller problems
# ./test.sh all      the same at full size; by hand, before a release
# ./test.sh lint     clang-format over everything, clang-tidy over the sources (not training)
# ./test.sh fuzz     hostile input for each reader, some seconds each (fuzz/run.sh)
# ./test.sh asan     the tests under the address and undefined-behaviour sanitizers (not training)
# ./test.sh tsan     those of the thread pool, files, model, searches and cis path under the thread sanitizer
#
# `small` behind the last two: smaller problems (tests/support/test_size.hpp) and fewer random cases.
set -euo pipefail
cd "$(dirname "$0")"

# build_and_test PRESET TESTS-TO-LEAVE-OUT [target ...]
build_and_test() {
  local preset=$1 without=$2
  shift 2
  scripts/setup.sh
  scripts/build.sh "$preset" "$@"
  ctest --preset "$preset" --parallel "$(nproc)" --no-tests=error --exclude-regex "$without" \
    --output-log "build/$preset/ctest.log"
}

tours='^(bad_input|formats|packages|run_folder|instruction_sets|exports_outside|browser|browser_live|view|shards|workflows)$'

tours() {
  # Debian's npm conflicts with that of others, which does as well.
  local npm=()
  command -v npm >/dev/null || npm=(nodejs npm)
  scripts/setup.sh r-base-core r-cran-matrix r-cran-seuratobject r-bioc-genomicranges tabix bedtools python3-pybigwig multiqc \
    debootstrap dpkg-dev file chromium slurm-wlm munge snakemake "${npm[@]}"
  scripts/build.sh release
  ctest --preset release --parallel "$(nproc)" --no-tests=error --tests-regex "$tours" \
    --output-log build/release/tours.log
}

python() {
  # What it is compared with.
  scripts/build.sh release grids grids-torch
  scripts/python.sh
  scripts/make_site.sh
}

lint() {
  scripts/setup.sh clang-format clang-tidy libomp-dev
  git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format --dry-run -Werror
  local log=build/lint/lint.log
  mkdir -p build/lint
  cmake --preset lint >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  echo "Reading grids with clang-tidy …" >&2
  # g++ knows warnings that clang does not.
  run-clang-tidy -quiet -p build/lint -j "$(nproc)" -extra-arg=-Wno-unknown-warning-option \
    >"$log" 2>&1 || { grep -v -e '^clang-tidy' -e 'warnings generated' "$log" >&2; exit 1; }
}

# Runs the parts named up to the first that fails; then says what each took and, where all passed, how
# many tests ran.
run_parts() {
  local part began failed='' tests=0 times=()
  for part in "$@"; do
    echo "== $part" >&2
    began=$SECONDS
    ./test.sh $part || failed=$part
    times+=("$(printf '%-10s %3d min %02d s' "$part" $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60)))")
    [ -z "$failed" ] || break
  done
  printf '\n'
  printf '%s\n' "${times[@]}"
  [ -z "$failed" ] || { echo "failed: $failed"; exit 1; }
  for part in release/ctest release/tours asan/ctest tsan/ctest; do
    tests=$((tests + $(sed -n 's/^100% tests passed.* out of //p' "build/$part.log")))
  done
  tests=$((tests + $(sed -n 's/^\([0-9]*\) passed.*/\1/p' build/python-tests.log)))
  echo "$tests passed, 0 failed"
}

if [ "${2:-}" = small ]; then
  export GRIDS_TEST_SIZE=small RC_PARAMS=max_success=20  # of RapidCheck's 100 cases a property
fi
case "${1:-release}" in
  release) build_and_test release "$tours" ;;
  tours) tours ;;
  python) python ;;
  lint) lint ;;
  asan) build_and_test asan '^(formats|run_folder|exports_outside|browser|browser_live|view|shards|workflows)$' ;;
  tsan) build_and_test tsan "$tours" test_base test_math test_io test_search test_model test_cis ;;
  fuzz) fuzz/run.sh 4 ;;
  ci) run_parts release tours python lint "asan small" "tsan small" ;;
  all) run_parts release tours python lint asan tsan fuzz ;;
  *)
    sed -n '2,13s/^# //p' "$0" >&2
    exit 2
    ;;
esac
