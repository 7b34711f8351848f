/// What the files behind hdf5.hpp share; nothing else includes it, nor HDF5's own header.
#pragma once

#include <hdf5.h>

#include <functional>
#include <string>
#include <vector>

#include "io/hdf5.hpp"

namespace grids::hdf5 {

static_assert(sizeof(hid_t) == sizeof(int64_t), "Handle keeps HDF5's identifiers as int64_t");

template <Number T>
hid_t native_type() {
  if constexpr (std::same_as<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::same_as<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::same_as<T, int8_t>) return H5T_NATIVE_INT8;
  if constexpr (std::same_as<T, uint8_t>) return H5T_NATIVE_UINT8;
  if constexpr (std::same_as<T, int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::same_as<T, uint32_t>) return H5T_NATIVE_UINT32;
  if constexpr (std::same_as<T, int64_t>) return H5T_NATIVE_INT64;
}

/// HDF5 prints its error stack unless told otherwise, in some builds thread by thread: before
/// anything that may fail on a thread that did not open the file.
void silence();

/// The innermost message on HDF5's error stack, which names the cause.
std::string reason();

Kind kind_of(hid_t type);

/// Variable-length UTF-8.
Handle text_type();

/// h5py's boolean: an enumeration of FALSE and TRUE on one byte.
Handle boolean_type();

/// Strings of the given stored type, fetched by `read(memory type, buffer)`. `field` is the member
/// to take when they sit inside a compound. Returns false when `read` failed.
bool read_strings(hid_t stored, const std::string& field, int64_t count,
                  const std::function<herr_t(hid_t, void*)>& read, std::vector<std::string>& out);

}  // namespace grids::hdf5
