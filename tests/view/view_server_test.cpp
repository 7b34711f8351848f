#include "view/view_server.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "io/atomic_file.hpp"
#include "view/open_browser.hpp"
#include "view/small_view.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::SmallView;
using ::testing::StartsWith;
using testing::ViewFolder;
using Clock = std::chrono::steady_clock;

class Socket {
 public:
  explicit Socket(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address),  // NOLINT
                           sizeof address) == 0;
  }
  ~Socket() { ::close(socket_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view bytes) const {
    ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  /// Until the server closes.
  std::string rest() const {
    std::string all;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;) {
      all.append(buffer, static_cast<size_t>(got));
    }
    return all;
  }

 private:
  int socket_;
  bool connected_ = false;
};

struct Served {
  SmallView view;
  ViewFolder folder;
  ViewSession session{folder.path, view.study, view.surrogate(), view.context};
  std::atomic<int> logins = 0;
  ViewServer server{session, {"<p>the page</p>", "the script"}, 0};
  std::string cookie;
  std::string inside = "/";  ///< the folder that the login tells

  Served() {
    server.start([this] { ++logins; });
  }
  std::string ask(std::string_view bytes) const {
    const Socket socket(server.port());
    socket.send(bytes);
    return socket.rest();
  }
  std::string target(std::string_view path) const {
    return path.starts_with("/login") ? std::string(path) : inside + std::string(path.substr(1));
  }
  std::string get(std::string_view path) const {
    return ask(fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}\r\n", target(path),
                           server.port(), cookie));
  }
  std::string post(std::string_view path, std::string_view body) const {
    return ask(
        fmt::format("POST {} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\n"
                    "{}Content-Length: {}\r\n\r\n{}",
                    target(path), server.port(), cookie, body.size(), body));
  }
  void log_in() {
    const auto address = server.address();
    const auto token = address.substr(address.find('#') + 1);
    const auto answer = post("/login", fmt::format("{{\"token\":\"{}\"}}", token));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    const size_t told = answer.find("{\"folder\":\"") + 11;
    inside = answer.substr(told, answer.find('"', told) - told);
    EXPECT_THAT(answer, HasSubstr(fmt::format("HttpOnly; SameSite=Strict; Path={}\r\n", inside)));
    EXPECT_THAT(answer, Not(HasSubstr(token)));  // the cookie is another secret
    const size_t begin = answer.find("Set-Cookie: ") + 12;
    cookie = fmt::format("Cookie: {}\r\n", answer.substr(begin, answer.find(';', begin) - begin));
  }
};

TEST(ViewServer, TheTokenLogsInAndNothingElseDoes) {
  Served served;
  EXPECT_THAT(served.get("/"), HasSubstr("login.js"));
  EXPECT_THAT(served.get("/"), Not(HasSubstr("the page")));
  EXPECT_THAT(served.get("/login.js"), HasSubstr("location.hash"));
  EXPECT_THAT(served.get("/favicon.ico"), StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(served.get("/api/session"), StartsWith("HTTP/1.1 404"));
  for (const char* body : {"{\"token\":\"\"}", "{\"token\":1}", "{}", "x", "[]", ""}) {
    EXPECT_THAT(served.post("/login", body), StartsWith("HTTP/1.1 401")) << body;
  }
  EXPECT_EQ(served.logins, 0);
  served.log_in();
  served.log_in();
  EXPECT_EQ(served.logins, 1);
  EXPECT_THAT(served.get("/"), HasSubstr("<p>the page</p>"));
  EXPECT_THAT(served.get("/page.js"), HasSubstr("the script"));
  EXPECT_THAT(served.get("/api/session"), HasSubstr("\"max_elements\":4"));
  EXPECT_THAT(served.post("/api/gene", R"({"gene":"g0","cell_type":"B"})"),
              HasSubstr("\"looks\":0"));
}

TEST(ViewServer, EveryAnswerHasItsSafeguards) {
  Served served;
  served.log_in();
  for (const auto& answer : {served.get("/"), served.get("/api/session"), served.get("/nothing"),
                             served.post("/api/change", "x"), served.ask("x\r\n\r\n")}) {
    EXPECT_THAT(answer,
                HasSubstr("\r\nContent-Security-Policy: default-src 'none'; script-src 'self';"));
    EXPECT_THAT(answer, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(answer, HasSubstr("\r\nReferrer-Policy: no-referrer\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nX-Frame-Options: DENY\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Server:")));
  }
}

TEST(ViewServer, SlowClientsDoNotKeepOthersOut) {
  Served served;
  served.log_in();
  std::vector<std::unique_ptr<Socket>> slow;
  for (int i = 0; i < 2 * kViewThreads; ++i) {
    slow.push_back(std::make_unique<Socket>(served.server.port()));
    slow.back()->send("GET / HT");
  }
  const auto start = Clock::now();
  EXPECT_THAT(served.get("/api/session"), StartsWith("HTTP/1.1 200"));
  // Two rounds of patience, and room for a busy machine; without patience it were six seconds.
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(3));
}

TEST(ViewServer, ACrowdIsTurnedAwayAndGoneAgain) {
  Served served;
  served.log_in();
  std::vector<std::unique_ptr<Socket>> crowd;
  for (size_t i = 0; i < 4 * kMostWaiting; ++i) {
    crowd.push_back(std::make_unique<Socket>(served.server.port()));
  }
  crowd.clear();
  std::string answer;
  const auto until = Clock::now() + std::chrono::seconds(20);
  while (answer.empty() && Clock::now() < until) answer = served.get("/api/session");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST(ViewServer, StopsAtOnceWhoeverIsConnected) {
  Served served;
  const Socket idle(served.server.port()), slow(served.server.port());
  slow.send("POST /login HTTP/1.1\r\n");
  const auto start = Clock::now();
  served.server.stop();
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(2));
  EXPECT_FALSE(Socket(served.server.port()).connected());
}

TEST(ViewServer, APortThatIsTakenIsTold) {
  Served served;
  ViewFolder other;
  ViewSession session(other.path, served.view.study, served.view.surrogate(), served.view.context);
  try {
    const ViewServer second(session, {}, served.server.port());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("--port {}", served.server.port())));
  }
}

TEST(AddressFile, IsForTheUserAloneAndGoes) {
  std::filesystem::path path;
  {
    const AddressFile file("http://127.0.0.1:1/#\"secret");
    path = file.path();
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600u);
    ASSERT_EQ(::stat(path.parent_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700u);
    EXPECT_THAT(read_file(path), HasSubstr("url=http://127.0.0.1:1/#&quot;secret\""));
    EXPECT_EQ(path.string().find("secret"), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(path.parent_path()));
}

}  // namespace
}  // namespace grids::core
