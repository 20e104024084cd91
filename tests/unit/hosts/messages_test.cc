#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <zmq.h>

#include "engine/hosts/addresses.h"
#include "tests/unit/hosts/bench.h"

using namespace heir;
using namespace heir::hosts;

namespace {

struct Peer {
  std::string name;
  Address at = free_address();
  KeyPair keys = new_key_pair();
  Correspondent as_seen() const { return {name, keys.public_key, {at}}; }
};

/// A process of a cluster, on the loop of a bench.
struct Node {
  Node(Bench& bench, const std::string& cluster, const Peer& self, std::vector<Correspondent> all)
      : mail(bench.loop, cluster, self.keys, std::move(all)),
        host(bench.loop, bench.workers, bench.log, &mail, {self.name, "", {}}) {
    REQUIRE(host.open_inbox(self.at));
  }
  Mail mail;
  LinuxHost host;
};

Task<void> keep_sending(Host& host, Address to, std::string text) {
  while (true) {
    host.send(to, text);
    co_await host.sleep(Duration::milliseconds(10));
  }
}

Task<void> expect_from(Host& host, Address from, std::string text) {
  const Message message = co_await host.receive();
  CHECK(message.from == from);
  CHECK(message.payload == text);
}

Task<void> receive_for_ever(Host& host) {
  const Message message = co_await host.receive();
  FAIL("received " << message.payload);
}

}  // namespace

TEST_CASE("Messages come from whom they say") {
  Bench bench;
  const Peer a{"a"}, b{"b"};
  Node one(bench, "main", a, {a.as_seen(), b.as_seen()});
  Node other(bench, "main", b, {a.as_seen(), b.as_seen()});
  {
    Scope scope;
    scope.spawn(keep_sending(one.host, b.at, std::string(100'000, 'x')));
    bench.run(expect_from(other.host, a.at, std::string(100'000, 'x')));
  }
  Scope scope;
  scope.spawn(keep_sending(one.host, a.at, "to myself"));
  bench.run(expect_from(one.host, a.at, "to myself"));
  one.host.send(Address("127.0.0.1:1"), "who is that");
  CHECK(one.host.message_counts().to_nobody == 1);
}

TEST_CASE("A key that is not of the cluster is refused and counted") {
  Bench bench;
  const Peer a{"a"}, b{"b"};
  Peer stranger = a;
  stranger.keys = new_key_pair();
  Node node(bench, "main", b, {a.as_seen(), b.as_seen()});
  Node outside(bench, "main", stranger, {stranger.as_seen(), b.as_seen()});
  Scope scope;
  scope.spawn(keep_sending(outside.host, b.at, "x"));
  scope.spawn(receive_for_ever(node.host));
  bench.pass(Duration::milliseconds(500));
  CHECK(node.host.message_counts().received == 0);
  CHECK(node.host.message_counts().keys_refused > 0);
}

TEST_CASE("A host cannot speak for another, nor for another cluster") {
  Bench bench;
  const Peer a{"a"}, b{"b"}, c{"c"};
  const std::vector<Correspondent> all{a.as_seen(), b.as_seen(), c.as_seen()};
  Node node(bench, "main", b, all);
  Peer liar = c;
  liar.at = a.at;  // with its own key
  Node as_a(bench, "main", liar, all);
  Node elsewhere(bench, "other", c, all);
  Scope scope;
  scope.spawn(keep_sending(as_a.host, b.at, "x"));
  scope.spawn(keep_sending(elsewhere.host, b.at, "x"));
  scope.spawn(receive_for_ever(node.host));
  bench.pass(Duration::milliseconds(500));
  const MessageCounts counts = node.host.message_counts();
  CHECK(counts.received == 0);
  CHECK(counts.refused[static_cast<std::size_t>(Refusal::stranger)] > 0);
  CHECK(counts.refused[static_cast<std::size_t>(Refusal::cluster)] > 0);
}

TEST_CASE("Garbage is refused and counted, in frames and on the wire") {
  Bench bench;
  const Peer a{"a"}, b{"b"};
  Node node(bench, "main", b, {a.as_seen(), b.as_seen()});
  void* const context = zmq_ctx_new();
  void* const socket = zmq_socket(context, ZMQ_PUSH);
  zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, a.keys.public_key.c_str(), 40);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, a.keys.secret_key.c_str(), 40);
  zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, b.keys.public_key.c_str(), 40);
  REQUIRE(zmq_connect(socket, ("tcp://" + b.at.value()).c_str()) == 0);
  std::string older = encode_frame("main", {a.at, "x"});
  older[4] = 0;
  zmq_send(socket, "nonsense", 8, 0);
  zmq_send(socket, "two", 3, ZMQ_SNDMORE);
  zmq_send(socket, "parts", 5, 0);
  zmq_send(socket, older.data(), older.size(), 0);
  // Somebody without a key at all, in plain TCP.
  const int plain = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = socket_address(b.at);
  REQUIRE(::connect(plain, address->get(), address->size) == 0);
  CHECK(::send(plain, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) == 18);
  bench.pass(Duration::milliseconds(500));
  const MessageCounts counts = node.host.message_counts();
  CHECK(counts.refused[static_cast<std::size_t>(Refusal::garbage)] == 2);
  CHECK(counts.refused[static_cast<std::size_t>(Refusal::version)] == 1);
  CHECK(counts.received == 0);
  close(plain);
  const int none = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  zmq_close(socket);
  zmq_ctx_term(context);
}

TEST_CASE("Nothing waits for a host that is away") {
  Bench bench;
  const Peer a{"a"}, b{"b"};
  Node one(bench, "main", a, {a.as_seen(), b.as_seen()});
  for (int i = 0; i < 10; ++i) one.host.send(b.at, "old");
  bench.pass(Duration::milliseconds(150));
  CHECK(one.host.message_counts().not_sent == 10);
  Node other(bench, "main", b, {a.as_seen(), b.as_seen()});
  Scope scope;
  scope.spawn(keep_sending(one.host, b.at, "new"));
  bench.run(expect_from(other.host, a.at, "new"));
}

TEST_CASE("Secrets that others may read are refused") {
  const Folder folder;
  const std::string path = folder / "key";
  const KeyPair keys = new_key_pair();
  REQUIRE(write_secret(path, keys.secret_key));
  CHECK(*read_secret(path) == keys.secret_key);
  CHECK(*public_key_of(keys.secret_key) == keys.public_key);
  CHECK(write_secret(path, "x").error().code == ErrorCode::already_exists);
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  CHECK(read_secret(path).error().code == ErrorCode::refused);
  CHECK(read_secret(folder / "none").error().code == ErrorCode::not_found);
  CHECK_FALSE(public_key_of("short"));
}
