/// A prepared experiment: what every stage after `prepare` works on.
///
/// Cells, peaks, genes, types, donors and batches stand in an order of their own, which neither
/// their order in the user's file nor the names of cells and types decide
/// (prepare/canonical_order.hpp): so does everything that depends on their order. Cells are in one
/// order in both modalities; peaks are sorted by chromosome, then start. Peaks and genes were
/// chosen, and size factors computed, as `prepare.hpp` says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/thread_pool.hpp"
#include "io/coded_column.hpp"
#include "io/store.hpp"
#include "math/sparse.hpp"
#include "study/type_expression.hpp"

namespace grids::core {

enum class Split : uint8_t { kTrain = 0, kValidation = 1, kTest = 2 };

/// "train", "validation", "test".
const char* split_name(Split split);

/// A column of names stored as codes, as AnnData's categorical.
struct Categorical {
  std::vector<std::string> names;  ///< each name once; their order is `categorical_of`'s
  std::vector<int32_t> codes;      ///< one per cell, index into `names`

  bool empty() const { return names.empty(); }
  /// The code of a name, or nothing.
  std::optional<int32_t> code_of(std::string_view name) const;
};

/// The names of most values first, those of equally many by their first value: an order that
/// renaming leaves alone.
Categorical categorical_of(std::span<const std::string> values);

/// Words that commands give a meaning of their own: the cells of all types together, and each type
/// in turn. A type that bears one is called "type:all" or "type:each" in a study.
inline constexpr const char* kAllTypes = "all";
inline constexpr const char* kEachType = "each";
inline constexpr std::string_view kTypePrefix = "type:";

/// What a type is called whose label this is.
std::string type_called(const std::string& label);

/// Standard deviation of the normal prior of what a batch adds to a gene's log rate (or log value)
/// within one type, beyond what it adds in all types. Batches of one protocol differ by up to a
/// third in what they do to single types; a wider prior would fit the noise of the few cells that a
/// type has in a batch, a narrower one leave differences to whatever else goes along with the
/// batch.
inline constexpr double kBatchWithinType = 0.3;

/// A column that the user's file has of the cells, handed on as it is: nothing is computed from it.
/// One of a modality bears its name, or that behind "rna:" or "atac:" where another column has it.
struct KeptColumn : CodedColumn {
  std::string in_rna = {};   ///< what it is called in mod/rna/obs; empty: it is not there
  std::string in_atac = {};  ///< likewise
};

/// An embedding that the user's file has, likewise.
struct KeptEmbedding : Embedding {
  bool in_whole = false;  ///< in obsm of the whole
  bool in_rna = false;    ///< in mod/rna/obsm
  bool in_atac = false;
};

/// Whether obs of a study has a column of its own of that name: "cell_type", "split", …
bool is_study_column(std::string_view name);

struct CellTable {
  std::vector<std::string> barcodes;
  Categorical type;
  Categorical donor;  ///< empty when the experiment has none
  Categorical batch;  ///< likewise
  std::vector<Split> split;
  /// Counts over all genes before selection; for RNA that came normalised, the sum of
  /// expm1(values).
  std::vector<double> total_rna;
  /// Open peaks before the peak filter.
  std::vector<double> open_peaks;
  /// The row of each cell in the user's file (its RNA). Empty: as they stand here (studies of
  /// formats 1 and 2).
  std::vector<int64_t> place;
  /// What the user's file says besides, named as in obs of the study; an entry for each cell.
  std::vector<KeptColumn> columns = {};
  std::vector<KeptEmbedding> embeddings = {};

  int64_t size() const { return static_cast<int64_t>(barcodes.size()); }
};

/// Half-open, 0-based intervals; `name` as the user's file spells it.
struct PeakTable {
  std::vector<std::string> names;
  std::vector<std::string> chromosomes;     ///< in the order of the peaks
  std::vector<int64_t> chromosome_offsets;  ///< chromosomes + 1: first peak of each
  std::vector<int64_t> start;
  std::vector<int64_t> end;

  int64_t size() const { return static_cast<int64_t>(names.size()); }
  /// The chromosome of a peak, as an index.
  int32_t chromosome_of(int64_t peak) const;
};

enum class Strand : char { kPlus = '+', kMinus = '-', kUnknown = '.' };

/// Positions are those of the gene body; a gene without one has an empty chromosome. Where a gene
/// has several transcription start sites, its window is the union of those around each, and its
/// distance to a peak that of the nearest.
struct GeneTable {
  std::vector<std::string> names;  ///< symbols; unique
  std::vector<std::string> ids;    ///< Ensembl ids, or empty strings
  std::vector<std::string> chromosome;
  std::vector<int64_t> start;
  std::vector<int64_t> end;
  std::vector<Strand> strand;
  /// Transcription start sites of each gene besides `tss`, ascending. Empty: no gene has any.
  std::vector<std::vector<int64_t>> further_sites = {};

  int64_t size() const { return static_cast<int64_t>(names.size()); }
  bool has_position(int64_t gene) const { return !chromosome[static_cast<size_t>(gene)].empty(); }
  /// Whether any gene has one.
  bool has_positions() const;
  /// The outermost transcription start site: `start` on the plus strand, `end` − 1 on the minus
  /// strand.
  int64_t tss(int64_t gene) const;
  /// The others, ascending.
  std::span<const int64_t> sites_beside(int64_t gene) const;
  std::optional<int32_t> index_of(std::string_view name) const;  ///< by symbol, then by id
};

/// What the values of `Study::expression` are.
enum class ExpressionScale : uint8_t {
  kLog1pCp100k,  ///< log1p of counts per 100,000, from raw counts
  kAsGiven,      ///< normalised before it came here; no counts
};

struct Study {
  CellTable cells;
  PeakTable peaks;
  GeneTable genes;
  CsrPattern open;       ///< cells × peaks: the open ones
  CsrMatrix expression;  ///< cells × genes, on `scale`
  CsrMatrix counts;      ///< cells × genes, raw; 0 × 0 when the RNA came normalised
  ExpressionScale scale = ExpressionScale::kLog1pCp100k;
  /// Whether a row of `open` and the same row of `expression` are of one cell, as in a multiome
  /// experiment; otherwise this is one half of an `UnpairedStudy`, with one of the two alone.
  bool paired = true;
  /// How it was prepared: a JSON object with options, counts removed at each step, warnings.
  std::string provenance = "{}";
  /// Of the half with chromatin, what cells with RNA tell of its types (study/chromatin.hpp);
  /// nothing where the file was merely read, and of all other studies.
  std::optional<TypeExpression> expression_of_types = std::nullopt;

  bool has_counts() const { return counts.rows() > 0; }
  /// Cells of a split, of a type (or of all types when empty), ascending.
  std::vector<int32_t> cells_of(Split split, std::optional<int32_t> type = std::nullopt) const;
  /// The same cells as the user's file orders them: for what lists cells.
  std::vector<int32_t> as_in_file(std::vector<int32_t> chosen) const;
};

/// Distance in base pairs from the nearest of a gene's TSSs to a peak: 0 inside the peak, signed by
/// the strand of the gene (negative = upstream); nothing when they lie on different chromosomes or
/// the gene has no position.
std::optional<int64_t> distance_to_tss(const Study& study, int64_t gene, int64_t peak);

/// Whether the peak overlaps the gene's body more than 1 kb from its TSSs. Fragments of a highly
/// expressed gene's transcripts among the ATAC reads make just such peaks "open" where the gene is
/// expressed, and nothing here can tell them from regulation.
bool in_transcribed_part(const Study& study, int64_t gene, int64_t peak);

/// Reads a study written by `write_study` of this or any earlier version. Throws Error(kInput) that
/// names file and field, also for what `problems_of` finds (study/study_check.hpp); one of a later
/// version, or whose cells are not paired (study/unpaired_study.hpp), is refused with what to do.
/// The threads of `pool`, where one is given, unpack.
Study read_study(const std::filesystem::path& path, ThreadPool* pool = nullptr);
/// The same within the memory of the context: where the matrices take more than half of it they lie
/// in a file without a name while they are used (io/scratch_room.hpp), and so does what is large
/// and made of them; the user is told. What is computed is the same.
Study read_study(const std::filesystem::path& path, const Context& context);
/// The same from the root of an open store, in memory.
Study read_study(const store::Group& root);

/// Writes MuData (`.h5mu`): `mod/atac` (X binary), `mod/rna` (X expression, layers/counts), obs
/// with cell_type, donor, batch, split, total_rna, open_peaks and place (the cell's row in the
/// user's file) and the columns that were kept; obs of each modality with cell_type, donor, batch,
/// split and its own columns; embeddings in obsm; in var of each modality besides what the study
/// needs feature_types, interval and gene_ids, as 10x files have them. `uns/grids` holds format,
/// scale, paired and provenance. Goes to a temporary name beside `path` first, then is renamed.
/// The threads of `pool`, where one is given, compress; the bytes are the same without.
/// Throws Error(kInternal) for what `problems_of` finds.
void write_study(const std::filesystem::path& path, const Study& study, ThreadPool* pool = nullptr);

}  // namespace grids::core
