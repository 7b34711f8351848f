# What the jobs know of each other: which shards of a command are done. Read by the other files here.

# The command that a shard did, as it stands in its folder: one of other options is not done.
done_line() {
  printf '%q ' "$@"
}

# lost_shards FOLDER SHARDS COMMAND ...: those that are not done, as Slurm writes lists: 1,5,7.
lost_shards() {
  local out=$1 shards=$2 lost='' mark i
  shift 2
  for ((i = 1; i <= shards; i++)); do
    mark=$out.shards/$i/.shard-done
    if [ ! -e "$mark" ] || [ "$(cat "$mark")" != "$(done_line "$i/$shards" "$@")" ]; then
      lost+=${lost:+,}$i
    fi
  done
  printf '%s' "$lost"
}
