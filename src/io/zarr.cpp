#include "io/zarr.hpp"

#include <cstring>
#include <fstream>
#include <limits>

#include "io/store_source.hpp"
#include "io/zarr_chunks.hpp"
#include "io/zarr_convert.hpp"
#include "io/zarr_keys.hpp"
#include "io/zarr_metadata.hpp"

namespace grids::core::zarr {
namespace {

using store::ArrayInfo;
using store::ArraySource;
using store::Attribute;
using store::GroupSource;
using store::Member;

template <typename Base>
class WithAttributes : public Base {
 public:
  WithAttributes(Place place, std::map<std::string, Attribute> attributes)
      : Base(std::move(place)), attributes_(std::move(attributes)) {}

  bool has_attribute(const std::string& name) const final { return attributes_.contains(name); }
  Attribute attribute(const std::string& name) const final { return attributes_.at(name); }
  std::vector<std::string> attribute_names() const final {
    std::vector<std::string> names;
    for (const auto& [name, value] : attributes_) names.push_back(name);
    return names;
  }

 protected:
  const std::map<std::string, Attribute>& attributes() const { return attributes_; }

 private:
  std::map<std::string, Attribute> attributes_;
};

class ZarrArray final : public WithAttributes<ArraySource> {
 public:
  ZarrArray(std::shared_ptr<const Hierarchy> store, Place place, Node node, bool filling,
            ThreadPool* pool)
      : WithAttributes(place, std::move(node.attributes)),
        store_(std::move(store)),
        pool_(pool),
        chunks_(store_, std::move(place), std::move(*node.array), filling, pool) {}

  ArrayInfo info() const override;
  std::optional<int64_t> stored_bytes() const override {
    return store_->keys().bytes_below(place().path + "/");
  }
  std::optional<int64_t> file_bytes() const override { return store_->bytes(); }
  void read(int64_t first, const store::Memory& out) const override { chunks_.read(first, out); }
  std::vector<std::string> read_text() const override { return chunks_.read_text(); }
  std::shared_ptr<const ArraySource> without_fill() const override {
    return std::make_shared<ZarrArray>(store_, place(), Node{chunks_.node(), attributes()}, false,
                                       pool_);
  }

 private:
  std::shared_ptr<const Hierarchy> store_;
  ThreadPool* pool_;
  PieceReader chunks_;
};

/// The fill value of an array of numbers.
std::optional<double> fill_number(const ArrayNode& array) {
  if (!array.fill) return std::nullopt;
  const auto bytes = array.type.type == EntryKind::kFloat16 ? widened(*array.fill) : *array.fill;
  std::optional<double> number;
  with_number(array.type.type, [&](auto stored) {
    std::memcpy(&stored, bytes.data(), sizeof stored);
    number = static_cast<double>(stored);
  });
  return number;
}

ArrayInfo ZarrArray::info() const {
  const auto& array = chunks_.node();
  ArrayInfo info;
  info.shape = array.shape;
  info.kind = kind_of(array.type.type);
  info.entry_bytes = array.type.bytes;
  info.fill = fill_number(array);
  info.chunk = array.piece();
  return info;
}

class ZarrGroup final : public WithAttributes<GroupSource> {
 public:
  ZarrGroup(std::shared_ptr<const Hierarchy> store, Place place, Node node, ThreadPool* pool)
      : WithAttributes(std::move(place), std::move(node.attributes)),
        store_(std::move(store)),
        pool_(pool) {}

  Member member(const std::string& name) const override {
    if (!is_path(name)) return Member::kNone;
    const auto array = store_->is_array(joined(place().path, name));
    if (!array) return Member::kNone;
    return *array ? Member::kArray : Member::kGroup;
  }
  std::vector<std::string> names() const override { return store_->names(place().path); }
  std::shared_ptr<const GroupSource> group(const std::string& name) const override {
    auto node = node_at(name);
    if (!node || node->array) throw place().error("is not a group", name);
    return std::make_shared<ZarrGroup>(store_, place().child(name), std::move(*node), pool_);
  }
  std::shared_ptr<const ArraySource> array(const std::string& name) const override {
    auto node = node_at(name);
    if (!node || !node->array) throw place().error("is not an array", name);
    return std::make_shared<ZarrArray>(store_, place().child(name), std::move(*node), true, pool_);
  }

 private:
  /// Names between slashes that stay in the store.
  static bool is_path(std::string_view name) {
    for (;;) {
      const size_t slash = name.find('/');
      if (!is_name(name.substr(0, slash))) return false;
      if (slash == std::string_view::npos) return true;
      name.remove_prefix(slash + 1);
    }
  }
  std::optional<Node> node_at(const std::string& name) const {
    return is_path(name) ? store_->node(joined(place().path, name)) : std::nullopt;
  }

  std::shared_ptr<const Hierarchy> store_;
  ThreadPool* pool_;
};

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

bool begins_as_zip(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  char begin[2] = {};
  std::ifstream(path, std::ios::binary).read(begin, sizeof begin);
  return begin[0] == 'P' && begin[1] == 'K';
}

}  // namespace

bool is_zarr(const std::filesystem::path& path) {
  try {
    if (is_folder(path)) return has_root(*open_folder(path));
    return begins_as_zip(path) && has_root(*open_zip(path));
  } catch (const Error&) {
    return false;  // it will be reported as what it is, or as unknown
  }
}

store::Group open_path(const std::filesystem::path& path, ThreadPool* pool) {
  return open(is_folder(path) ? open_folder(path) : open_zip(path), path.string(), pool);
}

store::Group open(std::shared_ptr<const Keys> keys, const std::string& file, ThreadPool* pool) {
  auto store = std::make_shared<const Hierarchy>(std::move(keys), file);
  auto root = store->node("");
  const Place place{file, {}};
  if (!root || root->array) throw place.error("is not a group");
  return store::Group(std::make_shared<ZarrGroup>(store, place, std::move(*root), pool));
}

}  // namespace grids::core::zarr
