#include <fmt/core.h>

#include <cmath>
#include <map>
#include <unordered_map>

#include "base/at.hpp"
#include "exports/formats.hpp"
#include "io/anndata.hpp"
#include "study/study_and.hpp"

namespace grids::core {
namespace {

using store::GroupWriter;
using Places = std::unordered_map<std::string, int32_t>;

Places places_of(const std::vector<std::string>& names) {
  Places places;
  for (size_t i = 0; i < names.size(); ++i) places.emplace(names[i], static_cast<int32_t>(i));
  return places;
}

int32_t place_in(const Places& places, const std::string& name, const char* what) {
  const auto found = places.find(name);
  if (found != places.end()) return found->second;
  throw input_error(
      "links.tsv names the {} '{}', which the study has not: give the study that the sets were "
      "found in (--study)",
      what, name);
}

/// All variables by all, genes first as MuData orders them; in the row of a peak and the column of
/// a gene the predicted change of the strongest set that links them.
CsrMatrix link_matrix(const Study& study, std::span<const Link> links) {
  const auto genes = study.genes.size();
  const auto peak_places = places_of(study.peaks.names), gene_places = places_of(study.genes.names);
  std::vector<std::map<int32_t, float>> rows(at(study.peaks.size()));
  for (const auto& link : links) {
    const auto peak = place_in(peak_places, link.peak, "peak");
    const auto gene = place_in(gene_places, link.gene, "gene");
    const auto change = static_cast<float>(link.relative_change);
    if (std::isnan(change)) continue;
    auto& entry = rows[at(peak)][gene];
    if (std::abs(change) > std::abs(entry)) entry = change;
  }
  CsrMatrix matrix;
  auto& pattern = matrix.pattern;
  pattern.rows = pattern.columns = genes + study.peaks.size();
  pattern.offsets.assign(at(genes) + 1, 0);
  for (const auto& row : rows) {
    for (const auto& [gene, change] : row) {
      pattern.indices.push_back(gene);
      matrix.values.push_back(change);
    }
    pattern.offsets.push_back(std::ssize(pattern.indices));
  }
  return matrix;
}

std::vector<std::string> numbered(size_t rows) {
  std::vector<std::string> names;
  names.reserve(rows);
  for (size_t i = 0; i < rows; ++i) names.push_back(std::to_string(i));
  return names;
}

template <typename Get>
auto column_of(std::span<const Link> links, const Get& get) {
  std::vector<std::decay_t<decltype(get(links.front()))>> values;
  values.reserve(links.size());
  for (const auto& link : links) values.push_back(get(link));
  return values;
}

double or_nan(const std::optional<int64_t>& value) {
  return value ? static_cast<double>(*value) : kNaN;
}

/// The columns of links.tsv, in its order; yes and no are 1 and 0.
Frame sets_frame(std::span<const Link> links) {
  Frame frame{numbered(links.size()), {}};
  const auto text = [&](const char* name, std::string Link::*member) {
    frame.columns.push_back(
        {name, column_of(links, [&](const Link& link) -> std::string { return link.*member; })});
  };
  const auto number = [&](const char* name, auto get) {
    frame.columns.push_back(
        {name, column_of(links, [&](const Link& link) -> double { return get(link); })});
  };
  text("cell_type", &Link::cell_type);
  text("gene", &Link::gene);
  text("gene_id", &Link::gene_id);
  number("tss", [](const Link& link) { return or_nan(link.tss); });
  text("strand", &Link::strand);
  text("set", &Link::set);
  text("peak", &Link::peak);
  text("chrom", &Link::chrom);
  number("start", [](const Link& link) { return static_cast<double>(link.start); });
  number("end", [](const Link& link) { return static_cast<double>(link.end); });
  text("element", &Link::element);
  text("class", &Link::element_class);
  number("rank", [](const Link& link) { return or_nan(link.rank); });
  number("in_minimal",
         [](const Link& link) { return link.in_minimal ? double(*link.in_minimal) : kNaN; });
  number("partner", [](const Link& link) { return double(link.partner); });
  number("loss_alone", [](const Link& link) { return link.loss_alone; });
  number("loss_from_whole", [](const Link& link) { return link.loss_from_whole; });
  number("relative_change", [](const Link& link) { return link.relative_change; });
  text("verdict", &Link::verdict);
  number("slope", [](const Link& link) { return link.slope; });
  number("q", [](const Link& link) { return link.q; });
  text("call", &Link::call);
  number("call_q", [](const Link& link) { return link.call_q; });
  number("hidden_share", [](const Link& link) { return link.hidden_share; });
  text("method", &Link::method);
  number("L", [](const Link& link) { return static_cast<double>(link.set_size); });
  number("distance_to_tss", [](const Link& link) { return or_nan(link.distance); });
  text("gene_chrom", &Link::gene_chrom);
  return frame;
}

/// As muon's add_peak_annotation leaves it: a row a pair, named by the gene; distance 0 where there
/// is none.
Frame annotation_frame(std::span<const Link> links) {
  std::map<std::pair<std::string, std::string>, const Link*> pairs;
  for (const auto& link : links) pairs.emplace(std::pair(link.gene, link.peak), &link);
  Frame frame;
  std::vector<std::string> peaks, kinds;
  std::vector<double> distances;
  for (const auto& [pair, link] : pairs) {
    frame.index.push_back(pair.first);
    peaks.push_back(pair.second);
    distances.push_back(static_cast<double>(link->distance.value_or(0)));
    kinds.push_back(link->element_class);
  }
  frame.columns.push_back({"peak", std::move(peaks)});
  frame.columns.push_back({"distance", std::move(distances)});
  frame.columns.push_back({"peak_type", std::move(kinds)});
  return frame;
}

}  // namespace

void write_study_with_links(const std::filesystem::path& path, const Study& study,
                            std::span<const Link> links) {
  const CsrMatrix matrix = link_matrix(study, links);
  write_study_and(path, study, [&](const GroupWriter& root) {
    write_matrix(root, "varp/grids_links", matrix);
    write_frame(root.group("uns/grids"), "sets", sets_frame(links));
    const auto atac = create_dict(root.group("mod/atac/uns"), "atac");
    write_frame(atac, "peak_annotation", annotation_frame(links));
  });
}

}  // namespace grids::core
