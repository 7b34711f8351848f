#include "links/loci.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

#include "base/at.hpp"
#include "study/build.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

constexpr const char* kLociRows =
    "a row for each peak within 500 kb of the gene of a set, by place";

struct Stretch {
  int64_t start = 0;
  int64_t end = 0;
};

/// By chromosome the stretches around the genes, disjoint, ascending.
std::map<std::string, std::vector<Stretch>> stretches(const GeneTable& genes,
                                                      std::span<const int32_t> chosen) {
  std::map<std::string, std::vector<Stretch>> around;
  for (const int32_t gene : chosen) {
    if (!genes.has_position(gene)) continue;
    const int64_t tss = genes.tss(gene);
    around[genes.chromosome[at(gene)]].push_back({tss - kLocusReach, tss + kLocusReach + 1});
  }
  for (auto& [chromosome, list] : around) {
    std::sort(list.begin(), list.end(),
              [](const Stretch& a, const Stretch& b) { return a.start < b.start; });
    std::vector<Stretch> joined;
    for (const auto& stretch : list) {
      if (joined.empty() || joined.back().end < stretch.start) {
        joined.push_back(stretch);
      } else {
        joined.back().end = std::max(joined.back().end, stretch.end);
      }
    }
    list = std::move(joined);
  }
  return around;
}

bool touches(std::span<const Stretch> list, int64_t start, int64_t end) {
  const auto next = std::partition_point(
      list.begin(), list.end(), [&](const Stretch& stretch) { return stretch.end <= start; });
  return next != list.end() && next->start < end;
}

/// Columns of loci.tsv that do not depend on the study.
TableRow place_names() {
  return {std::string(column::kPeak), std::string(column::kChrom), std::string(column::kStart),
          std::string(column::kEnd)};
}

Columns<int32_t> gene_columns(const GeneTable& genes, const std::string& build) {
  return {
      "locus_genes.tsv",
      "a row for each gene of the study within 500 kb of the gene of a set, by place",
      {{column::kGene, [&](int32_t gene) { return genes.names[at(gene)]; }},
       {"gene_id", "empty where it has none", [&](int32_t gene) { return genes.ids[at(gene)]; }},
       {column::kChrom.saying("of its body"),
        [&](int32_t gene) { return genes.chromosome[at(gene)]; }},
       {column::kStart, [&](int32_t gene) { return genes.start[at(gene)]; }},
       {column::kEnd, [&](int32_t gene) { return genes.end[at(gene)]; }},
       {"strand", "`+`, `-`, or `.` where it is not known",
        [&](int32_t gene) { return std::string(1, static_cast<char>(genes.strand[at(gene)])); }},
       {"build", "genome build whose ends of chromosomes the peaks keep to; empty: not known",
        [&](int32_t) { return build; }}}};
}

}  // namespace

std::vector<int32_t> peaks_within_reach(const Study& study, std::span<const int32_t> genes) {
  const auto around = stretches(study.genes, genes);
  const auto& peaks = study.peaks;
  std::vector<int32_t> near;
  for (size_t c = 0; c < peaks.chromosomes.size(); ++c) {
    const auto list = around.find(peaks.chromosomes[c]);
    if (list == around.end()) continue;
    for (size_t peak = at(peaks.chromosome_offsets[c]); peak < at(peaks.chromosome_offsets[c + 1]);
         ++peak) {
      if (touches(list->second, peaks.start[peak], peaks.end[peak])) {
        near.push_back(static_cast<int32_t>(peak));
      }
    }
  }
  return near;
}

std::vector<int32_t> genes_within_reach(const Study& study, std::span<const int32_t> genes) {
  const auto around = stretches(study.genes, genes);
  std::vector<int32_t> near;
  for (int32_t gene = 0; gene < study.genes.size(); ++gene) {
    const auto list = around.find(study.genes.chromosome[at(gene)]);
    if (list == around.end()) continue;
    if (touches(list->second, study.genes.start[at(gene)], study.genes.end[at(gene)])) {
      near.push_back(gene);
    }
  }
  const auto place = [&](int32_t gene) {
    return std::tie(study.genes.chromosome[at(gene)], study.genes.start[at(gene)]);
  };
  std::stable_sort(near.begin(), near.end(),
                   [&](int32_t a, int32_t b) { return place(a) < place(b); });
  return near;
}

std::vector<double> open_shares(const Study& study) {
  const size_t types = study.cells.type.names.size();
  std::vector<double> shares(at(study.peaks.size()) * types, 0.0);
  std::vector<double> cells(types, 0.0);
  for (const int32_t cell : study.cells_of(Split::kTrain)) {
    const size_t type = at(study.cells.type.codes[at(cell)]);
    cells[type] += 1;
    for (const int32_t peak : study.open.row(cell)) shares[at(peak) * types + type] += 1;
  }
  for (size_t i = 0; i < shares.size(); ++i) shares[i] /= std::max(1.0, cells[i % types]);
  return shares;
}

Table loci_table(const Study& study, std::span<const int32_t> genes) {
  auto names = place_names();
  names.insert(names.end(), study.cells.type.names.begin(), study.cells.type.names.end());
  Table table(names);
  table.source = describe_loci().file;
  const auto shares = open_shares(study);
  const auto& peaks = study.peaks;
  const size_t types = study.cells.type.names.size();
  for (const int32_t peak : peaks_within_reach(study, genes)) {
    TableRow row = {peaks.names[at(peak)], peaks.chromosomes[at(peaks.chromosome_of(peak))],
                    cell_text(peaks.start[at(peak)]), cell_text(peaks.end[at(peak)])};
    for (size_t type = 0; type < types; ++type) {
      row.push_back(cell_text(Probability{shares[at(peak) * types + type]}));
    }
    table.add(std::move(row));
  }
  return table;
}

TableText describe_loci() {
  TableText text{"loci.tsv", kLociRows, {}};
  for (const ColumnText& column : {column::kPeak, column::kChrom, column::kStart, column::kEnd}) {
    text.columns.push_back({std::string(column.name), std::string(column.what)});
  }
  text.columns.push_back(
      {"TYPE", "of each cell type: the share of its training cells in which the peak is open"});
  return text;
}

Table locus_genes_table(const Study& study, std::span<const int32_t> genes) {
  const auto build = build_of(study);
  return gene_columns(study.genes, build).table(genes_within_reach(study, genes));
}

TableText describe_locus_genes() {
  return gene_columns({}, {}).describe();
}

}  // namespace grids::core
