#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "grids/commands.hpp"
#include "io/readers.hpp"
#include "library/options.hpp"
#include "library/parts.hpp"
#include "library/tables.hpp"
#include "pipeline/prepare_files.hpp"
#include "study/study.hpp"

namespace grids {
namespace {

constexpr const char* kLabels = "label";
constexpr const char* kDonors = "donor";
constexpr const char* kBatches = "batch";

/// What is wrong with the counts of one modality, or "".
std::string fault(const Counts& counts, size_t cells, size_t features) {
  if (counts.offsets.size() != cells + 1 || counts.offsets.front() != 0) {
    return fmt::format("offsets must be {} numbers (one more than cells) from 0 on", cells + 1);
  }
  if (!std::is_sorted(counts.offsets.begin(), counts.offsets.end()) ||
      counts.offsets.back() != std::ssize(counts.indices)) {
    return fmt::format("offsets must ascend to the number of indices, {}", counts.indices.size());
  }
  if (counts.values.size() != counts.indices.size()) {
    return fmt::format("{} values for {} indices", counts.values.size(), counts.indices.size());
  }
  for (size_t cell = 0; cell < cells; ++cell) {
    int64_t before = -1;
    for (int64_t i = counts.offsets[cell]; i < counts.offsets[cell + 1]; ++i) {
      const int64_t index = counts.indices[static_cast<size_t>(i)];
      if (index <= before) {
        return fmt::format("indices of cell {} do not ascend", cell);
      }
      if (index >= static_cast<int64_t>(features)) {
        return fmt::format("index {} of cell {}, but there are {} features", index, cell, features);
      }
      before = index;
    }
  }
  for (const float value : counts.values) {
    if (!std::isfinite(value) || value < 0) return fmt::format("a count is {}", value);
  }
  return "";
}

core::CsrMatrix matrix_of(Counts&& counts, size_t cells, size_t features) {
  core::CsrMatrix matrix;
  matrix.pattern.rows = static_cast<int64_t>(cells);
  matrix.pattern.columns = static_cast<int64_t>(features);
  matrix.pattern.offsets = std::move(counts.offsets);
  matrix.pattern.indices = std::move(counts.indices);
  matrix.values = std::move(counts.values);
  return matrix;
}

void check(const CellsInMemory& cells) {
  core::Problems problems;
  const size_t count = cells.barcodes.size();
  const auto add = [&](const char* what, const std::string& problem) {
    if (!problem.empty()) problems.add("{}: {}", what, problem);
  };
  add("rna", fault(cells.rna, count, cells.gene_names.size()));
  add("atac", fault(cells.atac, count, cells.peak_names.size()));
  for (const auto& [what, column] : {std::pair{"labels", &cells.labels},
                                     {"donors", &cells.donors},
                                     {"batches", &cells.batches}}) {
    if (!column->empty() && column->size() != count) {
      problems.add("{}: {} for {} barcodes", what, column->size(), count);
    }
  }
  problems.raise(ErrorKind::kInput, "cells in memory");
}

}  // namespace

Cells::Cells(CellsInMemory cells) : parts_(std::make_unique<Parts>()) {
  check(cells);
  const size_t count = cells.barcodes.size();
  core::Frame obs;
  obs.index = std::move(cells.barcodes);
  if (!cells.labels.empty()) {
    obs.columns.push_back({kLabels, std::move(cells.labels)});
    parts_->label_column = kLabels;
  }
  if (!cells.donors.empty()) {
    obs.columns.push_back({kDonors, std::move(cells.donors)});
    parts_->donor_column = kDonors;
  }
  if (!cells.batches.empty()) {
    obs.columns.push_back({kBatches, std::move(cells.batches)});
    parts_->batch_column = kBatches;
  }
  auto& raw = parts_->raw;
  const auto modality = [](const char* source, core::Frame of_cells, core::CsrMatrix values) {
    core::RawModality result;
    result.source = source;
    result.obs = std::move(of_cells);
    result.values = std::move(values);
    return result;
  };
  raw.rna = modality("cells in memory: rna", obs,
                     matrix_of(std::move(cells.rna), count, cells.gene_names.size()));
  raw.atac = modality("cells in memory: atac", std::move(obs),
                      matrix_of(std::move(cells.atac), count, cells.peak_names.size()));
  raw.rna.var.index = std::move(cells.gene_names);
  raw.atac.var.index = std::move(cells.peak_names);
  for (auto& gene : cells.genes) {
    parts_->positions.push_back(
        {std::move(gene.name), "", std::move(gene.chromosome), gene.start, gene.end, gene.strand});
  }
}

Cells::Cells(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Cells::Cells(Cells&&) noexcept = default;
Cells& Cells::operator=(Cells&&) noexcept = default;
Cells::~Cells() = default;

Cells read_cells(const std::filesystem::path& path, const Options& options, Session& session) {
  Options all = options;
  if (!path.empty()) all.emplace_back("input", path);
  core::MultiomeInput input;
  assign(input, all, "reading cells");
  auto parts = std::make_unique<Cells::Parts>();
  parts->raw = core::read_multiome(input, session.parts().context());
  return Cells(std::move(parts));
}

namespace {

/// The options of `prepare`, and what came with the cells where they name nothing else.
core::PrepareInputs inputs_of(const Options& options, core::PrepareArguments& arguments,
                              Cells::Parts& parts) {
  core::OptionSet set;
  arguments.describe_preparation(set);
  assign(set, options, "prepare");
  core::PrepareInputs inputs = core::read_prepare_inputs(arguments);
  if (inputs.labels().empty()) inputs.label_column = parts.label_column;
  if (inputs.donors().empty()) inputs.donor_column = parts.donor_column;
  if (inputs.batches().empty()) inputs.batch_column = parts.batch_column;
  if (inputs.gene_positions.empty()) inputs.gene_positions = std::move(parts.positions);
  return inputs;
}

}  // namespace

Study prepare(Cells cells, const Options& options, Session& session) {
  core::PrepareArguments arguments;
  const auto inputs = inputs_of(options, arguments, cells.parts());
  auto result = core::prepare(std::move(cells.parts().raw), inputs, arguments.options,
                              session.parts().context());
  return Study(std::make_shared<Study::Parts>(Study::Parts{std::move(result.study)}));
}

namespace {

/// Features by name as they were read, whatever order they are put in later.
class NamedColumns {
 public:
  explicit NamedColumns(const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
      places_[names[i]].push_back(static_cast<int32_t>(i));
    }
  }

  /// Of columns among `names`, which are the same in another order.
  std::vector<int32_t> before(std::span<const int32_t> columns,
                              const std::vector<std::string>& names) {
    std::vector<int32_t> result;
    result.reserve(columns.size());
    std::map<std::string_view, size_t> used;
    for (const int32_t column : columns) {
      const auto& name = names[static_cast<size_t>(column)];
      result.push_back(places_.at(name).at(used[name]++));
    }
    return result;
  }

 private:
  std::map<std::string, std::vector<int32_t>> places_;
};

}  // namespace

Preparation prepare_with_places(Cells cells, const Options& options, Session& session) {
  core::PrepareArguments arguments;
  const auto inputs = inputs_of(options, arguments, cells.parts());
  const auto context = session.parts().context();
  auto& raw = cells.parts().raw;
  NamedColumns genes_read(raw.rna.var.index), peaks_read(raw.atac.var.index);
  auto prepared = core::prepare_cells(std::move(raw), inputs, arguments.options, context);
  auto rows = prepared.rna_rows;
  // Of `raw` the matrices alone are moved from.
  const auto& gene_names = raw.rna.var.index;   // NOLINT(bugprone-use-after-move)
  const auto& peak_names = raw.atac.var.index;  // NOLINT(bugprone-use-after-move)
  auto genes = genes_read.before(prepared.genes, gene_names);
  auto peaks = peaks_read.before(prepared.peaks, peak_names);
  auto result = core::with_matrices(std::move(prepared), context.pool);
  return {Study(std::make_shared<Study::Parts>(Study::Parts{std::move(result.study)})),
          std::move(rows), std::move(genes), std::move(peaks),
          table_of(core::prepare_table(result.summary))};
}

// ---- Study -----------------------------------------------------------------------------------

Study Study::read(const std::filesystem::path& path) {
  return Study(std::make_shared<Parts>(Parts{core::read_study(path)}));
}

void Study::write(const std::filesystem::path& path) const {
  core::write_study(path, parts_->study);
}

const std::vector<std::string>& Study::barcodes() const {
  return parts_->study.cells.barcodes;
}
std::span<const int64_t> Study::rows_in_file() const {
  return parts_->study.cells.place;
}
const std::vector<std::string>& Study::peaks() const {
  return parts_->study.peaks.names;
}
const std::vector<std::string>& Study::genes() const {
  return parts_->study.genes.names;
}
const std::vector<std::string>& Study::cell_types() const {
  return parts_->study.cells.type.names;
}
const std::vector<std::string>& Study::batches() const {
  return parts_->study.cells.batch.names;
}
std::span<const int32_t> Study::type_of_cell() const {
  return parts_->study.cells.type.codes;
}
CellPart Study::part_of_cell(int64_t cell) const {
  return static_cast<CellPart>(parts_->study.cells.split.at(static_cast<size_t>(cell)));
}

SparseRows Study::open() const {
  const auto& open = parts_->study.open;
  return {open.rows, open.columns, open.offsets, open.indices, {}};
}

SparseRows Study::expression() const {
  const auto& matrix = parts_->study.expression;
  return {matrix.rows(), matrix.columns(), matrix.pattern.offsets, matrix.pattern.indices,
          matrix.values};
}

}  // namespace grids
