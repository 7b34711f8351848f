#include "redundancy/control_studies.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/random.hpp"
#include "cis/cis_rows.hpp"
#include "math/neighbours.hpp"

namespace grids::core {
namespace {

// Streams of Purpose::kRedundancy that no set has.
constexpr uint64_t kDecoys = 0xdec0'0000'0000'0001;
constexpr uint64_t kPermuted = 0xdec0'0000'0000'0002;
constexpr uint64_t kNeighbours = 0xdec0'0000'0000'0003;
constexpr int64_t kDeciles = 10;

/// Of a window: log of how many peaks, log of how open they are, and of how that differs.
using WindowTraits = std::array<double, 3>;

/// How often each peak is open in each type, types × peaks.
std::vector<double> openness_by_type(const Study& study) {
  const size_t types = std::max<size_t>(1, study.cells.type.names.size());
  const size_t peaks = at(study.peaks.size());
  std::vector<double> share(types * peaks), cells(types);
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    const auto type = at(study.cells.type.codes[at(cell)]);
    cells[type] += 1;
    for (const int32_t peak : study.open.row(cell)) share[type * peaks + at(peak)] += 1;
  }
  for (size_t type = 0; type < types; ++type) {
    for (size_t peak = 0; peak < peaks; ++peak) {
      share[type * peaks + peak] /= std::max(1.0, cells[type]);
    }
  }
  return share;
}

WindowTraits traits_of(const Study& study, const std::vector<double>& share, int32_t gene,
                       int64_t window) {
  const auto peaks = window_peaks(study, gene, window);
  const size_t count = at(study.peaks.size());
  const size_t types = share.size() / std::max<size_t>(1, count);
  double open = 0, differs = 0;
  for (const int32_t peak : peaks) {
    double sum = 0, squares = 0;
    for (size_t type = 0; type < types; ++type) {
      const double value = share[type * count + at(peak)];
      sum += value;
      squares += value * value;
    }
    const double mean = sum / static_cast<double>(types);
    open += mean;
    differs += std::max(0.0, squares / static_cast<double>(types) - mean * mean);
  }
  const double n = std::max<double>(1, static_cast<double>(peaks.size()));
  constexpr double kFaint = 1e-6;
  return {std::log1p(static_cast<double>(peaks.size())), std::log(open / n + kFaint),
          std::log(differs / n + kFaint)};
}

/// Each trait with variance 1 over the genes.
void standardise(std::vector<WindowTraits>& traits) {
  for (size_t k = 0; k < std::tuple_size_v<WindowTraits>; ++k) {
    double sum = 0, squares = 0;
    for (const auto& own : traits) {
      sum += own[k];
      squares += own[k] * own[k];
    }
    const auto n = static_cast<double>(traits.size());
    const double variance = squares / n - (sum / n) * (sum / n);
    const double scale = variance > 0 ? 1 / std::sqrt(variance) : 0;
    for (auto& own : traits) own[k] *= scale;
  }
}

double distance(const WindowTraits& a, const WindowTraits& b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum;
}

void place_like(const GeneTable& from, size_t other, size_t gene, GeneTable& genes) {
  genes.chromosome[gene] = from.chromosome[other];
  genes.start[gene] = from.start[other];
  genes.end[gene] = from.end[other];
  genes.strand[gene] = from.strand[other];
  if (!genes.further_sites.empty()) genes.further_sites[gene] = from.further_sites[other];
}

/// The study with cell i in the chromatin of cell `of[i]`.
ControlStudy with_chromatin(const Study& study, const std::vector<int32_t>& of) {
  ControlStudy control{study, 0};
  control.study.open = select_rows(study.open, of);
  for (size_t i = 0; i < of.size(); ++i) {
    control.study.cells.open_peaks[i] = study.cells.open_peaks[at(of[i])];
    control.share_moved += of[i] != static_cast<int32_t>(i) ? 1 : 0;
  }
  control.share_moved /= std::max<double>(1, static_cast<double>(of.size()));
  return control;
}

/// Cells that may swap: alike in part of the split, type and batch.
std::map<std::tuple<Split, int32_t, int32_t>, std::vector<int32_t>> groups_of(const Study& study) {
  std::map<std::tuple<Split, int32_t, int32_t>, std::vector<int32_t>> groups;
  const auto& cells = study.cells;
  for (int32_t cell = 0; cell < cells.size(); ++cell) {
    groups[{cells.split[at(cell)], cells.type.codes[at(cell)],
            cells.batch.empty() ? 0 : cells.batch.codes[at(cell)]}]
        .push_back(cell);
  }
  return groups;
}

}  // namespace

std::string why_no_decoys(const Study& study) {
  const std::string* first = nullptr;
  for (int32_t gene = 0; gene < study.genes.size(); ++gene) {
    if (!study.genes.has_position(gene)) continue;
    const auto& own = study.genes.chromosome[at(gene)];
    if (first == nullptr) first = &own;
    if (own != *first) return "";
  }
  return first == nullptr
             ? "decoy windows need genes with positions"
             : "decoy windows need genes on two chromosomes or more; all lie on " + *first;
}

ControlStudy decoy_windows(const Study& study, int64_t window, const Context& context) {
  std::vector<int32_t> placed;
  for (int32_t gene = 0; gene < study.genes.size(); ++gene) {
    if (study.genes.has_position(gene)) placed.push_back(gene);
  }
  const auto problem = why_no_decoys(study);
  if (!problem.empty()) throw input_error("{}; leave out --negative-control", problem);
  const auto share = openness_by_type(study);
  std::vector<WindowTraits> traits(placed.size());
  context.pool.for_each(std::ssize(placed), [&](int64_t i) {
    traits[at(i)] = traits_of(study, share, placed[at(i)], window);
  });
  standardise(traits);
  std::vector<int32_t> order = indices_below(std::ssize(placed));
  RandomStream random(context.seed, Purpose::kRedundancy, kDecoys);
  random.shuffle(std::span(order));
  ControlStudy control{study, 0};
  std::vector<uint8_t> taken(placed.size());
  for (const int32_t i : order) {
    const auto gene = at(placed[at(i)]);
    size_t best = placed.size();
    for (size_t j = 0; j < placed.size(); ++j) {
      const bool elsewhere = study.genes.chromosome[at(placed[j])] != study.genes.chromosome[gene];
      if (taken[j] != 0 || !elsewhere) continue;
      if (best == placed.size() ||
          distance(traits[at(i)], traits[j]) < distance(traits[at(i)], traits[best])) {
        best = j;
      }
    }
    if (best == placed.size()) {
      control.study.genes.chromosome[gene].clear();
      continue;
    }
    taken[best] = 1;
    place_like(study.genes, at(placed[best]), gene, control.study.genes);
    control.share_moved += 1 / static_cast<double>(placed.size());
  }
  return control;
}

ControlStudy permuted_chromatin(const Study& study, const Context& context) {
  auto of = indices_below(study.cells.size());
  RandomStream random(context.seed, Purpose::kRedundancy, kPermuted);
  for (auto& [key, cells] : groups_of(study)) {
    std::stable_sort(cells.begin(), cells.end(), [&](int32_t a, int32_t b) {
      return study.cells.open_peaks[at(a)] < study.cells.open_peaks[at(b)];
    });
    const auto size = std::ssize(cells);
    for (int64_t decile = 0; decile < kDeciles; ++decile) {
      const auto begin = at(size * decile / kDeciles), end = at(size * (decile + 1) / kDeciles);
      std::vector<int32_t> part(cells.begin() + static_cast<std::ptrdiff_t>(begin),
                                cells.begin() + static_cast<std::ptrdiff_t>(end));
      random.shuffle(std::span(part));
      // One circle through all of them: nobody keeps his own.
      for (size_t i = 0; i < part.size(); ++i) of[at(part[i])] = part[(i + 1) % part.size()];
    }
  }
  return with_chromatin(study, of);
}

ControlStudy swapped_with_neighbours(const Study& study, std::span<const float> latents,
                                     int64_t neighbours, const Context& context) {
  auto of = indices_below(study.cells.size());
  const size_t width = latents.size() / std::max<size_t>(1, of.size());
  RandomStream random(context.seed, Purpose::kRedundancy, kNeighbours);
  for (const auto& [key, cells] : groups_of(study)) {
    if (cells.size() < 2) continue;
    std::vector<float> points;
    for (const int32_t cell : cells) {
      const auto row = latents.subspan(at(cell) * width, width);
      points.insert(points.end(), row.begin(), row.end());
    }
    const auto near = nearest_neighbours(points, static_cast<int64_t>(width),
                                         {neighbours, Distance::kEuclidean}, context);
    auto order = indices_below(std::ssize(cells));
    random.shuffle(std::span(order));
    std::vector<uint8_t> swapped(cells.size());
    for (const int32_t i : order) {
      if (swapped[at(i)] != 0) continue;
      std::vector<int32_t> free;
      for (const int32_t j : near.of(i)) {
        if (swapped[at(j)] == 0) free.push_back(j);
      }
      if (free.empty()) continue;
      const int32_t j = free[random.below(static_cast<uint32_t>(free.size()))];
      std::swap(of[at(cells[at(i)])], of[at(cells[at(j)])]);
      swapped[at(i)] = swapped[at(j)] = 1;
    }
  }
  return with_chromatin(study, of);
}

Study some_cells(const Study& study, std::span<const int32_t> cells) {
  Study part = study;
  const auto chosen = [&](auto values) {
    if (values.empty()) return values;
    auto result = values;
    result.clear();
    for (const int32_t cell : cells) result.push_back(values[at(cell)]);
    return result;
  };
  part.cells.barcodes = chosen(study.cells.barcodes);
  part.cells.type.codes = chosen(study.cells.type.codes);
  part.cells.donor.codes = chosen(study.cells.donor.codes);
  part.cells.batch.codes = chosen(study.cells.batch.codes);
  part.cells.split = chosen(study.cells.split);
  part.cells.total_rna = chosen(study.cells.total_rna);
  part.cells.open_peaks = chosen(study.cells.open_peaks);
  part.cells.place = chosen(study.cells.place);
  part.cells.columns.clear();  // nothing is computed from what was kept for the user
  part.cells.embeddings.clear();
  part.open = select_rows(study.open, cells);
  part.expression = select_rows(study.expression, cells);
  if (study.has_counts()) part.counts = select_rows(study.counts, cells);
  return part;
}

}  // namespace grids::core
