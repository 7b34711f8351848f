#include "pipeline/explain_into.hpp"

#include "io/folder.hpp"
#include "pipeline/asked.hpp"
#include "report/tracks.hpp"

namespace grids::core {

void ExplainArguments::describe_preset(OptionSet& set, SurrogateKind& kind) {
  set.choice<ExplainPreset>(
      "--preset", preset, {{"default", ExplainPreset::kDefault}, {"paper", ExplainPreset::kPaper}},
      "paper = as published: among all peaks, without the peaks around each gene");
  set.then([this, &kind] {
    const bool published = preset == ExplainPreset::kPaper;
    kind = published ? SurrogateKind::kPublished : SurrogateKind::kCis;
    options.domain = published ? SearchDomain::kAll : SearchDomain::kAuto;
  });
}

void ExplainArguments::describe(OptionSet& set) {
  set.value("-L,--set-size", set_size,
            "Most peaks of a set, where --targets does not say; its minimal sub-set comes first",
            at_least(1));
  describe_direction(set);
  options.describe(set);
  judge.describe(set);
}

void ExplainArguments::describe_question(OptionSet& set) {
  describe_direction(set);
  options.describe_question(set);
}

void ExplainArguments::describe_direction(OptionSet& set) {
  set.choice<WantedDirection>("--direction", direction,
                              {{"auto", WantedDirection::kAuto},
                               {"down", WantedDirection::kDown},
                               {"up", WantedDirection::kUp}},
                              "Whether the predicted expression is to fall or to rise; auto = to "
                              "rise with --perturbation open, else to fall");
}

ExplainStageOptions ExplainArguments::stage_options() const {
  ExplainStageOptions resolved = options;
  const bool rises =
      direction == WantedDirection::kUp ||
      (direction == WantedDirection::kAuto && options.perturbation == Perturbation::kOpen);
  resolved.loss.direction = rises ? Direction::kUp : Direction::kDown;
  return resolved;
}

std::vector<std::string> explain_into(const std::filesystem::path& folder,
                                      const std::filesystem::path& study_file, const Study& study,
                                      const StudySurrogate& surrogate,
                                      const std::vector<ExplainTarget>& targets,
                                      const ExplainArguments& arguments, const Context& context) {
  const Explained explained = explain_and_judge(
      study, surrogate, targets, arguments.stage_options(), arguments.judge, context);
  make_folder(folder);
  const auto tables = explained_tables(study, explained);
  std::vector<std::string> names;
  names.reserve(tables.size());
  for (const Table& table : tables) names.push_back(write_into(folder, table));
  write_tracks(folder / "tracks", tables.front());
  tell_explained(study, explained, context);
  const auto sets = std::ssize(explained.judged.sets);
  const auto asked = asked_words(record_asking(study_file, study, sets, "", context));
  if (!asked.empty()) context.reporter.warning(asked);
  return names;
}

}  // namespace grids::core
