// The baselines that look at peaks: principal components, then ridge or neighbours.

#include <algorithm>
#include <limits>

#include "base/at.hpp"
#include "base/thread_pool.hpp"
#include "evaluate/baselines.hpp"
#include "math/gemm.hpp"
#include "math/least_squares.hpp"
#include "math/neighbours.hpp"
#include "math/pca.hpp"

namespace grids::core {
namespace {

/// Rows of scores and expression to fit on or to predict.
struct SampleRows {
  int64_t components;
  std::vector<float> scores;  // rows × components
  CsrMatrix expression;       // rows × genes

  int64_t rows() const { return expression.rows(); }
  int64_t genes() const { return expression.columns(); }
};

/// Sums over a sample that ridge regression needs, whatever the penalty.
struct Moments {
  std::vector<double> mean_score;  // components
  std::vector<double> mean_value;  // genes
  std::vector<double> gram;        // components × components, of centred scores
  std::vector<double> cross;       // components × genes, centred
};

Moments moments(const SampleRows& sample, const Context& context) {
  const int64_t rows = sample.rows();
  const int64_t k = sample.components;
  const int64_t genes = sample.genes();
  const auto n = static_cast<double>(rows);
  Moments m;
  m.mean_score.assign(at(k), 0);
  m.gram.assign(at(k * k), 0);
  for (int64_t row = 0; row < rows; ++row) {
    const float* t = sample.scores.data() + row * k;
    for (int64_t a = 0; a < k; ++a) {
      m.mean_score[at(a)] += t[a] / n;
      for (int64_t b = 0; b < k; ++b) m.gram[at(a * k + b)] += static_cast<double>(t[a]) * t[b];
    }
  }
  for (int64_t a = 0; a < k; ++a) {
    for (int64_t b = 0; b < k; ++b) {
      m.gram[at(a * k + b)] -= n * m.mean_score[at(a)] * m.mean_score[at(b)];
    }
  }
  m.mean_value.assign(at(genes), 0);
  m.cross.assign(at(k * genes), 0);
  const CsrMatrix by_gene = transpose(sample.expression);
  context.pool.for_blocks(genes, 64, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<double> sum(at(k));
    for (int64_t gene = begin; gene < end; ++gene) {
      std::fill(sum.begin(), sum.end(), 0.0);
      double total = 0;
      const auto cells = by_gene.row_indices(gene);
      const auto values = by_gene.row_values(gene);
      for (size_t i = 0; i < cells.size(); ++i) {
        const float* t = sample.scores.data() + cells[i] * k;
        for (int64_t a = 0; a < k; ++a) sum[at(a)] += static_cast<double>(values[i]) * t[a];
        total += values[i];
      }
      m.mean_value[at(gene)] = total / n;
      for (int64_t a = 0; a < k; ++a) {
        m.cross[at(a * genes + gene)] = sum[at(a)] - total * m.mean_score[at(a)];
      }
    }
  });
  return m;
}

/// Predictions of a ridge fit with a penalty relative to the mean variance of the scores.
GenePredictor ridge_predict(const Moments& m, double penalty, std::span<const float> scores,
                            const Context& context) {
  const auto k = static_cast<int64_t>(m.mean_score.size());
  const auto genes = static_cast<int64_t>(m.mean_value.size());
  const auto rows = static_cast<int64_t>(scores.size()) / k;
  double trace = 0;
  for (int64_t a = 0; a < k; ++a) trace += m.gram[at(a * k + a)];
  auto gram = m.gram;
  const double smallest = std::numeric_limits<double>::min();
  for (int64_t a = 0; a < k; ++a) {
    gram[at(a * k + a)] += std::max(smallest, penalty * trace / static_cast<double>(k));
  }
  auto solution = m.cross;
  solve_positive_definite(std::move(gram), k, solution, genes);

  std::vector<float> from_mean(scores.begin(), scores.end());
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t a = 0; a < k; ++a) {
      from_mean[at(row * k + a)] -= static_cast<float>(m.mean_score[at(a)]);
    }
  }
  return [centred = std::move(from_mean), mean = m.mean_value, k, genes, rows,
          coefficients = std::vector<float>(solution.begin(), solution.end()),
          &pool = context.pool](int64_t first, int64_t last) {
    std::vector<float> predicted;
    predicted.reserve(at(rows * (last - first)));
    for (int64_t row = 0; row < rows; ++row) {
      predicted.insert(predicted.end(), mean.begin() + first, mean.begin() + last);
    }
    gemm(pool, Transpose::kNo, Transpose::kNo, rows, last - first, k, centred.data(), k,
         coefficients.data() + first, genes, 1.0f, predicted.data(), last - first);
    return predicted;
  };
}

/// Mean over genes of the squared error relative to that of the training mean.
double relative_error(const SampleRows& sample, const Moments& fitted,
                      const GenePredictor& predictor) {
  double sum = 0;
  for_runs_of_genes(sample.genes(), [&](int64_t first, int64_t last) {
    const auto measured = to_dense(sample.expression, first, last);
    const auto predicted = predictor(first, last);
    const size_t width = at(last - first);
    std::vector<double> error(width), of_mean(width);
    for (size_t i = 0; i < measured.size(); ++i) {
      const size_t gene = i % width;
      const double of_prediction = measured[i] - predicted[i];
      const double from_mean = measured[i] - fitted.mean_value[at(first) + gene];
      error[gene] += of_prediction * of_prediction;
      of_mean[gene] += from_mean * from_mean;
    }
    for (size_t gene = 0; gene < width; ++gene) {
      if (of_mean[gene] > 0) sum += error[gene] / of_mean[gene];
    }
  });
  return sum / static_cast<double>(sample.genes());
}

SampleRows take(const Study& study, std::span<const int32_t> training, const PeakScores& scores,
                std::span<const int32_t> positions) {
  SampleRows sample{scores.components, {}, {}};
  std::vector<int32_t> cells;
  for (const int32_t position : positions) {
    cells.push_back(training[at(position)]);
    const float* row = scores.training.data() + position * scores.components;
    sample.scores.insert(sample.scores.end(), row, row + scores.components);
  }
  sample.expression = select_rows(study.expression, cells);
  return sample;
}

}  // namespace

PeakScores peak_scores(const Study& study, std::span<const int32_t> training,
                       std::span<const int32_t> cells, const PeakBaselineOptions& options,
                       const Context& context) {
  const auto open = select_rows(study.open, training);
  const auto weights = TfIdf::fit(open);
  PcaOptions pca_options;
  pca_options.components = options.components;
  auto fitted = pca(weights.apply(open), pca_options, context);
  PeakScores scores;
  scores.components = fitted.components;
  scores.cells = pca_project(fitted, weights.apply(select_rows(study.open, cells)), context);
  scores.training = std::move(fitted.scores);
  return scores;
}

GenePredictor predict_linear(const Study& study, std::span<const int32_t> training,
                             const PeakScores& scores, const Context& context) {
  std::vector<int32_t> all;
  std::vector<int32_t> kept;
  std::vector<int32_t> held_out;
  for (size_t i = 0; i < training.size(); ++i) {
    const auto position = static_cast<int32_t>(i);
    all.push_back(position);
    (i % 10 == 9 ? held_out : kept).push_back(position);
  }
  constexpr double kPenalties[] = {1e-3, 1e-2, 1e-1, 1, 10};
  double best_penalty = 0.1;  // with fewer than ten training cells there is nothing to choose on
  if (!held_out.empty()) {
    const Moments fitted = moments(take(study, training, scores, kept), context);
    const SampleRows test = take(study, training, scores, held_out);
    double least = std::numeric_limits<double>::infinity();
    for (const double penalty : kPenalties) {
      const double error =
          relative_error(test, fitted, ridge_predict(fitted, penalty, test.scores, context));
      if (error < least) {
        least = error;
        best_penalty = penalty;
      }
    }
  }
  const Moments fitted = moments(take(study, training, scores, all), context);
  return ridge_predict(fitted, best_penalty, scores.cells, context);
}

GenePredictor predict_from_neighbours(const Study& study, std::span<const int32_t> training,
                                      const PeakScores& scores, const PeakBaselineOptions& options,
                                      const Context& context) {
  NeighbourOptions neighbour_options;
  neighbour_options.count = options.neighbours;
  neighbour_options.distance = Distance::kEuclidean;
  auto found = nearest_neighbours(scores.cells, scores.training, scores.components,
                                  neighbour_options, context);
  return [&study, &pool = context.pool, neighbours = std::move(found),
          rows = std::vector<int32_t>(training.begin(), training.end())](int64_t first,
                                                                         int64_t last) {
    const int64_t width = last - first;
    std::vector<float> predicted(at(neighbours.cells * width));
    pool.for_blocks(neighbours.cells, 32, [&](int64_t begin, int64_t end, int64_t) {
      std::vector<double> sum(at(width));
      for (int64_t cell = begin; cell < end; ++cell) {
        std::fill(sum.begin(), sum.end(), 0.0);
        for (const int32_t neighbour : neighbours.of(cell)) {
          const int32_t row = rows[at(neighbour)];
          const auto indices = study.expression.row_indices(row);
          const auto values = study.expression.row_values(row);
          const auto from = std::lower_bound(indices.begin(), indices.end(), first);
          for (auto i = at(from - indices.begin()); i < indices.size() && indices[i] < last; ++i) {
            sum[at(indices[i] - first)] += values[i];
          }
        }
        for (int64_t gene = 0; gene < width; ++gene) {
          predicted[at(cell * width + gene)] =
              static_cast<float>(sum[at(gene)] / static_cast<double>(neighbours.count));
        }
      }
    });
    return predicted;
  };
}

}  // namespace grids::core
