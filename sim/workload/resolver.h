// Where clients ask who leads. The answer comes from the coordination store, over the network, by a program on the
// client's machine that the world starts (sim knows no store): it waits for wanted(), asks, and answers.
#pragma once

#include <optional>

#include "engine/base/sync.h"
#include "sim/network/types.h"

namespace heir::sim {

class Resolver {
 public:
  class Asker {
   public:
    /// The gate of the leader; nothing if the store knows none or does not answer.
    virtual void on_leader(std::optional<AddressId> gate) = 0;

   protected:
    ~Asker() = default;
  };

  // For the client. One question at a time.
  void ask(Asker& asker) {
    asker_ = &asker;
    if (wanted_) wanted_->notify();
  }
  void forget() { asker_ = nullptr; }

  // For the program that answers.
  /// Its signal, as long as it runs.
  void serve(Signal* wanted) { wanted_ = wanted; }
  bool asked() const { return asker_ != nullptr; }
  void answer(std::optional<AddressId> gate) {
    if (Asker* asker = std::exchange(asker_, nullptr)) asker->on_leader(gate);
  }

 private:
  Asker* asker_ = nullptr;
  Signal* wanted_ = nullptr;
};

}  // namespace heir::sim
