#include "scenarios/mistakes.h"

#include <algorithm>

namespace heir::scenarios {
namespace {

constexpr std::size_t widest_excerpt = 100;

/// Code points of a line, each as printable text: what would disturb a terminal, and what is not UTF-8, becomes '?'.
std::vector<std::string> characters(std::string_view line, bool* valid = nullptr) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < line.size();) {
    const auto lead = static_cast<unsigned char>(line[i]);
    std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    bool good = length != 0 && lead <= 0xf4 && i + length <= line.size();
    for (std::size_t k = 1; good && k < length; ++k) good = (static_cast<unsigned char>(line[i + k]) & 0xc0) == 0x80;
    if (good && length > 1) {
      // Overlong forms, surrogates, beyond the last code point.
      const auto second = static_cast<unsigned char>(line[i + 1]);
      good = !(lead == 0xe0 && second < 0xa0) && !(lead == 0xed && second >= 0xa0) &&
             !(lead == 0xf0 && second < 0x90) && !(lead == 0xf4 && second >= 0x90);
    }
    if (!good) {
      length = 1;
      if (valid) *valid = false;
    }
    if (lead == '\t') {
      out.emplace_back(" ");
    } else if (!good || lead < 0x20 || lead == 0x7f ||
               (lead == 0xc2 && static_cast<unsigned char>(line[i + 1]) < 0xa0)) {
      out.emplace_back("?");
    } else {
      out.emplace_back(line.substr(i, length));
    }
    i += length;
  }
  return out;
}

char folded(char c) {
  return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Insertions, deletions, replacements and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1])) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

bool is_utf8(std::string_view text) {
  bool valid = true;
  characters(text, &valid);
  return valid;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const std::string& character : characters(text)) out += character;
  return out;
}

Mistakes::Mistakes(std::string name, std::string_view text, const std::vector<std::string>& overrides)
    : name_(printable(name)), overrides_(&overrides) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines_.push_back(line);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

void Mistakes::add(const Place& place, std::string message) {
  mistakes_.push_back({place, std::move(message)});
}

std::string Mistakes::excerpt(const Place& place) const {
  if (place.line < 1 || static_cast<std::size_t>(place.line) > lines_.size()) return {};
  const std::vector<std::string> line = characters(lines_[static_cast<std::size_t>(place.line) - 1]);
  const std::size_t column = place.column > 0 ? static_cast<std::size_t>(place.column) - 1 : 0;
  std::size_t begin = column > widest_excerpt / 2 && line.size() > widest_excerpt ? column - widest_excerpt / 2 : 0;
  if (begin > line.size()) begin = line.size();
  const std::size_t end = std::min(line.size(), begin + widest_excerpt);
  const std::string number = std::to_string(place.line);
  std::string text = "\n  " + number + " | ";
  for (std::size_t i = begin; i < end; ++i) text += line[i];
  text += "\n  " + std::string(number.size(), ' ') + " | " + std::string(column - begin, ' ') + '^';
  const std::size_t length =
      std::min(static_cast<std::size_t>(std::max(place.length, 1)), end > column ? end - column : 1);
  return text + std::string(length - 1, '~');
}

std::vector<std::string> Mistakes::render(std::size_t limit) const {
  std::vector<Mistake> sorted = mistakes_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Mistake& a, const Mistake& b) {
    if (a.place.source != b.place.source) return a.place.source < b.place.source;
    if (a.place.line != b.place.line) return a.place.line < b.place.line;
    return a.place.column < b.place.column;
  });
  std::vector<std::string> messages;
  for (const Mistake& mistake : sorted) {
    if (messages.size() == limit) {
      messages.push_back(name_ + ": and " + std::to_string(sorted.size() - limit) + " more");
      break;
    }
    const Place& place = mistake.place;
    if (place.source >= 0) {
      messages.push_back(
          "--set " + printable(std::string_view((*overrides_)[static_cast<std::size_t>(place.source)]).substr(0, 200)) +
          ": " + mistake.message);
    } else if (place.line > 0) {
      messages.push_back(name_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
                         mistake.message + excerpt(place));
    } else {
      messages.push_back(name_ + ": " + mistake.message);
    }
  }
  return messages;
}

std::string nearest(std::string_view word, const std::vector<std::string>& names) {
  if (word.size() > 64) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(word, name);
    // Two short words are always near each other: less than half of the longer one must differ.
    if (distance < least && distance * 2 <= std::max(word.size(), name.size())) {
      least = distance;
      best = name;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& names) {
  if (const std::string name = nearest(word, names); !name.empty()) return "; did you mean '" + name + "'?";
  std::string text = "; known: ";
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return text;
}

}  // namespace heir::scenarios
