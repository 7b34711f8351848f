/// Chunks of vectors of numbers, packed and unpacked without the library and so without its lock:
/// by several threads, and by a faster inflate than zlib's. For the files behind hdf5.hpp.
///
/// The bytes that are written depend on the numbers alone, never on the number of threads.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "io/hdf5_internal.hpp"

namespace grids::core::hdf5 {

using Bytes = std::vector<uint8_t>;

/// How the chunks of a vector are coded: by shuffle, gzip, both (in any order) or neither.
struct ChunkCoding {
  std::shared_ptr<const Handle> type;  ///< of the entries as they are stored
  size_t entry_bytes = 0;              ///< of one entry
  int64_t entries = 0;                 ///< of a chunk
  std::vector<H5Z_filter_t> filters;   ///< in the order in which they are applied when writing
  Bytes fill;                          ///< an entry of chunks that were never written

  size_t bytes() const { return entry_bytes * static_cast<size_t>(entries); }
};

/// A chunk as it lies in the file.
struct PackedChunk {
  Bytes bytes;
  uint32_t skipped = 0;  ///< a bit for each filter that was not applied
};

/// A whole chunk, filtered as its coding says. gzip is skipped where it would not make it smaller.
PackedChunk pack_chunk(const ChunkCoding& coding, const uint8_t* entries);

/// Fills all bytes of a chunk, or returns false: damaged, or of another size.
bool unpack_chunk(const ChunkCoding& coding, const PackedChunk& packed, uint8_t* out);

/// The coding of a dataset, or nothing where only the library can read it: other filters or types,
/// more dimensions, no chunks, chunks that are too large to be kept. Under the lock.
std::optional<ChunkCoding> chunk_coding(hid_t dataset);

/// Reads slices of such a vector; safe to use from several threads at once.
class ChunkReader {
 public:
  /// `dataset` outlives it. `pool` may be null: then chunks are unpacked one after the other.
  ChunkReader(Place place, hid_t dataset, ChunkCoding coding, ThreadPool* pool);
  ~ChunkReader();
  ChunkReader(const ChunkReader&) = delete;
  ChunkReader& operator=(const ChunkReader&) = delete;

  /// Entries [first, first + count), which exist, converted to `type` as the library does. Takes
  /// the lock where it needs it; it is not to be held. Throws Error(kInput) that names the damaged
  /// piece.
  void read(int64_t first, int64_t count, hid_t type, size_t type_bytes, void* out) const;

 private:
  struct Piece;
  struct Kept;

  std::vector<Piece> pieces(int64_t first, int64_t count) const;
  void fetch(std::span<Piece> pieces) const;
  void unpack(Piece& piece, uint8_t* out) const;
  void read_stored(int64_t first, int64_t count, uint8_t* out) const;

  Place place_;
  hid_t dataset_;
  ChunkCoding coding_;
  ThreadPool* pool_;
  std::unique_ptr<Kept> kept_;
};

/// Writes whole chunks of a vector from entry `first` on, where a chunk begins. Takes the lock
/// where it needs it; it is not to be held.
void write_chunks(const Place& place, hid_t dataset, const ChunkCoding& coding, int64_t first,
                  std::span<const uint8_t> entries, ThreadPool* pool);

}  // namespace grids::core::hdf5
