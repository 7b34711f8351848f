#include "base/random.hpp"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

#include "base/simd.hpp"

namespace grids::core {
namespace {

constexpr uint32_t kCounters = 32;  // fewer, and the compiler unrolls instead of vectorising
constexpr size_t kWordsAtOnce = size_t{4} * kCounters;

/// Philox4x32-10 of kCounters successive counters at once, word by word in vectors.
GRIDS_CLONES void philox_words(const uint32_t* key, const uint32_t* counter, uint32_t* words) {
  uint32_t c0[kCounters], c1[kCounters], c2[kCounters], c3[kCounters];
  for (uint32_t i = 0; i < kCounters; ++i) {
    c0[i] = counter[0] + i;
    c1[i] = counter[1];
    c2[i] = counter[2];
    c3[i] = counter[3];
  }
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    for (uint32_t i = 0; i < kCounters; ++i) {
      const uint64_t first = uint64_t{0xD2511F53} * c0[i];
      const uint64_t second = uint64_t{0xCD9E8D57} * c2[i];
      c0[i] = static_cast<uint32_t>(second >> 32) ^ c1[i] ^ k0;
      c1[i] = static_cast<uint32_t>(second);
      c2[i] = static_cast<uint32_t>(first >> 32) ^ c3[i] ^ k1;
      c3[i] = static_cast<uint32_t>(first);
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  for (uint32_t i = 0; i < kCounters; ++i) {
    words[size_t{4} * i] = c0[i];
    words[size_t{4} * i + 1] = c1[i];
    words[size_t{4} * i + 2] = c2[i];
    words[size_t{4} * i + 3] = c3[i];
  }
}

}  // namespace

RandomStream::RandomStream(uint64_t seed, Purpose purpose, uint64_t step, uint32_t block)
    : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      // The first word counts; purposes are few, so the upper half of a step shares their word.
      counter_{0, block, static_cast<uint32_t>(step),
               static_cast<uint32_t>(purpose) ^ (static_cast<uint32_t>(step >> 32) << 8)} {}

void RandomStream::refill() {
  const r123::Philox4x32::ctr_type counter = {{counter_[0], counter_[1], counter_[2], counter_[3]}};
  const r123::Philox4x32::key_type key = {{key_[0], key_[1]}};
  const auto words = r123::Philox4x32()(counter, key);
  for (int i = 0; i < 4; ++i) words_[i] = words[static_cast<size_t>(i)];
  ++counter_[0];
  position_ = 0;
}

void RandomStream::fill(std::span<uint32_t> words) {
  size_t done = 0;
  while (done < words.size() && position_ < 4) words[done++] = words_[position_++];
  for (; done + kWordsAtOnce <= words.size(); done += kWordsAtOnce) {
    philox_words(key_, counter_, words.data() + done);
    counter_[0] += kCounters;
  }
  for (; done < words.size(); ++done) words[done] = (*this)();
}

double RandomStream::uniform() {
  const uint64_t high = (*this)() >> 5;
  const uint64_t low = (*this)() >> 6;
  return static_cast<double>(high * 67108864 + low) / 9007199254740992.0;
}

uint32_t RandomStream::below(uint32_t count) {
  // Lemire 2019: multiply, and reject the few draws that would favour small values.
  uint64_t product = static_cast<uint64_t>((*this)()) * count;
  if (static_cast<uint32_t>(product) < count) {
    const uint32_t threshold = static_cast<uint32_t>(-count) % count;
    while (static_cast<uint32_t>(product) < threshold) {
      product = static_cast<uint64_t>((*this)()) * count;
    }
  }
  return static_cast<uint32_t>(product >> 32);
}

double RandomStream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

uint32_t stream_key(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16777619u;
  }
  return hash;
}

}  // namespace grids::core
