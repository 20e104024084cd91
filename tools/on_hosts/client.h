// Client: one sequential client of a real database. What it does and what it records is what a simulated client does
// and records (sim/workload/client.h): the same draws, the same rules of ok, fail and info. It finds the leader by
// asking all gates.
#pragma once

#include <array>
#include <atomic>
#include <thread>

#include "sim/workload/client.h"
#include "tools/on_hosts/recorder.h"
#include "tools/on_hosts/session.h"
#include "tools/testbed/container.h"

namespace heir::on_hosts {

inline constexpr const char* client_user = "app";
/// Make the tables that the operations are on; for a superuser, before the first client comes as `client_user`.
inline constexpr std::array client_tables{
    "CREATE ROLE app LOGIN", "CREATE TABLE public.registers (key int PRIMARY KEY, value bigint NOT NULL)",
    "CREATE TABLE public.lists (key int PRIMARY KEY, value bigint[] NOT NULL)",
    "CREATE TABLE public.elements (place bigint GENERATED ALWAYS AS IDENTITY, value bigint NOT NULL)",
    "GRANT SELECT, INSERT, UPDATE ON public.registers, public.lists, public.elements TO app"};

class Client {
 public:
  /// On a thread in the host's network, which begins with start(). All given by reference outlive it. Reads go to one
  /// of `standbys`, drawn for each, if there are any.
  Client(const testbed::Container& host, sim::ClientParameters parameters, reports::ProcessId process,
         std::uint64_t seed, std::vector<Access> gates, std::vector<Access> standbys, const RealClock& clock,
         Recorder& recorder, const Stop& stop);
  /// Waits for its thread.
  ~Client();

  void start();
  /// Nothing is under way and nothing will be.
  bool is_done() const { return done_; }
  /// Reads every key once, as the last thing of a run; a read that fails is tried again until then. REQUIRES is_done().
  void read_all(VirtualTime until);

 private:
  struct Operation {
    bool is_final = false;
    std::uint32_t key = 0;
    reports::Function function = reports::Function::read;
    std::int64_t value = 0;
    std::optional<std::size_t> standby = {};  ///< To which it goes.
  };
  void run_thread(std::function<void()> work);
  void work();
  void read_keys(VirtualTime until);
  reports::EventType operate(const Operation& operation, VirtualTime& invoked);
  bool reach(const Operation& operation, Instant until);
  bool connect_to_standby(std::size_t place, Instant until);
  Recorder::Ending carry_out(const Operation& operation, Instant until);
  Recorder::Ending ending_of(const Answer& answer, const Operation& operation) const;

  const testbed::Container& host_;
  const sim::ClientParameters parameters_;
  const reports::ProcessId process_;
  sim::RandomStream random_;
  const std::vector<Access> gates_;
  const std::vector<Access> standbys_;
  const RealClock& clock_;
  Recorder& recorder_;
  const Stop& stop_;
  std::optional<FoundHost> link_;
  bool to_standby_ = false;  ///< The link is.
  std::vector<std::thread> cancels_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

/// What "{1,2,3}" holds.
std::vector<std::int64_t> numbers_in(std::string_view array);

}  // namespace heir::on_hosts
