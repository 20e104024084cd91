// Sentences about the operations of one object, from which the checkers make their messages.
#pragma once

#include <string>

#include "reports/check/verdict/object.h"

namespace heir::reports::objects {

/// "12.345s"
std::string when(const Object& object, HistoryTime time);
/// "5", "nil"
std::string value_name(const Object& object, Value value);
/// "write of 9 to key 5"
std::string name(const Object& object, const Operation& op);
/// "write of 9 to key 5, acknowledged to process 1 at 12.100s"; of other outcomes "…, never acknowledged".
std::string outcome(const Object& object, const Operation& op);
/// "read of key 5 by process 3 from peer 1 in generation 2 at 12.345s returned": of any operation that was answered.
std::string returned(const Object& object, const Operation& op);
/// "the final state of key 5 holds"
std::string final_state_holds(const Object& object);
/// Of the last event.
HistoryTime last_time(const History& history);

}  // namespace heir::reports::objects
