#include "engine/base/result.h"

namespace heir {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::timed_out: return "timed out";
    case ErrorCode::unreachable: return "unreachable";
    case ErrorCode::refused: return "refused";
    case ErrorCode::not_found: return "not found";
    case ErrorCode::already_exists: return "already exists";
    case ErrorCode::io_error: return "I/O error";
    case ErrorCode::out_of_space: return "out of space";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::session_over: return "session is over";
    case ErrorCode::unknown_outcome: return "outcome unknown";
    case ErrorCode::invalid: return "invalid";
    case ErrorCode::failed: return "failed";
  }
  return "?";
}

std::string to_string(const Error& error) {
  std::string text = to_string(error.code);
  if (!error.message.empty()) text += ": " + error.message;
  return text;
}

}  // namespace heir
