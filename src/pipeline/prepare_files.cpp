#include "pipeline/prepare_files.hpp"

#include <algorithm>

#include "io/annotation.hpp"
#include "io/delimited.hpp"
#include "io/labels.hpp"
#include "prepare/units.hpp"

namespace grids::core {
namespace {

/// Whether the user meant a file: it exists, or it is spelt as one. A slash alone is no sign, as
/// columns may be called "T/B type"; that its folder exists is.
bool names_a_file(const std::string& text) {
  std::error_code ignored;
  const std::filesystem::path path(text);
  if (std::filesystem::exists(path, ignored)) return true;
  const auto colon = text.rfind(':');
  if (colon != std::string::npos && std::filesystem::exists(text.substr(0, colon), ignored)) {
    return true;
  }
  if (path.has_parent_path() && std::filesystem::is_directory(path.parent_path(), ignored)) {
    return true;
  }
  for (const char* ending : {".tsv", ".csv", ".txt", ".gz"}) {
    if (text.ends_with(ending)) return true;
  }
  return false;
}

/// "meta.csv:celltype".
struct LabelFile {
  std::string path;
  std::string column;  ///< empty where none is named
};

LabelFile label_file(const std::string& text) {
  std::error_code ignored;
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || std::filesystem::exists(text, ignored)) return {text, {}};
  const auto path = text.substr(0, colon);
  if (!std::filesystem::exists(path, ignored)) return {text, {}};
  return {path, text.substr(colon + 1)};
}

/// Keeps what is told while files are read until something is told after that: a warning of what
/// was read goes before it, so that "no gene positions" is the first line.
class PatientReporter : public Reporter {
 public:
  explicit PatientReporter(Reporter& inner) : inner_(inner) {}

  void wait_no_longer() { waiting_ = false; }
  void info(std::string_view message) override {
    kept_.emplace_back(message);
    if (!waiting_) tell();
  }
  void warning(std::string_view message) override {
    inner_.warning(message);
    if (!waiting_) tell();
  }
  void progress(std::string_view task, int64_t done, int64_t total,
                std::string_view note) override {
    inner_.progress(task, done, total, note);
  }
  void progress_end() override { inner_.progress_end(); }
  std::vector<std::string> words() const override { return inner_.words(); }

 private:
  void tell() {
    for (const auto& message : kept_) inner_.info(message);
    kept_.clear();
  }

  Reporter& inner_;
  std::vector<std::string> kept_;
  bool waiting_ = true;
};

struct PrepareRow {
  std::string of;
  std::string step;
  std::optional<int64_t> before = {};
  std::optional<int64_t> after = {};
};

Columns<PrepareRow> prepare_columns() {
  using Row = PrepareRow;
  const auto count = [](std::optional<int64_t> value) {
    return value ? std::to_string(*value) : std::string();
  };
  return {
      "prepare.tsv",
      "a row for each step, each label and each thing to know",
      {{"of",
        "`cells`, `peaks`, `genes`: a step; `label`: a cell type; `note`, `warning`: a sentence",
        &Row::of},
       {"step", "what was asked of them; the label; the sentence", &Row::step},
       {"before", "how many there were; empty for sentences",
        [count](const Row& row) { return count(row.before); }},
       {"after", "how many passed (of a label: 0 = excluded); empty for sentences",
        [count](const Row& row) { return count(row.after); }}}};
}

/// What is said of cells: a table that is read, or a column's name.
void read_names(const std::string& text, std::optional<LabelMap>& map, std::string& column) {
  if (!names_a_file(text)) {
    column = text;
    return;
  }
  const auto given = label_file(text);
  auto labels = read_labels(given.path, given.column);
  map = LabelMap{given.path, {}, std::move(labels.notes)};
  for (auto& [barcode, label] : labels.of_barcode) map->entries.emplace_back(barcode, label);
  std::sort(map->entries.begin(), map->entries.end());
}

}  // namespace

PrepareInputs read_prepare_inputs(const PrepareArguments& arguments) {
  PrepareInputs inputs;
  read_names(arguments.labels, inputs.label_map, inputs.label_column);
  read_names(arguments.donors, inputs.donor_map, inputs.donor_column);
  read_names(arguments.batches, inputs.batch_map, inputs.batch_column);
  if (!arguments.genes.empty()) {
    inputs.gene_positions = read_gene_positions(arguments.genes);
    inputs.gene_source = arguments.genes.string();
  }
  if (!arguments.chromosome_sizes.empty()) {
    inputs.chromosome_sizes = GenomeBuild{arguments.chromosome_sizes.string(),
                                          read_chromosome_sizes(arguments.chromosome_sizes)};
  }
  if (!arguments.keep.empty()) inputs.keep_genes = read_name_list(arguments.keep);
  return inputs;
}

void PrepareArguments::describe(OptionSet& set) {
  input.describe(set);
  describe_preparation(set);
}

void PrepareArguments::describe_preparation(OptionSet& set) {
  set.value("--labels", labels,
            "Cell types: a column's name, or a table of barcode and label (clusters.csv; "
            "FILE:COLUMN where it has more columns); without it the cells are clustered");
  set.value("--donors", donors,
            "Donor or sample of each cell: a column's name, or a table as for --labels");
  set.value("--batches", batches,
            "Batch of each cell (library, lane, day, …), to be held constant: a column's name, or "
            "a table "
            "as for --labels; barcode = by what stands before or behind the bases of its barcode");
  set.value("--genes", genes,
            "Gene positions, BED or GTF, of the genome build of the peaks; matched by Ensembl id "
            "(with or without version) and by symbol");
  set.value("--chrom-sizes", chromosome_sizes,
            "Chromosome lengths (name, length), to check positions; hg38 and hg19 are known");
  set.value("--keep-genes", keep, "Genes that are kept in any case, one name per line");
  options.describe(set);
}

std::vector<std::filesystem::path> PrepareArguments::files() const {
  auto result = input.files();
  for (const auto& names : {labels, donors, batches}) {
    if (names_a_file(names)) result.emplace_back(label_file(names).path);
  }
  for (const auto& path : {genes, chromosome_sizes, keep}) {
    if (!path.empty()) result.push_back(path);
  }
  return result;
}

PreparedCells prepare_from_files(const PrepareArguments& arguments, const Context& context) {
  validate(arguments.input, "the input");
  validate(arguments.options, "options of prepare");
  const PrepareInputs inputs = read_prepare_inputs(arguments);
  require_units_of_split(arguments.options.split.by, inputs.donors(), inputs.batches());
  PatientReporter reporter(context.reporter);
  const Context patient = context.with_reporter(reporter);
  auto raw = read_multiome(arguments.input, patient);
  reporter.wait_no_longer();
  return prepare_cells(std::move(raw), inputs, arguments.options, patient);
}

void write_prepared(const std::filesystem::path& path, const PreparedCells& cells,
                    const Context& context) {
  write_study_rows(path, cells.tables, study_rows(cells, context.pool), &context.pool);
}

Table prepare_table(const PrepareSummary& summary) {
  std::vector<PrepareRow> rows;
  for (const auto& step : summary.steps)
    rows.push_back({step.of, step.what, step.before, step.after});
  for (const auto& label : summary.labels) {
    rows.push_back({"label", label.label.empty() ? "(none)" : label.label, label.cells,
                    label.excluded ? 0 : label.cells});
  }
  for (const auto& note : summary.notes) rows.push_back({"note", note});
  for (const auto& warning : summary.warnings) rows.push_back({"warning", warning});
  return prepare_columns().table(rows);
}

TableText describe_prepare() {
  return prepare_columns().describe();
}

}  // namespace grids::core
