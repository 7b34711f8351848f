/// Cells × peaks from fragment files (`fragments.tsv.gz` of Cell Ranger, SnapATAC2 or Chromap): a
/// line is one fragment, chrom, start, end, barcode and what else the program adds.
///
/// Counted is what Cell Ranger counts: each of a fragment's two ends, `start` and `end` as the file
/// has them, that lies in a peak (peak start ≤ position < peak end); a line counts once, whatever
/// number of read pairs it stands for.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "io/raw_multiome.hpp"

namespace grids::core {

/// A file, and what the barcodes of its cells have around them in the RNA.
struct FragmentFile {
  std::filesystem::path path;
  std::string before;
  std::string after;
};

/// "FILE", "FILE:SUFFIX", or "FILE:BEFORE*AFTER" with a star for the barcode. A colon that belongs
/// to the name of a file that there is parts nothing.
FragmentFile fragment_file(const std::string& text);

/// Whether the file, plain or gzip, begins with fragments: four fields or more, the second and
/// third places, the fourth no number and no strand. Never throws.
bool is_fragments(const std::filesystem::path& path);

/// The BED of peaks that lies beside a fragment file as Cell Ranger names it, or nothing.
std::filesystem::path peaks_beside(const std::filesystem::path& fragments);

/// Counts of the cells of `barcodes` (the RNA's) that have a fragment, in their order, named as
/// there. `peaks` is the table of the columns (io/peak_list.hpp). A barcode of a file belongs to
/// the cell that it is with what the file's cells have around them; where none of the file's first
/// lines is found so, by what stands before a trailing number ("AAAC-1" = "AAAC"), if that is of
/// one barcode and one cell alone. "-2" behind "AAAC-1" may also be "AAAC-2", as `cellranger aggr`
/// spells it. Needs some 300 MB and two bytes for each count. Throws Error(kInput) naming file and
/// line for what is no fragment, and where cells, chromosomes or files cannot be told apart.
PackedModality count_fragments(std::span<const FragmentFile> files, Frame peaks,
                               std::string_view source_of_peaks,
                               std::span<const std::string> barcodes, const Context& context);

}  // namespace grids::core
