// What the metadata of an array say of its codecs.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "io/zarr_codecs.hpp"

namespace grids::core::zarr {
namespace {

constexpr std::string_view kVlenUtf8 = "vlen-utf8";

/// Names of numcodecs are the same in both versions, but for what stands before them in zarr.json.
std::string_view short_name(std::string_view name) {
  constexpr std::string_view kBefore = "numcodecs.";
  if (name.starts_with(kBefore)) name.remove_prefix(kBefore.size());
  return name;
}

std::string not_read(std::string_view codec) {
  return fmt::format(
      "is packed by the codec '{}', which is not read; write the store again with zstd, gzip or "
      "blosc, or in Python: import anndata; anndata.read_zarr('IN.zarr').write_h5ad('OUT.h5ad')",
      codec);
}

std::string not_read_order() {
  return "keeps its entries column by column (order 'F', or the codec 'transpose'), which is not "
         "read; write it in C order";
}

int64_t integer_or(const Json& object, const char* name, int64_t otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

/// Whether the order of the dimensions is to be seen in memory: more than one is longer than 1.
bool order_matters(std::span<const int64_t> chunk) {
  return std::count_if(chunk.begin(), chunk.end(), [](int64_t side) { return side > 1; }) > 1;
}

/// A codec from bytes to bytes, of its name and what is said of it; nothing for others.
std::optional<Codec> codec_of(std::string_view name, const Json& said) {
  using Kind = Codec::Kind;
  constexpr std::pair<std::string_view, Kind> kCodecs[] = {
      {"gzip", Kind::kGzip},   {"zlib", Kind::kZlib},       {"zstd", Kind::kZstd},
      {"blosc", Kind::kBlosc}, {"shuffle", Kind::kShuffle}, {"crc32c", Kind::kCrc32c},
      {"crc32", Kind::kCrc32}, {"adler32", Kind::kAdler32}};
  for (const auto& [known, kind] : kCodecs) {
    if (short_name(name) != known) continue;
    Codec codec{kind};
    constexpr int64_t kWidest = 1 << 16;
    codec.entry_bytes = std::clamp<int64_t>(integer_or(said, "elementsize", 4), 1, kWidest);
    codec.checksum_first = kind == Kind::kCrc32 || kind == Kind::kAdler32;
    const auto location = said.find("location");
    if (location != said.end() && location->is_string()) {
      codec.checksum_first = *location == "start";
    }
    return codec;
  }
  return std::nullopt;
}

/// One of the list in zarr.json: an object with a name, or a name alone.
struct Named {
  std::string name;
  Json configuration = Json::object();
};

Named named_of(const Place& place, const Json& codec) {
  if (codec.is_string()) return {codec.get<std::string>()};
  if (!codec.is_object() || !codec.contains("name") || !codec.at("name").is_string()) {
    throw place.error("'codecs' has one without a name");
  }
  Named named{codec.at("name").get<std::string>()};
  const auto said = codec.find("configuration");
  if (said != codec.end() && said->is_object()) named.configuration = *said;
  return named;
}

std::vector<Named> named_codecs(const Place& place, const Json& codecs) {
  if (!codecs.is_array() || codecs.empty()) throw place.error("'codecs' is no list of codecs");
  std::vector<Named> list;
  for (const auto& codec : codecs) list.push_back(named_of(place, codec));
  return list;
}

/// Whether a transposition changes nothing.
bool keeps_order(const Json& order, std::span<const int64_t> chunk) {
  if (!order_matters(chunk) || order == "C") return true;
  if (!order.is_array() || order.size() != chunk.size()) return false;
  for (size_t d = 0; d < order.size(); ++d) {
    if (order[d] != d) return false;
  }
  return true;
}

/// The index of a shard is two numbers of eight bytes a chunk, with a checksum or without.
bool index_is_checked(const Place& place, const Json& codecs, std::string& refusal) {
  bool checked = false;
  for (const auto& codec : named_codecs(place, codecs)) {
    if (codec.name == "crc32c") {
      checked = true;
    } else if (codec.name != "bytes" ||
               codec.configuration.value("endian", Json("little")) != "little") {
      refusal = not_read(fmt::format("{} of a shard's index", codec.name));
    }
  }
  return checked;
}

Sharding sharding_of(const Place& place, const Json& said, EntryType& type,
                     std::span<const int64_t> shard) {
  Sharding shards;
  const auto sides = said.find("chunk_shape");
  if (sides == said.end() || !sides->is_array() || sides->size() != shard.size()) {
    throw place.error("'chunk_shape' of sharding_indexed does not fit the array");
  }
  for (size_t d = 0; d < shard.size(); ++d) {
    const auto& side = (*sides)[d];
    if (!side.is_number_integer() || side.get<int64_t>() < 1 ||
        shard[d] % side.get<int64_t>() != 0) {
      throw place.error("'chunk_shape' of sharding_indexed does not divide the shard");
    }
    shards.chunk.push_back(side.get<int64_t>());
  }
  auto inner = coding_3(place, said.value("codecs", Json()), type, shards.chunk);
  shards.coding = std::move(inner.coding);
  if (inner.shards) shards.coding.refusal = not_read("sharding_indexed inside of another");
  const auto location = said.value("index_location", Json("end"));
  if (location != "start" && location != "end") {
    throw place.error("'index_location' of sharding_indexed is neither start nor end");
  }
  shards.index_first = location == "start";
  shards.index_checked =
      index_is_checked(place, said.value("index_codecs", Json()), shards.coding.refusal);
  return shards;
}

/// The codec of zarr.json that turns entries into bytes; false where it is none that is known.
bool take_entries(const Place& place, const Named& codec, EntryType& type,
                  std::span<const int64_t> chunk, ArrayCoding& all) {
  if (codec.name == "bytes") {
    type.big_endian = codec.configuration.value("endian", Json("little")) == "big";
  } else if (codec.name == kVlenUtf8) {
    all.coding.texts = true;
  } else if (codec.name == "sharding_indexed") {
    all.shards = sharding_of(place, codec.configuration, type, chunk);
  } else {
    return false;
  }
  return true;
}

}  // namespace

Coding coding_2(const Place& place, const Json& array, const EntryType& type,
                std::span<const int64_t> chunk) {
  Coding coding;
  auto list = array.value("filters", Json());
  if (list.is_null()) list = Json::array();
  if (!list.is_array()) throw place.error("'filters' is no list");
  const auto compressor = array.value("compressor", Json());
  if (!compressor.is_null()) list.push_back(compressor);
  for (size_t i = 0; i < list.size(); ++i) {
    const auto id = list[i].is_object() ? list[i].value("id", Json()) : Json();
    if (!id.is_string()) throw place.error("'filters' or 'compressor' has one without an id");
    const auto name = id.get<std::string>();
    if (i == 0 && name == kVlenUtf8) {
      coding.texts = true;
    } else if (const auto codec = codec_of(name, list[i])) {
      coding.codecs.push_back(*codec);
    } else {
      coding.refusal = not_read(name);
      return coding;
    }
  }
  if (array.value("order", Json("C")) == "F" && order_matters(chunk)) {
    coding.refusal = not_read_order();
  }
  if (coding.texts != (type.type == EntryKind::kText)) {
    coding.refusal = type.type == EntryKind::kText
                         ? not_read("none") + " (objects without a filter that says what they are)"
                         : not_read(kVlenUtf8);
  }
  return coding;
}

ArrayCoding coding_3(const Place& place, const Json& codecs, EntryType& type,
                     std::span<const int64_t> chunk) {
  ArrayCoding all;
  bool in_bytes = false;
  for (const auto& codec : named_codecs(place, codecs)) {
    auto& refusal = all.coding.refusal;
    if (!in_bytes && codec.name == "transpose") {
      if (!keeps_order(codec.configuration.value("order", Json()), chunk)) {
        refusal = not_read_order();
      }
    } else if (!in_bytes && take_entries(place, codec, type, chunk, all)) {
      in_bytes = true;
    } else if (const auto known = codec_of(codec.name, codec.configuration);
               known && in_bytes && !all.shards) {
      all.coding.codecs.push_back(*known);
    } else {
      refusal = not_read(all.shards ? codec.name + " around sharding_indexed" : codec.name);
    }
    if (!refusal.empty()) return all;
  }
  if (!in_bytes) throw place.error("'codecs' has none that turns entries into bytes");
  if (!all.shards && all.coding.texts != (type.type == EntryKind::kText)) {
    all.coding.refusal = not_read(all.coding.texts ? kVlenUtf8 : "bytes of texts");
  }
  return all;
}

}  // namespace grids::core::zarr
