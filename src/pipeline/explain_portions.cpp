#include "pipeline/explain_portions.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/at.hpp"
#include "evaluate/set_columns.hpp"
#include "evaluate/timings.hpp"
#include "io/manifest.hpp"
#include "links/evidence.hpp"
#include "links/found_links.hpp"
#include "links/loci.hpp"
#include "pipeline/manifests.hpp"
#include "redundancy/design.hpp"
#include "redundancy/groups.hpp"
#include "redundancy/redundancy_columns.hpp"
#include "redundancy/redundancy_tables.hpp"
#include "redundancy/redundancy_words.hpp"
#include "redundancy/told_calls.hpp"
#include "report/tracks.hpp"

namespace grids::core {
namespace {

template <typename Row>
Column<Row> digits(std::string_view name, double Row::*member) {
  return {ColumnText{name, "all digits"},
          [member](const Row& row) { return exact_text(row.*member); },
          [member](Row& row, const Cell& cell) { row.*member = cell.number(); }};
}

// ---- what is kept beside the tables of a portion ----

/// A found set: what its verdict is made from, and told.
struct KeptSet {
  std::string name, said, remarks, gene;
  int64_t cells = 0;
  double predicted = 0, slope = 0, low = 0, high = 0, p = 0, p_below_half = 0, detectable = 0;
  std::string note;
  int64_t peaks = 0;      ///< its rows in subsets.tsv
  int64_t contrasts = 0;  ///< in contrasts.tsv, itself first
  int64_t links = 0;      ///< in links.tsv
  int64_t judged = -1;    ///< its row among those of redundancy.tsv; −1: it has none
  bool from_counts = true;
};

Columns<KeptSet> kept_sets() {
  return {"kept_sets.tsv",
          "a row for each found set",
          {{"name", "of the set", &KeptSet::name},
           {"said", "of the set", &KeptSet::said},
           {"remarks", "of the set", &KeptSet::remarks},
           {"gene", "of the study", &KeptSet::gene},
           {"cells", "of the contrast", &KeptSet::cells},
           digits("predicted", &KeptSet::predicted),
           digits("slope", &KeptSet::slope),
           digits("low", &KeptSet::low),
           digits("high", &KeptSet::high),
           digits("p", &KeptSet::p),
           digits("p_below_half", &KeptSet::p_below_half),
           digits("detectable", &KeptSet::detectable),
           {"note", "of the contrast", &KeptSet::note},
           {"peaks", "rows in subsets.tsv", &KeptSet::peaks},
           {"contrasts", "rows in contrasts.tsv", &KeptSet::contrasts},
           {"links", "rows in links.tsv", &KeptSet::links},
           {"judged", "row in redundancy.tsv, from 0; -1 = none", &KeptSet::judged},
           {"from_counts", "see CountMap", &KeptSet::from_counts}}};
}

Columns<ToldSkip> kept_skips() {
  return {"kept_skips.tsv",
          "a row for each target that was not explained",
          {{"type", "of the target", &ToldSkip::type},
           {"gene", "of the target", &ToldSkip::gene},
           {"reason", "why not", &ToldSkip::reason},
           {"gate_a", "see SkippedTarget", &ToldSkip::gate_a},
           {"doubted", "see SkippedTarget", &ToldSkip::doubted}}};
}

/// A row of redundancy.tsv: what its call is held together by, and told.
struct KeptCall {
  std::string call, reason, name, sentence;
  double p_redundant = 0, p_cooperative = 0, slope = 0, low = 0, high = 0;
  bool types_differ = false;
};

Columns<KeptCall> kept_calls() {
  return {"kept_calls.tsv",
          "a row for each row of redundancy.tsv",
          {{"call", "by itself", &KeptCall::call},
           {"reason", "by itself", &KeptCall::reason},
           {"name", "of the set", &KeptCall::name},
           {"sentence", "of the set", &KeptCall::sentence},
           digits("p_redundant", &KeptCall::p_redundant),
           digits("p_cooperative", &KeptCall::p_cooperative),
           digits("slope", &KeptCall::slope),
           digits("low", &KeptCall::low),
           digits("high", &KeptCall::high),
           {"types_differ", "see SetRedundancy", &KeptCall::types_differ}}};
}

ToldSet told_of(const KeptSet& kept) {
  ToldSet told;
  told.name = kept.name;
  told.said = kept.said;
  told.remarks = kept.remarks;
  auto& contrast = told.contrast;
  contrast.cells = kept.cells;
  contrast.predicted = kept.predicted;
  contrast.slope = kept.slope;
  contrast.low = kept.low;
  contrast.high = kept.high;
  contrast.p = kept.p;
  contrast.p_below_half = kept.p_below_half;
  contrast.detectable = kept.detectable;
  contrast.note = kept.note;
  return told;
}

KeptSet kept_of(const ToldSet& told) {
  const auto& contrast = told.contrast;
  KeptSet kept;
  kept.name = told.name;
  kept.said = told.said;
  kept.remarks = told.remarks;
  kept.cells = contrast.cells;
  kept.predicted = contrast.predicted;
  kept.slope = contrast.slope;
  kept.low = contrast.low;
  kept.high = contrast.high;
  kept.p = contrast.p;
  kept.p_below_half = contrast.p_below_half;
  kept.detectable = contrast.detectable;
  kept.note = contrast.note;
  return kept;
}

KeptCall kept_of(const ToldCall& told) {
  const auto& interplay = told.interplay;
  return {call_name(told.call.call),
          told.call.reason,
          told.name,
          told.sentence,
          told.call.p_redundant,
          told.call.p_cooperative,
          interplay.slope,
          interplay.low,
          interplay.high,
          told.types_differ};
}

ToldCall told_of(const KeptCall& kept) {
  const auto call = call_of(kept.call);
  if (!call) throw input_error("'{}' is no call", kept.call);
  ToldCall told;
  told.call.call = *call;
  told.call.reason = kept.reason;
  told.call.p_redundant = kept.p_redundant;
  told.call.p_cooperative = kept.p_cooperative;
  told.call.q = kNaN;
  told.name = kept.name;
  told.sentence = kept.sentence;
  told.types_differ = kept.types_differ;
  told.interplay.slope = kept.slope;
  told.interplay.low = kept.low;
  told.interplay.high = kept.high;
  return told;
}

// ---- a portion ----

/// What is kept of each set; its links are added to `links`.
std::vector<KeptSet> kept_sets_of(const Study& study, const Explained& explained,
                                  const ToldExplained& told,
                                  std::span<const SetRedundancy> redundant,
                                  std::vector<Link>& links) {
  const auto& judged = explained.judged;
  std::vector<KeptSet> kept;
  kept.reserve(told.sets.size());
  for (size_t i = 0; i < told.sets.size(); ++i) {
    const auto& set = judged.sets[i];
    const auto own = links_of(study, {&set, 1}, redundant);
    links.insert(links.end(), own.begin(), own.end());
    KeptSet entry = kept_of(told.sets[i]);
    entry.gene = study.genes.names[at(set.gene)];
    entry.peaks = std::ssize(set.peaks);
    entry.contrasts = 1 + std::ssize(judged.random[i].contrasts);
    entry.links = std::ssize(own);
    entry.judged = row_judged_as(redundant, set);
    entry.from_counts = judged.from_counts;
    kept.push_back(std::move(entry));
  }
  return kept;
}

// ---- the tables of all portions ----

/// What of a run rests on all of its sets.
struct WholeExplain {
  std::vector<KeptSet> sets;
  std::vector<ToldCall> calls;
  ToldExplained told;                  ///< of the sets, with verdicts
  std::map<size_t, size_t> first_set;  ///< of each portion
  std::map<size_t, size_t> first_call;
};

WholeExplain read_whole(const PortionFiles& portions, const ExplainArguments& arguments) {
  WholeExplain whole;
  whole.told.direction = asked_direction(arguments.stage_options());
  for (const size_t portion : portions.portions()) {
    whole.first_set[portion] = whole.sets.size();
    whole.first_call[portion] = whole.calls.size();
    const auto sets = kept_sets();
    for (auto& set : sets.read(portions.read(portion, sets.describe().file))) {
      whole.told.from_counts = set.from_counts;
      whole.told.sets.push_back(told_of(set));
      whole.sets.push_back(std::move(set));
    }
    const auto skips = kept_skips();
    for (auto& skip : skips.read(portions.read(portion, skips.describe().file))) {
      whole.told.skipped.push_back(std::move(skip));
    }
    if (!arguments.ask_redundancy) continue;
    const auto calls = kept_calls();
    for (const auto& call : calls.read(portions.read(portion, calls.describe().file))) {
      whole.calls.push_back(told_of(call));
    }
  }
  add_verdicts(whole.told);
  hold_together(whole.calls, arguments.redundancy_options());
  return whole;
}

/// Puts q, verdicts and calls where a table has them.
class Finisher {
 public:
  explicit Finisher(const WholeExplain& whole) : whole_(whole) {}

  /// For the tables that need it, by name.
  PortionFiles::Change change_of(const std::string& table) const {
    if (table == describe_subsets().file) return each(&KeptSet::peaks, &Finisher::subset);
    if (table == describe_set_summary().file) return each(nullptr, &Finisher::summary);
    if (table == describe_contrasts().file) return each(&KeptSet::contrasts, &Finisher::contrast);
    if (table == link_columns().describe().file) return each(&KeptSet::links, &Finisher::link);
    if (table != describe_redundancy().file) return {};
    return [this](size_t portion, Table& part) {
      TableEdit edit(part);
      for (size_t i = 0; i < part.rows(); ++i) call(call_at(portion, i), i, edit);
      part = std::move(edit).done();
    };
  }

 private:
  struct Place {
    size_t portion;
    size_t set;    ///< of the run
    size_t row;    ///< of the portion's table
    size_t which;  ///< of the set's rows
  };
  using Put = void (Finisher::*)(const Place& place, TableEdit& edit) const;

  /// Goes through the rows of each set, of which a member says how many there are; null: one.
  PortionFiles::Change each(int64_t KeptSet::*rows, Put put) const {
    return [this, rows, put](size_t portion, Table& part) {
      TableEdit edit(part);
      size_t set = whole_.first_set.at(portion);
      for (size_t row = 0; row < part.rows(); ++set) {
        const int64_t count = rows == nullptr ? 1 : whole_.sets.at(set).*rows;
        for (int64_t i = 0; i < count; ++i) {
          (this->*put)({portion, set, row++, at(i)}, edit);
        }
      }
      part = std::move(edit).done();
    };
  }

  const Contrast& contrast_of(const Place& place) const {
    return whole_.told.sets.at(place.set).contrast;
  }
  const CallOfRun& call_at(size_t portion, size_t row) const {
    return whole_.calls.at(whole_.first_call.at(portion) + row).call;
  }

  void subset(const Place& place, TableEdit& edit) const {
    const auto& contrast = contrast_of(place);
    edit.set(place.row, column::kContrastQ, cell_text(Probability{contrast.q}));
    edit.set(place.row, column::kVerdict, verdict_name(contrast.verdict));
  }
  void summary(const Place& place, TableEdit& edit) const {
    edit.set(place.row, column::kVerdict, verdict_name(contrast_of(place).verdict));
  }
  void contrast(const Place& place, TableEdit& edit) const {
    if (place.which > 0) return;  // a random set
    const auto& contrast = contrast_of(place);
    edit.set(place.row, column::kQ, cell_text(Probability{contrast.q}));
    edit.set(place.row, column::kQBelowHalf, cell_text(Probability{contrast.q_below_half}));
    edit.set(place.row, column::kVerdict, verdict_name(contrast.verdict));
  }
  void link(const Place& place, TableEdit& edit) const {
    const auto& contrast = contrast_of(place);
    edit.set(place.row, column::kVerdict, verdict_name(contrast.verdict));
    edit.set(place.row, column::kQ, cell_text(Probability{contrast.q}));
    const int64_t judged = whole_.sets[place.set].judged;
    if (judged < 0) return;
    const auto& call = call_at(place.portion, at(judged));
    edit.set(place.row, column::kCall, call_name(call.call));
    edit.set(place.row, column::kLinkCallQ, cell_text(Probability{call.q}));
  }
  static void call(const CallOfRun& call, size_t row, TableEdit& edit) {
    edit.set(row, column::kCall, call_name(call.call));
    edit.set(row, column::kCallReason, call.reason);
    edit.set(row, column::kCallQ, cell_text(Probability{call.q}));
  }

  const WholeExplain& whole_;
};

/// Genes of found sets, in the order of the sets.
std::vector<int32_t> genes_of(const Study& study, const std::vector<KeptSet>& sets) {
  std::vector<int32_t> genes;
  genes.reserve(sets.size());
  for (const auto& set : sets) {
    const auto gene = study.genes.index_of(set.gene);
    if (!gene) throw input_error("the study has no gene '{}', of which a set was found", set.gene);
    genes.push_back(*gene);
  }
  return genes;
}

std::vector<std::string> write_tracks_into(OutputFolder& out, const Context& context) {
  const Table subsets = read_table(out.path() / describe_subsets().file);
  auto names = track_names(subsets);
  for (auto& name : names) name = fmt::format("{}/{}", kTracksFolder, name);
  out.claim(names, context);
  write_tracks(out.path() / kTracksFolder, subsets);
  return names;
}

/// The small tables that only all portions together give.
std::vector<Table> whole_tables(const Study& study, const PortionFiles& portions,
                                const WholeExplain& whole, const ExplainArguments& arguments) {
  const auto genes = genes_of(study, whole.sets);
  std::vector<Table> tables = {loci_table(study, genes), locus_genes_table(study, genes)};
  if (!arguments.ask_redundancy) return tables;
  tables.push_back(in_design_order(portions.joined(describe_design().file)));
  if (!arguments.redundancy.contrast_groups.empty()) {
    tables.push_back(with_group_q(portions.joined(describe_groups().file)));
  }
  return tables;
}

}  // namespace

ExplainPortions::ExplainPortions(const Study& study, const StudySurrogate& surrogate,
                                 const std::vector<ExplainTarget>& targets, int64_t own,
                                 const ExplainArguments& arguments, const Context& context)
    : study_(study),
      surrogate_(surrogate_for(surrogate, targets, arguments.options)),
      own_(own),
      arguments_(arguments),
      options_(arguments.stage_options()),
      context_(context) {
  std::set<int32_t> genes;
  for (const auto& target : targets) genes.insert(target.gene);
  genes_.assign(genes.begin(), genes.end());
}

std::string ExplainPortions::unconfirmed_genes() const {
  std::string names;
  for (const int32_t gene : genes_) {
    if (surrogate_.path_of(gene) != GenePath::kUnconfirmed) continue;
    names += study_.genes.names[at(gene)] + ";";
  }
  return names.empty() ? "" : sha256_of_text(names);
}

void ExplainPortions::pass_over(int64_t targets) {
  done_ += targets;
  if (search_) search_->pass_over(targets);
}

std::vector<std::string> ExplainPortions::write(const std::filesystem::path& folder, size_t portion,
                                                const std::vector<ExplainTarget>& targets) {
  if (!judge_) {
    search_ = std::make_unique<ExplainSearch>(study_, surrogate_, options_, context_, own_, done_);
    judge_ = std::make_unique<SetsJudge>(study_, surrogate_, options_.perturbation,
                                         arguments_.judge, context_);
  }
  Explained explained;
  explained.direction = asked_direction(options_);
  explained.result = search_->find(targets);
  done_ += std::ssize(targets);
  if (done_ == own_) search_.reset();  // its cells are large, and what follows needs as much
  explained.judged = judge_->judge(explained.result.explained);
  std::vector<SetRedundancy> redundant;
  if (arguments_.ask_redundancy && !explained.result.explained.empty()) {
    if (!redundancy_) {
      redundancy_ = std::make_unique<RedundancyJudge>(
          study_, surrogate_, arguments_.redundancy_options(), context_, judge_->state());
    }
    redundant = redundancy_->judge(redundancy_targets(explained.result.explained));
  }
  const auto told = told_of(study_, explained);
  std::vector<Link> links;
  const auto kept = kept_sets_of(study_, explained, told, redundant, links);
  auto tables = explained_tables(study_, explained);
  tables.push_back(link_columns().table(links));
  tables.push_back(evidence_columns().table(evidence_of(study_, explained.result.explained)));
  tables.push_back(kept_sets().table(kept));
  tables.push_back(kept_skips().table(told.skipped));
  if (arguments_.ask_redundancy) {
    for (auto& table :
         redundancy_tables(study_, redundant, arguments_.redundancy.contrast_groups)) {
      tables.push_back(std::move(table));
    }
    std::vector<KeptCall> calls;
    for (const auto& call : told_calls(study_, redundant)) calls.push_back(kept_of(call));
    tables.push_back(kept_calls().table(calls));
  }
  return write_portion(folder, kExplainCommand, portion, std::move(tables));
}

FinishedExplain finish_explain(OutputFolder& out, const Study& study, const PortionFiles& portions,
                               const ExplainArguments& arguments, bool tracks,
                               const Context& context) {
  const auto whole = read_whole(portions, arguments);
  const auto small = whole_tables(study, portions, whole, arguments);
  FinishedExplain finished{arguments.files(), std::ssize(whole.sets)};
  out.claim(finished.files, context);
  const Finisher finisher(whole);
  for (const auto& name : finished.files) {
    const auto made = std::find_if(small.begin(), small.end(),
                                   [&](const Table& table) { return table.source == name; });
    if (made != small.end()) {
      write_into(out.path(), *made);
    } else {
      portions.write_joined(out.path(), name, finisher.change_of(name));
    }
  }
  if (tracks) {
    for (auto& name : write_tracks_into(out, context)) finished.files.push_back(std::move(name));
  }
  tell_explained(whole.told, context);
  tell_calls(whole.calls, context);
  if (arguments.ask_redundancy && !arguments.redundancy.contrast_groups.empty()) {
    context.reporter.info(
        groups_sentence(read_table(out.path() / describe_redundancy().file), small.back()));
  }
  tell_interplay(whole.calls, context);
  return finished;
}

}  // namespace grids::core
