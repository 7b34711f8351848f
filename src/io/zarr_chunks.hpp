/// Reads the chunks of a Zarr array: fetches, unpacks and puts them where they belong, by several
/// threads. For the files behind zarr.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "io/zarr_metadata.hpp"

namespace grids::core::zarr {

/// Safe to use from several threads at once.
class PieceReader {
 public:
  /// With `filling`, entries of chunks that were never written hold the fill value; else they are
  /// an error. `pool` may be null.
  PieceReader(std::shared_ptr<const Hierarchy> store, Place place, ArrayNode node, bool filling,
              ThreadPool* pool);

  const ArrayNode& node() const { return node_; }
  bool filling() const { return filling_; }

  /// As store::ArraySource::read. Throws Error(kInput) that names array and chunk.
  void read(int64_t first, const store::Memory& out) const;
  std::vector<std::string> read_text() const;

 private:
  struct Piece;
  struct Run;
  struct Index;

  /// The pieces in which rows [first, first + count) lie: their number, and each of them.
  int64_t pieces_of(int64_t first, int64_t count) const;
  Piece piece(int64_t first, int64_t number) const;
  std::vector<Run> runs(const Piece& piece, int64_t first, int64_t count) const;
  template <typename Work>
  void for_pieces(int64_t first, int64_t count, const Work& work) const;

  std::string key_of(const std::vector<int64_t>& chunk) const;
  /// What is packed of a piece; nothing where it was never written.
  std::optional<std::string> packed(Piece& piece) const;
  std::optional<std::string> packed_in_shard(Piece& piece) const;
  std::shared_ptr<const Index> index_of(const Piece& piece) const;
  /// The entries of a piece as they are unpacked; nothing where it was never written.
  std::optional<std::string> unpacked_bytes(Piece& piece) const;
  std::shared_ptr<const std::string> numbers(Piece& piece) const;
  std::vector<std::string> texts(const Piece& piece, std::string_view bytes) const;
  Error damaged(const Piece& piece, std::string_view what) const;
  Error missing(const Piece& piece) const;

  std::shared_ptr<const Hierarchy> store_;
  Place place_;
  ArrayNode node_;
  bool filling_;
  ThreadPool* pool_;
  int64_t piece_entries_ = 1;

  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const Index>> indexes_;
  /// The piece in which the last slice ended, with which the next one is likely to begin.
  mutable int64_t kept_number_ = -1;
  mutable std::shared_ptr<const std::string> kept_;
};

}  // namespace grids::core::zarr
