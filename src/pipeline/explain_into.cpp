#include "pipeline/explain_into.hpp"

#include "evaluate/timings.hpp"
#include "links/evidence.hpp"
#include "links/found_links.hpp"
#include "links/loci.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/manifests.hpp"
#include "redundancy/design.hpp"
#include "redundancy/interplay_sets.hpp"
#include "redundancy/redundancy_tables.hpp"
#include "redundancy/redundancy_words.hpp"
#include "report/tracks.hpp"

namespace grids::core {
namespace {

std::vector<std::string> write_tracks_into(OutputFolder& out, const Table& subsets,
                                           const Context& context) {
  auto names = track_names(subsets);
  for (auto& name : names) name = fmt::format("{}/{}", kTracksFolder, name);
  out.claim(names, context);
  write_tracks(out.path() / kTracksFolder, subsets);
  return names;
}

/// What a page draws of the sets besides what is known of them.
std::vector<Table> drawn_tables(const Study& study, std::span<const ExplainedTarget> explained) {
  std::vector<int32_t> genes;
  genes.reserve(explained.size());
  for (const auto& set : explained) genes.push_back(set.target.gene);
  return {evidence_columns().table(evidence_of(study, explained)), loci_table(study, genes),
          locus_genes_table(study, genes)};
}

}  // namespace

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

void ExplainArguments::describe_size(OptionSet& set) {
  set.value("-L,--set-size", set_size,
            "Most peaks of a set, where --targets does not say; its minimal sub-set comes first",
            at_least(1));
  describe_direction(set);
}

void ExplainArguments::describe_search(OptionSet& set) {
  describe_size(set);
  options.describe(set);
  redundancy.describe(set);
}

void ExplainArguments::describe(OptionSet& set) {
  describe_size(set);
  options.describe(set);
  judge.describe(set);
  set.choice<bool>("--redundancy", ask_redundancy, {{"on", true}, {"off", false}},
                   "Whether to ask if the elements of a set stand in for one another");
  redundancy.describe(set);
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

RedundancyOptions ExplainArguments::redundancy_options() const {
  RedundancyOptions resolved = redundancy;
  resolved.contrast = judge.contrast;
  return resolved;
}

std::vector<SetRedundancy> ask_redundancy(const Study& study, const StudySurrogate& surrogate,
                                          const ExplainResult& result,
                                          const ExplainArguments& arguments,
                                          const Context& context) {
  if (!arguments.ask_redundancy || result.explained.empty()) return {};
  const auto options = arguments.redundancy_options();
  auto sets = RedundancyJudge(study, surrogate, options, context)
                  .judge(redundancy_targets(result.explained));
  hold_together(sets, options);
  return sets;
}

std::vector<std::string> redundancy_files(const RedundancyOptions& options) {
  std::vector<std::string> names = {describe_redundancy().file, describe_settings().file,
                                    describe_members().file,    describe_interactions().file,
                                    describe_deletion().file,   describe_design().file,
                                    describe_interplay().file};
  if (!options.contrast_groups.empty()) names.push_back(describe_groups().file);
  return names;
}

std::vector<std::string> ExplainArguments::files() const {
  std::vector<std::string> names = {describe_subsets().file,
                                    describe_partners().file,
                                    describe_set_summary().file,
                                    describe_random_sets().file,
                                    describe_contrasts().file,
                                    describe_change_by_type().file,
                                    describe_off_target().file,
                                    skipped_columns().describe().file,
                                    describe_timings().file,
                                    link_columns().describe().file,
                                    evidence_columns().describe().file,
                                    describe_loci().file,
                                    describe_locus_genes().file};
  if (ask_redundancy) {
    for (auto& name : redundancy_files(redundancy)) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> explain_into(OutputFolder& out, const std::filesystem::path& study_file,
                                      const Study& study, const StudySurrogate& surrogate,
                                      const std::vector<ExplainTarget>& targets,
                                      const ExplainArguments& arguments, const Context& context) {
  require_groups(study, arguments.redundancy);
  const Explained explained = explain_and_judge(
      study, surrogate, targets, arguments.stage_options(), arguments.judge, context);
  auto tables = explained_tables(study, explained);
  const auto redundant = ask_redundancy(study, surrogate, explained.result, arguments, context);
  tables.push_back(link_columns().table(links_of(study, explained.judged.sets, redundant)));
  for (auto& table : drawn_tables(study, explained.result.explained)) {
    tables.push_back(std::move(table));
  }
  std::string of_groups;
  if (arguments.ask_redundancy) {
    auto asked = redundancy_tables(study, redundant, arguments.redundancy.contrast_groups);
    if (!arguments.redundancy.contrast_groups.empty()) {
      of_groups = groups_sentence(asked.front(), asked.back());
    }
    std::move(asked.begin(), asked.end(), std::back_inserter(tables));
  }
  auto names = write_tables_into(out, tables, context);
  for (const auto& name : write_tracks_into(out, tables.front(), context)) names.push_back(name);
  tell_explained(study, explained, context);
  tell_redundancy(study, redundant, context);
  if (!of_groups.empty()) context.reporter.info(of_groups);
  tell_interplay(redundant, context);
  const auto sets = std::ssize(explained.judged.sets);
  tell_asking(study_file, study, sets, context);
  return names;
}

}  // namespace grids::core
