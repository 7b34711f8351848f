#include "explain/targets.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/suggestion.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

void complain(std::string_view what, const std::string& name, const std::vector<std::string>& names,
              Problems& problems) {
  const auto text = fmt::format("the study has no {} '{}'{}", what, name, suggestion(name, names));
  const auto& told = problems.list();
  if (std::find(told.begin(), told.end(), text) == told.end()) problems.add("{}", text);
}

}  // namespace

std::string type_name(const Study& study, const ExplainTarget& target) {
  return target.type ? study.cells.type.names[static_cast<size_t>(*target.type)] : kAllTypes;
}

uint64_t stream_of(const Study& study, const ExplainTarget& target) {
  const auto type = static_cast<uint64_t>(target.type ? *target.type + 1 : 0);
  return type << 32 | stream_key(study.genes.names[static_cast<size_t>(target.gene)]);
}

namespace {

/// The type of that name, or that of "type:NAME".
std::optional<int32_t> one_type(const Study& study, std::string_view name) {
  if (const auto type = study.cells.type.code_of(name)) return type;
  if (!name.starts_with(kTypePrefix)) return std::nullopt;
  return study.cells.type.code_of(name.substr(kTypePrefix.size()));
}

}  // namespace

std::vector<std::optional<int32_t>> find_types(const Study& study, const std::string& name,
                                               Problems& problems) {
  if (const auto type = one_type(study, name)) return {type};
  if (name == kAllTypes) return {std::nullopt};
  std::vector<std::optional<int32_t>> types;
  if (name == kEachType) {
    const auto count = static_cast<int32_t>(study.cells.type.names.size());
    for (int32_t type = 0; type < count; ++type) types.emplace_back(type);
  } else {
    complain("cell type", name, study.cells.type.names, problems);
  }
  return types;
}

bool names_types(const Study& study, std::string_view name) {
  return name == kAllTypes || name == kEachType || one_type(study, name).has_value();
}

std::optional<int32_t> find_gene(const Study& study, const std::string& name, Problems& problems) {
  const auto gene = study.genes.index_of(name);
  if (!gene) complain("gene", name, study.genes.names, problems);
  return gene;
}

std::vector<ExplainTarget> find_targets(const Study& study,
                                        const std::vector<TargetRequest>& requests) {
  Problems problems;
  std::vector<ExplainTarget> targets;
  for (const auto& request : requests) {
    const auto types = find_types(study, request.cell_type, problems);
    const auto gene = find_gene(study, request.gene, problems);
    const bool has_size = request.set_size >= 1 && request.set_size <= study.peaks.size();
    if (!has_size) {
      problems.add("{} in {}: L = {} is not between 1 and {}, the number of peaks", request.gene,
                   request.cell_type, request.set_size, study.peaks.size());
    }
    if (!gene || !has_size) continue;
    for (const auto& type : types) {
      const ExplainTarget target{type, *gene, request.set_size};
      if (std::find(targets.begin(), targets.end(), target) == targets.end()) {
        targets.push_back(target);
      }
    }
  }
  problems.raise(ErrorKind::kInput, "targets");
  return targets;
}

std::vector<TargetRequest> read_targets(const std::filesystem::path& path,
                                        int64_t default_set_size) {
  const Table table = read_table(path);
  if (table.rows() == 0) throw input_error("{}: names no targets", path.string());
  std::vector<TargetRequest> requests;
  for (size_t row = 0; row < table.rows(); ++row) {
    TargetRequest request{table.text(row, column::kCellType), table.text(row, column::kGene),
                          default_set_size};
    if (table.has(column::kSetSize)) {
      const double size = table.number(row, column::kSetSize);
      if (!(size >= 1) || size != std::floor(size) || size > 1e9) {
        throw input_error("{}: row {}: L = '{}' is not a whole number of peaks", path.string(),
                          row + 1, table.text(row, column::kSetSize));
      }
      request.set_size = static_cast<int64_t>(size);
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace grids::core
