#include "evaluate/alignment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/nan.hpp"
#include "evaluate/strata.hpp"
#include "math/closer_than_match.hpp"
#include "math/group_sample.hpp"
#include "math/neighbour_votes.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

std::vector<float> rows_of(std::span<const float> points, int64_t dimensions,
                           std::span<const int32_t> rows) {
  std::vector<float> taken;
  taken.reserve(rows.size() * at(dimensions));
  for (const int32_t row : rows) {
    const auto point = points.subspan(at(row * dimensions), at(dimensions));
    taken.insert(taken.end(), point.begin(), point.end());
  }
  return taken;
}

/// Empty without labels.
std::vector<int32_t> types_of(const Study& study, std::span<const int32_t> cells) {
  std::vector<int32_t> types;
  if (study.cells.type.empty()) return types;
  for (const int32_t cell : cells) types.push_back(study.cells.type.codes[at(cell)]);
  return types;
}

/// Cells of one modality in the space that is looked at.
struct Side {
  const char* word;                 // which modality
  std::span<const int32_t> types;   // of judged cells; all 0 without labels
  std::span<const float> points;    // judged × dimensions
  std::span<const int32_t> known;   // types of training cells
  std::span<const float> training;  // training cells × dimensions
  const Strata& strata;             // of the judged cells
  std::span<const int32_t> asked;   // rows of these

  int64_t size() const { return std::ssize(types); }
};

/// A latent space, with what both modalities have in it.
class SpaceJudge {
 public:
  SpaceJudge(const char* space, const AlignedCells& cells, const AlignmentOptions& options,
             const Side& atac, const Side& rna, const Context& context)
      : space_(space),
        cells_(cells),
        options_(options),
        atac_(atac),
        rna_(rna),
        context_(context) {}

  std::vector<AlignmentRow> judge() {
    if (cells_.paired) judge_matches();
    if (has_labels()) {
      judge_transfer(atac_, rna_);
      judge_transfer(rna_, atac_);
    }
    judge_mixing(atac_, rna_);
    judge_mixing(rna_, atac_);
    return std::move(rows_);
  }

 private:
  bool has_labels() const { return !cells_.atac.types.empty() && !cells_.rna.types.empty(); }

  void add(const char* measure, const char* of, const std::string& type, double cells,
           const CellMean& estimate, double chance) {
    rows_.push_back({space_, measure, of, type, static_cast<int64_t>(cells), estimate.value,
                     estimate.standard_error, chance});
  }

  /// A line over all cells, and one for each type that has any of them.
  void add_means(const char* measure, const char* of, const Strata& strata,
                 std::span<const double> values, std::span<const double> influence,
                 std::span<const double> of_type, const std::vector<double>& chance) {
    add(measure, of, kAllTypes, strata.judged(), strata.mean(values, influence),
        strata.mean(chance).value);
    for (int32_t type = 0; has_labels() && type < strata.type_count(); ++type) {
      if (strata.size(type) == 0) continue;
      add(measure, of, cells_.types[at(type)], strata.size(type),
          strata.mean_of_type(type, values, of_type),
          strata.mean_of_type(type, chance, chance).value);
    }
  }

  void judge_matches() {
    const Side& side = atac_;
    const auto compare = [&](const Side& from, const Side& to) {
      return closer_than_match({from.points, to.points, cells_.dimensions, side.types, side.asked,
                                side.strata.stand_for()},
                               context_);
    };
    const auto there = compare(atac_, rna_);
    const auto back = compare(rna_, atac_);
    const std::vector<double> chance(side.asked.size(), 0.5);
    add_matches(measure::kFoscttm, there.of_all, back.of_all, false, chance);
    add_matches(measure::kFoscttmWithinType, there.of_group, back.of_group, true, chance);
  }

  /// The mean of both directions. What a cell adds to the shares of others counts in the standard
  /// error where these others are all in the mean: a type's share among all cells rests on the
  /// places of those of other types too, which are many.
  void add_matches(const char* measure, const CloserShares& there, const CloserShares& back,
                   bool within, const std::vector<double>& chance) {
    std::vector<double> value, influence;
    for (size_t i = 0; i < there.as_query.size(); ++i) {
      value.push_back((there.as_query[i] + back.as_query[i]) / 2);
      influence.push_back(value.back() + (there.as_candidate[i] + back.as_candidate[i]) / 2);
    }
    add_means(measure, kBothWord, atac_.strata, value, influence, within ? influence : value,
              chance);
  }

  /// `to` gets the labels of the training cells of `from`.
  void judge_transfer(const Side& to, const Side& from) {
    if (from.known.empty()) return;
    const auto neighbours =
        nearest_neighbours(rows_of(to.points, cells_.dimensions, to.asked), from.training,
                           cells_.dimensions, neighbour_options(), context_);
    const auto votes = neighbour_votes(neighbours, from.known);
    std::vector<double> right;
    for (size_t i = 0; i < to.asked.size(); ++i) {
      right.push_back(votes.label[i] == to.types[at(to.asked[i])] ? 1 : 0);
    }
    const auto known = group_sizes(from.known, std::ssize(cells_.types));
    double largest = 0;
    double types = 0;
    for (int32_t type = 0; type < to.strata.type_count(); ++type) {
      largest = std::max(largest, to.strata.size(type));
      types += to.strata.size(type) > 0 ? 1 : 0;
    }
    const double judged = to.strata.judged();
    add(measure::kLabelTransfer, to.word, kAllTypes, judged, to.strata.share(right),
        largest / judged);
    for (int32_t type = 0; type < to.strata.type_count(); ++type) {
      if (to.strata.size(type) == 0) continue;
      add(measure::kLabelTransfer, to.word, cells_.types[at(type)], to.strata.size(type),
          to.strata.share_of_type(type, right),
          known[at(type)] / static_cast<double>(from.known.size()));
    }
    add(measure::kLabelTransferBalanced, to.word, kAllTypes, judged,
        to.strata.balanced_share(right), 1 / types);
  }

  NeighbourOptions neighbour_options() const {
    // Few ask, and the share of the right neighbours is what is judged: never by a graph.
    return {options_.neighbours, Distance::kEuclidean, std::numeric_limits<int64_t>::max()};
  }

  /// Of asked cells of `of` (positions), the share of `other` among the nearest of the given judged
  /// cells, and what it would be if the neighbours were drawn from these.
  struct Mixed {
    std::vector<double> share, expected;
  };

  Mixed mixed(const Side& of, std::span<const int32_t> asked, std::span<const int32_t> own_rows,
              const Side& other, std::span<const int32_t> other_rows) const {
    const int64_t own = std::ssize(own_rows);
    const int64_t others = std::ssize(other_rows);
    const int64_t looked_at = neighbours_among(own, others);
    if (looked_at == 0) {
      return {std::vector<double>(asked.size(), kNaN), std::vector<double>(asked.size(), kNaN)};
    }
    auto points = rows_of(of.points, cells_.dimensions, own_rows);
    const auto of_others = rows_of(other.points, cells_.dimensions, other_rows);
    points.insert(points.end(), of_others.begin(), of_others.end());
    auto options = neighbour_options();
    options.count = looked_at + 1;  // the cell itself is among them
    const auto found = nearest_neighbours(rows_of(of.points, cells_.dimensions, asked), points,
                                          cells_.dimensions, options, context_);
    Mixed result;
    for (size_t i = 0; i < asked.size(); ++i) {
      const auto place = std::lower_bound(own_rows.begin(), own_rows.end(), asked[i]);
      const auto self = static_cast<int32_t>(place - own_rows.begin());
      int64_t seen = 0;
      int64_t from_other = 0;
      for (const int32_t neighbour : found.of(static_cast<int64_t>(i))) {
        if (neighbour == self || seen == looked_at) continue;
        ++seen;
        from_other += neighbour >= own ? 1 : 0;
      }
      result.share.push_back(static_cast<double>(from_other) / static_cast<double>(looked_at));
      result.expected.push_back(static_cast<double>(others) /
                                static_cast<double>(own + others - 1));
    }
    return result;
  }

  /// No more than there are other cells of the own modality, and cells of the other: else some of
  /// each would be among them however far off they lie.
  int64_t neighbours_among(int64_t own, int64_t others) const {
    return std::max<int64_t>(0, std::min({options_.neighbours, own - 1, others}));
  }

  void judge_mixing(const Side& of, const Side& other) {
    const auto all =
        mixed(of, of.asked, indices_below(of.size()), other, indices_below(other.size()));
    add_means(measure::kMixing, of.word, of.strata, all.share, all.share, all.share, all.expected);
    if (!has_labels()) return;
    Mixed within{std::vector<double>(of.asked.size(), kNaN),
                 std::vector<double>(of.asked.size(), kNaN)};
    for (int32_t type = 0; type < of.strata.type_count(); ++type) {
      const auto own_rows = rows_of_type(of.types, type);
      std::vector<int32_t> asked;
      std::vector<size_t> positions;
      for (size_t i = 0; i < of.asked.size(); ++i) {
        if (of.types[at(of.asked[i])] != type) continue;
        asked.push_back(of.asked[i]);
        positions.push_back(i);
      }
      const auto mine = mixed(of, asked, own_rows, other, rows_of_type(other.types, type));
      for (size_t i = 0; i < positions.size(); ++i) {
        within.share[positions[i]] = mine.share[i];
        within.expected[positions[i]] = mine.expected[i];
      }
    }
    add_means(measure::kMixingWithinType, of.word, of.strata, within.share, within.share,
              within.share, within.expected);
  }

  static std::vector<int32_t> rows_of_type(std::span<const int32_t> types, int32_t type) {
    std::vector<int32_t> rows;
    for (size_t i = 0; i < types.size(); ++i) {
      if (types[i] == type) rows.push_back(static_cast<int32_t>(i));
    }
    return rows;
  }

  const char* space_;
  const AlignedCells& cells_;
  const AlignmentOptions& options_;
  const Side& atac_;
  const Side& rna_;
  const Context& context_;
  std::vector<AlignmentRow> rows_;
};

/// Judged cells of one modality: their types, and those that are asked.
struct Judged {
  Judged(const PlacedCells& cells, const AlignedCells& all, const AlignmentOptions& options,
         const Context& context)
      : types(cells.types.empty() ? std::vector<int32_t>(at(cells.size(all.dimensions)), 0)
                                  : cells.types),
        type_count(std::max<int64_t>(1, std::ssize(all.types))),
        asked(group_sample(types, type_count, options.most_asked, context.seed)),
        strata(types, type_count, asked) {}

  std::vector<int32_t> types;
  int64_t type_count;
  std::vector<int32_t> asked;
  Strata strata;
};

}  // namespace

void AlignmentOptions::describe(OptionSet& set) {
  set.inner("neighbours", neighbours, at_least(1));
  set.inner("most-asked", most_asked, at_least(1));
}

Columns<AlignmentRow> alignment_columns() {
  using Row = AlignmentRow;
  return {
      "alignment.tsv",
      "a row for each latent space, measure, modality and cell type",
      {{"space",
        "the latent space in which distances are taken: `rna`, with the RNA's own latents and the "
        "chromatin's mapped into it, or `atac`, the other way round. Latents are taken as they "
        "are; distances are Euclidean. Of cells that were not measured together also `expression` "
        "and `peaks`, where what is decoded is judged",
        &Row::space},
       {"measure",
        "`foscttm`: the share of cells of the other modality that lie closer to a cell than its "
        "own other half, which is left out of the share; as far counts half; mean of both "
        "directions, 0 = always the closest. `foscttm_within_type`: only cells of the same type "
        "count. `label_transfer`: the share of cells that get their own type from the 15 nearest "
        "training cells of the other modality, by majority, of equals that of the nearest. "
        "`label_transfer_balanced`: its mean over types. `mixing`: the share of cells of the other "
        "modality among a cell's 15 nearest judged cells of both (fewer where a modality has "
        "fewer). `mixing_within_type`: among those of its type. Of cells that were not measured "
        "together: `type_means_r` and `type_means_r2`, over genes, between each type's mean "
        "expression measured in its cells with RNA and predicted from its cells with chromatin; "
        "`type_differences_r`, r after each gene's mean over types is taken out of both; "
        "`reconstruction_r` and "
        "`reconstruction_within_type_r`, of expression and what the RNA's own autoencoder makes of "
        "it, mean over genes; `reconstruction_auroc`, the area under the curve by which the "
        "ATAC's own autoencoder tells a cell's open peaks from its closed ones, mean over cells",
        &Row::measure},
       {"of",
        "whose cells are asked: `atac`, cells by their chromatin (which get the labels of the RNA, "
        "in `label_transfer`), `rna`, or `both`",
        &Row::of},
       {column::kCellType.saying("of the cells that are asked; `all`: over all of them"),
        &Row::cell_type},
       {"cells",
        "that are judged. Of more than 5,000 a sample is asked, as many of each type or all that "
        "it has, and held against all",
        &Row::cells},
       {"value", "of the measure", &Row::value},
       {"standard_error",
        "of the value over cells, types being as large as they are: cells of one donor count as "
        "if they were independent. NA: of a single cell; of what is computed over genes, which "
        "are not independent",
        &Row::standard_error},
       {"chance",
        "what says nothing reaches: ½ of `foscttm`; of `label_transfer` the largest type's share "
        "of the judged cells, on the row of a type its share of the training cells that labels "
        "come from, balanced 1 ÷ types; of `mixing` the other modality's share of the other cells; "
        "of type means what each gene's mean over all training cells reaches, of "
        "`reconstruction_auroc` the share of training cells in which a peak is open",
        &Row::chance}}};
}

PlacedCells place_atac(const Study& study, std::span<const int32_t> cells,
                       const FoldedSurrogate& surrogate, ThreadPool& pool) {
  PlacedCells placed;
  placed.types = types_of(study, cells);
  placed.own = surrogate.atac_latents(pool, select_rows(study.open, cells));
  placed.mapped = surrogate.atac_to_rna(pool, placed.own);
  return placed;
}

PlacedCells place_rna(const Study& study, std::span<const int32_t> cells,
                      const FoldedSurrogate& surrogate, ThreadPool& pool) {
  PlacedCells placed;
  placed.types = types_of(study, cells);
  placed.own = surrogate.rna_latents(pool, select_rows(study.expression, cells));
  placed.mapped = surrogate.rna_to_atac(pool, placed.own);
  return placed;
}

std::vector<AlignmentRow> judge_alignment(const AlignedCells& cells,
                                          const AlignmentOptions& options, const Context& context) {
  validate(options, "alignment");
  const Judged atac(cells.atac, cells, options, context);
  const Judged rna(cells.rna, cells, options, context);
  std::vector<AlignmentRow> rows;
  for (const bool in_rna : {true, false}) {
    // Chromatin is mapped into the space of the RNA, RNA into that of the ATAC.
    const auto side = [&](const char* word, const Judged& judged, const PlacedCells& points,
                          const PlacedCells& training, bool mapped) {
      return Side{word,
                  judged.types,
                  mapped ? points.mapped : points.own,
                  training.types,
                  mapped ? training.mapped : training.own,
                  judged.strata,
                  judged.asked};
    };
    const Side of_atac = side(kAtacWord, atac, cells.atac, cells.training_atac, in_rna);
    const Side of_rna = side(kRnaWord, rna, cells.rna, cells.training_rna, !in_rna);
    const auto found =
        SpaceJudge(in_rna ? kRnaWord : kAtacWord, cells, options, of_atac, of_rna, context).judge();
    rows.insert(rows.end(), found.begin(), found.end());
  }
  return rows;
}

std::vector<AlignmentRow> judge_alignment(const Study& study, std::span<const int32_t> judged,
                                          const FoldedSurrogate& surrogate,
                                          const AlignmentOptions& options, const Context& context) {
  const auto training = study.cells_of(Split::kTrain);
  auto& pool = context.pool;
  AlignedCells cells;
  cells.dimensions = surrogate.shape().latent;
  cells.types = study.cells.type.names;
  cells.atac = place_atac(study, judged, surrogate, pool);
  cells.rna = place_rna(study, judged, surrogate, pool);
  cells.training_atac = place_atac(study, training, surrogate, pool);
  cells.training_rna = place_rna(study, training, surrogate, pool);
  return judge_alignment(cells, options, context);
}

}  // namespace grids::core
