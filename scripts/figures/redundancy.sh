# What is measured for docs/redundancy.md.
run_redundancy() {
  local cells capture brief=(--seeds 11 12)
  ((small)) && brief=(--small --seeds 1)
  for cells in 3000 10000; do
    for capture in 1 0.5 0.3; do
      [ "$cells $capture" = "10000 0.3" ] && continue
      redundancy_bars -q --cells "$cells" --capture-true "$capture" "${brief[@]}" --json "${cells}_$capture.json" >/dev/null
    done
  done
  redundancy_bars -q --level --no-found --no-planted "${brief[@]}" --json level.json >/dev/null
}
