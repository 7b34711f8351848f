/// Interplay held out (interplay.hpp) of judged sets.
#pragma once

#include <span>

#include "io/columns.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

/// Of the judged elements of a set whose gene is on the cis path; those of the cells that are
/// judged are held out, and the fit has seen the training and validation cells of the set's type. A
/// note where no term of the fit has several of the elements: then there is no interplay in it.
Interplay interplay_of(const Study& study, const StudySurrogate& surrogate,
                       const SetRedundancy& set, const CellsOfType& cells,
                       const RedundancyOptions& options, ThreadPool& pool);

/// The slopes of sets together; of those whose types differ, each type's.
PooledSlope pooled_interplay(std::span<const Contrast> slopes);

/// interplay.tsv, a row a set with two judged elements or more.
Table interplay_table(const Study& study, std::span<const SetRedundancy> sets);
TableText describe_interplay();

/// A line for all sets; none where no fit has interplay.
void tell_interplay(const PooledSlope& pooled, const Context& context);

}  // namespace grids::core
