// The networks' tensors by their published names: lists, first weights, export and import.
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>

#include "base/error.hpp"
#include "base/random.hpp"
#include "train/networks.hpp"

namespace grids::core {
namespace {

/// Collects a network's tensors under their published names.
class Names {
 public:
  explicit Names(std::string prefix) : prefix_(std::move(prefix)) {}

  void add(const std::string& name, at::Tensor& tensor, Stacking stacking = Stacking::kWhole,
           bool trainable = true) {
    list.push_back({prefix_ + name, &tensor, stacking, trainable});
  }
  void add(const std::string& name, LinearLayer& layer, Stacking stacking = Stacking::kWhole) {
    add(name + ".weight", layer.weight, stacking);
    add(name + ".bias", layer.bias, stacking);
  }
  void add(const std::string& name, BatchNorm& norm, Stacking stacking = Stacking::kWhole) {
    add(name + ".weight", norm.weight, stacking);
    add(name + ".bias", norm.bias, stacking);
    add(name + ".running_mean", norm.running_mean, stacking, false);
    add(name + ".running_var", norm.running_var, stacking, false);
    add(name + ".num_batches_tracked", norm.batches,
        stacking == Stacking::kWhole ? Stacking::kWhole : Stacking::kRepeated, false);
  }
  void add(const std::string& name, Prelu& prelu, Stacking stacking = Stacking::kWhole) {
    add(name + ".weight", prelu.slope, stacking);
  }

  std::vector<NamedTensor> list;

 private:
  std::string prefix_;
};

std::vector<NamedTensor> names_of(AtacNetwork& net) {
  Names names("atac_model.");
  constexpr auto kEach = Stacking::kChromosomes;
  names.add("embedding.weight", net.embedding);
  names.add("in_split_layer.{}.1", net.sums_norm, kEach);
  names.add("in_split_layer.{}.2", net.sums_prelu, kEach);
  names.add("in_split_layer.{}.3", net.hidden, kEach);
  names.add("in_split_layer.{}.4", net.hidden_norm, kEach);
  names.add("in_split_layer.{}.5", net.hidden_prelu, kEach);
  names.add("encoder.0", net.encoder_0);
  names.add("encoder.1", net.encoder_1);
  names.add("decoder.0", net.decoder_0);
  names.add("decoder.1", net.decoder_norm);
  names.add("out_split_layer.{}.0", net.out, kEach);
  names.add("out_split_layer.{}.1", net.out_norm, kEach);
  names.add("out_split_layer.{}.2", net.out_prelu, kEach);
  names.add("out_split_layer.{}.3", net.head, Stacking::kPeaks);
  return names.list;
}

std::vector<NamedTensor> names_of(RnaNetwork& net) {
  Names names("rna_model.");
  names.add("encoder.0", net.encoder_0);
  names.add("encoder.1", net.encoder_1);
  names.add("encoder.2", net.encoder_2);
  names.add("encoder.3", net.encoder_3);
  names.add("encoder.4", net.encoder_4);
  names.add("encoder.5", net.encoder_5);
  names.add("encoder.6", net.encoder_6);
  names.add("decoder.0", net.decoder_0);
  names.add("decoder.1", net.decoder_1);
  names.add("decoder.2", net.decoder_2);
  names.add("decoder.3", net.decoder_3);
  names.add("decoder.4", net.decoder_4);
  names.add("decoder.5", net.decoder_5);
  names.add("decoder.6", net.decoder_6);
  return names.list;
}

std::vector<NamedTensor> names_of(AffineMap& map, const char* prefix) {
  Names names(prefix);
  for (size_t layer = 0; layer < map.matrices.size(); ++layer) {
    names.add(fmt::format("affine_matrices.{}", layer), map.matrices[layer]);
  }
  for (size_t layer = 0; layer < map.offsets.size(); ++layer) {
    names.add(fmt::format("affine_offsets.{}", layer), map.offsets[layer]);
  }
  names.add("fc_loc.0", map.gate_0);
  names.add("fc_loc.2", map.gate_2);
  names.add("act", map.prelu);
  return names.list;
}

std::vector<NamedTensor> names_of(Discriminator& net, const char* prefix) {
  Names names(prefix);
  names.add("w_d.0", net.layer_0);
  names.add("w_d.1", net.prelu_1);
  names.add("w_d.3", net.layer_3);
  names.add("w_d.4", net.prelu_4);
  names.add("w_d.5", net.layer_5);
  return names.list;
}

/// The published tensors that a stacked one consists of: name and the range of the first dimension.
struct Piece {
  std::string name;
  int64_t begin;
  int64_t length;
};

std::vector<Piece> pieces_of(const NamedTensor& named, const SurrogateShape& shape) {
  const int64_t rows = named.tensor->size(0);
  if (named.stacking == Stacking::kWhole) return {{named.name, 0, rows}};
  const int64_t chromosomes = shape.chromosomes();
  std::vector<Piece> pieces;
  int64_t begin = 0;
  for (int64_t c = 0; c < chromosomes; ++c) {
    int64_t length = rows / chromosomes;
    if (named.stacking == Stacking::kPeaks) length = shape.chromosome_peaks[static_cast<size_t>(c)];
    if (named.stacking == Stacking::kRepeated) length = rows;
    pieces.push_back({fmt::format(fmt::runtime(named.name), c), begin, length});
    if (named.stacking != Stacking::kRepeated) begin += length;
  }
  return pieces;
}

std::vector<int64_t> piece_shape(const at::Tensor& tensor, int64_t length) {
  auto shape = tensor.sizes().vec();
  shape[0] = length;
  return shape;
}

/// Linear layers are those with a weight of two dimensions; their bias follows it.
void draw_weights(std::vector<NamedTensor> tensors, uint64_t seed, double embedding_deviation) {
  double bound = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const NamedTensor& named = tensors[i];
    if (!named.trainable) continue;
    RandomStream random(seed, Purpose::kWeights, i);
    float* values = named.tensor->data_ptr<float>();
    const int64_t count = named.tensor->numel();
    const bool embedding = named.name.find("embedding") != std::string::npos;
    if (embedding || named.name.find("affine_") != std::string::npos) {
      const double deviation = embedding ? embedding_deviation : 1.0;
      for (int64_t k = 0; k < count; ++k) {
        values[k] = static_cast<float>(deviation * random.normal());
      }
      continue;
    }
    const bool weight = named.tensor->dim() == 2;
    const bool bias = i > 0 && tensors[i - 1].tensor->dim() == 2 && named.name.ends_with(".bias");
    if (weight) bound = 1.0 / std::sqrt(static_cast<double>(named.tensor->size(1)));
    if (!weight && !bias) continue;  // BatchNorm and PReLU start where they are made
    for (int64_t k = 0; k < count; ++k) {
      values[k] = static_cast<float>(bound * (2 * random.uniform() - 1));
    }
  }
}

}  // namespace

SurrogateNetworks::SurrogateNetworks(const SurrogateShape& given, uint64_t seed,
                                     double embedding_deviation)
    : SurrogateNetworks(given) {
  draw_weights(tensors(), seed, embedding_deviation);
}

SurrogateNetworks::SurrogateNetworks(const SurrogateFile& file) : SurrogateNetworks(file.shape) {
  import_tensors(file.tensors);
}

std::vector<NamedTensor> SurrogateNetworks::tensors(Part part) {
  switch (part) {
    case Part::kAtac:
      return names_of(atac);
    case Part::kRna:
      return names_of(rna);
    case Part::kAtacToRna:
      return names_of(atac2rna, "atac2rna_model.");
    case Part::kRnaToAtac:
      return names_of(rna2atac, "rna2atac_model.");
    case Part::kAtacDiscriminator:
      return names_of(atac_discriminator, "atac_discriminator.");
    case Part::kRnaDiscriminator:
      return names_of(rna_discriminator, "rna_discriminator.");
  }
  throw internal_error("unknown part of the surrogate");
}

std::vector<NamedTensor> SurrogateNetworks::tensors() {
  std::vector<NamedTensor> all;
  for (const Part part : {Part::kAtac, Part::kRna, Part::kAtacToRna, Part::kRnaToAtac,
                          Part::kAtacDiscriminator, Part::kRnaDiscriminator}) {
    const auto some = tensors(part);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

void SurrogateNetworks::train_only(const std::vector<Part>& parts) {
  for (const auto& named : tensors()) {
    if (!named.trainable) continue;
    named.tensor->set_requires_grad(false);
    named.tensor->mutable_grad().reset();
  }
  for (const Part part : parts) {
    for (const auto& named : tensors(part)) {
      if (named.trainable) named.tensor->set_requires_grad(true);
    }
  }
}

std::map<std::string, Tensor> SurrogateNetworks::export_tensors() {
  std::map<std::string, Tensor> result;
  for (const auto& named : tensors()) {
    const bool counter = named.tensor->scalar_type() == at::kLong;
    for (const Piece& piece : pieces_of(named, shape)) {
      const at::Tensor part = named.tensor->detach().narrow(0, piece.begin, piece.length);
      Tensor& copy = result[piece.name];
      copy.type = counter ? Tensor::Type::kI64 : Tensor::Type::kF32;
      copy.shape = piece_shape(*named.tensor, piece.length);
      copy.bytes.resize(part.nbytes());
      std::memcpy(copy.bytes.data(), part.data_ptr(), part.nbytes());
    }
  }
  return result;
}

void SurrogateNetworks::import_tensors(const std::map<std::string, Tensor>& from) {
  for (const auto& named : tensors()) {
    const bool counter = named.tensor->scalar_type() == at::kLong;
    for (const Piece& piece : pieces_of(named, shape)) {
      const auto found = from.find(piece.name);
      if (found == from.end()) throw input_error("no tensor '{}'", piece.name);
      const Tensor& source = found->second;
      at::Tensor part = named.tensor->detach().narrow(0, piece.begin, piece.length);
      const auto expected = piece_shape(*named.tensor, piece.length);
      // A counter of the published code may be a scalar.
      const bool fits = counter ? source.size() == 1 : source.shape == expected;
      if (!fits || source.type != (counter ? Tensor::Type::kI64 : Tensor::Type::kF32)) {
        throw input_error("tensor '{}' has shape [{}], expected [{}]", piece.name,
                          fmt::join(source.shape, ", "), fmt::join(expected, ", "));
      }
      std::memcpy(part.data_ptr(), source.bytes.data(), part.nbytes());
    }
  }
}

}  // namespace grids::core
