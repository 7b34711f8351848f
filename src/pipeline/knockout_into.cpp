#include "pipeline/knockout_into.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/at.hpp"
#include "base/file_name.hpp"
#include "base/indices.hpp"
#include "evaluate/count_maps.hpp"
#include "evaluate/set_summary.hpp"
#include "io/manifest.hpp"
#include "pipeline/knockout_numbers.hpp"
#include "pipeline/near_genes.hpp"
#include "pipeline/run_folder.hpp"

namespace grids::core {
namespace {

/// More genes than this have no row for each peak and type in a plain table.
constexpr size_t kTableGenes = 50;

std::string matrix_name(const std::string& type) {
  return fmt::format("knockout_{}.h5ad", safe_file_name(type));
}

// ---- portions ----

/// Masks one portion after the other.
class KnockoutPortions {
 public:
  KnockoutPortions(OutputFolder& out, const Study& study, const StudySurrogate& surrogate,
                   const AskedKnockout& asked, const Context& context)
      : out_(out),
        study_(study),
        surrogate_(surrogate),
        asked_(asked),
        context_(context),
        blocks_(study.peaks.size()),
        near_(study, asked.plan.genes, asked.window) {}

  size_t count() const { return asked_.plan.types.size() * blocks_.count(); }

  PortionFiles mask(const std::vector<size_t>& numbers) {
    RunFolder run(out_, kKnockoutCommand, Stages::kApart);
    PortionFiles files(kKnockoutCommand);
    int64_t own = 0;
    for (const size_t portion : numbers) own += std::ssize(peaks_of(portion));
    Progress progress(context_, "knock-out", own);
    for (const size_t portion : numbers) {
      bool kept = true;
      run.run({fmt::format("portion {}", portion + 1), settings_of(portion),
               [&](const Context&) {
                 kept = false;
                 return write(portion, progress);
               },
               false},
              context_);
      if (kept) progress.advance(std::ssize(peaks_of(portion)));
      files.add(portion, out_.path());
    }
    return files;
  }

  /// What all portions depend on.
  std::string settings() const {
    auto text = asked_.settings + fmt::format("form={}; ", static_cast<int>(asked_.form()));
    for (const int32_t gene : asked_.plan.genes) text += study_.genes.names[at(gene)] + ";";
    for (const auto& type : asked_.plan.types) text += type.name + ";";
    return text;
  }

 private:
  size_t type_of(size_t portion) const { return portion / blocks_.count(); }
  std::vector<int32_t> peaks_of(size_t portion) const {
    return blocks_.peaks(portion % blocks_.count());
  }
  std::string settings_of(size_t portion) {
    if (settings_.empty()) settings_ = sha256_of_text(settings());
    return fmt::format("{} portion {}", settings_, portion);
  }

  /// Cells of a type encoded once for all of its portions.
  const SurrogateModel& model_of(size_t type) {
    if (!model_ || model_type_ != type) {
      masked_.reset();
      const auto& cells = asked_.plan.types[type];
      model_ = surrogate_.model(study_, cells.cells, cells.replacement, context_.pool);
      model_type_ = type;
    }
    return *model_;
  }

  std::vector<std::string> write(size_t number, Progress& progress) {
    KnockoutPortion portion;
    portion.form = asked_.form();
    const size_t type = type_of(number);
    const auto code = study_.cells.type.code_of(asked_.plan.types[type].name);
    portion.type = code.value_or(0);
    portion.genes.assign(asked_.plan.genes.begin(), asked_.plan.genes.end());
    if (portion.form == KnockoutForm::kNear) {
      mask_near(number, portion, progress);
    } else {
      mask_all(number, portion, progress);
    }
    write_knockout_numbers(
        place_for_portion(out_.path(), kKnockoutCommand, number, kKnockoutNumbers), portion);
    return {portion_file(kKnockoutCommand, number, kKnockoutNumbers)};
  }

  void mask_all(size_t number, KnockoutPortion& portion, Progress& progress) {
    const bool table = portion.form == KnockoutForm::kTable;
    if (table && maps_.empty()) {
      fitted_ = fit_count_maps(study_, surrogate_, asked_.plan.genes, context_);
      for (const int32_t gene : asked_.plan.genes) maps_.push_back(&fitted_.at(gene).map);
    }
    const auto& model = model_of(type_of(number));
    if (!masked_) masked_.emplace(model, KnockoutGenes{asked_.plan.genes, maps_});
    masked_->mask(
        peaks_of(number),
        [&](const PeakKnockout& knockout) {
          portion.open_cells.push_back(knockout.open_cells);
          for (const double value : knockout.change) {
            portion.change.push_back(static_cast<float>(value));
          }
          for (const double value : knockout.change_cp100k) {
            portion.change_cp100k.push_back(static_cast<float>(value));
          }
        },
        progress);
    if (table) {
      portion.from_counts = fitted_.begin()->second.from_counts;
    } else {
      portion.mean_prediction = masked_->mean_predictions();
    }
  }

  void mask_near(size_t number, KnockoutPortion& portion, Progress& progress) {
    const auto peaks = peaks_of(number);
    const auto places = near_.near(peaks);
    const auto genes = near_.at_places(places);
    const auto masked = near_.near_any(places, peaks);
    progress.advance(std::ssize(peaks) - std::ssize(masked));
    if (masked.empty()) return;
    const auto fitted = fit_count_maps(study_, surrogate_, genes, context_);
    std::vector<const MonotoneMap*> maps;
    maps.reserve(genes.size());
    for (const int32_t gene : genes) maps.push_back(&fitted.at(gene).map);
    portion.from_counts = fitted.begin()->second.from_counts;
    const KnockoutOfCells knockout(model_of(type_of(number)), {genes, maps});
    knockout.mask(
        masked,
        [&](const PeakKnockout& found) {
          for (size_t g = 0; g < places.size(); ++g) {
            if (!near_.is_near(places[g], found.peak)) continue;
            portion.row_gene.push_back(static_cast<int64_t>(places[g]));
            portion.row_peak.push_back(found.peak);
            portion.open_cells.push_back(found.open_cells);
            portion.change.push_back(static_cast<float>(found.change[g]));
            portion.change_cp100k.push_back(static_cast<float>(found.change_cp100k[g]));
          }
        },
        progress);
  }

  OutputFolder& out_;
  const Study& study_;
  const StudySurrogate& surrogate_;
  const AskedKnockout& asked_;
  const Context& context_;
  PeakRuns blocks_;
  NearGenes near_;
  std::string settings_;
  std::map<int32_t, CountMap> fitted_;
  std::vector<const MonotoneMap*> maps_;
  std::unique_ptr<SurrogateModel> model_;
  size_t model_type_ = 0;
  std::optional<KnockoutOfCells> masked_;
};

// ---- the files of all portions ----

void tell_counts(const Study& study, bool from_counts, const Context& context) {
  if (!study.paired) {
    context.reporter.info(
        "chromatin and RNA were measured in different cells: change_cp100k is not known (NA), as "
        "no prediction can be held against the counts of its cell");
  } else if (!from_counts) {
    context.reporter.warning(
        "the RNA came without counts: change_cp100k rests on expm1 of its values");
  }
}

void tell_table(const Study& study, size_t types, const std::filesystem::path& path,
                const Context& context) {
  context.reporter.info(fmt::format("{} peaks masked one by one in {} cell type{}: {}",
                                    study.peaks.size(), types, types == 1 ? "" : "s",
                                    path.string()));
}

void tell_matrix(const Study& study, const KnockoutCells& type, const std::filesystem::path& path,
                 const Context& context) {
  context.reporter.info(fmt::format("{} peaks masked one by one in {} cells of {}: {}",
                                    study.peaks.size(), type.cells.size(), type.name,
                                    path.string()));
}

KnockoutNames names_of(const Study& study, const AskedKnockout& asked, const std::string& type) {
  return {study.peaks.names,
          study.genes.names,
          {{"quantity", "change of the mean prediction when the peak is masked in the surrogate"},
           {"cell_type", type},
           {"split", asked.split},
           {"masked_peaks_become", asked.perturbation}}};
}

/// Puts portions together; only those of a type are in memory at once, and of a matrix one.
class KnockoutFiles {
 public:
  KnockoutFiles(OutputFolder& out, const Study& study, const PortionFiles& portions,
                const AskedKnockout& asked, const Context& context)
      : out_(out),
        study_(study),
        portions_(portions),
        asked_(asked),
        context_(context),
        blocks_(study.peaks.size()) {}

  std::vector<std::string> write() {
    auto names = asked_.files();
    out_.require_free(names);
    out_.claim(names, context_);
    if (asked_.form() == KnockoutForm::kMatrices) {
      for (size_t type = 0; type < asked_.plan.types.size(); ++type) write_matrix(type);
      return names;
    }
    const auto path = out_.path() / names.front();
    if (asked_.form() == KnockoutForm::kNear) {
      write_near_knockout(
          path, study_, asked_.plan, [&](size_t type) { return rows_of(type); }, context_);
    } else {
      write_knockout_table(
          path, study_, asked_.plan,
          [&](size_t type, const KnockoutSink& sink) { hand_over(type, sink); }, context_);
    }
    tell_counts(study_, from_counts_, context_);
    tell_table(study_, asked_.plan.types.size(), path, context_);
    return names;
  }

 private:
  std::filesystem::path place(size_t type, size_t block) const {
    return portions_.place_of(type * blocks_.count() + block, kKnockoutNumbers);
  }

  /// Checked as far as what follows relies on it.
  KnockoutPortion read(size_t type, size_t block) {
    auto portion = read_knockout_numbers(place(type, block));
    from_counts_ = from_counts_ && portion.from_counts;
    const auto wrong = [&](const char* what) {
      return input_error("{}: {} are not those of the other portions; run the shard again",
                         place(type, block).string(), what);
    };
    const auto& genes = asked_.plan.genes;
    if (!std::equal(portion.genes.begin(), portion.genes.end(), genes.begin(), genes.end())) {
      throw wrong("genes");
    }
    const size_t entries = portion.form == KnockoutForm::kNear
                               ? portion.row_gene.size()
                               : blocks_.peaks(block).size() * genes.size();
    const bool maps = portion.form != KnockoutForm::kMatrices;
    const size_t opened = maps && portion.form == KnockoutForm::kNear ? portion.row_gene.size()
                                                                      : blocks_.peaks(block).size();
    if (portion.form != asked_.form() || portion.change.size() != entries ||
        portion.change_cp100k.size() != (maps ? entries : 0) ||
        portion.open_cells.size() != opened || portion.row_peak.size() != portion.row_gene.size() ||
        portion.mean_prediction.size() != (maps ? 0 : genes.size())) {
      throw wrong("numbers");
    }
    return portion;
  }

  void hand_over(size_t type, const KnockoutSink& sink) {
    const size_t genes = asked_.plan.genes.size();
    for (size_t block = 0; block < blocks_.count(); ++block) {
      const auto portion = read(type, block);
      const std::vector<double> change(portion.change.begin(), portion.change.end());
      const std::vector<double> cp100k(portion.change_cp100k.begin(), portion.change_cp100k.end());
      const auto peaks = blocks_.peaks(block);
      for (size_t i = 0; i < peaks.size(); ++i) {
        sink({peaks[i], portion.open_cells[i], std::span(change).subspan(i * genes, genes),
              std::span(cp100k).subspan(i * genes, genes)});
      }
    }
  }

  std::vector<NearKnockout> rows_of(size_t type) {
    std::vector<NearKnockout> rows;
    for (size_t block = 0; block < blocks_.count(); ++block) {
      const auto portion = read(type, block);
      for (size_t i = 0; i < portion.row_gene.size(); ++i) {
        const int64_t gene = portion.row_gene[i], peak = portion.row_peak[i];
        if (gene < 0 || gene >= std::ssize(asked_.plan.genes) || peak < 0 ||
            peak >= study_.peaks.size()) {
          throw input_error("{}: row {} is of no gene or peak of the study; run the shard again",
                            place(type, block).string(), i + 1);
        }
        rows.push_back({at(gene), static_cast<int32_t>(peak), portion.open_cells[i],
                        portion.change[i], portion.change_cp100k[i]});
      }
    }
    return rows;
  }

  void write_matrix(size_t type) {
    KnockoutFrames frames;
    for (size_t block = 0; block < blocks_.count(); ++block) {
      auto portion = read(type, block);
      for (const int64_t cells : portion.open_cells) {
        frames.open_cells.push_back(static_cast<double>(cells));
      }
      if (block == 0) frames.mean_prediction = std::move(portion.mean_prediction);
    }
    const auto& cells = asked_.plan.types[type];
    const auto path = out_.path() / matrix_name(cells.name);
    const size_t genes = asked_.plan.genes.size();
    write_knockout_h5ad(path, asked_.plan.genes, names_of(study_, asked_, cells.name), frames,
                        [&](const auto& add) {
                          for (size_t block = 0; block < blocks_.count(); ++block) {
                            const auto portion = read(type, block);
                            const std::span<const float> rows = portion.change;
                            for (size_t i = 0; i < rows.size(); i += genes) {
                              add(rows.subspan(i, genes));
                            }
                            context_.check_cancelled();
                          }
                        });
    tell_matrix(study_, cells, path, context_);
  }

  OutputFolder& out_;
  const Study& study_;
  const PortionFiles& portions_;
  const AskedKnockout& asked_;
  const Context& context_;
  PeakRuns blocks_;
  bool from_counts_ = true;
};

// ---- a whole run without portions ----

std::vector<std::string> write_table_of(OutputFolder& out, const Study& study,
                                        const StudySurrogate& surrogate, const AskedKnockout& asked,
                                        const Context& context) {
  auto names = asked.files();
  const auto maps = fit_count_maps(study, surrogate, asked.plan.genes, context);
  tell_counts(study, maps.begin()->second.from_counts, context);
  const auto path = out.path() / names.front();
  write_knockout_table(path, study, surrogate, asked.plan, maps, context);
  tell_table(study, asked.plan.types.size(), path, context);
  return names;
}

/// A matrix is written while it is computed, so that it lies on the disk once; those that are there
/// are kept.
std::vector<std::string> write_matrices(OutputFolder& out, const Study& study,
                                        const StudySurrogate& surrogate, const AskedKnockout& asked,
                                        const std::string& settings, const Context& context) {
  RunFolder run(out, kKnockoutCommand, Stages::kApart);
  for (const auto& type : asked.plan.types) {
    const auto name = matrix_name(type.name);
    run.run({"knock-out in " + type.name, settings + type.name,
             [&](const Context& inner) {
               const auto model = surrogate.model(study, type.cells, type.replacement, inner.pool);
               write_knockout_h5ad(out.path() / name, *model, asked.plan.genes,
                                   names_of(study, asked, type.name), inner);
               tell_matrix(study, type, out.path() / name, inner);
               return std::vector<std::string>{name};
             },
             asked.plan.types.size() > 1},
            context);
  }
  return asked.files();
}

/// From what the first portion of each type and the options say.
AskedKnockout asked_of(const Study& study, const PortionFiles& portions,
                       const OptionSet::Values& options) {
  const auto text = [&](const std::string& key) {
    const auto found = options.find(key);
    return found == options.end() ? std::string() : found->second;
  };
  AskedKnockout asked;
  asked.all_genes = text("all-genes") == "true";
  asked.split = text("cells");
  asked.perturbation = text("perturbation");
  const size_t blocks = PeakRuns(study.peaks.size()).count();
  const auto numbers = portions.portions();
  for (size_t i = 0; i < numbers.size(); i += blocks) {
    const auto place = portions.place_of(numbers[i], kKnockoutNumbers);
    const auto portion = read_knockout_numbers(place);
    if (portion.type < 0 || portion.type >= std::ssize(study.cells.type.names) ||
        std::any_of(portion.genes.begin(), portion.genes.end(),
                    [&](int64_t gene) { return gene < 0 || gene >= study.genes.size(); })) {
      throw input_error("{}: the study has no such type or genes; run the shard again",
                        place.string());
    }
    asked.plan.genes.assign(portion.genes.begin(), portion.genes.end());
    asked.window = portion.form == KnockoutForm::kNear ? 1 : 0;
    asked.plan.types.push_back({study.cells.type.names[at(portion.type)], {}, {}});
  }
  if (numbers.size() != asked.plan.types.size() * blocks) {
    throw input_error("knockout: {} portions of {} for each type; run the shards again",
                      numbers.size(), blocks);
  }
  return asked;
}

}  // namespace

void require_near(const Study& study, const AskedKnockout& asked) {
  const NearGenes near(study, asked.plan.genes, asked.window);
  const auto peaks = indices_below(study.peaks.size());
  for (size_t place = 0; place < asked.plan.genes.size(); ++place) {
    if (std::any_of(peaks.begin(), peaks.end(),
                    [&](int32_t peak) { return near.is_near(place, peak); })) {
      return;
    }
  }
  throw input_error(
      "knockout: no gene has a position with peaks within {} bp; prepare the study with --genes, "
      "or "
      "leave out --window",
      asked.window);
}

KnockoutForm AskedKnockout::form() const {
  if (window > 0) return KnockoutForm::kNear;
  return !all_genes && plan.genes.size() <= kTableGenes ? KnockoutForm::kTable
                                                        : KnockoutForm::kMatrices;
}

std::vector<std::string> AskedKnockout::files() const {
  if (form() == KnockoutForm::kMatrices) {
    std::vector<std::string> names;
    for (const auto& type : plan.types) names.push_back(matrix_name(type.name));
    return names;
  }
  const bool packed = all_genes || plan.genes.size() > kTableGenes;
  return {packed ? kPackedKnockout : describe_knockout().file};
}

std::vector<std::string> knockout_into(OutputFolder& out, const Study& study,
                                       const StudySurrogate& surrogate, const AskedKnockout& asked,
                                       const Context& context) {
  if (asked.form() == KnockoutForm::kNear) require_near(study, asked);
  const bool whole = asked.shard.count == 1;
  KnockoutPortions portions(out, study, surrogate, asked, context);
  if (whole) {
    out.require_free(asked.files());
    out.claim(asked.files(), context);
    if (asked.form() == KnockoutForm::kTable) {
      return write_table_of(out, study, surrogate, asked, context);
    }
    if (asked.form() == KnockoutForm::kMatrices) {
      return write_matrices(out, study, surrogate, asked, portions.settings(), context);
    }
  } else {
    write_whole_run(
        out.path(), kKnockoutCommand,
        {asked.shard, static_cast<int64_t>(portions.count()), sha256_of_text(portions.settings())});
  }
  const auto numbers = portions_among(asked.shard, portions.count());
  if (numbers.empty()) {
    context.reporter.info(fmt::format(
        "the peaks of all types make {} portions, fewer than there are shards: this one has none",
        portions.count()));
  }
  const auto files = portions.mask(numbers);
  if (whole) return KnockoutFiles(out, study, files, asked, context).write();
  context.reporter.info(
      fmt::format("{} of {} portions are there; grids merge makes the files of all shards",
                  numbers.size(), portions.count()));
  return {};
}

std::vector<std::string> finish_knockout(OutputFolder& out, const Study& study,
                                         const PortionFiles& portions,
                                         const OptionSet::Values& options, const Context& context) {
  const auto asked = asked_of(study, portions, options);
  return KnockoutFiles(out, study, portions, asked, context).write();
}

}  // namespace grids::core
