/// Pieces of an HTML page: escaped text, numbers for people, tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace grids::core {

/// Text for element content and quoted attributes: & < > " ' are spelled out, control characters
/// (which no HTML may hold) become spaces, and bytes that are no UTF-8 the replacement character.
std::string escape_html(std::string_view text);

/// Three significant digits and a true minus sign: "−0.0123", "1,234"; "n/a" for NaN.
std::string number_text(double value);

/// A share as a percentage with one digit: "12.3%", and with `sign` "−4.0%" or "+4.0%".
std::string percent_text(double share, bool sign = false);

/// Base pairs with a unit: "850 bp", "12.3 kb", "1.2 Mb"; signed.
std::string distance_text(double base_pairs);

/// A count with thousands separated: "12,345".
std::string count_text(double count);

/// "1 set", "3 sets": a count and its noun.
std::string counted(double count, std::string_view noun);

/// Places in a text, "chr1:1000-1500" (from 0, the end beside it, as tables have them), as browsers
/// of genomes count: "chr1:1,001–1,500".
std::string with_places(const std::string& text);

struct HtmlColumn {
  std::string title;
  bool number = false;  ///< aligned right
};

/// A table that scrolls sideways inside its own box. Cells are HTML already.
std::string html_table(const std::vector<HtmlColumn>& columns,
                       const std::vector<std::vector<std::string>>& rows);

/// A figure with a numbered caption; both are HTML already.
std::string html_figure(int number, std::string_view content, std::string_view caption);

/// A block that opens on a click.
std::string html_details(std::string_view summary, std::string_view content, bool open = false);

}  // namespace grids::core
