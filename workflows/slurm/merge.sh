#!/usr/bin/env bash
# merge.sh HERE FOLDER SHARDS TRIES EACH MERGE COMMAND ...: merges, or submits what was lost again; sharded.sh
# submits it, to begin when no job of the array is left.
set -euo pipefail
here=$1 out=$2 shards=$3 tries=$4 each=$5 merge=$6
shift 6
. "$here/done.sh"
lost=$(lost_shards "$out" "$shards" "$@")
if [ -n "$lost" ]; then
  echo "shards that did not end: $lost of $shards; see $out.shards/log/" >&2
  [ "$tries" -gt 0 ] || exit 1
  exec "$here/sharded.sh" -o "$out" --shards "$shards" --sbatch "$each" --merge "$merge" --tries $((tries - 1)) -- "$@"
fi
folders=()
for ((i = 1; i <= shards; i++)); do folders+=("$out.shards/$i"); done
exec "$1" merge "${folders[@]}" --threads "${SLURM_CPUS_PER_TASK:-1}" -o "$out"
