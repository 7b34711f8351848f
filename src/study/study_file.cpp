#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "base/at.hpp"
#include "base/memory.hpp"
#include "io/anndata.hpp"
#include "io/folder.hpp"
#include "io/lines.hpp"
#include "io/mudata.hpp"
#include "io/scratch_room.hpp"
#include "study/kept_columns.hpp"
#include "study/study.hpp"
#include "study/study_and.hpp"
#include "study/study_check.hpp"
#include "study/study_tables.hpp"

namespace grids::core {
namespace {

using store::Group;
using store::GroupWriter;

/// Raised when an older grids would misread a newer file: 2 says whether the cells are paired,
/// which those of 1 always are; in 3 types and donors have an order, and cells a place in the
/// user's file, where before types and donors were sorted by name and cells stood as in the file.
constexpr int64_t kStudyFormat = 3;
constexpr int64_t kFirstOrderedFormat = 3;
constexpr const char* kPrepare = "grids prepare FILE --labels COLUMN -o study.h5mu";
constexpr const char* kPrepareAgain = "prepare the study again (grids prepare)";
constexpr const char* kLog1pCp100k = "log1p_cp100k";
constexpr const char* kAsGiven = "as_given";
constexpr const char* kFurtherSites = "further_sites";

std::vector<double> to_numbers(const std::vector<int64_t>& values) {
  return {values.begin(), values.end()};
}

// ---- writing ----

Frame cells_frame(const CellTable& cells) {
  Frame frame{cells.barcodes, {}};
  std::vector<std::string> split;
  for (const auto part : cells.split) split.emplace_back(split_name(part));
  frame.columns.push_back({"split", std::move(split)});
  frame.columns.push_back({"total_rna", cells.total_rna});
  frame.columns.push_back({"open_peaks", cells.open_peaks});
  if (!cells.place.empty()) frame.columns.push_back({"place", to_numbers(cells.place)});
  return frame;
}

/// As 10x files write it; empty where there is no place.
std::string interval_text(std::string_view chromosome, int64_t start, int64_t end) {
  return chromosome.empty() ? std::string() : fmt::format("{}:{}-{}", chromosome, start, end);
}

/// The columns by which scanpy and muon tell features of 10x files: gene_ids, feature_types and
/// interval.
void add_tenx_columns(Frame& frame, const char* type, std::vector<std::string> ids,
                      const std::vector<std::string>& chromosomes,
                      const std::vector<int64_t>& start, const std::vector<int64_t>& end) {
  std::vector<std::string> intervals;
  for (size_t j = 0; j < chromosomes.size(); ++j) {
    intervals.push_back(interval_text(chromosomes[j], start[j], end[j]));
  }
  const auto add = [&](const char* name, std::vector<std::string> texts) {
    const bool says_something =
        std::any_of(texts.begin(), texts.end(), [](const auto& text) { return !text.empty(); });
    if (says_something) frame.columns.push_back({name, std::move(texts)});
  };
  add("gene_ids", std::move(ids));
  add("feature_types", std::vector<std::string>(chromosomes.size(), type));
  add("interval", std::move(intervals));
}

Frame peaks_frame(const PeakTable& peaks) {
  Frame frame{peaks.names, {}};
  std::vector<std::string> chromosomes;
  for (size_t c = 0; c < peaks.chromosomes.size(); ++c) {
    chromosomes.resize(at(peaks.chromosome_offsets[c + 1]), peaks.chromosomes[c]);
  }
  frame.columns.push_back({"chrom", chromosomes});
  frame.columns.push_back({"start", to_numbers(peaks.start)});
  frame.columns.push_back({"end", to_numbers(peaks.end)});
  add_tenx_columns(frame, "Peaks", peaks.names, chromosomes, peaks.start, peaks.end);
  return frame;
}

// ---- reading ----

const FrameColumn& column(const store::Object& table, const Frame& frame, std::string_view name,
                          bool text) {
  const auto* found = frame.find(name);
  if (found == nullptr) {
    throw table.error(fmt::format("the column '{}' is missing; {}", name, kPrepareAgain));
  }
  if (found->is_text() != text) {
    throw table.error(fmt::format("must hold {}", text ? "text" : "numbers"), name);
  }
  return *found;
}

std::vector<int64_t> positions(const store::Object& table, const Frame& frame,
                               std::string_view name) {
  std::vector<int64_t> result;
  for (const double value : column(table, frame, name, false).numbers()) {
    if (!(value >= 0 && value < 1e15 && value == std::floor(value))) {
      throw table.error(fmt::format("{} is not a position", value), name);
    }
    result.push_back(static_cast<int64_t>(value));
  }
  return result;
}

void require_unique(const store::Object& table, const std::vector<std::string>& names) {
  std::unordered_set<std::string_view> seen;
  seen.reserve(names.size());
  for (const auto& name : names) {
    if (!seen.insert(name).second) {
      throw table.error(fmt::format("'{}' appears twice", name), "_index");
    }
  }
}

/// Names in the order of the file, codes to match; before format 3 sorted, as grids wrote them then
/// (another program may have written them in another order).
Categorical categorical(const Group& obs, const std::string& name, bool ordered) {
  const auto stored = read_categorical(obs, name);
  Categorical result;
  result.names = stored.categories;
  if (!ordered) std::sort(result.names.begin(), result.names.end());
  require_unique(obs, result.names);
  for (size_t cell = 0; cell < stored.codes.size(); ++cell) {
    if (stored.codes[cell] < 0) {
      throw obs.error(fmt::format("cell {} has none", cell), name);
    }
    const auto code = result.code_of(stored.categories[at(stored.codes[cell])]);
    result.codes.push_back(*code);
  }
  return result;
}

CellTable read_cells(const Group& root, int64_t format) {
  const auto obs = root.group("obs");
  auto frame = read_frame(root, "obs", is_study_column);
  CellTable cells;
  require_unique(obs, frame.index);
  for (const auto& name : column(obs, frame, "split", true).text()) {
    bool known = false;
    for (const auto split : {Split::kTrain, Split::kValidation, Split::kTest}) {
      if (name != split_name(split)) continue;
      cells.split.push_back(split);
      known = true;
    }
    if (!known)
      throw obs.error(fmt::format("'{}' is not one of train, validation, test", name), "split");
  }
  cells.total_rna = column(obs, frame, "total_rna", false).numbers();
  cells.open_peaks = column(obs, frame, "open_peaks", false).numbers();
  if (frame.find("place") != nullptr) cells.place = positions(obs, frame, "place");
  const bool ordered = format >= kFirstOrderedFormat;
  column(obs, frame, "cell_type", true);
  cells.type = categorical(obs, "cell_type", ordered);
  if (frame.find("donor") != nullptr) cells.donor = categorical(obs, "donor", ordered);
  if (frame.find("batch") != nullptr) cells.batch = categorical(obs, "batch", ordered);
  cells.barcodes = std::move(frame.index);
  return cells;
}

PeakTable read_peaks(const Group& modality) {
  const auto var = modality.group("var");
  auto frame = read_frame(modality, "var");
  PeakTable peaks;
  require_unique(var, frame.index);
  peaks.start = positions(var, frame, "start");
  peaks.end = positions(var, frame, "end");
  const auto& chromosomes = column(var, frame, "chrom", true).text();
  for (size_t peak = 0; peak < chromosomes.size(); ++peak) {
    if (!peaks.chromosomes.empty() && peaks.chromosomes.back() == chromosomes[peak]) continue;
    const auto& all = peaks.chromosomes;
    if (std::find(all.begin(), all.end(), chromosomes[peak]) != all.end()) {
      throw var.error(
          fmt::format("the peaks are not sorted: {} begins a second time at peak {}; {}",
                      chromosomes[peak], frame.index[peak], kPrepareAgain),
          "chrom");
    }
    peaks.chromosomes.push_back(chromosomes[peak]);
    peaks.chromosome_offsets.push_back(static_cast<int64_t>(peak));
  }
  peaks.chromosome_offsets.push_back(static_cast<int64_t>(chromosomes.size()));
  peaks.names = std::move(frame.index);
  return peaks;
}

/// "100,2000".
std::vector<int64_t> sites_of(const store::Object& table, std::string_view text) {
  std::vector<int64_t> sites;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    int64_t site = 0;
    if (!parse_position(text.substr(0, end), site) || (!sites.empty() && site <= sites.back())) {
      throw table.error(fmt::format("'{}' is not a list of ascending positions", text),
                        kFurtherSites);
    }
    sites.push_back(site);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return sites;
}

GeneTable read_genes(const Group& modality) {
  const auto var = modality.group("var");
  auto frame = read_frame(modality, "var");
  GeneTable genes;
  require_unique(var, frame.index);
  genes.ids = column(var, frame, "gene_id", true).text();
  genes.chromosome = column(var, frame, "chrom", true).text();
  genes.start = positions(var, frame, "start");
  genes.end = positions(var, frame, "end");
  for (const auto& strand : column(var, frame, "strand", true).text()) {
    if (strand != "+" && strand != "-" && strand != ".") {
      throw var.error(fmt::format("'{}' is not one of + - .", strand), "strand");
    }
    genes.strand.push_back(static_cast<Strand>(strand[0]));
  }
  if (frame.find(kFurtherSites) != nullptr) {
    for (const auto& text : column(var, frame, kFurtherSites, true).text()) {
      genes.further_sites.push_back(sites_of(var, text));
    }
  }
  genes.names = std::move(frame.index);
  return genes;
}

void require_cells(const Group& root, const CellTable& cells, const std::string& modality) {
  // Cells have one order in a study; a file edited elsewhere may have lost it.
  const auto place = "mod/" + modality + "/obs";
  const auto frame =
      read_frame(root.group("mod/" + modality), "obs", [](const std::string&) { return false; });
  if (frame.index != cells.barcodes) {
    throw root.error(
        fmt::format("names other cells than obs, or in another order; {}", kPrepareAgain), place);
  }
}

/// Before the matrix is read.
void require_shape(const Group& modality, const std::string& name, int64_t rows, int64_t columns) {
  const auto shape = matrix_shape(modality, name);
  if (shape.rows == rows && shape.columns == columns) return;
  throw modality.error(fmt::format("is {} × {}, but the tables name {} cells and {} features",
                                   shape.rows, shape.columns, rows, columns),
                       name);
}

ExpressionScale read_scale(const Group& grids) {
  const auto scale = grids.array("scale").read_text();
  if (scale.size() == 1 && scale[0] == kLog1pCp100k) return ExpressionScale::kLog1pCp100k;
  if (scale.size() == 1 && scale[0] == kAsGiven) return ExpressionScale::kAsGiven;
  throw grids.error("is not a known scale of expression", "scale");
}

/// The study's format; throws unless it is this one or an earlier one.
int64_t known_format(const Group& root) {
  if (!root.has("uns/grids")) {
    throw root.error(fmt::format("is not a prepared study; prepare it first: {}", kPrepare));
  }
  const auto grids = root.group("uns/grids");
  if (!grids.has("format")) return 1;
  const auto format = grids.array("format").read_whole<int64_t>();
  if (format.size() != 1 || format[0] < 1) {
    throw grids.error(fmt::format("must be one whole number from 1; {}", kPrepareAgain), "format");
  }
  if (format[0] > kStudyFormat) {
    throw grids.error(
        fmt::format("the study is of format {}, and grids {} knows formats up to {}; use the grids "
                    "that prepared it, or {} with this one",
                    format[0], GRIDS_VERSION, kStudyFormat, kPrepareAgain),
        "format");
  }
  return format[0];
}

/// What a study of any format holds.
void require_members(const Group& root) {
  for (const char* name :
       {"obs", "mod/rna/obs", "mod/rna/var", "mod/rna/X", "mod/atac/obs", "mod/atac/var",
        "mod/atac/X", "uns/grids/scale", "uns/grids/provenance"}) {
    if (!root.has(name)) {
      throw root.error(fmt::format("the study lacks it; {}", kPrepareAgain), name);
    }
  }
}

/// Throws unless a row is the same cell in both modalities.
void require_paired(const Group& grids) {
  if (!grids.has("paired")) return;  // as all of format 1 are
  const auto paired = grids.array("paired").read_whole<int64_t>();
  if (paired.size() != 1) throw grids.error("must be one boolean", "paired");
  if (paired[0] == 0) {
    throw grids.error(
        fmt::format(
            "chromatin and RNA were measured in different cells, and this needs both of each "
            "cell; prepare a multiome experiment: {}",
            kPrepare),
        "paired");
  }
}

}  // namespace

Frame genes_frame(const GeneTable& genes) {
  Frame frame{genes.names, {}};
  std::vector<std::string> strand;
  for (const auto side : genes.strand) strand.emplace_back(1, static_cast<char>(side));
  frame.columns.push_back({"gene_id", genes.ids});
  frame.columns.push_back({"chrom", genes.chromosome});
  frame.columns.push_back({"start", to_numbers(genes.start)});
  frame.columns.push_back({"end", to_numbers(genes.end)});
  frame.columns.push_back({"strand", std::move(strand)});
  if (!genes.further_sites.empty()) {
    std::vector<std::string> sites;
    for (const auto& of_gene : genes.further_sites) {
      sites.push_back(fmt::format("{}", fmt::join(of_gene, ",")));
    }
    frame.columns.push_back({kFurtherSites, std::move(sites)});
  }
  add_tenx_columns(frame, "Gene Expression", genes.ids, genes.chromosome, genes.start, genes.end);
  return frame;
}

const char* scale_name(ExpressionScale scale) {
  return scale == ExpressionScale::kLog1pCp100k ? kLog1pCp100k : kAsGiven;
}

namespace {

/// Bytes that the matrices of a study take in memory, as far as their shapes tell; 0 for what is no
/// study, which is told when it is read.
int64_t matrix_bytes(const Group& root) {
  constexpr int64_t kIndex = sizeof(int32_t), kValue = sizeof(float);
  int64_t bytes = 0;
  const auto add = [&](const char* name, int64_t entry_bytes) {
    if (root.has(name)) bytes += entry_bytes * stored_entries(root, name).value_or(0);
  };
  add("mod/atac/X", kIndex);
  add("mod/rna/X", kIndex + kValue);
  add("mod/rna/layers/counts", kValue);  // at the places of X, as grids writes them
  return bytes;
}

/// Where the matrices of a study lie: null for in memory.
std::shared_ptr<EntryRoom> room_for(const Group& root, const std::filesystem::path& path,
                                    const Context& context) {
  const int64_t bytes = matrix_bytes(root);
  if (bytes <= context.memory / 2) return nullptr;
  const auto folder = scratch_folder(folder_of(path));
  const int64_t free = free_disk(folder);
  if (free < bytes) {
    throw input_error(
        "reading {}: its matrices take {} and --memory is {}, so they are kept in a file in {}, "
        "which has only {} free; set TMPDIR to a folder on a larger disk, or give more --memory",
        path.string(), bytes_text(bytes), bytes_text(context.memory), folder.string(),
        bytes_text(free));
  }
  context.reporter.info(fmt::format(
      "{}: its matrices take {}, more than half of the memory to work in ({}): while this command "
      "runs they lie in a file in {} ({} free there), which is slower",
      path.string(), bytes_text(bytes), bytes_text(context.memory), folder.string(),
      bytes_text(free)));
  // A quarter for pages of the file, and the rest for what is computed.
  return scratch_room(folder, {.smallest = std::max<int64_t>(1, context.memory / 64),
                               .resident = context.memory / 4});
}

Study read_study_in(const Group& root, const std::shared_ptr<EntryRoom>& room) {
  const int64_t format = known_format(root);
  require_members(root);
  const auto grids = root.group("uns/grids");
  require_paired(grids);
  const auto rna = root.group("mod/rna");
  const auto atac = root.group("mod/atac");
  Study study;
  study.cells = read_cells(root, format);
  study.peaks = read_peaks(atac);
  study.genes = read_genes(rna);
  require_cells(root, study.cells, "rna");
  require_cells(root, study.cells, "atac");
  read_kept(root, study.cells);
  const auto cells = study.cells.size();
  require_shape(atac, "X", cells, study.peaks.size());
  study.open = read_binary_matrix(atac, "X", room);
  require_shape(rna, "X", cells, study.genes.size());
  study.expression = read_matrix(rna, "X", room);
  study.expression.pattern.indices.share();
  study.scale = read_scale(grids);
  if (rna.has("layers/counts")) {
    require_shape(rna, "layers/counts", cells, study.genes.size());
    study.counts = read_matrix_like(rna, "layers/counts", study.expression.pattern, room);
  }
  const auto provenance = grids.array("provenance").read_text();
  if (provenance.size() != 1) throw grids.error("must be one text", "provenance");
  study.provenance = provenance[0];
  problems_of(study).raise(ErrorKind::kInput, fmt::format("reading {}", root.file()));
  return study;
}

}  // namespace

Study read_study(const std::filesystem::path& path, ThreadPool* pool) {
  return read_study_in(store::open(path, pool), nullptr);
}

Study read_study(const std::filesystem::path& path, const Context& context) {
  const auto root = store::open(path, &context.pool);
  return read_study_in(root, room_for(root, path, context));
}

Study read_study(const Group& root) {
  return read_study_in(root, nullptr);
}

void write_study(const std::filesystem::path& path, const Study& study, ThreadPool* pool) {
  write_study_and(
      path, study, [](const GroupWriter&) {}, pool);
}

namespace {

/// Writes the matrices of a modality.
using WriteMatrices = std::function<void(const GroupWriter& group)>;

/// All of a study; the matrices by who has them.
void write_with(const std::filesystem::path& path, const Study& study, const WriteMatrices& rna,
                const WriteMatrices& atac, const std::function<void(const GroupWriter& root)>& more,
                ThreadPool* pool) {
  require_kept(study.cells);
  const Frame bare{study.cells.barcodes, {}};
  const Frame peaks = peaks_frame(study.peaks);
  const Frame genes = genes_frame(study.genes);
  const ModalityToWrite modalities[] = {{"rna", bare, genes, rna}, {"atac", bare, peaks, atac}};
  write_h5mu(
      path, cells_frame(study.cells), modalities,
      [&](const GroupWriter& root) {
        const auto obs = root.group("obs");
        write_categorical(obs, "cell_type", {study.cells.type.names, study.cells.type.codes});
        if (!study.cells.donor.empty()) {
          write_categorical(obs, "donor", {study.cells.donor.names, study.cells.donor.codes});
        }
        if (!study.cells.batch.empty()) {
          write_categorical(obs, "batch", {study.cells.batch.names, study.cells.batch.codes});
        }
        write_kept(root, study.cells);
        const auto grids = create_dict(root, "uns/grids");
        write_integer_element(grids, "format", kStudyFormat);
        write_text_element(grids, "scale", scale_name(study.scale));
        write_boolean_element(grids, "paired", study.paired);
        write_text_element(grids, "provenance", study.provenance);
        more(root);
      },
      pool);
}

void raise_unfitting(const Problems& problems) {
  problems.raise(ErrorKind::kInternal, "a study that does not fit together");
}

}  // namespace

namespace {

constexpr const char* kCounts = "layers/counts";
constexpr auto kLogs = SparseRowsWriter::Values::kLogs;

void write_rna(const GroupWriter& group, const Study& study) {
  const auto& places = study.expression.pattern;
  const auto& counted = study.counts.pattern;
  if (study.has_counts() && counted.offsets == places.offsets &&
      std::equal(counted.indices.begin(), counted.indices.end(), places.indices.begin())) {
    write_matrices(group, "X", study.expression, kLogs, kCounts, study.counts.values);
    return;
  }
  write_matrix(group, "X", study.expression, kLogs);
  if (study.has_counts()) write_matrix(group, kCounts, study.counts);
}

/// The RNA block by block.
void write_rna_rows(const GroupWriter& group, const Study& tables, const StudyRows& rows) {
  const int64_t genes = tables.genes.size();
  SparseRowsWriter expression(group, "X", genes, kLogs);
  std::optional<FurtherValuesWriter> counts;
  if (rows.has_counts) counts.emplace(group, kCounts);
  std::vector<float> counted;
  for (int64_t first = 0; first < tables.cells.size(); first += rows.rows_at_once) {
    const auto last = std::min(tables.cells.size(), first + rows.rows_at_once);
    const auto block = rows.expression(first, last, counted);
    raise_unfitting(problems_of_rows("mod/rna/X", block, last - first, genes));
    expression.append(block);
    if (!counts) continue;
    raise_unfitting(problems_of_counts("mod/rna/layers/counts", counted, block.pattern));
    counts->append(counted);
  }
  expression.finish();
  if (counts) counts->finish(expression);
}

void write_open_rows(const GroupWriter& group, const Study& tables, const StudyRows& rows) {
  const int64_t peaks = tables.peaks.size();
  SparseRowsWriter writer(group, "X", peaks, SparseRowsWriter::Values::kOnes);
  for (int64_t first = 0; first < tables.cells.size(); first += rows.rows_at_once) {
    const auto last = std::min(tables.cells.size(), first + rows.rows_at_once);
    const auto block = rows.open(first, last);
    raise_unfitting(problems_of_rows("mod/atac/X", block, last - first, peaks));
    writer.append(block);
  }
  writer.finish();
}

}  // namespace

void write_study_and(const std::filesystem::path& path, const Study& study,
                     const std::function<void(const GroupWriter& root)>& more, ThreadPool* pool) {
  raise_unfitting(problems_of(study));
  write_with(
      path, study, [&](const GroupWriter& group) { write_rna(group, study); },
      [&](const GroupWriter& group) { write_matrix(group, "X", study.open); }, more, pool);
}

void write_study_rows(const std::filesystem::path& path, const Study& tables, const StudyRows& rows,
                      ThreadPool* pool) {
  raise_unfitting(problems_of_tables(tables));
  write_with(
      path, tables, [&](const GroupWriter& group) { write_rna_rows(group, tables, rows); },
      [&](const GroupWriter& group) { write_open_rows(group, tables, rows); },
      [](const GroupWriter&) {}, pool);
}

}  // namespace grids::core
