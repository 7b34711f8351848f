#include "io/readers.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "io/formats.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// Every format that is understood; the first that recognises its input reads it.
const std::array<const Format*, 6>& formats() {
  static const std::array<const Format*, 6> all = {&kMuDataFormat,      &kTenxH5Format,
                                                   &kTenxFolderFormat,  &kAnnDataFormat,
                                                   &kAnnDataPairFormat, &kMatrixMarketPairFormat};
  return all;
}

}  // namespace

void MultiomeInput::require_files() const {
  Problems problems;
  std::error_code ignored;
  for (const auto* one : {&path, &rna, &atac, &cells, &genes, &peaks}) {
    if (!one->empty() && !fs::exists(*one, ignored)) {
      problems.add("{}: there is no such file", one->string());
    } else if (fs::is_regular_file(*one, ignored) && fs::file_size(*one, ignored) == 0) {
      problems.add("{}: the file is empty", one->string());
    }
  }
  problems.raise(ErrorKind::kInput, "reading the cells");
}

namespace {

/// Nothing given, one of a pair, both kinds given, lists without Matrix Market files, or those
/// without lists.
void add_problems(const MultiomeInput& input, Problems& problems) {
  const bool pair = !input.rna.empty() || !input.atac.empty();
  const int lists =
      (input.cells.empty() ? 0 : 1) + (input.genes.empty() ? 0 : 1) + (input.peaks.empty() ? 0 : 1);
  if (input.path.empty() && !pair) {
    problems.add("no cells are given: name a file, or --rna and --atac");
  }
  if (!input.path.empty() && pair) {
    problems.add("give either one file or --rna and --atac, not both");
  }
  if (pair && input.rna.empty()) problems.add("--atac needs --rna beside it");
  if (pair && input.atac.empty()) problems.add("--rna needs --atac beside it");
  if (lists > 0 && !pair) {
    problems.add("--cells, --rna-names and --peaks go with --rna and --atac in Matrix Market");
  }
  if (lists > 0 && lists < 3) {
    problems.add("Matrix Market files need all three lists: --cells, --rna-names and --peaks");
  }
}

}  // namespace

void MultiomeInput::describe(OptionSet& set) {
  set.value("input", path,
            "Raw cells: 10x multiome .h5, Cell Ranger ARC matrix folder, .h5mu, or .h5ad of both");
  set.group("Raw cells in several files");
  set.value("--rna", rna, "RNA: .h5ad, or Matrix Market with genes in rows");
  set.value("--atac", atac, "ATAC: .h5ad, or Matrix Market with peaks in rows");
  set.value("--rna-names", genes, "Gene names, one per line, for Matrix Market");
  set.value("--peaks", peaks, "Peaks as BED or names, for Matrix Market");
  set.value("--cells", cells, "Barcodes, one per line, for Matrix Market");
  set.value("--rna-layer", rna_layer, "Matrix of the RNA: X, raw/X or a layer");
  set.value("--atac-layer", atac_layer, "Matrix of the ATAC: X, raw/X or a layer");
  set.value("--rna-modality", rna_modality, "Name of the RNA in a .h5mu");
  set.value("--atac-modality", atac_modality, "Name of the ATAC in a .h5mu");
  set.group("");
  set.rule([this](Problems& problems) { add_problems(*this, problems); });
}

std::vector<fs::path> MultiomeInput::files() const {
  std::vector<fs::path> result;
  std::error_code ignored;
  for (const auto* one : {&path, &rna, &atac, &cells, &genes, &peaks}) {
    if (one->empty()) continue;
    if (!fs::is_directory(*one, ignored)) {
      result.push_back(*one);
      continue;
    }
    for (const auto* name : {"barcodes.tsv", "features.tsv", "matrix.mtx"}) {
      const auto file = plain_or_gz(*one, name);
      if (!file.empty()) result.push_back(file);
    }
  }
  return result;
}

RawMultiome read_multiome(const MultiomeInput& input, const Context& context) {
  validate(input, "the input");
  input.require_files();
  for (const auto* format : formats()) {
    if (!format->recognises(input)) continue;
    auto multiome = format->read(input, context);
    for (const auto* modality : {&multiome.rna, &multiome.atac}) {
      context.reporter.info(fmt::format("{}: {} cells × {} {}", modality->source,
                                        modality->values.rows(), modality->values.columns(),
                                        modality == &multiome.rna ? "genes" : "peaks"));
    }
    return multiome;
  }
  std::string known;
  for (const auto* format : formats()) known += fmt::format("\n  {}", format->description);
  throw input_error(
      "{}: the format is not recognised; known formats are:{}",
      input.path.empty() ? input.rna.string() + ", " + input.atac.string() : input.path.string(),
      known);
}

RawMultiome split_by_type(CsrMatrix values, const Frame& obs, const MixedFeatures& features,
                          const std::string& source, const Context& context) {
  std::vector<int32_t> genes;
  std::vector<int32_t> peaks;
  std::vector<std::string> others;
  size_t left_out = 0;
  for (size_t i = 0; i < features.types.size(); ++i) {
    if (features.types[i] == "Gene Expression") {
      genes.push_back(static_cast<int32_t>(i));
    } else if (features.types[i] == "Peaks") {
      peaks.push_back(static_cast<int32_t>(i));
    } else {
      ++left_out;
      if (std::find(others.begin(), others.end(), features.types[i]) == others.end()) {
        others.push_back(features.types[i]);
      }
    }
  }
  if (genes.empty() || peaks.empty()) {
    throw input_error(
        "reading {}: there are {} features of type 'Gene Expression' and {} of type 'Peaks'{}{}; a "
        "multiome has both",
        source, genes.size(), peaks.size(), others.empty() ? "" : "; others are of type ",
        fmt::join(others, ", "));
  }
  if (left_out > 0) {
    context.reporter.info(fmt::format("{}: left out {} features of type {}", source, left_out,
                                      fmt::join(others, ", ")));
  }
  const auto part = [&](const std::vector<int32_t>& columns, bool rna) {
    RawModality modality;
    modality.source = source;
    modality.obs = obs;
    modality.values = select_columns(values, columns);
    std::vector<std::string> ids;
    std::vector<Interval> intervals;
    bool placed = false;
    for (const auto column : columns) {
      const auto i = static_cast<size_t>(column);
      modality.var.index.push_back(rna ? features.names[i] : features.ids[i]);
      ids.push_back(features.ids[i]);
      if (features.intervals.empty()) continue;
      intervals.push_back(features.intervals[i]);
      placed = placed || !intervals.back().chromosome.empty();
    }
    if (rna) modality.var.columns.push_back({"gene_ids", std::move(ids)});
    if (placed) add_interval_columns(modality.var, intervals);
    return modality;
  };
  RawMultiome multiome;
  multiome.atac = part(peaks, false);
  multiome.rna = part(genes, true);
  return multiome;
}

}  // namespace grids::core
