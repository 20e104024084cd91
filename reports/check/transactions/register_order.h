// RegisterOrder: what can be said of the order of the versions of registers, from each of the assumptions of
// RwRegisterOptions, and where an assumption contradicts itself or those before it.
//
// "a was answered before b began, so the version that a left precedes the one that b found" orders as many versions as
// there are pairs of accesses. Of these only as many are kept as make the same dependencies: with a version w between
// them whose writer is known, what precedes w also precedes, through w's writer, what follows w.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reports/check/transactions/register_versions.h"
#include "reports/check/transactions/rw_register.h"

namespace heir::reports {

/// Versions of a key each of which must precede the next, and the last the first.
struct RegisterCycle {
  KeyId key;
  std::vector<RegisterVersion> versions;
  std::vector<TransactionIndex> witnesses;  ///< Ascending, each once.
  std::string why;                          ///< "1 before 2, since …; 2 before 1, since …".
};

class RegisterOrder {
 public:
  RegisterOrder(const Transactions& transactions, const RegisterVersions& registers, const RwRegisterOptions& options);

  /// Versions, each with a known writer, that come after v: enough of them. Ascending, each once. v is among them if
  /// its writer read it first.
  std::span<const RegisterVersion> after(RegisterVersion v) const { return after_[v]; }
  /// Of the first few knots of versions that an assumption leads to.
  std::span<const RegisterCycle> cycles() const { return cycles_; }
  /// How many knots there are.
  std::size_t contradictions() const { return contradictions_; }

 private:
  Groups after_;
  std::vector<RegisterCycle> cycles_;
  std::size_t contradictions_ = 0;
};

}  // namespace heir::reports
