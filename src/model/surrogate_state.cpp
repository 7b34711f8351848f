#include "model/surrogate_state.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "base/simd.hpp"
#include "model/lanes.hpp"

namespace grids {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

/// Rows of one batch of outputs_after: bounds what it keeps in memory (an edit is never split).
constexpr int64_t kBatchRows = 1 << 16;
constexpr int64_t kBatchFloats = 1 << 23;
/// Cells of one block of the cheap per-row work.
constexpr int64_t kRowBlock = 16;

GRIDS_CLONES void add_scaled(int64_t width, float factor, const float* x, float* out) {
  for (int64_t o = 0; o < width; o += kLanes) lanes_at(out + o) += factor * lanes_at(x + o);
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
      cells_(cells.begin(), cells.end()),
      position_of_(at(model.open().rows), -1),
      layer_(model.surrogate().output_layer(outputs)),
      subset_(subset.begin(), subset.end()) {
  for (size_t position = 0; position < cells_.size(); ++position) {
    auto& slot = position_of_.at(at(cells_[position]));
    if (slot >= 0) throw internal_error("cell {} is listed twice", cells_[position]);
    slot = static_cast<int32_t>(position);
  }
  ascending_ = std::is_sorted(cells_.begin(), cells_.end());
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
  sums_.resize(at(cell_count() * encoder().chromosomes() * encoder().sum_stride()));
  contributions_.resize(at(cell_count() * encoder().chromosomes() * encoder().latent_stride()));
  outputs_.resize(at(cell_count() * layer_.size()));
  std::vector<int32_t> all(cells_.size());
  std::iota(all.begin(), all.end(), 0);
  for (int64_t c = 0; c < encoder().chromosomes(); ++c) renew_sums({c, members_of(c)}, all);
  renew_outputs(all);
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

std::vector<int32_t> SurrogateState::touched(Feature feature, std::span<const uint8_t> open) const {
  const float p = model_.replacement(feature);
  std::vector<int32_t> positions;
  if (p == 0) {
    for (const int32_t cell : model_.cells_of_peaks().row(feature)) {
      if (position_of_[at(cell)] >= 0) positions.push_back(position_of_[at(cell)]);
    }
    if (!ascending_) std::sort(positions.begin(), positions.end());
    return positions;
  }
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
  return change;
}

void SurrogateState::masked_sum(const ChromosomeMask& mask, int64_t position, float* out) const {
  const int64_t width = encoder().sum_stride();
  std::copy_n(model_.unmasked_sum(cells_[at(position)], mask.chromosome), width, out);
  for (const Member& member : mask.members) {
    const float change =
        model_.replacement(member.feature) - static_cast<float>(member.open[position]);
    if (change != 0) add_scaled(width, change, encoder().difference(member.feature), out);
  }
}

const float* SurrogateState::contribution_at(int64_t position, int64_t chromosome) const {
  return contributions_.data() +
         (position * encoder().chromosomes() + chromosome) * encoder().latent_stride();
}

void SurrogateState::latent(int64_t position, std::span<const ChromosomeMask> replaced,
                            std::span<const float> contributions,
                            std::vector<const float*>& scratch, float* out) const {
  scratch.resize(at(encoder().chromosomes()));
  for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
    scratch[at(c)] = contribution_at(position, c);
  }
  for (size_t i = 0; i < replaced.size(); ++i) {
    scratch[at(replaced[i].chromosome)] =
        contributions.data() + static_cast<int64_t>(i) * encoder().latent_stride();
  }
  encoder().latent_of(scratch, out);
}

void SurrogateState::compute(std::span<Change* const> changes) const {
  std::vector<int64_t> first_row = {0};
  for (Change* change : changes) {
    change->outputs.resize(change->rows.size() * at(layer_.size()));
    first_row.push_back(first_row.back() + static_cast<int64_t>(change->rows.size()));
  }
  const int64_t width = layer_.size();
  const int64_t latents = encoder().latent();
  model_.pool().for_blocks(first_row.back(), kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<float> sum(at(encoder().sum_stride()));
    std::vector<float> contributions(at(2 * encoder().latent_stride()));
    std::vector<const float*> rows;
    std::vector<float> in(at(kTailRows * latents), 0.0f);
    std::vector<float> out(at(kTailRows * width));
    const auto change_of = [&](int64_t row) {
      return std::upper_bound(first_row.begin(), first_row.end(), row) - first_row.begin() - 1;
    };
    auto c = change_of(begin);
    for (int64_t row = begin; row < end; ++row) {
      while (row >= first_row[at(c + 1)]) ++c;
      const Change& change = *changes[at(c)];
      const int64_t position = change.rows[at(row - first_row[at(c)])];
      for (size_t i = 0; i < change.masks.size(); ++i) {
        masked_sum(change.masks[i], position, sum.data());
        encoder().contribution(
            change.masks[i].chromosome, sum.data(),
            contributions.data() + static_cast<int64_t>(i) * encoder().latent_stride());
      }
      latent(position, change.masks, contributions, rows, in.data() + (row - begin) * latents);
    }
    model_.surrogate().tail(layer_, in.data(), out.data());
    c = change_of(begin);
    for (int64_t row = begin; row < end; ++row) {
      while (row >= first_row[at(c + 1)]) ++c;
      std::copy_n(out.data() + (row - begin) * width, width,
                  changes[at(c)]->outputs.data() + (row - first_row[at(c)]) * width);
    }
  });
}

void SurrogateState::outputs_after(std::span<const Edit> edits, const EditSink& sink) const {
  const auto width = at(layer_.size());
  const int64_t row_limit =
      std::min<int64_t>(kBatchRows, kBatchFloats / std::max<int64_t>(1, layer_.size()));
  // Rows in which a swap touches only the peak that it drops are those of dropping it alone, and
  // the same for all swaps that drop it.
  std::map<Feature, Change> drops;
  size_t next = 0;
  while (next < edits.size()) {
    std::vector<Change> batch;
    std::vector<Change*> to_compute;
    int64_t rows = 0;
    const size_t first = next;
    for (; next < edits.size() && (rows < row_limit || next == first); ++next) {
      const Edit edit = edits[next];
      require_possible(edit);
      if (edit.in == edit.out) {  // nothing changes
        batch.emplace_back();
        continue;
      }
      Change change = plan(edit);
      if (edit.in != kNoFeature) change.rows = touched(edit.in, change.in_open);
      if (edit.out != kNoFeature && change.rows.size() < cells_.size() &&
          !drops.contains(edit.out)) {
        Change drop = plan({edit.out, kNoFeature});
        drop.rows = touched(edit.out, flags_of_member(edit.out));
        rows += static_cast<int64_t>(drop.rows.size());
        to_compute.push_back(&drops.emplace(edit.out, std::move(drop)).first->second);
      }
      rows += static_cast<int64_t>(change.rows.size());
      batch.push_back(std::move(change));
    }
    for (Change& change : batch) to_compute.push_back(&change);
    compute(to_compute);

    std::vector<float> outputs;
    for (size_t i = 0; i < batch.size(); ++i) {
      const Change& change = batch[i];
      const auto drop = drops.find(change.edit.out);
      if (drop == drops.end() || change.masks.empty()) {
        sink(first + i, change.rows, change.outputs);
        continue;
      }
      const Change& dropped = drop->second;
      const auto positions = union_of(change.rows, dropped.rows);
      outputs.resize(positions.size() * width);
      size_t own = 0, shared = 0;
      for (size_t k = 0; k < positions.size(); ++k) {
        const bool is_own = own < change.rows.size() && change.rows[own] == positions[k];
        const bool is_shared = shared < dropped.rows.size() && dropped.rows[shared] == positions[k];
        const float* source =
            is_own ? change.outputs.data() + own * width : dropped.outputs.data() + shared * width;
        std::copy_n(source, width, outputs.data() + k * width);
        own += is_own ? 1 : 0;
        shared += is_shared ? 1 : 0;
      }
      sink(first + i, positions, outputs);
    }
  }
}

void SurrogateState::renew_sums(const ChromosomeMask& mask, std::span<const int32_t> positions) {
  const int64_t chromosomes = encoder().chromosomes();
  model_.pool().for_blocks(
      static_cast<int64_t>(positions.size()), kRowBlock, [&](int64_t begin, int64_t end, int64_t) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t row = positions[at(i)] * chromosomes + mask.chromosome;
          float* sum = sums_.data() + row * encoder().sum_stride();
          masked_sum(mask, positions[at(i)], sum);
          encoder().contribution(mask.chromosome, sum,
                                 contributions_.data() + row * encoder().latent_stride());
        }
      });
}

void SurrogateState::renew_outputs(std::span<const int32_t> positions) {
  const int64_t latents = encoder().latent();
  const int64_t width = layer_.size();
  model_.pool().for_blocks(
      static_cast<int64_t>(positions.size()), kTailRows, [&](int64_t begin, int64_t end, int64_t) {
        std::vector<const float*> rows;
        std::vector<float> in(at(kTailRows * latents), 0.0f);
        std::vector<float> out(at(kTailRows * width));
        for (int64_t i = begin; i < end; ++i) {
          latent(positions[at(i)], {}, {}, rows, in.data() + (i - begin) * latents);
        }
        model_.surrogate().tail(layer_, in.data(), out.data());
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
  for (const int64_t c : chromosomes) renew_sums({c, members_of(c)}, positions);
  renew_outputs(positions);
}

void SurrogateState::gains(std::span<const float> cotangent, std::span<double> gains) const {
  const int64_t count = cell_count();
  const int64_t width = layer_.size();
  const int64_t latents = encoder().latent();
  const int64_t stride = encoder().sum_stride();
  if (cotangent.size() != outputs_.size() ||
      static_cast<int64_t>(gains.size()) != encoder().peaks()) {
    throw internal_error("gains: {} cotangents for {} outputs, room for {} of {} features",
                         cotangent.size(), outputs_.size(), gains.size(), encoder().peaks());
  }
  std::vector<float> gradients(at(encoder().chromosomes() * count * stride));
  model_.pool().for_blocks(count, kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<const float*> rows;
    std::vector<float> in(at(kTailRows * latents), 0.0f);
    std::vector<float> back(at(kTailRows * width), 0.0f);
    std::vector<float> in_gradient(in.size());
    std::vector<float> padded_gradient(at(encoder().latent_stride()), 0.0f);
    for (int64_t cell = begin; cell < end; ++cell) {
      latent(cell, {}, {}, rows, in.data() + (cell - begin) * latents);
    }
    std::copy(cotangent.begin() + begin * width, cotangent.begin() + end * width, back.begin());
    model_.surrogate().tail_backward(layer_, in.data(), back.data(), in_gradient.data());
    for (int64_t cell = begin; cell < end; ++cell) {
      std::copy_n(in_gradient.data() + (cell - begin) * latents, latents, padded_gradient.data());
      for (int64_t c = 0; c < encoder().chromosomes(); ++c) {
        encoder().contribution_backward(
            c, sums_.data() + (cell * encoder().chromosomes() + c) * stride, padded_gradient.data(),
            gradients.data() + (c * count + cell) * stride);
      }
    }
  });
  encoder().replacement_gains(model_.pool(), model_.open(), cells_, gradients,
                              model_.replacements(), gains);
}

}  // namespace grids
