/// A small, strict reader of HTML: enough to tell a well-formed page from a broken one.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace grids::core {

/// What is wrong with the page, or an empty string: tags that do not nest, attributes without
/// quotes, stray < or &, an id used twice.
inline std::string html_fault(std::string_view html) {
  const std::set<std::string, std::less<>> empty_elements = {"meta", "br", "img", "hr", "link"};
  std::vector<std::string> open;
  std::set<std::string> ids;
  const auto around = [&](size_t at) {
    return std::string(html.substr(at > 40 ? at - 40 : 0, 100));
  };
  for (size_t i = 0; i < html.size();) {
    if (html[i] == '&') {
      const size_t end = html.find(';', i);
      if (end == std::string_view::npos || end - i > 8) return "stray & near " + around(i);
      i = end + 1;
      continue;
    }
    if (html[i] == '>') return "stray > near " + around(i);
    if (html[i] != '<') {
      ++i;
      continue;
    }
    if (html.substr(i).starts_with("<!DOCTYPE html>")) {
      i += 15;
      continue;
    }
    // Up to the > that no quoted attribute holds.
    size_t end = i + 1;
    bool quoted = false;
    while (end < html.size() && (quoted || html[end] != '>')) {
      if (html[end] == '"') quoted = !quoted;
      if (html[end] == '<') return "stray < near " + around(end);
      ++end;
    }
    if (end == html.size()) return "a tag without end near " + around(i);
    std::string_view tag = html.substr(i + 1, end - i - 1);
    i = end + 1;
    const bool closes = tag.starts_with('/');
    const bool closed = tag.ends_with('/');
    if (closes) tag.remove_prefix(1);
    if (closed) tag.remove_suffix(1);
    const std::string name(tag.substr(0, tag.find(' ')));
    if (name.empty()) return "a tag without name near " + around(i);
    for (size_t at = tag.find('='); at != std::string_view::npos;) {
      if (at + 1 >= tag.size() || tag[at + 1] != '"') return "an unquoted attribute in " + name;
      const size_t close = tag.find('"', at + 2);
      if (tag.substr(0, at).ends_with(" id") &&
          !ids.emplace(tag.substr(at + 2, close - at - 2)).second) {
        return "an id used twice: " + std::string(tag);
      }
      at = tag.find('=', close);
    }
    if (closes) {
      if (open.empty() || open.back() != name) {
        return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
      }
      open.pop_back();
    } else if (!closed && !empty_elements.contains(name)) {
      open.push_back(name);
    }
    if (name == "style" && !closes) i = html.find("</style>", i);
  }
  return open.empty() ? std::string() : open.back() + " is never closed";
}

}  // namespace grids::core
