/// libgrids: which sets of peaks hold up a gene, from single-cell multiome data.
///
///     grids::Session session({.seed = 1});
///     grids::Study study = grids::prepare(grids::read_cells("cells.h5mu", {}, session),
///                                         {{"labels", "cell_type"}, {"genes", "genes.bed"}},
///                                         session);
///     grids::Surrogate surrogate = grids::train(study, {}, session);
///     surrogate = grids::fit_cis(study, surrogate, {}, session);
///     grids::Explanation found =
///         grids::explain(study, surrogate, {{"Microglia", "CX3CR1", 10}}, {}, session);
///     for (const std::string& peak : found.sets.at(0).peaks) std::puts(peak.c_str());
///
/// Stages take and return objects that own all they hold; they are cheap to copy (but Cells) and
/// may be shared between threads. Nothing prints, exits or keeps global state; two sessions may
/// work in two threads at once. Everything throws Error: kUsage for options that make no sense,
/// kInput for what cannot be read or does not fit, kCancelled after Session::stop().
///
/// Every change is a *predicted change when masked in the surrogate*; where it was held against
/// measured expression of cells that no search has seen, the set says so (Contrast).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "grids/error.hpp"

namespace grids {

/// "0.1.0".
GRIDS_API std::string version();

// ---- Options and sessions --------------------------------------------------------------------

/// One option of a stage, by the name it has in docs/options.md, without dashes: {"set-size", 12},
/// {"force", true}, {"method", "susie"}. Unknown names, and values out of range, are Error(kUsage).
class Option {
 public:
  Option(std::string name, std::string value) : name_(std::move(name)), words_{std::move(value)} {}
  Option(std::string name, const char* value) : Option(std::move(name), std::string(value)) {}
  Option(std::string name, const std::filesystem::path& value)
      : Option(std::move(name), value.string()) {}
  Option(std::string name, bool value) : Option(std::move(name), value ? "true" : "false") {}
  Option(std::string name, std::vector<std::string> values)
      : name_(std::move(name)), words_(std::move(values)) {}
  template <typename Number, typename = std::enable_if_t<std::is_arithmetic_v<Number>>>
  Option(std::string name, Number value) : Option(std::move(name), text_of(value)) {}

  const std::string& name() const { return name_; }
  const std::vector<std::string>& words() const { return words_; }

 private:
  template <typename Number>
  static std::string text_of(Number value) {
    if constexpr (std::is_integral_v<Number>) return std::to_string(value);
    return text_of_double(static_cast<double>(value));
  }
  GRIDS_API static std::string text_of_double(double value);

  std::string name_;
  std::vector<std::string> words_;
};
using Options = std::vector<Option>;

struct SessionSettings {
  uint64_t seed = 1;
  int threads = 0;  ///< 0: as many as this process may use. No result depends on it.
  /// Each may be empty. Called on the thread that called the stage.
  std::function<void(std::string_view message)> on_info = {};
  std::function<void(std::string_view message)> on_warning = {};
  std::function<void(std::string_view task, int64_t done, int64_t total)> on_progress = {};
  /// The program that trains; empty: the grids-torch beside the library, else that of PATH.
  std::filesystem::path trainer = {};
};

/// Seed, threads, and where messages go. One stage at a time in a session.
class GRIDS_API Session {
 public:
  explicit Session(SessionSettings settings = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// From any thread: the stage that runs, and every later one, throws Error(kCancelled).
  void stop() noexcept;

  struct Parts;
  Parts& parts() { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

// ---- Cells and studies -----------------------------------------------------------------------

/// Compressed sparse rows, cells × features; indices ascend within a row.
struct Counts {
  std::vector<int64_t> offsets;  ///< cells + 1
  std::vector<int32_t> indices;
  std::vector<float> values;
};

/// Where a gene lies: half-open, 0-based.
struct GenePlace {
  std::string name;
  std::string chromosome;
  int64_t start = 0;
  int64_t end = 0;
  char strand = '+';
};

/// Cells that are in memory already: both modalities of the same cells, in the same order.
struct CellsInMemory {
  std::vector<std::string> barcodes;
  std::vector<std::string> labels;   ///< cell types, one a cell; empty = the cells are clustered
  std::vector<std::string> donors;   ///< one a cell; may be empty
  std::vector<std::string> batches;  ///< likewise
  std::vector<std::string> gene_names;
  std::vector<std::string> peak_names;  ///< "chr1:1000-1500"
  Counts rna;
  Counts atac;
  std::vector<GenePlace> genes;  ///< may be empty
};

/// Raw cells: nothing matched, filtered or normalised yet.
class GRIDS_API Cells {
 public:
  /// Throws Error(kInput) where lengths do not fit each other or indices are out of range.
  explicit Cells(CellsInMemory cells);
  Cells(Cells&&) noexcept;
  Cells& operator=(Cells&&) noexcept;
  ~Cells();

  struct Parts;
  explicit Cells(std::unique_ptr<Parts> parts);
  Parts& parts() { return *parts_; }
  const Parts& parts() const { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

/// Any format that `grids prepare` reads (docs/formats.md): .h5mu, 10x .h5, .h5ad, folders of
/// Matrix Market; with an empty path the options say which files ("rna", "atac", …).
GRIDS_API Cells read_cells(const std::filesystem::path& path, const Options& options,
                           Session& session);

/// Rows that someone else owns: those of a Study, alive while a copy of it is.
struct SparseRows {
  int64_t rows = 0;
  int64_t columns = 0;
  std::span<const int64_t> offsets;  ///< rows + 1
  std::span<const int32_t> indices;
  std::span<const float> values;  ///< empty: all are 1
};

enum class CellPart : uint8_t { kTrain = 0, kValidation = 1, kTest = 2 };

/// A prepared experiment: cells matched, checked and split; peaks and genes chosen. All stand in an
/// order of the study's own, not that of the file: find a cell by its barcode, or by its row there.
class GRIDS_API Study {
 public:
  static Study read(const std::filesystem::path& path);
  void write(const std::filesystem::path& path) const;

  const std::vector<std::string>& barcodes() const;
  /// The row of each cell in the cells that were prepared; empty in studies of grids 0.1, whose
  /// cells stand as they stood there.
  std::span<const int64_t> rows_in_file() const;
  const std::vector<std::string>& peaks() const;
  const std::vector<std::string>& genes() const;
  const std::vector<std::string>& cell_types() const;
  std::span<const int32_t> type_of_cell() const;    ///< positions in cell_types()
  const std::vector<std::string>& batches() const;  ///< names; empty where none were given
  CellPart part_of_cell(int64_t cell) const;
  SparseRows open() const;        ///< cells × peaks
  SparseRows expression() const;  ///< cells × genes, log1p of counts per 100,000

  struct Parts;
  explicit Study(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

/// Options of [prepare]. Parts of `cells` are freed as they are used.
GRIDS_API Study prepare(Cells cells, const Options& options, Session& session);

// ---- Surrogates ------------------------------------------------------------------------------

/// The learned model from open peaks to expression, with or without a cis path.
class GRIDS_API Surrogate {
 public:
  static Surrogate read(const std::filesystem::path& path);
  void write(const std::filesystem::path& path) const;

  bool has_cis() const;
  /// The same networks alone, as published.
  Surrogate without_cis() const;

  struct Parts;
  explicit Surrogate(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

/// Options of [train]. Runs the program grids-torch on a copy of the study in a temporary folder.
GRIDS_API Surrogate train(const Study& study, const Options& options, Session& session);

/// Options of [cis]. The surrogate with the peaks around each gene.
GRIDS_API Surrogate fit_cis(const Study& study, const Surrogate& surrogate, const Options& options,
                            Session& session);

// ---- Results ---------------------------------------------------------------------------------

/// A result table; docs/results.md says what its columns hold.
struct Table {
  std::string file;  ///< "subsets.tsv"
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// Into a folder, which is made where there is none.
GRIDS_API void write(const std::vector<Table>& tables, const std::filesystem::path& folder);

/// What to explain: a gene in a type ("all": the cells of all types together), by a set of so many
/// peaks.
struct Target {
  std::string cell_type;
  std::string gene;      ///< symbol or id
  int64_t set_size = 0;  ///< 0: that of the option "set-size"
};

/// What measured expression of test cells says of a set, within cell type and state:
/// docs/results.md says when it is which. In the order in which sets stand.
enum class Verdict : uint8_t { kBorneOut, kOverstated, kUndecided, kNotJudged, kContradicted };

/// Predicted against measured change in test cells. Slope 1: right on average; 0: says nothing.
/// NaN where there is none; `note` says why.
struct Contrast {
  double slope = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();  ///< 95 % interval
  double high = std::numeric_limits<double>::quiet_NaN();
  double p = std::numeric_limits<double>::quiet_NaN();             ///< one-sided, slope above 0
  double q = std::numeric_limits<double>::quiet_NaN();             ///< over the sets of one call
  double p_below_half = std::numeric_limits<double>::quiet_NaN();  ///< one-sided, slope below 0.5
  double q_below_half = std::numeric_limits<double>::quiet_NaN();
  /// The smallest slope that cells like these show.
  double detectable = std::numeric_limits<double>::quiet_NaN();
  Verdict verdict = Verdict::kNotJudged;
  std::string note;
};

/// A set of peaks that was found for a target.
struct PeakSet {
  Target target;
  std::string method;
  std::vector<std::string> peaks;     ///< the most important first
  std::vector<std::string> minimal;   ///< those that keep most of the change
  std::vector<std::string> partners;  ///< peaks outside it that it may need or be needed by
  double relative_change = 0;         ///< predicted, when masked, on test cells; −0.1: 10 % less
  int64_t test_cells = 0;
  Contrast contrast;
  std::string caution;  ///< why not to trust it, or empty
  /// Which peaks were searched: "cis" (around the gene), "distal", or "all": peaks that mark the
  /// state as much as elements of the gene.
  std::string domain;
  /// Searched on terms around the gene that say nothing of held-out cells which the state does not.
  bool unconfirmed = false;
};

/// Whether the elements of a set stand in for one another, as measured in test cells;
/// docs/redundancy.md. NaN where nothing was measured.
struct Redundancy {
  Target target;  ///< where types act differently: the one that the row is of
  /// Peaks of each judged element.
  std::vector<std::vector<std::string>> elements;
  /// "redundant", "quorum", "cooperative", "independent", "stand_ins_or_proxies" or "not_called".
  std::string call;
  std::string reason;  ///< why there is no call, or empty
  /// What of the joint change no single knock-out shows: 0 where elements add, 1 where any one
  /// suffices, below 0 where they are needed jointly; and its 95 % interval.
  double hidden_share = std::numeric_limits<double>::quiet_NaN();
  double hidden_low = std::numeric_limits<double>::quiet_NaN();
  double hidden_high = std::numeric_limits<double>::quiet_NaN();
  double hidden_share_log = std::numeric_limits<double>::quiet_NaN();  ///< of the log rate
  double q = std::numeric_limits<double>::quiet_NaN();  ///< over the sets of one call
  int64_t cells = 0;                                    ///< measured
  std::string sentence;                                 ///< the same in words
};

struct SkippedTarget {
  Target target;
  std::string reason;
};

struct Explanation {
  std::vector<PeakSet> sets;           ///< in the order of the targets
  std::vector<SkippedTarget> skipped;  ///< {"force", true} explains those that are merely doubted
  std::vector<Table> tables;           ///< as `grids explain` writes them
  std::vector<Redundancy> redundancy;  ///< {"redundancy", "off"}: none
};

/// Options of [explain].
GRIDS_API Explanation explain(const Study& study, const Surrogate& surrogate,
                              const std::vector<Target>& targets, const Options& options,
                              Session& session);

/// What masking one peak changes in a gene's mean prediction.
struct PeakChange {
  int64_t peak = 0;        ///< position in Study::peaks()
  int64_t open_cells = 0;  ///< in which it is open
  double change = 0;       ///< of log1p of counts per 100,000
};

/// Every single peak masked in turn, exactly, in the test cells of a type: in the order of the
/// peaks. Options of [knockout]: "cells" (which cells), "perturbation".
GRIDS_API std::vector<PeakChange> knock_out(const Study& study, const Surrogate& surrogate,
                                            const std::string& cell_type, const std::string& gene,
                                            const Options& options, Session& session);

/// Row-major.
struct Matrix {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<float> values;
};

/// Predicted expression, cells × all genes on the study's scale, with some peaks masked (positions
/// in Study::peaks()). `cells`: positions in Study::barcodes().
GRIDS_API Matrix predict(const Study& study, const Surrogate& surrogate,
                         std::span<const int32_t> cells, std::span<const int32_t> masked,
                         Session& session);

struct Evaluation {
  std::vector<Target> markers;  ///< genes that mark a type and that the surrogate predicts
  std::vector<Table> tables;    ///< accuracy beside simple predictors, as `grids evaluate` writes
};

/// Options of [evaluate].
GRIDS_API Evaluation evaluate(const Study& study, const Surrogate& surrogate,
                              const Options& options, Session& session);

/// The map of all cells: umap.tsv, silhouette.tsv, and expression of the genes.
GRIDS_API std::vector<Table> map_cells(const Study& study, const Surrogate& surrogate,
                                       const std::vector<std::string>& genes, Session& session);

/// Options of [report]. Renders the tables that `write` put into the folder as one page, whose path
/// is returned; sections without tables say so.
GRIDS_API std::filesystem::path report(const std::filesystem::path& folder, const Options& options,
                                       Session& session);

}  // namespace grids
