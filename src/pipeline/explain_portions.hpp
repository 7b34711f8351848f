/// `explain` in portions (portions.hpp): what one found, and the step that makes the tables of all.
///
/// A portion leaves its tables as they will be, but for what rests on the other sets of the run (q,
/// verdicts, calls), and besides them, with all digits, the numbers that these are made from: no
/// predictions of cells, so that neither memory nor disk grows with targets × cells.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/explain_into.hpp"
#include "pipeline/portions.hpp"

namespace grids::core {

inline constexpr const char* kExplainCommand = "explain";

/// Searches and judges one portion after the other; what they share is computed when the first is
/// not kept. All that it is given must outlive it.
class ExplainPortions {
 public:
  /// `targets`: all of the run, of whatever shard; of them `own` are this shard's.
  ExplainPortions(const Study& study, const StudySurrogate& surrogate,
                  const std::vector<ExplainTarget>& targets, int64_t own,
                  const ExplainArguments& arguments, const Context& context);

  /// Writes what the targets of a portion gave; the names of the files.
  std::vector<std::string> write(const std::filesystem::path& folder, size_t portion,
                                 const std::vector<ExplainTarget>& targets);
  /// A portion of so many targets was kept: for the progress that is told.
  void pass_over(int64_t targets);
  /// Digest of the genes that are explained though they failed gate B, because they were asked for:
  /// what is said of other genes depends on them. Empty: none.
  std::string unconfirmed_genes() const;

 private:
  const Study& study_;
  StudySurrogate surrogate_;  ///< asked for all targets
  std::vector<int32_t> genes_;
  int64_t own_;
  ExplainArguments arguments_;
  ExplainStageOptions options_;
  const Context& context_;
  int64_t done_ = 0;  ///< targets, kept ones among them
  std::unique_ptr<ExplainSearch> search_;
  std::unique_ptr<SetsJudge> judge_;
  std::unique_ptr<RedundancyJudge> redundancy_;
};

/// What was explained of a run.
struct FinishedExplain {
  std::vector<std::string> files;
  int64_t sets = 0;
};

/// Makes and writes the tables of all portions, and tracks/ with `tracks`; tells what came out.
FinishedExplain finish_explain(OutputFolder& out, const Study& study, const PortionFiles& portions,
                               const ExplainArguments& arguments, bool tracks,
                               const Context& context);

}  // namespace grids::core
