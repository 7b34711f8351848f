// stage_peers: what peers.py holds against programs of the field: parts of the default run, one
// after another on one thread, on a study that both read. Leaves for each what it computed, as
// plain little-endian arrays, and in costs.tsv the CPU seconds that it took.
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <span>

#include "base/at.hpp"
#include "base/described.hpp"
#include "base/error.hpp"
#include "explain/study_data.hpp"
#include "math/neighbours.hpp"
#include "math/pca.hpp"
#include "math/penalised_regression.hpp"
#include "math/umap.hpp"
#include "measure_program.hpp"
#include "methods/links.hpp"

namespace grids::core::bench {
namespace {

struct PeerSettings {
  std::string study;
  std::string out = ".";
  int64_t genes = 100;
  int64_t components = 30;
  int64_t window = 250'000;

  void describe(OptionSet& options) {
    options.value("--study", study, "Written by prepare");
    options.value("--out", out, "Folder for what is computed");
    options.value("--genes", genes, "So many genes with a position, the first ones");
    options.value("--components", components, "Of the principal components");
    options.value("--window", window, "To either side of a gene's TSS, bp");
  }
};

/// Seconds of this process and its threads.
double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// The folder that peers.py reads.
class Left {
 public:
  explicit Left(const std::string& folder) : folder_(folder), costs_(folder + "/costs.tsv") {
    costs_ << "part\tcpu_s\n";
  }

  template <typename Value>
  void array(const std::string& name, std::span<const Value> values) const {
    std::ofstream out(folder_ + "/" + name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(values.data()),
              static_cast<std::streamsize>(values.size_bytes()));
    if (!out.good()) throw input_error("cannot write {}/{}", folder_, name);
  }

  /// Since the call before, or the construction.
  void cost(const std::string& part) {
    const double now = cpu_seconds();
    costs_ << fmt::format("{}\t{:.4f}\n", part, now - began_);
    began_ = cpu_seconds();
  }
  void begin() { began_ = cpu_seconds(); }

 private:
  std::string folder_;
  std::ofstream costs_;
  double began_ = cpu_seconds();
};

std::vector<int32_t> positioned_genes(const Study& study, int64_t count) {
  std::vector<int32_t> genes;
  for (int32_t gene = 0; gene < study.genes.size(); ++gene) {
    if (static_cast<int64_t>(genes.size()) == count) break;
    if (study.genes.has_position(gene)) genes.push_back(gene);
  }
  return genes;
}

std::vector<Feature> all_features(const Study& study) {
  std::vector<Feature> features(at(study.peaks.size()));
  for (size_t j = 0; j < features.size(); ++j) features[j] = static_cast<Feature>(j);
  return features;
}

/// gene, peak, r and z of every link, as doubles.
void measure_links(const Study& study, const PeerSettings& settings, Left& left,
                   const Context& context) {
  left.begin();
  const auto measured = measured_cells(study);
  LinkBackgrounds backgrounds(measured);
  const auto features = all_features(study);
  std::vector<double> rows;
  for (const int32_t gene : positioned_genes(study, settings.genes)) {
    auto data = target_data(study, measured, gene, settings.window, 1);
    data.backgrounds = &backgrounds;
    for (const auto& link : find_links(data, window_features(data, features), {}, context)) {
      rows.insert(rows.end(), {static_cast<double>(gene), static_cast<double>(link.feature),
                               link.score, link.z});
    }
  }
  left.cost("links");
  left.array<double>("links.f64", rows);
}

/// The path of penalties of each gene's log values on the peaks of its window, without covariates
/// but the intercept: what scikit-learn's LassoCV computes. Penalties, chosen step and
/// coefficients (of features of variance 1) of each gene in turn, each behind its length.
void measure_lasso(const Study& study, const PeerSettings& settings, Left& left,
                   const Context& context) {
  left.begin();
  const auto measured = measured_cells(study);
  const auto features = all_features(study);
  const std::vector<std::vector<double>> ones = {std::vector<double>(measured.cells(), 1)};
  const std::vector<double> zeros(measured.cells(), 0);
  std::vector<double> kept;
  for (const int32_t gene : positioned_genes(study, std::max<int64_t>(1, settings.genes / 10))) {
    const auto data = target_data(study, measured, gene, settings.window, 1);
    const auto near = window_features(data, features);
    if (near.empty()) continue;
    PenalisedRows rows;
    rows.counts = false;
    rows.response = data.normalised;
    rows.offset = zeros;
    rows.covariates = ones;
    for (const Feature feature : near) rows.features.push_back(measured.by_feature.row(feature));
    const auto path = penalty_path(rows, {}, static_cast<uint64_t>(gene), context);
    kept.insert(kept.end(),
                {static_cast<double>(gene), static_cast<double>(near.size()),
                 static_cast<double>(path.chosen), static_cast<double>(path.penalty.size())});
    for (const Feature feature : near) kept.push_back(feature);
    kept.insert(kept.end(), path.penalty.begin(), path.penalty.end());
    for (const auto& step : path.coefficients) kept.insert(kept.end(), step.begin(), step.end());
  }
  left.cost("lasso");
  left.array<double>("lasso.f64", kept);
}

void measure_map(const Study& study, const PeerSettings& settings, Left& left,
                 const Context& context) {
  left.begin();
  const auto weighted = TfIdf::fit(study.open).apply(study.open);
  left.cost("tf-idf");
  const auto space = pca(weighted, {.components = settings.components}, context);
  left.cost("pca");
  left.array<float>("scores.f32", space.scores);
  left.array<double>("variance.f64", space.variance);
  left.begin();
  const auto near = nearest_neighbours(space.scores, space.components, {.count = 30}, context);
  left.cost("neighbours");
  left.array<int32_t>("neighbours.i32", near.index);
  left.begin();
  const auto map = umap(space.scores, space.components, {}, context);
  left.cost("umap");
  left.array<float>("umap.f32", map);
}

void measure(const PeerSettings& settings, const Context& context) {
  Left left(settings.out);
  const Study study = read_study(settings.study, &context.pool);
  left.cost("read");
  left.array<int32_t>("open.i32", study.open.indices);
  left.array<float>("expression.f32", study.expression.values);
  left.array<float>("counts.f32", study.counts.values);
  measure_links(study, settings, left, context);
  measure_lasso(study, settings, left, context);
  measure_map(study, settings, left, context);
}

}  // namespace
}  // namespace grids::core::bench

int main(int argc, char** argv) {
  using namespace grids::core::bench;
  return run_measuring<PeerSettings>(
      {"stage_peers", "Parts of the default run, for bench/whole_run/peers.py.", ""},
      "Compute what peers.py compares", "  stage_peers --study study.h5mu --out folder --threads 1",
      measure, argc, argv);
}
