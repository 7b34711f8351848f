#include "evaluate/markers.hpp"

#include <algorithm>
#include <numeric>

#include "base/at.hpp"
#include "base/error.hpp"
#include "explain/targets.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

/// Sums over the training cells, of each type.
struct TypeSums {
  std::vector<std::vector<double>> sums;  // types, each over genes
  std::vector<double> cells;              // training cells of each type
};

TypeSums training_sums(const Study& study) {
  const size_t types = study.cells.type.names.size();
  TypeSums result;
  result.sums.assign(types, std::vector<double>(at(study.genes.size())));
  result.cells.assign(types, 0);
  for (const int32_t cell : study.cells_of(Split::kTrain)) {
    const size_t type = at(study.cells.type.codes[at(cell)]);
    const auto genes = study.expression.row_indices(cell);
    const auto values = study.expression.row_values(cell);
    for (size_t i = 0; i < genes.size(); ++i) result.sums[type][at(genes[i])] += values[i];
    result.cells[type] += 1;
  }
  return result;
}

/// Which genes the prediction beats the training mean on, in squared error.
std::vector<bool> better_than_mean(const Study& study, std::span<const int32_t> validation,
                                   const GenePredictor& predictor, const TypeSums& training) {
  const double cells = std::accumulate(training.cells.begin(), training.cells.end(), 0.0);
  const auto expression = select_rows(study.expression, validation);
  std::vector<bool> better(at(study.genes.size()));
  for_runs_of_genes(study.genes.size(), [&](int64_t first, int64_t last) {
    const size_t width = at(last - first);
    std::vector<double> mean(width), gain(width);
    for (const auto& sums : training.sums) {
      for (size_t g = 0; g < width; ++g) mean[g] += sums[at(first) + g] / cells;
    }
    const auto measured = to_dense(expression, first, last);
    const auto predicted = predictor(first, last);
    for (size_t i = 0; i < measured.size(); ++i) {
      const double of_mean = measured[i] - mean[i % width];
      const double of_prediction = measured[i] - predicted[i];
      gain[i % width] += of_mean * of_mean - of_prediction * of_prediction;
    }
    for (size_t g = 0; g < width; ++g) better[at(first) + g] = gain[g] > 0;
  });
  return better;
}

/// Where the gene's mean over training cells is highest; −1 without training cells.
int32_t type_of_highest_mean(const TypeSums& training, int32_t gene) {
  int32_t highest = -1;
  double highest_mean = -1;
  for (size_t type = 0; type < training.cells.size(); ++type) {
    if (training.cells[type] == 0) continue;
    const double mean = training.sums[type][at(gene)] / training.cells[type];
    if (mean > highest_mean) {
      highest_mean = mean;
      highest = static_cast<int32_t>(type);
    }
  }
  return highest;
}

}  // namespace

MarkerChoice choose_markers(const Study& study, std::span<const int32_t> validation,
                            const GenePredictor& predicted, const MarkerOptions& options) {
  const size_t genes = at(study.genes.size());
  const auto training = training_sums(study);
  MarkerChoice choice;
  choice.gated = !validation.empty();
  std::vector<bool> eligible(genes, true);
  if (choice.gated) eligible = better_than_mean(study, validation, predicted, training);

  std::vector<double> total(genes);
  for (const auto& sums : training.sums) {
    for (size_t g = 0; g < genes; ++g) total[g] += sums[g];
  }
  const double all_cells = std::accumulate(training.cells.begin(), training.cells.end(), 0.0);
  for (size_t type = 0; type < training.sums.size(); ++type) {
    const double within = training.cells[type];
    const double rest = all_cells - within;
    if (within == 0 || rest == 0) continue;
    std::vector<double> difference(genes);
    std::vector<int32_t> order;
    for (size_t g = 0; g < genes; ++g) {
      const double sum = training.sums[type][g];
      difference[g] = sum / within - (total[g] - sum) / rest;
      if (eligible[g] && difference[g] > 0) order.push_back(static_cast<int32_t>(g));
    }
    const auto avoided = [&](int32_t gene) {
      return !options.avoided.empty() && options.avoided[at(gene)] != 0;
    };
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      if (avoided(a) != avoided(b)) return avoided(b);
      return difference[at(a)] > difference[at(b)];
    });
    if (order.size() > at(options.per_type)) order.resize(at(options.per_type));
    for (const int32_t gene : order) choice.markers.push_back({static_cast<int32_t>(type), gene});
  }
  return choice;
}

std::vector<Marker> find_markers(const Study& study, std::span<const MarkerRequest> requests) {
  const auto training = training_sums(study);
  Problems problems;
  std::vector<Marker> markers;
  const auto add = [&](Marker marker) {
    if (std::find(markers.begin(), markers.end(), marker) == markers.end()) {
      markers.push_back(marker);
    }
  };
  for (const auto& request : requests) {
    const auto gene = find_gene(study, request.gene, problems);
    if (request.cell_type.empty()) {
      const int32_t highest = gene ? type_of_highest_mean(training, *gene) : -1;
      if (highest >= 0) add({highest, *gene});
      continue;
    }
    // A marker marks one type: `all`, as users wrote before there was `each`, is each of them.
    const auto& wanted = request.cell_type == kAllTypes ? kEachType : request.cell_type;
    for (const auto& type : find_types(study, wanted, problems)) {
      if (type && gene) add({*type, *gene});
    }
  }
  problems.raise(ErrorKind::kInput, "the list of genes to explain");
  return markers;
}

std::vector<int32_t> genes_of_markers(std::span<const Marker> markers) {
  std::vector<int32_t> genes;
  for (const Marker& marker : markers) {
    if (std::find(genes.begin(), genes.end(), marker.gene) == genes.end()) {
      genes.push_back(marker.gene);
    }
  }
  return genes;
}

std::vector<MarkerName> marker_names(const Study& study, std::span<const Marker> markers) {
  std::vector<MarkerName> names;
  for (const auto& marker : markers) {
    names.push_back({study.cells.type.names[at(marker.type)], study.genes.names[at(marker.gene)]});
  }
  return names;
}

Columns<MarkerName> marker_columns() {
  return {"markers.tsv",
          "what `grids run` explains",
          {{column::kCellType, &MarkerName::cell_type}, {column::kGene, &MarkerName::gene}}};
}

}  // namespace grids::core
