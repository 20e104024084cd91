#include <catch2/catch.hpp>

#include "disk_host.h"
#include "engine/store/durable_log.h"

using namespace heir;
using namespace heir::fake;
using namespace heir::store;
using raft::Durable;
using raft::EntryId;
using raft::LogIndex;
using raft::MemberId;
using raft::Persist;
using raft::Term;

namespace {

const Owner owner{ClusterId(7), MemberId(2)};

raft::Configuration three() {
  std::vector<raft::Member> voters;
  for (std::uint64_t i = 1; i <= 3; ++i) voters.push_back({MemberId(i), Address("host" + std::to_string(i)), true});
  return raft::make_configuration(voters);
}

template <class T>
Task<void> keep_result(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

/// All operations of a DiskHost end at once.
template <class T>
T now(Task<T> task) {
  std::optional<T> result;
  Scope scope;
  scope.spawn(keep_result(std::move(task), result));
  REQUIRE(result.has_value());
  return std::move(*result);
}

Result<Durable> open(DiskHost& host) {
  DurableLog log(host, "/store", owner);
  return now(log.open());
}

/// What counts: entries that the snapshot covers may be there or not.
bool same(const Durable& a, const Durable& b) {
  const raft::Log left(a.snapshot, a.before, a.entries);
  const raft::Log right(b.snapshot, b.before, b.entries);
  const LogIndex behind = a.snapshot.last.index.next();
  return a.ballot == b.ballot && a.snapshot == b.snapshot && left.last() == right.last() &&
         left.slice(behind, SIZE_MAX) == right.slice(behind, SIZE_MAX);
}

raft::Entry command(Term term, std::string text) {
  return {term, raft::Command{std::move(text)}};
}

/// Writes such as a member makes, one after the other.
class Writes {
 public:
  explicit Writes(DiskHost& dice) : dice_(dice), log_(raft::Log(raft::Snapshot{{}, three(), {}})) {}

  Persist next() {
    Persist made;
    made.id = ++id_;
    const LogIndex applied = log_.snapshot().last.index;
    switch (dice_.draw(8)) {
      case 0: vote(made); break;
      case 1:
        vote(made);
        append(made, log_.last_index());
        break;
      case 2: {
        const LogIndex from = applied + dice_.draw(log_.last_index() - applied + 1);
        vote(made);
        append(made, from);
        break;
      }
      case 3:
        if (log_.last_index() > applied) {
          const LogIndex index = applied + 1 + dice_.draw(log_.last_index() - applied);
          log_.compact(index, text(), dice_.draw(4));
          made.snapshot = log_.snapshot();
          made.before = log_.before();
          break;
        }
        [[fallthrough]];
      case 4:
        if (dice_.draw(4) == 0) {
          const EntryId last{log_.last_index() + 1 + dice_.draw(5), ballot_.term};
          made.snapshot = raft::Snapshot{last, three(), text()};
          made.discard_log = !log_.install(*made.snapshot);
          made.before = log_.before();
          break;
        }
        [[fallthrough]];
      default: append(made, log_.last_index());
    }
    return made;
  }

 private:
  std::string text() { return std::string(dice_.draw(3) == 0 ? dice_.draw(9000) : dice_.draw(40), 'x'); }
  void vote(Persist& made) {
    ballot_ = {ballot_.term.next(), MemberId(1 + dice_.draw(3))};
    made.ballot = ballot_;
  }
  void append(Persist& made, LogIndex behind) {
    if (log_.last_index() > behind) log_.truncate(behind.next());
    made.previous = log_.last();
    for (std::uint64_t left = 1 + dice_.draw(4); left > 0; --left) {
      made.entries.push_back(command(ballot_.term, text()));
      log_.append(made.entries.back());
    }
  }

  DiskHost& dice_;
  raft::Log log_;
  raft::Ballot ballot_;
  std::uint64_t id_ = 0;
};

/// A member with a few records.
struct Written {
  explicit Written(std::uint64_t seed = 1, int writes = 12) : host(seed) {
    DurableLog log(host, "/store", owner);
    state = raft::make_durable(three());
    REQUIRE(now(log.create(state)));
    Writes source(host);
    for (int i = 0; i < writes; ++i) {
      const Persist next = source.next();
      REQUIRE(now(log.write({next})));
      raft::carry_out(state, next);
    }
  }
  DiskHost host;
  Durable state;
};

std::vector<std::string> records(const DiskHost& host) {
  std::vector<std::string> all;
  for (const std::string& path : host.paths())
    if (path.starts_with("/store/log-")) all.push_back(path);
  return all;
}

}  // namespace

TEST_CASE("what was written is read, by the next life of the member too") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Written w(seed, 30);
    const Result<Durable> read = open(w.host);
    REQUIRE(read);
    CHECK(same(*read, w.state));
    w.host.crash();
    const Result<Durable> again = open(w.host);
    REQUIRE(again);
    CHECK(same(*again, w.state));
  }
}

TEST_CASE("an empty folder is no member's, and an unfinished creation is none either") {
  DiskHost host;
  CHECK(open(host).error().code == ErrorCode::not_found);
  for (std::uint64_t dies_at = 1; dies_at < 12; ++dies_at) {
    DiskHost other(dies_at);
    other.dies_at = dies_at;
    {
      DurableLog log(other, "/store", owner);
      (void)now(log.create(raft::make_durable(three())));
    }
    other.crash();
    const Result<Durable> read = open(other);
    if (read)
      CHECK(same(*read, raft::make_durable(three())));
    else
      CHECK(read.error().code == ErrorCode::not_found);
  }
}

TEST_CASE("a record costs one fsync; the names of the next ones are made for many at once") {
  DiskHost host;
  DurableLog log(host, "/store", owner);
  REQUIRE(now(log.create(raft::make_durable(three()))));
  EntryId last;
  const std::uint64_t before = host.syncs;
  for (int i = 0; i < 64; ++i) {
    Persist write;
    write.previous = last;
    write.entries = {command(Term(0), "x")};
    REQUIRE(now(log.write({write})));
    last = {last.index.next(), Term(0)};
  }
  CHECK(host.syncs - before == 64 + 2);
}

TEST_CASE("writes that come together become one record, as if each had been written") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    DiskHost host(seed);
    DurableLog log(host, "/store", owner);
    Durable state = raft::make_durable(three());
    REQUIRE(now(log.create(state)));
    Writes source(host);
    for (int round = 0; round < 8; ++round) {
      std::vector<Persist> together;
      for (std::uint64_t left = 1 + host.draw(6); left > 0; --left) {
        together.push_back(source.next());
        raft::carry_out(state, together.back());
      }
      REQUIRE(now(log.write(together)));
    }
    const Result<Durable> read = open(host);
    REQUIRE(read);
    CHECK(same(*read, state));
  }
}

TEST_CASE("a crash at any moment keeps all that was acknowledged, and only whole writes of the rest") {
  int cuts = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    CAPTURE(seed);
    DiskHost host(seed);
    Durable state = raft::make_durable(three());
    {
      DurableLog log(host, "/store", owner);
      REQUIRE(now(log.create(state)));
    }
    Writes source(host);
    for (int life = 0; life < 3; ++life) {
      DurableLog log(host, "/store", owner);
      const Result<Durable> begun = now(log.open());
      REQUIRE(begun);
      REQUIRE(same(*begun, state));
      host.dies_at = host.operations + 1 + host.draw(60);
      std::vector<Durable> possible = {state};
      while (true) {
        const Persist next = source.next();
        Durable votes = state;
        if (next.ballot) votes.ballot = *next.ballot;
        Durable all = state;
        raft::carry_out(all, next);
        const Result<> written = now(log.write({next}));
        if (written) {
          state = all;
          continue;
        }
        possible = {state, votes, all};
        break;
      }
      // The process alone dies, at times: what it wrote is in the page cache then.
      if (host.draw(3) == 0)
        host.dies_at = UINT64_MAX;
      else
        host.crash();
      const Result<Durable> read = open(host);
      CAPTURE(read ? "" : read.error().message);
      REQUIRE(read);
      const auto found =
          std::find_if(possible.begin(), possible.end(), [&](const Durable& d) { return same(d, *read); });
      REQUIRE(found != possible.end());
      // What has been read once must be there for ever.
      host.crash();
      const Result<Durable> again = open(host);
      REQUIRE(again);
      REQUIRE(same(*again, *read));
      // The writes that follow begin from what survived, which the generator cannot know.
      if (!same(*read, possible.back()) || possible.size() == 1) break;
      state = possible.back();
    }
    cuts += static_cast<int>(std::count(host.logged.begin(), host.logged.end(), "store-log-cut"));
  }
  CHECK(cuts > 20);
}

TEST_CASE("one bad page anywhere is repaired or refused, never a loss") {
  int repaired = 0;
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    Written w(seed);
    std::vector<std::string> files;
    for (const std::string& path : w.host.paths())
      if (!w.host.content(path)->empty()) files.push_back(path);
    const std::string file = files[w.host.draw(files.size())];
    Bytes content = *w.host.content(file);
    const std::size_t page = w.host.draw((content.size() + 4095) / 4096) * 4096;
    const std::uint64_t kind = w.host.draw(3);
    const std::size_t end = std::min(content.size(), page + 4096);
    if (kind == 0) {
      const std::size_t at = page + w.host.draw(end - page);
      content[at] = static_cast<char>(content[at] ^ (1 << w.host.draw(8)));
    }
    for (std::size_t i = page; i < end && kind != 0; ++i)
      content[i] = kind == 1 ? '\0' : static_cast<char>(w.host.draw(256));
    CAPTURE(file, page, kind);
    w.host.set(file, content);
    const Result<Durable> read = open(w.host);
    if (!read) {
      ++refused;
      CHECK(read.error().code == ErrorCode::invalid);
      CHECK(read.error().message.find(file) == 0);
      CHECK(read.error().message.find("at byte") != std::string::npos);
      CHECK(read.error().message.find("Remedy: ") != std::string::npos);
      CHECK(file == "/store/snapshot");
      continue;
    }
    REQUIRE(same(*read, w.state));
    repaired += static_cast<int>(std::count(w.host.logged.begin(), w.host.logged.end(), "store-file-repaired"));
    const Result<Durable> again = open(w.host);
    REQUIRE(again);
    CHECK(same(*again, w.state));
  }
  CHECK(repaired > 100);
  CHECK(refused > 10);
}

TEST_CASE(
    "a record that is gone, or bad in both copies, stops the member unless it is the last and not known durable") {
  Written w(3, 25);
  const std::vector<std::string> all = records(w.host);
  std::vector<std::string> full;
  for (const std::string& path : all)
    if (!w.host.content(path)->empty()) full.push_back(path);
  REQUIRE(full.size() >= 3);
  const auto spoil = [&](const std::string& path) {
    Bytes content = *w.host.content(path);
    content[20] = static_cast<char>(content[20] ^ 1);
    content[content.size() - 1] = static_cast<char>(content[content.size() - 1] ^ 1);
    w.host.set(path, content);
  };
  SECTION("in the middle") {
    spoil(full[1]);
    const Result<Durable> read = open(w.host);
    REQUIRE(!read);
    CHECK(read.error().message.find(full[1]) == 0);
  }
  SECTION("missing in the middle") {
    w.host.forget(full[1]);
    const Result<Durable> read = open(w.host);
    REQUIRE(!read);
    CHECK(read.error().message.find(full[1] + " is missing") == 0);
  }
  SECTION("emptied in the middle") {
    w.host.set(full[1], "");
    CHECK_FALSE(open(w.host));
  }
  SECTION("two copies of one record: a misdirected write") {
    w.host.set(full[1], *w.host.content(full[2]));
    CHECK_FALSE(open(w.host));
  }
  SECTION("the last one, torn") {
    const Bytes content = *w.host.content(full.back());
    w.host.set(full.back(), content.substr(0, 40));
    const Result<Durable> read = open(w.host);
    REQUIRE(read);
    CHECK(w.host.logged.back() == "store-log-cut");
  }
  SECTION("the last one, but a vote was written behind it") {
    {
      DurableLog log(w.host, "/store", owner);
      REQUIRE(now(log.open()));
      Persist vote;
      vote.ballot = raft::Ballot{Term(99), MemberId(1)};
      REQUIRE(now(log.write({vote})));
    }
    spoil(full.back());
    CHECK_FALSE(open(w.host));
    w.host.set(full.back(), "");
    const Result<Durable> read = open(w.host);
    REQUIRE(!read);
    CHECK(read.error().message.find("was durable once") != std::string::npos);
  }
}

TEST_CASE("another member's disk, another cluster's, or half of one is refused") {
  Written w;
  SECTION("another member") {
    DurableLog log(w.host, "/store", Owner{ClusterId(7), MemberId(3)});
    const Result<Durable> read = now(log.open());
    REQUIRE(!read);
    CHECK(read.error().message.find("belongs to member 2 of cluster 7") != std::string::npos);
  }
  SECTION("another cluster") {
    DurableLog log(w.host, "/store", Owner{ClusterId(8), MemberId(2)});
    CHECK_FALSE(now(log.open()));
  }
  SECTION("no vote") {
    w.host.forget("/store/vote");
    const Result<Durable> read = open(w.host);
    REQUIRE(!read);
    CHECK(read.error().code == ErrorCode::invalid);
  }
  SECTION("no snapshot") {
    w.host.forget("/store/snapshot");
    CHECK(open(w.host).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("a disk that fails says so") {
  Written w;
  DurableLog log(w.host, "/store", owner);
  REQUIRE(now(log.open()));
  w.host.dies_at = 0;
  Persist vote;
  vote.ballot = raft::Ballot{Term(99), MemberId(1)};
  const Result<> written = now(log.write({vote}));
  REQUIRE(!written);
  CHECK(written.error().code == ErrorCode::io_error);
  CHECK(open(w.host).error().code == ErrorCode::io_error);
}
