# What is measured for docs/your-own-model.md.
run_digits() {
  if ((small)) && ! /usr/bin/python3 -c 'import torch' 2>/dev/null; then leave_out "no python3-torch" && return; fi
  "$root/examples/digits/run.sh" "$PWD/results"
}
