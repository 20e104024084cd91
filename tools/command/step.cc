#include "tools/command/step.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include "scenarios/mistakes.h"
#include "tools/command/plan.h"
#include "tools/command/story.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

const char* const step_help =
    "  next [N]         on by N events (default 1)\n"
    "  back [N]         back by N events\n"
    "  to TIME|EVENT    to a time such as 42s, or the number of an event; forward or back\n"
    "  find WORD        on to the next event whose line has the word: host1, client3, nemesis, timeout\n"
    "  story [WORD]     on to the next line of the story (that has the word): host1, gate, generation\n"
    "  print [NAME...]  the state of cluster, network, host1, store1, client1 …; without a name: which there are\n"
    "  diff [A B]       what has changed since the last stop; between events A and B\n"
    "  help, quit\n";

namespace {

/// The states of everybody, by name.
using States = std::map<std::string, std::string>;

States states_of(const sim::Glance& glance) {
  States states;
  for (const std::string& name : glance.everybody()) states[name] = glance.state_of(name);
  return states;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// "host1  gate: open in generation 1 → closed", a line for each value that differs.
std::string changes(const States& before, const States& after) {
  std::string text;
  for (const auto& [name, state] : after) {
    std::map<std::string, std::string> old, now;
    const auto read = [](const std::string& from, auto& into) {
      for (const std::string& line : lines_of(from))
        into[line.substr(0, line.find(": "))] = line.substr(line.find(": ") + 2);
    };
    if (const auto was = before.find(name); was != before.end()) read(was->second, old);
    read(state, now);
    for (const auto& [key, value] : now)
      if (!old.contains(key) || old[key] != value)
        text += fmt::format("{:<8} {}: {} → {}\n", name, key, old.contains(key) ? old[key] : "-", value);
    for (const auto& [key, value] : old)
      if (!now.contains(key)) text += fmt::format("{:<8} {}: {} → -\n", name, key, value);
  }
  return text.empty() ? "nothing that can be printed\n" : text;
}

class Stepper {
 public:
  explicit Stepper(const Subject& subject) : subject_(subject), prompts_(isatty(STDIN_FILENO) == 1) {}

  Exit run() {
    const Capsule& capsule = subject_.capsule;
    std::printf("%s\nseed %llu; `help` lists the commands\n", capsule.scenario.title.c_str(),
                static_cast<unsigned long long>(capsule.seed));
    // Each time that it goes back, the run begins anew: it is the same run.
    while (!over_) {
      restart_ = false;
      sim::RunOptions run = options();
      run.pause = [this](const sim::Glance& glance) { return stopped(glance); };
      run.trace = [this](std::string_view line) { traced(line); };
      SimulatedPrograms programs;
      const sim::RunResult result = sim::run(capsule.scenario, programs, run);
      if (!over_ && !restart_) ended(result);
    }
    return Exit::as_expected;
  }

 private:
  /// What it is on its way to.
  struct Goal {
    sim::Limits limits;
    std::string word;  ///< Of an event's line, or of the story's.
    bool of_story = false;
    bool searches = false;
  };

  sim::RunOptions options() const {
    sim::RunOptions run;
    run.seed = subject_.capsule.seed;
    return run;
  }

  void traced(std::string_view line) {
    line_ = line;
    if (goal_.searches && !goal_.of_story && line_.find(goal_.word) != std::string::npos) found_ = true;
  }

  std::optional<sim::Limits> stopped(const sim::Glance& glance) {
    if (goal_.searches) {
      // After each event: is it the one?
      if (goal_.of_story) {
        for (; story_ < glance.story().size(); ++story_) {
          const sim::StoryLine& line = glance.story()[story_];
          if (line.kind != sim::StoryLine::Kind::command &&
              (line.host + " " + line.what).find(goal_.word) != std::string::npos)
            found_ = true;
        }
      }
      if (!found_) return sim::Limits{sim::VirtualTime::max(), glance.events() + 1};
    }
    if (started_ && glance.events() < goal_.limits.events && glance.now() < goal_.limits.until && !goal_.searches)
      return goal_.limits;
    started_ = true;
    show(glance);
    story_ = glance.story().size();
    goal_ = {};
    found_ = false;
    if (!command(glance)) return std::nullopt;
    const sim::Limits next = goal_.searches ? sim::Limits{sim::VirtualTime::max(), glance.events() + 1} : goal_.limits;
    return next;
  }

  void show(const sim::Glance& glance) const {
    if (glance.events() == 0)
      std::printf("before the first event\n");
    else
      std::printf("%s\n", line_.c_str());
    const std::vector<sim::StoryLine> story = named_story(glance.story());
    std::fputs(story_text(std::span(story).subspan(std::min(shown_, story.size()))).c_str(), stdout);
  }

  /// Reads commands until one moves; false: it is over, or the run has to begin anew.
  bool command(const sim::Glance& glance) {
    shown_ = glance.story().size();
    const States here = states_of(glance);
    for (std::string text; prompt(), std::getline(std::cin, text);) {
      if (!prompts_) std::printf("> %s\n", text.c_str());
      std::istringstream words(text);
      std::string verb, first, second;
      words >> verb >> first >> second;
      const std::uint64_t events = glance.events();
      if (verb.empty()) continue;
      if (verb == "quit") break;
      if (verb == "help") {
        std::fputs(step_help, stdout);
      } else if (verb == "print") {
        print(glance, text);
      } else if (verb == "diff" && first.empty()) {
        std::fputs(changes(before_, here).c_str(), stdout);
      } else if (verb == "diff") {
        between(first, second);
      } else if (verb == "find" && !first.empty()) {
        before_ = here;
        goal_.searches = true;
        goal_.word = first;
        return true;
      } else if (verb == "story") {
        before_ = here;
        goal_.searches = goal_.of_story = true;
        goal_.word = first;
        return true;
      } else if (verb == "next" || verb == "back") {
        std::uint64_t by = 1;
        if (!first.empty() && !number(first, by)) continue;
        before_ = here;
        if (verb == "next") {
          goal_.limits.events = events + by;
          return true;
        }
        return go_back_to({sim::VirtualTime::max(), by >= events ? 0 : events - by});
      } else if (verb == "to") {
        const std::optional<sim::Limits> until = parse_until(first);
        if (!until) {
          std::printf("expected a time such as 42s, or the number of an event\n");
          continue;
        }
        before_ = here;
        if (until->events != UINT64_MAX ? until->events > events : until->until > glance.now()) {
          goal_.limits = *until;
          return true;
        }
        return go_back_to(*until);
      } else {
        std::printf("unknown command '%s'; `help` lists them\n", scenarios::printable(text).c_str());
      }
    }
    over_ = true;
    return false;
  }

  bool go_back_to(sim::Limits limits) {
    goal_.limits = limits;
    restart_ = true;
    started_ = limits.events != 0;
    shown_ = SIZE_MAX;  // The story so far has been told.
    return false;
  }

  static bool number(const std::string& text, std::uint64_t& value) {
    SeedRange range;
    if (text.find("..") != std::string::npos || !parse_seeds(text, range)) {
      std::printf("expected a number, found '%s'\n", scenarios::printable(text).c_str());
      return false;
    }
    value = range.first;
    return true;
  }

  void print(const sim::Glance& glance, const std::string& text) const {
    std::istringstream words(text);
    std::string name;
    words >> name;
    bool any = false;
    while (words >> name) {
      any = true;
      const std::string state = glance.state_of(name);
      if (state.empty())
        std::printf("there is no '%s'; `print` lists who there is\n", scenarios::printable(name).c_str());
      for (const std::string& line : lines_of(state)) std::printf("%-8s %s\n", name.c_str(), line.c_str());
    }
    if (any) return;
    std::string all;
    for (const std::string& one : glance.everybody()) all += (all.empty() ? "" : " ") + one;
    std::printf("%s\n", all.c_str());
  }

  /// What changed between two events, by a run of its own.
  void between(const std::string& first, const std::string& second) const {
    std::uint64_t a = 0, b = 0;
    if (!number(first, a) || !number(second.empty() ? "?" : second, b)) return;
    if (a >= b) {
      std::printf("expected the earlier event first\n");
      return;
    }
    std::vector<States> states;
    sim::RunOptions run = options();
    run.keep_story = false;
    run.pause = [&](const sim::Glance& glance) -> std::optional<sim::Limits> {
      if (glance.events() == a || glance.events() == b) states.push_back(states_of(glance));
      if (glance.events() >= b) return std::nullopt;
      return sim::Limits{sim::VirtualTime::max(), glance.events() < a ? a : b};
    };
    SimulatedPrograms programs;
    sim::run(subject_.capsule.scenario, programs, run);
    if (states.size() == 2)
      std::fputs(changes(states[0], states[1]).c_str(), stdout);
    else
      std::printf("the run has no event %llu\n", static_cast<unsigned long long>(b));
  }

  /// The run is over before what was looked for: back to its last event.
  void ended(const sim::RunResult& result) {
    std::printf("the end of the run\n");
    goal_ = {};
    goal_.limits = {sim::VirtualTime::max(), result.events};
    shown_ = SIZE_MAX;
  }

  void prompt() const {
    if (prompts_) std::printf("> ");
    std::fflush(stdout);
  }

  const Subject& subject_;
  bool prompts_;
  bool over_ = false;
  bool restart_ = false;
  bool started_ = false;
  bool found_ = false;
  Goal goal_;
  std::string line_;
  States before_;
  std::size_t story_ = 0;  ///< Lines of the story that a search has seen.
  std::size_t shown_ = 0;
};

}  // namespace

Exit step_through(const Subject& subject) {
  return Stepper(subject).run();
}

}  // namespace heir::tools
