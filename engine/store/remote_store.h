// RemoteStore: the client of our own store, over datagrams.
//
// A request is sent again, with the same number, until it is answered or its time is up; the server answers a repeated
// command as it went. Nothing is sent and no timer runs while nothing is asked, except that a watch which has heard
// nothing from the store for a while asks again. A lost answer to a watch shows in the next renewal, at no cost of its
// own.
//
// Of several servers one leads, and answers. The others say who does, if they know; whoever is silent is given up for
// the next one. Watches wait where answers come from.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/sync.h"
#include "engine/store/codec.h"
#include "engine/store/inbox.h"
#include "engine/store/store.h"

namespace heir::store {

struct RemoteStoreOptions {
  std::vector<Address> servers;                        ///< At least one.
  PeerId owner;                                        ///< Who we are, for the history.
  Duration timeout = Duration::seconds(1);             ///< Of one operation, from when it was first sent.
  Duration first_retry = Duration::milliseconds(100);  ///< Doubles with each repetition, up to:
  Duration longest_retry = Duration::milliseconds(800);
  Duration watch_silence =
      Duration::seconds(2);  ///< A watch asks again after so long without news or an acknowledged renewal.
};

class RemoteStore final : public Store, private Receiver {
 public:
  /// `host` and `inbox` (whose run() is the caller's to spawn) outlive the store; the store outlives whoever awaits it.
  RemoteStore(Host& host, Inbox& inbox, RemoteStoreOptions options);
  ~RemoteStore() override;
  RemoteStore(const RemoteStore&) = delete;
  RemoteStore& operator=(const RemoteStore&) = delete;

  std::optional<StoreId> identity() const override { return identity_; }
  MonotonicTime heard() const override { return heard_; }
  Task<Result<OpenedSession>> open_session(Duration ttl) override;
  Task<Result<MonotonicTime>> renew(SessionId session) override;
  Task<Result<>> end_session(SessionId session) override;
  Task<Result<>> register_instance(SessionId session, ServiceName service, Instance instance,
                                   std::optional<SessionId> former = std::nullopt) override;
  Task<Result<>> deregister(SessionId session, ServiceName service, PeerId id) override;
  Task<Result<View>> read(ServiceName service) override;
  Task<SwapOutcome> compare_and_swap(Swap swap) override;
  Task<View> changed(ServiceName service, std::optional<StoreId> store, Version after) override;
  Task<Result<std::vector<Document>>> history(ServiceName service, Index first, Index last) override;
  Task<Result<Leader>> leader(ServiceName service) override;

  // For operators of a replicated store. `conflict`: not now, and nothing was changed; `invalid`.
  Task<Result<Members>> members();
  Task<Result<>> change_members(raft::Change change);
  /// `nobody`: whoever has most of the log. It has begun when it returns; members() tells who leads.
  Task<Result<>> transfer_lead(raft::MemberId to);

 private:
  struct Answer {
    Reply reply;
    MonotonicTime first_sent;  ///< When the request was sent first.
    MonotonicTime sent;        ///< When the transmission was sent that this answers.
  };
  struct Call;
  class Turn;
  /// Wakes for the calls that are due. It may wake too early, never too late.
  struct Timer {
    explicit Timer(Executor& executor) : moved(executor) {}
    MonotonicTime armed = MonotonicTime::max();
    Signal moved;
    Scope scope;  ///< Its task, once it has been needed.
  };

  Task<Result<Answer>> call(Body body);
  Task<Result<Answer>> call_in_turn(Body body);
  static Result<> as_write(Result<Answer> answer);
  void receive(Message message) override;
  void renewed(std::uint64_t changes, MonotonicTime now);
  void redirected(const Address& from, const Response& response, const NotLeader& reply);
  void transmit(Call& call, MonotonicTime now);
  void ask_again(Call& watch, MonotonicTime now);
  Timer& timer_of(const Call& call);
  const Timer& timer_of(const Call& call) const;
  void arm(const Call& call);
  MonotonicTime first_due(const Timer& timer) const;
  Task<void> keep_time(Timer& timer);

  Host& host_;
  Inbox& inbox_;
  const RemoteStoreOptions options_;
  const ClientId client_;
  std::uint64_t next_request_ = 1;
  std::size_t server_ = 0;                                      // The one that is asked.
  MonotonicTime followed_ = MonotonicTime::from_ns(INT64_MIN);  // When a server's word who leads was last taken.
  std::optional<StoreId> identity_;
  MonotonicTime heard_;

  std::vector<Call*> calls_;  // Under way, in order of their numbers.
  // Apart, because a held watch's due time is far away and moves further with every renewal.
  Timer retries_;
  Timer held_watches_;

  std::vector<Turn*> turns_;  // Writes: the first is under way, the others wait.
  Signal turn_over_;
};

}  // namespace heir::store
