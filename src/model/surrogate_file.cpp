#include "model/surrogate_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.hpp"

namespace grids::core {
namespace {

using Json = nlohmann::json;

constexpr const char* kCisPrefix = "cis.";

/// Raised when an older grids would misread a newer file; files that do not say are of 1.
constexpr int64_t kSurrogateFormat = 1;
constexpr const char* kFormatField = "format_version";

/// The metadata of a file holds JSON texts under the keys of the published dimensions.
Json metadata(const SafeTensors& file, const char* key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    throw input_error("the header names no '{}': not a surrogate of grids; train one (grids train)",
                      key);
  }
  Json value = Json::parse(found->second, nullptr, false);
  if (value.is_discarded()) throw input_error("header field '{}' is not JSON", key);
  return value;
}

template <typename T>
T metadata_or(const SafeTensors& file, const char* key, T otherwise) {
  return file.metadata.contains(key) ? metadata(file, key).get<T>() : otherwise;
}

/// Throws unless the surrogate is of this format or an earlier one.
void require_known_format(const SafeTensors& file) {
  const auto format = metadata_or<int64_t>(file, kFormatField, 1);
  if (format < 1) {
    throw input_error(
        "header field '{}' is {}, not a whole number from 1; train again (grids train)",
        kFormatField, format);
  }
  if (format > kSurrogateFormat) {
    throw input_error(
        "header field '{}': the surrogate is of format {}, and grids {} knows formats up to {}; "
        "use "
        "the grids that wrote it, or train again with this one: grids train STUDY -o SURROGATE",
        kFormatField, format, GRIDS_VERSION, kSurrogateFormat);
  }
}

SurrogateShape shape_of(const SafeTensors& file) {
  SurrogateShape shape;
  shape.chromosome_peaks = metadata(file, "chromosome_dims").get<std::vector<int64_t>>();
  shape.genes = metadata(file, "genes").get<int64_t>();
  const auto atac = metadata(file, "atac_hidden_dims").get<std::vector<int64_t>>();
  const auto rna = metadata(file, "rna_hidden_dims").get<std::vector<int64_t>>();
  if (atac.size() != 2 || rna.size() != 2) {
    throw input_error("header: atac_hidden_dims and rna_hidden_dims need two sizes each");
  }
  shape.atac_embedding = atac[0];
  shape.atac_hidden = atac[1];
  shape.rna_hidden_1 = rna[0];
  shape.rna_hidden_2 = rna[1];
  shape.latent = metadata(file, "latent_dim").get<int64_t>();
  shape.experts = metadata(file, "affine_num").get<int64_t>();
  shape.gate_hidden = metadata(file, "affine_latent_dim").get<int64_t>();
  shape.map_layers = metadata(file, "affine_layer_num").get<int64_t>();
  const auto columns = file.tensors.find("atac_discriminator.w_d.5.bias");
  if (columns != file.tensors.end()) shape.discriminator_columns = columns->second.size();
  Problems problems;
  for (const int64_t size :
       {shape.genes, shape.atac_embedding, shape.atac_hidden, shape.rna_hidden_1,
        shape.rna_hidden_2, shape.latent, shape.experts, shape.gate_hidden, shape.map_layers}) {
    if (size <= 0) problems.add("a layer of size {}", size);
  }
  if (shape.chromosome_peaks.empty() ||
      std::any_of(shape.chromosome_peaks.begin(), shape.chromosome_peaks.end(),
                  [](int64_t peaks) { return peaks <= 0; })) {
    problems.add("chromosome_dims must be positive numbers of peaks");
  }
  problems.raise(ErrorKind::kInput, "header");
  return shape;
}

void require_finite(const SurrogateFile& file) {
  for (const auto& [name, tensor] : file.tensors) {
    if (tensor.type != Tensor::Type::kF32) continue;
    const float* values = tensor.f32();
    for (int64_t i = 0; i < tensor.size(); ++i) {
      if (!std::isfinite(values[i])) {
        throw input_error("tensor '{}' holds {} at position {}; train again (grids train)", name,
                          values[i], i);
      }
    }
  }
}

void require_tensor(const SafeTensors& file, const char* name, const std::vector<int64_t>& shape) {
  try {
    file.at(name, shape);
  } catch (const Error& error) {
    throw input_error("{}; train again (grids train)", error.what());
  }
}

void require_names(const std::vector<std::string>& names, int64_t count, const char* what) {
  if (!names.empty() && static_cast<int64_t>(names.size()) != count) {
    throw input_error("the header names {} {}, the layers have {}", names.size(), what, count);
  }
}

/// Reports how two lists of names differ, with examples.
void compare_names(const std::vector<std::string>& surrogate, const std::vector<std::string>& study,
                   const char* what, Problems& problems) {
  if (surrogate.empty() || surrogate == study) return;
  auto sorted = [](std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
  };
  const auto a = sorted(surrogate);
  const auto b = sorted(study);
  std::vector<std::string> only_surrogate, only_study;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only_surrogate));
  std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(only_study));
  if (only_surrogate.empty() && only_study.empty()) {
    problems.add("the same {} in another order", what);
    return;
  }
  auto examples = [](std::vector<std::string> names) {
    const size_t count = names.size();
    if (count == 0) return std::string("none");
    names.resize(std::min<size_t>(3, count));
    return fmt::format("{} ({}{})", count, fmt::join(names, ", "), count > 3 ? ", …" : "");
  };
  problems.add("{} only in the surrogate: {}; only in the study: {}", what,
               examples(only_surrogate), examples(only_study));
}

}  // namespace

int64_t SurrogateShape::peaks() const {
  return std::accumulate(chromosome_peaks.begin(), chromosome_peaks.end(), int64_t{0});
}

SurrogateFile read_surrogate(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw input_error(
        "cannot read {}: there is no such file; a surrogate is what grids train writes: grids "
        "train study.h5mu -o surrogate.safetensors",
        path.string());
  }
  SafeTensors raw = read_safetensors(path);
  return with_context(fmt::format("reading {}", path.string()), [&] {
    SurrogateFile file;
    try {
      require_known_format(raw);
      file.shape = shape_of(raw);
      file.peaks = metadata_or(raw, "peak_names", std::vector<std::string>{});
      file.genes = metadata_or(raw, "gene_names", std::vector<std::string>{});
      file.chromosomes = metadata_or(raw, "chromosome_names", std::vector<std::string>{});
      file.cell_types = metadata_or(raw, "cell_types", std::vector<std::string>{});
      file.donors = metadata_or(raw, "donors", std::vector<std::string>{});
      file.batches = metadata_or(raw, "batches", std::vector<std::string>{});
      file.options = metadata_or(raw, "options", Json::object()).dump();
    } catch (const Json::exception& error) {
      throw input_error("header: {}", error.what());
    }
    require_names(file.peaks, file.shape.peaks(), "peaks");
    require_names(file.genes, file.shape.genes, "genes");
    require_names(file.chromosomes, file.shape.chromosomes(), "chromosomes");
    require_tensor(raw, "atac_model.embedding.weight",
                   {file.shape.peaks(), 2, file.shape.atac_embedding});
    require_tensor(raw, "rna_model.decoder.6.weight", {file.shape.genes, file.shape.rna_hidden_1});
    file.tensors = std::move(raw.tensors);
    require_finite(file);
    cis_path_of(file);
    return file;
  });
}

void write_surrogate(const std::filesystem::path& path, const SurrogateFile& file) {
  SafeTensors raw;
  const auto& shape = file.shape;
  auto put = [&](const char* key, const Json& value) {
    raw.metadata[key] = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  put("chromosome_dims", shape.chromosome_peaks);
  put("atac_hidden_dims", {shape.atac_embedding, shape.atac_hidden});
  put("rna_hidden_dims", {shape.rna_hidden_1, shape.rna_hidden_2});
  put("latent_dim", shape.latent);
  put("peaks", shape.peaks());
  put("genes", shape.genes);
  put("affine_num", shape.experts);
  put("affine_latent_dim", shape.gate_hidden);
  put("affine_layer_num", shape.map_layers);
  put("peak_names", file.peaks);
  put("gene_names", file.genes);
  put("chromosome_names", file.chromosomes);
  put("cell_types", file.cell_types);
  put("donors", file.donors);
  put("batches", file.batches);
  put("options", Json::parse(file.options));
  put(kFormatField, kSurrogateFormat);
  raw.metadata["format"] = "grids surrogate " GRIDS_VERSION;
  raw.tensors = file.tensors;
  write_safetensors(path, raw);
}

std::optional<CisPath> cis_path_of(const SurrogateFile& file) {
  const auto first = file.tensors.lower_bound(kCisPrefix);
  if (first == file.tensors.end() || !first->first.starts_with(kCisPrefix)) return std::nullopt;
  CisPath path = cis_from_tensors(file.tensors);
  if (path.peaks != file.shape.peaks() || path.study_genes != file.shape.genes ||
      path.latents != file.shape.latent) {
    throw input_error(
        "tensor 'cis.shape' is of {} peaks, {} genes and {} latents, the layers are of {}, {} and "
        "{}; fit the cis path again (grids cis)",
        path.peaks, path.study_genes, path.latents, file.shape.peaks(), file.shape.genes,
        file.shape.latent);
  }
  return path;
}

void set_cis_path(SurrogateFile& file, const CisPath* path) {
  std::erase_if(file.tensors,
                [](const auto& entry) { return entry.first.starts_with(kCisPrefix); });
  if (path != nullptr) file.tensors.merge(to_tensors(*path));
}

void require_same_cells(const CisPath& path, const SurrogateFile& surrogate, const Study& study) {
  Problems problems;
  const auto compare = [&](const char* what, int32_t count, const std::vector<std::string>& names,
                           const Categorical& column) {
    const auto own = static_cast<int32_t>(column.names.size());
    if (count == own && (names.empty() || names == column.names)) return;
    problems.add("{} {} in the cis path ({}), {} in the study ({})", count, what,
                 fmt::join(names, ", "), own, fmt::join(column.names, ", "));
  };
  compare("cell types", path.types, surrogate.cell_types, study.cells.type);
  compare("donors", path.donors, surrogate.donors, study.cells.donor);
  compare("batches", path.batches, surrogate.batches, study.cells.batch);
  if ((path.response == CisResponse::kCounts) != study.has_counts()) {
    problems.add("the cis path is of {}, the study has {}",
                 path.response == CisResponse::kCounts ? "counts" : "log values",
                 study.has_counts() ? "counts" : "none");
  }
  problems.raise(ErrorKind::kInput,
                 "the cis path was not fitted on this study; fit it again (grids cis), or leave it "
                 "out (--surrogate published)");
}

void require_same_features(const SurrogateFile& surrogate, const Study& study) {
  Problems problems;
  compare_names(surrogate.peaks, study.peaks.names, "peaks", problems);
  compare_names(surrogate.genes, study.genes.names, "genes", problems);
  if (surrogate.shape.peaks() != study.peaks.size()) {
    problems.add("{} peaks in the surrogate, {} in the study", surrogate.shape.peaks(),
                 study.peaks.size());
  }
  if (surrogate.shape.genes != study.genes.size()) {
    problems.add("{} genes in the surrogate, {} in the study", surrogate.shape.genes,
                 study.genes.size());
  }
  problems.raise(ErrorKind::kInput,
                 "the surrogate was not trained on this study; train it again (grids train), or "
                 "use the study it was trained on");
}

}  // namespace grids::core
