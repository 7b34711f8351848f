#include "validate/judge_screen.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/at.hpp"
#include "io/feature_kind.hpp"
#include "math/ranking.hpp"
#include "validate/resampled.hpp"

namespace grids::core {
namespace {

constexpr double kNotPredicted = -std::numeric_limits<double>::infinity();
constexpr double kWantedRecall = 0.7;
/// What a negative needs to count as one that would have been seen.
constexpr double kLeastPower = 0.8;
/// Bounds of the distance classes in bp, as the benchmark of Gschwind et al. has them.
constexpr double kNearClass = 10'000, kFarClass = 100'000;

bool same_type(const std::string& a, const std::string& b) {
  return lower_case(a) == lower_case(b);
}

/// The pairs of a screen by gene.
class ScreenGenes {
 public:
  explicit ScreenGenes(const Screen& screen) {
    for (size_t i = 0; i < screen.pairs.size(); ++i) {
      by_name_[screen.pairs[i].gene].push_back(i);
      if (!screen.pairs[i].gene_id.empty()) by_id_[screen.pairs[i].gene_id].push_back(i);
    }
  }

  /// Those of a gene: by symbol, else by id, which tables may have in place of symbols.
  const std::vector<size_t>& of(const PairGene& gene) const {
    static const std::vector<size_t> none;
    if (const auto named = by_name_.find(gene.name); named != by_name_.end()) return named->second;
    const std::string& id = gene.id.empty() ? gene.name : gene.id;
    const auto found = by_id_.find(id.substr(0, id.find('.')));
    return found == by_id_.end() ? none : found->second;
  }

 private:
  std::unordered_map<std::string, std::vector<size_t>> by_name_, by_id_;
};

bool overlap(const ScreenPair& pair, const PairPeak& peak) {
  return pair.chromosome == peak.chromosome && peak.start < pair.end && pair.start < peak.end;
}

void add_scores(const Pairs& pairs, const PairSet& set, const Screen& screen,
                const ScreenGenes& genes, bool other_cell_type, std::vector<double>& scores) {
  for (const size_t i : genes.of(pairs.genes[at(set.gene)])) {
    if (!other_cell_type && !same_type(set.cell_type, screen.pairs[i].cell_type)) continue;
    for (const auto& member : set.members) {
      if (!overlap(screen.pairs[i], pairs.peaks[at(member.peak)])) continue;
      const double score = pairs.score.empty() ? 1 : member.score;
      if (score > scores[i]) scores[i] = score;  // NaN is no prediction
    }
  }
}

/// Part of the pairs of a screen.
struct ScreenClass {
  std::string name;
  std::vector<size_t> pairs;
};

template <typename Belongs>
ScreenClass screen_class(std::string name, const Screen& screen, const Belongs& belongs) {
  ScreenClass part{std::move(name), {}};
  for (size_t i = 0; i < screen.pairs.size(); ++i) {
    if (belongs(screen.pairs[i], i)) part.pairs.push_back(i);
  }
  return part;
}

/// Which pairs are of genes that some method has pairs of.
std::vector<uint8_t> of_shared_genes(const Pairs& pairs, const Screen& screen) {
  const ScreenGenes genes(screen);
  std::vector<uint8_t> shared(screen.pairs.size(), 0);
  for (const auto& gene : pairs.genes) {
    for (const size_t i : genes.of(gene)) shared[i] = 1;
  }
  return shared;
}

std::vector<ScreenClass> screen_classes(const Pairs& pairs, const Screen& screen) {
  const auto shared = of_shared_genes(pairs, screen);
  std::vector<ScreenClass> classes = {
      screen_class("all", screen, [](const ScreenPair&, size_t) { return true; }),
      screen_class("without increasing", screen,
                   [](const ScreenPair& pair, size_t) { return !pair.increasing; }),
      screen_class("below 10 kb", screen,
                   [](const ScreenPair& pair, size_t) { return pair.distance < kNearClass; }),
      screen_class("10 to 100 kb", screen,
                   [](const ScreenPair& pair, size_t) {
                     return pair.distance >= kNearClass && pair.distance < kFarClass;
                   }),
      screen_class("100 kb and more", screen,
                   [](const ScreenPair& pair, size_t) { return pair.distance >= kFarClass; }),
      screen_class("genes with pairs", screen,
                   [&](const ScreenPair&, size_t i) { return shared[i] != 0; })};
  for (size_t e = 0; e < screen.effects.size(); ++e) {
    classes.push_back(screen_class(fmt::format("power at {} %", screen.effects[e]), screen,
                                   [e](const ScreenPair& pair, size_t) {
                                     return pair.regulated || pair.power[e] >= kLeastPower;
                                   }));
  }
  return classes;
}

/// Every method in every class, for any weights of genes.
class ScreenFigures {
 public:
  ScreenFigures(const Screen& screen, const std::vector<ScreenClass>& classes,
                const std::vector<ScreenScores>& methods)
      : classes_(classes) {
    std::unordered_map<std::string, size_t> genes;
    gene_of_.reserve(screen.pairs.size());
    for (const auto& pair : screen.pairs) {
      gene_of_.push_back(genes.try_emplace(pair.gene, genes.size()).first->second);
    }
    genes_ = genes.size();
    for (const auto& part : classes) {
      rankings_.emplace_back();
      for (const auto& method : methods) rankings_.back().push_back(ranking(screen, part, method));
    }
  }

  size_t genes() const { return genes_; }

  /// By class, then method.
  std::vector<std::vector<PrecisionRecall>> at_weights(std::span<const double> of_gene) const {
    std::vector<std::vector<PrecisionRecall>> figures(classes_.size());
    std::vector<double> weights;
    for (size_t c = 0; c < classes_.size(); ++c) {
      weights.clear();
      for (const size_t i : classes_[c].pairs) weights.push_back(of_gene[gene_of_[i]]);
      figures[c].reserve(rankings_[c].size());
      for (const auto& ranking : rankings_[c]) {
        figures[c].push_back(ranking.curve(weights, kWantedRecall));
      }
    }
    return figures;
  }

 private:
  static Ranking ranking(const Screen& screen, const ScreenClass& part,
                         const ScreenScores& method) {
    std::vector<double> scores;
    std::vector<uint8_t> positive;
    scores.reserve(part.pairs.size());
    positive.reserve(part.pairs.size());
    for (const size_t i : part.pairs) {
      scores.push_back(method.scores[i]);
      positive.push_back(screen.pairs[i].regulated ? 1 : 0);
    }
    return {scores, positive};
  }

  const std::vector<ScreenClass>& classes_;
  std::vector<size_t> gene_of_;
  size_t genes_ = 0;
  std::vector<std::vector<Ranking>> rankings_;
};

using FiguresByClass = std::vector<std::vector<PrecisionRecall>>;

std::vector<FiguresByClass> resampled_figures(const ScreenFigures& figures, int64_t draws,
                                              const Context& context) {
  std::vector<FiguresByClass> drawn(at(draws));
  context.pool.for_each(draws, [&](int64_t draw) {
    drawn[at(draw)] = figures.at_weights(
        resampled_units(figures.genes(), context.seed, "genes of a screen", draw));
  });
  return drawn;
}

template <typename Figure>
std::vector<double> over_draws(const std::vector<FiguresByClass>& drawn, const Figure& figure) {
  std::vector<double> values;
  values.reserve(drawn.size());
  for (const auto& figures : drawn) values.push_back(figure(figures));
  return values;
}

ValidationRow screen_row(std::string what, const ScreenScores& method, std::string subset) {
  ValidationRow row;
  row.what = std::move(what);
  row.method = method.method;
  row.set_size = method.set_size;
  row.subset = std::move(subset);
  row.cell_type = method.cell_type;
  return row;
}

int64_t genes_of(const Screen& screen, const ScreenClass& part) {
  std::set<std::string> genes;
  for (const size_t i : part.pairs) genes.insert(screen.pairs[i].gene);
  return std::ssize(genes);
}

/// None of a single gene, which every draw draws.
void add_interval(std::vector<double> drawn, int64_t genes, ValidationRow& row) {
  if (genes < 2) return;
  const auto interval = percentile_interval(std::move(drawn));
  row.low = interval.low;
  row.high = interval.high;
}

int64_t regulated_of(const Screen& screen, const ScreenClass& part) {
  return std::count_if(part.pairs.begin(), part.pairs.end(),
                       [&](size_t i) { return screen.pairs[i].regulated; });
}

/// Average precision and precision at the wanted recall of all methods in all classes.
void add_figure_rows(const Screen& screen, const std::vector<ScreenClass>& classes,
                     const std::vector<ScreenScores>& methods, const FiguresByClass& figures,
                     const std::vector<FiguresByClass>& drawn, std::vector<ValidationRow>& rows) {
  using Member = double PrecisionRecall::*;
  const std::pair<const char*, Member> measures[] = {
      {"crispr_average_precision", &PrecisionRecall::average_precision},
      {"crispr_precision_at_70", &PrecisionRecall::precision}};
  for (const auto& [what, member] : measures) {
    for (size_t c = 0; c < classes.size(); ++c) {
      const int64_t regulated = regulated_of(screen, classes[c]);
      if (regulated == 0) continue;
      const int64_t genes = genes_of(screen, classes[c]);
      for (size_t m = 0; m < methods.size(); ++m) {
        auto row = screen_row(what, methods[m], classes[c].name);
        row.value = figures[c][m].*member;
        add_interval(over_draws(drawn, [&, member = member](
                                           const FiguresByClass& f) { return f[c][m].*member; }),
                     genes, row);
        row.n = std::ssize(classes[c].pairs);
        row.chance = static_cast<double>(regulated) / static_cast<double>(row.n);
        row.note = fmt::format("{} of {} pairs are regulated", regulated, row.n);
        rows.push_back(std::move(row));
      }
    }
  }
}

/// Of any two methods over all pairs, in the same draws of genes.
void add_differences(const std::vector<ScreenScores>& methods, const FiguresByClass& figures,
                     const std::vector<FiguresByClass>& drawn, int64_t genes,
                     std::vector<ValidationRow>& rows) {
  for (size_t a = 0; a < methods.size(); ++a) {
    for (size_t b = a + 1; b < methods.size(); ++b) {
      const auto difference = [a, b](const FiguresByClass& f) {
        return f[0][a].average_precision - f[0][b].average_precision;
      };
      auto row =
          screen_row("crispr_difference", methods[a],
                     fmt::format("minus {}", method_title(methods[b].method, methods[b].set_size)));
      row.value = difference(figures);
      add_interval(over_draws(drawn, difference), genes, row);
      row.chance = 0;
      row.n = genes;
      row.note = "average precision over all pairs; n: genes that were resampled";
      rows.push_back(std::move(row));
    }
  }
}

/// A share of the pairs of a screen that a method says something of.
struct ScreenCoverage {
  int64_t pairs = 0, regulated = 0;
};

ScreenCoverage screen_coverage(const Screen& screen, const ScreenScores& method) {
  ScreenCoverage coverage;
  for (size_t i = 0; i < screen.pairs.size(); ++i) {
    if (method.scores[i] == kNotPredicted) continue;
    ++coverage.pairs;
    coverage.regulated += screen.pairs[i].regulated ? 1 : 0;
  }
  return coverage;
}

void add_coverage(const Screen& screen, const ScreenScores& method, int64_t regulated,
                  const Context& context, std::vector<ValidationRow>& rows) {
  const auto covered = screen_coverage(screen, method);
  const auto add = [&](const char* subset, int64_t count, int64_t of) {
    auto row = screen_row("crispr_coverage", method, subset);
    row.n = of;
    row.value = static_cast<double>(count) / static_cast<double>(of);
    rows.push_back(std::move(row));
  };
  const int64_t all = std::ssize(screen.pairs);
  add("all", covered.pairs, all);
  add("regulated", covered.regulated, regulated);
  context.reporter.info(
      fmt::format("{}: {} has a prediction for {} of {} pairs, for {} of the {} regulated ones",
                  screen.source, method_title(method.method, method.set_size), covered.pairs, all,
                  covered.regulated, regulated));
}

/// A method without a prediction has no figure: it would look like chance.
void leave_out_uncovered(const Screen& screen, const std::vector<ScreenScores>& methods,
                         const Context& context, std::vector<ValidationRow>& rows) {
  for (const auto& method : methods) {
    if (screen_coverage(screen, method).pairs > 0) continue;
    const auto name = method_title(method.method, method.set_size);
    context.reporter.warning(fmt::format(
        "{}: {} has no peak at any of the elements that were tested with its genes: its figures "
        "are NA",
        screen.source, name));
    for (auto& row : rows) {
      const bool own = row.method == method.method && row.set_size == method.set_size;
      if (!own && row.subset != "minus " + name) continue;
      row.value = row.low = row.high = kNaN;
      row.note = fmt::format("{} has no prediction for any pair", name);
    }
  }
}

/// Throws where no gene of the pairs was measured.
void require_common_gene(const Pairs& pairs, const Screen& screen) {
  const auto shared = of_shared_genes(pairs, screen);
  if (std::find(shared.begin(), shared.end(), 1) != shared.end()) return;
  throw input_error(
      "{}: none of its genes ({}, …) is among the {} of {} ({}, …): are names symbols in one and "
      "ids in the other? Columns gene_id and measuredGeneEnsemblId tell the ids",
      screen.source, screen.pairs.front().gene, pairs.genes.size(), pairs.source,
      pairs.genes.front().name);
}

/// Throws unless some pairs were learned in the cells of the screen.
void require_cell_type(const Pairs& pairs, const Screen& screen) {
  const auto types = screen_cell_types(screen);
  std::set<std::string> learned;
  for (const auto& set : pairs.sets) {
    for (const auto& type : types) {
      if (same_type(type, set.cell_type)) return;
    }
    learned.insert(set.cell_type);
  }
  throw input_error(
      "{}: the screen was made in {}, the pairs of {} were learned in {}: what regulates a gene "
      "differs between cell types; --other-cell-type compares them all the same",
      screen.source, fmt::join(types, ", "), pairs.source, fmt::join(learned, ", "));
}

}  // namespace

std::vector<ScreenScores> scores_on_screen(const Pairs& pairs, const Screen& screen,
                                           bool other_cell_type) {
  const ScreenGenes genes(screen);
  const auto types = screen_cell_types(screen);
  std::map<std::pair<std::string, std::optional<int64_t>>, size_t> found;
  std::vector<ScreenScores> methods;
  for (const auto& set : pairs.sets) {
    const bool speaks =
        other_cell_type || std::any_of(types.begin(), types.end(), [&](const std::string& type) {
          return same_type(type, set.cell_type);
        });
    if (!speaks) continue;
    const auto [place, fresh] = found.try_emplace({set.method, set.set_size}, methods.size());
    if (fresh) {
      methods.push_back({set.method, set.set_size, set.cell_type,
                         std::vector<double>(screen.pairs.size(), kNotPredicted)});
    }
    auto& method = methods[place->second];
    if (method.cell_type != set.cell_type) method.cell_type = "every";
    add_scores(pairs, set, screen, genes, other_cell_type, method.scores);
  }
  return methods;
}

std::vector<ScreenScores> screen_baselines(const Screen& screen) {
  ScreenScores distance{"distance to TSS", std::nullopt, "every", {}};
  ScreenScores nearest{"nearest gene", std::nullopt, "every", {}};
  std::map<std::tuple<std::string, int64_t, int64_t>, double> least;
  const auto element = [](const ScreenPair& pair) {
    return std::tuple(pair.chromosome, pair.start, pair.end);
  };
  for (const auto& pair : screen.pairs) {
    distance.scores.push_back(-pair.distance);
    const auto place = least.try_emplace(element(pair), pair.distance).first;
    place->second = std::min(place->second, pair.distance);
  }
  for (const auto& pair : screen.pairs) {
    nearest.scores.push_back(pair.distance == least.at(element(pair)) ? 1 : 0);
  }
  return {std::move(distance), std::move(nearest)};
}

std::vector<ValidationRow> judge_screen(const Pairs& pairs, const Screen& screen,
                                        const JudgeScreenOptions& options, const Context& context) {
  if (!options.other_cell_type) require_cell_type(pairs, screen);
  require_common_gene(pairs, screen);
  auto methods = scores_on_screen(pairs, screen, options.other_cell_type);
  const size_t own = methods.size();
  for (auto& baseline : screen_baselines(screen)) methods.push_back(std::move(baseline));
  const auto classes = screen_classes(pairs, screen);
  const ScreenFigures judged(screen, classes, methods);
  const auto figures = judged.at_weights(std::vector<double>(judged.genes(), 1));
  const auto drawn = resampled_figures(judged, options.draws, context);
  std::vector<ValidationRow> rows;
  add_figure_rows(screen, classes, methods, figures, drawn, rows);
  add_differences(methods, figures, drawn, static_cast<int64_t>(judged.genes()), rows);
  leave_out_uncovered(screen, methods, context, rows);
  for (size_t m = 0; m < own; ++m) {
    add_coverage(screen, methods[m], regulated_of(screen, classes[0]), context, rows);
  }
  return rows;
}

}  // namespace grids::core
