#include "view/answers.hpp"

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/at.hpp"
#include "base/error.hpp"
#include "explain/explain_stage.hpp"
#include "io/atomic_file.hpp"
#include "io/table.hpp"
#include "io/utf8.hpp"

namespace grids::core {
namespace {

using Json = nlohmann::json;

/// No question is nested deeper.
constexpr int kDeepest = 4;
constexpr std::string_view kSearchAddress = "/api/search/";
/// A number of a search has no more digits.
constexpr size_t kMostDigits = 15;

/// Thrown where an answer is not 200 and not 400.
struct Refused {
  int status;
  std::string sentence;
};

ViewAnswer json_answer(const Json& json) {
  // Names of a study may hold any bytes.
  return {200, "application/json", json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

/// A question: a flat object of the fields that it may have.
class Question {
 public:
  explicit Question(std::string_view body) {
    if (!is_utf8(body)) throw usage_error("the body is no UTF-8 text");
    const auto shallow = [](int depth, Json::parse_event_t, const Json&) {
      if (depth > kDeepest) throw usage_error("the body is nested too deep");
      return true;
    };
    try {
      json_ = Json::parse(body, shallow);
    } catch (const Json::exception&) {
      throw usage_error("the body is no JSON");
    }
    if (!json_.is_object()) throw usage_error("the body is no JSON object");
  }

  std::string text(const char* field) const {
    const Json& value = at(field);
    if (!value.is_string()) throw usage_error("{}: give a text", field);
    return value.get<std::string>();
  }
  int64_t whole(const char* field, int64_t least, int64_t most) const {
    const Json& value = at(field);
    const bool fits = value.is_number_integer() && value >= least && value <= most;
    if (!fits) throw usage_error("{}: give a whole number from {} to {}", field, least, most);
    return value.get<int64_t>();
  }
  std::vector<std::string> texts(const char* field) const {
    const Json& value = at(field);
    const auto wrong = [&] { return usage_error("{}: give a list of texts", field); };
    if (!value.is_array()) throw wrong();
    std::vector<std::string> list;
    list.reserve(value.size());
    for (const auto& entry : value) {
      if (!entry.is_string()) throw wrong();
      list.push_back(entry.get<std::string>());
    }
    return list;
  }
  /// Which of two words.
  bool is_first(const char* field, std::string_view first, std::string_view second) const {
    const auto word = text(field);
    if (word != first && word != second) {
      throw usage_error("{}: '{}' is none of: {}, {}", field, word.substr(0, 100), first, second);
    }
    return word == first;
  }
  bool has(const char* field) const { return json_.contains(field); }

 private:
  const Json& at(const char* field) const {
    const auto found = json_.find(field);
    if (found == json_.end()) throw usage_error("{}: it is missing", field);
    return *found;
  }

  Json json_;
};

ViewTarget target_in(const ViewSession& session, const Question& question) {
  return session.names().target(question.text("gene"), question.text("cell_type"));
}

std::vector<int32_t> peaks_in(const ViewSession& session, const Question& question,
                              const char* field) {
  return session.names().peaks(field, question.texts(field));
}

Json gene_json(const GeneTable& genes, int32_t gene) {
  const size_t i = at(gene);
  return {{"name", genes.names[i]},
          {"chrom", genes.chromosome[i]},
          {"start", genes.start[i]},
          {"end", genes.end[i]},
          {"strand", std::string(1, static_cast<char>(genes.strand[i]))}};
}

Json of_session(ViewSession& session, const Question&) {
  const Study& study = session.study();
  Json types = Json::array();
  for (size_t type = 0; type < study.cells.type.names.size(); ++type) {
    const auto cells = [&](Split split) {
      return study.cells_of(split, static_cast<int32_t>(type)).size();
    };
    types.push_back({{"name", study.cells.type.names[type]},
                     {"cells",
                      {{"train", cells(Split::kTrain)},
                       {"validation", cells(Split::kValidation)},
                       {"test", cells(Split::kTest)}}}});
  }
  return {{"genes", study.genes.names},
          {"types", std::move(types)},
          {"version", GRIDS_VERSION},
          {"max_elements", kMostJudged},
          {"max_peaks", kMostViewedPeaks}};
}

Json peak_json(const Study& study, const PeakOfGene& entry) {
  const size_t i = at(entry.peak);
  return {{"peak", study.peaks.names[i]},
          {"chrom", study.peaks.chromosomes[at(study.peaks.chromosome_of(entry.peak))]},
          {"start", study.peaks.start[i]},
          {"end", study.peaks.end[i]},
          {"distance", entry.distance ? Json(*entry.distance) : Json()},
          {"in_cis", entry.in_cis},
          {"openness", entry.openness},
          {"change_alone", entry.change_alone}};
}

Json of_gene(ViewSession& session, const Question& question) {
  const Study& study = session.study();
  const auto target = target_in(session, question);
  const auto view = session.gene(target);
  Json peaks = Json::array(), genes = Json::array(), baseline = Json::array();
  for (const auto& entry : view.peaks) peaks.push_back(peak_json(study, entry));
  for (const int32_t gene : view.genes) genes.push_back(gene_json(study.genes, gene));
  for (const auto& entry : view.baseline) {
    baseline.push_back(
        {{"cell_type", entry.cell_type}, {"cells", entry.cells}, {"rate", entry.rate}});
  }
  Json gene = gene_json(study.genes, target.gene);
  const bool placed = study.genes.has_position(target.gene);
  gene["tss"] = placed ? Json(study.genes.tss(target.gene)) : Json();
  Json judged = Json::array();
  for (const auto& look : session.judged_sets(target.gene)) {
    judged.push_back({{"cell_type", look.cell_type}, {"peaks", look.peaks}});
  }
  return {{"gene", std::move(gene)},         {"types", study.cells.type.names},
          {"peaks", std::move(peaks)},       {"genes", std::move(genes)},
          {"baseline", std::move(baseline)}, {"looks", session.looks(target.gene)},
          {"judged", std::move(judged)}};
}

Json of_change(ViewSession& session, const Question& question) {
  const auto start = std::chrono::steady_clock::now();
  const auto target = target_in(session, question);
  const auto view = session.change(
      target, {peaks_in(session, question, "close"), peaks_in(session, question, "open")});
  Json types = Json::array(), others = Json::array();
  for (const auto& entry : view.types) {
    types.push_back({{"cell_type", entry.cell_type},
                     {"cells", entry.cells},
                     {"before", entry.before},
                     {"after", entry.after},
                     {"rate_change", entry.rate_change}});
  }
  for (const auto& entry : view.others) {
    others.push_back({{"gene", session.study().genes.names[at(entry.gene)]},
                      {"rate_change", entry.rate_change}});
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  return {
      {"types", std::move(types)}, {"others", std::move(others)}, {"milliseconds", took.count()}};
}

Json of_search(ViewSession& session, const Question& question) {
  ViewSearchQuestion asked;
  asked.target = target_in(session, question);
  asked.set_size = question.whole("L", 1, static_cast<int64_t>(kMostViewedPeaks));
  asked.cis = question.is_first("domain", "cis", "all");
  const bool down = question.is_first("direction", "down", "up");
  asked.direction = down ? Direction::kDown : Direction::kUp;
  const auto id = session.search().start(asked);
  if (!id) throw Refused{409, "a search is on; stop it, or wait for its end"};
  return {{"job", *id}};
}

Json of_stop(ViewSession& session, const Question& question) {
  const int64_t id = question.whole("job", 1, INT64_MAX);
  if (!session.search().stop(id)) throw Refused{404, "job: there is no such search"};
  return {{"job", id}};
}

Json of_search_state(ViewSession& session, int64_t id) {
  const auto state = session.search().state(id);
  if (!state) throw Refused{404, "there is no such search"};
  const Study& study = session.study();
  Json steps = Json::array();
  for (const auto& step : state->steps) {
    steps.push_back({{"peaks", names_of_peaks(study, step.peaks)},
                     {"rate_change", step.rate_change},
                     {"evaluations", step.evaluations}});
  }
  const bool found = state->done && state->error.empty();
  return {{"steps", std::move(steps)},
          {"done", state->done},
          {"error", state->error.empty() ? Json() : Json(state->error)},
          {"peaks", names_of_peaks(study, state->peaks)},
          {"rate_change", found ? Json(state->rate_change) : Json()}};
}

Json of_settings(ViewSession& session, const Question& question) {
  const Study& study = session.study();
  const auto target = target_in(session, question);
  const auto view = session.settings(target, peaks_in(session, question, "peaks"));
  Json elements = Json::array(), rows = Json::array();
  for (const auto& element : view.elements) {
    elements.push_back({{"name", element.name}, {"peaks", names_of_peaks(study, element.peaks)}});
  }
  for (const auto& row : view.rows) {
    Json open = Json::array();
    for (size_t a = 0; a < view.elements.size(); ++a) {
      if ((row.open & bit_of(a)) != 0) open.push_back(view.elements[a].name);
    }
    rows.push_back({{"open", std::move(open)},
                    {"rate_fit", row.rate_fit},
                    {"rate", row.measured.rate},
                    {"rate_low", row.measured.low},
                    {"rate_high", row.measured.high},
                    {"cells", row.cells},
                    {"counts", row.counts}});
  }
  return {{"elements", std::move(elements)},
          {"rows", std::move(rows)},
          {"cells", "training and validation"},
          {"note", view.note.empty() ? Json() : Json(view.note)}};
}

Json of_judge(ViewSession& session, const Question& question) {
  const auto target = target_in(session, question);
  const auto judged = session.judge(target, peaks_in(session, question, "peaks"));
  return {{"slope", judged.contrast.slope},
          {"slope_low", judged.contrast.low},
          {"slope_high", judged.contrast.high},
          {"p", judged.contrast.p},
          {"looks", judged.looks},
          {"p_adjusted", judged.p_adjusted},
          {"verdict", kExploratory},
          {"sentence", judged.sentence}};
}

Json of_save(ViewSession& session, const Question& question) {
  const auto target = target_in(session, question);
  const auto note = question.has("note") ? question.text("note") : std::string();
  return {{"rows", session.save(target, peaks_in(session, question, "peaks"), note)}};
}

Json of_sets(ViewSession& session, const Question&) {
  const auto columns = saved_set_columns();
  Json rows = Json::array();
  for (const auto& set : session.saved()) rows.push_back(columns.cells(set));
  return {{"columns", columns.names()}, {"rows", std::move(rows)}};
}

struct Address {
  ViewMethod method;
  std::string_view path;
  Json (*answer)(ViewSession& session, const Question& question);
};

constexpr Address kAddresses[] = {
    {ViewMethod::kGet, "/api/session", of_session},
    {ViewMethod::kPost, "/api/gene", of_gene},
    {ViewMethod::kPost, "/api/change", of_change},
    {ViewMethod::kPost, "/api/search", of_search},
    {ViewMethod::kPost, "/api/search/stop", of_stop},
    {ViewMethod::kPost, "/api/settings", of_settings},
    {ViewMethod::kPost, "/api/judge", of_judge},
    {ViewMethod::kPost, "/api/save", of_save},
    {ViewMethod::kGet, "/api/sets", of_sets},
};
constexpr std::string_view kSetsTable = "/api/sets.tsv";
constexpr std::string_view kSetsBed = "/api/sets.bed";

const Address* address_of(ViewMethod method, std::string_view path) {
  for (const auto& address : kAddresses) {
    if (address.method == method && address.path == path) return &address;
  }
  return nullptr;
}

/// The number behind /api/search/, if it is one.
std::optional<int64_t> search_named(std::string_view path) {
  if (!path.starts_with(kSearchAddress)) return std::nullopt;
  const auto digits = path.substr(kSearchAddress.size());
  if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
  int64_t id = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    id = 10 * id + (digit - '0');
  }
  return id;
}

std::optional<ViewAnswer> download(ViewSession& session, std::string_view path) {
  if (path == kSetsTable) {
    return ViewAnswer{200, "text/tab-separated-values; charset=utf-8",
                      table_text(saved_set_columns().table(session.saved())), "view_sets.tsv"};
  }
  if (path == kSetsBed) {
    return ViewAnswer{200, "text/plain; charset=utf-8",
                      bed_of_sets(session.study(), session.saved()), "view_sets.bed"};
  }
  return std::nullopt;
}

ViewAnswer answer_known(ViewSession& session, ViewMethod method, std::string_view path,
                        std::string_view body) {
  if (const auto* address = address_of(method, path)) {
    return json_answer(
        address->answer(session, Question(method == ViewMethod::kGet ? "{}" : body)));
  }
  if (method == ViewMethod::kGet) {
    if (const auto id = search_named(path)) return json_answer(of_search_state(session, *id));
    if (auto answer = download(session, path)) return *std::move(answer);
  }
  return error_answer(404, "there is nothing here");
}

}  // namespace

ViewAnswer error_answer(int status, std::string_view sentence) {
  auto answer = json_answer({{"error", sentence}});
  answer.status = status;
  return answer;
}

KnownAddress known_address(ViewMethod method, std::string_view path) {
  const bool gets = address_of(ViewMethod::kGet, path) != nullptr || search_named(path) ||
                    path == kSetsTable || path == kSetsBed;
  const bool posts = address_of(ViewMethod::kPost, path) != nullptr;
  if (!gets && !posts) return KnownAddress::kNo;
  return (method == ViewMethod::kGet ? gets : posts) ? KnownAddress::kYes
                                                     : KnownAddress::kOtherMethod;
}

ViewAnswer answer_view(ViewSession& session, ViewMethod method, std::string_view path,
                       std::string_view body) {
  try {
    return answer_known(session, method, path, body);
  } catch (const Refused& refused) {
    return error_answer(refused.status, refused.sentence);
  } catch (const Error& error) {
    const bool asked_wrongly = error.kind() == ErrorKind::kUsage;
    // What cannot be written (a full disk) is no fault of the question's, and has to be told.
    return error_answer(asked_wrongly ? 400 : 500, error.what());
  } catch (const std::exception& error) {
    return error_answer(500, error.what());
  }
}

}  // namespace grids::core
