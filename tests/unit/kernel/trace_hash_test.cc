#include "sim/kernel/trace_hash.h"

#include <catch2/catch.hpp>

using namespace heir::sim;

namespace {

/// A run of so many events, of which one may be different.
TraceHash run_of(std::uint64_t events, std::uint64_t different = 0) {
  TraceHash hash(1);
  for (std::uint64_t i = 1; i <= events; ++i) {
    hash.event(VirtualTime::from_ns(static_cast<std::int64_t>(i) * 10), 3, 1, i == different ? 999 : 5);
  }
  return hash;
}

}  // namespace

TEST_CASE("every part of an event enters the hash") {
  const auto hash_of = [](std::int64_t time, std::uint32_t target, std::uint32_t kind, std::uint64_t argument) {
    TraceHash hash(1);
    hash.event(VirtualTime::from_ns(time), target, kind, argument);
    return hash.value();
  };
  const std::uint64_t original = hash_of(1, 2, 3, 4);
  CHECK(original == hash_of(1, 2, 3, 4));
  CHECK(original != hash_of(2, 2, 3, 4));
  CHECK(original != hash_of(1, 3, 3, 4));
  CHECK(original != hash_of(1, 2, 4, 4));
  CHECK(original != hash_of(1, 2, 3, 5));
  CHECK(original != hash_of(1, 3, 2, 4));
  TraceHash mixed = TraceHash(1);
  mixed.mix(0);
  CHECK(mixed.value() != TraceHash(1).value());
  CHECK(TraceHash(1).value() != TraceHash(2).value());
}

TEST_CASE("the order of events enters the hash") {
  TraceHash a(1);
  a.event(VirtualTime(), 1, 1, 1);
  a.event(VirtualTime(), 2, 1, 1);
  TraceHash b(1);
  b.event(VirtualTime(), 2, 1, 1);
  b.event(VirtualTime(), 1, 1, 1);
  CHECK(a.value() != b.value());
}

TEST_CASE("checkpoints stay bounded and agree with a shorter run's") {
  const TraceHash run = run_of(20'000);
  const Checkpoints& checkpoints = run.checkpoints();
  CHECK(checkpoints.hashes.size() <= TraceHash::kMostCheckpoints);
  CHECK(checkpoints.hashes.size() > TraceHash::kMostCheckpoints / 4);
  CHECK(checkpoints.interval() == 8);
  for (std::size_t i = 0; i < checkpoints.hashes.size(); i += 171) {
    REQUIRE(checkpoints.hashes[i] == run_of((i + 1) * checkpoints.interval()).value());
  }
}

TEST_CASE("the first difference of two runs is found") {
  const std::uint64_t events = GENERATE(100U, 5'000U, 40'000U);
  const std::uint64_t different = GENERATE(1U, 2U, 64U, 65U, 99U, 3'000U, 4'097U, 30'001U);
  if (different >= events) return;
  const TraceHash a = run_of(events);
  const TraceHash b = run_of(events, different);
  const auto range = first_difference(a.checkpoints(), b.checkpoints());
  // What follows the last checkpoint is not compared.
  if (different > a.checkpoints().hashes.size() * a.checkpoints().interval()) {
    CHECK(range == std::nullopt);
    return;
  }
  REQUIRE(range);
  CHECK(range->after < different);
  CHECK(different <= range->upto);
  CHECK(range->upto - range->after == a.checkpoints().interval());
}

TEST_CASE("runs of different lengths are compared where both have been") {
  const TraceHash longer = run_of(40'000);
  CHECK(first_difference(longer.checkpoints(), run_of(100).checkpoints()) == std::nullopt);
  CHECK(first_difference(longer.checkpoints(), longer.checkpoints()) == std::nullopt);
  CHECK(first_difference(longer.checkpoints(), {}) == std::nullopt);
  const auto range = first_difference(run_of(3'000, 1'500).checkpoints(), longer.checkpoints());
  REQUIRE(range);
  CHECK(range->after < 1'500);
  CHECK(range->upto >= 1'500);
  CHECK(range->upto - range->after == longer.checkpoints().interval());
}
