#include "library/asked.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/program.hpp"
#include "base/suggestion.hpp"
#include "io/readers.hpp"
#include "model/train_options.hpp"
#include "pipeline/model_question.hpp"
#include "pipeline/prepare_files.hpp"
#include "report/report.hpp"
#include "validate/validate.hpp"

namespace grids {
namespace {

/// A command's options, and what they are bound to.
struct DescribedCommand {
  core::OptionSet set;
  std::shared_ptr<void> bound;
};

template <typename Asked>
DescribedCommand described(void (*describe)(Asked&, core::OptionSet&)) {
  DescribedCommand command;
  auto asked = std::make_shared<Asked>();
  describe(*asked, command.set);
  leave_out_files(command.set);
  command.bound = std::move(asked);
  return command;
}

template <typename Asked>
DescribedCommand of() {
  return described<Asked>([](Asked& asked, core::OptionSet& set) { asked.describe(set); });
}

DescribedCommand describe_prepare() {
  return described<core::PrepareArguments>(
      [](core::PrepareArguments& asked, core::OptionSet& set) { asked.describe_preparation(set); });
}

using Named = std::pair<std::string_view, DescribedCommand (*)()>;
constexpr std::array kCommands = {Named{"session", of<AskedSession>},
                                  Named{"read", of<core::MultiomeInput>},
                                  Named{"prepare", describe_prepare},
                                  Named{"train", of<core::TrainSettings>},
                                  Named{"cis", of<AskedCis>},
                                  Named{"explain", of<AskedExplain>},
                                  Named{"knockout", of<AskedKnockouts>},
                                  Named{"redundancy", of<AskedRedundancy>},
                                  Named{"evaluate", of<AskedEvaluate>},
                                  Named{"compare", of<AskedCompare>},
                                  Named{"validate", of<core::ValidateOptions>},
                                  Named{"report", of<core::ReportOptions>},
                                  Named{"model", of<core::ModelArguments>}};

DescribedCommand described_command(const std::string& name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                  [&](const Named& command) { return command.first == name; });
  if (found != kCommands.end()) return found->second();
  std::vector<std::string> names;
  names.reserve(kCommands.size());
  for (const auto& command : kCommands) names.emplace_back(command.first);
  throw core::usage_error("there is no command '{}'{}", name, core::suggestion(name, names));
}

OptionText::Kind kind_of(core::OptionField::Kind kind) {
  switch (kind) {
    case core::OptionField::Kind::kFlag:
      return OptionText::Kind::kFlag;
    case core::OptionField::Kind::kWhole:
      return OptionText::Kind::kWhole;
    case core::OptionField::Kind::kNumber:
      return OptionText::Kind::kNumber;
    case core::OptionField::Kind::kText:
      return OptionText::Kind::kText;
    case core::OptionField::Kind::kPath:
      return OptionText::Kind::kPath;
    case core::OptionField::Kind::kChoice:
      return OptionText::Kind::kChoice;
    case core::OptionField::Kind::kList:
      return OptionText::Kind::kList;
  }
  throw core::internal_error("no such kind of option: {}", static_cast<int>(kind));
}

OptionText text_of(const core::OptionField& field) {
  OptionText text;
  text.name = field.key;
  text.group = field.group;
  text.help = field.help;
  text.kind = kind_of(field.kind);
  text.choices = field.words;
  text.range = field.range.text();
  text.numbers = field.kind == core::OptionField::Kind::kList && field.words.empty() &&
                 (field.whole || !text.range.empty());
  if (text.kind == OptionText::Kind::kList) {
    text.standard = field.texts();
  } else if (!field.standard.empty()) {
    text.standard = {field.standard};
  }
  return text;
}

}  // namespace

void leave_out_files(core::OptionSet& set) {
  constexpr std::array kOfFiles = {"shard", "retrain", "input"};
  std::erase_if(set.fields(), [&](const core::OptionField& field) {
    return std::find(kOfFiles.begin(), kOfFiles.end(), field.key) != kOfFiles.end();
  });
}

std::vector<OptionText> options_of(const std::string& command) {
  const auto options = described_command(command);
  std::vector<OptionText> texts;
  for (const auto& field : options.set.fields()) {
    if (field.place != core::OptionField::Place::kInner) texts.push_back(text_of(field));
  }
  return texts;
}

void AskedSession::describe(core::OptionSet& set) {
  core::CommonOptions common;
  core::OptionSet all;
  common.seed = seed;
  common.describe(all);
  // Their words, bound to what is held here.
  const auto help = [&](std::string_view key) {
    for (const auto& field : all.fields()) {
      if (field.key == key) return field.help;
    }
    throw core::internal_error("no program has an option '{}'", key);
  };
  set.value("--seed", seed, help("seed"));
  set.value("--threads", threads, help("threads"), core::at_least(0));
}

void AskedCis::describe(core::OptionSet& set) {
  stage.describe(set);
  core::describe_genes(set, genes);
  set.value("--genes", gene_file, "File of genes, one per line");
  set.rule([this](core::Problems& problems) {
    if (!genes.empty() && !gene_file.empty()) problems.add("give one of --gene and --genes");
  });
}

void AskedExplain::describe(core::OptionSet& set) {
  targets.describe(set, "cell_type (a type, all or each), gene and, optionally, L");
  targets.describe_all_genes(set);
  stage.describe_preset(set, kind);
  core::describe_surrogate(set, kind);
  stage.describe(set);
  set.rule([this](core::Problems& problems) {
    targets.check("--all-genes, --targets FILE, or --cell-type T with --gene G", false, problems);
  });
}

void AskedRedundancy::describe(core::OptionSet& set) {
  targets.describe(set, "cell_type (a type, all or each), gene and, optionally, L");
  targets.describe_all_genes(set);
  stage.explain.describe_search(set);
  stage.describe(set);
  set.section("cis");
  stage.cis.describe(set);
  set.rule([this](core::Problems& problems) {
    targets.check("--all-genes, --targets FILE, or --gene G (in --cell-type T)", false, problems);
  });
}

void AskedEvaluate::describe(core::OptionSet& set) {
  core::describe_surrogate(set, kind);
  stage.describe(set);
  stage.describe_cells(set);
  core::describe_map(set, map);
}

void AskedCompare::describe(core::OptionSet& set) {
  targets.describe(set, "cell_type (a type, all or each) and gene; a column L is not read");
  stage.describe(set);
  core::describe_surrogate(set, kind);
  stage.stage.describe_question(set);
  set.rule([this](core::Problems& problems) { core::check_compared(targets, stage, problems); });
}

}  // namespace grids
