#include "base/suggestion.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace grids::core {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Insertions, deletions, replacements and exchanges of neighbours from one name to the other,
/// cases alike.
size_t edit_distance(std::string_view a, std::string_view b) {
  const std::string x = lower(a), y = lower(b);
  std::vector<size_t> before, last, row(y.size() + 1);  // of the letters i − 2, i − 1 and i
  std::iota(row.begin(), row.end(), 0u);
  for (size_t i = 1; i <= x.size(); ++i) {
    before = std::move(last);
    last = row;
    row[0] = i;
    for (size_t j = 1; j <= y.size(); ++j) {
      const size_t replaced = last[j - 1] + (x[i - 1] == y[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool exchanged = i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1];
      if (exchanged) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

/// Names that are suggested at most.
constexpr size_t kMostNames = 3;

}  // namespace

std::string suggestion(std::string_view name, const std::vector<std::string>& names) {
  const size_t limit = std::max<size_t>(1, name.size() / 3);
  std::vector<std::pair<size_t, std::string_view>> close;
  for (const auto& other : names) {
    const size_t distance = edit_distance(name, other);
    if (distance <= limit) close.emplace_back(distance, other);
  }
  std::stable_sort(close.begin(), close.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (close.empty()) return "";
  std::string text;
  const size_t count = std::min(kMostNames, close.size());
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += i + 1 == count ? " or " : ", ";
    text += fmt::format("'{}'", close[i].second);
  }
  return fmt::format(" (did you mean {}?)", text);
}

}  // namespace grids::core
