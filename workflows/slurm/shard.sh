#!/usr/bin/env bash
# shard.sh HERE FOLDER SHARDS COMMAND ...: what a job of the array does; sharded.sh submits it.
set -euo pipefail
here=$1 out=$2 shards=$3
shift 3
. "$here/done.sh"
number=${SLURM_ARRAY_TASK_ID:?this is for jobs of an array}
folder=$out.shards/$number
rm -f "$folder/.shard-done"
# bash passes on no signal while it waits, and the program is what should hear it: it keeps what it has done and
# ends within five seconds, where Slurm kills after KillWait's thirty.
"$@" --shard "$number/$shards" --threads "${SLURM_CPUS_PER_TASK:-1}" -o "$folder" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM INT
code=0
wait "$child" || code=$?
# A trapped signal ends `wait` before the program has ended.
while kill -0 "$child" 2>/dev/null; do
  code=0
  wait "$child" || code=$?
done
[ "$code" -ne 0 ] || done_line "$number/$shards" "$@" >"$folder/.shard-done"
exit "$code"
