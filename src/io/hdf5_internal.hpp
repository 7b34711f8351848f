/// What the files behind hdf5.hpp share; nothing else includes it, nor HDF5's own header.
#pragma once

#include <hdf5.h>

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "io/hdf5_lock.hpp"
#include "io/store.hpp"

namespace grids::core::hdf5 {

using store::Kind;
using store::Place;

/// Owns an identifier of the library.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();

  hid_t id() const { return id_; }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

template <store::Number T>
hid_t native_type() {
  if constexpr (std::same_as<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::same_as<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::same_as<T, int8_t>) return H5T_NATIVE_INT8;
  if constexpr (std::same_as<T, uint8_t>) return H5T_NATIVE_UINT8;
  if constexpr (std::same_as<T, int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::same_as<T, uint32_t>) return H5T_NATIVE_UINT32;
  if constexpr (std::same_as<T, int64_t>) return H5T_NATIVE_INT64;
}

/// A span of a store::Memory or store::Values as the library takes it.
template <typename Pointer>
struct Buffer {
  hid_t type;
  size_t bytes;  ///< of one entry
  Pointer data;
  size_t size;
};
template <typename Pointer, typename Spans>
Buffer<Pointer> buffer_of(const Spans& spans) {
  return std::visit(
      [](const auto& span) {
        using T = std::remove_const_t<std::remove_pointer_t<decltype(span.data())>>;
        return Buffer<Pointer>{native_type<T>(), sizeof(T), span.data(), span.size()};
      },
      spans);
}

/// The innermost message on HDF5's error stack, which names the cause.
std::string reason();

/// The id if it is valid, else an error that ends in HDF5's own reason.
hid_t checked(const Place& place, hid_t id, std::string_view what, std::string_view child = {});

Kind kind_of(hid_t type);

/// Variable-length UTF-8.
Handle text_type();

/// h5py's boolean: an enumeration of FALSE and TRUE on one byte.
Handle boolean_type();

/// The shape of an array, or of its slices.
std::vector<hsize_t> extent_of(hid_t dataset);

/// Texts of the given stored type, fetched by `read(memory type, buffer)`. `field` is the member
/// to take when they sit inside a compound. Returns false when `read` failed.
bool read_strings(hid_t stored, const std::string& field, int64_t count,
                  const std::function<herr_t(hid_t, void*)>& read, std::vector<std::string>& out);

/// An attribute of texts that is there.
std::vector<std::string> read_texts(const Place& place, hid_t attribute, const std::string& name);

}  // namespace grids::core::hdf5
