/// A store in memory, to show what a second one takes: groups and arrays that implement the sources
/// of io/store_source.hpp, and are filled by hand.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "io/store_source.hpp"

namespace grids::core::test {

/// What groups and arrays share: attributes.
template <typename Base>
class WithAttributes : public Base {
 public:
  using Base::Base;

  bool has_attribute(const std::string& name) const override { return attributes.contains(name); }
  store::Attribute attribute(const std::string& name) const override { return attributes.at(name); }

  std::vector<std::string> attribute_names() const override {
    if (unlisted) throw this->place().error("has no list of its attributes");
    std::vector<std::string> names;
    for (const auto& [name, value] : attributes) names.push_back(name);
    return names;
  }

  std::map<std::string, store::Attribute> attributes;
  bool unlisted = false;  ///< what it holds is found by name alone
};

/// Numbers or texts. Claims to be in a file of as many bytes as `bytes_claimed` says.
class MemoryArray final : public WithAttributes<store::ArraySource> {
 public:
  using Entries = std::variant<std::vector<double>, std::vector<std::string>>;

  MemoryArray(store::Place place, std::vector<int64_t> shape, Entries entries)
      : WithAttributes(std::move(place)), shape_(std::move(shape)), entries_(std::move(entries)) {}

  store::ArrayInfo info() const override {
    const bool text = std::holds_alternative<std::vector<std::string>>(entries_);
    return {shape_, text ? store::Kind::kText : store::Kind::kFloat, 8, std::nullopt, chunk};
  }
  std::optional<int64_t> stored_bytes() const override { return bytes_claimed; }
  void read(int64_t first, const store::Memory& out) const override {
    size_t width = 1;
    for (size_t d = 1; d < shape_.size(); ++d) width *= static_cast<size_t>(shape_[d]);
    const double* from = std::get<0>(entries_).data() + static_cast<size_t>(first) * width;
    std::visit(
        [&](auto span) {
          reads.emplace_back(first, span.size());
          for (auto& value : span) value = static_cast<std::decay_t<decltype(value)>>(*from++);
        },
        out);
  }
  std::vector<std::string> read_text() const override { return std::get<1>(entries_); }

  std::vector<int64_t> chunk;
  std::optional<int64_t> bytes_claimed;
  mutable std::vector<std::pair<int64_t, size_t>> reads;  ///< first row and entries of each read

 private:
  std::vector<int64_t> shape_;
  Entries entries_;
};

class MemoryGroup final : public WithAttributes<store::GroupSource> {
 public:
  using WithAttributes::WithAttributes;

  std::shared_ptr<MemoryGroup> add_group(const std::string& name) {
    return groups_[name] = std::make_shared<MemoryGroup>(place().child(name));
  }
  std::shared_ptr<MemoryArray> add(const std::string& name, std::vector<int64_t> shape,
                                   MemoryArray::Entries entries) {
    return arrays_[name] = std::make_shared<MemoryArray>(place().child(name), std::move(shape),
                                                         std::move(entries));
  }
  std::shared_ptr<MemoryArray> add(const std::string& name, MemoryArray::Entries entries) {
    const auto count = std::visit([](const auto& list) { return std::ssize(list); }, entries);
    return add(name, {count}, std::move(entries));
  }

  store::Member member(const std::string& name) const override {
    const auto [group, last] = inside(name);
    if (group != nullptr && group->groups_.contains(last)) return store::Member::kGroup;
    if (group != nullptr && group->arrays_.contains(last)) return store::Member::kArray;
    return store::Member::kNone;
  }
  std::vector<std::string> names() const override {
    if (unlisted) throw place().error("has no list of its members");
    std::vector<std::string> names;
    for (const auto& [name, group] : groups_) names.push_back(name);
    for (const auto& [name, array] : arrays_) names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
  }
  std::shared_ptr<const store::GroupSource> group(const std::string& name) const override {
    if (member(name) != store::Member::kGroup) throw place().error("is not a group", name);
    const auto [group, last] = inside(name);
    return group->groups_.at(last);
  }
  std::shared_ptr<const store::ArraySource> array(const std::string& name) const override {
    if (member(name) != store::Member::kArray) throw place().error("is not a dataset", name);
    const auto [group, last] = inside(name);
    return group->arrays_.at(last);
  }

 private:
  /// The group that "a/b/c" is in, or none, and "c".
  std::pair<const MemoryGroup*, std::string> inside(const std::string& name) const {
    const size_t slash = name.find('/');
    if (slash == std::string::npos) return {this, name};
    const auto next = groups_.find(name.substr(0, slash));
    if (next == groups_.end()) return {nullptr, name};
    return next->second->inside(name.substr(slash + 1));
  }

  std::map<std::string, std::shared_ptr<MemoryGroup>> groups_;
  std::map<std::string, std::shared_ptr<MemoryArray>> arrays_;
};

}  // namespace grids::core::test
