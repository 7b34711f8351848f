#include "model/cis_path.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

bool has(std::span<const int32_t> sorted, int32_t value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

bool is_open(int32_t peak, std::span<const int32_t> open, const CisMask& mask) {
  if (has(mask.closed, peak)) return false;
  return has(mask.opened, peak) || has(open, peak);
}

/// Derivative of the term with respect to one of its peaks: 1 when the others leave it to that one.
bool decides(const CisTerm& term, int32_t peak, std::span<const int32_t> open,
             const CisMask& mask) {
  return std::all_of(term.peaks.begin(), term.peaks.end(), [&](int32_t other) {
    return other == peak || is_open(other, open, mask) == (term.kind == TermKind::kAll);
  });
}

}  // namespace

bool is_satisfied(const CisTerm& term, std::span<const int32_t> open, const CisMask& mask) {
  const auto opened = [&](int32_t peak) { return is_open(peak, open, mask); };
  return term.kind == TermKind::kAll ? std::all_of(term.peaks.begin(), term.peaks.end(), opened)
                                     : std::any_of(term.peaks.begin(), term.peaks.end(), opened);
}

int64_t CisPath::find(int32_t gene) const {
  const auto found = std::lower_bound(genes.begin(), genes.end(), gene,
                                      [](const CisGene& g, int32_t id) { return g.gene < id; });
  if (found == genes.end() || found->gene != gene) return -1;
  return found - genes.begin();
}

bool on_cis_path(const CisGene& gene, std::span<const int32_t> asked) {
  return gene.cis.passed || (!gene.terms.empty() && has(asked, gene.gene));
}

double cis_state_part(const CisPath& path, const CisGene& gene, const CisState& state) {
  const auto& b = gene.state;
  double sum = b[0] + (path.response == CisResponse::kCounts ? state.log_exposure : 0);
  size_t next = 1;
  if (state.type > 0) sum += b[next + at(state.type) - 1];
  next += at(path.types - 1);
  if (path.donors > 0) {
    if (state.donor > 0) sum += b[next + at(state.donor) - 1];
    next += at(path.donors - 1);
  }
  if (path.batches > 0) {
    if (state.batch > 0) sum += b[next + at(state.batch) - 1];
    sum += b[at(path.state_columns() + int64_t{state.batch} * path.types + state.type)];
    next += at(path.batches - 1);
  }
  sum += b[next++] * state.log_open_peaks;
  for (const float latent : state.latents) sum += b[next++] * static_cast<double>(latent);
  return sum;
}

double cis_part(const CisGene& gene, int32_t type, std::span<const int32_t> open,
                const CisMask& mask) {
  double sum = 0;
  for (const auto& term : gene.terms) {
    if (!is_satisfied(term, open, mask)) continue;
    const double weight = term.weight_in(type);
    sum += gene.sum == TermSum::kAdd ? std::expm1(weight) : weight;
  }
  return gene.sum == TermSum::kAdd ? std::log1p(std::max(sum, kLeastCisSum)) : sum;
}

std::vector<CisSlope> cis_slopes(const CisGene& gene, int32_t type, std::span<const int32_t> open,
                                 const CisMask& mask) {
  double scale = 1;
  if (gene.sum == TermSum::kAdd) scale = std::exp(-cis_part(gene, type, open, mask));
  std::map<int32_t, double> slopes;
  for (const auto& term : gene.terms) {
    const double weight = term.weight_in(type);
    const double full = gene.sum == TermSum::kAdd ? scale * std::expm1(weight) : weight;
    for (const int32_t peak : term.peaks) {
      slopes[peak] += decides(term, peak, open, mask) ? full : 0;
    }
  }
  std::vector<CisSlope> result;
  result.reserve(slopes.size());
  for (const auto& [peak, slope] : slopes) result.push_back({peak, slope});
  return result;
}

}  // namespace grids::core
