# What is computed and drawn for docs/for-my-data.md.
run_reach() {
  local brief=()
  ((small)) && brief=(--small)
  reach_grid "${brief[@]}" --json reach.json
}
