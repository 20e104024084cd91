#include "tests/story/raft/world.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "engine/base/match.h"
#include "tests/story/raft/describe.h"

namespace heir::story {

using namespace raft;
using raft::Message;

namespace {

std::string name(MemberId id) {
  return std::to_string(id.value());
}

/// As if random: timeouts that differ by a fixed pattern can split votes for ever.
std::uint32_t jitter(MemberId id, std::uint32_t round) {
  std::uint64_t mixed = id.value() * 0x9e37'79b9'7f4a'7c15 + round;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11eb;
  return static_cast<std::uint32_t>(mixed >> 33);
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : between) + part;
  return all;
}

}  // namespace

std::string Move::text() const {
  std::string all = verb;
  for (const std::string& word : words) all += " " + word;
  return all;
}

Move parse_move(const std::string& line) {
  std::istringstream in(line);
  Move move;
  in >> move.verb;
  for (std::string word; in >> word;) move.words.push_back(word);
  return move;
}

RaftWorld::RaftWorld(RaftWorldOptions options) : options_(std::move(options)) {
  std::vector<Member> voters;
  for (int i = 1; i <= options_.voters; ++i)
    voters.push_back({MemberId(static_cast<std::uint64_t>(i)), Address("host" + std::to_string(i)), true});
  const Configuration configuration = make_configuration(voters);
  for (const Member& member : configuration.members) {
    Node made;
    made.slow = options_.slow_disks;
    made.disk = make_durable(configuration);
    Options of = options_.raft;
    of.self = member.id;
    made.raft = raft::restore(of, made.disk);
    invariants_.restored(made.raft);
    nodes_.emplace(member.id, std::move(made));
  }
}

// ---- What a member's output brings about ----

bool RaftWorld::feed(Node& node, Input input) {
  invariants_.watch(node.raft);
  const std::string before = summary(node);
  Output output = step(node.raft, std::move(input));
  if (const std::string after = summary(node); after != before) say(name(node.raft.options.self) + " is " + after);
  carry_out(node, std::move(output));
  return true;
}

void RaftWorld::carry_out(Node& node, Output output) {
  const MemberId self = node.raft.options.self;
  const std::string me = name(self);
  if (output.refused)
    say(me + " refuses: " + to_string(*output.refused) + (output.why.empty() ? "" : ": " + output.why));
  if (output.forgot)
    say(me + " has lost what it acknowledged: it has " + std::to_string(output.forgot->last.number()) + " of " +
        std::to_string(output.forgot->acknowledged.number()));
  // The invariants see the disks as they are when the step is over: what a fast disk takes in comes after it.
  std::map<MemberId, const Durable*> disks;
  std::vector<const Raft*> running;
  for (const auto& [id, other] : nodes_) {
    disks.emplace(id, &other.disk);
    if (other.up) running.push_back(&other.raft);
  }
  invariants_.check(node.raft, output, disks, running);
  if (output.persist) {
    whisper(me + " writes #" + std::to_string(output.persist->id) + ": " + to_text(*output.persist));
    node.writing.push_back(std::move(*output.persist));
  }
  for (Outgoing& outgoing : output.messages) {
    if (outgoing.after == 0) {
      send(node, std::move(outgoing.message));
    } else {
      whisper(me + " > " + name(outgoing.message.to) + ": " + to_text(outgoing.message.body) + " (after #" +
              std::to_string(outgoing.after) + ")");
      node.held.push_back(std::move(outgoing));
    }
  }
  if (output.install) {
    node.machine.clear();
    std::istringstream in(output.install->state);
    for (std::string command; std::getline(in, command);) node.machine.push_back(command);
    node.applied = output.install->last.index;
    say(me + " installs the snapshot of " + to_text(output.install->last));
  }
  for (const Applicable& a : output.apply) apply(node, a);
  for (const ReadOutcome& read : output.reads) {
    if (read.index) invariants_.answered(read.id, reads_[read.id], *read.index);
    say(me + (read.index ? " answers read " + std::to_string(read.id) + " at " + std::to_string(read.index->number())
                         : " does not answer read " + std::to_string(read.id)));
  }
  if (!node.slow)
    while (sync_one(node)) continue;
}

void RaftWorld::apply(Node& node, const Applicable& a) {
  node.applied = a.index;
  if (const auto* command = std::get_if<Command>(&a.entry.payload)) node.machine.push_back(command->bytes);
  say(name(node.raft.options.self) + " applies " + to_text(EntryId{a.index, a.entry.term}) + " " +
      to_text(a.entry.payload));
}

void RaftWorld::send(Node& node, Message message) {
  invariants_.sent(message);
  whisper(name(node.raft.options.self) + " > " + name(message.to) + ": " + to_text(message.body));
  if (!cuts_.contains({message.from, message.to})) network_.push_back(std::move(message));
}

bool RaftWorld::sync_one(Node& node) {
  if (node.writing.empty()) return false;
  const Persist persist = std::move(node.writing.front());
  node.writing.pop_front();
  raft::carry_out(node.disk, persist);
  if (node.slow) whisper(name(node.raft.options.self) + " has written #" + std::to_string(persist.id));
  std::vector<Outgoing> held = std::exchange(node.held, {});
  for (Outgoing& outgoing : held) {
    if (outgoing.after > persist.id)
      node.held.push_back(std::move(outgoing));
    else if (node.slow)
      send(node, std::move(outgoing.message));
    else if (invariants_.sent(outgoing.message); !cuts_.contains({outgoing.message.from, outgoing.message.to}))
      network_.push_back(std::move(outgoing.message));
  }
  return feed(node, Persisted{persist.id});
}

void RaftWorld::say(const std::string& line) {
  if (trace_on_) trace_ += line + "\n";
}

void RaftWorld::whisper(const std::string& line) {
  if (!brief_) say(line);
}

std::string RaftWorld::take_trace() {
  return std::exchange(trace_, {});
}

std::string RaftWorld::summary(const Node& node) const {
  std::string all = to_string(node.raft.role);
  all += " in term " + std::to_string(node.raft.ballot.term.number());
  if (const auto* follower = std::get_if<Follower>(&node.raft.role); follower && follower->leader)
    all += " of " + name(*follower->leader);
  return all;
}

// ---- Words ----

std::uint64_t RaftWorld::number(const Move& move, std::size_t word, std::uint64_t otherwise) const {
  if (word >= move.words.size()) return otherwise;
  std::uint64_t value = otherwise;
  const std::string& text = move.words[word];
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<MemberId> RaftWorld::id(const Move& move, std::size_t word) const {
  const std::uint64_t value = number(move, word, 0);
  return value == 0 ? std::nullopt : std::optional(MemberId(value));
}

RaftWorld::Node* RaftWorld::node(const Move& move, std::size_t word) {
  const auto which = id(move, word);
  const auto found = which ? nodes_.find(*which) : nodes_.end();
  return found == nodes_.end() ? nullptr : &found->second;
}

RaftWorld::Node* RaftWorld::up(const Move& move, std::size_t word) {
  Node* found = node(move, word);
  return found && found->up ? found : nullptr;
}

/// FROM TO [N]: the Nth message under way between two members, 1 being the oldest.
std::vector<Message>::iterator RaftWorld::find_message(const Move& move) {
  const auto from = id(move, 0);
  const auto to = id(move, 1);
  std::uint64_t left = number(move, 2, 1);
  return std::find_if(network_.begin(), network_.end(),
                      [&](const Message& m) { return m.from == from && m.to == to && --left == 0; });
}

// ---- Steps ----

const std::map<std::string, RaftWorld::Step>& RaftWorld::steps() {
  static const std::map<std::string, Step> all = {{"tick", &RaftWorld::tick},
                                                  {"campaign", &RaftWorld::campaign},
                                                  {"propose", &RaftWorld::propose},
                                                  {"read", &RaftWorld::read},
                                                  {"add", &RaftWorld::add},
                                                  {"promote", &RaftWorld::promote},
                                                  {"demote", &RaftWorld::demote},
                                                  {"remove", &RaftWorld::remove},
                                                  {"transfer", &RaftWorld::transfer},
                                                  {"snapshot", &RaftWorld::snapshot},
                                                  {"deliver", &RaftWorld::deliver},
                                                  {"exchange", &RaftWorld::exchange},
                                                  {"elect", &RaftWorld::elect},
                                                  {"drop", &RaftWorld::drop},
                                                  {"drop-all", &RaftWorld::drop_all},
                                                  {"repeat", &RaftWorld::repeat},
                                                  {"sync", &RaftWorld::sync},
                                                  {"slow", &RaftWorld::slow},
                                                  {"fast", &RaftWorld::fast},
                                                  {"crash", &RaftWorld::crash},
                                                  {"restart", &RaftWorld::restart},
                                                  {"cut", &RaftWorld::cut},
                                                  {"partition", &RaftWorld::partition},
                                                  {"join", &RaftWorld::join},
                                                  {"state", &RaftWorld::show_state},
                                                  {"log", &RaftWorld::show_log},
                                                  {"machine", &RaftWorld::show_machine},
                                                  {"messages", &RaftWorld::show_messages}};
  return all;
}

bool RaftWorld::move(const Move& move) {
  const auto found = steps().find(move.verb);
  return found != steps().end() && (this->*found->second)(move);
}

/// M [COUNT [JITTER]]
bool RaftWorld::tick(const Move& move) {
  Node* at = up(move);
  if (!at) return false;
  const auto jitter = static_cast<std::uint32_t>(number(move, 2, 0));
  for (std::uint64_t left = number(move, 1, 1); left > 0; --left) feed(*at, Tick{jitter});
  return true;
}

bool RaftWorld::campaign(const Move& move) {
  Node* at = up(move);
  return at && feed(*at, Campaign{});
}

/// M [TEXT]
bool RaftWorld::propose(const Move& move) {
  Node* at = up(move);
  if (!at) return false;
  std::string text = move.words.size() > 1 ? joined({move.words.begin() + 1, move.words.end()}, " ")
                                           : "w" + std::to_string(++last_command_);
  return feed(*at, Propose{std::move(text)});
}

bool RaftWorld::read(const Move& move) {
  Node* at = up(move);
  if (!at) return false;
  reads_[++last_read_] = invariants_.committed();
  return feed(*at, Read{last_read_});
}

bool RaftWorld::change(const Move& move, const Change& change) {
  Node* at = up(move);
  return at && feed(*at, ChangeMembership{change});
}

/// M ID: asks M to add a learner. Its host is set up at the first time, with an empty disk.
bool RaftWorld::add(const Move& move) {
  const auto added = id(move, 1);
  if (!added || !up(move)) return false;
  if (!nodes_.contains(*added)) {
    Node made;
    made.slow = options_.slow_disks;
    Options of = options_.raft;
    of.self = *added;
    made.raft = raft::restore(of, made.disk);
    invariants_.restored(made.raft);
    nodes_.emplace(*added, std::move(made));
  }
  return change(move, AddLearner{*added, Address("host" + name(*added))});
}

bool RaftWorld::promote(const Move& move) {
  const auto who = id(move, 1);
  return who && change(move, Promote{*who});
}
bool RaftWorld::demote(const Move& move) {
  const auto who = id(move, 1);
  return who && change(move, Demote{*who});
}
bool RaftWorld::remove(const Move& move) {
  const auto who = id(move, 1);
  return who && change(move, Remove{*who});
}

/// M [TO]
bool RaftWorld::transfer(const Move& move) {
  Node* at = up(move);
  return at && feed(*at, TransferLeadership{id(move, 1)});
}

bool RaftWorld::snapshot(const Move& move) {
  Node* at = up(move);
  if (!at || at->applied <= at->raft.log.snapshot().last.index) return false;
  return feed(*at, SnapshotTaken{at->applied, joined(at->machine, "\n")});
}

/// FROM TO [N]; what comes to a member that is down is lost.
bool RaftWorld::deliver(const Move& move) {
  const auto found = find_message(move);
  if (found == network_.end()) return false;
  Message message = std::move(*found);
  network_.erase(found);
  Node& to = nodes_.at(message.to);
  if (!to.up || cuts_.contains({message.from, message.to})) return true;
  whisper(name(message.to) + " < " + name(message.from) + ": " + to_text(message.body));
  return feed(to, std::move(message));
}

/// A B [N]: both write what they have to, and N messages between them, or all, are delivered.
bool RaftWorld::exchange(const Move& move) {
  Node* one = up(move);
  Node* other = up(move, 1);
  if (!one || !other || one == other) return false;
  const MemberId a = one->raft.options.self;
  const MemberId b = other->raft.options.self;
  std::uint64_t left = number(move, 2, 1000);
  bool any = false;
  while (true) {
    while (sync_one(*one) || sync_one(*other)) any = true;
    const auto found = std::find_if(network_.begin(), network_.end(), [&](const Message& m) {
      return (m.from == a && m.to == b) || (m.from == b && m.to == a);
    });
    if (left-- == 0 || found == network_.end()) return any;
    any = true;
    const std::string from = name(found->from);
    const std::string to = name(found->to);
    deliver(Move{"deliver", {from, to}});
  }
}

/// M A B …: the others forget their leader, and M asks them for their votes; nothing but that is delivered.
bool RaftWorld::elect(const Move& move) {
  Node* at = up(move);
  if (!at || leads(at->raft)) return false;
  const MemberId self = at->raft.options.self;
  std::set<MemberId> others;
  for (std::size_t i = 1; i < move.words.size(); ++i) {
    Node* other = up(move, i);
    if (!other || other == at || !others.insert(other->raft.options.self).second) return false;
    const std::uint32_t election = options_.raft.election_ticks;
    for (std::uint32_t left = election; left > 0 && !leads(other->raft); --left) feed(*other, Tick{election - 1});
  }
  const auto is_about_votes = [&](const Message& m) {
    const bool between = (m.from == self && others.contains(m.to)) || (m.to == self && others.contains(m.from));
    return between && m.term >= at->raft.ballot.term &&
           (std::holds_alternative<PreVoteRequest>(m.body) || std::holds_alternative<PreVoteReply>(m.body) ||
            std::holds_alternative<VoteRequest>(m.body) || std::holds_alternative<VoteReply>(m.body) ||
            std::holds_alternative<TermOver>(m.body));
  };
  for (int rounds = 3; rounds > 0 && !leads(at->raft); --rounds) {
    feed(*at, Campaign{});
    while (!leads(at->raft)) {
      while (sync_one(*at)) continue;
      for (const MemberId id : others)
        while (sync_one(nodes_.at(id))) continue;
      const auto found = std::find_if(network_.begin(), network_.end(), is_about_votes);
      if (found == network_.end()) break;
      Message message = std::move(*found);
      network_.erase(found);
      whisper(name(message.to) + " < " + name(message.from) + ": " + to_text(message.body));
      feed(nodes_.at(message.to), std::move(message));
    }
  }
  return true;
}

bool RaftWorld::drop(const Move& move) {
  const auto found = find_message(move);
  if (found == network_.end()) return false;
  network_.erase(found);
  return true;
}

bool RaftWorld::drop_all(const Move&) {
  network_.clear();
  return true;
}

bool RaftWorld::repeat(const Move& move) {
  const auto found = find_message(move);
  if (found == network_.end() || network_.size() > 60) return false;
  network_.push_back(Message(*found));
  return true;
}

bool RaftWorld::sync(const Move& move) {
  Node* at = up(move);
  return at && sync_one(*at);
}

bool RaftWorld::slow(const Move& move) {
  Node* at = node(move);
  if (at) at->slow = true;
  return at != nullptr;
}

bool RaftWorld::fast(const Move& move) {
  Node* at = node(move);
  if (!at) return false;
  at->slow = false;
  while (at->up && sync_one(*at)) continue;
  return true;
}

bool RaftWorld::crash(const Move& move) {
  Node* at = up(move);
  if (!at) return false;
  at->up = false;
  at->writing.clear();
  at->held.clear();
  at->machine.clear();
  return true;
}

bool RaftWorld::restart(const Move& move) {
  Node* at = node(move);
  if (!at || at->up) return false;
  at->up = true;
  at->raft = raft::restore(at->raft.options, at->disk);
  at->applied = at->raft.applied;
  std::istringstream in(at->disk.snapshot.state);
  for (std::string command; std::getline(in, command);) at->machine.push_back(command);
  say(name(at->raft.options.self) + " is " + summary(*at) + ", log ends " + to_text(at->raft.log.last()));
  invariants_.restored(at->raft);
  return true;
}

/// FROM TO: nothing gets from the one to the other.
bool RaftWorld::cut(const Move& move) {
  const auto from = id(move, 0);
  const auto to = id(move, 1);
  return from && to && from != to && cuts_.insert({*from, *to}).second;
}

/// A B … | C D …: members of different groups do not hear each other.
bool RaftWorld::partition(const Move& move) {
  cuts_.clear();
  std::map<MemberId, int> group;
  int groups = 0;
  for (std::size_t i = 0; i < move.words.size(); ++i) {
    if (move.words[i] == "|")
      ++groups;
    else if (const auto member = id(move, i))
      group[*member] = groups;
  }
  for (const auto& [from, of] : group)
    for (const auto& [to, other] : group)
      if (of != other) cuts_.insert({from, to});
  return !cuts_.empty();
}

bool RaftWorld::join(const Move&) {
  cuts_.clear();
  return true;
}

bool RaftWorld::settle() {
  for (int left = 20'000; left > 0; --left) {
    bool synced = false;
    for (auto& [id, at] : nodes_) synced = (at.up && sync_one(at)) || synced;
    if (synced) continue;
    if (network_.empty()) return true;
    const Message& first = network_.front();
    move(Move{"deliver", {name(first.from), name(first.to)}});
  }
  return false;
}

std::optional<int> RaftWorld::leader() const {
  std::optional<int> best;
  Term term;
  for (const auto& [id, at] : nodes_) {
    if (!at.up || !leads(at.raft) || at.raft.ballot.term < term) continue;
    best = static_cast<int>(id.value());
    term = at.raft.ballot.term;
  }
  return best;
}

/// One leader, and all its members have applied what it has.
bool RaftWorld::agreed() const {
  const auto best = leader();
  if (!best) return false;
  const Raft& lead = nodes_.at(MemberId(static_cast<std::uint64_t>(*best))).raft;
  if (!leads_with_own_entry(lead)) return false;
  return std::all_of(lead.log.configuration().members.begin(), lead.log.configuration().members.end(),
                     [&](const Member& member) { return nodes_.at(member.id).raft.applied == lead.log.last_index(); });
}

void RaftWorld::heal() {
  cuts_.clear();
  for (auto& [id, at] : nodes_)
    if (!at.up) move(Move{"restart", {name(id)}});
  LogIndex goal;
  const std::uint32_t election = options_.raft.election_ticks;
  // Some twenty elections: each has a fair chance, because the members' timeouts differ.
  for (std::uint32_t round = 0; round < 40 * election; ++round) {
    if (!settle()) return invariants_.violation("NEVER QUIET: messages beget messages for ever");
    if (agreed()) {
      if (goal != LogIndex() && invariants_.committed() >= goal) return;
      // Refused while a transfer is under way; then later.
      goal = invariants_.committed().next();
      move(Move{"propose", {std::to_string(*leader())}});
    }
    for (auto& [id, at] : nodes_) feed(at, Tick{jitter(id, round)});
  }
  invariants_.violation("STUCK: no leader, or nothing is committed, though nothing is broken");
}

// ---- Looking ----

std::vector<int> RaftWorld::members() const {
  std::vector<int> all;
  for (const auto& [id, at] : nodes_) all.push_back(static_cast<int>(id.value()));
  return all;
}

std::vector<std::pair<int, int>> RaftWorld::under_way() const {
  std::vector<std::pair<int, int>> all;
  for (const Message& m : network_) all.emplace_back(static_cast<int>(m.from.value()), static_cast<int>(m.to.value()));
  return all;
}

bool RaftWorld::show_state(const Move&) {
  for (const auto& [id, at] : nodes_) {
    std::string line = name(id) + ": " + (at.up ? summary(at) : "down");
    if (at.up) {
      line += ", log ends " + to_text(at.raft.log.last());
      if (at.raft.log.snapshot().last.index != LogIndex()) line += ", snapshot " + to_text(at.raft.log.snapshot().last);
      line += ", commit " + std::to_string(at.raft.commit.number());
      line += ", members " + to_text(at.raft.log.configuration());
      if (const auto* lead = std::get_if<Leader>(&at.raft.role)) {
        for (const auto& [to, p] : lead->progress) {
          constexpr const char* stages[] = {"probe", "replicate", "snapshot"};
          line += "\n   " + name(to) + ": " + stages[static_cast<int>(p.stage)] + ", match " +
                  std::to_string(p.match.number()) + ", next " + std::to_string(p.next.number());
          if (!p.in_flight.empty()) line += ", " + std::to_string(p.in_flight.size()) + " in flight";
        }
      }
    }
    say(line);
  }
  return true;
}

bool RaftWorld::show_log(const Move& move) {
  Node* at = node(move);
  if (!at) return false;
  const Log log = at->up ? at->raft.log : Log(at->disk.snapshot, at->disk.before, at->disk.entries);
  if (log.snapshot().last.index != LogIndex()) say("snapshot of " + to_text(log.snapshot().last));
  for (LogIndex i = log.before().index.next(); i <= log.last_index(); i = i.next())
    say(to_text(EntryId{i, log.at(i).term}) + " " + to_text(log.at(i).payload) +
        (at->up && i > at->raft.commit ? " (not known to be committed)" : ""));
  return true;
}

bool RaftWorld::show_machine(const Move& move) {
  Node* at = up(move);
  if (at) say(joined(at->machine, ", "));
  return at != nullptr;
}

bool RaftWorld::show_messages(const Move&) {
  for (const Message& m : network_) say(name(m.from) + " > " + name(m.to) + ": " + to_text(m.body));
  return true;
}

}  // namespace heir::story
