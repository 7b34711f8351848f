/// The options that methods own, kept by their type: a method adds a struct of its own, and nothing
/// between the command line and the method has to know it.
#pragma once

#include <any>
#include <map>
#include <typeindex>

#include "base/described.hpp"

namespace grids::core {

/// One struct of each type that was asked for; what was never set holds its defaults.
class MethodOptions {
 public:
  template <typename Options>
  const Options& get() const {
    static const Options standard;
    const auto found = structs_.find(typeid(Options));
    return found == structs_.end() ? standard : *std::any_cast<Options>(&found->second);
  }

  template <typename Options>
  Options& edit() {
    auto& held = structs_[typeid(Options)];
    if (!held.has_value()) held = Options();
    return *std::any_cast<Options>(&held);
  }

 private:
  std::map<std::type_index, std::any> structs_;
};

/// That a method reads a struct of options. Methods that name the same type share its values.
struct OwnOptions {
  std::type_index type;
  void (*describe)(OptionSet& set, MethodOptions& options);
};

template <typename Options>
OwnOptions owns() {
  return {typeid(Options),
          [](OptionSet& set, MethodOptions& options) { options.edit<Options>().describe(set); }};
}

}  // namespace grids::core
