#include "pipeline/manifests.hpp"

#include <nlohmann/json.hpp>

namespace grids::core {

std::string settings_text(const OptionSet::Values& values) {
  std::string text;
  for (const auto& [name, value] : values) text += fmt::format("{}={}; ", name, value);
  return text;
}

Manifest new_manifest(const std::string& command, const OptionSet::Values& options,
                      const Context& context) {
  Manifest manifest;
  manifest.command = command;
  manifest.version = GRIDS_VERSION;
  manifest.options =
      nlohmann::json(options).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  manifest.seed = context.seed;
  manifest.threads = context.pool.threads();
  return manifest;
}

std::vector<FileRecord> record_files(const std::vector<std::filesystem::path>& files) {
  std::vector<FileRecord> records;
  records.reserve(files.size());
  for (const auto& file : files) records.push_back(record_file(file));
  return records;
}

std::vector<FileRecord> record_outputs(const std::filesystem::path& folder,
                                       const std::vector<std::string>& names) {
  std::vector<FileRecord> records;
  records.reserve(names.size());
  for (const auto& name : names) {
    records.push_back(record_file(folder / name));
    records.back().path = name;
  }
  return records;
}

}  // namespace grids::core
