#include "pipeline/knockout_numbers.hpp"

#include "base/error.hpp"
#include "model/safetensors.hpp"

namespace grids::core {

void write_knockout_numbers(const std::filesystem::path& place, const KnockoutPortion& portion) {
  SafeTensors file;
  const auto whole = [&](const char* name, const std::vector<int64_t>& values) {
    file.tensors[name] = Tensor::of_i64({std::ssize(values)}, values);
  };
  const auto numbers = [&](const char* name, const std::vector<float>& values) {
    file.tensors[name] = Tensor::of_f32({std::ssize(values)}, values);
  };
  whole("shape", {static_cast<int64_t>(portion.form), portion.type, portion.from_counts ? 1 : 0});
  whole("genes", portion.genes);
  whole("open_cells", portion.open_cells);
  numbers("change", portion.change);
  numbers("change_cp100k", portion.change_cp100k);
  file.tensors["mean_prediction"] =
      Tensor::of_f64({std::ssize(portion.mean_prediction)}, portion.mean_prediction);
  whole("row_gene", portion.row_gene);
  whole("row_peak", portion.row_peak);
  write_safetensors(place, file);
}

KnockoutPortion read_knockout_numbers(const std::filesystem::path& place) {
  return with_context(place.string(), [&] {
    const auto file = read_safetensors(place);
    const auto tensor = [&](const char* name, Tensor::Type type) -> const Tensor& {
      const auto& found = file.at(name, {-1});
      if (found.type != type) {
        throw input_error("tensor '{}' is not of the type that grids writes; run the shard again",
                          name);
      }
      return found;
    };
    const auto whole = [&](const char* name) {
      const auto& found = tensor(name, Tensor::Type::kI64);
      return std::vector<int64_t>(found.i64(), found.i64() + found.size());
    };
    const auto numbers = [&](const char* name) {
      const auto& found = tensor(name, Tensor::Type::kF32);
      return std::vector<float>(found.f32(), found.f32() + found.size());
    };
    KnockoutPortion portion;
    const auto shape = whole("shape");
    if (shape.size() != 3 || shape[0] < 0 || shape[0] > 2) {
      throw input_error("tensor 'shape' is not as grids writes it; run the shard again");
    }
    portion.form = static_cast<KnockoutForm>(shape[0]);
    portion.type = static_cast<int32_t>(shape[1]);
    portion.from_counts = shape[2] != 0;
    portion.genes = whole("genes");
    portion.open_cells = whole("open_cells");
    portion.change = numbers("change");
    portion.change_cp100k = numbers("change_cp100k");
    const auto& means = tensor("mean_prediction", Tensor::Type::kF64);
    portion.mean_prediction.assign(means.f64(), means.f64() + means.size());
    portion.row_gene = whole("row_gene");
    portion.row_peak = whole("row_peak");
    return portion;
  });
}

}  // namespace grids::core
