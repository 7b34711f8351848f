#include "io/mudata.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <unordered_map>
#include <unordered_set>

#include "io/atomic_file.hpp"
#include "io/feature_kind.hpp"

namespace grids::core {
namespace {

using store::Group;
using store::GroupWriter;

constexpr int64_t kUserBlock = 512;
constexpr const char* kFormatVersion = "0.1.0";

void encode_and_sign(const store::ObjectWriter& object, std::string_view type,
                     std::string_view version) {
  object.set_attribute("encoding-type", type);
  object.set_attribute("encoding-version", version);
  object.set_attribute("encoder", "grids");
  object.set_attribute("encoder-version", GRIDS_VERSION);
}

void write_magic(const std::filesystem::path& path) {
  std::string block = fmt::format("MuData (format-version={};creator=grids;creator-version={})",
                                  kFormatVersion, GRIDS_VERSION);
  block.resize(kUserBlock, '\0');
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.write(block.data(), kUserBlock);
  file.close();
  if (!file) throw input_error("writing {}: the header cannot be written", path.string());
}

std::string modality_among(const Group& mod, const std::string& asked,
                           std::initializer_list<std::string_view> usual, std::string_view what,
                           std::string_view flag) {
  const auto names = mod.names();
  if (!asked.empty()) {
    if (mod.has_group(asked)) return asked;
  } else {
    for (const auto candidate : usual) {
      for (const auto& name : names) {
        if (lower_case(name) == candidate) return name;
      }
    }
  }
  throw mod.error(fmt::format("no modality {}; there are: {}{}",
                              asked.empty() ? fmt::format("that looks like {}", what)
                                            : fmt::format("'{}' for {}", asked, what),
                              fmt::join(names, ", "),
                              asked.empty() ? fmt::format("; name it with {}", flag) : ""));
}

/// The mask and the row numbers (from 1) of one modality among all cells or features.
void write_map(const GroupWriter& root, const std::string& axis, const std::string& name,
               const std::vector<uint32_t>& map) {
  std::vector<uint8_t> mask(map.size());
  std::transform(map.begin(), map.end(), mask.begin(),
                 [](uint32_t position) { return static_cast<uint8_t>(position > 0); });
  for (const auto& dataset : {root.group(axis + "m").write_booleans(name, mask),
                              root.group(axis + "map").write<uint32_t>(name, map)}) {
    dataset.set_attribute("encoding-type", "array");
    dataset.set_attribute("encoding-version", "0.2.0");
  }
}

std::vector<uint32_t> positions_in(const std::vector<std::string>& all, const Frame& part,
                                   const std::string& name) {
  std::unordered_map<std::string_view, uint32_t> position;
  position.reserve(part.index.size());
  for (const auto& cell : part.index) {
    const auto next = static_cast<uint32_t>(position.size() + 1);
    if (!position.emplace(cell, next).second) {
      throw input_error("modality '{}' names the cell '{}' twice", name, cell);
    }
  }
  std::vector<uint32_t> map(all.size(), 0);
  size_t found = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const auto here = position.find(all[i]);
    if (here == position.end()) continue;
    map[i] = here->second;
    ++found;
  }
  if (found != part.index.size()) {
    throw input_error("modality '{}' has {} cells that obs does not name exactly once", name,
                      part.index.size() - found);
  }
  return map;
}

void write_contents(const GroupWriter& root, const Frame& obs,
                    std::span<const ModalityToWrite> modalities) {
  encode_and_sign(root, "MuData", kFormatVersion);
  root.set_attribute("axis", int64_t{0});
  for (const auto* dict : {"obsm", "varm", "obsp", "varp", "obsmap", "varmap", "uns"}) {
    create_dict(root, dict);
  }
  write_frame(root, "obs", obs);
  Frame var;
  for (const auto& modality : modalities) {
    var.index.insert(var.index.end(), modality.var.index.begin(), modality.var.index.end());
  }
  write_frame(root, "var", var);
  const auto mod = root.create_group("mod");
  std::vector<std::string> order;
  size_t first_feature = 0;
  for (const auto& modality : modalities) {
    order.push_back(modality.name);
    const auto group = mod.create_group(modality.name);
    begin_anndata(group, modality.obs, modality.var);
    group.set_attribute("encoder", "grids");
    group.set_attribute("encoder-version", GRIDS_VERSION);
    modality.fill(group);
    write_map(root, "obs", modality.name, positions_in(obs.index, modality.obs, modality.name));
    std::vector<uint32_t> features(var.index.size(), 0);
    for (size_t i = 0; i < modality.var.index.size(); ++i) {
      features[first_feature + i] = static_cast<uint32_t>(i + 1);
    }
    first_feature += modality.var.index.size();
    write_map(root, "var", modality.name, features);
  }
  mod.set_attribute("mod-order", order);
}

}  // namespace

std::string find_modality(const Group& root, FeatureKind kind, const std::string& asked) {
  const auto mod = root.group("mod");
  if (kind == FeatureKind::kGene) {
    return modality_among(mod, asked, {"rna", "gex", "gene expression"}, "RNA", "--rna-modality");
  }
  return modality_among(mod, asked, {"atac", "peaks"}, "ATAC", "--atac-modality");
}

ModalityNames find_modalities(const Group& root, const ModalityNames& asked) {
  return {find_modality(root, FeatureKind::kGene, asked.rna),
          find_modality(root, FeatureKind::kPeak, asked.atac)};
}

void write_h5mu(const std::filesystem::path& path, const Frame& obs,
                std::span<const ModalityToWrite> modalities,
                const std::function<void(const store::GroupWriter& root)>& finish,
                ThreadPool* pool) {
  replace_file(path, [&](const std::filesystem::path& temporary) {
    {
      const auto root = store::create(temporary, kUserBlock, pool);
      write_contents(root, obs, modalities);
      if (finish) finish(root);
      root.flush();
    }
    write_magic(temporary);
  });
}

void write_multiome(const std::filesystem::path& path, const RawMultiome& multiome) {
  Frame cells = multiome.obs;
  if (cells.index.empty()) {
    cells.columns.clear();
    cells.index = multiome.rna.obs.index;
    const std::unordered_set<std::string_view> known(multiome.rna.obs.index.begin(),
                                                     multiome.rna.obs.index.end());
    for (const auto& cell : multiome.atac.obs.index) {
      if (!known.contains(cell)) cells.index.push_back(cell);
    }
  }
  const ModalityToWrite modalities[] = {
      {"rna", multiome.rna.obs, multiome.rna.var,
       [&](const GroupWriter& group) { write_matrix(group, "X", multiome.rna.values); }},
      {"atac", multiome.atac.obs, multiome.atac.var,
       [&](const GroupWriter& group) { write_matrix(group, "X", multiome.atac.values); }},
  };
  write_h5mu(path, cells, modalities);
}

}  // namespace grids::core
