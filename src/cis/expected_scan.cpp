#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "cis/expected_terms.hpp"
#include "math/gemm.hpp"

namespace grids::core {
namespace {

/// What rows say of a further column once intercepts of types and the slope on depth are refitted.
struct RowColumns {
  std::vector<float> score;  // refitted
  std::vector<float> weight;
  std::vector<float> depth;  // weight × log depth, centred within types
  std::vector<double> type_weight;
  double depth_weight = 0;  // Σ weight × depth²
};

RowColumns row_columns(const GeneProblem& problem, std::span<const double> log_depth,
                       std::span<const RowScore> scores) {
  RowColumns columns;
  std::vector<double> score(scores.size()), depth(scores.size());
  double along = 0;
  for (size_t type = 0; type < at(problem.types()); ++type) {
    const auto begin = at(problem.type_begin()[type]), end = at(problem.type_begin()[type + 1]);
    double u = 0, w = 0, z = 0;
    for (auto i = begin; i < end; ++i) {
      u += scores[i].score;
      w += scores[i].weight;
      z += scores[i].weight * log_depth[i];
    }
    columns.type_weight.push_back(w);
    if (!(w > 0)) continue;
    for (auto i = begin; i < end; ++i) {
      score[i] = scores[i].score - u / w * scores[i].weight;
      depth[i] = log_depth[i] - z / w;
      along += score[i] * depth[i];
      columns.depth_weight += scores[i].weight * depth[i] * depth[i];
    }
  }
  const double slope = columns.depth_weight > 0 ? along / columns.depth_weight : 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double weighted = scores[i].weight * depth[i];
    columns.score.push_back(static_cast<float>(score[i] - slope * weighted));
    columns.weight.push_back(static_cast<float>(scores[i].weight));
    columns.depth.push_back(static_cast<float>(weighted));
  }
  return columns;
}

double lost_to_depth(const RowColumns& columns, double sum) {
  return columns.depth_weight > 0 ? sum * sum / columns.depth_weight : 0;
}

/// out = Σ a q, Σ b q, Σ c q, Σ (d + e q) q.
GRIDS_CLONES
void belief_sums(size_t count, const float* q, const float* a, const float* b, const float* c,
                 const float* d, const float* e, double* out) {
  float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
  for (size_t i = 0; i < count; ++i) {
    s0 += a[i] * q[i];
    s1 += b[i] * q[i];
    s2 += c[i] * q[i];
    s3 += (d[i] + e[i] * q[i]) * q[i];
  }
  out[0] = static_cast<double>(s0);
  out[1] = static_cast<double>(s1);
  out[2] = static_cast<double>(s2);
  out[3] = static_cast<double>(s3);
}

/// Σ w q of each peak over rows from `begin` on.
std::vector<double> sums_of_beliefs(const Beliefs& beliefs, std::span<const float> w,
                                    size_t begin = 0) {
  std::vector<double> result;
  for (int32_t peak = 0; at(peak) < beliefs.peaks(); ++peak) {
    double sums[4];
    const float* q = beliefs.peak(peak).data() + begin;
    belief_sums(w.size(), q, w.data(), w.data(), w.data(), w.data(), w.data(), sums);
    result.push_back(sums[0]);
  }
  return result;
}

GRIDS_CLONES
void scale_columns(size_t peaks, size_t rows, const float* q, const float* w, bool squared,
                   float* out) {
  for (size_t j = 0; j < peaks; ++j) {
    const float* from = q + j * rows;
    float* to = out + j * rows;
    if (squared) {  // NOLINT(bugprone-branch-clone): clang-tidy compares no loops under omp simd
#pragma omp simd
      for (size_t i = 0; i < rows; ++i) to[i] = w[i] * from[i] * from[i];
    } else {
#pragma omp simd
      for (size_t i = 0; i < rows; ++i) to[i] = w[i] * from[i];
    }
  }
}

/// Products over rows of beliefs (or their squares) with weighted beliefs: peaks × peaks.
class PairProducts {
 public:
  explicit PairProducts(const Beliefs& beliefs)
      : peaks_(beliefs.peaks()),
        rows_(beliefs.rows()),
        q_(beliefs.values()),
        left_(peaks_ * rows_) {}

  void weigh(std::span<const float> w, bool squared) {
    scale_columns(peaks_, rows_, q_.data(), w.data(), squared, left_.data());
  }

  /// Σ over rows begin … end of (weighted column i) × (column j of `right`).
  void multiply(std::span<const float> right, size_t begin, size_t end,
                std::vector<float>& out) const {
    const auto p = static_cast<int64_t>(peaks_), n = static_cast<int64_t>(rows_);
    out.resize(peaks_ * peaks_);
    gemm(Transpose::kNo, Transpose::kYes, p, p, static_cast<int64_t>(end - begin),
         left_.data() + begin, n, right.data() + begin, n, 0, out.data(), p);
  }
  void multiply(std::vector<float>& out) const { multiply(q_, 0, rows_, out); }

 private:
  size_t peaks_, rows_;
  std::span<const float> q_;
  std::vector<float> left_;
};

}  // namespace

ExpectedTerms::PairInformation ExpectedTerms::pair_information(
    std::span<const RowScore> scores) const {
  const size_t peaks = problem_.peaks(), rows = problem_.rows();
  const auto columns = row_columns(problem_, log_depth_, scores);
  PairProducts products(beliefs_);
  std::vector<float> once, twice, mixed, depth;
  std::vector<double> sum(peaks * peaks), lost_all(peaks * peaks), lost_any(peaks * peaks);
  products.weigh(columns.weight, false);
  for (size_t type = 0; type < at(problem_.types()); ++type) {
    if (!(columns.type_weight[type] > 0)) continue;
    const auto begin = at(problem_.type_begin()[type]), end = at(problem_.type_begin()[type + 1]);
    products.multiply(beliefs_.values(), begin, end, once);
    const auto weight = std::span(columns.weight).subspan(begin, end - begin);
    const auto alone = sums_of_beliefs(beliefs_, weight, begin);
    for (size_t i = 0; i < peaks; ++i) {
      for (size_t j = i; j < peaks; ++j) {
        const double both = static_cast<double>(once[i * peaks + j]);
        const double any = alone[i] + alone[j] - both;
        sum[i * peaks + j] += both;
        lost_all[i * peaks + j] += both * both / columns.type_weight[type];
        lost_any[i * peaks + j] += any * any / columns.type_weight[type];
      }
    }
  }
  products.weigh(columns.depth, false);
  products.multiply(depth);  // Σ w z q_i q_j
  const auto depth_alone = sums_of_beliefs(beliefs_, columns.depth);
  products.weigh(columns.weight, true);
  products.multiply(mixed);  // Σ w q_i² q_j
  std::vector<float> squares(beliefs_.values().begin(), beliefs_.values().end());
  for (float& value : squares) value *= value;
  products.multiply(squares, 0, rows, twice);  // Σ w q_i² q_j²
  PairInformation information;
  information.all.resize(peaks * peaks);
  information.any.resize(peaks * peaks);
  for (size_t i = 0; i < peaks; ++i) {
    for (size_t j = i + 1; j < peaks; ++j) {
      const size_t place = i * peaks + j;
      const double v = static_cast<double>(twice[place]);
      const double z = static_cast<double>(depth[place]);
      information.all[place] = static_cast<float>(v - lost_all[place] - lost_to_depth(columns, z));
      // (q_i + q_j − q_i q_j)², expanded.
      const double any = sum[i * peaks + i] + sum[j * peaks + j] + v + 2 * sum[place] -
                         2 * static_cast<double>(mixed[place]) -
                         2 * static_cast<double>(mixed[j * peaks + i]);
      information.any[place] = static_cast<float>(
          any - lost_any[place] - lost_to_depth(columns, depth_alone[i] + depth_alone[j] - z));
    }
  }
  return information;
}

PairScan ExpectedTerms::scan_pairs(std::span<const RowScore> scores,
                                   const PairInformation& information, size_t most) const {
  const size_t peaks = problem_.peaks();
  const auto columns = row_columns(problem_, log_depth_, scores);
  PairProducts products(beliefs_);
  products.weigh(columns.score, false);
  std::vector<float> both;
  products.multiply(both);
  const auto alone = sums_of_beliefs(beliefs_, columns.score);
  PairScan best(most);
  best.single = scan_extensions(scores, {}, TermKind::kAll, most);
  const auto offer = [&](BestCandidates& list, double u, double v, TermKind kind, size_t i,
                         size_t j) {
    const double gain = approximate_gain(problem_.family(), u, v);
    if (!list.wants(gain)) return;
    list.add({gain, v, {kind, {static_cast<int32_t>(i), static_cast<int32_t>(j)}}});
  };
  for (size_t i = 0; i < peaks; ++i) {
    for (size_t j = i + 1; j < peaks; ++j) {
      const size_t place = i * peaks + j;
      const double u = static_cast<double>(both[place]);
      offer(best.all, u, static_cast<double>(information.all[place]), TermKind::kAll, i, j);
      offer(best.any, alone[i] + alone[j] - u, static_cast<double>(information.any[place]),
            TermKind::kAny, i, j);
    }
  }
  return best;
}

BestCandidates ExpectedTerms::scan_extensions(std::span<const RowScore> scores,
                                              const WindowTerm& base, TermKind kind,
                                              size_t most) const {
  const bool any = kind == TermKind::kAny && !base.peaks.empty();
  const size_t rows = problem_.rows(), types = at(problem_.types());
  const auto columns = row_columns(problem_, log_depth_, scores);
  // t = fixed + free · q.
  const auto held = term_belief(beliefs_, base);
  std::vector<float> a(rows), b(rows), c(rows), d(rows), e(rows);
  std::vector<double> fixed_once(types);
  double fixed_score = 0, fixed_depth = 0, fixed_twice = 0;
  for (size_t type = 0; type < types; ++type) {
    const auto end = at(problem_.type_begin()[type + 1]);
    for (auto i = at(problem_.type_begin()[type]); i < end; ++i) {
      const double fixed = any ? held[i] : 0, free = any ? 1 - held[i] : held[i];
      const double s = static_cast<double>(columns.score[i]);
      const double w = static_cast<double>(columns.weight[i]);
      const double z = static_cast<double>(columns.depth[i]);
      fixed_score += s * fixed;
      fixed_once[type] += w * fixed;
      fixed_depth += z * fixed;
      fixed_twice += w * fixed * fixed;
      a[i] = static_cast<float>(s * free);
      b[i] = static_cast<float>(w * free);
      c[i] = static_cast<float>(z * free);
      d[i] = static_cast<float>(2 * w * fixed * free);
      e[i] = static_cast<float>(w * free * free);
    }
  }
  BestCandidates best(most);
  for (int32_t peak = 0; at(peak) < problem_.peaks(); ++peak) {
    if (std::binary_search(base.peaks.begin(), base.peaks.end(), peak)) continue;
    const auto q = beliefs_.peak(peak);
    double u = fixed_score, v = fixed_twice, z = fixed_depth;
    for (size_t type = 0; type < types; ++type) {
      const auto begin = at(problem_.type_begin()[type]);
      if (!(columns.type_weight[type] > 0)) continue;
      double sums[4];
      belief_sums(at(problem_.type_begin()[type + 1]) - begin, q.data() + begin, a.data() + begin,
                  b.data() + begin, c.data() + begin, d.data() + begin, e.data() + begin, sums);
      const double once = fixed_once[type] + sums[1];
      u += sums[0];
      z += sums[2];
      v += sums[3] - once * once / columns.type_weight[type];
    }
    v -= lost_to_depth(columns, z);
    best.offer_extension(problem_.family(), base, peak, kind, u, v);
  }
  return best;
}

}  // namespace grids::core
