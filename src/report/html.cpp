#include "report/html.hpp"

#include <fmt/core.h>

#include <cmath>
#include <cstdint>
#include <regex>

namespace grids::core {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

/// Bytes of the UTF-8 sequence at the front of the text; 0 when there is no whole, valid one.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  size_t length = 0;
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) < 0xE0) length = 2;
  if (byte(0) >= 0xE0 && byte(0) < 0xF0) length = 3;
  if (byte(0) >= 0xF0 && byte(0) < 0xF5) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

/// A hyphen that stands for minus becomes the minus sign, which is as wide as a digit.
std::string with_minus(const std::string& text) {
  return text.starts_with('-') ? fmt::format("\u2212{}", std::string_view(text).substr(1)) : text;
}

std::string with_thousands(const std::string& digits) {
  std::string result;
  const size_t sign = digits.starts_with('-') ? 1 : 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > sign && (digits.size() - i) % 3 == 0) result += ',';
    result += digits[i];
  }
  return result;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      result += kReplacement;
    } else if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else if (c == '\'') {
      result += "&#39;";
    } else if (length == 1 && (static_cast<unsigned char>(c) < 32 || c == 127)) {
      result += ' ';
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "n/a";
  if (std::abs(value) >= 1000 && std::abs(value) < 1e9) return count_text(value);
  return with_minus(fmt::format("{:.3g}", value));
}

std::string percent_text(double share, bool sign) {
  if (std::isnan(share)) return "n/a";
  const double percent = 100 * share;
  // −0.04 % would read as −0.0 %.
  if (std::abs(percent) < 0.05) return with_minus(fmt::format("{:.2g}%", percent + 0.0));
  return with_minus(sign ? fmt::format("{:+.1f}%", percent) : fmt::format("{:.1f}%", percent));
}

std::string distance_text(double base_pairs) {
  if (std::isnan(base_pairs)) return "n/a";
  const double size = std::abs(base_pairs);
  if (size < 1000) return with_minus(fmt::format("{:.0f} bp", base_pairs));
  if (size < 1e6) return with_minus(fmt::format("{:.1f} kb", base_pairs / 1e3));
  return with_minus(fmt::format("{:.1f} Mb", base_pairs / 1e6));
}

std::string count_text(double count) {
  if (std::isnan(count)) return "n/a";
  return with_minus(with_thousands(fmt::format("{:.0f}", count)));
}

std::string counted(double count, std::string_view noun) {
  return fmt::format("{} {}{}", count_text(count), noun, count == 1 ? "" : "s");
}

std::string with_places(const std::string& text) {
  static const std::regex place_form(R"(:(\d{1,15})-(\d{1,15})(?![\w.]))");
  std::string result;
  auto rest = text.begin();
  for (std::sregex_iterator found(text.begin(), text.end(), place_form), end; found != end;
       ++found) {
    const auto& place = *found;
    result.append(rest, text.begin() + place.position());
    result += fmt::format(":{}–{}", count_text(std::stod(place[1].str()) + 1),
                          count_text(std::stod(place[2].str())));
    rest = text.begin() + place.position() + place.length();
  }
  return result.append(rest, text.end());
}

std::string html_table(const std::vector<HtmlColumn>& columns,
                       const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<div class=\"table\"><table><thead><tr>";
  for (const auto& column : columns) {
    html += fmt::format("<th{}>{}</th>", column.number ? " class=\"n\"" : "", column.title);
  }
  html += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      html += fmt::format("<td{}>{}</td>", columns[i].number ? " class=\"n\"" : "", row[i]);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string html_figure(int number, std::string_view content, std::string_view caption) {
  return fmt::format(
      "<figure id=\"figure-{0}\">{1}<figcaption><b>Figure {0}.</b> {2}</figcaption></figure>\n",
      number, content, caption);
}

std::string html_details(std::string_view summary, std::string_view content, bool open) {
  return fmt::format("<details{}><summary>{}</summary>{}</details>\n", open ? " open" : "", summary,
                     content);
}

}  // namespace grids::core
