/// The questions of the page as JSON, and their answers: what stands between the server, which
/// knows no gene, and the session, which knows no JSON.
#pragma once

#include <string>
#include <string_view>

#include "view/session.hpp"

namespace grids::core {

struct ViewAnswer {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::string file = {};  ///< name under which a browser keeps it; empty: it is shown
};

enum class ViewMethod : uint8_t { kGet, kPost };

/// Whether there is an address of that path under /api/, for that method or another.
enum class KnownAddress : uint8_t { kNo, kOtherMethod, kYes };
KnownAddress known_address(ViewMethod method, std::string_view path);

/// Answers; what is wrong with a question is an answer too: {"error": "…"} with 400, 404 or 409.
/// Only what is our own fault is 500.
ViewAnswer answer_view(ViewSession& session, ViewMethod method, std::string_view path,
                       std::string_view body);

/// {"error": "…"}.
ViewAnswer error_answer(int status, std::string_view sentence);

}  // namespace grids::core
