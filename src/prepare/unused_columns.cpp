#include "prepare/unused_columns.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

#include "base/at.hpp"
#include "prepare/labels.hpp"
#include "prepare/units.hpp"

namespace grids::core {
namespace {

using Values = std::vector<std::string>;

/// Words of which a column's name has one …
constexpr std::array kUnitWords = {
    "batch",   "sample",    "donor", "library", "lib", "patient", "subject", "individual", "lane",
    "channel", "replicate", "rep",   "orig",    "gem", "plate",   "pool",    "well",       "run"};
/// … and may have besides. "donor_age" and "library_size" are something else.
constexpr std::array kWordsBeside = {
    "id",    "ids",   "name",  "names", "number",     "no",        "nr",        "key",  "code",
    "index", "label", "group", "ident", "10x",        "gex",       "rna",       "atac", "multiome",
    "tech",  "bio",   "well",  "seq",   "sequencing", "technical", "biological"};

/// Lower case, cut at whatever is neither letter nor digit.
Values words_of(std::string_view name) {
  Values words(1);
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      words.back() += static_cast<char>(std::tolower(byte));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

bool is_number(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

template <size_t N>
bool is_one_of(std::string_view word, const std::array<const char*, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// "sampleid" and "batch2" as well as "sample" and "batch".
bool is_unit_word(std::string_view word) {
  while (!word.empty() && std::isdigit(static_cast<unsigned char>(word.back())) != 0) {
    word.remove_suffix(1);
  }
  for (const std::string_view ending : {"", "s", "id", "ids", "name", "names", "group"}) {
    if (!word.ends_with(ending)) continue;
    if (is_one_of(word.substr(0, word.size() - ending.size()), kUnitWords)) return true;
  }
  return false;
}

/// The columns of all tables of these cells, each name once, as --batches would find them.
Values column_names_of(const PackedMultiome& raw, const MatchedCells& cells) {
  std::vector<const Frame*> frames = {&raw.rna.obs, &raw.atac.obs};
  if (find_barcodes(cells.barcodes, raw.obs.index).found > 0) {
    frames.insert(frames.begin(), &raw.obs);
  }
  Values names;
  for (const Frame* frame : frames) {
    for (const auto& column : frame->columns) {
      if (std::find(names.begin(), names.end(), column.name) == names.end()) {
        names.push_back(column.name);
      }
    }
  }
  return names;
}

/// Whether cells that are alike in `fine` are so in `coarse`: then that says no more.
bool says_no_more(const Values& coarse, const Values& fine) {
  if (fine.empty()) return false;
  std::map<std::string_view, std::string_view> of;
  for (size_t i = 0; i < fine.size(); ++i) {
    if (of.emplace(fine[i], coarse[i]).first->second != coarse[i]) return false;
  }
  return true;
}

size_t distinct(const Values& values) {
  return std::set<std::string_view>(values.begin(), values.end()).size();
}

/// The names of columns that are used, without "rna:" and "atac:".
std::string bare_name(std::string_view column) {
  for (const std::string_view prefix : {"rna:", "atac:"}) {
    if (column.starts_with(prefix)) column.remove_prefix(prefix.size());
  }
  return std::string(column);
}

bool is_used(std::string_view column, const NamesOfCells& names) {
  for (const auto& used : {names.labels.column, names.donors.column, names.batches.column}) {
    if (!used.empty() && bare_name(used) == bare_name(column)) return true;
  }
  return false;
}

/// What is told of units so far: further columns that say no more are not.
class UnitColumns {
 public:
  UnitColumns(size_t cells, Diary& diary) : cells_(cells), diary_(diary) {}

  void know(Values values) {
    if (!values.empty()) known_.push_back(std::move(values));
  }
  /// `what`: "the column 'sample'"; `remedy`: how to use it.
  void tell(const std::string& what, Values values, const std::string& remedy) {
    const size_t count = distinct(values);
    if (count < 2 || count * 20 > cells_) return;
    for (const auto& known : known_) {
      if (says_no_more(values, known)) return;
    }
    diary_.warn(
        "{} has {} different values and is not used: if cells of one were handled together, what "
        "that did to both modalities looks like regulation; {}",
        what, count, remedy);
    known_.push_back(std::move(values));
  }

 private:
  size_t cells_;
  Diary& diary_;
  std::vector<Values> known_;
};

void tell_units(const PackedMultiome& raw, const MatchedCells& cells, const NamesOfCells& names,
                Diary& diary) {
  UnitColumns units(cells.barcodes.size(), diary);
  for (const auto& used : {names.donors, names.batches}) {
    if (!used.empty()) units.know(unit_values(raw, cells, used).of_cell);
  }
  for (const auto& name : column_names_of(raw, cells)) {
    if (is_used(name, names) || !names_a_unit(name)) continue;
    units.tell(fmt::format("the column '{}'", name), labels_from_column(raw, cells, name).of_cell,
               fmt::format("add --batches {0} (or --donors {0})", name));
  }
  Values ends;
  for (const auto& barcode : cells.barcodes) ends.push_back(around_bases(barcode));
  units.tell("what the barcodes begin or end with", std::move(ends),
             fmt::format("add --batches {}", kByBarcode));
}

bool names_doublets(std::string_view column) {
  std::string text;
  for (const auto& word : words_of(column)) text += word;
  return text.find("doublet") != std::string::npos || text.find("multiplet") != std::string::npos ||
         text.find("dblfinder") != std::string::npos;
}

void tell_doublets(const PackedMultiome& raw, const MatchedCells& cells, const NamesOfCells& names,
                   Diary& diary) {
  std::string scores;
  bool called = false, told = false;
  for (const auto& name : column_names_of(raw, cells)) {
    if (is_used(name, names) || !names_doublets(name)) continue;
    const auto count = called_doublets(labels_from_column(raw, cells, name).of_cell);
    if (!count) {
      scores += (scores.empty() ? "'" : ", '") + name + "'";
      continue;
    }
    called = true;
    if (!told && *count > 0) {
      diary.warn(
          "the column '{}' calls {} of the {} cells doublets, and they are used: leave them out of "
          "the file, or label them 'doublet' in --labels",
          name, *count, cells.size());
      told = true;
    }
  }
  if (called || scores.empty()) return;
  diary.warn(
      "scores of doublets ({}) are not used: leave out of the file what they call, or label it "
      "'doublet' in --labels",
      scores);
}

}  // namespace

bool names_a_unit(std::string_view column) {
  const auto words = words_of(bare_name(column));
  return std::any_of(words.begin(), words.end(), is_unit_word) &&
         std::all_of(words.begin(), words.end(), [](const std::string& word) {
           return is_unit_word(word) || is_one_of(word, kWordsBeside) || is_number(word);
         });
}

std::string around_bases(std::string_view barcode) {
  const auto bases = bases_of(barcode);
  if (bases.empty()) return std::string(barcode);
  const auto begin = static_cast<size_t>(bases.data() - barcode.data());
  return std::string(barcode.substr(0, begin)) += barcode.substr(begin + bases.size());
}

std::optional<int64_t> called_doublets(std::span<const std::string> values) {
  int64_t called = 0;
  for (const auto& value : values) {
    const auto words = words_of(value);
    const std::string first = words.empty() ? "" : words[0];
    double number = 0;
    const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool numeric = error == std::errc() && rest == value.data() + value.size();
    if (numeric && number != 0 && number != 1) return std::nullopt;
    const bool yes = first == "true" || first == "yes" || first == "t" ||
                     first.starts_with("doublet") || first.starts_with("multiplet");
    called += yes || (numeric && number == 1) ? 1 : 0;
  }
  return called;
}

void tell_unused_columns(const PackedMultiome& raw, const MatchedCells& cells,
                         const NamesOfCells& names, Diary& diary) {
  tell_units(raw, cells, names, diary);
  tell_doublets(raw, cells, names, diary);
}

}  // namespace grids::core
