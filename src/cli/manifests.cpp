#include <nlohmann/json.hpp>

#include "cli/stages.hpp"

namespace grids {

Manifest new_manifest(const std::string& command, const OptionSet::Values& options,
                      const Context& context) {
  Manifest manifest;
  manifest.command = command;
  manifest.version = GRIDS_VERSION;
  manifest.options = nlohmann::json(options).dump();
  manifest.seed = context.seed;
  manifest.threads = context.pool.threads();
  return manifest;
}

std::vector<FileRecord> record_files(const std::vector<std::filesystem::path>& files) {
  std::vector<FileRecord> records;
  for (const auto& file : files) records.push_back(record_file(file));
  return records;
}

}  // namespace grids
