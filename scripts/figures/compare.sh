# What is measured for docs/compare.md.

# studied CELLS OPTIONS OF train: the study of simulated cells, and a surrogate of it.
studied() {
  local cells=$1
  shift
  grids prepare "$cells/cells.h5mu" --labels cell_type --genes "$cells/genes.bed" -o study.h5mu
  grids train study.h5mu -o surrogate.safetensors "$@"
}

# The demo's cells, a surrogate and its cis path; others build on them.
run_demo_study() {
  local brief=()
  ((small)) && brief=(--max-steps 30)
  grids simulate --preset "$(size demo tiny)" --seed 1 -o cells
  studied cells "${brief[@]}"
  grids cis study.h5mu surrogate.safetensors --latent-openness off -o surrogate-cis.safetensors
}

# compare_planted GENES-OF-A-KIND OPTIONS OF compare
compare_planted() {
  local genes=$1 brief=()
  shift
  ((small)) && brief=(--force)  # so few cells show little
  need demo_study
  grids compare ../demo_study/study.h5mu ../demo_study/surrogate-cis.safetensors --truth ../demo_study/cells \
    --planted "$genes" "${brief[@]}" "$@" -o .
}

run_compare_demo() {
  local brief=()
  ((small)) && brief=(--methods grids,random,links --no-types)
  compare_planted "$(size 2 1)" -L "$(size 10 3)" --seeds "$(size 5 2)" "${brief[@]}"
}

run_compare_more() {
  compare_planted "$(size 8 2)" -L "$(size 10 3)" --seeds 2 --no-types \
    --methods "$(size grids,grids-beam,greedy,random,knockout,saliency,smoothgrad,sage grids,random)"
}

run_compare_128() {
  compare_planted 1 -L "$(size 10,128 3,8)" --seeds 1 --no-types --unlimited knockout,saliency \
    --methods "$(size grids,grids-beam,greedy,random,nearest,links,lasso,susie,knockout,saliency,smoothgrad \
      grids,random,knockout,saliency)"
}

run_compare_a549() {
  [ -e "$data/a549/a549.h5mu" ] || { leave_out "no $data/a549" && return; }
  need real_cells
  local brief=()
  ((small)) && brief=(--methods grids,random,links)
  grids compare ../real_cells/a549_1/study.h5mu ../real_cells/a549_1/surrogate-cis.safetensors \
    --targets ../real_cells/targets.tsv --force -L 10 --seeds "$(size 5 1)" --no-types "${brief[@]}" -o .
}

# The published form, trained as published.
run_paper_study() {
  local brief=()
  ((small)) && brief=(--max-steps 30)
  grids simulate --preset "$(size paper tiny)" --seed 1 -o cells
  studied cells --preset paper "${brief[@]}"
}

# compare_published OPTIONS OF compare
compare_published() {
  grids compare ../paper_study/study.h5mu ../paper_study/surrogate.safetensors --surrogate published --force \
    -L "$(size 10 3)" --seeds "$(size 1 2)" --methods grids,fimap,smoothgrad,saliency,random --no-types "$@" -o .
}

run_compare_paper() {
  need paper_study
  compare_published --truth ../paper_study/cells --planted "$(size 2 1)"
}

# Two genes with planted regulation in each of the two smallest types.
run_compare_paper_small_types() {
  need paper_study
  awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next } { print $at["cell_type"] }' \
    ../paper_study/cells/cells.tsv | sort | uniq -c | sort -n | awk 'NR <= 2 { print $2 }' >types
  awk -F'\t' -v OFS='\t' 'NR == FNR { type[++n] = $1; next }
    FNR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; print "cell_type", "gene"; next }
    { for (i = 1; i <= n; ++i)
        if ($at["kind"] != "none" && index("," $at["types"] ",", "," type[i] ",") && ++genes[i] <= 2)
          print type[i], $at["gene"] }' types ../paper_study/cells/truth.tsv >targets.tsv
  compare_published --targets targets.tsv
}
