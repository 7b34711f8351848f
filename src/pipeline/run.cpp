#include "pipeline/run.hpp"

#include <functional>
#include <optional>
#include <set>

#include "compare/recovery.hpp"
#include "evaluate/cell_map.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/redundancy_into.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/sibling.hpp"
#include "redundancy/control_studies.hpp"
#include "simulate/peak_truth.hpp"
#include "simulate/truth.hpp"

namespace grids::core {
namespace {

constexpr const char* kStudy = "study.h5mu";
constexpr const char* kSurrogate = "surrogate.safetensors";
constexpr const char* kWithCis = "surrogate-cis.safetensors";
constexpr const char* kCisTable = "cis.tsv";
constexpr const char* kCurves = "training.tsv";

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
      loaded_.emplace(load_study_and_surrogate(
          {folder_ / kStudy, folder_ / (with_cis ? kWithCis : kSurrogate), kind_}));
    }
    return *loaded_;
  }

  std::filesystem::path folder_;
  SurrogateKind kind_;
  std::optional<StudyAndSurrogate> loaded_;
};

/// What was planted: truth.tsv, and peaks.tsv beside it where it exists.
struct PlantedTruth {
  Truth truth;
  std::optional<PeakTruth> peaks;
};

std::filesystem::path peak_truth_beside(const std::filesystem::path& truth) {
  return truth.parent_path() / "peaks.tsv";
}

PlantedTruth read_planted(const std::filesystem::path& path) {
  PlantedTruth planted{parse_truth(read_simulated_table(path)), std::nullopt};
  const auto beside = peak_truth_beside(path);
  if (std::filesystem::exists(beside)) {
    planted.peaks = parse_peak_truth(planted.truth, read_simulated_table(beside));
  }
  return planted;
}

/// Everything in the user's files that can be wrong is read before the first long step, which
/// otherwise would be lost.
void check_early(const RunArguments& arguments) {
  require_folder(arguments.out);
  if (!arguments.targets.empty()) read_targets(arguments.targets, arguments.explain.set_size);
  if (!arguments.evaluate.markers.empty()) read_table(arguments.evaluate.markers).rows();
  if (!arguments.truth.empty()) read_planted(arguments.truth);
  if (arguments.negative_control && !arguments.explain.ask_redundancy) {
    throw usage_error("--negative-control asks about redundancy: leave out --redundancy off");
  }
}

RunStage prepare_stage(const RunArguments& arguments, const std::vector<FileRecord>& inputs) {
  std::string settings = settings_text(arguments.values.at("prepare"));
  for (const auto& file : inputs) settings += fmt::format("{} {}; ", file.path, file.sha256);
  return {"prepare", settings, [&](const Context& context) -> std::vector<std::string> {
            const PrepareResult result = prepare_from_files(arguments.prepare, context);
            // A column that is not there is told before the training, not after it.
            require_groups(result.study, arguments.explain.redundancy);
            make_folder(arguments.out);
            const auto table = write_into(arguments.out, prepare_table(result.summary));
            write_study(arguments.out / kStudy, result.study);
            return {kStudy, table};
          }};
}

std::vector<std::string> training_words(const RunArguments& arguments, const Context& context) {
  const auto checkpoint = arguments.out / "checkpoint";
  std::vector<std::string> words = {"train",        (arguments.out / kStudy).string(),
                                    "--out",        (arguments.out / kSurrogate).string(),
                                    "--curves",     (arguments.out / kCurves).string(),
                                    "--checkpoint", checkpoint.string(),
                                    "--seed",       std::to_string(context.seed),
                                    "--threads",    std::to_string(context.pool.threads())};
  words.insert(words.end(), arguments.given_training.begin(), arguments.given_training.end());
  if (context.reporter.quiet()) words.emplace_back("--quiet");
  return words;
}

RunStage train_stage(const RunArguments& arguments) {
  const std::string settings = settings_text(arguments.values.at("train"));
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
            run_sibling({}, words, context);
            std::filesystem::remove_all(checkpoint);
            return {kSurrogate, kCurves};
          }};
}

RunStage cis_stage(const RunArguments& arguments) {
  return {"cis", settings_text(arguments.values.at("cis")),
          [&](const Context& context) -> std::vector<std::string> {
            auto loaded = load_study_and_surrogate(
                {arguments.out / kStudy, arguments.out / kSurrogate, SurrogateKind::kPublished});
            if (!loaded.study.genes.has_positions()) {  // none of an earlier run may be left
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
std::string surrogate_text(const RunArguments& arguments) {
  return arguments.kind == SurrogateKind::kCis ? "surrogate=cis; " : "surrogate=published; ";
}

RunStage evaluate_stage(const RunArguments& arguments, Loaded& loaded) {
  const std::string settings =
      surrogate_text(arguments) + settings_text(arguments.values.at("evaluate"));
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
std::vector<ExplainTarget> targets_of(const RunArguments& arguments, const Study& study) {
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

ExplainArguments explain_arguments(const RunArguments& arguments) {
  ExplainArguments explain = arguments.explain;
  const bool asked_for = !arguments.targets.empty();  // nobody named the markers
  explain.options.unconfirmed = explain.options.unconfirmed && asked_for;
  return explain;
}

RunStage explain_stage(const RunArguments& arguments, Loaded& loaded) {
  std::string settings = surrogate_text(arguments) + settings_text(arguments.values.at("explain"));
  if (!arguments.targets.empty()) settings += sha256_of(arguments.targets);
  return {
      "explain", settings, [&](const Context& context) {
        const auto targets = targets_of(arguments, loaded.study());
        if (targets.empty()) {
          context.reporter.warning(
              "nothing to explain: no type has a marker gene that the surrogate predicts better "
              "than its mean; name targets yourself (--targets)");
        }
        return explain_into(arguments.out, arguments.out / kStudy, loaded.study(),
                            loaded.surrogate(), targets, explain_arguments(arguments), context);
      }};
}

/// What was found of the targets, beside what is found where nothing is.
RunStage control_stage(const RunArguments& arguments, Loaded& loaded) {
  return {"negative control",
          surrogate_text(arguments) + settings_text(arguments.values.at("explain")) +
              settings_text(arguments.values.at("cis")),
          [&](const Context& context) -> std::vector<std::string> {
            const auto targets = targets_of(arguments, loaded.study());
            if (targets.empty() || loaded.surrogate().cis() == nullptr) return {};
            if (const auto problem = why_no_decoys(loaded.study()); !problem.empty()) {
              context.reporter.warning("no negative control: " + problem);
              return {};
            }
            RedundancyArguments asked;
            asked.explain = explain_arguments(arguments);
            asked.by_terms = false;  // as the real sets were
            asked.cis = arguments.cis.resolved();
            return {negative_control_into(arguments.out, loaded.study(), loaded.surrogate(),
                                          targets, read_table(arguments.out / "redundancy.tsv"),
                                          asked, context)};
          }};
}

RunStage map_stage(const RunArguments& arguments, Loaded& loaded) {
  return {"map", surrogate_text(arguments), [&](const Context& context) {
            std::set<std::string> genes;
            for (auto& marker : read_markers(arguments.out)) genes.insert(std::move(marker.gene));
            std::vector<std::string> names;
            for (const Table& table : map_cells(loaded.study(), loaded.surrogate(),
                                                {genes.begin(), genes.end()}, context)) {
              names.push_back(write_into(arguments.out, table));
            }
            return names;
          }};
}

RunStage recovery_stage(const RunArguments& arguments, Loaded& loaded) {
  std::string settings = sha256_of(arguments.truth);
  const auto beside = peak_truth_beside(arguments.truth);
  if (std::filesystem::exists(beside)) settings += " " + sha256_of(beside);
  return {"recovery", settings, [&](const Context&) -> std::vector<std::string> {
            const PlantedTruth planted = read_planted(arguments.truth);
            const Table partners = read_table(arguments.out / "partners.tsv");
            const auto found = measure_recovery(
                read_table(arguments.out / "subsets.tsv"), planted.truth, loaded.study(), {},
                planted.peaks ? &*planted.peaks : nullptr, &partners);
            return {write_into(arguments.out, recovery_columns().table(found)),
                    write_into(arguments.out,
                               recovery_by_kind_columns().table(summarise_recovery(found)))};
          }};
}

Manifest manifest_of(const RunArguments& arguments, const RunFolder& folder,
                     std::vector<FileRecord> inputs, const Context& context) {
  OptionSet::Values options;
  for (const auto& section : arguments.values) {
    for (const auto& [name, value] : section.second) options[section.first + "." + name] = value;
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

}  // namespace

void run_into(const RunArguments& arguments, const Context& context) {
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
  if (arguments.negative_control) folder.run(control_stage(arguments, loaded), context);
  folder.run(map_stage(arguments, loaded), context);
  if (!arguments.truth.empty()) folder.run(recovery_stage(arguments, loaded), context);
  write_manifest(arguments.out / "manifest.json", manifest_of(arguments, folder, inputs, context));
  write_report(arguments.out, arguments.report, context);
  context.reporter.info("The report: " + (arguments.out / "report.html").string());
}

}  // namespace grids::core
