#include "pipeline/cis_portions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/part_reporter.hpp"
#include "cis/cis_rows.hpp"
#include "io/folder.hpp"
#include "model/safetensors.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/run_folder.hpp"

namespace grids::core {
namespace {

constexpr const char* kPathFile = "path.safetensors";
/// Beside the tensors of the path: capture, whether it was estimated, of how many genes.
constexpr const char* kCaptureTensor = "portion.capture";
constexpr const char* kSkippedTensor = "portion.skipped";

std::string capture_file() {
  return fmt::format("{}/portions/{}.capture.safetensors", kStateFolder, kCisCommand);
}

void put_capture(const CaptureEstimate& capture, CisPath& path, SafeTensors& file) {
  path.capture = capture.capture;
  path.capture_profile = capture.profile;
  file.tensors[kCaptureTensor] = Tensor::of_f64(
      {3}, {capture.capture, capture.estimated ? 1.0 : 0.0, static_cast<double>(capture.genes)});
}

CaptureEstimate capture_of(const SafeTensors& file, const CisPath& path) {
  const auto& tensor = file.at(kCaptureTensor, {3});
  if (tensor.type != Tensor::Type::kF64) {
    throw input_error("tensor '{}' is not of type F64; run the shard again", kCaptureTensor);
  }
  const double* values = tensor.f64();
  return {values[0], values[1] != 0, static_cast<int64_t>(values[2]), path.capture_profile};
}

/// A fit as a portion keeps it.
void write_fit(const std::filesystem::path& place, CisFit fit) {
  SafeTensors file;
  put_capture(fit.capture, fit.path, file);
  for (auto& [name, tensor] : to_tensors(fit.path)) file.tensors[name] = std::move(tensor);
  const std::vector<int64_t> skipped(fit.skipped.begin(), fit.skipped.end());
  file.tensors[kSkippedTensor] = Tensor::of_i64({std::ssize(skipped)}, skipped);
  write_safetensors(place, file);
}

CisFit read_fit(const std::filesystem::path& place) {
  return with_context(place.string(), [&] {
    const auto file = read_safetensors(place);
    CisFit fit;
    fit.path = cis_from_tensors(file.tensors);
    fit.capture = capture_of(file, fit.path);
    const auto& skipped = file.at(kSkippedTensor, {-1});
    if (skipped.type != Tensor::Type::kI64) {
      throw input_error("tensor '{}' is not of type I64; run the shard again", kSkippedTensor);
    }
    fit.skipped.assign(skipped.i64(), skipped.i64() + skipped.size());
    return fit;
  });
}

/// One portion after the other; what they share is made for the first that is not kept.
class CisPortions {
 public:
  CisPortions(OutputFolder& out, const Study& study, const SurrogateFile& file,
              const FoldedSurrogate& folded, const CisArguments& arguments, const Context& context)
      : out_(out),
        study_(study),
        file_(file),
        folded_(folded),
        options_(arguments.resolved()),
        known_(arguments.known_capture()),
        context_(context),
        run_(out, kCisCommand, Stages::kApart) {}

  PortionFiles fit(const std::vector<ExplainTarget>& targets, const Shard& shard,
                   const std::string& settings) {
    const auto numbers = portions_of(shard, targets.size(), kGenesOfPortion);
    find_capture(settings + asked_text(study_, targets));
    PortionFiles files(kCisCommand);
    int64_t own = 0, done = 0;
    for (const size_t portion : numbers)
      own += std::ssize(targets_of_portion(portion, targets, kGenesOfPortion));
    for (const size_t portion : numbers) {
      const auto genes = targets_of_portion(portion, targets, kGenesOfPortion);
      PartReporter reporter(context_.reporter, "cis path", fmt::format("portion {}", portion + 1),
                            done, std::ssize(genes), own);
      const Context context = context_.with_reporter(reporter);
      run_.run({fmt::format("portion {}", portion + 1), settings + asked_text(study_, targets),
                [&](const Context& inner) { return write(portion, genes, inner); }},
               context);
      done += std::ssize(genes);
      files.add(portion, out_.path());
    }
    return files;
  }

 private:
  const std::vector<float>& latents() {
    if (latents_.empty()) latents_ = folded_.atac_latents(context_.pool, study_.open);
    return latents_;
  }

  /// That all shards take, as a fit of all genes would.
  void find_capture(const std::string& settings) {
    if (known_) {
      capture_ = *known_;
      return;
    }
    if (options_.capture > 0) {
      capture_.capture = options_.capture;
      return;
    }
    if (const auto kept = kept_capture(file_, options_)) {
      tell_capture_of_some(&*kept, context_);
      capture_ = {kept->capture, false, 0, kept->capture_profile};
      return;
    }
    if (!options_.genes.empty()) tell_capture_of_some(nullptr, context_);
    run_.run({"capture", settings,
              [&](const Context& context) {
                context.reporter.info(
                    "How many open peaks ATAC misses is estimated from a first fit of all genes, "
                    "which every shard makes; grids cis --estimate-openness makes it once, in "
                    "shards, for --latent-openness");
                CisFit estimate;
                estimate.path = empty_cis_path(study_, 0);
                estimate.capture = estimate_cis_capture(
                    study_, latents(), options_,
                    first_cis_fits(study_, latents(), options_, context), context);
                make_folder((out_.path() / capture_file()).parent_path());
                write_fit(out_.path() / capture_file(), std::move(estimate));
                return std::vector<std::string>{capture_file()};
              }},
             context_);
    capture_ = read_fit(out_.path() / capture_file()).capture;
  }

  std::vector<std::string> write(size_t portion, const std::vector<ExplainTarget>& targets,
                                 const Context& context) {
    auto options = options_;
    options.capture = capture_.capture;
    options.genes = genes_of(targets);
    auto fit = fit_cis(study_, latents(), options, context);
    fit.capture = capture_;
    write_fit(place_for_portion(out_.path(), kCisCommand, portion, kPathFile), std::move(fit));
    return {portion_file(kCisCommand, portion, kPathFile)};
  }

  OutputFolder& out_;
  const Study& study_;
  const SurrogateFile& file_;
  const FoldedSurrogate& folded_;
  CisOptions options_;
  std::optional<CaptureEstimate> known_;  // where it was estimated before
  const Context& context_;
  RunFolder run_;
  std::vector<float> latents_;
  CaptureEstimate capture_;
};

/// The fit of all portions, with gates over all of their genes.
CisFit joined_fit(const PortionFiles& portions, const CisOptions& options) {
  CisFit whole;
  bool first = true;
  for (const size_t portion : portions.portions()) {
    const auto place = portions.place_of(portion, kPathFile);
    CisFit part = read_fit(place);
    if (first) {
      whole = std::move(part);
      first = false;
      continue;
    }
    if (!(part.capture == whole.capture)) {
      throw input_error("{}: capture is {}, elsewhere {}; run the shard again", place.string(),
                        part.capture.capture, whole.capture.capture);
    }
    auto& genes = whole.path.genes;
    if (!genes.empty() && !part.path.genes.empty() &&
        part.path.genes.front().gene <= genes.back().gene) {
      throw input_error(
          "{}: its genes do not follow those of the portion before it; run the shard "
          "again",
          place.string());
    }
    genes.insert(genes.end(), std::make_move_iterator(part.path.genes.begin()),
                 std::make_move_iterator(part.path.genes.end()));
    whole.skipped.insert(whole.skipped.end(), part.skipped.begin(), part.skipped.end());
  }
  judge_gates(whole.path, options.false_discovery_rate);
  note_capture(whole.path, whole.capture);
  return whole;
}

}  // namespace

std::vector<ExplainTarget> genes_as_targets(const Study& study, std::vector<int32_t> genes) {
  if (genes.empty()) genes = indices_below(study.genes.size());
  std::sort(genes.begin(), genes.end());
  genes.erase(std::unique(genes.begin(), genes.end()), genes.end());
  std::vector<ExplainTarget> targets;
  targets.reserve(genes.size());
  for (const int32_t gene : genes) targets.push_back({std::nullopt, gene, 1});
  return targets;
}

std::vector<int32_t> genes_of(const std::vector<ExplainTarget>& targets) {
  std::vector<int32_t> genes;
  genes.reserve(targets.size());
  for (const auto& target : targets) genes.push_back(target.gene);
  return genes;
}

std::vector<std::string> fit_cis_shard(OutputFolder& out, const Study& study,
                                       const SurrogateFile& file, const FoldedSurrogate& folded,
                                       const CisArguments& arguments, const Shard& shard,
                                       const std::string& settings, const Context& context) {
  const auto targets = genes_as_targets(study, arguments.options.genes);
  write_whole_run(out.path(), kCisCommand,
                  whole_run(study, settings, shard, targets, kGenesOfPortion));
  const auto own = portions_of(shard, targets.size(), kGenesOfPortion);
  tell_portions(own.size(), targets.size(), context, kGenesOfPortion);
  if (own.empty()) return {};
  CisPortions portions(out, study, file, folded, arguments, context);
  const auto files = portions.fit(targets, shard, settings);
  auto written =
      write_tables_into(out, {cis_table(study, joined_fit(files, arguments.options))}, context);
  tell_shard(shard, context);
  return written;
}

std::vector<std::string> finish_cis(OutputFolder& out, const Study& study,
                                    const PortionFiles& portions, SurrogateFile file,
                                    const CisArguments& arguments, bool some,
                                    const Context& context) {
  const CisFit fit = joined_fit(portions, arguments.options);
  std::vector<std::string> names = {kMergedSurrogate, describe_cis().file};
  out.require_free(names);
  out.claim(names, context);
  write_cis_fit(out.path() / kMergedSurrogate, study, std::move(file), fit, some, context);
  return names;
}

}  // namespace grids::core
