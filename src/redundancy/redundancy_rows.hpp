/// What every table about redundancy begins with.
#pragma once

#include <string>
#include <vector>

#include "base/at.hpp"
#include "io/columns.hpp"
#include "redundancy/judge_redundancy.hpp"
#include "redundancy/redundancy_columns.hpp"

namespace grids::core {

/// A row of a set, or of a part of it.
struct SetRow {
  const Study& study;
  const SetRedundancy& set;

  std::string type() const {
    return set.target.type ? study.cells.type.names[at(*set.target.type)] : kAllTypes;
  }
  const std::string& gene() const { return study.genes.names[at(set.target.gene)]; }
};

/// Cell type, gene and set, then the columns of a table.
template <typename OfRow>
std::vector<Column<OfRow>> with_set(std::vector<Column<OfRow>> columns) {
  std::vector<Column<OfRow>> all = {
      {column::kLearnedIn, [](const OfRow& row) { return row.type(); }},
      {column::kGene, [](const OfRow& row) { return row.gene(); }},
      {column::kRedundancySet, [](const OfRow& row) { return row.set.target.set; }}};
  for (auto& entry : columns) all.push_back(std::move(entry));
  return all;
}

}  // namespace grids::core
