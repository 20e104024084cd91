// Walks a Raft cluster at random and looks for broken invariants; what is found is made as short as it gets and printed
// as a story.
//
//   explore_raft [--voters N] [--set RULE=false]… [--seed N] [--moves N] [--length N] [--expect KIND] [--only KIND]
//                [--calm] [--begin "MOVE, MOVE …"]
//
// With every rule on nothing may be found. With --expect KIND (the first words of a violation, such as "TWO VOTES") it
// is an error if nothing of that kind is found within --moves. Every walk ends with everything healed: then the members
// must agree again. --calm: no membership changes. --begin: every walk begins with these steps. Same arguments, same
// output.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/story/raft/rules_by_name.h"
#include "tests/story/raft/world.h"

namespace heir::story {

namespace {

/// xorshift64*; the same everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 0x2545f4914f6cdd1dULL) {}
  std::uint64_t below(std::uint64_t bound) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return (state_ * 0x2545f4914f6cdd1dULL >> 33) % bound;
  }

 private:
  std::uint64_t state_;
};

enum class Words {
  none,
  member,
  leader,  ///< Mostly who leads, at times anybody.
  ticks,
  message,
  change,  ///< A leader, and a member.
  pair,
  some,  ///< A pair, and how many messages.
  halves,
  electors,  ///< A candidate, and who votes.
};
struct Kind {
  const char* verb;
  Words words;
  int weight;
  enum class Family { normal, fault, membership } family = Family::normal;
};
using Family = Kind::Family;

constexpr Kind kinds[] = {
    {"deliver", Words::message, 150},
    {"sync", Words::member, 60},
    {"tick", Words::ticks, 40},
    {"propose", Words::leader, 16},
    {"read", Words::leader, 10},
    {"campaign", Words::member, 6},
    {"settle", Words::none, 2},
    {"exchange", Words::some, 25},
    {"elect", Words::electors, 5},
    {"drop", Words::message, 20, Family::fault},
    {"repeat", Words::message, 10, Family::fault},
    {"crash", Words::member, 8, Family::fault},
    {"restart", Words::member, 14},
    {"cut", Words::pair, 3, Family::fault},
    {"partition", Words::halves, 3, Family::fault},
    {"join", Words::none, 4},
    {"drop-all", Words::none, 1, Family::fault},
    {"snapshot", Words::member, 6, Family::fault},
    {"transfer", Words::leader, 2, Family::fault},
    {"add", Words::change, 6, Family::membership},
    {"promote", Words::change, 10, Family::membership},
    {"demote", Words::change, 3, Family::membership},
    {"remove", Words::change, 4, Family::membership},
};
constexpr std::size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);

struct Settings {
  RaftWorldOptions world;
  std::uint64_t seed = 1;
  long moves = 200'000;
  int length = 250;
  std::string expect;
  std::string only;
  bool calm = false;
  std::vector<std::string> switches;
  std::vector<Move> begin;
};

std::string kind_of(const std::string& violation) {
  return violation.substr(0, violation.find(':'));
}

std::string found_in(const RaftWorld& world, const Settings& settings) {
  for (const std::string& violation : world.violations())
    if (settings.only.empty() || kind_of(violation) == settings.only) return kind_of(violation);
  return "";
}

bool carry_out(RaftWorld& world, const Move& move) {
  return move.verb == "settle" ? world.settle() : world.move(move);
}

std::string replay(const Settings& settings, const std::vector<Move>& moves, bool healed, std::vector<Move>* used) {
  RaftWorld world(settings.world);
  used->clear();
  for (const Move& move : moves) {
    if (!carry_out(world, move)) continue;
    used->push_back(move);
    if (std::string kind = found_in(world, settings); !kind.empty()) return healed ? "" : kind;
  }
  if (healed) world.heal();
  return found_in(world, settings);
}

std::vector<Move> shortened(const Settings& settings, std::vector<Move> moves, const std::string& kind, bool healed) {
  std::vector<Move> used;
  for (std::size_t chunk = moves.size() / 2; chunk >= 1; chunk = chunk == 1 ? 0 : chunk / 2) {
    for (bool again = true; again;) {
      again = false;
      for (std::size_t at = 0; at + chunk <= moves.size();) {
        std::vector<Move> fewer(moves.begin(), moves.begin() + static_cast<std::ptrdiff_t>(at));
        fewer.insert(fewer.end(), moves.begin() + static_cast<std::ptrdiff_t>(at + chunk), moves.end());
        if (replay(settings, fewer, healed, &used) == kind && used.size() < moves.size()) {
          moves = used;
          again = true;
        } else {
          ++at;
        }
      }
    }
  }
  return moves;
}

void print_story(const Settings& settings, const std::vector<Move>& moves, const std::string& kind, bool healed) {
  std::printf("# %s\ncluster voters=%d", kind.c_str(), settings.world.voters);
  if (settings.world.slow_disks) std::printf(" disks=slow");
  for (const std::string& rule : settings.switches) std::printf(" %s", rule.c_str());
  const raft::Options& o = settings.world.raft;
  if (!o.pre_vote) std::printf(" pre-vote=off");
  std::printf(" kept=%zu append-bytes=%zu part=%zu window=%zu caught-up=%llu", o.entries_kept, o.append_bytes,
              o.snapshot_part, o.in_flight_messages, static_cast<unsigned long long>(o.caught_up));
  std::printf("\n----\n\nsteps brief\n");
  for (const Move& move : moves) std::printf("%s\n", move.text().c_str());
  std::printf("----\n\n");
  if (healed) std::printf("heal\n----\n\n");
  std::printf("verdict\n----\n");
}

std::string any(Dice& dice, const std::vector<int>& members) {
  return std::to_string(members[dice.below(members.size())]);
}

Move random_move(Dice& dice, const RaftWorld& world, const Kind& kind) {
  Move move{kind.verb, {}};
  const std::vector<int> members = world.members();
  const auto leader_mostly = [&] {
    const bool leader = dice.below(8) != 0;
    if (leader && world.leader()) return std::to_string(*world.leader());
    return any(dice, members);
  };
  switch (kind.words) {
    case Words::none: break;
    case Words::member: move.words = {any(dice, members)}; break;
    case Words::leader: move.words = {leader_mostly()}; break;
    case Words::ticks: {
      const std::string who = any(dice, members);
      const bool many = dice.below(6) == 0;
      const std::uint64_t count = many ? 1 + dice.below(20) : 1;
      const std::uint64_t jitter = dice.below(10);
      move.words = {who, std::to_string(count), std::to_string(jitter)};
      break;
    }
    case Words::message: {
      const auto under_way = world.under_way();
      if (under_way.empty()) break;
      const bool in_order = dice.below(4) != 0;
      const std::size_t at = in_order ? 0 : dice.below(under_way.size());
      std::size_t nth = 0;
      for (std::size_t i = 0; i <= at; ++i)
        if (under_way[i] == under_way[at]) ++nth;
      move.words = {std::to_string(under_way[at].first), std::to_string(under_way[at].second), std::to_string(nth)};
      break;
    }
    case Words::change: {
      const std::string leader = leader_mostly();
      const std::uint64_t who = 1 + dice.below(7);
      move.words = {leader, std::to_string(who)};
      break;
    }
    case Words::pair: {
      const std::string from = any(dice, members);
      const std::string to = any(dice, members);
      move.words = {from, to};
      break;
    }
    case Words::some: {
      const std::string from = any(dice, members);
      const std::string to = any(dice, members);
      move.words = {from, to, std::to_string(1 + dice.below(6))};
      break;
    }
    case Words::electors: {
      move.words = {any(dice, members)};
      for (const int member : members)
        if (dice.below(2) == 0 && std::to_string(member) != move.words[0]) move.words.push_back(std::to_string(member));
      break;
    }
    case Words::halves: {
      std::vector<std::string> left;
      std::vector<std::string> right;
      for (const int member : members) (dice.below(2) == 0 ? left : right).push_back(std::to_string(member));
      move.words = left;
      move.words.push_back("|");
      move.words.insert(move.words.end(), right.begin(), right.end());
      break;
    }
  }
  return move;
}

int explore(Settings settings) {
  Dice dice(settings.seed);
  long moves = 0;
  long walks = 0;
  while (moves < settings.moves) {
    ++walks;
    // Each walk has its own mood: which faults there are, how likely each step is, how small the limits.
    int weights[kind_count];
    int total = 0;
    const std::uint64_t faultiness = dice.below(4);
    const bool changes = !settings.calm && dice.below(2) == 0;
    for (std::size_t k = 0; k < kind_count; ++k) {
      const bool off = kinds[k].family == Family::fault        ? dice.below(4) < 2
                       : kinds[k].family == Family::membership ? !changes
                                                               : false;
      constexpr int scales[] = {1, 2, 2, 4, 10};
      const int scale = kinds[k].family == Family::fault ? static_cast<int>(faultiness) + 1 : scales[dice.below(5)];
      total += weights[k] = off ? 0 : kinds[k].weight * scale;
    }
    settings.world.slow_disks = dice.below(3) != 0;
    settings.world.raft.pre_vote = dice.below(3) != 0;
    settings.world.raft.entries_kept = dice.below(4);
    settings.world.raft.append_bytes = 1 + dice.below(3) * 40;
    settings.world.raft.snapshot_part = 2 + dice.below(10);
    settings.world.raft.in_flight_messages = 1 + dice.below(4);
    settings.world.raft.caught_up = dice.below(3);

    RaftWorld world(settings.world);
    std::vector<Move> path = settings.begin;
    for (const Move& move : path) carry_out(world, move);
    std::string kind;
    const int length = 20 + static_cast<int>(dice.below(static_cast<std::uint64_t>(settings.length)));
    int tries = 0;
    for (int done = 0; done < length && tries < length * 20 && kind.empty(); ++tries) {
      std::size_t k = 0;
      for (int at = static_cast<int>(dice.below(static_cast<std::uint64_t>(total))); at >= weights[k]; ++k)
        at -= weights[k];
      Move move = random_move(dice, world, kinds[k]);
      if (!carry_out(world, move)) continue;
      path.push_back(std::move(move));
      ++done;
      ++moves;
      kind = found_in(world, settings);
    }
    bool healed = false;
    if (kind.empty()) {
      world.heal();
      kind = found_in(world, settings);
      healed = !kind.empty();
    }
    if (kind.empty()) continue;
    // A planted bug may break other things too, and those first.
    // What comes up only while all heals makes a long story.
    if (!settings.expect.empty() && (kind != settings.expect || (healed && kind != "STUCK"))) continue;
    std::printf("%ld moves, %ld walks: %s\n", moves, walks, world.violations().front().c_str());
    const std::vector<Move> shortest = shortened(settings, path, kind, healed);
    print_story(settings, shortest, kind, healed);
    return settings.expect.empty() ? 1 : 0;
  }
  std::printf("%ld moves, %ld walks: %s\n", moves, walks,
              settings.expect.empty() ? "nothing found" : ("NOT FOUND: " + settings.expect).c_str());
  return settings.expect.empty() ? 0 : 1;
}

}  // namespace

}  // namespace heir::story

int main(int argc, char** argv) {
  using namespace heir;
  story::Settings settings;
  const auto usage = [&](const char* about) {
    std::fprintf(stderr, "explore_raft: %s\n", about);
    return 2;
  };
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--calm") {
      settings.calm = true;
      continue;
    }
    if (++i >= argc) return usage(("a value is missing behind " + option).c_str());
    const std::string value = argv[i];
    if (option == "--voters") {
      settings.world.voters = std::atoi(value.c_str());
    } else if (option == "--seed") {
      settings.seed = static_cast<std::uint64_t>(std::atoll(value.c_str()));
    } else if (option == "--moves") {
      settings.moves = std::atol(value.c_str());
    } else if (option == "--length") {
      settings.length = std::atoi(value.c_str());
    } else if (option == "--expect") {
      settings.expect = value;
    } else if (option == "--only") {
      settings.only = value;
    } else if (option == "--begin") {
      std::string line;
      for (const char c : value + ",") {
        if (c != ',') {
          line += c;
          continue;
        }
        settings.begin.push_back(story::parse_move(line));
        line.clear();
      }
    } else if (option == "--set") {
      if (!story::set_rule(settings.world.raft.rules, value)) return usage(("no rule is set by " + value).c_str());
      settings.switches.push_back(value);
    } else {
      return usage(("no option " + option).c_str());
    }
  }
  return story::explore(settings);
}
