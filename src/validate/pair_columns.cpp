#include "validate/pair_columns.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/nan.hpp"
#include "io/feature_kind.hpp"
#include "io/lines.hpp"
#include "validate/pairs.hpp"

namespace grids::core {
namespace {

void require_told(const PairColumns& columns, const Table& table) {
  if (!columns.gene.there() && !columns.gene_id.there()) {
    throw input_error("{}: no column says which gene: name one gene or gene_id", table.source);
  }
  const bool place = columns.chrom.there() && columns.start.there() && columns.end.there();
  if (!columns.peak.there() && !columns.peaks.there() && !place) {
    throw input_error(
        "{}: no column says which peak: name one peak (chr1:10-20), or three chrom, start and end",
        table.source);
  }
}

}  // namespace

PairColumn::PairColumn(const Table& table, std::initializer_list<std::string_view> names)
    : table_(&table) {
  for (const auto wanted : names) {
    for (size_t i = 0; i < table.columns().size() && !index_; ++i) {
      if (lower_case(table.columns()[i]) != wanted) continue;
      index_ = i;
      name_ = table.columns()[i];
    }
  }
}

const std::string& PairColumn::text(size_t row) const {
  static const std::string nothing;
  if (!index_) return nothing;
  const std::string& cell = table_->row(row)[*index_];
  return cell == "NA" ? nothing : cell;
}

double PairColumn::number(size_t row) const {
  return index_ ? table_->number(row, name_) : kNaN;
}

std::optional<int64_t> PairColumn::whole(size_t row) const {
  const std::string& cell = text(row);
  if (cell.empty()) return std::nullopt;
  int64_t value = 0;
  if (!parse_position(cell, value) || value > kLongestChromosome) {
    throw input_error("{}: line {}, column '{}': '{}' is no whole number from 0 to 10^12",
                      table_->source, row + 2, name_, cell);
  }
  return value;
}

PairColumns::PairColumns(const Table& table, const std::string& score_name)
    : gene(table, {"gene", "gene_name", "gene_symbol", "symbol", "genename", "targetgene",
                   "measuredgenesymbol"}),
      gene_id(table, {"gene_id", "geneid", "ensembl_id", "ensembl", "targetgeneensemblid",
                      "targetgeneensembl_id", "measuredgeneensemblid"}),
      gene_chrom(table, {"gene_chrom", "tss_chrom", "chrtss"}),
      tss(table, {"tss", "gene_tss", "targetgenetss", "starttss"}),
      strand(table, {"strand"}),
      distance(table, {"distance_to_tss"}),
      peak(table, {"peak", "peak_name", "peakname", "peak_id", "region", "enhancer", "cre"}),
      peaks(table, {"peaks"}),
      chrom(table, {"chrom", "chr", "chromosome", "seqnames", "seqname", "#chrom", "#chr"}),
      start(table, {"start", "chromstart", "peak_start"}),
      end(table, {"end", "chromend", "peak_end"}),
      element(table, {"element"}),
      cell_type(table, {"cell_type", "celltype"}),
      method(table, {"method"}),
      set_size(table, {"l"}),
      set(table, {"set"}),
      seed(table, {"seed"}),
      allowance(table, {"allowance"}),
      rank(table, {"rank"}),
      partner(table, {"partner"}),
      in_minimal(table, {"in_minimal"}),
      element_class(table, {"class"}),
      call(table, {"call"}),
      hidden_share(table, {"hidden_share"}) {
  require_told(*this, table);
  if (score_name.empty()) {
    score = PairColumn(table, {"score"});
  } else {
    if (table.rows() > 0) table.text(0, score_name);  // says which columns there are
    score = PairColumn(table, {std::string_view(lower_case(score_name))});
  }
}

}  // namespace grids::core
