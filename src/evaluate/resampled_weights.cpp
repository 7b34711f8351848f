#include "evaluate/resampled_weights.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "base/at.hpp"
#include "base/random.hpp"
#include "math/fisher_steps.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

constexpr double kCounted = 1e5;      // predictions are of counts per 100,000
constexpr double kLeastRate = 1e-9;   // below, a rate has no logarithm that means anything
constexpr double kWeightRidge = 1;    // as CisOptions::kept_ridge: the fit's own
constexpr double kShiftRidge = 1e-3;  // of intercepts: for types without rows
constexpr double kLargestChange = 6;  // of a weight: beyond, a term is all there is
constexpr int kMostSteps = 8;

/// A weight on the scale on which terms sum.
double to_sum(TermSum sum, double weight) {
  return sum == TermSum::kAdd ? std::expm1(weight) : weight;
}

double from_sum(TermSum sum, double value) {
  return sum == TermSum::kAdd ? std::log1p(std::max(value, kLeastCisSum)) : value;
}

double within(TermSum sum, double value) {
  return sum == TermSum::kAdd ? std::clamp(value, kLeastCisSum, std::exp(kLargestChange))
                              : std::clamp(value, -kLargestChange, kLargestChange);
}

/// The terms that a cell satisfies, by bit.
uint32_t bits_of(const CisGene& gene, std::span<const int32_t> open, const CisMask& mask = {}) {
  uint32_t bits = 0;
  for (size_t k = 0; k < gene.terms.size(); ++k) {
    if (is_satisfied(gene.terms[k], open, mask)) bits |= 1U << k;
  }
  return bits;
}

/// C of a cell of that type that satisfies those terms.
double part_of(const CisGene& gene, int32_t type, uint32_t bits) {
  double sum = 0;
  for (size_t k = 0; k < gene.terms.size(); ++k) {
    if ((bits >> k & 1) != 0) sum += to_sum(gene.sum, gene.terms[k].weight_in(type));
  }
  return from_sum(gene.sum, sum);
}

/// Cells of one type that satisfy the same terms have the same part.
struct CellKind {
  int32_t type;
  uint32_t bits;
};

class Refit {
 public:
  Refit(const Study& study, const CisGene& gene, CisResponse response, const FittedCells& fitted)
      : gene_(gene),
        counts_(response == CisResponse::kCounts),
        fitted_(fitted),
        types_(study.cells.type.names.size()),
        rows_of_type_(types_) {
    for (size_t k = 0; k < gene.terms.size(); ++k) {
      if (is_chosen(gene.terms[k])) chosen_.push_back(k);
    }
    std::map<std::pair<int32_t, uint32_t>, size_t> places;
    for (size_t i = 0; i < fitted.cells.size(); ++i) {
      const int32_t type = study.cells.type.codes[at(fitted.cells[i])];
      const uint32_t bits = bits_of(gene, study.open.row(fitted.cells[i]));
      const auto [place, fresh] = places.try_emplace({type, bits}, kinds_.size());
      if (fresh) {
        kinds_.push_back({type, bits});
        rows_of_kind_.emplace_back();
      }
      rows_of_kind_[place->second].push_back(i);
      rows_of_type_[at(type)].push_back(i);
      without_.push_back(counts_ ? std::exp(fitted.without[i]) : fitted.without[i]);
    }
  }

  bool empty() const { return chosen_.empty() || fitted_.cells.empty(); }
  std::vector<double> times_once() const { return std::vector<double>(fitted_.cells.size(), 1.0); }

  /// How often each row is drawn.
  std::vector<double> draw(RandomStream& random) const {
    std::vector<double> times(fitted_.cells.size(), 0.0);
    for (const auto& rows : rows_of_type_) {
      for (size_t i = 0; i < rows.size(); ++i) {
        times[rows[random.below(static_cast<uint32_t>(rows.size()))]] += 1;
      }
    }
    return times;
  }

  /// Intercepts by type, then the chosen weights on the scale of their sum.
  std::vector<double> stored() const {
    std::vector<double> parameters(types_, 0.0);
    for (const size_t k : chosen_) {
      parameters.push_back(to_sum(gene_.sum, gene_.terms[k].weight));
    }
    return parameters;
  }

  std::vector<double> fit(const std::vector<double>& times, std::vector<double> start) const {
    const auto rows = drawn_rows(times);
    take_fisher_steps(
        start, kMostSteps,
        [&](std::vector<double>& gradient, std::vector<double>& information) {
          assemble(rows, start, gradient, information);
        },
        [&](size_t j, double value) { return j < types_ ? value : within(gene_.sum, value); });
    return start;
  }

  /// The gene with weights moved as a refit's differ from those of all cells.
  ResampledGene moved(const std::vector<double>& all, const std::vector<double>& refit) const {
    ResampledGene result{gene_, {}};
    for (size_t type = 0; type < types_; ++type) result.shift.push_back(refit[type] - all[type]);
    for (size_t j = 0; j < chosen_.size(); ++j) {
      auto& term = result.gene.terms[chosen_[j]];
      const double was = to_sum(gene_.sum, term.weight), fitted = all[types_ + j];
      const double share = fitted == 0 ? 1 : std::clamp(was / fitted, 0.0, 1.0);
      const double now = within(gene_.sum, was + share * (refit[types_ + j] - fitted));
      const double weight = from_sum(gene_.sum, now);
      // What a type adds stays, on the scale on which terms sum.
      for (double& deviation : term.deviation) {
        const double beyond = to_sum(gene_.sum, term.weight + deviation) - was;
        deviation = from_sum(gene_.sum, now + beyond) - weight;
      }
      term.weight = weight;
    }
    return result;
  }

 private:
  struct Sums {
    double score = 0;
    double information = 0;
  };

  /// Rows that are drawn at all, kind after kind; in each, in the order of all rows.
  struct DrawnRows {
    std::vector<size_t> begin;  ///< of each kind, and the end
    std::vector<double> times, values, without;
  };

  DrawnRows drawn_rows(const std::vector<double>& times) const {
    DrawnRows rows;
    rows.begin.push_back(0);
    for (const auto& of_kind : rows_of_kind_) {
      for (const size_t i : of_kind) {
        if (times[i] == 0) continue;
        rows.times.push_back(times[i]);
        rows.values.push_back(fitted_.values[i]);
        rows.without.push_back(without_[i]);
      }
      rows.begin.push_back(rows.times.size());
    }
    return rows;
  }

  /// The sum of satisfied terms in a kind of cell.
  double total(const CellKind& kind, const std::vector<double>& parameters) const {
    double sum = 0;
    size_t next = 0;
    for (size_t k = 0; k < gene_.terms.size(); ++k) {
      const auto& term = gene_.terms[k];
      double value = to_sum(gene_.sum, term.weight_in(kind.type));
      if (is_chosen(term)) value += parameters[types_ + next++] - to_sum(gene_.sum, term.weight);
      if ((kind.bits >> k & 1) != 0) sum += value;
    }
    return sum;
  }

  /// Of rows [begin, end), all of a kind whose terms make `part` of the mean, or of its logarithm.
  Sums sums_of(const DrawnRows& rows, size_t begin, size_t end, double part) const {
    double score = 0, information = 0;
    const double dispersion = gene_.dispersion;
    for (size_t i = begin; i < end && counts_; ++i) {
      const double mean = rows.without[i] * part;
      const double v = rows.times[i] / (1 + dispersion * mean);
      score += (rows.values[i] - mean) * v;
      information += mean * v;
    }
    for (size_t i = begin; i < end && !counts_; ++i) {
      const double v = rows.times[i] / dispersion;
      score += (rows.values[i] - rows.without[i] - part) * v;
      information += v;
    }
    return {score, information};
  }

  std::vector<Sums> sums_of_kinds(const DrawnRows& rows,
                                  const std::vector<double>& parameters) const {
    std::vector<Sums> sums;
    sums.reserve(kinds_.size());
    for (size_t c = 0; c < kinds_.size(); ++c) {
      double part =
          parameters[at(kinds_[c].type)] + from_sum(gene_.sum, total(kinds_[c], parameters));
      if (counts_) part = std::exp(part);
      sums.push_back(sums_of(rows, rows.begin[c], rows.begin[c + 1], part));
    }
    return sums;
  }

  void assemble(const DrawnRows& rows, const std::vector<double>& parameters,
                std::vector<double>& gradient, std::vector<double>& information) const {
    const size_t size = parameters.size();
    gradient.assign(size, 0);
    information.assign(size * size, 0);
    const auto sums = sums_of_kinds(rows, parameters);
    std::vector<double> slope(size);
    for (size_t c = 0; c < kinds_.size(); ++c) {
      std::fill(slope.begin(), slope.end(), 0.0);
      slope[at(kinds_[c].type)] = 1;
      const double inner = gene_.sum == TermSum::kAdd
                               ? std::exp(-from_sum(gene_.sum, total(kinds_[c], parameters)))
                               : 1;
      for (size_t j = 0; j < chosen_.size(); ++j) {
        if ((kinds_[c].bits >> chosen_[j] & 1) != 0) slope[types_ + j] = inner;
      }
      for (size_t a = 0; a < size; ++a) {
        if (slope[a] == 0) continue;
        gradient[a] += sums[c].score * slope[a];
        for (size_t b = 0; b < size; ++b) {
          information[a * size + b] += sums[c].information * slope[a] * slope[b];
        }
      }
    }
    for (size_t j = 0; j < size; ++j) {
      const double ridge = j < types_ ? kShiftRidge : kWeightRidge;
      gradient[j] -= ridge * parameters[j];
      information[j * size + j] += ridge;
    }
  }

  const CisGene& gene_;
  bool counts_;
  const FittedCells& fitted_;
  size_t types_;
  std::vector<size_t> chosen_;  // terms
  std::vector<std::vector<size_t>> rows_of_type_;
  std::vector<double> without_;  // mean (of counts) without terms
  std::vector<CellKind> kinds_;
  std::vector<std::vector<size_t>> rows_of_kind_;  // ascending
};

bool masks_chosen_term(const CisGene& gene, std::span<const int32_t> closed) {
  return std::any_of(gene.terms.begin(), gene.terms.end(), [&](const CisTerm& term) {
    return is_chosen(term) && std::any_of(term.peaks.begin(), term.peaks.end(), [&](int32_t peak) {
             return std::binary_search(closed.begin(), closed.end(), peak);
           });
  });
}

/// Cells of one type whose terms masking changes alike.
struct MaskedKind {
  int32_t type;
  uint32_t before, after;
};

/// Cells as masking sees them.
struct MaskedCells {
  std::vector<MaskedKind> kinds;
  std::vector<size_t> kind;     // of each cell
  std::vector<double> without;  // of each cell: rate (or value) without any term
};

MaskedCells masked_cells(const Study& study, const CisGene& gene, bool counts,
                         std::span<const int32_t> cells, std::span<const float> before,
                         std::span<const int32_t> closed) {
  MaskedCells result;
  std::map<std::tuple<int32_t, uint32_t, uint32_t>, size_t> places;
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto open = study.open.row(cells[i]);
    const MaskedKind kind{study.cells.type.codes[at(cells[i])], bits_of(gene, open),
                          bits_of(gene, open, {closed, {}})};
    const auto [place, fresh] =
        places.try_emplace({kind.type, kind.before, kind.after}, result.kinds.size());
    if (fresh) result.kinds.push_back(kind);
    result.kind.push_back(place->second);
    const double part = part_of(gene, kind.type, kind.before);
    result.without.push_back(counts ? std::expm1(double{before[i]}) / std::exp(part)
                                    : before[i] - part);
  }
  return result;
}

/// What the terms of a refit change when they are masked.
struct TermsChange {
  double relative = 0, rate = 0;
};

TermsChange change_of_terms(const MaskedCells& cells, const ResampledGene& refit, bool counts) {
  /// What cells of a kind share.
  struct Parts {
    double shift, scale, before, change;
  };
  std::vector<Parts> parts;
  parts.reserve(cells.kinds.size());
  for (const auto& kind : cells.kinds) {
    const double shift = refit.shift[at(kind.type)];
    const double before = std::exp(part_of(refit.gene, kind.type, kind.before));
    const double after = std::exp(part_of(refit.gene, kind.type, kind.after));
    parts.push_back({shift, std::exp(shift), before, after - before});
  }
  double relative = 0, lost = 0, rate_before = 0;
  for (size_t i = 0; i < cells.kind.size(); ++i) {
    const auto& part = parts[cells.kind[i]];
    // exp of a prediction is 1 + its rate, whatever the terms are of.
    const double scale =
        counts ? cells.without[i] * part.scale : std::exp(cells.without[i] + part.shift);
    const double rate = scale * part.before, change = scale * part.change;
    relative += counts ? change / (1 + rate) : change / rate;
    lost += change;
    rate_before += counts ? rate : rate - 1;
  }
  return {relative / static_cast<double>(cells.kind.size()),
          rate_before > 0 ? lost / rate_before : kNaN};
}

/// Of values that moved from `was`, about `estimate`; nothing falls by more than all of it.
ChangeInterval interval_about(double estimate, double was, std::vector<double> values) {
  if (std::isnan(estimate) || std::isnan(was) ||
      std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) {
    return {};
  }
  std::sort(values.begin(), values.end());
  const auto end = [&](double share) {
    return std::max(-1.0, estimate + sorted_quantile(values, share) - was);
  };
  return {end(0.05), end(0.95)};
}

}  // namespace

FittedCells fitted_cells(const Study& study, const CisGene& gene, CisResponse response,
                         std::vector<int32_t> cells, std::span<const float> predicted) {
  const bool counts = response == CisResponse::kCounts;
  FittedCells fitted;
  fitted.cells = std::move(cells);
  const auto& measured = counts ? study.counts : study.expression;
  for (size_t i = 0; i < fitted.cells.size(); ++i) {
    const int32_t cell = fitted.cells[i];
    const auto genes = measured.row_indices(cell);
    const auto found = std::lower_bound(genes.begin(), genes.end(), gene.gene);
    const bool any = found != genes.end() && *found == gene.gene;
    fitted.values.push_back(any ? measured.row_values(cell)[at(found - genes.begin())] : 0);
    const double part = cis_part(gene, study.cells.type.codes[at(cell)], study.open.row(cell));
    const double mean = counts ? std::log(std::max(kLeastRate, std::expm1(double{predicted[i]})) *
                                          study.cells.total_rna[at(cell)] / kCounted)
                               : predicted[i];
    fitted.without.push_back(mean - part);
  }
  return fitted;
}

std::vector<ResampledGene> resample_weights(const Study& study, const CisGene& gene,
                                            CisResponse response, const FittedCells& fitted,
                                            int64_t resamples, uint64_t seed, uint64_t stream) {
  const Refit refit(study, gene, response, fitted);
  std::vector<ResampledGene> result;
  if (refit.empty()) return result;
  const auto all = refit.fit(refit.times_once(), refit.stored());
  for (int64_t i = 0; i < resamples; ++i) {
    RandomStream random(seed, Purpose::kResampledWeights, stream, static_cast<uint32_t>(i));
    result.push_back(refit.moved(all, refit.fit(refit.draw(random), all)));
  }
  return result;
}

ChangeIntervals change_intervals(const Study& study, const CisGene& gene, CisResponse response,
                                 std::span<const ResampledGene> refits,
                                 std::span<const int32_t> cells, std::span<const float> before,
                                 std::span<const int32_t> closed, const PredictedChange& change) {
  if (refits.empty() || cells.empty() || !masks_chosen_term(gene, closed)) return {};
  const bool counts = response == CisResponse::kCounts;
  const auto masked = masked_cells(study, gene, counts, cells, before, closed);
  const ResampledGene stored{gene, std::vector<double>(study.cells.type.names.size(), 0.0)};
  const auto was = change_of_terms(masked, stored, counts);
  std::vector<double> relative, rate;
  relative.reserve(refits.size());
  rate.reserve(refits.size());
  for (const auto& refit : refits) {
    const auto moved = change_of_terms(masked, refit, counts);
    relative.push_back(moved.relative);
    rate.push_back(moved.rate);
  }
  return {interval_about(change.relative_change, was.relative, std::move(relative)),
          interval_about(change.rate_change, was.rate, std::move(rate))};
}

}  // namespace grids::core
