/// Where the genes of pairs lie: by an annotation, else by the study, else by the pairs' own table.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "validate/pairs.hpp"

namespace grids::core {

/// Genes that are found by symbol, or by id without its version.
class PairPlaces {
 public:
  /// `study` may be null, and `annotation` empty.
  PairPlaces(const std::filesystem::path& annotation, const Study* study);

  /// Places the gene where it is known; else it stays as it is.
  void place(PairGene& gene) const;

 private:
  void add(PairGene gene);

  std::vector<PairGene> genes_;
  std::unordered_map<std::string, size_t> by_name_, by_id_;
};

}  // namespace grids::core
