// Match: visit a variant with one lambda per named alternative; a new alternative fails to compile until it is
// answered.
#pragma once

namespace heir {

template <class... Arms>
struct Match : Arms... {
  using Arms::operator()...;
};
template <class... Arms>
Match(Arms...) -> Match<Arms...>;

}  // namespace heir
