#include "check_bench.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "histories.h"
#include "reports/check/check.h"
#include "reports/history/format.h"
#include "reports/history/history_file.h"

namespace heir::bench {

namespace {

namespace fs = std::filesystem;
using reports::Outcome;

constexpr double megabyte = 1e6;
constexpr double mebibyte = 1024.0 * 1024.0;

// ---- What is measured, and what it should be.

struct Goals {
  std::optional<double> check_s;     ///< Of one history; of recorded ones the median.
  std::optional<double> worst_s;     ///< Of recorded ones.
  std::optional<double> parse_mb_s;  ///< Megabytes a second.
  std::optional<double> peak_mib;    ///< Reading included.
};

struct Row {
  std::string name;
  HistoryRecipe recipe;
  std::string recorded;  ///< Not empty: instead of a generated history all files of this folder.
  std::optional<reports::Model> model;
  bool one_map = false;  ///< Of kv: not key by key.
  Goals goals;
  bool recorded_rows() const { return !recorded.empty(); }
};

/// Of one history.
struct Measured {
  double plain_s = 0;  ///< Reading the file without looking at it.
  double parse_s = 0;
  double check_s = 0;
  double peak_mib = 0;  ///< Of a process that reads and judges it.
  std::uint64_t bytes = 0;
  std::uint64_t operations = 0;
  Outcome outcome = Outcome::unknown;
  bool failed = false;
  char problem[512] = {};  ///< If `failed`.
};

std::string number(std::uint64_t n) {
  return n % 1'000'000 == 0 ? fmt::format("{}M", n / 1'000'000)
         : n % 1000 == 0    ? fmt::format("{}k", n / 1000)
                            : fmt::format("{}", n);
}

Row generated(HistoryRecipe recipe, Goals goals) {
  Row row;
  row.name = fmt::format("{}/{}/{} clients{}/{}", to_string(recipe.workload), number(recipe.operations), recipe.clients,
                         recipe.unknown.ppm() == 0 ? "" : fmt::format("/{}% unknown", recipe.unknown.ppm() / 10'000),
                         recipe.flaw == Flaw::none ? "valid" : to_string(recipe.flaw));
  row.recipe = recipe;
  row.goals = goals;
  return row;
}

void as_one_map(Row& row) {
  row.name += "/one map";
  row.one_map = true;
}

/// The table of tools/bench/README.md, top to bottom.
std::vector<Row> all_rows(const std::string& recorded) {
  std::vector<Row> rows;
  const auto add = [&](HistoryRecipe recipe, Goals goals) {
    for (const Flaw flaw : {Flaw::none, Flaw::stale_read, Flaw::lost_write}) {
      recipe.flaw = flaw;
      rows.push_back(generated(recipe, goals));
    }
  };
  const auto of = [](Workload workload, std::uint32_t operations, std::uint32_t clients, sim::Ratio unknown = {}) {
    HistoryRecipe recipe;
    recipe.workload = workload;
    recipe.operations = operations;
    recipe.clients = clients;
    recipe.unknown = unknown;
    return recipe;
  };
  const auto within = [](double seconds, std::optional<double> mib = std::nullopt) {
    Goals goals;
    goals.check_s = seconds;
    goals.peak_mib = mib;
    return goals;
  };
  add(of(Workload::register_, 1000, 20), within(0.001));
  add(of(Workload::register_, 1000, 50), within(0.001));
  add(of(Workload::register_, 1000, 5, sim::Ratio::percent(3)), within(0.001));
  for (const std::uint32_t clients : {5U, 20U, 50U}) add(of(Workload::register_, 100'000, clients), within(0.030));
  Goals million = within(0.400, 200);
  million.parse_mb_s = 150;
  add(of(Workload::register_, 1'000'000, 50), million);
  add(of(Workload::keys, 1'000'000, 20), within(0.300));
  add(of(Workload::queue, 1'000'000, 20), within(1));
  add(of(Workload::list_append, 100'000, 20), within(1, 500));
  add(of(Workload::kv, 2024, 50), within(0.010));
  const std::size_t by_key = rows.size();
  add(of(Workload::kv, 2024, 50), within(2));
  for (std::size_t i = by_key; i < rows.size(); ++i) as_one_map(rows[i]);
  add(of(Workload::etcd, 80, 5), {});
  const auto add_recorded = [&](const char* name, const char* folder, reports::Model model, Goals goals) {
    Row row;
    row.name = name;
    row.recorded = recorded + "/" + folder;
    row.model = model;
    row.goals = goals;
    if (fs::is_directory(row.recorded)) rows.push_back(row);
  };
  Goals etcd = within(0.0001);
  etcd.worst_s = 0.020;
  add_recorded("recorded/etcd logs", "porcupine/jepsen", reports::Model::cas_register, etcd);
  Goals kv;
  kv.worst_s = 0.010;
  add_recorded("recorded/kv files", "porcupine/kv", reports::Model::kv, kv);
  kv.worst_s = 2;
  add_recorded("recorded/kv files", "porcupine/kv", reports::Model::kv, kv);
  if (rows.back().recorded_rows()) as_one_map(rows.back());
  return rows;
}

// ---- Measuring.

/// CPU seconds of this thread: what others do on the machine does not count, except in the caches.
double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// The median of up to `rounds`, fewer if they take long.
double median_s(int rounds, const std::function<void()>& work) {
  constexpr double long_enough = 3;
  std::vector<double> samples;
  const double begin = cpu_s();
  while (static_cast<int>(samples.size()) < rounds && (samples.empty() || cpu_s() - begin < long_enough)) {
    const double from = cpu_s();
    work();
    samples.push_back(cpu_s() - from);
  }
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() / 2];
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::uint64_t read_plainly(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  std::vector<char> buffer(1 << 18);
  std::uint64_t bytes = 0;
  while (file) {
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (got == 0) break;
    bytes += got;
  }
  return bytes;
}

void fail(Measured& measured, const std::string& problem) {
  measured.failed = true;
  std::snprintf(measured.problem, sizeof measured.problem, "%s", problem.c_str());
}

Measured measure(const std::string& path, const Row& row, int rounds) {
  Measured measured;
  measured.plain_s = median_s(rounds, [&] { measured.bytes = read_plainly(path); });
  std::optional<Result<reports::History>> history;
  measured.parse_s = median_s(rounds, [&] {
    history.reset();
    history.emplace(reports::read_history(path, reports::ReadOptions()));
  });
  if (!*history) {
    fail(measured, history->error().message);
    return measured;
  }
  measured.operations = (*history)->operations().size();
  reports::CheckOptions options;
  options.model = row.model;
  options.one_map = row.one_map;
  std::string problem;
  measured.check_s = median_s(rounds, [&] {
    const Result<reports::Verdict> verdict = reports::check(**history, options);
    if (verdict)
      measured.outcome = verdict->outcome;
    else
      problem = verdict.error().message;
  });
  if (!problem.empty()) fail(measured, problem);
  return measured;
}

/// In a process of its own, so that its memory is its own.
Measured apart(const std::function<Measured()>& work) {
  Measured measured;
  int ends[2];
  if (::pipe(ends) != 0) {
    fail(measured, "no pipe");
    return measured;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const Measured result = work();
    const bool told = ::write(ends[1], &result, sizeof result) == static_cast<ssize_t>(sizeof result);
    ::_exit(told ? 0 : 2);
  }
  ::close(ends[1]);
  const bool told = child > 0 && ::read(ends[0], &measured, sizeof measured) == static_cast<ssize_t>(sizeof measured);
  ::close(ends[0]);
  if (!told) {
    measured = {};
    fail(measured, "the measuring process died");
  }
  int status = 0;
  rusage usage{};
  if (child > 0) ::wait4(child, &status, 0, &usage);
  measured.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return measured;
}

// ---- Telling.

struct Outline {
  std::string row;
  std::vector<Measured> histories;
  std::optional<std::string> wrong;  ///< A verdict that it should not have, or a problem.
  std::vector<std::string> missed;   ///< Goals.
  Goals goals;

  double median_check_s() const {
    std::vector<double> all;
    for (const Measured& m : histories) all.push_back(m.check_s);
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
  }
  double worst_check_s() const {
    double worst = 0;
    for (const Measured& m : histories) worst = std::max(worst, m.check_s);
    return worst;
  }
  template <class T>
  T sum(T Measured::*member) const {
    T all{};
    for (const Measured& m : histories) all += m.*member;
    return all;
  }
  double parse_mb_s() const { return static_cast<double>(sum(&Measured::bytes)) / megabyte / sum(&Measured::parse_s); }
  /// Reading and judging against reading only.
  double ratio() const { return (sum(&Measured::parse_s) + sum(&Measured::check_s)) / sum(&Measured::plain_s); }
  double peak_mib() const {
    double most = 0;
    for (const Measured& m : histories) most = std::max(most, m.peak_mib);
    return most;
  }
};

std::string time_text(double seconds) {
  if (seconds < 0.001) return fmt::format("{:.3f} ms", seconds * 1e3);
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

std::string goal_text(const Goals& goals) {
  std::string text;
  const auto add = [&](const std::optional<double>& goal, const std::string& words) {
    if (goal) text += (text.empty() ? "" : ", ") + words;
  };
  add(goals.check_s, "< " + time_text(goals.check_s.value_or(0)));
  add(goals.worst_s, "worst < " + time_text(goals.worst_s.value_or(0)));
  add(goals.parse_mb_s, fmt::format(">= {:.0f} MB/s", goals.parse_mb_s.value_or(0)));
  add(goals.peak_mib, fmt::format("< {:.0f} MiB", goals.peak_mib.value_or(0)));
  return text.empty() ? "-" : text;
}

std::string check_text(const Outline& outline) {
  if (outline.histories.size() == 1) return time_text(outline.histories[0].check_s);
  return fmt::format("{}, worst {}", time_text(outline.median_check_s()), time_text(outline.worst_check_s()));
}

void judge(Outline& outline, const Row& row) {
  for (const Measured& m : outline.histories) {
    if (m.failed) {
      outline.wrong = m.problem;
      return;
    }
    if (row.recorded_rows()) continue;
    const bool free = row.recipe.workload == Workload::etcd && row.recipe.flaw != Flaw::none;
    const Outcome expected = row.recipe.flaw == Flaw::none ? Outcome::pass : Outcome::fail;
    if (m.outcome != expected && !free)
      outline.wrong = fmt::format("the verdict is {}, not {}", to_string(m.outcome), to_string(expected));
  }
  const auto most = [&](const std::optional<double>& goal, double measured, const char* what) {
    if (goal && measured >= *goal) outline.missed.emplace_back(what);
  };
  most(row.goals.check_s, outline.median_check_s(), "time");
  most(row.goals.worst_s, outline.worst_check_s(), "worst time");
  most(row.goals.peak_mib, outline.peak_mib(), "memory");
  if (row.goals.parse_mb_s && outline.parse_mb_s() < *row.goals.parse_mb_s) outline.missed.emplace_back("reading");
}

void print_head(bool markdown) {
  if (markdown)
    fmt::print(
        "| history | file | reading | checking | peak memory | all / plain read | goal "
        "|\n|---|---|---|---|---|---|---|\n");
  else
    fmt::print("{:<42} {:>10} {:>22} {:>26} {:>10} {:>8}  {}\n", "history", "file", "reading", "checking", "memory",
               "x plain", "goal");
}

void print_row(const Outline& outline, bool markdown) {
  if (outline.wrong) {
    fmt::print(fmt::runtime(markdown ? "| {} | {} |\n" : "{:<42} {}\n"), outline.row, *outline.wrong);
    return;
  }
  std::string goal = goal_text(outline.goals);
  for (const std::string& missed : outline.missed) goal += " MISSED: " + missed;
  const std::string file = fmt::format("{:.1f} MB", static_cast<double>(outline.sum(&Measured::bytes)) / megabyte);
  const std::string reading =
      fmt::format("{} ({:.0f} MB/s)", time_text(outline.sum(&Measured::parse_s)), outline.parse_mb_s());
  const std::string memory = fmt::format("{:.0f} MiB", outline.peak_mib());
  const std::string ratio = fmt::format("{:.1f}", outline.ratio());
  constexpr const char* as_row = "| {} | {} | {} | {} | {} | {} | {} |\n";
  constexpr const char* as_text = "{:<42} {:>10} {:>22} {:>26} {:>10} {:>8}  {}\n";
  fmt::print(fmt::runtime(markdown ? as_row : as_text), outline.row, file, reading, check_text(outline), memory, ratio,
             goal);
  std::fflush(stdout);
}

void print_json(const Outline& o) {
  if (o.wrong) {
    fmt::print("{{\"history\":\"{}\",\"wrong\":\"{}\"}}\n", o.row, *o.wrong);
    return;
  }
  fmt::print(
      "{{\"history\":\"{}\",\"files\":{},\"bytes\":{},\"operations\":{},\"plain_seconds\":{:.9f},\"parse_seconds\":{:."
      "9f},"
      "\"check_seconds\":{:.9f},\"worst_check_seconds\":{:.9f},\"peak_bytes\":{:.0f},\"ratio\":{:.2f},\"goals_kept\":{}"
      "}}\n",
      o.row, o.histories.size(), o.sum(&Measured::bytes), o.sum(&Measured::operations), o.sum(&Measured::plain_s),
      o.sum(&Measured::parse_s), o.median_check_s(), o.worst_check_s(), o.peak_mib() * mebibyte, o.ratio(),
      o.missed.empty());
  std::fflush(stdout);
}

// ---- One row after the other.

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "heir-bench-XXXXXX").string();
    if (::mkdtemp(name.data())) path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Outline run(const Row& row, const fs::path& folder, int rounds) {
  Outline outline;
  outline.row = row.name;
  outline.goals = row.goals;
  std::vector<std::string> files;
  if (row.recorded_rows()) {
    for (const fs::directory_entry& entry : fs::directory_iterator(row.recorded))
      files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
  } else {
    files.push_back((folder / "history.jsonl").string());
    const Measured written = apart([&] {
      Measured made;
      if (const Result<> done = reports::write_history(make_history(row.recipe), files[0]); !done)
        fail(made, done.error().message);
      return made;
    });
    if (written.failed) {
      outline.wrong = written.problem;
      return outline;
    }
  }
  for (const std::string& file : files) outline.histories.push_back(apart([&] { return measure(file, row, rounds); }));
  if (outline.histories.empty())
    outline.wrong = "no files in " + row.recorded;
  else
    judge(outline, row);
  return outline;
}

int parse(CLI::App& app, const std::vector<std::string_view>& arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::Success& success) {
    app.exit(success);
    return 0;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{}: {}\nTry '{} --help'.\n", app.get_name(), error.what(), app.get_name());
    return 2;
  }
  return -1;
}

}  // namespace

int check_main(const std::vector<std::string_view>& arguments) {
  CLI::App app("How fast histories are read and judged, in how much memory, against a plain read of the file.",
               "heir-bench check");
  std::vector<std::string> filters;
  std::string recorded = HEIR_RECORDED_HISTORIES;
  int rounds = 5;
  bool json = false, markdown = false, list = false;
  app.add_option("--filter", filters, "Only histories whose name contains TEXT; may be repeated")
      ->type_name("TEXT")
      ->take_all()
      ->expected(1);
  app.add_option("--rounds", rounds, "At most so many for each figure, of which the median counts (default 5)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app.add_option("--recorded", recorded, "Folder of recorded histories")->type_name("FOLDER");
  app.add_flag("--json", json, "One JSON object a history");
  app.add_flag("--markdown", markdown, "The table of tools/bench/README.md");
  app.add_flag("--list", list, "Names only");
  app.footer(
      "Times are CPU seconds of one thread. Each history is read and judged in a process of its own, whose peak "
      "memory\n"
      "this is. 'x plain' is reading and checking against reading the file without looking at it.\n"
      "Exit status: 0; 1 a goal was missed or a verdict is wrong; 2 bad usage.");
  if (const int status = parse(app, arguments); status >= 0) return status;

  const Folder folder;
  bool good = true;
  std::size_t matched = 0;
  for (const Row& row : all_rows(recorded)) {
    const bool wanted = filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
                          return row.name.find(filter) != std::string::npos;
                        });
    if (!wanted) continue;
    if (list) {
      fmt::print("{}\n", row.name);
    } else {
      const Outline outline = run(row, folder.path(), rounds);
      if (!json && matched == 0) print_head(markdown);
      json ? print_json(outline) : print_row(outline, markdown);
      good = good && !outline.wrong && outline.missed.empty();
    }
    ++matched;
  }
  if (matched == 0) {
    fmt::print(stderr, "heir-bench check: no history has such a name; see --list\n");
    return 2;
  }
  return good ? 0 : 1;
}

int write_history_main(const std::vector<std::string_view>& arguments) {
  CLI::App app("Writes a generated history as JSON lines: the same arguments give the same file.",
               "heir-bench write-history");
  HistoryRecipe recipe;
  std::string workload = "register", flaw = "none", file;
  double unknown = 0;
  app.add_option("file", file, "Where to; - is standard output")->required()->type_name("FILE");
  app.add_option("--workload", workload, "register, keys, queue, list-append, kv or etcd")->type_name("NAME");
  app.add_option("--operations", recipe.operations, "How many (default 1000)")->type_name("N");
  app.add_option("--clients", recipe.clients, "How many (default 20)")->type_name("N")->check(CLI::Range(1U, 1000U));
  app.add_option("--unknown", unknown, "Percentage of operations whose answer never comes (default 0)")
      ->type_name("PERCENT")
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--flaw", flaw, "none, stale-read or lost-write, near the end")->type_name("NAME");
  app.add_option("--seed", recipe.seed, "Default 1")->type_name("N");
  if (const int status = parse(app, arguments); status >= 0) return status;
  const auto chosen = workload_named(workload);
  const auto flaw_chosen = flaw_named(flaw);
  if (!chosen || !flaw_chosen) {
    fmt::print(stderr, "heir-bench write-history: no {} is called '{}'\n", chosen ? "flaw" : "workload",
               chosen ? flaw : workload);
    return 2;
  }
  recipe.workload = *chosen;
  recipe.flaw = *flaw_chosen;
  recipe.unknown = sim::Ratio::parts_per_million(static_cast<std::uint64_t>(unknown * 10'000));
  const Result<> done = reports::write_history(make_history(recipe), file == "-" ? "/dev/stdout" : file);
  if (!done) {
    fmt::print(stderr, "heir-bench write-history: {}\n", done.error().message);
    return 2;
  }
  return 0;
}

}  // namespace heir::bench
