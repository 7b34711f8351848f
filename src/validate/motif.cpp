#include "validate/motif.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.hpp"
#include "io/feature_kind.hpp"
#include "io/lines.hpp"

namespace grids::core {
namespace {

constexpr double kSitesWhereUnknown = 20;
constexpr size_t kWidestMotif = 200;

/// The words of a line; brackets, as JASPAR has them, part words too.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view kBetween = " \t[]";
  size_t begin = line.find_first_not_of(kBetween);
  while (begin != std::string_view::npos) {
    const size_t end = std::min(line.find_first_of(kBetween, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBetween, end);
  }
  return words;
}

std::optional<double> weight_in(std::string_view word) {
  double value = 0;
  const auto* end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(value) || value < 0)
    return {};
  return value;
}

/// Numbers of a line from its `first` word on.
std::vector<double> weights_of(const LineReader& reader, const std::vector<std::string_view>& words,
                               size_t first) {
  std::vector<double> weights;
  for (size_t i = first; i < words.size(); ++i) {
    const auto weight = weight_in(words[i]);
    if (!weight) {
      throw reader.error(fmt::format("'{}' is no count or share of a base", words[i]));
    }
    weights.push_back(*weight);
  }
  return weights;
}

Motif named_motif(const LineReader& reader, const std::vector<std::string_view>& words) {
  if (words.empty()) throw reader.error("a motif without a name");
  Motif motif;
  motif.id = words[0];
  motif.name = words.size() > 1 ? words[1] : words[0];
  return motif;
}

/// Shares become counts; a column of zeros says nothing of the base.
void finish_motif(const LineReader& reader, double sites, Motif& motif) {
  if (motif.counts.empty() || motif.counts.size() > kWidestMotif) {
    throw reader.error(fmt::format("the motif {} has {} positions: 1 to {} are possible", motif.id,
                                   motif.counts.size(), kWidestMotif));
  }
  for (auto& column : motif.counts) {
    const double sum = column[0] + column[1] + column[2] + column[3];
    if (sum <= 0) throw reader.error(fmt::format("the motif {} has a position of zeros", motif.id));
    if (sum > 1.5) continue;  // counts
    for (double& count : column) count *= sites / sum;
  }
}

class JasparReader {
 public:
  explicit JasparReader(LineReader& reader) : reader_(reader) {}

  void take(std::string_view line) {
    if (line.starts_with('>')) {
      finish();
      motifs_.push_back(named_motif(reader_, words_of(line.substr(1))));
      rows_ = 0;
      return;
    }
    const auto words = words_of(line);
    if (words.empty()) return;
    if (motifs_.empty() || rows_ == 4) throw reader_.error("a motif begins with a line >id name");
    add_row(words);
  }

  std::vector<Motif> all() && {
    finish();
    return std::move(motifs_);
  }

 private:
  void add_row(const std::vector<std::string_view>& words) {
    const bool lettered =
        words[0].size() == 1 && std::isalpha(static_cast<unsigned char>(words[0][0])) != 0;
    if (lettered && words[0][0] != "ACGT"[rows_]) {
      throw reader_.error("the rows of a motif are those of A, C, G and T, in this order");
    }
    const auto weights = weights_of(reader_, words, lettered ? 1 : 0);
    auto& counts = motifs_.back().counts;
    if (rows_ == 0) counts.resize(weights.size());
    if (weights.size() != counts.size()) {
      throw reader_.error(
          fmt::format("{} numbers, where the row of A has {}", weights.size(), counts.size()));
    }
    for (size_t i = 0; i < weights.size(); ++i) counts[i][rows_] = weights[i];
    ++rows_;
  }

  void finish() {
    if (motifs_.empty()) return;
    if (rows_ != 4) {
      throw reader_.error(fmt::format("the motif {} has {} rows of 4", motifs_.back().id, rows_));
    }
    finish_motif(reader_, kSitesWhereUnknown, motifs_.back());
  }

  LineReader& reader_;
  std::vector<Motif> motifs_;
  size_t rows_ = 0;
};

class MemeReader {
 public:
  explicit MemeReader(LineReader& reader) : reader_(reader) {}

  void take(std::string_view line) {
    const auto words = words_of(line);
    if (words.empty()) return;
    if (words[0] == "MOTIF") {
      finish();
      motifs_.push_back(named_motif(reader_, {words.begin() + 1, words.end()}));
      in_matrix_ = false;
      sites_ = kSitesWhereUnknown;
    } else if (words[0] == "letter-probability" && !motifs_.empty()) {
      in_matrix_ = true;
      note_sites(words);
    } else if (in_matrix_ && !weight_in(words[0])) {
      in_matrix_ = false;  // URL and what else follows
    } else if (in_matrix_) {
      const auto weights = weights_of(reader_, words, 0);
      if (weights.size() != 4) throw reader_.error("a position has four shares: of A, C, G and T");
      motifs_.back().counts.push_back({weights[0], weights[1], weights[2], weights[3]});
    } else if (words[0] == "ALPHABET=" && words.size() > 1 && words[1] != "ACGT") {
      throw reader_.error("the motifs must be of DNA: ALPHABET= ACGT");
    }
  }

  std::vector<Motif> all() && {
    finish();
    return std::move(motifs_);
  }

 private:
  void note_sites(const std::vector<std::string_view>& words) {
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] != "nsites=") continue;
      const auto sites = weight_in(words[i + 1]);
      if (sites && *sites > 0) sites_ = *sites;
    }
  }

  void finish() {
    if (!motifs_.empty()) finish_motif(reader_, sites_, motifs_.back());
  }

  LineReader& reader_;
  std::vector<Motif> motifs_;
  bool in_matrix_ = false;
  double sites_ = kSitesWhereUnknown;
};

template <typename Reader>
std::vector<Motif> all_motifs(LineReader& lines, std::string_view first) {
  Reader reader(lines);
  reader.take(first);
  std::string_view line;
  while (lines.next(line)) reader.take(line);
  return std::move(reader).all();
}

}  // namespace

std::vector<Motif> read_motifs(const std::filesystem::path& path) {
  LineReader lines(path);
  std::string_view line;
  std::vector<Motif> motifs;
  while (lines.next(line)) {
    if (words_of(line).empty() || line.starts_with('#')) continue;
    const bool jaspar = line.starts_with('>');
    if (!jaspar && !line.starts_with("MEME version")) {
      throw lines.error(
          "no motifs: a file of JASPAR begins with >id name, one of MEME with 'MEME version'");
    }
    motifs = jaspar ? all_motifs<JasparReader>(lines, line) : all_motifs<MemeReader>(lines, line);
  }
  if (motifs.empty()) throw input_error("{}: no motifs", path.string());
  return motifs;
}

std::vector<std::string> motif_factors(const Motif& motif) {
  std::vector<std::string> factors;
  std::string_view rest = motif.name;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find("::"), rest.size());
    auto name = rest.substr(0, end);
    name = name.substr(0, name.find('('));
    if (!name.empty()) factors.push_back(lower_case(name));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return factors;
}

}  // namespace grids::core
