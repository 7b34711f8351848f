#include "pipeline/manifests.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace grids::core {

std::string settings_text(const OptionSet::Values& values) {
  std::string text;
  for (const auto& [name, value] : values) text += fmt::format("{}={}; ", name, value);
  return text;
}

std::string portion_settings(OptionSet::Values values, const std::vector<FileRecord>& inputs) {
  for (const char* own : {"shard", "out", "overwrite"}) values.erase(own);
  std::string text = settings_text(values);
  // A table of targets is there as what it asks.
  constexpr size_t kStudyAndSurrogate = 2;
  for (size_t i = 0; i < std::min(inputs.size(), kStudyAndSurrogate); ++i) {
    text += fmt::format("input={}; ", inputs[i].sha256);
  }
  return text;
}

std::vector<FileRecord> record_files(const std::vector<std::filesystem::path>& files) {
  std::vector<FileRecord> records;
  records.reserve(files.size());
  for (const auto& file : files) records.push_back(record_file(file));
  return records;
}

std::vector<std::string> write_tables_into(OutputFolder& out, const std::vector<Table>& tables,
                                           const Context& context) {
  std::vector<std::string> names;
  names.reserve(tables.size());
  for (const Table& table : tables) names.push_back(table.source);
  out.claim(names, context);
  for (const Table& table : tables) write_into(out.path(), table);
  return names;
}

void close_folder(OutputFolder& out, const CommandRecord& record, const Context& context) {
  constexpr const char* kManifest = "manifest.json";
  out.drop_others(record.outputs, context);
  Manifest manifest;
  manifest.command = record.command;
  manifest.version = GRIDS_VERSION;
  manifest.options =
      nlohmann::json(record.options).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  manifest.seed = context.seed;
  manifest.threads = context.pool.threads();
  manifest.inputs = record.inputs;
  manifest.warnings = record.warnings;
  manifest.stages = record.stages;
  for (const auto& name : record.outputs) {
    const auto bytes = std::filesystem::file_size(out.path() / name);
    manifest.outputs.push_back({name, out.content_of(name), static_cast<int64_t>(bytes)});
  }
  out.claim_for_all(kManifest, context);
  const auto path = out.path() / kManifest;
  // The user's own, of that name, is put aside and not added to.
  out.is_own(kManifest) ? add_to_manifest(path, manifest) : write_manifest(path, {&manifest, 1});
}

}  // namespace grids::core
