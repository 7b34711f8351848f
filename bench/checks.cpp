#include "checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "dense_formulation.hpp"
#include "fast_training.hpp"
#include "search_problem.hpp"

namespace grids::bench {
namespace {

/// Both sides compute in float32 and add up tens of thousands of terms in different orders: about
/// 1e-6 of the largest number is rounding, a wrong or missing term is far above this.
constexpr double kTolerance = 1e-5;

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

template <typename T>
double largest(std::span<const T> values) {
  double result = 0;
  for (const T value : values) result = std::max(result, std::abs(double{value}));
  return result;
}

/// The largest |a − b|; not finite when any number is not.
template <typename A, typename B>
double difference(std::span<const A> a, std::span<const B> b) {
  if (a.size() != b.size()) throw internal_error("{} and {} numbers compared", a.size(), b.size());
  double result = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(double{a[i]} - double{b[i]});
    if (!(d <= result)) result = d;  // keeps a NaN
    if (std::isnan(result)) return INFINITY;
  }
  return result;
}

std::span<const float> floats(const Tensor& tensor) {
  return {tensor.f32(), at(tensor.size())};
}

class Checks {
 public:
  Checks(const Cells& cells, const Settings& settings, const Sizes& sizes, const Context& context,
         Figures& figures)
      : cells_(cells),
        settings_(settings),
        sizes_(sizes),
        context_(context),
        figures_(figures),
        dense_(cells.file, cells.study.open, Products::kTorch, context.pool),
        model_(make_model(cells, context.pool)) {}

  void run() {
    predictions();
    for (const double beta : {0.0, kBeta}) step(beta);
    training();
    knockout();
    threads();
    failures_.raise(ErrorKind::kInternal, "the fast paths differ from the dense formulation");
  }

 private:
  /// `error` relative to what the check says.
  void expect(const std::string& what, double error, double limit) {
    const bool good = error <= limit;  // false for NaN
    const std::string line = fmt::format("{}: {:.1e} (limit {:.0e})", what, error, limit);
    context_.reporter.info(fmt::format("check {} {}", good ? "ok  " : "FAIL", line));
    if (!good) failures_.add("{}", line);
  }

  void expect_same(const std::string& what, bool same) {
    context_.reporter.info(fmt::format("check {} {}", same ? "ok  " : "FAIL", what));
    if (!same) failures_.add("{}", what);
  }

  std::vector<int32_t> study_cells(std::span<const int32_t> positions) const {
    std::vector<int32_t> result;
    for (const int32_t position : positions) result.push_back(cells_.cells[at(position)]);
    return result;
  }

  void predictions() {
    std::vector<int32_t> all(cells_.cells.size());
    std::iota(all.begin(), all.end(), 0);
    std::vector<int32_t> genes(at(model_.shape().outputs));
    std::iota(genes.begin(), genes.end(), 0);
    const auto unmasked = model_.begin({}, all, genes);
    const auto expected = dense_.predict(cells_.cells, {});
    largest_prediction_ = largest(std::span<const float>(expected));
    expect("predictions of all cells and genes, share of the largest",
           difference(unmasked->outputs(), std::span<const float>(expected)) / largest_prediction_,
           kTolerance);
    const auto batch = draw_batch(model_, sizes_.batch, context_.seed, 0);
    const auto subset = draw_subset(model_, sizes_.long_set_size, context_.seed);
    const auto masked = model_.begin(subset, batch, genes);
    const auto dense = dense_.predict(study_cells(batch), subset);
    expect(fmt::format("predictions with {} peaks masked", subset.size()),
           difference(masked->outputs(), std::span<const float>(dense)) / largest_prediction_,
           kTolerance);
  }

  void step(double beta) {
    const auto batch = draw_batch(model_, sizes_.batch, context_.seed, 1);
    const auto subset = draw_subset(model_, sizes_.set_size, context_.seed);
    const size_t coordinate = subset.size() / 2;
    const Objective objective = make_search(model_, cells_.target, beta);
    const Objective part = objective.on(batch);
    const auto fast_gains = gains(part, *begin(part, subset));
    const auto fast = step_on_batch(objective, *begin(objective, subset), batch, subset, coordinate,
                                    search_options(sizes_));

    const auto problem = dense_.problem(study_cells(batch), cells_.target, beta);
    const auto dense_gains = dense_.gains(problem, subset);
    const auto dense_values = dense_.values(problem, subset, coordinate, fast.candidates);
    expect(fmt::format("d_j of all peaks at beta {}, share of the largest", beta),
           difference(std::span<const double>(fast_gains), std::span<const double>(dense_gains)) /
               largest(std::span<const double>(dense_gains)),
           kTolerance);
    expect(fmt::format("values of {} candidates at beta {}, share of the largest",
                       fast.candidates.size(), beta),
           difference(std::span<const double>(fast.values), std::span<const double>(dense_values)) /
               largest(std::span<const double>(dense_values)),
           kTolerance);
  }

  std::vector<int32_t> training_cells() const {
    auto training = cells_.study.cells_of(Split::kTrain);
    RandomStream(context_.seed, Purpose::kBenchmark, 0, 3).shuffle(std::span(training));
    training.resize(std::min(training.size(), at(sizes_.training_batch)));
    return training;
  }

  void training() {
    const auto batch = training_cells();
    const auto fast = fast_training_gradients(cells_.study, cells_.file, batch, context_);
    const auto dense = dense_.training_gradients(batch, fast.closed);
    expect("loss of an ATAC training step, relative",
           std::abs(fast.loss - dense.loss) / std::abs(dense.loss), kTolerance);
    expect_same("the same parameters have gradients",
                std::equal(fast.gradients.begin(), fast.gradients.end(), dense.gradients.begin(),
                           dense.gradients.end(),
                           [](const auto& a, const auto& b) { return a.first == b.first; }));
    double scale = 0, worst = 0;
    for (const auto& [name, gradient] : dense.gradients) {
      scale = std::max(scale, largest(floats(gradient)));
      worst = std::max(worst, difference(floats(fast.gradients.at(name)), floats(gradient)));
    }
    expect(fmt::format("gradients of {} parameters, share of the largest entry",
                       dense.gradients.size()),
           worst / scale, kTolerance);
  }

  struct Pair {
    Feature peak = 0;
    int32_t gene = 0;
  };

  /// Peaks that are open in at least one of the cells, and any gene.
  std::vector<Pair> draw_pairs() const {
    RandomStream random(context_.seed, Purpose::kBenchmark, 0, 4);
    std::vector<Pair> pairs;
    while (std::ssize(pairs) < sizes_.check_pairs) {
      const auto peak =
          static_cast<Feature>(random.below(static_cast<uint32_t>(model_.shape().features)));
      const auto gene =
          static_cast<int32_t>(random.below(static_cast<uint32_t>(model_.shape().outputs)));
      if (!model_.cells_of_peaks().row(peak).empty()) pairs.push_back({peak, gene});
    }
    return pairs;
  }

  /// Changes of the mean prediction over all cells, one a pair.
  std::vector<double> fast_changes(const SurrogateModel& model, std::span<const Pair> pairs) const {
    std::vector<int32_t> all(cells_.cells.size()), genes(at(model.shape().outputs));
    std::iota(all.begin(), all.end(), 0);
    std::iota(genes.begin(), genes.end(), 0);
    const auto state = model.begin({}, all, genes);
    std::vector<Feature> peaks;
    for (const Pair& pair : pairs) peaks.push_back(pair.peak);
    std::vector<double> result(pairs.size());
    state->summed_changes(peaks, clamped_outputs(model.shape().outputs),
                          [&](size_t i, int64_t, std::span<const double> changes) {
                            result[i] =
                                changes[at(pairs[i].gene)] / static_cast<double>(all.size());
                          });
    return result;
  }

  /// The same for one pair by masking the peak and predicting again. In cells where the peak is
  /// closed nothing is masked and nothing changes.
  template <typename Predict>
  double masked_change(const Pair& pair, const Predict& predict) const {
    const auto open = model_.cells_of_peaks().row(pair.peak);
    double change = 0;
    const std::vector<float> before = predict(open, std::span<const Feature>());
    const std::vector<float> after = predict(open, std::span(&pair.peak, 1));
    for (size_t i = 0; i < before.size(); ++i) change += double{after[i]} - double{before[i]};
    return change / static_cast<double>(cells_.cells.size());
  }

  void knockout() {
    const auto pairs = draw_pairs();
    const auto fast = fast_changes(model_, pairs);
    double worst = 0, worst_dense = 0;
    for (size_t i = 0; i < pairs.size(); ++i) {
      const Pair& pair = pairs[i];
      const OutputLayer layer = cells_.surrogate.output_layer(std::span(&pair.gene, 1));
      const double again =
          masked_change(pair, [&](std::span<const int32_t> rows, std::span<const Feature> masked) {
            const CsrPattern open = close_peaks(select_rows(model_.open(), rows), masked);
            return cells_.surrogate.predict(context_.pool, open, layer);
          });
      worst = std::max(worst, std::abs(fast[i] - again) / largest_prediction_);
      if (static_cast<int64_t>(i) >= sizes_.dense_pairs) continue;
      const double dense = masked_change(pair, [&](std::span<const int32_t> rows,
                                                   std::span<const Feature> masked) {
        const auto all = dense_.predict(study_cells(rows), masked);
        std::vector<float> result;
        for (size_t row = 0; row < rows.size(); ++row) {
          result.push_back(std::max(0.0f, all[row * at(model_.shape().outputs) + at(pair.gene)]));
        }
        return result;
      });
      worst_dense = std::max(worst_dense, std::abs(fast[i] - dense) / largest_prediction_);
    }
    expect(fmt::format("{} single knock-outs against masking and predicting again, share of the "
                       "largest prediction",
                       pairs.size()),
           worst, kTolerance);
    expect(fmt::format("{} of them against the dense formulation",
                       std::min(sizes_.dense_pairs, sizes_.check_pairs)),
           worst_dense, kTolerance);
    figures_.add(
        {"max_error",
         std::max(worst, worst_dense),
         "",
         {},
         "knock-out against masking and predicting again, share of the largest prediction"});
  }

  /// Everything that the fast paths compute here, with a given number of threads.
  struct Everything {
    std::vector<float> outputs;
    std::vector<double> numbers;
    std::vector<Feature> subset;
    std::map<std::string, Tensor> gradients;
  };

  Everything compute_with(int threads) const {
    ThreadPool pool(threads);
    const Context context{context_.seed, pool, context_.reporter, context_.cancelled};
    const SurrogateModel model = make_model(cells_, pool);
    Everything result;
    const auto batch = draw_batch(model, sizes_.batch, context_.seed, 2);
    const auto subset = draw_subset(model, sizes_.set_size, context_.seed);
    for (const double beta : {0.0, kBeta}) {
      Objective objective = make_search(model, cells_.target, beta);
      const Objective part = objective.on(batch);
      const auto state = begin(part, subset);
      result.outputs.insert(result.outputs.end(), state->outputs().begin(), state->outputs().end());
      const auto some = gains(part, *state);
      result.numbers.insert(result.numbers.end(), some.begin(), some.end());
      const auto step = step_on_batch(objective, *begin(objective, subset), batch, subset, 0,
                                      search_options(sizes_));
      result.numbers.insert(result.numbers.end(), step.values.begin(), step.values.end());
    }
    Objective objective = make_search(model, cells_.target, 0);
    SearchOptions options = search_options(sizes_);
    options.max_steps = 2 * options.set_size;
    const auto found = coordinate_descent(objective, options, context);
    result.subset = found.subset;
    result.numbers.push_back(found.value);
    auto pairs = draw_pairs();
    pairs.resize(std::min<size_t>(pairs.size(), 100));
    const auto changes = fast_changes(model, pairs);
    result.numbers.insert(result.numbers.end(), changes.begin(), changes.end());
    auto training = fast_training_gradients(cells_.study, cells_.file, training_cells(), context);
    result.numbers.push_back(training.loss);
    result.gradients = std::move(training.gradients);
    return result;
  }

  void threads() {
    const Everything one = compute_with(1), two = compute_with(2);
    const auto same_bytes = [](const auto& a, const auto& b) {
      return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
    };
    expect_same("predictions of 1 and 2 threads, to the last bit",
                same_bytes(one.outputs, two.outputs));
    expect_same("d_j, values, search, knock-outs and losses of 1 and 2 threads, to the last bit",
                same_bytes(one.numbers, two.numbers) && one.subset == two.subset);
    bool same = one.gradients.size() == two.gradients.size();
    for (const auto& [name, gradient] : one.gradients) {
      same = same && same_bytes(gradient.bytes, two.gradients.at(name).bytes);
    }
    expect_same("gradients of a training step of 1 and 2 threads, to the last bit", same);
  }

  const Cells& cells_;
  const Settings& settings_;
  const Sizes& sizes_;
  const Context& context_;
  Figures& figures_;
  DenseFormulation dense_;
  SurrogateModel model_;
  double largest_prediction_ = 0;
  Problems failures_;
};

}  // namespace

void run_checks(const Cells& cells, const Settings& settings, const Sizes& sizes,
                const Context& context, Figures& figures) {
  Checks(cells, settings, sizes, context, figures).run();
}

}  // namespace grids::bench
