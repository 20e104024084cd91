#include "tools/explore/canonical.h"

#include <algorithm>
#include <map>
#include <utility>

#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"
#include "scenarios/load.h"

namespace heir::tools {

namespace {

using Names = std::map<std::string, std::string>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
bool is_name_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-';
}

/// The length of the identity that begins here, or 0.
std::size_t identity_at(std::string_view text) {
  constexpr std::size_t groups[] = {8, 4, 4, 4, 12};
  std::size_t at = 0;
  for (const std::size_t group : groups) {
    if (at > 0 && (at >= text.size() || text[at++] != '-')) return 0;
    for (std::size_t i = 0; i < group; ++i, ++at)
      if (at >= text.size() || !is_hex(text[at])) return 0;
  }
  return at;
}

/// The length of the name of a peer's host that begins here, or 0.
std::size_t name_at(std::string_view text) {
  if (!text.starts_with("host") || text.size() < 5 || !is_digit(text[4])) return 0;
  std::size_t length = 5;
  while (length < text.size() && is_digit(text[length])) ++length;
  return length;
}

/// Every name of a host replaced by what it is called in `names`, or by `other`.
std::string renamed(std::string_view text, const Names& names, const std::string& other = {}) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = at > 0 && is_name_char(text[at - 1]) ? 0 : name_at(text.substr(at));
    if (length == 0) {
      out += text[at++];
      continue;
    }
    const std::string name(text.substr(at, length));
    const auto found = names.find(name);
    out += found != names.end() ? found->second : !other.empty() ? other : name;
    at += length;
  }
  return out;
}

/// The value of a line "key: value" of a Glance.
std::string value_of(const std::string& text, const std::string& key) {
  const std::size_t at = text.find(key + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + key.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string without_lines(const std::string& text, const std::vector<std::string>& keys) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const bool drop =
        std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return line.starts_with(key + ":"); });
    if (!drop) out += line + "\n";
    begin = end + 1;
  }
  return out;
}

/// Timeline and offset of a position's text, "2@5120/7420".
std::pair<std::uint64_t, std::uint64_t> place_in_log(const std::string& position) {
  const auto number = [](std::string_view text) {
    std::uint64_t value = 0;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
      value = value * 10 + static_cast<unsigned>(text.front() - '0');
    return value;
  };
  const std::size_t slash = position.rfind('/');
  return {number(position), slash == std::string::npos ? 0 : number(std::string_view(position).substr(slash + 1))};
}

/// Of the logs only matters whose is longer, not by how much, and whether all of one is on its disk.
void rank_logs(std::vector<HostText>& peers) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ends, order;
  for (const HostText& peer : peers) ends.push_back(place_in_log(value_of(peer.text, "log ends at")));
  order = ends;
  std::sort(order.begin(), order.end());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto rank = std::find(order.begin(), order.end(), ends[i]) - order.begin();
    const bool is_flushed = place_in_log(value_of(peers[i].text, "log is flushed up to")) == ends[i];
    peers[i].text = without_lines(peers[i].text, {"log ends at", "log is flushed up to"}) +
                    "log: " + static_cast<char>('a' + rank) + (is_flushed ? "" : ", not all on disk") + "\n";
  }
}

}  // namespace

Mark::Mark(const scenarios::Fault& fault) : begins_(fault.at->low) {
  using scenarios::FaultFamily;
  const FaultFamily family = scenarios::traits(fault.kind).family;
  leaves_trace_ = family == FaultFamily::clock || family == FaultFamily::disk ||
                  fault.kind == scenarios::FaultKind::suspend;  // its clocks are behind
  // Without an end a process, the store and the cluster show all that there is; the network does not.
  const bool shows = !leaves_trace_ && family != FaultFamily::network;
  ends_ = fault.lasts ? begins_ + fault.lasts->high : shows ? begins_ : Duration::max();
  if (scenarios::has_target(fault)) {
    if (fault.target.kind == scenarios::TargetKind::host) host_ = "host" + std::to_string(fault.target.host);
    if (fault.target.kind == scenarios::TargetKind::store_member) host_ = "store" + std::to_string(fault.target.host);
  }
  // All that it says of itself, but when and whom.
  scenarios::Scenario alone;
  alone.faults = {fault};
  alone.faults.front().at = scenarios::DurationRange{};
  if (!host_.empty()) alone.faults.front().target = {};
  what_ = scenarios::write(alone);
  what_.erase(0, what_.find("kind = "));
  std::replace(what_.begin(), what_.end(), '\n', ' ');
}

std::string Mark::text(Duration now) const {
  if (now < begins_) return {};
  if (now < ends_) return "under: " + what_ + "\n";
  return leaves_trace_ ? "after: " + what_ + "\n" : "";
}

std::string without_numbers(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool is_inside = at > 0 && is_name_char(text[at - 1]);
    if (const std::size_t identity = is_inside ? 0 : identity_at(rest); identity > 0) {
      out += "peer";
      at += identity;
    } else if (const std::size_t name = is_inside ? 0 : name_at(rest); name > 0) {
      out += rest.substr(0, name);
      at += name;
    } else if (is_digit(rest.front())) {
      while (at < text.size() && is_digit(text[at])) ++at;
      out += '#';
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::string hash_of(std::string_view text) {
  // FNV-1a of 128 bits.
  __extension__ using Wide = unsigned __int128;
  Wide hash = Wide{0x6c62272e07bb0142} << 64 | 0x62b821756295c58d;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * (Wide{1} << 88 | 0x13b);
  std::string digits;
  for (int shift = 124; shift >= 0; shift -= 4) digits += "0123456789abcdef"[static_cast<unsigned>(hash >> shift) & 15];
  return digits;
}

CanonicalState canonical(const std::vector<HostText>& peers, const std::vector<HostText>& members,
                         const std::string& cluster) {
  CanonicalState state;
  // First by what can be said of a peer without naming any; only those of whom the same is said have to be permuted.
  struct Seen {
    std::string colour;
    std::size_t index;
    auto operator<=>(const Seen&) const = default;
  };
  std::vector<Seen> order;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const Names self{{peers[i].name, "self"}};
    order.push_back({renamed(peers[i].text, self, "other") + "--\n" + renamed(cluster, self, "other"), i});
  }
  std::sort(order.begin(), order.end());
  const auto permute = [&order] {
    for (auto begin = order.begin(); begin != order.end();) {
      const auto end = std::find_if(begin, order.end(), [&](const Seen& seen) { return seen.colour != begin->colour; });
      if (std::next_permutation(begin, end)) return true;
      begin = end;
    }
    return false;
  };
  // Peers that stand in one place in two orders of the same text can be exchanged.
  std::vector<std::vector<std::size_t>> places;
  do {
    Names names;
    for (std::size_t i = 0; i < order.size(); ++i) names[peers[order[i].index].name] = "peer" + std::to_string(i + 1);
    std::string text = renamed(cluster, names);
    for (const Seen& seen : order) text += "--\n" + renamed(peers[seen.index].text, names);
    if (places.empty() || text < state.text) {
      state.text = std::move(text);
      places.assign(order.size(), {});
    } else if (text != state.text) {
      continue;
    }
    for (std::size_t i = 0; i < order.size(); ++i) places[i].push_back(order[i].index);
  } while (permute());
  std::vector<bool> is_twin(peers.size(), false);
  for (const std::vector<std::size_t>& place : places)
    for (const std::size_t peer : place)
      is_twin[peer] = is_twin[peer] || peer != *std::min_element(place.begin(), place.end());
  for (std::size_t i = 0; i < peers.size(); ++i)
    if (is_twin[i]) state.twins.push_back(peers[i].name);

  std::vector<std::string> texts;
  for (const HostText& member : members) {
    if (std::find(texts.begin(), texts.end(), member.text) != texts.end()) state.twins.push_back(member.name);
    texts.push_back(member.text);
  }
  std::sort(texts.begin(), texts.end());
  for (const std::string& text : texts) state.text += "--\n" + text;
  return state;
}

bool is_in_state(std::string_view name) {
  return name == "cluster" || name.starts_with("store") || name_at(name) > 0;
}

CanonicalState canonical_state(const sim::Glance& glance, const std::vector<Mark>& marks) {
  std::vector<HostText> peers, members;
  for (const std::string& name : glance.everybody()) {
    if (!is_in_state(name)) continue;
    if (name.starts_with("store"))
      members.push_back({name, without_numbers(glance.state_of(name))});
    else if (name_at(name) > 0)
      peers.push_back({name, glance.state_of(name)});
  }
  rank_logs(peers);
  for (HostText& peer : peers) peer.text = without_numbers(peer.text);
  std::string cluster = without_numbers(without_lines(glance.state_of("cluster"), {"version", "leader of the store"}));

  std::vector<std::pair<std::string, std::string>> left;
  const Duration now = glance.now() - sim::VirtualTime();
  for (const Mark& mark : marks)
    if (std::string text = mark.text(now); !text.empty()) left.push_back({std::move(text), mark.host()});
  std::sort(left.begin(), left.end());
  for (const auto& [text, host] : left) {
    std::string* to = &cluster;
    for (std::vector<HostText>* hosts : {&peers, &members})
      for (HostText& one : *hosts)
        if (one.name == host) to = &one.text;
    *to += text;
  }
  return canonical(peers, members, cluster);
}

}  // namespace heir::tools
