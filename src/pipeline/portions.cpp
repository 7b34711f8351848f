#include "pipeline/portions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/at.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/manifest.hpp"

namespace grids::core {
namespace {

constexpr const char* kPortionsFolder = "portions";  // in the state folder

std::string whole_file(const std::string& command) {
  return fmt::format("{}/{}/{}.json", kStateFolder, kPortionsFolder, command);
}

}  // namespace

Shard shard_from(const std::string& text) {
  Shard shard;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard.number);
  bool good = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  if (good) {
    const auto second = std::from_chars(first.ptr + 1, end, shard.count);
    good = second.ec == std::errc() && second.ptr == end && shard.number >= 1 &&
           shard.number <= shard.count;
  }
  if (!good) throw usage_error("--shard: '{}' is not of the form 2/8, the second of eight", text);
  return shard;
}

void describe_shard(OptionSet& set, std::string& text) {
  set.value("--shard", text,
            "One part of the targets: 2/8 is the second of eight (grids merge puts them together)");
  set.rule([&text](Problems& problems) {
    try {
      shard_from(text);
    } catch (const Error& error) {
      problems.add("{}", error.what());
    }
  });
}

size_t count_portions(size_t targets, size_t of_portion) {
  return std::max<size_t>(1, (targets + of_portion - 1) / of_portion);
}

std::vector<size_t> portions_among(const Shard& shard, size_t count) {
  std::vector<size_t> portions;
  for (size_t portion = at(shard.number - 1); portion < count; portion += at(shard.count)) {
    portions.push_back(portion);
  }
  return portions;
}

std::vector<size_t> portions_of(const Shard& shard, size_t targets, size_t of_portion) {
  return portions_among(shard, count_portions(targets, of_portion));
}

std::vector<ExplainTarget> targets_of_portion(size_t portion,
                                              const std::vector<ExplainTarget>& targets,
                                              size_t of_portion) {
  const size_t first = portion * of_portion;
  const size_t last = std::min(targets.size(), first + of_portion);
  return {targets.begin() + static_cast<std::ptrdiff_t>(first),
          targets.begin() + static_cast<std::ptrdiff_t>(last)};
}

std::string asked_text(const Study& study, const std::vector<ExplainTarget>& targets) {
  std::string text;
  for (const auto& target : targets) {
    text += fmt::format("{}:{}:{};", type_name(study, target), study.genes.names[at(target.gene)],
                        target.set_size);
  }
  return text;
}

std::string portion_file(const std::string& command, size_t portion, const std::string& table) {
  return fmt::format("{}/{}/{}-{:05}.{}", kStateFolder, kPortionsFolder, command, portion, table);
}

std::filesystem::path place_for_portion(const std::filesystem::path& folder,
                                        const std::string& command, size_t portion,
                                        const std::string& file) {
  make_folder(folder / kStateFolder / kPortionsFolder);
  return folder / portion_file(command, portion, file);
}

std::vector<std::string> write_portion(const std::filesystem::path& folder,
                                       const std::string& command, size_t portion,
                                       std::vector<Table> tables) {
  make_folder(folder / kStateFolder / kPortionsFolder);
  std::vector<std::string> written;
  written.reserve(tables.size());
  for (auto& table : tables) {
    table.source = portion_file(command, portion, table.source);
    written.push_back(write_into(folder, table));
  }
  return written;
}

WholeRun whole_run(const Study& study, const std::string& settings, const Shard& shard,
                   const std::vector<ExplainTarget>& targets, size_t of_portion) {
  return {shard, static_cast<int64_t>(count_portions(targets.size(), of_portion)),
          sha256_of_text(settings + asked_text(study, targets))};
}

void write_whole_run(const std::filesystem::path& folder, const std::string& command,
                     const WholeRun& whole) {
  make_folder(folder / kStateFolder / kPortionsFolder);
  const nlohmann::json json = {{"shard", whole.shard.number},
                               {"shards", whole.shard.count},
                               {"portions", whole.portions},
                               {"asked", whole.asked}};
  replace_file(folder / whole_file(command), json.dump(1) + "\n");
}

std::optional<WholeRun> read_whole_run(const std::filesystem::path& folder,
                                       const std::string& command) {
  const auto path = folder / whole_file(command);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  WholeRun whole;
  try {
    const auto json = nlohmann::json::parse(read_file(path));
    whole.shard = {json.at("shard").get<int64_t>(), json.at("shards").get<int64_t>()};
    whole.portions = json.at("portions").get<int64_t>();
    whole.asked = json.at("asked").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: {}; run the shard again", path.string(), error.what());
  }
  const auto& [number, count] = whole.shard;
  if (number < 1 || number > count || whole.portions < 1) {
    throw input_error("{}: shard {} of {}, of {} portions: there is no such shard; run it again",
                      path.string(), number, count, whole.portions);
  }
  return whole;
}

std::string run_of(const WholeRun& whole, const Context& context) {
  constexpr size_t kShown = 16;
  if (whole.shard.count == 1) return "";
  return fmt::format("{}-{}", whole.asked.substr(0, kShown), context.seed);
}

std::string exact_text(double value) {
  return std::isnan(value) ? "NA" : fmt::format("{}", value);
}

void tell_portions(size_t own, size_t targets, const Context& context, size_t of_portion) {
  if (own > 0) return;
  context.reporter.info(fmt::format(
      "{} targets make {} portions of {}, fewer than there are shards: this one has no targets",
      targets, count_portions(targets, of_portion), of_portion));
}

void tell_shard(const Shard& shard, const Context& context) {
  if (shard.count == 1) return;
  context.reporter.warning(fmt::format(
      "these tables are those of shard {} of {}: q-values, verdicts and calls hold among its own "
      "sets; put the shards together (grids merge) before anything is read from them",
      shard.number, shard.count));
}

std::vector<size_t> PortionFiles::portions() const {
  std::vector<size_t> numbers;
  numbers.reserve(folders_.size());
  for (const auto& entry : folders_) numbers.push_back(entry.first);
  return numbers;
}

std::filesystem::path PortionFiles::place_of(size_t portion, const std::string& file) const {
  return folders_.at(portion) / portion_file(command_, portion, file);
}

Table PortionFiles::read(size_t portion, const std::string& table) const {
  return read_table(place_of(portion, table));
}

Table PortionFiles::joined(const std::string& table) const {
  Table all;
  for (const size_t portion : portions()) {
    const Table part = read(portion, table);
    if (all.columns().empty()) all = Table(part.columns());
    for (size_t i = 0; i < part.rows(); ++i) all.add(part.row(i));
  }
  all.source = table;
  return all;
}

void PortionFiles::write_joined(const std::filesystem::path& folder, const std::string& table,
                                const Change& change) const {
  const auto numbers = portions();
  if (numbers.empty()) throw internal_error("{}: there are no portions", table);
  const auto columns = read(numbers.front(), table).columns();
  write_table(folder / table, columns, [&](const RowSink& add) {
    for (const size_t portion : numbers) {
      Table part = read(portion, table);
      if (change) change(portion, part);
      for (size_t i = 0; i < part.rows(); ++i) add(part.row(i));
    }
  });
}

TableEdit::TableEdit(const Table& table) : columns_(table.columns()), source_(table.source) {
  rows_.reserve(table.rows());
  for (size_t i = 0; i < table.rows(); ++i) rows_.push_back(table.row(i));
}

void TableEdit::set(size_t row, std::string_view column, std::string text) {
  const auto place = std::find(columns_.begin(), columns_.end(), column);
  if (place == columns_.end() || row >= rows_.size()) {
    throw input_error("{}: no column '{}' in row {}; it is not as this version of grids writes it",
                      source_, column, row + 1);
  }
  rows_[row][at(place - columns_.begin())] = std::move(text);
}

Table TableEdit::done() && {
  Table table(columns_);
  table.source = source_;
  for (auto& row : rows_) table.add(std::move(row));
  return table;
}

}  // namespace grids::core
