// The gate: a proxy between clients and the database beside it (FAILOVER.md section 5).
//
// Invariant: no byte of the database's answer is forwarded unless, at that moment, the guard says `open`, or lets the
// last answers out as the gate closes. The guard is asked after the answer was produced, so a pause between the check
// and the delivery cannot make a stale read: the read took effect inside its own call.
//
// What is forwarded is never altered, so a session may be encrypted from end to end: whether the database encrypts is
// the database's own answer. Of an encrypted session the gate knows no key to cancel it by.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/sync.h"
#include "engine/gate/startup.h"

namespace heir::gate {

enum class Mode {
  closed,  ///< Connections are cut; new ones are refused, with a reason.
  held,    ///< Answers wait; nothing is cut.
  open,
};

/// Who decides. Called on the gate's own thread.
class Guard {
 public:
  virtual ~Guard() = default;
  /// At this moment. `open` turns into `held` by itself when the lease ends.
  virtual Mode mode() = 0;
  /// Whether answers that wait may be told although the gate has closed: each is the last that its client gets.
  virtual bool lets_out() { return false; }
  /// Why the gate is closed, for a client that is refused.
  virtual std::string reason() = 0;
  /// True while the session's commit waits for the sync; cancelling it now would show a commit that nobody else has.
  virtual Task<bool> waits_for_sync(CancelKey session) = 0;
  /// Returns when the guard has looked at the database since this was called; false if it did not answer. A server that
  /// restarted on its own shows commits that were never acknowledged; a restart ends all sessions, so the first answer
  /// of each new one waits for a look.
  virtual Task<bool> look() { co_return true; }
  /// Returns when the sync has flushed all that the database shows now; false if it will not. For fenced reads.
  virtual Task<bool> fence() = 0;
  /// A request to cancel came whose session is not known to be here: another host's gate may have it.
  virtual void cancel_elsewhere(CancelKey) {}
};

struct Config {
  Address listen;
  Address database;
  /// The same database, by a way that costs less but knows no encryption; for sessions that begin without.
  std::optional<Address> plain_database = {};
  bool fenced = false;  ///< Every answer waits for the fence: closes what the detection of cancelled waits could miss.
  Duration cancel_retry = Duration::milliseconds(50);  ///< How often a delayed cancel request is tried again.
};

class Gate {
 public:
  /// `host` and `guard` outlive the gate.
  Gate(Host& host, Config config, Guard& guard);

  /// Accepts connections for ever. `already_exists` if the address is taken.
  Task<Result<>> run();

  /// The guard's answer may have changed: held answers are looked at again, and a closed gate cuts what is connected.
  void update();

  /// Passes on a request to cancel that came to another gate; nothing, if its session cannot be here.
  void cancel(CancelKey key);
  /// The session is here; or it may be, for of encrypted ones nobody knows.
  bool has(CancelKey key) const;
  bool may_have(CancelKey key) const;

  std::size_t connections() const { return connections_.size(); }

 private:
  struct Connection;
  Task<void> serve(std::unique_ptr<Stream> client);
  void admit();
  Task<bool> begin(Connection& connection);
  enum class Encryption { agreed, declined, unknown };
  Task<Encryption> encrypt(Connection& connection, Bytes question);
  void refuse(Connection& connection, const std::string& why);
  void refuse_closed(Connection& connection);
  Task<void> cancel_once_safe(CancelKey key);
  Task<void> cancel_while(CancelKey key, MonotonicTime until);
  Task<void> forward_requests(Connection& connection);
  Task<void> forward_answers(Connection& connection);

  Host& host_;
  Config config_;
  Guard& guard_;
  Signal changed_;
  Listener* listener_ = nullptr;  ///< While it runs.
  Bytes declined_;                ///< The question for encryption that the database declined last,
  MonotonicTime declined_until_;  ///< and until when it need not be asked again.
  int guesses_ = 0;               ///< Requests to cancel that may be nobody's.
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, Connection*> connections_;
  Scope scope_;  // last: its tasks use all the rest
};

}  // namespace heir::gate
