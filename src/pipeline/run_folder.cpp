#include "pipeline/run_folder.hpp"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/recording_reporter.hpp"
#include "base/terminal.hpp"
#include "io/atomic_file.hpp"
#include "pipeline/inputs.hpp"

namespace grids::core {
namespace {

using Json = nlohmann::json;

constexpr const char* kRecordFile = "stages.json";

StageRecord parse_record(const Json& json) {
  return {json.at("key").get<std::string>(), json.at("seconds").get<double>(),
          json.at("outputs").get<std::map<std::string, int64_t>>(),
          json.at("warnings").get<std::vector<std::string>>()};
}

Json to_json(const StageRecord& record) {
  return {{"key", record.key},
          {"seconds", record.seconds},
          {"outputs", record.outputs},
          {"warnings", record.warnings}};
}

int64_t bytes_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  return error ? -1 : static_cast<int64_t>(bytes);
}

/// Half-written files of a run that was killed; what runs now is the only one to write here.
void remove_half_written(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".part") std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {
  remove_half_written(folder_);
  if (!std::filesystem::exists(folder_ / kRecordFile)) return;
  try {
    const Json json = Json::parse(read_file(folder_ / kRecordFile));
    for (const auto& item : json.items()) known_.emplace(item.key(), parse_record(item.value()));
  } catch (const Json::exception&) {
    known_.clear();
  }
}

bool RunFolder::is_current(const StageRecord& record) const {
  for (const auto& [name, bytes] : record.outputs) {
    if (bytes_of(folder_ / name) != bytes) return false;
  }
  return true;
}

/// Only what this run has done or kept: later stages of an earlier run are checked against it
/// first.
void RunFolder::save() const {
  Json json = Json::object();
  for (const auto& [name, record] : done_) json[name] = to_json(record);
  replace_file(folder_ / kRecordFile, json.dump(1) + "\n");
}

void RunFolder::run(const RunStage& stage, const Context& context) {
  const std::string key = fmt::format("{} seed {} {}", GRIDS_VERSION, context.seed, stage.settings);
  const auto known = known_.find(stage.name);
  if (known != known_.end() && known->second.key == key && is_current(known->second)) {
    for (const auto& warning : known->second.warnings) context.reporter.warning(warning);
    context.reporter.info(fmt::format("{}: done before, kept", stage.name));
    done_.emplace_back(stage.name, known->second);
    return;
  }
  RecordingReporter reporter(context.reporter);
  const Context recorded{context.seed, context.pool, reporter, context.cancelled};
  const auto began = std::chrono::steady_clock::now();
  StageRecord record;
  record.key = key;
  for (const auto& file : with_context(stage.name, [&] { return stage.work(recorded); })) {
    record.outputs.emplace(file, bytes_of(folder_ / file));
  }
  record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  record.warnings = reporter.warnings();
  context.reporter.info(fmt::format("{}: {}", stage.name, format_duration(record.seconds)));
  done_.emplace_back(stage.name, std::move(record));
  known_.clear();  // whatever came after it in an earlier run rests on the old result
  save();
}

}  // namespace grids::core
