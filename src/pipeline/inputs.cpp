#include "pipeline/inputs.hpp"

#include "io/manifest.hpp"
#include "io/output_folder.hpp"
#include "model/transfer_types.hpp"
#include "study/chromatin.hpp"

namespace grids::core {

void StudyArguments::describe(OptionSet& set) {
  set.value("study", study, "Study written by prepare", OptionSet::Need::kRequired);
  set.value("surrogate", surrogate, "Surrogate written by train", OptionSet::Need::kRequired);
}

std::string StudyArguments::words(const std::filesystem::path& folder) const {
  return fmt::format("study {}; surrogate {}", seen_from(folder, study),
                     seen_from(folder, surrogate));
}

std::string targets_words(const std::filesystem::path& folder, const std::filesystem::path& table) {
  constexpr size_t kShown = 8;
  return fmt::format("targets {} {}", seen_from(folder, table), sha256_of(table).substr(0, kShown));
}

void describe_surrogate(OptionSet& set, SurrogateKind& kind) {
  set.choice<SurrogateKind>(
      "--surrogate", kind, {{"cis", SurrogateKind::kCis}, {"published", SurrogateKind::kPublished}},
      "cis = with the peaks around each gene, where they were fitted; published = without");
}

StudyAndSurrogate load_study_and_surrogate(const StudyArguments& arguments, const Context& context,
                                           RawTensors tensors) {
  // The surrogate first: a wrong one is told before the large file is read.
  SurrogateFile file = read_surrogate(arguments.surrogate);
  FoldedSurrogate folded = with_context(fmt::format("reading {}", arguments.surrogate.string()),
                                        [&] { return FoldedSurrogate(file); });
  std::optional<CisPath> cis;
  if (arguments.kind == SurrogateKind::kCis) {
    cis = with_context(arguments.surrogate.string(), [&] { return cis_path_of(file); });
  }
  // As large as what was folded of it: not in memory beside the study.
  if (tensors == RawTensors::kDropped) file.tensors.clear();
  Study study = read_study(arguments.study, context);
  with_context(arguments.surrogate.string(), [&] { require_same_features(file, study); });
  if (cis) {
    with_context(arguments.surrogate.string(), [&] { require_same_cells(*cis, file, study); });
  }
  return {std::move(study), std::move(file), std::move(folded), std::move(cis)};
}

bool gives_unpaired_cells(const std::filesystem::path& study) {
  try {
    return is_unpaired(study);
  } catch (const Error&) {
    return false;
  }
}

StudyAndSurrogate load_chromatin_and_surrogate(const StudyArguments& arguments,
                                               const Context& context) {
  if (!gives_unpaired_cells(arguments.study)) return load_study_and_surrogate(arguments, context);
  auto loaded = load_unpaired_and_surrogate(arguments, context);
  const auto filled = fill_in_types(loaded.study, loaded.folded, {}, context);
  if (filled && filled->to == StudyHalf::kAtac) {
    context.reporter.warning(
        "the cells with chromatin have no labels of their own: their types are those that this "
        "surrogate transfers from the cells with RNA (grids evaluate says how surely)");
  }
  return {chromatin_of(std::move(loaded.study)), {}, std::move(loaded.folded), std::nullopt};
}

Study read_chromatin(const std::filesystem::path& study, const Context& context) {
  if (!gives_unpaired_cells(study)) return read_study(study, context);
  return std::move(read_unpaired_study(study, context).atac);
}

void require_pairs(const std::filesystem::path& study, std::string_view what,
                   std::string_view instead) {
  if (!gives_unpaired_cells(study)) return;
  throw input_error("{}: {} {}, and these were measured in different cells; {}", study.string(),
                    what, kNeedsPairs, instead);
}

UnpairedAndSurrogate load_unpaired_and_surrogate(const StudyArguments& arguments,
                                                 const Context& context) {
  SurrogateFile file = read_surrogate(arguments.surrogate);
  FoldedSurrogate folded = with_context(fmt::format("reading {}", arguments.surrogate.string()),
                                        [&] { return FoldedSurrogate(file); });
  if (arguments.kind == SurrogateKind::kCis && cis_path_of(file)) {
    context.reporter.warning(fmt::format(
        "the cis path of {} is not used: its weights are of cells that have chromatin and RNA",
        arguments.surrogate.string()));
  }
  file.tensors.clear();
  UnpairedStudy study = read_unpaired_study(arguments.study, context);
  with_context(arguments.surrogate.string(), [&] { require_same_features(file, study.atac); });
  return {std::move(study), std::move(folded)};
}

}  // namespace grids::core
