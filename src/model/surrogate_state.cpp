#include "model/surrogate_state.hpp"

#include <algorithm>
#include <iterator>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"

namespace grids::core {
namespace {

/// From so many tasks of kTailGroup blocks on, fewer and larger tasks keep all threads busy.
constexpr int64_t kEnoughTasks = 8;
/// Chromosomes of which rows are kept apart; with more, all are, and no row is laid out anew.
constexpr size_t kFewChromosomes = 2;

/// Rows of `width` in the given order.
template <typename T>
std::vector<T> gathered(const std::vector<T>& rows, std::span<const int32_t> positions,
                        int64_t width = 1) {
  std::vector<T> result;
  result.reserve(positions.size() * at(width));
  for (const int32_t position : positions) {
    const auto begin = rows.begin() + position * width;
    result.insert(result.end(), begin, begin + width);
  }
  return result;
}

std::vector<int32_t> union_of(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  std::vector<int32_t> both;
  both.reserve(a.size() + b.size());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

}  // namespace

SurrogateState::SurrogateState(const SurrogateModel& model, std::span<const Feature> subset,
                               std::span<const int32_t> cells, std::span<const int32_t> outputs)
    : model_(model),
      unmasked_(model.encoded()),
      cells_(cells.begin(), cells.end()),
      kept_outputs_(model.model_outputs(outputs)),
      layer_(*kept_outputs_->layer),
      cis_(kept_outputs_->cis),
      subset_(subset.begin(), subset.end()) {
  find_positions();
  std::sort(subset_.begin(), subset_.end());
  for (size_t i = 0; i < subset_.size(); ++i) {
    if (subset_[i] < 0 || subset_[i] >= encoder().peaks()) {
      throw internal_error("feature {} of {} is to be masked", subset_[i], encoder().peaks());
    }
    if (i > 0 && subset_[i] == subset_[i - 1]) {
      throw internal_error("feature {} is masked twice", subset_[i]);
    }
    subset_open_.push_back(open_flags(subset_[i]));
  }
  choose_slots({});
  std::vector<int64_t> masked;
  for (const Feature feature : subset_) {
    const int64_t chromosome = encoder().chromosome_of(feature);
    if (masked.empty() || masked.back() != chromosome) masked.push_back(chromosome);
  }
  choose_slots(worth_keeping(std::move(masked)));
  sums_.resize(at(cell_count() * slots() * encoder().sum_stride()));
  contributions_.resize(at(cell_count() * slots() * encoder().latent_stride()));
  latents_.resize(at(cell_count() * encoder().latent()));
  cis_fixed_.resize(at(cell_count() * cis_.stride()));
  outputs_.resize(at(cell_count() * layer_.size()));
  std::vector<ChromosomeMask> masks;
  masks.reserve(kept_.size());
  for (const int64_t c : kept_) masks.push_back({c, members_of(c)});
  renew(masks, cis_.masked(subset_, model_.replacements()), indices_below(cell_count()));
}

SurrogateState::SurrogateState(const SurrogateModel& model, std::span<const int32_t> cells,
                               std::span<const int32_t> outputs)
    : model_(model),
      unmasked_(model.encoded()),
      cells_(cells.begin(), cells.end()),
      kept_outputs_(model.model_outputs(outputs)),
      layer_(*kept_outputs_->layer),
      cis_(kept_outputs_->cis),
      contributions_(at(cell_count() * encoder().chromosomes() * encoder().latent_stride())),
      latents_(at(cell_count() * encoder().latent())),
      cis_fixed_(at(cell_count() * cis_.stride())),
      outputs_(at(cell_count() * layer_.size())),
      moved_(cells.size()) {
  find_positions();
  std::vector<int64_t> all;
  for (int64_t c = 0; c < encoder().chromosomes(); ++c) all.push_back(c);
  choose_slots(std::move(all));
  for (const int32_t cell : cells_) {
    for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
      const float* sum = model_.unmasked_sum(cell, c);
      sums_.insert(sums_.end(), sum, sum + encoder().sum_stride());
    }
  }
}

SurrogateState::SurrogateState(const SurrogateState& whole, std::span<const int32_t> positions)
    : model_(whole.model_),
      unmasked_(whole.unmasked_),
      cells_(gathered(whole.cells_, positions)),
      kept_outputs_(whole.kept_outputs_),
      layer_(*kept_outputs_->layer),
      cis_(kept_outputs_->cis),
      subset_(whole.subset_),
      kept_(whole.kept_),
      slot_of_(whole.slot_of_),
      sums_(gathered(whole.sums_, positions, slots() * encoder().sum_stride())),
      contributions_(
          gathered(whole.contributions_, positions, slots() * encoder().latent_stride())),
      latents_(gathered(whole.latents_, positions, encoder().latent())),
      cis_fixed_(gathered(whole.cis_fixed_, positions, cis_.stride())),
      outputs_(gathered(whole.outputs_, positions, layer_.size())) {
  find_positions();
  for (const OpenFlags& flags : whole.subset_open_) {
    subset_open_.push_back(gathered(flags, positions));
  }
}

std::unique_ptr<MaskState> SurrogateState::on(std::span<const int32_t> positions) const {
  return std::unique_ptr<MaskState>(new SurrogateState(*this, positions));
}

void SurrogateState::find_positions() {
  position_of_.assign(at(model_.open().rows), -1);
  for (size_t position = 0; position < cells_.size(); ++position) {
    auto& slot = position_of_.at(at(cells_[position]));
    if (slot >= 0) throw internal_error("cell {} is listed twice", cells_[position]);
    slot = static_cast<int32_t>(position);
  }
  ascending_ = std::is_sorted(cells_.begin(), cells_.end());
}

void SurrogateState::choose_slots(std::vector<int64_t> chromosomes) {
  kept_ = std::move(chromosomes);
  slot_of_.assign(at(encoder().chromosomes()), -1);
  for (size_t slot = 0; slot < kept_.size(); ++slot) {
    slot_of_[at(kept_[slot])] = static_cast<int32_t>(slot);
  }
}

std::vector<int64_t> SurrogateState::worth_keeping(std::vector<int64_t> masked) const {
  std::vector<int64_t> wanted;
  std::set_union(masked.begin(), masked.end(), kept_.begin(), kept_.end(),
                 std::back_inserter(wanted));
  if (wanted.size() <= kFewChromosomes) return wanted;
  wanted.clear();
  for (int64_t c = 0; c < encoder().chromosomes(); ++c) wanted.push_back(c);
  return wanted;
}

void SurrogateState::keep(const std::vector<int64_t>& chromosomes) {
  auto wanted = worth_keeping(chromosomes);
  if (wanted.size() == kept_.size()) return;
  const int64_t width = encoder().sum_stride();
  const int64_t out_width = encoder().latent_stride();
  std::vector<float> sums, contributions;
  sums.reserve(cells_.size() * wanted.size() * at(width));
  contributions.reserve(cells_.size() * wanted.size() * at(out_width));
  for (int64_t position = 0; position < cell_count(); ++position) {
    for (const int64_t c : wanted) {
      const float* sum = sum_at(position, c);
      sums.insert(sums.end(), sum, sum + width);
      const float* contribution = contribution_at(position, c);
      contributions.insert(contributions.end(), contribution, contribution + out_width);
    }
  }
  sums_ = std::move(sums);
  contributions_ = std::move(contributions);
  choose_slots(std::move(wanted));
}

void SurrogateState::require_possible(Edit edit) const {
  const auto masked = [&](Feature feature) {
    return std::binary_search(subset_.begin(), subset_.end(), feature);
  };
  if (edit.out != kNoFeature && !masked(edit.out)) {
    throw internal_error("feature {} is not masked and cannot be dropped", edit.out);
  }
  if (edit.in == kNoFeature) return;
  if (edit.in < 0 || edit.in >= encoder().peaks()) {
    throw internal_error("feature {} of {} is to be masked", edit.in, encoder().peaks());
  }
  if (edit.in != edit.out && masked(edit.in)) {
    throw internal_error("feature {} is masked already", edit.in);
  }
}

SurrogateState::OpenFlags SurrogateState::open_flags(Feature feature) const {
  OpenFlags flags(cells_.size(), 0);
  for (const int32_t cell : model_.cells_of_peaks().row(feature)) {
    const int32_t position = position_of_[at(cell)];
    if (position >= 0) flags[at(position)] = 1;
  }
  return flags;
}

std::vector<int32_t> SurrogateState::open_positions(Feature feature) const {
  std::vector<int32_t> positions;
  for (const int32_t cell : model_.cells_of_peaks().row(feature)) {
    if (position_of_[at(cell)] >= 0) positions.push_back(position_of_[at(cell)]);
  }
  if (!ascending_) std::sort(positions.begin(), positions.end());
  return positions;
}

std::vector<int32_t> SurrogateState::touched(Feature feature, std::span<const uint8_t> open) const {
  const float p = model_.replacement(feature);
  const auto open_cells = model_.cells_of_peaks().row(feature);
  if (p == 0 && open_cells.size() < open.size()) return open_positions(feature);  // shorter
  std::vector<int32_t> positions;
  for (size_t i = 0; i < open.size(); ++i) {
    if (static_cast<float>(open[i]) != p) positions.push_back(static_cast<int32_t>(i));
  }
  return positions;
}

std::span<const uint8_t> SurrogateState::flags_of_member(Feature feature) const {
  const auto found = std::lower_bound(subset_.begin(), subset_.end(), feature);
  return subset_open_[static_cast<size_t>(found - subset_.begin())];
}

std::vector<SurrogateState::Member> SurrogateState::members_of(int64_t chromosome) const {
  std::vector<Member> members;
  auto feature = std::lower_bound(subset_.begin(), subset_.end(), encoder().first_peak(chromosome));
  for (; feature != subset_.end() && *feature < encoder().first_peak(chromosome + 1); ++feature) {
    members.push_back(
        {*feature, subset_open_[static_cast<size_t>(feature - subset_.begin())].data()});
  }
  return members;
}

SurrogateState::Change SurrogateState::plan(Edit edit) const {
  Change change;
  change.edit = edit;
  for (const Feature feature : {edit.out, edit.in}) {
    if (feature == kNoFeature) continue;
    const int64_t chromosome = encoder().chromosome_of(feature);
    if (!change.masks.empty() && change.masks.front().chromosome == chromosome) continue;
    change.masks.push_back({chromosome, members_of(chromosome)});
  }
  if (edit.out != kNoFeature) {
    auto& members = change.masks.front().members;
    std::erase_if(members, [&](const Member& member) { return member.feature == edit.out; });
  }
  if (edit.in != kNoFeature) {
    change.in_open = open_flags(edit.in);
    auto& members = change.masks.back().members;
    const auto place =
        std::lower_bound(members.begin(), members.end(), edit.in,
                         [](const Member& m, Feature feature) { return m.feature < feature; });
    members.insert(place, {edit.in, change.in_open.data()});
  }
  change.cis = cis_.masked(subset_, edit, model_.replacements());
  return change;
}

void SurrogateState::masked_sum(const ChromosomeMask& mask, int64_t position, float* out) const {
  std::copy_n(model_.unmasked_sum(cells_[at(position)], mask.chromosome), encoder().sum_stride(),
              out);
  for (const Member& member : mask.members) {
    model_.mask_in_sum(member.feature, static_cast<float>(member.open[position]), out);
  }
}

const float* SurrogateState::sum_at(int64_t position, int64_t chromosome) const {
  const int64_t slot = slot_of_[at(chromosome)];
  return slot < 0 ? model_.unmasked_sum(cells_[at(position)], chromosome)
                  : sums_.data() + (position * slots() + slot) * encoder().sum_stride();
}

const float* SurrogateState::contribution_at(int64_t position, int64_t chromosome) const {
  const int64_t slot = slot_of_[at(chromosome)];
  if (slot >= 0) {
    return contributions_.data() + (position * slots() + slot) * encoder().latent_stride();
  }
  const int64_t row = cells_[at(position)] * encoder().chromosomes() + chromosome;
  return unmasked_.contributions.data() + row * encoder().latent_stride();
}

void SurrogateState::latent(int64_t position, std::span<const Replaced> replaced,
                            std::vector<const float*>& scratch, float* out) const {
  if (replaced.empty()) {
    std::copy_n(latents_.data() + position * encoder().latent(), encoder().latent(), out);
    return;
  }
  gather(position, scratch);
  for (const Replaced& other : replaced) scratch[at(other.chromosome)] = other.contribution;
  encoder().latent_of(scratch, out);
}

int64_t SurrogateState::task_rows(int64_t rows) const {
  constexpr int64_t kGroupRows = kTailGroup * kTailRows;
  return !layer_.by_row && rows >= kEnoughTasks * kGroupRows ? kGroupRows : kTailRows;
}

void SurrogateState::CisRows::add(int64_t position, const CisOutputs::Masked& change) {
  if (state_.cis_.empty()) return;
  const int64_t stride = state_.cis_.stride();
  const float* own = state_.cis_fixed_.data() + position * stride;
  if (!change.outputs.empty()) {
    if (changed_count_ == changed_.size()) changed_.emplace_back(at(stride));
    auto& changed = changed_[changed_count_++];
    std::copy_n(own, stride, changed.data());
    state_.cis_.fix(state_.cells_[at(position)], change, room_, changed.data());
    own = changed.data();
  }
  rows_.push_back(own);
}

void SurrogateState::CisRows::clear() {
  rows_.clear();
  changed_count_ = 0;
}

void SurrogateState::predict(const float* latents, std::span<const float* const> fixed,
                             int64_t blocks, float* out) const {
  if (!cis_.all()) model_.surrogate().tail(layer_, latents, out, blocks);
  if (!cis_.empty()) cis_.predict(fixed, latents, out);
}

void SurrogateState::gather(int64_t position, std::vector<const float*>& contributions) const {
  contributions.resize(at(encoder().chromosomes()));
  for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
    contributions[at(c)] = contribution_at(position, c);
  }
}

void SurrogateState::renew_latent(int64_t position, std::vector<const float*>& scratch) {
  gather(position, scratch);
  encoder().latent_of(scratch, latents_.data() + position * encoder().latent());
}

bool SurrogateState::renew_row(const ChromosomeMask& mask, int64_t position) {
  const int64_t row = position * slots() + slot_of_[at(mask.chromosome)];
  float* sum = sums_.data() + row * encoder().sum_stride();
  float* contribution = contributions_.data() + row * encoder().latent_stride();
  masked_sum(mask, position, sum);
  const bool moved =
      std::any_of(mask.members.begin(), mask.members.end(), [&](const Member& member) {
        return model_.replacement(member.feature) != static_cast<float>(member.open[position]);
      });
  if (moved) {
    encoder().contribution(mask.chromosome, sum, contribution);
    return true;
  }
  const int64_t whole = cells_[at(position)] * encoder().chromosomes() + mask.chromosome;
  std::copy_n(unmasked_.contributions.data() + whole * encoder().latent_stride(),
              encoder().latent_stride(), contribution);
  return false;
}

void SurrogateState::renew(std::span<const ChromosomeMask> masks, const CisOutputs::Masked& cis,
                           std::span<const int32_t> positions) {
  const int64_t latents = encoder().latent();
  const int64_t width = layer_.size();
  const auto rows = static_cast<int64_t>(positions.size());
  model_.pool().for_blocks(rows, task_rows(rows), [&](int64_t begin, int64_t end, int64_t) {
    const int64_t blocks = (end - begin + kTailRows - 1) / kTailRows;
    std::vector<const float*> scratch;
    std::vector<float> in(at(blocks * kTailRows * latents), 0.0f);
    std::vector<float> out(at(blocks * kTailRows * width));
    CisOutputs::Row room(cis_);
    CisRows fixed(*this);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t position = positions[at(i)];
      if (!cis.outputs.empty()) {
        cis_.fix(cells_[at(position)], cis, room, cis_fixed_.data() + position * cis_.stride());
      }
      fixed.add(position, {});
      bool moved = false;
      for (const ChromosomeMask& mask : masks) moved |= renew_row(mask, position);
      if (moved || std::ssize(masks) < slots()) {
        renew_latent(position, scratch);
      } else {
        std::copy_n(unmasked_.latents.data() + cells_[at(position)] * latents, latents,
                    latents_.data() + position * latents);
      }
      latent(position, {}, scratch, in.data() + (i - begin) * latents);
    }
    predict(in.data(), fixed.rows(), blocks, out.data());
    for (int64_t i = begin; i < end; ++i) {
      std::copy_n(out.data() + (i - begin) * width, width,
                  outputs_.data() + positions[at(i)] * width);
    }
  });
}

void SurrogateState::apply(Edit edit) {
  require_possible(edit);
  if (edit.in == edit.out) return;
  std::vector<int32_t> positions;
  std::vector<int64_t> chromosomes;
  const auto cis = cis_.masked(subset_, edit, model_.replacements());
  if (edit.out != kNoFeature) {
    positions = touched(edit.out, flags_of_member(edit.out));
    const auto place = std::lower_bound(subset_.begin(), subset_.end(), edit.out);
    subset_open_.erase(subset_open_.begin() + (place - subset_.begin()));
    subset_.erase(place);
    chromosomes.push_back(encoder().chromosome_of(edit.out));
  }
  if (edit.in != kNoFeature) {
    OpenFlags open = open_flags(edit.in);
    positions = union_of(positions, touched(edit.in, open));
    const auto place = std::lower_bound(subset_.begin(), subset_.end(), edit.in);
    subset_open_.insert(subset_open_.begin() + (place - subset_.begin()), std::move(open));
    subset_.insert(place, edit.in);
    if (chromosomes.empty() || chromosomes[0] != encoder().chromosome_of(edit.in)) {
      chromosomes.push_back(encoder().chromosome_of(edit.in));
    }
  }
  std::sort(chromosomes.begin(), chromosomes.end());
  keep(chromosomes);
  std::vector<ChromosomeMask> masks;
  masks.reserve(chromosomes.size());
  for (const int64_t c : chromosomes) masks.push_back({c, members_of(c)});
  renew(masks, cis, positions);
}

}  // namespace grids::core
