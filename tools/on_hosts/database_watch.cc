#include "tools/on_hosts/database_watch.h"

#include <sstream>

#include "engine/base/assert.h"

namespace heir::on_hosts {

namespace {

constexpr Duration pause = Duration::milliseconds(100);
constexpr Duration answer_limit = Duration::seconds(1);

// A primary's timeline by the name of the log that it writes: its control file has the old one until a checkpoint.
const char* const question =
    "SELECT pg_is_in_recovery(),"
    " CASE WHEN pg_is_in_recovery()"
    " THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver WHERE status = 'streaming'), 0)"
    " ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,"
    " (SELECT string_agg(host(client_addr) || ' ' || sync_state, ' ')"
    " FROM pg_stat_replication WHERE state = 'streaming')";

std::optional<DatabaseWords> words_of(const Answer& answer) {
  if (answer.kind != Answer::Kind::done || answer.rows.size() != 1) return std::nullopt;
  const auto& row = answer.rows.front();
  DatabaseWords words;
  words.in_recovery = row[0] == "t";
  words.timeline = row[1] ? std::stoull(*row[1]) : 0;
  std::istringstream followers(row[2].value_or(""));
  for (DatabaseWords::Follower each; followers >> each.address >> each.sync_state;) words.followers.push_back(each);
  return words;
}

std::string name_of(std::size_t place) {
  return "host" + std::to_string(place + 1);
}

}  // namespace

std::optional<ClusterView> view_of(const std::vector<std::optional<DatabaseWords>>& words,
                                   const std::vector<std::string>& addresses) {
  std::optional<std::size_t> primary;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] && !words[i]->in_recovery && (!primary || words[i]->timeline > words[*primary]->timeline)) primary = i;
  if (!primary) return std::nullopt;
  ClusterView view;
  view.generation = words[*primary]->timeline;
  view.primary = name_of(*primary);
  view.opened = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i] || !words[i]->in_recovery || words[i]->timeline != view.generation) continue;
    const auto is_sync = [&](const DatabaseWords::Follower& each) {
      return each.address == addresses[i] && (each.sync_state == "sync" || each.sync_state == "quorum");
    };
    const std::vector<DatabaseWords::Follower>& followers = words[*primary]->followers;
    // Of a quorum, the first stands for the one sync that the fault means.
    if (view.sync.empty() && std::any_of(followers.begin(), followers.end(), is_sync))
      view.sync = name_of(i);
    else
      view.async += (view.async.empty() ? "" : " ") + name_of(i);
  }
  return view;
}

DatabaseWatch::DatabaseWatch(const testbed::Container& host, std::vector<Access> databases)
    : host_(host), databases_(std::move(databases)), words_(databases_.size()) {
  for (const Access& database : databases_) addresses_.push_back(database.address);
  for (std::size_t i = 0; i < databases_.size(); ++i)
    threads_.emplace_back([this, i] {
      const Result<> entered = host_.in_network([&]() -> Result<> {
        ask(i);
        return {};
      });
      ASSERT(entered, "the operator's network can be entered");
    });
}

DatabaseWatch::~DatabaseWatch() {
  stop_.set();
  for (std::thread& thread : threads_) thread.join();
}

std::optional<ClusterView> DatabaseWatch::view() const {
  const std::lock_guard lock(mutex_);
  return view_of(words_, addresses_);
}

void DatabaseWatch::ask(std::size_t which) {
  std::unique_ptr<Session> session;
  while (!stop_.is_set()) {
    std::optional<DatabaseWords> words;
    if (!session) session = std::make_unique<Session>(databases_[which]);
    const Instant until = after(now_of_machine(), answer_limit);
    if (session->link() == Session::Link::ready || session->connect(until, stop_))
      words = words_of(session->execute(question, {}, until, stop_));
    if (!words) session.reset();
    {
      const std::lock_guard lock(mutex_);
      words_[which] = std::move(words);
    }
    sleep_until(after(now_of_machine(), pause), stop_);
  }
}

}  // namespace heir::on_hosts
