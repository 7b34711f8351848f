#include <fmt/core.h>

#include <algorithm>
#include <system_error>

#include "io/hdf5.hpp"
#include "io/hdf5_chunks.hpp"
#include "io/hdf5_filters.hpp"
#include "io/hdf5_internal.hpp"
#include "io/store_source.hpp"

namespace grids::core::hdf5 {
namespace {

using store::ArrayInfo;
using store::ArraySource;
using store::Attribute;
using store::GroupSource;
using store::Member;
using store::Memory;

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* out) {
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

Error read_failure(const Place& place, hid_t dataset) {
  const auto cause = reason();
  const auto filter = filter_without_reader(dataset);
  if (filter.empty())
    return place.error(fmt::format("cannot be read ({}); copy or write the file again", cause));
  return place.error(fmt::format(
      "is compressed by {}, which cannot be read here; write the file anew with gzip, where that "
      "filter is installed: h5repack -f GZIP=1 IN.h5ad OUT.h5ad, or in Python: import hdf5plugin, "
      "anndata; anndata.read_h5ad('IN.h5ad').write_h5ad('OUT.h5ad', compression='gzip')",
      filter));
}

std::optional<double> fill_of(hid_t properties) {
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  double fill = 0;
  if (H5Pfill_value_defined(properties, &defined) < 0 || defined == H5D_FILL_VALUE_UNDEFINED ||
      H5Pget_fill_value(properties, H5T_NATIVE_DOUBLE, &fill) < 0) {
    return std::nullopt;
  }
  return fill;
}

std::vector<int64_t> chunk_of(hid_t properties, size_t dimensions) {
  if (H5Pget_layout(properties) != H5D_CHUNKED) return {};
  std::vector<hsize_t> chunk(dimensions);
  H5Pget_chunk(properties, static_cast<int>(dimensions), chunk.data());
  return {chunk.begin(), chunk.end()};
}

/// Entries that lie in other files are not fetched: which files a reader opens is for its user to
/// say.
void require_own_entries(const Place& place, hid_t dataset) {
  const Handle properties(H5Dget_create_plist(dataset));
  if (H5Pget_layout(properties.id()) != H5D_VIRTUAL &&
      H5Pget_external_count(properties.id()) <= 0) {
    return;
  }
  throw place.error("keeps its entries in other files, which are not followed; write it into one");
}

/// Whether a group has a link of this name that stays in the file.
bool has_own_link(hid_t group, const std::string& name) {
  H5L_info_t link;
  return H5Lexists(group, name.c_str(), H5P_DEFAULT) > 0 &&
         H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT) >= 0 &&
         link.type != H5L_TYPE_EXTERNAL;
}

/// The member of a compound type; it is there.
Handle member_type(hid_t type, const std::string& field) {
  const int index = H5Tget_member_index(type, field.c_str());
  return Handle(H5Tget_member_type(type, static_cast<unsigned>(index)));
}

class H5Array final : public ArraySource {
 public:
  H5Array(Place place, Handle handle, ThreadPool* pool)
      : ArraySource(std::move(place)), handle_(std::move(handle)), pool_(pool) {}

  bool has_attribute(const std::string& name) const override;
  Attribute attribute(const std::string& name) const override;
  std::vector<std::string> attribute_names() const override;
  std::optional<uint64_t> identity() const override;
  ArrayInfo info() const override;
  std::optional<int64_t> stored_bytes() const override;
  std::optional<int64_t> file_bytes() const override;
  void read(int64_t first, const Memory& out) const override;
  std::vector<std::string> read_text() const override;
  std::vector<Field> fields() const override;
  void read_field(const std::string& field, std::span<double> out) const override;
  std::vector<std::string> read_field_text(const std::string& field) const override;

 private:
  hid_t id() const { return handle_.id(); }
  Handle type() const { return Handle(checked(place(), H5Dget_type(id()), "has no type")); }
  /// All texts of the stored type, or of a member of the compound.
  std::vector<std::string> texts(hid_t stored, const std::string& field) const;
  /// What reads its chunks without the library; null where only the library can.
  const ChunkReader* chunks() const;

  Handle handle_;
  ThreadPool* pool_;
  mutable bool looked_at_chunks_ = false;  ///< under the lock
  mutable std::unique_ptr<const ChunkReader> chunks_;
};

class H5Group final : public GroupSource {
 public:
  H5Group(Place place, Handle handle, ThreadPool* pool)
      : GroupSource(std::move(place)), handle_(std::move(handle)), pool_(pool) {}

  bool has_attribute(const std::string& name) const override;
  Attribute attribute(const std::string& name) const override;
  std::vector<std::string> attribute_names() const override;
  std::optional<uint64_t> identity() const override;
  Member member(const std::string& name) const override;
  std::vector<std::string> names() const override;
  std::shared_ptr<const GroupSource> group(const std::string& name) const override;
  std::shared_ptr<const ArraySource> array(const std::string& name) const override;

 private:
  hid_t id() const { return handle_.id(); }

  Handle handle_;
  ThreadPool* pool_;
};

// ---- attributes ----

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* out) {
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

std::vector<std::string> names_of_attributes(const Place& place, hid_t object) {
  const Lock lock;
  std::vector<std::string> names;
  hsize_t position = 0;
  checked(place,
          H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &position, collect_attribute, &names),
          "cannot list the attributes");
  return names;
}

std::optional<uint64_t> address_of(hid_t object) {
  const Lock lock;
  H5O_info_t info;
  if (H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) return std::nullopt;
  return info.addr;
}

/// What the file takes, as the library found it on opening.
int64_t bytes_of_file(hid_t object) {
  const Lock lock;
  const Handle file(H5Iget_file_id(object));
  hsize_t bytes = 0;
  return H5Fget_filesize(file.id(), &bytes) < 0 ? 0 : static_cast<int64_t>(bytes);
}

bool attribute_exists(hid_t object, const std::string& name) {
  const Lock lock;
  return H5Aexists(object, name.c_str()) > 0;
}

/// How many values an attribute has.
size_t entries_of(const Place& place, hid_t attribute, const std::string& name) {
  const Handle space(checked(place, H5Aget_space(attribute), "attribute " + name));
  const hssize_t entries = H5Sget_simple_extent_npoints(space.id());
  if (entries < 0) throw place.error(fmt::format("attribute '{}' has no shape", name));
  return static_cast<size_t>(entries);
}

std::shared_ptr<const ArraySource> referenced(const Place& place, hid_t object, hid_t attribute,
                                              const std::string& name) {
  if (entries_of(place, attribute, name) != 1) {
    throw place.error(fmt::format("attribute '{}' refers to several things", name));
  }
  hobj_ref_t reference = 0;
  checked(place, H5Aread(attribute, H5T_STD_REF_OBJ, &reference), "attribute " + name);
  Handle target(H5Rdereference2(object, H5P_DEFAULT, H5R_OBJECT, &reference));
  if (target.id() < 0 || H5Iget_type(target.id()) != H5I_DATASET) {
    throw place.error("attribute '" + name + "' refers to nothing");
  }
  return std::make_shared<H5Array>(Place{place.file, place.path + "@" + name}, std::move(target),
                                   nullptr);
}

/// Values of attributes are never compressed, so the file is no smaller.
void require_believable_attribute(const Place& place, hid_t attribute, const std::string& name) {
  if (H5Aget_storage_size(attribute) > static_cast<hsize_t>(bytes_of_file(attribute))) {
    throw place.error(fmt::format("attribute '{}' claims to be larger than the file", name));
  }
}

template <store::Number T>
std::vector<T> read_numbers(const Place& place, hid_t attribute, const std::string& name) {
  std::vector<T> values(entries_of(place, attribute, name));
  if (!values.empty()) {
    checked(place, H5Aread(attribute, native_type<T>(), values.data()), "attribute " + name);
  }
  return values;
}

Attribute read_attribute(const Place& place, hid_t object, const std::string& name) {
  const Lock lock;
  const Handle attribute(
      checked(place, H5Aopen(object, name.c_str(), H5P_DEFAULT), "attribute " + name));
  require_believable_attribute(place, attribute.id(), name);
  const Handle type(checked(place, H5Aget_type(attribute.id()), "attribute " + name));
  switch (kind_of(type.id())) {
    case Kind::kText:
      return read_texts(place, attribute.id(), name);
    case Kind::kInteger:
    case Kind::kBoolean:
      return read_numbers<int64_t>(place, attribute.id(), name);
    case Kind::kFloat:
      return read_numbers<double>(place, attribute.id(), name);
    default:
      if (H5Tequal(type.id(), H5T_STD_REF_OBJ) <= 0) return std::monostate();
      return referenced(place, object, attribute.id(), name);
  }
}

bool H5Array::has_attribute(const std::string& name) const {
  return attribute_exists(id(), name);
}

Attribute H5Array::attribute(const std::string& name) const {
  return read_attribute(place(), id(), name);
}

std::vector<std::string> H5Array::attribute_names() const {
  return names_of_attributes(place(), id());
}

std::optional<uint64_t> H5Array::identity() const {
  return address_of(id());
}

bool H5Group::has_attribute(const std::string& name) const {
  return attribute_exists(id(), name);
}

Attribute H5Group::attribute(const std::string& name) const {
  return read_attribute(place(), id(), name);
}

std::vector<std::string> H5Group::attribute_names() const {
  return names_of_attributes(place(), id());
}

std::optional<uint64_t> H5Group::identity() const {
  return address_of(id());
}

// ---- arrays ----

ArrayInfo H5Array::info() const {
  const Lock lock;
  const Handle stored = type();
  const auto extent = extent_of(id());
  const Handle properties(H5Dget_create_plist(id()));
  ArrayInfo info;
  info.shape.assign(extent.begin(), extent.end());
  info.kind = kind_of(stored.id());
  info.entry_bytes = static_cast<int64_t>(H5Tget_size(stored.id()));
  if (is_number(info.kind)) info.fill = fill_of(properties.id());
  info.chunk = chunk_of(properties.id(), extent.size());
  return info;
}

std::optional<int64_t> H5Array::stored_bytes() const {
  const Lock lock;
  // An index may claim pieces that do not fit into the file.
  return std::min(static_cast<int64_t>(H5Dget_storage_size(id())), bytes_of_file(id()));
}

std::optional<int64_t> H5Array::file_bytes() const {
  return bytes_of_file(id());
}

const ChunkReader* H5Array::chunks() const {
  const Lock lock;
  if (!looked_at_chunks_) {
    looked_at_chunks_ = true;
    if (auto coding = chunk_coding(id())) {
      chunks_ = std::make_unique<ChunkReader>(place(), id(), std::move(*coding), pool_);
    }
  }
  return chunks_.get();
}

void H5Array::read(int64_t first, const Memory& out) const {
  const auto buffer = buffer_of<void*>(out);
  if (const auto* reader = chunks(); reader != nullptr) {
    reader->read(first, static_cast<int64_t>(buffer.size), buffer.type, buffer.bytes, buffer.data);
    return;
  }
  const Lock lock;
  const hsize_t entries = buffer.size;
  auto count = extent_of(id());
  Handle memory;
  Handle slice;
  hsize_t all = 1;
  for (const auto length : count) all *= length;
  if (entries != all) {
    std::vector<hsize_t> start(count.size(), 0);
    start[0] = static_cast<hsize_t>(first);
    count[0] = entries / (all / count[0]);
    slice = Handle(checked(place(), H5Dget_space(id()), "has no shape"));
    H5Sselect_hyperslab(slice.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
    memory = Handle(H5Screate_simple(1, &entries, nullptr));
  }
  const bool whole = slice.id() < 0;
  if (read_entries(id(), buffer.type, whole ? H5S_ALL : memory.id(), whole ? H5S_ALL : slice.id(),
                   buffer.data) < 0) {
    throw read_failure(place(), id());
  }
}

std::vector<std::string> H5Array::texts(hid_t stored, const std::string& field) const {
  hsize_t entries = 1;
  for (const auto length : extent_of(id())) entries *= length;
  const auto count = static_cast<int64_t>(entries);
  std::vector<std::string> texts;
  const bool good = read_strings(
      stored, field, count,
      [&](hid_t memory, void* out) {
        return count == 0 ? 0 : read_entries(id(), memory, H5S_ALL, H5S_ALL, out);
      },
      texts);
  if (!good) throw read_failure(place(), id());
  return texts;
}

std::vector<std::string> H5Array::read_text() const {
  const Lock lock;
  return texts(type().id(), {});
}

std::vector<ArraySource::Field> H5Array::fields() const {
  const Lock lock;
  const Handle compound = type();
  std::vector<Field> fields;
  const int count = H5Tget_nmembers(compound.id());
  for (int i = 0; i < count; ++i) {
    char* name = H5Tget_member_name(compound.id(), static_cast<unsigned>(i));
    const Handle member(H5Tget_member_type(compound.id(), static_cast<unsigned>(i)));
    fields.push_back({name == nullptr ? "" : name, kind_of(member.id())});
    H5free_memory(name);
  }
  return fields;
}

void H5Array::read_field(const std::string& field, std::span<double> out) const {
  if (out.empty()) return;
  const Lock lock;
  const Handle memory(H5Tcreate(H5T_COMPOUND, sizeof(double)));
  H5Tinsert(memory.id(), field.c_str(), 0, H5T_NATIVE_DOUBLE);
  if (read_entries(id(), memory.id(), H5S_ALL, H5S_ALL, out.data()) < 0) {
    throw read_failure(place(), id());
  }
}

std::vector<std::string> H5Array::read_field_text(const std::string& field) const {
  const Lock lock;
  return texts(member_type(type().id(), field).id(), field);
}

// ---- groups ----

Member H5Group::member(const std::string& name) const {
  const Lock lock;
  for (size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    const auto parent = name.substr(0, slash);
    if (!has_own_link(id(), parent)) return Member::kNone;
  }
  if (!has_own_link(id(), name) || H5Oexists_by_name(id(), name.c_str(), H5P_DEFAULT) <= 0) {
    return Member::kNone;
  }
  const Handle object(H5Oopen(id(), name.c_str(), H5P_DEFAULT));
  if (object.id() < 0) return Member::kOther;
  const auto type = H5Iget_type(object.id());
  if (type == H5I_GROUP) return Member::kGroup;
  return type == H5I_DATASET ? Member::kArray : Member::kOther;
}

std::vector<std::string> H5Group::names() const {
  const Lock lock;
  std::vector<std::string> names;
  hsize_t position = 0;
  checked(place(), H5Literate(id(), H5_INDEX_NAME, H5_ITER_INC, &position, collect_name, &names),
          "cannot list the members");
  return names;
}

std::shared_ptr<const GroupSource> H5Group::group(const std::string& name) const {
  const Lock lock;
  Handle handle(
      checked(place(), H5Gopen2(id(), name.c_str(), H5P_DEFAULT), "is not a group", name));
  return std::make_shared<H5Group>(place().child(name), std::move(handle), pool_);
}

std::shared_ptr<const ArraySource> H5Group::array(const std::string& name) const {
  const Lock lock;
  Handle handle(
      checked(place(), H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "is not a dataset", name));
  require_own_entries(place().child(name), handle.id());
  return std::make_shared<H5Array>(place().child(name), std::move(handle), pool_);
}

}  // namespace

bool is_hdf5(const std::filesystem::path& path) {
  const Lock lock;
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && H5Fis_hdf5(path.c_str()) > 0;
}

store::Group open(const std::filesystem::path& path, ThreadPool* pool, const std::string& shown) {
  const Lock lock;
  register_filters();
  const Place place{shown.empty() ? path.string() : shown, {}};
  const Handle access(H5Pcreate(H5P_FILE_ACCESS));
  // Files on read-only or network disks cannot be locked, and readers need not.
  H5Pset_file_locking(access.id(), 0, 1);
  // The usual driver asks for the real path of a link, which a file without a name has not.
  if (!shown.empty()) H5Pset_fapl_stdio(access.id());
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()));
  if (file.id() < 0) {
    throw place.error(fmt::format("damaged, or not copied to its end ({})", reason()));
  }
  // Everything opened in a file keeps it open.
  Handle root(H5Gopen2(file.id(), "/", H5P_DEFAULT));
  if (root.id() < 0) throw place.error(reason());
  return store::Group(std::make_shared<H5Group>(place, std::move(root), pool));
}

}  // namespace grids::core::hdf5
