#include "io/fasta.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "io/lines.hpp"

namespace grids::core {
namespace {

/// Soft-masked letters are bases as others are.
char base_letter(char c) {
  switch (c) {
    case 'A':
    case 'a':
      return 'A';
    case 'C':
    case 'c':
      return 'C';
    case 'G':
    case 'g':
      return 'G';
    case 'T':
    case 't':
    case 'U':
    case 'u':
      return 'T';
    default:
      return 'N';
  }
}

std::string_view without_chr(std::string_view name) {
  return name.starts_with("chr") ? name.substr(3) : name;
}

/// Places by chromosome without "chr", ascending by start.
std::map<std::string, std::vector<size_t>, std::less<>> by_chromosome(
    std::span<const Interval> places) {
  std::map<std::string, std::vector<size_t>, std::less<>> order;
  for (size_t i = 0; i < places.size(); ++i) {
    order[std::string(without_chr(places[i].chromosome))].push_back(i);
  }
  for (auto& [name, list] : order) {
    std::sort(list.begin(), list.end(),
              [&](size_t a, size_t b) { return places[a].start < places[b].start; });
  }
  return order;
}

Error missing_chromosome(const std::filesystem::path& fasta, const std::string& name) {
  return input_error(
      "{}: there is no sequence {} or chr{}, on which peaks lie: give the genome that the peaks "
      "were called on",
      fasta.string(), name, name);
}

/// A line of a .fai.
struct IndexedSequence {
  int64_t length = 0, offset = 0, bases = 0, bytes = 0;
};

std::map<std::string, IndexedSequence, std::less<>> read_index(const std::filesystem::path& path) {
  std::map<std::string, IndexedSequence, std::less<>> index;
  LineReader reader(path);
  std::string_view line;
  while (reader.next(line)) {
    const auto fields = split(line, '\t');
    IndexedSequence entry;
    const std::array<int64_t*, 4> numbers = {&entry.length, &entry.offset, &entry.bases,
                                             &entry.bytes};
    bool good = fields.size() >= 5;
    for (size_t i = 0; good && i < 4; ++i) good = parse_position(fields[i + 1], *numbers[i]);
    if (!good || (entry.length > 0 && (entry.bases < 1 || entry.bytes < entry.bases))) {
      throw reader.error("is no line of an index (samtools faidx): delete it, or make it anew");
    }
    index.emplace(without_chr(fields[0]), entry);
  }
  return index;
}

/// One place by the index.
std::string indexed_sequence(std::ifstream& file, const std::filesystem::path& fasta,
                             const IndexedSequence& entry, const Interval& place) {
  std::string sequence(static_cast<size_t>(place.end - place.start), 'N');
  const int64_t first = std::max<int64_t>(place.start, 0);
  const int64_t last = std::min(place.end, entry.length);
  if (first >= last) return sequence;
  const auto byte_of = [&](int64_t base) {
    return entry.offset + base / entry.bases * entry.bytes + base % entry.bases;
  };
  std::string raw(static_cast<size_t>(byte_of(last - 1) - byte_of(first) + 1), '\0');
  file.clear();
  file.seekg(byte_of(first));
  if (!file.read(raw.data(), static_cast<std::streamsize>(raw.size()))) {
    throw input_error(
        "{}: ends before {}:{}-{}: its index .fai is of another file; make it anew "
        "(samtools faidx)",
        fasta.string(), place.chromosome, place.start, place.end);
  }
  auto to = static_cast<size_t>(first - place.start);
  for (const char c : raw) {
    if (c == '>') {
      throw input_error("{}: its index .fai is of another file: make it anew (samtools faidx)",
                        fasta.string());
    }
    if (c != '\n' && c != '\r') sequence[to++] = base_letter(c);
  }
  return sequence;
}

std::vector<std::string> read_by_index(const std::filesystem::path& fasta,
                                       const std::filesystem::path& index_path,
                                       std::span<const Interval> places) {
  const auto index = read_index(index_path);
  std::ifstream file(fasta, std::ios::binary);
  if (!file) throw input_error("{}: cannot be read", fasta.string());
  std::vector<std::string> sequences(places.size());
  for (const auto& [name, list] : by_chromosome(places)) {
    const auto entry = index.find(name);
    if (entry == index.end()) throw missing_chromosome(fasta, name);
    for (const size_t i : list) {
      sequences[i] = indexed_sequence(file, fasta, entry->second, places[i]);
    }
  }
  return sequences;
}

/// Takes the lines of one sequence after the other and keeps what lies in places.
class SequenceCollector {
 public:
  SequenceCollector(std::span<const Interval> places, std::vector<std::string>& sequences)
      : places_(places), sequences_(sequences), waiting_(by_chromosome(places)) {}

  void begin(std::string_view header) {
    const auto name = without_chr(header.substr(0, header.find_first_of(" \t")));
    const auto found = waiting_.find(name);
    current_.clear();
    if (found != waiting_.end()) {
      current_ = std::move(found->second);
      waiting_.erase(found);
    }
    position_ = 0;
    next_ = 0;
  }

  void add(std::string_view line) {
    const int64_t end = position_ + static_cast<int64_t>(line.size());
    // Places that end before this line are done; those behind may overlap it in any order of ends.
    while (next_ < current_.size() && places_[current_[next_]].end <= position_) ++next_;
    for (size_t i = next_; i < current_.size() && places_[current_[i]].start < end; ++i) {
      const Interval& place = places_[current_[i]];
      const int64_t from = std::max(place.start, position_), to = std::min(place.end, end);
      for (int64_t base = from; base < to; ++base) {
        sequences_[current_[i]][static_cast<size_t>(base - place.start)] =
            base_letter(line[static_cast<size_t>(base - position_)]);
      }
    }
    position_ = end;
  }

  /// The first chromosome that was not there; null where all were.
  const std::string* missing() const {
    return waiting_.empty() ? nullptr : &waiting_.begin()->first;
  }

 private:
  std::span<const Interval> places_;
  std::vector<std::string>& sequences_;
  std::map<std::string, std::vector<size_t>, std::less<>> waiting_;
  std::vector<size_t> current_;  ///< places of this sequence, ascending by start
  size_t next_ = 0;
  int64_t position_ = 0;
};

std::vector<std::string> read_through(const std::filesystem::path& fasta,
                                      std::span<const Interval> places) {
  std::vector<std::string> sequences;
  sequences.reserve(places.size());
  for (const auto& place : places) {
    sequences.emplace_back(static_cast<size_t>(place.end - place.start), 'N');
  }
  SequenceCollector collector(places, sequences);
  LineReader reader(fasta);
  std::string_view line;
  bool begun = false;
  while (reader.next(line)) {
    if (line.starts_with('>')) {
      begun = true;
      collector.begin(line.substr(1));
    } else if (!line.empty() && !begun) {
      throw reader.error("no FASTA: a sequence begins with a line such as >chr1");
    } else {
      collector.add(line);
    }
  }
  if (const auto* name = collector.missing()) throw missing_chromosome(fasta, *name);
  return sequences;
}

}  // namespace

std::vector<std::string> read_sequences(const std::filesystem::path& fasta,
                                        std::span<const Interval> places) {
  for (const auto& place : places) {
    if (place.end < place.start) throw internal_error("a place that ends before it starts");
  }
  auto index = fasta;
  index += ".fai";
  if (fasta.extension() != ".gz" && std::filesystem::exists(index)) {
    return read_by_index(fasta, index, places);
  }
  return read_through(fasta, places);
}

}  // namespace grids::core
