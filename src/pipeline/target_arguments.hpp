/// Which genes in which types: by name or from a table, as `explain` and `compare` ask for them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/described.hpp"
#include "explain/targets.hpp"
#include "model/study_surrogate.hpp"

namespace grids::core {

/// --cell-type: types, `all` (together), `each` (in turn); names are split once the study is known.
void describe_cell_types(OptionSet& set, std::vector<std::string>& words);
/// --gene.
void describe_genes(OptionSet& set, std::vector<std::string>& words);

/// The names that the words of --cell-type or --gene hold, as the study knows them.
std::vector<std::string> cell_type_names(const Study& study, const std::vector<std::string>& words);
std::vector<std::string> gene_names(const Study& study, const std::vector<std::string>& words);

/// The names in a file of genes to be fitted; none without a file.
std::vector<std::string> names_in_gene_file(const std::filesystem::path& path);
/// The genes that are named, by words of --gene or by a file, all problems told at once; none where
/// all genes are to be fitted.
std::vector<int32_t> genes_to_fit(const Study& study, const std::vector<std::string>& words,
                                  std::vector<std::string> names);

struct TargetArguments {
  std::vector<std::string> cell_types;
  std::vector<std::string> genes;
  std::filesystem::path table;
  bool genes_of_all_types = false;  ///< --gene alone means the cells of all types together
  bool all_genes = false;           ///< every gene that has terms of the cis path

  /// --cell-type, --gene and --targets, whose columns are told.
  void describe(OptionSet& set, std::string_view columns);
  /// --all-genes, which goes with --cell-type.
  void describe_all_genes(OptionSet& set);
  /// Adds to the problems unless there is one source of targets: these, or where a command has
  /// another, that one. `ways` names them all.
  void check(std::string_view ways, bool other_source, Problems& problems) const;
  /// Reads the table, if there is one, so that what is wrong with it is told before long work.
  /// Throws what read_targets throws.
  void require_table() const;
  /// "types T; genes A, B" or the table, as seen from a folder: what an author was asked
  /// (io/written_files.hpp).
  std::string words(const std::filesystem::path& folder) const;
  /// Types as they were given, or as --gene alone implies.
  std::vector<std::string> asked_types() const;
  /// Every gene in every type of the lists, or the rows of the table. Throws what read_targets
  /// throws.
  std::vector<TargetRequest> requests(const Study& study, int64_t default_set_size) const;
  /// What is asked, --all-genes included. Throws what find_targets, read_targets and
  /// all_gene_targets throw.
  std::vector<ExplainTarget> find(const Study& study, const StudySurrogate& surrogate,
                                  int64_t default_set_size,
                                  const std::filesystem::path& surrogate_file) const;
};

}  // namespace grids::core
