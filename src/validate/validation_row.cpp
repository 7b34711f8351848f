#include "validate/validation_row.hpp"

#include "study/shared_columns.hpp"

namespace grids::core {

Columns<ValidationRow> validation_columns() {
  using Row = ValidationRow;
  return {
      "validation.tsv",
      "a row for each measure, method, L, class and cell type",
      {{"what", "the measure (`docs/validation.md`)", &Row::what},
       {column::kMethod.saying("whose pairs"), &Row::method},
       {column::kSetSize.saying("of the sets; NA where the pairs come without"), &Row::set_size},
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

}  // namespace grids::core
