// Session: a connection with a database as an application has it, by libpq, in which every step has a deadline. It is
// of one thread, and of the network that the thread is in.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "tools/on_hosts/waiting.h"

struct pg_conn;

namespace heir::on_hosts {

struct Access {
  std::string address;
  int port = 0;
  std::string user;
  std::string password;  ///< Empty: none is asked for.
  /// What was sent and is not confirmed for so long breaks the connection.
  Duration silence = Duration::seconds(5);
  /// The database itself, which may be a standby: then it is not ready, but lost (target_session_attrs=read-write).
  bool read_write = false;
};

struct Answer {
  enum class Kind {
    done,
    refused,    ///< By the server: `state`, `words`. After a fatal refusal the session is lost too.
    lost,       ///< The connection broke.
    timed_out,  ///< Or the harness ends.
  };
  Kind kind = Kind::lost;
  std::string state;  ///< SQLSTATE of a refusal.
  std::string words;
  bool warned = false;  ///< A commit stopped waiting for its standby.
  std::vector<std::vector<std::optional<std::string>>> rows;
};

class Session {
 public:
  /// Begins to connect.
  explicit Session(const Access& access);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  enum class Link { connecting, ready, lost };
  Link link() const { return link_; }
  /// While connecting: what to wait for before go_on().
  pollfd waits_for() const;
  void go_on();
  /// Until it is ready; the error is the server's or libpq's.
  Result<> connect(Instant until, const Stop& stop);
  std::string error() const;

  /// REQUIRES that it is ready. After anything but `done` and a plain refusal it is lost.
  Answer execute(const std::string& text, const std::vector<std::string>& parameters, Instant until, const Stop& stop);
  /// Asks the server to cancel what the session does, over a connection of its own. Takes as long as Access::silence
  /// where nobody answers; for another thread, which may outlive the session.
  std::function<void()> canceller() const;

 private:
  pg_conn* connection_ = nullptr;
  Link link_ = Link::connecting;
  bool waits_to_write_ = true;
  bool warned_ = false;
};

struct FoundHost {
  std::size_t place = 0;  ///< In the list of those where it was looked for.
  std::unique_ptr<Session> session;
  /// On which it writes, where no gate stands before it; it is the session's for good. 0: it writes nothing.
  std::optional<std::uint64_t> timeline = {};
};

/// A session with the first of the gates, or of the databases that take writes, that lets one in: as applications with
/// several hosts in their connection string do, but all at once. Each is tried again `pause` after it refused, or did
/// not answer for a second.
std::optional<FoundHost> find_leader(const std::vector<Access>& gates, Duration pause, Instant until, const Stop& stop);

}  // namespace heir::on_hosts
