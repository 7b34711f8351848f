#include "validate/validation_row.hpp"

#include <fmt/core.h>

#include "study/shared_columns.hpp"

namespace grids::core {

Columns<ValidationRow> validation_columns() {
  using Row = ValidationRow;
  return {
      "validation.tsv",
      "a row for each measure, method, L, class and cell type",
      {{"what", "the measure (`docs/validation.md`)", &Row::what},
       {column::kMethod.saying("whose pairs"), &Row::method},
       {column::kSetSize.saying(
            "that was asked; of links.tsv the size of the method's largest set, unless a gene has "
            "sets of several sizes; NA where the pairs come without"),
        &Row::set_size},
       {"class", "of the measure: a radius, a part of the pairs, a figure", &Row::subset},
       {"value", "what these pairs come to", &Row::value},
       {"low", "of the 95 % interval of `value`; NA = none", &Row::low},
       {"high", "likewise", &Row::high},
       {"chance", "what chance would give; NA = not known", &Row::chance},
       {"n", "peaks, pairs, elements or sets that `value` is over", &Row::n},
       {"cell_type", "in whose cells the sets were learned; `every` = over all", &Row::cell_type},
       {"chance_matched", "what peaks that are open as often would give; NA = not known",
        &Row::chance_matched},
       {"note", "what to know of this figure", &Row::note}}};
}

std::string method_title(const std::string& method, std::optional<int64_t> set_size) {
  const auto name = method.empty() ? std::string("pairs") : method;
  return set_size ? fmt::format("{} (L {})", name, *set_size) : name;
}

}  // namespace grids::core
