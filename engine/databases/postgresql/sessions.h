// Sessions: SQL sessions with one server, kept between statements and opened when none is idle. Each statement has a
// time limit; a session that did not answer in time, or broke, is never used again.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/host.h"

namespace heir::postgresql {

/// The application name of every session of ours: what is not named so is a client's.
inline constexpr std::string_view our_application_name = "heir";

class Sessions {
 public:
  Sessions(Host& host, Address server, std::string user, Duration answer_limit)
      : host_(&host), server_(std::move(server)), user_(std::move(user)), answer_limit_(answer_limit) {}

  /// One statement by a kept session. A kept session that turns out to be broken is replaced, once: the statements of
  /// the catalogue may all be repeated. `failed` has the server's words, `unreachable`, or `timed_out`.
  Task<Result<Rows>> ask(Statement statement) { return ask(std::move(statement), answer_limit_); }
  Task<Result<Rows>> ask(Statement statement, Duration limit);
  /// By a session opened for it.
  Task<Result<Rows>> ask_anew(Statement statement);
  /// Disconnects what is idle.
  void drop() { idle_.clear(); }
  const Address& server() const { return server_; }

 private:
  Task<Result<std::unique_ptr<SqlSession>>> open();
  Task<Result<Rows>> execute(SqlSession& session, Statement statement, Duration limit);
  Error unanswered(std::string_view name, Duration limit) const;

  Host* host_;
  Address server_;
  std::string user_;
  Duration answer_limit_;
  std::vector<std::unique_ptr<SqlSession>> idle_;
};

}  // namespace heir::postgresql
