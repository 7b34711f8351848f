#include "pipeline/merge_shards.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/at.hpp"
#include "io/atomic_file.hpp"
#include "pipeline/cis_portions.hpp"
#include "pipeline/compare_into.hpp"
#include "pipeline/explain_portions.hpp"
#include "pipeline/knockout_into.hpp"
#include "pipeline/openness.hpp"
#include "pipeline/redundancy_into.hpp"
#include "pipeline/run_folder.hpp"
#include "study/study.hpp"

namespace grids::core {
namespace {

constexpr const char* kShardOption = "shard";
constexpr const char* kManifestFile = "manifest.json";

// ---- what each command does at its end ----

/// What the step that ends a run is given.
struct WholeOfShards {
  const Study& study;
  const PortionFiles& portions;
  const OptionSet::Values& options;
  /// Where the surrogate is, by content that of the shards; throws Error(kInput) where it is not.
  std::function<std::filesystem::path()> surrogate;
};

/// What a command needs to end a run whose portions are all there.
struct EndOfRun {
  const char* command;
  /// Names of its tables, as far as options tell them.
  std::function<std::vector<std::string>(const OptionSet::Values& options)> files;
  std::function<std::vector<std::string>(OutputFolder& out, const WholeOfShards& whole,
                                         const Context& context)>
      finish;
};

/// The texts of an option as a user would give them.
std::vector<std::string> texts_of(const OptionField& field, const std::string& value) {
  if (field.kind != OptionField::Kind::kList) return {value};
  return split_list(value);
}

/// Sets the described options to recorded values; those that hold them already are left alone.
/// `key`: what a field is called in the record.
template <typename Key>
void restore(OptionSet& set, const OptionSet::Values& values, const Key& key) {
  for (auto& field : set.fields()) {
    if (field.place == OptionField::Place::kInner) continue;
    const auto value = values.find(key(field));
    if (value == values.end() || value->second == field.show()) continue;
    const auto problem = field.assign(texts_of(field, value->second));
    if (problem.empty()) continue;
    throw input_error("{}: options: {}: '{}': {}", kManifestFile, value->first, value->second,
                      problem);
  }
}

ExplainArguments explain_arguments_of(const OptionSet::Values& values) {
  ExplainArguments arguments;
  OptionSet set;
  arguments.describe(set);
  restore(set, values, [](const OptionField& field) { return field.key; });
  return arguments;
}

RedundancyArguments redundancy_arguments_of(const OptionSet::Values& values) {
  RedundancyArguments arguments;
  OptionSet set;
  set.section("explain");
  arguments.explain.describe_search(set);
  set.section("redundancy");
  arguments.describe(set);
  restore(set, values, [](const OptionField& field) { return field.key; });
  return arguments;
}

CompareArguments compare_arguments_of(const OptionSet::Values& values) {
  CompareArguments arguments;
  OptionSet set;
  set.section("compare");
  arguments.describe(set);
  set.section("explain");
  arguments.stage.describe_question(set);
  restore(set, values, [](const OptionField& field) { return field.key; });
  return arguments;
}

CisArguments cis_arguments_of(const OptionSet::Values& values) {
  CisArguments arguments;
  OptionSet set;
  set.section("cis");
  arguments.describe(set);
  restore(set, values, [](const OptionField& field) { return field.key; });
  return arguments;
}

/// Shards of `cis` that only estimate how much ATAC misses.
bool estimates_openness(const OptionSet::Values& options) {
  const auto found = options.find(kEstimateOpenness);
  return found != options.end() && found->second == "true";
}

/// Those that can be merged; a further command is a line.
std::vector<EndOfRun> ends_of_runs() {
  using Values = OptionSet::Values;
  return {
      {kExplainCommand, [](const Values& options) { return explain_arguments_of(options).files(); },
       [](OutputFolder& out, const WholeOfShards& whole, const Context& context) {
         const bool tracks = !whole.options.contains("all-genes");
         return finish_explain(out, whole.study, whole.portions,
                               explain_arguments_of(whole.options), tracks, context)
             .files;
       }},
      {kRedundancyCommand,
       [](const Values& options) { return redundancy_arguments_of(options).files(); },
       [](OutputFolder& out, const WholeOfShards& whole, const Context& context) {
         return finish_redundancy(out, whole.study, whole.portions,
                                  redundancy_arguments_of(whole.options), context);
       }},
      {kCompareCommand, [](const Values& options) { return compare_arguments_of(options).files(); },
       [](OutputFolder& out, const WholeOfShards& whole, const Context& context) {
         return finish_compare(out, whole.study, whole.portions,
                               compare_arguments_of(whole.options), context);
       }},
      {kCisCommand,
       [](const Values& options) {
         if (estimates_openness(options)) {
           return std::vector<std::string>{describe_openness().file};
         }
         return std::vector<std::string>{kMergedSurrogate, describe_cis().file};
       },
       [](OutputFolder& out, const WholeOfShards& whole, const Context& context) {
         if (estimates_openness(whole.options)) {
           const FoldedSurrogate folded(read_surrogate(whole.surrogate()));
           return finish_openness(out, whole.study, folded, whole.portions,
                                  cis_arguments_of(whole.options).resolved(), context);
         }
         return finish_cis(out, whole.study, whole.portions, read_surrogate(whole.surrogate()),
                           cis_arguments_of(whole.options), whole.options.contains(kGenesNamed),
                           context);
       }},
      {kKnockoutCommand, [](const Values&) { return std::vector<std::string>(); },
       [](OutputFolder& out, const WholeOfShards& whole, const Context& context) {
         return finish_knockout(out, whole.study, whole.portions, whole.options, context);
       }}};
}

EndOfRun end_of(const std::string& command) {
  for (auto& end : ends_of_runs()) {
    if (end.command == command) return end;
  }
  throw internal_error("shards of '{}' cannot be merged", command);
}

// ---- a shard ----

/// A folder and what it says of itself.
struct OneShard {
  std::filesystem::path folder;
  WholeRun whole;
  Manifest manifest;
  OptionSet::Values options;  ///< without the shard
};

/// The same command, for the shard that is missing.
std::string run_words(const std::string& command, int64_t number, int64_t count) {
  return fmt::format("run grids {} … --shard {}/{}", command, number, count);
}

std::string value_text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

OptionSet::Values options_of(const Manifest& manifest) {
  OptionSet::Values values;
  const auto json = nlohmann::json::parse(manifest.options, nullptr, false);
  if (!json.is_object()) return values;
  for (const auto& [key, value] : json.items()) values[key] = value_text(value);
  return values;
}

/// The section of a command, of a folder where it has ended.
std::optional<Manifest> section_of(const std::filesystem::path& folder,
                                   const std::string& command) {
  const auto path = folder / kManifestFile;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  for (auto& manifest : read_manifests(path)) {
    if (manifest.command == command) return std::move(manifest);
  }
  return std::nullopt;
}

OneShard read_shard_of(const std::filesystem::path& folder, const std::string& command,
                       const WholeRun& whole) {
  OneShard shard{folder, whole, {}, {}};
  const auto& [number, count] = whole.shard;
  auto manifest = section_of(folder, command);
  if (manifest) shard.options = options_of(*manifest);
  const auto ended = fmt::format("{}/{}", number, count);
  if (!manifest || shard.options[kShardOption] != ended) {
    throw input_error("{}: shard {} did not end; {} with this folder: it goes on where it stopped",
                      folder.string(), ended, run_words(command, number, count));
  }
  shard.manifest = std::move(*manifest);
  // In which shards of one run differ.
  for (const char* own : {kShardOption, "out", "overwrite"}) shard.options.erase(own);
  return shard;
}

/// Nothing where the folder is that of another command.
OneShard read_shard(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw input_error("{}: there is no such folder; give those that --shard wrote",
                      folder.string());
  }
  std::vector<std::string> commands;
  for (const auto& end : ends_of_runs()) {
    commands.emplace_back(end.command);
    if (const auto whole = read_whole_run(folder, end.command)) {
      return read_shard_of(folder, end.command, *whole);
    }
  }
  throw input_error("{}: holds no shard; give folders that grids {} wrote with --shard",
                    folder.string(), fmt::join(commands, " or "));
}

// ---- one run of them ----

/// What differs between the options of two shards: "set-size is 3, there 4".
std::string difference(const OptionSet::Values& one, const OptionSet::Values& other) {
  std::set<std::string> names;
  for (const auto& entry : one) names.insert(entry.first);
  for (const auto& entry : other) names.insert(entry.first);
  const auto shown = [](const OptionSet::Values& values, const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string("not given") : found->second;
  };
  for (const auto& name : names) {
    if (shown(one, name) == shown(other, name)) continue;
    return fmt::format("options: {} is {}, there {}", name, shown(one, name), shown(other, name));
  }
  return "";
}

std::string input_difference(const Manifest& one, const Manifest& other) {
  constexpr const char* kNames[] = {"study", "surrogate"};
  const bool of_targets = one.command == kExplainCommand || one.command == kRedundancyCommand;
  const char* further = of_targets ? "table of targets" : "further file";
  const size_t count = std::max(one.inputs.size(), other.inputs.size());
  for (size_t i = 0; i < count; ++i) {
    const auto shown = [i](const Manifest& manifest) {
      if (i >= manifest.inputs.size()) return std::string("none");
      const auto& file = manifest.inputs[i];
      return fmt::format("{} (SHA-256 {})", file.path, file.sha256.substr(0, 8));
    };
    const bool same = i < one.inputs.size() && i < other.inputs.size() &&
                      one.inputs[i].sha256 == other.inputs[i].sha256;
    if (same) continue;
    return fmt::format("inputs: the {} is {}, there {}",
                       i < std::size(kNames) ? kNames[i] : further, shown(one), shown(other));
  }
  return "";
}

/// Which field says that two shards are of different runs; empty: none.
std::string foreign_field(const OneShard& one, const OneShard& other) {
  const auto differs = [](const char* name, const auto& a, const auto& b) {
    return a == b ? std::string() : fmt::format("{} is {}, there {}", name, a, b);
  };
  const auto& a = one.manifest;
  const auto& b = other.manifest;
  for (const auto& words :
       {differs("command", a.command, b.command), differs("version", a.version, b.version),
        differs("seed", a.seed, b.seed), input_difference(a, b),
        difference(one.options, other.options),
        differs("number of shards", one.whole.shard.count, other.whole.shard.count)}) {
    if (!words.empty()) return words;
  }
  return one.whole == other.whole ? "" : "targets: those that were asked for are others";
}

void require_one_run(const std::vector<OneShard>& shards) {
  for (const auto& shard : shards) {
    const auto field = foreign_field(shard, shards.front());
    if (field.empty()) continue;
    throw input_error(
        "{}: is a shard of another run than {}: {}; give shards of one command line, or run this "
        "one again",
        shard.folder.string(), shards.front().folder.string(), field);
  }
}

void require_version(const OneShard& shard) {
  if (shard.manifest.version == GRIDS_VERSION) return;
  throw input_error(
      "{}: version is {}, this is {}; merge with the version that wrote the shards, or run them "
      "again",
      shard.folder.string(), shard.manifest.version, GRIDS_VERSION);
}

/// By number, each once.
std::vector<OneShard> in_order(std::vector<OneShard> shards) {
  const auto& command = shards.front().manifest.command;
  const int64_t count = shards.front().whole.shard.count;
  std::map<int64_t, OneShard> by_number;
  for (auto& shard : shards) {
    const int64_t number = shard.whole.shard.number;
    const auto known = by_number.find(number);
    if (known != by_number.end()) {
      throw input_error("{}: is shard {}/{}, as {} is; leave one of them out",
                        shard.folder.string(), number, count, known->second.folder.string());
    }
    by_number.emplace(number, shard);
  }
  Problems missing;
  for (int64_t number = 1; number <= count; ++number) {
    if (by_number.contains(number)) continue;
    missing.add("shard {}/{} is missing: {}", number, count, run_words(command, number, count));
  }
  missing.raise(ErrorKind::kInput, "merge");
  std::vector<OneShard> ordered;
  ordered.reserve(by_number.size());
  for (auto& entry : by_number) ordered.push_back(std::move(entry.second));
  return ordered;
}

// ---- portions ----

/// That the files of a shard's portions are as it left them: RunFolder's record has their digests.
void require_portions(const std::filesystem::path& folder, const std::string& command,
                      const std::vector<size_t>& portions) {
  if (portions.empty()) return;  // more shards than portions
  const auto record = folder / kStateFolder / (command + ".json");
  std::map<std::string, std::string> digests;
  try {
    const auto json = nlohmann::json::parse(read_file(record));
    for (const auto& stage : json) {
      for (const auto& [name, sha256] : stage.at("outputs").items()) {
        digests[name] = sha256.get<std::string>();
      }
    }
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: {}; run the shard again", record.string(), error.what());
  }
  for (const size_t portion : portions) {
    const auto begin = portion_file(command, portion, "");
    size_t found = 0;
    for (auto entry = digests.lower_bound(begin);
         entry != digests.end() && entry->first.starts_with(begin); ++entry) {
      const auto path = folder / entry->first;
      std::error_code ignored;
      const bool there = std::filesystem::is_regular_file(path, ignored);
      if (!there || sha256_of(path) != entry->second) {
        throw input_error("{}: is not as the shard left it; run the shard again with this folder",
                          path.string());
      }
      ++found;
    }
    if (found == 0) {
      throw input_error("{}: portion {} is not there; run the shard again with this folder",
                        folder.string(), portion + 1);
    }
  }
}

PortionFiles portions_of_shards(const ShardSet& shards) {
  PortionFiles files(shards.command);
  const int64_t count = std::ssize(shards.folders);
  for (int64_t i = 0; i < count; ++i) {
    std::vector<size_t> own;
    for (int64_t portion = i; portion < shards.portions; portion += count) {
      own.push_back(at(portion));
    }
    const auto& folder = shards.folders[at(i)];
    require_portions(folder, shards.command, own);
    for (const size_t portion : own) files.add(portion, folder);
  }
  return files;
}

// ---- study and surrogate ----

/// Where an input is, checked by content; `option` gives another place.
std::filesystem::path place_of(const FileRecord& recorded, const std::filesystem::path& given,
                               const char* option) {
  auto place = given.empty() ? std::filesystem::path(recorded.path) : given;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(place, ignored)) {
    throw input_error(
        "{}: the shards were made with this file, and it is not there; give the place "
        "where it is now: {}",
        place.string(), option);
  }
  if (sha256_of(place) != recorded.sha256) {
    throw input_error(
        "{}: its content is not that of {}, with which the shards were made; give that one: {}",
        place.string(), recorded.path, option);
  }
  return place;
}

constexpr size_t kInputsOfShards = 2;  // study and surrogate, before any table of targets

}  // namespace

void MergeArguments::describe(OptionSet& set) {
  set.value("--study", study, "The study of the shards, where it was moved");
  set.value("--surrogate", surrogate, "Their surrogate, where it was moved");
}

ShardSet read_shards(const std::vector<std::filesystem::path>& folders) {
  if (folders.empty()) throw usage_error("merge: give the folders of the shards");
  std::vector<OneShard> shards;
  shards.reserve(folders.size());
  for (const auto& folder : folders) shards.push_back(read_shard(folder));
  require_one_run(shards);
  require_version(shards.front());
  shards = in_order(std::move(shards));
  const auto& first = shards.front();
  if (first.manifest.inputs.size() < kInputsOfShards) {
    throw input_error("{}: manifest.json names {} inputs, of at least study and surrogate",
                      first.folder.string(), first.manifest.inputs.size());
  }
  ShardSet set;
  set.command = first.manifest.command;
  set.options = first.options;
  set.seed = first.manifest.seed;
  set.inputs = first.manifest.inputs;
  set.portions = first.whole.portions;
  for (const auto& shard : shards) set.folders.push_back(shard.folder);
  return set;
}

std::vector<std::string> merged_files(const ShardSet& shards) {
  return end_of(shards.command).files(shards.options);
}

Merged merge_into(OutputFolder& out, const ShardSet& shards, const MergeArguments& arguments,
                  const Context& context) {
  Merged merged;
  merged.inputs = shards.inputs;
  const auto study_file = place_of(shards.inputs[0], arguments.study, "--study");
  merged.inputs[0].path = study_file.string();
  const auto surrogate_file = [&] {
    return place_of(shards.inputs[1], arguments.surrogate, "--surrogate");
  };
  // Nothing is predicted any more: where the surrogate is matters to `cis`, which writes into it,
  // and to those who read the results.
  if (!arguments.surrogate.empty()) merged.inputs[1].path = surrogate_file().string();
  const auto portions = portions_of_shards(shards);
  const bool unpaired = is_unpaired(study_file);
  // Their types may be those that the surrogate transfers.
  const Study study = unpaired
                          ? load_chromatin_and_surrogate(
                                {study_file, surrogate_file(), SurrogateKind::kPublished}, context)
                                .study
                          : read_study(study_file, context);
  merged.files = end_of(shards.command)
                     .finish(out, {study, portions, shards.options, surrogate_file}, context);
  return merged;
}

}  // namespace grids::core
