// Names: small numbers for strings, in the order of their first mention, so that nothing depends on a hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heir::reports {

class Names {
 public:
  /// The number of a name, a new one if it has none yet.
  std::uint32_t number(std::string_view name);
  /// Valid until another name is added.
  const std::string& operator[](std::uint32_t number) const { return names_[number]; }
  std::size_t size() const { return names_.size(); }

 private:
  void grow();

  std::vector<std::string> names_;
  std::vector<std::size_t> hashes_;   ///< By number.
  std::vector<std::uint32_t> slots_;  ///< By hash, open addressing: number + 1, 0 is free. A power of two in size.
};

}  // namespace heir::reports
