#include "io/hdf5.hpp"

#include <cstring>
#include <system_error>

#include "io/hdf5_internal.hpp"

namespace grids::hdf5 {

void silence() {
  // Nor must it tidy up when the program ends: every handle is closed by then, but datasets that a
  // full disk kept from being closed remain on its lists, and it would crash on them.
  H5dont_atexit();  // counts before the library's first use only
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

namespace {

herr_t keep_innermost(unsigned, const H5E_error2_t* error, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (text.empty() && error->desc != nullptr) text = error->desc;
  return 0;
}

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* out) {
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

Error file_error(std::string_view verb, const std::filesystem::path& path, std::string_view what) {
  return input_error("{} {}: {}", verb, path.string(), what);
}

}  // namespace

Handle::Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}

Handle& Handle::operator=(Handle&& other) noexcept {
  std::swap(id_, other.id_);
  return *this;
}

Handle::~Handle() {
  if (id_ >= 0) H5Idec_ref(id_);
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

Error Object::error(std::string_view message, std::string_view child) const {
  const auto place = child.empty() ? path_ : child_path(child);
  return input_error("{} {}: {}{}{}", writing_ ? "writing" : "reading", file_, place,
                     place.empty() ? "" : ": ", message);
}

std::string Object::child_path(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}/{}", path_, name);
}

int64_t Object::checked(int64_t id, std::string_view what, std::string_view child) const {
  if (id < 0) throw error(fmt::format("{} ({})", what, reason()), child);
  return id;
}

bool Object::has_attribute(const std::string& name) const {
  return H5Aexists(id(), name.c_str()) > 0;
}

bool Object::attribute_is_text(const std::string& name) const {
  if (!has_attribute(name)) return false;
  const Handle attribute(checked(H5Aopen(id(), name.c_str(), H5P_DEFAULT), "attribute " + name));
  const Handle type(H5Aget_type(attribute.id()));
  return kind_of(type.id()) == Kind::kText;
}

std::vector<std::string> Object::texts_attribute(const std::string& name) const {
  if (!has_attribute(name)) throw error("has no attribute '" + name + "'");
  const Handle attribute(checked(H5Aopen(id(), name.c_str(), H5P_DEFAULT), "attribute " + name));
  const Handle type(checked(H5Aget_type(attribute.id()), "attribute " + name));
  const Handle space(checked(H5Aget_space(attribute.id()), "attribute " + name));
  if (kind_of(type.id()) != Kind::kText) throw error("attribute '" + name + "' is no text");
  std::vector<std::string> texts;
  const int64_t count = H5Sget_simple_extent_npoints(space.id());
  const bool good = read_strings(
      type.id(), {}, count,
      [&](hid_t memory, void* out) {
        return count == 0 ? 0 : H5Aread(attribute.id(), memory, out);
      },
      texts);
  if (!good) throw error(fmt::format("attribute '{}' cannot be read ({})", name, reason()));
  return texts;
}

std::string Object::text_attribute(const std::string& name) const {
  auto texts = texts_attribute(name);
  if (texts.size() != 1) {
    throw error(fmt::format("attribute '{}' has {} texts instead of one", name, texts.size()));
  }
  return std::move(texts.front());
}

std::string Object::text_attribute_or(const std::string& name, std::string_view fallback) const {
  return attribute_is_text(name) ? text_attribute(name) : std::string(fallback);
}

std::vector<int64_t> Object::integers_attribute(const std::string& name) const {
  if (!has_attribute(name)) throw error("has no attribute '" + name + "'");
  const Handle attribute(checked(H5Aopen(id(), name.c_str(), H5P_DEFAULT), "attribute " + name));
  const Handle type(checked(H5Aget_type(attribute.id()), "attribute " + name));
  const Handle space(checked(H5Aget_space(attribute.id()), "attribute " + name));
  const Kind kind = kind_of(type.id());
  if (kind == Kind::kText || kind == Kind::kCompound || kind == Kind::kOther) {
    throw error("attribute '" + name + "' is no number");
  }
  std::vector<int64_t> values(static_cast<size_t>(H5Sget_simple_extent_npoints(space.id())));
  if (!values.empty()) {
    checked(H5Aread(attribute.id(), H5T_NATIVE_INT64, values.data()), "attribute " + name);
  }
  return values;
}

std::optional<Dataset> Object::referenced_dataset(const std::string& name) const {
  if (!has_attribute(name)) return std::nullopt;
  const Handle attribute(checked(H5Aopen(id(), name.c_str(), H5P_DEFAULT), "attribute " + name));
  const Handle type(H5Aget_type(attribute.id()));
  if (H5Tequal(type.id(), H5T_STD_REF_OBJ) <= 0) return std::nullopt;
  hobj_ref_t reference = 0;
  checked(H5Aread(attribute.id(), H5T_STD_REF_OBJ, &reference), "attribute " + name);
  Handle target(H5Rdereference2(id(), H5P_DEFAULT, H5R_OBJECT, &reference));
  if (target.id() < 0 || H5Iget_type(target.id()) != H5I_DATASET) {
    throw error("attribute '" + name + "' refers to nothing");
  }
  return Dataset(std::move(target), file_, path_ + "@" + name, writing_);
}

namespace {

/// Creates (replacing nothing) and fills one attribute.
bool put_attribute(hid_t object, const std::string& name, hid_t type, hid_t space,
                   const void* value) {
  const Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
  if (attribute.id() < 0) return false;
  return value == nullptr || H5Awrite(attribute.id(), type, value) >= 0;
}

}  // namespace

void Object::set_attribute(const std::string& name, std::string_view value) const {
  const Handle type = text_type();
  const Handle space(H5Screate(H5S_SCALAR));
  const std::string copy(value);
  const char* pointer = copy.c_str();
  if (!put_attribute(id(), name, type.id(), space.id(), &pointer)) checked(-1, "attribute " + name);
}

void Object::set_attribute(const std::string& name, bool value) const {
  const Handle type = boolean_type();
  const Handle space(H5Screate(H5S_SCALAR));
  const int8_t stored = value ? 1 : 0;
  if (!put_attribute(id(), name, type.id(), space.id(), &stored)) checked(-1, "attribute " + name);
}

void Object::set_attribute(const std::string& name, int64_t value) const {
  const Handle space(H5Screate(H5S_SCALAR));
  if (!put_attribute(id(), name, H5T_NATIVE_INT64, space.id(), &value)) {
    checked(-1, "attribute " + name);
  }
}

void Object::set_attribute(const std::string& name, std::span<const int64_t> values) const {
  const hsize_t count = values.size();
  const Handle space(H5Screate_simple(1, &count, nullptr));
  if (!put_attribute(id(), name, H5T_NATIVE_INT64, space.id(),
                     values.empty() ? nullptr : values.data())) {
    checked(-1, "attribute " + name);
  }
}

void Object::set_attribute(const std::string& name, std::span<const std::string> values) const {
  const Handle type = text_type();
  const hsize_t count = values.size();
  const Handle space(H5Screate_simple(1, &count, nullptr));
  std::vector<const char*> pointers;
  for (const auto& value : values) pointers.push_back(value.c_str());
  if (!put_attribute(id(), name, type.id(), space.id(),
                     pointers.empty() ? nullptr : pointers.data())) {
    checked(-1, "attribute " + name);
  }
}

void Object::remove_attribute(const std::string& name) const {
  checked(H5Adelete(id(), name.c_str()), "attribute " + name);
}

bool Group::has(const std::string& name) const {
  for (size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    const auto parent = name.substr(0, slash);
    if (H5Lexists(id(), parent.c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return H5Lexists(id(), name.c_str(), H5P_DEFAULT) > 0 &&
         H5Oexists_by_name(id(), name.c_str(), H5P_DEFAULT) > 0;
}

bool Group::has_group(const std::string& name) const {
  if (!has(name)) return false;
  const Handle object(H5Oopen(id(), name.c_str(), H5P_DEFAULT));
  return object.id() >= 0 && H5Iget_type(object.id()) == H5I_GROUP;
}

bool Group::has_dataset(const std::string& name) const {
  if (!has(name)) return false;
  const Handle object(H5Oopen(id(), name.c_str(), H5P_DEFAULT));
  return object.id() >= 0 && H5Iget_type(object.id()) == H5I_DATASET;
}

std::vector<std::string> Group::names() const {
  std::vector<std::string> names;
  hsize_t position = 0;
  checked(H5Literate(id(), H5_INDEX_NAME, H5_ITER_INC, &position, collect_name, &names),
          "cannot list the members");
  return names;
}

Group Group::group(const std::string& name) const {
  if (!has(name)) throw error("there is no such group", name);
  Handle handle(checked(H5Gopen2(id(), name.c_str(), H5P_DEFAULT), "is no group", name));
  return {std::move(handle), file_, child_path(name), writing_};
}

Dataset Group::dataset(const std::string& name) const {
  if (!has(name)) throw error("there is no such dataset", name);
  Handle handle(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "is no dataset", name));
  return {std::move(handle), file_, child_path(name), writing_};
}

Group Group::create_group(const std::string& name) const {
  const Handle properties(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(properties.id(), 1);
  H5Pset_char_encoding(properties.id(), H5T_CSET_UTF8);
  Handle handle(checked(H5Gcreate2(id(), name.c_str(), properties.id(), H5P_DEFAULT, H5P_DEFAULT),
                        "cannot create the group", name));
  return {std::move(handle), file_, child_path(name), writing_};
}

File File::open(const std::filesystem::path& path) {
  silence();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw file_error("reading", path, "there is no such file");
  }
  if (!is_hdf5(path)) throw file_error("reading", path, "cannot be read, or is no HDF5 file");
  const Handle access(H5Pcreate(H5P_FILE_ACCESS));
  // Files on read-only or network disks cannot be locked, and readers need not.
  H5Pset_file_locking(access.id(), 0, 1);
  Handle handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()));
  if (handle.id() < 0) {
    throw file_error("reading", path,
                     fmt::format("damaged, or not copied to its end ({})", reason()));
  }
  Handle root(H5Gopen2(handle.id(), "/", H5P_DEFAULT));
  if (root.id() < 0) throw file_error("reading", path, reason());
  Group group(std::move(root), path.string(), "", false);
  return {std::move(handle), std::move(group)};
}

File File::create(const std::filesystem::path& path, int64_t user_block) {
  silence();
  const Handle creation(H5Pcreate(H5P_FILE_CREATE));
  if (user_block > 0) H5Pset_userblock(creation.id(), static_cast<hsize_t>(user_block));
  Handle handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), H5P_DEFAULT));
  if (handle.id() < 0) throw file_error("writing", path, reason());
  Handle root(H5Gopen2(handle.id(), "/", H5P_DEFAULT));
  if (root.id() < 0) throw file_error("writing", path, reason());
  Group group(std::move(root), path.string(), "", true);
  return {std::move(handle), std::move(group)};
}

bool File::is_hdf5(const std::filesystem::path& path) {
  silence();
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && H5Fis_hdf5(path.c_str()) > 0;
}

void File::flush() const {
  if (H5Fflush(handle_.id(), H5F_SCOPE_GLOBAL) < 0) throw root_.error(reason());
}

}  // namespace grids::hdf5
