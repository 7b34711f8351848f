#include "pipeline/find_study.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "io/manifest.hpp"
#include "links/link.hpp"

namespace grids::core {
namespace {

constexpr std::string_view kStudyEnding = ".h5mu";
constexpr std::string_view kSurrogateEnding = ".safetensors";
/// What `grids run` calls its surrogate with the cis path, which comes before the one without.
constexpr std::string_view kCisSurrogate = "surrogate-cis.safetensors";
/// What the sets of a folder stand in.
constexpr std::array<const char*, 4> kTablesOfSets = {"links.tsv", "subsets.tsv", "redundancy.tsv",
                                                      "compare.tsv"};

struct RecordedStudy {
  FileRecord file;
  std::string command;  ///< that found the sets
};

bool wrote(const Manifest& manifest, const std::string& file) {
  for (const auto& output : manifest.outputs) {
    if (output.path == file) return true;
  }
  return false;
}

const FileRecord* among(const std::vector<FileRecord>& files, std::string_view ending) {
  for (const auto& file : files) {
    if (file.path.ends_with(ending)) return &file;
  }
  return nullptr;
}

const FileRecord* study_among(const std::vector<FileRecord>& files) {
  return among(files, kStudyEnding);
}

bool wrote_sets(const Manifest& manifest) {
  return std::any_of(kTablesOfSets.begin(), kTablesOfSets.end(),
                     [&](const char* table) { return wrote(manifest, table); });
}

/// Of the command that found the sets of a folder: `run` writes its study itself, others read one.
std::optional<RecordedStudy> recorded_study(const std::filesystem::path& folder) {
  const auto path = folder / "manifest.json";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  for (const auto& manifest : read_manifests(path)) {
    if (!wrote_sets(manifest)) continue;
    const FileRecord* file = study_among(manifest.outputs);
    if (file == nullptr) file = study_among(manifest.inputs);
    if (file != nullptr) return RecordedStudy{*file, manifest.command};
  }
  return std::nullopt;
}

/// The command that found the sets of a folder; nothing where no manifest tells of one.
std::optional<Manifest> manifest_of_sets(const std::filesystem::path& folder) {
  const auto path = folder / "manifest.json";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  for (auto& manifest : read_manifests(path)) {
    if (wrote_sets(manifest)) return std::move(manifest);
  }
  return std::nullopt;
}

/// Whether a command used the cis path: by its options `surrogate` and `preset`, whatever section
/// they stand in.
SurrogateKind kind_used_by(const Manifest& manifest) {
  const auto options = nlohmann::json::parse(manifest.options, nullptr, false);
  if (!options.is_object()) return SurrogateKind::kCis;
  for (const auto& [key, value] : options.items()) {
    const std::string_view name = std::string_view(key).substr(key.rfind('.') + 1);
    const bool published = (name == "surrogate" && value == "published") ||
                           ((key == "preset" || key == "explain.preset") && value == "paper");
    if (published) return SurrogateKind::kPublished;
  }
  return SurrogateKind::kCis;
}

/// What a command's surrogate was: it read one, or `run` wrote it itself.
const FileRecord* surrogate_of(const Manifest& manifest, SurrogateKind kind) {
  if (const auto* read = among(manifest.inputs, kSurrogateEnding)) return read;
  const auto* with_cis = among(manifest.outputs, kCisSurrogate);
  if (kind == SurrogateKind::kCis && with_cis != nullptr) return with_cis;
  return among(manifest.outputs, "surrogate.safetensors");
}

/// A manifest names files as they were given: from where the command was called.
std::optional<std::filesystem::path> existing(const std::filesystem::path& folder,
                                              const std::filesystem::path& named) {
  std::error_code ignored;
  for (const auto& place : {folder / named.filename(), named, folder / named,
                            folder.parent_path() / named.filename()}) {
    if (std::filesystem::is_regular_file(place, ignored)) return place;
  }
  return std::nullopt;
}

}  // namespace

std::filesystem::path links_of_results(const std::filesystem::path& results) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(results, ignored)) return results;
  auto links = results / link_columns().describe().file;
  if (std::filesystem::exists(links, ignored)) return links;
  const auto path = results / "manifest.json";
  if (!std::filesystem::is_regular_file(path, ignored)) {
    throw input_error(
        "{}: holds no links.tsv; give a folder that grids run, explain or redundancy wrote",
        results.string());
  }
  const auto manifests = read_manifests(path);
  std::string command = "run, explain or redundancy", version = "an earlier version";
  for (const auto& manifest : manifests) {
    if (!wrote(manifest, "subsets.tsv") && !wrote(manifest, "redundancy.tsv")) continue;
    command = manifest.command;
    version = manifest.version;
  }
  throw input_error(
      "{}: holds no links.tsv: grids {} wrote the folder; do this command again with this one, {}: "
      "grids {}",
      results.string(), version, GRIDS_VERSION, command);
}

std::optional<std::filesystem::path> study_beside(const std::filesystem::path& results) {
  const bool whole = std::filesystem::is_directory(results);
  const auto folder = whole ? results : results.parent_path();
  const auto recorded = recorded_study(folder);
  if (!recorded) return std::nullopt;
  auto place = existing(folder, recorded->file.path);
  if (!place) {
    throw input_error(
        "{}: the study {} in which grids {} found the sets is not there; give the place where it "
        "is now: --study",
        results.string(), recorded->file.path, recorded->command);
  }
  if (sha256_of(*place) != recorded->file.sha256) {
    throw input_error(
        "{}: {} is not the study in which grids {} found the sets: its content is another; do "
        "grids {} again, or give the study of then: --study",
        results.string(), place->string(), recorded->command, recorded->command);
  }
  return place;
}

std::filesystem::path study_of_results(const std::filesystem::path& links) {
  if (auto study = study_beside(links)) return *study;
  throw input_error(
      "{}: no manifest.json beside it says in which study the sets were found; give --study",
      links.string());
}

StudyArguments inputs_of_results(const std::filesystem::path& results,
                                 const StudyArguments& given) {
  StudyArguments found = given;
  const auto manifest = manifest_of_sets(results);
  if (!manifest && (given.study.empty() || given.surrogate.empty())) {
    throw input_error(
        "{}: no manifest.json tells in which study, and with which surrogate, sets were found "
        "there; give a folder that grids run, explain or redundancy wrote, or --study and "
        "--surrogate-file",
        results.string());
  }
  if (given.study.empty()) found.study = study_beside(results).value();
  if (manifest) found.kind = kind_used_by(*manifest);
  if (!given.surrogate.empty()) return found;
  const FileRecord* record = surrogate_of(*manifest, found.kind);
  if (record == nullptr) {
    throw input_error("{}: manifest.json names no surrogate; give --surrogate-file",
                      results.string());
  }
  const auto place = existing(results, record->path);
  if (!place) {
    throw input_error(
        "{}: the surrogate {} with which grids {} found the sets is not there; give the place "
        "where it is now: --surrogate-file",
        results.string(), record->path, manifest->command);
  }
  if (sha256_of(*place) != record->sha256) {
    throw input_error(
        "{}: {} is not the surrogate with which grids {} found the sets: its content is another; "
        "do grids {} again, or give the surrogate of then: --surrogate-file",
        results.string(), place->string(), manifest->command, manifest->command);
  }
  found.surrogate = *place;
  return found;
}

void compare_with_manifest(const std::filesystem::path& links, const std::filesystem::path& study,
                           const Context& context) {
  const auto recorded = recorded_study(links.parent_path());
  if (!recorded || sha256_of(study) == recorded->file.sha256) return;
  context.reporter.warning(
      fmt::format("{} is not the study in which grids {} found the sets: its content is another "
                  "than that of {}",
                  study.string(), recorded->command, recorded->file.path));
}

}  // namespace grids::core
