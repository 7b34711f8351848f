# What is measured for docs/performance.md; on a machine that does nothing else.
run_paper_scale() {
  local brief=()
  ((small)) && brief=(--small --steps 2 --dense-repeats 1)
  paper_scale "${brief[@]}" --work work --json figures.json
}
