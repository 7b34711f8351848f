/// The entries of a large array: a vector that owns them, or memory that is shared and may be a
/// file (an array that need not fit in memory).
///
/// It behaves as a vector does. What is shared is copied before it is written to, unless nobody
/// else holds it; what changes its size always owns its entries.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace grids::core {

/// Where arrays lie that need not fit in memory (io/scratch_room.hpp). What is computed from them,
/// and is large, lies there too. Used from several threads at once.
class EntryRoom {
 public:
  virtual ~EntryRoom() = default;

  /// Bytes from which on an array lies here and not in a vector.
  virtual int64_t smallest() const = 0;
  /// Bytes of an array that are best worked on at a time where it is written out of order.
  virtual int64_t window() const = 0;
  /// Memory for that many bytes, all 0, aligned for any number; it is given back with the pointer.
  /// Throws Error(kInput) where there is no place for them.
  virtual std::shared_ptr<void> memory(int64_t bytes) = 0;
};

template <typename T>
class Entries {
 public:
  using value_type = T;
  using size_type = size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using pointer = T*;
  using const_pointer = const T*;
  using iterator = T*;
  using const_iterator = const T*;

  Entries() = default;
  Entries(std::vector<T> entries) : own_(std::move(entries)) {}  // NOLINT(*-explicit-*)
  Entries(std::initializer_list<T> entries) : own_(entries) {}   // NOLINT(*-explicit-*)
  template <std::input_iterator Iterator>
  Entries(Iterator begin, Iterator end) : own_(begin, end) {}

  /// `count` zeros in a room (which may be null: in a vector), if they are enough for it.
  static Entries zeros(const std::shared_ptr<EntryRoom>& room, size_t count) {
    const auto bytes = static_cast<int64_t>(count * sizeof(T));
    Entries result;
    if (room == nullptr || bytes < std::max<int64_t>(1, room->smallest())) {
      result.own_.resize(count);
    } else {
      result.keeper_ = room->memory(bytes);
      result.shared_ = {static_cast<T*>(result.keeper_.get()), count};
    }
    result.room_ = room;
    return result;
  }

  /// Lets copies that are made from now on share the entries with this one.
  void share() {
    if (keeper_ != nullptr) return;
    auto held = std::make_shared<std::vector<T>>(std::move(own_));
    own_.clear();
    shared_ = *held;
    keeper_ = std::move(held);
  }

  /// Where results that are computed from these may lie; null: in memory.
  const std::shared_ptr<EntryRoom>& room() const { return room_; }

  size_t size() const { return keeper_ ? shared_.size() : own_.size(); }
  bool empty() const { return size() == 0; }
  size_t capacity() const { return keeper_ ? shared_.size() : own_.capacity(); }

  const T* data() const { return keeper_ ? shared_.data() : own_.data(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  const T* cbegin() const { return data(); }
  const T* cend() const { return end(); }
  const T& operator[](size_t i) const { return data()[i]; }
  const T& front() const { return data()[0]; }
  const T& back() const { return data()[size() - 1]; }

  T* data() {
    if (keeper_ == nullptr) return own_.data();
    if (keeper_.use_count() == 1) return shared_.data();
    return own().data();
  }
  T* begin() { return data(); }
  T* end() { return data() + size(); }
  T& operator[](size_t i) { return data()[i]; }
  T& front() { return data()[0]; }
  T& back() { return data()[size() - 1]; }

  void push_back(const T& value) { own().push_back(value); }
  void emplace_back(const T& value) { own().push_back(value); }
  void pop_back() { own().pop_back(); }
  void clear() {
    forget_shared();
    own_.clear();
  }
  void reserve(size_t count) { own().reserve(count); }
  void resize(size_t count) { own().resize(count); }
  void resize(size_t count, const T& value) { own().resize(count, value); }
  void shrink_to_fit() { own().shrink_to_fit(); }
  void assign(size_t count, const T& value) {
    forget_shared();
    own_.assign(count, value);
  }
  template <std::input_iterator Iterator>
  void assign(Iterator begin, Iterator end) {
    own().assign(begin, end);
  }
  template <std::input_iterator Iterator>
  void insert(const T* place, Iterator first, Iterator last) {
    const auto before = place - std::as_const(*this).data();
    own().insert(own_.begin() + before, first, last);
  }

  friend bool operator==(const Entries& a, const Entries& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  void forget_shared() {
    keeper_.reset();
    shared_ = {};
  }
  std::vector<T>& own() {
    if (keeper_ != nullptr) {
      own_.assign(shared_.begin(), shared_.end());
      forget_shared();
    }
    return own_;
  }

  std::vector<T> own_;            ///< empty where they are shared
  std::shared_ptr<void> keeper_;  ///< of shared ones
  std::span<T> shared_;
  std::shared_ptr<EntryRoom> room_;
};

}  // namespace grids::core
