#include "reports/check/search/texts.h"

#include <algorithm>
#include <bit>

namespace heir::reports {

Texts::Texts(std::vector<std::string_view> texts) : texts_(std::move(texts)) {
  std::ranges::sort(texts_);
  texts_.erase(std::unique(texts_.begin(), texts_.end()), texts_.end());
  std::size_t next = 0;
  first_.reserve(texts_.size());
  for (const std::string_view text : texts_) {
    first_.push_back(static_cast<std::uint32_t>(next));
    next += text.size() + 1;
    too_large_ |= next >= none;
  }
  shared_.emplace_back(texts_.size(), 0);
  for (std::size_t i = 1; i < texts_.size(); ++i) {
    const auto [a, b] = std::ranges::mismatch(texts_[i - 1], texts_[i]);
    shared_[0][i] = static_cast<std::uint32_t>(a - texts_[i - 1].begin());
  }
  for (std::size_t step = 1; 2 * step <= texts_.size(); step *= 2) {
    const std::vector<std::uint32_t>& half = shared_.back();
    std::vector<std::uint32_t> whole(texts_.size(), 0);
    for (std::size_t i = 2 * step - 1; i < texts_.size(); ++i) whole[i] = std::min(half[i], half[i - step]);
    shared_.push_back(std::move(whole));
  }
}

Beginning Texts::place(std::uint32_t number) const {
  const auto text = static_cast<std::size_t>(std::ranges::upper_bound(first_, number) - first_.begin()) - 1;
  return {text, number - first_[text]};
}

std::string_view Texts::text_of(std::uint32_t number) const {
  const Beginning at = place(number);
  return texts_[at.text].substr(0, at.length);
}

std::uint32_t Texts::find(std::string_view beginning) const {
  const auto at = std::ranges::lower_bound(texts_, beginning);
  if (at == texts_.end() || !at->starts_with(beginning)) return none;
  return number({static_cast<std::size_t>(at - texts_.begin()), beginning.size()});
}

std::uint32_t Texts::extend(std::uint32_t from, std::string_view more) const {
  const Beginning begin = place(from);
  // The texts with the same beginning follow one another from this one on; by what comes next they are sorted.
  const auto rest = [&](std::size_t text) { return texts_[text].substr(begin.length); };
  if (rest(begin.text).starts_with(more)) return number({begin.text, begin.length + more.size()});
  std::size_t low = begin.text + 1, high = texts_.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (common(begin.text, middle) >= begin.length && rest(middle) < more) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const bool found = low < texts_.size() && common(begin.text, low) >= begin.length && rest(low).starts_with(more);
  return found ? number({low, begin.length + more.size()}) : none;
}

bool Texts::begins_with(std::uint32_t longer, std::uint32_t shorter) const {
  const Beginning whole = place(longer);
  const Beginning part = place(shorter);
  return part.text <= whole.text && part.length <= whole.length && common(part.text, whole.text) >= part.length;
}

std::size_t Texts::common(std::size_t from, std::size_t to) const {
  if (from == to) return texts_[from].size();
  const auto k = static_cast<std::size_t>(std::bit_width(to - from)) - 1;
  return std::min(shared_[k][to], shared_[k][from + (std::size_t{1} << k)]);
}

}  // namespace heir::reports
