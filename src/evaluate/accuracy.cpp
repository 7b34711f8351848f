#include "evaluate/accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

/// Scores a run of genes, genes in parallel; values are cells × `scores.size()`, row-major. The
/// same for any number of threads: a gene is scored whole by one of them.
void score_genes(const AgreementScorer& scorer, std::span<const float> measured,
                 std::span<const float> predicted, const Context& context,
                 std::span<GeneAgreement> scores) {
  constexpr int64_t kGenesInBlock = 16;  // one cache line of a row
  const auto genes = static_cast<int64_t>(scores.size());
  const auto cells = static_cast<int64_t>(measured.size()) / genes;
  if (predicted.size() != measured.size()) {
    throw internal_error("{} predicted values for {} cells × {} genes", predicted.size(), cells,
                         genes);
  }
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
      scores[at(begin + g)] =
          scorer.score({x.data() + g * cells, at(cells)}, {y.data() + g * cells, at(cells)});
    }
  });
}

/// A name for the tables, and what is judged under it.
struct NamedPredictor {
  const char* name;
  GenePredictor predict;
};

std::vector<NamedPredictor> predictors_of(const Study& study, std::span<const int32_t> training,
                                          std::span<const int32_t> cells,
                                          const GenePredictor& surrogate,
                                          const AccuracyOptions& options, const Context& context) {
  std::vector<NamedPredictor> predictors = {
      {"surrogate", surrogate},
      {"gene mean", predict_gene_mean(study, training, cells)},
      {"type mean", predict_type_mean(study, training, cells)},
      {"depth", predict_from_depth(study, training, cells)}};
  if (!options.peak_baselines) return predictors;
  const auto scores = peak_scores(study, training, cells, options.peaks, context);
  predictors.push_back({"linear", predict_linear(study, training, scores, context)});
  predictors.push_back(
      {"neighbours", predict_from_neighbours(study, training, scores, options.peaks, context)});
  return predictors;
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
  ColumnText column;
  double GeneAgreement::*field;
};

constexpr AccuracyMeasure kMeasures[] = {
    {column::kR, &GeneAgreement::r},
    {column::kR2, &GeneAgreement::r2},
    {column::kWithinTypeR, &GeneAgreement::within_type_r},
    {column::kWithinTypeRPartial, &GeneAgreement::within_type_r_partial},
};

/// A predictor on one gene.
struct JudgedGeneRow {
  const Study& study;
  const Accuracy& accuracy;
  const PredictorAccuracy& predictor;
  size_t gene;
};

Columns<JudgedGeneRow> accuracy_columns() {
  std::vector<Column<JudgedGeneRow>> columns = {
      {column::kGene, [](const JudgedGeneRow& row) { return row.study.genes.names[row.gene]; }},
      {column::kPredictor, [](const JudgedGeneRow& row) { return row.predictor.predictor; }}};
  for (const auto& measure : kMeasures) {
    columns.push_back({measure.column, [field = measure.field](const JudgedGeneRow& row) {
                         return row.predictor.genes[row.gene].*field;
                       }});
  }
  columns.push_back({"n", "cells", [](const JudgedGeneRow& row) { return row.accuracy.cells; }});
  return {"accuracy.tsv", "a row for each gene and predictor", std::move(columns)};
}

/// A predictor over all genes.
struct PredictorRow {
  const PredictorAccuracy& predictor;
  int64_t judged = 0;    ///< genes with an R²
  int64_t positive = 0;  ///< of these, above 0

  Summary summary(double GeneAgreement::*field) const {
    std::vector<double> values;
    for (const auto& gene : predictor.genes) values.push_back(gene.*field);
    return summarise(std::move(values));
  }
};

Columns<PredictorRow> accuracy_summary_columns() {
  std::vector<Column<PredictorRow>> columns = {
      {column::kPredictor, [](const PredictorRow& row) { return row.predictor.predictor; }},
      {column::kJudgedGenes, &PredictorRow::judged}};
  for (const auto& measure : kMeasures) {
    const auto said = fmt::format("of `{}` over these genes", measure.column.name);
    columns.push_back({mean_of(measure.column), said, [field = measure.field](const auto& row) {
                         return row.summary(field).mean;
                       }});
    columns.push_back({median_of(measure.column), said, [field = measure.field](const auto& row) {
                         return row.summary(field).median;
                       }});
  }
  columns.push_back({column::kShareR2Positive, [](const PredictorRow& row) {
                       return static_cast<double>(row.positive) / static_cast<double>(row.judged);
                     }});
  return {"accuracy_summary.tsv", "a row for each predictor", std::move(columns)};
}

struct MeanRow {
  const Study& study;
  const MarkerMean& mean;
};

Columns<MeanRow> marker_mean_columns() {
  return {
      "marker_means.tsv",
      "a row for each cell type and marker",
      {{column::kCellType,
        [](const MeanRow& row) { return row.study.cells.type.names[at(row.mean.type)]; }},
       {column::kGene, [](const MeanRow& row) { return row.study.genes.names[at(row.mean.gene)]; }},
       {column::kMeasuredMean, [](const MeanRow& row) { return row.mean.measured; }},
       {column::kPredictedMean, [](const MeanRow& row) { return row.mean.predicted; }}}};
}

}  // namespace

void AccuracyOptions::describe(OptionSet& set) {
  set.inner("min-cells-in-type", min_cells_in_type, at_least(5));  // three columns are taken out
  set.inner("components", peaks.components, at_least(1));
  set.inner("neighbours", peaks.neighbours, at_least(1));
}

Accuracy judge_accuracy(const Study& study, std::span<const int32_t> cells,
                        const GenePredictor& surrogate, const AccuracyOptions& options,
                        const Context& context) {
  validate(options, "accuracy options");
  const auto training = study.cells_of(Split::kTrain);
  if (cells.empty() || training.empty()) {
    throw input_error("accuracy needs cells to judge and training cells; there are {} and {}",
                      cells.size(), training.size());
  }
  const auto predictors = predictors_of(study, training, cells, surrogate, options, context);
  const AgreementScorer scorer(study, cells, options.min_cells_in_type);
  const auto expression = select_rows(study.expression, cells);
  Accuracy accuracy;
  accuracy.cells = static_cast<int64_t>(cells.size());
  for (const auto& [name, predict] : predictors) {
    accuracy.predictors.push_back({name, std::vector<GeneAgreement>(at(study.genes.size()))});
  }
  for_runs_of_genes(study.genes.size(), [&](int64_t first, int64_t last) {
    const auto measured = to_dense(expression, first, last);
    for (size_t i = 0; i < predictors.size(); ++i) {
      context.check_cancelled();
      const std::span genes(accuracy.predictors[i].genes);
      score_genes(scorer, measured, predictors[i].predict(first, last), context,
                  genes.subspan(at(first), at(last - first)));
    }
  });
  return accuracy;
}

Table accuracy_table(const Study& study, const Accuracy& accuracy) {
  std::vector<JudgedGeneRow> rows;
  for (size_t gene = 0; gene < study.genes.names.size(); ++gene) {
    for (const auto& predictor : accuracy.predictors) {
      rows.push_back({study, accuracy, predictor, gene});
    }
  }
  return accuracy_columns().table(rows);
}

TableText describe_accuracy() {
  return accuracy_columns().describe();
}

std::string mean_of(const ColumnText& measure) {
  return fmt::format("mean_{}", measure.name);
}

std::string median_of(const ColumnText& measure) {
  return fmt::format("median_{}", measure.name);
}

Table accuracy_summary_table(const Accuracy& accuracy) {
  std::vector<PredictorRow> rows;
  for (const auto& predictor : accuracy.predictors) {
    PredictorRow row{predictor};
    for (const auto& gene : predictor.genes) {
      if (std::isnan(gene.r2)) continue;
      ++row.judged;
      if (gene.r2 > 0) ++row.positive;
    }
    rows.push_back(row);
  }
  return accuracy_summary_columns().table(rows);
}

TableText describe_accuracy_summary() {
  return accuracy_summary_columns().describe();
}

std::vector<MarkerMean> marker_means(const Study& study, std::span<const int32_t> cells,
                                     std::span<const float> predicted,
                                     std::span<const int32_t> genes) {
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
        mean.predicted += predicted[i * genes.size() + g];
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
  return marker_mean_columns().table(means, [&](const MarkerMean& mean) {
    return MeanRow{study, mean};
  });
}

TableText describe_marker_means() {
  return marker_mean_columns().describe();
}

}  // namespace grids::core
