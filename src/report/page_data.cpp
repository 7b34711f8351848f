#include "report/page_data.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "evaluate/accuracy.hpp"
#include "redundancy/redundancy_columns.hpp"
#include "report/html.hpp"

namespace grids::core {
namespace {

using Json = nlohmann::ordered_json;
using SetName = std::pair<std::string, std::string>;  // cell type, gene

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

/// What redundancy.tsv says of a set as a whole: of several rows, a type each, the first.
using Calls = std::map<SetName, size_t>;

Calls calls_of(const Table* redundancy) {
  Calls calls;
  if (redundancy == nullptr) return calls;
  for (size_t i = 0; i < redundancy->rows(); ++i) {
    if (redundancy->text(i, column::kRedundancySet) != "found") continue;
    calls.try_emplace({redundancy->text(i, column::kCellType), redundancy->text(i, column::kGene)},
                      i);
  }
  return calls;
}

const char* const kSetColumns[] = {
    "gene",       "cell_type",   "method",     "verdict", "remark",      "slope",
    "slope_low",  "slope_high",  "q",          "change",  "change_low",  "change_high",
    "peaks",      "minimal",     "near_share", "call",    "call_reason", "hidden_share",
    "hidden_low", "hidden_high", "partners",   "domain",  "gate",        "asked",
    "cells",      "caution",     "detailed"};

/// Call, reason, hidden share and its interval.
TableRow call_cells(const Table* redundancy, const Calls& calls, const SetView& set) {
  const auto found = calls.find({set.cell_type, set.gene});
  if (found == calls.end()) return {"", "", "NA", "NA", "NA"};
  TableRow cells;
  for (const std::string_view name :
       {column::kCall.name, column::kCallReason.name, column::kHiddenShare.name,
        column::kHiddenLow.name, column::kHiddenHigh.name}) {
    cells.push_back(redundancy->text(found->second, name));
  }
  return cells;
}

Table sets_table_of(const Results& results, size_t detailed) {
  Table table(std::vector<std::string>(std::begin(kSetColumns), std::end(kSetColumns)));
  const Table* redundancy = results.find("redundancy.tsv");
  const auto calls = calls_of(redundancy);
  for (size_t i = 0; i < results.sets.size(); ++i) {
    const auto& set = results.sets[i];
    const auto& contrast = set.contrast;
    const auto minimal = std::count_if(set.peaks.begin(), set.peaks.end(),
                                       [](const PeakView& peak) { return peak.in_minimal; });
    TableRow row = {set.gene,
                    set.cell_type,
                    set.method,
                    verdict_name(contrast.verdict),
                    verdict_remark(contrast),
                    format_number(contrast.slope),
                    format_number(contrast.low),
                    format_number(contrast.high),
                    format_number(contrast.q),
                    format_number(set.relative_change),
                    format_number(set.relative_low),
                    format_number(set.relative_high),
                    std::to_string(set.peaks.size()),
                    std::to_string(minimal),
                    format_number(set.near_share)};
    for (auto& cell : call_cells(redundancy, calls, set)) row.push_back(std::move(cell));
    row.insert(row.end(), {std::to_string(set.partners.size()), set.domain, set.gate,
                           set.asked == ChangeDirection::kDown ? "down" : "up",
                           format_number(set.cells), set.caution, i < detailed ? "yes" : "no"});
    table.add(std::move(row));
  }
  return table;
}

/// Where the peaks and genes of the detailed sets lie: what of loci.tsv is drawn.
class Drawn {
 public:
  Drawn(const Table* links, const std::set<SetName>& detailed) {
    if (links == nullptr) return;
    for (size_t i = 0; i < links->rows(); ++i) {
      if (!detailed.contains({links->text(i, column::kCellType), links->text(i, column::kGene)})) {
        continue;
      }
      widen(links->text(i, column::kChrom), links->number(i, column::kStart),
            links->number(i, column::kEnd));
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
  /// To either side of a peak that is drawn.
  static constexpr double kBeside = 300'000;

  void widen(const std::string& chromosome, double start, double end) {
    auto& places = places_[chromosome];
    start -= kBeside;
    end += kBeside;
    for (auto& place : places) {
      if (start > place.second || end < place.first) continue;
      place = {std::min(start, place.first), std::max(end, place.second)};
      return;
    }
    places.emplace_back(start, end);
  }

  std::map<std::string, std::vector<std::pair<double, double>>> places_;
};

/// What says whether the prediction of a gene deserves trust: a row for each fact of each gene.
Json trust_of(const Results& results, const std::set<SetName>& detailed) {
  std::set<std::string> genes;
  for (const auto& name : detailed) genes.insert(name.second);
  Table table({"gene", "what", "value"});
  if (const Table* accuracy = results.find("accuracy.tsv")) {
    for (size_t i = 0; i < accuracy->rows(); ++i) {
      const auto& gene = accuracy->text(i, column::kGene);
      if (!genes.contains(gene)) continue;
      table.add({gene, "r within type, depth taken out: " + accuracy->text(i, column::kPredictor),
                 accuracy->text(i, column::kWithinTypeRPartial)});
    }
  }
  if (const Table* cis = results.find("cis.tsv")) {
    std::set<std::string> done;
    for (size_t i = 0; i < cis->rows(); ++i) {
      const auto& gene = cis->text(i, column::kGene);
      if (!genes.contains(gene) || !done.insert(gene).second) continue;
      table.add({gene, "gate A, held-out cells against depth, type, donor, batch: q",
                 cis->text(i, "gate_a_q")});
      table.add({gene, "gate B, terms against the state alone: q", cis->text(i, "gate_b_q")});
    }
  }
  return json_of(table);
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
  constexpr size_t kPlaceColumns = 4;  // peak, chrom, start, end
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
  const Drawn drawn(results.find("links.tsv"), detailed);
  const auto near = [&](const Table& table, size_t row) { return drawn.holds(table, row); };
  Json tables = {{"sets", json_of(sets_table_of(results, count))},
                 {"links", rows_of(results, "links.tsv", of_set)},
                 {"members", rows_of(results, "members.tsv", of_set)},
                 {"settings", rows_of(results, "settings.tsv", of_set)},
                 {"types", rows_of(results, "change_by_type.tsv", of_set)},
                 {"evidence", rows_of(results, "evidence.tsv", of_set)},
                 {"design", rows_of(results, "design.tsv", of_set)},
                 {"loci", rows_of(results, "loci.tsv", near)},
                 {"genes", rows_of(results, "locus_genes.tsv", near)},
                 {"trust", trust_of(results, detailed)}};
  const Json data = {
      {"version", results.manifests.empty() ? std::string() : results.manifests.back().version},
      {"types", types_of(results)},
      {"genome", genome_of(results)},
      {"inputs", inputs_of(results)},
      {"tables", std::move(tables)}};
  return without_markup(data.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace grids::core
