#include "engine/hosts/control.h"

#include <zmq.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/hosts/bench.h"

using namespace heir;
using namespace heir::hosts;

namespace {

/// An agent that answers who asked and what.
struct Agent {
  explicit Agent(Bench& bench)
      : bench_(bench),
        mail(bench.loop, "main", keys, {{"a", keys.public_key, {}}}),
        service(mail,
                [this](ControlRequest request) { service.answer(request, request.by + " asks " + request.payload); }) {
    mail.admit({{"alice", alice.public_key}});
    REQUIRE(service.open(at));
  }
  ControlTarget target() const { return {"a", keys.public_key, at}; }

  /// From a thread of its own, as another program would, while the loop turns.
  ControlAnswer ask(const KeyPair& by, const ControlTarget& target, const std::string& cluster = "main",
                    Duration limit = Duration::seconds(5)) {
    std::vector<ControlAnswer> answers;
    bool is_done = false;
    std::thread asker([&] {
      answers = ask_all(cluster, by, {target}, "status", limit);
      bench_.loop.post([&] {
        is_done = true;
        bench_.loop.stop();
      });
    });
    while (!is_done) bench_.loop.run();
    asker.join();
    REQUIRE(answers.size() == 1);
    return answers.front();
  }

  Bench& bench_;
  Address at = free_address();
  KeyPair keys = new_key_pair();
  KeyPair alice = new_key_pair();
  Mail mail;
  ControlService service;
};

using Outcome = ControlAnswer::Outcome;

}  // namespace

TEST_CASE("An operator is answered, and so is who has a host's key") {
  Bench bench;
  Agent agent(bench);
  const ControlAnswer answer = agent.ask(agent.alice, agent.target());
  CHECK(answer.outcome == Outcome::answered);
  CHECK(answer.payload == "alice asks status");
  CHECK(agent.ask(agent.keys, agent.target()).payload == "a asks status");
  CHECK(agent.service.counts().received == 2);
  CHECK(agent.service.counts().sent == 2);
}

TEST_CASE("Who has no key of an operator is refused and counted, and is told so") {
  Bench bench;
  Agent agent(bench);
  CHECK(agent.ask(new_key_pair(), agent.target()).outcome == Outcome::key_refused);
  CHECK(agent.service.counts().received == 0);
  CHECK(agent.service.counts().keys_refused > 0);
  // One who was an operator.
  agent.mail.admit({});
  CHECK(agent.ask(agent.alice, agent.target()).outcome == Outcome::key_refused);
}

TEST_CASE("Who is no operator any more gives no orders on the connection that is there") {
  Bench bench;
  Agent agent(bench);
  void* const context = zmq_ctx_new();
  void* const socket = zmq_socket(context, ZMQ_DEALER);
  zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, agent.alice.public_key.c_str(), 40);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, agent.alice.secret_key.c_str(), 40);
  zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, agent.keys.public_key.c_str(), 40);
  REQUIRE(zmq_connect(socket, ("tcp://" + agent.at.value()).c_str()) == 0);
  const std::string frame = encode_frame("main", {Address("1"), "status"});
  zmq_send(socket, frame.data(), frame.size(), 0);
  bench.pass(Duration::milliseconds(300));
  REQUIRE(agent.service.counts().received == 1);
  agent.mail.admit({});
  zmq_send(socket, frame.data(), frame.size(), 0);
  bench.pass(Duration::milliseconds(300));
  CHECK(agent.service.counts().received == 1);
  CHECK(agent.service.counts().refused[static_cast<std::size_t>(Refusal::stranger)] == 1);
  const int none = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  zmq_close(socket);
  zmq_ctx_term(context);
}

TEST_CASE("An operator's key is none for messages between hosts") {
  Bench bench;
  Agent agent(bench);
  Mailbox inbox(agent.mail);
  const Address at = free_address();
  REQUIRE(inbox.open(at));
  // Before she could send anything, as a process of a host does.
  Mail outside(bench.loop, "main", agent.alice, {{"a", agent.keys.public_key, {at}}});
  Mailbox hers(outside);
  for (int i = 0; i < 20; ++i) {
    hers.send(at, "x");
    bench.pass(Duration::milliseconds(20));
  }
  CHECK(hers.counts().sent == 0);
  CHECK(inbox.counts().received == 0);
  CHECK(inbox.counts().keys_refused > 0);
}

TEST_CASE("Who is not there, and who is somebody else, is told apart") {
  Bench bench;
  Agent agent(bench);
  ControlTarget nobody = agent.target();
  nobody.at = free_address();
  CHECK(agent.ask(agent.alice, nobody).outcome == Outcome::unreachable);
  ControlTarget other = agent.target();
  other.public_key = new_key_pair().public_key;
  CHECK(agent.ask(agent.alice, other).outcome == Outcome::not_it);
  // Of another cluster, though with the right key: refused, counted, and not answered.
  CHECK(agent.ask(agent.alice, agent.target(), "other", Duration::milliseconds(300)).outcome == Outcome::silent);
  CHECK(agent.service.counts().refused[static_cast<std::size_t>(Refusal::cluster)] == 1);
}

TEST_CASE("Garbage of an operator is refused and counted") {
  Bench bench;
  Agent agent(bench);
  void* const context = zmq_ctx_new();
  void* const socket = zmq_socket(context, ZMQ_DEALER);
  zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, agent.alice.public_key.c_str(), 40);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, agent.alice.secret_key.c_str(), 40);
  zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, agent.keys.public_key.c_str(), 40);
  REQUIRE(zmq_connect(socket, ("tcp://" + agent.at.value()).c_str()) == 0);
  std::string older = encode_frame("main", {Address("1"), "status"});
  older[4] = 0;
  zmq_send(socket, "nonsense", 8, 0);
  zmq_send(socket, "two", 3, ZMQ_SNDMORE);
  zmq_send(socket, "parts", 5, 0);
  zmq_send(socket, older.data(), older.size(), 0);
  bench.pass(Duration::milliseconds(500));
  const MessageCounts counts = agent.service.counts();
  CHECK(counts.refused[static_cast<std::size_t>(Refusal::garbage)] == 2);
  CHECK(counts.refused[static_cast<std::size_t>(Refusal::version)] == 1);
  CHECK(counts.received == 0);
  // One that is too long ends the connection.
  const std::string long_one(largest_request + 1, 'x');
  zmq_send(socket, long_one.data(), long_one.size(), 0);
  bench.pass(Duration::milliseconds(200));
  CHECK(agent.service.counts().refused[static_cast<std::size_t>(Refusal::garbage)] == 2);
  CHECK(agent.ask(agent.alice, agent.target()).outcome == Outcome::answered);
  const int none = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  zmq_close(socket);
  zmq_ctx_term(context);
}
