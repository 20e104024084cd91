#include "engine/databases/postgresql/adapter.h"

#include "engine/databases/postgresql/context.h"
#include "engine/databases/postgresql/disk.h"
#include "engine/databases/postgresql/lineage.h"
#include "engine/databases/postgresql/rejoin.h"
#include "engine/databases/postgresql/restart.h"
#include "engine/databases/postgresql/server.h"
#include "engine/databases/postgresql/watch.h"

namespace heir::postgresql {

Adapter::Adapter(Host& host, Config config) : context_(std::make_unique<Context>(host, std::move(config))) {}
Adapter::~Adapter() = default;
const Config& Adapter::config() const {
  return context_->config;
}

Task<Result<Disk>> Adapter::inspect() {
  return postgresql::inspect(*context_);
}
Task<Result<bool>> Adapter::is_empty() {
  return postgresql::is_empty(*context_);
}
Task<Result<>> Adapter::initialize() {
  return postgresql::initialize(*context_);
}
Task<Result<>> Adapter::adopt() {
  return postgresql::adopt(*context_);
}
Task<Result<>> Adapter::erase() {
  return postgresql::erase(*context_);
}
Task<Result<std::uint64_t>> Adapter::shutdown_offset() {
  return postgresql::shutdown_offset(*context_);
}
Task<Result<LogStream>> Adapter::stream() {
  return postgresql::stream(*context_);
}
Task<Result<std::uint64_t>> Adapter::copied() {
  return postgresql::copied(*context_);
}
Task<Result<bool>> Adapter::waits_for_sync(std::uint32_t process) {
  return postgresql::waits_for_sync(*context_, process);
}
Task<Result<>> Adapter::keep_identity(PeerId identity) {
  return postgresql::keep_identity(*context_, std::move(identity));
}
Task<Result<>> Adapter::keep_store(StoreMark mark) {
  return postgresql::keep_store(*context_, std::move(mark));
}

Task<Result<>> Adapter::start(Role role) {
  return postgresql::start(*context_, std::move(role));
}
Task<Result<>> Adapter::start_again(Primary role, std::optional<Endpoint> sync, Patience patience) {
  return postgresql::start_again(*context_, std::move(role), std::move(sync), patience);
}
void Adapter::note_opened(Generation generation, PeerId primary) {
  context_->opened = generation;
  context_->primary = std::move(primary);
}

Task<Result<bool>> Adapter::wrote_last_branch(Position log) {
  return postgresql::wrote_last_branch(*context_, std::move(log));
}
Task<Result<std::optional<Generation>>> Adapter::rebuilt() {
  return read_rebuilt(*context_);
}

Task<Result<>> Adapter::mark_damaged(std::string why) {
  return postgresql::mark_damaged(*context_, std::move(why));
}
Task<Result<>> Adapter::stop(StopMode mode) {
  return postgresql::stop(*context_, mode);
}
Task<Result<>> Adapter::kill() {
  return postgresql::kill(*context_);
}
Task<Result<bool>> Adapter::is_running() {
  return postgresql::is_running(*context_);
}
Task<Result<>> Adapter::configure(Role role) {
  return postgresql::configure(*context_, std::move(role));
}
Task<Result<>> Adapter::sever() {
  return postgresql::sever(*context_);
}
Task<Result<>> Adapter::promote(Generation generation, Primary role) {
  return postgresql::promote(*context_, generation, std::move(role));
}
Task<Result<>> Adapter::bind_timeline(Generation generation) {
  return postgresql::bind_timeline(*context_, generation);
}
Task<Result<>> Adapter::keep_slots(std::vector<PeerId> peers) {
  return postgresql::keep_slots(*context_, std::move(peers));
}
Task<Result<std::uint64_t>> Adapter::terminate_clients() {
  return postgresql::terminate_clients(*context_);
}
Task<Result<std::uint64_t>> Adapter::busy_clients() {
  return postgresql::busy_clients(*context_);
}

Task<Result<Observation>> Adapter::observe(std::optional<PeerId> sync) {
  return postgresql::observe(*context_, std::move(sync));
}
Task<Result<Observation>> Adapter::observe_anew(std::optional<PeerId> sync) {
  return postgresql::observe_anew(*context_, std::move(sync));
}
Task<Result<std::uint64_t>> Adapter::cancelled_waits() {
  const Result<Observation> seen = co_await look(*context_, std::nullopt);
  if (!seen) co_return seen.error();
  co_return std::exchange(context_->memory.untold_cancelled, 0);
}

Task<Result<Position>> Adapter::position() {
  return postgresql::position(*context_);
}
Task<Result<Position>> Adapter::received_position() {
  return postgresql::received_position(*context_);
}
Task<Result<Position>> Adapter::replayed_position() {
  return postgresql::replayed_position(*context_);
}
Task<Result<std::uint64_t>> Adapter::visible_end() {
  const Result<Observation> seen = co_await look(*context_, std::nullopt);
  if (!seen) co_return seen.error();
  if (seen->in_recovery)
    co_return Error{ErrorCode::refused, "this server is a standby: what it shows is its primary's"};
  co_return seen->flushed;
}
Task<Result<LogEnd>> Adapter::log_end() {
  return postgresql::log_end(*context_);
}
Task<Result<CatchUp>> Adapter::sync_has_flushed(PeerId sync, std::uint64_t target) {
  return postgresql::sync_has_flushed(*context_, std::move(sync), target);
}
Task<Result<>> Adapter::await_sync_flush(PeerId sync, std::uint64_t target, Duration stall) {
  return postgresql::await_sync_flush(*context_, std::move(sync), target, stall);
}

Task<Result<>> Adapter::follow(Endpoint upstream, std::vector<PeerId> downstreams) {
  return postgresql::follow(*context_, std::move(upstream), std::move(downstreams));
}
Task<Result<>> Adapter::reach(Endpoint other) {
  return postgresql::reach(*context_, std::move(other));
}

Task<Result<bool>> Adapter::is_streaming() {
  return postgresql::is_streaming(*context_);
}
bool Adapter::is_rebuilding() const {
  return context_->rebuilding;
}
Task<Result<>> Adapter::clone(Endpoint source, CloneOf whom) {
  return postgresql::clone(*context_, std::move(source), whom);
}
Task<Result<RejoinReport>> Adapter::rejoin(Endpoint primary, Endpoint upstream, Rebuild rebuild,
                                           std::vector<PeerId> downstreams) {
  return postgresql::rejoin(*context_, std::move(primary), std::move(upstream), rebuild, std::move(downstreams));
}

}  // namespace heir::postgresql
