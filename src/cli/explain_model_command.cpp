#include "cli/explain_model_command.hpp"

#include <algorithm>
#include <string_view>

#include "base/recording_reporter.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/model_question.hpp"
#include "pipeline/model_results.hpp"

namespace grids::core {
namespace {

struct ModelCommand {
  std::filesystem::path model, data, test_data, out;
  bool overwrite = false;
  std::string data_key, label_key = "y";
  ModelArguments asked;

  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> all = {model, data};
    if (!test_data.empty()) all.push_back(test_data);
    if (asked.replaces_by_file()) all.emplace_back(asked.perturbation);
    return all;
  }
};

/// Learning and test rows: of two files, or shares of one drawn by the seed.
ModelRows read_rows(const ModelCommand& arguments, const Context& context) {
  auto all = read_feature_matrix({arguments.data, arguments.data_key, arguments.label_key});
  int64_t first_of_test = 0;
  if (!arguments.test_data.empty()) {
    first_of_test = all.rows;
    append(all,
           read_feature_matrix({arguments.test_data, arguments.data_key, arguments.label_key}));
  }
  return choose_rows(arguments.asked, std::move(all), first_of_test, context);
}

std::string asked_words(const ModelCommand& arguments) {
  return fmt::format("{} of {}; data {}",
                     arguments.asked.output ? fmt::format("output {}", *arguments.asked.output)
                                            : "class " + arguments.asked.target_class,
                     seen_from(arguments.out, arguments.model),
                     seen_from(arguments.out, arguments.data));
}

void run(const ModelCommand& arguments, const ModelLoader& load, const OptionSet::Values& values,
         const Context& outer) {
  find_explainer(arguments.asked.method);
  OutputFolder out(arguments.out, {"explain", asked_words(arguments)},
                   model_result_files(!arguments.asked.image.empty()), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  const ModelRows rows = read_rows(arguments, context);
  require_image(arguments.asked, rows.all);
  const auto model =
      load(arguments.model, rows.all, replacement_of(arguments.asked, rows), context);
  const auto results = ask_model(arguments.asked, *model, arguments.model.string(), rows, context);
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
  arguments.asked.describe(options);
  options.value("--test-data", arguments.test_data,
                "Rows to report on; without, a share of --data is left for that");
  options.value("--data-key", arguments.data_key,
                ".npz: the array of the rows (x, or the only one); .h5ad: a layer (X)");
  options.value("--label-key", arguments.label_key, ".npz: the array of labels; .h5ad: obs column");
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
