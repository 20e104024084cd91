// The beginnings of texts, as numbers: equal beginnings have the same number, though no text is copied or hashed.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace heir::reports {

/// A beginning's place: the first text, of all in order, that has it.
struct Beginning {
  std::size_t text = 0;
  std::size_t length = 0;
  bool operator==(const Beginning&) const = default;
};

class Texts {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  Texts() = default;
  /// Of texts that stay where they are.
  explicit Texts(std::vector<std::string_view> texts);
  /// More beginnings than numbers: then only this may be called.
  bool too_large() const { return too_large_; }

  std::size_t size() const { return texts_.size(); }
  std::string_view operator[](std::size_t text) const { return texts_[text]; }
  /// Of the empty beginning.
  std::uint32_t empty() const { return texts_.empty() ? none : 0; }
  std::uint32_t number(Beginning b) const { return first_[b.text] + static_cast<std::uint32_t>(b.length); }
  Beginning place(std::uint32_t number) const;
  std::string_view text_of(std::uint32_t number) const;

  /// The number of a beginning, or `none` if no text begins so.
  std::uint32_t find(std::string_view beginning) const;
  /// Of a beginning with more behind it.
  std::uint32_t extend(std::uint32_t number, std::string_view more) const;
  bool begins_with(std::uint32_t longer, std::uint32_t shorter) const;
  /// How long the common beginning of a text and the one before it is; of the first 0.
  std::size_t shared(std::size_t text) const { return text == 0 ? 0 : shared_[0][text]; }

 private:
  /// Length of the common beginning of texts `from` <= `to`.
  std::size_t common(std::size_t from, std::size_t to) const;

  std::vector<std::string_view> texts_;  ///< Sorted, each once.
  std::vector<std::uint32_t> first_;     ///< By text: the sum of the sizes (and 1 each) of those before it.
  /// At [k][i]: the least of what 2^k neighbours, of which i is the last, share with their predecessors.
  std::vector<std::vector<std::uint32_t>> shared_;
  bool too_large_ = false;
};

}  // namespace heir::reports
