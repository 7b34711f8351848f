#include "prepare/split_units.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/random.hpp"
#include "prepare/match_cells.hpp"

namespace grids::core {
namespace {

/// Orders that are drawn, and those that fit after which the search ends.
constexpr uint32_t kMostOrders = 20'000;
constexpr int kEnoughOrders = 200;
/// Of the streams of orders; those of types are numbered from 0.
constexpr uint64_t kOrderOfUnits = uint64_t{1} << 32;

using Parts = std::array<double, 3>;

/// Cells of each unit by type.
struct UnitCells {
  size_t types;
  std::vector<double> of_unit;  ///< units
  std::vector<double> of_type;  ///< units × types
  double all = 0;

  UnitCells(const Categorical& type, const Categorical& unit)
      : types(std::max<size_t>(1, type.names.size())),
        of_unit(unit.names.size()),
        of_type(unit.names.size() * types) {
    for (size_t cell = 0; cell < unit.codes.size(); ++cell) {
      const auto u = at(unit.codes[cell]);
      ++of_unit[u];
      ++of_type[u * types + (type.empty() ? 0 : at(type.codes[cell]))];
      ++all;
    }
  }

  bool has(size_t u, size_t type) const { return of_type[u * types + type] > 0; }
};

Parts shares_of(const SplitOptions& options) {
  return {options.train, options.validation, options.test};
}

/// Parts that are asked for, the smallest first: where units are few, it is the one to miss out.
std::vector<size_t> wanted_parts(const SplitOptions& options) {
  const Parts share = shares_of(options);
  std::vector<size_t> parts;
  for (size_t p = 0; p < share.size(); ++p) {
    if (share[p] > 0) parts.push_back(p);
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [&](size_t a, size_t b) { return share[a] < share[b]; });
  return parts;
}

/// The part of each unit.
std::vector<size_t> deal(const UnitCells& cells, std::span<const int32_t> order,
                         std::span<const size_t> parts, const Parts& share) {
  std::vector<size_t> part_of(order.size());
  Parts given{};
  for (size_t k = 0; k < order.size(); ++k) {
    const auto u = at(order[k]);
    size_t best = parts[std::min(k, parts.size() - 1)];
    if (k >= parts.size()) {
      const auto lag = [&](size_t p) { return share[p] * cells.all - given[p]; };
      for (const size_t p : parts) {
        if (lag(p) > lag(best)) best = p;
      }
    }
    part_of[u] = best;
    given[best] += cells.of_unit[u];
  }
  return part_of;
}

bool each_type_in_each_part(const UnitCells& cells, std::span<const size_t> part_of,
                            std::span<const size_t> parts) {
  for (size_t type = 0; type < cells.types; ++type) {
    std::array<bool, 3> in{};
    for (size_t u = 0; u < part_of.size(); ++u) {
      if (cells.has(u, type)) in[part_of[u]] = true;
    }
    if (!std::all_of(parts.begin(), parts.end(), [&](size_t p) { return in[p]; })) return false;
  }
  return true;
}

/// Cells that are in another part than their share has it, up to a factor.
double off_balance(const UnitCells& cells, std::span<const size_t> part_of, const Parts& share) {
  Parts given{};
  for (size_t u = 0; u < part_of.size(); ++u) given[part_of[u]] += cells.of_unit[u];
  double off = 0;
  for (size_t p = 0; p < given.size(); ++p) off += std::abs(given[p] - share[p] * cells.all);
  return off;
}

std::string plural(std::string_view word) {
  return word == "batch" ? "batches" : std::string(word) + "s";
}

std::vector<std::string> units_with(const UnitCells& cells, const Categorical& unit, size_t type) {
  std::vector<std::string> names;
  for (size_t u = 0; u < unit.names.size(); ++u) {
    if (cells.has(u, type)) names.push_back(unit.names[u]);
  }
  return names;
}

/// Types that are in at most `most` units, with those.
std::vector<std::string> rare_types(const UnitCells& cells, const Categorical& type,
                                    const Categorical& unit, size_t most) {
  std::vector<std::string> result;
  for (size_t t = 0; t < type.names.size(); ++t) {
    const auto names = units_with(cells, unit, t);
    if (names.size() <= most) {
      result.push_back(fmt::format("{} (in {})", type.names[t], examples(names, 5)));
    }
  }
  return result;
}

void require_splittable(const UnitCells& cells, const Categorical& type, const Categorical& unit,
                        std::string_view word, size_t parts) {
  const auto words = plural(word);
  if (unit.names.size() < kFewestUnits) {
    throw input_error(
        "--split-by {}: there are {} {} ({}), and {} or more are needed; split by cells (without "
        "--split-by)",
        word, unit.names.size(), words, examples(unit.names, 5), kFewestUnits);
  }
  const auto rare = rare_types(cells, type, unit, parts - 1);
  if (rare.empty()) return;
  throw input_error(
      "--split-by {}: each type must be in each of the {} parts, so in as many {} at least; these "
      "are not: {}; leave them out (--exclude-labels), join them to other types, or split by cells "
      "(without --split-by)",
      word, parts, words, examples(rare, 8));
}

}  // namespace

std::vector<Split> split_units(const Categorical& type, const Categorical& unit,
                               std::string_view word, const SplitOptions& options, uint64_t seed) {
  const UnitCells cells(type, unit);
  const auto parts = wanted_parts(options);
  require_splittable(cells, type, unit, word, parts.size());
  const Parts share = shares_of(options);
  std::vector<size_t> best;
  double least = 0;
  int fitting = 0;
  for (uint32_t draw = 0; draw < kMostOrders && fitting < kEnoughOrders; ++draw) {
    auto order = indices_below(std::ssize(unit.names));
    RandomStream random(seed, Purpose::kSplit, kOrderOfUnits, draw);
    random.shuffle(std::span(order));
    auto part_of = deal(cells, order, parts, share);
    if (!each_type_in_each_part(cells, part_of, parts)) continue;
    ++fitting;
    const double off = off_balance(cells, part_of, share);
    if (!best.empty() && off >= least) continue;
    best = std::move(part_of);
    least = off;
  }
  if (best.empty()) {
    throw input_error(
        "--split-by {}: in none of {} ways to deal {} {} to the parts was each type in each part; "
        "these are in few: {}; leave some of them out (--exclude-labels), join them to other "
        "types, or split by cells (without --split-by)",
        word, kMostOrders, unit.names.size(), plural(word),
        examples(rare_types(cells, type, unit, unit.names.size() / 2), 8));
  }
  std::vector<Split> result;
  for (const int32_t code : unit.codes) result.push_back(static_cast<Split>(best[at(code)]));
  return result;
}

std::vector<std::string> types_lacking_a_part(const CellTable& cells, const SplitOptions& options) {
  if (cells.type.empty()) return {};
  const auto parts = wanted_parts(options);
  std::vector<std::array<bool, 3>> in(cells.type.names.size());
  for (size_t cell = 0; cell < cells.split.size(); ++cell) {
    in[at(cells.type.codes[cell])][static_cast<size_t>(cells.split[cell])] = true;
  }
  std::vector<std::string> result;
  for (size_t type = 0; type < in.size(); ++type) {
    if (in[type] == std::array<bool, 3>{}) continue;  // none of these cells is of it
    const bool all = std::all_of(parts.begin(), parts.end(), [&](size_t p) { return in[type][p]; });
    if (!all) result.push_back(cells.type.names[type]);
  }
  return result;
}

}  // namespace grids::core
