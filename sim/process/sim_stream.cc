#include "sim/process/sim_stream.h"

#include <utility>

namespace heir::sim {

// --- Streams
// ------------------------------------------------------------------------------------------------------------

void SimStream::connect(SimHost& host, const Address& to, ConnectOperation& op) {
  const auto address = host.resolve(to);
  if (!address) return op.complete(Error{ErrorCode::unreachable, address.error().message});
  auto* stream =
      new SimStream(host);  // belongs to the operation until it completes: see on_connected, on_reset, abandoned
  stream->connecting_ = &op;
  op.owned_by(stream);
  Process& process = host.process_;
  stream->id_ = process.network().connect(process.machine().node(), *address, *stream, &process);
}

std::unique_ptr<SimStream> SimStream::accept(SimHost& host, StreamId id) {
  std::unique_ptr<SimStream> stream(new SimStream(host));
  stream->id_ = id;
  host.process_.network().adopt(id, *stream);
  return stream;
}

SimStream::~SimStream() {
  // Whoever waits for a stream that is no more waits for ever.
  if (reading_) reading_->owned_by(nullptr);
  if (draining_) draining_->owned_by(nullptr);
  host_.process_.network().close(id_);
}

bool SimStream::write(Bytes bytes) {
  if (end_ || closed_) return false;
  if (bytes.empty()) return true;
  return host_.process_.network().write(id_, std::move(bytes));
}

void SimStream::reset() {
  if (end_ || closed_) return;
  host_.process_.network().reset(id_);
  on_reset(id_, StreamEnd::reset);
}

void SimStream::start_read(Operation<Result<Bytes>>& op) {
  ASSERT(!reading_, "one read at a time");
  if (!received_.empty()) {
    Bytes bytes = std::move(received_.front());
    received_.pop_front();
    return op.complete(std::move(bytes));
  }
  if (end_) return op.complete(broken());
  if (closed_) return op.complete(Bytes());
  reading_ = &op;
  op.owned_by(this);
}

void SimStream::start_drained(Operation<Result<>>& op) {
  ASSERT(!draining_, "one drained() at a time");
  if (end_ || closed_)
    return op.complete(end_ ? broken() : Error{ErrorCode::unreachable, "the other side has closed the connection"});
  Network& network = host_.process_.network();
  if (network.unacknowledged(id_) <= kSendBuffer) return op.complete({});
  draining_ = &op;
  op.owned_by(this);
  network.notify_drained(id_, kSendBuffer);
}

void SimStream::on_connected(StreamId) {
  std::exchange(connecting_, nullptr)->complete(std::unique_ptr<Stream>(this));
}

void SimStream::on_data(StreamId, Chunk chunk) {
  if (chunk.bytes.empty()) return;
  if (reading_) return std::exchange(reading_, nullptr)->complete(std::move(chunk.bytes));
  received_.push_back(std::move(chunk.bytes));
}

void SimStream::on_closed(StreamId) {
  closed_ = true;
  if (reading_) std::exchange(reading_, nullptr)->complete(Bytes());
  if (draining_)
    std::exchange(draining_, nullptr)
        ->complete(Error{ErrorCode::unreachable, "the other side has closed the connection"});
}

void SimStream::on_reset(StreamId, StreamEnd end) {
  end_ = to_string(end);
  if (connecting_) {
    std::exchange(connecting_, nullptr)->complete(broken());
    delete this;
    return;
  }
  if (reading_) std::exchange(reading_, nullptr)->complete(broken());
  if (draining_) std::exchange(draining_, nullptr)->complete(broken());
}

void SimStream::on_drained(StreamId) {
  if (draining_) std::exchange(draining_, nullptr)->complete({});
}

void SimStream::abandoned(OperationBase& operation) {
  if (&operation == connecting_) {
    delete this;
    return;
  }
  if (&operation == reading_) reading_ = nullptr;
  if (&operation == draining_) draining_ = nullptr;
}

// --- Listeners
// ----------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Listener>> SimListener::open(SimHost& host, const Address& at) {
  const auto address = host.resolve(at);
  if (!address) return address.error();
  Process& process = host.process_;
  if (node_of(*address) != process.machine().node()) {
    return {ErrorCode::invalid, at.value() + " is not an address of " + process.machine().name()};
  }
  std::unique_ptr<SimListener> listener(new SimListener(host, *address));
  if (auto listening = process.network().listen(*address, *listener, &process); !listening) {
    listener->at_ = AddressId();  // it is somebody else's
    return listening.error();
  }
  return std::unique_ptr<Listener>(std::move(listener));
}

SimListener::~SimListener() {
  for (AcceptOperation* op : accepting_) op->owned_by(nullptr);
  if (at_ == AddressId() || !host_.process_.is_alive()) return;  // of a dead process: the port may be another's by now
  host_.process_.network().unlisten(at_);
}

void SimListener::start_accept(AcceptOperation& op) {
  accepting_.push_back(&op);
  op.owned_by(this);
  hand_out();
}

void SimListener::on_accepted(AddressId, StreamId id) {
  accepted_.push_back(SimStream::accept(host_, id));
  hand_out();
}

/// A program without descriptors accepts nothing: the system's queue grows.
void SimListener::hand_out() {
  while (!accepting_.empty() && !accepted_.empty() && !host_.process_.has_used_up_files()) {
    AcceptOperation* op = accepting_.front();
    accepting_.erase(accepting_.begin());
    std::unique_ptr<Stream> stream = std::move(accepted_.front());
    accepted_.pop_front();
    op->complete(std::move(stream));
  }
}

void SimListener::abandoned(OperationBase& operation) {
  std::erase(accepting_, static_cast<AcceptOperation*>(&operation));
}

}  // namespace heir::sim
