// heir serve: the page of results over HTTP, live, on loopback.
// Boost 1.74 knows the coroutines of GCC only; clang's are the same.
#ifdef __clang__
#define BOOST_ASIO_HAS_CO_AWAIT 1
#define BOOST_ASIO_HAS_STD_COROUTINE 1
#endif

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "reports/page/page.h"
#include "scenarios/mistakes.h"
#include "tools/command/commands.h"
#include "tools/command/release_folder.h"
#include "tools/command/watch.h"

namespace heir::tools {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::uint16_t default_port = 8047;
constexpr std::chrono::seconds patience{30};  ///< With a connection that says nothing.
constexpr std::size_t most_connections = 64;
constexpr std::uint64_t largest_body = 4096;  ///< Of requests, which have none.

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

struct Answer {
  http::status status = http::status::ok;
  std::string type;
  std::string body;
};

Answer refusal(http::status status, const std::string& words) {
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
  Site(const ReleaseOptions& options, std::string folder) : options_(options), folder_(std::move(folder)) {}

  asio::awaitable<Answer> answer(std::string target) {
    target = target.substr(0, target.find('?'));
    constexpr std::string_view failures = "/failures/";
    if (target.starts_with(failures)) co_return co_await failure(target.substr(failures.size()));
    if (const std::string problem = read(); !problem.empty())
      co_return refusal(http::status::service_unavailable, problem);
    Answer found;
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
    co_return refusal(http::status::not_found, "There is no such page; / is the one of the results.");
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
  asio::awaitable<Answer> failure(std::string rest) {
    if (const std::string problem = read(); !problem.empty())
      co_return refusal(http::status::service_unavailable, problem);
    const std::string name = rest.substr(0, rest.find('/'));
    std::string file = rest.substr(std::min(rest.size(), name.size() + 1));
    if (file.empty()) file = "index.html";
    const auto is_it = [&](const reports::ReleaseFinding& each) {
      return each.page == "failures/" + name + "/index.html";
    };
    const auto known = std::find_if(findings_.begin(), findings_.end(), is_it);
    if (known == findings_.end()) co_return refusal(http::status::not_found, "The results have no such failure.");
    const reports::ReleaseFinding finding = *known;
    // By what it is, for a number may come to mean another when a file is replaced.
    const std::string folder =
        folder_ + "/" + std::to_string(std::hash<std::string>()(finding.failure_of + finding.replay + finding.message));
    std::error_code error;
    if (!std::filesystem::exists(folder + "/index.html", error)) {
      FindingRun run(finding, folder);
      asio::steady_timer timer(co_await asio::this_coro::executor);
      std::optional<bool> written = run.outcome();
      for (; !written; written = run.outcome()) {
        timer.expires_after(std::chrono::milliseconds(20));
        co_await timer.async_wait(asio::use_awaitable);
      }
      if (!*written)
        co_return refusal(http::status::internal_server_error,
                          "The run ended the process that it ran in, or did not end. To see it: " + finding.replay);
    }
    const std::filesystem::path path = std::filesystem::path(folder) / file;
    if (file.find('/') != std::string::npos || !std::filesystem::is_regular_file(path, error))
      co_return refusal(http::status::not_found, "There is no such file.");
    std::ifstream in(path, std::ios::binary);
    Answer found;
    found.type = file.ends_with(".html")   ? "text/html; charset=utf-8"
                 : file.ends_with(".json") ? "application/json"
                 : file.ends_with(".toml") ? "text/plain; charset=utf-8"
                                           : "application/octet-stream";
    found.body.assign(std::istreambuf_iterator<char>(in), {});
    co_return found;
  }

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

using Request = http::request<http::string_body>;

/// What is answered without looking at the results; nothing: they must be looked at.
std::optional<Answer> refused(const Request& request) {
  const auto field = [&](auto name) {
    const beast::string_view value = request[name];
    return std::string_view(value.data(), value.size());
  };
  // Nor may another site's page make us work.
  if (!is_for_us(field(http::field::host)) || field("Sec-Fetch-Site") == "cross-site")
    return refusal(http::status::forbidden, "This server answers to 127.0.0.1 and localhost only.");
  if (request.method() != http::verb::get && request.method() != http::verb::head)
    return refusal(http::status::method_not_allowed, "Results are only read: GET and HEAD.");
  return std::nullopt;
}

asio::awaitable<void> serve(tcp::socket socket, Site& site) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  beast::error_code error;
  for (bool keep = true; keep;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(largest_body);
    stream.expires_after(patience);
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    const Request request = parser.release();
    std::optional<Answer> answer = refused(request);
    if (!answer) {
      stream.expires_never();
      answer.emplace(co_await site.answer(std::string(request.target())));
    }
    http::response<http::string_body> response(answer->status, request.version());
    response.set(http::field::content_type, answer->type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.body() = std::move(answer->body);
    response.prepare_payload();
    if (request.method() == http::verb::head) response.body().clear();
    response.keep_alive(request.keep_alive());
    keep = request.keep_alive();
    stream.expires_after(patience);
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
  stream.socket().shutdown(tcp::socket::shutdown_both, error);
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, Site& site) {
  std::size_t connections = 0;
  asio::steady_timer timer(acceptor.get_executor());
  for (;;) {
    boost::system::error_code error;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // No descriptor is left, say.
      timer.expires_after(std::chrono::milliseconds(100));
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    if (connections >= most_connections) continue;  // Which closes it.
    ++connections;
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), site),
                   [&connections](const std::exception_ptr&) { --connections; });
  }
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
  Site site(options.release, folder.path());

  asio::io_context loop(1);
  tcp::acceptor acceptor(loop);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), options.port);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return bad("port " + std::to_string(options.port) + ": " + error.message() +
               "; another is chosen by --port N, any that is free by --port 0");
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code&, int) { loop.stop(); });
  asio::co_spawn(loop, accept(acceptor, site), asio::detached);
  std::printf("http://127.0.0.1:%u/\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
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
  command->add_option("--port", options->port, "Of 127.0.0.1 (default 8047); 0: any that is free")->type_name("N");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
