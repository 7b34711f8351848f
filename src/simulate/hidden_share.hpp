/// How much of what a gene's causes do together no single one of them shows, from the truth.
///
/// With r(X) the gene's rate while the causes X are open and the others closed, S all causes and
/// R = r(S) − r(∅), the loss of one from the whole is m_a = (r(S) − r(S∖a)) / R and the *hidden
/// share* H = 1 − Σ m_a: 1 where any one (or any two of three) suffices, 0 where effects add,
/// 1 − |S| where all are needed. On the log scale, the same of log r, it is 0 where they multiply.
#pragma once

#include "io/columns.hpp"
#include "simulate/truth.hpp"

namespace grids::core {

struct HiddenShare {
  double linear = 0;
  double log = 0;
};

/// NaN both for a gene with fewer than two causes.
HiddenShare hidden_share(const GeneTruth& gene);

/// truth_settings.tsv: the true relative rate of every setting of the causes of each gene that has
/// two or more, where they act.
Table truth_settings_table(const Truth& truth);
TableText describe_truth_settings();

}  // namespace grids::core
