// Names and payloads of the simulated network.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/host.h"
#include "engine/base/strong.h"

namespace heir::sim {

/// A host on the network, numbered in the order of Network::add_node.
using NodeId = Strong<struct NodeTag, std::uint16_t>;

/// "host:port" as a number: see Network::resolve.
using AddressId = Strong<struct AddressIdTag, std::uint32_t>;
constexpr AddressId address_of(NodeId node, std::uint16_t port) {
  return AddressId((std::uint32_t{node.value()} << 16) | port);
}
constexpr NodeId node_of(AddressId address) {
  return NodeId(static_cast<std::uint16_t>(address.value() >> 16));
}
constexpr std::uint16_t port_of(AddressId address) {
  return static_cast<std::uint16_t>(address.value());
}

/// One side of one connection. Never used again within a run; the default is none. A program that uses one after its
/// end gets false or nothing, never another connection.
using StreamId = Strong<struct StreamIdTag, std::uint64_t>;

/// An immutable typed value that travels on a stream beside bytes, so that programs simulated on both sides need no
/// serialisation. `size` is what it would take on the wire.
class Attachment {
 public:
  Attachment() = default;
  template <class T>
  static Attachment of(std::shared_ptr<const T> value, std::uint32_t size) {
    Attachment made;
    made.value_ = std::move(value);
    made.type_ = tag<T>();
    made.size_ = size;
    return made;
  }
  template <class T, class... Arguments>
  static Attachment make(std::uint32_t size, Arguments&&... arguments) {
    return of<T>(std::make_shared<const T>(std::forward<Arguments>(arguments)...), size);
  }
  /// The value if it is a T, else null.
  template <class T>
  const T* get() const {
    return type_ == tag<T>() ? static_cast<const T*>(value_.get()) : nullptr;
  }
  /// The same, sharing ownership.
  template <class T>
  std::shared_ptr<const T> share() const {
    return type_ == tag<T>() ? std::static_pointer_cast<const T>(value_) : nullptr;
  }
  explicit operator bool() const { return type_ != nullptr; }
  std::uint32_t size() const { return size_; }

 private:
  /// A type is named by the address of a variable of its own; compared for equality only.
  template <class T>
  static const void* tag() {
    static const char mark = 0;
    return &mark;
  }
  std::shared_ptr<const void> value_;
  const void* type_ = nullptr;
  std::uint32_t size_ = 0;
};

/// What one write() hands over and one on_data() delivers: chunks are neither split nor joined.
struct Chunk {
  Bytes bytes;
  Attachment attachment;
  std::size_t size() const { return bytes.size() + attachment.size(); }
};

/// Why a connection is no more.
enum class StreamEnd {
  reset,      ///< The other side cut it, crashed, or no longer knows of it.
  refused,    ///< Nobody listens there.
  timed_out,  ///< connect() got no answer, or the other side has been out of reach for StreamOptions::peer_timeout.
};
const char* to_string(StreamEnd end);

struct StreamOptions {
  Duration connect_timeout = Duration::seconds(10);
  Duration peer_timeout = Duration::seconds(15);  ///< Duration::max(): never.
};

}  // namespace heir::sim
