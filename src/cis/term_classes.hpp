/// Rows of a gene's problem by which terms they satisfy: terms are 0 or 1, so that rows fall into
/// few *classes* (type, which terms are satisfied) whose log means differ from their bases by one
/// number each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cis/gene_problem.hpp"

namespace grids::core {

/// At most this many terms: classes are addressed by bits.
inline constexpr size_t kMostTerms = 12;

/// Rows, and classes of a type, lie at multiples of this: what fills them up adds nothing.
inline constexpr size_t kClassLanes = 8;

/// Rows of one type in which the same terms, by bit, are satisfied.
struct RowClass {
  uint32_t bits = 0;
  size_t begin = 0, end = 0;  ///< where they lie, with what fills them up
  double rows = 0;
};

class TermClasses {
 public:
  /// At most `kMostTerms` terms.
  TermClasses(const GeneProblem& problem, std::span<const WindowTerm> terms);

  /// By type and then by bits; those that fill up a type have no rows.
  std::span<const RowClass> classes() const { return classes_; }
  /// types + 1: the classes of each type.
  std::span<const size_t> type_begin() const { return type_begin_; }
  /// 1 in the classes in which a term is satisfied, else 0: terms × classes.
  std::span<const double> members() const { return members_; }

  /// One value a row, in the order of classes; 0 where they are filled up.
  std::vector<double> sorted(std::span<const double> of_rows) const;
  /// One value a class, for each row.
  std::vector<double> of_rows(std::span<const double> of_classes) const;

 private:
  void find_classes(const GeneProblem& problem, size_t terms, const std::vector<uint16_t>& bits);
  void add_type(std::span<const uint32_t> rows, const std::vector<uint32_t>& bits_of);
  void find_members(size_t terms);

  std::vector<RowClass> classes_;
  std::vector<size_t> type_begin_;
  std::vector<double> members_;
  std::vector<uint32_t> place_;  // of each row
  size_t size_ = 0;              // of sorted rows, with what fills them up
};

}  // namespace grids::core
