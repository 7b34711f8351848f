#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#define TOML_HEADER_ONLY 0
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "base/command_line.hpp"
#include "base/suggestion.hpp"

namespace grids::core {
namespace {

/// A line of the file: key = words, in a section or above all.
struct Entry {
  std::string section;
  std::string key;
  std::vector<std::string> words;
  std::string where;  ///< "options.toml, line 3"
};

std::string read_text(const std::filesystem::path& path) {
  std::error_code ignored;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, ignored)) {
    throw input_error("--config {}: {}", path.string(),
                      errno != 0 ? std::strerror(errno) : "a folder, not a file");
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string shown_number(double value) {
  return fmt::format("{}", value);
}

/// The text that a flag would be given; nothing for tables, dates and the like.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
  if (const auto* number = node.as_floating_point()) return shown_number(number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  return std::nullopt;
}

class File {
 public:
  File(const std::filesystem::path& path, Problems& problems)
      : name_(path.string()), problems_(problems) {
    toml::table table;
    try {
      table = toml::parse(std::string_view(read_text(path)), name_);
    } catch (const toml::parse_error& error) {
      throw usage_error(
          "--config {}, line {}: {}; a file holds [command] sections with lines such "
          "as threads = 2 or method = \"greedy\", keys as the flags",
          name_, error.source().begin.line, std::string(error.description()));
    }
    for (const auto& [key, node] : table) {
      if (const auto* section = node.as_table()) {
        sections_.emplace_back(std::string(key.str()), where(node));
        for (const auto& [name, value] : *section) add(std::string(key.str()), name.str(), value);
      } else {
        add("", key.str(), node);
      }
    }
  }

  const std::vector<Entry>& entries() const { return entries_; }
  /// Name and place of each.
  const std::vector<std::pair<std::string, std::string>>& sections() const { return sections_; }

 private:
  std::string where(const toml::node& node) const {
    return fmt::format("--config {}, line {}", name_, node.source().begin.line);
  }

  void add(const std::string& section, std::string_view key, const toml::node& node) {
    Entry entry{section, std::string(key), {}, where(node)};
    const auto take = [&](const toml::node& value) {
      if (auto text = text_of(value)) {
        entry.words.push_back(std::move(*text));
      } else {
        problems_.add("{}: {} holds neither a text nor a number", entry.where, key);
      }
    };
    if (const auto* array = node.as_array()) {
      for (const auto& value : *array) take(value);
      if (array->empty()) problems_.add("{}: {} lists nothing", entry.where, key);
    } else {
      take(node);
    }
    if (!entry.words.empty()) entries_.push_back(std::move(entry));
  }

  std::string name_;
  Problems& problems_;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, std::string>> sections_;
};

bool is_inner(const OptionField& field) {
  return field.place == OptionField::Place::kInner;
}

std::string without_dashes(const std::string& flag) {
  return flag.substr(std::min(flag.find_first_not_of('-'), flag.size()));
}

/// The keys by which a section may name a field: of the command's own section its flag (which a
/// positional of the same name gives way to), of the stage's its key; the letter in both.
bool answers(const OptionField& field, const std::string& command, const std::string& section,
             const std::string& key) {
  if (is_inner(field)) return false;
  const bool own = section == command;
  if (!own && field.section != section) return false;
  if (own && without_dashes(field.flag) == key) return true;
  if (field.section == section && field.key == key) return true;
  return !field.letter.empty() && without_dashes(field.letter) == key;
}

std::optional<size_t> field_of(const OptionSet& options, const std::string& command,
                               const std::string& section, const std::string& key) {
  std::optional<size_t> found;
  const auto& fields = options.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!answers(fields[i], command, section, key)) continue;
    if (!found || fields[*found].place == OptionField::Place::kPositional) found = i;
  }
  return found;
}

/// Keys of each section, of all commands, for suggestions.
std::map<std::string, std::set<std::string>> known_keys(
    const std::vector<DescribedCommand>& commands) {
  std::map<std::string, std::set<std::string>> known;
  for (const auto& command : commands) {
    known[command.name];
    for (const auto& field : command.options.fields()) {
      if (is_inner(field)) continue;
      known[command.name].insert(without_dashes(field.flag));
      if (!field.section.empty()) known[field.section].insert(field.key);
    }
  }
  return known;
}

bool has_section(const DescribedCommand& command, const std::string& section) {
  if (command.name == section) return true;
  const auto& fields = command.options.fields();
  return std::any_of(fields.begin(), fields.end(),
                     [&](const OptionField& field) { return field.section == section; });
}

bool is_known(const std::vector<DescribedCommand>& commands, const Entry& entry) {
  return std::any_of(commands.begin(), commands.end(), [&](const DescribedCommand& command) {
    return field_of(command.options, command.name, entry.section, entry.key).has_value();
  });
}

/// Where else a key is an option: " (in [train])".
std::string elsewhere(const std::map<std::string, std::set<std::string>>& known,
                      const std::string& key) {
  std::string sections;
  for (const auto& [section, keys] : known) {
    if (keys.contains(key))
      sections += fmt::format("{}[{}]", sections.empty() ? "" : ", ", section);
  }
  return sections.empty() ? "" : fmt::format(" (it is one of {})", sections);
}

std::string unknown_key(const std::map<std::string, std::set<std::string>>& known,
                        const OptionSet& shared, const Entry& entry) {
  std::vector<std::string> names;
  std::string place;
  if (entry.section.empty()) {
    for (const auto& field : shared.fields()) names.push_back(field.key);
    place = "above the first [section]";
  } else {
    const auto& keys = known.at(entry.section);
    names.assign(keys.begin(), keys.end());
    place = fmt::format("in [{}]", entry.section);
    for (const auto& field : shared.fields()) {
      if (field.key != entry.key) continue;
      return fmt::format("{}: '{}' is for every command and stands above the first [section]",
                         entry.where, entry.key);
    }
  }
  auto hint = suggestion(entry.key, names);
  if (hint.empty()) hint = elsewhere(known, entry.key);
  if (hint.empty()) hint = fmt::format(" (there are: {})", fmt::join(names, ", "));
  return fmt::format("{}: there is no option '{}' {}{}", entry.where, entry.key, place, hint);
}

void give(const Entry& entry, const OptionField& field, GivenWords& words, Problems& problems) {
  if (words.from.empty() && !words.words.empty()) return;  // the command line goes first
  if (!words.words.empty()) {
    problems.add("{}: {} is given a second time, after {}", entry.where, field.name(), words.from);
    return;
  }
  words.words = entry.words;
  words.from = entry.where;
}

}  // namespace

std::vector<std::string> read_configuration(const std::filesystem::path& path,
                                            const OptionSet& shared,
                                            const std::vector<DescribedCommand>& commands,
                                            CommandLine& line, Problems& problems) {
  const File file(path, problems);
  const auto known = known_keys(commands);
  std::vector<std::string> sections;
  sections.reserve(known.size());
  for (const auto& entry : known) sections.push_back(entry.first);
  std::set<std::string> unknown;
  for (const auto& [section, where] : file.sections()) {
    if (known.contains(section)) continue;
    unknown.insert(section);
    auto hint = suggestion(section, sections);
    if (hint.empty()) hint = fmt::format(" (there are: {})", fmt::join(sections, ", "));
    problems.add("{}: there is no section [{}]{}", where, section, hint);
  }
  std::vector<std::string> unread;
  const DescribedCommand& command = commands[*line.command];
  for (const auto& entry : file.entries()) {
    if (unknown.contains(entry.section)) continue;
    const bool for_all = entry.section.empty();
    const OptionSet& options = for_all ? shared : command.options;
    const auto field = field_of(options, for_all ? "" : command.name, entry.section, entry.key);
    if (field) {
      give(entry, options.fields()[*field], (for_all ? line.shared : line.own)[*field], problems);
    } else if (for_all || !is_known(commands, entry)) {
      problems.add("{}", unknown_key(known, shared, entry));
    } else if (has_section(command, entry.section)) {
      unread.push_back(fmt::format("{}: {} does not read '{}' of [{}]", entry.where, command.name,
                                   entry.key, entry.section));
    }
  }
  return unread;
}

}  // namespace grids::core
