#include "io/hdf5.hpp"

#include <fmt/core.h>

#include <cstring>

#include "io/hdf5_internal.hpp"

namespace grids::core::hdf5 {
namespace {

/// The one lock around the library.
std::recursive_mutex& mutex() {
  static std::recursive_mutex instance;
  return instance;
}

OuterLock outer_lock;

herr_t keep_innermost(unsigned, const H5E_error2_t* error, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (text.empty() && error->desc != nullptr) text = error->desc;
  return 0;
}

}  // namespace

void set_outer_lock(OuterLock lock) {
  outer_lock = lock;
}

OuterGuard::OuterGuard() : taken_(outer_lock.take == nullptr ? nullptr : outer_lock.take()) {}

OuterGuard::~OuterGuard() {
  if (taken_ != nullptr) outer_lock.give(taken_);
}

Lock::Lock() : guard_(mutex()) {
  // The library must not tidy up when the program ends: every handle is closed by then, but
  // datasets that a full disk kept from being closed remain on its lists, and it would crash on
  // them.
  H5dont_atexit();  // counts before the library's first use only
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Handle::Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}

Handle& Handle::operator=(Handle&& other) noexcept {
  std::swap(id_, other.id_);
  return *this;
}

Handle::~Handle() {
  if (id_ < 0) return;
  const Lock lock;
  H5Idec_ref(id_);
}

std::string reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &text);
  // "file write failed: time = …, errno = 28, error message = 'No space left on device', buf = …"
  constexpr std::string_view kMessage = "error message = '";
  const size_t message = text.find(kMessage);
  if (message != std::string::npos) {
    const size_t begin = message + kMessage.size();
    text = fmt::format("{}: {}", text.substr(0, text.find(':')),
                       text.substr(begin, text.find('\'', begin) - begin));
  }
  return text.empty() ? "no reason given" : text;
}

hid_t checked(const Place& place, hid_t id, std::string_view what, std::string_view child) {
  if (id < 0) throw place.error(fmt::format("{} ({})", what, reason()), child);
  return id;
}

Kind kind_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return Kind::kInteger;
    case H5T_FLOAT:
      return Kind::kFloat;
    case H5T_STRING:
      return Kind::kText;
    case H5T_COMPOUND:
      return Kind::kCompound;
    case H5T_ENUM: {
      if (H5Tget_nmembers(type) != 2) return Kind::kInteger;
      char* name = H5Tget_member_name(type, 0);
      const bool boolean = name != nullptr && std::strcmp(name, "FALSE") == 0;
      H5free_memory(name);
      return boolean ? Kind::kBoolean : Kind::kInteger;
    }
    default:
      return Kind::kOther;
  }
}

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.id(), H5T_VARIABLE);
  H5Tset_cset(type.id(), H5T_CSET_UTF8);
  return type;
}

Handle boolean_type() {
  Handle type(H5Tenum_create(H5T_NATIVE_INT8));
  for (int8_t value = 0; value < 2; ++value) {
    H5Tenum_insert(type.id(), value == 0 ? "FALSE" : "TRUE", &value);
  }
  return type;
}

bool read_strings(hid_t stored, const std::string& field, int64_t count,
                  const std::function<herr_t(hid_t, void*)>& read, std::vector<std::string>& out) {
  const bool variable = H5Tis_variable_str(stored) > 0;
  const size_t width = variable ? sizeof(char*) : H5Tget_size(stored);
  const bool spaces = !variable && H5Tget_strpad(stored) == H5T_STR_SPACEPAD;
  // A fixed-length string is taken as its bytes, so its own type serves in memory too.
  Handle memory(H5Tcopy(stored));
  if (!field.empty()) {
    Handle compound(H5Tcreate(H5T_COMPOUND, width));
    H5Tinsert(compound.id(), field.c_str(), 0, memory.id());
    memory = std::move(compound);
  }
  out.clear();
  out.reserve(static_cast<size_t>(count));
  if (variable) {
    std::vector<char*> pointers(static_cast<size_t>(count), nullptr);
    const bool good = read(memory.id(), pointers.data()) >= 0;
    for (char* pointer : pointers) {
      out.emplace_back(pointer == nullptr ? "" : pointer);
      H5free_memory(pointer);
    }
    return good;
  }
  std::vector<char> bytes(static_cast<size_t>(count) * width);
  if (read(memory.id(), bytes.data()) < 0) return false;
  for (int64_t i = 0; i < count; ++i) {
    const char* begin = bytes.data() + static_cast<size_t>(i) * width;
    size_t length = strnlen(begin, width);
    while (spaces && length > 0 && begin[length - 1] == ' ') --length;
    out.emplace_back(begin, length);
  }
  return true;
}

std::vector<hsize_t> extent_of(hid_t dataset) {
  const Handle space(H5Dget_space(dataset));
  const int dimensions = H5Sget_simple_extent_ndims(space.id());
  std::vector<hsize_t> sizes(static_cast<size_t>(std::max(dimensions, 0)));
  if (!sizes.empty()) H5Sget_simple_extent_dims(space.id(), sizes.data(), nullptr);
  return sizes;
}

std::vector<std::string> read_texts(const Place& place, hid_t attribute, const std::string& name) {
  const Handle type(checked(place, H5Aget_type(attribute), "attribute " + name));
  const Handle space(checked(place, H5Aget_space(attribute), "attribute " + name));
  std::vector<std::string> texts;
  const int64_t count = H5Sget_simple_extent_npoints(space.id());
  if (count < 0) throw place.error(fmt::format("attribute '{}' has no shape", name));
  const bool good = read_strings(
      type.id(), {}, count,
      [&](hid_t memory, void* out) { return count == 0 ? 0 : H5Aread(attribute, memory, out); },
      texts);
  if (!good)
    throw place.error(fmt::format(
        "attribute '{}' cannot be read ({}); copy or write the file again", name, reason()));
  return texts;
}

}  // namespace grids::core::hdf5
