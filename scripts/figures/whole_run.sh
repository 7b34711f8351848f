# What is measured for docs/performance.md of the whole run; on a machine that does nothing else.
run_whole_run() {
  local cells=(3000 10266) brief=()
  ((small)) && cells=(600 1200) brief=(--peaks 20000 --genes 100)
  "$root/bench/whole_run/whole_run.py" "$root/build/release/bin" --cells "${cells[@]}" "${brief[@]}" --work work --json whole_run.json
  rm -rf work
}

# Some 40 GB of disk for the largest.
run_atlas() {
  local cells=(10000 300000) brief=()
  ((small)) && cells=(300 600) brief=(--small)
  "$root/bench/whole_run/atlas.py" "$root/build/release/bin" --cells "${cells[@]}" "${brief[@]}" --memory "$(size 8G 1G)" \
    --latent-openness off --work . --json atlas.json
}
