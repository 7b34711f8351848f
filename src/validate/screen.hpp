/// CRISPR screens of single elements: which element, perturbed, changes which gene. In the layout
/// of the ENCODE benchmark (Gschwind et al. 2025; EngreitzLab/CRISPR_comparison).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace grids::core {

/// An element and a gene that were tested.
struct ScreenPair {
  std::string chromosome;  ///< of the element; bare (pairs.hpp)
  int64_t start = 0;
  int64_t end = 0;
  std::string gene;
  std::string gene_id;  ///< without version; empty: none
  std::string cell_type;
  bool regulated = false;     ///< perturbing the element lowers the gene, significantly
  bool increasing = false;    ///< raises it, significantly
  double distance = 0;        ///< bp from the element's middle to the start of transcription, ≥ 0
  std::vector<double> power;  ///< to see an effect of each of Screen::effects, 0 to 1; may be NaN
};

struct Screen {
  std::string source;  ///< the file, for messages
  std::vector<ScreenPair> pairs;
  std::vector<int64_t> effects;  ///< in %, ascending: of the columns PowerAtEffectSize<N>
  int64_t invalid = 0;           ///< pairs that ValidConnection excludes, which are left out
};

/// Reads a tab-separated table (plain or gzip) with the columns chrom, chromStart, chromEnd,
/// measuredGeneSymbol, EffectSize, Significant, Regulated, ValidConnection and CellType; and, where
/// they are there, measuredGeneEnsemblId, distanceToTSS (else chrTSS, startTSS and endTSS are
/// needed, and the distance is that between the middles) and PowerAtEffectSize<N>. Throws
/// Error(kInput) that names file, line and column.
Screen read_screen(const std::filesystem::path& path);

/// Cell types of the screen, each once, in the order of their first pairs.
std::vector<std::string> screen_cell_types(const Screen& screen);

}  // namespace grids::core
