#include "tools/explore/canonical.h"

#include <algorithm>
#include <map>

namespace heir::tools {

namespace {

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

bool begins_with_name(std::string_view text) {
  return text.starts_with("host") && text.size() > 4 && is_digit(text[4]);
}

/// Every name of a host replaced by what it is called in `names`.
std::string renamed(const std::string& text, const std::map<std::string, std::string>& names) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (!begins_with_name(rest) || (at > 0 && is_name_char(text[at - 1]))) {
      out += text[at++];
      continue;
    }
    std::size_t length = 4;
    while (length < rest.size() && is_digit(rest[length])) ++length;
    const auto found = names.find(std::string(rest.substr(0, length)));
    out += found == names.end() ? std::string(rest.substr(0, length)) : found->second;
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

}  // namespace

std::string without_numbers(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool is_inside = at > 0 && is_name_char(text[at - 1]);
    if (const std::size_t identity = is_inside ? 0 : identity_at(rest); identity > 0) {
      out += "peer";
      at += identity;
    } else if (begins_with_name(rest) && !is_inside) {
      std::size_t length = 4;
      while (length < rest.size() && is_digit(rest[length])) ++length;
      out += rest.substr(0, length);
      at += length;
    } else if (is_digit(rest.front())) {
      while (at < text.size() && is_digit(text[at])) ++at;
      out += '#';
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::string canonical(const std::vector<PeerText>& peers, const std::string& cluster) {
  // With as few peers as a small world has, all orders can be tried.
  std::vector<std::size_t> order(peers.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::string least;
  do {
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < order.size(); ++i) names[peers[order[i]].name] = "peer" + std::to_string(i + 1);
    std::string text = renamed(cluster, names);
    for (const std::size_t i : order) text += "--\n" + renamed(peers[i].text, names);
    if (least.empty() || text < least) least = std::move(text);
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

std::string canonical_state(const sim::Glance& glance) {
  std::vector<PeerText> peers;
  std::vector<std::string> members, ends;
  for (const std::string& name : glance.everybody()) {
    const std::string text = glance.state_of(name);
    if (name.starts_with("store"))
      members.push_back(without_numbers(text));
    else if (begins_with_name(name))
      peers.push_back({name, text});
  }
  // Of the logs only matters whose is longer.
  for (const PeerText& peer : peers) ends.push_back(value_of(peer.text, "log ends at"));
  std::vector<std::string> sorted = ends;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto rank = std::find(sorted.begin(), sorted.end(), ends[i]) - sorted.begin();
    peers[i].text = without_numbers(without_lines(peers[i].text, {"log ends at", "log is flushed up to"})) +
                    "log: " + std::string(1, static_cast<char>('a' + rank)) + "\n";
  }
  std::sort(members.begin(), members.end());
  std::string cluster = without_numbers(without_lines(glance.state_of("cluster"), {"version", "leader of the store"}));
  for (const std::string& member : members) cluster += "--\n" + member;
  return canonical(peers, cluster);
}

}  // namespace heir::tools
