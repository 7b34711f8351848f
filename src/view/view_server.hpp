/// The server of `grids view`: one request a connection, on the loopback address alone. What it
/// answers is the session's (answers.hpp), what it takes guarded_request.hpp's; sockets, parsing
/// and writing are cpp-httplib's.
///
/// Nobody can keep others out for long: a connection has `kReadSeconds` to send all of its request,
/// and `kPatience` while others wait; more than kMostWaiting that wait are turned away.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "view/session.hpp"

namespace grids::core {

/// Requests that are answered at a time, and those that wait.
inline constexpr int kViewThreads = 16;
inline constexpr size_t kMostWaiting = 64;
/// For a whole request; for the next piece of an answer to be taken; for the whole answer.
inline constexpr std::chrono::seconds kReadSeconds{3};
inline constexpr std::chrono::seconds kWriteSeconds{10};
inline constexpr std::chrono::seconds kAnswerSeconds{120};
/// For a request while other connections wait.
inline constexpr std::chrono::milliseconds kPatience{250};

/// What the server shows.
struct ViewPages {
  std::string page;         ///< live_page of report/report.hpp
  std::string page_script;  ///< page.js beside it
};

class ViewServer {
 public:
  /// Binds the port, any free one for 0. The session must outlive it. Throws Error(kInput) where
  /// the port is taken or may not be had.
  ViewServer(ViewSession& session, ViewPages pages, int port);
  /// Stops.
  ~ViewServer();
  ViewServer(const ViewServer&) = delete;
  ViewServer& operator=(const ViewServer&) = delete;

  int port() const;
  /// "http://127.0.0.1:PORT/#TOKEN"; the token is what logs in.
  std::string address() const;
  /// Begins to answer, and returns. `on_login` is called after the first login, by a thread of the
  /// server.
  void start(std::function<void()> on_login = {});
  /// Ends what is being read, waits for what is being answered.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace grids::core
