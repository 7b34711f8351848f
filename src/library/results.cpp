#include <algorithm>

#include "base/error.hpp"
#include "evaluate/cell_map.hpp"
#include "evaluate/explained.hpp"
#include "evaluate/knockout.hpp"
#include "io/folder.hpp"
#include "library/options.hpp"
#include "library/parts.hpp"
#include "library/tables.hpp"
#include "pipeline/evaluate_into.hpp"
#include "pipeline/explain_into.hpp"
#include "redundancy/redundancy_tables.hpp"
#include "redundancy/redundancy_words.hpp"
#include "report/report.hpp"

namespace grids {
namespace {

Target target_of(const core::Study& study, const core::ExplainTarget& target) {
  return {core::type_name(study, target), study.genes.names[static_cast<size_t>(target.gene)],
          target.set_size};
}

std::vector<std::string> peak_names(const core::Study& study, std::span<const int32_t> peaks) {
  std::vector<std::string> names;
  names.reserve(peaks.size());
  for (const int32_t peak : peaks) names.push_back(study.peaks.names[static_cast<size_t>(peak)]);
  return names;
}

Verdict verdict_of(core::Verdict verdict) {
  switch (verdict) {
    case core::Verdict::kBorneOut:
      return Verdict::kBorneOut;
    case core::Verdict::kOverstated:
      return Verdict::kOverstated;
    case core::Verdict::kUndecided:
      return Verdict::kUndecided;
    case core::Verdict::kNotJudged:
      return Verdict::kNotJudged;
    case core::Verdict::kContradicted:
      return Verdict::kContradicted;
  }
  throw core::internal_error("no such verdict: {}", static_cast<int>(verdict));
}

Contrast contrast_of(const core::Contrast& contrast) {
  return {contrast.slope,
          contrast.low,
          contrast.high,
          contrast.p,
          contrast.q,
          contrast.p_below_half,
          contrast.q_below_half,
          contrast.detectable,
          verdict_of(contrast.verdict),
          contrast.note};
}

PeakSet set_of(const core::Study& study, const core::ExplainTarget& target,
               const core::EvaluatedSet& set) {
  PeakSet result;
  result.target = target_of(study, target);
  result.method = set.method;
  result.peaks = peak_names(study, set.peaks);
  result.minimal = peak_names(study, set.partners.minimal);
  for (const auto& partner : set.partners.partners) {
    result.partners.push_back(study.peaks.names[static_cast<size_t>(partner.feature)]);
  }
  result.relative_change = set.change.relative_change;
  result.test_cells = set.change.cells;
  result.contrast = contrast_of(set.contrast);
  result.caution = set.caution;
  result.domain = core::domain_name(set.domain);
  result.unconfirmed = set.gate == "B";
  return result;
}

Redundancy redundancy_of(const core::Study& study, const core::SetRedundancy& set) {
  Redundancy result;
  result.target = target_of(study, {set.target.type, set.target.gene, 0});
  for (const auto& element : set.judged_elements()) {
    result.elements.push_back(peak_names(study, element.peaks));
  }
  const core::Redundancy& found = set.result;
  result.call = core::call_name(found.call);
  result.reason = found.reason;
  result.hidden_share = found.hidden;
  result.hidden_low = found.hidden_low;
  result.hidden_high = found.hidden_high;
  result.hidden_share_log = found.hidden_log;
  result.q = found.q;
  result.cells = set.cells;
  result.sentence = core::redundancy_sentence(core::facts_of(set));
  return result;
}

std::vector<core::ExplainTarget> find(const core::Study& study, const std::vector<Target>& targets,
                                      int64_t set_size) {
  std::vector<core::TargetRequest> requests;
  requests.reserve(targets.size());
  for (const Target& target : targets) {
    requests.push_back(
        {target.cell_type, target.gene, target.set_size == 0 ? set_size : target.set_size});
  }
  return core::find_targets(study, requests);
}

struct KnockoutOptions {
  core::CellChoice cells = core::CellChoice::kTest;
  core::Perturbation perturbation = core::Perturbation::kClosed;

  void describe(core::OptionSet& set) {
    core::describe_cells(set, cells);
    core::describe_perturbation(set, perturbation);
  }
};

/// One gene and one type, by name.
core::ExplainTarget find_one(const core::Study& study, const std::string& cell_type,
                             const std::string& gene) {
  const auto found = find(study, {{cell_type, gene, 1}}, 1);
  if (found.size() != 1 || !found.front().type) {
    throw core::input_error("knock_out: '{}' is not one cell type", cell_type);
  }
  return found.front();
}

void require_indices(std::span<const int32_t> indices, int64_t count, const char* what) {
  for (const int32_t index : indices) {
    if (index < 0 || index >= count) {
      throw core::input_error("predict: there is no {} {}; the study has {}", what, index, count);
    }
  }
}

}  // namespace

void write(const std::vector<Table>& tables, const std::filesystem::path& folder) {
  core::require_folder(folder);
  core::make_folder(folder);
  for (const Table& table : tables) {
    if (table.file.empty() || table.file.find('/') != std::string::npos) {
      throw core::usage_error("'{}' is no name of a table's file", table.file);
    }
    core::Table copy(table.columns);
    for (const auto& row : table.rows) copy.add(row);
    copy.source = table.file;
    core::write_into(folder, copy);
  }
}

Explanation explain(const Study& study, const Surrogate& surrogate,
                    const std::vector<Target>& targets, const Options& options, Session& session) {
  core::ExplainArguments arguments;
  assign(arguments, options, "explain");
  const core::Study& cells = study.parts().study;
  const auto view = surrogate.parts().view_on(cells);
  const auto wanted = find(cells, targets, arguments.set_size);
  const auto context = session.parts().context();
  core::require_groups(cells, arguments.redundancy);
  const core::Explained found = core::explain_and_judge(
      cells, view, wanted, arguments.stage_options(), arguments.judge, context);
  Explanation result;
  for (size_t i = 0; i < found.judged.sets.size(); ++i) {
    result.sets.push_back(set_of(cells, found.result.explained[i].target, found.judged.sets[i]));
  }
  for (const auto& skipped : found.result.skipped) {
    result.skipped.push_back({target_of(cells, skipped.target), skipped.reason});
  }
  auto tables = core::explained_tables(cells, found);
  const auto redundant = core::ask_redundancy(cells, view, found.result, arguments, context);
  for (const auto& set : redundant) result.redundancy.push_back(redundancy_of(cells, set));
  if (arguments.ask_redundancy) {
    for (auto& table :
         core::redundancy_tables(cells, redundant, arguments.redundancy.contrast_groups)) {
      tables.push_back(std::move(table));
    }
  }
  result.tables = tables_of(tables);
  return result;
}

std::vector<PeakChange> knock_out(const Study& study, const Surrogate& surrogate,
                                  const std::string& cell_type, const std::string& gene,
                                  const Options& options, Session& session) {
  KnockoutOptions chosen;
  assign(chosen, options, "knockout");
  const core::Study& cells = study.parts().study;
  const core::ExplainTarget target = find_one(cells, cell_type, gene);
  const auto view = surrogate.parts().view_on(cells).asked_for({&target.gene, 1});
  const auto context = session.parts().context();
  const auto model =
      view.model(cells, core::chosen_cells(cells, chosen.cells, *target.type),
                 core::replacement_values(cells, chosen.perturbation, target.type), context.pool);
  std::vector<PeakChange> changes;
  core::knock_out(
      *model, {{&target.gene, 1}, {}},
      [&](const core::PeakKnockout& peak) {
        changes.push_back({peak.peak, peak.open_cells, peak.change[0]});
      },
      context);
  return changes;
}

Matrix predict(const Study& study, const Surrogate& surrogate, std::span<const int32_t> cells,
               std::span<const int32_t> masked, Session& session) {
  const core::Study& all = study.parts().study;
  require_indices(cells, all.cells.size(), "cell");
  require_indices(masked, all.peaks.size(), "peak");
  std::vector<int32_t> closed(masked.begin(), masked.end());
  std::sort(closed.begin(), closed.end());
  closed.erase(std::unique(closed.begin(), closed.end()), closed.end());
  const auto view = surrogate.parts().view_on(all);
  return {static_cast<int64_t>(cells.size()), all.genes.size(),
          view.predict_all(all, cells, session.parts().pool, closed)};
}

Evaluation evaluate(const Study& study, const Surrogate& surrogate, const Options& options,
                    Session& session) {
  core::EvaluateArguments arguments;
  assign(arguments, options, "evaluate");
  const core::Study& cells = study.parts().study;
  const auto view = surrogate.parts().view_on(cells);
  const auto context = session.parts().context();
  const core::Evaluation found = core::evaluate_surrogate(
      cells, view, core::evaluation_options(arguments, cells, context), context);
  Evaluation result;
  for (const auto& marker : core::marker_names(cells, found.markers)) {
    result.markers.push_back({marker.cell_type, marker.gene, 0});
  }
  result.tables = tables_of(core::evaluation_tables(cells, found));
  return result;
}

std::vector<Table> map_cells(const Study& study, const Surrogate& surrogate,
                             const std::vector<std::string>& genes, Session& session) {
  const core::Study& cells = study.parts().study;
  const auto view = surrogate.parts().view_on(cells);
  return tables_of(core::map_cells(cells, view, genes, session.parts().context()));
}

std::filesystem::path report(const std::filesystem::path& folder, const Options& options,
                             Session& session) {
  core::ReportOptions wanted;
  assign(wanted, options, "report");
  core::write_report(folder, wanted, session.parts().context());
  return folder / "report.html";
}

}  // namespace grids
