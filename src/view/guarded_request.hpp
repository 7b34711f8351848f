/// A request as it comes in, byte by byte, and everything that is held against it before anything
/// else sees it: on a node with several users, who connects may be anyone.
///
/// Taken are: HTTP/1.x with a head of at most kMostHead bytes and a body of the announced length,
/// at most kMostBody; Host one of ours (so that no other name can be made to point here), Origin
/// none or ours; an address of the table, whole and as it is spelled there, in the folder that only
/// who logged in was told, but for the login; the cookie likewise; for changes JSON, which no form
/// of another page can send. The first that does not hold is the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "view/answers.hpp"

namespace grids::core {

inline constexpr size_t kMostHead = size_t{16} << 10;
inline constexpr size_t kMostHeaders = 64;
inline constexpr size_t kMostBody = size_t{64} << 10;

/// What requests are held against.
struct GuardRules {
  int port = 0;
  std::string cookie;  ///< its name
  std::string secret;  ///< its value
  /// "/SECRET/", in which all lies but the login. Cookies know no ports: only by its path a browser
  /// tells this server from one that another user runs on the same address.
  std::string folder;
};

/// What is asked for, once it is known that it may be.
enum class ViewAddress : uint8_t {
  kLoginPage,
  kLoginScript,
  kLogin,
  kPage,
  kPageScript,
  kIcon,
  kApi
};

class GuardedRequest {
 public:
  /// The rules must outlive it.
  explicit GuardedRequest(const GuardRules& rules) : rules_(rules) {}

  enum class State : uint8_t { kReading, kRefused, kWhole };
  /// Takes bytes; what comes after the announced body is passed over.
  State take(std::string_view bytes);

  State state() const { return state_; }
  const ViewAnswer& refusal() const { return refusal_; }
  ViewAddress address() const { return address_; }
  ViewMethod method() const { return method_; }
  const std::string& path() const { return path_; }  ///< within the folder
  std::string_view body() const;

 private:
  using Headers = std::vector<std::pair<std::string, std::string>>;  ///< names in lower case

  /// Each throws the refusal.
  void read_head(std::string_view head);
  Headers read_lines(std::string_view head);
  void check_origin(const Headers& headers) const;
  void check_address(bool logged_in);
  void check_body(const Headers& headers);
  bool has_cookie(const Headers& headers) const;

  const GuardRules& rules_;
  State state_ = State::kReading;
  std::string bytes_;
  size_t head_size_ = 0;  ///< with the empty line; 0: not yet known
  size_t body_size_ = 0;
  ViewMethod method_ = ViewMethod::kGet;
  std::string path_;
  ViewAddress address_ = ViewAddress::kLoginPage;
  ViewAnswer refusal_;
};

}  // namespace grids::core
