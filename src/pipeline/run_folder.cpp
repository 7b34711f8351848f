#include "pipeline/run_folder.hpp"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/recording_reporter.hpp"
#include "base/terminal.hpp"
#include "io/atomic_file.hpp"
#include "io/manifest.hpp"

namespace grids::core {
namespace {

using Json = nlohmann::json;

StageRecord parse_record(const Json& json) {
  return {json.at("key").get<std::string>(), json.at("seconds").get<double>(),
          json.at("outputs").get<std::map<std::string, std::string>>(),
          json.at("warnings").get<std::vector<std::string>>()};
}

Json to_json(const StageRecord& record) {
  return {{"key", record.key},
          {"seconds", record.seconds},
          {"outputs", record.outputs},
          {"warnings", record.warnings}};
}

}  // namespace

RunFolder::RunFolder(const OutputFolder& folder, const std::string& record, Stages stages)
    : folder_(folder), file_(folder.path() / kStateFolder / (record + ".json")), stages_(stages) {
  if (!std::filesystem::exists(file_)) return;
  try {
    const Json json = Json::parse(read_file(file_));
    for (const auto& item : json.items()) known_.emplace(item.key(), parse_record(item.value()));
  } catch (const Json::exception&) {
    known_.clear();
  }
}

bool RunFolder::is_current(const StageRecord& record) const {
  for (const auto& [name, sha256] : record.outputs) {
    if (folder_.content_of(name) != sha256) return false;
  }
  return true;
}

std::string RunFolder::key_of(const RunStage& stage, const Context& context) const {
  return fmt::format("{} seed {} {} after {}", GRIDS_VERSION, context.seed, stage.settings,
                     before_);
}

/// What this run has done or kept, and of an earlier one what it has not come to: that is checked
/// against its key then.
void RunFolder::save() const {
  Json json = Json::object();
  for (const auto& [name, record] : known_) json[name] = to_json(record);
  for (const auto& [name, record] : done_) json[name] = to_json(record);
  replace_file(file_, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void RunFolder::keep(const std::string& name, StageRecord record) {
  if (stages_ == Stages::kInTurn) {
    std::string text = before_;
    for (const auto& [file, sha256] : record.outputs) text += fmt::format("{}\n{}\n", file, sha256);
    before_ = sha256_of_text(text);
  }
  done_.emplace_back(name, std::move(record));
}

void RunFolder::run(const RunStage& stage, const Context& context) {
  StageRecord record;
  record.key = key_of(stage, context);
  const auto known = known_.find(stage.name);
  if (known != known_.end() && known->second.key == record.key && is_current(known->second)) {
    for (const auto& warning : known->second.warnings) context.reporter.warning(warning);
    if (stage.told) context.reporter.info(fmt::format("{}: done before, kept", stage.name));
    keep(stage.name, known->second);
    return;
  }
  RecordingReporter reporter(context.reporter);
  const Context recorded = context.with_reporter(reporter);
  const auto began = std::chrono::steady_clock::now();
  for (const auto& file : with_context(stage.name, [&] { return stage.work(recorded); })) {
    record.outputs.emplace(file, folder_.content_of(file));
  }
  record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  record.warnings = reporter.warnings();
  if (stage.told) {
    context.reporter.info(fmt::format("{}: {}", stage.name, format_duration(record.seconds)));
  }
  keep(stage.name, std::move(record));
  save();
}

}  // namespace grids::core
