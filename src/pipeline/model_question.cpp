#include "pipeline/model_question.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>

#include "base/name_list.hpp"
#include "base/random.hpp"
#include "explain/explain_model.hpp"
#include "explain/explain_stage.hpp"
#include "io/npy.hpp"

namespace grids::core {
namespace {

/// "28x28"; nothing where it is another text.
std::optional<ImageShape> image_shape(const std::string& text) {
  ImageShape shape;
  const char* end = text.data() + text.size();
  const auto height = std::from_chars(text.data(), end, shape.height);
  if (height.ec != std::errc() || height.ptr == end || *height.ptr != 'x') return {};
  const auto width = std::from_chars(height.ptr + 1, end, shape.width);
  if (width.ec != std::errc() || width.ptr != end) return {};
  if (shape.height < 1 || shape.width < 1) return {};
  return shape;
}

void check_model(const ModelArguments& arguments, Problems& problems) {
  if (arguments.target_class.empty() == !arguments.output) {
    problems.add("what is to be explained? Give either --target-class or --output");
  }
  if (!arguments.target_class.empty() && arguments.direction == Direction::kUp) {
    problems.add("--direction goes with --output; rows are always moved towards --target-class");
  }
  if (!arguments.image.empty() && !image_shape(arguments.image)) {
    problems.add("--image: '{}' is not HEIGHTxWIDTH, such as 28x28", arguments.image);
  }
}

/// Mean of each feature over the learning rows.
std::vector<float> means(const ModelRows& rows) {
  const auto features = static_cast<size_t>(rows.all.features);
  std::vector<double> sums(features, 0.0);
  for (const int32_t row : rows.learn) {
    const float* values = rows.all.values.data() + row * rows.all.features;
    for (size_t j = 0; j < features; ++j) sums[j] += double{values[j]};
  }
  std::vector<float> result(features);
  for (size_t j = 0; j < features; ++j) {
    result[j] = static_cast<float>(sums[j] / static_cast<double>(rows.learn.size()));
  }
  return result;
}

/// Names of the outputs: those of --classes, else their numbers.
std::vector<std::string> class_names(const ModelArguments& arguments, const std::string& model_name,
                                     const MaskableModel& model) {
  const int32_t outputs = model.shape().outputs;
  auto names = arguments.classes;
  // As many words as outputs are names as they stand, commas and all.
  if (std::ssize(names) != outputs)
    names = split_names(names, [](std::string_view) { return false; });
  if (!names.empty() && std::ssize(names) != outputs) {
    throw input_error("{} has {} outputs, --classes names {}", model_name, outputs, names.size());
  }
  for (int32_t i = static_cast<int32_t>(names.size()); i < outputs; ++i) {
    names.push_back(std::to_string(i));
  }
  return names;
}

int32_t position(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int32_t>(found - names.begin());
}

int32_t output_of(const ModelArguments& arguments, const std::string& model_name,
                  const std::vector<std::string>& classes) {
  if (arguments.output) {
    if (*arguments.output >= 0 && *arguments.output < std::ssize(classes)) {
      return static_cast<int32_t>(*arguments.output);
    }
    throw input_error("{} has no output {}: there are {}, counted from 0", model_name,
                      *arguments.output, classes.size());
  }
  if (classes.size() == 1) {
    throw input_error("{} has a single output, which is not a class; use --output 0", model_name);
  }
  const int32_t target = position(classes, arguments.target_class);
  if (target >= 0) return target;
  throw input_error("{} has no class '{}'; its {} outputs are {}{}", model_name,
                    arguments.target_class, classes.size(), fmt::join(classes, ", "),
                    arguments.classes.empty() ? " (name them with --classes)" : "");
}

}  // namespace

void ModelArguments::describe(OptionSet& set) {
  set.value("--target-class", target_class,
            "The class that rows are to be read as: its cross-entropy is lowered");
  set.value("--output", output, "Instead: the output whose mean is to move, from 0");
  set.choice<Direction>("--direction", direction,
                        {{"down", Direction::kDown}, {"up", Direction::kUp}},
                        "Where the output of --output is to move");
  set.list("--classes", classes, "Names of the outputs, in their order");
  set.value("--from-class", from_class, "Only rows of this label");
  set.value("--perturbation", perturbation,
            "What a masked feature becomes: zero, mean (of the rows learned on), or a .npy");
  set.value("--learn-share", learn_share,
            "Share of --data that is learned on, where there is no --test-data", above(0).below(1));
  set.value("--image", image,
            "HEIGHTxWIDTH of each row: draws the set; cxplain masks blocks of 2 x 2 pixels");
  set.value("-L,--set-size", options.set_size, "Features of the set", at_least(1));
  describe_method(set, method, false);
  describe_budget(set, options.budget);
  describe_methods(set, options.methods);
  set.rule([this](Problems& problems) { check_model(*this, problems); });
}

void append(FeatureMatrix& matrix, FeatureMatrix more) {
  if (more.features != matrix.features) {
    throw input_error("{} has {} features, {} has {}: both must come from the same source",
                      more.source, more.features, matrix.source, matrix.features);
  }
  if (matrix.labels.empty() != more.labels.empty()) {
    throw input_error("{} has {}labels, {} has {}", more.source, more.labels.empty() ? "no " : "",
                      matrix.source, matrix.labels.empty() ? "none" : "some");
  }
  matrix.rows += more.rows;
  matrix.values.insert(matrix.values.end(), more.values.begin(), more.values.end());
  matrix.labels.insert(matrix.labels.end(), more.labels.begin(), more.labels.end());
}

ModelRows choose_rows(const ModelArguments& arguments, FeatureMatrix all, int64_t first_of_test,
                      const Context& context) {
  ModelRows rows;
  rows.all = std::move(all);
  rows.first_of_test_file = first_of_test;
  std::vector<int32_t> order(static_cast<size_t>(rows.all.rows));
  std::iota(order.begin(), order.end(), 0);
  auto learned = static_cast<std::ptrdiff_t>(first_of_test);
  if (first_of_test == 0) {
    RandomStream random(context.seed, Purpose::kSplit);
    random.shuffle(std::span(order));
    learned = static_cast<std::ptrdiff_t>(
        std::llround(arguments.learn_share * static_cast<double>(order.size())));
  }
  if (!arguments.from_class.empty() && rows.all.labels.empty()) {
    throw input_error(
        "{}: there are no labels for --from-class {} to choose by; name them with "
        "--label-key",
        rows.all.source, arguments.from_class);
  }
  for (std::ptrdiff_t i = 0; i < std::ssize(order); ++i) {
    const auto row = order[static_cast<size_t>(i)];
    const bool counts = arguments.from_class.empty() ||
                        rows.all.labels[static_cast<size_t>(row)] == arguments.from_class;
    if (counts) (i < learned ? rows.learn : rows.test).push_back(row);
  }
  std::sort(rows.learn.begin(), rows.learn.end());
  std::sort(rows.test.begin(), rows.test.end());
  if (rows.learn.empty() || rows.test.empty()) {
    throw input_error(
        "{}: {} rows{} to learn on and {} to report on; at least one of each is "
        "needed",
        rows.all.source, rows.learn.size(),
        arguments.from_class.empty() ? "" : " of class " + arguments.from_class, rows.test.size());
  }
  return rows;
}

std::vector<float> replacement_of(const ModelArguments& arguments, const ModelRows& rows) {
  if (arguments.perturbation == "mean") return means(rows);
  if (!arguments.replaces_by_file()) {
    return std::vector<float>(static_cast<size_t>(rows.all.features), 0.0f);
  }
  auto array = with_context("--perturbation (zero, mean or a .npy)",
                            [&] { return read_npy(arguments.perturbation); });
  if (std::ssize(array.values) != rows.all.features) {
    throw input_error("{}: {} perturbation values for the {} features of {}", array.source,
                      array.values.size(), rows.all.features, rows.all.source);
  }
  for (const float value : array.values) {
    if (!std::isfinite(value)) {
      throw input_error("{}: a perturbation value is {}", array.source, value);
    }
  }
  return std::move(array.values);
}

void require_image(const ModelArguments& arguments, const FeatureMatrix& rows) {
  if (arguments.image.empty()) return;
  const auto shape = *image_shape(arguments.image);
  if (shape.height <= rows.features && shape.height * shape.width == rows.features) return;
  throw input_error("--image {}: {} pixels, but {} has {} features", arguments.image,
                    shape.height * shape.width, rows.source, rows.features);
}

ModelResults ask_model(const ModelArguments& arguments, const MaskableModel& model,
                       const std::string& name, const ModelRows& rows, const Context& context) {
  const Explainer& method = find_explainer(arguments.method);
  ModelResults results;
  results.classes = class_names(arguments, name, model);
  results.question = {rows.learn, rows.test, output_of(arguments, name, results.classes), {}};
  results.question.loss.kind = arguments.output ? LossKind::kOutput : LossKind::kCrossEntropy;
  results.question.loss.direction = arguments.direction;
  ExplainerOptions options = arguments.options;
  if (!arguments.image.empty()) {
    results.image = image_shape(arguments.image);
    options.image_height = results.image->height;
    options.image_width = results.image->width;
  }
  results.method = method.name();
  results.from = position(results.classes, arguments.from_class);
  results.from_class = arguments.from_class;
  results.explained = explain_model(model, results.question, method, options, context);
  results.first_of_test_file = rows.first_of_test_file;
  results.rows = &rows.all;
  return results;
}

}  // namespace grids::core
