#include "study/unpaired_study.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/at.hpp"
#include "base/error.hpp"
#include "io/anndata.hpp"
#include "io/mudata.hpp"
#include "study/kept_columns.hpp"
#include "study/study_check.hpp"
#include "study/study_format.hpp"
#include "study/study_matrices.hpp"
#include "study/study_parts.hpp"
#include "study/study_tables.hpp"

namespace grids::core {
namespace {

using store::Group;
using store::GroupWriter;

constexpr std::array kAllLabelsIn = {LabelsIn::kBoth, LabelsIn::kAtac, LabelsIn::kRna,
                                     LabelsIn::kNone};

constexpr const char* kUnpairedMembers[] = {
    "mod/rna/obs", "mod/rna/var",         "mod/rna/X",       "mod/atac/obs",        "mod/atac/var",
    "mod/atac/X",  "uns/grids/labels_in", "uns/grids/scale", "uns/grids/provenance"};

CsrPattern no_entries(int64_t rows, int64_t columns) {
  return {rows, columns, std::vector<int64_t>(at(rows) + 1, 0), {}};
}

// ---- reading ----

LabelsIn read_labels_in(const Group& grids) {
  const auto text = grids.array("labels_in").read_text();
  for (const auto labels : kAllLabelsIn) {
    if (text.size() == 1 && text[0] == labels_in_name(labels)) return labels;
  }
  throw grids.error("is not one of both, atac, rna, none", "labels_in");
}

/// The cells of a modality; what they were not measured for is 0.
CellTable read_half_cells(const Group& modality, bool rna, int64_t format) {
  const auto obs = modality.group("obs");
  auto frame = read_frame(modality, "obs", is_study_column);
  CellTable cells;
  require_unique_names(obs, frame.index);
  cells.split = read_splits(obs, frame);
  const std::vector<double> none(frame.index.size(), 0.0);
  cells.total_rna = rna ? study_column(obs, frame, "total_rna", false).numbers() : none;
  cells.open_peaks = rna ? none : study_column(obs, frame, "open_peaks", false).numbers();
  if (frame.find("place") != nullptr) cells.place = positions_in_table(obs, frame, "place");
  const auto names = [&](const char* column) {
    return frame.find(column) == nullptr ? Categorical() : read_names_of_cells(obs, column, format);
  };
  cells.type = names("cell_type");
  cells.donor = names("donor");
  cells.batch = names("batch");
  cells.barcodes = std::move(frame.index);
  read_kept_half(modality, rna, cells);
  return cells;
}

UnpairedStudy read_unpaired_in(const Group& root, const std::shared_ptr<EntryRoom>& room) {
  const int64_t format = known_format(root);
  const auto grids = root.group("uns/grids");
  if (read_paired(grids)) {
    throw grids.error(
        "chromatin and RNA are of the same cells here, and cells that were not measured together "
        "are expected (grids prepare --unpaired)",
        "paired");
  }
  require_members(root, kUnpairedMembers);
  const auto rna = root.group("mod/rna");
  const auto atac = root.group("mod/atac");
  UnpairedStudy study;
  study.labels_in = read_labels_in(grids);
  for (Study* half : {&study.atac, &study.rna}) {
    const bool is_rna = half == &study.rna;
    half->paired = false;
    half->cells = read_half_cells(is_rna ? rna : atac, is_rna, format);
    half->peaks = is_rna ? study.atac.peaks : read_peaks(atac);
    half->genes = is_rna ? study.atac.genes : read_genes(rna);
    half->scale = read_expression_scale(grids);
    half->provenance = read_provenance(grids);
  }
  read_open(atac, room, study.atac);
  study.atac.expression.pattern = no_entries(study.atac.cells.size(), study.atac.genes.size());
  read_expression(rna, room, study.rna);
  study.rna.open = no_entries(study.rna.cells.size(), study.rna.peaks.size());
  problems_of(study).raise(ErrorKind::kInput, fmt::format("reading {}", root.file()));
  return study;
}

// ---- writing ----

template <typename T>
std::vector<T> one_after_the_other(std::vector<T> first, const std::vector<T>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// A column of both halves; missing where one has none.
CategoricalColumn joined(const Categorical& atac, int64_t atac_cells, const Categorical& rna,
                         int64_t rna_cells) {
  const auto codes = [](const Categorical& column, int64_t cells) {
    return column.empty() ? std::vector<int32_t>(at(cells), -1) : column.codes;
  };
  return {atac.empty() ? rna.names : atac.names,
          one_after_the_other(codes(atac, atac_cells), codes(rna, rna_cells))};
}

/// obs of the whole: for other readers, as grids reads those of the modalities.
Frame whole_frame(const UnpairedStudy& study) {
  const auto& [atac, rna, labels_in] = study;
  Frame frame{one_after_the_other(atac.cells.barcodes, rna.cells.barcodes), {}};
  std::vector<std::string> modality(at(atac.cells.size()), "atac");
  modality.resize(frame.index.size(), "rna");
  std::vector<std::string> split;
  for (const auto part : one_after_the_other(atac.cells.split, rna.cells.split)) {
    split.emplace_back(split_name(part));
  }
  frame.columns.push_back({"modality", std::move(modality)});
  frame.columns.push_back({"split", std::move(split)});
  return frame;
}

void write_whole_names(const GroupWriter& obs, const UnpairedStudy& study) {
  const auto& atac = study.atac.cells;
  const auto& rna = study.rna.cells;
  const auto write = [&](const char* name, const Categorical& of_atac, const Categorical& of_rna) {
    if (of_atac.empty() && of_rna.empty()) return;
    write_categorical(obs, name, joined(of_atac, atac.size(), of_rna, rna.size()));
  };
  write("cell_type", atac.type, rna.type);
  write("donor", atac.donor, rna.donor);
  write("batch", atac.batch, rna.batch);
}

/// The study's own numbers of the cells of a half; what it has as categories follows.
Frame half_frame(const CellTable& cells, bool rna) {
  Frame frame{cells.barcodes, {}};
  frame.columns.push_back(rna ? FrameColumn{"total_rna", cells.total_rna}
                              : FrameColumn{"open_peaks", cells.open_peaks});
  if (!cells.place.empty()) {
    frame.columns.push_back({"place", std::vector<double>(cells.place.begin(), cells.place.end())});
  }
  return frame;
}

using WriteHalf = std::function<void(const GroupWriter& modality)>;

void write_halves(const std::filesystem::path& path, const UnpairedStudy& study,
                  const WriteHalf& rna, const WriteHalf& atac, ThreadPool* pool) {
  require_kept(study.atac.cells);
  require_kept(study.rna.cells);
  const Frame atac_obs = half_frame(study.atac.cells, false);
  const Frame rna_obs = half_frame(study.rna.cells, true);
  const Frame peaks = peaks_frame(study.atac.peaks);
  const Frame genes = genes_frame(study.rna.genes);
  const ModalityToWrite modalities[] = {{"rna", rna_obs, genes, rna},
                                        {"atac", atac_obs, peaks, atac}};
  write_h5mu(
      path, whole_frame(study), modalities,
      [&](const GroupWriter& root) {
        write_whole_names(root.group("obs"), study);
        write_kept_half(root.group("mod/atac"), study.atac.cells);
        write_kept_half(root.group("mod/rna"), study.rna.cells);
        const auto grids = create_dict(root, "uns/grids");
        write_integer_element(grids, "format", kStudyFormat);
        write_text_element(grids, "scale", scale_name(study.rna.scale));
        write_boolean_element(grids, "paired", false);
        write_text_element(grids, "labels_in", labels_in_name(study.labels_in));
        write_text_element(grids, "provenance", study.rna.provenance);
      },
      pool);
}

}  // namespace

const char* labels_in_name(LabelsIn labels) {
  switch (labels) {
    case LabelsIn::kBoth:
      return "both";
    case LabelsIn::kAtac:
      return "atac";
    case LabelsIn::kRna:
      return "rna";
    case LabelsIn::kNone:
      break;
  }
  return "none";
}

int64_t name_apart(std::vector<std::string>& atac, std::vector<std::string>& rna) {
  const std::unordered_set<std::string_view> known(atac.begin(), atac.end());
  const auto both =
      std::count_if(rna.begin(), rna.end(), [&](const auto& name) { return known.contains(name); });
  if (both == 0) return 0;
  for (auto& name : atac) name += "-atac";
  for (auto& name : rna) name += "-rna";
  return both;
}

bool is_unpaired(const Group& root) {
  return root.has("uns/grids") && !read_paired(root.group("uns/grids"));
}

bool is_unpaired(const std::filesystem::path& path) {
  return is_unpaired(store::open(path));
}

UnpairedStudy read_unpaired_study(const Group& root) {
  return read_unpaired_in(root, nullptr);
}

UnpairedStudy read_unpaired_study(const std::filesystem::path& path, const Context& context) {
  const auto root = store::open(path, &context.pool);
  return read_unpaired_in(root, study_room(root, path, context));
}

void write_unpaired_study(const std::filesystem::path& path, const UnpairedStudy& study,
                          ThreadPool* pool) {
  raise_unfitting_study(problems_of(study));
  write_halves(
      path, study, [&](const GroupWriter& group) { write_rna(group, study.rna); },
      [&](const GroupWriter& group) { write_matrix(group, "X", study.atac.open); }, pool);
}

void write_unpaired_rows(const std::filesystem::path& path, const UnpairedStudy& tables,
                         const StudyRows& rows, ThreadPool* pool) {
  raise_unfitting_study(problems_of_tables(tables));
  write_halves(
      path, tables, [&](const GroupWriter& group) { write_rna_rows(group, tables.rna, rows); },
      [&](const GroupWriter& group) { write_open_rows(group, tables.atac, rows); }, pool);
}

}  // namespace grids::core
