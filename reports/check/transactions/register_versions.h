// RegisterVersions: which transaction read and wrote which value of which key, as far as others can tell.
//
// A version is a value of a key. Every key starts with the version nil. Writes are unique, so a read tells who wrote;
// nothing tells the order of the versions of a key (register_order.h guesses at it).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reports/check/transactions/groups.h"
#include "reports/check/transactions/list_versions.h"
#include "reports/check/transactions/transaction.h"

namespace heir::reports {

using RegisterVersion = std::uint32_t;
inline constexpr RegisterVersion no_version = UINT32_MAX;

/// What the rest of the world can know of one transaction and one key (Adya 1999, 4.1.2): its first read, unless it
/// had written before; its last write.
struct RegisterAccess {
  KeyId key;
  TransactionIndex transaction = 0;
  RegisterVersion read = no_version;  ///< Of `ok` transactions only.
  RegisterVersion written = no_version;
};

class RegisterVersions {
 public:
  struct Version {
    KeyId key;
    Value value;
    bool initial() const { return value.is_nil(); }
  };

  /// Failed transactions count for nothing. `invalid` if a micro-operation is neither read nor write or a value is a
  /// list, and if a value was read that was written by two transactions, or that is nil and was written: then no read
  /// tells who wrote. The transactions must outlive it.
  static Result<RegisterVersions> of(const Transactions& transactions);

  std::span<const Version> versions() const { return versions_; }
  const Version& version(RegisterVersion v) const { return versions_[v]; }
  /// Sorted by key, then by transaction.
  std::span<const RegisterAccess> accesses() const { return accesses_; }

  /// Acknowledged transactions whose external read, or write, is the version; in order of invocation.
  std::span<const TransactionIndex> readers(RegisterVersion v) const { return readers_[v]; }
  std::span<const TransactionIndex> writers(RegisterVersion v) const { return writers_[v]; }
  /// Was it written by a transaction of unknown outcome?
  bool perhaps_written(RegisterVersion v) const { return perhaps_written_[v]; }

 private:
  explicit RegisterVersions(const Transactions& transactions);
  std::optional<Error> collect();
  std::optional<Error> collect(TransactionIndex t, std::vector<std::uint32_t>& place_of_key);
  std::optional<Error> ambiguous() const;
  void group();
  RegisterVersion version_of(KeyId key, Value value);

  const Transactions* transactions_;
  std::vector<Version> versions_;
  PairTable version_numbers_;  ///< (key, value) to version.
  std::vector<RegisterAccess> accesses_;
  Groups readers_;
  Groups writers_;
  std::vector<bool> perhaps_written_;
};

}  // namespace heir::reports
