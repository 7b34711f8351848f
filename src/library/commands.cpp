#include "grids/commands.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "compare/comparison_files.hpp"
#include "evaluate/cell_map.hpp"
#include "evaluate/explained.hpp"
#include "io/hdf5_lock.hpp"
#include "io/readers.hpp"
#include "library/asked.hpp"
#include "library/memory_store.hpp"
#include "library/options.hpp"
#include "library/parts.hpp"
#include "library/tables.hpp"
#include "pipeline/prepare_files.hpp"
#include "validate/validate.hpp"

namespace grids {
namespace {

using core::at;

/// Gives a command's description what the caller wrote.
template <typename Asked>
Asked& take(Asked& asked, const Options& options, const std::string& command) {
  core::OptionSet set;
  asked.describe(set);
  leave_out_files(set);
  assign(set, options, command);
  return asked;
}

core::StudySurrogate view_of(const Surrogate& surrogate, const core::Study& study,
                             core::SurrogateKind kind) {
  const auto view = surrogate.parts().view_on(study);
  return kind == core::SurrogateKind::kPublished ? core::StudySurrogate(view.folded()) : view;
}

/// What messages call a surrogate that is no file.
constexpr const char* kSurrogateInMemory = "the surrogate";

FrameColumn column_of(const core::FrameColumn& column) {
  FrameColumn result{column.name, {}, column.categories};
  std::visit([&](const auto& values) { result.values = values; }, column.values);
  return result;
}

std::vector<FrameColumn> columns_of(const core::Frame& frame) {
  std::vector<FrameColumn> columns;
  columns.reserve(frame.columns.size());
  for (const auto& column : frame.columns) columns.push_back(column_of(column));
  return columns;
}

Counts counts_of(const core::PackedRows& rows) {
  Counts counts;
  counts.offsets = {0};
  counts.offsets.reserve(at(rows.rows()) + 1);
  counts.indices.reserve(at(rows.nonzeros()));
  counts.values.reserve(at(rows.nonzeros()));
  for (int64_t row = 0; row < rows.rows(); ++row) {
    rows.each(row, [&](int32_t column, float value) {
      counts.indices.push_back(column);
      counts.values.push_back(value);
    });
    counts.offsets.push_back(std::ssize(counts.indices));
  }
  return counts;
}

RawCells raw_of(const core::PackedModality& modality) {
  return {modality.source,          modality.obs.index,       modality.var.index,
          columns_of(modality.obs), columns_of(modality.var), counts_of(modality.values)};
}

}  // namespace

// ---- cells ----

Cells read_cells(std::shared_ptr<const StoredGroup> root, const std::string& name,
                 const Options& options, Session& session) {
  core::MultiomeInput input;
  input.path = name;  // there is no file, and one need not be given
  core::OptionSet set;
  input.describe(set);
  std::erase_if(set.fields(), [](const core::OptionField& field) {
    return !field.key.ends_with("-layer") && !field.key.ends_with("-modality");
  });
  assign(set, options, "reading cells");
  auto parts = std::make_unique<Cells::Parts>();
  parts->raw = core::read_multiome(memory_store(std::move(root), name), name, input,
                                   session.parts().context());
  return Cells(std::move(parts));
}

std::pair<RawCells, RawCells> raw_cells(const Cells& cells) {
  const auto& raw = cells.parts().raw;
  return {raw_of(raw.rna), raw_of(raw.atac)};
}

std::vector<GenePlace> gene_places(const Study& study) {
  const auto& genes = study.parts().study.genes;
  std::vector<GenePlace> places;
  places.reserve(genes.names.size());
  for (size_t i = 0; i < genes.names.size(); ++i) {
    places.push_back({genes.names[i], genes.chromosome[i], genes.start[i], genes.end[i],
                      static_cast<char>(genes.strand[i])});
  }
  return places;
}

std::vector<GenePlace> peak_places(const Study& study) {
  const auto& peaks = study.parts().study.peaks;
  std::vector<GenePlace> places;
  places.reserve(peaks.names.size());
  for (size_t i = 0; i < peaks.names.size(); ++i) {
    places.push_back({peaks.names[i],
                      peaks.chromosomes[at(peaks.chromosome_of(static_cast<int32_t>(i)))],
                      peaks.start[i], peaks.end[i], '.'});
  }
  return places;
}

// ---- commands ----

CisFitted fit_cis_table(const Study& study, const Surrogate& surrogate, const Options& options,
                        Session& session) {
  AskedCis asked;
  take(asked, options, "cis");
  const core::Study& cells = study.parts().study;
  surrogate.parts().view_on(cells);
  asked.stage.options.genes =
      core::genes_to_fit(cells, asked.genes, core::names_in_gene_file(asked.gene_file));
  const bool some = !asked.stage.options.genes.empty();
  const auto context = session.parts().context();
  const auto& parts = surrogate.parts();
  const auto fit = core::fit_cis_on(cells, parts.file, parts.folded, asked.stage, context);
  auto file = core::with_cis_fit(cells, parts.file, fit, some, context);
  return {Surrogate(std::make_shared<Surrogate::Parts>(std::move(file))),
          table_of(core::cis_table(cells, fit))};
}

std::vector<Table> explain_tables(const Study& study, const Surrogate& surrogate,
                                  const Options& options, Session& session) {
  AskedExplain asked;
  take(asked, options, "explain");
  asked.targets.require_table();
  const core::Study& cells = study.parts().study;
  const auto view = view_of(surrogate, cells, asked.kind);
  const auto targets = asked.targets.find(cells, view, asked.stage.set_size, kSurrogateInMemory);
  const auto context = session.parts().context();
  core::require_groups(cells, asked.stage.redundancy);
  const auto stage = asked.stage.stage_options();
  const auto explained =
      core::explain_and_judge(cells, view, targets, stage, asked.stage.judge, context);
  const auto redundant = core::ask_redundancy(cells, core::surrogate_for(view, targets, stage),
                                              explained.result, asked.stage, context);
  auto told = core::told_of(cells, explained);
  core::add_verdicts(told);
  core::tell_explained(told, context);
  return tables_of(core::explain_tables(cells, explained, redundant, asked.stage));
}

std::vector<Table> redundancy_tables(const Study& study, const Surrogate& surrogate,
                                     const Options& options, Session& session) {
  AskedRedundancy asked;
  take(asked, options, "redundancy");
  asked.targets.require_table();
  const core::Study& cells = study.parts().study;
  const auto view = view_of(surrogate, cells, asked.kind);
  const auto targets =
      asked.targets.find(cells, view, asked.stage.explain.set_size, kSurrogateInMemory);
  return tables_of(
      core::redundancy_in_memory(cells, view, targets, asked.stage, session.parts().context()));
}

std::vector<Table> evaluate_tables(const Study& study, const Surrogate& surrogate,
                                   const Options& options, Session& session) {
  AskedEvaluate asked;
  take(asked, options, "evaluate");
  const core::Study& cells = study.parts().study;
  const auto view = view_of(surrogate, cells, asked.kind);
  const auto context = session.parts().context();
  const auto evaluation = core::evaluate_surrogate(
      cells, view, core::evaluation_options(asked.stage, cells, context), context);
  auto tables = core::evaluation_tables(cells, evaluation);
  if (asked.map) {
    std::vector<std::string> genes;
    for (const auto& marker : core::marker_names(cells, evaluation.markers)) {
      genes.push_back(marker.gene);
    }
    std::sort(genes.begin(), genes.end());
    genes.erase(std::unique(genes.begin(), genes.end()), genes.end());
    for (auto& table : core::map_cells(cells, view, genes, context)) {
      tables.push_back(std::move(table));
    }
  }
  return tables_of(tables);
}

ComparedTables compare_tables(const Study& study, const Surrogate& surrogate,
                              const Options& options, Session& session) {
  AskedCompare asked;
  take(asked, options, "compare");
  std::optional<core::SimulatedTruth> truth;
  if (!asked.stage.truth.empty()) truth = core::read_simulated_truth(asked.stage.truth);
  asked.targets.require_table();
  const core::Study& cells = study.parts().study;
  const auto* known = truth ? &*truth : nullptr;
  if (known != nullptr) core::check_truth(cells, *known);
  auto wanted = asked.stage.options();
  const auto targets =
      core::compared_targets(asked.targets, asked.stage, cells, known, wanted.sizes);
  const auto view =
      core::surrogate_for(view_of(surrogate, cells, asked.kind), targets, wanted.each.explain);
  wanted.each.explain.unconfirmed = false;
  const auto comparison =
      core::compare_methods(cells, view, targets, known, wanted, session.parts().context());
  auto made = core::comparison_tables(comparison, wanted);
  return {tables_of(made.tables), std::move(made.page)};
}

std::vector<Table> validate_tables(const Options& options, Session& session) {
  core::ValidateOptions asked;
  take(asked, options, "validate");
  for (const auto& file : asked.files()) {
    if (!std::filesystem::exists(file)) {
      throw core::input_error("{}: no such file", file.string());
    }
  }
  const auto validation = core::validation_of(asked, session.parts().context());
  auto tables = tables_of(validation.tables);
  tables.push_back(table_of(core::validation_columns().table(validation.rows)));
  return tables;
}

void set_hdf5_lock(void* (*take)(), void (*give)(void*)) {
  core::hdf5::set_outer_lock({take, give});
}

}  // namespace grids
