#include "io/fragment_cells.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/error.hpp"

namespace grids::core {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

}  // namespace

std::string_view without_trailing_number(std::string_view barcode) {
  const size_t dash = barcode.rfind('-');
  const bool numbered = dash != std::string_view::npos && is_digits(barcode.substr(dash + 1));
  return numbered ? barcode.substr(0, dash) : barcode;
}

FragmentCells::FragmentCells(std::span<const std::string> cells, const FragmentFile& file)
    : source_(file.path.string()) {
  // "-2" in the place of the "-1" that every barcode of one library ends in.
  const bool numbers_library =
      file.before.empty() && file.after.starts_with('-') && is_digits(file.after.substr(1));
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string_view core = cells[i];
    if (core.size() <= file.before.size() + file.after.size() || !core.starts_with(file.before) ||
        !core.ends_with(file.after)) {
      continue;
    }
    core.remove_prefix(file.before.size());
    core.remove_suffix(file.after.size());
    const auto row = static_cast<int32_t>(i);
    as_they_stand_.emplace(core, row);
    const auto base = without_trailing_number(core);
    if (numbers_library && base == core) as_they_stand_.emplace(std::string(core) + "-1", row);
    const auto [place, added] = bases_.emplace(base, row);
    if (!added) place->second = -1;
  }
}

void FragmentCells::look_at(std::span<const std::string> first) {
  const bool found = std::any_of(first.begin(), first.end(), [&](const std::string& barcode) {
    return as_they_stand_.contains(barcode);
  });
  if (found) return;
  std::set<std::string_view> seen;
  for (const auto& barcode : first) {
    const auto base = without_trailing_number(barcode);
    const auto place = bases_.find(base);
    if (place == bases_.end() || place->second < 0) continue;
    if (!seen.insert(base).second) {
      throw input_error(
          "reading {}: '{}' stands there with several trailing numbers, and cells of the RNA "
          "without: these are several libraries, of which cells cannot be told apart; name the "
          "cells of the RNA as the fragments do",
          source_, base);
    }
  }
  without_number_ = !seen.empty();
}

int32_t FragmentCells::find(std::string_view barcode) const {
  const auto& rows = without_number_ ? bases_ : as_they_stand_;
  const auto place = rows.find(without_number_ ? without_trailing_number(barcode) : barcode);
  return place == rows.end() ? -1 : place->second;
}

std::vector<int32_t> FragmentCells::possible() const {
  std::vector<int32_t> rows;
  rows.reserve(as_they_stand_.size());
  for (const auto& entry : as_they_stand_) rows.push_back(entry.second);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

}  // namespace grids::core
