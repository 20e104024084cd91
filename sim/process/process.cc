#include "sim/process/process.h"

#include <utility>

#include "sim/process/machine.h"

namespace heir::sim {

Process::Process(Machine& machine, Pid pid, std::string name) : machine_(&machine), pid_(pid), name_(std::move(name)) {}

Process::~Process() = default;

Kernel& Process::kernel() const {
  return machine_->kernel();
}
Network& Process::network() const {
  return machine_->network();
}
HostClock& Process::clock() const {
  return machine_->clock();
}
Disk& Process::disk() const {
  return machine_->disk();
}

void Process::exit(ProgramExit result) {
  end({EndReason::exited, std::move(result)});
}

void Process::crash() {
  end({EndReason::crashed, {137, "killed"}});
}

void Process::pause() {
  if (!alive_ || ++pauses_ > 1) return;
  close();
}

void Process::resume() {
  if (!alive_ || pauses_ == 0 || --pauses_ > 0) return;
  reopen();
}

void Process::wake() {
  machine_->wake(*this);
}

void Process::end(ProcessEnd how) {
  if (!alive_) return;
  alive_ = false;
  how_ = std::move(how);
  discard();
  let_go();
  if (!is_inside()) finish();
}

/// The operating system takes back what the program had.
void Process::let_go() {
  network().release(*this, how_.reason == EndReason::exited);
  clock().release(*this);
  disk().release(*this);
}

void Process::finish() {
  ended_ = true;
  // What the program has asked for since its end, while its last event was running, goes too.
  let_go();
  executor_ = nullptr;
  body_.reset();
  machine_->sweep_later();
  const auto listeners = std::move(end_listeners_);
  for (const auto& listener : listeners) listener(how_);
}

void Process::after_event() {
  if (executor_ && alive_ && is_open() && !executor_->idle()) executor_->run();
}

void Process::left() {
  if (!alive_ && !ended_) finish();
}

}  // namespace heir::sim
