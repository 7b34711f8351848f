#include "evaluate/accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids {
namespace {

std::vector<float> dense_expression(const Study& study, std::span<const int32_t> cells) {
  return to_dense(select_rows(study.expression, cells));
}

/// Row-major cells × genes; genes in parallel. The same for any number of threads: a gene is scored
/// whole by one of them.
std::vector<GeneAgreement> score_genes(const AgreementScorer& scorer, int64_t cells, int64_t genes,
                                       std::span<const float> measured,
                                       std::span<const float> predicted, const Context& context) {
  std::vector<GeneAgreement> result(at(genes));
  constexpr int64_t kGenesInBlock = 16;  // one cache line of a row
  context.pool.for_blocks(genes, kGenesInBlock, [&](int64_t begin, int64_t end, int64_t) {
    const int64_t width = end - begin;
    std::vector<float> x(at(width * cells));
    std::vector<float> y(at(width * cells));
    for (int64_t cell = 0; cell < cells; ++cell) {
      for (int64_t g = 0; g < width; ++g) {
        x[at(g * cells + cell)] = measured[at(cell * genes + begin + g)];
        y[at(g * cells + cell)] = predicted[at(cell * genes + begin + g)];
      }
    }
    for (int64_t g = 0; g < width; ++g) {
      result[at(begin + g)] =
          scorer.score({x.data() + g * cells, at(cells)}, {y.data() + g * cells, at(cells)});
    }
  });
  return result;
}

struct Summary {
  double mean;
  double median;
};

/// Over what is not NaN; NaN when nothing is.
Summary summarise(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    return {kNaN, kNaN};
  }
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += value;
  const size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {sum / static_cast<double>(values.size()), median};
}

struct AccuracyMeasure {
  const char* name;
  double GeneAgreement::*field;
};

constexpr AccuracyMeasure kMeasures[] = {
    {"r", &GeneAgreement::r},
    {"r2", &GeneAgreement::r2},
    {"within_type_r", &GeneAgreement::within_type_r},
    {"within_type_r_partial", &GeneAgreement::within_type_r_partial},
};

}  // namespace

void AccuracyOptions::describe(OptionSet& set) {
  set.inner("min-cells-in-type", min_cells_in_type, at_least(5));  // three columns are taken out
  set.inner("components", peaks.components, at_least(1));
  set.inner("neighbours", peaks.neighbours, at_least(1));
}

Accuracy judge_accuracy(const Study& study, std::span<const int32_t> cells,
                        std::span<const float> predicted, const AccuracyOptions& options,
                        const Context& context) {
  validate(options, "accuracy options");
  const auto training = study.cells_of(Split::kTrain);
  if (cells.empty() || training.empty()) {
    throw input_error("accuracy needs cells to judge and training cells; there are {} and {}",
                      cells.size(), training.size());
  }
  const auto count = static_cast<int64_t>(cells.size());
  const int64_t genes = study.genes.size();
  if (predicted.size() != at(count * genes)) {
    throw internal_error("{} predicted values for {} cells × {} genes", predicted.size(), count,
                         genes);
  }

  const AgreementScorer scorer(study, cells, options.min_cells_in_type);
  const auto measured = dense_expression(study, cells);
  Accuracy accuracy;
  accuracy.cells = count;
  const auto judge = [&](const char* name, std::span<const float> values) {
    context.check_cancelled();
    accuracy.predictors.push_back(
        {name, score_genes(scorer, count, genes, measured, values, context)});
  };
  judge("surrogate", predicted);
  judge("gene mean", predict_gene_mean(study, training, cells));
  judge("type mean", predict_type_mean(study, training, cells));
  judge("depth", predict_from_depth(study, training, cells));
  if (options.peak_baselines) {
    const auto scores = peak_scores(study, training, cells, options.peaks, context);
    judge("linear", predict_linear(study, training, scores, context));
    judge("neighbours", predict_from_neighbours(study, training, scores, options.peaks, context));
  }
  return accuracy;
}

Table accuracy_table(const Study& study, const Accuracy& accuracy) {
  Table table({"gene", "predictor", "r", "r2", "within_type_r", "within_type_r_partial", "n"});
  for (int64_t gene = 0; gene < study.genes.size(); ++gene) {
    for (const auto& predictor : accuracy.predictors) {
      std::vector<std::string> row = {study.genes.names[at(gene)], predictor.predictor};
      for (const auto& measure : kMeasures) {
        row.push_back(format_number(predictor.genes[at(gene)].*measure.field));
      }
      row.push_back(std::to_string(accuracy.cells));
      table.add(std::move(row));
    }
  }
  return table;
}

Table accuracy_summary_table(const Accuracy& accuracy) {
  std::vector<std::string> columns = {"predictor", "genes"};
  for (const auto& measure : kMeasures) {
    columns.push_back(fmt::format("mean_{}", measure.name));
    columns.push_back(fmt::format("median_{}", measure.name));
  }
  columns.emplace_back("share_r2_positive");
  Table table(std::move(columns));
  for (const auto& predictor : accuracy.predictors) {
    int64_t judged = 0;
    int64_t positive = 0;
    for (const auto& gene : predictor.genes) {
      if (std::isnan(gene.r2)) continue;
      ++judged;
      if (gene.r2 > 0) ++positive;
    }
    std::vector<std::string> row = {predictor.predictor, std::to_string(judged)};
    for (const auto& measure : kMeasures) {
      std::vector<double> values;
      for (const auto& gene : predictor.genes) values.push_back(gene.*measure.field);
      const Summary summary = summarise(std::move(values));
      row.push_back(format_number(summary.mean));
      row.push_back(format_number(summary.median));
    }
    row.push_back(format_number(static_cast<double>(positive) / static_cast<double>(judged)));
    table.add(std::move(row));
  }
  return table;
}

std::vector<MarkerMean> marker_means(const Study& study, std::span<const int32_t> cells,
                                     std::span<const float> predicted,
                                     std::span<const int32_t> genes) {
  const size_t all_genes = at(study.genes.size());
  std::map<int32_t, std::vector<size_t>> by_type;
  for (size_t i = 0; i < cells.size(); ++i) {
    by_type[study.cells.type.codes[at(cells[i])]].push_back(i);
  }
  const auto measured = to_dense(select_columns(select_rows(study.expression, cells), genes));
  std::vector<MarkerMean> means;
  for (const auto& [type, positions] : by_type) {
    for (size_t g = 0; g < genes.size(); ++g) {
      MarkerMean mean{type, genes[g], 0, 0};
      for (const size_t i : positions) {
        mean.measured += measured[i * genes.size() + g];
        mean.predicted += predicted[i * all_genes + at(genes[g])];
      }
      mean.measured /= static_cast<double>(positions.size());
      mean.predicted /= static_cast<double>(positions.size());
      means.push_back(mean);
    }
  }
  return means;
}

double marker_means_r2(std::span<const MarkerMean> means) {
  double centre = 0;
  for (const auto& mean : means) centre += mean.measured / static_cast<double>(means.size());
  double error = 0;
  double total = 0;
  for (const auto& mean : means) {
    error += (mean.measured - mean.predicted) * (mean.measured - mean.predicted);
    total += (mean.measured - centre) * (mean.measured - centre);
  }
  return total > 0 ? 1 - error / total : std::numeric_limits<double>::quiet_NaN();
}

Table marker_means_table(const Study& study, std::span<const MarkerMean> means) {
  Table table({"cell_type", "gene", "measured_mean", "predicted_mean"});
  for (const auto& mean : means) {
    table.add({study.cells.type.names[at(mean.type)], study.genes.names[at(mean.gene)],
               format_number(mean.measured), format_number(mean.predicted)});
  }
  return table;
}

}  // namespace grids
