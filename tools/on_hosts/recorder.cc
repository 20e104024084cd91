#include "tools/on_hosts/recorder.h"

namespace heir::on_hosts {

using reports::EventType;
using reports::HistoryTime;

std::int64_t Recorder::next_value() {
  const std::lock_guard lock(mutex_);
  return ++last_value_;
}

VirtualTime Recorder::invoke(reports::ProcessId process, reports::Function function, const std::string& key,
                             std::optional<std::int64_t> value) {
  const std::lock_guard lock(mutex_);
  const VirtualTime now = clock_.now();
  events_.push_back({now, process, function, key, {EventType::invoke, 0, value}});
  return now;
}

void Recorder::end(reports::ProcessId process, Ending ending) {
  const std::lock_guard lock(mutex_);
  if (ending.type == EventType::ok) ++acknowledged_;
  events_.push_back({clock_.now(), process, {}, {}, std::move(ending)});
}

std::size_t Recorder::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

reports::History Recorder::history(const GenerationAt& generation) const {
  const std::lock_guard lock(mutex_);
  reports::History made;
  made.reserve(events_.size() / 2);
  for (const Event& event : events_) {
    const HistoryTime at = HistoryTime::from_ns(event.at.ns());
    const Ending& ending = event.ending;
    const reports::Value number = ending.number ? reports::Value::integer(*ending.number) : reports::Value::nil();
    reports::Answerer by;
    if (ending.peer != 0)
      by = {static_cast<std::uint16_t>(ending.peer),
            static_cast<std::uint32_t>(ending.generation ? *ending.generation : generation(ending.peer, event.at))};
    switch (ending.type) {
      case EventType::invoke: made.invoke(event.process, event.function, made.key(event.key), number, at); break;
      case EventType::ok:
        if (ending.list)
          made.ok_read(event.process, *ending.list, at, by);
        else
          made.ok_read(event.process, number, at, by);
        break;
      case EventType::fail: made.fail(event.process, at, by); break;
      case EventType::info: made.info(event.process, at, by); break;
    }
  }
  return made;
}

}  // namespace heir::on_hosts
