#include "base/described.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "base/name_list.hpp"
#include "base/suggestion.hpp"

namespace grids::core {
namespace {

/// The whole text as a number that the type can hold: -4 is no unsigned one, nan no number.
template <typename T>
bool parse_number(std::string_view text, T& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(parsed)) return false;
  }
  value = parsed;
  return true;
}

template <typename T>
std::string not_a_number(const std::string& text) {
  return fmt::format("'{}' is not a {}number{}", text, std::is_floating_point_v<T> ? "" : "whole ",
                     std::is_unsigned_v<T> ? " that is not negative" : "");
}

std::string out_of_range(const Range& range, const std::string& shown) {
  return fmt::format("must be {}, not {}", range.text().empty() ? "a finite number" : range.text(),
                     shown);
}

template <typename T>
std::string range_problem(const Range& range, T value) {
  if (range.holds(static_cast<double>(value))) return "";
  return out_of_range(range, fmt::format("{}", value));
}

/// Wraps a function of one text: fields but lists take one.
std::function<std::string(const std::vector<std::string>&)> of_one(
    std::function<std::string(const std::string&)> assign) {
  return [assign = std::move(assign)](const std::vector<std::string>& words) {
    return words.size() == 1 ? assign(words[0])
                             : fmt::format("takes one value, not {}", words.size());
  };
}

std::string read_flag(const std::string& text, bool& value) {
  for (const char* yes : {"true", "yes", "on", "1"}) {
    if (text == yes) {
      value = true;
      return "";
    }
  }
  for (const char* no : {"false", "no", "off", "0"}) {
    if (text == no) {
      value = false;
      return "";
    }
  }
  return fmt::format("'{}' is neither true nor false", text);
}

std::string no_problem() {
  return "";
}

/// What a field that holds one text shows, now and as its default.
void show_as(OptionField& field, const std::function<std::string()>& text) {
  field.texts = [text] { return std::vector<std::string>{text()}; };
  field.standard = text();
}

template <typename T>
void bind_number(OptionField& field, T& value, Range range) {
  field.range = range;
  show_as(field, [&value] { return fmt::format("{}", value); });
  field.check = [&value, range] { return range_problem(range, value); };
}

template <typename T>
void bind_optional(OptionField& field, std::optional<T>& value, Range range) {
  field.range = range;
  show_as(field, [&value] { return value ? fmt::format("{}", *value) : std::string(); });
  field.check = [&value, range] { return value ? range_problem(range, *value) : std::string(); };
  field.assign = of_one([&value](const std::string& text) {
    T number{};
    if (!parse_number(text, number)) return not_a_number<T>(text);
    value = number;
    return std::string();
  });
}

}  // namespace

bool Range::holds(double value) const {
  if (!std::isfinite(value)) return false;
  return (without_least ? value > least : value >= least) &&
         (without_most ? value < most : value <= most);
}

std::string Range::text() const {
  std::string text;
  if (std::isfinite(least)) {
    text = fmt::format("{} {}", without_least ? "above" : "at least", least);
  }
  if (std::isfinite(most)) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " and ", without_most ? "below" : "at most",
                        most);
  }
  return text;
}

std::string OptionField::show() const {
  return fmt::format("{}", fmt::join(texts(), ","));
}

std::string OptionField::type() const {
  switch (kind) {
    case Kind::kFlag:
      return "";
    case Kind::kWhole:
      return "INT";
    case Kind::kNumber:
      return "NUMBER";
    case Kind::kPath:
      return "PATH";
    case Kind::kChoice:
      return fmt::format("{}", fmt::join(words, "|"));
    case Kind::kText:
    case Kind::kList:
      break;
  }
  return "TEXT";
}

OptionField& OptionSet::add(const std::string& name, const std::string& help,
                            OptionField::Kind kind) {
  OptionField field;
  const size_t comma = name.find(',');
  if (comma != std::string::npos) field.letter = name.substr(0, comma);
  field.flag = comma == std::string::npos ? name : name.substr(comma + 1);
  field.key = field.flag.substr(std::min(field.flag.find_first_not_of('-'), field.flag.size()));
  if (!field.flag.starts_with('-')) field.place = OptionField::Place::kPositional;
  const auto other = flags_.find(field.key);
  if (other != flags_.end()) field.flag = other->second;
  for (const auto& known : *fields_) {
    if (known.flag != field.flag && (field.letter.empty() || known.letter != field.letter))
      continue;
    if (known.place == OptionField::Place::kInner) continue;
    throw internal_error("the option {} is declared twice", name);
  }
  field.section = section_;
  field.group = group_;
  field.help = help;
  field.kind = kind;
  field.check = no_problem;
  fields_->push_back(std::move(field));
  return fields_->back();
}

OptionField& OptionSet::add_inner(const std::string& name, OptionField::Kind kind) {
  OptionField field;
  field.key = name;
  field.section = section_;
  field.kind = kind;
  field.place = OptionField::Place::kInner;
  field.assign = of_one([](const std::string&) { return std::string("is no option"); });
  fields_->push_back(std::move(field));
  return fields_->back();
}

template <typename T>
void OptionSet::add_number(const std::string& name, T& value, const std::string& help,
                           Range range) {
  OptionField& field =
      add(name, help,
          std::is_floating_point_v<T> ? OptionField::Kind::kNumber : OptionField::Kind::kWhole);
  bind_number(field, value, range);
  field.assign = of_one([&value](const std::string& text) {
    return parse_number(text, value) ? std::string() : not_a_number<T>(text);
  });
}

void OptionSet::flag(const std::string& name, bool& value, const std::string& help) {
  OptionField& field = add(name, help, OptionField::Kind::kFlag);
  show_as(field, [&value] { return std::string(value ? "true" : "false"); });
  field.assign = of_one([&value](const std::string& text) { return read_flag(text, value); });
}

void OptionSet::flag_off(const std::string& name, bool& value, const std::string& help) {
  OptionField& field = add(name, help, OptionField::Kind::kFlag);
  show_as(field, [&value] { return std::string(value ? "false" : "true"); });
  field.assign = of_one([&value](const std::string& text) {
    bool off = false;
    auto problem = read_flag(text, off);
    if (problem.empty()) value = !off;
    return problem;
  });
}

void OptionSet::value(const std::string& name, std::string& value, const std::string& help,
                      Need need) {
  OptionField& field = add(name, help, OptionField::Kind::kText);
  field.required = need == Need::kRequired;
  show_as(field, [&value] { return value; });
  field.assign = of_one([&value](const std::string& text) {
    value = text;
    return std::string();
  });
}

void OptionSet::value(const std::string& name, std::filesystem::path& value,
                      const std::string& help, Need need) {
  OptionField& field = add(name, help, OptionField::Kind::kPath);
  field.required = need == Need::kRequired;
  show_as(field, [&value] { return value.string(); });
  field.assign = of_one([&value](const std::string& text) {
    value = text;
    return std::string();
  });
}

void OptionSet::value(const std::string& name, double& value, const std::string& help,
                      Range range) {
  add_number(name, value, help, range);
}

void OptionSet::value(const std::string& name, int32_t& value, const std::string& help,
                      Range range) {
  add_number(name, value, help, range);
}

void OptionSet::value(const std::string& name, int64_t& value, const std::string& help,
                      Range range) {
  add_number(name, value, help, range);
}

void OptionSet::value(const std::string& name, uint64_t& value, const std::string& help,
                      Range range) {
  add_number(name, value, help, range);
}

void OptionSet::value(const std::string& name, std::optional<double>& value,
                      const std::string& help, Range range) {
  bind_optional(add(name, help, OptionField::Kind::kNumber), value, range);
}

void OptionSet::value(const std::string& name, std::optional<int64_t>& value,
                      const std::string& help, Range range) {
  bind_optional(add(name, help, OptionField::Kind::kWhole), value, range);
}

void OptionSet::list(const std::string& name, std::vector<std::string>& value,
                     const std::string& help) {
  OptionField& field = add(name, help, OptionField::Kind::kList);
  field.texts = [&value] { return value; };
  field.standard = field.show();
  field.assign = [&value](const std::vector<std::string>& words) {
    value = words;
    return std::string();
  };
}

void OptionSet::list(const std::string& name, std::vector<std::string>& value,
                     std::vector<std::string> words, const std::string& help) {
  OptionField& field = add(name, help, OptionField::Kind::kList);
  field.words = words;
  field.texts = [&value] { return value; };
  field.standard = field.show();
  field.assign = [&value, words = std::move(words)](const std::vector<std::string>& given) {
    value = split_names(given, [](std::string_view) { return false; });
    for (const auto& word : value) {
      if (std::find(words.begin(), words.end(), word) != words.end()) continue;
      return fmt::format("'{}' is none of: {}{}", word, fmt::join(words, ", "),
                         suggestion(word, words));
    }
    return std::string(value.empty() ? "names none" : "");
  };
}

template <typename T>
void OptionSet::add_numbers(const std::string& name, std::vector<T>& value, const std::string& help,
                            Range range) {
  OptionField& field = add(name, help, OptionField::Kind::kList);
  field.range = range;
  field.whole = std::is_integral_v<T>;
  field.texts = [&value] {
    std::vector<std::string> texts;
    texts.reserve(value.size());
    for (const T number : value) texts.push_back(fmt::format("{}", number));
    return texts;
  };
  field.standard = field.show();
  field.check = [&value, range] {
    for (const T number : value) {
      auto problem = range_problem(range, number);
      if (!problem.empty()) return problem;
    }
    return std::string();
  };
  field.assign = [&value](const std::vector<std::string>& words) {
    std::vector<T> numbers;
    for (const auto& text : split_names(words, [](std::string_view) { return false; })) {
      if (!parse_number(text, numbers.emplace_back())) return not_a_number<T>(text);
    }
    value = std::move(numbers);
    return std::string(value.empty() ? "names none" : "");
  };
}

void OptionSet::list(const std::string& name, std::vector<int64_t>& value, const std::string& help,
                     Range range) {
  add_numbers(name, value, help, range);
}

void OptionSet::list(const std::string& name, std::vector<double>& value, const std::string& help,
                     Range range) {
  add_numbers(name, value, help, range);
}

void OptionSet::add_choice(const std::string& name, std::vector<std::string> words,
                           const std::string& help, const std::function<void(size_t)>& chosen,
                           const std::function<std::string()>& shown) {
  OptionField& field = add(name, help, OptionField::Kind::kChoice);
  field.words = words;
  show_as(field, shown);
  field.assign = of_one([words = std::move(words), chosen](const std::string& text) {
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end()) {
      return fmt::format("'{}' is none of: {}{}", text, fmt::join(words, ", "),
                         suggestion(text, words));
    }
    chosen(static_cast<size_t>(found - words.begin()));
    return std::string();
  });
}

void OptionSet::inner(const std::string& name, double& value, Range range) {
  bind_number(add_inner(name, OptionField::Kind::kNumber), value, range);
}

void OptionSet::inner(const std::string& name, int32_t& value, Range range) {
  bind_number(add_inner(name, OptionField::Kind::kWhole), value, range);
}

void OptionSet::inner(const std::string& name, int64_t& value, Range range) {
  bind_number(add_inner(name, OptionField::Kind::kWhole), value, range);
}

void OptionSet::then(std::function<void()> step) {
  fields_->back().then = std::move(step);
}

void OptionSet::rule(std::function<void(Problems&)> rule) {
  rules_->push_back(std::move(rule));
}

void OptionSet::group(const std::string& title) {
  group_ = title;
}

void OptionSet::section(const std::string& name, std::map<std::string, std::string> flags) {
  section_ = name;
  flags_ = std::move(flags);
}

void OptionSet::check(Problems& problems) const {
  for (const auto& field : *fields_) {
    const auto problem = field.check();
    if (!problem.empty()) problems.add("{} {}", field.name(), problem);
  }
  for (const auto& rule : *rules_) rule(problems);
}

std::function<OptionSet::Values()> OptionSet::values(const std::string& section) const {
  return [fields = fields_, section] {
    Values values;
    for (const auto& field : *fields) {
      if (field.place != OptionField::Place::kInner && field.section == section) {
        values[field.key] = field.show();
      }
    }
    return values;
  };
}

std::function<std::vector<std::string>()> OptionSet::given(const std::string& section) const {
  return [fields = fields_, section] {
    std::vector<std::string> words;
    for (const auto& field : *fields) {
      if (!field.given || field.section != section) continue;
      for (const auto& text : field.texts()) {
        words.push_back(fmt::format("--{}={}", field.key, text));
      }
    }
    return words;
  };
}

}  // namespace grids::core
