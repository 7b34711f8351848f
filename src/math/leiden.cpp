#include "math/leiden.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"

namespace grids::core {
namespace {

/// Gains below this share of a node's strength are rounding, and would let nodes move forever.
constexpr double kLeastGain = 1e-12;
/// A pass that raises modularity by less is the last: seeds differ by a hundred times that.
constexpr double kLeastRise = 1e-5;

struct Link {
  double weight;
  int32_t node;
};

/// A link stands at both of its ends; those from a node to itself are in its strength alone.
struct Graph {
  std::vector<int64_t> offsets = {0};  // nodes + 1
  std::vector<Link> links;
  std::vector<double> strength;  // of a node: the weight of all that end at it

  int64_t nodes() const { return static_cast<int64_t>(strength.size()); }
  std::span<const Link> of(int32_t node) const {
    const auto begin = offsets[at(node)];
    return {links.data() + begin, at(offsets[at(node) + 1] - begin)};
  }
};

void check_edge(const WeightedEdge& edge, int64_t nodes) {
  for (const int32_t end : {edge.from, edge.to}) {
    if (end < 0 || end >= nodes) throw internal_error("an edge ends at {} of {} nodes", end, nodes);
  }
  if (!(edge.weight >= 0) || std::isinf(edge.weight)) {
    throw internal_error("an edge of weight {}", edge.weight);
  }
}

bool joins_two(const WeightedEdge& edge) {
  return edge.weight > 0 && edge.from != edge.to;
}

Graph graph_of(int64_t nodes, std::span<const WeightedEdge> edges) {
  Graph graph;
  graph.strength.assign(at(nodes), 0.0);
  graph.offsets.assign(at(nodes) + 1, 0);
  for (const auto& edge : edges) {
    check_edge(edge, nodes);
    graph.strength[at(edge.from)] += edge.weight;
    graph.strength[at(edge.to)] += edge.weight;
    if (!joins_two(edge)) continue;
    ++graph.offsets[at(edge.from) + 1];
    ++graph.offsets[at(edge.to) + 1];
  }
  for (size_t i = 0; i < at(nodes); ++i) graph.offsets[i + 1] += graph.offsets[i];
  graph.links.resize(at(graph.offsets.back()));
  auto next = graph.offsets;
  for (const auto& edge : edges) {
    if (!joins_two(edge)) continue;
    graph.links[at(next[at(edge.from)]++)] = {edge.weight, edge.to};
    graph.links[at(next[at(edge.to)]++)] = {edge.weight, edge.from};
  }
  return graph;
}

/// The weight of a node's links to each group that it is linked to.
class LinkSums {
 public:
  explicit LinkSums(int64_t groups) : sums_(at(groups), 0.0) {}

  void add(int32_t group, double weight) {
    double& sum = sums_[at(group)];
    if (sum == 0) groups_.push_back(group);
    sum += weight;
  }
  double to(int32_t group) const { return sums_[at(group)]; }
  const std::vector<int32_t>& groups() const { return groups_; }
  void clear() {
    for (const int32_t group : groups_) sums_[at(group)] = 0;
    groups_.clear();
  }

 private:
  std::vector<double> sums_;  // by group; zeros but for groups_
  std::vector<int32_t> groups_;
};

/// What moves and merges are judged by: a node gains the weight of its links to a group beyond what
/// chance gives two of their strengths.
struct Quality {
  double chance = 0;      // resolution / (2 · total weight)
  double randomness = 0;  // in weights

  double gain(double links, double strength, double other_strength) const {
    return links - chance * strength * other_strength;
  }
};

/// Nodes that wait for their turn, each at most once.
class NodeQueue {
 public:
  explicit NodeQueue(std::vector<int32_t> nodes)
      : nodes_(std::move(nodes)), waiting_(nodes_.size(), 1), count_(nodes_.size()) {}

  bool empty() const { return count_ == 0; }
  int32_t pop() {
    const int32_t node = nodes_[first_];
    first_ = after(first_);
    --count_;
    waiting_[at(node)] = 0;
    return node;
  }
  void push(int32_t node) {
    if (waiting_[at(node)]) return;
    waiting_[at(node)] = 1;
    nodes_[last_] = node;
    last_ = after(last_);
    ++count_;
  }

 private:
  size_t after(size_t place) const { return place + 1 == nodes_.size() ? 0 : place + 1; }

  std::vector<int32_t> nodes_;  // a ring
  std::vector<uint8_t> waiting_;
  size_t count_;
  size_t first_ = 0;
  size_t last_ = 0;
};

/// Moves nodes to where they gain most, until none gains by moving alone. A node whose neighbours
/// moved away, or came, is looked at again.
class LocalMoving {
 public:
  LocalMoving(const Graph& graph, const Quality& quality, std::vector<int32_t>& community)
      : graph_(graph),
        quality_(quality),
        community_(community),
        strength_(at(graph.nodes()), 0.0),
        members_(at(graph.nodes()), 0),
        sums_(graph.nodes()) {
    for (int32_t node = 0; node < graph.nodes(); ++node) {
      strength_[at(community[at(node)])] += graph.strength[at(node)];
      ++members_[at(community[at(node)])];
    }
    for (int32_t i = 0; i < graph.nodes(); ++i) {
      if (members_[at(i)] == 0) empty_.push_back(i);
    }
  }

  void run(RandomStream& random) {
    auto order = indices_below(graph_.nodes());
    random.shuffle(std::span(order));
    NodeQueue queue(std::move(order));
    while (!queue.empty()) {
      const int32_t node = queue.pop();
      const int32_t best = best_community(node);
      if (best == community_[at(node)]) continue;
      move(node, best);
      for (const auto& link : graph_.of(node)) {
        if (community_[at(link.node)] != best) queue.push(link.node);
      }
    }
  }

 private:
  /// Ties are for the one it is in.
  int32_t best_community(int32_t node) {
    sums_.clear();
    for (const auto& link : graph_.of(node)) sums_.add(community_[at(link.node)], link.weight);
    const double strength = graph_.strength[at(node)];
    const double least = kLeastGain * strength;
    const int32_t own = community_[at(node)];
    int32_t best = own;
    double best_gain = quality_.gain(sums_.to(own), strength, strength_[at(own)] - strength);
    for (const int32_t other : sums_.groups()) {
      if (other == own) continue;
      const double gain = quality_.gain(sums_.to(other), strength, strength_[at(other)]);
      if (gain > best_gain + least) {
        best = other;
        best_gain = gain;
      }
    }
    const bool better_alone = best_gain < -least && members_[at(own)] > 1;
    return better_alone ? empty_.back() : best;
  }

  void move(int32_t node, int32_t to) {
    const int32_t from = community_[at(node)];
    if (members_[at(to)] == 0) empty_.pop_back();
    strength_[at(from)] -= graph_.strength[at(node)];
    strength_[at(to)] += graph_.strength[at(node)];
    --members_[at(from)];
    ++members_[at(to)];
    if (members_[at(from)] == 0) empty_.push_back(from);
    community_[at(node)] = to;
  }

  const Graph& graph_;
  const Quality& quality_;
  std::vector<int32_t>& community_;
  std::vector<double> strength_;  // of each community
  std::vector<int64_t> members_;
  std::vector<int32_t> empty_;
  LinkSums sums_;
};

/// Parts of communities: nodes, each a part at first, merge at random into parts of their community
/// that they gain by, where node and part are well connected to the rest of it.
class Refinement {
 public:
  Refinement(const Graph& graph, const Quality& quality, std::span<const int32_t> community)
      : graph_(graph),
        quality_(quality),
        community_(community),
        community_strength_(at(graph.nodes()), 0.0),
        part_of_(indices_below(graph.nodes())),
        parts_(at(graph.nodes())),
        sums_(graph.nodes()) {
    for (int32_t node = 0; node < graph.nodes(); ++node) {
      Part& part = parts_[at(node)];
      part.strength = graph.strength[at(node)];
      community_strength_[at(community[at(node)])] += part.strength;
      for (const auto& link : graph.of(node)) {
        if (community[at(link.node)] == community[at(node)]) part.outward += link.weight;
      }
    }
  }

  /// The part of each node, named by one of its nodes.
  std::vector<int32_t> run(RandomStream& random) {
    auto order = indices_below(graph_.nodes());
    random.shuffle(std::span(order));
    for (const int32_t node : order) {
      const double all = community_strength_[at(community_[at(node)])];
      if (!parts_[at(node)].alone || !well_connected(parts_[at(node)], all)) continue;
      find_parts(node, all);
      const int32_t part = draw(node, random);
      if (part != node) merge(node, part);
    }
    return std::move(part_of_);
  }

 private:
  struct Part {
    double strength = 0;
    double outward = 0;  // weight of its links to the rest of its community
    bool alone = true;
  };
  struct Choice {
    int32_t part;
    double gain;
    double chance = 0;
  };

  /// `all`: the strength of the part's community.
  bool well_connected(const Part& part, double all) const {
    return quality_.gain(part.outward, part.strength, all - part.strength) >=
           -kLeastGain * part.strength;
  }

  void find_parts(int32_t node, double all) {
    const int32_t community = community_[at(node)];
    sums_.clear();
    for (const auto& link : graph_.of(node)) {
      if (community_[at(link.node)] == community) sums_.add(part_of_[at(link.node)], link.weight);
    }
    const double strength = graph_.strength[at(node)];
    choices_.assign(1, {node, 0});  // to stay alone gains nothing
    for (const int32_t name : sums_.groups()) {
      const Part& part = parts_[at(name)];
      const double gain = quality_.gain(sums_.to(name), strength, part.strength);
      if (gain >= 0 && well_connected(part, all)) choices_.push_back({name, gain});
    }
  }

  /// Of the parts that were found one with a chance in proportion to exp(gain / randomness).
  int32_t draw(int32_t node, RandomStream& random) {
    if (choices_.size() == 1) return node;
    double largest = 0;
    for (const auto& choice : choices_) largest = std::max(largest, choice.gain);
    double total = 0;
    for (auto& choice : choices_) {
      choice.chance = std::exp((choice.gain - largest) / quality_.randomness);
      total += choice.chance;
    }
    double left = random.uniform() * total;
    for (const auto& choice : choices_) {
      left -= choice.chance;
      if (left < 0) return choice.part;
    }
    return node;  // the sum's rounding
  }

  void merge(int32_t node, int32_t name) {
    Part& part = parts_[at(name)];
    part.strength += parts_[at(node)].strength;
    part.outward += parts_[at(node)].outward - 2 * sums_.to(name);
    part.alone = false;
    parts_[at(node)].alone = false;
    part_of_[at(node)] = name;
  }

  const Graph& graph_;
  const Quality& quality_;
  std::span<const int32_t> community_;
  std::vector<double> community_strength_;
  std::vector<int32_t> part_of_;
  std::vector<Part> parts_;  // by name; those of nodes that merged into another are no more
  LinkSums sums_;
  std::vector<Choice> choices_;
};

/// Names become 0, 1, … in the order in which they first come; returns how many there are. Names
/// are below the number of nodes.
int64_t renumber(std::vector<int32_t>& groups) {
  std::vector<int32_t> number(groups.size(), -1);
  int32_t count = 0;
  for (auto& group : groups) {
    int32_t& mine = number[at(group)];
    if (mine < 0) mine = count++;
    group = mine;
  }
  return count;
}

/// The nodes of each group together, groups in their order.
std::vector<int32_t> by_group(std::span<const int32_t> groups, int64_t count) {
  std::vector<int64_t> next(at(count) + 1, 0);
  for (const int32_t group : groups) ++next[at(group) + 1];
  for (size_t i = 0; i < at(count); ++i) next[i + 1] += next[i];
  std::vector<int32_t> nodes(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    nodes[at(next[at(groups[i])]++)] = static_cast<int32_t>(i);
  }
  return nodes;
}

/// Each of `count` parts as one node.
Graph aggregate(const Graph& graph, std::span<const int32_t> part, int64_t count) {
  Graph result;
  result.offsets.reserve(at(count) + 1);
  result.strength.reserve(at(count));
  const auto nodes = by_group(part, count);
  LinkSums sums(count);
  auto node = nodes.begin();
  for (int32_t mine = 0; mine < count; ++mine) {
    double strength = 0;
    sums.clear();
    for (; node != nodes.end() && part[at(*node)] == mine; ++node) {
      strength += graph.strength[at(*node)];
      for (const auto& link : graph.of(*node)) {
        if (part[at(link.node)] != mine) sums.add(part[at(link.node)], link.weight);
      }
    }
    for (const int32_t other : sums.groups()) result.links.push_back({sums.to(other), other});
    result.offsets.push_back(static_cast<int64_t>(result.links.size()));
    result.strength.push_back(strength);
  }
  return result;
}

/// One pass: moves, refines and aggregates until nothing is left to aggregate. `community` holds
/// names below the number of nodes, before and after.
void improve(const Graph& graph, const Quality& quality, std::vector<int32_t>& community,
             RandomStream& random) {
  Graph aggregated;
  const Graph* level = &graph;
  auto node_at_level = indices_below(graph.nodes());
  while (true) {
    LocalMoving(*level, quality, community).run(random);
    if (renumber(community) == level->nodes()) break;
    auto part = Refinement(*level, quality, community).run(random);
    const int64_t parts = renumber(part);
    if (parts == level->nodes()) break;
    aggregated = aggregate(*level, part, parts);
    level = &aggregated;
    std::vector<int32_t> of_part(at(parts));
    for (size_t i = 0; i < part.size(); ++i) of_part[at(part[i])] = community[i];
    community = std::move(of_part);
    for (auto& node : node_at_level) node = part[at(node)];
  }
  for (auto& node : node_at_level) node = community[at(node)];
  community = std::move(node_at_level);
}

double modularity(const Graph& graph, double resolution, double twice_total,
                  std::span<const int32_t> community, std::span<const WeightedEdge> edges) {
  double inside = 0;
  for (const auto& edge : edges) {
    if (community[at(edge.from)] == community[at(edge.to)]) inside += 2 * edge.weight;
  }
  std::vector<double> strength(at(graph.nodes()), 0.0);
  for (size_t i = 0; i < community.size(); ++i) strength[at(community[i])] += graph.strength[i];
  double expected = 0;
  for (const double one : strength) expected += (one / twice_total) * (one / twice_total);
  return inside / twice_total - resolution * expected;
}

/// The connected pieces of communities, which are never worse. A community is one already, unless
/// the last pass ended because refinement merged nothing.
std::vector<int32_t> connected_pieces(const Graph& graph, std::span<const int32_t> community) {
  std::vector<int32_t> piece(community.size(), -1);
  std::vector<int32_t> reached;
  for (int32_t first = 0; first < graph.nodes(); ++first) {
    if (piece[at(first)] >= 0) continue;
    piece[at(first)] = first;
    reached.push_back(first);
    while (!reached.empty()) {
      const int32_t node = reached.back();
      reached.pop_back();
      for (const auto& link : graph.of(node)) {
        int32_t& other = piece[at(link.node)];
        if (other >= 0 || community[at(link.node)] != community[at(first)]) continue;
        other = first;
        reached.push_back(link.node);
      }
    }
  }
  return piece;
}

/// Largest first, then by the first node.
int64_t number_by_size(std::vector<int32_t>& groups) {
  const int64_t count = renumber(groups);
  std::vector<int64_t> size(at(count), 0);
  for (const int32_t group : groups) ++size[at(group)];
  auto order = indices_below(count);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return size[at(a)] > size[at(b)]; });
  std::vector<int32_t> rank(at(count));
  for (size_t i = 0; i < order.size(); ++i) rank[at(order[i])] = static_cast<int32_t>(i);
  for (auto& group : groups) group = rank[at(group)];
  return count;
}

}  // namespace

Communities leiden(int64_t nodes, std::span<const WeightedEdge> edges, const LeidenOptions& options,
                   RandomStream& random) {
  const Graph graph = graph_of(nodes, edges);
  double twice_total = 0;
  for (const double strength : graph.strength) twice_total += strength;
  Communities result;
  result.of_node = indices_below(nodes);
  result.count = nodes;
  if (twice_total == 0) return result;

  const double mean_weight = twice_total / static_cast<double>(graph.links.size());
  const Quality quality{options.resolution / twice_total, options.randomness * mean_weight};
  const auto value = [&] {
    return modularity(graph, options.resolution, twice_total, result.of_node, edges);
  };
  double before = value();
  for (int64_t pass = 0; pass < options.passes; ++pass) {
    improve(graph, quality, result.of_node, random);
    const double after = value();
    if (after < before + kLeastRise) break;
    before = after;
  }
  result.of_node = connected_pieces(graph, result.of_node);
  result.count = number_by_size(result.of_node);
  result.modularity = value();
  return result;
}

}  // namespace grids::core
