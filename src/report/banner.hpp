/// What the page says before anything else: how many sets measured expression bears out, and what
/// to know before believing any of them. The rules stand here, once.
#pragma once

#include <string>
#include <vector>

#include "report/results.hpp"

namespace grids::core {

/// How much the reader is warned.
enum class BannerKind {
  kGood,     ///< nothing to know
  kWarning,  ///< weak figures, or what the stages warned of
  kBad,      ///< some sets are no findings, or there is none because of gate A
};

/// A reason for caution.
struct Reservation {
  std::string word;      ///< "forced", for the line
  std::string sentence;  ///< HTML: what, how many and which
  bool bad = false;      ///< sets are no findings because of it
};

struct Banner {
  BannerKind kind = BannerKind::kGood;
  std::string verdicts;  ///< HTML: "<b>19 of 25 sets are borne out …</b>, 2 contradicted."
  std::vector<Reservation> reservations;    ///< those that make it bad first
  std::vector<std::string> of_stages = {};  ///< texts: what is outdated, what the stages warned of
  std::string figures;  ///< HTML: how well the surrogate predicts, in a line; may be empty
};

/// Bad where sets are contradicted, forced, not judged, or fail a gate, or where there are none
/// because of gate A; a warning where the surrogate is hardly better than the best simple
/// predictor, hardly says anything within types, where nothing is borne out, most is undecided,
/// sets go no further than random ones, change next to nothing, or stages warned.
Banner banner_of(const Results& results);

/// As the first block of the page: the line, the reasons in words, and folded the sentences.
std::string banner_html(const Banner& banner);

}  // namespace grids::core
