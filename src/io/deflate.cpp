#include "io/deflate.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>

#include "base/error.hpp"

namespace grids::core {
namespace {

// RFC 1951, which the names of the format's parts below are from.
constexpr size_t kEndOfBlock = 256;
constexpr size_t kLengthCodes = 29;
constexpr size_t kSymbols = kEndOfBlock + 1 + kLengthCodes;
constexpr size_t kShortestMatch = 3;
constexpr size_t kLongestMatch = 258;
constexpr size_t kMostStored = 65535;
constexpr int kLongestCode = 15;
/// Codes of the lengths of codes: 16 repeats the one before, 17 and 18 repeat none.
constexpr size_t kLengthSymbols = 19;
constexpr int kLongestLengthCode = 7;
constexpr std::array<uint8_t, kLengthSymbols> kOrderOfLengths = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                                 11, 4,  12, 3, 13, 2, 14, 1, 15};

/// The lowest level costs two thirds of the time of the next ones for files 2 to 5 % larger.
constexpr int kLibraryLevel = 1;
/// A plane that would keep this share of its size is left as it is: reading it costs nothing then.
constexpr double kWorthIt = 0.97;
/// How much of a plane is tried, below which share runs are taken without a look for words, and
/// what words may have of what runs have to be taken.
constexpr size_t kTried = 8192;
constexpr double kPlainlyRuns = 0.25;
constexpr double kWordsWin = 0.9;

/// The code of a match's length and what follows it.
struct LengthCode {
  uint16_t symbol = 0;
  uint8_t extra_bits = 0;
  uint16_t first = 0;  ///< the shortest match of this code
};

std::array<LengthCode, kLongestMatch + 1> make_length_codes() {
  std::array<LengthCode, kLongestMatch + 1> codes{};
  size_t length = kShortestMatch;
  for (size_t k = 0; k < kLengthCodes - 1; ++k) {
    const auto extra = static_cast<uint8_t>(k < 8 ? 0 : (k - 4) / 4);
    const auto first = static_cast<uint16_t>(length);
    for (size_t i = 0; i < size_t{1} << extra; ++i, ++length) {
      codes[length] = {static_cast<uint16_t>(kEndOfBlock + 1 + k), extra, first};
    }
  }
  codes[kLongestMatch] = {static_cast<uint16_t>(kSymbols - 1), 0, kLongestMatch};
  return codes;
}

/// Bits, the lowest first, into room that is large enough.
class BitWriter {
 public:
  explicit BitWriter(uint8_t* out) : next_(out) {}

  /// At most 48 bits, if what was put before has been flushed.
  void put_quickly(uint64_t bits, int count) {
    waiting_ |= bits << count_;
    count_ += count;
  }
  /// Leaves at most 7 bits waiting.
  void flush() {
    std::memcpy(next_, &waiting_, sizeof waiting_);
    next_ += count_ >> 3;
    waiting_ >>= count_ & ~7;
    count_ &= 7;
  }
  void put(uint64_t bits, int count) {
    put_quickly(bits, count);
    flush();
  }
  void align() {
    if (count_ > 0) put(0, 8 - count_);
  }
  /// Where the next byte goes; the bits before it are to be aligned.
  uint8_t* place() const { return next_; }
  void pass_over(size_t bytes) { next_ += bytes; }

 private:
  uint8_t* next_;
  uint64_t waiting_ = 0;
  int count_ = 0;
};

/// A prefix code: lengths, and codes with their bits in the order in which they are written.
template <size_t kCount>
struct PrefixCode {
  std::array<uint8_t, kCount> lengths{};
  std::array<uint16_t, kCount> codes{};
};

/// Huffman's lengths by frequency, none above `longest`: where one is, frequencies are made more
/// alike until none is. A lone symbol gets one bit.
template <size_t kCount>
void set_lengths(std::array<uint32_t, kCount> frequencies, int longest, PrefixCode<kCount>& code) {
  for (;; std::for_each(frequencies.begin(), frequencies.end(),
                        [](uint32_t& f) { f = (f + 1) / 2; })) {
    struct Node {
      uint32_t weight = 0;
      uint16_t parent = 0;
    };
    std::array<uint16_t, kCount> order{};
    size_t leaves = 0;
    for (size_t s = 0; s < kCount; ++s) {
      if (frequencies[s] > 0) order[leaves++] = static_cast<uint16_t>(s);
    }
    code.lengths.fill(0);
    if (leaves == 1) code.lengths[order[0]] = 1;
    if (leaves < 2) return;
    std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(leaves),
              [&](uint16_t a, uint16_t b) {
                return std::pair(frequencies[a], a) < std::pair(frequencies[b], b);
              });
    // Leaves by weight, then what they join to, whose weights ascend as they are made.
    std::array<Node, 2 * kCount> nodes{};
    for (size_t i = 0; i < leaves; ++i) nodes[i].weight = frequencies[order[i]];
    const size_t root = 2 * leaves - 2;
    size_t leaf = 0;
    size_t inner = leaves;
    for (size_t made = leaves; made <= root; ++made) {
      const auto lightest = [&] {
        const bool take_leaf =
            leaf < leaves && (inner == made || nodes[leaf].weight <= nodes[inner].weight);
        return take_leaf ? leaf++ : inner++;
      };
      for (int child = 0; child < 2; ++child) {
        auto& node = nodes[lightest()];
        nodes[made].weight += node.weight;
        node.parent = static_cast<uint16_t>(made);
      }
    }
    std::array<uint8_t, 2 * kCount> depth{};
    int deepest = 0;
    for (size_t i = root; i-- > 0;) {
      depth[i] = static_cast<uint8_t>(depth[nodes[i].parent] + 1);
      deepest = std::max<int>(deepest, depth[i]);
    }
    if (deepest > longest) continue;
    for (size_t i = 0; i < leaves; ++i) code.lengths[order[i]] = depth[i];
    return;
  }
}

/// Codes of the same length ascend by symbol; each is written from its highest bit on.
template <size_t kCount>
void set_codes(PrefixCode<kCount>& code) {
  std::array<uint16_t, kLongestCode + 2> next{};
  for (const auto length : code.lengths) next[static_cast<size_t>(length) + 1] += length > 0;
  for (size_t length = 1; length <= kLongestCode; ++length) {
    next[length + 1] = static_cast<uint16_t>((next[length + 1] + next[length]) << 1);
  }
  for (size_t s = 0; s < kCount; ++s) {
    const int length = code.lengths[s];
    if (length == 0) continue;
    uint16_t plain = next[static_cast<size_t>(length)]++;
    uint16_t turned = 0;
    for (int bit = 0; bit < length; ++bit, plain >>= 1) {
      turned = static_cast<uint16_t>(turned << 1 | (plain & 1));
    }
    code.codes[s] = turned;
  }
}

template <size_t kCount>
PrefixCode<kCount> prefix_code(const std::array<uint32_t, kCount>& frequencies, int longest) {
  PrefixCode<kCount> code;
  set_lengths(frequencies, longest, code);
  set_codes(code);
  return code;
}

/// How far the run of the byte at `begin` goes.
size_t end_of_run(std::span<const uint8_t> plane, size_t begin) {
  constexpr uint64_t kEachByte = 0x0101010101010101u;
  const uint64_t eight = plane[begin] * kEachByte;
  size_t end = begin + 1;
  for (; end + sizeof eight <= plane.size(); end += sizeof eight) {
    uint64_t found = 0;
    std::memcpy(&found, plane.data() + end, sizeof found);
    if (found != eight) return end + static_cast<size_t>(std::countr_zero(found ^ eight)) / 8;
  }
  while (end < plane.size() && plane[end] == plane[begin]) ++end;
  return end;
}

/// Literals, and matches with the byte before.
struct Runs {
  std::vector<uint16_t> tokens;  ///< a byte, or kEndOfBlock and the length of a match
  std::array<uint32_t, kSymbols> frequencies{};
  uint64_t extra_bits = 0;
};

class RunFinder {
 public:
  RunFinder() : length_codes_(make_length_codes()) {}

  void find(std::span<const uint8_t> plane, Runs& runs) const {
    runs.tokens.resize(plane.size());
    runs.frequencies.fill(0);
    runs.extra_bits = 0;
    uint16_t* out = runs.tokens.data();
    for (size_t begin = 0; begin < plane.size();) {
      const size_t end = end_of_run(plane, begin);
      ++runs.frequencies[plane[begin]];
      *out++ = plane[begin];
      size_t left = end - begin - 1;
      for (; left >= kShortestMatch; left -= std::min(left, kLongestMatch)) {
        const size_t now = std::min(left, kLongestMatch);
        ++runs.frequencies[length_codes_[now].symbol];
        runs.extra_bits += length_codes_[now].extra_bits;
        *out++ = static_cast<uint16_t>(kEndOfBlock + now);
      }
      for (; left > 0; --left) {
        ++runs.frequencies[plane[begin]];
        *out++ = plane[begin];
      }
      begin = end;
    }
    ++runs.frequencies[kEndOfBlock];
    runs.tokens.resize(static_cast<size_t>(out - runs.tokens.data()));
  }

  const LengthCode& length_code(size_t length) const { return length_codes_[length]; }

 private:
  std::array<LengthCode, kLongestMatch + 1> length_codes_;
};

using SymbolCode = PrefixCode<kSymbols>;

/// Bytes of the tokens; what stands before them not counted.
double bytes_of(const Runs& runs, const SymbolCode& code) {
  uint64_t bits = runs.extra_bits;
  for (size_t s = 0; s < kSymbols; ++s) {
    // Each match says in one bit that it is with the byte before.
    bits += uint64_t{runs.frequencies[s]} * (code.lengths[s] + (s > kEndOfBlock ? 1u : 0u));
  }
  return static_cast<double>(bits) / 8;
}

/// The lengths of a block's codes, themselves as runs.
struct LengthToken {
  uint8_t symbol = 0;
  uint8_t extra = 0;
  uint8_t extra_bits = 0;
};

std::vector<LengthToken> length_tokens(std::span<const uint8_t> lengths) {
  std::vector<LengthToken> tokens;
  for (size_t i = 0; i < lengths.size();) {
    size_t count = 1;
    while (i + count < lengths.size() && lengths[i + count] == lengths[i]) ++count;
    const uint8_t length = lengths[i];
    i += count;
    if (length != 0) {
      tokens.push_back({length});
      --count;
    }
    while (count >= 3) {
      const size_t now = std::min<size_t>(count, length != 0 ? 6 : 138);
      if (length != 0) {
        tokens.push_back({16, static_cast<uint8_t>(now - 3), 2});
      } else if (now <= 10) {
        tokens.push_back({17, static_cast<uint8_t>(now - 3), 3});
      } else {
        tokens.push_back({18, static_cast<uint8_t>(now - 11), 7});
      }
      count -= now;
    }
    for (; count > 0; --count) tokens.push_back({length});
  }
  return tokens;
}

/// What stands before the tokens of a block: its codes.
void put_codes(const SymbolCode& code, BitWriter& out) {
  size_t symbols = kSymbols;
  while (code.lengths[symbols - 1] == 0) --symbols;
  std::vector<uint8_t> lengths(code.lengths.begin(),
                               code.lengths.begin() + static_cast<std::ptrdiff_t>(symbols));
  lengths.push_back(1);  // the one distance
  const auto tokens = length_tokens(lengths);
  std::array<uint32_t, kLengthSymbols> frequencies{};
  for (const auto& token : tokens) ++frequencies[token.symbol];
  const auto lengths_code = prefix_code(frequencies, kLongestLengthCode);
  size_t told = kLengthSymbols;
  while (lengths_code.lengths[kOrderOfLengths[told - 1]] == 0) --told;
  out.put(symbols - kEndOfBlock - 1, 5);
  out.put(0, 5);
  out.put(told - 4, 4);
  for (size_t i = 0; i < told; ++i) out.put(lengths_code.lengths[kOrderOfLengths[i]], 3);
  for (const auto& token : tokens) {
    out.put(lengths_code.codes[token.symbol], lengths_code.lengths[token.symbol]);
    out.put(token.extra, token.extra_bits);
  }
}

/// What each token is written as: a match with its extra bits and a zero for the distance.
struct TokenBits {
  uint32_t bits = 0;
  int count = 0;
};
using TokenTable = std::array<TokenBits, kEndOfBlock + kLongestMatch + 1>;

void fill_table(const SymbolCode& code, const RunFinder& finder, TokenTable& table) {
  for (size_t byte = 0; byte < kEndOfBlock; ++byte) {
    table[byte] = {code.codes[byte], code.lengths[byte]};
  }
  for (size_t length = kShortestMatch; length <= kLongestMatch; ++length) {
    const auto& of = finder.length_code(length);
    const int bits = code.lengths[of.symbol];
    table[kEndOfBlock + length] = {code.codes[of.symbol] | static_cast<uint32_t>(length - of.first)
                                                               << bits,
                                   bits + of.extra_bits + 1};
  }
}

void put_run_block(const Runs& runs, const SymbolCode& code, const TokenTable& table, bool last,
                   BitWriter& out) {
  out.put(last ? 1 : 0, 1);
  out.put(2, 2);
  put_codes(code, out);
  const auto put = [&](uint16_t token) { out.put_quickly(table[token].bits, table[token].count); };
  size_t i = 0;
  for (; i + 1 < runs.tokens.size(); i += 2) {  // 21 bits each at most
    put(runs.tokens[i]);
    put(runs.tokens[i + 1]);
    out.flush();
  }
  if (i < runs.tokens.size()) put(runs.tokens[i]);
  out.flush();
  out.put(code.codes[kEndOfBlock], code.lengths[kEndOfBlock]);
}

void put_stored(std::span<const uint8_t> plane, bool last, BitWriter& out) {
  do {
    const auto now = plane.first(std::min(plane.size(), kMostStored));
    plane = plane.subspan(now.size());
    out.put(last && plane.empty() ? 1 : 0, 3);
    out.align();
    out.put(now.size(), 16);
    out.put(~now.size() & kMostStored, 16);
    std::copy(now.begin(), now.end(), out.place());
    out.pass_over(now.size());
  } while (!plane.empty());
}

struct FreeCompressor {
  void operator()(libdeflate_compressor* one) const { ::libdeflate_free_compressor(one); }
};

/// What making a stream needs: a megabyte, which is better kept than taken and cleared each time.
class Deflater {
 public:
  Deflater() : library_(::libdeflate_alloc_compressor(kLibraryLevel)) {
    if (library_ == nullptr) throw std::bad_alloc();
  }

  std::vector<uint8_t> of_bytes(std::span<const uint8_t> bytes) {
    out_.resize(std::max(out_.size(), bytes.size()));
    const size_t size = ::libdeflate_zlib_compress(library_.get(), bytes.data(), bytes.size(),
                                                   out_.data(), bytes.size());
    return {out_.data(), out_.data() + size};
  }

  std::vector<uint8_t> of_planes(std::span<const uint8_t> bytes, size_t planes) {
    const size_t size = bytes.size() / planes;
    out_.resize(std::max(out_.size(), most_bytes(bytes.size(), planes)));
    BitWriter bits(out_.data());
    bits.put(0x0178, 16);  // deflate with a window of 32 kB, quick
    for (size_t k = 0; k < planes; ++k) {
      const auto plane = bytes.subspan(k * size, size);
      const auto way = way_for(plane);
      if (way == Way::kWords) {
        if (!put_words(bytes.subspan(k * size), k == 0, bits)) return {};
        break;
      }
      put_plane(plane, way, k + 1 == planes, bits);
    }
    bits.align();
    const uint32_t check = ::libdeflate_adler32(1, bytes.data(), bytes.size());
    for (int shift = 24; shift >= 0; shift -= 8) bits.put(check >> shift & 255, 8);
    if (bits.place() - out_.data() >= std::ssize(bytes)) return {};
    return {out_.data(), bits.place()};
  }

 private:
  enum class Way : uint8_t { kStore, kRuns, kWords };

  /// A plane takes no more than it has and what its stored blocks begin with; its codes, and the
  /// bits of an end, take some hundred bytes.
  static size_t most_bytes(size_t bytes, size_t planes) {
    constexpr size_t kStoredBegins = 5;
    constexpr size_t kAround = 1024;
    return bytes + bytes / kMostStored * kStoredBegins + (planes + 1) * kAround;
  }

  /// Two stretches of a plane, or a short one whole.
  std::span<const uint8_t> sample_of(std::span<const uint8_t> plane) {
    if (plane.size() <= kTried) return plane;
    sample_.clear();
    for (const size_t quarter : {1, 3}) {
      const auto part = plane.subspan(quarter * plane.size() / 4 - kTried / 4, kTried / 2);
      sample_.insert(sample_.end(), part.begin(), part.end());
    }
    return sample_;
  }

  Way way_for(std::span<const uint8_t> plane) {
    const auto sample = sample_of(plane);
    finder_.find(sample, runs_);
    const auto size = static_cast<double>(sample.size());
    const double as_runs = bytes_of(runs_, prefix_code(runs_.frequencies, kLongestCode)) / size;
    if (as_runs < kPlainlyRuns) return Way::kRuns;
    std::array<uint8_t, kTried> out{};
    const size_t found = ::libdeflate_deflate_compress(library_.get(), sample.data(), sample.size(),
                                                       out.data(), sample.size());
    const double as_words = found == 0 ? 1.0 : static_cast<double>(found) / size;
    if (std::min(as_runs, as_words) >= kWorthIt) return Way::kStore;
    return as_words < kWordsWin * as_runs ? Way::kWords : Way::kRuns;
  }

  /// Stored or as runs; stored, too, where the whole has fewer runs than its sample.
  void put_plane(std::span<const uint8_t> plane, Way way, bool last, BitWriter& bits) {
    if (way == Way::kRuns) {
      finder_.find(plane, runs_);
      const auto code = prefix_code(runs_.frequencies, kLongestCode);
      if (bytes_of(runs_, code) < kWorthIt * static_cast<double>(plane.size())) {
        fill_table(code, finder_, table_);
        put_run_block(runs_, code, table_, last, bits);
        return;
      }
    }
    put_stored(plane, last, bits);
  }

  /// All that is left, by libdeflate; false where it gets no smaller.
  bool put_words(std::span<const uint8_t> rest, bool first, BitWriter& bits) {
    if (!first) put_stored({}, false, bits);  // ends at a byte
    const size_t size = ::libdeflate_deflate_compress(library_.get(), rest.data(), rest.size(),
                                                      bits.place(), rest.size());
    bits.pass_over(size);
    return size > 0;
  }

  std::unique_ptr<libdeflate_compressor, FreeCompressor> library_;
  RunFinder finder_;
  Runs runs_;
  TokenTable table_;
  std::vector<uint8_t> sample_;
  std::vector<uint8_t> out_;
};

/// One a thread.
Deflater& deflater() {
  thread_local Deflater one;
  return one;
}

}  // namespace

std::vector<uint8_t> deflate_bytes(std::span<const uint8_t> bytes) {
  return deflater().of_bytes(bytes);
}

std::vector<uint8_t> deflate_planes(std::span<const uint8_t> bytes, size_t planes) {
  if (bytes.empty() || planes == 0 || bytes.size() % planes != 0) {
    throw internal_error("{} bytes in {} planes", bytes.size(), planes);
  }
  return deflater().of_planes(bytes, planes);
}

}  // namespace grids::core
