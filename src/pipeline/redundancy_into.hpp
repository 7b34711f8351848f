/// The question whether elements stand in for one another, for many genes: searched, judged and
/// written in portions, so that what is done is kept.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "cis/fit_cis.hpp"
#include "pipeline/explain_into.hpp"
#include "pipeline/portions.hpp"
#include "redundancy/control_studies.hpp"
#include "redundancy/search_and_judge.hpp"

namespace grids::core {

struct RedundancyArguments {
  ExplainArguments explain;  ///< its judging of sets is left out
  CisOptions cis;            ///< of the folds
  bool cross_fit = false;
  CrossFitOptions folds;
  std::string shard = "1/1";
  bool negative_control = false;
  bool by_terms = true;      ///< --direction auto is that of each gene's terms
  int64_t stability = 0;     ///< half-samples
  bool retrain = false;      ///< each half-sample gets a surrogate of its own
  int64_t alternatives = 0;  ///< further sets

  void describe(OptionSet& set);
  RedundancyPlan plan() const;
  /// Names of the tables.
  std::vector<std::string> files() const;
};

inline constexpr const char* kRedundancyCommand = "redundancy";

/// What one portion of targets gave in the studies in which nothing is to be found
/// (redundancy/control_studies.hpp), each with a cis path of its own, searched and judged as the
/// real one was: tables of a portion. Gates of these cis paths are held together over the genes of
/// the portion.
class ControlPortions {
 public:
  /// All that it is given must outlive it.
  ControlPortions(const Study& study, const StudySurrogate& surrogate,
                  const RedundancyArguments& arguments, const Context& context);

  /// How many control studies there are.
  static size_t kinds();
  static std::string name_of(size_t kind);
  /// The tables of a control study. The study is made anew where the one asked last was another.
  std::vector<Table> tables(size_t kind, const std::vector<ExplainTarget>& targets);
  /// The table of the real study: how many targets, and how many of them pass gate B.
  Table real_table(const std::vector<ExplainTarget>& targets) const;

 private:
  void make(size_t kind);

  const Study& study_;
  StudySurrogate surrogate_;
  const RedundancyArguments& arguments_;
  const Context& context_;
  std::optional<size_t> made_;  ///< the kind of control_
  ControlStudy control_;
  std::vector<float> latents_;  ///< of all cells of it
};

/// Reads a table of a control, of all portions.
using ControlTable = std::function<Table(const std::string& name)>;
/// negative_control.tsv, of what ControlPortions left and of the real redundancy.tsv; tells the
/// rate of false calls.
Table negative_control_table(const ControlTable& read, const Table& real,
                             const RedundancyArguments& arguments, const Context& context);

/// The same at once, for targets that are one portion whatever their number. Writes
/// negative_control.tsv, whose name is returned.
std::string negative_control_into(OutputFolder& out, const Study& study,
                                  const StudySurrogate& surrogate,
                                  const std::vector<ExplainTarget>& targets, const Table& real,
                                  const RedundancyArguments& arguments, const Context& context);
TableText describe_negative_control();

/// Searches and judges the targets; returns the names of the tables written into the folder. What
/// a portion found lies under .grids/portions, and is used again where nothing that it depends on
/// has changed: `settings` says what that is, beside the seed. Calls are held together over the
/// targets of this shard. `how`: as the surrogate was trained (SurrogateFile::options), for those
/// of half-samples.
std::vector<std::string> redundancy_into(OutputFolder& out, const Study& study,
                                         const StudySurrogate& surrogate,
                                         const std::vector<ExplainTarget>& targets,
                                         const RedundancyArguments& arguments,
                                         const std::string& settings, const std::string& how,
                                         const Context& context);

/// The same without a folder: nothing is kept. Without surrogates trained on halves.
std::vector<Table> redundancy_in_memory(const Study& study, const StudySurrogate& surrogate,
                                        const std::vector<ExplainTarget>& targets,
                                        const RedundancyArguments& arguments,
                                        const Context& context);

/// The step that ends it: makes and writes the tables of all portions, whose names it returns.
std::vector<std::string> finish_redundancy(OutputFolder& out, const Study& study,
                                           const PortionFiles& portions,
                                           const RedundancyArguments& arguments,
                                           const Context& context);

}  // namespace grids::core
