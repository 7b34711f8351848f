/// The frame of a program that only measures.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/program.hpp"

namespace grids::core::bench {

/// A program of one command, `measure`, which need not be named; its options are those that
/// `Settings` describes. `about` and `examples` are for the help.
template <typename Settings>
int run_measuring(const ProgramText& text, const std::string& about, const std::string& examples,
                  void (*measure)(const Settings&, const Context&), int argc, char** argv) {
  std::string name = "measure";
  const Command command = {name, about, examples, [measure](OptionSet& options) -> CommandBody {
                             auto settings = std::make_shared<Settings>();
                             settings->describe(options);
                             return [settings, measure](const Context& context) {
                               measure(*settings, context);
                             };
                           }};
  std::vector<char*> words(argv, argv + argc);
  if (argc < 2 || name != argv[1]) words.insert(words.begin() + 1, name.data());
  words.push_back(nullptr);
  return run_program(text, {command}, static_cast<int>(words.size()) - 1, words.data());
}

}  // namespace grids::core::bench
