#include "cli/explain_model_command.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>

#include "base/name_list.hpp"
#include "base/random.hpp"
#include "base/recording_reporter.hpp"
#include "explain/explain_model.hpp"
#include "explain/explain_stage.hpp"
#include "io/npy.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/model_results.hpp"

namespace grids::core {
namespace {

struct ModelCommand {
  std::filesystem::path model, data, test_data, out;
  bool overwrite = false;
  std::string data_key, label_key = "y";
  std::vector<std::string> classes;
  std::string target_class, from_class;
  std::optional<int64_t> output;
  Direction direction = Direction::kDown;
  std::string perturbation = "zero";
  double learn_share = 0.8;
  std::string image;
  std::string method = "grids";
  ExplainerOptions options;

  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> all = {model, data};
    if (!test_data.empty()) all.push_back(test_data);
    if (replaces_by_file()) all.emplace_back(perturbation);
    return all;
  }
  bool replaces_by_file() const { return perturbation != "zero" && perturbation != "mean"; }
};

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

void check(const ModelCommand& arguments, Problems& problems) {
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

/// The rows of both files, those of the second behind; `learn` and `test` are rows of it.
struct Rows {
  FeatureMatrix all;
  int64_t first_of_test_file = 0;  ///< 0: they are of one file
  std::vector<int32_t> learn, test;
};

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

/// Learning and test rows: of two files, or shares of one drawn by the seed.
Rows read_rows(const ModelCommand& arguments, const Context& context) {
  Rows rows;
  rows.all = read_feature_matrix({arguments.data, arguments.data_key, arguments.label_key});
  std::vector<int32_t> order(static_cast<size_t>(rows.all.rows));
  std::iota(order.begin(), order.end(), 0);
  auto learned = std::ssize(order);
  if (!arguments.test_data.empty()) {
    rows.first_of_test_file = rows.all.rows;
    append(rows.all,
           read_feature_matrix({arguments.test_data, arguments.data_key, arguments.label_key}));
    order.resize(static_cast<size_t>(rows.all.rows));
    std::iota(order.begin(), order.end(), 0);
  } else {
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

/// Mean of each feature over the learning rows.
std::vector<float> means(const Rows& rows) {
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

std::vector<float> replacement_of(const ModelCommand& arguments, const Rows& rows) {
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

/// Names of the outputs: those of --classes, else their numbers.
std::vector<std::string> class_names(const ModelCommand& arguments, const MaskableModel& model) {
  const int32_t outputs = model.shape().outputs;
  auto names = arguments.classes;
  // As many words as outputs are names as they stand, commas and all.
  if (std::ssize(names) != outputs)
    names = split_names(names, [](std::string_view) { return false; });
  if (!names.empty() && std::ssize(names) != outputs) {
    throw input_error("{} has {} outputs, --classes names {}", arguments.model.string(), outputs,
                      names.size());
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

int32_t output_of(const ModelCommand& arguments, const std::vector<std::string>& classes) {
  if (arguments.output) {
    if (*arguments.output >= 0 && *arguments.output < std::ssize(classes)) {
      return static_cast<int32_t>(*arguments.output);
    }
    throw input_error("{} has no output {}: there are {}, counted from 0", arguments.model.string(),
                      *arguments.output, classes.size());
  }
  if (classes.size() == 1) {
    throw input_error("{} has a single output, which is not a class; use --output 0",
                      arguments.model.string());
  }
  const int32_t target = position(classes, arguments.target_class);
  if (target >= 0) return target;
  throw input_error("{} has no class '{}'; its {} outputs are {}{}", arguments.model.string(),
                    arguments.target_class, classes.size(), fmt::join(classes, ", "),
                    arguments.classes.empty() ? " (name them with --classes)" : "");
}

void require_image(const ModelCommand& arguments, const FeatureMatrix& rows) {
  if (arguments.image.empty()) return;
  const auto shape = *image_shape(arguments.image);
  if (shape.height <= rows.features && shape.height * shape.width == rows.features) return;
  throw input_error("--image {}: {} pixels, but {} has {} features", arguments.image,
                    shape.height * shape.width, rows.source, rows.features);
}

std::string asked_words(const ModelCommand& arguments) {
  return fmt::format("{} of {}; data {}",
                     arguments.output ? fmt::format("output {}", *arguments.output)
                                      : "class " + arguments.target_class,
                     seen_from(arguments.out, arguments.model),
                     seen_from(arguments.out, arguments.data));
}

void run(const ModelCommand& arguments, const ModelLoader& load, const OptionSet::Values& values,
         const Context& outer) {
  const Explainer& method = find_explainer(arguments.method);
  OutputFolder out(arguments.out, {"explain", asked_words(arguments)},
                   model_result_files(!arguments.image.empty()), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  Rows rows = read_rows(arguments, context);
  require_image(arguments, rows.all);
  const auto model = load(arguments.model, rows.all, replacement_of(arguments, rows), context);
  ModelResults results;
  results.classes = class_names(arguments, *model);
  results.question = {
      std::move(rows.learn), std::move(rows.test), output_of(arguments, results.classes), {}};
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
  results.explained = explain_model(*model, results.question, method, options, context);
  results.first_of_test_file = rows.first_of_test_file;
  results.rows = &rows.all;
  const auto files = model_result_files(results.image.has_value());
  out.claim(files, context);
  write_results(arguments.out, results);
  tell(results, context);
  close_folder(out,
               {"explain",
                values,
                record_files(arguments.files()),
                files,
                reporter.warnings(),
                {{results.method, results.explained.method_seconds}}},
               context);
}

void describe(OptionSet& options, ModelCommand& arguments) {
  options.value("--model", arguments.model, "TorchScript file (docs/your-own-model.md says more)",
                OptionSet::Need::kRequired);
  options.value("--data", arguments.data, "Rows × features: .npy, .npz or .h5ad",
                OptionSet::Need::kRequired);
  options.value("-o,--out", arguments.out, "Folder for subset.tsv and the rest",
                OptionSet::Need::kRequired);
  describe_overwrite(options, arguments.overwrite);
  options.section("explain");
  options.value("--target-class", arguments.target_class,
                "The class that rows are to be read as: its cross-entropy is lowered");
  options.value("--output", arguments.output, "Instead: the output whose mean is to move, from 0");
  options.choice<Direction>("--direction", arguments.direction,
                            {{"down", Direction::kDown}, {"up", Direction::kUp}},
                            "Where the output of --output is to move");
  options.list("--classes", arguments.classes, "Names of the outputs, in their order");
  options.value("--from-class", arguments.from_class, "Only rows of this label");
  options.value("--perturbation", arguments.perturbation,
                "What a masked feature becomes: zero, mean (of the rows learned on), or a .npy");
  options.value("--test-data", arguments.test_data,
                "Rows to report on; without, a share of --data is left for that");
  options.value("--learn-share", arguments.learn_share,
                "Share of --data that is learned on, where there is no --test-data",
                above(0).below(1));
  options.value("--data-key", arguments.data_key,
                ".npz: the array of the rows (x, or the only one); .h5ad: a layer (X)");
  options.value("--label-key", arguments.label_key, ".npz: the array of labels; .h5ad: obs column");
  options.value("--image", arguments.image,
                "HEIGHTxWIDTH of each row: draws the set; cxplain masks blocks of 2 x 2 pixels");
  options.value("-L,--set-size", arguments.options.set_size, "Features of the set", at_least(1));
  describe_method(options, arguments.method, false);
  describe_budget(options, arguments.options.budget);
  describe_methods(options, arguments.options.methods);
  options.rule([&arguments](Problems& problems) { check(arguments, problems); });
}

}  // namespace

bool asks_for_model(int argc, char** argv) {
  return std::any_of(argv + 1, argv + argc, [](std::string_view word) {
    return word == "--model" || word.starts_with("--model=");
  });
}

Command explain_model_command(const ModelLoader& load) {
  return {"explain", "Find the features that a model of your own rests on",
          "  grids explain --model classifier.pt --data images.npz --target-class 3 \\\n"
          "    --from-class 8 -L 64 --image 28x28 -o out/",
          [load](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<ModelCommand>();
            describe(options, *arguments);
            const auto values = options.values("explain");
            return [arguments, load, values](const Context& context) {
              run(*arguments, load, values(), context);
            };
          }};
}

}  // namespace grids::core
