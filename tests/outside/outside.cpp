// Prepares cells, loads a surrogate, explains a gene and prints the set: from two threads at once.
#include <cstdio>
#include <grids/grids.hpp>
#include <string>
#include <thread>

namespace {

std::string explained(const std::string& folder, const char* type, const char* gene) {
  grids::Session session({.seed = 1, .threads = 1});
  const grids::Study study =
      grids::prepare(grids::read_cells(folder + "/pbmc/cells.h5mu", {}, session),
                     {{"labels", "cell_type"},
                      {"genes", folder + "/pbmc/genes.bed"},
                      {"min-genes", 5},
                      {"min-peaks", 3},
                      {"min-rna-counts", 10}},
                     session);
  const auto surrogate =
      grids::Surrogate::read(folder + "/version_2/run/surrogate-cis.safetensors");
  const auto found = grids::explain(study, surrogate, {{type, gene, 4}},
                                    {{"min-test-cells", 20}, {"force", true}}, session);
  std::string line = std::string(gene) + " in " + type + ":";
  for (const auto& peak : found.sets.at(0).peaks) line += " " + peak;
  return line;
}

}  // namespace

int main(int, char** argv) try {
  std::string lines[2];
  {
    std::jthread one([&] { lines[0] = explained(argv[1], "Mono_DC", "SLC8A1"); });
    std::jthread other([&] { lines[1] = explained(argv[1], "T", "BCL11B"); });
  }
  std::printf("%s\n%s\n", lines[0].c_str(), lines[1].c_str());
} catch (const grids::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
