#include <algorithm>
#include <limits>
#include <numeric>

#include "io/hdf5.hpp"
#include "io/hdf5_internal.hpp"

namespace grids::hdf5 {
namespace {

/// Entries from which on compression pays for its chunk.
constexpr int64_t kCompressFrom = 1024;
/// Large enough to compress well, small enough to fit HDF5's cache of chunks while it fills.
constexpr int64_t kChunkBytes = 1 << 18;
/// The lowest level costs a third of the time of the default for files a few per cent larger.
constexpr unsigned kGzipLevel = 1;

int64_t product(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

bool is_number(Kind kind) {
  return kind == Kind::kInteger || kind == Kind::kFloat || kind == Kind::kBoolean;
}

/// How to create a dataset: in compressed chunks of `chunk`, or in one piece when that is empty.
Handle creation(const std::vector<hsize_t>& chunk, size_t element_size) {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(properties.id(), 0);  // the same content gives the same bytes
  if (!chunk.empty()) {
    H5Pset_chunk(properties.id(), static_cast<int>(chunk.size()), chunk.data());
    if (element_size > 1) H5Pset_shuffle(properties.id());
    H5Pset_deflate(properties.id(), kGzipLevel);
  }
  return properties;
}

Handle links() {
  Handle properties(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(properties.id(), 1);
  H5Pset_char_encoding(properties.id(), H5T_CSET_UTF8);
  return properties;
}

/// The name of a filter that this build of HDF5 lacks, or empty.
std::string missing_filter(hid_t dataset) {
  const Handle properties(H5Dget_create_plist(dataset));
  const int count = H5Pget_nfilters(properties.id());
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    unsigned config = 0;
    size_t values = 0;
    char name[64] = "";
    const auto filter = H5Pget_filter2(properties.id(), static_cast<unsigned>(i), &flags, &values,
                                       nullptr, sizeof name, name, &config);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0) {
      return name[0] != 0 ? name : fmt::format("filter {}", filter);
    }
  }
  return {};
}

Error read_failure(const Object& object) {
  const auto cause = reason();
  const auto filter = missing_filter(object.id());
  if (filter.empty()) return object.error(fmt::format("cannot be read ({})", cause));
  return object.error(fmt::format(
      "is compressed by '{}', which cannot be read here; write the file with gzip", filter));
}

}  // namespace

std::vector<int64_t> Dataset::shape() const {
  const Handle space(checked(H5Dget_space(id()), "has no shape"));
  const int dimensions = H5Sget_simple_extent_ndims(space.id());
  std::vector<hsize_t> sizes(static_cast<size_t>(std::max(dimensions, 0)));
  if (!sizes.empty()) H5Sget_simple_extent_dims(space.id(), sizes.data(), nullptr);
  return {sizes.begin(), sizes.end()};
}

int64_t Dataset::size() const {
  return product(shape());
}

Kind Dataset::kind() const {
  const Handle type(checked(H5Dget_type(id()), "has no type"));
  return kind_of(type.id());
}

void Dataset::require_dimensions(size_t count) const {
  const auto found = shape().size();
  if (found != count) {
    throw error(
        fmt::format("expected {} dimension{}, found {}", count, count == 1 ? "" : "s", found));
  }
}

int64_t Dataset::believable_size() const {
  // Chunks may be missing (then HDF5 fills in zeros) and deflate shrinks at most a thousandfold.
  constexpr double kMostPerByte = 2000;
  constexpr double kAlways = 1 << 24;
  double entries = 1;
  for (const auto length : shape()) entries *= static_cast<double>(length);
  const auto stored = static_cast<double>(H5Dget_storage_size(id()));
  if (entries > kAlways && entries > stored * kMostPerByte) {
    throw error(fmt::format("claims {:.0f} entries, but the file holds only {:.0f} bytes of them",
                            entries, stored));
  }
  return size();
}

template <Number T>
std::vector<T> Dataset::read() const {
  if (!is_number(kind())) throw error("expected numbers, found something else");
  std::vector<T> values(static_cast<size_t>(believable_size()));
  if (!values.empty() &&
      H5Dread(id(), native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    throw read_failure(*this);
  }
  return values;
}

template <Number T>
void Dataset::read_rows(int64_t first, std::span<T> out) const {
  if (!is_number(kind())) throw error("expected numbers, found something else");
  const auto sizes = shape();
  const int64_t width = sizes.size() > 1 ? product({sizes.begin() + 1, sizes.end()}) : 1;
  if (out.empty() || width == 0) return;
  std::vector<hsize_t> start(sizes.size(), 0);
  std::vector<hsize_t> count(sizes.begin(), sizes.end());
  start[0] = static_cast<hsize_t>(first);
  count[0] = out.size() / static_cast<size_t>(width);
  const Handle space(checked(H5Dget_space(id()), "has no shape"));
  checked(
      H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
      "has fewer rows than expected");
  const hsize_t entries = out.size();
  const Handle memory(H5Screate_simple(1, &entries, nullptr));
  if (H5Dread(id(), native_type<T>(), memory.id(), space.id(), H5P_DEFAULT, out.data()) < 0) {
    throw read_failure(*this);
  }
}

std::vector<std::string> Dataset::read_text() const {
  const Handle type(checked(H5Dget_type(id()), "has no type"));
  if (kind_of(type.id()) != Kind::kText) throw error("expected text, found something else");
  std::vector<std::string> texts;
  const int64_t count = believable_size();
  const bool good = read_strings(
      type.id(), {}, count,
      [&](hid_t memory, void* out) {
        return count == 0 ? 0 : H5Dread(id(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
      },
      texts);
  if (!good) throw read_failure(*this);
  return texts;
}

std::vector<std::string> Dataset::fields() const {
  const Handle type(checked(H5Dget_type(id()), "has no type"));
  if (kind_of(type.id()) != Kind::kCompound) throw error("expected a table, found something else");
  std::vector<std::string> names;
  const int count = H5Tget_nmembers(type.id());
  for (int i = 0; i < count; ++i) {
    char* name = H5Tget_member_name(type.id(), static_cast<unsigned>(i));
    names.emplace_back(name == nullptr ? "" : name);
    H5free_memory(name);
  }
  return names;
}

int64_t Dataset::member_index(const std::string& field) const {
  const Handle type(checked(H5Dget_type(id()), "has no type"));
  const int index = H5Tget_member_index(type.id(), field.c_str());
  if (index < 0) throw error("has no field '" + field + "'");
  return index;
}

Kind Dataset::field_kind(const std::string& field) const {
  const auto index = static_cast<unsigned>(member_index(field));
  const Handle type(H5Dget_type(id()));
  const Handle member(H5Tget_member_type(type.id(), index));
  return kind_of(member.id());
}

std::vector<double> Dataset::read_field(const std::string& field) const {
  if (!is_number(field_kind(field))) throw error("field '" + field + "' is no number");
  const Handle memory(H5Tcreate(H5T_COMPOUND, sizeof(double)));
  H5Tinsert(memory.id(), field.c_str(), 0, H5T_NATIVE_DOUBLE);
  std::vector<double> values(static_cast<size_t>(believable_size()));
  if (!values.empty() &&
      H5Dread(id(), memory.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    throw read_failure(*this);
  }
  return values;
}

std::vector<std::string> Dataset::read_field_text(const std::string& field) const {
  if (field_kind(field) != Kind::kText) throw error("field '" + field + "' is no text");
  const auto index = static_cast<unsigned>(member_index(field));
  const Handle type(H5Dget_type(id()));
  const Handle member(H5Tget_member_type(type.id(), index));
  std::vector<std::string> texts;
  const int64_t count = believable_size();
  const bool good = read_strings(
      member.id(), field, count,
      [&](hid_t memory, void* out) {
        return count == 0 ? 0 : H5Dread(id(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
      },
      texts);
  if (!good) throw read_failure(*this);
  return texts;
}

template <Number T>
void Dataset::append(std::span<const T> values) const {
  if (values.empty()) return;
  silence();
  const auto sizes = shape();
  const int64_t width = sizes.size() > 1 ? sizes[1] : 1;
  std::vector<hsize_t> grown(sizes.begin(), sizes.end());
  grown[0] += values.size() / static_cast<size_t>(width);
  checked(H5Dset_extent(id(), grown.data()), "cannot grow");
  write_rows(sizes[0], values);
}

template <Number T>
void Dataset::write_rows(int64_t first, std::span<const T> values) const {
  if (values.empty()) return;
  silence();
  const auto sizes = shape();
  const int64_t width = sizes.size() > 1 ? sizes[1] : 1;
  std::vector<hsize_t> start(sizes.size(), 0);
  std::vector<hsize_t> count(sizes.begin(), sizes.end());
  start[0] = static_cast<hsize_t>(first);
  count[0] = values.size() / static_cast<size_t>(width);
  if (count[0] * static_cast<size_t>(width) != values.size()) {
    throw internal_error("{}: {} values written to rows of {}", path_, values.size(), width);
  }
  const Handle space(checked(H5Dget_space(id()), "has no shape"));
  H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
  const hsize_t entries = values.size();
  const Handle memory(H5Screate_simple(1, &entries, nullptr));
  checked(H5Dwrite(id(), native_type<T>(), memory.id(), space.id(), H5P_DEFAULT, values.data()),
          "cannot be written");
}

Dataset Group::create(const std::string& name, int64_t type, int64_t space, int64_t creation,
                      int64_t access) const {
  Handle handle(checked(H5Dcreate2(id(), name.c_str(), type, space, links().id(), creation, access),
                        "cannot create the dataset", name));
  return {std::move(handle), file_, child_path(name), writing_};
}

Dataset Group::write_whole(const std::string& name, int64_t type, std::optional<size_t> count,
                           size_t compressed_size, const void* values) const {
  const hsize_t length = count.value_or(1);
  const Handle space(count ? H5Screate_simple(1, &length, nullptr) : H5Screate(H5S_SCALAR));
  std::vector<hsize_t> chunk;
  if (compressed_size > 0 && length >= kCompressFrom) {
    chunk.push_back(std::min<hsize_t>(length, kChunkBytes / compressed_size));
  }
  const Handle properties = creation(chunk, compressed_size);
  auto dataset = create(name, type, space.id(), properties.id(), H5P_DEFAULT);
  if (length > 0) {
    checked(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
            "cannot be written", name);
  }
  return dataset;
}

template <Number T>
Dataset Group::write(const std::string& name, std::span<const T> values) const {
  return write_whole(name, native_type<T>(), values.size(), sizeof(T), values.data());
}

Dataset Group::write_booleans(const std::string& name, std::span<const uint8_t> values) const {
  // The enumeration's base type is one signed byte; 0 and 1 look the same unsigned.
  return write_whole(name, boolean_type().id(), values.size(), 1, values.data());
}

Dataset Group::write_text(const std::string& name, std::span<const std::string> values) const {
  std::vector<const char*> pointers;
  pointers.reserve(values.size());
  for (const auto& value : values) pointers.push_back(value.c_str());
  // Compression would see the references to the texts, not the texts.
  return write_whole(name, text_type().id(), values.size(), 0, pointers.data());
}

Dataset Group::write_text_scalar(const std::string& name, std::string_view value) const {
  const std::string copy(value);
  const char* pointer = copy.c_str();
  return write_whole(name, text_type().id(), std::nullopt, 0, &pointer);
}

Dataset Group::write_scalar(const std::string& name, int64_t value) const {
  return write_whole(name, H5T_NATIVE_INT64, std::nullopt, 0, &value);
}

Dataset Group::write_boolean_scalar(const std::string& name, bool value) const {
  const int8_t stored = value ? 1 : 0;
  return write_whole(name, boolean_type().id(), std::nullopt, 0, &stored);
}

template <Number T>
Dataset Group::create_growing(const std::string& name, int64_t columns) const {
  std::vector<hsize_t> sizes = {0};
  std::vector<hsize_t> most = {H5S_UNLIMITED};
  std::vector<hsize_t> chunk = {kChunkBytes / sizeof(T)};
  if (columns > 0) {
    sizes.push_back(static_cast<hsize_t>(columns));
    most.push_back(static_cast<hsize_t>(columns));
    const auto across = std::min<hsize_t>(static_cast<hsize_t>(columns), chunk[0]);
    chunk = {std::max<hsize_t>(1, chunk[0] / across), across};
  }
  const Handle space(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), most.data()));
  const Handle properties = creation(chunk, sizeof(T));
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS));
  // Several chunks stay open, so that a block of rows that ends inside a chunk packs it only once.
  H5Pset_chunk_cache(access.id(), 521, 8 * kChunkBytes, 1.0);
  return create(name, native_type<T>(), space.id(), properties.id(), access.id());
}

template <Number T>
Dataset Group::create_plain(const std::string& name, int64_t rows, int64_t columns) const {
  const hsize_t sizes[] = {static_cast<hsize_t>(rows), static_cast<hsize_t>(columns)};
  const Handle space(H5Screate_simple(2, sizes, nullptr));
  const Handle properties = creation({}, 0);
  H5Pset_fill_time(properties.id(), H5D_FILL_TIME_NEVER);  // every row is written anyway
  return create(name, native_type<T>(), space.id(), properties.id(), H5P_DEFAULT);
}

#define GRIDS_HDF5_NUMBER(T)                                                      \
  template std::vector<T> Dataset::read<T>() const;                               \
  template void Dataset::read_rows<T>(int64_t, std::span<T>) const;               \
  template void Dataset::append<T>(std::span<const T>) const;                     \
  template void Dataset::write_rows<T>(int64_t, std::span<const T>) const;        \
  template Dataset Group::write<T>(const std::string&, std::span<const T>) const; \
  template Dataset Group::create_growing<T>(const std::string&, int64_t) const;   \
  template Dataset Group::create_plain<T>(const std::string&, int64_t, int64_t) const;
GRIDS_HDF5_NUMBER(float)
GRIDS_HDF5_NUMBER(double)
GRIDS_HDF5_NUMBER(int8_t)
GRIDS_HDF5_NUMBER(uint8_t)
GRIDS_HDF5_NUMBER(int32_t)
GRIDS_HDF5_NUMBER(uint32_t)
GRIDS_HDF5_NUMBER(int64_t)
#undef GRIDS_HDF5_NUMBER

}  // namespace grids::hdf5
