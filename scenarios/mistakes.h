// What is wrong with a scenario: each mistake with its place, put into words once, in the order of the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heir::scenarios {

/// Where something stands: in the file (`source` is -1; line and column count from 1) or in override number `source`.
struct Place {
  int source = -1;
  int line = 0;
  int column = 0;
  int length = 1;  ///< In characters, for the mark under the line.
};

struct Mistake {
  Place place;
  std::string message;
};

/// Collects mistakes about one text with its overrides.
class Mistakes {
 public:
  /// `name` is the file's name in messages.
  Mistakes(std::string name, std::string_view text, const std::vector<std::string>& overrides);

  void add(const Place& place, std::string message);
  bool empty() const { return mistakes_.empty(); }
  std::size_t count() const { return mistakes_.size(); }

  /// At most `limit` messages, in the order of the file, those of overrides last; then how many more there are.
  /// In a file: "NAME:LINE:COLUMN: MESSAGE", and below it the line with a mark. In an override: "--set TEXT: MESSAGE".
  std::vector<std::string> render(std::size_t limit) const;

 private:
  std::string excerpt(const Place& place) const;

  std::string name_;
  std::vector<std::string_view> lines_;
  const std::vector<std::string>* overrides_;
  std::vector<Mistake> mistakes_;
};

bool is_utf8(std::string_view text);
/// For a terminal: control characters, and what is not UTF-8, become '?'.
std::string printable(std::string_view text);

/// The name nearest to `word` by edit distance (swapped neighbours count once, '-' and '_' are alike); empty if none is
/// near.
std::string nearest(std::string_view word, const std::vector<std::string>& names);

/// "; did you mean 'x'?" or "; known: a, b, c".
std::string suggestion(std::string_view word, const std::vector<std::string>& names);

}  // namespace heir::scenarios
