#include "io/hdf5_chunks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>

#include "base/at.hpp"
#include "base/error.hpp"
#include "io/deflate.hpp"

namespace grids::core::hdf5 {
namespace {

/// Larger chunks are left to the library: the one that a slice ends in is kept.
constexpr size_t kLargestChunk = size_t{1} << 26;
/// Unpacked bytes that are in work at a time, and the most chunks.
constexpr int64_t kBytesInWork = int64_t{1} << 24;
constexpr int64_t kChunksInWork = 256;

static_assert(std::endian::native == std::endian::little);

/// Bytes of one significance together, as HDF5's shuffle lays them: plane by plane, which the
/// compiler turns into instructions over many entries.
template <typename T>
void shuffle_of(const uint8_t* in, size_t entries, uint8_t* out) {
  for (size_t byte = 0; byte < sizeof(T); ++byte) {
    uint8_t* const plane = out + byte * entries;
    for (size_t i = 0; i < entries; ++i) {
      T entry = 0;
      std::memcpy(&entry, in + i * sizeof entry, sizeof entry);
      plane[i] = static_cast<uint8_t>(entry >> (8 * byte));
    }
  }
}
template <typename T>
void unshuffle_of(const uint8_t* in, size_t entries, uint8_t* out) {
  for (size_t i = 0; i < entries; ++i) {
    T entry = 0;
    for (size_t byte = 0; byte < sizeof(T); ++byte) {
      entry = static_cast<T>(entry | static_cast<T>(T{in[byte * entries + i]} << (8 * byte)));
    }
    std::memcpy(out + i * sizeof entry, &entry, sizeof entry);
  }
}

void shuffle(size_t width, const uint8_t* in, size_t entries, uint8_t* out) {
  switch (width) {
    case 2:
      return shuffle_of<uint16_t>(in, entries, out);
    case 4:
      return shuffle_of<uint32_t>(in, entries, out);
    case 8:
      return shuffle_of<uint64_t>(in, entries, out);
    default:
      std::memcpy(out, in, width * entries);
  }
}

void unshuffle(size_t width, const uint8_t* in, size_t entries, uint8_t* out) {
  switch (width) {
    case 2:
      return unshuffle_of<uint16_t>(in, entries, out);
    case 4:
      return unshuffle_of<uint32_t>(in, entries, out);
    case 8:
      return unshuffle_of<uint64_t>(in, entries, out);
    default:
      std::memcpy(out, in, width * entries);
  }
}

bool is_skipped(uint32_t skipped, size_t filter) {
  return ((skipped >> filter) & 1u) != 0;
}

/// Whether the filters are shuffle and gzip, each at most once.
std::optional<std::vector<H5Z_filter_t>> known_filters(hid_t properties) {
  std::vector<H5Z_filter_t> filters;
  const int count = H5Pget_nfilters(properties);
  if (count < 0) return std::nullopt;
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    size_t values = 0;
    const auto filter = H5Pget_filter2(properties, static_cast<unsigned>(i), &flags, &values,
                                       nullptr, 0, nullptr, nullptr);
    const bool known = filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_DEFLATE;
    if (!known || std::find(filters.begin(), filters.end(), filter) != filters.end()) {
      return std::nullopt;
    }
    filters.push_back(filter);
  }
  return filters;
}

void for_each_chunk(ThreadPool* pool, int64_t count, const std::function<void(int64_t)>& work) {
  if (pool != nullptr) {
    pool->for_each(count, work);
    return;
  }
  for (int64_t i = 0; i < count; ++i) work(i);
}

int64_t chunks_in_work(const ChunkCoding& coding) {
  return std::clamp(kBytesInWork / static_cast<int64_t>(coding.bytes()), int64_t{1}, kChunksInWork);
}

}  // namespace

PackedChunk pack_chunk(const ChunkCoding& coding, const uint8_t* entries) {
  PackedChunk chunk;
  std::span<const uint8_t> now(entries, coding.bytes());
  bool shuffled = false;
  for (size_t i = 0; i < coding.filters.size(); ++i) {
    Bytes filtered;
    if (coding.filters[i] == H5Z_FILTER_SHUFFLE) {
      filtered.resize(now.size());
      shuffle(coding.entry_bytes, now.data(), at(coding.entries), filtered.data());
      shuffled = true;
    } else {
      filtered = shuffled ? deflate_planes(now, coding.entry_bytes) : deflate_bytes(now);
    }
    if (filtered.empty()) {
      chunk.skipped |= 1u << i;
    } else {
      chunk.bytes = std::move(filtered);
      now = chunk.bytes;
    }
  }
  if (chunk.bytes.empty()) chunk.bytes.assign(now.begin(), now.end());
  return chunk;
}

bool unpack_chunk(const ChunkCoding& coding, const PackedChunk& packed, uint8_t* out) {
  const size_t size = coding.bytes();
  Bytes scratch;
  const Bytes* from = &packed.bytes;
  for (size_t i = coding.filters.size(); i-- > 0;) {
    if (is_skipped(packed.skipped, i)) continue;
    const bool last = i == 0 || (i == 1 && is_skipped(packed.skipped, 0));
    Bytes unpacked;
    if (!last) unpacked.resize(size);
    uint8_t* to = last ? out : unpacked.data();
    if (coding.filters[i] == H5Z_FILTER_DEFLATE) {
      if (!inflate_exactly(*from, {to, size})) return false;
    } else {
      if (from->size() != size) return false;
      unshuffle(coding.entry_bytes, from->data(), at(coding.entries), to);
    }
    if (last) return true;
    scratch = std::move(unpacked);
    from = &scratch;
  }
  if (from->size() != size) return false;
  std::memcpy(out, from->data(), size);
  return true;
}

std::optional<ChunkCoding> chunk_coding(hid_t dataset) {
  const auto extent = extent_of(dataset);
  if (extent.size() != 1) return std::nullopt;
  const Handle properties(H5Dget_create_plist(dataset));
  if (H5Pget_layout(properties.id()) != H5D_CHUNKED) return std::nullopt;
  unsigned options = 0;
  hsize_t length = 0;
  auto filters = known_filters(properties.id());
  if (!filters || H5Pget_chunk_opts(properties.id(), &options) < 0 || options != 0 ||
      H5Pget_chunk(properties.id(), 1, &length) < 0 || length == 0) {
    return std::nullopt;
  }
  Handle type(H5Dget_type(dataset));
  const auto type_class = H5Tget_class(type.id());
  const size_t width = H5Tget_size(type.id());
  if ((type_class != H5T_INTEGER && type_class != H5T_FLOAT) ||
      (width != 1 && width != 2 && width != 4 && width != 8) || length > kLargestChunk / width) {
    return std::nullopt;
  }
  ChunkCoding coding{nullptr, width, static_cast<int64_t>(length), std::move(*filters),
                     Bytes(width)};
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  if (H5Pfill_value_defined(properties.id(), &defined) < 0 || defined == H5D_FILL_VALUE_UNDEFINED ||
      H5Pget_fill_value(properties.id(), type.id(), coding.fill.data()) < 0) {
    return std::nullopt;
  }
  coding.type = std::make_shared<const Handle>(std::move(type));
  return coding;
}

/// A chunk and which of its entries are wanted.
struct ChunkReader::Piece {
  int64_t chunk = 0;
  int64_t begin = 0;  ///< within the chunk
  int64_t count = 0;
  int64_t to = 0;       ///< where the first goes, in entries
  bool absent = false;  ///< never written: it holds the fill value
  bool damaged = false;
  std::shared_ptr<const Bytes> unpacked = {};  ///< where it was kept
  PackedChunk packed = {};
};

/// The chunk in which the last slice ended, with which the next one is likely to begin.
struct ChunkReader::Kept {
  std::mutex mutex;
  int64_t chunk = -1;
  std::shared_ptr<const Bytes> bytes;
};

ChunkReader::ChunkReader(Place place, hid_t dataset, ChunkCoding coding, ThreadPool* pool)
    : place_(std::move(place)),
      dataset_(dataset),
      coding_(std::move(coding)),
      pool_(pool),
      kept_(std::make_unique<Kept>()) {}

ChunkReader::~ChunkReader() = default;

std::vector<ChunkReader::Piece> ChunkReader::pieces(int64_t first, int64_t count) const {
  std::vector<Piece> result;
  const int64_t end = first + count;
  result.reserve(at(count / coding_.entries + 2));
  for (int64_t next = first; next < end;) {
    Piece piece;
    piece.chunk = next / coding_.entries;
    piece.begin = next % coding_.entries;
    piece.count = std::min(coding_.entries - piece.begin, end - next);
    piece.to = next - first;
    next += piece.count;
    result.push_back(std::move(piece));
  }
  const std::lock_guard guard(kept_->mutex);
  if (!result.empty() && result.front().chunk == kept_->chunk) {
    result.front().unpacked = kept_->bytes;
  }
  return result;
}

/// Takes the packed bytes out of the file.
void ChunkReader::fetch(std::span<Piece> pieces) const {
  // Packing makes nothing much larger; what claims to be was not written by it.
  const hsize_t most = 2 * coding_.bytes() + 1024;
  const Lock lock;
  for (auto& piece : pieces) {
    if (piece.unpacked != nullptr) continue;
    const hsize_t offset = at(piece.chunk) * at(coding_.entries);
    hsize_t size = 0;
    // Looks one chunk up. The other function walks through all chunks of the dataset; it tells one
    // that was never written from one without bytes.
    if (H5Dget_chunk_storage_size(dataset_, &offset, &size) < 0 || size == 0) {
      unsigned skipped = 0;
      haddr_t address = HADDR_UNDEF;
      if (H5Dget_chunk_info_by_coord(dataset_, &offset, &skipped, &address, &size) < 0) {
        throw place_.error(
            fmt::format("cannot be read ({}); copy or write the file again", reason()));
      }
      piece.absent = address == HADDR_UNDEF;
    }
    if (piece.absent) continue;
    piece.damaged = size == 0 || size > most;
    if (piece.damaged) continue;
    piece.packed.bytes.resize(size);
    if (H5Dread_chunk(dataset_, H5P_DEFAULT, &offset, &piece.packed.skipped,
                      piece.packed.bytes.data()) < 0) {
      throw place_.error(
          fmt::format("cannot be read ({}); copy or write the file again", reason()));
    }
  }
}

/// Entries as they are stored; `out` is where the first piece of the slice goes.
void ChunkReader::unpack(Piece& piece, uint8_t* out) const {
  const size_t width = coding_.entry_bytes;
  uint8_t* to = out + at(piece.to) * width;
  const size_t size = at(piece.count) * width;
  if (piece.damaged) return;
  if (piece.absent) {
    for (size_t i = 0; i < size; i += width) std::memcpy(to + i, coding_.fill.data(), width);
    return;
  }
  if (piece.unpacked == nullptr && piece.count == coding_.entries) {
    piece.damaged = !unpack_chunk(coding_, piece.packed, to);
  } else {
    if (piece.unpacked == nullptr) {
      auto whole = std::make_shared<Bytes>(coding_.bytes());
      piece.damaged = !unpack_chunk(coding_, piece.packed, whole->data());
      piece.unpacked = std::move(whole);
    }
    std::memcpy(to, piece.unpacked->data() + at(piece.begin) * width, size);
  }
  piece.packed.bytes = Bytes();
}

void ChunkReader::read_stored(int64_t first, int64_t count, uint8_t* out) const {
  auto all = pieces(first, count);
  const auto step = at(chunks_in_work(coding_));
  for (size_t begin = 0; begin < all.size(); begin += step) {
    const auto now = std::span(all).subspan(begin, std::min(step, all.size() - begin));
    fetch(now);
    for_each_chunk(pool_, std::ssize(now), [&](int64_t i) { unpack(now[at(i)], out); });
    for (const auto& piece : now) {
      if (!piece.damaged) continue;
      throw place_.error(fmt::format(
          "cannot be read (what is packed of entries {} to {} is damaged); copy or write the file "
          "again",
          piece.chunk * coding_.entries, (piece.chunk + 1) * coding_.entries - 1));
    }
  }
  const auto& last = all.back();
  if (last.unpacked == nullptr) return;
  const std::lock_guard guard(kept_->mutex);
  kept_->chunk = last.chunk;
  kept_->bytes = last.unpacked;
}

void ChunkReader::read(int64_t first, int64_t count, hid_t type, size_t type_bytes,
                       void* out) const {
  if (count == 0) return;
  const bool same = [&] {
    const Lock lock;
    return H5Tequal(coding_.type->id(), type) > 0;
  }();
  if (same) {
    read_stored(first, count, static_cast<uint8_t*>(out));
    return;
  }
  const int64_t step = chunks_in_work(coding_) * coding_.entries;
  Bytes scratch;
  for (int64_t done = 0; done < count;) {
    // Steps end where chunks do.
    const int64_t now = std::min(count - done, step - (first + done) % coding_.entries);
    scratch.resize(at(now) * std::max(coding_.entry_bytes, type_bytes));
    read_stored(first + done, now, scratch.data());
    {
      const Lock lock;
      if (H5Tconvert(coding_.type->id(), type, at(now), scratch.data(), nullptr, H5P_DEFAULT) < 0) {
        throw place_.error(fmt::format("cannot be read ({})", reason()));
      }
    }
    std::memcpy(static_cast<uint8_t*>(out) + at(done) * type_bytes, scratch.data(),
                at(now) * type_bytes);
    done += now;
  }
}

void write_chunks(const Place& place, hid_t dataset, const ChunkCoding& coding, int64_t first,
                  std::span<const uint8_t> entries, ThreadPool* pool) {
  const auto count = static_cast<int64_t>(entries.size() / coding.bytes());
  const int64_t step = chunks_in_work(coding);
  std::vector<PackedChunk> packed;
  for (int64_t begin = 0; begin < count; begin += step) {
    packed.assign(at(std::min(step, count - begin)), {});
    for_each_chunk(pool, std::ssize(packed), [&](int64_t i) {
      packed[at(i)] = pack_chunk(coding, entries.data() + at(begin + i) * coding.bytes());
    });
    const Lock lock;
    for (size_t i = 0; i < packed.size(); ++i) {
      const auto chunk = begin + static_cast<int64_t>(i);
      const hsize_t offset = at(first) + at(chunk) * at(coding.entries);
      if (H5Dwrite_chunk(dataset, H5P_DEFAULT, packed[i].skipped, &offset, packed[i].bytes.size(),
                         packed[i].bytes.data()) < 0) {
        throw place.error(fmt::format("cannot be written ({})", reason()));
      }
    }
  }
}

}  // namespace grids::core::hdf5
