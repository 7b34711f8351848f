#include "study/kept_columns.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "io/anndata.hpp"

namespace grids::core {
namespace {

using store::Group;
using store::GroupWriter;

/// Read together: as text a column takes ten times the memory, and with each lot the names of the
/// cells are read again.
constexpr size_t kColumnsAtOnce = 8;

CategoricalColumn split_column(const CellTable& cells) {
  CategoricalColumn column;
  for (const auto part : {Split::kTrain, Split::kValidation, Split::kTest}) {
    column.categories.emplace_back(split_name(part));
  }
  for (const auto part : cells.split) column.codes.push_back(static_cast<int32_t>(part));
  return column;
}

/// Of the study's own columns those that people group and colour cells by.
void write_own(const GroupWriter& obs, const CellTable& cells, const std::set<std::string>& taken) {
  const auto write = [&](const char* name, const Categorical& values) {
    if (values.empty() || taken.contains(name)) return;
    write_categorical(obs, name, {values.names, values.codes});
  };
  write("cell_type", cells.type);
  write("donor", cells.donor);
  write("batch", cells.batch);
  if (!taken.contains("split")) write_categorical(obs, "split", split_column(cells));
}

void write_modality(const GroupWriter& modality, const CellTable& cells, bool rna) {
  const auto obs = modality.group("obs");
  std::set<std::string> taken;
  for (const auto& column : cells.columns) {
    const auto& name = rna ? column.in_rna : column.in_atac;
    if (name.empty()) continue;
    write_coded_column(obs, name, column);
    taken.insert(name);
  }
  write_own(obs, cells, taken);
  for (const auto& embedding : cells.embeddings) {
    if (rna ? embedding.in_rna : embedding.in_atac) write_embedding(modality, embedding);
  }
}

/// Marks the column of the whole that column `name` of a modality is.
void mark(std::vector<KeptColumn>& columns, const std::string& name, bool rna) {
  const auto called = [&](const std::string& wanted) {
    return std::find_if(columns.begin(), columns.end(),
                        [&](const KeptColumn& column) { return column.name == wanted; });
  };
  auto found = called((rna ? "rna:" : "atac:") + name);
  if (found == columns.end()) found = called(name);
  if (found != columns.end()) (rna ? found->in_rna : found->in_atac) = name;
}

bool same_numbers(const Embedding& a, const Embedding& b) {
  return a.name == b.name && a.columns == b.columns && a.values == b.values;
}

void add_embeddings(const Group& group, int64_t cells, bool KeptEmbedding::*place,
                    std::vector<KeptEmbedding>& all) {
  for (auto& embedding : read_embeddings(group, cells).list) {
    auto found = std::find_if(all.begin(), all.end(), [&](const KeptEmbedding& other) {
      return same_numbers(other, embedding);
    });
    if (found == all.end()) {
      all.push_back({std::move(embedding)});
      found = all.end() - 1;
    }
    (*found).*place = true;
  }
}

/// All columns of obs but the study's own.
void add_columns(const Group& group, CellTable& cells) {
  const auto all = indices_below(cells.size());
  std::vector<std::string> names = frame_columns(group, "obs");
  std::erase_if(names, is_study_column);
  for (size_t first = 0; first < names.size(); first += kColumnsAtOnce) {
    const auto count = std::min(kColumnsAtOnce, names.size() - first);
    const std::set<std::string> wanted(names.begin() + static_cast<ptrdiff_t>(first),
                                       names.begin() + static_cast<ptrdiff_t>(first + count));
    const auto frame =
        read_frame(group, "obs", [&](const std::string& name) { return wanted.contains(name); });
    for (const auto& column : frame.columns) cells.columns.push_back({coded_column(column, all)});
  }
}

}  // namespace

void require_kept(const CellTable& cells) {
  for (const auto& column : cells.columns) {
    if (column.size() != cells.size()) {
      throw internal_error("column '{}' has {} entries for {} cells", column.name, column.size(),
                           cells.size());
    }
  }
  for (const auto& embedding : cells.embeddings) {
    if (std::ssize(embedding.values) != cells.size() * embedding.columns) {
      throw internal_error("embedding '{}' has {} numbers for {} cells", embedding.name,
                           embedding.values.size(), cells.size());
    }
  }
}

void write_kept(const GroupWriter& root, const CellTable& cells) {
  const auto obs = root.group("obs");
  for (const auto& column : cells.columns) write_coded_column(obs, column.name, column);
  for (const auto& embedding : cells.embeddings) {
    if (embedding.in_whole) write_embedding(root, embedding);
  }
  write_modality(root.group("mod/rna"), cells, true);
  write_modality(root.group("mod/atac"), cells, false);
}

void write_kept_half(const GroupWriter& modality, const CellTable& cells) {
  const auto obs = modality.group("obs");
  std::set<std::string> taken;
  for (const auto& column : cells.columns) {
    write_coded_column(obs, column.name, column);
    taken.insert(column.name);
  }
  write_own(obs, cells, taken);
  for (const auto& embedding : cells.embeddings) write_embedding(modality, embedding);
}

void read_kept(const Group& root, CellTable& cells) {
  add_columns(root, cells);
  for (const bool rna : {true, false}) {
    const auto modality = root.group(rna ? "mod/rna" : "mod/atac");
    for (const auto& name : frame_columns(modality, "obs")) mark(cells.columns, name, rna);
  }
  add_embeddings(root, cells.size(), &KeptEmbedding::in_whole, cells.embeddings);
  add_embeddings(root.group("mod/rna"), cells.size(), &KeptEmbedding::in_rna, cells.embeddings);
  add_embeddings(root.group("mod/atac"), cells.size(), &KeptEmbedding::in_atac, cells.embeddings);
}

void read_kept_half(const Group& modality, bool rna, CellTable& cells) {
  add_columns(modality, cells);
  for (auto& column : cells.columns) (rna ? column.in_rna : column.in_atac) = column.name;
  add_embeddings(modality, cells.size(), rna ? &KeptEmbedding::in_rna : &KeptEmbedding::in_atac,
                 cells.embeddings);
}

}  // namespace grids::core
