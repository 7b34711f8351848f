#include "evaluate/baselines.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "evaluate/agreement.hpp"
#include "math/least_squares.hpp"

namespace grids::core {
namespace {

/// Adds the expression of a cell, times a factor, to a row over all genes.
void add_expression(const Study& study, int32_t cell, double factor, std::span<double> row) {
  const auto genes = study.expression.row_indices(cell);
  const auto values = study.expression.row_values(cell);
  for (size_t i = 0; i < genes.size(); ++i) {
    row[static_cast<size_t>(genes[i])] += factor * values[i];
  }
}

std::vector<double> mean_expression(const Study& study, std::span<const int32_t> cells) {
  std::vector<double> mean(at(study.genes.size()));
  for (const int32_t cell : cells) {
    add_expression(study, cell, 1.0 / static_cast<double>(cells.size()), mean);
  }
  return mean;
}

}  // namespace

GenePredictor predict_gene_mean(const Study& study, std::span<const int32_t> training,
                                std::span<const int32_t> cells) {
  return
      [mean = mean_expression(study, training), count = cells.size()](int64_t first, int64_t last) {
        std::vector<float> predicted;
        predicted.reserve(count * at(last - first));
        for (size_t i = 0; i < count; ++i) {
          predicted.insert(predicted.end(), mean.begin() + first, mean.begin() + last);
        }
        return predicted;
      };
}

GenePredictor predict_type_mean(const Study& study, std::span<const int32_t> training,
                                std::span<const int32_t> cells) {
  const auto& codes = study.cells.type.codes;
  const auto overall = mean_expression(study, training);
  std::vector<std::vector<double>> means;
  for (size_t type = 0; type < study.cells.type.names.size(); ++type) {
    std::vector<int32_t> members;
    for (const int32_t cell : training) {
      if (codes[at(cell)] == static_cast<int32_t>(type)) members.push_back(cell);
    }
    means.push_back(members.empty() ? overall : mean_expression(study, members));
  }
  std::vector<int32_t> types;
  for (const int32_t cell : cells) types.push_back(codes[at(cell)]);
  return [means = std::move(means), types = std::move(types)](int64_t first, int64_t last) {
    std::vector<float> predicted;
    predicted.reserve(types.size() * at(last - first));
    for (const int32_t type : types) {
      const auto& mean = means[at(type)];
      predicted.insert(predicted.end(), mean.begin() + first, mean.begin() + last);
    }
    return predicted;
  };
}

GenePredictor predict_from_depth(const Study& study, std::span<const int32_t> training,
                                 std::span<const int32_t> cells) {
  const size_t genes = at(study.genes.size());
  const auto x = depth_columns(study, training);
  std::vector<double> gram(9);
  std::vector<double> fitted(3 * genes);
  for (size_t a = 0; a < 3; ++a) {
    const std::span row(fitted.data() + a * genes, genes);
    for (size_t i = 0; i < training.size(); ++i) add_expression(study, training[i], x[a][i], row);
    for (size_t b = 0; b < 3; ++b) {
      for (size_t i = 0; i < training.size(); ++i) gram[a * 3 + b] += x[a][i] * x[b][i];
    }
  }
  // A whisper of a ridge: one of the two may not vary (fixed depth), and then says nothing.
  for (size_t a = 0; a < 3; ++a) gram[a * 4] += 1e-9 * (gram[a * 4] + 1);
  solve_positive_definite(std::move(gram), 3, fitted, static_cast<int64_t>(genes));

  return [coefficients = std::move(fitted), genes, depth = depth_columns(study, cells)](
             int64_t first, int64_t last) {
    std::vector<float> predicted;
    predicted.reserve(depth[0].size() * at(last - first));
    for (size_t i = 0; i < depth[0].size(); ++i) {
      for (size_t g = at(first); g < at(last); ++g) {
        double sum = 0;
        for (size_t a = 0; a < 3; ++a) sum += depth[a][i] * coefficients[a * genes + g];
        predicted.push_back(static_cast<float>(sum));
      }
    }
    return predicted;
  };
}

}  // namespace grids::core
