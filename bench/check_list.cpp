#include "check_list.hpp"

namespace grids::core::bench {

void CheckList::tell(const std::string& line, bool passed) {
  reporter_.info(fmt::format("check {} {}", passed ? "ok  " : "FAIL", line));
  if (!passed) failures_.add("{}", line);
}

void CheckList::expect(const std::string& what, double error, double limit) {
  // Not the other way round: an error that is no number fails.
  tell(fmt::format("{}: {:.1e} (limit {:.0e})", what, error, limit), error <= limit);
}

void CheckList::expect(const std::string& what, bool holds) {
  tell(what, holds);
}

void CheckList::raise() const {
  failures_.raise(ErrorKind::kInternal, "the fast paths fail their checks");
}

}  // namespace grids::core::bench
