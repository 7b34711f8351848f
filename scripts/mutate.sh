#!/usr/bin/env bash
# What a room's tests notice: changes its sources one small thing at a time and runs its tests.
#
#   scripts/mutate.sh ROOM N [SEED]   N random changes (operators, comparisons, constants, …) of src/ROOM
#   scripts/mutate.sh ROOM again      those that survived the last time, after tests were added
#
# A change that does not compile, or leaves the compiled code as it was, is not counted. The tests run
# on smaller problems, without sanitizers; what survives is tried again under the address and
# undefined-behaviour sanitizers. A change is killed when a test fails, crashes or takes 5 times as
# long. Prints a line a change and the share that was killed; keeps what survived in
# build/mutate/ROOM/survivors.json. The working tree stays as it is: changed copies lie in build/mutate.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $# -ge 2 && -d src/$1 ]] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
exec nice /usr/bin/python3 scripts/mutate.py "$@"
