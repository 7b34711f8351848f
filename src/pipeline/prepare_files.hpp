/// From the files of a user to a study: what `grids prepare` and the first stage of `grids run` do.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/columns.hpp"
#include "io/readers.hpp"
#include "prepare/prepare.hpp"
#include "prepare/prepare_unpaired.hpp"

namespace grids::core {

/// What names the cells of one modality alone, where they were not measured together.
struct NamesGiven {
  std::string labels;
  std::string donors;
  std::string batches;

  bool empty() const { return labels.empty() && donors.empty() && batches.empty(); }
};

/// The raw files, and how a study is made of them.
struct PrepareArguments {
  MultiomeInput input;
  std::string labels;           ///< a column's name or a file
  std::string donors;           ///< likewise
  std::string batches;          ///< likewise
  std::filesystem::path genes;  ///< BED or GTF
  std::filesystem::path chromosome_sizes;
  std::filesystem::path keep;  ///< genes always kept, one per line
  NamesGiven of_rna;           ///< in place of `labels`, `donors` and `batches`
  NamesGiven of_atac;          ///< likewise
  PrepareOptions options;

  void describe(OptionSet& set);
  /// Of these, all but where the cells are.
  void describe_preparation(OptionSet& set);
  /// --unpaired, and what names the cells of one modality: of commands that take such cells.
  void describe_unpaired(OptionSet& set);
  /// Every file that is read, the user's tables included.
  std::vector<std::filesystem::path> files() const;
};

/// What the arguments name besides the cells. Throws Error(kInput) for files that cannot be read.
PrepareInputs read_prepare_inputs(const PrepareArguments& arguments);

/// Checks everything that can be checked before the matrices are read, then reads and prepares; the
/// matrices of the study are made when it is written.
PreparedCells prepare_from_files(const PrepareArguments& arguments, const Context& context);

/// The same of cells that were not measured together (`arguments.input.unpaired`).
PreparedUnpaired prepare_unpaired_from_files(const PrepareArguments& arguments,
                                             const Context& context);

/// As `write_study`, without ever holding the matrices of the study.
void write_prepared(const std::filesystem::path& path, const PreparedCells& cells,
                    const Context& context);
void write_prepared(const std::filesystem::path& path, const PreparedUnpaired& cells,
                    const Context& context);

/// prepare.tsv.
Table prepare_table(const PrepareSummary& summary);
TableText describe_prepare();

}  // namespace grids::core
