#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "evaluate/verdict.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"

namespace grids::core {
namespace {

/// What the commands that wrote the folder were asked, the last one of each name.
class RecordedOptions {
 public:
  explicit RecordedOptions(const std::vector<Manifest>& manifests) {
    for (const auto& manifest : manifests) {
      if (manifest.command == "export" || manifest.command == "validate") continue;
      const auto options = nlohmann::json::parse(manifest.options, nullptr, false);
      if (!options.is_object()) continue;
      for (const auto& [key, value] : options.items()) {
        if (key == "prepare.force") continue;  // another one than that of the search
        const auto text = value.is_string() ? value.get<std::string>() : value.dump();
        // `run` records "explain.set-size", `explain` alone "set-size".
        values_[key] = text;
        values_[key.substr(key.rfind('.') + 1)] = text;
      }
    }
  }

  /// Nothing where it was not recorded, or is empty.
  std::optional<std::string> find(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }

  /// Whether it was recorded, be it empty.
  bool has(const std::string& name) const { return values_.contains(name); }

  bool is(const std::string& name, std::string_view value) const { return find(name) == value; }

 private:
  std::map<std::string, std::string> values_;
};

/// Those of donor and batch that were given: ", donor"; where the run did not record whether (a
/// study that was prepared elsewhere), both with that condition.
std::string given_groups(const RecordedOptions& options) {
  if (!options.has("donors")) return ", donor and batch where the study names them";
  return std::string(options.find("donors") ? ", donor" : "") +
         (options.find("batches") ? ", batch" : "");
}

/// What cells were split by beside their type, likewise.
std::string split_groups(const RecordedOptions& options) {
  if (!options.has("donors")) return ", and donor where the study names one";
  return options.find("donors") ? " and donor" : "";
}

bool ran(const Results& results, std::string_view command) {
  return std::any_of(results.manifests.begin(), results.manifests.end(),
                     [&](const Manifest& manifest) { return manifest.command == command; });
}

/// "grids 0.2.0 (seed 1)"; of several versions each.
std::string program_words(const Results& results) {
  std::vector<std::string> versions;
  for (const auto& manifest : results.manifests) {
    const auto words = fmt::format("{} (seed {})", manifest.version, manifest.seed);
    if (std::find(versions.begin(), versions.end(), words) == versions.end())
      versions.push_back(words);
  }
  std::string list;
  for (const auto& words : versions) list += (list.empty() ? "" : " and ") + words;
  return "grids " + list;
}

double last_step(const Results& results) {
  const Table* steps = results.find("prepare.tsv");
  double cells = -1;
  for (size_t row = 0; steps != nullptr && row < steps->rows(); ++row) {
    if (steps->text(row, "of") != "cells" || steps->text(row, "after").empty()) continue;
    cells = steps->number(row, "after");
  }
  return cells;
}

std::string cells_sentence(const Results& results, const RecordedOptions& options) {
  std::string words;
  const double cells = last_step(results);
  if (cells > 0) words += fmt::format(" {} passed quality control", counted(cells, "cell"));
  const auto train = options.find("train-share"), validation = options.find("validation-share"),
             test = options.find("test-share");
  if (train && validation && test) {
    words += fmt::format(
        "{} were split into training, validation and test cells ({} / {} / {}, stratified by "
        "type{}{})",
        words.empty() ? " Cells" : " and", *train, *validation, *test, split_groups(options),
        options.find("split-by") && !options.is("split-by", "cell")
            ? ", whole groups held out by " + *options.find("split-by")
            : "");
  }
  return words.empty() ? words : words + ".";
}

/// Which peaks were searched, by what the sets say.
std::string domains_words(const Results& results) {
  static const std::map<std::string, std::string> names = {
      {"cis", "around the gene"}, {"distal", "away from the gene"}, {"all", "among all peaks"}};
  std::vector<std::string> found;
  for (const auto& set : results.sets) {
    const auto words = names.find(set.domain);
    if (words == names.end()) continue;
    if (std::find(found.begin(), found.end(), words->second) == found.end())
      found.push_back(words->second);
  }
  std::string list;
  for (const auto& words : found) list += (list.empty() ? "" : " or ") + words;
  return list;
}

std::string search_sentence(const Results& results, const RecordedOptions& options) {
  if (results.sets.empty()) return {};
  std::string words =
      " For each gene and cell type the set of peaks was searched whose joint masking changes the "
      "surrogate’s prediction most on training cells";
  std::string how;
  const auto add = [&](const std::string& part) { how += (how.empty() ? "" : ", ") + part; };
  if (const auto size = options.find("set-size")) add("at most " + *size + " peaks");
  if (const auto method = options.find("method")) add("method " + *method);
  if (const auto objective = options.find("objective")) add("objective " + *objective);
  if (const auto domains = domains_words(results); !domains.empty()) add(domains);
  if (const auto window = options.find("domain-window")) add("window " + *window + " bp");
  if (const auto perturbation = options.find("perturbation")) add("masked peaks " + *perturbation);
  if (!how.empty()) words += " (" + how + ")";
  if (const auto cells = options.find("min-test-cells")) {
    words += fmt::format("; types with fewer than {} test cells", *cells);
    if (const auto expressing = options.find("min-expressing-cells"))
      words += fmt::format(", or fewer than {} that express the gene,", *expressing);
    words += options.is("force", "true") ? " were explained nevertheless (--force)"
                                         : " were not explained";
  }
  return words + ".";
}

std::string judged_sentence(const Results& results, const RecordedOptions& options) {
  std::string words;
  const bool counts = std::all_of(results.sets.begin(), results.sets.end(),
                                  [](const SetView& set) { return set.from_counts; });
  if (results.unpaired) {
    words +=
        " Chromatin and RNA were measured in different cells: changes are predicted ones when "
        "masked in the surrogate, and none was held against measured expression of the same cells.";
  } else if (results.find("contrasts.tsv") != nullptr) {
    words += fmt::format(
        " Measured {} of test cells were regressed on the predicted change of each cell, with "
        "total "
        "RNA as {} and cell type{}, open peaks and state as covariates; verdicts "
        "follow from one-sided tests that the slope is above 0 and below ½ "
        "(Benjamini–Hochberg over {}, level {}, at least {} test cells).",
        counts ? "counts" : "values (the RNA came without counts)", counts ? "offset" : "covariate",
        given_groups(options), counted(static_cast<double>(results.sets.size()), "set"),
        number_text(kVerdictLevel), kJudgedCells);
  }
  if (results.find("redundancy.tsv") != nullptr) {
    words +=
        " Whether elements of a set stand in for one another was called from measured counts by "
        "which of them are open (hidden share against the margin of 0.15 and the bound that "
        "ATAC’s capture gives)";
    if (const auto capture = options.find("capture")) words += ", capture " + *capture;
    words += ".";
  }
  if (results.find("validation.tsv") != nullptr) {
    words += " Sets were held beside other experiments and beside chance (grids validate).";
  }
  return words;
}

std::string model_sentence(const Results& results, const RecordedOptions& options) {
  if (results.find("training.tsv") == nullptr && !ran(results, "run")) return {};
  std::string words =
      " A surrogate of autoencoders for chromatin and expression, joined through their latents, "
      "was trained on the training cells and stopped by the validation cells";
  const auto steps = options.find("train.max-steps"), latent = options.find("train.latent");
  if (steps) words += fmt::format(" (at most {} steps a stage", *steps);
  if (steps && latent) words += fmt::format(", {} latents", *latent);
  if (steps) words += ")";
  if (results.find("cis.tsv") != nullptr) {
    words += "; for each gene with a position peaks around it were added";
    if (const auto window = options.find("cis-window")) words += " (within " + *window + " bp)";
    words +=
        " that explain its counts beyond the state of the cell, and kept where they say "
        "something of held-out cells";
    if (const auto rate = options.find("gate-fdr"))
      words += fmt::format(" (gate B, false discovery rate {})", *rate);
  }
  return words + ".";
}

constexpr const char* kCitation =
    "Liu J, Xu S, Riffle D, Duan Z, Min MR, Zhang J. Understanding Transcriptional Regulatory "
    "Redundancy by Learnable Global Subset Perturbations. 2024.";

}  // namespace

std::string methods_section(const Results& results, Page&) {
  if (results.manifests.empty()) return {};
  const RecordedOptions options(results.manifests);
  const auto text = fmt::format(
      "Regulatory sets were searched with {}, which implements and extends Liu et al. "
      "(2024).{}{}{}{} Changes are predicted changes when masked in the surrogate.",
      program_words(results), cells_sentence(results, options), model_sentence(results, options),
      search_sentence(results, options), judged_sentence(results, options));
  return fmt::format(
      "<div class=\"methods\" id=\"methods-text\"><p>{}</p>\n<p>{}</p></div>\n"
      "<p class=\"note\">Written from what this run recorded; every option stands under <a "
      "href=\"#run-in\">What was run</a>.</p>\n",
      escape_html(text), escape_html(kCitation));
}

}  // namespace grids::core
