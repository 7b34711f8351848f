/// A store in memory whose containers are valid and whose contents are anything: what a hostile
/// HDF5 file is once the library has opened it.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/store_source.hpp"

namespace grids::core::fuzz {

/// Takes choices off the front of the input; zeros once that is used up.
class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  bool empty() const { return size_ == 0; }
  uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  size_t below(size_t count) { return count == 0 ? 0 : (byte() | byte() << 8) % count; }
  /// Numbers that break things.
  double number() {
    constexpr double kHostile[] = {0,     1,         -1,     0.5,    2147483647.0, 2147483648.0,
                                   3e38,  -9.3e18,   9.3e18, 1e-320, 4294967296.0, -0.0,
                                   1e308, 1.0 / 3.0, 255,    65536};
    const auto which = byte();
    if (which == 200) return __builtin_nan("");
    if (which == 201) return __builtin_inf();
    if (which >= 128) return which - 128;
    return kHostile[which % std::size(kHostile)];
  }
  int64_t length() {
    constexpr int64_t kHostile[] = {
        0, 1, 2, 3, 5, 1 << 11, int64_t{1} << 31, int64_t{1} << 40, (int64_t{1} << 62), INT64_MAX};
    const auto which = byte();
    return which >= 64 ? which - 64 : kHostile[which % std::size(kHostile)];
  }
  std::string text() {
    std::string text;
    for (size_t length = byte() % 12; length > 0; --length) text += static_cast<char>(byte());
    return text;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

/// What groups and arrays share: attributes, of which any may be changed.
template <typename Base>
class Attributed : public Base {
 public:
  using Base::Base;

  bool has_attribute(const std::string& name) const override { return attributes.contains(name); }
  store::Attribute attribute(const std::string& name) const override { return attributes.at(name); }
  std::vector<std::string> attribute_names() const override {
    std::vector<std::string> names;
    for (const auto& [name, value] : attributes) names.push_back(name);
    return names;
  }

  std::map<std::string, store::Attribute> attributes;
};

/// Numbers or texts under any shape (the sizes between few and absurd would only take time); what
/// the shape claims beyond the entries repeats them, as a file of equal numbers does that a filter
/// has shrunk.
class HostileArray final : public Attributed<store::ArraySource> {
 public:
  explicit HostileArray(store::Place place) : Attributed(std::move(place)) {}

  store::ArrayInfo info() const override { return {shape, kind, entry_bytes, std::nullopt, chunk}; }
  std::optional<int64_t> stored_bytes() const override { return stored; }
  std::optional<int64_t> file_bytes() const override { return 4096; }
  void read(int64_t first, const store::Memory& out) const override {
    if (fails) throw place().error("cannot be read");
    size_t width = 1;
    for (size_t d = 1; d < shape.size(); ++d) width *= static_cast<size_t>(shape[d]);
    size_t next = static_cast<size_t>(first) * width;
    std::visit(
        [&](auto span) {
          for (auto& value : span) value = converted<std::decay_t<decltype(value)>>(next++);
        },
        out);
  }
  std::vector<std::string> read_text() const override {
    if (fails) throw place().error("cannot be read");
    std::vector<std::string> all(static_cast<size_t>(entries()));
    for (size_t i = 0; i < all.size() && !texts.empty(); ++i) all[i] = texts[i % texts.size()];
    return all;
  }
  std::vector<Field> fields() const override {
    return {{"index", store::Kind::kText}, {"n", kind}};
  }
  void read_field(const std::string&, std::span<double> out) const override {
    for (size_t i = 0; i < out.size(); ++i) out[i] = converted<double>(i);
  }
  std::vector<std::string> read_field_text(const std::string&) const override {
    return read_text();
  }

  std::vector<int64_t> shape;
  store::Kind kind = store::Kind::kFloat;
  int64_t entry_bytes = 4;
  std::vector<int64_t> chunk;
  int64_t stored = 4096;
  bool fails = false;
  std::vector<double> numbers;
  std::vector<std::string> texts;

 private:
  int64_t entries() const {
    uint64_t count = 1;  // of lengths of which one is 0, the others may be anything
    for (const auto length : shape) count *= static_cast<uint64_t>(length);
    return static_cast<int64_t>(count);
  }
  /// As HDF5 converts: what is too large becomes the largest, fractions are cut off.
  template <typename T>
  T converted(size_t i) const {
    const double number = numbers.empty() ? 0 : numbers[i % numbers.size()];
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(number);
    } else {
      if (!(number > static_cast<double>(std::numeric_limits<T>::min()))) {
        return number != number ? T{0} : std::numeric_limits<T>::min();
      }
      if (number >= static_cast<double>(std::numeric_limits<T>::max())) {
        return std::numeric_limits<T>::max();
      }
      return static_cast<T>(number);
    }
  }
};

class HostileGroup final : public Attributed<store::GroupSource> {
 public:
  using Attributed::Attributed;

  std::shared_ptr<HostileGroup> add_group(const std::string& name) {
    return groups_[name] = std::make_shared<HostileGroup>(place().child(name));
  }
  std::shared_ptr<HostileArray> add(const std::string& name) {
    return arrays_[name] = std::make_shared<HostileArray>(place().child(name));
  }
  std::shared_ptr<HostileArray> add(const std::string& name, std::vector<double> numbers,
                                    store::Kind kind = store::Kind::kFloat) {
    auto array = add(name);
    array->shape = {std::ssize(numbers)};
    array->numbers = std::move(numbers);
    array->kind = kind;
    return array;
  }
  std::shared_ptr<HostileArray> add_texts(const std::string& name, std::vector<std::string> texts) {
    auto array = add(name);
    array->shape = {std::ssize(texts)};
    array->texts = std::move(texts);
    array->kind = store::Kind::kText;
    array->entry_bytes = 16;
    return array;
  }
  void remove(const std::string& name) {
    groups_.erase(name);
    arrays_.erase(name);
  }

  /// Every array and group below.
  void collect(std::vector<HostileArray*>& arrays, std::vector<HostileGroup*>& groups) {
    groups.push_back(this);
    for (auto& [name, array] : arrays_) arrays.push_back(array.get());
    for (auto& [name, group] : groups_) group->collect(arrays, groups);
  }

  store::Member member(const std::string& name) const override {
    const auto [group, last] = inside(name);
    if (group != nullptr && group->groups_.contains(last)) return store::Member::kGroup;
    if (group != nullptr && group->arrays_.contains(last)) return store::Member::kArray;
    return store::Member::kNone;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, group] : groups_) names.push_back(name);
    for (const auto& [name, array] : arrays_) names.push_back(name);
    return names;
  }
  std::shared_ptr<const store::GroupSource> group(const std::string& name) const override {
    if (member(name) != store::Member::kGroup) throw place().error("is not a group", name);
    const auto [group, last] = inside(name);
    return group->groups_.at(last);
  }
  std::shared_ptr<const store::ArraySource> array(const std::string& name) const override {
    if (member(name) != store::Member::kArray) throw place().error("is not a dataset", name);
    const auto [group, last] = inside(name);
    return group->arrays_.at(last);
  }

 private:
  std::pair<const HostileGroup*, std::string> inside(const std::string& name) const {
    const size_t slash = name.find('/');
    if (slash == std::string::npos) return {this, name};
    const auto next = groups_.find(name.substr(0, slash));
    if (next == groups_.end()) return {nullptr, name};
    return next->second->inside(name.substr(slash + 1));
  }

  std::map<std::string, std::shared_ptr<HostileGroup>> groups_;
  std::map<std::string, std::shared_ptr<HostileArray>> arrays_;
};

// ---- valid containers ----

inline std::shared_ptr<HostileGroup> add_frame(HostileGroup& parent, const std::string& name,
                                               std::vector<std::string> index) {
  auto frame = parent.add_group(name);
  frame->attributes["encoding-type"] = std::vector<std::string>{"dataframe"};
  frame->attributes["_index"] = std::vector<std::string>{"_index"};
  frame->attributes["column-order"] = std::vector<std::string>{};
  frame->add_texts("_index", std::move(index));
  return frame;
}

inline void add_column(HostileGroup& frame, const std::string& name) {
  auto order = std::get<std::vector<std::string>>(frame.attributes["column-order"]);
  order.push_back(name);
  frame.attributes["column-order"] = order;
}

inline void add_categorical(HostileGroup& frame, const std::string& name,
                            std::vector<std::string> categories, std::vector<double> codes) {
  add_column(frame, name);
  auto column = frame.add_group(name);
  column->attributes["encoding-type"] = std::vector<std::string>{"categorical"};
  column->add_texts("categories", std::move(categories));
  column->add("codes", std::move(codes), store::Kind::kInteger);
}

inline void add_csr(HostileGroup& parent, const std::string& name, int64_t rows, int64_t columns,
                    std::vector<double> bounds, std::vector<double> indices,
                    std::vector<double> data) {
  auto matrix = parent.add_group(name);
  matrix->attributes["encoding-type"] = std::vector<std::string>{"csr_matrix"};
  matrix->attributes["shape"] = std::vector<int64_t>{rows, columns};
  matrix->add("indptr", std::move(bounds), store::Kind::kInteger);
  matrix->add("indices", std::move(indices), store::Kind::kInteger);
  matrix->add("data", std::move(data));
}

inline void add_texts_column(HostileGroup& frame, const std::string& name,
                             std::vector<std::string> values) {
  add_column(frame, name);
  frame.add_texts(name, std::move(values));
}

inline void add_numbers_column(HostileGroup& frame, const std::string& name,
                               std::vector<double> values, store::Kind kind = store::Kind::kFloat) {
  add_column(frame, name);
  frame.add(name, std::move(values), kind);
}

/// What a study says of three cells.
inline void add_cells(HostileGroup& obs) {
  add_categorical(obs, "cell_type", {"B", "T"}, {0, 1, 1});
  add_categorical(obs, "donor", {"d"}, {0, 0, 0});
  add_categorical(obs, "split", {"test", "train", "validation"}, {1, 0, 2});
  add_numbers_column(obs, "place", {2, 1, 0});
}

/// Both modalities of a study of three cells each, three peaks and two genes, as AnnData; their
/// tables of cells hold names alone.
struct Modalities {
  std::shared_ptr<HostileGroup> atac_cells, rna_cells;
};

inline Modalities add_modalities(HostileGroup& root, const std::vector<std::string>& atac_cells,
                                 const std::vector<std::string>& rna_cells) {
  auto mod = root.add_group("mod");
  auto rna = mod->add_group("rna");
  auto atac = mod->add_group("atac");
  const Modalities added{add_frame(*atac, "obs", atac_cells), add_frame(*rna, "obs", rna_cells)};
  auto& genes = *add_frame(*rna, "var", {"G1", "G2"});
  add_texts_column(genes, "gene_id", {"E1", "E2"});
  add_texts_column(genes, "chrom", {"chr1", ""});
  add_texts_column(genes, "strand", {"+", "."});
  add_texts_column(genes, "further_sites", {"100,200", ""});
  add_numbers_column(genes, "start", {50, 0});
  add_numbers_column(genes, "end", {70, 0});
  auto& peaks = *add_frame(*atac, "var", {"chr1:10-20", "chr1:30-40", "chr2:5-9"});
  add_categorical(peaks, "chrom", {"chr1", "chr2"}, {0, 0, 1});
  add_numbers_column(peaks, "start", {10, 30, 5}, store::Kind::kInteger);
  add_numbers_column(peaks, "end", {20, 40, 9}, store::Kind::kInteger);
  add_csr(*atac, "X", 3, 3, {0, 2, 3, 4}, {0, 2, 1, 0}, {1, 1, 1, 1});
  add_csr(*rna, "X", 3, 2, {0, 1, 2, 3}, {0, 1, 0}, {0.5, 1.5, 2});
  auto layers = rna->add_group("layers");
  add_csr(*layers, "counts", 3, 2, {0, 1, 2, 3}, {0, 1, 0}, {1, 3, 2});
  return added;
}

inline std::shared_ptr<HostileGroup> add_notes(HostileGroup& root, bool paired) {
  auto grids = root.add_group("uns")->add_group("grids");
  grids->add("format", {3}, store::Kind::kInteger);
  grids->add("paired", {paired ? 1.0 : 0.0}, store::Kind::kBoolean);
  grids->add_texts("scale", {"log1p_cp100k"});
  grids->add_texts("provenance", {"{}"});
  return grids;
}

/// A prepared study of three cells, three peaks and two genes; its modalities are AnnData.
inline std::shared_ptr<HostileGroup> valid_study() {
  auto root = std::make_shared<HostileGroup>(store::Place{"memory", {}});
  const std::vector<std::string> cells = {"AAAC-1", "AAAG-1", "AAAT-1"};
  auto& obs = *add_frame(*root, "obs", cells);
  add_frame(*root, "var", {"G1", "G2", "p1", "p2", "p3"});
  add_cells(obs);
  add_numbers_column(obs, "open_peaks", {2, 1, 0});
  add_numbers_column(obs, "total_rna", {9, 8, 7});
  add_modalities(*root, cells, cells);
  add_notes(*root, true);
  return root;
}

/// The same of three cells with chromatin and three others with RNA.
inline std::shared_ptr<HostileGroup> valid_unpaired_study() {
  auto root = std::make_shared<HostileGroup>(store::Place{"memory", {}});
  const auto added =
      add_modalities(*root, {"AAAC-1", "AAAG-1", "AAAT-1"}, {"CAAC-1", "CAAG-1", "CAAT-1"});
  add_cells(*added.atac_cells);
  add_numbers_column(*added.atac_cells, "open_peaks", {2, 1, 0});
  add_cells(*added.rna_cells);
  add_numbers_column(*added.rna_cells, "total_rna", {9, 8, 7});
  add_notes(*root, false)->add_texts("labels_in", {"both"});
  return root;
}

// ---- what makes them hostile ----

inline void change_array(HostileArray& array, Choices& choices) {
  switch (choices.byte() % 10) {
    case 0:
      if (!array.numbers.empty())
        array.numbers[choices.below(array.numbers.size())] = choices.number();
      break;
    case 1:
      for (auto& number : array.numbers) number = choices.number();
      break;
    case 2:
      array.shape.assign(choices.byte() % 4, 0);
      for (auto& length : array.shape) length = choices.length();
      break;
    case 3:
      if (!array.shape.empty()) array.shape[0] = choices.length();
      break;
    case 4:
      array.kind = static_cast<store::Kind>(choices.byte() % 6);
      break;
    case 5:
      if (!array.texts.empty()) array.texts[choices.below(array.texts.size())] = choices.text();
      break;
    case 6:
      array.fails = true;
      break;
    case 7:
      array.chunk = {choices.length(), choices.length()};
      array.stored = choices.length();
      break;
    case 8:
      array.entry_bytes = choices.length();
      break;
    default:
      array.numbers.push_back(choices.number());
      array.shape = {std::ssize(array.numbers)};
  }
}

inline void change_group(HostileGroup& group, Choices& choices) {
  const auto names = group.attribute_names();
  const auto name =
      names.empty() ? std::string("encoding-type") : names[choices.below(names.size())];
  const auto members = group.names();
  switch (choices.byte() % 7) {
    case 0:
      group.attributes.erase(name);
      break;
    case 1:
      group.attributes[name] = std::vector<int64_t>{choices.length(), choices.length()};
      break;
    case 2:
      group.attributes[name] = std::vector<std::string>{choices.text()};
      break;
    case 3:
      group.attributes[name] = std::vector<double>{choices.number(), choices.number()};
      break;
    case 4:
      group.attributes[name] = std::vector<std::string>(choices.byte() % 4, "csc_matrix");
      break;
    case 5:
      if (!members.empty()) group.remove(members[choices.below(members.size())]);
      break;
    default:
      if (!members.empty()) {
        const auto member = members[choices.below(members.size())];
        group.remove(member);
        if (choices.byte() % 2 == 0) {
          group.add_group(member);
        } else {
          group.add(member, {choices.number(), choices.number()});
        }
      }
  }
}

/// A valid study, of paired cells or of others, with some changes.
inline std::shared_ptr<HostileGroup> hostile_study(Choices& choices) {
  auto root = choices.byte() % 2 == 0 ? valid_study() : valid_unpaired_study();
  while (!choices.empty()) {
    std::vector<HostileArray*> arrays;
    std::vector<HostileGroup*> groups;
    root->collect(arrays, groups);
    if (!arrays.empty() && choices.byte() % 3 != 0) {
      change_array(*arrays[choices.below(arrays.size())], choices);
    } else {
      change_group(*groups[choices.below(groups.size())], choices);
    }
  }
  return root;
}

}  // namespace grids::core::fuzz
