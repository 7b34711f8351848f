#include "prepare/barcodes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/at.hpp"
#include "prepare/match_cells.hpp"

namespace grids::core {
namespace {

constexpr size_t kFewestBases = 8;
/// The barcodes that 10x's multiome has, of 16 bases; those of its other kits are more.
constexpr double kTenxBarcodes = 736320;
constexpr size_t kTenxLength = 16;

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A name without its trailing number, and that: "AAAC" and "1" of "AAAC-1".
struct Stem {
  std::string_view name;
  std::string_view suffix;
};

Stem stem_of(std::string_view barcode) {
  const auto dash = barcode.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || !all_digits(barcode.substr(dash + 1))) {
    return {barcode, {}};
  }
  return {barcode.substr(0, dash), barcode.substr(dash + 1)};
}

/// The row of each name; -1 where several names are one.
using Rows = std::unordered_map<std::string_view, int32_t>;

template <typename Key>
Rows rows_by(std::span<const std::string> names, Key&& key) {
  Rows rows;
  rows.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    const auto [entry, is_new] = rows.emplace(key(names[i]), static_cast<int32_t>(i));
    if (!is_new) entry->second = -1;
  }
  return rows;
}

bool is_base(char c) {
  return std::string_view("ACGTN").find(c) != std::string_view::npos;
}

/// How many names two lists drawn from 10x's barcodes have in common by chance; 0 for others.
double by_chance(std::span<const std::string> a, int64_t of_a, std::span<const std::string> b,
                 int64_t of_b) {
  for (const auto& names : {a, b}) {
    if (names.empty() || bases_of(names[0]).size() != kTenxLength) return 0;
  }
  return static_cast<double>(of_a) * static_cast<double>(of_b) / kTenxBarcodes;
}

/// The lookup without trailing numbers of what is left after that of whole names.
class StemSearch {
 public:
  StemSearch(std::span<const std::string> barcodes, std::span<const std::string> index,
             FoundBarcodes& result)
      : barcodes_(barcodes), index_(index), result_(result) {}

  void run() {
    count_left();
    const auto stem = [](const std::string& name) { return stem_of(name).name; };
    const auto own = rows_by(barcodes_, stem);
    const auto others = rows_by(index_, stem);
    for (size_t i = 0; i < barcodes_.size(); ++i) {
      if (result_.row[i] >= 0) continue;
      const auto [name, suffix] = stem_of(barcodes_[i]);
      const auto found = others.find(name);
      if (found == others.end()) continue;
      if (found->second < 0 || own.at(name) < 0) {
        ++result_.doubtful;
        continue;
      }
      pairs_[{suffix, stem_of(index_[at(found->second)]).suffix}].emplace_back(i, found->second);
    }
    for (const auto& [suffixes, pairs] : pairs_) take(suffixes, pairs);
  }

 private:
  using Pairs = std::vector<std::pair<size_t, int32_t>>;
  using Suffixes = std::pair<std::string_view, std::string_view>;

  void count_left() {
    std::vector<bool> used(index_.size());
    for (size_t i = 0; i < barcodes_.size(); ++i) {
      if (result_.row[i] >= 0) {
        used[at(result_.row[i])] = true;
      } else {
        ++left_[stem_of(barcodes_[i]).suffix];
      }
    }
    for (size_t i = 0; i < index_.size(); ++i) {
      if (!used[i]) ++left_of_index_[stem_of(index_[i]).suffix];
    }
  }

  void take(const Suffixes& suffixes, const Pairs& pairs) {
    const int64_t left = left_[suffixes.first];
    const int64_t others = left_of_index_[suffixes.second];
    const auto count = static_cast<int64_t>(pairs.size());
    const bool most = 2 * count >= std::min(left, others);
    const double chance = by_chance(barcodes_, left, index_, others);
    if (!most || static_cast<double>(count) < 2 * chance) {
      result_.doubtful += count;
      return;
    }
    for (const auto& [barcode, row] : pairs) result_.row[barcode] = row;
    result_.found += count;
    result_.without_suffix += count;
  }

  std::span<const std::string> barcodes_;
  std::span<const std::string> index_;
  FoundBarcodes& result_;
  std::map<std::string_view, int64_t> left_;
  std::map<std::string_view, int64_t> left_of_index_;
  std::map<Suffixes, Pairs> pairs_;
};

std::string reverse_complement(std::string_view bases) {
  std::string result(bases.rbegin(), bases.rend());
  for (char& base : result) {
    constexpr std::string_view kFrom = "ACGTN", kTo = "TGCAN";
    base = kTo[kFrom.find(base)];
  }
  return result;
}

/// Names of two lists of which a part is the same.
struct SamePart {
  int64_t count = 0;
  std::string_view a, b;  ///< the first two
};

/// Where at least half of the shorter list has a partner.
template <typename OfA, typename OfB>
SamePart same_part(const NamedList& a, const NamedList& b, OfA&& of_a, OfB&& of_b) {
  std::unordered_map<std::string, size_t> rows;
  for (size_t i = 0; i < b.names.size(); ++i) {
    auto part = of_b(b.names[i]);
    if (!part.empty()) rows.emplace(std::move(part), i);
  }
  SamePart result;
  for (const auto& name : a.names) {
    const auto found = rows.find(of_a(name));
    if (found == rows.end()) continue;
    if (result.count++ == 0) {
      result.a = name;
      result.b = b.names[found->second];
    }
  }
  const auto shorter = static_cast<int64_t>(std::min(a.names.size(), b.names.size()));
  return 2 * result.count >= shorter ? result : SamePart();
}

/// Who puts what around the bases of a barcode, and the pattern that takes it away.
struct Habit {
  std::string who;
  std::string pattern;
};

std::string quoted_for_pattern(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view(R"(.^$*+?()[]{}|\)").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// Whether two trailing numbers follow each other: "AAAC-1-0".
bool has_two_numbers(std::string_view behind) {
  const auto outer = stem_of(behind);
  const auto first = outer.name.find('-');
  return !outer.suffix.empty() && first != std::string_view::npos &&
         all_digits(outer.name.substr(first + 1));
}

Habit habit_of(std::string_view name) {
  const auto bases = bases_of(name);
  const auto begin = static_cast<size_t>(bases.data() - name.data());
  const auto before = name.substr(0, begin), behind = name.substr(begin + bases.size());
  if (before.ends_with('#')) return {"SAMPLE# in front, as ArchR does", "^.*#"};
  if (behind.find("___") != std::string_view::npos) {
    return {"___SAMPLE behind, as pycisTopic does", "___.*$"};
  }
  for (const std::string_view word : {"_rna", "_atac", "_gex", "_RNA", "_ATAC", "_GEX"}) {
    if (behind.ends_with(word)) {
      return {fmt::format("the modality behind ({})", word), fmt::format("{}$", word)};
    }
  }
  if (has_two_numbers(behind)) return {"one more number, as AnnData's concat does", R"(-\d+$)"};
  if (!before.empty()) {
    return {fmt::format("'{}' in front", before), "^" + quoted_for_pattern(before)};
  }
  return {};
}

std::string remedy(const NamedList& list, const Habit& habit) {
  if (habit.pattern.empty()) return {};
  return fmt::format(
      "; {} has {}: take it away where it does not tell samples apart, for example in Python: "
      "adata.obs_names = adata.obs_names.str.replace(r'{}', '', regex=True)",
      list.source, habit.who, habit.pattern);
}

std::string spelt(const SamePart& part, const NamedList& a, const NamedList& b) {
  return fmt::format("{} of the cells seem to be the same ones, spelt '{}' in {} and '{}' in {}",
                     part.count, part.a, a.source, part.b, b.source);
}

/// "R1.01,R2.02,R3.03,P1.04" → "R1.01,R2.02,R3.03": the library (P1) of SHARE-seq is another of
/// either modality.
std::string without_library(std::string_view name) {
  const auto comma = name.rfind(",P1.");
  return comma == std::string_view::npos ? std::string() : std::string(name.substr(0, comma));
}

}  // namespace

std::string_view bases_of(std::string_view barcode) {
  std::string_view longest;
  for (size_t i = 0; i < barcode.size();) {
    size_t end = i;
    while (end < barcode.size() && is_base(barcode[end])) ++end;
    if (end - i > longest.size()) longest = barcode.substr(i, end - i);
    i = end + 1;
  }
  return longest.size() < kFewestBases ? std::string_view() : longest;
}

FoundBarcodes find_barcodes(std::span<const std::string> barcodes,
                            std::span<const std::string> index) {
  FoundBarcodes result;
  result.row.assign(barcodes.size(), -1);
  const auto rows = rows_by(index, [](const std::string& name) { return std::string_view(name); });
  for (size_t i = 0; i < barcodes.size(); ++i) {
    const auto found = rows.find(barcodes[i]);
    if (found == rows.end() || found->second < 0) continue;
    result.row[i] = found->second;
    ++result.found;
  }
  const auto all = static_cast<int64_t>(std::min(barcodes.size(), index.size()));
  if (result.found < all) StemSearch(barcodes, index, result).run();
  return result;
}

Overlap judge_overlap(const NamedList& a, const NamedList& b, int64_t found) {
  const auto shorter = static_cast<int64_t>(std::min(a.names.size(), b.names.size()));
  if (2 * found >= shorter) return {};
  Overlap result;
  const bool hardly = 10 * found < shorter;
  result.verdict = hardly ? Overlap::Verdict::kHardlyAny : Overlap::Verdict::kFew;
  result.message = fmt::format(
      "only {} cells ({:.1f} % of the fewer) are in both {} ({}: {}) and {} ({}: {})", found,
      100.0 * static_cast<double>(found) / static_cast<double>(shorter), a.source, a.names.size(),
      examples(a.names), b.source, b.names.size(), examples(b.names));
  const double chance = by_chance(a.names, std::ssize(a.names), b.names, std::ssize(b.names));
  if (chance >= 1) {
    result.message +=
        fmt::format("; by chance two samples have about {:.0f} barcodes in common", chance);
  }
  const auto hint = spelling_hint(a, b);
  result.message += hint.empty() ? "; give files of one sample" : "; " + hint;
  return result;
}

std::string spelling_hint(const NamedList& a, const NamedList& b) {
  const auto bases = [](const std::string& name) { return std::string(bases_of(name)); };
  if (const auto part = same_part(a, b, bases, bases); part.count > 0) {
    return spelt(part, a, b) + remedy(a, habit_of(part.a)) + remedy(b, habit_of(part.b));
  }
  const auto reversed = [](const std::string& name) { return reverse_complement(bases_of(name)); };
  if (const auto part = same_part(a, b, reversed, bases); part.count > 0) {
    return spelt(part, a, b) + ", the one the reverse complement of the other";
  }
  const auto rounds = [](const std::string& name) { return without_library(name); };
  if (const auto part = same_part(a, b, rounds, rounds); part.count > 0) {
    return spelt(part, a, b) +
           "; P1 is the library, which SHARE-seq numbers apart for RNA and ATAC: write that of the "
           "one as the other's by the authors' list of pairs";
  }
  return {};
}

}  // namespace grids::core
