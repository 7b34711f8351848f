# What is measured for docs/unpaired.md.

# Beside GLUE where GLUE_PYTHON names a Python with scglue (bench/unpaired/glue.py says how).
run_unpaired() {
  local brief=(--way "paired=" --way "hidden=--hide-pairing" --way "unlabelled=--hide-pairing --hide-labels both")
  ((small)) && brief=(--sets sim --seeds 1 --way "paired=" --way "hidden=--hide-pairing --alignment-steps 50")
  [ -z "${GLUE_PYTHON:-}" ] || brief+=(--glue "$GLUE_PYTHON" --way "GLUE, labels=glue --labels --shorter 6")
  "$root/bench/unpaired/unpaired.py" "$root/build/release/bin" --data "$data" --work work "${brief[@]}" --json figures.json
}
