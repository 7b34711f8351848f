#include "pipeline/run.hpp"

#include <functional>
#include <optional>

#include "compare/recovery.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/redundancy_into.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/sibling.hpp"
#include "redundancy/control_studies.hpp"
#include "simulate/peak_truth.hpp"
#include "simulate/truth.hpp"
#include "study/chromatin.hpp"

namespace grids::core {
namespace {

constexpr const char* kStudy = "study.h5mu";
constexpr const char* kSurrogate = "surrogate.safetensors";
constexpr const char* kWithCis = "surrogate-cis.safetensors";
constexpr const char* kCisTable = "cis.tsv";
constexpr const char* kCurves = "training.tsv";
constexpr const char* kManifest = "manifest.json";
constexpr const char* kReport = "report.html";

/// What the stages after training share; read once, when the first of them has work to do.
class Loaded {
 public:
  Loaded(const std::filesystem::path& folder, SurrogateKind kind, const Context& context)
      : folder_(folder), kind_(kind), context_(context) {}

  /// With the types filled in that one half lacks.
  const Study& study() { return both().study; }
  StudySurrogate surrogate() { return both().surrogate(); }

 private:
  const StudyAndSurrogate& both() {
    if (!loaded_) {
      const bool with_cis =
          kind_ == SurrogateKind::kCis && std::filesystem::exists(folder_ / kWithCis);
      loaded_.emplace(load_chromatin_and_surrogate(
          {folder_ / kStudy, folder_ / (with_cis ? kWithCis : kSurrogate), kind_}, context_));
    }
    return *loaded_;
  }

  std::filesystem::path folder_;
  SurrogateKind kind_;
  const Context& context_;
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

/// What was asked, needs pairs and would be missed.
void require_run_without_pairs(const RunArguments& arguments) {
  if (arguments.negative_control) {
    throw input_error(
        "run: --negative-control asks about redundancy, which {}; of cells that were not measured "
        "together leave it out",
        kNeedsPairs);
  }
  if (!arguments.explain.redundancy.contrast_groups.empty()) {
    throw input_error(
        "run: --contrast-groups asks whether elements stand in for one another, which {}; of cells "
        "that were not measured together leave it out",
        kNeedsPairs);
  }
  require_without_pairs(arguments.explain.options);
  const auto& prepare = arguments.prepare;
  const bool named = !prepare.labels.empty() || !prepare.donors.empty() ||
                     !prepare.batches.empty() || !prepare.genes.empty() ||
                     !prepare.of_rna.empty() || !prepare.of_atac.empty();
  if (arguments.gives_study() && named) {
    throw input_error(
        "{}: this study was prepared: labels, donors, batches and genes are in it; leave out what "
        "names them",
        prepare.input.path.string());
  }
}

/// Everything in the user's files that can be wrong is read before the first long step, which
/// otherwise would be lost.
void check_early(const RunArguments& arguments) {
  require_folder(arguments.out);
  if (arguments.unpaired()) require_run_without_pairs(arguments);
  if (!arguments.targets.empty()) read_targets(arguments.targets, arguments.explain.set_size);
  if (!arguments.evaluate.markers.empty()) read_table(arguments.evaluate.markers).rows();
  if (!arguments.truth.empty()) read_planted(arguments.truth);
  // A run that goes on after its training needs the program no more.
  if (!std::filesystem::exists(arguments.out / kSurrogate)) {
    require_program(program_beside("grids-torch"), "training");
  }
  if (arguments.negative_control && !arguments.explain.ask_redundancy) {
    throw usage_error("--negative-control asks about redundancy: leave out --redundancy off");
  }
}

/// Names of everything that the run may write into its folder.
std::vector<std::string> files_of(const RunArguments& arguments) {
  std::vector<std::string> names = {kStudy, describe_prepare().file, kSurrogate, kCurves, kManifest,
                                    kReport};
  const auto add = [&](const std::vector<std::string>& more) {
    names.insert(names.end(), more.begin(), more.end());
  };
  if (arguments.kind == SurrogateKind::kCis) add({kWithCis, kCisTable});
  const bool unpaired = arguments.unpaired();
  add(unpaired ? EvaluateArguments::unpaired_files() : EvaluateArguments::files());
  add(arguments.explain.files());
  if (!unpaired) add(map_files());
  if (arguments.negative_control) add({describe_negative_control().file});
  if (!arguments.truth.empty()) {
    add({recovery_columns().describe().file, recovery_by_kind_columns().describe().file});
  }
  return names;
}

/// The cells, and the targets where the user named some.
Author author_of(const RunArguments& arguments) {
  std::string target;
  for (const auto& file : arguments.prepare.files()) {
    target += (target.empty() ? "" : ", ") + seen_from(arguments.out, file);
  }
  if (!arguments.targets.empty()) {
    target += "; " + targets_words(arguments.out, arguments.targets);
  }
  return {"run", target};
}

/// Of these files, all but those that every command may replace.
void claim_files(OutputFolder& out, const RunArguments& arguments, const Context& context) {
  auto names = files_of(arguments);
  std::erase_if(names,
                [](const std::string& name) { return name == kManifest || name == kReport; });
  out.claim(names, context);
}

void copy_to(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, error);
  if (error) throw input_error("cannot write {}: {}", to.string(), error.message());
}

/// Of raw files.
std::vector<std::string> prepare_study(const RunArguments& arguments, OutputFolder& out,
                                       const Context& context) {
  const auto write = [&](const auto& result) -> std::vector<std::string> {
    claim_files(out, arguments, context);
    const auto table = write_into(arguments.out, prepare_table(result.summary));
    write_prepared(arguments.out / kStudy, result, context);
    return {kStudy, table};
  };
  if (arguments.unpaired()) {
    return write(prepare_unpaired_from_files(arguments.prepare, context));
  }
  const PreparedCells result = prepare_from_files(arguments.prepare, context);
  // A column that is not there is told before the training, not after it.
  require_groups(result.tables, arguments.explain.redundancy);
  return write(result);
}

/// A study that was prepared before, as it is.
std::vector<std::string> take_study(const RunArguments& arguments, OutputFolder& out,
                                    const Context& context) {
  claim_files(out, arguments, context);
  replace_file(arguments.out / kStudy, [&](const std::filesystem::path& temporary) {
    copy_to(arguments.prepare.input.path, temporary);
  });
  return {kStudy};
}

RunStage prepare_stage(const RunArguments& arguments, const std::vector<FileRecord>& inputs,
                       OutputFolder& out) {
  std::string settings = settings_text(arguments.values.at("prepare"));
  for (const auto& file : inputs) settings += fmt::format("{} {}; ", file.path, file.sha256);
  return {"prepare", settings, [&](const Context& context) {
            return (arguments.gives_study() ? take_study : prepare_study)(arguments, out, context);
          }};
}

/// Where training works until it is done.
std::filesystem::path training_folder(const RunArguments& arguments) {
  return arguments.out / kStateFolder / "training";
}

std::vector<std::string> training_words(const RunArguments& arguments, const Context& context) {
  const auto folder = training_folder(arguments);
  std::vector<std::string> words = {"train",        (arguments.out / kStudy).string(),
                                    "--out",        (folder / kSurrogate).string(),
                                    "--curves",     (folder / kCurves).string(),
                                    "--checkpoint", folder.string(),
                                    "--seed",       std::to_string(context.seed),
                                    "--threads",    std::to_string(context.pool.threads()),
                                    "--memory",     std::to_string(context.memory)};
  words.insert(words.end(), arguments.given_training.begin(), arguments.given_training.end());
  for (auto& word : context.reporter.words()) words.push_back(std::move(word));
  return words;
}

/// Gives a finished file of the state folder its place.
void move_into_place(const std::filesystem::path& from, const std::filesystem::path& to) {
  replace_file(to, [&](const std::filesystem::path& temporary) {
    std::error_code error;
    std::filesystem::rename(from, temporary, error);
    if (!error) return;
    copy_to(from, temporary);  // on another disk
  });
}

RunStage train_stage(const RunArguments& arguments, OutputFolder& out) {
  const std::string settings = settings_text(arguments.values.at("train"));
  return {"train", settings, [&, settings](const Context& context) -> std::vector<std::string> {
            const auto folder = training_folder(arguments);
            const auto settings_file = folder / "settings.txt";
            auto words = training_words(arguments, context);
            // A checkpoint of another version, other settings or another study is of no use;
            // training refuses it.
            const std::string mark = fmt::format("{} {}seed {}; {}", GRIDS_VERSION, settings,
                                                 context.seed, out.content_of(kStudy));
            const bool resume =
                std::filesystem::exists(settings_file) && read_file(settings_file) == mark;
            if (!resume) std::filesystem::remove_all(folder);
            make_folder(folder);
            replace_file(settings_file, mark);
            if (resume) words.emplace_back("--resume");
            Sibling sibling;
            sibling.on_start = [&](pid_t pid) { out.shared_with(pid); };
            run_sibling(sibling, words, context);
            for (const char* name : {kSurrogate, kCurves}) {
              move_into_place(folder / name, out.path() / name);
            }
            std::filesystem::remove_all(folder);
            return {kSurrogate, kCurves};
          }};
}

RunStage cis_stage(const RunArguments& arguments, OutputFolder& out) {
  return {"cis", settings_text(arguments.values.at("cis")),
          [&](const Context& context) -> std::vector<std::string> {
            auto loaded = load_study_and_surrogate(
                {arguments.out / kStudy, arguments.out / kSurrogate, SurrogateKind::kPublished},
                context, RawTensors::kKept);
            if (!loaded.study.genes.has_positions()) {  // none of an earlier run may be left
              for (const char* name : {kWithCis, kCisTable}) out.drop(name, context);
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

/// What can be judged without pairs.
std::vector<std::string> evaluate_halves(const RunArguments& arguments, OutputFolder& out,
                                         const Context& context) {
  auto loaded = load_unpaired_and_surrogate(
      {arguments.out / kStudy, arguments.out / kSurrogate, SurrogateKind::kPublished}, context);
  return evaluate_unpaired_into(out, loaded.study, loaded.folded, arguments.evaluate, context);
}

RunStage evaluate_stage(const RunArguments& arguments, Loaded& loaded, OutputFolder& out) {
  const std::string settings =
      surrogate_text(arguments) + settings_text(arguments.values.at("evaluate"));
  return {"evaluate", settings, [&](const Context& context) {
            if (arguments.unpaired()) return evaluate_halves(arguments, out, context);
            return evaluate_into(out, loaded.study(), loaded.surrogate(), arguments.evaluate,
                                 context);
          }};
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

/// Study and surrogate by content: what the stages before it have written.
std::string files_before_explain(const OutputFolder& out) {
  return fmt::format("study={}; surrogate={} {}; ", out.content_of(kStudy),
                     out.content_of(kSurrogate), out.content_of(kWithCis));
}

RunStage explain_stage(const RunArguments& arguments, Loaded& loaded, OutputFolder& out) {
  std::string settings = surrogate_text(arguments) + settings_text(arguments.values.at("explain"));
  if (!arguments.targets.empty()) settings += sha256_of(arguments.targets);
  return {"explain", settings, [&, settings](const Context& context) {
            const auto targets = targets_of(arguments, loaded.study());
            if (targets.empty()) {
              context.reporter.warning(
                  arguments.unpaired()
                      ? "nothing to explain: no type has a marker gene; name targets yourself "
                        "(--targets)"
                      : "nothing to explain: no type has a marker gene that the surrogate predicts "
                        "better than its mean; name targets yourself (--targets)");
            }
            return explain_into(out, arguments.out / kStudy, loaded.study(), loaded.surrogate(),
                                {targets}, explain_arguments(arguments),
                                settings + files_before_explain(out), context);
          }};
}

/// What was found of the targets, beside what is found where nothing is.
RunStage control_stage(const RunArguments& arguments, Loaded& loaded, OutputFolder& out) {
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
            return {negative_control_into(out, loaded.study(), loaded.surrogate(), targets,
                                          read_table(arguments.out / "redundancy.tsv"), asked,
                                          context)};
          }};
}

RunStage map_stage(const RunArguments& arguments, Loaded& loaded, OutputFolder& out) {
  return {"map", surrogate_text(arguments), [&](const Context& context) {
            return map_into(out, loaded.study(), loaded.surrogate(), context);
          }};
}

RunStage recovery_stage(const RunArguments& arguments, Loaded& loaded, OutputFolder& out) {
  std::string settings = sha256_of(arguments.truth);
  const auto beside = peak_truth_beside(arguments.truth);
  if (std::filesystem::exists(beside)) settings += " " + sha256_of(beside);
  return {"recovery", settings, [&](const Context& context) -> std::vector<std::string> {
            const PlantedTruth planted = read_planted(arguments.truth);
            const Table partners = read_table(arguments.out / "partners.tsv");
            const auto found = measure_recovery(
                read_table(arguments.out / "subsets.tsv"), planted.truth, loaded.study(), {},
                planted.peaks ? &*planted.peaks : nullptr, &partners);
            return write_tables_into(out,
                                     {recovery_columns().table(found),
                                      recovery_by_kind_columns().table(summarise_recovery(found))},
                                     context);
          }};
}

/// What can be done with these cells.
RunArguments possible_of(const RunArguments& asked) {
  RunArguments possible = asked;
  if (!asked.unpaired()) return possible;
  possible.kind = SurrogateKind::kPublished;
  possible.explain.ask_redundancy = false;
  // As the manifest is to have it.
  possible.values["cis"]["surrogate"] = "published";
  possible.values["explain"]["redundancy"] = "off";
  return possible;
}

void tell_left_out(const Context& context) {
  context.reporter.info(
      "chromatin and RNA were measured in different cells: left out are the cis path, redundancy, "
      "contrasts and the map of the cells, which need both of the same cells "
      "(docs/unpaired.md)");
}

CommandRecord record_of(const RunArguments& arguments, const RunFolder& folder,
                        std::vector<FileRecord> inputs) {
  CommandRecord record;
  record.command = "run";
  for (const auto& section : arguments.values) {
    for (const auto& [name, value] : section.second) {
      record.options[section.first + "." + name] = value;
    }
  }
  record.inputs = std::move(inputs);
  for (const auto& [name, stage] : folder.stages()) {
    record.stages.push_back({name, stage.seconds});
    record.warnings.insert(record.warnings.end(), stage.warnings.begin(), stage.warnings.end());
    for (const auto& output : stage.outputs) record.outputs.push_back(output.first);
  }
  return record;
}

}  // namespace

bool RunArguments::gives_study() const {
  std::error_code ignored;
  const auto& path = prepare.input.path;
  // Raw files may be anything; a study has this name.
  return path.extension() == ".h5mu" && std::filesystem::is_regular_file(path, ignored) &&
         gives_unpaired_cells(path);
}

void run_into(const RunArguments& asked, const Context& context) {
  check_early(asked);
  const RunArguments arguments = possible_of(asked);
  if (arguments.unpaired()) tell_left_out(context);
  arguments.prepare.input.require_files();
  const auto inputs = record_files(arguments.prepare.files());
  OutputFolder out(arguments.out, author_of(arguments), files_of(arguments), arguments.overwrite);
  RunFolder folder(out, "run", Stages::kInTurn);
  folder.run(prepare_stage(arguments, inputs, out), context);
  claim_files(out, arguments, context);  // where that stage was kept
  folder.run(train_stage(arguments, out), context);
  if (arguments.kind == SurrogateKind::kCis) folder.run(cis_stage(arguments, out), context);
  Loaded loaded(arguments.out, arguments.kind, context);
  folder.run(evaluate_stage(arguments, loaded, out), context);
  folder.run(explain_stage(arguments, loaded, out), context);
  if (arguments.negative_control) folder.run(control_stage(arguments, loaded, out), context);
  if (!arguments.unpaired()) folder.run(map_stage(arguments, loaded, out), context);
  if (!arguments.truth.empty()) folder.run(recovery_stage(arguments, loaded, out), context);
  close_folder(out, record_of(arguments, folder, inputs), context);
  out.claim_for_all(kReport, context);
  write_report(arguments.out, arguments.report, context);
  context.reporter.info("The report: " + (arguments.out / kReport).string());
}

}  // namespace grids::core
