#!/usr/bin/env bash
# run.sh SECONDS [target ...]: feeds each reader hostile input for so long, one after another, and says
# how many inputs that were. What a reader did not survive lies in build/fuzz/found/; the good inputs that
# it begins from, and what it learned from them, in build/fuzz/corpus/.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
seconds=$1
shift
scripts/setup.sh clang-14 libclang-rt-14-dev libomp-dev
scripts/build.sh fuzz fuzz/all
/usr/bin/python3 fuzz/make_seeds.py build/fuzz/corpus
targets=("$@")
[ $# -gt 0 ] || for source in fuzz/*_fuzz.cpp; do targets+=("$(basename "$source" _fuzz.cpp)"); done

mkdir -p build/fuzz/found
failed=()
for target in "${targets[@]}"; do
  corpus=build/fuzz/corpus/${target}_fuzz
  log=build/fuzz/$target.log
  build/fuzz/bin/"${target}_fuzz" "$corpus" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 \
    -max_len=20000 -print_final_stats=1 -verbosity=1 -artifact_prefix=build/fuzz/found/"$target"- \
    -dict=fuzz/words.dict >"$log" 2>&1 || failed+=("$target")
  printf '%-14s %12s inputs\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]} (build/fuzz/*.log, build/fuzz/found/)" >&2; exit 1; }
