# What is measured for docs/methods.md.

# cost PRESET OPTIONS OF methods_cost
cost() {
  local preset=$1
  shift
  methods_cost -q --preset "$preset" --cells "$(size 700 60)" --work "cells-$preset" "$@"
}

run_methods_cost() {
  local large budget searched
  large=$(size paper demo)
  searched=$(size grids,random,knockout,saliency,smoothgrad,lime,lime-sp,sage grids,random,saliency)
  for preset in demo "$large"; do
    # In the small mode one size stands for both.
    local name=$preset
    [ "$preset" = "$large" ] && name=paper
    cost "$preset" --method "$searched" >"$name.md"
    budget=$(awk -F' *[|] *' '$2 == "grids" { print $3 }' "$name.md")
    cost "$preset" --budget "$budget" --method "$(size knockout,lime,sage,cxplain,fimap knockout,sage)" \
      >"$name-budget.md"
  done
  if ((small)); then cp paper.md demo.md && cp paper-budget.md demo-budget.md; fi
}

run_methods_planted() { bars methods --seeds 1 --only methods; }

run_methods_peers() {
  local environment=${PEERS_PYTHON:-$root/build/peers-python}
  if ((small)) && [ ! -x "$environment/bin/python" ]; then leave_out "no torch of PyPI" && return; fi
  local brief=()
  ((small)) && brief=(--brief)
  "$root/bench/peers_python/run.sh" "$PWD" "${brief[@]}"
}
