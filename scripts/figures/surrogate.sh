# What is measured for docs/surrogate.md.

# bars NAME OPTIONS OF cis_bars: figures in NAME.json.
bars() {
  local name=$1 brief=()
  shift
  ((small)) && brief=(--small)
  cis_bars -q "$@" "${brief[@]}" --json "$name.json"
}

run_cis_bars() {
  local seeds all=fit,search,peers,contrast brief
  seeds=$(size 1,2,3 1) brief=$(size $all fit,search)
  bars capture-1 --capture 1 --seeds "$seeds" --only $all --null-windows 3
  bars capture-0.5 --capture 0.5 --seeds "$seeds" --only "$brief"
  bars capture-0.3 --capture 0.3 --seeds "$seeds" --only "$brief"
  bars cells-1000 --cells 1000 --seeds "$seeds" --only "$brief"
  bars cells-10000 --cells 10000 --seeds 1 --only "$brief" --null-windows 3
}

run_cis_user() {
  local capture
  for capture in 1 0.5 0.3; do
    bars "capture-$capture" --cells 3000 --genes 240 --capture $capture --median-count 0.3 --count-spread 0.3 \
      --seeds "$(size 11,12,13 11)" --only fit,search,peers,contrast --null-windows "$(size 3 1)"
  done
}

run_cis_latent_openness() {
  local capture seed form
  printf 'capture\tseed\n1\t11\n0.5\t43\n0.3\t43\n' | head -n "$(size 4 2)" >runs.tsv
  tail -n +2 runs.tsv | while read -r capture seed; do
    for form in off auto; do
      bars "$capture-$seed-$form" --capture "$capture" --seeds "$seed" --only fit,search --latent-openness $form
    done
  done
}

run_cis_choices() {
  cat >all.tsv <<'CHOICES'
choice	options
defaults	
single peaks only	--pairs no
pairs, no triples	--most-peaks 2
no "any" terms	--any-cost 1000000
"any" costs 1 more	--any-cost 1
terms multiply only	--adding no
no deviations by type	--type-deviations no
no weak terms	--least-inclusion 1
only likelier weak terms	--least-inclusion 0.1
window of 1 Mb	--cis-window 1000000
weaker prior of weights	--weight-ridge 1
stronger	--weight-ridge 25
weaker prior of the state	--state-ridge 5
stronger	--state-ridge 500
first term cheaper	--first-term-cost 0
dearer	--first-term-cost 3
further terms dearer	--next-term-cost 1
cheaper	--next-term-cost -3
CHOICES
  head -n "$(size 100 3)" all.tsv >choices.tsv
  local i=0 capture options
  tail -n +2 choices.tsv | while IFS=$'\t' read -r _ options; do
    i=$((i + 1))
    for capture in 1 0.5; do
      # Words of options, on purpose not quoted.
      bars "$i-$capture" --capture $capture --seeds 11 --gate-folds 0 --only fit,search $options
    done
  done
}

run_false_positives() {
  local brief=()
  ((small)) && brief=(--small --seeds 1 --only none,given-4)
  false_positives -q "${brief[@]}" >table.md
}

# judged STUDY NAME FORM SEED OPTIONS OF train: appends to accuracy.tsv a line for each predictor. At most 6,000
# steps a stage, more than the stages of the default have.
judged() {
  local study=$1 name=$2 form=$3 seed=$4
  shift 4
  grids train "$study" -o surrogate.safetensors --seed "$seed" "$@" --max-steps "$(size 6000 30)"
  grids evaluate "$study" surrogate.safetensors -o evaluation
  awk -v OFS='\t' -v before="$name"$'\t'"$form"$'\t'"$seed" -v begun="$([ -e accuracy.tsv ] && echo 1)" '
    NR == 1 { if (!begun) print "study", "form", "seed", $0; next } { print before, $0 }' \
    evaluation/accuracy_summary.tsv >>accuracy.tsv
}

run_surrogate_accuracy() {
  need demo_study
  local demo=../demo_study/study.h5mu seed
  for seed in $(size "1 2 3" 1); do judged $demo demo joint "$seed"; done
  judged $demo demo published 1 --preset paper
  if ((small)) && [ ! -e "$data/a549/a549.h5mu" ]; then return; fi
  need real_cells
  judged ../real_cells/a549_1/study.h5mu a549 joint 1
  judged ../real_cells/a549_1/study.h5mu a549 published 1 --preset paper
  for seed in $(size "1 2" 1); do judged ../real_cells/bmmc_1/study.h5mu bmmc joint "$seed"; done
  judged ../real_cells/bmmc_1/study.h5mu bmmc published 1 --preset paper
}

run_surrogate_choices() {
  need demo_study
  local options
  for options in '' --keep-readout '--embedding-deviation 1' '--averaging 0' '--rna-steps 1000' '--latent-weight 0.1' \
    '--gamma 1'; do
    # Words of options, on purpose not quoted.
    judged ../demo_study/study.h5mu demo "${options:-defaults}" 1 $options
  done
}

# limit COUNT FORM DOMAIN: explains at most ten genes of each kind, L = the size of the planted set.
limit() {
  local count=$1 form=$2 domain=$3 cells=cells-$1 folder=run-$1-$2-$3 options=(--surrogate published) brief=()
  case $form in
    published) options+=(--training paper --max-training-steps "$(size 1000 30)") ;;
    cis) options=(--surrogate cis) ;;
  esac
  ((small)) && [ "$form" != published ] && brief=(--max-training-steps 30)
  # Trained alike, but for the published form: goes on from there.
  if [ "$form" != published ] && [ -d "run-$count-joint-all" ]; then cp -r "run-$count-joint-all" "$folder"; fi
  grids run "$cells/cells.h5mu" --labels cell_type --donors donor --genes "$cells/genes.bed" --keep-all \
    --targets "$cells/targets.tsv" --truth "$cells/truth.tsv" --random-sets 1 --force --domain "$domain" \
    "${options[@]}" "${brief[@]}" --seed 1 -o "$folder"
  printf '%s\t%s\t%s\t%s\n' "$count" "$form" "$domain" "$folder" >>runs.tsv
}

run_limits() {
  printf 'regulated\tform\tdomain\tfolder\n' >runs.tsv
  local count form domain counts
  counts=$(size "8 30 400" "8 30")
  for count in $counts; do
    grids simulate --preset "$(size demo tiny)" --seed 1 --regulated-genes "$count" -o "cells-$count"
    awk -F'\t' 'NR == 1 { print "cell_type\tgene\tL"; next }
      $2 != "none" && ++n[$2] <= 10 { print "all\t" $1 "\t" split($3, peaks, ",") }' \
      "cells-$count/truth.tsv" >"cells-$count/targets.tsv"
  done
  while read -r count form domain; do
    if [[ " $counts " == *" $count "* ]]; then limit "$count" "$form" "$domain"; fi
  done <<'LIMITS'
8 joint all
30 published all
30 joint all
30 joint cis
30 cis all
30 cis cis
400 joint all
400 joint cis
400 cis all
400 cis cis
LIMITS
}
