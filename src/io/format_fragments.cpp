// Fragment files beside an RNA: the ATAC is counted in peaks.
#include "base/error.hpp"
#include "io/formats.hpp"
#include "io/fragments.hpp"
#include "io/peak_list.hpp"

namespace grids::core {
namespace {

bool recognises_fragments(const Opened& opened) {
  return !opened.root && is_fragments(opened.path);
}

PackedMultiome from_fragments_alone(const Opened& opened, const MultiomeInput&, const Context&) {
  throw input_error("{0}: holds fragments and no RNA; give both: --rna RNA --fragments {0}",
                    opened.path.string());
}

std::filesystem::path peaks_for(const MultiomeInput& input, std::span<const FragmentFile> files,
                                const Context& context) {
  if (!input.peaks.empty()) return input.peaks;
  auto beside = files.size() == 1 ? peaks_beside(files.front().path) : std::filesystem::path();
  if (beside.empty()) {
    throw input_error(
        "{}: fragments are counted in peaks: give them as BED, --peaks atac_peaks.bed{}",
        files.front().path.string(),
        files.size() > 1 ? "; those of several libraries must be the same" : "");
  }
  context.reporter.info("peaks: " + beside.string() + ", which lies beside the fragments");
  return beside;
}

PackedModality counted(std::span<const FragmentFile> files, const MultiomeInput& input,
                       std::span<const std::string> cells, const Context& context) {
  const auto peaks = peaks_for(input, files, context);
  return count_fragments(files, read_peak_list(peaks), peaks.string(), cells, context);
}

PackedModality part_of_fragments(const Opened& opened, FeatureKind kind, const MultiomeInput& input,
                                 const Context& context) {
  if (kind == FeatureKind::kGene) {
    throw input_error("{0}: holds fragments, which are ATAC: give it as --fragments {0}",
                      opened.path.string());
  }
  const FragmentFile file{opened.path, "", ""};
  return counted({&file, 1}, input, opened.cells, context);
}

}  // namespace

const Format kFragmentsFormat = {
    "--rna FILE --fragments fragments.tsv.gz --peaks peaks.bed (counted; plain, gzip or bgzip)",
    recognises_fragments, from_fragments_alone, part_of_fragments};

PackedModality read_fragments(const MultiomeInput& input, std::span<const std::string> cells,
                              const Context& context) {
  std::vector<FragmentFile> files;
  for (const auto& text : input.fragments) files.push_back(fragment_file(text));
  return counted(files, input, cells, context);
}

}  // namespace grids::core
