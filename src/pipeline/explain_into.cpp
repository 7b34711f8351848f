#include "pipeline/explain_into.hpp"

#include "evaluate/timings.hpp"
#include "links/evidence.hpp"
#include "links/found_links.hpp"
#include "links/loci.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/explain_portions.hpp"
#include "pipeline/run_folder.hpp"
#include "redundancy/design.hpp"
#include "redundancy/interplay_sets.hpp"
#include "redundancy/redundancy_tables.hpp"

namespace grids::core {
namespace {

/// The portions of a shard, each done unless it is kept.
PortionFiles find_portions(OutputFolder& out, const Study& study, const StudySurrogate& surrogate,
                           const AskedTargets& asked, const ExplainArguments& arguments,
                           const std::string& settings, const Context& context) {
  const auto numbers = portions_of(asked.shard, asked.targets.size());
  tell_portions(numbers.size(), asked.targets.size(), context);
  int64_t own = 0;
  for (const size_t portion : numbers)
    own += std::ssize(targets_of_portion(portion, asked.targets));
  ExplainPortions portions(study, surrogate, asked.targets, own, arguments, context);
  const auto depends = settings + "unconfirmed=" + portions.unconfirmed_genes() + " ";
  write_whole_run(out.path(), kExplainCommand,
                  whole_run(study, depends, asked.shard, asked.targets));
  RunFolder run(out, kExplainCommand, Stages::kApart);
  PortionFiles files(kExplainCommand);
  for (const size_t portion : numbers) {
    const auto targets = targets_of_portion(portion, asked.targets);
    bool kept = true;
    run.run({fmt::format("portion {}", portion + 1), depends + asked_text(study, targets),
             [&](const Context&) {
               kept = false;
               return portions.write(out.path(), portion, targets);
             },
             numbers.size() > 1},
            context);
    if (kept) portions.pass_over(std::ssize(targets));
    files.add(portion, out.path());
  }
  return files;
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

std::vector<Table> explain_tables(const Study& study, const Explained& explained,
                                  std::span<const SetRedundancy> redundant,
                                  const ExplainArguments& arguments) {
  auto tables = explained_tables(study, explained);
  tables.push_back(link_columns().table(links_of(study, explained.judged.sets, redundant)));
  tables.push_back(evidence_columns().table(evidence_of(study, explained.result.explained)));
  std::vector<int32_t> genes;
  for (const auto& set : explained.judged.sets) genes.push_back(set.gene);
  tables.push_back(loci_table(study, genes));
  tables.push_back(locus_genes_table(study, genes));
  if (!arguments.ask_redundancy) return tables;
  for (auto& table : redundancy_tables(study, redundant, arguments.redundancy.contrast_groups)) {
    if (table.source == describe_design().file) table = in_design_order(table);
    if (table.source == describe_groups().file) table = with_group_q(table);
    tables.push_back(std::move(table));
  }
  return tables;
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

ExplainArguments ExplainArguments::without_pairs(const std::filesystem::path& study) const {
  if (!redundancy.contrast_groups.empty()) {
    require_pairs(study, "--contrast-groups, which asks whether elements stand in for one another,",
                  "leave it out");
  }
  require_without_pairs(options);
  ExplainArguments possible = *this;
  possible.ask_redundancy = false;
  return possible;
}

std::vector<std::string> explain_into(OutputFolder& out, const std::filesystem::path& study_file,
                                      const Study& study, const StudySurrogate& surrogate,
                                      const AskedTargets& asked, const ExplainArguments& arguments,
                                      const std::string& settings, const Context& context) {
  require_groups(study, arguments.redundancy);
  require_explainable(study, surrogate, arguments.stage_options());
  const auto portions = find_portions(out, study, surrogate, asked, arguments, settings, context);
  if (portions.size() == 0) return {};
  auto finished = finish_explain(out, study, portions, arguments, asked.tracks, context);
  const auto whole = read_whole_run(out.path(), kExplainCommand);
  // Expression of the test cells is what is spent by asking.
  if (study.paired) {
    tell_asking(study_file, study, finished.sets, whole ? run_of(*whole, context) : "", context);
  }
  tell_shard(asked.shard, context);
  return std::move(finished.files);
}

}  // namespace grids::core
