#include "engine/store/inbox.h"

#include <utility>

namespace heir::store {

Task<void> Inbox::run() {
  while (true) {
    Message message = co_await host_->receive();
    Receiver* receiver = message.payload.empty() ? nullptr : route(message.payload.front());
    if (receiver) {
      receiver->receive(std::move(message));
    } else {
      ++unwanted_;
    }
  }
}

}  // namespace heir::store
