#include "prepare/keep_columns.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/name_list.hpp"

namespace grids::core {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr std::string_view kRnaPrefix = "rna:";
constexpr std::string_view kAtacPrefix = "atac:";
constexpr std::string_view kGivenPrefix = "given:";

std::string_view without_prefix(std::string_view name) {
  for (const auto prefix : {kRnaPrefix, kAtacPrefix}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

/// All names by which columns and embeddings can be asked for.
Names known_names(const PackedMultiome& raw) {
  Names names;
  const auto add = [&](const Frame& frame, const Embeddings& embeddings, std::string_view prefix) {
    for (const auto& column : frame.columns) {
      names.insert(column.name);
      names.insert(std::string(prefix) + column.name);
    }
    for (const auto& embedding : embeddings.list) names.insert(embedding.name);
  };
  add(raw.obs, raw.obsm, "");
  add(raw.rna.obs, raw.rna.obsm, kRnaPrefix);
  add(raw.atac.obs, raw.atac.obsm, kAtacPrefix);
  return names;
}

bool is_word(const std::vector<std::string>& wanted, const char* word) {
  return wanted.size() == 1 && wanted[0] == word;
}

/// Whether something of a place is wanted.
class Wanted {
 public:
  Wanted(const PackedMultiome& raw, const std::vector<std::string>& words)
      : all_(is_word(words, kKeepAllColumns)) {
    if (all_ || is_word(words, kKeepNoColumns)) return;
    const auto known = known_names(raw);
    for (auto& name : split_names(words, [&](auto text) { return known.contains(text); })) {
      names_.insert(std::move(name));
    }
  }

  bool operator()(std::string_view name, std::string_view prefix) const {
    return all_ || names_.contains(name) || names_.contains(std::string(prefix) += name);
  }
  bool operator()(const KeptColumn& column) const {
    return all_ || names_.contains(column.name) ||
           (!column.in_rna.empty() && (*this)(column.in_rna, kRnaPrefix)) ||
           (!column.in_atac.empty() && (*this)(column.in_atac, kAtacPrefix)) ||
           (column.name.starts_with(kGivenPrefix) &&
            names_.contains(std::string_view(column.name).substr(kGivenPrefix.size())));
  }
  bool nothing() const { return !all_ && names_.empty(); }
  const Names& names() const { return names_; }

 private:
  bool all_;
  Names names_;
};

/// A table of obs and the row of each cell in it.
struct Source {
  const Frame* frame;
  const Embeddings* embeddings;
  std::span<const int32_t> rows;
  std::string_view prefix;
};

/// A name that "a/b" would hide another member behind, or that has a meaning of its own in a path.
bool can_be_stored(std::string_view name) {
  if (name.empty() || name == "_index") return false;
  for (;;) {
    const auto slash = name.find('/');
    const auto part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

/// Columns of a source, for the cells.
std::vector<KeptColumn> columns_of(const Source& source, ThreadPool& pool) {
  std::vector<const FrameColumn*> chosen;
  Names taken;
  for (const auto& column : source.frame->columns) {
    if (!can_be_stored(column.name)) continue;
    if (taken.insert(column.name).second) chosen.push_back(&column);
  }
  std::vector<KeptColumn> columns(chosen.size());
  pool.for_blocks(std::ssize(chosen), 1, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t i = begin; i < end; ++i) {
      columns[at(i)] = {coded_column(*chosen[at(i)], source.rows)};
    }
  });
  return columns;
}

KeptColumn* find(std::vector<KeptColumn>& columns, std::string_view name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

/// Whether the study's own column says the same of each cell.
bool says_the_same(const CodedColumn& column, const Categorical& own) {
  if (own.empty()) return false;
  for (size_t cell = 0; cell < own.codes.size(); ++cell) {
    if (column.text_at(cell) != own.names[at(own.codes[cell])]) return false;
  }
  return true;
}

/// An ordered category is the user's in any case: the study's own columns list theirs by cells.
bool is_of_study(const CodedColumn& column, const CellTable& table) {
  if (column.ordered) return false;
  if (column.name == "cell_type") return says_the_same(column, table.type);
  if (column.name == "donor") return says_the_same(column, table.donor);
  return column.name == "batch" && says_the_same(column, table.batch);
}

/// Collects the columns of all places under names that differ.
class Collection {
 public:
  explicit Collection(const CellTable& table) : table_(table) {}

  /// Those of the whole; `rna` and `atac`: what the modalities have, whose word of themselves goes
  /// before what the whole says of them.
  void add_whole(std::vector<KeptColumn> columns, const Names& rna, const Names& atac) {
    for (auto& column : columns) {
      const std::string_view name = column.name;
      const auto bare = std::string(without_prefix(name));
      if ((name.starts_with(kRnaPrefix) && rna.contains(bare)) ||
          (name.starts_with(kAtacPrefix) && atac.contains(bare))) {
        taken_.insert(column.name);
        continue;
      }
      if (is_of_study(column, table_)) continue;
      if (is_study_column(name)) column.name.insert(0, kGivenPrefix);
      taken_.insert(column.name);
      kept_.push_back(std::move(column));
    }
  }

  /// First those of the RNA, then those of the ATAC.
  void add_modality(std::vector<KeptColumn> columns, std::string_view prefix,
                    std::string KeptColumn::*place) {
    for (auto& column : columns) {
      if (is_of_study(column, table_)) continue;
      const auto own = column.name;
      const auto prefixed = std::string(prefix) + own;
      column.*place = own;
      KeptColumn* other = find(kept_, own);
      const bool of_both = std::any_of(kept_.begin(), kept_.end(), [&](const KeptColumn& known) {
        return known.in_rna == own && known.name != own;
      });
      const bool free = !is_study_column(own) && without_prefix(own) == own && !of_both;
      if (!free || taken_.contains(prefixed)) {
        column.name = prefixed;
      } else if (other != nullptr && same_values(*other, column)) {
        (*other).*place = own;
        continue;
      } else if (other != nullptr) {
        column.name = prefixed;
        if (!taken_.contains(own)) other->name = std::string(kRnaPrefix) + own;
      }
      kept_.push_back(std::move(column));
    }
  }

  std::vector<KeptColumn> take() { return std::move(kept_); }

 private:
  const CellTable& table_;
  std::vector<KeptColumn> kept_;
  Names taken_;  ///< names that the whole has, of whatever
};

Names names_of(const std::vector<KeptColumn>& columns) {
  Names names;
  for (const auto& column : columns) names.insert(column.name);
  return names;
}

void add_embeddings(const Source& source, const Wanted& wanted, bool KeptEmbedding::*place,
                    std::vector<KeptEmbedding>& all) {
  for (const auto& embedding : source.embeddings->list) {
    if (!wanted(embedding.name, source.prefix) || !can_be_stored(embedding.name)) continue;
    if (embedding.name == "rna" || embedding.name == "atac") continue;  // masks are called so
    auto rows = rows_of_embedding(embedding, source.rows);
    const auto same = std::find_if(all.begin(), all.end(), [&](const KeptEmbedding& other) {
      return other.name == rows.name && other.columns == rows.columns &&
             other.values == rows.values;
    });
    if (same == all.end()) {
      all.push_back({std::move(rows)});
      all.back().*place = true;
      continue;
    }
    (*same).*place = true;
  }
}

/// What both modalities have alike is of the whole, unless that has another of the name.
void share_embeddings(std::vector<KeptEmbedding>& all) {
  for (auto& embedding : all) {
    if (!embedding.in_rna || !embedding.in_atac) continue;
    embedding.in_whole = std::none_of(all.begin(), all.end(), [&](const KeptEmbedding& other) {
      return &other != &embedding && other.in_whole && other.name == embedding.name;
    });
  }
}

/// Whether a column would lie inside of another: "T/B type" beside "T".
bool lies_in_another(const KeptColumn& column, const std::vector<KeptColumn>& all) {
  const auto called = [](const KeptColumn& other, std::string_view name) {
    return other.name == name || other.in_rna == name || other.in_atac == name;
  };
  for (size_t slash = column.name.find('/'); slash != std::string::npos;
       slash = column.name.find('/', slash + 1)) {
    const auto outer = std::string_view(column.name).substr(0, slash);
    if (is_study_column(outer)) return true;
    if (std::any_of(all.begin(), all.end(), [&](const auto& c) { return called(c, outer); })) {
      return true;
    }
  }
  return false;
}

/// Takes out what cannot be stored beside the others; returns the names.
Names take_hidden(std::vector<KeptColumn>& columns) {
  Names hidden;
  for (const auto& column : columns) {
    if (lies_in_another(column, columns)) hidden.insert(column.name);
  }
  std::erase_if(columns, [&](const auto& column) { return hidden.contains(column.name); });
  return hidden;
}

void tell(const PackedMultiome& raw, const Wanted& wanted, const CellTable& table, Names lost,
          Diary& diary) {
  if (!table.columns.empty() || !table.embeddings.empty()) {
    std::vector<std::string> names;
    for (const auto& column : table.columns) names.push_back(column.name);
    for (const auto& embedding : table.embeddings) {
      if (std::find(names.begin(), names.end(), embedding.name) == names.end()) {
        names.push_back(embedding.name);
      }
    }
    diary.note("kept of the cells' annotations (--keep-obs): {}", examples(names, 12));
  }
  const auto add = [&](const Frame& frame, const Embeddings& embeddings, std::string_view prefix) {
    for (const auto* names : {&frame.passed_over, &embeddings.passed_over}) {
      for (const auto& name : *names) {
        if (wanted(name, prefix)) lost.insert(name);
      }
    }
    for (const auto& column : frame.columns) {
      if (wanted(column.name, prefix) && !can_be_stored(column.name)) lost.insert(column.name);
    }
  };
  add(raw.obs, raw.obsm, "");
  add(raw.rna.obs, raw.rna.obsm, kRnaPrefix);
  add(raw.atac.obs, raw.atac.obsm, kAtacPrefix);
  if (lost.empty()) return;
  const std::vector<std::string> names(lost.begin(), lost.end());
  diary.note(
      "not kept, being neither text nor numbers of each cell, an embedding of more than {} "
      "columns, "
      "or of a name that a file cannot hold beside the others: {}",
      kMostEmbeddingColumns, examples(names, 12));
}

}  // namespace

void require_columns(const PackedMultiome& raw, const std::vector<std::string>& words) {
  const auto known = known_names(raw);
  std::vector<std::string> missing;
  const Wanted wanted(raw, words);
  for (const auto& name : wanted.names()) {
    if (!known.contains(name)) missing.push_back(name);
  }
  if (missing.empty()) return;
  const std::vector<std::string> names(known.begin(), known.end());
  throw input_error(
      "--keep-obs: the files have no column or embedding '{}'; there are: {}; or give all, or none",
      fmt::join(missing, "', '"), examples(names, 40));
}

void keep_columns(const PackedMultiome& raw, const MatchedCells& cells,
                  const std::vector<std::string>& words, CellTable& table, ThreadPool& pool,
                  Diary& diary) {
  const Wanted wanted(raw, words);
  if (wanted.nothing()) return;
  FoundBarcodes whole;
  if (!raw.obs.index.empty()) whole = find_barcodes(cells.barcodes, raw.obs.index);
  const Source sources[] = {{&raw.obs, &raw.obsm, whole.row, ""},
                            {&raw.rna.obs, &raw.rna.obsm, cells.rna_row, kRnaPrefix},
                            {&raw.atac.obs, &raw.atac.obsm, cells.atac_row, kAtacPrefix}};
  auto of_rna = columns_of(sources[1], pool);
  auto of_atac = columns_of(sources[2], pool);
  Collection collection(table);
  if (whole.found > 0) {
    collection.add_whole(columns_of(sources[0], pool), names_of(of_rna), names_of(of_atac));
    add_embeddings(sources[0], wanted, &KeptEmbedding::in_whole, table.embeddings);
  }
  collection.add_modality(std::move(of_rna), kRnaPrefix, &KeptColumn::in_rna);
  collection.add_modality(std::move(of_atac), kAtacPrefix, &KeptColumn::in_atac);
  table.columns = collection.take();
  // Names are those that they have beside all others, whatever is kept.
  std::erase_if(table.columns, [&](const KeptColumn& column) { return !wanted(column); });
  auto hidden = take_hidden(table.columns);
  add_embeddings(sources[1], wanted, &KeptEmbedding::in_rna, table.embeddings);
  add_embeddings(sources[2], wanted, &KeptEmbedding::in_atac, table.embeddings);
  share_embeddings(table.embeddings);
  tell(raw, wanted, table, std::move(hidden), diary);
}

}  // namespace grids::core
