#include "tools/command/workers.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "tools/command/option_types.h"
#include "tools/workers/pool.h"

namespace heir::tools {

namespace {

// ---- A report as an answer of a worker: status, whether it was interrupted, length of the text, text, error ----

std::string pack(const Report& report) {
  std::string bytes{static_cast<char>(report.status), static_cast<char>(report.interrupted ? 1 : 0)};
  const std::size_t size = report.text.size();
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  return bytes + report.text + report.error;
}

Report unpack(const std::string& bytes) {
  Report report;
  report.status = static_cast<Exit>(bytes[0]);
  report.interrupted = bytes[1] != 0;
  std::size_t size = 0;
  std::memcpy(&size, bytes.data() + 2, sizeof size);
  report.text = bytes.substr(2 + sizeof size, size);
  report.error = bytes.substr(2 + sizeof size + size);
  return report;
}

class InOrder final : public PoolOwner {
 public:
  InOrder(const Plan& plan, const JobOptions& options, const WorkerOptions& worker_options, const ReportSink& sink)
      : plan_(plan), options_(options), worker_options_(worker_options), sink_(sink) {}

  std::optional<Task> next() override {
    // Reports that wait for a slow run in front of them must not pile up without bound.
    if (next_ == plan_.size() || waiting_.size() >= most_waiting) return std::nullopt;
    const Job job = plan_.job(next_++);
    return Task{job.index, job.seed};
  }

  void done(TaskOutcome outcome) override {
    const Job job = plan_.job(outcome.task.what);
    if (outcome.lost) {
      const bool crashed = outcome.lost->cause == Lost::Cause::crashed;
      return hand_over(job,
                       lost_run(plan_, job, options_, crashed ? Exit::internal : Exit::no_verdict, outcome.lost->what));
    }
    Report report = unpack(outcome.answer);
    if (report.interrupted)
      interrupted_.push_back(report.error);
    else
      hand_over(job, std::move(report));
  }

  void at(const Task& task, TaskProgress progress) override {
    if (worker_options_.progress)
      worker_options_.progress(handed_over_ + waiting_.size(), plan_.job(task.what),
                               sim::VirtualTime::from_ns(progress.at_ns), progress.events);
  }

  Interruption interruption(const PoolEnd& end) const {
    Interruption interruption{end.signal, interrupted_};
    for (const Task& task : end.given_up)
      interruption.where.push_back("interrupted while it was judged: " + plan_.job(task.what).file->path + ", seed " +
                                   std::to_string(task.seed));
    return interruption;
  }

  /// All that has no report yet, for a reason that is none of theirs.
  void give_up(const std::string& why) {
    for (std::size_t i = handed_over_; i < plan_.size(); i = handed_over_)
      hand_over(plan_.job(i), lost_run(plan_, plan_.job(i), options_, Exit::no_verdict, why));
  }

 private:
  static constexpr std::size_t most_waiting = 4096;

  void hand_over(const Job& job, Report report) {
    waiting_.emplace(job.index, std::move(report));
    for (auto first = waiting_.begin(); first != waiting_.end() && first->first == handed_over_;
         first = waiting_.begin()) {
      Report next = std::move(first->second);
      waiting_.erase(first);
      sink_(plan_.job(handed_over_), std::move(next));
      ++handed_over_;
    }
  }

  const Plan& plan_;
  const JobOptions& options_;
  const WorkerOptions& worker_options_;
  const ReportSink& sink_;
  std::size_t next_ = 0;
  std::map<std::size_t, Report> waiting_;  ///< For those before them.
  std::size_t handed_over_ = 0;
  std::vector<std::string> interrupted_;
};

}  // namespace

void add_jobs_option(CLI::App& command, unsigned& jobs, const char* more) {
  add_count_option(command, "--jobs,-j", jobs, std::string("Worker processes (default: one a processor)") + more, 1,
                   1024);
}

void add_stuck_after_option(CLI::App& command, Duration& patience) {
  add_time_option(command, "--stuck-after", patience,
                  "A run whose virtual time stands still for so long is killed, and has failed as stuck (default 60s)",
                  Duration::seconds(1));
}

unsigned worker_count(unsigned jobs) {
  return jobs > 0 ? jobs : static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

std::optional<Interruption> run_all(const Plan& plan, const JobOptions& options, const WorkerOptions& worker_options,
                                    const ReportSink& sink) {
  InOrder owner(plan, options, worker_options, sink);
  PoolOptions pool;
  pool.workers = worker_options.workers;
  const Work work = [&](Task task, const TellProgress& tell) {
    const ProgressSink progress = [&tell](sim::VirtualTime at, std::uint64_t events) {
      return tell({at.ns(), events});
    };
    return pack(execute(plan, plan.job(task.what), options, progress));
  };
  const Result<PoolEnd> end = run_pool(pool, work, owner);
  if (!end) {
    owner.give_up(end.error().message);
    return std::nullopt;
  }
  if (end->signal != 0) return owner.interruption(*end);
  return std::nullopt;
}

}  // namespace heir::tools
