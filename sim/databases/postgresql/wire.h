// The client protocol: PostgreSQL's version 3 framing, both sides, with statements that are single operations on keys.
//
// Connection: startup -> authentication_ok, backend_key, ready (or error, then the end). Then one statement at a time:
// query -> [notice] [row] complete ready, or error ready. A FATAL error is followed by the end of the connection.
// A cancel request is the only message of a connection of its own; it has no answer.
//
// Statements, as text: "w3 17" register 3 := 17, "r3" its value, "c3 17 12" 17 if it is 12, "a3 17" appends to list 3,
// "l3" the list, "s3 17" adds to set 3, "m3" its members, "Slocal" SET synchronous_commit = local for the session.
// Answers: one row with one column (NULL for an unset register, "1,2,3" for a list or a set); tag "OK", or "NO" for a
// compare-and-set that changed nothing. Statement and answer of a write fit in a string without allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heir::sim::wire {

using Bytes = std::string;

inline constexpr std::uint32_t protocol_version = 196608;
inline constexpr std::uint32_t cancel_code = 80877102;

/// SQLSTATEs that clients may meet.
namespace sqlstate {
inline constexpr std::string_view warning = "01000";
inline constexpr std::string_view starting_up = "57P03";
inline constexpr std::string_view read_only = "25006";
inline constexpr std::string_view too_many_connections = "53300";
inline constexpr std::string_view admin_shutdown = "57P01";
inline constexpr std::string_view crash_shutdown = "57P02";
inline constexpr std::string_view cancelled = "57014";
inline constexpr std::string_view syntax_error = "42601";
inline constexpr std::string_view out_of_range = "22003";
inline constexpr std::string_view protocol_violation = "08P01";
inline constexpr std::string_view data_corrupted = "XX001";
}  // namespace sqlstate

/// The message of the warning that comes with a commit that stopped waiting for its standby (SQLSTATE 01000).
inline constexpr std::string_view sync_wait_cancelled_warning =
    "canceling wait for synchronous replication due to user request";

enum class OperationKind : std::uint8_t {
  read_register,
  write_register,
  compare_and_set,
  read_list,
  append,
  read_set,
  add,
};

inline constexpr bool is_write(OperationKind kind) {
  return kind == OperationKind::write_register || kind == OperationKind::compare_and_set ||
         kind == OperationKind::append || kind == OperationKind::add;
}

struct Operation {
  OperationKind kind = OperationKind::read_register;
  std::uint32_t key = 0;
  std::int64_t value = 0;     ///< Of writes.
  std::int64_t expected = 0;  ///< Of compare_and_set.
  bool operator==(const Operation&) const = default;
};

/// What a cancel request names.
struct BackendKey {
  std::uint32_t pid = 0;
  std::uint32_t secret = 0;
  bool operator==(const BackendKey&) const = default;
};

namespace detail {

// Each appends once: these are on the path of every operation.
inline void put32(Bytes& out, std::uint32_t n) {
  const char bytes[] = {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                        static_cast<char>(n)};
  out.append(bytes, sizeof bytes);
}
inline std::uint32_t get32(std::string_view in, std::size_t at) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < 4; ++i) n = (n << 8) | static_cast<unsigned char>(in[at + i]);
  return n;
}
inline void put_number(Bytes& out, std::int64_t n) {
  char text[20];
  char* const end = text + sizeof text;
  char* begin = end;
  std::uint64_t rest = n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);
  do *--begin = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) != 0);
  if (n < 0) *--begin = '-';
  out.append(begin, static_cast<std::size_t>(end - begin));
}
/// Reads a number and takes it off `in`; nothing if there is none, or it does not fit.
inline std::optional<std::int64_t> take_number(std::string_view& in) {
  const bool negative = !in.empty() && in.front() == '-';
  std::size_t at = negative ? 1 : 0;
  const std::size_t first = at;
  std::uint64_t n = 0;
  for (; at < in.size() && in[at] >= '0' && in[at] <= '9'; ++at) {
    if (at - first >= 18) return std::nullopt;
    n = n * 10 + static_cast<std::uint64_t>(in[at] - '0');
  }
  if (at == first) return std::nullopt;
  in.remove_prefix(at);
  return negative ? -static_cast<std::int64_t>(n) : static_cast<std::int64_t>(n);
}
inline void begin(Bytes& out, char type, std::size_t body) {
  const auto n = static_cast<std::uint32_t>(body + 4);
  const char head[] = {type, static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                       static_cast<char>(n)};
  out.append(head, sizeof head);
}

}  // namespace detail

// --- What a client sends
// ------------------------------------------------------------------------------------------------

inline Bytes startup(std::string_view user, std::string_view application_name = {}) {
  Bytes body;
  detail::put32(body, protocol_version);
  const auto pair = [&body](std::string_view name, std::string_view value) {
    body.append(name).push_back('\0');
    body.append(value).push_back('\0');
  };
  pair("user", user);
  if (!application_name.empty()) pair("application_name", application_name);
  body.push_back('\0');
  Bytes out;
  detail::put32(out, static_cast<std::uint32_t>(body.size() + 4));
  return out + body;
}

inline Bytes cancel(BackendKey key) {
  Bytes out;
  detail::put32(out, 16);
  detail::put32(out, cancel_code);
  detail::put32(out, key.pid);
  detail::put32(out, key.secret);
  return out;
}

inline Bytes statement_text(const Operation& operation) {
  Bytes text;
  text += "rwclams"[static_cast<std::size_t>(operation.kind)];
  detail::put_number(text, operation.key);
  if (is_write(operation.kind)) {
    text += ' ';
    detail::put_number(text, operation.value);
  }
  if (operation.kind == OperationKind::compare_and_set) {
    text += ' ';
    detail::put_number(text, operation.expected);
  }
  return text;
}

inline Bytes query(std::string_view text) {
  Bytes out;
  detail::begin(out, 'Q', text.size() + 1);
  out.append(text).push_back('\0');
  return out;
}
inline Bytes query(const Operation& operation) {
  return query(statement_text(operation));
}

inline Bytes terminate() {
  Bytes out;
  detail::begin(out, 'X', 0);
  return out;
}

/// Reads the text of a statement; nothing if it is no operation.
inline std::optional<Operation> parse_statement(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Operation operation;
  switch (text.front()) {
    case 'r': operation.kind = OperationKind::read_register; break;
    case 'w': operation.kind = OperationKind::write_register; break;
    case 'c': operation.kind = OperationKind::compare_and_set; break;
    case 'l': operation.kind = OperationKind::read_list; break;
    case 'a': operation.kind = OperationKind::append; break;
    case 'm': operation.kind = OperationKind::read_set; break;
    case 's': operation.kind = OperationKind::add; break;
    default: return std::nullopt;
  }
  text.remove_prefix(1);
  const auto key = detail::take_number(text);
  if (!key || *key < 0 || *key > INT32_MAX) return std::nullopt;
  operation.key = static_cast<std::uint32_t>(*key);
  const auto argument = [&text](std::int64_t& into) {
    if (text.empty() || text.front() != ' ') return false;
    text.remove_prefix(1);
    const auto number = detail::take_number(text);
    if (number) into = *number;
    return number.has_value();
  };
  if (is_write(operation.kind) && !argument(operation.value)) return std::nullopt;
  if (operation.kind == OperationKind::compare_and_set && !argument(operation.expected)) return std::nullopt;
  return text.empty() ? std::optional(operation) : std::nullopt;
}

// --- What a server sends
// ------------------------------------------------------------------------------------------------

inline void put_ready(Bytes& out) {
  detail::begin(out, 'Z', 1);
  out += 'I';
}
inline void put_greeting(Bytes& out, BackendKey key) {
  detail::begin(out, 'R', 4);
  detail::put32(out, 0);
  detail::begin(out, 'K', 8);
  detail::put32(out, key.pid);
  detail::put32(out, key.secret);
  put_ready(out);
}
inline void put_row(Bytes& out, const std::optional<std::string_view>& value) {
  detail::begin(out, 'D', 6 + (value ? value->size() : 0));
  out += '\0';
  out += '\1';
  detail::put32(out, value ? static_cast<std::uint32_t>(value->size()) : UINT32_MAX);
  if (value) out += *value;
}
inline void put_complete(Bytes& out, std::string_view tag) {
  detail::begin(out, 'C', tag.size() + 1);
  out.append(tag).push_back('\0');
}
/// `type` 'E' for an error, 'N' for a notice; severity "FATAL", "ERROR" or "WARNING".
inline void put_report(Bytes& out, char type, std::string_view severity, std::string_view state,
                       std::string_view message) {
  detail::begin(out, type, severity.size() + state.size() + message.size() + 7);
  out += 'S';
  out.append(severity).push_back('\0');
  out += 'C';
  out.append(state).push_back('\0');
  out += 'M';
  out.append(message).push_back('\0');
  out.push_back('\0');
}

// --- Reading either
// -----------------------------------------------------------------------------------------------------

/// One framed message; `body` points into the decoder's buffer until the next call.
struct Frame {
  char type = 0;  ///< 0 for a startup or cancel message.
  std::string_view body;
};

/// Cuts a stream of bytes into frames.
class Decoder {
 public:
  /// A server expects the client's first message, which has no type byte.
  explicit Decoder(bool expects_startup) : untyped_(expects_startup) {}
  void feed(Bytes bytes) {
    if (at_ == buffer_.size()) {
      buffer_ = std::move(bytes);
    } else {
      buffer_.erase(0, at_);
      buffer_ += bytes;
    }
    at_ = 0;
  }
  /// The next whole frame. Sets broken() for a length that cannot be.
  std::optional<Frame> next() {
    const std::size_t header = untyped_ ? 4 : 5;
    if (broken_ || buffer_.size() - at_ < header) return std::nullopt;
    const std::uint32_t length = detail::get32(buffer_, at_ + header - 4);
    if (length < 4 || length > (1u << 28)) {
      broken_ = true;
      return std::nullopt;
    }
    if (buffer_.size() - at_ < header - 4 + length) return std::nullopt;
    const Frame frame{untyped_ ? '\0' : buffer_[at_], std::string_view(buffer_).substr(at_ + header, length - 4)};
    at_ += header - 4 + length;
    untyped_ = false;
    return frame;
  }
  bool broken() const { return broken_; }

 private:
  Bytes buffer_;
  std::size_t at_ = 0;
  bool untyped_;
  bool broken_ = false;
};

/// The first message of a connection.
struct Opening {
  bool is_cancel = false;
  BackendKey key;    ///< Of a cancel.
  std::string user;  ///< Of a startup.
  std::string application_name;
};

inline std::optional<Opening> parse_opening(std::string_view body) {
  if (body.size() < 4) return std::nullopt;
  Opening opening;
  const std::uint32_t code = detail::get32(body, 0);
  if (code == cancel_code) {
    if (body.size() != 12) return std::nullopt;
    opening.is_cancel = true;
    opening.key = {detail::get32(body, 4), detail::get32(body, 8)};
    return opening;
  }
  if (code != protocol_version) return std::nullopt;
  body.remove_prefix(4);
  while (!body.empty() && body.front() != '\0') {
    const std::size_t name_end = body.find('\0');
    const std::size_t value_end = name_end == std::string_view::npos ? name_end : body.find('\0', name_end + 1);
    if (value_end == std::string_view::npos) return std::nullopt;
    const std::string_view name = body.substr(0, name_end);
    const std::string_view value = body.substr(name_end + 1, value_end - name_end - 1);
    if (name == "user") opening.user = value;
    if (name == "application_name") opening.application_name = value;
    body.remove_prefix(value_end + 1);
  }
  if (opening.user.empty()) return std::nullopt;
  return opening;
}

/// An error or a notice, read from its frame.
struct Report {
  std::string_view severity;
  std::string_view state;
  std::string_view message;
};

inline Report parse_report(std::string_view body) {
  Report report;
  while (!body.empty() && body.front() != '\0') {
    const char field = body.front();
    const std::size_t end = body.find('\0');
    if (end == std::string_view::npos) break;
    const std::string_view text = body.substr(1, end - 1);
    if (field == 'S') report.severity = text;
    if (field == 'C') report.state = text;
    if (field == 'M') report.message = text;
    body.remove_prefix(end + 1);
  }
  return report;
}

/// The value of a row frame; nothing for NULL.
inline std::optional<std::string_view> parse_row(std::string_view body) {
  if (body.size() < 6 || detail::get32(body, 2) == UINT32_MAX) return std::nullopt;
  return body.substr(6);
}

/// The tag of a complete frame.
inline std::string_view parse_complete(std::string_view body) {
  return body.substr(0, body.empty() ? 0 : body.size() - 1);
}

inline std::optional<BackendKey> parse_backend_key(std::string_view body) {
  if (body.size() != 8) return std::nullopt;
  return BackendKey{detail::get32(body, 0), detail::get32(body, 4)};
}

}  // namespace heir::sim::wire
