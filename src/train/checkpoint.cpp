#include "train/checkpoint.hpp"

#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>

#include "base/error.hpp"
#include "base/random.hpp"
#include "io/folder.hpp"

namespace grids::core {
namespace {

using Json = nlohmann::ordered_json;

/// A hash of what training reads of a study, so that a changed file is noticed (FNV-1a, 64 bits).
class Digest {
 public:
  template <typename T>
  void add(const std::vector<T>& values) {
    add_bytes(std::as_bytes(std::span(values)));
  }
  template <typename T>
  void add(const Entries<T>& values) {
    add_bytes(std::as_bytes(std::span(values)));
  }
  void add(const std::vector<std::string>& names) {
    for (const auto& name : names) {
      for (const char c : name) add(static_cast<unsigned char>(c));
      add(static_cast<unsigned char>('\0'));
    }
  }
  std::string text() const { return fmt::format("{:016x}", hash_); }

 private:
  void add_bytes(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) add(std::to_integer<unsigned char>(byte));
  }
  void add(unsigned char byte) {
    hash_ ^= byte;
    hash_ *= 1099511628211ull;
  }
  uint64_t hash_ = 14695981039346656037ull;
};

template <typename... Values>
std::string digest(const Values&... values) {
  Digest result;
  (result.add(values), ...);
  return result.text();
}

Json to_json(const StageSummary& stage) {
  return {{"stage", stage.stage},
          {"steps", stage.steps},
          {"best_step", stage.best_step},
          {"best_value", std::isfinite(stage.best_value) ? Json(stage.best_value) : Json()},
          {"stopped_early", stage.stopped_early}};
}

StageSummary stage_from(const Json& json) {
  const Json& value = json.at("best_value");
  return {json.at("stage"), json.at("steps"), json.at("best_step"),
          value.is_null() ? std::nan("") : value.get<double>(), json.at("stopped_early")};
}

Json state_of(const Checkpoint& checkpoint) {
  Json finished = Json::array();
  for (const auto& stage : checkpoint.finished) finished.push_back(to_json(stage));
  return {{"stage", checkpoint.stage},
          {"step", checkpoint.step},
          {"optimizer_steps", checkpoint.optimizer_steps},
          {"average_updates", checkpoint.average_updates},
          {"best_step", checkpoint.best_step},
          {"best_value", checkpoint.best_value ? Json(*checkpoint.best_value) : Json()},
          {"judgements_since_best", checkpoint.judgements_since_best},
          {"running_losses", checkpoint.running_losses},
          {"finished", finished},
          {"curve_rows", checkpoint.curve_rows}};
}

void read_state(const Json& json, Checkpoint& checkpoint) {
  checkpoint.stage = json.at("stage");
  checkpoint.step = json.at("step");
  checkpoint.optimizer_steps = json.at("optimizer_steps").get<std::map<std::string, int64_t>>();
  checkpoint.average_updates = json.at("average_updates");
  checkpoint.best_step = json.at("best_step");
  if (!json.at("best_value").is_null()) {
    checkpoint.best_value = json.at("best_value").get<double>();
  }
  checkpoint.judgements_since_best = json.at("judgements_since_best");
  checkpoint.running_losses =
      json.at("running_losses").get<std::map<std::string, std::pair<double, int64_t>>>();
  for (const auto& stage : json.at("finished")) checkpoint.finished.push_back(stage_from(stage));
  checkpoint.curve_rows = json.at("curve_rows").get<std::vector<std::vector<std::string>>>();
}

std::filesystem::path file_in(const std::filesystem::path& folder) {
  return folder / "checkpoint.safetensors";
}

void require_same_identity(const Json& saved, const Json& now) {
  Problems problems;
  for (const auto& [name, value] : now.items()) {
    if (!saved.contains(name)) {
      problems.add("{} is not recorded", name);
    } else if (saved.at(name) != value) {
      problems.add("{} was {}, is now {}", name, saved.at(name).dump(), value.dump());
    }
  }
  problems.raise(ErrorKind::kInput,
                 "the checkpoint belongs to another run; start without --resume, or give the "
                 "options and the study of that run");
}

}  // namespace

std::string training_identity(const TrainingCells& cells, const TrainOptions& options,
                              uint64_t seed) {
  const Study& study = cells.atac;
  Json identity = Json::parse(options.to_json());
  identity["seed"] = seed;
  identity["version"] = GRIDS_VERSION;
  identity["cells"] = digest(study.cells.barcodes, study.cells.split, study.cells.type.codes);
  identity["peaks"] = digest(study.peaks.names, study.open.offsets, study.open.indices);
  identity["genes"] = digest(cells.rna.genes.names, cells.rna.expression.pattern.offsets,
                             cells.rna.expression.pattern.indices, cells.rna.expression.values);
  if (&cells.rna != &study) {
    const auto& rna = cells.rna.cells;
    identity["rna_cells"] = digest(rna.barcodes, rna.split, rna.type.codes);
  }
  return identity.dump();
}

void require_replaceable(const std::filesystem::path& folder, const std::string& identity) {
  const auto file = file_in(folder);
  if (!std::filesystem::exists(file)) return;
  std::string found;
  try {
    const SafeTensors saved = read_safetensors(file);
    if (saved.metadata.contains("identity")) found = saved.metadata.at("identity");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
  }
  if (found == identity) return;
  throw input_error(
      "{} is {}, and would be replaced; give another folder, or remove it", file.string(),
      found.empty() ? "no checkpoint of grids" : "the checkpoint of another training");
}

void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint,
                      const std::string& identity) {
  make_folder(folder);
  SafeTensors file;
  file.tensors = checkpoint.tensors;
  file.metadata["identity"] = identity;
  file.metadata["state"] = state_of(checkpoint).dump();
  write_safetensors(file_in(folder), file);
}

std::optional<Checkpoint> read_checkpoint(const std::filesystem::path& folder,
                                          const std::string& identity) {
  if (!std::filesystem::exists(file_in(folder))) return std::nullopt;
  SafeTensors file = read_safetensors(file_in(folder));
  return with_context(fmt::format("resuming from {}", file_in(folder).string()), [&] {
    Checkpoint checkpoint;
    try {
      require_same_identity(Json::parse(file.metadata.at("identity")), Json::parse(identity));
      read_state(Json::parse(file.metadata.at("state")), checkpoint);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw input_error("not a checkpoint of grids ({}); start without --resume", error.what());
    }
    checkpoint.tensors = std::move(file.tensors);
    return std::optional(std::move(checkpoint));
  });
}

}  // namespace grids::core
