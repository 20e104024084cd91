#include "tests/conformance/postgresql/transcript.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "engine/databases/postgresql/catalogue.h"
#include "tests/conformance/postgresql/steps.h"

namespace heir::conformance {

namespace {

using namespace postgresql;

constexpr std::array differences{
    Difference{"full disk: a write that needs a new part of the log: failed, error 53100, connection lost",
               "full disk: a write that needs a new part of the log: failed, connection lost",
               "a simulated server that panics says nothing to its clients"},
};

constexpr std::string_view our_name = "conformance";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Addresses of peers by the peer's number.
std::string without_addresses(World& world, std::string text) {
  for (int peer = 0; peer < 3; ++peer) {
    const std::string address = world.config(peer).listen.value();
    const std::size_t colon = address.rfind(':');
    text = replaced(text, "host='" + address.substr(0, colon) + "' port='" + address.substr(colon + 1) + "'",
                    "peer " + std::to_string(peer));
  }
  return text;
}

/// `columns` has a letter for each column: v as it is, p present or NULL, a with addresses.
std::string words(World& world, const Result<Rows>& rows, std::string_view columns) {
  if (!rows) return std::string(to_string(rows.error().code));
  std::string text;
  for (const Row& row : *rows) {
    if (!text.empty()) text += "; ";
    if (row.size() != columns.size()) text += "(" + std::to_string(row.size()) + " columns) ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += " | ";
      const char kind = i < columns.size() ? columns[i] : 'v';
      if (kind == '?')  // depends on the moment
        text += "any";
      else if (!row[i])
        text += "NULL";
      else
        text += kind == 'p' ? "some" : kind == 'a' ? without_addresses(world, *row[i]) : *row[i];
    }
  }
  return text.empty() ? "no rows" : text;
}

/// The startup process works for moments even when there is nothing for it to do.
bool recovery_is_settled(const Rows& rows) {
  return rows.front()[0] == "f" || rows.front()[4].has_value();
}

/// A standby that has just connected has not reported yet.
bool replicas_are_settled(const Rows& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const Row& row) {
    return row[1] == "streaming" &&
           std::all_of(row.begin() + 3, row.end(), [](const auto& cell) { return cell.has_value(); });
  });
}

/// Asks until the answer is settled, for some seconds.
Task<Result<Rows>> ask_until(Host& host, SqlSession& session, Statement (*question)(), bool (*settled)(const Rows&)) {
  for (int i = 0;; ++i) {
    Statement statement = question();
    Result<Rows> rows = co_await session.execute(std::move(statement));
    if (!rows || settled(*rows) || i == 200) co_return rows;
    co_await host.sleep(Duration::milliseconds(20));
  }
}

}  // namespace

std::span<const Difference> known_differences() {
  return differences;
}

std::string lineage(const Position& position) {
  std::string text;
  for (const Branch& branch : position.lineage) {
    if (!text.empty()) text += ' ';
    text += std::to_string(branch.timeline);
    if (branch.promotion != 0) text += "#" + std::to_string(branch.promotion);
  }
  return text;
}

Task<std::vector<std::string>> snapshot(World& world, int peer, std::string_view when) {
  const std::string head = std::string(when) + ", peer " + std::to_string(peer) + ": ";
  std::vector<std::string> lines;
  SqlEndpoint endpoint;
  endpoint.server = world.config(peer).listen;
  endpoint.database = "postgres";
  endpoint.user = world.config(peer).superuser;
  endpoint.application_name = std::string(our_name);
  Result<std::unique_ptr<SqlSession>> opened = co_await world.host(peer).open_session(endpoint);
  if (!opened) {
    lines.push_back(head + "no session: " + std::string(to_string(opened.error().code)));
    co_return lines;
  }
  SqlSession& session = **opened;
  const auto tell = [&](std::string_view name, const Result<Rows>& rows, std::string_view columns) {
    lines.push_back(head + std::string(name) + ": " + words(world, rows, columns));
  };
  Statement prepare = catalogue::prepare_session();
  const Result<Rows> prepared = co_await session.execute(std::move(prepare));
  tell(catalogue::name::prepare_session, prepared, "vvvvvv");
  const Result<Rows> recovery =
      co_await ask_until(world.host(peer), session, catalogue::recovery_state, recovery_is_settled);
  tell(catalogue::name::recovery_state, recovery, "vpppvva");
  const Result<Rows> replicas =
      co_await ask_until(world.host(peer), session, catalogue::replicas, replicas_are_settled);
  tell(catalogue::name::replicas, replicas, "vvvpppp");
  Statement timeline = catalogue::timeline();
  const Result<Rows> now = co_await session.execute(std::move(timeline));
  tell(catalogue::name::timeline, now, "v");

  struct Question {
    Statement statement;
    std::string_view columns;
  };
  std::vector<Question> questions;
  const std::uint64_t number = now && !now->empty() && now->front()[0] ? std::stoull(*now->front()[0]) : 0;
  if (number > 1) questions.push_back({catalogue::timeline_history(number), "vp"});
  questions.push_back({catalogue::timeline_history(99), "vp"});
  questions.push_back({catalogue::promotions_kept(), "v"});
  questions.push_back({catalogue::promotions(), "vv"});
  questions.push_back({catalogue::settings(), "va"});
  questions.push_back({catalogue::slots(), "vvp"});
  questions.push_back({catalogue::busy_clients(our_name), "v"});
  questions.push_back({catalogue::copied(), "v"});
  questions.push_back({catalogue::stream(), "v?"});
  questions.push_back({catalogue::waits_for_sync(0), "v"});
  questions.push_back({catalogue::drop_slot("heir_nobody"), "v"});
  for (const int other : {0, 1, 2}) {
    const PeerId id = world.config(other).self;
    questions.push_back({catalogue::observe(id.value(), "", 0), "vpppppvpvvvppvpv"});
  }
  for (Question& question : questions) {
    const std::string_view name = question.statement.name;
    const Result<Rows> rows = co_await session.execute(std::move(question.statement));
    tell(name, rows, question.columns);
  }
  co_return lines;
}

std::vector<std::string> compare(const std::vector<std::string>& recorded, const std::vector<std::string>& seen,
                                 Server server) {
  std::vector<std::string> told;
  std::vector<std::string> expected = recorded;
  const auto is_of_full_disk = [](std::string_view line) { return line.starts_with(full_disk_lines); };
  const bool has_full_disk = std::any_of(recorded.begin(), recorded.end(), is_of_full_disk);
  for (const Difference& difference : known_differences()) {
    bool used = false;
    for (std::string& line : expected) {
      if (line != difference.real) continue;
      used = true;
      if (server == Server::simulated) line = difference.simulated;
    }
    if (!used && (has_full_disk || !is_of_full_disk(difference.real)))
      told.push_back("a known difference that the recorded transcript does not have: " + std::string(difference.real));
  }
  for (std::size_t i = 0; i < std::max(expected.size(), seen.size()); ++i) {
    const std::string there = i < expected.size() ? expected[i] : "(nothing more)";
    const std::string here = i < seen.size() ? seen[i] : "(nothing more)";
    if (there != here)
      told.push_back("line " + std::to_string(i + 1) + "\n  expected " + there + "\n  seen     " + here);
  }
  return told;
}

Result<std::vector<std::string>> read_lines(const std::string& path) {
  std::ifstream file(path);
  if (!file) return {ErrorCode::not_found, path};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace heir::conformance
