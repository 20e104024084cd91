#include "sim/databases/postgresql/copy_client.h"

namespace heir::sim::programs {

namespace {

constexpr std::uint32_t parts = 8;
/// The source says nothing for so long: libpq's TCP settings, and patience.
constexpr Duration patience = Duration::seconds(30);

}  // namespace

void CopyClient::connect(const std::string& conninfo) {
  const auto info = parse_connection_info(conninfo);
  if (!info) return fail(info.error().message);
  source_ = "connection to server at \"" + info->host + "\", port " + info->port + " failed: ";
  const auto address = self_.network().resolve(Address(info->host + ":" + info->port));
  if (!address)
    return fail("could not translate host name \"" + info->host + "\" to address: Name or service not known");
  StreamOptions options;
  options.peer_timeout = patience;
  stream_ = self_.network().connect(self_.machine().node(), *address, *this, &self_, options);
}

void CopyClient::request(CopyStage stage, std::string slot) {
  stage_ = stage;
  self_.network().write(stream_, {}, Attachment::make<CopyRequest>(120, CopyRequest{stage, std::move(slot)}));
}

void CopyClient::transfer(std::uint64_t bytes) {
  const std::uint64_t rate = run_.timings().copy_bytes_per_second;
  const std::uint64_t microseconds = bytes / (rate / 1'000'000 > 0 ? rate / 1'000'000 : 1);
  part_ = Duration::microseconds(static_cast<std::int64_t>(microseconds / parts) + 1);
  parts_left_ = parts;
  self_.clock().set_timer_after(part_, &self_, *this);
}

void CopyClient::on_timer(std::uint64_t) {
  if (ended_) return;
  request(CopyStage::more);
}

void CopyClient::on_data(StreamId, Chunk chunk) {
  if (ended_) return;
  if (const auto* refused = chunk.attachment.get<ReplicationRefused>()) return fail(refused->message);
  const auto* answer = chunk.attachment.get<CopyAnswer>();
  if (!answer) return;
  if (stage_ != CopyStage::more) return answered(stage_, *answer);
  if (--parts_left_ > 0) {
    self_.clock().set_timer_after(part_, &self_, *this);
  } else {
    transferred();
  }
}

void CopyClient::on_closed(StreamId) {
  fail("server closed the connection unexpectedly");
}

void CopyClient::on_reset(StreamId, StreamEnd end) {
  switch (end) {
    case StreamEnd::refused: return fail(source_ + "Connection refused");
    case StreamEnd::timed_out: return fail(source_ + "Connection timed out");
    case StreamEnd::reset: return fail("server closed the connection unexpectedly");
  }
}

void CopyClient::fail(const std::string& why) {
  if (ended_) return;
  ended_ = true;
  failed();
  self_.network().close(stream_);
  self_.exit({1, program_ + ": error: " + why + "\n"});
}

void CopyClient::succeed(std::string output) {
  if (ended_) return;
  ended_ = true;
  self_.network().close(stream_);
  self_.exit({0, std::move(output)});
}

}  // namespace heir::sim::programs
