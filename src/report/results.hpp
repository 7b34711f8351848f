/// What the stages left in a results folder, as the sections of the report read it.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluate/verdict.hpp"
#include "io/manifest.hpp"
#include "io/table.hpp"

namespace grids::core {

/// One masked peak of a found set.
struct PeakView {
  int64_t rank = 0;
  std::string name;
  std::string chromosome;
  double start = 0;
  double end = 0;
  double distance = 0;               ///< signed, to the TSS; NaN on another chromosome
  bool in_minimal = false;           ///< of the minimal sub-set
  bool in_transcribed_part = false;  ///< of the target gene
};

/// A partner of a found set; changes of the mean predicted rate of the training cells, relative.
struct PartnerView {
  std::string name;
  double distance = 0;  ///< as of PeakView
  double single = 0;    ///< masked alone
  double after = 0;     ///< masked after the minimal sub-set
  double set = 0;       ///< of the whole set
};

/// One set, put together from subsets.tsv, partners.tsv, random_sets.tsv, set_summary.tsv,
/// contrasts.tsv, off_target.tsv and timings.tsv. What a missing file would have told is NaN.
struct SetView {
  std::string cell_type;
  std::string gene;
  std::string method;
  int64_t set_size = 0;
  double average_change = 0;
  double relative_change = 0;  ///< shown_change
  double relative_low = 0;     ///< 90 % interval of it; NaN: none
  double relative_high = 0;
  double change_cp100k = 0;
  double objective = 0;
  double evaluations = 0;
  double seconds = 0;           ///< of the search and what belongs to it
  std::vector<PeakView> peaks;  ///< by rank
  std::vector<PartnerView> partners;
  double minimal_share = 0;  ///< of the set's change, kept by its minimal sub-set
  std::string caution;       ///< why not to trust it, or empty
  std::string gate;          ///< the gate of the cis path that its gene fails, "A" or "B", or empty
  std::string domain;        ///< which peaks were searched (column::kDomain); empty: not known
  Contrast contrast;         ///< q and verdict among the sets of this folder, whoever
                             ///< ran them
  ChangeDirection asked = ChangeDirection::kDown;
  std::vector<double> random;  ///< relative changes of random sets
  double cells = 0;            ///< test cells
  double percentile = 0;       ///< among the random sets
  double near_share = 0;       ///< within 250 kb of the TSS
  double near_chance = 0;
  bool from_counts = true;
  double others_change = 0;  ///< mean absolute relative change of the other genes
  std::string most_changed;  ///< of the other genes; empty when not known
  double most_change = 0;    ///< its relative change
};

/// What a set says of the gene's elements, whatever its verdict.
enum class SetNature : uint8_t {
  kElements,  ///< it is a statement about them
  kState,     ///< no statement: its peaks, searched wherever they lie, mark the state of the cell
  kUnconfirmed,  ///< no statement that held-out cells confirm: the gene fails gate B
};

/// State where all peaks were searched, every peak lies on another chromosome than the gene, or
/// chromatin and RNA were measured in different cells, where no cis path tells elements from the
/// state.
SetNature nature_of(const SetView& set);

/// "state", "unconfirmed", or empty.
const char* nature_name(SetNature nature);

struct Results {
  std::filesystem::path folder;
  std::vector<Manifest> manifests;  ///< a section for each command that wrote there
  std::map<std::string, Table, std::less<>> tables;  ///< by file name
  std::vector<SetView> sets;                         ///< as they stand (verdict.hpp)
  /// Sentences about what was made from another file than lies there now under its name.
  std::vector<std::string> outdated;
  /// subsets.tsv is of an earlier grids, without `rate_change`: see shown_change.
  bool is_published_change = false;
  /// The sets, or the alignment, are of cells that were not measured together: nothing was held
  /// against measured expression of the same cells.
  bool unpaired = false;

  /// The table of that file, or null when the file is missing or has no rows.
  const Table* find(std::string_view file) const;
};

/// Throws Error(kInput) where the folder has nothing that a page is made of.
void require_results(const std::filesystem::path& folder);

/// What masking changes, of a row of subsets.tsv, random_sets.tsv or change_by_type.tsv: of mean
/// expression; of tables that an earlier version wrote, that of 1 + counts, cell by cell.
double shown_change(const Table& table, size_t row);

/// Reads every file that is there; see `write_report`.
Results read_results(const std::filesystem::path& folder);

/// Cell type and gene of each set that measured expression contradicts: no finding, whatever else
/// is said of it.
std::set<std::pair<std::string, std::string>> contradicted_sets(const Results& results);

/// The different values of a column, in order of appearance.
std::vector<std::string> distinct(const Table& table, std::string_view column);

}  // namespace grids::core
