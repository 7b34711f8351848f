#include "figures.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "stopwatch.hpp"

namespace grids::core::bench {
namespace {

/// Four significant digits, without an exponent where that is readable.
std::string shown(double value) {
  if (value == 0) return "0";
  if (std::abs(value) < 1e-3) return fmt::format("{:.2e}", value);
  if (std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

}  // namespace

void Figures::add(Figure figure) {
  reporter_.info(fmt::format("{} = {} {}", figure.name, shown(figure.value), figure.unit));
  figures_.push_back(std::move(figure));
}

void Figures::add(Figure figure, const Stopwatch& watch) {
  const std::string complaint = watch.complaint();
  if (!complaint.empty()) {
    reporter_.warning(fmt::format("busy machine while measuring {}: {}", figure.name, complaint));
    busy_.push_back(figure.name);
  }
  add(std::move(figure));
}

void Figures::remark(const std::string& name, const std::string& text) {
  remarks_.emplace_back(name, text);
}

std::optional<double> Figures::value(const std::string& name) const {
  for (const auto& figure : figures_) {
    if (figure.name == name) return figure.value;
  }
  return std::nullopt;
}

std::string Figures::table() const {
  size_t width = 4;
  for (const auto& figure : figures_) width = std::max(width, figure.name.size());
  std::string text = fmt::format("{:<{}}  {:>10} {:<8} {:>10} {:>8}  {}\n", "name", width, "value",
                                 "", "floor", "÷ floor", "what");
  for (const auto& figure : figures_) {
    text += fmt::format("{:<{}}  {:>10} {:<8} {:>10} {:>8}  {}\n", figure.name, width,
                        shown(figure.value), figure.unit, figure.floor ? shown(*figure.floor) : "",
                        figure.floor ? shown(figure.value / *figure.floor) : "", figure.about);
  }
  for (const auto& [name, remark] : remarks_) text += fmt::format("{}: {}\n", name, remark);
  if (!busy_.empty()) text += fmt::format("taken on a busy machine: {}\n", fmt::join(busy_, ", "));
  return text;
}

void Figures::write_json(const std::filesystem::path& path) const {
  nlohmann::ordered_json json;
  for (const auto& figure : figures_) json[figure.name] = figure.value;
  for (const auto& [name, remark] : remarks_) json[name] = remark;
  json["floors"] = nlohmann::ordered_json::object();
  for (const auto& figure : figures_) {
    if (figure.floor) json["floors"][figure.name] = *figure.floor;
  }
  json["busy"] = busy_;
  replace_file(path, json.dump(2) + "\n");
}

}  // namespace grids::core::bench
