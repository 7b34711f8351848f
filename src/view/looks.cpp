#include "view/looks.hpp"

#include <algorithm>
#include <iterator>

#include "base/error.hpp"
#include "view/kept_table.hpp"

namespace grids::core {
namespace {

Columns<Look> look_columns() {
  return {"view_looks.tsv",
          "a row for each set of peaks that was judged in test cells",
          {{"gene", "as the study names it", &Look::gene},
           {"cell_type", "whose test cells", &Look::cell_type},
           {"peaks", "of the set", &Look::peaks}}};
}

}  // namespace

LookBook::LookBook(std::filesystem::path file) : file_(std::move(file)) {
  with_context("how often test cells were looked at",
               [&] { looks_ = read_kept(file_, look_columns()); });
}

int64_t LookBook::of(const std::string& gene) const {
  return std::count_if(looks_.begin(), looks_.end(),
                       [&](const Look& look) { return look.gene == gene; });
}

std::vector<Look> LookBook::sets_of(const std::string& gene) const {
  std::vector<Look> sets;
  std::copy_if(looks_.begin(), looks_.end(), std::back_inserter(sets),
               [&](const Look& look) { return look.gene == gene; });
  return sets;
}

bool LookBook::spend(const Look& look) {
  if (std::find(looks_.begin(), looks_.end(), look) != looks_.end()) return false;
  looks_.push_back(look);
  try {
    write_table(file_, look_columns().table(looks_));
  } catch (...) {
    looks_.pop_back();
    throw;
  }
  return true;
}

}  // namespace grids::core
