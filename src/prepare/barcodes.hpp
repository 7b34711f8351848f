/// Which names of two lists are the same cell, and what to say where hardly any are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace grids::core {

/// The longest run of bases in a barcode, a part of it; empty where there are no eight in a row.
std::string_view bases_of(std::string_view barcode);

struct FoundBarcodes {
  std::vector<int32_t> row;    ///< of each barcode in the index; -1 when it is not there
  int64_t found = 0;           ///< barcodes that are there
  int64_t without_suffix = 0;  ///< of those, the ones that are there without the trailing number
  /// Barcodes that are not counted as found, though they would be there without the trailing
  /// number: which cell they are is not clear.
  int64_t doubtful = 0;
};

/// Looks `barcodes` up in `index`, first as they stand. What is then left on either side is looked
/// up without the trailing number ("AAAC-1" = "AAAC" = "AAAC-2") where that leaves it the only one
/// of its side; taken are the pairs of two numbers of which at least half fit ("-2" of the one is
/// "-1" of the other), and more than chance would make fit.
FoundBarcodes find_barcodes(std::span<const std::string> barcodes,
                            std::span<const std::string> index);

/// Whether two lists can be of the same cells, by the share of the shorter one that is in both.
struct Overlap {
  enum class Verdict : uint8_t { kGood, kFew, kHardlyAny };  ///< at least half; a tenth; less
  Verdict verdict = Verdict::kGood;
  std::string message;  ///< what to say; empty where it is good
};

/// Names and where they are from, for messages.
struct NamedList {
  std::string source;
  std::span<const std::string> names;
};

Overlap judge_overlap(const NamedList& a, const NamedList& b, int64_t found);

/// How the same cells are spelt in two lists, where that can be told ("SAMPLE#AAAC-1" as ArchR
/// does), and how to spell them alike; else empty.
std::string spelling_hint(const NamedList& a, const NamedList& b);

}  // namespace grids::core
