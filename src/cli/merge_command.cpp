#include <fmt/ranges.h>

#include <algorithm>

#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/merge_shards.hpp"

namespace grids::core {
namespace {

struct MergeCommand {
  MergeArguments stage;
  std::filesystem::path out;
  bool overwrite = false;
};

/// Which shards, for others to be told apart; in whatever order.
std::string merged_words(const MergeCommand& arguments) {
  std::vector<std::string> words;
  words.reserve(arguments.stage.shards.size());
  for (const auto& folder : arguments.stage.shards)
    words.push_back(seen_from(arguments.out, folder));
  std::sort(words.begin(), words.end());
  return fmt::format("shards {}", fmt::join(words, ", "));
}

void merge(const MergeCommand& arguments, const Context& outer) {
  const std::vector<std::filesystem::path> folders(arguments.stage.shards.begin(),
                                                   arguments.stage.shards.end());
  const auto shards = read_shards(folders);
  OutputFolder out(arguments.out, {"merge", merged_words(arguments)}, merged_files(shards),
                   arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  // Draws and rows are those of the shards' seed.
  const Context context = outer.with_seed(shards.seed).with_reporter(reporter);
  const auto merged = merge_into(out, shards, arguments.stage, context);
  // The section of the command whose shards they were: what reads its folder reads this one.
  auto options = shards.options;
  options["merged-shards"] = std::to_string(shards.folders.size());
  close_folder(out, {shards.command, options, merged.inputs, merged.files, reporter.warnings()},
               context);
}

}  // namespace

Command merge_command() {
  return {
      "merge", "Put the shards of a run together",
      "  grids explain study.h5mu surrogate-cis.safetensors --all-genes --shard 1/2 -o part_1/\n"
      "  grids explain study.h5mu surrogate-cis.safetensors --all-genes --shard 2/2 -o part_2/\n"
      "  grids merge part_1/ part_2/ -o out/\n"
      "Writes the tables that the command would have written without --shard: q-values, verdicts\n"
      "and calls over all sets (docs/cluster.md).",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<MergeCommand>();
        options.list("shards", arguments->stage.shards,
                     "Folders that --shard wrote, all of a run, in any order");
        arguments->stage.describe(options);
        options.value("-o,--out", arguments->out, "Folder for the tables",
                      OptionSet::Need::kRequired);
        describe_overwrite(options, arguments->overwrite);
        options.rule([arguments](Problems& problems) {
          if (arguments->stage.shards.empty()) problems.add("give the folders of the shards");
        });
        return [arguments](const Context& context) { merge(*arguments, context); };
      }};
}

}  // namespace grids::core
