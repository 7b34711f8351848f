# What is measured for docs/performance.md of the whole run; on a machine that does nothing else.
run_whole_run() {
  local cells=(3000 10266 30000) brief=() genes=100
  ((small)) && cells=(600 1200) brief=(--peaks 20000 --genes 100) genes=10
  "$root/bench/whole_run/whole_run.py" "$root/build/release/bin" --cells "${cells[@]}" "${brief[@]}" --work work --json whole_run.json
  "$root/scripts/build.sh" release stage_peers
  "$root/bench/whole_run/peers.py" "$root/build/release/bin" "work/${cells[1]}/now/study.h5mu" --genes "$genes" --work peers \
    --json peers.json
  rm -rf work peers
}

# Some 40 GB of disk for the largest.
run_atlas() {
  local cells=(10000 30000 100000 300000) brief=()
  ((small)) && cells=(300 600) brief=(--small)
  "$root/bench/whole_run/atlas.py" "$root/build/release/bin" --cells "${cells[@]}" "${brief[@]}" --memory "$(size 8G 1G)" \
    --latent-openness off --work . --json atlas.json
}
