#!/usr/bin/env bash
# Makes the tables of figures in docs/ anew.
#
#   scripts/measure_docs.sh [--small] [--data DATA] [--out OUT] [PAGE|NAME ...]
#   scripts/measure_docs.sh --list          # the name of each table, its page and its run
#
# A table of figures stands in its page between <!-- figures NAME --> and <!-- /figures -->. A run measures it:
# a function run_RUN of scripts/figures/*.sh, in the folder OUT/RUN (build/figures); scripts/figures/*.py makes
# the table of what the run left there. Without PAGEs (surrogate.md) or NAMEs all are made. A run that has
# ended is not made again: delete its folder for that. All together take many hours of 2 idle cores.
#
# --small: the same at sizes of seconds, into copies of the pages (build/figures-small/docs), to see that every
# maker works. DATA: the real cells (../shared/data); docs/real-cells.md says what they are. Without them, or
# without PyTorch for the digits, --small leaves out what needs them, and says so.
set -euo pipefail
root=$(realpath "$(dirname "$0")/..")

small=0 list=0 data=$root/../shared/data out='' wanted=()
while (($#)); do
  case $1 in
    --small) small=1 ;;
    --list) list=1 ;;
    --data) data=$(realpath "$2") && shift ;;
    --out) out=$(realpath -m "$2") && shift ;;
    -*) sed -n '2,15s/^# \?//p' "$0" >&2 && exit 2 ;;
    *) wanted+=("$1") ;;
  esac
  shift
done
cd "$root"

figures() { /usr/bin/python3 "$root/scripts/figures" "$@"; }

# size FULL SMALL
size() { if ((small)); then echo "$2"; else echo "$1"; fi; }

out=${out:-$root/build/$(size figures figures-small)}

# make RUN: makes it, unless it is there. `made` is then 0, or the status of the command that failed.
make() {
  local folder=$out/$1
  made=0
  [ -e "$folder/ended" ] && return
  rm -rf "$folder"
  mkdir -p "$folder"
  echo "$1 …" >&2
  # In a condition, a command that fails within would not end the run.
  set +e
  (
    set -e
    cd "$folder"
    "run_$1" >log 2>&1 </dev/null
    touch ended
  )
  made=$?
  set -e
  ((made == 0)) || { tail -n 5 "$folder/log" && echo "$1 failed: $folder/log"; } >&2
}

# need RUN: of a run that builds on another, which lies in ../RUN.
need() {
  make "$1"
  ((made == 0))
}

# leave_out WHY: ends a run of --small that lacks what it needs.
leave_out() {
  ((small)) || { echo "$1" && exit 1; }
  echo "$1" >left-out
}

for page in scripts/figures/*.sh; do source "$page"; done

tables=$(figures list)
while IFS=$'\t' read -r name _ run; do
  declare -F "run_$run" >/dev/null || { echo "$name: there is no run_$run in scripts/figures/*.sh" >&2 && exit 1; }
done <<<"$tables"
if ((list)); then echo "$tables" && exit; fi

# The tables that are wanted, by name or by page.
if ((${#wanted[@]})); then
  all=$tables tables=''
  for word in "${wanted[@]}"; do
    found=$(awk -F'\t' -v word="${word#docs/}" '$1 == word || $2 == word' <<<"$all")
    [ -n "$found" ] || { echo "$word is no table of figures, nor a page that has any (--list)" >&2 && exit 2; }
    tables+=$found$'\n'
  done
fi

scripts/build.sh release grids grids-torch paper_scale cis_bars redundancy_bars false_positives methods_cost
export PATH=$root/build/release/bin:$PATH
docs=$root/docs
if ((small)); then
  docs=$out/docs
  mkdir -p "$docs" && cp docs/*.md "$docs"
fi
failed=()
while IFS=$'\t' read -r name _ run; do
  [ -n "$name" ] || continue
  # What fails does not keep the others from being made. A run that has failed is not tried once more.
  if [[ " ${failed[*]} " == *" $run "* ]]; then continue; fi
  make "$run"
  if [ -e "$out/$run/left-out" ]; then
    echo "$name left out: $(cat "$out/$run/left-out")" >&2
  elif ((made)) || ! figures write --docs "$docs" "$out" "$name"; then
    failed+=("$run")
  fi
done <<<"$tables"
if ((${#failed[@]})); then echo "not all was made: ${failed[*]}" >&2 && exit 1; fi
