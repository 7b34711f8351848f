#include "pipeline/compare_portions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "compare/comparison_files.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

/// A run of the portion, by its number in the order of all runs.
struct KeptRun {
  int64_t run = 0;
  int64_t on = 0;  ///< ComparedOn
  std::string method;
};

/// Of a run, and the place of its target among all targets.
struct KeptComparedSet : ComparedSet {
  int64_t run = 0;
  int64_t target = 0;
};

struct KeptComparedSkip : SkippedRow {
  int64_t run = 0;
  int64_t target = 0;
};

struct KeptTarget {
  int64_t target = 0;
  int64_t type = 0;  ///< −1: all
  int64_t gene = 0;
};

struct KeptTypeChange {
  int64_t gene = 0;
  int64_t learned = 0;
  int64_t tested = 0;
  double change = 0;
};

template <typename Row>
Column<Row> all_digits(std::string_view name, double Row::*member) {
  return {ColumnText{name, "all digits"},
          [member](const Row& row) { return exact_text(row.*member); },
          [member](Row& row, const Cell& cell) { row.*member = cell.number(); }};
}

Columns<KeptRun> kept_run_columns() {
  return {"kept_runs.tsv",
          "a row for each run",
          {{"run", "its number", &KeptRun::run},
           {"on", "what was searched", &KeptRun::on},
           {"method", "of the run", &KeptRun::method}}};
}

/// The columns of a set or a skipped target, of which rows have more members than those tell.
template <typename Row, typename Told>
Columns<Row> with_place(const std::string& file, const Columns<Told>& told) {
  std::vector<Column<Row>> columns = {{"run", "its number", &Row::run},
                                      {"target", "place among all", &Row::target}};
  const auto names = told.names();
  for (size_t i = 0; i < names.size(); ++i) {
    Column<Row> column(std::string_view(names[i]), std::string_view("of the row"),
                       [told, i](const Row& row) { return told.cells(row)[i]; });
    columns.push_back(std::move(column));
  }
  return {file, "a row for each", std::move(columns)};
}

Columns<KeptComparedSet> kept_compared_columns() {
  return with_place<KeptComparedSet>("kept_sets.tsv", kept_set_columns());
}

/// Beside them, because no column of a set tells it.
struct KeptSeconds {
  double seconds = 0;
};

Columns<KeptSeconds> kept_seconds_columns() {
  return {"kept_seconds.tsv",
          "a row for each of kept_sets.tsv",
          {all_digits("seconds", &KeptSeconds::seconds)}};
}

Columns<KeptComparedSkip> kept_compared_skips() {
  return with_place<KeptComparedSkip>("kept_skips.tsv", skipped_columns());
}

Columns<KeptTarget> kept_target_columns() {
  return {"kept_targets.tsv",
          "a row for each target",
          {{"target", "place among all", &KeptTarget::target},
           {"type", "of the study; -1 = all together", &KeptTarget::type},
           {"gene", "of the study", &KeptTarget::gene}}};
}

Columns<KeptTypeChange> kept_change_columns() {
  return {"kept_changes.tsv",
          "a row for each set in each type",
          {{"gene", "of the study", &KeptTypeChange::gene},
           {"learned", "type of the study", &KeptTypeChange::learned},
           {"tested", "type of the study", &KeptTypeChange::tested},
           all_digits("change", &KeptTypeChange::change)}};
}

/// The same number as a table spells it and is read back.
double as_read(double value) {
  Table table({"value"});
  table.add({format_number(value)});
  return table.number(0, "value");
}

/// q over the targets of a run.
void hold_together(std::vector<ComparedSet>& sets) {
  std::vector<double> p;
  p.reserve(sets.size());
  for (const auto& set : sets) p.push_back(set.exact_p);
  const auto q = benjamini_hochberg(p);
  for (size_t i = 0; i < sets.size(); ++i) sets[i].q = as_read(q[i]);
}

Error not_of_one_run(const PortionFiles& portions, size_t portion, const std::string& what) {
  return input_error("{}: {}; run the shard again",
                     portions.place_of(portion, kept_run_columns().describe().file).string(), what);
}

/// Rows of all portions by run, and in each by target.
template <typename Kept>
using ByRun = std::vector<std::vector<std::pair<int64_t, Kept>>>;

template <typename Kept>
std::vector<Kept> in_target_order(std::vector<std::pair<int64_t, Kept>>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Kept> ordered;
  ordered.reserve(rows.size());
  for (auto& row : rows) ordered.push_back(std::move(row.second));
  return ordered;
}

/// Reads one portion after the other.
class WholeReader {
 public:
  explicit WholeReader(const PortionFiles& portions) : portions_(portions) {}

  WholeComparison read() {
    for (const size_t portion : portions_.portions()) add(portion);
    WholeComparison whole;
    whole.targets = in_target_order(targets_);
    whole.found.changes = std::move(changes_);
    for (size_t i = 0; i < runs_.size(); ++i) {
      auto sets = in_target_order(sets_[i]);
      const auto on = static_cast<ComparedOn>(runs_[i].on);
      if (on == ComparedOn::kSurrogate) hold_together(sets);
      whole.found.runs.push_back(
          {on, runs_[i].method, std::move(sets), in_target_order(skips_[i])});
    }
    return whole;
  }

 private:
  Table table(size_t portion, const TableText& text) const {
    return portions_.read(portion, text.file);
  }

  size_t number_of(const Table& rows, size_t row, size_t portion) const {
    const auto number = static_cast<int64_t>(rows.number(row, "run"));
    if (number < 0 || number >= std::ssize(runs_)) {
      throw not_of_one_run(portions_, portion, fmt::format("there is no run {}", number));
    }
    return at(number);
  }

  void add(size_t portion) {
    const auto columns = kept_run_columns();
    auto runs = columns.read(table(portion, columns.describe()));
    if (runs_.empty()) {
      runs_ = std::move(runs);
      sets_.resize(runs_.size());
      skips_.resize(runs_.size());
    } else if (runs.size() != runs_.size()) {
      throw not_of_one_run(portions_, portion,
                           fmt::format("{} runs, elsewhere {}", runs.size(), runs_.size()));
    }
    add_sets(portion);
    add_skips(portion);
    add_targets(portion);
  }

  void add_sets(size_t portion) {
    const auto rows = table(portion, kept_compared_columns().describe());
    auto sets = read_kept_sets(rows);
    const auto timed = kept_seconds_columns();
    const auto seconds = timed.read(table(portion, timed.describe()));
    if (seconds.size() != sets.size()) {
      throw not_of_one_run(portions_, portion,
                           fmt::format("{} sets with {} times", sets.size(), seconds.size()));
    }
    for (size_t i = 0; i < sets.size(); ++i) {
      sets[i].seconds = seconds[i].seconds;
      sets_[number_of(rows, i, portion)].emplace_back(
          static_cast<int64_t>(rows.number(i, "target")), std::move(sets[i]));
    }
  }

  void add_skips(size_t portion) {
    const auto rows = table(portion, kept_compared_skips().describe());
    auto skips = skipped_columns().read(rows);
    for (size_t i = 0; i < skips.size(); ++i) {
      skips_[number_of(rows, i, portion)].emplace_back(
          static_cast<int64_t>(rows.number(i, "target")), std::move(skips[i]));
    }
  }

  void add_targets(size_t portion) {
    const auto targets = kept_target_columns();
    for (const auto& [place, type, gene] : targets.read(table(portion, targets.describe()))) {
      ExplainTarget target;
      if (type >= 0) target.type = static_cast<int32_t>(type);
      target.gene = static_cast<int32_t>(gene);
      targets_.emplace_back(place, target);
    }
    const auto changes = kept_change_columns();
    for (const auto& [gene, learned, tested, change] :
         changes.read(table(portion, changes.describe()))) {
      changes_.push_back({static_cast<int32_t>(gene), static_cast<int32_t>(learned),
                          static_cast<int32_t>(tested), change});
    }
  }

  const PortionFiles& portions_;
  std::vector<KeptRun> runs_;
  ByRun<ComparedSet> sets_;
  ByRun<SkippedRow> skips_;
  std::vector<std::pair<int64_t, ExplainTarget>> targets_;
  std::vector<TypeChange> changes_;
};

}  // namespace

int64_t OwnTargets::place_of(const Study& study, const std::string& type,
                             const std::string& gene) const {
  for (size_t i = 0; i < targets.size(); ++i) {
    if (study.genes.names[at(targets[i].gene)] == gene && type_name(study, targets[i]) == type) {
      return places[i];
    }
  }
  throw internal_error("{} in {} is no target of the shard", gene, type);
}

std::vector<Table> kept_comparison(const Study& study, const OwnTargets& own,
                                   const ComparedRuns& found) {
  std::vector<KeptRun> runs;
  std::vector<KeptComparedSet> sets;
  std::vector<KeptSeconds> seconds;
  std::vector<KeptComparedSkip> skips;
  for (const auto& run : found.runs) {
    const auto number = std::ssize(runs);
    runs.push_back({number, static_cast<int64_t>(run.on), run.method});
    for (const auto& set : run.sets) {
      sets.push_back({set, number, own.place_of(study, set.cell_type, set.gene)});
      seconds.push_back({set.seconds});
    }
    for (const auto& skip : run.skipped) {
      skips.push_back({skip, number, own.place_of(study, skip.cell_type, skip.gene)});
    }
  }
  std::vector<KeptTarget> targets;
  for (size_t i = 0; i < own.targets.size(); ++i) {
    targets.push_back({own.places[i], own.targets[i].type.value_or(-1), own.targets[i].gene});
  }
  std::vector<KeptTypeChange> changes;
  for (const auto& [gene, learned, tested, change] : found.changes) {
    changes.push_back({gene, learned, tested, change});
  }
  return {kept_run_columns().table(runs),        kept_compared_columns().table(sets),
          kept_seconds_columns().table(seconds), kept_compared_skips().table(skips),
          kept_target_columns().table(targets),  kept_change_columns().table(changes)};
}

WholeComparison read_comparison(const PortionFiles& portions) {
  return WholeReader(portions).read();
}

}  // namespace grids::core
