/// What if these peaks were closed, and those open? Predicted changes when masked in the surrogate,
/// on training and validation cells alone: looking spends no test cell.
///
/// Every number is that of the models which `explain` searches, to the last bit. What makes an
/// answer quick: the sums of the cells are made once; only cells in which a switched peak is not
/// what it is switched to are predicted anew, the others keep what they have.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "model/study_surrogate.hpp"
#include "search/objective.hpp"
#include "study/study.hpp"
#include "view/view_target.hpp"

namespace grids::core {

/// Peaks that are set closed, and open, in every cell; no peak in both.
struct PeakSwitches {
  std::vector<int32_t> close;
  std::vector<int32_t> open;
};

/// A gene's mean predicted rate, counts per 100,000, in the cells of a type.
struct RateInType {
  std::string cell_type;
  int64_t cells = 0;
  double rate = 0;
};

struct SwitchedType {
  std::string cell_type;
  int64_t cells = 0;
  double before = 0;       ///< mean rate, counts per 100,000
  double after = 0;        ///< likewise
  double rate_change = 0;  ///< as of subsets.tsv: PredictedChange::rate_change
};

struct SwitchedGene {
  int32_t gene = 0;
  double rate_change = 0;  ///< of the mean predicted rate
};

struct SwitchedView {
  std::vector<SwitchedType> types;  ///< those with cells; before them "all" where that was asked
  /// The other genes that change most in the asked cells, largest first: of those that are
  /// predicted at least at the median rate.
  std::vector<SwitchedGene> others;
};

/// A peak around a gene.
struct PeakOfGene {
  int32_t peak = 0;
  std::optional<int64_t> distance;  ///< to the TSS
  bool in_cis = false;              ///< within the window of `explain --domain cis`
  std::vector<double> openness;     ///< share of each type's training cells in which it is open
  double change_alone = 0;          ///< rate change when masked alone; NaN without cells
};

struct GeneView {
  std::vector<PeakOfGene> peaks;  ///< as loci.tsv has them, by place; none without a position
  std::vector<int32_t> genes;     ///< that lie there, by place
  std::vector<RateInType> baseline;
};

/// What a search is asked.
struct ViewSearchQuestion {
  ViewTarget target;
  int64_t set_size = 10;
  bool cis = true;  ///< among the peaks of the window; else all
  Direction direction = Direction::kDown;
};

/// Thread-safe. Study and surrogate must outlive it.
class WhatIf {
 public:
  WhatIf(const Study& study, const StudySurrogate& surrogate, ThreadPool& pool);
  ~WhatIf();
  WhatIf(const WhatIf&) = delete;
  WhatIf& operator=(const WhatIf&) = delete;

  GeneView gene(const ViewTarget& target);
  SwitchedView change(const ViewTarget& target, const PeakSwitches& switches);
  /// The rate change of the target's type alone.
  double rate_change(const ViewTarget& target, std::span<const int32_t> closed);

  /// What `explain` searches: the training cells of the type. It holds what it borrows. Throws
  /// Error(kUsage) where there is nothing to search.
  struct Search {
    std::shared_ptr<const void> keeps;
    Objective objective;
    int64_t set_size = 0;  ///< no more than there are peaks
  };
  Search search(const ViewSearchQuestion& question);

 private:
  struct GeneModel;
  using Positions = std::vector<int32_t>;

  std::shared_ptr<GeneModel> model_of(int32_t gene);
  const Positions& positions_of(std::optional<int32_t> type) const;
  std::unique_ptr<SurrogateModel> model_with_open(int32_t gene,
                                                  std::span<const int32_t> opened) const;
  std::vector<double> changes_alone(const GeneModel& model, const ViewTarget& target,
                                    std::span<const int32_t> peaks) const;
  std::vector<SwitchedGene> other_genes(GeneModel& model, const SurrogateModel& switched,
                                        std::span<const Feature> subset,
                                        std::span<const uint8_t> touched,
                                        const ViewTarget& target) const;

  const Study& study_;
  const StudySurrogate surrogate_;
  ThreadPool& pool_;
  Positions cells_;                             ///< of the study, ascending
  std::vector<Positions> of_types_;             ///< in cells_
  Positions everywhere_;                        ///< all positions in cells_
  std::vector<double> openness_;                ///< peaks × types
  std::unique_ptr<const SurrogateModel> base_;  ///< of cells_, masks close

  std::mutex mutex_;
  std::vector<std::shared_ptr<GeneModel>> latest_;  ///< of few genes, the last one last
};

}  // namespace grids::core
