#include "engine/gate/gate.h"

#include <utility>

#include "engine/base/mutant.h"

namespace heir::gate {

namespace {

/// A database that declined to encrypt is not asked again for so long: each question costs it a process.
constexpr Duration declined_for = Duration::seconds(1);
/// A client whose question the database does not answer in this time is sent away.
constexpr Duration answer_limit = Duration::seconds(5);
/// Requests to cancel whose session may be an encrypted one here, or none: so many at a time, each for so long.
constexpr int most_guesses = 16;
constexpr Duration guess_limit = Duration::seconds(10);

}  // namespace

struct Gate::Connection {
  explicit Connection(Gate& of, std::unique_ptr<Stream> from)
      : gate(of), id(of.next_++), client(std::move(from)), over(of.host_.executor()), begun(of.host_.executor()) {
    gate.connections_.emplace(id, this);
  }
  ~Connection() { gate.connections_.erase(id); }
  void end() {
    ended = true;
    over.notify();
    begun.notify();
  }

  Gate& gate;
  std::uint64_t id;
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
  KeyFinder key;
  Bytes held_back;  ///< What came behind the first packet, until the client is answered.
  Bytes answer;     ///< What the database has answered already.
  bool encrypted = false;
  bool shown = false;   ///< The client has seen something of the database.
  bool closed = false;  ///< The gate was closed before it had.
  bool waits = false;   ///< An answer is held for it.
  bool ended = false;
  bool cut = false;
  Signal over;
  Signal begun;  ///< It has ended or is shown.
};

Gate::Gate(Host& host, Config config, Guard& guard)
    : host_(host), config_(std::move(config)), guard_(guard), changed_(host.executor()) {}

void Gate::update() {
  if (guard_.mode() == Mode::closed) {
    for (auto& [id, connection] : connections_) {
      connection->closed = true;
      if (!connection->shown) continue;  // it is refused in words, once there is something to refuse
      if (connection->waits && guard_.lets_out()) continue;
      connection->cut = true;
      connection->end();
    }
  }
  admit();
  changed_.notify();
}

/// A client that wants to encrypt understands no words of a gate that is closed, and some drivers (libpq) then look no
/// further; all of them go on to their next host when a connection is refused.
void Gate::admit() {
  if (listener_) listener_->admit(guard_.mode() != Mode::closed);
}

Task<Result<>> Gate::run() {
  Result<std::unique_ptr<Listener>> listening = host_.listen(config_.listen);
  if (!listening) co_return listening.error();
  const std::unique_ptr<Listener> listener = std::move(*listening);
  listener_ = listener.get();
  admit();
  while (true) {
    std::unique_ptr<Stream> client = co_await listener->accept();
    scope_.spawn(serve(std::move(client)));
  }
}

Task<void> Gate::serve(std::unique_ptr<Stream> stream) {
  Connection connection(*this, std::move(stream));
  const bool begun = co_await begin(connection);
  if (!begun) co_return;
  Scope pumps;
  pumps.spawn(forward_requests(connection));
  pumps.spawn(forward_answers(connection));
  while (!connection.ended) co_await connection.over.wait();
  if (connection.cut) {
    connection.client->reset();
    connection.server->reset();
  }
}

/// Hears the client until the database has been told; false if that is not to be.
Task<bool> Gate::begin(Connection& connection) {
  Bytes received;
  while (true) {
    const First first = first_packet(received);
    if (first.kind == FirstPacket::incomplete) {
      const Result<Bytes> bytes = co_await connection.client->read();
      if (!bytes || bytes->empty()) co_return false;
      received += *bytes;
      continue;
    }
    if (first.kind == FirstPacket::malformed) {
      connection.client->write(refusal("08P01", "heir: this is not the beginning of a PostgreSQL connection"));
      co_return false;
    }
    connection.held_back = received.substr(first.length);
    received.resize(first.length);
    if (first.kind == FirstPacket::cancel) {
      if (!has(first.key)) guard_.cancel_elsewhere(first.key);
      co_await cancel_once_safe(first.key);
      co_return false;
    }
    if (first.kind == FirstPacket::session) break;
    const Encryption encryption = co_await encrypt(connection, std::move(received));
    if (encryption == Encryption::unknown) co_return false;  // or a client that need not have it would do without
    if (encryption == Encryption::agreed) co_return true;
    connection.client->write("N");
    received = std::exchange(connection.held_back, Bytes());
  }
  if (guard_.mode() == Mode::closed) {
    refuse_closed(connection);
    co_return false;
  }
  Result<std::unique_ptr<Stream>> server = Error{ErrorCode::unreachable, ""};
  // A server that was started without the plain way still listens on the other.
  std::vector<Address> ways{config_.database};
  if (config_.plain_database) ways.insert(ways.begin(), *config_.plain_database);
  for (const Address& way : ways) {
    server = co_await host_.connect(way);
    if (server) break;
  }
  if (guard_.mode() == Mode::closed) {
    refuse_closed(connection);
    co_return false;
  }
  if (!server) {
    refuse(connection, "the database does not answer: " + server.error().message);
    co_return false;
  }
  connection.closed = false;
  connection.server = std::move(*server);
  connection.server->write(std::move(received));
  co_return true;
}

/// Asks the database whether it encrypts. If so, all that follows is between it and the client, its answer included,
/// which is held to the same rule as any. A gate that is closed need not ask: it has to say why in clear text.
Task<Gate::Encryption> Gate::encrypt(Connection& connection, Bytes question) {
  if (guard_.mode() == Mode::closed) co_return Encryption::declined;
  if (question == declined_ && host_.monotonic_now() < declined_until_) co_return Encryption::declined;
  Result<std::unique_ptr<Stream>> server = co_await host_.connect(config_.database);
  if (!server) co_return Encryption::unknown;
  (*server)->write(question);
  std::optional<Result<Bytes>> heard = co_await limited(host_, answer_limit, [&] { return (*server)->read(); });
  if (guard_.mode() == Mode::closed) co_return Encryption::declined;
  if (!heard || !*heard) co_return Encryption::unknown;
  Bytes& answer = **heard;
  if (answer == "N") {
    declined_ = std::move(question);
    declined_until_ = host_.monotonic_now() + declined_for;
    co_return Encryption::declined;
  }
  if (answer != "S" && answer != "G") co_return Encryption::unknown;
  connection.closed = false;
  connection.encrypted = true;
  connection.server = std::move(*server);
  connection.answer = std::move(answer);
  co_return Encryption::agreed;
}

void Gate::refuse(Connection& connection, const std::string& why) {
  connection.client->write(refusal("57P03", "heir: " + why));
}

void Gate::refuse_closed(Connection& connection) {
  refuse(connection, "this gate is closed: " + guard_.reason());
}

Task<void> Gate::forward_requests(Connection& connection) {
  // Nothing is asked for a client that may yet be refused: it would take what was done for it for not done.
  while (!connection.ended) {
    const bool waits = !connection.shown && !connection.held_back.empty();
    if (waits) {
      co_await connection.begun.wait();
      continue;
    }
    Result<Bytes> bytes = co_await connection.client->read();
    if (!bytes || bytes->empty()) break;
    if (!connection.shown) {
      connection.held_back = std::move(*bytes);
      continue;
    }
    if (!connection.server->write(std::move(*bytes))) break;
    const Result<> drained = co_await connection.server->drained();
    if (!drained) break;
  }
  connection.end();
}

Task<void> Gate::forward_answers(Connection& connection) {
  while (!connection.ended) {
    const bool passes = HEIR_MUTANT("gate-checked-before-the-answer") && guard_.mode() == Mode::open;
    Result<Bytes> bytes = std::exchange(connection.answer, Bytes());
    if (bytes->empty()) bytes = co_await connection.server->read();
    if (!bytes) connection.cut = true;  // the database broke it: whether the answer was whole nobody knows
    if (!bytes || bytes->empty()) break;
    if (!connection.encrypted && !connection.key.done()) connection.key.feed(*bytes);
    if (!connection.shown && !HEIR_MUTANT("gate-does-not-look")) {
      // A restart ends every session. So one that has answered is of the incarnation that is looked at from now on, or
      // of none; one that has only connected may be answered by the next.
      const bool looked = co_await guard_.look();
      if (!looked) refuse(connection, "the database does not answer whether it had restarted");
      if (!looked) break;
    }
    if (config_.fenced) {
      const bool fenced = co_await guard_.fence();
      if (!fenced) connection.cut = true;
      if (!fenced) break;
    }
    connection.waits = true;
    while (!connection.ended && !passes && guard_.mode() == Mode::held && !HEIR_MUTANT("gate-passes-while-held"))
      co_await changed_.wait();
    if (connection.ended) co_return;
    const bool last = guard_.mode() == Mode::closed && connection.shown && guard_.lets_out();
    if (last) connection.client->write(std::move(*bytes));
    if (last) break;
    connection.waits = false;
    if (!passes && ((guard_.mode() != Mode::open && !HEIR_MUTANT("gate-passes-while-held")) || connection.closed)) {
      connection.cut = connection.shown;
      if (!connection.shown) refuse_closed(connection);
      break;
    }
    if (!connection.shown) {
      connection.shown = true;
      if (!connection.held_back.empty()) connection.server->write(std::exchange(connection.held_back, Bytes()));
      connection.begun.notify();
    }
    if (!connection.client->write(std::move(*bytes))) break;
    // A client that does not read holds up its own answers, and not our memory.
    const Result<> drained = co_await connection.client->drained();
    if (!drained) break;
  }
  connection.end();
}

bool Gate::has(CancelKey key) const {
  for (const auto& [id, connection] : connections_)
    if (connection->key.key() == key) return true;
  return false;
}

bool Gate::may_have(CancelKey key) const {
  for (const auto& [id, connection] : connections_)
    if (connection->encrypted) return true;
  return has(key);
}

void Gate::cancel(CancelKey key) {
  scope_.spawn(cancel_once_safe(key));
}

Task<void> Gate::cancel_once_safe(CancelKey key) {
  if (has(key)) co_return co_await cancel_while(key, MonotonicTime::max());
  // Nobody knows whether this is anybody's at all.
  if (guesses_ >= most_guesses) co_return;
  ++guesses_;
  co_await cancel_while(key, host_.monotonic_now() + guess_limit);
  --guesses_;
}

Task<void> Gate::cancel_while(CancelKey key, MonotonicTime until) {
  // Without the sync's flush, cancelling the wait would show a commit that nobody else has.
  while (may_have(key)) {
    const bool waits = co_await guard_.waits_for_sync(key);
    if (!waits || HEIR_MUTANT("cancel-not-delayed")) break;
    if (host_.monotonic_now() >= until) co_return;
    co_await host_.sleep(config_.cancel_retry);
  }
  if (!may_have(key)) co_return;
  Result<std::unique_ptr<Stream>> server = co_await host_.connect(config_.database);
  if (!server) co_return;
  (*server)->write(cancel_request(key));
  const Result<> drained = co_await (*server)->drained();
  (void)drained;  // a cancel request has no answer, and may be lost
}

}  // namespace heir::gate
