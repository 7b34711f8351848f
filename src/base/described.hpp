/// The description of options. Each option is said once, beside the struct that holds it: its name,
/// the member, the numbers it may hold, a line of help; what the member holds is its default. From
/// that come the parser, the help, the checks, the configuration file, the manifest, the
/// completions and docs/options.md.
///
/// An options struct has a member function `void describe(OptionSet&)`; a stage that is handed one
/// calls `validate(options, "stage")`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace grids::core {

/// The numbers that a field may hold: `at_least(1)`, `above(0).at_most(1)`. Only finite ones.
struct Range {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool without_least = false;
  bool without_most = false;

  constexpr Range at_most(double end) const { return {least, end, without_least, false}; }
  constexpr Range below(double end) const { return {least, end, without_least, true}; }

  bool holds(double value) const;
  /// "at least 1", "above 0 and at most 1"; empty where every number will do.
  std::string text() const;
};

constexpr Range at_least(double least) {
  return {.least = least};
}
constexpr Range above(double least) {
  return {.least = least, .without_least = true};
}

/// One option, bound to the member that holds its value.
struct OptionField {
  enum class Kind : uint8_t { kFlag, kWhole, kNumber, kText, kPath, kChoice, kList };
  enum class Place : uint8_t {
    kOption,
    kPositional,
    kInner,  ///< no option: only callers of the library set it; checked all the same
  };

  std::string key;      ///< its name in its section: "set-size"
  std::string flag;     ///< "--set-size"; of a positional its name; empty for inner ones
  std::string letter;   ///< "-L", or empty
  std::string section;  ///< of a configuration file and of the manifest; empty: the command's own
  std::string group;    ///< title in the help
  std::string help;
  Kind kind = Kind::kText;
  Place place = Place::kOption;
  bool required = false;
  Range range;
  std::vector<std::string> words;  ///< of a choice
  bool whole = false;              ///< of a list of numbers: only whole ones
  std::string standard;            ///< the default as text, when it was declared

  std::function<std::vector<std::string>()> texts;  ///< what it holds: one text but for lists
  /// Takes what the user gave, one text but for lists; returns what is wrong with it, or "".
  std::function<std::string(const std::vector<std::string>&)> assign;
  /// What is wrong with what it holds, or "".
  std::function<std::string()> check;
  /// Done after it was assigned, or would have been: what a preset is for.
  std::function<void()> then;
  bool given = false;  ///< by the user

  /// What it holds as one text, with commas between those of a list.
  std::string show() const;
  /// As messages call it: "--set-size", or the name of a positional or inner one.
  std::string name() const { return flag.empty() ? key : flag; }
  /// What stands behind the flag in a help: "INT", "down|up".
  std::string type() const;
};

/// Collects the options of a struct, a stage or a command. A name is "--long" or "-s,--long"; a
/// positional has no dash.
class OptionSet {
 public:
  enum class Need : bool { kOptional = false, kRequired = true };

  void flag(const std::string& name, bool& value, const std::string& help);
  /// A flag that turns off what is on by default.
  void flag_off(const std::string& name, bool& value, const std::string& help);
  void value(const std::string& name, std::string& value, const std::string& help,
             Need need = Need::kOptional);
  void value(const std::string& name, std::filesystem::path& value, const std::string& help,
             Need need = Need::kOptional);
  void value(const std::string& name, double& value, const std::string& help, Range range = {});
  void value(const std::string& name, int32_t& value, const std::string& help, Range range = {});
  void value(const std::string& name, int64_t& value, const std::string& help, Range range = {});
  void value(const std::string& name, uint64_t& value, const std::string& help, Range range = {});
  void value(const std::string& name, std::optional<double>& value, const std::string& help,
             Range range = {});
  void value(const std::string& name, std::optional<int64_t>& value, const std::string& help,
             Range range = {});
  /// Texts: may be given several times, and takes all words up to the next option. What holds
  /// commas is taken apart where the names that it may hold are known (name_list.hpp).
  void list(const std::string& name, std::vector<std::string>& value, const std::string& help);
  /// Some of a few words, likewise, with commas between them.
  void list(const std::string& name, std::vector<std::string>& value,
            std::vector<std::string> words, const std::string& help);
  /// Numbers, likewise.
  void list(const std::string& name, std::vector<int64_t>& value, const std::string& help,
            Range range = {});
  void list(const std::string& name, std::vector<double>& value, const std::string& help,
            Range range = {});

  /// One of a few words; `names` pairs each with its value.
  template <typename Enum>
  void choice(const std::string& name, Enum& value,
              const std::vector<std::pair<std::string, Enum>>& names, const std::string& help) {
    std::vector<std::string> words;
    words.reserve(names.size());
    for (const auto& entry : names) words.push_back(entry.first);
    const auto chosen = [&value, names](size_t i) { value = names[i].second; };
    const auto shown = [&value, names] {
      for (const auto& entry : names) {
        if (entry.second == value) return entry.first;
      }
      return std::string();
    };
    add_choice(name, std::move(words), help, chosen, shown);
  }

  /// A number that is no option, named as the struct names it.
  void inner(const std::string& name, double& value, Range range);
  void inner(const std::string& name, int32_t& value, Range range);
  void inner(const std::string& name, int64_t& value, Range range);

  /// The option declared last is assigned before those that follow it; `step` runs between.
  void then(std::function<void()> step);
  /// How the fields must fit each other: adds what is wrong to the problems.
  void rule(std::function<void(Problems&)> rule);

  /// Starts a titled group in the help for the options that follow.
  void group(const std::string& title);
  /// Starts a section for the options that follow. `flags`: key → flag, where a command has an
  /// option of the same name already ("max-steps" → "--max-training-steps").
  void section(const std::string& name, std::map<std::string, std::string> flags = {});

  const std::vector<OptionField>& fields() const { return *fields_; }
  std::vector<OptionField>& fields() { return *fields_; }

  /// Adds what is wrong with the values that the fields hold, each by itself, then by the rules.
  void check(Problems& problems) const;

  /// What the options of a section hold at the moment of the call, defaults included: key → text.
  /// For manifests, and to tell whether a result was made with the same options.
  using Values = std::map<std::string, std::string>;
  std::function<Values()> values(const std::string& section) const;
  /// Those that the user gave, as words for another program: "--key=text".
  std::function<std::vector<std::string>()> given(const std::string& section) const;

 private:
  OptionField& add(const std::string& name, const std::string& help, OptionField::Kind kind);
  OptionField& add_inner(const std::string& name, OptionField::Kind kind);
  void add_choice(const std::string& name, std::vector<std::string> words, const std::string& help,
                  const std::function<void(size_t)>& chosen,
                  const std::function<std::string()>& shown);
  template <typename T>
  void add_number(const std::string& name, T& value, const std::string& help, Range range);
  template <typename T>
  void add_numbers(const std::string& name, std::vector<T>& value, const std::string& help,
                   Range range);

  std::shared_ptr<std::vector<OptionField>> fields_ = std::make_shared<std::vector<OptionField>>();
  std::shared_ptr<std::vector<std::function<void(Problems&)>>> rules_ =
      std::make_shared<std::vector<std::function<void(Problems&)>>>();
  std::string group_;
  std::string section_;
  std::map<std::string, std::string> flags_;  ///< of the section
};

/// Adds everything that is wrong with an options struct.
template <typename Options>
void check(const Options& options, Problems& problems) {
  Options described = options;  // the description is bound to members that it could change
  OptionSet set;
  described.describe(set);
  set.check(problems);
}

/// Throws Error(kUsage) that lists everything that is wrong with an options struct.
template <typename Options>
void validate(const Options& options, std::string_view stage) {
  Problems problems;
  check(options, problems);
  problems.raise(ErrorKind::kUsage, stage);
}

}  // namespace grids::core
