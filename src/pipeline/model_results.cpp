#include "pipeline/model_results.hpp"

#include <algorithm>

#include "evaluate/set_columns.hpp"
#include "evaluate/timings.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

constexpr size_t kShownImages = 12;
constexpr int64_t kImagesAcross = 3;
constexpr const char* kImages = "images.svg";
constexpr const char* kMask = "mask.svg";

std::string number(int64_t value) {
  return std::to_string(value);
}

/// Of the i-th test row.
std::span<const float> outputs_of(const std::vector<float>& all, const ModelResults& results,
                                  size_t i) {
  return std::span(all).subspan(i * results.classes.size(), results.classes.size());
}

std::string feature_name(const ModelResults& results, Feature feature) {
  const auto& names = results.rows->names;
  if (!names.empty()) return names[static_cast<size_t>(feature)];
  if (!results.image) return number(feature);
  return fmt::format("{},{}", feature / results.image->width, feature % results.image->width);
}

/// A feature of the set, by rank.
struct FeatureRow {
  const ModelResults& results;
  size_t i;

  Feature feature() const { return results.explained.explanation.subset[i]; }
  FeatureScore score() const {
    const auto& scores = results.explained.explanation.scores;
    return scores.empty() ? FeatureScore{} : scores[i];
  }
};

Columns<FeatureRow> subset_columns() {
  using Row = FeatureRow;
  const auto interval = "its 95 % interval, where the method has one; else NA";
  return {
      "subset.tsv",
      "a row for each feature of the set",
      {{column::kRank, [](const Row& row) { return row.i + 1; }},
       {"feature", "column of the matrix, from 0", [](const Row& row) { return row.feature(); }},
       {"name", "of the feature; of images, row and column of the pixel",
        [](const Row& row) { return feature_name(row.results, row.feature()); }},
       {"score", "what the method ranks it by, as in `subsets.tsv`",
        [](const Row& row) { return row.score().score; }},
       {"score_low", interval, [](const Row& row) { return row.score().low; }},
       {"score_high", interval, [](const Row& row) { return row.score().high; }}}};
}

/// A test row, before and after masking.
struct PredictionRow {
  const ModelResults& results;
  size_t i;

  size_t row() const { return static_cast<size_t>(results.question.test[i]); }
  const std::string& class_of(const std::vector<float>& outputs) const {
    return results.classes[static_cast<size_t>(class_read(outputs_of(outputs, results, i)))];
  }
  double probability(const std::vector<float>& outputs) const {
    return class_probability(outputs_of(outputs, results, i), results.question.output);
  }
  float output(const std::vector<float>& outputs) const {
    return outputs_of(outputs, results, i)[static_cast<size_t>(results.question.output)];
  }
};

/// `of_class`: rows are to be read as another class; else an output is to move.
Columns<PredictionRow> prediction_columns(bool of_class) {
  using Row = PredictionRow;
  std::vector<Column<Row>> columns = {
      {"row", "of the file of test rows, from 0",
       [](const Row& row) {
         return static_cast<int64_t>(row.row()) - row.results.first_of_test_file;
       }},
      {"label", "of the row; NA without labels", [](const Row& row) {
         const auto& labels = row.results.rows->labels;
         return labels.empty() ? "NA" : labels[row.row()];
       }}};
  const std::vector<Column<Row>> class_columns = {
      {"class_before", "class that it is read as before masking (with `--target-class`)",
       [](const Row& row) { return row.class_of(row.results.explained.before); }},
      {"class_after", "the same after",
       [](const Row& row) { return row.class_of(row.results.explained.after); }},
      {"probability_before", "of the target class before masking (with `--target-class`)",
       [](const Row& row) { return row.probability(row.results.explained.before); }},
      {"probability_after", "the same after",
       [](const Row& row) { return row.probability(row.results.explained.after); }}};
  const std::vector<Column<Row>> output_columns = {
      {"before", "the output before masking (with `--output`)",
       [](const Row& row) { return row.output(row.results.explained.before); }},
      {"after", "the same after",
       [](const Row& row) { return row.output(row.results.explained.after); }}};
  const auto& own = of_class ? class_columns : output_columns;
  columns.insert(columns.end(), own.begin(), own.end());
  return {"predictions.tsv", "a row for each test row", std::move(columns)};
}

double mean_output(const std::vector<float>& all, const ModelResults& results) {
  double sum = 0;
  for (size_t i = 0; i < results.question.test.size(); ++i) {
    sum += double{outputs_of(all, results, i)[static_cast<size_t>(results.question.output)]};
  }
  return sum / static_cast<double>(results.question.test.size());
}

ClassChange change_of(const ModelResults& results) {
  return class_change(results.explained, std::ssize(results.classes), results.from,
                      results.question.output);
}

Columns<ModelResults> summary_columns(bool of_class) {
  using Row = ModelResults;
  std::vector<Column<Row>> columns = {
      {column::kMethod, &Row::method},
      {"set_size", "features of the set",
       [](const Row& row) { return row.explained.explanation.subset.size(); }},
      {"learn_rows", "rows learned on", [](const Row& row) { return row.question.learn.size(); }},
      {"test_rows", "rows judged on", [](const Row& row) { return row.question.test.size(); }}};
  const std::vector<Column<Row>> class_columns = {
      {"from_class", "the only class whose rows were taken; NA without `--from-class`",
       [](const Row& row) { return row.from_class.empty() ? "NA" : row.from_class; }},
      {"target_class", "that rows are to be read as (with `--target-class`, as the next five)",
       [](const Row& row) { return row.classes[static_cast<size_t>(row.question.output)]; }},
      {"counted_rows",
       "test rows read as `--from-class` unmasked; without it, those not read as the target",
       [](const Row& row) { return change_of(row).counted; }},
      {"turned_rows", "those of them that are read as the target once masked",
       [](const Row& row) { return change_of(row).turned; }},
      {"turned_share", "their share", [](const Row& row) { return change_of(row).share(); }},
      {"probability_before", "mean probability of the target over all test rows, unmasked",
       [](const Row& row) { return change_of(row).probability_before; }},
      {"probability_after", "the same, masked",
       [](const Row& row) { return change_of(row).probability_after; }}};
  const std::vector<Column<Row>> output_columns = {
      {"output", "number of the output (with `--output`, as the next two)",
       [](const Row& row) { return row.question.output; }},
      {"mean_before", "its mean over the test rows, unmasked",
       [](const Row& row) { return mean_output(row.explained.before, row); }},
      {"mean_after", "the same, masked",
       [](const Row& row) { return mean_output(row.explained.after, row); }}};
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  const std::vector<Column<Row>> search_columns = {
      {column::kObjective.saying("what is minimised, on the rows learned on"),
       [](const Row& row) { return row.explained.explanation.objective; }},
      {column::kEvaluations.saying("model evaluations: one is one row under one mask, a gradient "
                                   "counts as three per row"),
       [](const Row& row) { return row.explained.explanation.evaluations; }},
      {"local_optimum", "`true` where no swap of a member would help",
       [flag](const Row& row) { return flag(row.explained.explanation.local_optimum); }},
      {column::kBudgetSpent.saying(
           "`true` where the method would have gone on, but for `--budget`"),
       [flag](const Row& row) { return flag(row.explained.explanation.budget_spent); }}};
  const auto& own = of_class ? class_columns : output_columns;
  columns.insert(columns.end(), own.begin(), own.end());
  columns.insert(columns.end(), search_columns.begin(), search_columns.end());
  return {"summary.tsv", "one row", std::move(columns)};
}

Columns<ModelResults> model_timing_columns() {
  return {"timings.tsv",
          "one row; the only table that differs between two runs with the same seed",
          {{column::kMethod, &ModelResults::method},
           {column::kMethodSeconds.saying("what the method took to choose the features"),
            [](const ModelResults& row) { return row.explained.method_seconds; }}}};
}

/// The first, and after its columns those that only the second has.
TableText both(TableText first, const TableText& second) {
  for (const auto& column : second.columns) {
    if (std::find(first.columns.begin(), first.columns.end(), column) == first.columns.end()) {
      first.columns.push_back(column);
    }
  }
  return first;
}

std::span<const float> pixels(const ModelResults& results, int32_t row) {
  const auto features = static_cast<size_t>(results.rows->features);
  return std::span(results.rows->values).subspan(static_cast<size_t>(row) * features, features);
}

std::string caption(const ModelResults& results, size_t i) {
  const auto before = outputs_of(results.explained.before, results, i);
  const auto after = outputs_of(results.explained.after, results, i);
  const auto output = static_cast<size_t>(results.question.output);
  if (!results.of_class()) return fmt::format("{:.3g} → {:.3g}", before[output], after[output]);
  return fmt::format("read as {} → {}", results.classes[static_cast<size_t>(class_read(before))],
                     results.classes[static_cast<size_t>(class_read(after))]);
}

void draw_images(const std::filesystem::path& folder, const ModelResults& results) {
  const auto& subset = results.explained.explanation.subset;
  std::vector<ShownImage> images;
  for (size_t i = 0; i < std::min(kShownImages, results.question.test.size()); ++i) {
    images.push_back({pixels(results, results.question.test[i]), caption(results, i)});
  }
  replace_file(folder / kImages, masked_images_svg(images, subset, *results.image, kImagesAcross));
  std::vector<float> mean(static_cast<size_t>(results.rows->features), 0.0f);
  for (const int32_t row : results.question.learn) {
    const auto image = pixels(results, row);
    for (size_t j = 0; j < mean.size(); ++j) mean[j] += image[j];
  }
  replace_file(folder / kMask, mask_svg(mean, subset, *results.image));
}

}  // namespace

std::vector<Table> model_tables(const ModelResults& results) {
  std::vector<FeatureRow> features;
  for (size_t i = 0; i < results.explained.explanation.subset.size(); ++i) {
    features.push_back({results, i});
  }
  std::vector<PredictionRow> predictions;
  for (size_t i = 0; i < results.question.test.size(); ++i) predictions.push_back({results, i});
  return {subset_columns().table(features),
          prediction_columns(results.of_class()).table(predictions),
          summary_columns(results.of_class()).table({&results, 1}),
          model_timing_columns().table({&results, 1})};
}

void write_results(const std::filesystem::path& folder, const ModelResults& results) {
  for (const Table& table : model_tables(results)) write_into(folder, table);
  if (results.image) draw_images(folder, results);
}

std::vector<std::string> model_result_files(bool images) {
  std::vector<std::string> names;
  for (const auto& table : describe_model_results()) names.push_back(table.file);
  if (images) names.insert(names.end(), {kMask, kImages});
  return names;
}

std::vector<TableText> describe_model_results() {
  return {subset_columns().describe(),
          both(prediction_columns(true).describe(), prediction_columns(false).describe()),
          both(summary_columns(true).describe(), summary_columns(false).describe()),
          model_timing_columns().describe()};
}

void tell(const ModelResults& results, const Context& context) {
  const auto& found = results.explained.explanation;
  if (!results.of_class()) {
    context.reporter.info(
        fmt::format("{}: {} features masked in {} test rows: mean of output {} {:.4g} → {:.4g}",
                    results.method, found.subset.size(), results.question.test.size(),
                    results.question.output, mean_output(results.explained.before, results),
                    mean_output(results.explained.after, results)));
    return;
  }
  const auto change = change_of(results);
  const auto& target = results.classes[static_cast<size_t>(results.question.output)];
  context.reporter.info(fmt::format(
      "{}: {} features masked: of {} test rows {}, {} are read as {}{}; mean probability {:.3f} → "
      "{:.3f}",
      results.method, found.subset.size(), change.counted,
      results.from >= 0 ? "read as " + results.from_class : "not read as " + target, change.turned,
      target, change.counted == 0 ? "" : fmt::format(" ({:.1f} %)", 100 * change.share()),
      change.probability_before, change.probability_after));
}

}  // namespace grids::core
