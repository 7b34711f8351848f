#include "simulate/simulate_layout.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/at.hpp"
#include "base/error.hpp"
#include "simulate/simulate_draws.hpp"

namespace grids::core::simulation {
namespace {

struct Chromosome {
  const char* name;
  int64_t length;  // hg38
  double peaks;    // of the published data, of 127,219
};

constexpr std::array<Chromosome, 24> kChromosomes = {{
    {"chr1", 248956422, 11348}, {"chr10", 133797422, 6169}, {"chr11", 135086622, 6997},
    {"chr12", 133275309, 6364}, {"chr13", 114364328, 3554}, {"chr14", 107043718, 4233},
    {"chr15", 101991189, 4076}, {"chr16", 90338345, 4178},  {"chr17", 83257441, 4966},
    {"chr18", 80373285, 3189},  {"chr19", 58617616, 3807},  {"chr2", 242193529, 10272},
    {"chr20", 64444167, 3469},  {"chr21", 46709983, 1478},  {"chr22", 50818468, 2488},
    {"chr3", 198295559, 8367},  {"chr4", 190214555, 6290},  {"chr5", 181538259, 7655},
    {"chr6", 170805979, 7203},  {"chr7", 159345973, 6950},  {"chr8", 145138636, 6250},
    {"chr9", 138394717, 5547},  {"chrX", 156040895, 2245},  {"chrY", 57227415, 124},
}};

constexpr double kIslandLength = 3e6;   // of a stretch with genes and peaks between deserts
constexpr double kNearGeneShare = 0.3;  // of background peaks placed by distance to a TSS
constexpr double kNearestCause = 2000;  // bp from the TSS
constexpr int64_t kGap = 20;            // bp between peaks at least
constexpr int kTries = 500;

/// Genes in the shares of the kinds. Of each kind the same share represses, and the hidden shares
/// of buffered sets take turns.
std::vector<GenePlan> genes_of_kinds(const SimulateOptions& options) {
  std::vector<GenePlan> genes;
  const auto counts = apportion(options.genes, options.kind_shares);
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    for (int64_t i = 0; i < counts[kind]; ++i) {
      GenePlan& gene = genes.emplace_back();
      gene.kind = static_cast<Regulation>(kind);
      const auto repressors_before = [&](int64_t of) {
        return std::llround(options.repressors * static_cast<double>(of));
      };
      gene.represses =
          gene.kind != Regulation::kNone && repressors_before(i + 1) > repressors_before(i);
      if (gene.kind == Regulation::kBuffered) {
        gene.buffering = options.buffered_shares[at(i) % options.buffered_shares.size()];
      }
    }
  }
  return genes;
}

/// How many causes; `lot`: uniform.
size_t draw_size(const SimulateOptions& options, Regulation kind, double lot) {
  const size_t pair_or_triple = lot < options.triples.value_or(0) ? 3 : 2;
  switch (kind) {
    case Regulation::kNone:
      return 0;
    case Regulation::kSingle:
      return 1;
    case Regulation::kQuorum:
      return 3;
    case Regulation::kAdditive:
    case Regulation::kMultiplicative:
      return options.triples ? pair_or_triple : 2 + static_cast<size_t>(lot * 3);
    case Regulation::kEither:
    case Regulation::kBuffered:
      return options.triples ? pair_or_triple : 2 + static_cast<size_t>(lot * 2);
    case Regulation::kTogether:  // mostly pairs: three rarely meet
      return options.triples ? pair_or_triple : (lot < 0.7 ? 2 : 3);
  }
  return 0;
}

/// Absolute log fold change of the whole set.
double whole_change(const SimulateOptions& options, Regulation kind, size_t size, double strength) {
  if (options.set_strength) return strength;
  const auto causes = static_cast<double>(size);
  if (kind == Regulation::kAdditive) return std::log1p(causes * std::expm1(0.75 * strength));
  if (kind == Regulation::kMultiplicative) return 0.75 * strength * causes;
  return strength;
}

/// Kinds and sizes of the sets; strengths do not depend on where the genes lie.
std::vector<GenePlan> plan_genes(const SimulateOptions& options, uint64_t seed) {
  auto genes = genes_of_kinds(options);
  auto random = stream(seed, Step::kGenes);
  auto accompanied = stream(seed, Step::kBystanderShare);
  random.shuffle(std::span(genes));
  for (auto& gene : genes) {
    const double strength =
        options.strength_min + random.uniform() * (options.strength_max - options.strength_min);
    const double lot = random.uniform();
    if (gene.kind == Regulation::kNone) continue;
    const size_t size = draw_size(options, gene.kind, lot);
    gene.effect = gene.represses ? whole_change(options, gene.kind, size,
                                                strength * options.repressor_strength)
                                 : -whole_change(options, gene.kind, size, strength);
    gene.causes.resize(size);
    if (accompanied.uniform() < options.bystander_share) {
      gene.bystanders.resize(at(options.bystanders_per_gene));
    }
  }
  return genes;
}

/// What a peak is there for.
struct PeakUse {
  Role role = Role::kBackground;
  int64_t gene = -1;
  size_t slot = 0;
};

/// Where a peak may lie.
struct PeakRange {
  int64_t low = 0;
  int64_t high = std::numeric_limits<int64_t>::max();
};

/// Peaks of one chromosome while they are being placed.
class Chromosomal {
 public:
  struct Peak {
    int64_t end = 0;
    PeakUse use;
  };

  Chromosomal(const SimulateOptions& options, const Chromosome& chromosome, int64_t peaks)
      : length_(chromosome.length) {
    const double full = static_cast<double>(length_);
    const double window = static_cast<double>(options.window);
    const double wanted =
        static_cast<double>(peaks) * 2 * window / std::max(1.0, options.peaks_per_window);
    const double used = std::clamp(wanted, std::min(full, 4 * window), full);
    islands_ = std::max<int64_t>(1, std::llround(used / kIslandLength));
    island_ = used / static_cast<double>(islands_);
    pitch_ = full / static_cast<double>(islands_);
    margin_ = std::min(window, island_ / 4);
  }

  /// A place in an island, `margin` away from its ends or anywhere.
  int64_t place(RandomStream& random, bool inside) const {
    const double margin = inside ? margin_ : 0;
    const double island = random.below(static_cast<uint32_t>(islands_));
    const double offset = margin + random.uniform() * (island_ - 2 * margin);
    return static_cast<int64_t>(island * pitch_ + (pitch_ - island_) / 2 + offset);
  }

  /// Adds a peak around `centre` unless it would leave the chromosome or the range, or touch
  /// another.
  bool add(RandomStream& random, int64_t centre, const PeakUse& use, const PeakRange& range = {}) {
    const double width =
        std::clamp(std::exp(std::log(700.0) + 0.4 * random.normal()), 200.0, 2500.0);
    const int64_t start = centre - static_cast<int64_t>(width / 2);
    const int64_t end = start + static_cast<int64_t>(width);
    if (start < std::max<int64_t>(0, range.low) || end > std::min(length_, range.high))
      return false;
    const auto next = peaks_.lower_bound(start);
    if (next != peaks_.end() && next->first < end + kGap) return false;
    if (next != peaks_.begin() && std::prev(next)->second.end + kGap > start) return false;
    peaks_.emplace_hint(next, start, Peak{end, use});
    return true;
  }

  int64_t length() const { return length_; }
  int64_t size() const { return static_cast<int64_t>(peaks_.size()); }
  const std::map<int64_t, Peak>& peaks() const { return peaks_; }

 private:
  int64_t length_;
  int64_t islands_;
  double island_, pitch_, margin_;
  std::map<int64_t, Peak> peaks_;
};

/// Uniform in the log of the distance, on either side.
int64_t near(RandomStream& random, int64_t tss, int64_t window) {
  const double ratio = static_cast<double>(window) / kNearestCause;
  const double distance = kNearestCause * std::pow(ratio, random.uniform());
  return tss + static_cast<int64_t>(random.below(2) == 0 ? distance : -distance);
}

int64_t tss_of(const GenePlan& gene) {
  return gene.strand == '+' ? gene.start : gene.end - 1;
}

void place_genes(const Chromosomal& chromosome, std::span<GenePlan> genes, RandomStream& random) {
  for (auto& gene : genes) {
    const int64_t tss = std::min(chromosome.place(random, true), chromosome.length() - 1);
    const auto length =
        static_cast<int64_t>(std::clamp(std::exp(10.1 + 1.2 * random.normal()), 500.0, 1e6));
    gene.strand = random.below(2) == 0 ? '+' : '-';
    gene.start = gene.strand == '+' ? tss : std::max<int64_t>(0, tss + 1 - length);
    gene.end = gene.strand == '+' ? std::min(chromosome.length(), tss + length) : tss + 1;
  }
  std::stable_sort(genes.begin(), genes.end(),
                   [](const GenePlan& a, const GenePlan& b) { return tss_of(a) < tss_of(b); });
}

void place_roles(const SimulateOptions& options, Chromosomal& chromosome,
                 std::span<const GenePlan> genes, int64_t first_gene, RandomStream& random) {
  // Promoters come first, so that no other peak takes the place over a TSS; genes whose TSS lie
  // side by side share one.
  for (const auto& gene : genes) {
    if (random.uniform() >= options.promoter_share) continue;
    chromosome.add(random, tss_of(gene), {.role = Role::kPromoter});
  }
  for (size_t i = 0; i < genes.size(); ++i) {
    const int64_t tss = tss_of(genes[i]);
    const PeakRange window{tss - options.window, tss + options.window};
    const auto place_one = [&](Role role, size_t slot) {
      const PeakUse use{role, first_gene + static_cast<int64_t>(i), slot};
      for (int attempt = 0; attempt < kTries; ++attempt) {
        if (chromosome.add(random, near(random, tss, options.window), use, window)) return;
      }
      throw usage_error(
          "simulate: no room for the causal peaks of a gene within {} bp of its TSS; raise window "
          "or lower genes or peaks_per_window",
          options.window);
    };
    for (size_t slot = 0; slot < genes[i].causes.size(); ++slot) place_one(Role::kCause, slot);
    for (size_t slot = 0; slot < genes[i].bystanders.size(); ++slot) {
      place_one(Role::kBystander, slot);
    }
  }
}

void place_background(const SimulateOptions& options, Chromosomal& chromosome,
                      std::span<const GenePlan> genes, int64_t peaks, RandomStream& random) {
  for (int64_t failures = 0; chromosome.size() < peaks;) {
    int64_t centre = 0;
    if (!genes.empty() && random.uniform() < kNearGeneShare) {
      const auto& gene = genes[random.below(static_cast<uint32_t>(genes.size()))];
      centre = near(random, tss_of(gene), options.window);
    } else {
      centre = chromosome.place(random, false);
    }
    if (!chromosome.add(random, centre, {.role = Role::kBackground}) &&
        ++failures > 100 * peaks + kTries) {
      throw usage_error("simulate: no room for {} peaks on a chromosome; lower peaks_per_window",
                        peaks);
    }
  }
}

}  // namespace

std::vector<std::string> Layout::peak_names() const {
  std::vector<std::string> names;
  names.reserve(start.size());
  size_t peak = 0;
  for (size_t c = 0; c < chromosomes.size(); ++c) {
    for (int64_t i = 0; i < chromosome_peaks[c]; ++i, ++peak) {
      names.push_back(fmt::format("{}:{}-{}", chromosomes[c], start[peak], end[peak]));
    }
  }
  return names;
}

Layout draw_layout(const SimulateOptions& options, uint64_t seed) {
  Layout layout;
  layout.genes = plan_genes(options, seed);
  std::vector<double> weights;
  weights.reserve(kChromosomes.size());
  for (int32_t c = 0; c < options.chromosomes; ++c) weights.push_back(kChromosomes[at(c)].peaks);
  layout.chromosome_peaks = apportion(options.peaks, weights);
  const auto chromosome_genes = apportion(options.genes, weights);

  int64_t first_gene = 0;
  for (int32_t c = 0; c < options.chromosomes; ++c) {
    layout.chromosomes.emplace_back(kChromosomes[at(c)].name);
    const int64_t peaks = layout.chromosome_peaks[at(c)];
    const auto genes = std::span(layout.genes).subspan(at(first_gene), at(chromosome_genes[at(c)]));
    int64_t needed = 0;
    for (auto& gene : genes) {
      gene.chromosome = c;
      needed += 1 + static_cast<int64_t>(gene.causes.size() + gene.bystanders.size());
    }
    if (needed > peaks) {
      throw usage_error(
          "simulate: {} gets {} peaks, but its {} genes need {} for promoters, causes and "
          "bystanders; raise peaks or lower genes",
          kChromosomes[at(c)].name, peaks, genes.size(), needed);
    }
    auto random = stream(seed, Step::kLayout, c);
    Chromosomal chromosome(options, kChromosomes[at(c)], peaks);
    place_genes(chromosome, genes, random);
    place_roles(options, chromosome, genes, first_gene, random);
    place_background(options, chromosome, genes, peaks, random);
    for (const auto& [start, peak] : chromosome.peaks()) {
      const auto index = static_cast<int32_t>(layout.peaks());
      layout.start.push_back(start);
      layout.end.push_back(peak.end);
      const auto& [role, gene, slot] = peak.use;
      layout.role.push_back(role);
      if (role == Role::kCause) layout.genes[at(gene)].causes[slot] = index;
      if (role == Role::kBystander) layout.genes[at(gene)].bystanders[slot] = index;
    }
    first_gene += chromosome_genes[at(c)];
  }

  // Which cause a bystander copies is drawn once the causes are in order.
  auto random = stream(seed, Step::kBystanders);
  for (auto& gene : layout.genes) {
    std::sort(gene.causes.begin(), gene.causes.end());
    for (size_t i = 0; i < gene.bystanders.size(); ++i) {
      gene.bystander_cause.push_back(
          gene.causes[random.below(static_cast<uint32_t>(gene.causes.size()))]);
    }
  }
  return layout;
}

}  // namespace grids::core::simulation
