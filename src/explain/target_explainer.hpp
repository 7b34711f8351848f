/// Explains targets with one method, type by type: what explain_stage.hpp's search consists of.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/context.hpp"
#include "explain/all_rates.hpp"
#include "explain/explain_stage.hpp"
#include "explain/study_data.hpp"
#include "methods/links.hpp"

namespace grids::core {

/// All that the targets of one type share.
struct TypeCells {
  TypeCells(const Study& study, const StudySurrogate& surrogate, std::optional<int32_t> type,
            Perturbation perturbation, ThreadPool& pool)
      : train_cells(study.cells_of(Split::kTrain, type)),
        test_cells(study.cells_of(Split::kTest, type)) {
    const auto replacement = replacement_values(study, perturbation, type);
    train = surrogate.model(study, train_cells, replacement, pool);
    test = surrogate.model(study, test_cells, replacement, pool);
  }

  size_t size() const { return train_cells.size() + test_cells.size(); }

  std::vector<int32_t> train_cells;
  std::vector<int32_t> test_cells;
  std::unique_ptr<SurrogateModel> train;  ///< cells: positions in train_cells
  std::unique_ptr<SurrogateModel> test;
  std::unique_ptr<AllRates> rates;  ///< of all genes, on the test cells; null: not asked
};

/// The cells of the types that were asked for last.
class KeptTypes {
 public:
  /// `most`: cells that are kept, of however many types; one type may have more.
  explicit KeptTypes(size_t most) : most_(most) {}

  /// Those of the type, of so many cells, which `make` makes where they are not kept. Stands until
  /// the next call.
  template <typename Make>
  const TypeCells& of(std::optional<int32_t> type, size_t cells, const Make& make) {
    const auto known = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const auto& entry) { return entry.first == type; });
    if (known != kept_.end()) {
      kept_.splice(kept_.begin(), kept_, known);
      return *kept_.front().second;
    }
    for (const auto& entry : kept_) cells += entry.second->size();
    for (; !kept_.empty() && cells > most_; kept_.pop_back()) cells -= kept_.back().second->size();
    kept_.emplace_front(type, make());
    return *kept_.front().second;
  }

 private:
  size_t most_;
  std::list<std::pair<std::optional<int32_t>, std::unique_ptr<TypeCells>>> kept_;  // latest first
};

/// How many cells models may be kept of for the next portion of targets: an eighth of the memory,
/// by what the cells of a model take, open peaks twice and latents.
size_t cells_to_keep(const Study& study, int64_t memory);

class TargetExplainer {
 public:
  /// What is given must outlive it. `targets`, of which `done` were found before, are the steps of
  /// its progress.
  TargetExplainer(const Study& study, const StudySurrogate& surrogate,
                  const ExplainStageOptions& options, const Context& context, int64_t targets,
                  int64_t done);

  void pass_over(int64_t targets) { progress_.advance(targets); }

  /// Explains targets of one type, those at `which`; fills what belongs to each.
  void explain_type(std::optional<int32_t> type, const std::vector<ExplainTarget>& targets,
                    const std::vector<size_t>& which,
                    std::vector<std::optional<ExplainedTarget>>& explained,
                    std::vector<SkippedTarget>& skipped);

 private:
  std::unique_ptr<TypeCells> make_cells(std::optional<int32_t> type) const;
  /// Of a gene with a cis path the contrast of its set decides, and gate B.
  bool judged_by_gate_a(int32_t gene) const { return surrogate_.path_of(gene) == GenePath::kState; }
  /// The peaks that a search may mask; empty: all of them.
  std::vector<Feature> searched_peaks(int32_t gene, SearchDomain domain) const;
  /// Those of `peaks` (empty: of all) that are not excluded.
  std::vector<Feature> without(std::vector<Feature> peaks, std::span<const int32_t> excluded) const;
  /// Why a target should not be explained, or nothing.
  std::string doubts_of(const ExplainTarget& target, const std::vector<int32_t>& test_cells) const;
  void explain_one(const ExplainTarget& asked, int64_t budget, std::span<const int32_t> excluded,
                   const TypeCells& cells, std::optional<ExplainedTarget>& result,
                   std::string& reason) const;

  const Study& study_;
  StudySurrogate surrogate_;
  const ExplainStageOptions& options_;
  const Context& context_;
  const Explainer& method_;
  std::optional<MeasuredCells> measured_;
  std::unique_ptr<LinkBackgrounds> backgrounds_;
  KeptTypes cells_;
  Progress progress_;
  std::mutex progress_mutex_;
};

}  // namespace grids::core
