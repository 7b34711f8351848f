#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "grids/commands.hpp"
#include "library/asked.hpp"
#include "library/function_model.hpp"
#include "library/options.hpp"
#include "library/parts.hpp"
#include "library/tables.hpp"
#include "pipeline/model_question.hpp"

namespace grids {
namespace {

core::FeatureMatrix matrix_of(OwnRows&& rows) {
  core::FeatureMatrix matrix;
  matrix.source = "the data";
  matrix.rows = rows.rows;
  matrix.features = rows.features;
  matrix.values = std::move(rows.values);
  matrix.labels = std::move(rows.labels);
  matrix.names = std::move(rows.names);
  if (matrix.rows < 0 || matrix.features < 1 ||
      std::ssize(matrix.values) != matrix.rows * matrix.features) {
    throw core::input_error("the data: {} values for {} rows × {} features", matrix.values.size(),
                            matrix.rows, matrix.features);
  }
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    if (std::isfinite(matrix.values[i])) continue;
    throw core::input_error("the data: row {}, feature {} is {}", i / core::at(matrix.features),
                            i % core::at(matrix.features), matrix.values[i]);
  }
  if (!matrix.labels.empty() && std::ssize(matrix.labels) != matrix.rows) {
    throw core::input_error("the data: {} labels for {} rows", matrix.labels.size(), matrix.rows);
  }
  if (!matrix.names.empty() && std::ssize(matrix.names) != matrix.features) {
    throw core::input_error("the data: {} names for {} features", matrix.names.size(),
                            matrix.features);
  }
  return matrix;
}

}  // namespace

std::vector<Table> explain_model(const OwnModel& model, OwnRows rows, const Options& options,
                                 Session& session) {
  core::ModelArguments asked;
  assign(asked, options, "explain");
  const auto context = session.parts().context();
  auto replacement = std::move(rows.replacement);
  const int64_t first_of_test = rows.first_of_test;
  const auto chosen = core::choose_rows(asked, matrix_of(std::move(rows)), first_of_test, context);
  core::require_image(asked, chosen.all);
  if (replacement.empty()) replacement = core::replacement_of(asked, chosen);
  const FunctionModel maskable(model, chosen.all, std::move(replacement));
  const auto results = core::ask_model(asked, maskable, model.name, chosen, context);
  core::tell(results, context);
  return tables_of(core::model_tables(results));
}

}  // namespace grids
