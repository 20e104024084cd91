#include "tools/on_hosts/crowd.h"

#include "engine/base/assert.h"

namespace heir::on_hosts {

namespace {
constexpr Duration pause =
    Duration::milliseconds(100);  ///< Between two looks at who was refused or has lost his session.
}

Crowd::Crowd(const testbed::Container& host, Access database, int sessions) {
  thread_ = std::thread([this, &host, database = std::move(database), sessions] {
    const Result<> entered = host.in_network([&]() -> Result<> {
      hold(database, static_cast<std::size_t>(sessions));
      return {};
    });
    ASSERT(entered, "a host's network can be entered");
  });
}

Crowd::~Crowd() {
  stop_.set();
  thread_.join();
}

void Crowd::hold(const Access& database, std::size_t sessions) {
  std::vector<std::unique_ptr<Session>> held(sessions);
  while (!stop_.is_set()) {
    const Instant next = after(now_of_machine(), pause);
    for (std::unique_ptr<Session>& session : held) {
      if (session && session->link() == Session::Link::lost) session.reset();
      if (!session) session = std::make_unique<Session>(database);
      pollfd ready = session->waits_for();
      while (session->link() == Session::Link::connecting && ::poll(&ready, 1, 0) == 1) {
        session->go_on();
        ready = session->waits_for();
      }
      // One that the server has ended says so by becoming readable.
      pollfd ended = session->waits_for();
      ended.events = POLLIN;
      if (session->link() == Session::Link::ready && ::poll(&ended, 1, 0) == 1) session.reset();
    }
    sleep_until(next, stop_);
  }
}

}  // namespace heir::on_hosts
