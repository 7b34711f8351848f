// Readers of experiments that sets are held against: the first byte tells which.
#include <array>
#include <cmath>

#include "fuzz.hpp"
#include "io/fasta.hpp"
#include "io/peak_list.hpp"
#include "validate/combinations.hpp"
#include "validate/loops.hpp"
#include "validate/motif.hpp"
#include "validate/screen.hpp"
#include "validate/variants.hpp"

namespace {

using namespace grids::core;
using Path = std::filesystem::path;

/// What an experiment says of effects is worked out from any numbers that its reader lets pass.
void combinations(const Path& path) {
  for (const auto& combination : read_combinations(path)) {
    const auto measured = measure_combination(combination);
    if (std::isfinite(measured.share.low) && measured.share.low > measured.share.high) std::abort();
  }
}

void screen(const Path& path) {
  const Screen screen = read_screen(path);
  for (const auto& pair : screen.pairs) {
    if (pair.power.size() != screen.effects.size()) std::abort();
  }
  screen_cell_types(screen);
}

void loops(const Path& path) {
  for (const auto& loop : read_loops(path)) {
    for (const auto& anchor : {loop.first, loop.second}) {
      if (anchor.start < 0 || anchor.end <= anchor.start) std::abort();
    }
  }
}

void variants(const Path& path) {
  read_variants(path, 0.1);
}

void places(const Path& path) {
  peak_intervals(read_peak_list(path), "places");
}

void motifs(const Path& path) {
  for (const auto& motif : read_motifs(path)) motif_factors(motif);
}

void sequences(const Path& path) {
  const std::array<Interval, 3> wanted = {Interval{"chr1", 0, 5}, Interval{"chr1", 3, 1 << 20},
                                          Interval{"2", 7, 9}};
  const auto read = read_sequences(path, wanted);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (static_cast<int64_t>(read[i].size()) != wanted[i].end - wanted[i].start) std::abort();
  }
}

constexpr std::array kReaders = {combinations, screen, loops, variants, places, motifs, sequences};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const grids::core::fuzz::Input input(data + 1, size - 1);
  const auto& reader = kReaders[data[0] % kReaders.size()];
  grids::core::fuzz::attempt([&] { reader(input.path()); });
  return 0;
}
