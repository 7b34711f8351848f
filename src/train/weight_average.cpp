#include "train/weight_average.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/kernels.hpp"

namespace grids::core {

WeightAverage::WeightAverage(std::vector<NamedTensor> tensors, double decay) : decay_(decay) {
  if (decay <= 0) return;
  for (auto& named : tensors) {
    if (named.tensor->scalar_type() == at::kFloat) tensors_.push_back(std::move(named));
  }
}

void WeightAverage::restart(int64_t updates) {
  updates_ = updates;
  means_.clear();
  if (updates_ == 0) return;
  for (const auto& named : tensors_) means_.push_back(named.tensor->detach().clone());
}

void WeightAverage::update(ThreadPool& pool, int64_t step) {
  if (decay_ <= 0 || step % kEvery != 0) return;
  if (updates_ == 0) {
    restart(1);
    return;
  }
  ++updates_;
  const double early = 1 - 2 / (2 + static_cast<double>(updates_));
  const double decay = std::min(std::pow(decay_, kEvery), early);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const at::Tensor& now = *tensors_[i].tensor;
    const auto count = static_cast<size_t>(now.numel());
    move_average(pool, decay, {now.data_ptr<float>(), count}, {means_[i].data_ptr<float>(), count});
  }
}

void WeightAverage::swap() {
  for (size_t i = 0; i < means_.size(); ++i) std::swap(*tensors_[i].tensor, means_[i]);
}

}  // namespace grids::core
