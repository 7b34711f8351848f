/// What `explain --model` writes and says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "explain/explain_model.hpp"
#include "io/columns.hpp"
#include "io/feature_matrix.hpp"
#include "report/masked_images.hpp"

namespace grids::core {

struct ModelResults {
  std::string method;
  ModelQuestion question;
  ExplainedModel explained;
  std::vector<std::string> classes;  ///< names of the outputs
  int32_t from = -1;                 ///< the output of `from_class`, or −1
  std::string from_class;            ///< label of the rows, or empty
  const FeatureMatrix* rows = nullptr;
  int64_t first_of_test_file = 0;  ///< what test rows are counted from
  std::optional<ImageShape> image;

  bool of_class() const { return question.loss.kind == LossKind::kCrossEntropy; }
};

/// subset.tsv, predictions.tsv, summary.tsv, timings.tsv.
std::vector<Table> model_tables(const ModelResults& results);

/// Tables; mask.svg and images.svg where rows are images.
void write_results(const std::filesystem::path& folder, const ModelResults& results);
/// Names of all of them.
std::vector<std::string> model_result_files(bool images);
/// What the tables hold, with a target class or without.
std::vector<TableText> describe_model_results();

/// One line.
void tell(const ModelResults& results, const Context& context);

}  // namespace grids::core
