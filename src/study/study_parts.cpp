#include "study/study_parts.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/at.hpp"
#include "base/memory.hpp"
#include "io/folder.hpp"
#include "io/lines.hpp"
#include "io/scratch_room.hpp"
#include "study/study_format.hpp"

namespace grids::core {

using store::Group;

namespace {

constexpr int64_t kFirstOrderedFormat = 3;

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

/// Before the matrix is read.
void require_matrix_shape(const Group& modality, const std::string& name, int64_t rows,
                          int64_t columns) {
  const auto shape = matrix_shape(modality, name);
  if (shape.rows == rows && shape.columns == columns) return;
  throw modality.error(fmt::format("is {} × {}, but the tables name {} cells and {} features",
                                   shape.rows, shape.columns, rows, columns),
                       name);
}

}  // namespace

const FrameColumn& study_column(const store::Object& table, const Frame& frame,
                                std::string_view name, bool text) {
  const auto* found = frame.find(name);
  if (found == nullptr) {
    throw table.error(fmt::format("the column '{}' is missing; {}", name, kPrepareAgain));
  }
  if (found->is_text() != text) {
    throw table.error(fmt::format("must hold {}", text ? "text" : "numbers"), name);
  }
  return *found;
}

std::vector<int64_t> positions_in_table(const store::Object& table, const Frame& frame,
                                        std::string_view name) {
  std::vector<int64_t> result;
  for (const double value : study_column(table, frame, name, false).numbers()) {
    if (!(value >= 0 && value < 1e15 && value == std::floor(value))) {
      throw table.error(fmt::format("{} is not a position", value), name);
    }
    result.push_back(static_cast<int64_t>(value));
  }
  return result;
}

void require_unique_names(const store::Object& table, const std::vector<std::string>& names) {
  std::unordered_set<std::string_view> seen;
  seen.reserve(names.size());
  for (const auto& name : names) {
    if (!seen.insert(name).second) {
      throw table.error(fmt::format("'{}' appears twice", name), "_index");
    }
  }
}

Categorical read_names_of_cells(const Group& obs, const std::string& name, int64_t format) {
  const bool ordered = format >= kFirstOrderedFormat;
  const auto stored = read_categorical(obs, name);
  Categorical result;
  result.names = stored.categories;
  if (!ordered) std::sort(result.names.begin(), result.names.end());
  require_unique_names(obs, result.names);
  for (size_t cell = 0; cell < stored.codes.size(); ++cell) {
    if (stored.codes[cell] < 0) {
      throw obs.error(fmt::format("cell {} has none", cell), name);
    }
    const auto code = result.code_of(stored.categories[at(stored.codes[cell])]);
    result.codes.push_back(*code);
  }
  return result;
}

std::vector<Split> read_splits(const Group& obs, const Frame& frame) {
  std::vector<Split> result;
  for (const auto& name : study_column(obs, frame, "split", true).text()) {
    bool known = false;
    for (const auto split : {Split::kTrain, Split::kValidation, Split::kTest}) {
      if (name != split_name(split)) continue;
      result.push_back(split);
      known = true;
    }
    if (!known)
      throw obs.error(fmt::format("'{}' is not one of train, validation, test", name), "split");
  }
  return result;
}

PeakTable read_peaks(const Group& modality) {
  const auto var = modality.group("var");
  auto frame = read_frame(modality, "var");
  PeakTable peaks;
  require_unique_names(var, frame.index);
  peaks.start = positions_in_table(var, frame, "start");
  peaks.end = positions_in_table(var, frame, "end");
  const auto& chromosomes = study_column(var, frame, "chrom", true).text();
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

GeneTable read_genes(const Group& modality) {
  const auto var = modality.group("var");
  auto frame = read_frame(modality, "var");
  GeneTable genes;
  require_unique_names(var, frame.index);
  genes.ids = study_column(var, frame, "gene_id", true).text();
  genes.chromosome = study_column(var, frame, "chrom", true).text();
  genes.start = positions_in_table(var, frame, "start");
  genes.end = positions_in_table(var, frame, "end");
  for (const auto& strand : study_column(var, frame, "strand", true).text()) {
    if (strand != "+" && strand != "-" && strand != ".") {
      throw var.error(fmt::format("'{}' is not one of + - .", strand), "strand");
    }
    genes.strand.push_back(static_cast<Strand>(strand[0]));
  }
  if (frame.find(kFurtherSites) != nullptr) {
    for (const auto& text : study_column(var, frame, kFurtherSites, true).text()) {
      genes.further_sites.push_back(sites_of(var, text));
    }
  }
  genes.names = std::move(frame.index);
  return genes;
}

ExpressionScale read_expression_scale(const Group& grids) {
  const auto scale = grids.array("scale").read_text();
  if (scale.size() == 1 && scale[0] == kLog1pCp100k) return ExpressionScale::kLog1pCp100k;
  if (scale.size() == 1 && scale[0] == kAsGiven) return ExpressionScale::kAsGiven;
  throw grids.error("is not a known scale of expression", "scale");
}

int64_t known_format(const Group& root) {
  if (!root.has("uns/grids")) {
    throw root.error(fmt::format("is not a prepared study; prepare it first: {}", kPrepareFile));
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

void require_members(const Group& root, std::span<const char* const> names) {
  for (const char* name : names) {
    if (!root.has(name)) {
      throw root.error(fmt::format("the study lacks it; {}", kPrepareAgain), name);
    }
  }
}

bool read_paired(const Group& grids) {
  if (!grids.has("paired")) return true;
  const auto paired = grids.array("paired").read_whole<int64_t>();
  if (paired.size() != 1) throw grids.error("must be one boolean", "paired");
  return paired[0] != 0;
}

std::string read_provenance(const Group& grids) {
  const auto provenance = grids.array("provenance").read_text();
  if (provenance.size() != 1) throw grids.error("must be one text", "provenance");
  return provenance[0];
}

void read_open(const Group& atac, const std::shared_ptr<EntryRoom>& room, Study& study) {
  require_matrix_shape(atac, "X", study.cells.size(), study.peaks.size());
  study.open = read_binary_matrix(atac, "X", room);
}

void read_expression(const Group& rna, const std::shared_ptr<EntryRoom>& room, Study& study) {
  const auto cells = study.cells.size();
  require_matrix_shape(rna, "X", cells, study.genes.size());
  study.expression = read_matrix(rna, "X", room);
  study.expression.pattern.indices.share();
  if (!rna.has("layers/counts")) return;
  require_matrix_shape(rna, "layers/counts", cells, study.genes.size());
  study.counts = read_matrix_like(rna, "layers/counts", study.expression.pattern, room);
}

std::shared_ptr<EntryRoom> study_room(const Group& root, const std::filesystem::path& path,
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

}  // namespace grids::core
