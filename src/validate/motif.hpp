/// Motifs of transcription factors: what sequence each binds, as counts or shares of the four
/// bases.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace grids::core {

struct Motif {
  std::string id;    ///< "MA0079.5"
  std::string name;  ///< "SP1", "JUN::FOS"; the id where the file has none
  /// Of A, C, G, T at each position: counts, or shares times the number of sites (20 where the file
  /// has no number).
  std::vector<std::array<double, 4>> counts;
};

/// Reads a file of JASPAR (`>id name`, then four rows of numbers, with or without "A [ … ]") or of
/// MEME (version 4 and later), plain or gzip; which one, its first lines tell. Throws Error(kInput)
/// that names file and line.
std::vector<Motif> read_motifs(const std::filesystem::path& path);

/// The transcription factors that a motif is of, in lower case: both of a heterodimer A::B, without
/// JASPAR's "(var.2)".
std::vector<std::string> motif_factors(const Motif& motif);

}  // namespace grids::core
