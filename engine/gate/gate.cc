#include "engine/gate/gate.h"

#include <utility>

#include "engine/base/mutant.h"

namespace heir::gate {

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
  Bytes held_back;      ///< What came behind the first packet, until the client is answered.
  bool shown = false;   ///< The client has seen something of the database.
  bool closed = false;  ///< The gate was closed before it had.
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
      connection->cut = true;
      connection->end();
    }
  }
  changed_.notify();
}

Task<Result<>> Gate::run() {
  Result<std::unique_ptr<Listener>> listening = host_.listen(config_.listen);
  if (!listening) co_return listening.error();
  const std::unique_ptr<Listener> listener = std::move(*listening);
  while (true) {
    std::unique_ptr<Stream> client = co_await listener->accept();
    scope_.spawn(serve(std::move(client)));
  }
}

Task<void> Gate::serve(std::unique_ptr<Stream> stream) {
  Connection connection(*this, std::move(stream));
  Bytes received;
  while (true) {
    const First first = first_packet(received);
    if (first.kind == FirstPacket::incomplete) {
      const Result<Bytes> bytes = co_await connection.client->read();
      if (!bytes || bytes->empty()) co_return;
      received += *bytes;
      continue;
    }
    if (first.kind == FirstPacket::malformed) {
      connection.client->write(refusal("08P01", "heir: this is not the beginning of a PostgreSQL connection"));
      co_return;
    }
    if (first.kind == FirstPacket::encryption) {
      connection.client->write("N");
      received.erase(0, first.length);
      continue;
    }
    if (first.kind == FirstPacket::cancel) {
      co_await cancel(first.key, std::move(received));
      co_return;
    }
    connection.held_back = received.substr(first.length);
    received.resize(first.length);
    break;
  }
  if (guard_.mode() == Mode::closed) {
    refuse(connection, "this gate is closed: " + guard_.reason());
    co_return;
  }
  Result<std::unique_ptr<Stream>> server = co_await host_.connect(config_.database);
  if (guard_.mode() == Mode::closed) {
    refuse(connection, "this gate is closed: " + guard_.reason());
    co_return;
  }
  if (!server) {
    refuse(connection, "the database does not answer: " + server.error().message);
    co_return;
  }
  connection.closed = false;
  connection.server = std::move(*server);
  connection.server->write(std::move(received));

  Scope pumps;
  pumps.spawn(forward_requests(connection));
  pumps.spawn(forward_answers(connection));
  while (!connection.ended) co_await connection.over.wait();
  if (connection.cut) {
    connection.client->reset();
    connection.server->reset();
  }
}

void Gate::refuse(Connection& connection, const std::string& why) {
  connection.client->write(refusal("57P03", "heir: " + why));
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
    Result<Bytes> bytes = co_await connection.server->read();
    if (!bytes) connection.cut = true;  // the database broke it: whether the answer was whole nobody knows
    if (!bytes || bytes->empty()) break;
    if (!connection.key.done()) connection.key.feed(*bytes);
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
    while (!connection.ended && !passes && guard_.mode() == Mode::held && !HEIR_MUTANT("gate-passes-while-held"))
      co_await changed_.wait();
    if (connection.ended) co_return;
    if (!passes && ((guard_.mode() != Mode::open && !HEIR_MUTANT("gate-passes-while-held")) || connection.closed)) {
      connection.cut = connection.shown;
      if (!connection.shown) refuse(connection, "this gate is closed: " + guard_.reason());
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

Task<void> Gate::cancel(CancelKey key, Bytes packet) {
  const auto target = [&]() -> bool {
    for (const auto& [id, connection] : connections_)
      if (connection->key.key() == key) return true;
    return false;
  };
  // Without the sync's flush, cancelling the wait would show a commit that nobody else has.
  while (target()) {
    const bool waits = co_await guard_.waits_for_sync(key);
    if (!waits || HEIR_MUTANT("cancel-not-delayed")) break;
    co_await host_.sleep(config_.cancel_retry);
  }
  if (!target()) co_return;
  Result<std::unique_ptr<Stream>> server = co_await host_.connect(config_.database);
  if (!server) co_return;
  (*server)->write(std::move(packet));
  const Result<> drained = co_await (*server)->drained();
  (void)drained;  // a cancel request has no answer, and may be lost
}

}  // namespace heir::gate
