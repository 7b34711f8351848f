#include "validate/pair_genes.hpp"

#include <algorithm>

#include "base/at.hpp"

namespace grids::core {
namespace {

std::string without_version(const std::string& id) {
  return id.substr(0, id.find('.'));
}

PairGene gene_of(const GenePosition& position) {
  PairGene gene{position.name,  position.id,     bare_chromosome(position.chromosome),
                position.sites, position.strand, std::pair(position.start, position.end)};
  if (gene.sites.empty()) gene.sites.push_back(position.first_site());
  return gene;
}

PairGene gene_of(const GeneTable& genes, int64_t index) {
  const size_t i = at(index);
  const auto beside = genes.sites_beside(index);
  PairGene gene{genes.names[i],
                genes.ids[i],
                bare_chromosome(genes.chromosome[i]),
                {beside.begin(), beside.end()},
                static_cast<char>(genes.strand[i]),
                std::pair(genes.start[i], genes.end[i])};
  gene.sites.push_back(genes.tss(index));
  std::sort(gene.sites.begin(), gene.sites.end());
  return gene;
}

}  // namespace

PairPlaces::PairPlaces(const std::filesystem::path& annotation, const Study* study) {
  if (!annotation.empty()) {
    for (const auto& position : read_gene_positions(annotation)) add(gene_of(position));
  } else if (study != nullptr) {
    for (int64_t i = 0; i < study->genes.size(); ++i) {
      if (study->genes.has_position(i)) add(gene_of(study->genes, i));
    }
  }
}

void PairPlaces::add(PairGene gene) {
  by_name_.emplace(gene.name, genes_.size());
  if (!gene.id.empty()) by_id_.emplace(without_version(gene.id), genes_.size());
  genes_.push_back(std::move(gene));
}

void PairPlaces::place(PairGene& gene) const {
  auto found = by_name_.find(gene.name);
  if (found == by_name_.end()) {
    const auto& id = gene.id.empty() ? gene.name : gene.id;
    found = by_id_.find(without_version(id));
    if (found == by_id_.end()) return;
  }
  const PairGene& known = genes_[found->second];
  gene.chromosome = known.chromosome;
  gene.sites = known.sites;
  gene.strand = known.strand;
  gene.body = known.body;
  if (gene.id.empty()) gene.id = known.id;
}

}  // namespace grids::core
