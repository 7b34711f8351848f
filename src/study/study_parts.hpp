/// Parts of a study's file, read. Of this room alone.
///
/// All throw Error(kInput) that names file and field.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "io/anndata.hpp"
#include "io/store.hpp"
#include "study/study.hpp"

namespace grids::core {

inline constexpr const char* kPrepareFile = "grids prepare FILE --labels COLUMN -o study.h5mu";
inline constexpr const char* kPrepareAgain = "prepare the study again (grids prepare)";

/// A column that must be there, and hold texts or numbers.
const FrameColumn& study_column(const store::Object& table, const Frame& frame,
                                std::string_view name, bool text);
/// One of whole numbers that are not negative.
std::vector<int64_t> positions_in_table(const store::Object& table, const Frame& frame,
                                        std::string_view name);
void require_unique_names(const store::Object& table, const std::vector<std::string>& names);

/// A column of names of which each cell has one. Names in the order of the file, codes to match;
/// before format 3 sorted, as grids wrote them then (another program may have written them in
/// another order).
Categorical read_names_of_cells(const store::Group& obs, const std::string& name, int64_t format);
std::vector<Split> read_splits(const store::Group& obs, const Frame& frame);

PeakTable read_peaks(const store::Group& atac);
GeneTable read_genes(const store::Group& rna);

/// The matrices of a study whose cells, peaks and genes are known. With a room, which may be null,
/// the entries lie there.
void read_open(const store::Group& atac, const std::shared_ptr<EntryRoom>& room, Study& study);
void read_expression(const store::Group& rna, const std::shared_ptr<EntryRoom>& room, Study& study);

/// The study's format; throws unless it is this one or an earlier one.
int64_t known_format(const store::Group& root);
void require_members(const store::Group& root, std::span<const char* const> names);

/// Of uns/grids. All of format 1 are paired and do not say so.
bool read_paired(const store::Group& grids);
ExpressionScale read_expression_scale(const store::Group& grids);
std::string read_provenance(const store::Group& grids);

/// Where the matrices of a study lie: null for in memory. They go to a file where they take more
/// than half of the context's, and the user is told.
std::shared_ptr<EntryRoom> study_room(const store::Group& root, const std::filesystem::path& path,
                                      const Context& context);

}  // namespace grids::core
