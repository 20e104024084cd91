// Result<T>: a value or an Error. std::expected's names, so that it can be swapped for it.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "engine/base/assert.h"

namespace heir {

/// One code for each way in which a caller would react differently.
enum class ErrorCode {
  timed_out,    ///< No answer in time: whatever was asked may still happen.
  unreachable,  ///< Could not connect, or the connection broke.
  refused,      ///< The other side said no, and why.
  not_found,
  already_exists,
  io_error,  ///< The disk failed.
  out_of_space,
  conflict,         ///< A compare-and-swap found another index.
  session_over,     ///< The store session has ended.
  unknown_outcome,  ///< It may have happened, or may happen still.
  invalid,          ///< Malformed input.
  failed,           ///< A program or statement reported failure; the message has its words.
};

const char* to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string message;
  bool operator==(const Error&) const = default;
};

/// "timed out: no answer from the store in 1s"
std::string to_string(const Error& error);

struct Unit {
  bool operator==(const Unit&) const = default;
};

template <class T = Unit>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result() requires std::is_default_constructible_v<T> : content_(std::in_place_index<0>) {}
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}
  Result(ErrorCode code, std::string message) : content_(std::in_place_index<1>, Error{code, std::move(message)}) {}

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & {
    check();
    return *std::get_if<0>(&content_);
  }
  const T& value() const& {
    check();
    return *std::get_if<0>(&content_);
  }
  T&& value() && {
    check();
    return std::move(*std::get_if<0>(&content_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    ASSERT(!has_value(), "error() of a result that holds a value");
    return *std::get_if<1>(&content_);
  }
  T value_or(T other) const { return has_value() ? *std::get_if<0>(&content_) : std::move(other); }

 private:
  void check() const { ASSERT(has_value(), to_string(*std::get_if<1>(&content_))); }
  std::variant<T, Error> content_;
};

}  // namespace heir
