#include "data/truth.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids {
namespace {

constexpr std::array<const char*, kRegulationKinds> kKindNames = {
    "none", "single", "additive", "multiplicative", "either", "together"};

double parse_number(const std::string& text, const std::string& place) {
  try {
    size_t used = 0;
    const double value = std::stod(text, &used);
    if (used == text.size() && std::isfinite(value)) return value;
  } catch (const std::exception&) {
  }
  throw input_error("{}: '{}' is no number", place, text);
}

double finite(const Table& table, size_t row, std::string_view column) {
  const double value = table.number(row, column);
  if (std::isfinite(value)) return value;
  throw input_error("{}: row {}: column {} holds '{}', expected a number", table.source, row + 1,
                    column, table.text(row, column));
}

GeneTruth parse_gene(const Table& table, size_t row, const std::string& place) {
  GeneTruth gene;
  gene.gene = table.text(row, "gene");
  const auto kind = regulation_of(table.text(row, "kind"));
  if (!kind) {
    throw input_error("{}: column kind holds '{}', expected one of {}", place,
                      table.text(row, "kind"), fmt::join(kKindNames, ", "));
  }
  gene.kind = *kind;
  gene.peaks = split_list(table.text(row, "peaks"));
  gene.effect = finite(table, row, "effect");
  gene.types = split_list(table.text(row, "types"));
  gene.bystanders = split_list(table.text(row, "bystanders"));
  gene.programme = static_cast<int32_t>(finite(table, row, "programme")) - 1;
  gene.state_loading = finite(table, row, "state_loading");
  if (gene.programme < 0) throw input_error("{}: column programme counts from 1", place);
  if (gene.peaks.empty() != (gene.kind == Regulation::kNone)) {
    throw input_error("{}: a gene of kind {} has {} peaks", place, regulation_name(gene.kind),
                      gene.peaks.size());
  }
  return gene;
}

}  // namespace

const char* regulation_name(Regulation kind) {
  return kKindNames[static_cast<size_t>(kind)];
}

std::optional<Regulation> regulation_of(std::string_view name) {
  const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<Regulation>(found - kKindNames.begin());
}

double cis_factor(Regulation kind, int set_size, int open, double effect) {
  if (kind == Regulation::kNone || set_size == 0) return 1;
  const double share = static_cast<double>(open) / set_size;
  switch (kind) {
    case Regulation::kAdditive:
      return 1 + std::expm1(-effect) * share;
    case Regulation::kEither:
      return open > 0 ? std::exp(-effect) : 1;
    case Regulation::kTogether:
      return open == set_size ? std::exp(-effect) : 1;
    default:
      return std::exp(-effect * share);
  }
}

Table read_simulated_table(const std::filesystem::path& path) {
  Table table = read_table(path);
  table.remedy = "another version of grids wrote it; simulate again (grids simulate)";
  return table;
}

Table truth_table(const Truth& truth) {
  Table table({"gene", "kind", "peaks", "effect", "types", "bystanders", "base_rates", "programme",
               "state_loading"});
  for (const auto& gene : truth.genes) {
    std::vector<std::string> rates;
    for (size_t type = 0; type < truth.types.size(); ++type) {
      rates.push_back(fmt::format("{}={}", truth.types[type], format_number(gene.base_rate[type])));
    }
    table.add({gene.gene, regulation_name(gene.kind), fmt::format("{}", fmt::join(gene.peaks, ",")),
               format_number(gene.effect), fmt::format("{}", fmt::join(gene.types, ",")),
               fmt::format("{}", fmt::join(gene.bystanders, ",")),
               fmt::format("{}", fmt::join(rates, ",")), fmt::format("{}", gene.programme + 1),
               format_number(gene.state_loading)});
  }
  return table;
}

Truth parse_truth(const Table& table) {
  Truth truth;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto place = fmt::format("{}: row {}", table.source, row + 1);
    auto gene = parse_gene(table, row, place);
    std::vector<std::string> types;
    for (const auto& entry : split_list(table.text(row, "base_rates"))) {
      const size_t equals = entry.rfind('=');
      if (equals == std::string::npos) {
        throw input_error("{}: column base_rates holds '{}', expected type=rate", place, entry);
      }
      types.push_back(entry.substr(0, equals));
      gene.base_rate.push_back(parse_number(entry.substr(equals + 1), place + ": base_rates"));
    }
    if (row == 0) truth.types = types;
    if (types != truth.types) {
      throw input_error("{}: column base_rates names other types than the first row", place);
    }
    for (const auto& type : gene.types) {
      if (std::find(types.begin(), types.end(), type) == types.end()) {
        throw input_error("{}: column types holds '{}', which base_rates does not name", place,
                          type);
      }
    }
    truth.genes.push_back(std::move(gene));
  }
  return truth;
}

Table cell_truth_table(const Truth& truth, const CellTruth& cells) {
  std::vector<std::string> columns = {"barcode", "cell_type", "donor", "rna_size", "atac_depth"};
  for (int32_t k = 1; k <= cells.programmes; ++k) columns.push_back(fmt::format("score_{}", k));
  Table table(std::move(columns));
  for (int64_t cell = 0; cell < cells.size(); ++cell) {
    std::vector<std::string> row = {cells.barcodes[at(cell)], truth.types[at(cells.type[at(cell)])],
                                    cells.donor[at(cell)], format_number(cells.rna_size[at(cell)]),
                                    format_number(cells.atac_depth[at(cell)])};
    for (const float score : cells.scores_of(cell)) row.push_back(format_number(score));
    table.add(std::move(row));
  }
  return table;
}

CellTruth parse_cell_truth(const Truth& truth, const Table& table) {
  CellTruth cells;
  while (table.has(fmt::format("score_{}", cells.programmes + 1))) ++cells.programmes;
  for (const GeneTruth& gene : truth.genes) {
    if (gene.programme < cells.programmes) continue;
    throw input_error("{}: has no column score_{}, the programme of gene {}", table.source,
                      gene.programme + 1, gene.gene);
  }
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto& type = table.text(row, "cell_type");
    const auto found = std::find(truth.types.begin(), truth.types.end(), type);
    if (found == truth.types.end()) {
      throw input_error("{}: row {}: the truth knows no cell type '{}'", table.source, row + 1,
                        type);
    }
    cells.barcodes.push_back(table.text(row, "barcode"));
    cells.type.push_back(static_cast<int32_t>(found - truth.types.begin()));
    cells.donor.push_back(table.text(row, "donor"));
    cells.rna_size.push_back(finite(table, row, "rna_size"));
    cells.atac_depth.push_back(finite(table, row, "atac_depth"));
    for (int32_t k = 1; k <= cells.programmes; ++k) {
      cells.scores.push_back(static_cast<float>(finite(table, row, fmt::format("score_{}", k))));
    }
  }
  return cells;
}

TrueRegulation::TrueRegulation(const Truth& truth, std::span<const std::string> peak_names)
    : types_(static_cast<int32_t>(truth.types.size())) {
  std::unordered_map<std::string_view, int32_t> index;
  index.reserve(peak_names.size());
  for (size_t i = 0; i < peak_names.size(); ++i) {
    index.emplace(peak_names[i], static_cast<int32_t>(i));
  }
  for (const auto& gene : truth.genes) {
    Law law;
    law.kind = gene.kind;
    law.set_size = static_cast<int>(gene.peaks.size());
    law.effect = gene.effect;
    law.state_loading = gene.state_loading;
    law.programme = at(gene.programme);
    law.base_rate = gene.base_rate;
    for (const auto& peak : gene.peaks) {
      if (const auto found = index.find(peak); found != index.end()) {
        law.causes.push_back(found->second);
      }
    }
    std::sort(law.causes.begin(), law.causes.end());
    for (const auto& type : truth.types) {
      law.acts.push_back(std::find(gene.types.begin(), gene.types.end(), type) != gene.types.end());
    }
    laws_.push_back(std::move(law));
  }
}

double TrueRegulation::state_rate(int64_t gene, int32_t type, std::span<const float> scores) const {
  const Law& g = law(gene);
  return g.base_rate[at(type)] *
         std::exp(g.state_loading * static_cast<double>(scores[g.programme]));
}

double TrueRegulation::cis(int64_t gene, int32_t type, int open_causes) const {
  const Law& g = law(gene);
  if (g.acts[at(type)] == 0) return 1;
  return cis_factor(g.kind, g.set_size, open_causes, g.effect);
}

double TrueRegulation::cis(int64_t gene, int32_t type, std::span<const int32_t> open) const {
  int open_causes = 0;
  for (const int32_t cause : law(gene).causes) {
    open_causes += std::binary_search(open.begin(), open.end(), cause) ? 1 : 0;
  }
  return cis(gene, type, open_causes);
}

}  // namespace grids
