/// A prepared experiment whose modalities were measured in different cells: no cell has both.
///
/// File: one MuData (`.h5mu`) of the format of studies (study_format.hpp) with `uns/grids/paired` =
/// false. `mod/atac/obs` and `mod/rna/obs` hold their own cells, with the columns that obs of a
/// study has (cell_type, donor, batch, split, place; open_peaks of the one, total_rna of the other)
/// and those that were kept of the user's files; that is what grids reads. obs of the whole is
/// their union, the cells with chromatin first, with `modality` and the columns that both have, for
/// whoever opens it with mudata or muon; `obsmap` says 0 where a modality lacks a cell.
/// `uns/grids/labels_in` is "both", "atac", "rna" or "none".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/store.hpp"
#include "study/study.hpp"
#include "study/study_and.hpp"

namespace grids::core {

/// Which cells have labels of the user. Where none have, the types of the cells with chromatin are
/// graph clusters of them ("cluster 1").
enum class LabelsIn : uint8_t { kBoth, kAtac, kRna, kNone };

/// "both", "atac", "rna", "none".
const char* labels_in_name(LabelsIn labels);

/// Each half is a study of its own cells, in an order and with a split of its own, and with
/// `paired` false; `cells.place` is the row in the user's file of that modality. Both have the same
/// peaks and genes, and the same names of types, donors and batches, in one order: a type may have
/// cells in one half only. A half without types, donors or batches has neither names nor codes of
/// them. No row of the one is the same cell as a row of the other.
struct UnpairedStudy {
  /// The cells with chromatin. `expression` is cells × genes without entries, `counts` 0 × 0,
  /// `cells.total_rna` zeros.
  Study atac;
  /// The cells with RNA. `open` is cells × peaks without entries, `cells.open_peaks` zeros.
  Study rna;
  LabelsIn labels_in = LabelsIn::kBoth;
};

/// Makes the names of cells differ where the same name is in both lists, which says nothing of
/// cells that were not measured together: then each gets "-atac" or "-rna" behind it, as of
/// anndata.concat(index_unique="-"). Returns how many names were in both.
int64_t name_apart(std::vector<std::string>& atac, std::vector<std::string>& rna);

/// Whether a file says that it is a study of such cells. Throws Error(kInput) where there is no
/// such file or it is no store.
bool is_unpaired(const store::Group& root);
bool is_unpaired(const std::filesystem::path& path);

/// Reads a study written by `write_unpaired_study`. Throws Error(kInput) that names file and field,
/// also for what `problems_of` finds (study/study_check.hpp), and for a study whose cells are
/// paired.
UnpairedStudy read_unpaired_study(const store::Group& root);
/// The same within the memory of the context, as `read_study`.
UnpairedStudy read_unpaired_study(const std::filesystem::path& path, const Context& context);

/// Writes the file that is described above, as `write_study` does: whole or not at all. Throws
/// Error(kInternal) for what `problems_of` finds.
void write_unpaired_study(const std::filesystem::path& path, const UnpairedStudy& study,
                          ThreadPool* pool = nullptr);

/// The same of tables with these matrices, whose own are not looked at: `open` is asked for rows of
/// the cells with chromatin, `expression` for rows of those with RNA.
void write_unpaired_rows(const std::filesystem::path& path, const UnpairedStudy& tables,
                         const StudyRows& rows, ThreadPool* pool);

}  // namespace grids::core
