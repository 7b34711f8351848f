#!/usr/bin/env bash
# What grids finds in real cells: the tables of docs/real-cells.md.
#
#   scripts/measure_real_cells.sh DATA OUT [SEEDS]
#
# DATA holds a549/, bmmc/, snare_h1/ and genes/ (docs/real-cells.md says what they are). Prepares,
# trains and explains each experiment with every seed of SEEDS ("1 2 3": each splits the cells
# anew), explains with --force what was left out, and writes tables to OUT. `grids` must be on the
# PATH.
set -euo pipefail
data=$1 out=$2 seeds=${3:-1 2 3}
targets=(PER1 FKBP5 TSC22D3 ANGPTL4 SERPINE1 DUSP1 NFKBIA TFCP2L1)
mkdir -p "$out"

run() { # NAME SEED OPTIONS OF grids run
  local folder=$out/$1_$2 seed=$2
  shift 2
  grids run "$@" --seed "$seed" -o "$folder" 2>"$folder.log" || { tail -3 "$folder.log" >&2; exit 1; }
}

explain() { # FOLDER TABLE-OF-TARGETS INTO OPTIONS: also what has few cells or fails a gate
  local folder=$1 list=$2 into=$3
  shift 3
  grids explain "$folder/study.h5mu" "$folder/surrogate-cis.safetensors" --targets "$list" --force \
    --seed "${folder##*_}" -o "$folder/$into" "$@" -q 2>"$folder/$into.log" ||
    { tail -3 "$folder/$into.log" >&2; exit 1; }
}

# A row a gene of cis.tsv: by name of column, so that new columns do no harm.
genes_of() { # FOLDER
  awk -F'\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { terms[$1] += $at["term"] > 0 }
    !seen[$1]++ { name[++n] = $1; a[$1] = $at["gate_a_gain"]; ap[$1] = $at["gate_a_passed"]
      b[$1] = $at["gate_b_gain"]; bp[$1] = $at["gate_b_passed"]; aq[$1] = $at["gate_a_p"] OFS $at["gate_a_q"]
      bq[$1] = $at["gate_b_p"] OFS $at["gate_b_q"]; w[$1] = $at["window_peaks"] }
    END { for (i = 1; i <= n; i++) { g = name[i]
      print g, w[g], terms[g], a[g], aq[g], ap[g], b[g], bq[g], bp[g] } }' "$1/cis.tsv"
}

gates() { # FOLDER: genes, with terms, A passed, A gain, sd, B passed, B gain, sd, t over genes
  genes_of "$1" | awk -F'\t' -v OFS='\t' '{ n++; k += $3 > 0; pa += $7 == "yes"; pb += $11 == "yes"
      a += $4; aa += $4 * $4; b += $8; bb += $8 * $8 }
    END { a /= n; b /= n; sa = sqrt((aa - n * a * a) / (n - 1)); sb = sqrt((bb - n * b * b) / (n - 1))
      print n, k, pa, sprintf("%.4f\t%.4f", a, sa), pb, sprintf("%.5f\t%.5f", b, sb),
        (sb > 0 ? sprintf("%.2f", b / (sb / sqrt(n))) : "NA") }'
}

contrasts() { # FOLDER: sets with a p, smallest p, q < 0.05, q < 0.1
  awk -F'\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["set"] == "found" && $at["p"] != "NA" { n++; p = $at["p"]; if (n == 1 || p < least) least = p
      q05 += $at["q"] < 0.05; q10 += $at["q"] < 0.1 }
    END { print n + 0, (n ? least : "NA"), q05 + 0, q10 + 0 }' "$1/contrasts.tsv"
}

size_of() { # FOLDER: cells, peaks, genes, those with a position
  awk -F'\t' -v OFS='\t' '$1 == "cells" { cells = $4 } $1 == "peaks" { peaks = $4 }
    $1 == "note" && $2 ~ /chosen genes have a position/ { split($2, words, " ") }
    END { print cells, peaks, words[3], words[1] }' "$1/prepare.tsv"
}

sets_of() { # FOLDER INTO: gene, type, test cells, predicted change, slope, low, high, p, q
  awk -F'\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["set"] == "found" { print $at["gene"], $at["cell_type"], $at["cells"], $at["predicted"], $at["slope"],
      $at["slope_low"], $at["slope_high"], $at["p"], $at["q"] }' "$1/$2/contrasts.tsv"
}

one_by_one() { # FOLDER INTO SEED: what cis.tsv says of each gene, then its set
  { genes_of "$1"; echo; sets_of "$1" "$2"; } | awk -F'\t' -v OFS='\t' -v s="$3" '
    $0 == "" { second = 1; next } !second { gene[$1] = $0; next } { print s, gene[$1], $0 }'
}

printf 'gene\tcell_type\n' >"$out/targets.tsv"
printf '%s\tdex_3h\n' "${targets[@]}" >>"$out/targets.tsv"
printf 'data\tseed\tcells\tpeaks\tgenes\twith_position\tfitted\twith_terms\ta_passed\ta_gain\ta_sd\tb_passed\tb_gain\tb_sd\tb_t\tsets\tleast_p\tq_05\tq_10\tforced_sets\tforced_least_p\tforced_q_05\tforced_q_10\n' >"$out/summary.tsv"
printf 'data\tseed\tgene\twindow_peaks\tterms\ta_gain\ta_p\ta_q\ta_passed\tb_gain\tb_p\tb_q\tb_passed\n' >"$out/passed.tsv"

one='seed\tgene\twindow_peaks\tterms\ta_gain\ta_p\ta_q\ta_passed\tb_gain\tb_p\tb_q\tb_passed\tgene\tcell_type\tcells\tpredicted\tslope\tlow\thigh\tp\tq\n'
printf "$one" >"$out/targets_one_by_one.tsv"
printf "$one" >"$out/passed_one_by_one.tsv"

for seed in $seeds; do
  run a549 "$seed" "$data/a549/a549.h5mu" --labels cell_type --genes "$data/genes/hg19.genes.bed"
  run bmmc "$seed" --rna "$data/bmmc/rna.h5ad" --atac "$data/bmmc/atac.h5ad" --labels cell_type \
    --donors batch --genes "$data/genes/hg38.genes.bed"
  h1=$data/snare_h1
  run snare_h1 "$seed" --rna "$h1/rna_genes_x_cells.mtx.gz" --rna-names "$h1/genes.txt" \
    --atac "$h1/atac_peaks_x_cells.mtx.gz" --peaks "$h1/peaks.bed" --cells "$h1/cells.txt" \
    --genes "$data/genes/hg38.genes.bed"
  for name in a549 bmmc snare_h1; do
    folder=$out/${name}_$seed
    explain "$folder" "$folder/markers.tsv" forced
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' $name "$seed" "$(size_of "$folder")" "$(gates "$folder")" \
      "$(contrasts "$folder")" "$(contrasts "$folder/forced")" >>"$out/summary.tsv"
    genes_of "$folder" | awk -F'\t' -v OFS='\t' -v d=$name -v s="$seed" '$11 == "yes" { print d, s, $0 }' \
      >>"$out/passed.tsv"
  done
  folder=$out/a549_$seed
  explain "$folder" "$out/targets.tsv" targets
  one_by_one "$folder" targets "$seed" >>"$out/targets_one_by_one.tsv"
  grids evaluate "$folder/study.h5mu" "$folder/surrogate-cis.safetensors" --markers "$out/targets.tsv" \
    -o "$folder/targets/accuracy" -q
  if awk -F'\t' -v s="$seed" -v OFS='\t' 'BEGIN { print "gene", "cell_type" }
      $1 == "a549" && $2 == s { print $3, "all"; n++ } END { exit !n }' "$out/passed.tsv" >"$folder/passed.tsv"; then
    explain "$folder" "$folder/passed.tsv" passed --domain cis
    one_by_one "$folder" passed "$seed" >>"$out/passed_one_by_one.tsv"
  fi
done
