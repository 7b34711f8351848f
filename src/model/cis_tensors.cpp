#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/error.hpp"
#include "model/cis_path.hpp"

namespace grids::core {
namespace {

// Columns of cis.gates and cis.statistics.
constexpr int64_t kGateColumns = 8;
constexpr int64_t kStatistics = 2;
constexpr const char* kBatches = "cis.batches";
constexpr const char* kCapture = "cis.capture";
constexpr const char* kCaptureProfile = "cis.capture_profile";

void put_gate(const CisGate& gate, std::vector<double>& values) {
  values.insert(values.end(), {gate.gain, gate.p, gate.q, gate.passed ? 1.0 : 0.0});
}

CisGate gate_from(const double* values) {
  return {values[0], values[1], values[2], values[3] != 0};
}

/// Of tensors that are missing or damaged; all of them are mended in one way.
template <typename... Args>
Error cis_error(fmt::format_string<Args...> format, Args&&... args) {
  return input_error("{}; fit the cis path again (grids cis)",
                     fmt::format(format, std::forward<Args>(args)...));
}

/// Reads named tensors and says all that is wrong with one of them.
class TensorReader {
 public:
  explicit TensorReader(const std::map<std::string, Tensor>& tensors) : tensors_(tensors) {}

  std::span<const int64_t> integers(const std::string& name,
                                    const std::vector<int64_t>& shape) const {
    const auto& tensor = find(name, Tensor::Type::kI64, "I64", shape);
    return {tensor.i64(), at(tensor.size())};
  }
  std::span<const double> numbers(const std::string& name,
                                  const std::vector<int64_t>& shape) const {
    const auto& tensor = find(name, Tensor::Type::kF64, "F64", shape);
    return {tensor.f64(), at(tensor.size())};
  }
  /// Numbers of which none may be NaN or infinite.
  std::span<const double> finite(const std::string& name, const std::vector<int64_t>& shape) const {
    const auto values = numbers(name, shape);
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i])) {
        throw cis_error("tensor '{}' holds {} at position {}", name, values[i], i);
      }
    }
    return values;
  }
  /// Integers that each lie in [low, high].
  std::span<const int64_t> within(const std::string& name, const std::vector<int64_t>& shape,
                                  int64_t low, int64_t high) const {
    const auto values = integers(name, shape);
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] < low || values[i] > high) {
        throw cis_error("tensor '{}' holds {} at position {}, outside {} … {}", name, values[i], i,
                        low, high);
      }
    }
    return values;
  }
  /// Starts of `count` lists in one: ascending from 0.
  std::span<const int64_t> offsets(const std::string& name, int64_t count) const {
    const auto values = integers(name, {count + 1});
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] < (i == 0 ? 0 : values[i - 1]) || (i == 0 && values[i] != 0)) {
        throw cis_error("tensor '{}' does not ascend from 0 at position {}", name, i);
      }
    }
    return values;
  }

  bool has(const std::string& name) const { return tensors_.contains(name); }
  /// Rows of a tensor that may have any number of them; 0 where it is missing or not a matrix.
  int64_t rows_of(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end() || found->second.shape.empty()) return 0;
    return found->second.shape[0];
  }

 private:
  const Tensor& find(const std::string& name, Tensor::Type type, const char* type_name,
                     const std::vector<int64_t>& shape) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      throw cis_error("there is no tensor '{}' of the cis path", name);
    }
    const auto& tensor = found->second;
    if (tensor.type != type) throw cis_error("tensor '{}' is not of type {}", name, type_name);
    if (tensor.shape != shape) {
      throw cis_error("tensor '{}' has shape [{}], expected [{}]", name,
                      fmt::join(tensor.shape, ", "), fmt::join(shape, ", "));
    }
    return tensor;
  }

  const std::map<std::string, Tensor>& tensors_;
};

void read_shape(const TensorReader& reader, CisPath& path) {
  const auto shape = reader.within("cis.shape", {6}, 0, std::numeric_limits<int32_t>::max());
  if (shape[0] > 1) throw cis_error("tensor 'cis.shape' names no known response");
  if (shape[3] < 1) throw cis_error("tensor 'cis.shape' has no cell type");
  path.response = static_cast<CisResponse>(shape[0]);
  path.peaks = shape[1];
  path.study_genes = shape[2];
  path.types = static_cast<int32_t>(shape[3]);
  path.donors = static_cast<int32_t>(shape[4]);
  path.latents = static_cast<int32_t>(shape[5]);
  // Only where there are batches: files from before there were any are read as without.
  if (!reader.has(kBatches)) return;
  const auto batches = reader.within(kBatches, {1}, 1, std::numeric_limits<int32_t>::max());
  path.batches = static_cast<int32_t>(batches[0]);
}

void read_genes(const TensorReader& reader, int64_t count, CisPath& path) {
  const auto ids = reader.within("cis.genes", {count}, 0, path.study_genes - 1);
  const auto sums = reader.within("cis.sums", {count}, 0, 1);
  const auto state = reader.finite("cis.state", {count, path.state_size()});
  const auto dispersion = reader.finite("cis.dispersion", {count});
  const auto gates = reader.numbers("cis.gates", {count, kGateColumns});
  const auto statistics = reader.finite("cis.statistics", {count, kStatistics});
  path.genes.resize(at(count));
  for (size_t g = 0; g < path.genes.size(); ++g) {
    auto& gene = path.genes[g];
    if (g > 0 && ids[g] <= ids[g - 1]) {
      throw cis_error("tensor 'cis.genes' does not ascend at position {}", g);
    }
    gene.gene = static_cast<int32_t>(ids[g]);
    gene.sum = static_cast<TermSum>(sums[g]);
    const auto width = at(path.state_size());
    gene.state.assign(state.begin() + static_cast<long>(g * width),
                      state.begin() + static_cast<long>((g + 1) * width));
    gene.dispersion = dispersion[g];
    if (gene.dispersion < 0) {
      throw cis_error("tensor 'cis.dispersion' is negative at position {}", g);
    }
    gene.whole = gate_from(gates.data() + g * at(kGateColumns));
    gene.cis = gate_from(gates.data() + g * at(kGateColumns) + 4);
    gene.window_peaks = static_cast<int64_t>(statistics[g * at(kStatistics)]);
    gene.likelihood_gain = statistics[g * at(kStatistics) + 1];
  }
}

void read_terms(const TensorReader& reader, CisPath& path) {
  const auto first_term =
      reader.offsets("cis.term_offsets", static_cast<int64_t>(path.genes.size()));
  const int64_t terms = first_term.back();
  const auto kinds = reader.within("cis.term_kinds", {terms}, 0, 1);
  const auto weights = reader.finite("cis.term_weights", {terms});
  const auto inclusions = reader.finite("cis.term_inclusions", {terms});
  const auto deviations = reader.finite("cis.term_deviations", {terms, path.types});
  const auto first_peak = reader.offsets("cis.peak_offsets", terms);
  const auto peaks = reader.within("cis.peaks", {first_peak.back()}, 0, path.peaks - 1);
  for (size_t g = 0; g < path.genes.size(); ++g) {
    for (auto k = at(first_term[g]); k < at(first_term[g + 1]); ++k) {
      CisTerm term;
      term.kind = static_cast<TermKind>(kinds[k]);
      term.weight = weights[k];
      term.inclusion = inclusions[k];
      if (!(term.inclusion > 0 && term.inclusion <= 1)) {
        throw cis_error("tensor 'cis.term_inclusions' holds {} at position {}", term.inclusion, k);
      }
      for (auto i = at(first_peak[k]); i < at(first_peak[k + 1]); ++i) {
        if (!term.peaks.empty() && peaks[i] <= term.peaks.back()) {
          throw cis_error("tensor 'cis.peaks' does not ascend in term {}", k);
        }
        term.peaks.push_back(static_cast<int32_t>(peaks[i]));
      }
      if (term.peaks.empty()) throw cis_error("term {} of the cis path has no peaks", k);
      const auto begin = deviations.begin() + static_cast<long>(k * at(path.types));
      const auto end = begin + path.types;
      if (std::any_of(begin, end, [](double d) { return d != 0; })) {
        term.deviation.assign(begin, end);
      }
      path.genes[g].terms.push_back(std::move(term));
    }
  }
}

/// Files from before it was written are read as ones that do not know.
void read_capture(const TensorReader& reader, CisPath& path) {
  if (!reader.has(kCapture)) return;
  path.capture = reader.finite(kCapture, {1})[0];
  if (!(path.capture > 0 && path.capture <= 1)) {
    throw cis_error("tensor '{}' holds {}, not a share above 0", kCapture, path.capture);
  }
  const int64_t points = reader.rows_of(kCaptureProfile);
  if (points == 0) return;
  const auto profile = reader.finite(kCaptureProfile, {points, 2});
  for (size_t i = 0; i < at(points); ++i) {
    path.capture_profile.push_back({profile[2 * i], profile[2 * i + 1]});
  }
}

}  // namespace

std::map<std::string, Tensor> to_tensors(const CisPath& path) {
  std::vector<int64_t> ids, sums, term_offsets = {0}, kinds, peak_offsets = {0}, peaks;
  std::vector<double> state, dispersion, gates, statistics, weights, inclusions, deviations;
  for (const auto& gene : path.genes) {
    ids.push_back(gene.gene);
    sums.push_back(static_cast<int64_t>(gene.sum));
    state.insert(state.end(), gene.state.begin(), gene.state.end());
    dispersion.push_back(gene.dispersion);
    put_gate(gene.whole, gates);
    put_gate(gene.cis, gates);
    statistics.insert(statistics.end(),
                      {static_cast<double>(gene.window_peaks), gene.likelihood_gain});
    for (const auto& term : gene.terms) {
      kinds.push_back(static_cast<int64_t>(term.kind));
      weights.push_back(term.weight);
      inclusions.push_back(term.inclusion);
      peaks.insert(peaks.end(), term.peaks.begin(), term.peaks.end());
      peak_offsets.push_back(static_cast<int64_t>(peaks.size()));
      for (int32_t type = 0; type < path.types; ++type) {
        deviations.push_back(term.deviation.empty() ? 0 : term.deviation[at(type)]);
      }
    }
    term_offsets.push_back(static_cast<int64_t>(kinds.size()));
  }
  const auto genes = static_cast<int64_t>(ids.size());
  const auto terms = static_cast<int64_t>(kinds.size());
  std::map<std::string, Tensor> tensors;
  tensors["cis.shape"] =
      Tensor::of_i64({6}, {static_cast<int64_t>(path.response), path.peaks, path.study_genes,
                           path.types, path.donors, path.latents});
  if (path.batches > 0) tensors[kBatches] = Tensor::of_i64({1}, {path.batches});
  if (path.capture > 0) tensors[kCapture] = Tensor::of_f64({1}, {path.capture});
  if (!path.capture_profile.empty()) {
    std::vector<double> profile;
    for (const auto& point : path.capture_profile) {
      profile.insert(profile.end(), {point.capture, point.gain});
    }
    tensors[kCaptureProfile] =
        Tensor::of_f64({static_cast<int64_t>(path.capture_profile.size()), 2}, profile);
  }
  tensors["cis.genes"] = Tensor::of_i64({genes}, ids);
  tensors["cis.sums"] = Tensor::of_i64({genes}, sums);
  tensors["cis.state"] = Tensor::of_f64({genes, path.state_size()}, state);
  tensors["cis.dispersion"] = Tensor::of_f64({genes}, dispersion);
  tensors["cis.gates"] = Tensor::of_f64({genes, kGateColumns}, gates);
  tensors["cis.statistics"] = Tensor::of_f64({genes, kStatistics}, statistics);
  tensors["cis.term_offsets"] = Tensor::of_i64({genes + 1}, term_offsets);
  tensors["cis.term_kinds"] = Tensor::of_i64({terms}, kinds);
  tensors["cis.term_weights"] = Tensor::of_f64({terms}, weights);
  tensors["cis.term_inclusions"] = Tensor::of_f64({terms}, inclusions);
  tensors["cis.term_deviations"] = Tensor::of_f64({terms, path.types}, deviations);
  tensors["cis.peak_offsets"] =
      Tensor::of_i64({static_cast<int64_t>(peak_offsets.size())}, peak_offsets);
  tensors["cis.peaks"] = Tensor::of_i64({static_cast<int64_t>(peaks.size())}, peaks);
  return tensors;
}

CisPath cis_from_tensors(const std::map<std::string, Tensor>& tensors) {
  const TensorReader reader(tensors);
  CisPath path;
  read_shape(reader, path);
  const auto genes = tensors.find("cis.genes");
  if (genes == tensors.end() || genes->second.shape.size() != 1) {
    throw cis_error("there is no list 'cis.genes' of the cis path");
  }
  read_genes(reader, genes->second.shape[0], path);
  read_terms(reader, path);
  read_capture(reader, path);
  return path;
}

}  // namespace grids::core
