// Machine: a host: its name, clock, disk and place on the network, the processes that run on it and the programs that
// can.
//
// Power off: all processes are gone at once, nothing is said to anybody, unsynced disk data is lost; boot: the
// monotonic clock starts at 0, no process runs (the world starts them). Reached by all parts of the world through it;
// outlives them all.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/clock/host_clock.h"
#include "sim/disk/disk.h"
#include "sim/network/network.h"
#include "sim/process/process.h"

namespace heir::sim {

/// A line that a process logged.
struct LogLine {
  VirtualTime at;
  const Machine& machine;
  const Process& process;
  LogLevel level;
  std::string_view event;
  std::span<const Field> fields;
};
using LogSink = std::function<void(const LogLine&)>;

/// Names a run of a program on a machine; never used again within a run of the simulation. 0 is none.
using RunId = Strong<struct RunIdTag, std::uint64_t>;

/// A program of the machine, begun in a process of its own: it gives the process a body and lets it work, ending with
/// self.exit({status, output}); or does all at once and calls exit. The power-off, crash or pause of `self` are its
/// own.
using ProgramMain = std::function<void(Process& self, const Program& program)>;

struct MachineParameters {
  std::string name;
  WallTime wall = WallTime::from_ns(1'700'000'000'000'000'000);
  std::int64_t rate_error_ppb = 0;
  DiskParameters disk{};
  Duration program_start_low = Duration::milliseconds(1);  ///< fork and exec of a program that Host::run asks for.
  Duration program_start_high = Duration::milliseconds(4);
};

class Machine final : private EventTarget {
 public:
  Machine(Kernel& kernel, Network& network, const MachineParameters& parameters);
  ~Machine() override;

  const std::string& name() const { return parameters_.name; }
  NodeId node() const { return node_; }
  Kernel& kernel() const { return EventTarget::kernel(); }
  Network& network() { return network_; }
  HostClock& clock() { return clock_; }
  const HostClock& clock() const { return clock_; }
  Disk& disk() { return disk_; }
  /// An address of this machine.
  AddressId address(std::uint16_t port) const { return address_of(node_, port); }

  // Power.
  bool is_up() const { return up_; }
  /// From inside an event of one of its processes: as soon as that event ends.
  void power_off(UnsyncedFate fate = UnsyncedFate::drop);
  void boot();

  // Processes. Names need not be unique.
  /// A new process without a body; the machine is up. The caller gives it one. Paused while the machine is.
  Process& start(std::string name);
  /// The process if it lives; else null.
  Process* find(Pid pid) const;
  /// The newest living process of this name; else null.
  Process* find(std::string_view name) const;
  std::vector<Process*> processes() const;
  /// Pauses every process, those too that start meanwhile: a stopped virtual machine whose clocks go on. Counted.
  void pause_all();
  void resume_all();

  // Programs.
  void install(std::string name, ProgramMain main);
  /// Starts the program in a process of its own, after the time that takes; `done` is called when it has ended (never,
  /// if the power goes before it has begun). not_found if it is not installed. `done` must be able to outlive the one
  /// who asks.
  Result<RunId> run(Program program, std::function<void(const ProcessEnd&)> done);
  /// Kills it, whether it has begun or not; nothing if it has ended. `done` is not called if it had not begun.
  void kill(RunId run);

  // Log lines of all processes.
  void log_to(LogSink sink) { sink_ = std::move(sink); }
  const LogSink& log_sink() const { return sink_; }

 private:
  friend class Process;
  struct Starting {
    RunId run;
    Program program;
    std::function<void(const ProcessEnd&)> done;
    EventId event;  ///< None: the slot is free.
  };
  enum Kind : std::uint32_t { kStartProgram, kWake, kSweep, kPowerOff };

  void on_event(std::uint32_t kind, std::uint64_t argument) override;
  std::string describe(std::uint32_t kind, std::uint64_t argument) const override;
  void start_program(std::uint32_t slot);
  void wake(Process& process);
  void sweep_later();
  void sweep();

  MachineParameters parameters_;
  Network& network_;
  NodeId node_;
  HostClock clock_;
  Disk disk_;
  RandomStream random_;
  bool up_ = true;
  std::uint32_t pauses_ = 0;
  std::uint32_t last_pid_ = 0;
  EventId sweep_event_;
  std::vector<std::unique_ptr<Process>> processes_;  ///< Ended ones until they are swept out.
  std::map<std::string, ProgramMain, std::less<>> programs_;
  std::vector<Starting> starting_;
  std::uint64_t last_run_ = 0;
  std::vector<std::pair<RunId, Pid>> runs_;  ///< Of programs that have begun and not ended.
  LogSink sink_;
};

}  // namespace heir::sim
