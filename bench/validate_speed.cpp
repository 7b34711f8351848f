// What validation costs: 1,000 sets of 10 and of 128 peaks, each in one of seven cell types, among
// 127,213 peaks of a made-up genome, beside 20,000 loops and 20,000 places. Prints seconds for
// each.
#include <fmt/core.h>

#include <string>
#include <vector>

#include "base/at.hpp"
#include "base/context.hpp"
#include "base/random.hpp"
#include "io/atomic_file.hpp"
#include "stopwatch.hpp"
#include "support/temp_folder.hpp"
#include "validate/loops.hpp"
#include "validate/near_gene.hpp"
#include "validate/planted_pairs.hpp"
#include "validate/variants.hpp"

namespace grids::core::bench {
namespace {

constexpr int kSets = 1000;
constexpr int kExperiments = 20'000;

Pairs sets_of(int64_t size) {
  Pairs pairs = test::made_up_genome(23, 5531, 1);
  RandomStream random(1, Purpose::kBenchmark, static_cast<uint64_t>(size));
  test::give_sets(pairs, size, random, test::any_peak);
  pairs.sets.resize(kSets);
  for (size_t i = 0; i < pairs.sets.size(); ++i) {
    pairs.sets[i].cell_type = fmt::format("type {}", i % 7);
  }
  return pairs;
}

std::string some_peak(const Pairs& pairs, RandomStream& random) {
  const auto& peak = pairs.peaks[random.below(static_cast<uint32_t>(pairs.peaks.size()))];
  return fmt::format("chr{}\t{}\t{}", peak.chromosome, peak.start - 2000, peak.end + 2000);
}

struct ExperimentFiles {
  test::TempFolder folder;
  std::filesystem::path loops = folder / "loops.bedpe";
  std::filesystem::path bed = folder / "places.bed";

  explicit ExperimentFiles(const Pairs& pairs) {
    RandomStream random(2, Purpose::kBenchmark);
    std::string bedpe, places;
    for (int i = 0; i < kExperiments; ++i) {
      bedpe += some_peak(pairs, random) + "\t" + some_peak(pairs, random) + "\n";
      places += some_peak(pairs, random) + "\n";
    }
    replace_file(loops, bedpe);
    replace_file(bed, places);
  }
};

void measure(int64_t size, const Context& context) {
  const Pairs pairs = sets_of(size);
  const ExperimentFiles files(pairs);
  Stopwatch watch;
  const auto near = near_gene_rows(pairs);
  const double distances = watch.lap();
  const auto looped = loop_rows(pairs, files.loops, 0, context);
  const double loops = watch.lap();
  const auto placed = bed_rows(pairs, files.bed, 0, context);
  const double places = watch.lap();
  fmt::print("L = {}: distances {:.2f} s, loops {:.2f} s, places {:.2f} s; {} rows {}\n", size,
             distances, loops, places, near.size() + looped.size() + placed.size(),
             watch.complaint());
}

}  // namespace
}  // namespace grids::core::bench

int main() {
  using namespace grids::core;
  ThreadPool pool(1);
  Reporter silent;
  const Context context{1, pool, silent, nullptr};
  for (const int64_t size : {10, 128}) bench::measure(size, context);
}
