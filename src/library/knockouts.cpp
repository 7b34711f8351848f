#include <algorithm>
#include <map>
#include <utility>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "evaluate/count_maps.hpp"
#include "evaluate/knockout.hpp"
#include "grids/commands.hpp"
#include "library/asked.hpp"
#include "library/options.hpp"
#include "library/parts.hpp"
#include "pipeline/knockout_into.hpp"
#include "pipeline/knockout_numbers.hpp"
#include "pipeline/near_genes.hpp"

namespace grids {
namespace {

using core::at;

/// A row before it is put in its place.
struct Masked {
  int32_t gene = 0;  ///< place in the plan
  int32_t peak = 0;
  int64_t open_cells = 0;
  float change = 0;
  float change_cp100k = 0;
};

/// The genes' maps from predictions to counts, in their order.
std::vector<const core::MonotoneMap*> maps_of(const std::map<int32_t, core::CountMap>& fitted,
                                              std::span<const int32_t> genes) {
  std::vector<const core::MonotoneMap*> maps;
  maps.reserve(genes.size());
  for (const int32_t gene : genes) maps.push_back(&fitted.at(gene).map);
  return maps;
}

/// Knock-outs of a plan, one type after the other.
class Knockouts {
 public:
  Knockouts(const core::Study& study, const core::StudySurrogate& surrogate,
            const core::AskedKnockout& asked, const core::Context& context)
      : study_(study), surrogate_(surrogate), asked_(asked), context_(context) {}

  Knockout found() {
    Knockout result;
    result.genes = asked_.plan.genes;
    for (const auto& type : asked_.plan.types) result.cell_types.push_back(type.name);
    result.is_matrix = asked_.form() == core::KnockoutForm::kMatrices;
    for (size_t type = 0; type < asked_.plan.types.size(); ++type) {
      const auto& cells = asked_.plan.types[type];
      const auto model = surrogate_.model(study_, cells.cells, cells.replacement, context_.pool);
      if (result.is_matrix) {
        result.matrices.push_back(matrix(*model, cells.name));
      } else {
        const bool near = asked_.form() == core::KnockoutForm::kNear;
        auto rows = near ? near_rows(*model) : all_rows(*model, cells.name);
        add(std::move(rows), type, result.rows);
      }
    }
    return result;
  }

 private:
  KnockoutOfType matrix(const core::SurrogateModel& model, const std::string& name) const {
    const core::KnockoutOfCells masked(model, {asked_.plan.genes});
    KnockoutOfType result;
    result.cell_type = name;
    result.mean_prediction = masked.mean_predictions();
    result.change.rows = study_.peaks.size();
    result.change.columns = std::ssize(asked_.plan.genes);
    result.change.values.reserve(at(result.change.rows * result.change.columns));
    core::Progress progress(context_, "knock-out in " + name, study_.peaks.size());
    masked.mask(
        core::indices_below(study_.peaks.size()),
        [&](const core::PeakKnockout& peak) {
          result.open_cells.push_back(peak.open_cells);
          for (const double change : peak.change) {
            result.change.values.push_back(static_cast<float>(change));
          }
        },
        progress);
    return result;
  }

  std::vector<Masked> all_rows(const core::SurrogateModel& model, const std::string& name) {
    const auto& genes = asked_.plan.genes;
    if (fitted_.empty()) {
      fitted_ = core::fit_count_maps(study_, surrogate_, genes, context_);
      tell(fitted_);
    }
    const auto maps = maps_of(fitted_, genes);
    std::vector<Masked> rows;
    rows.reserve(genes.size() * at(study_.peaks.size()));
    core::knock_out(
        model, {genes, maps},
        [&](const core::PeakKnockout& peak) {
          for (size_t g = 0; g < genes.size(); ++g) rows.push_back(row(g, g, peak));
        },
        context_, "knock-out in " + name);
    return rows;
  }

  /// Run by run of peaks with the genes near it, as the command does: few genes are predicted.
  std::vector<Masked> near_rows(const core::SurrogateModel& model) {
    const core::NearGenes near(study_, asked_.plan.genes, asked_.window);
    const core::PeakRuns runs(study_.peaks.size());
    core::Progress progress(context_, "knock-out", study_.peaks.size());
    std::vector<Masked> rows;
    for (size_t run = 0; run < runs.count(); ++run) {
      const auto peaks = runs.peaks(run);
      const auto places = near.near(peaks);
      const auto genes = near.at_places(places);
      const auto masked = near.near_any(places, peaks);
      progress.advance(std::ssize(peaks) - std::ssize(masked));
      if (masked.empty()) continue;
      const auto fitted = core::fit_count_maps(study_, surrogate_, genes, context_);
      tell(fitted);
      const auto maps = maps_of(fitted, genes);
      const core::KnockoutOfCells knockout(model, {genes, maps});
      knockout.mask(
          masked,
          [&](const core::PeakKnockout& peak) {
            for (size_t g = 0; g < places.size(); ++g) {
              if (near.is_near(places[g], peak.peak)) rows.push_back(row(places[g], g, peak));
            }
          },
          progress);
    }
    return rows;
  }

  static Masked row(size_t place, size_t among, const core::PeakKnockout& peak) {
    return {static_cast<int32_t>(place), peak.peak, peak.open_cells,
            static_cast<float>(peak.change[among]), static_cast<float>(peak.change_cp100k[among])};
  }

  void add(std::vector<Masked> found, size_t type, KnockoutRows& rows) const {
    std::sort(found.begin(), found.end(), [](const Masked& a, const Masked& b) {
      return std::tie(a.gene, a.change, a.peak) < std::tie(b.gene, b.change, b.peak);
    });
    for (const Masked& one : found) {
      rows.cell_type.push_back(static_cast<int32_t>(type));
      rows.gene.push_back(asked_.plan.genes[at(one.gene)]);
      rows.peak.push_back(one.peak);
      rows.open_cells.push_back(one.open_cells);
      rows.change.push_back(one.change);
      rows.change_cp100k.push_back(one.change_cp100k);
    }
  }

  /// Once.
  void tell(const std::map<int32_t, core::CountMap>& fitted) {
    if (told_ || fitted.begin()->second.from_counts) return;
    told_ = true;
    context_.reporter.warning(
        "the RNA came without counts: change_cp100k rests on expm1 of its values");
  }

  const core::Study& study_;
  core::StudySurrogate surrogate_;
  const core::AskedKnockout& asked_;
  const core::Context& context_;
  std::map<int32_t, core::CountMap> fitted_;
  bool told_ = false;
};

}  // namespace

Knockout knock_out_all(const Study& study, const Surrogate& surrogate, const Options& options,
                       Session& session) {
  AskedKnockouts asked;
  core::OptionSet set;
  set.section("knockout");
  asked.describe(set);
  assign(set, options, "knockout");
  const auto values = set.values("knockout")();
  const core::Study& cells = study.parts().study;
  const auto context = session.parts().context();
  core::AskedKnockout wanted;
  wanted.plan = asked.stage.plan(core::names_in_gene_file(asked.stage.gene_file),
                                 values.at("cells"), cells, context);
  wanted.all_genes = asked.stage.all_genes;
  wanted.window = asked.stage.window;
  if (wanted.form() == core::KnockoutForm::kNear) core::require_near(cells, wanted);
  auto view = surrogate.parts().view_on(cells);
  if (asked.kind == core::SurrogateKind::kPublished) view = core::StudySurrogate(view.folded());
  view = view.asked_for(wanted.plan.genes);
  core::tell_unconfirmed(cells, view, wanted.plan.genes, context);
  return Knockouts(cells, view, wanted, context).found();
}

}  // namespace grids
