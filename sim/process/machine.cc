#include "sim/process/machine.h"

#include <algorithm>
#include <utility>

namespace heir::sim {

Machine::Machine(Kernel& kernel, Network& network, const MachineParameters& parameters)
    : EventTarget(kernel, parameters.name),
      parameters_(parameters),
      network_(network),
      node_(network.add_node(parameters.name)),
      clock_(kernel, parameters.name + "/clock", parameters.wall),
      disk_(kernel, parameters.name, parameters.disk),
      random_(kernel.stream("machine/" + parameters.name)) {
  clock_.set_rate_error(parameters.rate_error_ppb);
}

Machine::~Machine() {
  // Programs hold connections, timers and logs of the machine: they go first, without telling anybody.
  for (const auto& process : processes_) process->end_listeners_.clear();
  for (const auto& process : processes_) process->end({EndReason::power_off, {}});
}

// --- Power
// --------------------------------------------------------------------------------------------------------------

void Machine::power_off(UnsyncedFate fate) {
  if (!up_) return;
  for (const auto& process : processes_) {
    if (!process->is_inside()) continue;
    EventTarget::kernel().schedule(EventTarget::kernel().now(), *this, kPowerOff, static_cast<std::uint64_t>(fate));
    return;
  }
  up_ = false;
  pauses_ = 0;
  for (Starting& each : starting_) {
    EventTarget::kernel().cancel(each.event);
    each = Starting();
  }
  network_.set_up(node_, false);
  // By number: those who listen for an end may look at the machine, but start nothing on it.
  for (std::size_t i = 0; i < processes_.size(); ++i)
    processes_[i]->end({EndReason::power_off, {137, "the power is off"}});
  disk_.power_loss(fate);
}

void Machine::boot() {
  if (up_) return;
  up_ = true;
  clock_.restart();
  network_.set_up(node_, true);
}

// --- Processes
// ----------------------------------------------------------------------------------------------------------

Process& Machine::start(std::string name) {
  ASSERT(up_, "a process is started on a machine that is off: " + name + " on " + this->name());
  processes_.push_back(std::unique_ptr<Process>(new Process(*this, Pid(++last_pid_), std::move(name))));
  Process& process = *processes_.back();
  for (std::uint32_t i = 0; i < pauses_; ++i) process.pause();
  return process;
}

Process* Machine::find(Pid pid) const {
  for (const auto& process : processes_) {
    if (process->pid() == pid) return process->is_alive() ? process.get() : nullptr;
  }
  return nullptr;
}

Process* Machine::find(std::string_view name) const {
  for (auto process = processes_.rbegin(); process != processes_.rend(); ++process) {
    if ((*process)->is_alive() && (*process)->name() == name) return process->get();
  }
  return nullptr;
}

std::vector<Process*> Machine::processes() const {
  std::vector<Process*> alive;
  for (const auto& process : processes_) {
    if (process->is_alive()) alive.push_back(process.get());
  }
  return alive;
}

void Machine::pause_all() {
  if (!up_) return;
  ++pauses_;
  for (Process* process : processes()) process->pause();
}

void Machine::resume_all() {
  if (!up_ || pauses_ == 0) return;
  --pauses_;
  // What one handles when it is resumed may end another.
  std::vector<Pid> pids;
  for (const Process* process : processes()) pids.push_back(process->pid());
  for (const Pid pid : pids) {
    if (Process* process = find(pid)) process->resume();
  }
}

void Machine::wake(Process& process) {
  EventTarget::kernel().schedule(EventTarget::kernel().now(), *this, kWake, process.pid().value());
}

void Machine::sweep_later() {
  if (!EventTarget::kernel().is_pending(sweep_event_)) {
    sweep_event_ = EventTarget::kernel().schedule(EventTarget::kernel().now(), *this, kSweep);
  }
}

void Machine::sweep() {
  std::erase_if(processes_, [](const auto& process) { return process->ended_; });
}

// --- Programs
// -----------------------------------------------------------------------------------------------------------

void Machine::install(std::string name, ProgramMain main) {
  programs_.insert_or_assign(std::move(name), std::move(main));
}

Result<RunId> Machine::run(Program program, std::function<void(const ProcessEnd&)> done) {
  if (programs_.find(program.name) == programs_.end())
    return Error{ErrorCode::not_found, "no program of this name: " + program.name};
  std::uint32_t slot = 0;
  while (slot < starting_.size() && starting_[slot].event) ++slot;
  if (slot == starting_.size()) starting_.emplace_back();
  const Duration takes = random_.between(parameters_.program_start_low, parameters_.program_start_high);
  const EventId event = EventTarget::kernel().schedule_after(takes, *this, kStartProgram, slot);
  const RunId run(++last_run_);
  starting_[slot] = {run, std::move(program), std::move(done), event};
  return run;
}

void Machine::kill(RunId run) {
  for (Starting& starting : starting_) {
    if (!starting.event || starting.run != run) continue;
    EventTarget::kernel().cancel(starting.event);
    starting = Starting();
    return;
  }
  const auto begun = std::find_if(runs_.begin(), runs_.end(), [run](const auto& entry) { return entry.first == run; });
  if (begun == runs_.end()) return;
  if (Process* process = find(begun->second)) process->crash();
}

void Machine::start_program(std::uint32_t slot) {
  Starting begun = std::exchange(starting_[slot], Starting());
  if (!up_) return;  // the power went while it was being loaded
  const auto main = programs_.find(begun.program.name);
  Process& process = start(begun.program.name);
  runs_.emplace_back(begun.run, process.pid());
  process.on_end([this, run = begun.run](const ProcessEnd&) {
    std::erase_if(runs_, [run](const auto& entry) { return entry.first == run; });
  });
  process.on_end(std::move(begun.done));
  const Gate::Entry entry(&process);
  main->second(process, begun.program);
}

// --- Events
// -------------------------------------------------------------------------------------------------------------

void Machine::on_event(std::uint32_t kind, std::uint64_t argument) {
  switch (static_cast<Kind>(kind)) {
    case kStartProgram: return start_program(static_cast<std::uint32_t>(argument));
    case kWake:
      if (Process* process = find(Pid(static_cast<std::uint32_t>(argument)))) {
        if (!process->admit(*this, kind, argument)) return;
        const Gate::Entry entry(process);  // whose end runs the executor
      }
      return;
    case kSweep: return sweep();
    case kPowerOff: return power_off(static_cast<UnsyncedFate>(argument));
  }
}

std::string Machine::describe(std::uint32_t kind, std::uint64_t argument) const {
  switch (static_cast<Kind>(kind)) {
    case kStartProgram: return "start " + starting_[argument].program.name;
    case kWake: return "wake process " + std::to_string(argument);
    case kSweep: return "sweep";
    case kPowerOff: return "power off";
  }
  return "?";
}

}  // namespace heir::sim
