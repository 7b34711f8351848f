#include "train/network_explainers.hpp"

namespace grids {

const Methods& network_explainers() {
  static const Methods all = {};
  return all;
}

Methods explainers_with_networks() {
  Methods all = explainers();
  all.insert(all.end(), network_explainers().begin(), network_explainers().end());
  return all;
}

}  // namespace grids
