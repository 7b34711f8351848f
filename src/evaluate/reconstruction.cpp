#include "evaluate/reconstruction.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/nan.hpp"
#include "evaluate/agreement.hpp"
#include "evaluate/gene_predictor.hpp"
#include "evaluate/strata.hpp"
#include "math/group_sample.hpp"
#include "math/known_values.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

constexpr int64_t kFewestCellsInType = 10;  // as AccuracyOptions::min_cells_in_type
constexpr int64_t kCellsDecodedAtOnce = kTailRows;

/// Of a cell, with a score for each peak.
double area_of_cell(std::span<const int32_t> open, std::span<const float> scores) {
  std::vector<float> positive, negative;
  negative.reserve(scores.size());
  auto next = open.begin();
  for (size_t peak = 0; peak < scores.size(); ++peak) {
    if (next != open.end() && at(*next) == peak) {
      positive.push_back(scores[peak]);
      ++next;
    } else {
      negative.push_back(scores[peak]);
    }
  }
  return area_under_curve(std::move(positive), negative);
}

std::vector<float> open_shares(const Study& study) {
  std::vector<float> open(at(study.peaks.size()));
  for (const int32_t cell : study.cells_of(Split::kTrain)) {
    for (const int32_t peak : study.open.row(cell)) open[at(peak)] += 1;
  }
  return open;  // in the same order as shares
}

}  // namespace

double area_under_curve(std::vector<float> positive, std::span<const float> negative) {
  if (positive.empty() || negative.empty()) return kNaN;
  std::sort(positive.begin(), positive.end());
  int64_t twice = 0;
  for (const float value : negative) {
    const auto [first, last] = std::equal_range(positive.begin(), positive.end(), value);
    twice += 2 * (positive.end() - last) + (last - first);
  }
  return static_cast<double>(twice) /
         (2 * static_cast<double>(positive.size()) * static_cast<double>(negative.size()));
}

std::vector<AlignmentRow> judge_rna_reconstruction(const Study& study,
                                                   std::span<const int32_t> cells,
                                                   const FoldedSurrogate& surrogate,
                                                   const Context& context) {
  auto& pool = context.pool;
  const auto expression = select_rows(study.expression, cells);
  const auto features = surrogate.decoder_features(pool, surrogate.rna_latents(pool, expression));
  const AgreementScorer scorer(study, cells, kFewestCellsInType);
  std::vector<double> r(at(study.genes.size())), within(r.size());
  for_runs_of_genes(study.genes.size(), [&](int64_t first, int64_t last) {
    context.check_cancelled();
    std::vector<int32_t> genes;
    for (int64_t gene = first; gene < last; ++gene) genes.push_back(static_cast<int32_t>(gene));
    const auto layer = surrogate.output_layer(genes);
    const auto width = layer.size();
    const auto count = std::ssize(cells);
    const auto measured = to_dense(expression, first, last);
    std::vector<float> decoded(at(count * width));
    const int64_t hidden = surrogate.shape().rna_hidden_1;
    pool.for_blocks(count, kTailRows, [&](int64_t begin, int64_t end, int64_t) {
      // Whole blocks, the last one padded: no row's bits depend on the others.
      std::vector<float> in(at(kTailRows * hidden)), out(at(kTailRows * width));
      std::copy_n(features.data() + begin * hidden, (end - begin) * hidden, in.data());
      surrogate.read_outputs(layer, 1, in.data(), out.data());
      std::copy_n(out.data(), (end - begin) * width, decoded.data() + begin * width);
    });
    pool.for_each(width, [&](int64_t g) {
      std::vector<float> x(at(count)), y(at(count));
      for (int64_t cell = 0; cell < count; ++cell) {
        x[at(cell)] = measured[at(cell * width + g)];
        y[at(cell)] = std::max(0.0f, decoded[at(cell * width + g)]);
      }
      const auto agreement = scorer.score(x, y);
      r[at(first + g)] = agreement.r;
      within[at(first + g)] = agreement.within_type_r;
    });
  });
  const auto row = [&](const char* measure, std::span<const double> values) {
    return AlignmentRow{"expression",       measure, kRnaWord, kAllTypes, std::ssize(cells),
                        mean_known(values), kNaN,    0};
  };
  return {row(measure::kReconstructionR, r), row(measure::kReconstructionWithinTypeR, within)};
}

AlignmentRow judge_atac_reconstruction(const Study& study, std::span<const int32_t> cells,
                                       const FoldedSurrogate& surrogate, const Context& context) {
  auto& pool = context.pool;
  std::vector<int32_t> types;
  for (const int32_t cell : cells) types.push_back(study.cells.type.codes[at(cell)]);
  const auto type_count = std::ssize(study.cells.type.names);
  const auto asked = group_sample(types, type_count, kMostDecodedCells, context.seed);
  std::vector<int32_t> chosen;
  chosen.reserve(asked.size());
  for (const int32_t position : asked) chosen.push_back(cells[at(position)]);
  const auto open = select_rows(study.open, chosen);
  const auto latents = surrogate.atac_latents(pool, open);
  const int64_t latent = surrogate.shape().latent;
  const auto shares = open_shares(study);
  const auto peaks = study.peaks.size();
  std::vector<double> area(chosen.size()), of_shares(chosen.size());
  for (int64_t first = 0; first < open.rows; first += kCellsDecodedAtOnce) {
    context.check_cancelled();
    const int64_t count = std::min(kCellsDecodedAtOnce, open.rows - first);
    const auto logits = surrogate.decode_atac(
        pool, std::span(latents).subspan(at(first * latent), at(count * latent)));
    pool.for_each(count, [&](int64_t i) {
      const auto row = open.row(first + i);
      area[at(first + i)] = area_of_cell(row, std::span(logits).subspan(at(i * peaks), at(peaks)));
      of_shares[at(first + i)] = area_of_cell(row, shares);
    });
  }
  const Strata strata(types, type_count, asked);
  const auto mean = strata.mean(area);
  return {"peaks",
          measure::kReconstructionAuroc,
          kAtacWord,
          kAllTypes,
          std::ssize(cells),
          mean.value,
          mean.standard_error,
          strata.mean(of_shares).value};
}

}  // namespace grids::core
