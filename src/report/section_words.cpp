#include <fmt/core.h>

#include "report/html.hpp"
#include "report/sections.hpp"

namespace grids::core {
namespace {

/// A term as the page's tables head it, and what it means. The page's script shows these beside the
/// headings; it finds them in the list that is written here.
struct PageWord {
  const char* term;
  const char* meaning;
};

constexpr PageWord kPageWords[] = {
    {"Verdict",
     "What measured expression of test cells, which neither training nor search has seen, says of "
     "the predicted change. Borne out: it follows. Overstated: it follows by less than half. "
     "Undecided: these cells cannot tell. Not judged: fewer than 50 test cells, or no slope. "
     "Contradicted: these cells would have shown half of the change, and do not; no finding."},
    {"Slope",
     "Measured change per predicted change, within type and state, with its 95 % interval: 1 = "
     "cells differ as predicted, 0 = not at all; both changes on the log scale. “Cannot tell” "
     "where "
     "the interval is wider than 10: the predicted change is too small to be seen in these cells."},
    {"Measured change",
     "The slope times the predicted change, cell by cell on the log scale, in per cent of the "
     "average test cell (the mean of logs). Beside it stands the predicted change of that cell, "
     "which the predicted change of the mean need not equal."},
    {"q", "Benjamini–Hochberg q of the slope over the sets of this page."},
    {"Predicted change",
     "Change of the mean predicted expression when the whole set is masked in the surrogate, on "
     "test "
     "cells. Its interval, where a set has one, says how far refits of the gene’s own terms move "
     "it "
     "(90 %); what the set changes through the state of the cell is held."},
    {"Peaks",
     "Those that are needed, of all peaks of the set: its minimal sub-set alone keeps at least 90 "
     "% of the "
     "set’s predicted change."},
    {"Needed",
     "Marked: of the minimal sub-set, which alone keeps at least 90 % of the set’s change."},
    {"From TSS",
     "From the start of transcription (TSS) of the gene to the peak, 0 inside it: negative = "
     "upstream, positive = downstream as the gene is read. Places count from 1, as browsers of "
     "genomes show them; tables (TSV) count from 0, as BED does."},
    {"Overlaps", "What of the places, loops or variants of grids validate the peak overlaps."},
    {"In window",
     "Share of the set’s peaks within 250 kb of the gene’s start of transcription (TSS)."},
    {"Redundancy",
     "Do the elements of the set stand in for one another? Redundant: any one suffices. Quorum: a "
     "loss is made good, but not by any one alone. Cooperative: needed together. Independent: they "
     "add or multiply. Stand-ins or proxies: looks redundant, but so could elements that add, "
     "because ATAC misses open ones. Called from cells that hold each setting."},
    {"Hidden share",
     "What of the joint change no single knock-out shows, measured, with its 95 % interval: 0 "
     "where elements add, 1 where any one suffices, below 0 where they are needed jointly. A dash "
     "where the joint change is too uncertain for a share of it."},
    {"Partners", "Peaks outside the minimal sub-set that the sub-set needs, or that need it."},
    {"Element",
     "Peaks of a set less than 1 kb apart count as one element. The evidence counts all elements "
     "of the needed peaks and of partners. Judged elements are those, at most four, of which it is "
     "asked whether they stand in for one another: without promoter and transcribed part."},
    {"Gate A",
     "Does the model predict this gene in held-out cells better than sequencing depth, type and, "
     "where they were given, donor and batch do? Genes without terms of the cis path that fail it "
     "are not explained unless "
     "forced."},
    {"Gate B",
     "Do the peaks around the gene say something of held-out cells that the state of the cell does "
     "not? Where not, a set that was asked for is unconfirmed."},
    {"r within type",
     "Correlation of prediction and measurement over held-out cells of one type, sequencing depth "
     "taken out: 0 = the model says nothing of how these cells differ."},
    {"Power",
     "How likely these cells are to show what is asked, if it is so. Detectable: the smallest "
     "slope, or share, that they show with a probability of 0.8."},
    {"Alone",
     "Predicted change when the peak’s element alone is masked in the surrogate, in cells as they "
     "are: below 0 the prediction falls. n/a where that is not asked: of members that can be "
     "spared, "
     "and of all where the gene has no terms of peaks around it."},
    {"Class",
     "Promoter: within 1 kb of a start of transcription of the gene. Intronic: in its transcribed "
     "part, where fragments of transcripts can look like open chromatin. Distal: all others. "
     "Unknown: where the gene starts is not known."},
    {"Surrogate",
     "The trained network that predicts expression from open peaks, and is asked in the place of "
     "the cells what happens when peaks are masked."},
};

}  // namespace

std::string words_section(const Results& results, Page&) {
  if (results.sets.empty()) return {};
  std::string html = "<dl id=\"glossary\">\n";
  for (const auto& word : kPageWords) {
    html +=
        fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(word.term), escape_html(word.meaning));
  }
  return html + "</dl>\n";
}

}  // namespace grids::core
