#include "explain/targets.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "io/table.hpp"

namespace grids {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Insertions, deletions and replacements from one name to the other, cases alike.
size_t edit_distance(std::string_view a, std::string_view b) {
  const std::string x = lower(a), y = lower(b);
  std::vector<size_t> row(y.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (size_t i = 1; i <= x.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= y.size(); ++j) {
      const size_t replaced = diagonal + (x[i - 1] == y[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

/// Names that are suggested at most.
constexpr size_t kMostNames = 3;

/// " (did you mean A, B or C?)", or nothing when no name comes close.
std::string suggestion(std::string_view name, const std::vector<std::string>& names) {
  const size_t limit = std::max<size_t>(1, name.size() / 3);
  std::vector<std::pair<size_t, std::string_view>> close;
  for (const auto& other : names) {
    const size_t distance = edit_distance(name, other);
    if (distance <= limit) close.emplace_back(distance, other);
  }
  std::stable_sort(close.begin(), close.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (close.empty()) return "";
  std::string text;
  const size_t count = std::min(kMostNames, close.size());
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += i + 1 == count ? " or " : ", ";
    text += fmt::format("'{}'", close[i].second);
  }
  return fmt::format(" (did you mean {}?)", text);
}

}  // namespace

std::string type_name(const Study& study, const ExplainTarget& target) {
  return target.type ? study.cells.type.names[static_cast<size_t>(*target.type)] : kAllTypes;
}

std::vector<ExplainTarget> find_targets(const Study& study,
                                        const std::vector<TargetRequest>& requests) {
  Problems problems;
  std::vector<ExplainTarget> targets;
  const auto complain = [&](std::string_view what, const std::string& name,
                            const std::vector<std::string>& names) {
    const auto text =
        fmt::format("the study has no {} '{}'{}", what, name, suggestion(name, names));
    const auto& told = problems.list();
    if (std::find(told.begin(), told.end(), text) == told.end()) problems.add("{}", text);
  };
  for (const auto& request : requests) {
    ExplainTarget target;
    target.set_size = request.set_size;
    bool known = true;
    if (request.cell_type != kAllTypes) {
      target.type = study.cells.type.code_of(request.cell_type);
      known = target.type.has_value();
      if (!known) complain("cell type", request.cell_type, study.cells.type.names);
    }
    if (const auto gene = study.genes.index_of(request.gene)) {
      target.gene = *gene;
    } else {
      known = false;
      complain("gene", request.gene, study.genes.names);
    }
    if (request.set_size < 1 || request.set_size > study.peaks.size()) {
      known = false;
      problems.add("{} in {}: L = {} is not between 1 and {}, the number of peaks", request.gene,
                   request.cell_type, request.set_size, study.peaks.size());
    }
    if (known && std::find(targets.begin(), targets.end(), target) == targets.end()) {
      targets.push_back(target);
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
    TargetRequest request{table.text(row, "cell_type"), table.text(row, "gene"), default_set_size};
    if (table.has("L")) {
      const double size = table.number(row, "L");
      if (!(size >= 1) || size != std::floor(size) || size > 1e9) {
        throw input_error("{}: row {}: L = '{}' is no whole number of peaks", path.string(),
                          row + 1, table.text(row, "L"));
      }
      request.set_size = static_cast<int64_t>(size);
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace grids
