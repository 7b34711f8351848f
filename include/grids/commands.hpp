/// What the commands of `grids` do, over objects in memory: the same options, the same numbers, and
/// the tables of docs/results.md. For programs that show options to their own users, and for
/// bindings to other languages.
///
///     for (const grids::OptionText& option : grids::options_of("explain")) show(option);
///     std::vector<grids::Table> tables = grids::explain_tables(
///         study, surrogate, {{"cell-type", "Microglia"}, {"gene", "CX3CR1"}}, session);
///
/// Each takes the options that the command of its name has (docs/options.md), but for those that
/// are about files and folders it would write ("out", "overwrite", "shard").
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "grids/grids.hpp"

namespace grids {

// ---- Descriptions ----------------------------------------------------------------------------

/// One option as it is described, once, for the command line, docs/options.md and everyone else.
struct OptionText {
  enum class Kind : uint8_t { kFlag, kWhole, kNumber, kText, kPath, kChoice, kList };

  std::string name;   ///< as Option has it: "set-size"
  std::string group;  ///< title in the help; may be empty
  std::string help;
  Kind kind = Kind::kText;
  std::vector<std::string> standard;  ///< the default; empty: none. One text but for lists
  std::vector<std::string> choices;   ///< of a choice, and of a list of some of a few words
  std::string range;                  ///< "at least 1"; empty: any
  bool numbers = false;               ///< of a list: numbers
};

/// In the order of the help. Commands: "read", "prepare", "train", "cis", "explain", "knockout",
/// "redundancy", "evaluate", "compare", "validate", "report", "model" (explain_model), and
/// "session": seed and threads. Throws Error(kUsage) for another.
GRIDS_API std::vector<OptionText> options_of(const std::string& command);

// ---- Cells that are in memory ----------------------------------------------------------------

/// An attribute of a stored group or array.
using StoredAttribute =
    std::variant<std::vector<std::string>, std::vector<int64_t>, std::vector<double>>;

/// An array as AnnData would have it in a file. Numbers are borrowed: `owner` keeps them alive.
struct StoredArray {
  std::vector<int64_t> shape;  ///< empty: a scalar
  std::variant<std::vector<std::string>, std::span<const float>, std::span<const double>,
               std::span<const int8_t>, std::span<const uint8_t>, std::span<const int32_t>,
               std::span<const uint32_t>, std::span<const int64_t>>
      entries;
  bool boolean = false;  ///< of int8 or uint8: truth values
  std::shared_ptr<const void> owner = {};
  std::map<std::string, StoredAttribute> attributes = {};
};

/// A group likewise.
struct StoredGroup {
  std::map<std::string, std::shared_ptr<const StoredGroup>> groups;
  std::map<std::string, std::shared_ptr<const StoredArray>> arrays;
  std::map<std::string, StoredAttribute> attributes;
};

/// Cells of a MuData or AnnData that is in memory, laid out as anndata and mudata lay it out in a
/// file, and read by what reads the file: the same layer is taken, the same columns, the same
/// messages. `name` is what these call it. Options of [read]: layers and modalities.
GRIDS_API Cells read_cells(std::shared_ptr<const StoredGroup> root, const std::string& name,
                           const Options& options, Session& session);

/// A column of annotations: texts, or numbers with NaN for what is missing.
struct FrameColumn {
  std::string name;
  std::variant<std::vector<std::string>, std::vector<double>> values;
  std::vector<std::string> categories;  ///< of a categorical column, in their order
};

/// One modality of cells as they were read.
struct RawCells {
  std::string source;  ///< file and place
  std::vector<std::string> barcodes;
  std::vector<std::string> features;
  std::vector<FrameColumn> obs;
  std::vector<FrameColumn> var;
  Counts counts;  ///< cells × features
};

/// What was read, before anything is matched: RNA, then ATAC.
GRIDS_API std::pair<RawCells, RawCells> raw_cells(const Cells& cells);

/// A study, and how it came out of the cells.
struct Preparation {
  Study study;
  std::vector<int32_t>
      cells;  ///< rows of the RNA as it was read, in the order of the study's cells
  /// Columns of the matrices as they were read, in the order of the study's genes and peaks. Of
  /// features of one name, as many are told as are used, the first ones.
  std::vector<int32_t> genes;
  std::vector<int32_t> peaks;
  Table table;  ///< prepare.tsv
};

/// `prepare` that also tells which features of the cells the study uses.
GRIDS_API Preparation prepare_with_places(Cells cells, const Options& options, Session& session);

/// Where the genes of a study begin and end: chromosome empty where no position is known.
GRIDS_API std::vector<GenePlace> gene_places(const Study& study);
/// The peaks, likewise; `name` as the study has it.
GRIDS_API std::vector<GenePlace> peak_places(const Study& study);

// ---- Commands --------------------------------------------------------------------------------

/// [cis], with "gene" and "genes": the surrogate with the peaks around each gene, and cis.tsv.
struct CisFitted {
  Surrogate surrogate;
  Table table;
};
GRIDS_API CisFitted fit_cis_table(const Study& study, const Surrogate& surrogate,
                                  const Options& options, Session& session);

/// [explain]: the tables of the command. What is sought is told by "cell-type" with "gene", by
/// "targets" or by "all-genes".
GRIDS_API std::vector<Table> explain_tables(const Study& study, const Surrogate& surrogate,
                                            const Options& options, Session& session);

/// [redundancy], without "retrain": the tables of the command.
GRIDS_API std::vector<Table> redundancy_tables(const Study& study, const Surrogate& surrogate,
                                               const Options& options, Session& session);

/// [evaluate]: the tables of the command, those of the map of cells with "map".
GRIDS_API std::vector<Table> evaluate_tables(const Study& study, const Surrogate& surrogate,
                                             const Options& options, Session& session);

/// [compare]: the tables of the command, and its page as Markdown.
struct ComparedTables {
  std::vector<Table> tables;
  std::string page;
};
GRIDS_API ComparedTables compare_tables(const Study& study, const Surrogate& surrogate,
                                        const Options& options, Session& session);

/// [validate]: the tables of the command. All that it holds beside each other are files.
GRIDS_API std::vector<Table> validate_tables(const Options& options, Session& session);

/// Every single peak masked in turn, in the cells of one type.
struct KnockoutOfType {
  std::string cell_type;
  std::vector<int64_t> open_cells;      ///< of each peak
  std::vector<double> mean_prediction;  ///< of each gene, unmasked
  Matrix change;                        ///< peaks × genes: of the mean prediction
};

/// Rows of knockout.tsv, the strongest decrease of each type and gene first; numbers are positions
/// in `Knockout::cell_types`, and in the study's genes and peaks.
struct KnockoutRows {
  std::vector<int32_t> cell_type;
  std::vector<int32_t> gene;
  std::vector<int32_t> peak;
  std::vector<int64_t> open_cells;
  std::vector<float> change;         ///< of the mean prediction, log1p of counts per 100,000
  std::vector<float> change_cp100k;  ///< counts per 100,000
};

struct Knockout {
  std::vector<std::string> cell_types;
  std::vector<int32_t> genes;            ///< positions in the study
  std::vector<KnockoutOfType> matrices;  ///< where genes are many and there is no "window"
  KnockoutRows rows;                     ///< else
  bool is_matrix = false;
};

/// [knockout]: rows where the command writes a table, matrices where it writes AnnData.
GRIDS_API Knockout knock_out_all(const Study& study, const Surrogate& surrogate,
                                 const Options& options, Session& session);

/// The same surrogate trained elsewhere, from a study in a file: what `train` does, for callers
/// that keep the study.
GRIDS_API Surrogate train_on_file(const std::filesystem::path& study, const Options& options,
                                  Session& session);

/// The live page of a results folder, served on this machine alone while the object lives: peaks
/// are switched, sets sought and judged. docs/view.md.
class GRIDS_API View {
 public:
  /// Of results in a folder, and what they were made of. `port`: 0 = any that is free. Throws
  /// Error(kInput) for a folder without results, and where the port is taken.
  View(const std::filesystem::path& results, const Study& study, const Surrogate& surrogate,
       int port, SessionSettings settings);
  /// Of a folder whose manifest says what they were made of; paths that are not empty go before it.
  /// Looks at test cells are counted beside the study.
  View(const std::filesystem::path& results, const std::filesystem::path& study,
       const std::filesystem::path& surrogate, int port, SessionSettings settings);
  View(View&&) noexcept;
  View& operator=(View&&) noexcept;
  ~View();

  /// "http://127.0.0.1:PORT/#TOKEN"; empty once it was stopped.
  std::string address() const;
  /// Ends what is being answered.
  void stop();

  struct Parts;

 private:
  std::unique_ptr<Parts> parts_;
};

// ---- A model of one's own ----------------------------------------------------------------------

/// Any differentiable model: two functions of rows, row-major. They are called by one thread at a
/// time, not that of the caller, with a fixed number of rows. What they throw ends the call.
struct OwnModel {
  std::string name;  ///< for messages
  int32_t outputs = 0;
  /// rows (count × features) → outputs (count × outputs).
  std::function<void(std::span<const float> rows, int64_t count, std::span<float> outputs)> predict;
  /// The gradient with respect to the rows of Σ cotangent · outputs; may be empty, where a method
  /// is asked that needs none.
  std::function<void(std::span<const float> rows, std::span<const float> cotangent, int64_t count,
                     std::span<float> slopes)>
      gradient;
};

struct OwnRows {
  std::vector<float> values;  ///< rows × features, finite
  int64_t rows = 0;
  int64_t features = 0;
  std::vector<std::string> labels;  ///< of the rows; may be empty
  std::vector<std::string> names;   ///< of the features; may be empty
  /// Rows from here on are judged on; 0: a share that "learn-share" says, drawn by the seed.
  int64_t first_of_test = 0;
  std::vector<float> replacement;  ///< what a masked feature becomes; empty: as the options say
};

/// Which features, masked together in every row, move an output, or make rows be read as a class?
/// Options of `grids explain --model` (docs/your-own-model.md). subset.tsv, predictions.tsv,
/// summary.tsv, timings.tsv.
GRIDS_API std::vector<Table> explain_model(const OwnModel& model, OwnRows rows,
                                           const Options& options, Session& session);

// ---- Files beside other users of HDF5 --------------------------------------------------------

/// A lock of someone else in this process who uses the same HDF5 library (h5py, as a rule): taken
/// around every use of it. `take` returns what `give` is handed; null: there was nothing to take.
/// For the whole process, before any file is opened.
GRIDS_API void set_hdf5_lock(void* (*take)(), void (*give)(void*));

}  // namespace grids
