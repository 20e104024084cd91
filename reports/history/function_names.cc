#include "reports/history/function_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "reports/history/json_text.h"

namespace heir::reports {

namespace {

using Named = std::pair<std::string_view, Function>;

constexpr std::array others{
    Named{"r", Function::read},
    Named{"get", Function::read},
    Named{"w", Function::write},
    Named{"put", Function::write},
    Named{"set", Function::write},
    Named{"compare-and-set", Function::cas},
    Named{"compare-and-swap", Function::cas},
    Named{"insert", Function::add},
    Named{"inc", Function::increment},
    Named{"incr", Function::increment},
    Named{"dec", Function::decrement},
    Named{"decr", Function::decrement},
    Named{"delete", Function::remove},
    Named{"member", Function::contains},
    Named{"enq", Function::enqueue},
    Named{"offer", Function::enqueue},
    Named{"deq", Function::dequeue},
    Named{"poll", Function::dequeue},
    Named{"lock", Function::acquire},
    Named{"unlock", Function::release},
    Named{"rmw", Function::read_modify_write},
    Named{"txn", Function::transaction},
    Named{"init", Function::initialize},
};

constexpr std::array micro_ops{
    Named{"read", Function::read},
    Named{"write", Function::write},
    Named{"append", Function::append},
    Named{"add", Function::add},
    Named{"remove", Function::remove},
    Named{"predicate-read", Function::predicate_read},
    Named{"r", Function::read},
    Named{"w", Function::write},
    Named{"insert", Function::write},
    Named{"delete", Function::remove},
    Named{"rp", Function::predicate_read},
};

std::optional<Function> find(std::span<const Named> names, std::string_view name) {
  const auto at = std::ranges::find(names, name, &Named::first);
  return at != names.end() ? std::optional(at->second) : std::nullopt;
}

/// Of operations: a predicate is read in transactions only.
std::vector<std::string_view> all_functions() {
  std::vector<std::string_view> all;
  for (int i = 0; i < static_cast<int>(Function::predicate_read); ++i)
    all.emplace_back(to_string(static_cast<Function>(i)));
  return all;
}

std::string plain(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

/// Insertions, deletions and replacements that make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, replaced}));
    }
  }
  return row.back();
}

/// Of our names those that were most likely meant.
std::vector<std::string_view> near(std::string_view name) {
  if (const auto known = find(others, name)) return {to_string(*known)};
  std::vector<std::string_view> found;
  std::size_t nearest = 1 + name.size() / 4;
  for (const std::string_view ours : all_functions()) {
    const bool begins = name.size() >= 3 && ours.starts_with(name);
    const std::size_t far = begins ? 1 : distance(name, ours);
    if (far < nearest) found.clear();
    nearest = std::min(nearest, far);
    if (far == nearest) found.push_back(ours);
  }
  return found;
}

std::string quoted(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
  }
  return text;
}

/// So much of a name that a message stays a line.
std::string shown(std::string_view name) {
  if (name.size() <= 40) return json_string(name);
  std::size_t end = 40;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return json_string(std::string(name.substr(0, end)) + "…");
}

}  // namespace

std::optional<Function> function_known_as(std::string_view name) {
  if (const auto ours = function_named(name)) return ours;
  const std::string word = plain(name);
  if (const auto ours = function_named(word)) return ours;
  return find(others, word);
}

std::optional<Function> micro_op_known_as(std::string_view name) {
  return find(micro_ops, name);
}

std::string unknown_function(std::string_view name) {
  const std::vector<std::string_view> meant = name.size() <= 40 ? near(plain(name)) : std::vector<std::string_view>{};
  if (!meant.empty()) return fmt::format("expected a function such as {}, found {}", quoted(meant), shown(name));
  return fmt::format("expected one of the functions {}, found {}", quoted(all_functions()), shown(name));
}

std::string unknown_micro_op(std::string_view name) {
  std::vector<std::string_view> ours;
  for (const auto& [text, function] : micro_ops) {
    if (text == to_string(function)) ours.push_back(text);
  }
  return fmt::format("expected {} in a transaction, found {}", quoted(ours), shown(name));
}

}  // namespace heir::reports
