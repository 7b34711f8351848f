#include "view/guarded_request.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "view/secrets.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using State = GuardedRequest::State;

const GuardRules kRules = {8123, "grids_view_8123", "0123456789abcdef", "/fedcba9876543210/"};
constexpr const char* kCookie = "Cookie: grids_view_8123=0123456789abcdef\r\n";

/// Where the page asks: the login has no folder.
std::string inside(std::string_view path) {
  const bool is_login = path.starts_with("/login") || path.starts_with("/favicon");
  return is_login ? std::string(path)
                  : kRules.folder + std::string(path.starts_with('/') ? path.substr(1) : path);
}

std::string get(std::string_view path, std::string_view headers = kCookie,
                std::string_view host = "127.0.0.1:8123") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", inside(path), host, headers);
}

std::string post(std::string_view path, std::string_view body, std::string_view headers = kCookie,
                 std::string_view type = "application/json") {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1:8123\r\nContent-Type: {}\r\nContent-Length: "
      "{}\r\n{}\r\n{}",
      inside(path), type, body.size(), headers, body);
}

/// The status that a whole request is refused with; 200: it is taken; 0: more is waited for.
int status_of(std::string_view bytes) {
  GuardedRequest request(kRules);
  switch (request.take(bytes)) {
    case State::kReading:
      return 0;
    case State::kWhole:
      return 200;
    case State::kRefused:
      break;
  }
  EXPECT_THAT(request.refusal().body, HasSubstr("error"));
  return request.refusal().status;
}

TEST(GuardedRequest, TakesWhatThePageAsks) {
  EXPECT_EQ(status_of(get("/")), 200);
  EXPECT_EQ(status_of(get("/api/session")), 200);
  EXPECT_EQ(status_of(get("/api/search/12")), 200);
  EXPECT_EQ(status_of(get("/api/sets.tsv")), 200);
  EXPECT_EQ(status_of(get("/", kCookie, "LocalHost:8123")), 200);
  EXPECT_EQ(status_of(post("/api/change", "{}")), 200);
  EXPECT_EQ(status_of(post("/api/change", "{}", kCookie, "Application/JSON; charset=utf-8")), 200);
  const auto own = fmt::format("{}Origin: http://127.0.0.1:8123\r\n", kCookie);
  EXPECT_EQ(status_of(post("/api/change", "{}", own)), 200);
}

TEST(GuardedRequest, WithoutTheCookieOnlyTheLoginIsThere) {
  GuardedRequest page(kRules), login(kRules);
  page.take(get("/"));
  EXPECT_EQ(page.address(), ViewAddress::kPage);
  login.take("GET / HTTP/1.1\r\nHost: 127.0.0.1:8123\r\n\r\n");
  EXPECT_EQ(login.state(), State::kWhole);
  EXPECT_EQ(login.address(), ViewAddress::kLoginPage);
  EXPECT_EQ(status_of(get("/login.js", "")), 200);
  EXPECT_EQ(status_of(post("/login", "{}", "")), 200);
  for (const char* path : {"/", "/api/session", "/api/sets", "/api/search/1", "/page.js"}) {
    EXPECT_EQ(status_of(get(path, "")), 401) << path;
  }
  EXPECT_EQ(status_of(post("/api/judge", "{}", "")), 401);
  for (const char* cookie :
       {"grids_view_8123=", "grids_view_8123=0123456789abcdeF", "grids_view_8123=0123456789abcde",
        "grids_view_8123=0123456789abcdef0", "grids_view_8124=0123456789abcdef",
        "x=grids_view_8123=0123456789abcdef", "grids_view_8123"}) {
    EXPECT_EQ(status_of(get("/api/session", fmt::format("Cookie: {}\r\n", cookie))), 401) << cookie;
  }
  EXPECT_EQ(status_of(get("/api/session", "cookie: a=b;grids_view_8123=0123456789abcdef; c=d\r\n")),
            200);
}

// A server of another user at 127.0.0.1 is sent our cookie, but not told our folder: a browser
// sends the one only where it is asked for the other.
TEST(GuardedRequest, TheCookieAloneOpensNothing) {
  const auto outside = [](std::string_view path) {
    return status_of(
        fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:8123\r\n{}\r\n", path, kCookie));
  };
  for (const char* path : {"/api/session", "/page.js", "/api/sets.tsv", "/fedcba9876543210"}) {
    EXPECT_EQ(outside(path), 404) << path;
  }
  EXPECT_EQ(outside("/fedcba9876543211/"), 401);
  EXPECT_EQ(outside("/fedcba9876543211/api/session"), 401);
  EXPECT_EQ(outside("/fedcba9876543210/login.js"), 404);
  EXPECT_EQ(outside("/fedcba9876543210/"), 200);
  GuardedRequest page(kRules);
  page.take(fmt::format("GET / HTTP/1.1\r\nHost: 127.0.0.1:8123\r\n{}\r\n", kCookie));
  EXPECT_EQ(page.address(), ViewAddress::kLoginPage);
}

TEST(GuardedRequest, OtherNamesAndPagesAreRefused) {
  for (const char* host : {"example.org", "127.0.0.1", "127.0.0.1:8124",
                           "127.0.0.1:8123.example.org", "localhost.:8123", "", "[::1]:8123"}) {
    EXPECT_EQ(status_of(get("/", kCookie, host)), 403) << host;
  }
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 403);
  for (const char* origin : {"null", "http://example.org", "https://127.0.0.1:8123",
                             "http://127.0.0.1:80", "http://localhost:8123@example.org"}) {
    const auto headers = fmt::format("{}Origin: {}\r\n", kCookie, origin);
    EXPECT_EQ(status_of(post("/api/change", "{}", headers)), 403) << origin;
    EXPECT_EQ(status_of(get("/api/session", headers)), 403) << origin;
  }
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: 127.0.0.1:8123\r\nHost: example.org\r\n\r\n"), 400);
}

TEST(GuardedRequest, OnlyAddressesOfTheTable) {
  for (const char* path :
       {"/etc/passwd", "/../etc/passwd", "/%2e%2e/etc/passwd", "/api/../api/session", "//",
        "/api/session/", "/api/session?x=1", "/API/session", "/api/search/", "/api/search/-1",
        "/api/search/1x", "/api/search/9999999999999999", "/api/search/%31", "/page", "/login-page",
        "http://127.0.0.1:8123/", "*", "/icon"}) {
    EXPECT_EQ(status_of(get(path)), 404) << path;
  }
  EXPECT_EQ(status_of(get("/" + std::string(5000, 'a'))), 404);
  EXPECT_EQ(status_of(post("/api/session", "{}")), 405);
  EXPECT_EQ(status_of(get("/api/change")), 405);
  EXPECT_EQ(status_of(get("/login")), 405);
  EXPECT_EQ(status_of("DELETE / HTTP/1.1\r\nHost: 127.0.0.1:8123\r\n\r\n"), 405);
}

TEST(GuardedRequest, ChangesAreJson) {
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "",
                           "application/jsonx", "multipart/form-data; boundary=application/json"}) {
    EXPECT_EQ(status_of(post("/api/change", "{}", kCookie, type)), 415) << type;
  }
}

TEST(GuardedRequest, BodiesAreShortAndOfTheAnnouncedLength) {
  const auto with_length = [](std::string_view length) {
    return fmt::format(
        "POST /fedcba9876543210/api/change HTTP/1.1\r\nHost: 127.0.0.1:8123\r\nContent-Type: "
        "application/json\r\n"
        "{}Content-Length: {}\r\n\r\n",
        kCookie, length);
  };
  EXPECT_EQ(status_of(post("/api/change", std::string(kMostBody, ' '))), 200);
  // Told before a byte of it comes.
  EXPECT_EQ(status_of(with_length(std::to_string(kMostBody + 1))), 413);
  EXPECT_EQ(status_of(with_length("99999999999999999999999999")), 413);
  for (const char* length : {"-1", "+5", "0x10", "1 2", "", "5, 5"}) {
    EXPECT_EQ(status_of(with_length(length)), 400) << length;
  }
  EXPECT_EQ(status_of(with_length("5")), 0);
  EXPECT_EQ(status_of(with_length("2") + "{}GET / HTTP/1.1\r\n"), 200);
  EXPECT_EQ(status_of(get("/api/session", fmt::format("{}Content-Length: 3\r\n", kCookie))), 400);
  for (const char* header : {"Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n",
                             "Expect: 100-continue\r\n"}) {
    EXPECT_EQ(status_of(post("/api/change", "{}", fmt::format("{}{}", kCookie, header))), 400);
  }
}

TEST(GuardedRequest, WhatIsNoRequestIsToldSo) {
  for (const char* line : {"GET /", "GET / HTTP/2.0", "GET  / HTTP/1.1", "", " ", "\x16\x03\x01",
                           "GET / HTTP/1.1 x"}) {
    const int status = status_of(fmt::format("{}\r\nHost: 127.0.0.1:8123\r\n\r\n", line));
    EXPECT_GE(status, 400) << line;
  }
  for (const char* header :
       {"no colon", ": empty name", "a b: space", " folded: line", "x: bell\x07"}) {
    EXPECT_EQ(status_of(get("/", fmt::format("{}\r\n", header))), 400) << header;
  }
  std::string many;
  for (int i = 0; i < 100; ++i) many += fmt::format("X-{}: y\r\n", i);
  EXPECT_EQ(status_of(get("/", many)), 400);
  EXPECT_EQ(status_of(get("/", fmt::format("X: {}\r\n", std::string(kMostHead, 'a')))), 400);
  EXPECT_EQ(status_of(std::string(kMostHead, 'a')), 0);
  EXPECT_EQ(status_of(std::string(kMostHead + 1, 'a')), 400);
}

TEST(GuardedRequest, PiecesMakeTheSameAsTheWhole) {
  const std::string whole = post("/api/change", "{\"gene\":1}");
  for (size_t size = 1; size < 9; ++size) {
    GuardedRequest request(kRules);
    for (size_t i = 0; i < whole.size(); i += size) {
      EXPECT_EQ(request.state(), State::kReading);
      request.take(std::string_view(whole).substr(i, size));
    }
    EXPECT_EQ(request.state(), State::kWhole);
    EXPECT_EQ(request.body(), "{\"gene\":1}");
    EXPECT_EQ(request.path(), "/api/change");
  }
}

TEST(Secrets, AreLongAndNoTwoAlike) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_secret());
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(seen.begin()->size(), 64u);
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "abcd"));
  EXPECT_FALSE(same_secret("abc", ""));
}

}  // namespace
}  // namespace grids::core
