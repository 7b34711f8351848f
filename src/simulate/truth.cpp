#include "simulate/truth.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "base/at.hpp"
#include "base/error.hpp"
#include "simulate/hidden_share.hpp"
#include "simulate/named_values.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

constexpr std::array<const char*, kRegulationKinds> kKindNames = {
    "none", "single", "additive", "multiplicative", "either", "together", "quorum", "buffered"};
constexpr std::string_view kBatchEffects = "batch_effects";
constexpr std::string_view kHiddenShare = "hidden_share";
constexpr std::string_view kBystanderOf = "bystander_of";
constexpr std::string_view kDoublet = "simulated_doublet";

double finite(const Cell& cell) {
  const double value = cell.number();
  if (std::isfinite(value)) return value;
  throw input_error("{}: row {}: column {} holds '{}', expected a number", cell.table.source,
                    cell.row + 1, cell.column, cell.text());
}

/// A row of truth.tsv.
struct TruthRow {
  GeneTruth gene;
  std::vector<std::string> types;    ///< what the base rates are of
  std::vector<std::string> batches;  ///< likewise the batch effects
};

std::string place_of(const Cell& cell) {
  return fmt::format("{}: row {}", cell.table.source, cell.row + 1);
}

void read_kind(TruthRow& row, const Cell& cell) {
  const auto kind = regulation_of(cell.text());
  if (!kind) {
    throw input_error("{}: column {} holds '{}', expected one of {}", place_of(cell), cell.column,
                      cell.text(), fmt::join(kKindNames, ", "));
  }
  row.gene.kind = *kind;
}

void read_programme(TruthRow& row, const Cell& cell) {
  row.gene.programme = static_cast<int32_t>(finite(cell)) - 1;
  if (row.gene.programme < 0) {
    throw input_error("{}: column {} counts from 1", place_of(cell), cell.column);
  }
}

/// Of a buffered set the number that defines it; what the column says of others follows from them.
void read_hidden_share(TruthRow& row, const Cell& cell) {
  if (row.gene.kind != Regulation::kBuffered) return;
  row.gene.buffering = finite(cell);
  if (row.gene.buffering < 0 || row.gene.buffering > 1) {
    throw input_error("{}: column {} of a buffered set holds {}, expected 0 to 1", place_of(cell),
                      cell.column, cell.text());
  }
}

/// Which columns a table of genes has.
struct TruthShape {
  bool batches = true;
  bool hidden_shares = true;
  bool bystanders_of = true;
};

void add_hidden_shares(std::vector<Column<TruthRow>>& columns) {
  columns.push_back({kHiddenShare,
                     "true hidden share of the causes' joint effect: 1 − the sum of what closing "
                     "each alone takes from it; NA for fewer than two",
                     [](const TruthRow& row) { return hidden_share(row.gene).linear; },
                     read_hidden_share});
  columns.push_back({"hidden_share_log", "the same on the log of the rate",
                     [](const TruthRow& row) { return hidden_share(row.gene).log; }});
}

Columns<TruthRow> truth_columns(const TruthShape& shape) {
  using Row = TruthRow;
  std::vector<Column<Row>> columns = {
      {column::kGene.saying("its symbol"), [](const Row& row) { return row.gene.gene; },
       [](Row& row, const Cell& cell) { row.gene.gene = cell.text(); }},
      {column::kKind, [](const Row& row) { return regulation_name(row.gene.kind); }, read_kind},
      {"peaks", "the causes, with commas", [](const Row& row) { return row.gene.peaks; },
       [](Row& row, const Cell& cell) { cell.into(row.gene.peaks); }},
      {"effect",
       "natural log of the rate with all causes closed ÷ all open: negative where they raise it, "
       "positive where they lower it",
       [](const Row& row) { return row.gene.effect; },
       [](Row& row, const Cell& cell) { row.gene.effect = finite(cell); }},
      {"types", "where the causes act", [](const Row& row) { return row.gene.types; },
       [](Row& row, const Cell& cell) { cell.into(row.gene.types); }},
      {"bystanders", "peaks that are open with a cause and cause nothing",
       [](const Row& row) { return row.gene.bystanders; },
       [](Row& row, const Cell& cell) { cell.into(row.gene.bystanders); }},
      {"base_rates", "type=rate, expected counts in a cell of size 1",
       [](const Row& row) { return named_values(row.types, row.gene.base_rate); },
       [](Row& row, const Cell& cell) {
         read_named_values(cell, "type=rate", row.types, row.gene.base_rate);
       }},
      {"programme", "whose score the gene follows, from 1",
       [](const Row& row) { return row.gene.programme + 1; }, read_programme},
      {"state_loading", "log rate per unit of that score",
       [](const Row& row) { return row.gene.state_loading; },
       [](Row& row, const Cell& cell) { row.gene.state_loading = finite(cell); }}};
  if (shape.hidden_shares) add_hidden_shares(columns);
  if (shape.bystanders_of) {
    columns.push_back({kBystanderOf, "the cause that each bystander is open with",
                       [](const Row& row) { return row.gene.bystander_of; },
                       [](Row& row, const Cell& cell) { cell.into(row.gene.bystander_of); }});
  }
  if (shape.batches) {
    columns.push_back(
        {kBatchEffects, "batch=log factor of the rate; a column only where there are batches",
         [](const Row& row) { return named_values(row.batches, row.gene.batch_effects); },
         [](Row& row, const Cell& cell) {
           read_named_values(cell, "batch=log factor", row.batches, row.gene.batch_effects);
         }});
    columns.push_back({"batch_window",
                       "whether batches move the peaks around the gene together with it; likewise",
                       [](const Row& row) { return row.gene.batch_window; },
                       [](Row& row, const Cell& cell) { cell.into(row.gene.batch_window); }});
  }
  return {"truth.tsv", "a row for each gene", std::move(columns)};
}

/// A row of cells.tsv.
struct CellTruthRow {
  const Truth* truth = nullptr;
  std::string barcode;
  int32_t type = 0;
  std::string donor;
  int32_t batch = kNoBatch;
  bool doublet = false;
  double rna_size = 0;
  double atac_depth = 0;
  std::vector<float> scores;
};

void read_type(CellTruthRow& row, const Cell& cell) {
  const auto& types = row.truth->types;
  const auto found = std::find(types.begin(), types.end(), cell.text());
  if (found == types.end()) {
    throw input_error("{}: the truth knows no cell type '{}'", place_of(cell), cell.text());
  }
  row.type = static_cast<int32_t>(found - types.begin());
}

std::string score_name(int32_t programme) {
  return fmt::format("score_{}", programme + 1);
}

void read_batch(CellTruthRow& row, const Cell& cell) {
  const auto& batches = row.truth->batches;
  const auto found = std::find(batches.begin(), batches.end(), cell.text());
  if (found == batches.end()) {
    throw input_error("{}: the truth knows no batch '{}'", place_of(cell), cell.text());
  }
  row.batch = static_cast<int32_t>(found - batches.begin());
}

/// Which columns a table of cells has.
struct CellTruthShape {
  bool batches = true;
  bool doublets = true;
  int32_t programmes = 1;
};

Columns<CellTruthRow> cell_truth_columns(const CellTruthShape& shape) {
  using Row = CellTruthRow;
  std::vector<Column<Row>> columns = {
      {column::kBarcode, &Row::barcode},
      {column::kCellType, [](const Row& row) { return row.truth->types[at(row.type)]; }, read_type},
      {"donor", "whose cell it is", &Row::donor},
      {"rna_size", "expected counts are size × rate", &Row::rna_size,
       [](Row& row, const Cell& cell) { row.rna_size = finite(cell); }},
      {"atac_depth", "of the openness of peaks, median 1", &Row::atac_depth,
       [](Row& row, const Cell& cell) { row.atac_depth = finite(cell); }}};
  if (shape.batches) {
    columns.push_back({"batch", "of the cell; a column only where there are batches",
                       [](const Row& row) { return row.truth->batches[at(row.batch)]; },
                       read_batch});
  }
  if (shape.doublets) {
    columns.push_back({kDoublet,
                       "whether a second cell is in it, of which no other column tells; a column "
                       "only where there are doublets",
                       &Row::doublet});
  }
  for (int32_t k = 0; k < shape.programmes; ++k) {
    columns.push_back({score_name(k),
                       "of the cell on the first programme; `score_2` and so on: of the others",
                       [k](const Row& row) { return row.scores[at(k)]; },
                       [](Row& row, const Cell& cell) {
                         row.scores.push_back(static_cast<float>(finite(cell)));
                       }});
  }
  return {"cells.tsv", "a row for each cell", std::move(columns)};
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

double cis_factor(Regulation kind, int set_size, int open, double effect, double buffering) {
  if (kind == Regulation::kNone || set_size == 0) return 1;
  const double share = static_cast<double>(open) / set_size;
  switch (kind) {
    case Regulation::kAdditive:
      return 1 + std::expm1(-effect) * share;
    case Regulation::kEither:
      return open > 0 ? std::exp(-effect) : 1;
    case Regulation::kTogether:
      return open == set_size ? std::exp(-effect) : 1;
    case Regulation::kQuorum:
      return open >= std::min(2, set_size) ? std::exp(-effect) : 1;
    case Regulation::kBuffered:
      return 1 + std::expm1(-effect) * (buffering * (open > 0 ? 1 : 0) + (1 - buffering) * share);
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
  TruthShape shape;
  shape.batches = !truth.batches.empty();
  return truth_columns(shape).table(truth.genes, [&](const GeneTruth& gene) {
    return TruthRow{gene, truth.types, truth.batches};
  });
}

TableText describe_truth() {
  return truth_columns({}).describe();
}

Truth parse_truth(const Table& table) {
  Truth truth;
  const TruthShape shape{table.has(kBatchEffects), table.has(kHiddenShare),
                         table.has(kBystanderOf)};
  auto rows = truth_columns(shape).read(table);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto place = fmt::format("{}: row {}", table.source, i + 1);
    TruthRow& row = rows[i];
    if (row.gene.peaks.empty() != (row.gene.kind == Regulation::kNone)) {
      throw input_error("{}: a gene of kind {} has {} peaks", place, regulation_name(row.gene.kind),
                        row.gene.peaks.size());
    }
    if (row.gene.kind == Regulation::kBuffered && !shape.hidden_shares) {
      throw input_error("{}: a buffered set needs a column {}", place, kHiddenShare);
    }
    if (i == 0) {
      truth.types = row.types;
      truth.batches = row.batches;
    }
    if (row.types != truth.types) {
      throw input_error("{}: column base_rates names other types than the first row", place);
    }
    if (row.batches != truth.batches) {
      throw input_error("{}: column {} names other batches than the first row", place,
                        kBatchEffects);
    }
    for (const auto& type : row.gene.types) {
      if (std::find(row.types.begin(), row.types.end(), type) == row.types.end()) {
        throw input_error("{}: column types holds '{}', which base_rates does not name", place,
                          type);
      }
    }
    truth.genes.push_back(std::move(row.gene));
  }
  return truth;
}

Table cell_truth_table(const Truth& truth, const CellTruth& cells) {
  std::vector<CellTruthRow> rows;
  for (int64_t cell = 0; cell < cells.size(); ++cell) {
    const size_t i = at(cell);
    const auto scores = cells.scores_of(cell);
    rows.push_back({&truth,
                    cells.barcodes[i],
                    cells.type[i],
                    cells.donor[i],
                    cells.batch_of(cell),
                    !cells.doublet.empty() && cells.doublet[i] != 0,
                    cells.rna_size[i],
                    cells.atac_depth[i],
                    {scores.begin(), scores.end()}});
  }
  return cell_truth_columns({!cells.batch.empty(), !cells.doublet.empty(), cells.programmes})
      .table(rows);
}

TableText describe_cell_truth() {
  return cell_truth_columns({}).describe();
}

CellTruth parse_cell_truth(const Truth& truth, const Table& table) {
  CellTruth cells;
  while (table.has(score_name(cells.programmes))) ++cells.programmes;
  for (const GeneTruth& gene : truth.genes) {
    if (gene.programme < cells.programmes) continue;
    throw input_error("{}: has no column {}, the programme of gene {}", table.source,
                      score_name(gene.programme), gene.gene);
  }
  CellTruthRow blank;
  blank.truth = &truth;
  const CellTruthShape shape{table.has("batch"), table.has(kDoublet), cells.programmes};
  for (auto& row : cell_truth_columns(shape).read(table, blank)) {
    cells.barcodes.push_back(std::move(row.barcode));
    cells.type.push_back(row.type);
    cells.donor.push_back(std::move(row.donor));
    if (shape.batches) cells.batch.push_back(row.batch);
    if (shape.doublets) cells.doublet.push_back(row.doublet ? 1 : 0);
    cells.rna_size.push_back(row.rna_size);
    cells.atac_depth.push_back(row.atac_depth);
    cells.scores.insert(cells.scores.end(), row.scores.begin(), row.scores.end());
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
    law.buffering = gene.buffering;
    law.state_loading = gene.state_loading;
    law.programme = at(gene.programme);
    law.base_rate = gene.base_rate;
    law.batch_effects = gene.batch_effects;
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

double TrueRegulation::state_rate(int64_t gene, int32_t type, std::span<const float> scores,
                                  int32_t batch) const {
  const Law& g = law(gene);
  const double moved = batch == kNoBatch ? 0 : g.batch_effects[at(batch)];
  return g.base_rate[at(type)] *
         std::exp(g.state_loading * static_cast<double>(scores[g.programme]) + moved);
}

double TrueRegulation::cis(int64_t gene, int32_t type, int open_causes) const {
  const Law& g = law(gene);
  if (g.acts[at(type)] == 0) return 1;
  return cis_factor(g.kind, g.set_size, open_causes, g.effect, g.buffering);
}

double TrueRegulation::cis(int64_t gene, int32_t type, std::span<const int32_t> open) const {
  int open_causes = 0;
  for (const int32_t cause : law(gene).causes) {
    open_causes += std::binary_search(open.begin(), open.end(), cause) ? 1 : 0;
  }
  return cis(gene, type, open_causes);
}

}  // namespace grids::core
