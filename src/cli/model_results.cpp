#include "cli/model_results.hpp"

#include <algorithm>

#include "io/atomic_file.hpp"
#include "io/table.hpp"

namespace grids {
namespace {

constexpr size_t kShownImages = 12;
constexpr int64_t kImagesAcross = 3;

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

Table subset_table(const ModelResults& results) {
  Table table({"rank", "feature", "name", "score", "score_low", "score_high"});
  const auto& found = results.explained.explanation;
  for (size_t i = 0; i < found.subset.size(); ++i) {
    const auto score = found.scores.empty() ? FeatureScore{} : found.scores[i];
    table.add({number(static_cast<int64_t>(i) + 1), number(found.subset[i]),
               feature_name(results, found.subset[i]), format_number(score.score),
               format_number(score.low), format_number(score.high)});
  }
  return table;
}

Table predictions_table(const ModelResults& results) {
  const std::vector<std::string> columns =
      results.of_class() ? std::vector<std::string>{"row",
                                                    "label",
                                                    "class_before",
                                                    "class_after",
                                                    "probability_before",
                                                    "probability_after"}
                         : std::vector<std::string>{"row", "label", "before", "after"};
  Table table(columns);
  const auto output = results.question.output;
  for (size_t i = 0; i < results.question.test.size(); ++i) {
    const auto row = static_cast<size_t>(results.question.test[i]);
    const auto before = outputs_of(results.explained.before, results, i);
    const auto after = outputs_of(results.explained.after, results, i);
    std::vector<std::string> cells = {
        number(static_cast<int64_t>(row) - results.first_of_test_file),
        results.rows->labels.empty() ? "NA" : results.rows->labels[row]};
    if (results.of_class()) {
      cells.push_back(results.classes[static_cast<size_t>(class_read(before))]);
      cells.push_back(results.classes[static_cast<size_t>(class_read(after))]);
      cells.push_back(format_number(class_probability(before, output)));
      cells.push_back(format_number(class_probability(after, output)));
    } else {
      cells.push_back(format_number(before[static_cast<size_t>(output)]));
      cells.push_back(format_number(after[static_cast<size_t>(output)]));
    }
    table.add(std::move(cells));
  }
  return table;
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

Table summary_table(const ModelResults& results) {
  const auto& found = results.explained.explanation;
  std::vector<std::pair<std::string, std::string>> row = {
      {"method", results.method},
      {"set_size", number(std::ssize(found.subset))},
      {"learn_rows", number(std::ssize(results.question.learn))},
      {"test_rows", number(std::ssize(results.question.test))},
  };
  if (results.of_class()) {
    const auto change = change_of(results);
    const auto& target = results.classes[static_cast<size_t>(results.question.output)];
    row.insert(row.end(), {{"from_class", results.from_class.empty() ? "NA" : results.from_class},
                           {"target_class", target},
                           {"counted_rows", number(change.counted)},
                           {"turned_rows", number(change.turned)},
                           {"turned_share", format_number(change.share())},
                           {"probability_before", format_number(change.probability_before)},
                           {"probability_after", format_number(change.probability_after)}});
  } else {
    row.insert(row.end(),
               {{"output", number(results.question.output)},
                {"mean_before", format_number(mean_output(results.explained.before, results))},
                {"mean_after", format_number(mean_output(results.explained.after, results))}});
  }
  row.insert(row.end(), {{"objective", format_number(found.objective)},
                         {"evaluations", number(found.evaluations)},
                         {"seconds", fmt::format("{:.2f}", results.explained.method_seconds)},
                         {"local_optimum", found.local_optimum ? "true" : "false"},
                         {"budget_spent", found.budget_spent ? "true" : "false"}});
  std::vector<std::string> columns, cells;
  for (auto& [column, cell] : row) {
    columns.push_back(column);
    cells.push_back(cell);
  }
  Table table(columns);
  table.add(std::move(cells));
  return table;
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
  replace_file(folder / "images.svg",
               masked_images_svg(images, subset, *results.image, kImagesAcross));
  std::vector<float> mean(static_cast<size_t>(results.rows->features), 0.0f);
  for (const int32_t row : results.question.learn) {
    const auto image = pixels(results, row);
    for (size_t j = 0; j < mean.size(); ++j) mean[j] += image[j];
  }
  replace_file(folder / "mask.svg", mask_svg(mean, subset, *results.image));
}

}  // namespace

void write_results(const std::filesystem::path& folder, const ModelResults& results) {
  write_table(folder / "subset.tsv", subset_table(results));
  write_table(folder / "predictions.tsv", predictions_table(results));
  write_table(folder / "summary.tsv", summary_table(results));
  if (results.image) draw_images(folder, results);
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

}  // namespace grids
