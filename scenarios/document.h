// A scenario's text as a tree of values, each with its place, and the `--set` overrides laid over it. The only file
// that knows the TOML library is document.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/mistakes.h"

namespace heir::scenarios {

struct Entry;

/// One value of the text. Invariant: only the member of its kind is meaningful.
struct Value {
  enum class Kind { boolean, integer, real, text, date, array, table };
  Kind kind = Kind::table;
  bool boolean = false;
  std::int64_t integer = 0;
  std::string text;            ///< Of `text`; of `real` and `date` as they were written or nearly so.
  std::vector<Value> items;    ///< Of `array`.
  std::vector<Entry> entries;  ///< Of `table`, in the order of the file.
  Place place;
  std::string raw;  ///< From `--set`: the value as given.

  const Entry* find(std::string_view key) const;
  Entry* find(std::string_view key);
};

struct Entry {
  std::string key;
  Place place;  ///< Of the key.
  Value value;
};

/// Of the key's value; where the table has no such key, of the table.
Place place_of(const Value& table, std::string_view key);
/// "the string \"abc\"", "the integer 5", "a table".
std::string describe(const Value& value);
/// Quoted for a message or for TOML: control characters escaped; with a limit, cut after so many bytes.
std::string in_quotes(std::string_view text, std::size_t limit = std::string_view::npos);

/// A name of the file for a message: cut, and without control characters.
std::string shown(std::string_view name);

/// Parses TOML. False if it is not TOML; the mistake has been reported.
bool parse_document(std::string_view text, Mistakes& mistakes, Value& root);

/// Lays `key=value` over the tree; mistakes are reported as those of override number `index`.
void apply_override(const std::string& text, int index, Mistakes& mistakes, Value& root);

}  // namespace heir::scenarios
