// The tables of a results database, version 3. The texts are what SQLite keeps, comments included: `.schema` in the
// sqlite3 shell shows them.
#pragma once

#include <cstdint>

namespace heir::tools {

inline constexpr std::uint32_t results_application = 0x68656972;  ///< "heir": SQLite's application_id.
inline constexpr std::uint32_t results_version = 3;               ///< SQLite's user_version.

inline constexpr const char* results_schema = R"sql(
CREATE TABLE campaigns (
  id INTEGER PRIMARY KEY,
  heir TEXT NOT NULL,        -- version that ran it
  overrides TEXT NOT NULL,   -- --set, one a line
  first_seed INTEGER NOT NULL,
  last_seed INTEGER,         -- NULL: seeds go on as long as there is time
  shard INTEGER NOT NULL,    -- every shards-th seed, beginning with the shard-th
  shards INTEGER NOT NULL,
  seconds INTEGER,           -- --for; NULL: until all seeds were run
  stop_on INTEGER NOT NULL,  -- failed runs that end it; 0: none do
  began INTEGER NOT NULL,    -- seconds since 1970
  active_seconds REAL NOT NULL DEFAULT 0,  -- time that it has run
  canary TEXT NOT NULL DEFAULT '',         -- what became of the canary
  guided INTEGER NOT NULL,   -- 1: which runs are done follows what earlier ones reached
  ended TEXT                 -- complete, stopped, interrupted, out-of-space, canary-lived; NULL: under way, or killed
);
CREATE TABLE scenarios (
  id INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaigns,
  path TEXT NOT NULL,        -- as it was named
  text TEXT NOT NULL,        -- canonical, with what was overridden
  UNIQUE (campaign, path)
);
CREATE TABLE runs (
  scenario INTEGER NOT NULL REFERENCES scenarios,
  seed INTEGER NOT NULL,     -- a 64-bit pattern, as all seeds and hashes: above 2^63 it shows as a negative number
  verdict TEXT NOT NULL,     -- pass, fail, unknown
  reason TEXT,               -- one sentence; NULL for pass
  trace_hash INTEGER NOT NULL,
  events INTEGER NOT NULL,
  virtual_ns INTEGER NOT NULL,
  wall_ns INTEGER NOT NULL,  -- real time, verdict included
  ok INTEGER NOT NULL,       -- operations of clients that succeeded,
  failed INTEGER NOT NULL,   -- that failed,
  unknown INTEGER NOT NULL,  -- and whose outcome nobody learnt
  failovers INTEGER NOT NULL,
  generations INTEGER NOT NULL,
  outages INTEGER NOT NULL,  -- times of 500 ms and more without an acknowledged write
  longest_outage_ns INTEGER NOT NULL,
  total_outage_ns INTEGER NOT NULL,
  run_seed INTEGER NOT NULL, -- that it was run with: its seed, but in guided search mostly that of another run,
  vary TEXT NOT NULL,        -- from which it varies so: 41.2s/9 50s/3, as the scenario's key `vary`
  PRIMARY KEY (scenario, seed)
) WITHOUT ROWID;
CREATE TABLE failures (
  id INTEGER PRIMARY KEY,
  scenario INTEGER NOT NULL REFERENCES scenarios,
  seed INTEGER NOT NULL,
  kind TEXT NOT NULL,        -- lost-write, stale-read, ...
  message TEXT NOT NULL,
  at_ns INTEGER NOT NULL     -- virtual time
);
CREATE INDEX failures_by_run ON failures (scenario, seed);
CREATE TABLE tallies (       -- what a report asks of the runs, kept up with them
  scenario INTEGER NOT NULL REFERENCES scenarios,
  verdict TEXT NOT NULL,
  runs INTEGER NOT NULL,
  virtual_ns INTEGER NOT NULL,
  wall_ns INTEGER NOT NULL,
  events INTEGER NOT NULL,
  failovers INTEGER NOT NULL,
  longest_outage_ns INTEGER NOT NULL,
  PRIMARY KEY (scenario, verdict)
) WITHOUT ROWID;
CREATE TABLE probes (
  scenario INTEGER NOT NULL REFERENCES scenarios,
  name TEXT NOT NULL,
  rare INTEGER NOT NULL,     -- 1: a campaign may go by without it
  runs INTEGER NOT NULL,     -- in which it was hit
  hits INTEGER NOT NULL,
  PRIMARY KEY (scenario, name)
) WITHOUT ROWID;
CREATE TABLE phases (        -- how long steps of failovers took, and times without an acknowledged write
  scenario INTEGER NOT NULL REFERENCES scenarios,
  phase TEXT NOT NULL,       -- detect, decide, promote, open, serve, failover; unavailable
  bucket_ns INTEGER NOT NULL,   -- the least time in the bucket, which is a thirty-second of it wide at most
  count INTEGER NOT NULL,
  greatest_ns INTEGER NOT NULL,
  PRIMARY KEY (scenario, phase, bucket_ns)
) WITHOUT ROWID;
CREATE TABLE endured (       -- faults that runs bore which passed
  scenario INTEGER NOT NULL REFERENCES scenarios,
  fault TEXT NOT NULL,       -- its kind: pause, clock-step, ...
  runs INTEGER NOT NULL,     -- in which it struck
  strikes INTEGER NOT NULL,
  longest_ns INTEGER NOT NULL,  -- 0: it struck once, and was over
  greatest INTEGER NOT NULL, -- ns that a clock was set by, parts per billion that its rate was off; 0 of other kinds
  PRIMARY KEY (scenario, fault)
) WITHOUT ROWID;
CREATE TABLE features (      -- what runs of guided search reached
  scenario INTEGER NOT NULL REFERENCES scenarios,
  feature TEXT NOT NULL,     -- a probe with how often it was hit, or an extreme, in powers of two
  runs INTEGER NOT NULL,     -- that did
  PRIMARY KEY (scenario, feature)
) WITHOUT ROWID;
CREATE TABLE corpus (        -- runs that guided search goes on from
  scenario INTEGER NOT NULL REFERENCES scenarios,
  feature TEXT NOT NULL,     -- what the run reached
  seed INTEGER NOT NULL,
  PRIMARY KEY (scenario, feature, seed)
) WITHOUT ROWID;
CREATE TABLE mutants (       -- planted bugs: how many seeds it takes to find each
  campaign INTEGER NOT NULL REFERENCES campaigns,
  mutant TEXT NOT NULL,
  strategy TEXT NOT NULL,    -- random, swarm, guided
  trial INTEGER NOT NULL,
  seeds INTEGER NOT NULL,    -- that were run
  found_kind TEXT,           -- NULL: not found with so many
  PRIMARY KEY (campaign, mutant, strategy, trial)
) WITHOUT ROWID;
)sql";

}  // namespace heir::tools
