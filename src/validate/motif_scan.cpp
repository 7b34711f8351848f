#include "validate/motif_scan.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

constexpr double kStepsPerBit = 64;
/// A stretch with an N stays below every threshold, whatever else it holds.
constexpr int32_t kNever = -(1 << 24);
/// Letters that are looked up at once, of five: A, C, G, T, N.
constexpr size_t kLetters = 4;
constexpr size_t kWords = 625;

uint16_t letter_code(char c) {
  switch (c) {
    case 'A':
      return 0;
    case 'C':
      return 1;
    case 'G':
      return 2;
    case 'T':
      return 3;
    default:
      return 4;
  }
}

/// The word of four letters that begins at each position; N beyond the end.
std::vector<uint16_t> words_at(const std::string& sequence) {
  std::vector<uint16_t> words(sequence.size());
  for (size_t i = 0; i < sequence.size(); ++i) {
    uint16_t word = 0;
    for (size_t j = 0; j < kLetters; ++j) {
      const uint16_t letter = i + j < sequence.size() ? letter_code(sequence[i + j]) : 4;
      word = static_cast<uint16_t>(word * 5 + letter);
    }
    words[i] = word;
  }
  return words;
}

using PositionScores = std::vector<std::array<int32_t, 4>>;

/// One strand of a motif as scores of words.
class WordScores {
 public:
  WordScores(const PositionScores& scores, int32_t threshold) : width_(scores.size()) {
    const size_t blocks = (width_ + kLetters - 1) / kLetters;
    tables_.resize(blocks * kWords);
    least_.resize(blocks);
    int32_t still = 0;  // the most that later blocks can add
    for (size_t block = blocks; block-- > 0;) {
      least_[block] = threshold - still;
      still += fill(scores, block);
    }
  }

  bool hits(const std::vector<uint16_t>& words) const {
    for (size_t start = 0; start + width_ <= words.size(); ++start) {
      if (hits_at(words, start)) return true;
    }
    return false;
  }

 private:
  bool hits_at(const std::vector<uint16_t>& words, size_t start) const {
    int32_t score = 0;
    for (size_t block = 0; block < least_.size(); ++block) {
      score += tables_[block * kWords + words[start + block * kLetters]];
      if (score < least_[block]) return false;
    }
    return true;
  }

  /// Returns the highest score of the block.
  int32_t fill(const PositionScores& scores, size_t block) {
    int32_t highest = kNever;
    for (size_t word = 0; word < kWords; ++word) {
      size_t rest = word;
      int32_t sum = 0;
      for (size_t j = kLetters; j-- > 0; rest /= 5) {
        const size_t position = block * kLetters + j, letter = rest % 5;
        if (position >= scores.size()) continue;
        sum += letter == 4 ? kNever : scores[position][letter];
      }
      tables_[block * kWords + word] = sum;
      highest = std::max(highest, sum);
    }
    return highest;
  }

  size_t width_;
  std::vector<int32_t> tables_;
  std::vector<int32_t> least_;  ///< after each block: less than this cannot reach the threshold
};

PositionScores other_strand(const PositionScores& scores) {
  PositionScores reversed(scores.rbegin(), scores.rend());
  for (auto& position : reversed) std::reverse(position.begin(), position.end());
  return reversed;
}

PositionScores log_odds(const Motif& motif, const std::array<double, 4>& background) {
  PositionScores scores;
  scores.reserve(motif.counts.size());
  for (const auto& counts : motif.counts) {
    const double sum = counts[0] + counts[1] + counts[2] + counts[3];
    std::array<int32_t, 4> position{};
    for (size_t x = 0; x < 4; ++x) {
      const double share = (counts[x] + background[x]) / (sum + 1);
      position[x] =
          static_cast<int32_t>(std::lround(kStepsPerBit * std::log2(share / background[x])));
    }
    scores.push_back(position);
  }
  return scores;
}

int32_t lowest_score(const PositionScores& scores) {
  int32_t lowest = 0;
  for (const auto& position : scores) lowest += *std::min_element(position.begin(), position.end());
  return lowest;
}

/// P(score = lowest + i) of a random stretch.
std::vector<double> score_distribution(const PositionScores& scores,
                                       const std::array<double, 4>& background) {
  std::vector<double> chance = {1};
  for (const auto& position : scores) {
    const auto [least, most] = std::minmax_element(position.begin(), position.end());
    std::vector<double> next(chance.size() + static_cast<size_t>(*most - *least), 0);
    for (size_t x = 0; x < 4; ++x) {
      const auto step = static_cast<size_t>(position[x] - *least);
      for (size_t i = 0; i < chance.size(); ++i) next[i + step] += chance[i] * background[x];
    }
    chance = std::move(next);
  }
  return chance;
}

}  // namespace

std::array<double, 4> base_shares(std::span<const std::string> sequences) {
  double at_bases = 0, cg_bases = 0;
  for (const auto& sequence : sequences) {
    for (const char c : sequence) {
      at_bases += c == 'A' || c == 'T' ? 1 : 0;
      cg_bases += c == 'C' || c == 'G' ? 1 : 0;
    }
  }
  if (at_bases + cg_bases == 0) {
    throw input_error("the sequences of all peaks are N: give the genome itself (--fasta)");
  }
  // A base that never occurs would have infinite odds.
  const double at_share = (at_bases + 1) / (at_bases + cg_bases + 2) / 2;
  return {at_share, 0.5 - at_share, 0.5 - at_share, at_share};
}

ScoredMotif::ScoredMotif(const Motif& motif, const std::array<double, 4>& background, double most_p)
    : scores_(log_odds(motif, background)),
      tail_(score_distribution(scores_, background)),
      lowest_(lowest_score(scores_)) {
  for (size_t i = tail_.size() - 1; i-- > 0;) tail_[i] += tail_[i + 1];
  const auto first =
      std::find_if(tail_.begin(), tail_.end(), [&](double p) { return p <= most_p; });
  // Scores that no stretch has lie above the best one, with a probability of 0.
  can_hit_ = first != tail_.end() && *first > 0;
  threshold_ = lowest_ + static_cast<int32_t>(first - tail_.begin());
}

double ScoredMotif::p_of(int32_t score) const {
  if (score <= lowest_) return 1;
  const auto place = static_cast<size_t>(score - lowest_);
  return place < tail_.size() ? tail_[place] : 0;
}

std::vector<uint8_t> motif_hits(std::span<const std::string> sequences,
                                std::span<const ScoredMotif> motifs, const Context& context) {
  std::vector<std::vector<uint16_t>> words;
  words.reserve(sequences.size());
  for (const auto& sequence : sequences) words.push_back(words_at(sequence));
  std::vector<uint8_t> hits(sequences.size() * motifs.size(), 0);
  context.pool.for_each(std::ssize(motifs), [&](int64_t m) {
    const ScoredMotif& motif = motifs[at(m)];
    if (!motif.can_hit()) return;
    const WordScores forward(motif.scores(), motif.threshold());
    const WordScores backward(other_strand(motif.scores()), motif.threshold());
    for (size_t s = 0; s < words.size(); ++s) {
      const bool hit = forward.hits(words[s]) || backward.hits(words[s]);
      hits[s * motifs.size() + at(m)] = hit ? 1 : 0;
    }
  });
  return hits;
}

}  // namespace grids::core
