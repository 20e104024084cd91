// The cluster state as a document: what is written can be read, and nothing else can.
#include <catch2/catch.hpp>

#include "engine/failover/document.h"

using namespace heir;
using namespace heir::failover;

namespace {

ClusterState full() {
  ClusterState s;
  s.cluster = "6c0f";
  s.generation = Generation(7);
  s.primary = PeerId("a");
  s.sync = PeerId("b");
  s.async = {PeerId("c"), PeerId("d")};
  s.deposed = {PeerId("e")};
  s.initial_position = {{{1, 1, 0}, {2, 5, 4096}}, 18446744073709551615ULL};
  s.opened = SessionId(42);
  s.proven = {PeerId("a"), PeerId("b")};
  s.freeze =
      Freeze{Freeze::Mode::takeovers, "disk swap \"x\" \\ \n", "ann", WallTime::from_ns(-5), WallTime::from_ns(99)};
  s.singleton = true;
  s.promote = PromoteRequest{PeerId("c"), PromoteRequest::Role::async, 0, Generation(7),
                             WallTime::from_ns(1'700'000'000'000'000'000)};
  s.changed = {"a", "the gate opens"};
  return s;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

void refuses(const std::string& document, const std::string& message) {
  CAPTURE(document);
  const Result<ClusterState> read = decode(document);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::invalid);
  CHECK(read.error().message == "cluster state: " + message);
}

}  // namespace

TEST_CASE("a full and a bare state come back as they were") {
  CHECK(*decode(encode(full())) == full());
  ClusterState bare;
  bare.cluster = "x";
  bare.generation = Generation(1);
  bare.primary = PeerId("a");
  CHECK(*decode(encode(bare)) == bare);
  ClusterState open_end = full();
  open_end.freeze->until.reset();
  open_end.freeze->mode = Freeze::Mode::all;
  open_end.promote->index.reset();
  open_end.promote->role = PromoteRequest::Role::sync;
  CHECK(*decode(encode(open_end)) == open_end);
}

TEST_CASE("the document is compact and can be read by people") {
  ClusterState s;
  s.cluster = "x";
  s.generation = Generation(1);
  s.primary = PeerId("a");
  s.sync = PeerId("b");
  s.proven = {PeerId("a")};
  s.changed = {"a", "bootstrap"};
  CHECK(encode(s) ==
        "{\"cluster\":\"x\",\"generation\":1,\"primary\":\"a\",\"sync\":\"b\",\"async\":[],\"deposed\":[],\"initial_"
        "position\":"
        "{\"lineage\":[],\"offset\":0},\"opened\":null,\"proven\":[\"a\"],\"last_opened\":0,\"freeze\":null,"
        "\"singleton\":false,"
        "\"promote\":null,"
        "\"changed\":{\"by\":\"a\",\"why\":\"bootstrap\"}}");
}

TEST_CASE("what is not such a document is refused with the place and what was expected") {
  const std::string good = encode(full());
  refuses("", "not JSON");
  refuses("{", "not JSON");
  refuses(good.substr(0, good.size() - 1), "not JSON");
  refuses(std::string("\0\xff\x01", 3), "not JSON");
  refuses("[]", "expected an object");
  refuses("null", "expected an object");
  refuses("{}", "cluster: expected a string");
  refuses(replaced(good, "\"6c0f\"", "7"), "cluster: expected a string");
  refuses(replaced(good, "\"generation\":7", "\"generation\":-7"), "generation: expected a whole number");
  refuses(replaced(good, "\"generation\":7", "\"generation\":7.5"), "generation: expected a whole number");
  refuses(replaced(good, "\"generation\":7", "\"generation\":\"7\""), "generation: expected a whole number");
  refuses(replaced(good, "\"primary\":\"a\"", "\"primary\":null"), "primary: expected a string");
  refuses(replaced(good, "\"sync\":\"b\"", "\"sync\":5"), "sync: expected a string");
  refuses(replaced(good, "[\"c\",\"d\"]", "\"c\""), "async: expected a list of peers");
  refuses(replaced(good, "[\"c\",\"d\"]", "[\"c\",4]"), "async: expected a list of peers");
  refuses(replaced(good, "\"deposed\":[\"e\"]", "\"deposed\":{}"), "deposed: expected a list of peers");
  refuses(replaced(good, "\"opened\":42", "\"opened\":\"42\""), "opened: expected a whole number");
  refuses(replaced(good, "\"proven\"", "\"prove\""), "proven: expected a list of peers");
  refuses(replaced(good, "\"takeovers\"", "\"some\""), "freeze.mode: expected one of \"takeovers\" to \"all\"");
  refuses(replaced(good, "\"by\":\"ann\"", "\"by\":1"), "freeze.by: expected a string");
  refuses(replaced(good, "\"at\":-5", "\"at\":\"now\""), "freeze.at: expected nanoseconds");
  refuses(replaced(good, "\"until\":99", "\"until\":9.5"), "freeze.until: expected nanoseconds");
  refuses(replaced(good, "\"singleton\":true", "\"singleton\":1"), "singleton: expected true or false");
  refuses(replaced(good, "\"role\":\"async\"", "\"role\":\"primary\""),
          "promote.role: expected one of \"sync\" to \"async\"");
  refuses(replaced(good, "\"index\":0", "\"index\":-1"), "promote.index: expected a whole number");
  refuses(replaced(good, "\"expires_at\":", "\"expires\":"), "promote.expires_at: expected nanoseconds");
  refuses(replaced(good, "\"why\":\"the gate opens\"", "\"why\":null"), "changed.why: expected a string");
}

TEST_CASE("a malformed position is refused") {
  const std::string good = encode(full());
  refuses(replaced(good, "\"initial_position\"", "\"position\""), "initial_position: expected an object");
  refuses(replaced(good, "[[1,1,0],[2,5,4096]]", "7"), "initial_position.lineage: expected a list of branches");
  refuses(replaced(good, "[1,1,0]", "[1,1]"), "initial_position.lineage: expected [timeline, promotion, begin]");
  refuses(replaced(good, "[1,1,0]", "[1,-1,0]"), "initial_position.lineage: expected [timeline, promotion, begin]");
  refuses(replaced(good, "[1,1,0]", "1"), "initial_position.lineage: expected [timeline, promotion, begin]");
  refuses(replaced(good, "18446744073709551615", "18446744073709551616"),
          "initial_position.offset: expected a whole number");
}

TEST_CASE("a document with something unknown in it is read without it") {
  CHECK(*decode(replaced(encode(full()), "\"singleton\":true", "\"singleton\":true,\"later\":[1]")) == full());
}

TEST_CASE("garbage of every kind gets an error, never a crash") {
  const std::string good = encode(full());
  // Every prefix, and every single byte replaced by one that breaks something.
  for (std::size_t i = 0; i < good.size(); ++i) CHECK_FALSE(decode(good.substr(0, i)));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const char c : {'\0', '{', ']', '"', 'x', '-'}) {
      std::string bad = good;
      bad[i] = c;
      (void)decode(bad);
    }
  CHECK_FALSE(decode(std::string(100'000, '[')));
}
