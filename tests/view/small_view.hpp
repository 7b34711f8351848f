/// The small random study and surrogate as a viewer's, for tests.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "explain/small_study.hpp"
#include "support/temp_folder.hpp"
#include "view/session.hpp"

namespace grids::core::testing {

struct SmallView {
  explicit SmallView(int threads = 2)
      : pool(threads),
        context{7, pool, reporter},
        study(small_study()),
        folded(random_surrogate(small_shape(), 4)) {}

  StudySurrogate surrogate() const { return folded; }

  /// The one that the surrogate predicts highest.
  int32_t gene() {
    const auto predicted = folded.predict(pool, study.open, folded.output_layer());
    std::vector<double> sums(static_cast<size_t>(study.genes.size()), 0.0);
    for (size_t i = 0; i < predicted.size(); ++i) sums[i % sums.size()] += predicted[i];
    return static_cast<int32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
  }

  ThreadPool pool;
  Reporter reporter;
  Context context;
  Study study;
  FoldedSurrogate folded;
};

/// A folder of results in which nothing is but what a session puts there.
struct ViewFolder {
  test::TempFolder folder;
  std::filesystem::path path = folder.path();

  std::filesystem::path looks() const { return path / ".grids" / "view_looks.tsv"; }
};

}  // namespace grids::core::testing
