/// Numbers of libgrids as NumPy arrays, without a copy: an array keeps alive what it shows.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace scgrids {

namespace nb = nanobind;

template <typename T>
using Array = nb::ndarray<nb::numpy, T>;

/// An array that owns the entries.
template <typename T>
Array<T> owning(std::vector<T>&& entries, std::initializer_list<size_t> shape) {
  auto held = std::make_unique<std::vector<T>>(std::move(entries));
  T* data = held->data();
  const nb::capsule owner(held.release(),
                          [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return {data, shape, owner};
}

template <typename T>
Array<T> owning(std::vector<T>&& entries) {
  const size_t count = entries.size();
  return owning(std::move(entries), {count});
}

/// An array, not to be written to, of what a copy of `keeper` keeps alive.
template <typename T, typename Keeper>
nb::ndarray<nb::numpy, const T> showing(std::span<const T> entries, const Keeper& keeper) {
  auto held = std::make_unique<Keeper>(keeper);
  const nb::capsule owner(held.release(), [](void* p) noexcept { delete static_cast<Keeper*>(p); });
  return {entries.data(), {entries.size()}, owner};
}

}  // namespace scgrids
