#!/usr/bin/env bash
# What a surrogate sees of genes' own regulation, as more genes have any: the table "Limits,
# measured" of docs/surrogate.md.
#
#   scripts/measure_limits.sh OUT SEEDS COUNTS FORMS [SETS [STEPS]]
#
# For every seed of SEEDS ("1 2") and every number of regulated genes of COUNTS ("8 30 120 400"):
# simulates 3,000 cells, trains each of FORMS and judges it on test cells, and explains SETS genes
# (10) of each kind with L = the size of the planted set, over all peaks and over those near the TSS.
# Forms: published (the published stages, STEPS steps each, 3000, without early stopping), joint (the
# default), cis (joint with the cis path). Appends to OUT/prediction.tsv (regulated genes, form, seed, whether
# regulated, genes, mean within-type r, and the true function's) and to OUT/recovery.tsv (regulated
# genes, form, seed, domain, kind, sets, members, found, expected by chance). `grids` must be on the
# PATH.
set -euo pipefail
out=$1 seeds=$2 counts=$3 forms=$4 sets=${5:-10} steps=${6:-3000}
mkdir -p "$out"

# Genes that are planted, at most $sets of a kind, as targets of `grids explain`.
targets() {
  awk -F'\t' -v most="$sets" 'NR == 1 { print "cell_type\tgene\tL"; next }
    $2 != "none" && ++n[$2] <= most { print "all\t" $1 "\t" split($3, peaks, ",") }' "$1"
}

# Means of the surrogate's within_type_r_partial, and of the true function's r, by whether a gene is
# regulated.
prediction() {
  awk -F'\t' 'NR == FNR { kind[$1] = $2; truth[$1] = $4; next }
    FNR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    $2 == "surrogate" && $column["within_type_r_partial"] != "NA" && truth[$1] != "NA" {
      k = kind[$1] == "none" ? "no" : "yes"
      ++n[k]; r[k] += $column["within_type_r_partial"]; t[k] += truth[$1] }
    END { for (k in n) printf "%s\t%d\t%.4f\t%.4f\n", k, n[k], r[k] / n[k], t[k] / n[k] }' "$@"
}

# Members planted, found and expected by chance among the domain's peaks, by kind.
recovery() {
  awk -F'\t' -v chance="$1" 'NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    { k = $column["kind"]; ++n[k]; members[k] += $column["members"]
      found[k] += $column["members_found"]; expected[k] += $column[chance] }
    END { for (k in n) printf "%s\t%d\t%d\t%d\t%.4f\n", k, n[k], members[k], found[k], expected[k] }' "$2"
}

for seed in $seeds; do
  for count in $counts; do
    cells=$out/$count-$seed
    grids simulate --seed "$seed" --regulated-genes "$count" -o "$cells" -q
    targets "$cells/truth.tsv" >"$cells/targets.tsv"
    for form in $forms; do
      case $form in
        published) options=(--surrogate published --training paper --max-training-steps "$steps") ;;
        joint) options=(--surrogate published) ;;
        cis) options=(--surrogate cis) ;;
      esac
      folder=$cells/$([[ $form == published ]] && echo published || echo joint)
      for domain in all cis; do
        grids run "$cells/cells.h5mu" --labels cell_type --donors donor --genes "$cells/genes.bed" \
          --keep-all --targets "$cells/targets.tsv" --truth "$cells/truth.tsv" --random-sets 1 --force \
          --domain "$domain" "${options[@]}" --seed "$seed" -q -o "$folder"
        [[ $domain == all ]] && chance=expected_by_chance || chance=expected_near_tss
        recovery $chance "$folder/recovery.tsv" | sed "s/^/$count\t$form\t$seed\t$domain\t/" >>"$out/recovery.tsv"
      done
      prediction "$cells/oracle.tsv" "$folder/accuracy.tsv" | sed "s/^/$count\t$form\t$seed\t/" >>"$out/prediction.tsv"
    done
  done
done
