#include <fmt/core.h>

#include "io/anndata.hpp"
#include "study/kept_columns.hpp"
#include "study/study.hpp"
#include "study/study_check.hpp"
#include "study/study_format.hpp"
#include "study/study_parts.hpp"

namespace grids::core {
namespace {

using store::Group;

/// What a study of any format holds.
constexpr const char* kMembers[] = {"obs",        "mod/rna/obs",     "mod/rna/var",
                                    "mod/rna/X",  "mod/atac/obs",    "mod/atac/var",
                                    "mod/atac/X", "uns/grids/scale", "uns/grids/provenance"};

CellTable read_cells(const Group& root, int64_t format) {
  const auto obs = root.group("obs");
  auto frame = read_frame(root, "obs", is_study_column);
  CellTable cells;
  require_unique_names(obs, frame.index);
  cells.split = read_splits(obs, frame);
  cells.total_rna = study_column(obs, frame, "total_rna", false).numbers();
  cells.open_peaks = study_column(obs, frame, "open_peaks", false).numbers();
  if (frame.find("place") != nullptr) cells.place = positions_in_table(obs, frame, "place");
  study_column(obs, frame, "cell_type", true);
  cells.type = read_names_of_cells(obs, "cell_type", format);
  if (frame.find("donor") != nullptr) cells.donor = read_names_of_cells(obs, "donor", format);
  if (frame.find("batch") != nullptr) cells.batch = read_names_of_cells(obs, "batch", format);
  cells.barcodes = std::move(frame.index);
  return cells;
}

void require_cells(const Group& root, const CellTable& cells, const std::string& modality) {
  // Cells have one order in a study; a file edited elsewhere may have lost it.
  const auto place = "mod/" + modality + "/obs";
  const auto frame =
      read_frame(root.group("mod/" + modality), "obs", [](const std::string&) { return false; });
  if (frame.index != cells.barcodes) {
    throw root.error(
        fmt::format("names other cells than obs, or in another order; {}", kPrepareAgain), place);
  }
}

/// Throws unless a row is the same cell in both modalities.
void require_paired(const Group& grids) {
  if (read_paired(grids)) return;
  throw grids.error(
      fmt::format("chromatin and RNA were measured in different cells (grids prepare --unpaired), "
                  "and this needs chromatin and RNA of the same cells; what such a study can be "
                  "given to: {}; for the rest prepare a multiome experiment: {}",
                  kUnpairedCommands, kPrepareFile),
      "paired");
}

Study read_study_in(const Group& root, const std::shared_ptr<EntryRoom>& room) {
  const int64_t format = known_format(root);
  require_members(root, kMembers);
  const auto grids = root.group("uns/grids");
  require_paired(grids);
  const auto rna = root.group("mod/rna");
  const auto atac = root.group("mod/atac");
  Study study;
  study.cells = read_cells(root, format);
  study.peaks = read_peaks(atac);
  study.genes = read_genes(rna);
  require_cells(root, study.cells, "rna");
  require_cells(root, study.cells, "atac");
  read_kept(root, study.cells);
  read_open(atac, room, study);
  read_expression(rna, room, study);
  study.scale = read_expression_scale(grids);
  study.provenance = read_provenance(grids);
  problems_of(study).raise(ErrorKind::kInput, fmt::format("reading {}", root.file()));
  return study;
}

}  // namespace

Study read_study(const std::filesystem::path& path, ThreadPool* pool) {
  return read_study_in(store::open(path, pool), nullptr);
}

Study read_study(const std::filesystem::path& path, const Context& context) {
  const auto root = store::open(path, &context.pool);
  return read_study_in(root, study_room(root, path, context));
}

Study read_study(const Group& root) {
  return read_study_in(root, nullptr);
}

}  // namespace grids::core
