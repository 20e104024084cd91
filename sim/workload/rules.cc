#include "sim/workload/rules.h"

#include "sim/databases/postgresql/wire.h"

namespace heir::sim {

using reports::Function;

Function write_function(WorkloadModel model) {
  switch (model) {
    case WorkloadModel::reg: return Function::write;
    case WorkloadModel::append: return Function::append;
    case WorkloadModel::set: return Function::add;
  }
  return Function::write;
}

std::string key_name(WorkloadModel model, std::uint32_t key) {
  return std::string(1, "rls"[static_cast<std::size_t>(model)]) + std::to_string(key);
}

bool is_certain_refusal(std::string_view state) {
  return state == wire::sqlstate::starting_up || state == wire::sqlstate::read_only ||
         state == wire::sqlstate::too_many_connections || state == wire::sqlstate::cancelled ||
         state == wire::sqlstate::syntax_error || state == wire::sqlstate::out_of_range ||
         state == wire::sqlstate::data_corrupted;
}

}  // namespace heir::sim
