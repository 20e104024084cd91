#include "tools/command/run_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace heir::tools {

namespace {

using Colour = Style::Colour;
using reports::HistoryTime;
using reports::HostKind;
using reports::HostTimeline;
using reports::Track;

constexpr std::size_t fewest_columns = 20;
constexpr std::size_t most_columns = 160;  ///< Wider is no clearer.
constexpr std::size_t label_room = 18;     ///< Behind a sparkline: its least and its greatest.

/// What a host is in a column.
struct Look {
  char letter = ' ';
  Colour colour = Colour::none;
  const char* meaning = "";
  bool operator==(const Look& other) const { return letter == other.letter; }
};
constexpr Look nothing{};
/// In the order of the legend.
constexpr std::array looks{Look{'P', Colour::green, "primary"},   Look{'p', Colour::yellow, "primary, gate not open"},
                           Look{'S', Colour::cyan, "sync"},       Look{'A', Colour::blue, "async"},
                           Look{'d', Colour::magenta, "deposed"}, Look{'u', Colour::grey, "unassigned"},
                           Look{'~', Colour::yellow, "paused"},   Look{'.', Colour::red, "off"}};

Look look_of(char letter) {
  return *std::find_if(looks.begin(), looks.end(), [&](const Look& look) { return look.letter == letter; });
}

Look look_of(std::string_view role, std::string_view gate, std::string_view machine) {
  if (machine == "off") return look_of('.');
  if (machine == "paused") return look_of('~');
  if (role == "primary") return look_of(gate == "open" ? 'P' : 'p');
  if (role == "sync") return look_of('S');
  if (role == "async") return look_of('A');
  if (role == "deposed") return look_of('d');
  if (role == "unassigned") return look_of('u');
  return nothing;
}

/// Columns, each as much time. The end times their number must fit into 64 bits: a year does.
class Columns {
 public:
  Columns(HistoryTime end, std::size_t count) : end_(end.ns()), count_(count) {}
  std::size_t size() const { return count_; }
  std::int64_t begin_of(std::size_t column) const { return end_ * static_cast<std::int64_t>(column) / count(); }
  std::size_t of(HistoryTime at) const {
    const std::int64_t column = std::clamp<std::int64_t>(at.ns(), 0, end_) * count() / end_;
    return std::min(static_cast<std::size_t>(column), count_ - 1);
  }
  double seconds() const { return static_cast<double>(end_) / static_cast<double>(count_) / 1e9; }

 private:
  std::int64_t count() const { return static_cast<std::int64_t>(count_); }

  std::int64_t end_;
  std::size_t count_;
};

/// Reads a track from its beginning to its end.
class Reader {
 public:
  explicit Reader(const Track& track) : spans_(track.spans()) {}
  std::string_view at(std::int64_t ns) {
    while (next_ < spans_.size() && spans_[next_].to.ns() <= ns) ++next_;
    return next_ < spans_.size() && spans_[next_].from.ns() <= ns ? std::string_view(spans_[next_].value) : "";
  }
  /// When the value that is there at `ns` may change; `end` if it does not before.
  std::int64_t until(std::int64_t ns, std::int64_t end) {
    at(ns);
    if (next_ == spans_.size()) return end;
    return std::min(end, spans_[next_].from.ns() > ns ? spans_[next_].from.ns() : spans_[next_].to.ns());
  }

 private:
  const std::vector<reports::Span>& spans_;
  std::size_t next_ = 0;
};

/// In each column what the host was for the longest part of it.
std::vector<Look> looks_of(const HostTimeline& host, const Columns& columns) {
  std::vector<Look> line;
  Reader role(host.role), gate(host.gate), machine(host.machine);
  for (std::size_t column = 0; column < columns.size(); ++column) {
    const std::int64_t end = columns.begin_of(column + 1);
    std::vector<std::pair<Look, std::int64_t>> shares;
    for (std::int64_t at = columns.begin_of(column); at < end;) {
      const Look look = look_of(role.at(at), gate.at(at), machine.at(at));
      const std::int64_t until = std::min({role.until(at, end), gate.until(at, end), machine.until(at, end)});
      auto share = std::find_if(shares.begin(), shares.end(), [&](const auto& each) { return each.first == look; });
      if (share == shares.end()) share = shares.insert(share, {look, 0});
      share->second += until - at;
      at = until;
    }
    const auto longest = std::max_element(shares.begin(), shares.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
    line.push_back(longest == shares.end() ? nothing : longest->first);
  }
  return line;
}

std::string painted(const std::vector<Look>& line, const Style& style) {
  std::string text;
  for (auto begin = line.begin(); begin != line.end();) {
    const auto end = std::find_if(begin, line.end(), [&](const Look& look) { return !(look == *begin); });
    text += style.paint(begin->colour, std::string(static_cast<std::size_t>(end - begin), begin->letter));
    begin = end;
  }
  return text;
}

/// Round times, so far apart that they can be read.
std::string axis(const Columns& columns) {
  constexpr std::size_t apart = 8;
  constexpr std::int64_t ms = 1'000'000, s = 1'000 * ms;
  constexpr std::array steps{10 * ms, 20 * ms, 50 * ms,   100 * ms,  200 * ms, 500 * ms, 1 * s,
                             2 * s,   5 * s,   10 * s,    20 * s,    30 * s,   60 * s,   120 * s,
                             300 * s, 600 * s, 1'200 * s, 1'800 * s, 3'600 * s};
  const double width = columns.seconds() * 1e9 * static_cast<double>(apart);
  std::int64_t step = steps.back();
  for (const std::int64_t each : steps)
    if (static_cast<double>(each) >= width) {
      step = each;
      break;
    }
  while (static_cast<double>(step) < width) step *= 2;
  std::string text;
  for (std::int64_t at = 0;; at += step) {
    const std::size_t column = columns.of(HistoryTime::from_ns(at));
    if (at > 0 && (at >= columns.begin_of(columns.size()) || column < text.size() + 1)) break;
    const std::string label = to_string(Duration::nanoseconds(at));
    if (column + label.size() > columns.size()) break;
    text.resize(column, ' ');
    text += label;
  }
  return text;
}

/// How many faults were under way in a column.
std::string faults_line(const std::vector<reports::FaultTimeline>& faults, const Columns& columns) {
  std::vector<std::size_t> counts(columns.size());
  for (const reports::FaultTimeline& fault : faults) {
    const std::size_t last = fault.to ? columns.of(*fault.to) : columns.size() - 1;
    for (std::size_t column = columns.of(fault.from); column <= last; ++column) ++counts[column];
  }
  std::string text;
  for (const std::size_t count : counts) text += count == 0 ? ' ' : count > 9 ? '+' : static_cast<char>('0' + count);
  return text;
}

using Values = std::vector<std::optional<double>>;

/// Bars from the least (by `scale`) to the greatest; a blank where there is no value.
template <class Scale>
std::string sparkline(const Values& values, double least, double greatest, const Scale& scale) {
  constexpr std::array bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double low = scale(least), high = scale(greatest);
  std::string text;
  for (const std::optional<double>& value : values) {
    if (!value) {
      text += ' ';
      continue;
    }
    const double part = high > low ? (scale(*value) - low) / (high - low) : 0;
    text += bars[std::min(bars.size() - 1, static_cast<std::size_t>(part * static_cast<double>(bars.size())))];
  }
  return text;
}

std::string duration_text(double ns) {
  return rounded(Duration::nanoseconds(static_cast<std::int64_t>(ns)));
}

std::pair<double, double> range_of(const Values& values) {
  std::optional<double> least, greatest;
  for (const std::optional<double>& value : values) {
    if (!value) continue;
    least = std::min(least.value_or(*value), *value);
    greatest = std::max(greatest.value_or(*value), *value);
  }
  return {least.value_or(0), greatest.value_or(0)};
}

struct Measures {
  Values writes;   ///< Acknowledged, a second; nothing if none was, which must be seen.
  Values slowest;  ///< Of 100 operations that ended there all but one were as fast; nanoseconds.
};

Measures measures_of(const reports::History& history, const Columns& columns) {
  std::vector<std::size_t> writes(columns.size());
  std::vector<std::vector<std::int64_t>> took(columns.size());
  for (const reports::Operation& op : history.operations()) {
    if (!op.ok()) continue;
    const std::size_t column = columns.of(op.completed);
    if (!reports::is_read(op.function)) ++writes[column];
    took[column].push_back(op.completed.ns() - op.invoked.ns());
  }
  Measures measures;
  for (std::size_t column = 0; column < columns.size(); ++column) {
    measures.writes.emplace_back();
    if (writes[column] > 0) measures.writes.back() = static_cast<double>(writes[column]) / columns.seconds();
    std::vector<std::int64_t>& times = took[column];
    measures.slowest.emplace_back();
    if (times.empty()) continue;
    const auto rank = times.begin() + static_cast<std::ptrdiff_t>((times.size() * 99 + 99) / 100 - 1);
    std::nth_element(times.begin(), rank, times.end());
    measures.slowest.back() = static_cast<double>(*rank);
  }
  return measures;
}

}  // namespace

std::string run_chart(const reports::Timeline& timeline, const reports::History& history, HistoryTime end,
                      std::size_t width, const Style& style) {
  std::vector<const HostTimeline*> peers;
  std::size_t names = std::string_view("writes").size();
  for (const HostTimeline& host : timeline.hosts) {
    if (host.kind != HostKind::peer) continue;
    peers.push_back(&host);
    names = std::max(names, host.name.size());
  }
  if (peers.empty() || end <= HistoryTime()) return {};
  const std::size_t room = names + 2 + label_room;
  const Columns columns(end, std::clamp(width > room ? width - room : 0, fewest_columns, most_columns));
  const auto line = [&](std::string_view name, std::string_view what) {
    std::string text = fmt::format("{:<{}}  {}", name, names, what);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };

  std::string text = line("", axis(columns));
  std::vector<Look> seen;
  for (const HostTimeline* host : peers) {
    const std::vector<Look> of_host = looks_of(*host, columns);
    seen.insert(seen.end(), of_host.begin(), of_host.end());
    text += line(host->name, painted(of_host, style));
  }
  if (!timeline.faults.empty()) text += line("faults", style.paint(Colour::red, faults_line(timeline.faults, columns)));
  if (!history.empty() && history.timed()) {
    const Measures measures = measures_of(history, columns);
    auto [fewest, most] = range_of(measures.writes);
    if (std::count(measures.writes.begin(), measures.writes.end(), std::nullopt) > 0) fewest = 0;
    text += line("writes", sparkline(measures.writes, 0, most, [](double value) { return value; }) +
                               fmt::format("  {:.0f} … {:.0f}/s", fewest, most));
    // A takeover takes a thousand times as long as an answer, and both shall be seen; but not what is no difference.
    const auto [fastest, slowest] = range_of(measures.slowest);
    if (slowest > 0)
      text += line("p99", sparkline(measures.slowest, fastest, std::max(slowest, 2 * fastest), [](double value) {
                            return std::log2(value + 1);
                          }) + fmt::format("  {} … {}", duration_text(fastest), duration_text(slowest)));
  }
  std::string legend;
  for (const Look& look : looks)
    if (std::find(seen.begin(), seen.end(), look) != seen.end())
      legend +=
          (legend.empty() ? "" : "  ") + style.paint(look.colour, std::string(1, look.letter)) + " " + look.meaning;
  return text + line("", legend);
}

}  // namespace heir::tools
