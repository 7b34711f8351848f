#include "io/zarr_metadata.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.hpp"

namespace grids::core::zarr {
namespace {

constexpr const char* kJson3 = "zarr.json";
constexpr const char* kGroup2 = ".zgroup";
constexpr const char* kArray2 = ".zarray";
constexpr const char* kAttributes2 = ".zattrs";
constexpr const char* kGathered2 = ".zmetadata";
/// Metadata of a store are some hundred bytes a node.
constexpr int64_t kMostMetadata = int64_t{1} << 28;
constexpr size_t kMostDimensions = 32;

/// Whether lists and objects are nested so deeply that a walk through them would never come back.
bool too_deep(std::string_view text) {
  constexpr int kDeepest = 64;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size() && depth <= kDeepest; ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[i] == '{' || text[i] == '[')) {
      ++depth;
    } else if (!quoted && (text[i] == '}' || text[i] == ']')) {
      --depth;
    }
  }
  return depth > kDeepest;
}

Json parsed(const Place& place, const std::string& text, std::string_view name) {
  if (too_deep(text)) throw place.error(fmt::format("{} is nested too deeply to be read", name));
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    throw place.error(
        fmt::format("{} is damaged: not an object of JSON; copy the store again", name));
  }
  return json;
}

// ---- attributes ----

bool all_of_kind(const Json& list, bool (*is_kind)(const Json&)) {
  return std::all_of(list.begin(), list.end(), is_kind);
}

int64_t whole_of(const Json& json) {
  return json.is_boolean() ? static_cast<int64_t>(json.get<bool>()) : json.get<int64_t>();
}

/// Texts, numbers and flat lists of them; an empty list is one of texts. What else JSON has is
/// nothing here.
store::Attribute attribute_of(const Json& json) {
  const Json list = json.is_array() ? json : Json::array({json});
  if (all_of_kind(list, [](const Json& one) { return one.is_string(); })) {
    return list.get<std::vector<std::string>>();
  }
  if (all_of_kind(list,
                  [](const Json& one) { return one.is_number_integer() || one.is_boolean(); })) {
    std::vector<int64_t> numbers;
    for (const auto& one : list) numbers.push_back(whole_of(one));
    return numbers;
  }
  if (all_of_kind(list, [](const Json& one) { return one.is_number(); })) {
    return list.get<std::vector<double>>();
  }
  return std::monostate();
}

std::map<std::string, store::Attribute> attributes_of(const Json& object) {
  std::map<std::string, store::Attribute> attributes;
  if (!object.is_object()) return attributes;
  for (const auto& [name, value] : object.items()) attributes.emplace(name, attribute_of(value));
  return attributes;
}

// ---- arrays ----

const Json& member(const Place& place, const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) {
    throw place.error(fmt::format("its metadata have no '{}'; copy the store again", name));
  }
  return *found;
}

std::vector<int64_t> sides_of(const Place& place, const Json& object, const char* name,
                              int64_t least) {
  const auto& list = member(place, object, name);
  if (!list.is_array() || list.size() > kMostDimensions) {
    throw place.error(fmt::format("'{}' is no list of lengths", name));
  }
  std::vector<int64_t> sides;
  for (const auto& side : list) {
    if (!side.is_number_integer() ||
        (side.is_number_unsigned() && side.get<uint64_t>() >> 62 != 0) ||
        side.get<int64_t>() < least) {
      throw place.error(fmt::format("'{}' has a length that none can be", name));
    }
    sides.push_back(side.get<int64_t>());
  }
  return sides;
}

void require_same_dimensions(const Place& place, const ArrayNode& array) {
  if (array.shape.size() == array.chunk.size()) return;
  throw place.error(
      fmt::format("has {} dimensions, but chunks of {}", array.shape.size(), array.chunk.size()));
}

char separator_of(const Place& place, const Json& separator) {
  if (separator != "." && separator != "/") {
    throw place.error("keys of chunks are separated by neither '.' nor '/'");
  }
  return separator.get_ref<const std::string&>()[0];
}

ArrayNode array_2(const Place& place, const Json& json) {
  ArrayNode array;
  array.shape = sides_of(place, json, "shape", 0);
  array.chunk = sides_of(place, json, "chunks", 0);
  require_same_dimensions(place, array);
  for (size_t d = 0; d < array.chunk.size(); ++d) {
    if (array.chunk[d] == 0 && array.shape[d] > 0) throw place.error("'chunks' has a length of 0");
    array.chunk[d] = std::max<int64_t>(1, array.chunk[d]);
  }
  array.type = type_2(place, member(place, json, "dtype"));
  array.coding.coding = coding_2(place, json, array.type, array.chunk);
  array.fill = fill_of(place, array.type, json.value("fill_value", Json()));
  array.separator = separator_of(place, json.value("dimension_separator", Json(".")));
  return array;
}

/// A named part of zarr.json with its configuration.
const Json& configuration_of(const Place& place, const Json& json, const char* part,
                             std::initializer_list<const char*> known, std::string& name) {
  static const Json nothing = Json::object();
  const auto& said = member(place, json, part);
  const auto& called = said.is_object() && said.contains("name") ? said.at("name") : said;
  if (called.is_string()) name = called.get<std::string>();
  if (std::none_of(known.begin(), known.end(), [&](const char* one) { return name == one; })) {
    throw place.error(fmt::format("'{}' is '{}', which is not read", part, name));
  }
  return said.is_object() && said.contains("configuration") ? said.at("configuration") : nothing;
}

void set_keys_3(const Place& place, const Json& json, ArrayNode& array) {
  std::string name;
  const auto& said = configuration_of(place, json, "chunk_key_encoding", {"default", "v2"}, name);
  const bool plain = name == "default";
  array.separator =
      separator_of(place, said.is_object() ? said.value("separator", Json(plain ? "/" : "."))
                                           : Json(plain ? "/" : "."));
  if (plain) array.before_key = "c";
}

ArrayNode array_3(const Place& place, const Json& json) {
  ArrayNode array;
  array.shape = sides_of(place, json, "shape", 0);
  std::string name;
  array.chunk = sides_of(place, configuration_of(place, json, "chunk_grid", {"regular"}, name),
                         "chunk_shape", 1);
  require_same_dimensions(place, array);
  const auto transformers = json.value("storage_transformers", Json());
  if (!transformers.is_null() && !transformers.empty()) {
    throw place.error("has storage transformers, which are not read");
  }
  array.type = type_3(place, member(place, json, "data_type"));
  array.coding = coding_3(place, member(place, json, "codecs"), array.type, array.chunk);
  array.fill = fill_of(place, array.type, member(place, json, "fill_value"));
  set_keys_3(place, json, array);
  return array;
}

/// Where metadata are gathered, the keys under which they would lie, with their text.
std::map<std::string, std::string> gathered_2(const Json& json) {
  std::map<std::string, std::string> texts;
  const auto all = json.value("metadata", Json());
  if (!all.is_object()) return texts;
  for (const auto& [key, value] : all.items()) texts.emplace(key, value.dump());
  return texts;
}

std::map<std::string, std::string> gathered_3(const Json& json) {
  std::map<std::string, std::string> texts;
  const auto all = json.value("consolidated_metadata", Json());
  if (!all.is_object()) return texts;
  const auto nodes = all.value("metadata", Json());
  if (!nodes.is_object()) return texts;
  for (const auto& [path, value] : nodes.items()) texts.emplace(joined(path, kJson3), value.dump());
  return texts;
}

}  // namespace

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "/" + name;
}

Hierarchy::Hierarchy(std::shared_ptr<const Keys> keys, std::string file)
    : keys_(std::move(keys)), file_(std::move(file)), version_3_(keys_->size(kJson3).has_value()) {
  const Place place{file_, {}};
  const auto array = is_array("");
  if (!array) throw place.error("is no Zarr store: it has no zarr.json and no .zgroup");
  if (*array) throw place.error("is a Zarr array by itself, not a group with arrays in it");
  const auto name = version_3_ ? kJson3 : kGroup2;
  const auto json = parsed(place, text("", name).value_or("{}"), name);
  const auto version = json.value("zarr_format", Json());
  if (version != (version_3_ ? 3 : 2)) {
    throw place.error(fmt::format("{} is of the version {} of the format; read are 2 and 3", name,
                                  version.dump()));
  }
}

std::optional<std::string> Hierarchy::text(const std::string& path, const std::string& name) const {
  const auto key = joined(path, name);
  if (const auto size = keys_->size(key)) {
    if (*size > kMostMetadata) {
      throw Place{file_, path}.error(
          fmt::format("{} has {} bytes, more than metadata do", name, *size));
    }
    return keys_->read(key, 0, *size);
  }
  // What was deleted may still be gathered; of what is there, something lies below it.
  if (name == kGathered2 || (name == kJson3 && path.empty())) return std::nullopt;
  const auto found = gathered().find(key);
  if (found == gathered().end()) return std::nullopt;
  if (!path.empty() && keys_->names_below(path + "/").empty()) return std::nullopt;
  return found->second;
}

const std::map<std::string, std::string>& Hierarchy::gathered() const {
  std::call_once(gathered_once_, [&] {
    const auto* name = version_3_ ? kJson3 : kGathered2;
    if (const auto whole = text("", name)) {
      const auto json = parsed({file_, {}}, *whole, name);
      gathered_ = version_3_ ? gathered_3(json) : gathered_2(json);
    }
  });
  return gathered_;
}

int64_t Hierarchy::bytes() const {
  std::call_once(bytes_once_, [&] { bytes_ = keys_->bytes_below(""); });
  return bytes_;
}

std::optional<bool> Hierarchy::is_array(const std::string& path) const {
  if (!version_3_) {
    if (text(path, kArray2)) return true;
    return text(path, kGroup2) ? std::optional(false) : std::nullopt;
  }
  const auto own = text(path, kJson3);
  if (!own) return std::nullopt;
  const Place place{file_, path};
  const auto type = parsed(place, *own, kJson3).value("node_type", Json());
  if (type != "array" && type != "group")
    throw place.error("zarr.json is of no group and no array");
  return type == "array";
}

std::optional<Node> Hierarchy::node(const std::string& path) const {
  const Place place{file_, path};
  const auto array = is_array(path);
  if (!array) return std::nullopt;
  Node node;
  try {
    if (version_3_) {
      const auto json = parsed(place, text(path, kJson3).value_or(""), kJson3);
      if (*array) node.array = array_3(place, json);
      node.attributes = attributes_of(json.value("attributes", Json()));
    } else {
      if (*array) {
        node.array = array_2(place, parsed(place, text(path, kArray2).value_or(""), kArray2));
      }
      if (const auto own = text(path, kAttributes2)) {
        node.attributes = attributes_of(parsed(place, *own, kAttributes2));
      }
    }
  } catch (const Json::exception& error) {
    throw place.error(
        fmt::format("its metadata make no sense ({}); copy the store again", error.what()));
  }
  return node;
}

std::vector<std::string> Hierarchy::names(const std::string& path) const {
  std::vector<std::string> names;
  for (auto& name : keys_->names_below(path.empty() ? path : path + "/")) {
    if (is_name(name) && is_array(joined(path, name))) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace grids::core::zarr
