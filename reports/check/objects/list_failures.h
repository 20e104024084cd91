// The names of what is wrong with an append list, each with the operations that prove it.
#pragma once

#include "reports/check/objects/list_versions.h"

namespace heir::reports::objects {

/// In order of time; empty exactly if the list is linearizable. A problem instead if an element was read that was
/// appended more than once.
struct ListFindings {
  std::vector<Failure> failures;
  std::string problem;
};
ListFindings list_failures(const Object& object, const ListVersions& versions);

}  // namespace heir::reports::objects
