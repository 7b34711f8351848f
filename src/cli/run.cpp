#include <algorithm>
#include <set>

#include "cli/commands.hpp"
#include "cli/recording_reporter.hpp"
#include "cli/run_folder.hpp"
#include "cli/sibling.hpp"
#include "cli/stages.hpp"
#include "compare/recovery.hpp"
#include "evaluate/cell_map.hpp"
#include "evaluate/log_values.hpp"
#include "io/atomic_file.hpp"
#include "model/train_options.hpp"
#include "report/report.hpp"
#include "simulate/peak_truth.hpp"
#include "simulate/truth.hpp"

namespace grids {
namespace {

constexpr const char* kStudy = "study.h5mu";
constexpr const char* kSurrogate = "surrogate.safetensors";
constexpr const char* kWithCis = "surrogate-cis.safetensors";
constexpr const char* kCisTable = "cis.tsv";
constexpr const char* kCurves = "training.tsv";

struct Arguments {
  PrepareArguments prepare;
  SurrogateKind kind = SurrogateKind::kCis;
  CisArguments cis;
  EvaluateArguments evaluate;
  ExplainArguments explain;
  std::filesystem::path targets;
  std::filesystem::path truth;
  std::filesystem::path out;
  TrainSettings train;
  ReportOptions report;
  /// What each section of the options holds, for keys and manifest.
  std::map<std::string, std::function<OptionSet::Values()>> values;
  /// What of [train] the user gave, as words for the program that trains.
  std::function<std::vector<std::string>()> given_training;
};

/// What the stages after training share; read once, when the first of them has work to do.
class Loaded {
 public:
  Loaded(const std::filesystem::path& folder, SurrogateKind kind) : folder_(folder), kind_(kind) {}

  const Study& study() { return both().study; }
  StudySurrogate surrogate() { return both().surrogate(); }

 private:
  const StudyAndSurrogate& both() {
    if (!loaded_) {
      const bool with_cis =
          kind_ == SurrogateKind::kCis && std::filesystem::exists(folder_ / kWithCis);
      loaded_.emplace(
          load({folder_ / kStudy, folder_ / (with_cis ? kWithCis : kSurrogate), kind_}));
    }
    return *loaded_;
  }

  std::filesystem::path folder_;
  SurrogateKind kind_;
  std::optional<StudyAndSurrogate> loaded_;
};

std::string text_of(const OptionSet::Values& values) {
  std::string text;
  for (const auto& [name, value] : values) text += fmt::format("{}={}; ", name, value);
  return text;
}

/// What was planted: truth.tsv, and peaks.tsv beside it where it exists.
struct Planted {
  Truth truth;
  std::optional<PeakTruth> peaks;
};

std::filesystem::path peak_truth_beside(const std::filesystem::path& truth) {
  return truth.parent_path() / "peaks.tsv";
}

Planted read_planted(const std::filesystem::path& path) {
  Planted planted{parse_truth(read_simulated_table(path)), std::nullopt};
  const auto beside = peak_truth_beside(path);
  if (std::filesystem::exists(beside)) {
    planted.peaks = parse_peak_truth(planted.truth, read_simulated_table(beside));
  }
  return planted;
}

/// Everything in the user's files that can be wrong is read before the first long step, which
/// otherwise would be lost.
void check_early(const Arguments& arguments) {
  require_folder(arguments.out);
  if (!arguments.targets.empty()) read_targets(arguments.targets, arguments.explain.set_size);
  if (!arguments.evaluate.markers.empty()) read_table(arguments.evaluate.markers).rows();
  if (!arguments.truth.empty()) read_planted(arguments.truth);
}

RunStage prepare_stage(const Arguments& arguments, const std::vector<FileRecord>& inputs) {
  std::string settings = text_of(arguments.values.at("prepare")());
  for (const auto& file : inputs) settings += fmt::format("{} {}; ", file.path, file.sha256);
  return {"prepare", settings, [&](const Context& context) -> std::vector<std::string> {
            const PrepareResult result = prepare_from_files(arguments.prepare, context);
            make_folder(arguments.out);
            const auto table = write_into(arguments.out, prepare_table(result.summary));
            write_study(arguments.out / kStudy, result.study);
            return {kStudy, table};
          }};
}

std::vector<std::string> training_words(const Arguments& arguments, const Context& context) {
  const auto checkpoint = arguments.out / "checkpoint";
  std::vector<std::string> words = {"train",        (arguments.out / kStudy).string(),
                                    "--out",        (arguments.out / kSurrogate).string(),
                                    "--curves",     (arguments.out / kCurves).string(),
                                    "--checkpoint", checkpoint.string(),
                                    "--seed",       std::to_string(context.seed),
                                    "--threads",    std::to_string(context.pool.threads())};
  const auto given = arguments.given_training();
  words.insert(words.end(), given.begin(), given.end());
  if (context.reporter.quiet()) words.emplace_back("--quiet");
  return words;
}

RunStage train_stage(const Arguments& arguments) {
  const std::string settings = text_of(arguments.values.at("train")());
  return {"train", settings, [&, settings](const Context& context) -> std::vector<std::string> {
            const auto checkpoint = arguments.out / "checkpoint";
            const auto settings_file = checkpoint / "settings.txt";
            auto words = training_words(arguments, context);
            // A checkpoint of another version, other settings or another study is of no use;
            // training refuses it.
            const std::string mark = fmt::format("{} {}seed {}; {}", GRIDS_VERSION, settings,
                                                 context.seed, sha256_of(arguments.out / kStudy));
            const bool resume =
                std::filesystem::exists(settings_file) && read_file(settings_file) == mark;
            if (!resume) std::filesystem::remove_all(checkpoint);
            make_folder(checkpoint);
            replace_file(settings_file, mark);
            if (resume) words.emplace_back("--resume");
            run_sibling(words, context);
            std::filesystem::remove_all(checkpoint);
            return {kSurrogate, kCurves};
          }};
}

RunStage cis_stage(const Arguments& arguments) {
  return {"cis", text_of(arguments.values.at("cis")()),
          [&](const Context& context) -> std::vector<std::string> {
            auto loaded = load(
                {arguments.out / kStudy, arguments.out / kSurrogate, SurrogateKind::kPublished});
            if (!has_positions(loaded.study)) {  // none of an earlier run may be left
              std::filesystem::remove(arguments.out / kWithCis);
              std::filesystem::remove(arguments.out / kCisTable);
              return {};
            }
            fit_cis_into(arguments.out / kWithCis, loaded.study, std::move(loaded.file),
                         loaded.folded, arguments.cis, context);
            return {kWithCis, kCisTable};
          }};
}

/// What every stage after training depends on besides its own options.
std::string surrogate_text(const Arguments& arguments) {
  return arguments.kind == SurrogateKind::kCis ? "surrogate=cis; " : "surrogate=published; ";
}

RunStage evaluate_stage(const Arguments& arguments, Loaded& loaded) {
  const std::string settings =
      surrogate_text(arguments) + text_of(arguments.values.at("evaluate")());
  return {"evaluate", settings, [&](const Context& context) {
            return evaluate_into(arguments.out, loaded.study(), loaded.surrogate(),
                                 arguments.evaluate, context);
          }};
}

/// What the stage before chose.
std::vector<MarkerName> read_markers(const std::filesystem::path& folder) {
  return marker_columns().read(read_table(folder / "markers.tsv"));
}

/// The user's targets, else the markers, each in the type that it marks.
std::vector<ExplainTarget> targets_of(const Arguments& arguments, const Study& study) {
  std::vector<TargetRequest> requests;
  if (!arguments.targets.empty()) {
    requests = read_targets(arguments.targets, arguments.explain.set_size);
  } else {
    for (const MarkerName& marker : read_markers(arguments.out)) {
      requests.push_back({marker.cell_type, marker.gene, arguments.explain.set_size});
    }
  }
  return find_targets(study, requests);
}

RunStage explain_stage(const Arguments& arguments, Loaded& loaded) {
  std::string settings = surrogate_text(arguments) + text_of(arguments.values.at("explain")());
  if (!arguments.targets.empty()) settings += sha256_of(arguments.targets);
  return {
      "explain", settings, [&](const Context& context) {
        const auto targets = targets_of(arguments, loaded.study());
        if (targets.empty()) {
          context.reporter.warning(
              "nothing to explain: no type has a marker gene that the surrogate predicts better "
              "than its mean; name targets yourself (--targets)");
        }
        return explain_into(arguments.out, loaded.study(), loaded.surrogate(), targets,
                            arguments.explain, context);
      }};
}

/// Measured and predicted expression of the markers in test cells.
Table marker_expression_table(const Study& study, const StudySurrogate& surrogate,
                              const std::vector<std::string>& names, const Context& context) {
  std::vector<int32_t> genes;
  for (const auto& name : names) {
    if (const auto gene = study.genes.index_of(name)) genes.push_back(*gene);
  }
  const auto cells = study.cells_of(Split::kTest);
  const auto predicted = predict_log_values(study, surrogate, cells, genes, context);
  const auto measured = to_dense(select_columns(select_rows(study.expression, cells), genes));
  std::vector<ExpressionRow> rows;
  for (size_t cell = 0; cell < cells.size(); ++cell) {
    for (size_t g = 0; g < genes.size(); ++g) {
      const size_t i = cell * genes.size() + g;
      rows.push_back({study.cells.barcodes[static_cast<size_t>(cells[cell])],
                      study.genes.names[static_cast<size_t>(genes[g])], measured[i], predicted[i]});
    }
  }
  return marker_expression_columns().table(rows);
}

RunStage map_stage(const Arguments& arguments, Loaded& loaded) {
  return {"map", surrogate_text(arguments),
          [&](const Context& context) -> std::vector<std::string> {
            const Study& study = loaded.study();
            std::vector<int32_t> cells(static_cast<size_t>(study.cells.size()));
            for (size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<int32_t>(i);
            const auto latents =
                loaded.surrogate().folded().rna_latents(context.pool, study.expression);
            const int64_t dimensions = loaded.surrogate().shape().latent;
            const auto coordinates = umap(latents, dimensions, {}, context);
            const Silhouette score =
                silhouette(latents, dimensions, study.cells.type.codes,
                           static_cast<int64_t>(study.cells.type.names.size()), context);
            std::set<std::string> genes;
            for (auto& marker : read_markers(arguments.out)) genes.insert(std::move(marker.gene));
            return {write_into(arguments.out, umap_table(study, cells, coordinates)),
                    write_into(arguments.out, silhouette_table(study, cells, score)),
                    write_into(arguments.out,
                               marker_expression_table(study, loaded.surrogate(),
                                                       {genes.begin(), genes.end()}, context))};
          }};
}

RunStage recovery_stage(const Arguments& arguments, Loaded& loaded) {
  std::string settings = sha256_of(arguments.truth);
  const auto beside = peak_truth_beside(arguments.truth);
  if (std::filesystem::exists(beside)) settings += " " + sha256_of(beside);
  return {"recovery", settings, [&](const Context&) -> std::vector<std::string> {
            const Planted planted = read_planted(arguments.truth);
            const Table partners = read_table(arguments.out / "partners.tsv");
            const auto found = measure_recovery(
                read_table(arguments.out / "subsets.tsv"), planted.truth, loaded.study(), {},
                planted.peaks ? &*planted.peaks : nullptr, &partners);
            return {write_into(arguments.out, recovery_columns().table(found)),
                    write_into(arguments.out,
                               recovery_by_kind_columns().table(summarise_recovery(found)))};
          }};
}

Manifest manifest_of(const Arguments& arguments, const RunFolder& folder,
                     std::vector<FileRecord> inputs, const Context& context) {
  OptionSet::Values options;
  for (const auto& section : arguments.values) {
    for (const auto& [name, value] : section.second()) options[section.first + "." + name] = value;
  }
  Manifest manifest = new_manifest("run", options, context);
  manifest.inputs = std::move(inputs);
  for (const auto& [name, record] : folder.stages()) {
    manifest.stages.push_back({name, record.seconds});
    manifest.warnings.insert(manifest.warnings.end(), record.warnings.begin(),
                             record.warnings.end());
    std::vector<std::string> names;
    for (const auto& output : record.outputs) names.push_back(output.first);
    const auto written = record_outputs(arguments.out, names);
    manifest.outputs.insert(manifest.outputs.end(), written.begin(), written.end());
  }
  return manifest;
}

void run_all(const Arguments& arguments, const Context& context) {
  check_early(arguments);
  arguments.prepare.input.require_files();
  const auto inputs = record_files(arguments.prepare.files());
  RunFolder folder(arguments.out);
  folder.run(prepare_stage(arguments, inputs), context);
  folder.run(train_stage(arguments), context);
  if (arguments.kind == SurrogateKind::kCis) folder.run(cis_stage(arguments), context);
  Loaded loaded(arguments.out, arguments.kind);
  folder.run(evaluate_stage(arguments, loaded), context);
  folder.run(explain_stage(arguments, loaded), context);
  folder.run(map_stage(arguments, loaded), context);
  if (!arguments.truth.empty()) folder.run(recovery_stage(arguments, loaded), context);
  write_manifest(arguments.out / "manifest.json", manifest_of(arguments, folder, inputs, context));
  write_report(arguments.out, arguments.report, context);
  context.reporter.info("The report: " + (arguments.out / "report.html").string());
}

}  // namespace

Command run_command() {
  return {
      "run", "Everything, from raw files to a report, into one folder",
      "  grids run cells.h5mu --labels cell_type --genes genes.bed -o results/\n"
      "  grids run filtered_feature_bc_matrix.h5 --labels labels.tsv -o results/\n"
      "Run again, it continues where it was stopped. --force also goes on where prepare --force\n"
      "does: genes of another build than the peaks, or hardly any with a position.",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<Arguments>();
        options.section("run");
        options.value("-o,--out", arguments->out, "Folder for everything",
                      OptionSet::Need::kRequired);
        options.value("--targets", arguments->targets,
                      "What to explain (columns cell_type, gene, L) instead of the markers");
        options.value("--truth", arguments->truth,
                      "truth.tsv of simulated cells (and peaks.tsv beside it): compares what was "
                      "found with it");
        options.section("prepare", {{"force", "--prepare-force"}});
        arguments->prepare.describe(options);
        options.section("train", {{"preset", "--training"},
                                  {"max-steps", "--max-training-steps"},
                                  {"batch", "--training-batch"}});
        options.group("Training");
        arguments->train.describe(options);
        options.section("cis");
        options.group("Cis path");
        describe_surrogate(options, arguments->kind);
        arguments->cis.describe(options);
        options.section("evaluate");
        options.group("Markers");
        arguments->evaluate.describe(options);
        options.section("explain");
        options.group("Explanation");
        arguments->explain.describe(options);
        options.section("report");
        options.group("Report");
        arguments->report.describe(options);
        for (const char* section :
             {"run", "prepare", "train", "cis", "evaluate", "explain", "report"}) {
          arguments->values[section] = options.values(section);
        }
        arguments->given_training = options.given("train");
        return [arguments](const Context& context) {
          // One word for both. No part of the key: a study that was made is the same.
          arguments->prepare.options.force |= arguments->explain.options.force;
          run_all(*arguments, context);
        };
      }};
}

}  // namespace grids
