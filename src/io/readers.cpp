#include "io/readers.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.hpp"
#include "io/delimited.hpp"
#include "io/foreign.hpp"
#include "io/formats.hpp"
#include "io/fragments.hpp"
#include "io/matrix_files.hpp"
#include "io/zarr.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// Every format that is understood; the first that recognises its input reads it.
const std::array<const Format*, 6>& formats() {
  static const std::array<const Format*, 6> all = {&kMuDataFormat,       &kTenxH5Format,
                                                   &kMatrixFolderFormat, &kAnnDataFormat,
                                                   &kMatrixMarketFormat, &kFragmentsFormat};
  return all;
}

/// Which barcodes are cells is not in fragments, and here no other file says it.
constexpr const char* kFragmentsAlone =
    "--unpaired: which barcodes of the fragments are cells is not known; give a list of them by "
    "--atac-cells (barcodes.tsv of the program that counted)";

Opened opened_at(const fs::path& named, const Context& context) {
  Opened opened{inside_results(named), {}};
  if (store::is_store(opened.path)) opened.root = store::open(opened.path, &context.pool);
  return opened;
}

/// Throws Error(kInput) that says what the file seems to be, and lists what is understood.
const Format& format_of(const Opened& opened) {
  for (const auto* format : formats()) {
    if (format->recognises(opened)) return *format;
  }
  const auto what = what_it_is(opened.path, opened.root);
  std::string known;
  for (const auto* format : formats()) known += fmt::format("\n  {}", format->description);
  if (!what.empty()) throw input_error("{}: cannot be read: {}", opened.path.string(), what);
  throw input_error("{}: the format is not recognised; known formats are:{}", opened.path.string(),
                    known);
}

PackedMultiome read_both(const MultiomeInput& input, const Context& context) {
  const auto opened = opened_at(input.path, context);
  return format_of(opened).read(opened, input, context);
}

/// Lists that no file asks for are told, not passed over in silence. The formats are those of the
/// RNA and of the ATAC; null where the ATAC is --fragments.
void warn_of_unused_lists(const MultiomeInput& input, const Format* rna, const Format* atac,
                          Reporter& reporter) {
  const auto unused = [&](const fs::path& list, std::string_view option, const fs::path& file) {
    if (list.empty()) return;
    reporter.warning(fmt::format("{} {} is not read: {} is no Matrix Market file and has its own",
                                 option, list.string(), file.string()));
  };
  const bool counts = atac == nullptr || atac == &kFragmentsFormat;
  const bool rna_lists = rna == &kMatrixMarketFormat;
  const bool atac_lists = atac == &kMatrixMarketFormat;
  if (!rna_lists) unused(input.genes, "--rna-names", input.rna);
  if (!atac_lists && !counts) unused(input.peaks, "--peaks", input.atac);
  if (!atac_lists && !(counts && input.unpaired)) {
    unused(input.atac_cells, "--atac-cells", atac == nullptr ? input.rna : input.atac);
  }
  if (!rna_lists && !atac_lists) unused(input.cells, "--cells", input.rna);
}

/// The barcodes among which those of fragments are looked for: the RNA's, where that is of the same
/// cells.
std::vector<std::string> cells_of_atac(const MultiomeInput& input, const Frame& rna,
                                       const Context& context) {
  if (!input.unpaired || input.atac_cells.empty()) return rna.index;
  auto list = read_names(input.atac_cells);
  if (!list.note.empty()) context.reporter.warning(list.note);
  return std::move(list.columns[0]);
}

/// Each of its own format. Both are recognised before either is read.
PackedMultiome read_pair(const MultiomeInput& input, const Context& context) {
  const auto rna = opened_at(input.rna, context);
  std::optional<Opened> atac;
  if (!input.atac.empty()) atac = opened_at(input.atac, context);
  const auto& rna_format = format_of(rna);
  const auto* atac_format = atac ? &format_of(*atac) : nullptr;
  warn_of_unused_lists(input, &rna_format, atac_format, context.reporter);
  const bool counts = atac == std::nullopt || atac_format == &kFragmentsFormat;
  if (counts && input.unpaired && input.atac_cells.empty()) throw input_error(kFragmentsAlone);
  PackedMultiome multiome;
  multiome.rna = rna_format.read_part(rna, FeatureKind::kGene, input, context);
  std::vector<std::string> cells;
  if (counts) cells = cells_of_atac(input, multiome.rna.obs, context);
  if (!atac) {
    multiome.atac = read_fragments(input, cells, context);
    return multiome;
  }
  atac->cells = cells;
  multiome.atac = atac_format->read_part(*atac, FeatureKind::kPeak, input, context);
  return multiome;
}

/// Every file and folder that is named.
std::vector<fs::path> named_files(const MultiomeInput& input) {
  std::vector<fs::path> named = {input.path,       input.rna,   input.atac, input.cells,
                                 input.atac_cells, input.genes, input.peaks};
  for (const auto& text : input.fragments) named.push_back(fragment_file(text).path);
  std::erase_if(named, [](const fs::path& one) { return one.empty(); });
  return named;
}

}  // namespace

void MultiomeInput::require_files() const {
  Problems problems;
  std::error_code ignored;
  for (const auto& one : named_files(*this)) {
    if (!fs::exists(one, ignored)) {
      problems.add("{}: there is no such file", one.string());
    } else if (fs::is_regular_file(one, ignored) && fs::file_size(one, ignored) == 0) {
      problems.add("{}: the file is empty", one.string());
    }
  }
  problems.raise(ErrorKind::kInput, "reading the cells");
}

namespace {

/// Nothing given, one of a pair, both kinds given, or lists without Matrix Market files.
void add_problems(const MultiomeInput& input, Problems& problems) {
  const bool counts = !input.fragments.empty();
  const bool pair = !input.rna.empty() || !input.atac.empty() || counts;
  const bool lists = !input.cells.empty() || !input.atac_cells.empty() || !input.genes.empty() ||
                     !input.peaks.empty();
  if (input.path.empty() && !pair) {
    problems.add("no cells are given: name a file, or --rna and --atac (or --fragments)");
  }
  if (!input.path.empty() && pair) {
    problems.add("give either one file or --rna and --atac, not both");
  }
  if (pair && input.rna.empty()) {
    problems.add("{} needs --rna beside it", counts ? "--fragments" : "--atac");
  }
  if (pair && input.atac.empty() && !counts) {
    problems.add("--rna needs --atac (or --fragments) beside it");
  }
  if (!input.atac.empty() && counts) {
    problems.add("give either --atac or --fragments, not both");
  }
  if (input.unpaired && counts && input.atac_cells.empty()) problems.add("{}", kFragmentsAlone);
  if (lists && !pair) {
    problems.add(
        "--cells, --atac-cells, --rna-names and --peaks go with --rna and --atac in Matrix Market");
  }
}

}  // namespace

void MultiomeInput::describe(OptionSet& set) {
  set.value(
      "input", path,
      "Raw cells: 10x multiome .h5, a folder with matrix.mtx or Cell Ranger's outs/, .h5mu, or "
      ".h5ad of both, .gz of these; .zarr or .zarr.zip of AnnData and MuData");
  set.group("Raw cells in several files");
  set.value("--rna", rna, "RNA: .h5ad, .zarr, 10x .h5, a folder with matrix.mtx, or Matrix Market");
  set.value("--atac", atac, "ATAC: the same; it may be of another format than the RNA");
  set.list("--fragments", fragments,
           "ATAC as fragment files (fragments.tsv.gz), in place of --atac: fragments' ends are "
           "counted in --peaks; FILE:SUFFIX or FILE:BEFORE*AFTER where barcodes have something "
           "around them in the RNA");
  set.value("--rna-names", genes, "Gene names, one per line, for Matrix Market");
  set.value("--peaks", peaks, "Peaks as BED or names, for Matrix Market and fragments");
  set.value("--cells", cells, "Barcodes, one per line, for Matrix Market");
  set.value("--atac-cells", atac_cells,
            "Barcodes of the ATAC where it has a list of its own; without it --cells is of both");
  set.choice(
      "--matrix-rows", matrix_rows,
      {{"tell", RowsAre::kToTell}, {"features", RowsAre::kFeatures}, {"cells", RowsAre::kCells}},
      "What the rows of Matrix Market are, where there are as many cells as features");
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
  for (const auto& one : named_files(*this)) {
    const auto inside = inside_results(one);
    if (!fs::is_directory(inside, ignored) || zarr::is_zarr(inside)) {
      result.push_back(inside);
      continue;
    }
    if (!holds_matrix(inside)) continue;  // what it is instead, reading will tell
    const auto files = matrix_files(inside);
    for (const auto& file : {files.barcodes, files.features, files.matrix}) result.push_back(file);
  }
  return result;
}

namespace {

void tell_shapes(const PackedMultiome& multiome, const Context& context) {
  for (const auto* modality : {&multiome.rna, &multiome.atac}) {
    context.reporter.info(
        fmt::format("{}: {} cells × {} {}{}", modality->source, modality->values.rows(),
                    modality->values.columns(), modality == &multiome.rna ? "genes" : "peaks",
                    modality->why.empty() ? std::string() : fmt::format(" ({})", modality->why)));
  }
}

}  // namespace

PackedMultiome read_multiome(const MultiomeInput& input, const Context& context) {
  validate(input, "the input");
  input.require_files();
  auto multiome = input.path.empty() ? read_pair(input, context) : read_both(input, context);
  tell_shapes(multiome, context);
  return multiome;
}

PackedMultiome read_multiome(const store::Group& root, const std::string& name,
                             const MultiomeInput& input, const Context& context) {
  const Opened opened{name, root};
  auto multiome = format_of(opened).read(opened, input, context);
  tell_shapes(multiome, context);
  return multiome;
}

}  // namespace grids::core
