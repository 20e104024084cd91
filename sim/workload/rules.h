// What is the same for simulated and real clients: what their operations are called, and which answers are certain.
#pragma once

#include <string>
#include <string_view>

#include "reports/history/history.h"

namespace heir::sim {

enum class WorkloadModel { reg, append, set };

reports::Function write_function(WorkloadModel model);

/// Keys of different models are different objects: "r3", "l3", "s0".
std::string key_name(WorkloadModel model, std::uint32_t key);

/// Whether a statement that was refused with this SQLSTATE certainly had no effect.
bool is_certain_refusal(std::string_view state);

}  // namespace heir::sim
