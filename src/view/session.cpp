#include "view/session.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "evaluate/verdict.hpp"
#include "io/manifest.hpp"
#include "io/utf8.hpp"
#include "io/written_files.hpp"
#include "study/chromatin.hpp"
#include "view/kept_table.hpp"

namespace grids::core {
namespace {

std::filesystem::path sets_file(const std::filesystem::path& results) {
  return results / describe_saved_sets().file;
}

/// The file of kept sets. Throws where what lies there is someone's own.
std::filesystem::path own_sets_file(const std::filesystem::path& results) {
  auto file = sets_file(results);
  std::error_code ignored;
  const bool own = !std::filesystem::is_regular_file(file, ignored) ||
                   WrittenFiles(results).wrote(file.filename().string(), sha256_of(file));
  if (own) return file;
  throw input_error(
      "{}: it was not written by grids view, or has changed since; give it another name, and the "
      "sets that are kept from now on begin a new one",
      file.string());
}

/// What a contrast says, for people.
std::string sentence_of(const Contrast& contrast, int64_t looks, double p_adjusted) {
  if (std::isnan(contrast.slope) || std::isnan(contrast.p)) {
    return fmt::format("Exploratory: held-out cells cannot judge this set ({}).",
                       contrast.note.empty() ? "no slope" : contrast.note);
  }
  std::string text = fmt::format(
      "Exploratory: in {} held-out cells measured expression follows the predicted change with a "
      "slope of {:.2f} ({:.2f} to {:.2f}; 1 = as predicted, 0 = not at all), p = {:.2g}; {} of "
      "this "
      "gene {} asked about, p × looks = {:.2g}.",
      contrast.cells, contrast.slope, contrast.low, contrast.high, contrast.p,
      looks == 1 ? "1 set" : fmt::format("{} sets", looks), looks == 1 ? "was" : "were",
      p_adjusted);
  if (p_adjusted > kVerdictLevel && contrast.p_below_half <= kVerdictLevel) {
    text += " These cells would have shown half of the predicted change, and do not.";
  }
  return text;
}

bool same_peaks(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

void add_contrast(const Contrast& contrast, SavedSet& set) {
  set.slope = contrast.slope;
  set.slope_low = contrast.low;
  set.slope_high = contrast.high;
  set.p = contrast.p;
}

void require_note(const std::string& note) {
  if (!is_utf8(note)) throw usage_error("note: it is no UTF-8 text");
  const auto characters = std::count_if(note.begin(), note.end(), [](unsigned char byte) {
    return (byte & 0xC0U) != 0x80U;  // all but the further bytes of a character
  });
  if (at(characters) > kMostNote) {
    throw usage_error("note: {} characters; at most {}", characters, kMostNote);
  }
  const bool has_control = std::any_of(
      note.begin(), note.end(), [](unsigned char byte) { return byte < ' ' || byte == 0x7F; });
  if (has_control) throw usage_error("note: holds a control character; write it on one line");
}

}  // namespace

ViewSession::ViewSession(std::filesystem::path results, const Study& study,
                         const StudySurrogate& surrogate, const Context& context,
                         std::function<void()> on_look)
    : results_(std::move(results)),
      study_(study),
      context_{context.seed, context.pool, context.reporter, nullptr, context.memory},
      on_look_(std::move(on_look)),
      files_({own_sets_file(results_)}, {"view", ""}, false),
      names_(study),
      what_if_(study, surrogate, context.pool),
      estimates_(study, surrogate, context_),
      search_(what_if_, quick_, study, context_),
      looks_(results_ / kStateFolder / "view_looks.tsv"),
      saved_(read_kept(sets_file(results_), saved_set_columns())) {}

GeneView ViewSession::gene(const ViewTarget& target) {
  const QuickFirst::Question question(quick_);
  return what_if_.gene(target);
}

SwitchedView ViewSession::change(const ViewTarget& target, const PeakSwitches& switches) {
  const QuickFirst::Question question(quick_);
  return what_if_.change(target, switches);
}

ViewedSettings ViewSession::settings(const ViewTarget& target, std::span<const int32_t> peaks) {
  const QuickFirst::Question question(quick_);
  return estimates_.settings(target, peaks);
}

std::vector<Look> ViewSession::judged_sets(int32_t gene) const {
  const std::lock_guard lock(mutex_);
  return looks_.sets_of(study_.genes.names[at(gene)]);
}

int64_t ViewSession::looks(int32_t gene) const {
  const std::lock_guard lock(mutex_);
  return looks_.of(study_.genes.names[at(gene)]);
}

Look ViewSession::look_at(const ViewTarget& target, std::span<const int32_t> peaks) const {
  std::vector<int32_t> sorted(peaks.begin(), peaks.end());
  std::sort(sorted.begin(), sorted.end());
  return {study_.genes.names[at(target.gene)], type_name(study_, target.sized(0)),
          names_of_peaks(study_, sorted)};
}

ViewedJudgement ViewSession::judge(const ViewTarget& target, std::span<const int32_t> peaks) {
  if (peaks.empty()) throw usage_error("peaks: name at least one");
  if (estimates_.test_cells(target) == 0) throw usage_error("cell_type: no test cells");
  if (!study_.paired) {
    throw usage_error(
        "to hold a set against measured expression {}, and these were measured in different cells",
        kNeedsPairs);
  }
  const QuickFirst::Question question(quick_);
  const Look look = look_at(target, peaks);
  ViewedJudgement judged;
  {
    const std::lock_guard lock(mutex_);
    if (looks_.spend(look) && on_look_) on_look_();
  }
  judged.contrast = estimates_.judge(target, peaks);
  const std::lock_guard lock(mutex_);
  judged.looks = looks_.of(look.gene);
  judged.p_adjusted = adjusted_for_looks(judged.contrast.p, judged.looks);
  judged.sentence = sentence_of(judged.contrast, judged.looks, judged.p_adjusted);
  take_judgement(look, judged);
  return judged;
}

void ViewSession::take_judgement(const Look& look, const ViewedJudgement& judged) {
  const auto known = std::find_if(judged_.begin(), judged_.end(),
                                  [&](const auto& entry) { return entry.first == look; });
  if (known == judged_.end()) judged_.emplace_back(look, judged);
  auto sets = saved_;
  bool of_gene = false;
  for (auto& set : sets) {
    if (set.gene != look.gene) continue;
    if (set.cell_type == look.cell_type && same_peaks(set.peaks, look.peaks)) {
      add_contrast(judged.contrast, set);
      set.looks = judged.looks;
    }
    if (!set.looks) continue;
    // One look more makes every earlier one of the gene say less.
    set.looks = judged.looks;
    set.p_adjusted = adjusted_for_looks(set.p, judged.looks);
    of_gene = true;
  }
  if (!of_gene) return;
  write_sets(sets);
  saved_ = std::move(sets);
}

void ViewSession::write_sets(const std::vector<SavedSet>& sets) const {
  files_.claim(context_);
  write_table(sets_file(results_), saved_set_columns().table(sets));
}

int64_t ViewSession::save(const ViewTarget& target, std::span<const int32_t> peaks,
                          const std::string& note) {
  if (peaks.empty()) throw usage_error("peaks: name at least one");
  require_note(note);
  const Look look = look_at(target, peaks);
  SavedSet set;
  set.cell_type = look.cell_type;
  set.gene = look.gene;
  set.peaks = names_of_peaks(study_, peaks);
  set.rate_change = what_if_.rate_change(target, peaks);
  set.status = kExploratory;
  set.note = note;
  const std::lock_guard lock(mutex_);
  auto sets = saved_;
  set.set = sets.empty() ? 1 : sets.back().set + 1;
  const auto judged = std::find_if(judged_.begin(), judged_.end(),
                                   [&](const auto& entry) { return entry.first == look; });
  if (judged != judged_.end()) {
    add_contrast(judged->second.contrast, set);
    set.looks = looks_.of(look.gene);
    set.p_adjusted = adjusted_for_looks(set.p, *set.looks);
  }
  sets.push_back(std::move(set));
  write_sets(sets);
  saved_ = std::move(sets);
  return std::ssize(saved_);
}

std::vector<SavedSet> ViewSession::saved() const {
  const std::lock_guard lock(mutex_);
  return saved_;
}

}  // namespace grids::core
