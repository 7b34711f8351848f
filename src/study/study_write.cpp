#include <fmt/ranges.h>

#include <algorithm>

#include "base/at.hpp"
#include "io/anndata.hpp"
#include "io/mudata.hpp"
#include "study/kept_columns.hpp"
#include "study/study.hpp"
#include "study/study_and.hpp"
#include "study/study_check.hpp"
#include "study/study_format.hpp"
#include "study/study_matrices.hpp"
#include "study/study_tables.hpp"

namespace grids::core {
namespace {

using store::GroupWriter;

std::vector<double> to_numbers(const std::vector<int64_t>& values) {
  return {values.begin(), values.end()};
}

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

}  // namespace

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

void write_study(const std::filesystem::path& path, const Study& study, ThreadPool* pool) {
  write_study_and(
      path, study, [](const GroupWriter&) {}, pool);
}

namespace {

void require_paired_to_write(const Study& study) {
  if (!study.paired) throw internal_error("half of an unpaired study is written as a study");
}

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
        write_boolean_element(grids, "paired", true);
        write_text_element(grids, "provenance", study.provenance);
        more(root);
      },
      pool);
}

}  // namespace

void write_study_and(const std::filesystem::path& path, const Study& study,
                     const std::function<void(const GroupWriter& root)>& more, ThreadPool* pool) {
  raise_unfitting_study(problems_of(study));
  require_paired_to_write(study);
  write_with(
      path, study, [&](const GroupWriter& group) { write_rna(group, study); },
      [&](const GroupWriter& group) { write_matrix(group, "X", study.open); }, more, pool);
}

void write_study_rows(const std::filesystem::path& path, const Study& tables, const StudyRows& rows,
                      ThreadPool* pool) {
  raise_unfitting_study(problems_of_tables(tables));
  require_paired_to_write(tables);
  write_with(
      path, tables, [&](const GroupWriter& group) { write_rna_rows(group, tables, rows); },
      [&](const GroupWriter& group) { write_open_rows(group, tables, rows); },
      [](const GroupWriter&) {}, pool);
}

}  // namespace grids::core
