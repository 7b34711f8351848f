/// The same settings in the fit: what the terms of a gene's cis path say, conditional on these
/// terms.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "model/study_surrogate.hpp"
#include "redundancy/settings.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Elements of which all 2^n settings are computed, at most.
inline constexpr size_t kMostInFit = 12;

/// A gene on some cells by its cis path, to be asked for rates under masks of elements. The state
/// of a cell stays as observed: only the terms of the gene are evaluated anew.
class FitOfGene {
 public:
  /// The gene must be predicted by the cis path. Borrows all.
  FitOfGene(const Study& study, const StudySurrogate& surrogate, int32_t gene,
            std::span<const int32_t> cells, ThreadPool& pool);
  /// The same for cells of which many genes are asked.
  FitOfGene(const Study& study, const StudySurrogate& surrogate, int32_t gene,
            const StudySurrogate::CellsToPredict& cells, ThreadPool& pool);

  /// Mean rate over the cells, counts per 100,000 (the value, where there are no counts), with the
  /// elements of `open` open and the others closed, all other peaks as observed.
  double rate(std::span<const Element> elements, Setting open) const;
  /// All settings of the elements.
  std::vector<double> rates(std::span<const Element> elements) const;
  /// The same with every other peak of the gene's terms closed: what a further stand-in among them
  /// makes good shows in the difference.
  std::vector<double> rates_without_others(std::span<const Element> elements) const;
  /// As the cells are, the elements of `closed` closed, everything else as observed.
  double rate_without(std::span<const Element> elements, Setting closed) const;
  /// C of each cell with all of the elements closed: what the gene's other terms say.
  std::vector<double> other_terms(std::span<const Element> elements) const;

  /// Natural log of the rate of each cell with the elements in a setting of its own, all other
  /// peaks as observed; of counts only.
  std::vector<double> log_rates(std::span<const Element> elements,
                                std::span<const Setting> settings) const;
  /// Whether a term of the gene has peaks of several of the elements.
  bool joins(std::span<const Element> elements) const;
  /// Of counts: variance = mean + dispersion · mean².
  double dispersion() const { return gene_.dispersion; }

 private:
  /// Cells of one type with the same peaks of the gene's terms open: alike in all terms.
  struct Kind {
    int32_t type = 0;
    std::vector<int32_t> open;  ///< ascending
  };

  FitOfGene(const Study& study, const StudySurrogate& surrogate, int32_t gene,
            std::span<const int32_t> cells, const std::vector<float>& predicted);
  double mean_rate(const CisMask& mask) const;
  void find_kinds(const Study& study);
  /// C of a kind of cell.
  double part(const Kind& kind, const CisMask& mask) const {
    return cis_part(gene_, kind.type, kind.open, mask);
  }
  std::vector<double> parts(const CisMask& mask) const;

  const CisGene& gene_;
  bool counts_;
  std::span<const int32_t> cells_;
  std::vector<Kind> kinds_;
  std::vector<size_t> kind_;  ///< of each cell
  std::vector<double> base_;  ///< rate (or value) of each cell without any term
};

}  // namespace grids::core
