#include "view/view_server.hpp"

#include <fmt/core.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/signals.hpp"
#include "view/guarded_request.hpp"
#include "view/login_page.hpp"
#include "view/secrets.hpp"

namespace grids::core {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a wait lasts before it is asked whether to go on.
constexpr std::chrono::milliseconds kSlice{20};
/// What a client may still send after it was refused, so that it reads why: closed at once, the
/// connection would be reset with the answer on its way.
constexpr std::chrono::milliseconds kLinger{200};
constexpr size_t kMostLingered = size_t{1} << 20;

/// Only scripts of this server run; styles and pictures may be made by the page itself (igv.js
/// does); nobody frames it; what it asks goes here alone.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::vector<std::pair<const char*, const char*>> safe_headers() {
  return {{"Content-Security-Policy", kPolicy},
          {"Referrer-Policy", "no-referrer"},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

/// Whether the socket is ready within a slice.
bool is_ready(int socket, short events) {
  pollfd wanted{socket, events, 0};
  return ::poll(&wanted, 1, static_cast<int>(kSlice.count())) > 0;
}

/// Writes all of it, or gives up: whoever reads too slowly, or no more.
bool send_all(int socket, std::string_view bytes, Clock::time_point until,
              const std::atomic<bool>& stopping) {
  auto progress = Clock::now();
  while (!bytes.empty()) {
    const auto now = Clock::now();
    if (stopping || now > until || now - progress > kWriteSeconds) return false;
    if (!is_ready(socket, POLLOUT)) continue;
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
    progress = Clock::now();
  }
  return true;
}

/// What a refusal's status is called.
std::string_view reason_of(int status) {
  switch (status) {
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    default:
      return "Bad Request";
  }
}

std::string refusal_text(const ViewAnswer& answer) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", answer.status, reason_of(answer.status));
  for (const auto& [name, value] : safe_headers()) text += fmt::format("{}: {}\r\n", name, value);
  return text + fmt::format("Content-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                            answer.type, answer.body.size(), answer.body);
}

/// A request that was read and checked, for httplib to answer: of what the client wrote, only the
/// body is left.
class CheckedStream : public httplib::Stream {
 public:
  CheckedStream(int socket, std::string request, const std::atomic<bool>& stopping)
      : socket_(socket),
        request_(std::move(request)),
        until_(Clock::now() + kAnswerSeconds),
        stopping_(stopping) {}

  bool is_readable() const override { return read_ < request_.size(); }
  bool is_writable() const override { return !stopping_; }
  ssize_t read(char* to, size_t size) override {
    const size_t count = std::min(size, request_.size() - read_);
    std::memcpy(to, request_.data() + read_, count);
    read_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* from, size_t size) override {
    return send_all(socket_, {from, size}, until_, stopping_) ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = "127.0.0.1";
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    get_remote_ip_and_port(ip, port);
  }
  socket_t socket() const override { return socket_; }

 private:
  int socket_;
  std::string request_;
  size_t read_ = 0;
  Clock::time_point until_;
  const std::atomic<bool>& stopping_;
};

/// Threads that take connections in turn; too many that wait are turned away.
class WaitingConnections : public httplib::TaskQueue {
 public:
  explicit WaitingConnections(std::atomic<size_t>& waiting) : waiting_(waiting) {
    for (int i = 0; i < kViewThreads; ++i) threads_.emplace_back([this] { serve(); });
  }

  void enqueue(std::function<void()> work) override {
    {
      const std::lock_guard lock(mutex_);
      if (work_.size() < kMostWaiting) {
        work_.push_back(std::move(work));
        waiting_ = work_.size();
        wake_.notify_one();
        return;
      }
    }
    turned_away = true;
    work();
    turned_away = false;
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  /// Whether the connection that is taken on this thread is to be closed unread.
  static thread_local bool turned_away;

 private:
  void serve() {
    for (;;) {
      std::function<void()> work;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return ended_ || !work_.empty(); });
        if (work_.empty()) return;
        work = std::move(work_.front());
        work_.pop_front();
        waiting_ = work_.size();
      }
      work();
    }
  }

  std::atomic<size_t>& waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> work_;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

thread_local bool WaitingConnections::turned_away = false;

/// Closes a connection when it goes.
class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection() {
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  int socket_;
};

/// What a checked request is called towards httplib: no client can ask for it by this name.
const char* inner_path(ViewAddress address) {
  switch (address) {
    case ViewAddress::kLoginPage:
      return "/login-page";
    case ViewAddress::kLoginScript:
      return "/login-script";
    case ViewAddress::kLogin:
      return "/login";
    case ViewAddress::kPage:
      return "/page";
    case ViewAddress::kPageScript:
      return "/page-script";
    case ViewAddress::kIcon:
      return "/icon";
    case ViewAddress::kApi:
      break;
  }
  return nullptr;
}

std::string inner_request(const GuardedRequest& request) {
  const char* inner = inner_path(request.address());
  const std::string path = inner == nullptr ? request.path() : inner;
  if (request.method() == ViewMethod::kGet) return fmt::format("GET {} HTTP/1.1\r\n\r\n", path);
  return fmt::format(
      "POST {} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", path,
      request.body().size(), request.body());
}

/// httplib's server, which sees no request that was not read whole and checked.
class CheckingServer : public httplib::Server {
 public:
  explicit CheckingServer(const GuardRules& rules) : rules_(rules) {
    new_task_queue = [this]() -> httplib::TaskQueue* { return new WaitingConnections(waiting_); };
    set_keep_alive_max_count(1);
    set_payload_max_length(kMostBody);
    set_read_timeout(kReadSeconds);
    set_write_timeout(kWriteSeconds);
    // Without SO_REUSEPORT, which httplib sets: two views would share a port unseen.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
  }

  void end() {
    stopping_ = true;
    stop();
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    const Connection connection(socket);
    if (WaitingConnections::turned_away) return false;
    GuardedRequest request(rules_);
    read(socket, request);
    if (request.state() == GuardedRequest::State::kRefused) {
      send_all(socket, refusal_text(request.refusal()), Clock::now() + kWriteSeconds, stopping_);
      linger(socket);
    } else if (request.state() == GuardedRequest::State::kWhole) {
      CheckedStream stream(socket, inner_request(request), stopping_);
      bool closed = false;
      process_request(stream, true, closed, nullptr);
      linger(socket);
    }
    return true;
  }

  /// Until it is whole or refused, or its time is over.
  void read(int socket, GuardedRequest& request) const {
    std::array<char, 4096> buffer;
    const auto start = Clock::now();
    while (request.state() == GuardedRequest::State::kReading && !stopping_) {
      const auto passed = Clock::now() - start;
      if (passed > kReadSeconds || (passed > kPatience && waiting_ > 0)) return;
      if (!is_ready(socket, POLLIN)) continue;
      const auto got = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (got <= 0) return;
      request.take({buffer.data(), static_cast<size_t>(got)});
    }
  }

  /// Passes over what the client still sends, for a moment.
  void linger(int socket) const {
    ::shutdown(socket, SHUT_WR);
    std::array<char, 4096> buffer;
    const auto until = Clock::now() + kLinger;
    for (size_t passed = 0; passed < kMostLingered && Clock::now() < until && !stopping_;) {
      if (!is_ready(socket, POLLIN)) continue;
      const auto got = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      passed += static_cast<size_t>(got);
    }
  }

  const GuardRules& rules_;
  std::atomic<bool> stopping_ = false;
  std::atomic<size_t> waiting_ = 0;
};

void set_answer(const ViewAnswer& answer, httplib::Response& response) {
  response.status = answer.status;
  for (const auto& [name, value] : safe_headers()) response.set_header(name, value);
  response.set_content(answer.body, answer.type);
  if (answer.file.empty()) return;
  response.set_header("Content-Disposition", "attachment; filename=\"" + answer.file + "\"");
}

ViewAnswer shown(std::string_view type, std::string_view body) {
  return {200, std::string(type), std::string(body)};
}

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kScript = "text/javascript; charset=utf-8";

}  // namespace

struct ViewServer::State {
  State(ViewSession& asked, ViewPages shows)
      : session(asked), pages(std::move(shows)), server(rules) {}

  ViewSession& session;
  const ViewPages pages;
  std::function<void()> on_login;
  const std::string token = random_secret();
  GuardRules rules;
  std::once_flag first_login;
  CheckingServer server;
  std::atomic<bool> ended = false;  ///< it listens no more
  std::thread listening;

  void log_in(const httplib::Request& request, httplib::Response& response) {
    const auto asked = nlohmann::json::parse(request.body, nullptr, false);
    const auto given = asked.is_object() ? asked.find("token") : asked.end();
    const bool is_text = asked.is_object() && given != asked.end() && given->is_string();
    if (!is_text || !same_secret(given->get<std::string>(), token)) {
      set_answer(error_answer(401, "this is not the token that grids view printed"), response);
      return;
    }
    set_answer({200, "application/json", fmt::format("{{\"folder\":\"{}\"}}", rules.folder)},
               response);
    response.set_header("Set-Cookie", fmt::format("{}={}; HttpOnly; SameSite=Strict; Path={}",
                                                  rules.cookie, rules.secret, rules.folder));
    std::call_once(first_login, [this] {
      if (on_login) on_login();
    });
  }

  void add_addresses() {
    const auto show = [this](const char* path, const char* type, std::string_view body) {
      server.Get(path, [type, body](const httplib::Request&, httplib::Response& response) {
        set_answer(shown(type, body), response);
      });
    };
    show("/login-page", kHtml, login_page());
    show("/login-script", kScript, login_script());
    show("/page", kHtml, pages.page);
    show("/page-script", kScript, pages.page_script);
    // There is none; told as such, browsers do not complain of it.
    server.Get("/icon", [](const httplib::Request&, httplib::Response& response) {
      constexpr int kNoContent = 204;
      set_answer({kNoContent, "image/x-icon", ""}, response);
    });
    server.Post("/login", [this](const httplib::Request& request, httplib::Response& response) {
      log_in(request, response);
    });
    // The guard lets none but known addresses through.
    server.Get("/api/.*", [this](const httplib::Request& request, httplib::Response& response) {
      set_answer(answer_view(session, ViewMethod::kGet, request.path, {}), response);
    });
    server.Post("/api/.*", [this](const httplib::Request& request, httplib::Response& response) {
      set_answer(answer_view(session, ViewMethod::kPost, request.path, request.body), response);
    });
  }

  void bind(int port) {
    constexpr const char* kLoopback = "127.0.0.1";
    errno = 0;
    if (port == 0) {
      rules.port = server.bind_to_any_port(kLoopback);
    } else if (server.bind_to_port(kLoopback, port)) {
      rules.port = port;
    } else {
      const int error = errno;
      throw input_error("--port {}: it cannot be had ({}); leave it out for any free one", port,
                        error != 0 ? std::strerror(error) : "another program listens there");
    }
    if (rules.port <= 0) throw input_error("no free port of 127.0.0.1 can be had");
    // Cookies know no ports: another view of this user has one of its own.
    rules.cookie = fmt::format("grids_view_{}", rules.port);
    rules.secret = random_secret();
    rules.folder = "/" + random_secret() + "/";
  }
};

ViewServer::ViewServer(ViewSession& session, ViewPages pages, int port)
    : state_(std::make_unique<State>(session, std::move(pages))) {
  state_->bind(port);
  state_->add_addresses();
}

ViewServer::~ViewServer() {
  stop();
}

int ViewServer::port() const {
  return state_->rules.port;
}

std::string ViewServer::address() const {
  return fmt::format("http://127.0.0.1:{}/#{}", port(), state_->token);
}

void ViewServer::start(std::function<void()> on_login) {
  state_->on_login = std::move(on_login);
  {
    const SignalsBlocked blocked;
    state_->listening = std::thread([state = state_.get()] {
      state->server.listen_after_bind();
      state->ended = true;
    });
  }
  // Until then httplib would not hear that it is to stop.
  while (!state_->server.is_running() && !state_->ended) std::this_thread::yield();
}

void ViewServer::stop() {
  state_->server.end();
  if (state_->listening.joinable()) state_->listening.join();
}

}  // namespace grids::core
