# What is measured for docs/real-cells.md, and of A549 for docs/compare.md.

# Where the matrices of an experiment are, as options of prepare and run.
h1_inputs() {
  local h1=$data/snare_h1
  inputs=(--rna "$h1/rna_genes_x_cells.mtx.gz" --rna-names "$h1/genes.txt" --atac "$h1/atac_peaks_x_cells.mtx.gz"
    --peaks "$h1/peaks.bed" --cells "$h1/cells.txt")
}
a549_inputs() { inputs=("$data/a549/a549.h5mu" --labels cell_type); }
bmmc_inputs() {
  inputs=(--rna "$data/bmmc/rna.h5ad" --atac "$data/bmmc/atac.h5ad" --labels cell_type --donors batch)
}
pbmc40_inputs() {
  inputs=("$data/pbmc40/filtered_feature_bc_matrix.h5" --labels "$data/pbmc40/labels.tsv")
}

# Each with the genes of either build: whether they are refused, and what is said of them where they are not.
run_genome_builds() {
  [ -d "$data/genes" ] || { leave_out "no $data/genes" && return; }
  local name build inputs
  for name in a549 bmmc pbmc40 snare_h1; do
    "${name#snare_}_inputs"
    for build in hg19 hg38; do
      local command=(grids prepare "${inputs[@]}" --genes "$data/genes/$build.genes.bed" -o study.h5mu)
      "${command[@]}" >refusal 2>&1 || mv refusal "$name-$build.refused"
      "${command[@]}" --force >"$name-$build.log" 2>&1
    done
  done
  rm -f study.h5mu refusal
}

# explain_forced FOLDER TARGETS INTO OPTIONS OF explain: also what has few cells or fails a gate.
explain_forced() {
  local folder=$1 list=$2 into=$3 brief=()
  shift 3
  ((small)) && brief=(--random-sets 2)
  grids explain "$folder/study.h5mu" "$folder/surrogate-cis.safetensors" --targets "$list" --force \
    --seed "${folder##*_}" -o "$folder/$into" "${brief[@]}" "$@"
}

# Genes of A549 that pass gate B, their sets in the window.
explain_passed() {
  awk -F'\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; print "cell_type", "gene"; next }
    $at["gate_b_passed"] == "yes" && !seen[$1]++ { print "all", $1 }' "$1/cis.tsv" >"$1/passed.tsv"
  if (($(wc -l <"$1/passed.tsv") > 1)); then explain_forced "$1" "$1/passed.tsv" passed --domain cis; fi
}

# Three experiments, each split anew with every seed, and what is left out explained by force.
run_real_cells() {
  [ -e "$data/a549/a549.h5mu" ] || { leave_out "no $data/a549" && return; }
  local seed name inputs brief=()
  ((small)) && brief=(--max-training-steps 30 -L 3 --random-sets 2 --gate-folds 0 --latent-openness off)
  printf 'cell_type\tgene\n' >targets.tsv
  printf 'dex_3h\t%s\n' PER1 FKBP5 TSC22D3 ANGPTL4 SERPINE1 DUSP1 NFKBIA TFCP2L1 >>targets.tsv
  for seed in $(size "1 2 3" 1); do
    for name in a549 bmmc snare_h1; do
      "${name#snare_}_inputs"
      local build=hg38
      [ $name = a549 ] && build=hg19
      grids run "${inputs[@]}" --genes "$data/genes/$build.genes.bed" --seed "$seed" "${brief[@]}" -o "${name}_$seed"
      explain_forced "${name}_$seed" "${name}_$seed/markers.tsv" forced
    done
    explain_forced "a549_$seed" targets.tsv targets --domain all
    explain_passed "a549_$seed"
    grids evaluate "a549_$seed/study.h5mu" "a549_$seed/surrogate-cis.safetensors" --markers targets.tsv \
      -o "a549_$seed/targets/accuracy"
  done
}
