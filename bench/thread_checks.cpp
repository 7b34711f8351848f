#include <cstring>

#include "checks.hpp"
#include "fast_training.hpp"

namespace grids::core::bench {
namespace {

/// Everything that the fast paths compute.
struct Everything {
  std::vector<float> outputs;
  std::vector<double> numbers;  ///< d_j, candidate values, the search's value, changes, the loss
  std::vector<Feature> subset;  ///< that a search found
  std::map<std::string, Tensor> gradients;
};

template <typename From, typename To>
void append(const From& from, To& to) {
  to.insert(to.end(), from.begin(), from.end());
}

Everything compute_with(int threads, const CheckBench& bench) {
  ThreadPool pool(threads);
  const Context context{bench.context.seed, pool, bench.context.reporter, bench.context.cancelled};
  const SurrogateModel model = make_model(bench.cells, pool);
  const auto options = search_options(bench.sizes);
  const auto batch = draw_batch(model, bench.sizes.batch, context.seed, 2);
  const auto subset = draw_subset(model, bench.sizes.set_size, context.seed);
  Everything result;
  for (const double beta : {0.0, kBeta}) {
    const Objective objective = make_search(model, bench.cells.target, beta);
    Objective part = objective.on(batch);
    const auto state = begin(part, subset);
    append(state->outputs(), result.outputs);
    append(gains(part, *state), result.numbers);
    append(
        step_on_batch(objective, *begin(objective, subset), batch, subset, 0, options).step.values,
        result.numbers);
  }
  Objective objective = make_search(model, bench.cells.target, 0);
  SearchOptions search = options;
  search.max_steps = 2 * options.set_size;
  const auto found = coordinate_descent(objective, search, context);
  result.subset = found.subset;
  result.numbers.push_back(found.value);
  constexpr int64_t kPairs = 100;
  append(knockout_changes(
             model, draw_pairs(model, std::min(kPairs, bench.sizes.check_pairs), context.seed)),
         result.numbers);
  auto training =
      fast_training_gradients(bench.cells.study, bench.cells.file,
                              training_batch(bench.cells, bench.sizes, context.seed), context);
  result.numbers.push_back(training.loss);
  result.gradients = std::move(training.gradients);
  return result;
}

template <typename T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace

void check_threads(const CheckBench& bench) {
  const Everything one = compute_with(1, bench), two = compute_with(2, bench);
  bench.list.expect("predictions of 1 and 2 threads, to the last bit",
                    same_bytes(one.outputs, two.outputs));
  bench.list.expect("d_j, values, search, knock-outs and losses of 1 and 2 threads, likewise",
                    same_bytes(one.numbers, two.numbers) && one.subset == two.subset);
  bool same = one.gradients.size() == two.gradients.size();
  for (const auto& [name, gradient] : one.gradients) {
    const auto other = two.gradients.find(name);
    same = same && other != two.gradients.end() && same_bytes(gradient.bytes, other->second.bytes);
  }
  bench.list.expect("gradients of a training step of 1 and 2 threads, likewise", same);
}

}  // namespace grids::core::bench
