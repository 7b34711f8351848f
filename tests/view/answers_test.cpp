#include "view/answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "view/small_view.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using testing::SmallView;
using testing::ViewFolder;
using Json = nlohmann::json;

struct Asked {
  explicit Asked(SmallView& view)
      : session(folder.path, view.study, view.surrogate(), view.context) {}

  ViewAnswer raw(std::string_view path, std::string_view body) {
    return answer_view(session, ViewMethod::kPost, path, body);
  }
  Json post(std::string_view path, const Json& body, int status = 200) {
    const auto answer = raw(path, body.dump());
    EXPECT_EQ(answer.status, status) << answer.body;
    return Json::parse(answer.body);
  }
  Json get(std::string_view path, int status = 200) {
    const auto answer = answer_view(session, ViewMethod::kGet, path, {});
    EXPECT_EQ(answer.status, status) << answer.body;
    return Json::parse(answer.body);
  }

  ViewFolder folder;
  ViewSession session;
};

TEST(ViewAnswers, SayWhatTheSessionSays) {
  SmallView view;
  Asked asked(view);
  const auto session = asked.get("/api/session");
  EXPECT_EQ(session["genes"].size(), 13u);
  EXPECT_EQ(session["types"][0]["name"], "A few");
  EXPECT_EQ(session["max_elements"], 4);
  const std::string gene = view.study.genes.names[0];
  const auto peak = view.study.peaks.names[3];
  const auto of_gene = asked.post("/api/gene", {{"gene", gene}, {"cell_type", "B"}});
  EXPECT_EQ(of_gene["peaks"].size(), 23u);
  EXPECT_EQ(of_gene["gene"]["tss"], 0);
  EXPECT_EQ(of_gene["looks"], 0);
  const auto change = asked.post("/api/change", {{"gene", gene},
                                                 {"cell_type", "B"},
                                                 {"close", Json::array({peak})},
                                                 {"open", Json::array()}});
  EXPECT_EQ(change["types"][1]["rate_change"], of_gene["peaks"][3]["change_alone"]);
  EXPECT_EQ(asked.post("/api/save", {{"gene", gene},
                                     {"cell_type", "B"},
                                     {"peaks", Json::array({peak})},
                                     {"note", "n"}})["rows"],
            1);
  const auto sets = asked.get("/api/sets");
  EXPECT_EQ(sets["rows"][0][3], peak);
  EXPECT_EQ(sets["columns"].size(), sets["rows"][0].size());
  const auto table = answer_view(asked.session, ViewMethod::kGet, "/api/sets.tsv", {});
  EXPECT_EQ(table.file, "view_sets.tsv");
  EXPECT_THAT(table.body, HasSubstr("exploratory"));
  const auto bed = answer_view(asked.session, ViewMethod::kGet, "/api/sets.bed", {});
  EXPECT_THAT(bed.body, HasSubstr("chr1\t3000\t3500\tg0|B|set 1"));
}

TEST(ViewAnswers, ASearchIsWatchedToItsEnd) {
  SmallView view;
  Asked asked(view);
  const Json question = {{"gene", view.study.genes.names[static_cast<size_t>(view.gene())]},
                         {"cell_type", "all"},
                         {"L", 3},
                         {"domain", "all"},
                         {"direction", "down"}};
  const int64_t job = asked.post("/api/search", question)["job"];
  Json state;
  do {
    state = asked.get("/api/search/" + std::to_string(job));
  } while (!state["done"]);
  EXPECT_EQ(state["error"], nullptr);
  EXPECT_EQ(state["peaks"].size(), 3u);
  asked.get("/api/search/77", 404);
  asked.post("/api/search/stop", {{"job", 77}}, 404);
  asked.post("/api/search/stop", {{"job", job}});
}

TEST(ViewAnswers, WhatIsWrongNamesTheField) {
  SmallView view;
  Asked asked(view);
  const Json good = {
      {"gene", "g0"}, {"cell_type", "B"}, {"close", Json::array()}, {"open", Json::array()}};
  asked.post("/api/change", good);
  const auto wrong = [&](const char* field, const Json& value) {
    Json question = good;
    question[field] = value;
    EXPECT_THAT(asked.post("/api/change", question, 400)["error"].get<std::string>(),
                HasSubstr(field));
  };
  for (const char* field : {"gene", "cell_type", "close", "open"}) {
    wrong(field, nullptr);
    wrong(field, 5);
    Json question = good;
    question.erase(field);
    EXPECT_THAT(asked.post("/api/change", question, 400)["error"].get<std::string>(),
                HasSubstr(field));
  }
  wrong("close", Json::array({1}));
  wrong("close", Json::array({"chr9:1-2"}));
  Json many = Json::array();
  for (size_t i = 0; i < 70; ++i) many.push_back(view.study.peaks.names[i]);
  Json all = good;
  all["close"] = many;
  asked.post("/api/change", all);
  for (const Json& size : {Json(0), Json(129), Json(2.5), Json("3"), Json(-1), Json(1e30)}) {
    const Json search = {
        {"gene", "g0"}, {"cell_type", "B"}, {"L", size}, {"domain", "cis"}, {"direction", "down"}};
    EXPECT_THAT(asked.post("/api/search", search, 400)["error"].get<std::string>(),
                HasSubstr("L:"));
  }
  const Json search = {
      {"gene", "g0"}, {"cell_type", "B"}, {"L", 3}, {"domain", "near"}, {"direction", "down"}};
  EXPECT_THAT(asked.post("/api/search", search, 400)["error"].get<std::string>(),
              HasSubstr("domain"));
}

TEST(ViewAnswers, NoBodyBreaksIt) {
  SmallView view;
  Asked asked(view);
  const std::string bodies[] = {
      "",
      "{",
      "[]",
      "null",
      "\xFF\xFE",
      std::string(60'000, '['),
      std::string("{\"gene\":") + std::string(20'000, '[') + std::string(20'000, ']') + "}",
      "{\"gene\":1e999,\"cell_type\":\"B\"}",
      "{\"gene\":\"\\u0000\",\"cell_type\":\"B\"}",
      std::string(4096, '\0')};
  for (const auto& body : bodies) {
    for (const char* path : {"/api/gene", "/api/change", "/api/search", "/api/search/stop",
                             "/api/settings", "/api/judge", "/api/save"}) {
      const auto answer = asked.raw(path, body);
      EXPECT_EQ(answer.status, 400) << path;
      EXPECT_TRUE(Json::parse(answer.body).contains("error"));
    }
  }
  EXPECT_EQ(answer_view(asked.session, ViewMethod::kGet, "/api/nothing", {}).status, 404);
  EXPECT_EQ(asked.session.looks(0), 0);
}

TEST(ViewAnswers, EveryAddressIsKnownToTheGuard) {
  EXPECT_EQ(known_address(ViewMethod::kGet, "/api/session"), KnownAddress::kYes);
  EXPECT_EQ(known_address(ViewMethod::kPost, "/api/session"), KnownAddress::kOtherMethod);
  EXPECT_EQ(known_address(ViewMethod::kPost, "/api/search"), KnownAddress::kYes);
  EXPECT_EQ(known_address(ViewMethod::kGet, "/api/search"), KnownAddress::kOtherMethod);
  EXPECT_EQ(known_address(ViewMethod::kGet, "/api/search/3"), KnownAddress::kYes);
  EXPECT_EQ(known_address(ViewMethod::kGet, "/api/search/x"), KnownAddress::kNo);
  EXPECT_EQ(known_address(ViewMethod::kGet, "/api/sets.bed"), KnownAddress::kYes);
  EXPECT_EQ(known_address(ViewMethod::kGet, "/"), KnownAddress::kNo);
}

}  // namespace
}  // namespace grids::core
