#!/usr/bin/env bash
# sharded.sh OPTIONS -- grids COMMAND ...: one of the commands that take --shard (cis, explain, redundancy, knockout,
# compare), as an array of jobs of Slurm and one job that merges what they wrote.
#
#   sharded.sh -o genome/ --shards 24 --sbatch "--cpus-per-task=4 --mem=8G --time=4:00:00" -- \
#     grids explain study.h5mu surrogate-cis.safetensors --all-genes --cell-type each
#
#   -o FOLDER       where the merged tables go; the shards work in FOLDER.shards/1, 2, …
#   --shards N      how many (24)
#   --sbatch WORDS  for each job of the array: CPUs, memory, time, partition
#   --merge WORDS   for the job that merges, instead of those
#   --tries N       how often shards that were lost are submitted again (3)
#   --wait          returns when all of it has ended, with 0 where the tables are there
#
# A job that is killed, requeued or submitted again goes on where it was. Given once more, the same line submits
# only the shards that are not done. Everything lies on the file system that the nodes share.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/done.sh"

usage() {
  sed -n '2,17s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

out='' shards=24 each='' merge='' tries=3 wait=''
while [ $# -gt 0 ]; do
  case "$1" in
    -o | --out) out=${2:?$1 wants a folder} && shift 2 ;;
    --shards) shards=${2:?$1 wants a number} && shift 2 ;;
    --sbatch) each=${2?$1 wants words} && shift 2 ;;
    --merge) merge=${2?$1 wants words} && shift 2 ;;
    --tries) tries=${2:?$1 wants a number} && shift 2 ;;
    --wait) wait=yes && shift ;;
    --) shift && break ;;
    *) usage ;;
  esac
done
[ -n "$out" ] && [ $# -ge 2 ] || usage
[[ $shards =~ ^[1-9][0-9]*$ ]] || { echo "--shards $shards: a number from 1 is wanted" >&2; exit 2; }
[[ $tries =~ ^[0-9]+$ ]] || { echo "--tries $tries: a number is wanted" >&2; exit 2; }
[ -n "$merge" ] || merge=$each
out=${out%/}
mkdir -p "$out.shards/log"

# submit LOST TRIES [WORDS-FOR-SBATCH]: the array of what is lost, and the job that merges.
submit() {
  local lost=$1 again=$2 array depends=()
  shift 2
  if [ -n "$lost" ]; then
    # Words are split on purpose, here and below: they are options of sbatch.
    # shellcheck disable=SC2086
    array=$(sbatch --parsable --requeue --open-mode=append --job-name=grids --array="$lost" $each \
      --output="$out.shards/log/%a.txt" "$here/shard.sh" "$here" "$out" "$shards" "${command[@]}")
    array=${array%%;*}
    echo "job $array: shards $lost of $shards"
    depends=(--dependency="afterany:$array")
  fi
  # shellcheck disable=SC2086
  sbatch "$@" --requeue --open-mode=append --job-name=grids-merge "${depends[@]}" $merge \
    --output="$out.shards/log/merge.txt" "$here/merge.sh" "$here" "$out" "$shards" "$again" "$each" "$merge" \
    "${command[@]}"
}

command=("$@")
if [ -z "$wait" ]; then
  submit "$(lost_shards "$out" "$shards" "${command[@]}")" "$tries"
  exit
fi
# Who waits counts the tries; the job that merges would hold its memory meanwhile.
while true; do
  lost=$(lost_shards "$out" "$shards" "${command[@]}")
  code=0
  submit "$lost" 0 --wait || code=$?
  lost=$(lost_shards "$out" "$shards" "${command[@]}")
  { [ "$code" -ne 0 ] && [ "$tries" -gt 0 ]; } || exit "$code"
  tries=$((tries - 1))
  if [ -n "$lost" ]; then
    echo "shards that did not end: $lost of $shards; submitted again" >&2
  else
    echo "the job that merges did not end: submitted again; see $out.shards/log/merge.txt" >&2
  fi
done
