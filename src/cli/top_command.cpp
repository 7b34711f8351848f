#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/terminal.hpp"
#include "cli/commands.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/output_folder.hpp"
#include "io/table_query.hpp"

namespace grids::core {
namespace {

enum class TopForm : uint8_t { kAuto, kAligned, kTsv };

struct TopCommand {
  std::filesystem::path table;
  std::vector<std::string> where;
  std::string sort;
  bool descending = false;
  int64_t rows = 20;
  std::vector<std::string> columns;
  TopForm form = TopForm::kAuto;
  std::filesystem::path out;
  bool overwrite = false;
};

/// How a table of grids is best read.
struct TableTaste {
  const char* file;
  const char* order_by;  ///< smallest first
  std::vector<std::string> columns;
};

/// Columns are those that fit a terminal; a file that a run wrote is told by its name.
const std::vector<TableTaste>& tastes() {
  static const std::vector<TableTaste> known = {
      {"links.tsv",
       "q",
       {"cell_type", "gene", "set", "peak", "rank", "relative_change", "verdict", "q", "call",
        "distance_to_tss"}},
      {"subsets.tsv",
       "contrast_q",
       {"cell_type", "gene", "method", "rank", "peak", "score", "relative_change", "contrast_q",
        "verdict"}},
      {"redundancy.tsv",
       "q",
       {"cell_type", "gene", "set", "elements", "call", "q", "hidden_share", "reason"}},
      {"knockout.tsv", "change", {}},
      {"cis.tsv",
       "gate_b_q",
       {"gene", "combination", "term", "kind", "peaks", "fold", "inclusion", "gate_b_gain",
        "gate_b_q", "gate_b_passed"}},
  };
  return known;
}

/// Whether a file has the name of a table, packed or not.
bool is_called(const std::filesystem::path& path, const std::string& name) {
  const auto file = path.filename().string();
  return file == name || file == name + ".gz";
}

const TableTaste* taste_of(const std::filesystem::path& path) {
  for (const auto& taste : tastes()) {
    if (is_called(path, taste.file)) return &taste;
  }
  return nullptr;
}

const std::vector<std::string>& counted_columns() {
  static const std::vector<std::string> columns = {"verdict", "call", "cell_type"};
  return columns;
}

bool is_aligned(const TopCommand& arguments) {
  if (arguments.form != TopForm::kAuto) return arguments.form == TopForm::kAligned;
  return arguments.out.empty() && ::isatty(STDOUT_FILENO) != 0;
}

void check(const TopCommand& arguments, Problems& problems) {
  for (const auto& text : arguments.where) {
    try {
      parse_condition(text);
    } catch (const Error& error) {
      problems.add("{}", error.what());
    }
  }
}

TableQuery query_of(const TopCommand& arguments) {
  TableQuery query;
  for (const auto& text : arguments.where) query.conditions.push_back(parse_condition(text));
  query.order_by = arguments.sort;
  query.descending = arguments.descending;
  for (const auto& word : arguments.columns) {
    for (auto& name : split_list(word)) query.columns.push_back(std::move(name));
  }
  query.counted = counted_columns();
  if (arguments.rows > 0) query.most_rows = static_cast<size_t>(arguments.rows);
  const TableTaste* taste = taste_of(arguments.table);
  if (taste == nullptr) return query;
  if (query.order_by.empty()) {
    query.order_by = taste->order_by;
    query.order_if_there = true;
  }
  if (query.columns.empty() && is_aligned(arguments)) {
    query.columns = taste->columns;
    query.columns_if_there = true;
  }
  return query;
}

/// Letters of a cell that are shown; longer ones (lists of peaks) end in "…".
constexpr size_t kWidestCell = 48;

/// Bytes of UTF-8 that begin a letter.
size_t letters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string shown_cell(std::string_view cell) {
  std::string text = printable(cell);
  std::replace(text.begin(), text.end(), '\t', ' ');
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (letters(text) <= kWidestCell) return text;
  size_t end = 0;
  for (size_t count = 0; end < text.size(); ++end) {
    count += letters(std::string_view(text).substr(end, 1));
    if (count == kWidestCell) break;
  }
  return text.substr(0, end) + "…";
}

/// Whether a column holds nothing but numbers and what is missing: such stand on the right.
bool holds_numbers(const Table& table, size_t column) {
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto& cell = table.row(row)[column];
    if (!cell.empty() && cell.find_first_not_of("0123456789+-.eE") != std::string::npos &&
        cell != "NA" && cell != "inf" && cell != "-inf") {
      return false;
    }
  }
  return table.rows() > 0;
}

std::string aligned(const Table& table) {
  std::vector<std::vector<std::string>> lines(table.rows() + 1);
  std::vector<size_t> widths(table.columns().size(), 0);
  std::vector<bool> right;
  for (size_t c = 0; c < widths.size(); ++c) {
    right.push_back(holds_numbers(table, c));
    for (size_t line = 0; line < lines.size(); ++line) {
      lines[line].push_back(shown_cell(line == 0 ? table.columns()[c] : table.row(line - 1)[c]));
      widths[c] = std::max(widths[c], letters(lines[line][c]));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string shown;
    for (size_t c = 0; c < line.size(); ++c) {
      const std::string blanks(widths[c] - letters(line[c]), ' ');
      if (c > 0) shown += "  ";
      shown += right[c] ? blanks + line[c] : line[c] + blanks;
    }
    shown.erase(shown.find_last_not_of(' ') + 1);
    text += shown + "\n";
  }
  return text;
}

/// Values of a counted column that are named; the rest are counted together.
constexpr size_t kNamedValues = 8;

std::string counts_text(const std::map<std::string, size_t>& counts) {
  std::vector<std::pair<size_t, std::string>> order;
  order.reserve(counts.size());
  for (const auto& [value, rows] : counts) order.emplace_back(rows, value);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<std::string> parts;
  size_t others = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i >= kNamedValues) {
      others += order[i].first;
      continue;
    }
    parts.push_back(
        fmt::format("{} {}", order[i].second.empty() ? "none" : order[i].second, order[i].first));
  }
  if (others > 0) parts.push_back(fmt::format("others {}", others));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string summary(const TopCommand& arguments, const TableQuery& query,
                    const QueryResult& result) {
  std::string text = fmt::format("{}: {} rows", arguments.table.string(), result.rows);
  if (!query.conditions.empty()) text += fmt::format(", {} kept", result.kept);
  text += fmt::format(", {} shown", result.table.rows());
  if (!result.ordered_by.empty()) {
    text += fmt::format(" by {}{}", result.ordered_by, query.descending ? ", largest first" : "");
  }
  for (const auto& [column, counts] : result.counts) {
    if (!counts.empty()) text += fmt::format("; {}: {}", column, counts_text(counts));
  }
  return text;
}

void show_top(const TopCommand& arguments, const Context& context) {
  const auto query = query_of(arguments);
  if (arguments.out.empty()) {
    const auto result = query_table(arguments.table, query);
    const auto text = is_aligned(arguments) ? aligned(result.table) : table_text(result.table);
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);  // before what is told of it
    context.reporter.info(summary(arguments, query, result));
    return;
  }
  const std::filesystem::path read[] = {arguments.table};
  require_writable(arguments.out, read);
  const auto table = seen_from(folder_of(arguments.out), arguments.table);
  const OutputFiles files(
      {arguments.out}, {"top", fmt::format("{} where {}", table, fmt::join(arguments.where, ", "))},
      arguments.overwrite);
  const auto result = query_table(arguments.table, query);
  files.claim(context);
  if (is_aligned(arguments)) {
    replace_file(arguments.out, aligned(result.table));
  } else {
    write_table(arguments.out, result.table);
  }
  context.reporter.info(summary(arguments, query, result));
}

}  // namespace

Command top_command() {
  return {
      "top", "Show the first rows of a table of results: filtered, ordered, counted",
      "  grids top out/links.tsv --where 'q<0.1' --where verdict=borne_out\n"
      "  grids top out/knockout.tsv --where gene=CX3CR1 -n 50\n"
      "  grids top out/redundancy.tsv --sort hidden_share --descending --columns gene,call,q\n\n"
      "Reads .tsv and .tsv.gz. Aligned on a terminal, with tabs elsewhere and into --out; what\n"
      "was counted is told on standard error. A missing cell (NA) meets no condition but != \n"
      "and =NA, and comes last. Tables of grids are ordered by what they are best read by: by\n"
      "q, or a knock-out by its change.",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<TopCommand>();
        options.value("table", arguments->table, "A table of results", OptionSet::Need::kRequired);
        options.list("--where", arguments->where,
                     "Conditions that rows must all meet: a column, one of = != < <= > >= ~ "
                     "(contains), a value");
        options.value("--sort", arguments->sort, "The column to order by, smallest first");
        options.flag("--descending", arguments->descending, "Largest first");
        options.value("-n,--rows", arguments->rows, "Rows that are shown at most; 0 = all",
                      at_least(0));
        options.list("--columns", arguments->columns,
                     "Columns to show, in this order, with commas between them");
        options.choice<TopForm>(
            "--form", arguments->form,
            {{"auto", TopForm::kAuto}, {"aligned", TopForm::kAligned}, {"tsv", TopForm::kTsv}},
            "auto: aligned on a terminal, else tsv");
        options.value("-o,--out", arguments->out, "A file for the rows, instead of the terminal");
        describe_overwrite(options, arguments->overwrite);
        options.rule([arguments](Problems& problems) { check(*arguments, problems); });
        return [arguments](const Context& context) { show_top(*arguments, context); };
      }};
}

}  // namespace grids::core
