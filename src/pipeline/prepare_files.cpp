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
        "`cells`, `peaks`, `genes`: a step; `label`: a cell type; `note`, `warning`: a sentence; "
        "where RNA and ATAC are of different cells, `cells with RNA`, `cells with chromatin`, "
        "`label "
        "of cells with RNA`, `label of cells with chromatin` in place of `cells` and `label`",
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

void read_half(const NamesGiven& given, InputsOfHalf& inputs) {
  read_names(given.labels, inputs.label_map, inputs.label_column);
  read_names(given.donors, inputs.donor_map, inputs.donor_column);
  read_names(given.batches, inputs.batch_map, inputs.batch_column);
}

/// What is read with both options right, and told in the order in which it matters.
template <typename Prepare>
auto prepared_from_files(const PrepareArguments& arguments, const PrepareInputs& inputs,
                         const Context& context, const Prepare& prepare) {
  PatientReporter reporter(context.reporter);
  const Context patient = context.with_reporter(reporter);
  auto raw = read_multiome(arguments.input, patient);
  reporter.wait_no_longer();
  return prepare(std::move(raw), inputs, arguments.options, patient);
}

/// Options that go with --unpaired alone.
void add_problems_of_halves(const PrepareArguments& arguments, Problems& problems) {
  if (arguments.input.unpaired || (arguments.of_rna.empty() && arguments.of_atac.empty())) return;
  problems.add(
      "--rna-labels, --atac-labels and their like name cells that were not measured together: add "
      "--unpaired, or give --labels, --donors and --batches");
}

}  // namespace

PrepareInputs read_prepare_inputs(const PrepareArguments& arguments) {
  PrepareInputs inputs;
  read_names(arguments.labels, inputs.label_map, inputs.label_column);
  read_names(arguments.donors, inputs.donor_map, inputs.donor_column);
  read_names(arguments.batches, inputs.batch_map, inputs.batch_column);
  read_half(arguments.of_rna, inputs.of_rna);
  read_half(arguments.of_atac, inputs.of_atac);
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

void PrepareArguments::describe_unpaired(OptionSet& set) {
  set.group("Cells that were not measured together");
  set.flag("--unpaired", input.unpaired,
           "RNA and ATAC are of different cells of one tissue: a study of two halves; --labels, "
           "--donors and --batches are looked for in each");
  const auto add = [&](const std::string& of, const std::string& words, NamesGiven& given) {
    set.value("--" + of + "-labels", given.labels,
              "Cell types of the cells with " + words + " alone, in place of --labels");
    set.value("--" + of + "-donors", given.donors, "Their donors, in place of --donors");
    set.value("--" + of + "-batches", given.batches, "Their batches, in place of --batches");
  };
  add("rna", "RNA", of_rna);
  add("atac", "chromatin", of_atac);
  set.group("");
  set.rule([this](Problems& problems) { add_problems_of_halves(*this, problems); });
}

std::vector<std::filesystem::path> PrepareArguments::files() const {
  auto result = input.files();
  for (const auto& names : {labels, donors, batches, of_rna.labels, of_rna.donors, of_rna.batches,
                            of_atac.labels, of_atac.donors, of_atac.batches}) {
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
  return prepared_from_files(arguments, inputs, context, prepare_cells);
}

PreparedUnpaired prepare_unpaired_from_files(const PrepareArguments& arguments,
                                             const Context& context) {
  validate(arguments.input, "the input");
  validate(arguments.options, "options of prepare");
  const PrepareInputs inputs = read_prepare_inputs(arguments);
  require_units_of_halves(arguments.options.split.by, inputs);
  return prepared_from_files(arguments, inputs, context, prepare_unpaired);
}

void write_prepared(const std::filesystem::path& path, const PreparedCells& cells,
                    const Context& context) {
  write_study_rows(path, cells.tables, study_rows(cells, context.pool), &context.pool);
}

void write_prepared(const std::filesystem::path& path, const PreparedUnpaired& cells,
                    const Context& context) {
  write_unpaired_rows(path, cells.tables, study_rows(cells, context.pool), &context.pool);
}

Table prepare_table(const PrepareSummary& summary) {
  std::vector<PrepareRow> rows;
  for (const auto& step : summary.steps)
    rows.push_back({step.of, step.what, step.before, step.after});
  for (const auto& label : summary.labels) {
    rows.push_back({label.of.empty() ? "label" : "label of " + label.of,
                    label.label.empty() ? "(none)" : label.label, label.cells,
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
