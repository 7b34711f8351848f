#include "library/memory_store.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "io/store_source.hpp"

namespace grids {
namespace {

namespace store = core::store;
using core::at;

store::Attribute attribute_of(const StoredAttribute& attribute) {
  return std::visit([](const auto& value) -> store::Attribute { return value; }, attribute);
}

/// What groups and arrays share.
template <typename Base, typename Stored>
class MemorySource : public Base {
 public:
  MemorySource(store::Place place, std::shared_ptr<const Stored> stored)
      : Base(std::move(place)), stored_(std::move(stored)) {}

  bool has_attribute(const std::string& name) const override {
    return stored_->attributes.contains(name);
  }
  store::Attribute attribute(const std::string& name) const override {
    return attribute_of(stored_->attributes.at(name));
  }
  std::vector<std::string> attribute_names() const override {
    std::vector<std::string> names;
    names.reserve(stored_->attributes.size());
    for (const auto& [name, value] : stored_->attributes) names.push_back(name);
    return names;
  }

 protected:
  const Stored& stored() const { return *stored_; }

 private:
  std::shared_ptr<const Stored> stored_;
};

class MemoryArraySource final : public MemorySource<store::ArraySource, StoredArray> {
 public:
  MemoryArraySource(store::Place place, std::shared_ptr<const StoredArray> stored)
      : MemorySource(std::move(place), std::move(stored)) {
    int64_t entries = 1;
    for (const int64_t length : this->stored().shape) entries *= length;
    const auto held =
        std::visit([](const auto& list) { return std::ssize(list); }, this->stored().entries);
    if (entries != held) {
      throw this->place().error(fmt::format("{} entries, its shape says {}", held, entries));
    }
  }

  store::ArrayInfo info() const override {
    store::ArrayInfo info;
    info.shape = stored().shape;
    std::visit(
        [&](const auto& list) {
          using Entry = std::remove_cv_t<typename std::decay_t<decltype(list)>::value_type>;
          info.entry_bytes = sizeof(Entry);
          if constexpr (std::is_same_v<Entry, std::string>) {
            info.kind = store::Kind::kText;
          } else if constexpr (std::is_floating_point_v<Entry>) {
            info.kind = store::Kind::kFloat;
          } else {
            info.kind = stored().boolean ? store::Kind::kBoolean : store::Kind::kInteger;
          }
        },
        stored().entries);
    return info;
  }
  std::optional<int64_t> stored_bytes() const override { return std::nullopt; }

  void read(int64_t first, const store::Memory& out) const override {
    size_t width = 1;
    for (size_t d = 1; d < stored().shape.size(); ++d) width *= at(stored().shape[d]);
    const size_t begin = at(first) * width;
    std::visit(
        [&](const auto& from, auto to) {
          using Entry = std::remove_cv_t<typename std::decay_t<decltype(from)>::value_type>;
          using Wanted = typename decltype(to)::value_type;
          if constexpr (!std::is_same_v<Entry, std::string>) {
            std::transform(from.data() + begin, from.data() + begin + to.size(), to.data(),
                           [](Entry entry) { return static_cast<Wanted>(entry); });
          } else {
            throw place().error("holds texts, not numbers");
          }
        },
        stored().entries, out);
  }
  std::vector<std::string> read_text() const override {
    return std::get<std::vector<std::string>>(stored().entries);
  }
};

class MemoryGroupSource final : public MemorySource<store::GroupSource, StoredGroup> {
 public:
  using MemorySource::MemorySource;

  store::Member member(const std::string& name) const override {
    const auto [group, last] = inside(name);
    if (group != nullptr && group->groups.contains(last)) return store::Member::kGroup;
    if (group != nullptr && group->arrays.contains(last)) return store::Member::kArray;
    return store::Member::kNone;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, group] : stored().groups) names.push_back(name);
    for (const auto& [name, array] : stored().arrays) names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
  }
  std::shared_ptr<const store::GroupSource> group(const std::string& name) const override {
    if (member(name) != store::Member::kGroup) throw place().error("is not a group", name);
    const auto [group, last] = inside(name);
    return std::make_shared<MemoryGroupSource>(place().child(name), group->groups.at(last));
  }
  std::shared_ptr<const store::ArraySource> array(const std::string& name) const override {
    if (member(name) != store::Member::kArray) throw place().error("is not an array", name);
    const auto [group, last] = inside(name);
    return std::make_shared<MemoryArraySource>(place().child(name), group->arrays.at(last));
  }

 private:
  /// The group that "a/b/c" is in, or none, and "c".
  std::pair<const StoredGroup*, std::string> inside(const std::string& name) const {
    const StoredGroup* group = &stored();
    size_t begin = 0;
    for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', begin)) {
      const auto next = group->groups.find(name.substr(begin, slash - begin));
      if (next == group->groups.end()) return {nullptr, name};
      group = next->second.get();
      begin = slash + 1;
    }
    return {group, name.substr(begin)};
  }
};

}  // namespace

core::store::Group memory_store(std::shared_ptr<const StoredGroup> root, const std::string& name) {
  return core::store::Group(
      std::make_shared<MemoryGroupSource>(store::Place{name, {}}, std::move(root)));
}

}  // namespace grids
