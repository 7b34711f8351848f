# What is measured for docs/sets.md.
run_sets_planted() {
  local brief=()
  ((small)) && brief=(--max-training-steps 30 --force)  # so few cells show little
  grids simulate --preset "$(size demo tiny)" --n-genes "$(size 240 60)" --seed 1 -o cells
  awk -F'\t' 'NR == 1 { print "cell_type\tgene\tL"; next }
    $2 != "none" { split($5, types, ","); print types[1] "\t" $1 "\t" split($3, peaks, ",") }' \
    cells/truth.tsv >targets.tsv
  local run=(grids run cells/cells.h5mu --labels cell_type --genes cells/genes.bed --truth cells/truth.tsv
    --targets targets.tsv --domain cis "${brief[@]}")
  "${run[@]}" -o closed
  cp -r closed open
  "${run[@]}" --perturbation open -o open
}
