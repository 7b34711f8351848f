#include "train/tensor_memory.hpp"

#include <c10/core/TensorImpl.h>

namespace grids::core {

at::Tensor TensorMemory::take(at::IntArrayRef sizes) {
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  const auto bytes = static_cast<size_t>(count) * sizeof(float);
  for (const at::Storage& block : blocks_) {
    if (block.nbytes() != bytes || block.use_count() != 1) continue;
    at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
        at::Storage(block), c10::DispatchKeySet(c10::DispatchKey::CPU),
        caffe2::TypeMeta::Make<float>());
    tensor.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
    return tensor;
  }
  const at::Tensor tensor = at::empty(sizes, at::kFloat);
  blocks_.push_back(tensor.storage());
  return tensor;
}

}  // namespace grids::core
