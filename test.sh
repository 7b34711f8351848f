#!/usr/bin/env bash
# ./test.sh          installs what is missing, builds with warnings as errors, runs all tests
# ./test.sh asan     the same under the address and undefined-behaviour sanitizers (not training)
# ./test.sh lint     clang-format and clang-tidy over the sources
set -euo pipefail
cd "$(dirname "$0")"

case "${1:-release}" in
  release | asan)
    preset=${1:-release}
    scripts/setup.sh
    scripts/build.sh "$preset"
    ctest --preset "$preset" --parallel "$(nproc)" --output-on-failure --progress
    ;;
  lint)
    mapfile -t files < <(git ls-files 'src/*.cpp' 'src/*.hpp' 'tests/*.cpp' 'bench/*.cpp' 'bench/*.hpp')
    clang-format --dry-run -Werror "${files[@]}"
    scripts/build.sh release
    # Clang 14 cannot compile LibTorch's headers as C++20.
    mapfile -t sources < <(git ls-files 'src/*.cpp' ':!src/train')
    clang-tidy --quiet -p build/release --extra-arg=-Wno-unknown-warning-option \
      --warnings-as-errors='*' "${sources[@]}"
    ;;
  *)
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
    ;;
esac
