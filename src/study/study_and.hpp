/// A study with more inside, or one whose matrices are made while it is written.
#pragma once

#include <filesystem>
#include <functional>

#include "io/store_writer.hpp"
#include "study/study.hpp"

namespace grids::core {

/// `write_study`; `more` then adds to the root what readers of studies pass over. Throws what that
/// throws.
void write_study_and(const std::filesystem::path& path, const Study& study,
                     const std::function<void(const store::GroupWriter& root)>& more,
                     ThreadPool* pool = nullptr);

/// The matrices of a study, of which blocks of rows are made when they are written: rows from
/// `first` up to `last` (exclusive), with offsets from 0.
struct StudyRows {
  std::function<CsrPattern(int64_t first, int64_t last)> open;
  /// Expression, and the counts at its places, which are to be filled in where there are any.
  std::function<CsrMatrix(int64_t first, int64_t last, std::vector<float>& counts)> expression;
  bool has_counts = false;
  int64_t rows_at_once = 1;  ///< at least 1
};

/// `write_study` of the tables of a study with these matrices, whose own are not looked at: reads
/// as the same study. Throws Error(kInternal) for blocks that do not fit it.
void write_study_rows(const std::filesystem::path& path, const Study& tables, const StudyRows& rows,
                      ThreadPool* pool);

}  // namespace grids::core
