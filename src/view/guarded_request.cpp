#include "view/guarded_request.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "view/secrets.hpp"

namespace grids::core {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kLineEnd = "\r\n";
/// No address of ours is nearly as long.
constexpr size_t kMostTarget = 256;
/// Digits of a length that can still be looked at.
constexpr size_t kMostLengthDigits = 18;

/// Why a request is not taken.
struct Refusal {
  int status;
  std::string_view sentence;
};

bool is_name_character(unsigned char c) {
  return std::isalnum(c) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

/// The value of a header that may stand there once; nothing where it does not.
std::optional<std::string_view> only(
    const std::vector<std::pair<std::string, std::string>>& headers, std::string_view name) {
  std::optional<std::string_view> value;
  for (const auto& header : headers) {
    if (header.first != name) continue;
    if (value) throw Refusal{400, "a header is given twice"};
    value = header.second;
  }
  return value;
}

/// "application/json", with or without parameters.
bool is_json_type(std::string_view value) {
  return lower(trimmed(value.substr(0, value.find(';')))) == "application/json";
}

/// "127.0.0.1:PORT", and the same by name.
bool is_ours(std::string_view host, int port) {
  const std::string given = lower(host);
  return given == fmt::format("127.0.0.1:{}", port) || given == fmt::format("localhost:{}", port);
}

struct StaticAddress {
  ViewMethod method;
  std::string_view path;
  bool is_inside;  ///< the folder
  ViewAddress address;
};

constexpr StaticAddress kStatic[] = {
    {ViewMethod::kGet, "/", false, ViewAddress::kLoginPage},
    {ViewMethod::kGet, "/login.js", false, ViewAddress::kLoginScript},
    {ViewMethod::kPost, "/login", false, ViewAddress::kLogin},
    {ViewMethod::kGet, "/", true, ViewAddress::kPage},
    {ViewMethod::kGet, "/page.js", true, ViewAddress::kPageScript},
    {ViewMethod::kGet, "/favicon.ico", false, ViewAddress::kIcon},
};

}  // namespace

GuardedRequest::State GuardedRequest::take(std::string_view bytes) {
  if (state_ != State::kReading) return state_;
  try {
    const size_t seen = bytes_.size();
    bytes_ += bytes;
    if (head_size_ == 0) {
      const size_t from = seen < kHeadEnd.size() ? 0 : seen - kHeadEnd.size();
      const size_t end = bytes_.find(kHeadEnd, from);
      if (end == std::string::npos) {
        if (bytes_.size() > kMostHead) throw Refusal{400, "the head of the request is too long"};
        return state_;
      }
      if (end > kMostHead) throw Refusal{400, "the head of the request is too long"};
      head_size_ = end + kHeadEnd.size();
      read_head(std::string_view(bytes_).substr(0, end));
    }
    if (bytes_.size() >= head_size_ + body_size_) state_ = State::kWhole;
  } catch (const Refusal& refusal) {
    refusal_ = error_answer(refusal.status, refusal.sentence);
    state_ = State::kRefused;
  }
  return state_;
}

std::string_view GuardedRequest::body() const {
  return std::string_view(bytes_).substr(head_size_, body_size_);
}

void GuardedRequest::read_head(std::string_view head) {
  const Headers headers = read_lines(head);
  check_origin(headers);
  check_address(has_cookie(headers));
  check_body(headers);
}

GuardedRequest::Headers GuardedRequest::read_lines(std::string_view head) {
  const Refusal malformed{400, "this is no request of HTTP"};
  const size_t line_end = std::min(head.find(kLineEnd), head.size());
  const auto line = head.substr(0, line_end);
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) throw malformed;
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, second - first - 1);
  const auto version = line.substr(second + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") throw malformed;
  if (target.size() > kMostTarget) throw Refusal{404, "there is nothing here"};
  path_ = target;
  if (method != "GET" && method != "POST") throw Refusal{405, "only GET and POST are answered"};
  method_ = method == "GET" ? ViewMethod::kGet : ViewMethod::kPost;
  Headers headers;
  for (size_t at = line_end; at < head.size();) {
    at += kLineEnd.size();
    const size_t end = std::min(head.find(kLineEnd, at), head.size());
    const auto header = head.substr(at, end - at);
    at = end;
    const size_t colon = header.find(':');
    if (colon == 0 || colon == std::string_view::npos) throw malformed;
    const auto name = header.substr(0, colon);
    const auto value = trimmed(header.substr(colon + 1));
    const auto is_control = [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7F; };
    if (!std::all_of(name.begin(), name.end(), is_name_character) ||
        std::any_of(value.begin(), value.end(), is_control)) {
      throw malformed;
    }
    headers.emplace_back(lower(name), value);
    if (headers.size() > kMostHeaders) throw Refusal{400, "the request has too many headers"};
  }
  return headers;
}

void GuardedRequest::check_origin(const Headers& headers) const {
  const auto host = only(headers, "host");
  if (!host || !is_ours(*host, rules_.port)) {
    throw Refusal{403, "asked under another name than 127.0.0.1 or localhost"};
  }
  const auto origin = only(headers, "origin");
  constexpr std::string_view kScheme = "http://";
  const bool own = !origin || (origin->starts_with(kScheme) &&
                               is_ours(origin->substr(kScheme.size()), rules_.port));
  if (!own) throw Refusal{403, "asked by another page"};
}

bool GuardedRequest::has_cookie(const Headers& headers) const {
  auto cookies = only(headers, "cookie").value_or(std::string_view());
  bool found = false;
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    const auto cookie = trimmed(cookies.substr(0, end));
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    const size_t equals = cookie.find('=');
    if (equals == std::string_view::npos || cookie.substr(0, equals) != rules_.cookie) continue;
    found = same_secret(cookie.substr(equals + 1), rules_.secret) || found;
  }
  return found;
}

void GuardedRequest::check_address(bool logged_in) {
  const Refusal other_method{405, "this address is not asked so"};
  const Refusal not_logged_in{401, "log in with the address that grids view printed"};
  const size_t folder = rules_.folder.size();
  const bool inside = path_.size() >= folder &&
                      same_secret(std::string_view(path_).substr(0, folder), rules_.folder);
  if (inside) path_.erase(0, folder - 1);
  // Of a view that was here before, maybe.
  if (!inside && path_.size() >= folder && path_[folder - 1] == '/') throw not_logged_in;
  bool known = false;
  for (const auto& entry : kStatic) {
    if (entry.path != path_ || entry.is_inside != inside) continue;
    if (entry.method != method_) throw other_method;
    known = true;
    address_ = entry.address;
  }
  if (!known) {
    switch (inside ? known_address(method_, path_) : KnownAddress::kNo) {
      case KnownAddress::kNo:
        throw Refusal{404, "there is nothing here"};
      case KnownAddress::kOtherMethod:
        throw other_method;
      case KnownAddress::kYes:
        address_ = ViewAddress::kApi;
    }
  }
  if (inside && !logged_in) throw not_logged_in;
}

void GuardedRequest::check_body(const Headers& headers) {
  if (only(headers, "transfer-encoding") || only(headers, "content-encoding") ||
      only(headers, "expect")) {
    throw Refusal{400, "a body is sent whole and plain"};
  }
  const auto length = only(headers, "content-length");
  const std::string_view digits = length.value_or("0");
  const bool is_number = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (!is_number) throw Refusal{400, "the length of the body is no number"};
  if (digits.size() > kMostLengthDigits) throw Refusal{413, "the body is too large"};
  std::from_chars(digits.data(), digits.data() + digits.size(), body_size_);
  if (method_ == ViewMethod::kGet) {
    if (body_size_ > 0) throw Refusal{400, "GET has no body"};
    return;
  }
  if (!is_json_type(only(headers, "content-type").value_or(""))) {
    throw Refusal{415, "send application/json"};
  }
  if (!length) throw Refusal{400, "the length of the body is missing"};
  if (body_size_ > kMostBody) throw Refusal{413, "the body is too large"};
}

}  // namespace grids::core
