// Process: a program on a machine. It is the gate of everything addressed to the program: paused, it handles nothing,
// and handles all of it in order when it is resumed, while the operating system goes on.
//
// Its memory is a Body, destroyed at a crash, at exit and at power loss, before the call returns (or, when the program
// itself is what is running, as soon as its event ends). Its sockets are reset first (orderly closed at exit if the
// program closed them), its timers dropped, its syncs go on unheard. Daemons that it has started are processes of their
// own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/host.h"
#include "sim/clock/gate.h"
#include "sim/clock/host_clock.h"

namespace heir::sim {

class Disk;
class Machine;
class Network;
class Process;

/// The memory of a program: whatever it holds, the handlers of its connections and timers included.
class Body {
 public:
  virtual ~Body() = default;
};

/// Names a process of a machine; never used again within a run. 0 is none.
using Pid = Strong<struct PidTag, std::uint32_t>;

enum class EndReason { exited, crashed, power_off };

struct ProcessEnd {
  EndReason reason = EndReason::exited;
  ProgramExit exit;  ///< Of a crash: status 137.
};

class Process final : public Gate {
 public:
  ~Process() override;

  Machine& machine() const { return *machine_; }
  Pid pid() const { return pid_; }
  const std::string& name() const { return name_; }
  Kernel& kernel() const;
  Network& network() const;
  HostClock& clock() const;
  Disk& disk() const;

  /// The program's memory. Set once, by the one who starts it.
  void set_body(std::unique_ptr<Body> body) { body_ = std::move(body); }
  Body* body() const { return body_.get(); }
  template <class T>
  T* body_as() const {
    return dynamic_cast<T*>(body_.get());
  }

  /// The program ends itself: its listeners, datagram ports and connections that are still open go as at a crash.
  void exit(ProgramExit result = {});
  /// Killed: kill -9, a failed assertion of the program, the out-of-memory killer.
  void crash();
  void pause();
  void resume();
  bool is_paused() const { return pauses_ > 0; }
  /// While set it has no descriptor left (EMFILE): it opens no file and no connection, and starts no program.
  void use_up_files(bool used_up) { files_used_up_ = used_up; }
  bool has_used_up_files() const { return files_used_up_; }
  /// False from exit, crash or power-off on; the object goes soon after.
  bool is_alive() const { return alive_; }

  /// Called once, when the process has ended and its memory is gone. More than one may listen.
  void on_end(std::function<void(const ProcessEnd&)> listener) { end_listeners_.push_back(std::move(listener)); }

  /// What to run after each event that the program has handled, while it is alive (an executor). Null for none.
  void run_after_events(Executor* executor) { executor_ = executor; }
  /// An empty event for the program, soon: for an executor to which something was posted from outside.
  void wake();

 private:
  friend class Machine;
  Process(Machine& machine, Pid pid, std::string name);
  void end(ProcessEnd how);
  void let_go();
  void finish();
  void after_event() override;
  void left() override;

  Machine* machine_;
  Pid pid_;
  std::string name_;
  std::unique_ptr<Body> body_;
  Executor* executor_ = nullptr;
  std::uint32_t pauses_ = 0;
  bool files_used_up_ = false;
  bool alive_ = true;
  bool ended_ = false;
  ProcessEnd how_;
  std::vector<std::function<void(const ProcessEnd&)>> end_listeners_;
};

}  // namespace heir::sim
