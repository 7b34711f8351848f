/// The cis path: each gene's own regulation by the peaks around it, beside the cell's state.
///
///     log rate of gene g in cell c = log exposure_c + state_g · s_c + C_g(x_c)
///
/// with s_c = (1, type, donor, batch, log open peaks, ATAC latents, batch within type) and C_g made
/// of few *terms*. A term is a short list of peaks that is satisfied in a cell when all of them are
/// open (`kAll`) or any of them is (`kAny`), and has a weight: the natural log of the factor on the
/// rate when it alone is satisfied. Terms either multiply, C = Σ w_k t_k, or add on the scale of
/// the rate, C = log(1 + Σ (exp(w_k) − 1) t_k). Weights may deviate by cell type.
///
/// Where a study has no counts, the same form describes log values (`Response::kLogValues`):
/// "log rate" is then the expected value, nothing is exposed, and terms multiply only.
///
/// Values only: how it is fitted is `cis/fit_cis.hpp`.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/safetensors.hpp"

namespace grids::core {

enum class TermKind : uint8_t { kAll = 0, kAny = 1 };
enum class TermSum : uint8_t { kMultiply = 0, kAdd = 1 };
enum class CisResponse : uint8_t { kCounts = 0, kLogValues = 1 };

/// Where terms add, their sum is held above this: a rate cannot fall below a twentieth of its base.
inline constexpr double kLeastCisSum = -0.95;

struct CisTerm {
  TermKind kind = TermKind::kAll;  ///< kAll for a single peak
  std::vector<int32_t> peaks;      ///< of the study, ascending
  double weight = 0;
  std::vector<double> deviation;  ///< one a type, added to the weight; empty = none
  /// Approximate posterior probability that the term belongs to the gene. 1: it was selected; less:
  /// a weak single peak, its weight shrunk accordingly.
  double inclusion = 1;

  double weight_in(int32_t type) const {
    return deviation.empty() ? weight : weight + deviation[static_cast<size_t>(type)];
  }
  bool operator==(const CisTerm&) const = default;
};

/// Selected, in contrast to weak terms, which only may belong to the gene.
inline bool is_chosen(const CisTerm& term) {
  return term.inclusion >= 1;
}

/// A test on validation cells that a larger model predicts better than a smaller one.
struct CisGate {
  double gain = 0;  ///< deviance a cell (of squares, where values are log) saved; NaN: not tested
  double p = 1;     ///< one-sided; NaN: not tested
  double q = 1;     ///< over genes; NaN: not tested
  bool passed = false;

  /// Tested, and not passed.
  bool failed() const { return !passed && !std::isnan(q); }
  bool operator==(const CisGate&) const = default;
};

struct CisGene {
  int32_t gene = 0;  ///< of the study
  TermSum sum = TermSum::kMultiply;
  std::vector<CisTerm> terms;
  /// Coefficients of the state: see `CisPath::state_size`.
  std::vector<double> state;
  /// Counts: variance = mean + dispersion · mean². Log values: residual variance.
  double dispersion = 0;
  CisGate whole;  ///< gate A: state and cis against depth, type, donor and batch
  CisGate cis;    ///< gate B: state and cis against state

  // How it was fitted.
  int64_t window_peaks = 0;    ///< candidates
  double likelihood_gain = 0;  ///< log likelihood of training cells over the state alone

  bool operator==(const CisGene&) const = default;
};

/// Whether the cis path predicts a gene: it passed gate B, or it has terms and is among the `asked`
/// (genes of the study, ascending).
bool on_cis_path(const CisGene& gene, std::span<const int32_t> asked);

/// Peaks that are set closed, and open, whatever a cell shows. Ascending; disjoint.
struct CisMask {
  std::span<const int32_t> closed;
  std::span<const int32_t> opened;
};

/// What a cell's state is made of.
struct CisState {
  double log_exposure = 0;  ///< log total RNA; unused for log values
  int32_t type = 0;
  int32_t donor = 0;          ///< unused without donors
  double log_open_peaks = 0;  ///< log1p
  std::span<const float> latents;
  int32_t batch = 0;  ///< unused without batches
};

/// How much better a capture, the probability that ATAC observes an open peak in a cell of median
/// depth, explains the counts than capture 1.
struct CapturePoint {
  double capture = 1;
  /// Log likelihood less the costs of terms, summed over the genes, above that at capture 1.
  double gain = 0;

  bool operator==(const CapturePoint&) const = default;
};

struct CisPath {
  CisResponse response = CisResponse::kCounts;
  int64_t peaks = 0;        ///< of the study
  int64_t study_genes = 0;  ///< of the study
  int32_t types = 0;
  int32_t donors = 0;   ///< 0 when the study has none
  int32_t batches = 0;  ///< likewise
  int32_t latents = 0;
  std::vector<CisGene> genes;  ///< those that were fitted, ascending
  /// With which terms were chosen; 0: not known, nor asked for.
  double capture = 0;
  std::vector<CapturePoint> capture_profile;  ///< of its estimate; empty where there was none

  /// Intercept, types − 1 (all but the first), donors − 1, batches − 1, log1p(open peaks), latents:
  /// the columns of the state; then what each batch adds within each type, batches × types.
  int64_t state_size() const { return state_columns() + int64_t{batches} * types; }
  int64_t state_columns() const { return first_latent() + latents; }
  /// Where the latents begin: what stands before is known without the surrogate.
  int64_t first_latent() const {
    return 1 + (types - 1) + (donors > 0 ? donors - 1 : 0) + (batches > 0 ? batches - 1 : 0) + 1;
  }
  /// The position in `genes` of a gene of the study, or −1.
  int64_t find(int32_t gene) const;

  bool operator==(const CisPath&) const = default;
};

/// Exposure and state part of the log rate.
double cis_state_part(const CisPath& path, const CisGene& gene, const CisState& state);

/// Whether a cell whose open peaks are `open` (ascending) satisfies the term, under a mask.
bool is_satisfied(const CisTerm& term, std::span<const int32_t> open, const CisMask& mask = {});

/// C_g in a cell of that type whose open peaks are `open` (ascending), under a mask.
double cis_part(const CisGene& gene, int32_t type, std::span<const int32_t> open,
                const CisMask& mask = {});

/// A peak and the derivative of C_g with respect to its openness x in [0, 1], at the cell's
/// (masked) peaks: `kAll` is the product of its x, `kAny` is 1 − Π (1 − x). Peaks of the gene's
/// terms, ascending.
struct CisSlope {
  int32_t peak;
  double slope;
};
std::vector<CisSlope> cis_slopes(const CisGene& gene, int32_t type, std::span<const int32_t> open,
                                 const CisMask& mask = {});

/// Tensors under the names "cis.…", to be stored beside those of the surrogate.
std::map<std::string, Tensor> to_tensors(const CisPath& path);

/// Throws Error(kInput) that names the tensor and what is wrong with it: missing, misshapen, not
/// finite, indices out of range or out of order.
CisPath cis_from_tensors(const std::map<std::string, Tensor>& tensors);

}  // namespace grids::core
