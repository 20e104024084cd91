// Histories in a few words, on key "x": one operation after the other unless it says otherwise.
//
//   Script s(Function::append);
//   s.write(1, 5).read(2, {5}).lost_answer(3, 6).read(1, {5, 6});
#pragma once

#include <vector>

#include "reports/history/history.h"

namespace heir::reports::test {

class Script {
 public:
  explicit Script(Function write, bool timed = true) : write_(write) {
    key_ = history.key("x");
    if (!timed) history.set_untimed();
  }
  Script& write(std::uint32_t process, std::int64_t value) { return begin_write(process, value).ok(process); }
  Script& begin_write(std::uint32_t process, std::int64_t value) {
    history.invoke(ProcessId(process), write_, key_, Value::integer(value), tick());
    return *this;
  }
  Script& ok(std::uint32_t process) {
    history.ok(ProcessId(process), tick());
    return *this;
  }
  /// A write of unknown outcome.
  Script& lost_answer(std::uint32_t process, std::int64_t value) {
    begin_write(process, value);
    history.info(ProcessId(process), tick());
    return *this;
  }
  Script& fail(std::uint32_t process, std::int64_t value) {
    begin_write(process, value);
    history.fail(ProcessId(process), tick());
    return *this;
  }
  /// Of a list or set.
  Script& read(std::uint32_t process, const std::vector<std::int64_t>& elements) {
    begin_read(process);
    history.ok_read(ProcessId(process), elements, tick());
    return *this;
  }
  /// Of a register; 0 is nil.
  Script& read(std::uint32_t process, int value, Function function = Function::read) {
    begin_read(process, function);
    history.ok_read(ProcessId(process), value == 0 ? Value::nil() : Value::integer(value), tick());
    return *this;
  }
  Script& begin_read(std::uint32_t process, Function function = Function::read) {
    history.invoke(ProcessId(process), function, key_, Value::nil(), tick());
    return *this;
  }

  History history;

 private:
  /// A second later.
  HistoryTime tick() { return HistoryTime::from_ns(history.timed() ? ++now_ * 1'000'000'000 : ++now_); }
  Function write_;
  KeyId key_;
  std::int64_t now_ = 0;
};

}  // namespace heir::reports::test
