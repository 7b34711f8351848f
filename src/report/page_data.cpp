#include "report/page_data.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <tuple>

#include "base/nan.hpp"
#include "evaluate/accuracy.hpp"
#include "evaluate/set_columns.hpp"
#include "redundancy/redundancy_columns.hpp"
#include "report/redundancy_view.hpp"
#include "report/verdict_marks.hpp"

namespace grids::core {
namespace {

using Json = nlohmann::ordered_json;
using SetName = std::pair<std::string, std::string>;  // cell type, gene

/// What the page shows of links.tsv.
constexpr std::string_view kLinkColumns[] = {
    "cell_type", "gene",  "tss",  "strand",     "peak",    "chrom",      "start",          "end",
    "element",   "class", "rank", "in_minimal", "partner", "loss_alone", "distance_to_tss"};

/// Of loci.tsv: peak, chrom, start, end; then the types.
constexpr size_t kPlaceColumns = 4;

Json json_of(const Table& table) {
  Json rows = Json::array();
  for (size_t i = 0; i < table.rows(); ++i) rows.push_back(table.row(i));
  return {{"columns", table.columns()}, {"rows", std::move(rows)}};
}

/// Rows of a table of the folder that `keep` keeps; no rows where it is missing.
template <typename Keep>
Json rows_of(const Results& results, std::string_view file, const Keep& keep) {
  const Table* table = results.find(file);
  if (table == nullptr) return json_of(Table());
  Table kept(table->columns());
  for (size_t i = 0; i < table->rows(); ++i) {
    if (keep(*table, i)) kept.add(table->row(i));
  }
  return json_of(kept);
}

/// What is said of each set as a whole; of several rows, a type each, the first.
using Calls = std::map<SetName, RedundancyView>;

Calls calls_of(const Results& results) {
  Calls calls;
  const Table* table = results.find("redundancy.tsv");
  if (table == nullptr) return calls;
  for (auto& view : redundancy_calls(*table)) {
    if (view.set == "found") calls.try_emplace({view.cell_type, view.gene}, std::move(view));
  }
  return calls;
}

/// Five digits: what a page shows, and not much more. NaN is null.
Json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.5g}", value).c_str(), nullptr);
}

/// The sets by column, because there may be tens of thousands: numbers, texts, or for texts that
/// occur again and again their places in a list of the different ones.
class SetColumns {
 public:
  explicit SetColumns(const std::vector<SetView>& sets) : sets_(&sets) {}

  template <typename Of>
  void numbers(const char* name, const Of& of) {
    Json values = Json::array();
    for (const auto& set : *sets_) values.push_back(rounded(static_cast<double>(of(set))));
    add(name, std::move(values));
  }

  template <typename Of>
  void words(const char* name, const Of& of) {
    Json different = Json::array(), places = Json::array();
    std::map<std::string, size_t> known;
    for (const auto& set : *sets_) {
      const std::string text = of(set);
      const auto [found, is_new] = known.try_emplace(text, known.size());
      if (is_new) different.push_back(text);
      places.push_back(found->second);
    }
    add(name, {{"of", std::move(different)}, {"at", std::move(places)}});
  }

  Json whole(size_t detailed) && {
    return {{"columns", std::move(names_)}, {"values", std::move(values_)}, {"detailed", detailed}};
  }

 private:
  void add(const char* name, Json values) {
    names_.push_back(name);
    values_.push_back(std::move(values));
  }

  const std::vector<SetView>* sets_;
  Json names_ = Json::array(), values_ = Json::array();
};

Json sets_of_page(const Results& results, size_t detailed) {
  const auto calls = calls_of(results);
  const auto call = [&](const SetView& set) -> const RedundancyView* {
    const auto found = calls.find({set.cell_type, set.gene});
    return found == calls.end() ? nullptr : &found->second;
  };
  /// A share of a joint change that is too uncertain for one is not shown.
  const auto share = [&](double RedundancyFacts::*number) {
    return [&, number](const SetView& set) {
      const auto* view = call(set);
      return view == nullptr || !view->has_shares() ? kNaN : view->facts.*number;
    };
  };
  SetColumns columns(results.sets);
  columns.words("gene", [](const SetView& set) { return set.gene; });
  columns.words("cell_type", [](const SetView& set) { return set.cell_type; });
  columns.words("method", [](const SetView& set) { return set.method; });
  columns.words("verdict", [](const SetView& set) { return verdict_name(set.contrast.verdict); });
  columns.words("remark", [](const SetView& set) { return page_remark(set.contrast); });
  columns.numbers("slope", [](const SetView& set) { return set.contrast.slope; });
  columns.numbers("slope_low", [](const SetView& set) { return set.contrast.low; });
  columns.numbers("slope_high", [](const SetView& set) { return set.contrast.high; });
  columns.numbers("q", [](const SetView& set) { return set.contrast.q; });
  columns.numbers("change", [](const SetView& set) { return set.relative_change; });
  columns.numbers("change_low", [](const SetView& set) { return set.relative_low; });
  columns.numbers("change_high", [](const SetView& set) { return set.relative_high; });
  // The mean log change; of values without counts a difference is no share of anything.
  columns.numbers("predicted", [](const SetView& set) {
    return set.from_counts ? set.contrast.predicted : kNaN;
  });
  columns.numbers("peaks", [](const SetView& set) { return set.peaks.size(); });
  columns.numbers("minimal", [](const SetView& set) {
    return std::count_if(set.peaks.begin(), set.peaks.end(),
                         [](const PeakView& peak) { return peak.in_minimal; });
  });
  columns.numbers("near_share", [](const SetView& set) { return set.near_share; });
  columns.words("call", [&](const SetView& set) {
    const auto* view = call(set);
    return view == nullptr ? "" : call_name(view->facts.call);
  });
  columns.words("call_reason", [&](const SetView& set) {
    const auto* view = call(set);
    return view == nullptr ? std::string() : reason_words(view->facts.reason);
  });
  columns.numbers("hidden_share", share(&RedundancyFacts::hidden));
  columns.numbers("hidden_low", share(&RedundancyFacts::low));
  columns.numbers("hidden_high", share(&RedundancyFacts::high));
  columns.numbers("partners", [](const SetView& set) { return set.partners.size(); });
  columns.words("domain", [](const SetView& set) { return set.domain; });
  columns.words("nature", [](const SetView& set) { return nature_name(nature_of(set)); });
  columns.words("gate", [](const SetView& set) { return set.gate; });
  columns.words("asked", [](const SetView& set) {
    return set.asked == ChangeDirection::kDown ? "down" : "up";
  });
  columns.numbers("cells", [](const SetView& set) { return set.cells; });
  columns.words("caution", [](const SetView& set) { return set.caution; });
  return std::move(columns).whole(detailed);
}

/// Where the peaks and genes of the detailed sets lie: what of loci.tsv is drawn.
class Drawn {
 public:
  /// `genes`: locus_genes.tsv. Either may be null.
  Drawn(const Table* links, const Table* genes, const std::set<SetName>& detailed) {
    std::set<std::string> wanted;
    for (const auto& name : detailed) wanted.insert(name.second);
    for (size_t i = 0; genes != nullptr && i < genes->rows(); ++i) {
      if (wanted.contains(genes->text(i, column::kGene))) widen(*genes, i);
    }
    for (size_t i = 0; links != nullptr && i < links->rows(); ++i) {
      if (detailed.contains({links->text(i, column::kCellType), links->text(i, column::kGene)})) {
        widen(*links, i);
      }
    }
  }

  bool holds(const Table& table, size_t row) const {
    const auto found = places_.find(table.text(row, column::kChrom));
    if (found == places_.end()) return false;
    const double start = table.number(row, column::kStart), end = table.number(row, column::kEnd);
    return std::any_of(found->second.begin(), found->second.end(), [&](const auto& place) {
      return start < place.second && end > place.first;
    });
  }

 private:
  /// To either side of a gene or a peak that is drawn.
  static constexpr double kBeside = 100'000;

  void widen(const Table& table, size_t row) {
    auto& places = places_[table.text(row, column::kChrom)];
    const double start = table.number(row, column::kStart) - kBeside;
    const double end = table.number(row, column::kEnd) + kBeside;
    for (auto& place : places) {
      if (start > place.second || end < place.first) continue;
      place = {std::min(start, place.first), std::max(end, place.second)};
      return;
    }
    places.emplace_back(start, end);
  }

  std::map<std::string, std::vector<std::pair<double, double>>> places_;
};

/// What is drawn of loci.tsv; how often peaks are open with three digits.
template <typename Keep>
Json loci_of(const Results& results, const Keep& keep) {
  auto table = rows_of(results, "loci.tsv", keep);
  for (auto& row : table["rows"]) {
    for (size_t i = kPlaceColumns; i < row.size(); ++i) {
      const auto text = row[i].template get<std::string>();
      if (text != "NA") row[i] = fmt::format("{:.3g}", std::strtod(text.c_str(), nullptr));
    }
  }
  return table;
}

/// Those columns of a table that it has, of the rows that `keep` keeps.
template <typename Keep>
Json part_of(const Results& results, std::string_view file,
             std::span<const std::string_view> wanted, const Keep& keep) {
  const Table* table = results.find(file);
  if (table == nullptr) return json_of(Table());
  TableRow names;
  for (const auto name : wanted) {
    if (table->has(name)) names.emplace_back(name);
  }
  Table kept(names);
  for (size_t i = 0; i < table->rows(); ++i) {
    if (!keep(*table, i)) continue;
    TableRow row;
    row.reserve(names.size());
    for (const auto& name : names) row.push_back(table->text(i, name));
    kept.add(std::move(row));
  }
  return json_of(kept);
}

/// What says whether the model can be trusted for the genes of these sets: how well it predicts
/// them beside simple predictors, and both gates.
void add_trust(const Results& results, const std::set<SetName>& detailed, Json& tables) {
  std::set<std::string> genes;
  for (const auto& name : detailed) genes.insert(name.second);
  const auto of_gene = [&](const Table& table, size_t row) {
    return genes.contains(table.text(row, column::kGene));
  };
  constexpr std::string_view kAccuracyColumns[] = {
      "gene", "predictor", "r2", "within_type_r", "within_type_r_partial", "n"};
  tables["accuracy"] = part_of(results, "accuracy.tsv", kAccuracyColumns, of_gene);
  constexpr std::string_view kGateColumns[] = {"gene",     "gate_a_q",      "gate_a_passed",
                                               "gate_b_q", "gate_b_passed", "window_peaks"};
  std::set<std::string> done;  // cis.tsv has a row for each term
  tables["gates"] = part_of(results, "cis.tsv", kGateColumns, [&](const Table& table, size_t row) {
    return of_gene(table, row) && done.insert(table.text(row, column::kGene)).second;
  });
}

/// "study.h5mu", "surrogate-cis.safetensors": as the command that found the sets read them.
Json inputs_of(const Results& results) {
  Json inputs = Json::array();
  for (auto entry = results.manifests.rbegin(); entry != results.manifests.rend(); ++entry) {
    if (entry->command != "explain" && entry->command != "redundancy") continue;
    for (const auto& input : entry->inputs) {
      if (input.path.ends_with(".h5mu") || input.path.ends_with(".safetensors")) {
        inputs.push_back(input.path);
      }
    }
    return inputs;
  }
  return {"study.h5mu", "surrogate-cis.safetensors"};
}

Json types_of(const Results& results) {
  const Table* loci = results.find("loci.tsv");
  Json types = Json::array();
  for (size_t i = kPlaceColumns; loci != nullptr && i < loci->columns().size(); ++i) {
    types.push_back(loci->columns()[i]);
  }
  return types;
}

std::string genome_of(const Results& results) {
  const Table* genes = results.find("locus_genes.tsv");
  return genes == nullptr ? std::string() : genes->text(0, "build");
}

/// Within a page a script ends at the first "</script", whatever holds it.
std::string without_markup(const std::string& json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string page_data(const Results& results, const ReportOptions& options) {
  const size_t count = std::min(results.sets.size(), static_cast<size_t>(options.report_sets));
  std::set<SetName> detailed;
  for (size_t i = 0; i < count; ++i) {
    detailed.insert({results.sets[i].cell_type, results.sets[i].gene});
  }
  const auto of_set = [&](const Table& table, size_t row) {
    return detailed.contains({table.text(row, column::kCellType), table.text(row, column::kGene)});
  };
  const Drawn drawn(results.find("links.tsv"), results.find("locus_genes.tsv"), detailed);
  const auto near = [&](const Table& table, size_t row) { return drawn.holds(table, row); };
  const auto found = [&](const Table& table, size_t row) {
    return of_set(table, row) && table.text(row, column::kWhichSet) == "found";
  };
  const auto found_link = [&](const Table& table, size_t row) {  // not an alternative
    return of_set(table, row) &&
           (!table.has(column::kWhichSet) || table.text(row, column::kWhichSet) == "found");
  };
  Json tables = {{"sets", sets_of_page(results, count)},
                 {"links", part_of(results, "links.tsv", kLinkColumns, found_link)},
                 {"members", rows_of(results, "members.tsv", of_set)},
                 {"settings", rows_of(results, "settings.tsv", of_set)},
                 {"types", rows_of(results, "change_by_type.tsv", of_set)},
                 {"evidence", rows_of(results, "evidence.tsv", of_set)},
                 {"design", rows_of(results, "design.tsv", of_set)},
                 {"loci", loci_of(results, near)},
                 {"genes", rows_of(results, "locus_genes.tsv", near)},
                 {"calls", rows_of(results, "redundancy.tsv", found)},
                 {"contrasts", rows_of(results, "contrasts.tsv", found)},
                 {"groups", rows_of(results, "redundancy_groups.tsv", of_set)},
                 {"stability", rows_of(results, "stability.tsv", of_set)},
                 {"hits", rows_of(results, "hits.tsv", of_set)}};
  add_trust(results, detailed, tables);
  const Json data = {
      {"version", results.manifests.empty() ? std::string() : results.manifests.back().version},
      {"types", types_of(results)},
      {"genome", genome_of(results)},
      {"inputs", inputs_of(results)},
      {"tables", std::move(tables)}};
  return without_markup(data.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace grids::core
