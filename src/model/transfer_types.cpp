#include "model/transfer_types.hpp"

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "math/neighbour_votes.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

StudyHalf other_half(StudyHalf half) {
  return half == StudyHalf::kAtac ? StudyHalf::kRna : StudyHalf::kAtac;
}

/// Cells of a half in the latent space of the RNA: cells × latent.
std::vector<float> in_rna_space(const UnpairedStudy& study, StudyHalf half,
                                std::span<const int32_t> cells, const FoldedSurrogate& surrogate,
                                ThreadPool& pool) {
  if (half == StudyHalf::kRna) {
    return surrogate.rna_latents(pool, select_rows(study.rna.expression, cells));
  }
  const auto latents = surrogate.atac_latents(pool, select_rows(study.atac.open, cells));
  return surrogate.atac_to_rna(pool, latents);
}

/// Whether the user, or clusters, gave the half types: what was filled in is no label.
bool has_own_types(const UnpairedStudy& study, StudyHalf half) {
  if (study.labels_in == LabelsIn::kBoth) return true;
  return (half == StudyHalf::kRna) == (study.labels_in == LabelsIn::kRna);
}

struct TransferRow {
  std::string barcode;
  std::string modality;
  std::optional<std::string> own;
  std::string transferred;
  double agreement;
};

Columns<TransferRow> transferred_types_columns() {
  using Row = TransferRow;
  return {"transferred_types.tsv",
          "of cells that were not measured together, a row for each cell that gets a type from the "
          "other modality, in the order of the user's files",
          {{column::kBarcode, &Row::barcode},
           {"modality", "`atac`: a cell with chromatin, `rna`: a cell with RNA", &Row::modality},
           {column::kCellType.saying("of the cell itself, where its modality has labels; NA: the "
                                     "transferred type is the one that it has in other tables"),
            &Row::own},
           {"transferred_type",
            "that most of its 15 nearest training cells of the other modality have, in the latent "
            "space of the RNA",
            &Row::transferred},
           {"agreement", "the share of these cells that have it", &Row::agreement}}};
}

}  // namespace

const char* half_name(StudyHalf half) {
  return half == StudyHalf::kAtac ? "atac" : "rna";
}

const Study& modality_half(const UnpairedStudy& study, StudyHalf half) {
  return half == StudyHalf::kAtac ? study.atac : study.rna;
}

Study& modality_half(UnpairedStudy& study, StudyHalf half) {
  return half == StudyHalf::kAtac ? study.atac : study.rna;
}

void TransferOptions::describe(OptionSet& set) {
  set.inner("neighbours", neighbours, at_least(1));
}

TransferredTypes transfer_types(const UnpairedStudy& study, const FoldedSurrogate& surrogate,
                                StudyHalf to, const TransferOptions& options,
                                const Context& context) {
  validate(options, "transfer of types");
  const StudyHalf from = other_half(to);
  const Study& known = modality_half(study, from);
  if (known.cells.type.empty()) {
    throw input_error(
        "types of the cells with {} cannot be transferred: the cells with {} have none; give "
        "their labels to prepare",
        to == StudyHalf::kAtac ? "chromatin" : "RNA",
        from == StudyHalf::kAtac ? "chromatin" : "RNA");
  }
  const auto training = known.cells_of(Split::kTrain);
  if (training.empty()) {
    throw input_error("no training cells with {} that types could be transferred from",
                      from == StudyHalf::kAtac ? "chromatin" : "RNA");
  }
  std::vector<int32_t> labels;
  labels.reserve(training.size());
  for (const int32_t cell : training) labels.push_back(known.cells.type.codes[at(cell)]);
  auto& pool = context.pool;
  const auto cells = indices_below(modality_half(study, to).cells.size());
  const auto neighbours = nearest_neighbours(
      in_rna_space(study, to, cells, surrogate, pool),
      in_rna_space(study, from, training, surrogate, pool), surrogate.shape().latent,
      {.count = options.neighbours, .distance = Distance::kEuclidean}, context);
  auto votes = neighbour_votes(neighbours, labels);
  return {to, {known.cells.type.names, std::move(votes.label)}, std::move(votes.agreement)};
}

std::optional<TransferredTypes> fill_in_types(UnpairedStudy& study,
                                              const FoldedSurrogate& surrogate,
                                              const TransferOptions& options,
                                              const Context& context) {
  if (!study.atac.cells.type.empty() && !study.rna.cells.type.empty()) return std::nullopt;
  const StudyHalf to = study.atac.cells.type.empty() ? StudyHalf::kAtac : StudyHalf::kRna;
  auto found = transfer_types(study, surrogate, to, options, context);
  modality_half(study, to).cells.type = found.types;
  return found;
}

Table transferred_types_table(const UnpairedStudy& study,
                              std::span<const TransferredTypes> transferred) {
  std::vector<TransferRow> rows;
  for (const auto& found : transferred) {
    const Study& half = modality_half(study, found.to);
    const auto& own = half.cells.type;
    const bool labelled = has_own_types(study, found.to);
    for (const int32_t cell : half.as_in_file(indices_below(half.cells.size()))) {
      TransferRow row{half.cells.barcodes[at(cell)], half_name(found.to), std::nullopt,
                      found.types.names[at(found.types.codes[at(cell)])],
                      found.agreement[at(cell)]};
      if (labelled) row.own = own.names[at(own.codes[at(cell)])];
      rows.push_back(std::move(row));
    }
  }
  return transferred_types_columns().table(rows);
}

TableText describe_transferred_types() {
  return transferred_types_columns().describe();
}

}  // namespace grids::core
