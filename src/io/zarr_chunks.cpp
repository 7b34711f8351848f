#include "io/zarr_chunks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/at.hpp"
#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "io/zarr_convert.hpp"

namespace grids::core::zarr {
namespace {

/// What pieces that are in work at a time may take; larger ones are unpacked one after the other.
constexpr int64_t kBytesInWork = int64_t{1} << 30;

/// The largest number where it is larger still.
int64_t entries_of(const std::vector<int64_t>& sides) {
  int64_t entries = 1;
  for (const int64_t side : sides) {
    if (__builtin_mul_overflow(entries, side, &entries)) return std::numeric_limits<int64_t>::max();
  }
  return entries;
}

int64_t divided_up(int64_t count, int64_t by) {
  return count / by + (count % by != 0 ? 1 : 0);
}

template <typename T>
T number_at(std::string_view bytes, size_t place) {
  T value;
  std::memcpy(&value, bytes.data() + place, sizeof value);
  return value;
}

}  // namespace

/// What is unpacked as one, and where it lies.
struct PieceReader::Piece {
  int64_t number = 0;          ///< among all pieces of the array
  std::vector<int64_t> where;  ///< in pieces along each dimension
  std::string key;
  int64_t inner = -1;  ///< its number in a shard
};

/// Entries that follow each other in a piece, and do so in the result.
struct PieceReader::Run {
  size_t from = 0;
  size_t to = 0;
  size_t count = 0;
};

/// Where the pieces of a shard lie in it.
struct PieceReader::Index {
  struct Slot {
    uint64_t place = 0;
    uint64_t bytes = 0;
  };
  bool there = false;  ///< the shard itself
  int64_t bytes = 0;
  std::vector<Slot> slots;
};

PieceReader::PieceReader(std::shared_ptr<const Hierarchy> store, Place place, ArrayNode node,
                         bool filling, ThreadPool* pool)
    : store_(std::move(store)),
      place_(std::move(place)),
      node_(std::move(node)),
      filling_(filling),
      pool_(pool),
      piece_entries_(entries_of(node_.piece())) {}

Error PieceReader::damaged(const Piece& piece, std::string_view what) const {
  const auto inner = piece.inner < 0 ? std::string() : fmt::format(" (part {})", piece.inner);
  return place_.error(fmt::format("chunk '{}'{}: {}; copy the store again, or write it anew",
                                  piece.key, inner, what));
}

Error PieceReader::missing(const Piece& piece) const {
  return damaged(piece, node_.fill ? "is missing, and these entries are not taken for its fill "
                                     "value (where it was left out for holding nothing else, write "
                                     "with zarr.config.set({'array.write_empty_chunks': True}))"
                                   : "is missing, and the array has no fill value");
}

// ---- where pieces lie ----

int64_t PieceReader::pieces_of(int64_t first, int64_t count) const {
  const auto& side = node_.piece();
  if (side.empty()) return 1;
  int64_t pieces = (first + count - 1) / side[0] - first / side[0] + 1;
  for (size_t d = 1; d < side.size(); ++d) pieces *= divided_up(node_.shape[d], side[d]);
  return pieces;
}

PieceReader::Piece PieceReader::piece(int64_t first, int64_t number) const {
  const auto& side = node_.piece();
  Piece piece;
  piece.where.resize(side.size());
  int64_t in_a_row = 1;
  for (size_t d = side.size(); d-- > 1;) {
    const int64_t along = divided_up(node_.shape[d], side[d]);
    piece.where[d] = number / in_a_row % along;
    in_a_row *= along;
  }
  if (!side.empty()) piece.where[0] = first / side[0] + number / in_a_row;
  piece.number = side.empty() ? 0 : first / side[0] * in_a_row + number;
  auto chunk = piece.where;
  if (node_.coding.shards) {
    piece.inner = 0;
    for (size_t d = 0; d < side.size(); ++d) {
      const int64_t along = node_.chunk[d] / side[d];
      chunk[d] = piece.where[d] / along;
      piece.inner = piece.inner * along + piece.where[d] % along;
    }
  }
  piece.key = key_of(chunk);
  return piece;
}

std::string PieceReader::key_of(const std::vector<int64_t>& chunk) const {
  std::string key = node_.before_key;
  for (const int64_t number : chunk) {
    if (!key.empty()) key += node_.separator;
    key += std::to_string(number);
  }
  return key.empty() ? "0" : key;
}

std::vector<PieceReader::Run> PieceReader::runs(const Piece& piece, int64_t first,
                                                int64_t count) const {
  const auto& side = node_.piece();
  const auto& shape = node_.shape;
  const size_t dimensions = side.size();
  if (dimensions == 0) return {{0, 0, 1}};
  // What of the piece is wanted, along each dimension.
  std::vector<int64_t> begin(dimensions), end(dimensions);
  for (size_t d = 0; d < dimensions; ++d) {
    const int64_t at_least = d == 0 ? first : 0;
    const int64_t below = d == 0 ? first + count : shape[d];
    begin[d] = std::max(piece.where[d] * side[d], at_least);
    end[d] = std::min((piece.where[d] + 1) * side[d], below);
  }
  std::vector<Run> runs;
  auto now = begin;
  const size_t last = dimensions - 1;
  for (;;) {
    int64_t from = 0, to = 0;
    for (size_t d = 0; d < dimensions; ++d) {
      from = from * side[d] + now[d] - piece.where[d] * side[d];
      to = to * (d == 0 ? count : shape[d]) + now[d] - (d == 0 ? first : 0);
    }
    runs.push_back({at(from), at(to), at(end[last] - begin[last])});
    size_t d = last;
    while (d > 0 && ++now[d - 1] == end[d - 1]) {
      now[d - 1] = begin[d - 1];
      --d;
    }
    if (d == 0) return runs;
  }
}

template <typename Work>
void PieceReader::for_pieces(int64_t first, int64_t count, const Work& work) const {
  const int64_t pieces = pieces_of(first, count);
  const auto one = [&](int64_t number) {
    Piece here = piece(first, number);
    work(here);
  };
  const auto bytes = static_cast<double>(piece_entries_) * static_cast<double>(node_.type.bytes);
  if (pool_ != nullptr && bytes * pool_->threads() <= static_cast<double>(kBytesInWork)) {
    pool_->for_each(pieces, one);
    return;
  }
  for (int64_t number = 0; number < pieces; ++number) one(number);
}

// ---- fetching ----

std::shared_ptr<const PieceReader::Index> PieceReader::index_of(const Piece& piece) const {
  {
    const std::lock_guard guard(mutex_);
    const auto known = indexes_.find(piece.key);
    if (known != indexes_.end()) return known->second;
  }
  auto index = std::make_shared<Index>();
  const auto& shards = *node_.coding.shards;
  const auto key = joined(place_.path, piece.key);
  const auto bytes = store_->keys().size(key);
  if (bytes) {
    index->there = true;
    index->bytes = *bytes;
    double slots = 1;
    for (size_t d = 0; d < shards.chunk.size(); ++d) {
      const int64_t along = node_.chunk[d] / shards.chunk[d];
      slots *= static_cast<double>(along);
    }
    constexpr size_t kSlot = 2 * sizeof(uint64_t);
    const size_t checked = shards.index_checked ? sizeof(uint32_t) : 0;
    const double needed = slots * kSlot + static_cast<double>(checked);
    if (needed > static_cast<double>(*bytes)) {
      throw damaged({0, {}, piece.key}, "is shorter than the index that it must have");
    }
    const auto size = static_cast<int64_t>(needed);
    const auto content = store_->keys().read(key, shards.index_first ? 0 : *bytes - size, size);
    const auto table = std::string_view(content).substr(0, content.size() - checked);
    if (checked > 0 && number_at<uint32_t>(content, table.size()) != crc32c_of(table)) {
      throw damaged({0, {}, piece.key}, "the checksum of its index disagrees with it");
    }
    for (size_t place = 0; place < table.size(); place += kSlot) {
      index->slots.push_back({number_at<uint64_t>(table, place),
                              number_at<uint64_t>(table, place + sizeof(uint64_t))});
    }
  }
  const std::lock_guard guard(mutex_);
  return indexes_.emplace(piece.key, std::move(index)).first->second;
}

std::optional<std::string> PieceReader::packed_in_shard(Piece& piece) const {
  const auto index = index_of(piece);
  if (!index->there) return std::nullopt;
  const auto slot = index->slots[at(piece.inner)];
  constexpr auto kNothing = std::numeric_limits<uint64_t>::max();
  if (slot.place == kNothing && slot.bytes == kNothing) return std::nullopt;
  const auto bytes = static_cast<uint64_t>(index->bytes);
  if (slot.place > bytes || slot.bytes > bytes - slot.place) {
    throw damaged(piece, "is said to lie beyond the end of its shard");
  }
  return store_->keys().read(joined(place_.path, piece.key), static_cast<int64_t>(slot.place),
                             static_cast<int64_t>(slot.bytes));
}

std::optional<std::string> PieceReader::packed(Piece& piece) const {
  if (node_.coding.shards) return packed_in_shard(piece);
  const auto key = joined(place_.path, piece.key);
  const auto bytes = store_->keys().size(key);
  if (!bytes) return std::nullopt;
  // Packing makes nothing much larger; what claims to be was not written by it.
  if (node_.type.type != EntryKind::kText &&
      static_cast<double>(*bytes) >
          2.0 * static_cast<double>(piece_entries_ * node_.type.bytes) + 1024) {
    throw damaged(piece, fmt::format("has {} bytes, more than it can have", *bytes));
  }
  return store_->keys().read(key, 0, *bytes);
}

std::optional<std::string> PieceReader::unpacked_bytes(Piece& piece) const {
  const auto& coding = node_.coding.shards ? node_.coding.shards->coding : node_.coding.coding;
  if (!coding.refusal.empty()) throw place_.error(coding.refusal);
  auto bytes = packed(piece);
  if (!bytes) {
    if (!filling_ || !node_.fill) throw missing(piece);
    return std::nullopt;
  }
  const bool texts = node_.type.type == EntryKind::kText;
  const auto whole = texts ? std::nullopt : std::optional(piece_entries_ * node_.type.bytes);
  const auto most = static_cast<int64_t>(most_unpacked(bytes->size()));
  try {
    auto entries = unpacked(coding.codecs, std::move(*bytes), whole, whole.value_or(most));
    if (node_.type.big_endian && !texts) {
      swap_bytes(entries, node_.type.type == EntryKind::kUtf32 ? 4 : node_.type.bytes);
    }
    return entries;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    throw damaged(piece, error.what());
  }
}

// ---- numbers ----

std::shared_ptr<const std::string> PieceReader::numbers(Piece& piece) const {
  {
    const std::lock_guard guard(mutex_);
    if (kept_number_ == piece.number) return kept_;
  }
  auto entries = unpacked_bytes(piece);
  if (!entries) {
    const auto& fill = *node_.fill;
    entries.emplace(at(piece_entries_) * fill.size(), '\0');
    for (size_t i = 0; i < entries->size(); i += fill.size()) {
      std::copy(fill.begin(), fill.end(), entries->begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  if (node_.type.type == EntryKind::kFloat16) entries = widened(*entries);
  return std::make_shared<const std::string>(std::move(*entries));
}

void PieceReader::read(int64_t first, const store::Memory& out) const {
  int64_t width = 1;
  for (size_t d = 1; d < node_.shape.size(); ++d) width *= node_.shape[d];
  const auto size = std::visit([](const auto& span) { return std::ssize(span); }, out);
  const int64_t count = size / width;
  const int64_t pieces = pieces_of(first, count);
  for_pieces(first, count, [&](Piece& piece) {
    const auto entries = numbers(piece);
    with_number(node_.type.type, [&](auto stored) {
      using From = decltype(stored);
      std::visit(
          [&](const auto& span) {
            for (const auto& run : runs(piece, first, count)) {
              convert<From>(entries->data() + run.from * sizeof(From), span.data() + run.to,
                            run.count);
            }
          },
          out);
    });
    // Which one is kept does not depend on the order in which they are done.
    const auto& side = node_.piece();
    const bool is_last = !side.empty() && (first + count) % side[0] != 0 &&
                         first + count < node_.shape[0] &&
                         piece.number == this->piece(first, pieces - 1).number;
    if (!is_last) return;
    const std::lock_guard guard(mutex_);
    kept_number_ = piece.number;
    kept_ = entries;
  });
}

// ---- texts ----

/// Each is preceded by its length, all by their number.
std::vector<std::string> PieceReader::texts(const Piece& piece, std::string_view bytes) const {
  constexpr size_t kLength = sizeof(uint32_t);
  std::vector<std::string> texts;
  if (node_.type.type != EntryKind::kText) {
    texts.resize(at(piece_entries_));
    for (size_t i = 0; i < texts.size(); ++i) {
      if (!text_of(node_.type.type, bytes.data() + i * at(node_.type.bytes), node_.type.bytes,
                   texts[i])) {
        throw damaged(piece, "holds text that is no UTF-32");
      }
    }
    return texts;
  }
  if (bytes.size() < kLength) throw damaged(piece, "its texts are cut short");
  const uint32_t count = number_at<uint32_t>(bytes, 0);
  bytes.remove_prefix(kLength);
  if (count != piece_entries_ || bytes.size() / kLength < count) {
    throw damaged(piece, fmt::format("holds {} texts instead of {}", count, piece_entries_));
  }
  texts.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (bytes.size() < kLength) throw damaged(piece, "its texts are cut short");
    const size_t length = number_at<uint32_t>(bytes, 0);
    bytes.remove_prefix(kLength);
    if (length > bytes.size()) throw damaged(piece, "its texts are cut short");
    texts.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return texts;
}

std::vector<std::string> PieceReader::read_text() const {
  std::vector<std::string> result(at(entries_of(node_.shape)));
  if (result.empty()) return result;
  const int64_t rows = node_.shape.empty() ? 1 : node_.shape[0];
  for_pieces(0, rows, [&](Piece& piece) {
    const auto bytes = unpacked_bytes(piece);
    auto entries = bytes ? texts(piece, *bytes) : std::vector<std::string>();
    for (const auto& run : runs(piece, 0, rows)) {
      for (size_t i = 0; i < run.count; ++i) {
        auto& text = result[run.to + i];
        if (bytes) {
          text = std::move(entries[run.from + i]);
        } else {
          text = *node_.fill;
        }
      }
    }
  });
  return result;
}

}  // namespace grids::core::zarr
