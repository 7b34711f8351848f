#include "evaluate/judge_sets.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/random.hpp"
#include "evaluate/count_maps.hpp"
#include "evaluate/set_columns.hpp"
#include "evaluate/similar_peaks.hpp"
#include "evaluate/state_covariates.hpp"
#include "model/set_outputs.hpp"

namespace grids::core {
namespace {

/// The surrogate with which these sets were found.
StudySurrogate surrogate_of(const StudySurrogate& surrogate,
                            const std::vector<ExplainedTarget>& explained) {
  std::vector<int32_t> asked;
  for (const auto& entry : explained) {
    if (entry.path == GenePath::kUnconfirmed) asked.push_back(entry.target.gene);
  }
  return asked.empty() ? surrogate : surrogate.asked_for(asked);
}

/// The gate that the gene fails, of those that judge what the set was found with.
std::string failed_gate(const StudySurrogate& surrogate, const ExplainedTarget& explained) {
  if (explained.path == GenePath::kUnconfirmed) return "B";
  const bool by_state = explained.path == GenePath::kState;
  return by_state && surrogate.fails_gate_a(explained.target.gene) ? "A" : "";
}

/// What a surrogate predicts for the cells that it was fitted to, training cells first.
class FittedCellsOf {
 public:
  FittedCellsOf(const Study& study, const StudySurrogate& surrogate, const Context& context)
      : study_(study), surrogate_(surrogate), context_(context) {
    auto cells = study.cells_of(Split::kTrain);
    train_ = cells.size();
    const auto validation = study.cells_of(Split::kValidation);
    cells.insert(cells.end(), validation.begin(), validation.end());
    to_predict_ = surrogate.to_predict(study, std::move(cells), context.pool);
  }

  const std::vector<int32_t>& cells() const { return to_predict_.cells; }
  std::span<const int32_t> train() const { return std::span(cells()).first(train_); }

  /// cells × genes.
  std::vector<float> predict(std::span<const int32_t> genes) const {
    return surrogate_.predict(study_, to_predict_, genes, context_.pool);
  }

 private:
  const Study& study_;
  const StudySurrogate& surrogate_;
  const Context& context_;
  size_t train_ = 0;
  StudySurrogate::CellsToPredict to_predict_;
};

/// Genes, ascending, and their predictions.
struct PredictedGenes {
  PredictedGenes(const FittedCellsOf& fitted, std::vector<int32_t> wanted)
      : genes(std::move(wanted)) {
    std::sort(genes.begin(), genes.end());
    genes.erase(std::unique(genes.begin(), genes.end()), genes.end());
    values = fitted.predict(genes);
  }

  /// Of the first `cells` cells.
  std::vector<float> of(int32_t gene, size_t cells) const {
    const auto column =
        static_cast<size_t>(std::lower_bound(genes.begin(), genes.end(), gene) - genes.begin());
    std::vector<float> own(cells);
    for (size_t i = 0; i < cells; ++i) own[i] = values[i * genes.size() + column];
    return own;
  }

  std::vector<int32_t> genes;
  std::vector<float> values;  ///< cells × genes
};

/// Refits of the weights of genes on the cis path.
class Resamples {
 public:
  Resamples(const Study& study, const StudySurrogate& surrogate, const FittedCellsOf& fitted,
            const PredictedGenes& predicted, const std::vector<ExplainedTarget>& explained,
            int64_t count, const Context& context)
      : study_(study), surrogate_(surrogate) {
    std::set<int32_t> wanted;
    for (const auto& entry : explained) {
      if (entry.path != GenePath::kState) wanted.insert(entry.target.gene);
    }
    if (wanted.empty() || count == 0) return;
    const std::vector<int32_t> genes(wanted.begin(), wanted.end());
    std::vector<std::vector<ResampledGene>> refits(genes.size());
    context.pool.for_each(std::ssize(genes), [&](int64_t g) {
      const auto own = predicted.of(genes[at(g)], fitted.cells().size());
      const CisGene& gene = cis_gene(genes[at(g)]);
      refits[at(g)] = resample_weights(
          study, gene, response(), fitted_cells(study, gene, response(), fitted.cells(), own),
          count, context.seed, stream_key(study.genes.names[at(gene.gene)]));
    });
    for (size_t g = 0; g < genes.size(); ++g) refits_[genes[g]] = std::move(refits[g]);
  }

  /// Of `change`, what masking an explained set changes; none where no weights were refitted.
  ChangeIntervals intervals(const ExplainedTarget& explained, const PredictedChange& change) const {
    const auto found = refits_.find(explained.target.gene);
    if (found == refits_.end()) return {};
    auto closed = explained.explanation.subset;
    std::sort(closed.begin(), closed.end());
    return change_intervals(study_, cis_gene(explained.target.gene), response(), found->second,
                            explained.test_cells, explained.before, closed, change);
  }

 private:
  CisResponse response() const { return surrogate_.cis()->response; }
  const CisGene& cis_gene(int32_t gene) const {
    return surrogate_.cis()->genes[at(surrogate_.cis()->find(gene))];
  }

  const Study& study_;
  const StudySurrogate& surrogate_;
  std::map<int32_t, std::vector<ResampledGene>> refits_;
};

/// Of the test cells of a type, what no mask changes: made once, whatever the sets were learned in.
class TestedCells {
 public:
  /// The type's test cells with these replacement values; nothing where it has none.
  std::unique_ptr<SurrogateModel> model(const Study& study, const StudySurrogate& surrogate,
                                        int32_t type, const std::vector<float>& replacement,
                                        const Context& context) {
    const auto cells = study.cells_of(Split::kTest, type);
    if (cells.empty()) return nullptr;
    auto& made = made_[type];
    if (!made) made = surrogate.model(study, cells, replacement, context.pool);
    return surrogate.model_like(*made, study, cells, replacement);
  }

 private:
  std::map<int32_t, std::unique_ptr<SurrogateModel>> made_;
};

/// Judges the sets that were learned in one type.
class TypeJudge {
 public:
  /// `state`: of cells whose RNA was measured; null: it was not, and nothing is held against it.
  TypeJudge(const Study& study, const StudySurrogate& surrogate, const StateCovariates* state,
            std::optional<int32_t> type, Perturbation perturbation, const JudgeSetsOptions& options,
            TestedCells& tested, const Context& context)
      : study_(study),
        options_(options),
        context_(context),
        similar_(select_rows(study.open, study.cells_of(Split::kTrain, type)),
                 options.similar_peaks) {
    const auto replacement = replacement_values(study, perturbation, type);
    const auto test_cells = study.cells_of(Split::kTest, type);
    own_ = type ? tested.model(study, surrogate, *type, replacement, context)
                : surrogate.model(study, test_cells, replacement, context.pool);
    if (state != nullptr) {
      contrast_cells_ =
          contrast_cells(study, test_cells, state->of(test_cells, context), options.contrast);
    }
    for (int32_t other = 0; other < static_cast<int32_t>(study.cells.type.names.size()); ++other) {
      auto model = tested.model(study, surrogate, other, replacement, context);
      if (model) types_.emplace_back(other, std::move(model));
    }
  }

  ContrastBaseline baseline(int32_t gene) const {
    if (!contrast_cells_) return {};
    return contrast_baseline(study_, gene, *contrast_cells_, options_.contrast);
  }

  EvaluatedSet set(const ExplainedTarget& explained, const CountMap& map,
                   const ContrastBaseline& measured) const {
    EvaluatedSet result;
    result.type = explained.target.type;
    result.gene = explained.target.gene;
    result.method = explained.method;
    result.peaks = explained.explanation.subset;
    result.scores = explained.explanation.scores;
    result.change = predicted_change(explained.before, explained.after, &map.map);
    result.objective = explained.explanation.objective;
    result.evaluations = explained.explanation.evaluations;
    result.seed = explained.seed;
    result.partners = explained.partners;
    result.caution = explained.caution;
    result.domain = explained.domain;
    result.contrast = contrast_of(explained, explained.after, measured);
    return result;
  }

  RandomSets random(const ExplainedTarget& explained, const CountMap& map,
                    const ContrastBaseline& measured) const {
    const auto& subset = explained.explanation.subset;
    RandomSets result{
        explained.target.type, explained.target.gene, static_cast<int64_t>(subset.size()), {}, {}};
    const uint64_t stream = stream_of(study_, explained.target);
    const SetOutputs sets(*own_, {&explained.target.gene, 1});
    auto before = sets.unmasked();
    clamp(before);
    for (int64_t i = 0; i < options_.random_sets; ++i) {
      RandomStream draws(context_.seed, Purpose::kRandomSets, stream, static_cast<uint32_t>(i));
      const auto drawn = similar_.draw(subset, draws);
      const auto after = clamped_after(before, sets.masked(drawn));
      result.changes.push_back(predicted_change(explained.before, after, &map.map));
      if (contrast_cells_ && i < options_.contrasted_random_sets) {
        result.contrasts.push_back(contrast_of(explained, after, measured));
      }
    }
    return result;
  }

  std::vector<ChangeInType> by_type(const ExplainedTarget& explained, const CountMap& map) const {
    std::vector<ChangeInType> result;
    for (const auto& [other, model] : types_) {
      const SetOutputs sets(*model, {&explained.target.gene, 1});
      auto before = sets.unmasked();
      clamp(before);
      const auto after = clamped_after(before, sets.masked(explained.explanation.subset));
      result.push_back({explained.target.type, explained.target.gene, other,
                        predicted_change(before, after, &map.map)});
    }
    return result;
  }

 private:
  Contrast contrast_of(const ExplainedTarget& explained, std::span<const float> after,
                       const ContrastBaseline& measured) const {
    const bool of_rates =
        contrast_cells_ ? contrast_cells_->counted : study_.scale == ExpressionScale::kLog1pCp100k;
    const auto change =
        of_rates ? predicted_log_change(explained.before, after, options_.contrast.rate_floor)
                 : predicted_value_change(explained.before, after);
    if (!contrast_cells_) return without_measured(change);
    return contrast(*contrast_cells_, measured, change, options_.contrast);
  }

  const Study& study_;
  const JudgeSetsOptions& options_;
  const Context& context_;
  SimilarPeaks similar_;
  std::unique_ptr<SurrogateModel> own_;
  std::optional<ContrastCells> contrast_cells_;
  std::vector<std::pair<int32_t, std::unique_ptr<SurrogateModel>>> types_;
};

struct OffTargetRow {
  const Study& study;
  const ExplainedTarget& entry;

  const OffTarget& off() const { return entry.off_target; }
  bool any() const { return off().most_changed >= 0; }
};

Columns<OffTargetRow> off_target_columns() {
  return {
      "off_target.tsv",
      "a row for each set: what masking it is predicted to do to the other genes, those within "
      "1 Mb left out",
      {{column::kLearnedIn,
        [](const OffTargetRow& row) { return type_name(row.study, row.entry.target); }},
       {column::kGene,
        [](const OffTargetRow& row) { return row.study.genes.names[at(row.entry.target.gene)]; }},
       {column::kMethod, [](const OffTargetRow& row) { return row.entry.method; }},
       {column::kSetSize,
        [](const OffTargetRow& row) { return row.entry.explanation.subset.size(); }},
       {"genes", "other genes that are predicted above 0",
        [](const OffTargetRow& row) { return row.off().genes; }},
       {column::kOthersChange, [](const OffTargetRow& row) { return row.off().mean_change; }},
       {column::kMostChanged,
        [](const OffTargetRow& row) {
          return row.any() ? row.study.genes.names[at(row.off().most_changed)] : "NA";
        }},
       {column::kLargestChange, [](const OffTargetRow& row) {
          return row.any() ? std::optional(row.off().largest_change) : std::nullopt;
        }}}};
}

}  // namespace

void JudgeSetsOptions::describe(OptionSet& set) {
  set.value("--random-sets", random_sets, "Random sets of equally open peaks beside each set found",
            at_least(0));
  set.inner("contrasted-random-sets", contrasted_random_sets, at_least(0));
  set.inner("resamples", resamples, at_least(0));
  set.inner("similar-peaks", similar_peaks, at_least(1));
  contrast.describe(set);
}

/// What all portions share, and the sets of one.
class SetsJudge::Parts {
 public:
  Parts(const Study& study, const StudySurrogate& surrogate, Perturbation perturbation,
        const JudgeSetsOptions& options, const Context& context)
      : study_(study),
        surrogate_(surrogate),
        perturbation_(perturbation),
        options_(options),
        context_(context) {}

  std::shared_ptr<const StateCovariates> state() const { return state_; }

  JudgedSets judge(const std::vector<ExplainedTarget>& explained) {
    JudgedSets result;
    if (explained.empty()) return result;
    const auto fitted = fit(explained);
    result.from_counts = fitted.maps.begin()->second.from_counts;
    result.sets.resize(explained.size());
    result.random.resize(explained.size());
    std::vector<std::vector<ChangeInType>> by_type(explained.size());
    std::vector<const TypeJudge*> judges;
    judges.reserve(explained.size());
    for (const auto& entry : explained) judges.push_back(&judge_of(entry.target.type));
    context_.pool.for_each(std::ssize(explained), [&](int64_t k) {
      const size_t i = at(k);
      const TypeJudge& judge = *judges[i];
      const CountMap& map = fitted.maps.at(explained[i].target.gene);
      const auto measured = judge.baseline(explained[i].target.gene);
      result.sets[i] = judge.set(explained[i], map, measured);
      result.sets[i].gate = failed_gate(surrogate_, explained[i]);
      if (fitted.resamples) {
        result.sets[i].intervals = fitted.resamples->intervals(explained[i], result.sets[i].change);
      }
      result.random[i] = judge.random(explained[i], map, measured);
      by_type[i] = judge.by_type(explained[i], map);
    });
    context_.check_cancelled();
    for (const auto& changes : by_type) {
      result.by_type.insert(result.by_type.end(), changes.begin(), changes.end());
    }
    return result;
  }

 private:
  static std::vector<int32_t> genes_of(const std::vector<ExplainedTarget>& explained) {
    std::vector<int32_t> genes;
    genes.reserve(explained.size());
    for (const auto& entry : explained) genes.push_back(entry.target.gene);
    return genes;
  }

  /// What rests on the cells that the surrogate was fitted to.
  struct Fitted {
    std::map<int32_t, CountMap> maps;    ///< of each gene
    std::optional<Resamples> resamples;  ///< where the RNA of these cells was measured
  };

  Fitted fit(const std::vector<ExplainedTarget>& explained) {
    Fitted result;
    if (!study_.paired) {
      result.maps = fit_count_maps(study_, surrogate_, genes_of(explained), context_);
      return result;
    }
    if (!state_) {
      state_ = std::make_shared<const StateCovariates>(study_, surrogate_,
                                                       options_.contrast.components, context_);
    }
    if (!fitted_) fitted_.emplace(study_, surrogate_, context_);
    const PredictedGenes predicted(*fitted_, genes_of(explained));
    result.maps = maps_of(predicted);
    const bool closes = perturbation_ == Perturbation::kClosed;
    result.resamples.emplace(study_, surrogate_, *fitted_, predicted, explained,
                             closes ? options_.resamples : 0, context_);
    return result;
  }

  std::map<int32_t, CountMap> maps_of(const PredictedGenes& predicted) const {
    const auto train = fitted_->train();
    require_training_cells(train);
    std::vector<std::optional<CountMap>> made(predicted.genes.size());
    context_.pool.for_each(std::ssize(made), [&](int64_t g) {
      const int32_t gene = predicted.genes[at(g)];
      made[at(g)] = fit_count_map(study_, gene, train, predicted.of(gene, train.size()));
    });
    std::map<int32_t, CountMap> maps;
    for (size_t g = 0; g < made.size(); ++g) maps.emplace(predicted.genes[g], std::move(*made[g]));
    return maps;
  }

  const TypeJudge& judge_of(std::optional<int32_t> type) {
    auto& judge = judges_[type];
    if (!judge) {
      judge = std::make_unique<TypeJudge>(study_, surrogate_, state_.get(), type, perturbation_,
                                          options_, tested_, context_);
    }
    return *judge;
  }

  const Study& study_;
  StudySurrogate surrogate_;
  Perturbation perturbation_;
  JudgeSetsOptions options_;
  const Context& context_;
  std::shared_ptr<const StateCovariates> state_;
  std::optional<FittedCellsOf> fitted_;
  TestedCells tested_;
  std::map<std::optional<int32_t>, std::unique_ptr<TypeJudge>> judges_;
};

SetsJudge::SetsJudge(const Study& study, const StudySurrogate& surrogate, Perturbation perturbation,
                     const JudgeSetsOptions& options, const Context& context)
    : parts_(std::make_unique<Parts>(study, surrogate, perturbation, options, context)) {}

SetsJudge::~SetsJudge() = default;

JudgedSets SetsJudge::judge(const std::vector<ExplainedTarget>& explained) {
  return parts_->judge(explained);
}

std::shared_ptr<const StateCovariates> SetsJudge::state() const {
  return parts_->state();
}

void add_verdicts(JudgedSets& judged) {
  std::vector<Contrast> contrasts;
  contrasts.reserve(judged.sets.size());
  for (const auto& set : judged.sets) contrasts.push_back(set.contrast);
  add_verdicts(contrasts);
  for (size_t i = 0; i < contrasts.size(); ++i) judged.sets[i].contrast = contrasts[i];
}

JudgedSets judge_sets(const Study& study, const StudySurrogate& surrogate,
                      const std::vector<ExplainedTarget>& explained, Perturbation perturbation,
                      const JudgeSetsOptions& options, const Context& context) {
  SetsJudge judge(study, surrogate_of(surrogate, explained), perturbation, options, context);
  auto judged = judge.judge(explained);
  add_verdicts(judged);
  return judged;
}

Table off_target_table(const Study& study, const std::vector<ExplainedTarget>& explained) {
  return off_target_columns().table(explained, [&](const ExplainedTarget& entry) {
    return OffTargetRow{study, entry};
  });
}

TableText describe_off_target() {
  return off_target_columns().describe();
}

std::vector<SkippedRow> skipped_rows(const Study& study,
                                     const std::vector<SkippedTarget>& skipped) {
  std::vector<SkippedRow> rows;
  rows.reserve(skipped.size());
  for (const auto& entry : skipped) {
    rows.push_back({type_name(study, entry.target), study.genes.names[at(entry.target.gene)],
                    entry.target.set_size, entry.reason, entry.gate_a ? "A" : ""});
  }
  return rows;
}

Columns<SkippedRow> skipped_columns() {
  return {"skipped.tsv",
          "what was asked for and not explained",
          {{column::kLearnedIn, &SkippedRow::cell_type},
           {column::kGene, &SkippedRow::gene},
           {column::kAskedSize, &SkippedRow::set_size},
           {column::kReason, &SkippedRow::reason},
           {column::kGate, &SkippedRow::gate}}};
}

}  // namespace grids::core
