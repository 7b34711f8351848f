#include <fmt/core.h>

#include <algorithm>

#include "base/at.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_chunks.hpp"
#include "io/hdf5_internal.hpp"

namespace grids::core::hdf5 {
namespace {

using store::ArraySink;
using store::AttributeValue;
using store::GroupSink;
using store::Repeats;
using store::Scalar;
using store::Type;
using store::Values;

/// Entries from which on compression pays for its chunk.
constexpr int64_t kCompressFrom = 1024;
/// Large enough to compress well, small enough to fit HDF5's cache of chunks while it fills.
constexpr int64_t kChunkBytes = 1 << 18;
/// The lowest level costs a third of the time of the default for files a few per cent larger.
constexpr unsigned kGzipLevel = 1;

struct StoredType {
  hid_t id;
  size_t bytes;
};

StoredType stored_type(Type type) {
  switch (type) {
    case Type::kFloat32:
      return {H5T_NATIVE_FLOAT, sizeof(float)};
    case Type::kUint8:
      return {H5T_NATIVE_UINT8, sizeof(uint8_t)};
    case Type::kInt32:
      return {H5T_NATIVE_INT32, sizeof(int32_t)};
  }
  throw internal_error("an array of type {}", static_cast<int>(type));
}

/// How to create a dataset: in compressed chunks of `chunk`, or in one piece when that is empty.
Handle creation(const std::vector<hsize_t>& chunk, size_t element_size,
                Repeats repeats = Repeats::kBytes) {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(properties.id(), 0);  // the same content gives the same bytes
  if (!chunk.empty()) {
    H5Pset_chunk(properties.id(), static_cast<int>(chunk.size()), chunk.data());
    if (element_size > 1 && repeats == Repeats::kBytes) H5Pset_shuffle(properties.id());
    H5Pset_deflate(properties.id(), kGzipLevel);
  }
  return properties;
}

/// Names are UTF-8, and groups on the way are made.
Handle links() {
  Handle properties(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(properties.id(), 1);
  H5Pset_char_encoding(properties.id(), H5T_CSET_UTF8);
  return properties;
}

Handle vector_space(hsize_t count) {
  return Handle(H5Screate_simple(1, &count, nullptr));
}

// ---- attributes ----

/// Creates (replacing nothing) and fills one attribute; an empty list has no value.
void put_attribute(const Place& place, hid_t object, const std::string& name, hid_t type,
                   const Handle& space, const void* value) {
  const Handle attribute(
      H5Acreate2(object, name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT));
  checked(place, attribute.id(), "attribute " + name);
  if (value != nullptr) checked(place, H5Awrite(attribute.id(), type, value), "attribute " + name);
}

void write_attribute(const Place& place, hid_t object, const std::string& name,
                     const AttributeValue& value) {
  const Lock lock;
  const auto put = [&](hid_t type, const Handle& space, const void* data) {
    put_attribute(place, object, name, type, space, data);
  };
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const std::string copy(*text);
    const char* pointer = copy.c_str();
    put(text_type().id(), Handle(H5Screate(H5S_SCALAR)), &pointer);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    const int8_t stored = *truth ? 1 : 0;
    put(boolean_type().id(), Handle(H5Screate(H5S_SCALAR)), &stored);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    put(H5T_NATIVE_INT64, Handle(H5Screate(H5S_SCALAR)), number);
  } else if (const auto* numbers = std::get_if<std::span<const int64_t>>(&value)) {
    put(H5T_NATIVE_INT64, vector_space(numbers->size()),
        numbers->empty() ? nullptr : numbers->data());
  } else {
    std::vector<const char*> pointers;
    for (const auto& one : std::get<std::span<const std::string>>(value)) {
      pointers.push_back(one.c_str());
    }
    put(text_type().id(), vector_space(pointers.size()),
        pointers.empty() ? nullptr : pointers.data());
  }
}

/// Attributes cannot grow: the list is written anew.
void extend_list(const Place& place, hid_t object, const std::string& name,
                 const std::string& text) {
  const Lock lock;
  std::vector<std::string> texts;
  {
    const Handle attribute(
        checked(place, H5Aopen(object, name.c_str(), H5P_DEFAULT), "attribute " + name));
    texts = read_texts(place, attribute.id(), name);
  }
  texts.push_back(text);
  checked(place, H5Adelete(object, name.c_str()), "attribute " + name);
  write_attribute(place, object, name, texts);
}

// ---- arrays ----

class H5ArraySink final : public ArraySink {
 public:
  H5ArraySink(Place place, Handle handle, ThreadPool* pool)
      : ArraySink(std::move(place)), handle_(std::move(handle)), pool_(pool) {}

  hid_t id() const { return handle_.id(); }
  void set_attribute(const std::string& name, const AttributeValue& value) override {
    write_attribute(place(), id(), name, value);
  }
  void extend_attribute(const std::string& name, const std::string& text) override {
    extend_list(place(), id(), name, text);
  }
  void append(const Values& values) override;
  void write_rows(int64_t first, const Values& values) override;
  /// Entries of a vector from `first` on. Whole chunks are packed by the threads of the pool,
  /// without the lock, which is not to be held.
  void write_entries(int64_t first, const Buffer<const void*>& values);

 private:
  /// Rows that lie next to each other, by the library.
  void write_by_library(int64_t first, const Buffer<const void*>& values);
  /// How its chunks are packed; null where only the library writes them.
  const ChunkCoding* coding_for(hid_t type);

  Handle handle_;
  ThreadPool* pool_;
  bool looked_at_chunks_ = false;
  std::optional<ChunkCoding> coding_;
};

void H5ArraySink::append(const Values& values) {
  const auto buffer = buffer_of<const void*>(values);
  if (buffer.size == 0) return;
  int64_t before = 0;
  {
    const Lock lock;
    auto extent = extent_of(id());
    before = static_cast<int64_t>(extent[0]);
    extent[0] += buffer.size / (extent.size() > 1 ? extent[1] : 1);
    checked(place(), H5Dset_extent(id(), extent.data()), "cannot grow");
  }
  write_rows(before, values);
}

void H5ArraySink::write_rows(int64_t first, const Values& values) {
  const auto buffer = buffer_of<const void*>(values);
  if (buffer.size > 0) write_entries(first, buffer);
}

const ChunkCoding* H5ArraySink::coding_for(hid_t type) {
  const Lock lock;
  if (!looked_at_chunks_) {
    looked_at_chunks_ = true;
    coding_ = chunk_coding(id());
  }
  return coding_ && H5Tequal(coding_->type->id(), type) > 0 ? &*coding_ : nullptr;
}

void H5ArraySink::write_entries(int64_t first, const Buffer<const void*>& values) {
  const auto* coding = coding_for(values.type);
  if (coding == nullptr) {
    write_by_library(first, values);
    return;
  }
  // What begins or ends within a chunk goes through the library's cache, where it waits for the
  // rest.
  const auto* bytes = static_cast<const uint8_t*>(values.data);
  const auto part = [&](size_t begin, size_t count) {
    if (count == 0) return;
    write_by_library(first + static_cast<int64_t>(begin),
                     {values.type, values.bytes, bytes + begin * values.bytes, count});
  };
  const auto chunk = static_cast<size_t>(coding->entries);
  const size_t begin = std::min(values.size, (chunk - static_cast<size_t>(first) % chunk) % chunk);
  const size_t whole = (values.size - begin) / chunk * chunk;
  part(0, begin);
  write_chunks(place(), id(), *coding, first + static_cast<int64_t>(begin),
               {bytes + begin * values.bytes, whole * values.bytes}, pool_);
  part(begin + whole, values.size - begin - whole);
}

void H5ArraySink::write_by_library(int64_t first, const Buffer<const void*>& values) {
  const Lock lock;
  auto count = extent_of(id());
  const hsize_t width = count.size() > 1 ? count[1] : 1;
  std::vector<hsize_t> start(count.size(), 0);
  start[0] = static_cast<hsize_t>(first);
  count[0] = values.size / width;
  if (count[0] * width != values.size) {
    throw internal_error("{}: {} values written to rows of {}", place().path, values.size, width);
  }
  const Handle space(checked(place(), H5Dget_space(id()), "has no shape"));
  H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
  const Handle memory = vector_space(values.size);
  checked(place(), H5Dwrite(id(), values.type, memory.id(), space.id(), H5P_DEFAULT, values.data),
          "cannot be written");
}

// ---- groups ----

class H5GroupSink final : public GroupSink {
 public:
  H5GroupSink(Place place, Handle handle, ThreadPool* pool)
      : GroupSink(std::move(place)), handle_(std::move(handle)), pool_(pool) {}

  void set_attribute(const std::string& name, const AttributeValue& value) override {
    write_attribute(place(), id(), name, value);
  }
  void extend_attribute(const std::string& name, const std::string& text) override {
    extend_list(place(), id(), name, text);
  }
  std::shared_ptr<GroupSink> create_group(const std::string& name) override;
  std::shared_ptr<GroupSink> group(const std::string& name) override;
  std::shared_ptr<ArraySink> write(const std::string& name, const Values& values) override;
  std::shared_ptr<ArraySink> write_text(const std::string& name,
                                        std::span<const std::string> values) override;
  std::shared_ptr<ArraySink> write_booleans(const std::string& name,
                                            std::span<const uint8_t> values) override;
  std::shared_ptr<ArraySink> write_scalar(const std::string& name, const Scalar& value) override;
  std::shared_ptr<ArraySink> create_growing(const std::string& name, Type type, int64_t columns,
                                            Repeats repeats) override;
  std::shared_ptr<ArraySink> create_plain(const std::string& name, Type type, int64_t rows,
                                          int64_t columns) override;
  std::shared_ptr<ArraySink> create_filled(const std::string& name, uint8_t value,
                                           int64_t entries) override;
  void link(const std::string& name, const ArraySink& array) override;
  void flush() override;

 private:
  hid_t id() const { return handle_.id(); }
  /// How a dataset is stored, and accessed while it is open.
  struct Layout {
    const Handle& space;
    const Handle& creation;
    hid_t access = H5P_DEFAULT;
  };
  std::shared_ptr<H5ArraySink> create(const std::string& name, hid_t type, const Layout& layout);
  std::shared_ptr<ArraySink> write_vector(const std::string& name,
                                          const Buffer<const void*>& values, bool compressed);
  std::shared_ptr<ArraySink> write_one(const std::string& name, hid_t type, const void* value);

  Handle handle_;
  ThreadPool* pool_;
};

std::shared_ptr<GroupSink> H5GroupSink::create_group(const std::string& name) {
  const Lock lock;
  Handle handle(checked(place(),
                        H5Gcreate2(id(), name.c_str(), links().id(), H5P_DEFAULT, H5P_DEFAULT),
                        "cannot create the group", name));
  return std::make_shared<H5GroupSink>(place().child(name), std::move(handle), pool_);
}

std::shared_ptr<GroupSink> H5GroupSink::group(const std::string& name) {
  const Lock lock;
  Handle handle(
      checked(place(), H5Gopen2(id(), name.c_str(), H5P_DEFAULT), "there is no such group", name));
  return std::make_shared<H5GroupSink>(place().child(name), std::move(handle), pool_);
}

std::shared_ptr<H5ArraySink> H5GroupSink::create(const std::string& name, hid_t type,
                                                 const Layout& layout) {
  Handle handle(checked(place(),
                        H5Dcreate2(id(), name.c_str(), type, layout.space.id(), links().id(),
                                   layout.creation.id(), layout.access),
                        "cannot create the dataset", name));
  return std::make_shared<H5ArraySink>(place().child(name), std::move(handle), pool_);
}

std::shared_ptr<ArraySink> H5GroupSink::write_vector(const std::string& name,
                                                     const Buffer<const void*>& values,
                                                     bool compressed) {
  std::vector<hsize_t> chunk;
  if (compressed && values.size >= kCompressFrom) {
    chunk.push_back(std::min<hsize_t>(values.size, kChunkBytes / values.bytes));
  }
  std::shared_ptr<H5ArraySink> dataset;
  {
    const Lock lock;
    const Handle space = vector_space(values.size);
    const Handle properties = creation(chunk, values.bytes);
    dataset = create(name, values.type, {space, properties});
  }
  if (values.size > 0) dataset->write_entries(0, values);
  return dataset;
}

std::shared_ptr<ArraySink> H5GroupSink::write_one(const std::string& name, hid_t type,
                                                  const void* value) {
  const Handle space(H5Screate(H5S_SCALAR));
  const Handle properties = creation({}, 0);
  auto dataset = create(name, type, {space, properties});
  checked(place(), H5Dwrite(dataset->id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value),
          "cannot be written", name);
  return dataset;
}

std::shared_ptr<ArraySink> H5GroupSink::write(const std::string& name, const Values& values) {
  return write_vector(name, buffer_of<const void*>(values), true);
}

std::shared_ptr<ArraySink> H5GroupSink::write_booleans(const std::string& name,
                                                       std::span<const uint8_t> values) {
  const Lock lock;
  const Handle type = boolean_type();
  // The enumeration's base type is one signed byte; 0 and 1 look the same unsigned.
  return write_vector(name, {type.id(), 1, values.data(), values.size()}, true);
}

std::shared_ptr<ArraySink> H5GroupSink::write_text(const std::string& name,
                                                   std::span<const std::string> values) {
  const Lock lock;
  const Handle type = text_type();
  std::vector<const char*> pointers;
  pointers.reserve(values.size());
  for (const auto& value : values) pointers.push_back(value.c_str());
  // Compression would see the references to the texts, not the texts.
  return write_vector(name, {type.id(), sizeof(char*), pointers.data(), pointers.size()}, false);
}

std::shared_ptr<ArraySink> H5GroupSink::write_scalar(const std::string& name, const Scalar& value) {
  const Lock lock;
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const std::string copy(*text);
    const char* pointer = copy.c_str();
    return write_one(name, text_type().id(), &pointer);
  }
  if (const auto* truth = std::get_if<bool>(&value)) {
    const int8_t stored = *truth ? 1 : 0;
    return write_one(name, boolean_type().id(), &stored);
  }
  return write_one(name, H5T_NATIVE_INT64, &std::get<int64_t>(value));
}

std::shared_ptr<ArraySink> H5GroupSink::create_growing(const std::string& name, Type type,
                                                       int64_t columns, Repeats repeats) {
  const Lock lock;
  const auto [stored, bytes] = stored_type(type);
  std::vector<hsize_t> sizes = {0};
  std::vector<hsize_t> most = {H5S_UNLIMITED};
  std::vector<hsize_t> chunk = {kChunkBytes / bytes};
  if (columns > 0) {
    sizes.push_back(at(columns));
    most.push_back(at(columns));
    const auto across = std::min<hsize_t>(at(columns), chunk[0]);
    chunk = {std::max<hsize_t>(1, chunk[0] / across), across};
  }
  const Handle space(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), most.data()));
  const Handle properties = creation(chunk, bytes, repeats);
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS));
  // Several chunks stay open, so that a block of rows that ends inside a chunk packs it only once.
  H5Pset_chunk_cache(access.id(), 521, 8 * kChunkBytes, 1.0);
  return create(name, stored, {space, properties, access.id()});
}

std::shared_ptr<ArraySink> H5GroupSink::create_plain(const std::string& name, Type type,
                                                     int64_t rows, int64_t columns) {
  const Lock lock;
  const hsize_t sizes[] = {at(rows), at(columns)};
  const Handle space(H5Screate_simple(2, sizes, nullptr));
  const Handle properties = creation({}, 0);
  H5Pset_fill_time(properties.id(), H5D_FILL_TIME_NEVER);  // every row is written anyway
  return create(name, stored_type(type).id, {space, properties});
}

std::shared_ptr<ArraySink> H5GroupSink::create_filled(const std::string& name, uint8_t value,
                                                      int64_t entries) {
  const Lock lock;
  const hsize_t chunk = std::clamp<hsize_t>(at(entries), 1, kChunkBytes);
  const Handle space = vector_space(at(entries));
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(properties.id(), 0);
  // Chunks that are never written take no place, and readers make them of what is filled in.
  H5Pset_chunk(properties.id(), 1, &chunk);
  H5Pset_alloc_time(properties.id(), H5D_ALLOC_TIME_INCR);
  H5Pset_fill_value(properties.id(), H5T_NATIVE_UINT8, &value);
  return create(name, H5T_NATIVE_UINT8, {space, properties});
}

void H5GroupSink::link(const std::string& name, const ArraySink& array) {
  const Lock lock;
  const auto& stored = dynamic_cast<const H5ArraySink&>(array);
  checked(place(), H5Olink(stored.id(), id(), name.c_str(), links().id(), H5P_DEFAULT),
          "cannot link the dataset", name);
}

void H5GroupSink::flush() {
  const Lock lock;
  if (H5Fflush(id(), H5F_SCOPE_GLOBAL) < 0) throw place().error(reason());
}

}  // namespace

store::GroupWriter create(const std::filesystem::path& path, int64_t user_block, ThreadPool* pool) {
  const Lock lock;
  const Place place{path.string(), {}, true};
  const Handle creation(H5Pcreate(H5P_FILE_CREATE));
  if (user_block > 0) H5Pset_userblock(creation.id(), static_cast<hsize_t>(user_block));
  const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), H5P_DEFAULT));
  if (file.id() < 0) throw place.error(reason());
  // Everything opened in a file keeps it open.
  Handle root(H5Gopen2(file.id(), "/", H5P_DEFAULT));
  if (root.id() < 0) throw place.error(reason());
  return store::GroupWriter(std::make_shared<H5GroupSink>(place, std::move(root), pool));
}

}  // namespace grids::core::hdf5
