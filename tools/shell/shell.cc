#include "tools/shell/shell.h"

#include <algorithm>
#include <array>

#include "tools/shell/words.h"

namespace heir::shell {

using namespace failover;

struct Shell::Command {
  enum class Takes { words, rest };
  std::string name;
  std::string arguments;  ///< As help shows them.
  std::size_t least = 0;
  std::size_t most = 0;
  Takes takes = Takes::words;
  std::string does;
  Result<Json> (Shell::*handler)(const Given&);
};

namespace {

constexpr std::string_view blanks = " \t\r\v\f";

Result<PeerId> peer_named(std::string_view word) {
  if (const Result<> good = check_peer_name(word); !good) return good.error();
  return PeerId(std::string(word));
}

std::string count_of(std::size_t n) {
  static constexpr std::array<const char*, 3> names = {"no argument", "one argument", "two arguments"};
  return n < names.size() ? names[n] : std::to_string(n) + " arguments";
}

}  // namespace

std::span<const Shell::Command> Shell::commands() {
  constexpr auto words = Command::Takes::words;
  constexpr auto rest = Command::Takes::rest;
  static const std::vector<Command> all = {
      {"addpeer", "[NAME]", 0, 1, words, "a peer joins; without a name the next unused nodeN", &Shell::add_peer},
      {"rmpeer", "NAME", 1, 1, words, "a peer's session ends", &Shell::remove_peer},
      {"bootstrap", "[PRIMARY [SYNC]]", 0, 2, words, "sets up the cluster: generation 1, position 0",
       &Shell::bootstrap},
      {"startPeer", "", 0, 0, words, "starts the peer under test", &Shell::start_peer},
      {"catchUp", "", 0, 0, words, "the peer under test, a sync, receives everything", &Shell::catch_up},
      {"depose", "", 0, 0, words, "the scripted sync takes over", &Shell::depose},
      {"rebuild", "NAME", 1, 1, words, "a deposed peer is rebuilt", &Shell::rebuild},
      {"freeze", "", 0, 0, words, "freezes the cluster", &Shell::freeze},
      {"unfreeze", "", 0, 0, words, "ends a freeze", &Shell::unfreeze},
      {"promote", "JSON", 1, 1, rest,
       "requests a promotion: {\"id\", \"role\": \"sync\" or \"async\", \"asyncIndex\", \"generation\", \"expireIn\" "
       "(ms) or "
       "\"expireTime\"}",
       &Shell::promote},
      {"setClusterState", "JSON", 1, 1, rest, "writes a cluster state of the shape that peer prints",
       &Shell::set_cluster_state},
      {"wait", "DURATION", 1, 1, words, "lets virtual time pass: 300ms, 1.5s, 2min", &Shell::wait},
      {"peer", "", 0, 0, words, "prints the peer under test", &Shell::peer},
      {"db", "", 0, 0, words, "prints its database", &Shell::database},
      {"store", "", 0, 0, words, "prints the store: state, index, sessions, history", &Shell::store},
      {"lspeers", "", 0, 0, words, "prints the peers that have a session", &Shell::list_peers},
      {"ident", "", 0, 0, words, "prints the identity of the peer under test", &Shell::identity},
      {"echo", "TEXT", 0, 1, rest, "prints the text", &Shell::echo},
      {"help", "", 0, 0, words, "prints these lines", &Shell::help},
      {"exit", "", 0, 0, words, "ends the shell", &Shell::exit},
  };
  return all;
}

const Shell::Command* Shell::find(std::string_view name) {
  const std::string wanted = lower_case(name);
  const std::span<const Command> all = commands();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Command& c) { return lower_case(c.name) == wanted; });
  return found == all.end() ? nullptr : &*found;
}

std::optional<std::string> Shell::run(std::string_view line) {
  if (line.size() <= longest_line) {
    const std::size_t first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos || line[first] == '#') return std::nullopt;
  }
  Result<Json> answered = answer(line);
  const Json json = answered ? std::move(*answered) : Json{{"error", answered.error().message}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Json> Shell::answer(std::string_view line) {
  if (line.size() > longest_line)
    return Error{ErrorCode::invalid, "the line is longer than " + std::to_string(longest_line) + " bytes"};
  while (!line.empty() && blanks.find(line.back()) != std::string_view::npos) line.remove_suffix(1);
  if (const std::string defect = defect_of_text(line); !defect.empty()) return Error{ErrorCode::invalid, defect};

  const std::size_t begin = line.find_first_not_of(blanks);
  const std::size_t end = std::min(line.find_first_of(blanks, begin), line.size());
  const std::string_view name = line.substr(begin, end - begin);
  const Command* command = find(name);
  if (!command) {
    std::vector<std::string> known;
    for (const Command& each : commands()) known.push_back(each.name);
    const std::string near = did_you_mean(name, known);
    return Error{ErrorCode::invalid,
                 "unknown command " + in_quotes(name) + (near.empty() ? "; \"help\" lists the commands" : near)};
  }

  Given given;
  const std::size_t rest = std::min(line.find_first_not_of(blanks, end), line.size());
  given.rest = line.substr(rest);
  given.column = rest + 1;
  for (std::size_t at = rest; at < line.size();) {
    const std::size_t stop = std::min(line.find_first_of(blanks, at), line.size());
    given.words.push_back(line.substr(at, stop - at));
    at = std::min(line.find_first_not_of(blanks, stop), line.size());
    if (given.words.size() > command->most) break;
  }
  const std::string usage = command->name + (command->arguments.empty() ? "" : " " + command->arguments);
  if (given.words.size() < command->least)
    return Error{ErrorCode::invalid, "\"" + command->name + "\" needs an argument: " + usage};
  if (command->takes == Command::Takes::words && given.words.size() > command->most)
    return Error{ErrorCode::invalid, "\"" + command->name + "\" takes " + (command->most > 0 ? "at most " : "") +
                                         count_of(command->most) + ": " + in_quotes(given.words[command->most]) +
                                         " is superfluous"};
  return (this->*command->handler)(given);
}

std::vector<std::string> Shell::completions(std::string_view line) const {
  const std::size_t begin = std::min(line.find_first_not_of(blanks), line.size());
  const std::size_t gap = line.find_last_of(blanks);
  const std::size_t word = gap == std::string_view::npos || gap < begin ? begin : gap + 1;
  const std::string prefix = lower_case(line.substr(word));
  std::vector<std::string> found;
  const auto consider = [&](const std::string& name) {
    if (lower_case(name).starts_with(prefix)) found.push_back(name);
  };
  if (word == begin) {
    for (const Command& command : commands()) consider(command.name);
    return found;
  }
  const Command* command = find(line.substr(begin, line.find_first_of(blanks, begin) - begin));
  if (!command || command->takes == Command::Takes::rest || command->most == 0 || command->name == "wait") return found;
  for (const PeerId& peer : world_.seen()) consider(peer.value());
  return found;
}

Json Shell::state_after() const {
  return {{"ok", true}, {"state", state_document(world_.state())}};
}

Result<Json> Shell::add_peer(const Given& given) {
  std::optional<PeerId> name;
  if (!given.words.empty()) {
    Result<PeerId> named = peer_named(given.words[0]);
    if (!named) return named.error();
    name = *named;
  }
  const Result<PeerId> joined = world_.add_peer(name);
  if (!joined) return joined.error();
  return Json{{"ok", true}, {"peer", joined.value().value()}, {"peers", names_document(world_.members())}};
}

Result<Json> Shell::remove_peer(const Given& given) {
  const Result<PeerId> name = peer_named(given.words[0]);
  if (!name) return name.error();
  if (const Result<> done = world_.remove_peer(*name); !done) return done.error();
  return Json{{"ok", true}, {"peer", name.value().value()}, {"peers", names_document(world_.members())}};
}

Result<Json> Shell::bootstrap(const Given& given) {
  std::array<std::optional<PeerId>, 2> named;
  for (std::size_t i = 0; i < given.words.size(); ++i) {
    Result<PeerId> name = peer_named(given.words[i]);
    if (!name) return name.error();
    named[i] = *name;
  }
  if (const Result<> done = world_.bootstrap(named[0], named[1]); !done) return done.error();
  return state_after();
}

Result<Json> Shell::start_peer(const Given&) {
  if (const Result<> done = world_.start_peer(); !done) return done.error();
  return Json{{"ok", true}, {"role", to_string(world_.peer().role)}};
}

Result<Json> Shell::catch_up(const Given&) {
  if (const Result<> done = world_.catch_up(); !done) return done.error();
  return Json{{"ok", true}, {"position", world_.database().position()}};
}

Result<Json> Shell::depose(const Given&) {
  if (const Result<> done = world_.depose(); !done) return done.error();
  return state_after();
}

Result<Json> Shell::rebuild(const Given& given) {
  const Result<PeerId> name = peer_named(given.words[0]);
  if (!name) return name.error();
  if (const Result<> done = world_.rebuild(*name); !done) return done.error();
  return state_after();
}

Result<Json> Shell::freeze(const Given&) {
  if (const Result<> done = world_.freeze(); !done) return done.error();
  return state_after();
}

Result<Json> Shell::unfreeze(const Given&) {
  if (const Result<> done = world_.unfreeze(); !done) return done.error();
  return state_after();
}

Result<Json> Shell::promote(const Given& given) {
  const Result<Json> json = parse_object(given.rest, given.column);
  if (!json) return json.error();
  Result<PromoteRequest> request = read_promotion(*json, world_.wall());
  if (!request) return request.error();
  if (const Result<> done = world_.promote(std::move(*request)); !done) return done.error();
  return state_after();
}

Result<Json> Shell::set_cluster_state(const Given& given) {
  const Result<Json> json = parse_object(given.rest, given.column);
  if (!json) return json.error();
  Result<ClusterState> state = read_state(*json, world_.wall());
  if (!state) return state.error();
  if (const Result<> done = world_.set_state(std::move(*state)); !done) return done.error();
  return state_after();
}

Result<Json> Shell::wait(const Given& given) {
  const Result<Duration> duration = parse_duration(given.words[0]);
  if (!duration) return duration.error();
  world_.wait(*duration);
  return Json{{"ok", true}, {"now", heir::to_string(world_.now() - MonotonicTime())}};
}

Result<Json> Shell::peer(const Given&) {
  return peer_document(world_);
}
Result<Json> Shell::database(const Given&) {
  return database_document(world_);
}
Result<Json> Shell::store(const Given&) {
  return store_document(world_);
}
Result<Json> Shell::list_peers(const Given&) {
  return Json{{"peers", names_document(world_.members())}};
}
Result<Json> Shell::identity(const Given&) {
  return Json{{"id", world_.setup().peer.value()}};
}
Result<Json> Shell::echo(const Given& given) {
  return Json{{"echo", given.rest}};
}

Result<Json> Shell::help(const Given&) {
  Json lines = Json::array();
  for (const Command& command : commands())
    lines.push_back({{"command", command.name}, {"arguments", command.arguments}, {"does", command.does}});
  return Json{{"commands", std::move(lines)}};
}

Result<Json> Shell::exit(const Given&) {
  finished_ = true;
  return Json{{"ok", true}};
}

}  // namespace heir::shell
