#include "prepare/quality.hpp"

#include <algorithm>
#include <numeric>

#include "prepare/genes.hpp"

namespace grids::core {
namespace {

struct Threshold {
  const char* flag;
  const char* quantity;
  const std::vector<double>* values;
  double limit;
  bool is_minimum;
};

std::string distribution(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return fmt::format("minimum {:.4g}, median {:.4g}, maximum {:.4g}", values.front(), median,
                     values.back());
}

int64_t count_above_zero(const PackedRows& matrix, int64_t row) {
  if (!matrix.any_odd()) return matrix.nonzeros(row);
  int64_t count = 0;
  matrix.each(row, [&](int32_t, float value) { count += value > 0 ? 1 : 0; });
  return count;
}

}  // namespace

void QualityOptions::describe(OptionSet& set) {
  set.value("--min-rna-counts", min_rna_counts, "Fewest RNA counts of a cell", at_least(0));
  set.value("--max-rna-counts", max_rna_counts, "Most RNA counts; 0 = no limit", at_least(0));
  set.value("--min-genes", min_genes, "Fewest genes seen in a cell", at_least(0));
  set.value("--min-peaks", min_peaks, "Fewest open peaks of a cell", at_least(0));
  set.value("--max-peaks", max_peaks, "Most open peaks; 0 = no limit", at_least(0));
  set.value("--max-mito-share", max_mito_share, "Largest share of mitochondrial counts of a cell",
            at_least(0).at_most(1));
  set.rule([this](Problems& problems) {
    if (max_rna_counts > 0 && max_rna_counts < min_rna_counts) {
      problems.add("--max-rna-counts {} is below --min-rna-counts {}", max_rna_counts,
                   min_rna_counts);
    }
    if (max_peaks > 0 && max_peaks < min_peaks) {
      problems.add("--max-peaks {} is below --min-peaks {}", max_peaks, min_peaks);
    }
  });
}

bool is_mitochondrial_gene(std::string_view symbol) {
  return symbol.starts_with("MT-") || symbol.starts_with("mt-") || symbol.starts_with("Mt-");
}

CellQuality measure_quality(const PackedModality& rna, std::span<const int32_t> rna_rows,
                            const PackedModality& atac, std::span<const int32_t> atac_rows,
                            RnaKind kind) {
  CellQuality result;
  for (const int32_t row : atac_rows) {
    result.peaks.push_back(static_cast<double>(count_above_zero(atac.values, row)));
  }
  if (rna_rows.empty()) return result;
  result.has_counts = kind == RnaKind::kCounts;
  result.rna_counts = rna_totals(rna.values, rna_rows, kind);
  std::vector<bool> mitochondrial;
  for (const auto& name : gene_names(rna.var).symbols) {
    mitochondrial.push_back(is_mitochondrial_gene(name));
    result.mito_genes += mitochondrial.back() ? 1 : 0;
  }
  for (size_t i = 0; i < rna_rows.size(); ++i) {
    int64_t genes = count_above_zero(rna.values, rna_rows[i]);
    double mito = 0;
    if (result.mito_genes > 0) {
      rna.values.each(rna_rows[i], [&](int32_t gene, float value) {
        if (mitochondrial[static_cast<size_t>(gene)]) mito += value;
      });
    }
    result.genes.push_back(static_cast<double>(genes));
    const bool meaningful = kind != RnaKind::kLogged && result.rna_counts[i] > 0;
    result.mito_share.push_back(meaningful ? mito / result.rna_counts[i] : 0.0);
  }
  return result;
}

QualityResult passing_cells(const CellQuality& quality, const QualityOptions& options) {
  std::vector<Threshold> thresholds;
  if (quality.has_counts) {
    thresholds.push_back(
        {"--min-rna-counts", "RNA counts", &quality.rna_counts, options.min_rna_counts, true});
    if (options.max_rna_counts > 0) {
      thresholds.push_back(
          {"--max-rna-counts", "RNA counts", &quality.rna_counts, options.max_rna_counts, false});
    }
  }
  if (!quality.genes.empty()) {
    thresholds.push_back({"--min-genes", "genes seen", &quality.genes, options.min_genes, true});
  }
  if (!quality.peaks.empty()) {
    thresholds.push_back({"--min-peaks", "open peaks", &quality.peaks, options.min_peaks, true});
  }
  if (!quality.peaks.empty() && options.max_peaks > 0) {
    thresholds.push_back({"--max-peaks", "open peaks", &quality.peaks, options.max_peaks, false});
  }
  if (quality.has_counts && quality.mito_genes > 0) {
    thresholds.push_back({"--max-mito-share", "mitochondrial share", &quality.mito_share,
                          options.max_mito_share, false});
  }

  QualityResult result;
  const size_t cells = std::max(quality.genes.size(), quality.peaks.size());
  result.kept.resize(cells);
  std::iota(result.kept.begin(), result.kept.end(), 0);
  for (const auto& threshold : thresholds) {
    QualityStep step{threshold.flag, threshold.quantity, threshold.limit,
                     static_cast<int64_t>(result.kept.size()), 0};
    std::erase_if(result.kept, [&](int32_t cell) {
      const double value = (*threshold.values)[static_cast<size_t>(cell)];
      return threshold.is_minimum ? value < threshold.limit : value > threshold.limit;
    });
    step.after = static_cast<int64_t>(result.kept.size());
    result.steps.push_back(std::move(step));
  }
  if (!result.kept.empty() || cells == 0) return result;

  std::string reasons;
  for (size_t k = 0; k < thresholds.size(); ++k) {
    const auto& step = result.steps[k];
    if (step.before == step.after) continue;
    reasons += fmt::format("{}{} {} removed {} (all cells: {} {})", reasons.empty() ? "" : "; ",
                           step.flag, step.threshold, step.before - step.after, step.quantity,
                           distribution(*thresholds[k].values));
  }
  throw input_error("none of the {} cells passes the quality thresholds: {}; change these flags",
                    cells, reasons);
}

}  // namespace grids::core
