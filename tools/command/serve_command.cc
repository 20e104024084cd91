// heir serve: the page of results over HTTP, live, on loopback.
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/hosts/clocks.h"
#include "engine/hosts/http.h"
#include "engine/hosts/service.h"
#include "engine/hosts/waits.h"
#include "reports/page/page.h"
#include "scenarios/mistakes.h"
#include "tools/command/commands.h"
#include "tools/command/option_types.h"
#include "tools/command/release_folder.h"
#include "tools/command/watch.h"

namespace heir::tools {

namespace {

using hosts::HttpAnswer;
using hosts::HttpRequest;

constexpr std::uint16_t default_port = 8047;
constexpr Duration look_interval = Duration::milliseconds(20);  ///< At a run whose page is asked for.

const char* const footer =
    "Examples:\n"
    "  heir serve night.db\n"
    "  heir serve night.db --against last-release.db --port 9000\n"
    "\n"
    "Shows the page of `heir report DB…` at http://127.0.0.1:8047/ and keeps it up to date while a campaign adds to "
    "the\n"
    "results. They are only read, and only this machine is answered. Failures are run again when their pages are "
    "asked for.\n"
    "Ctrl-C ends it.\n"
    "\n"
    "Exit status: 0 ended by Ctrl-C or SIGTERM; 2 bad usage or input, or the port is taken.\n";

struct Options {
  ReleaseOptions release;
  std::uint16_t port = default_port;
};

HttpAnswer refusal(int status, const std::string& words) {
  return {status, "text/plain; charset=utf-8", words + "\n"};
}

/// A folder that is gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "heir-serve-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) path_.clear();
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What is answered to what. Results are read anew when their files have changed, and failures run again once.
class Site {
 public:
  Site(hosts::Loop& loop, const ReleaseOptions& options, std::string folder)
      : loop_(loop), options_(options), folder_(std::move(folder)) {}

  heir::Task<HttpAnswer> answer(std::string target) {
    target = target.substr(0, target.find('?'));
    constexpr std::string_view failures = "/failures/";
    if (target.starts_with(failures)) co_return co_await failure(target.substr(failures.size()));
    if (const std::string problem = read(); !problem.empty()) co_return refusal(503, problem);
    HttpAnswer found;
    if (target == "/" || target == "/index.html") {
      found.type = "text/html; charset=utf-8";
      found.body = page();
      co_return found;
    }
    if (target == "/release.json") {
      found.type = "application/json";
      found.body = json_;
      co_return found;
    }
    co_return refusal(404, "There is no such page; / is the one of the results.");
  }

 private:
  /// What tells that results have changed: sizes and times of their files, and who writes them.
  std::string state() const {
    std::string text;
    for (const std::string& path : options_.databases) {
      for (const char* ending : {"", "-wal"}) {
        struct stat status {};
        if (::stat((path + ending).c_str(), &status) != 0) continue;
        text += std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
                std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) + " ";
      }
      text += Results::is_written(path) ? "written; " : "; ";
    }
    return text;
  }

  /// What is wrong; "" if nothing is.
  std::string read() {
    std::string now = state();
    if (now == state_) return {};
    Result<reports::Release> release = read_release(options_);
    if (!release) return release.error().message;
    name_pages(*release, options_.databases, release->findings.size());
    json_ = release_json(*release);
    findings_ = std::move(release->findings);
    state_ = std::move(now);
    return {};
  }

  std::string page() const {
    std::string text = reports::page_with(json_);
    // The page may ask for release.json, and nothing else.
    constexpr std::string_view closed = "default-src 'none';";
    if (const std::size_t place = text.find(closed); place != std::string::npos)
      text.insert(place + closed.size(), " connect-src 'self';");
    return text;
  }

  /// `rest`: "3/index.html".
  heir::Task<HttpAnswer> failure(std::string rest) {
    if (const std::string problem = read(); !problem.empty()) co_return refusal(503, problem);
    const std::string name = rest.substr(0, rest.find('/'));
    std::string file = rest.substr(std::min(rest.size(), name.size() + 1));
    if (file.empty()) file = "index.html";
    const auto is_it = [&](const reports::ReleaseFinding& each) {
      return each.page == "failures/" + name + "/index.html";
    };
    const auto known = std::find_if(findings_.begin(), findings_.end(), is_it);
    if (known == findings_.end()) co_return refusal(404, "The results have no such failure.");
    const reports::ReleaseFinding finding = *known;
    // By what it is, for a number may come to mean another when a file is replaced.
    const std::string folder =
        folder_ + "/" + std::to_string(std::hash<std::string>()(finding.failure_of + finding.replay + finding.message));
    std::error_code error;
    if (!std::filesystem::exists(folder + "/index.html", error)) {
      FindingRun run(finding, folder);
      std::optional<bool> written = run.outcome();
      for (; !written; written = run.outcome()) co_await hosts::sleep_until(loop_, hosts::boot_time() + look_interval);
      if (!*written)
        co_return refusal(500,
                          "The run ended the process that it ran in, or did not end. To see it: " + finding.replay);
    }
    const std::filesystem::path path = std::filesystem::path(folder) / file;
    if (file.find('/') != std::string::npos || !std::filesystem::is_regular_file(path, error))
      co_return refusal(404, "There is no such file.");
    std::ifstream in(path, std::ios::binary);
    HttpAnswer found;
    found.type = file.ends_with(".html")   ? "text/html; charset=utf-8"
                 : file.ends_with(".json") ? "application/json"
                 : file.ends_with(".toml") ? "text/plain; charset=utf-8"
                                           : "application/octet-stream";
    found.body.assign(std::istreambuf_iterator<char>(in), {});
    co_return found;
  }

  hosts::Loop& loop_;
  const ReleaseOptions& options_;
  std::string folder_;
  std::string state_;
  std::string json_;
  std::vector<reports::ReleaseFinding> findings_;
};

/// Whether a browser that speaks to us was asked for this machine by name: a page of elsewhere whose name was pointed
/// at loopback is told nothing.
bool is_for_us(std::string_view host) {
  const std::string_view name = host.substr(0, host.rfind(':'));
  return name == "127.0.0.1" || name == "localhost";
}

/// What is answered without looking at the results; nothing: they must be looked at.
std::optional<HttpAnswer> refused(const HttpRequest& request) {
  // Nor may another site's page make us work.
  if (!is_for_us(request.field("host")) || request.field("sec-fetch-site") == "cross-site")
    return refusal(403, "This server answers to 127.0.0.1 and localhost only.");
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  HttpAnswer answer = refusal(405, "Results are only read: GET and HEAD.");
  answer.allow = "GET, HEAD";
  return answer;
}

heir::Task<HttpAnswer> serve(Site& site, HttpRequest request) {
  if (std::optional<HttpAnswer> answer = refused(request)) co_return *answer;
  co_return co_await site.answer(request.target);
}

Exit bad(const std::string& message) {
  complain("heir serve: " + message);
  return Exit::bad_usage;
}

Exit run(const Options& options) {
  // What is wrong with the results is said before anybody asks.
  if (const Result<reports::Release> release = read_release(options.release); !release)
    return bad(release.error().message);
  const TemporaryFolder folder;
  if (folder.path().empty()) return bad("no folder for pages can be made in the folder for temporary files");
  hosts::Loop loop;
  const hosts::Signals signals(loop, {SIGINT, SIGTERM}, [&](int) { loop.stop(); });
  ::signal(SIGPIPE, SIG_IGN);
  Site site(loop, options.release, folder.path());
  hosts::HttpServer server(loop, [&](HttpRequest request) { return serve(site, std::move(request)); });
  const Result<Address> at = server.open(Address("127.0.0.1:" + std::to_string(options.port)));
  if (!at) return bad(at.error().message + "; another port is chosen by --port N, any that is free by --port 0");
  std::printf("http://%s/\n", at->value().c_str());
  std::fflush(stdout);
  loop.run();
  return Exit::as_expected;
}

}  // namespace

void add_serve_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("serve", "Show the page of results in a browser, live while a campaign runs");
  command->add_option("db", options->release.databases, "Databases of results")->required()->type_name("DB");
  add_release_options(*command, options->release);
  add_count_option(*command, "--port", options->port, "Of 127.0.0.1 (default 8047); 0: any that is free", 0, 65'535);
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
