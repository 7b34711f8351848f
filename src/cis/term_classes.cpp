#include "cis/term_classes.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// A type's rows are counted in as many parts at once, each with counters of its own: most rows are
/// of few classes, and a counter would wait for itself.
constexpr size_t kCountedAtOnce = 4;

size_t filled_up(size_t count) {
  return (count + kClassLanes - 1) / kClassLanes * kClassLanes;
}

/// Calls `visit(row, part)` for the rows of a type, the parts in turn; within each rows ascend.
template <typename Visit>
void for_parts(size_t begin, size_t end, const Visit& visit) {
  const size_t length = (end - begin) / kCountedAtOnce;
  for (size_t i = begin; i < begin + length; ++i) {
    for (size_t part = 0; part < kCountedAtOnce; ++part) visit(i + part * length, part);
  }
  for (size_t i = begin + kCountedAtOnce * length; i < end; ++i) visit(i, kCountedAtOnce - 1);
}

void set_bits(std::span<const int32_t> rows, uint16_t bit, std::vector<uint16_t>& bits) {
  for (const int32_t row : rows) bits[at(row)] = static_cast<uint16_t>(bits[at(row)] | bit);
}

/// Sets a bit of the rows in which all peaks are open: through two further bits, of rows in which
/// all up to one peak are.
void set_bits_of_all(const GeneProblem& problem, const WindowTerm& term, uint16_t bit,
                     std::vector<uint16_t>& bits) {
  constexpr uint16_t kSoFar[] = {1U << kMostTerms, 1U << (kMostTerms + 1)};
  set_bits(problem.rows_of(term.peaks[0]), kSoFar[0], bits);
  for (size_t k = 1; k < term.peaks.size(); ++k) {
    const uint16_t before = kSoFar[(k - 1) % 2];
    const uint16_t now = k + 1 == term.peaks.size() ? bit : kSoFar[k % 2];
    for (const int32_t row : problem.rows_of(term.peaks[k])) {
      auto& of_row = bits[at(row)];
      of_row = static_cast<uint16_t>(of_row | ((of_row & before) != 0 ? now : 0));
    }
    for (const int32_t row : problem.rows_of(term.peaks[k - 1])) {
      bits[at(row)] = static_cast<uint16_t>(bits[at(row)] & ~before);
    }
  }
}

/// Sets a bit of the rows in which a term is satisfied.
void mark(const GeneProblem& problem, const WindowTerm& term, uint16_t bit,
          std::vector<uint16_t>& bits) {
  if (term.kind == TermKind::kAll && term.peaks.size() > 1) {
    set_bits_of_all(problem, term, bit, bits);
  } else if (term.kind == TermKind::kAll && term.peaks.empty()) {
    for (auto& of_row : bits) of_row = static_cast<uint16_t>(of_row | bit);
  } else {
    for (const int32_t peak : term.peaks) set_bits(problem.rows_of(peak), bit, bits);
  }
}

}  // namespace

TermClasses::TermClasses(const GeneProblem& problem, std::span<const WindowTerm> terms)
    : place_(problem.rows()) {
  std::vector<uint16_t> bits(problem.rows());
  for (size_t k = 0; k < terms.size(); ++k) {
    mark(problem, terms[k], static_cast<uint16_t>(1U << k), bits);
  }
  find_classes(problem, terms.size(), bits);
  find_members(terms.size());
}

void TermClasses::find_classes(const GeneProblem& problem, size_t terms,
                               const std::vector<uint16_t>& bits) {
  // Of all combinations of terms few are there.
  std::vector<uint8_t> seen(size_t{1} << terms);
  for (const uint16_t of_row : bits) seen[of_row] = 1;
  std::vector<uint32_t> code(seen.size()), bits_of;
  for (uint32_t b = 0; b < seen.size(); ++b) {
    code[b] = static_cast<uint32_t>(bits_of.size() * kCountedAtOnce);
    if (seen[b] != 0) bits_of.push_back(b);
  }
  type_begin_ = {0};
  std::vector<uint32_t> next(bits_of.size() * kCountedAtOnce);
  for (size_t type = 0; type < at(problem.types()); ++type) {
    const auto begin = at(problem.type_begin()[type]), end = at(problem.type_begin()[type + 1]);
    std::fill(next.begin(), next.end(), 0);
    for_parts(begin, end, [&](size_t row, size_t part) { ++next[code[bits[row]] + part]; });
    add_type(next, bits_of);
    // Counts become places: rows of a class ascend.
    size_t c = type_begin_[type];
    for (size_t b = 0; b < bits_of.size(); ++b) {
      if (c == type_begin_[type + 1] || classes_[c].bits != bits_of[b]) continue;
      auto place = static_cast<uint32_t>(classes_[c++].begin);
      for (size_t part = 0; part < kCountedAtOnce; ++part) {
        place += std::exchange(next[b * kCountedAtOnce + part], place);
      }
    }
    for_parts(begin, end,
              [&](size_t row, size_t part) { place_[row] = next[code[bits[row]] + part]++; });
  }
}

/// The classes of the next type, from its rows of each combination and part.
void TermClasses::add_type(std::span<const uint32_t> rows, const std::vector<uint32_t>& bits_of) {
  for (size_t b = 0; b < bits_of.size(); ++b) {
    size_t count = 0;
    for (size_t part = 0; part < kCountedAtOnce; ++part) count += rows[b * kCountedAtOnce + part];
    if (count == 0) continue;
    const size_t end = size_ + filled_up(count);
    classes_.push_back({bits_of[b], size_, end, static_cast<double>(count)});
    size_ = end;
  }
  // No term's bits are these: what fills up is no class of the next type's rows.
  classes_.resize(filled_up(classes_.size()), RowClass{1U << kMostTerms, size_, size_, 0});
  type_begin_.push_back(classes_.size());
}

void TermClasses::find_members(size_t terms) {
  members_.resize(terms * classes_.size());
  for (size_t k = 0; k < terms; ++k) {
    double* column = members_.data() + k * classes_.size();
    for (size_t c = 0; c < classes_.size(); ++c) column[c] = classes_[c].bits >> k & 1;
  }
}

std::vector<double> TermClasses::sorted(std::span<const double> of_rows) const {
  std::vector<double> result(size_);
  for (size_t i = 0; i < place_.size(); ++i) result[place_[i]] = of_rows[i];
  return result;
}

std::vector<double> TermClasses::of_rows(std::span<const double> of_classes) const {
  std::vector<double> sorted(size_), result(place_.size());
  for (size_t c = 0; c < classes_.size(); ++c) {
    std::fill(sorted.begin() + static_cast<long>(classes_[c].begin),
              sorted.begin() + static_cast<long>(classes_[c].end), of_classes[c]);
  }
  for (size_t i = 0; i < place_.size(); ++i) result[i] = sorted[place_[i]];
  return result;
}

}  // namespace grids::core
