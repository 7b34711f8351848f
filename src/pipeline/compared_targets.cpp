#include "pipeline/compared_targets.hpp"

namespace grids::core {

void check_compared(const TargetArguments& targets, const CompareArguments& arguments,
                    Problems& problems) {
  arguments.check(problems);
  targets.check("one of --targets FILE, --cell-type T with --gene G, or --planted N with --truth",
                arguments.planted > 0, problems);
}

std::vector<ExplainTarget> compared_targets(const TargetArguments& targets,
                                            const CompareArguments& arguments, const Study& study,
                                            const SimulatedTruth* truth,
                                            const std::vector<int64_t>& sizes) {
  auto requests = arguments.planted > 0 ? planted_targets(study, truth->truth, arguments.planted, 1)
                                        : targets.requests(study, 1);
  if (requests.empty()) {
    throw input_error("{}: no gene with planted regulation is among the study's genes",
                      arguments.truth.string());
  }
  std::vector<ExplainTarget> found;
  for (const int64_t size : sizes) {
    for (auto& request : requests) request.set_size = size;
    found = find_targets(study, requests);
  }
  return found;
}

}  // namespace grids::core
