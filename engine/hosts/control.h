// Control: what operators ask of an agent, and its answers. Over ZeroMQ with CURVE keys, as messages between hosts are,
// but along the connection that the operator opened: he may be anywhere. A request is a frame of ours (frame.h) whose
// `from` is its number; the answer bears the same number.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/hosts/messages.h"

namespace heir::hosts {

/// A longer request is not taken in.
inline constexpr std::size_t largest_request = std::size_t{64} << 10;

struct ControlRequest {
  std::string by;  ///< Whose key it came with: an operator's name, or a host's.
  Bytes payload;
  std::string connection;  ///< For the answer, with
  Address number;
};

class ControlService {
 public:
  using Handler = std::function<void(ControlRequest)>;
  /// `handler` is called on the loop for each request; it may answer at once, later, or never. Goes before `mail`.
  ControlService(Mail& mail, Handler handler) : mail_(mail), handler_(std::move(handler)) {}
  ~ControlService();
  ControlService(const ControlService&) = delete;
  ControlService& operator=(const ControlService&) = delete;

  /// From now on it is asked. `already_exists` if the address is taken.
  Result<> open(const Address& at);
  /// Nothing, if who asked has gone.
  void answer(const ControlRequest& request, Bytes payload);
  /// Received: requests; sent: answers.
  MessageCounts counts() const;

 private:
  void await_requests();
  void take_requests();
  void take(std::string connection, std::string_view frame, const char* key);

  Mail& mail_;
  Handler handler_;
  void* socket_ = nullptr;
  std::unique_ptr<Watch> watch_;
  std::uint64_t more_ = 0;  ///< The timer that takes on what one turn of the loop left.
  MessageCounts counts_;
};

/// An agent to be asked.
struct ControlTarget {
  std::string name;
  std::string public_key;
  Address at;
};

struct ControlAnswer {
  enum class Outcome {
    answered,
    key_refused,  ///< It does not know our key.
    unreachable,  ///< Nobody listens there, or no connection came about in time.
    not_it,       ///< Who listens there does not have the key that it should.
    silent,       ///< Connected, and no answer in time: it may have been done all the same.
  };
  Outcome outcome = Outcome::unreachable;
  Bytes payload;
};

/// Asks all at once, and returns once each has answered or cannot, or the time is up. Blocks: for programs without a
/// loop. REQUIRES at most 255 bytes of `cluster`, and keys that are keys.
std::vector<ControlAnswer> ask_all(const std::string& cluster, const KeyPair& keys,
                                   const std::vector<ControlTarget>& targets, const Bytes& request, Duration limit);

}  // namespace heir::hosts
