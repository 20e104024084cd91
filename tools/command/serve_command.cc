// heir serve: the page of results over HTTP, live, on loopback.
#include <stdlib.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
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

/// What is answered to what. Results are read anew for each question, failures are run again once.
class Site {
 public:
  Site(const ReleaseOptions& options, std::string folder, ReportFolder pages)
      : options_(options), folder_(std::move(folder)), pages_(std::move(pages)) {}

  Answer answer(std::string_view target) {
    target = target.substr(0, target.find('?'));
    if (target == "/" || target == "/index.html") return page();
    if (target == "/release.json") return data();
    if (target.starts_with("/failures/")) return failure(target.substr(std::string_view("/failures/").size()));
    return refusal(http::status::not_found, "There is no such page; / is the one of the results.");
  }

 private:
  Result<reports::Release> read() {
    Result<reports::Release> release = read_release(options_);
    if (release) name_pages(*release, options_.databases, release->findings.size());
    return release;
  }

  Answer page() {
    const Result<reports::Release> release = read();
    if (!release) return refusal(http::status::service_unavailable, release.error().message);
    std::string text = reports::page_with(release_json(*release));
    // The page may ask for release.json, and nothing else.
    constexpr std::string_view closed = "default-src 'none';";
    if (const std::size_t place = text.find(closed); place != std::string::npos)
      text.insert(place + closed.size(), " connect-src 'self';");
    return {http::status::ok, "text/html; charset=utf-8", std::move(text)};
  }

  Answer data() {
    const Result<reports::Release> release = read();
    if (!release) return refusal(http::status::service_unavailable, release.error().message);
    return {http::status::ok, "application/json", release_json(*release)};
  }

  /// `rest`: "3/index.html".
  Answer failure(std::string_view rest) {
    const std::string name(rest.substr(0, rest.find('/')));
    std::string file(rest.substr(std::min(rest.size(), name.size() + 1)));
    if (file.empty()) file = "index.html";
    const bool plain =
        name.find_first_not_of("0123456789-") == std::string::npos && file.find('/') == std::string::npos;
    if (!plain || name.empty()) return refusal(http::status::not_found, "There is no such failure.");
    const std::filesystem::path path = std::filesystem::path(folder_) / "failures" / name / file;
    std::error_code error;
    if (!std::filesystem::exists(path.parent_path() / "index.html", error)) {
      const Result<reports::Release> release = read();
      if (!release) return refusal(http::status::service_unavailable, release.error().message);
      const auto is_it = [&](const reports::ReleaseFinding& finding) {
        return finding.page == "failures/" + name + "/index.html";
      };
      const auto finding = std::find_if(release->findings.begin(), release->findings.end(), is_it);
      if (finding == release->findings.end())
        return refusal(http::status::not_found, "The results have no such failure.");
      if (!write_finding(pages_, *finding))
        return refusal(http::status::internal_server_error,
                       "The run ended the process that it ran in. To see it: " + finding->replay);
    }
    std::ifstream in(path, std::ios::binary);
    if (!in) return refusal(http::status::not_found, "There is no such file.");
    const char* type = file.ends_with(".html")   ? "text/html; charset=utf-8"
                       : file.ends_with(".json") ? "application/json"
                       : file.ends_with(".toml") ? "text/plain; charset=utf-8"
                                                 : "application/octet-stream";
    return {http::status::ok, type, std::string(std::istreambuf_iterator<char>(in), {})};
  }

  const ReleaseOptions& options_;
  std::string folder_;
  ReportFolder pages_;
};

/// Whether a browser that speaks to us was asked for this machine by name: a page of elsewhere whose name was pointed
/// at loopback is told nothing.
bool is_for_us(std::string_view host) {
  if (host.starts_with("[::1]")) return true;
  const std::string_view name = host.substr(0, host.rfind(':'));
  return name == "127.0.0.1" || name == "localhost";
}

Answer answer_to(Site& site, const http::request<http::empty_body>& request) {
  const auto text = [](beast::string_view view) { return std::string_view(view.data(), view.size()); };
  if (!is_for_us(text(request[http::field::host])))
    return refusal(http::status::forbidden, "This server answers to 127.0.0.1 and localhost only.");
  if (request.method() != http::verb::get && request.method() != http::verb::head)
    return refusal(http::status::method_not_allowed, "Results are only read: GET and HEAD.");
  return site.answer(text(request.target()));
}

asio::awaitable<void> serve(tcp::socket socket, Site& site) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  beast::error_code error;
  for (bool keep = true; keep;) {
    http::request<http::empty_body> request;
    stream.expires_after(patience);
    co_await http::async_read(stream, buffer, request, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    Answer answer = answer_to(site, request);
    http::response<http::string_body> response(answer.status, request.version());
    response.set(http::field::content_type, answer.type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.body() = std::move(answer.body);
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
  for (;;) {
    boost::system::error_code error;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (!error) asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), site), asio::detached);
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
  Result<ReportFolder> pages =
      folder.path().empty()
          ? Result<ReportFolder>(
                Error{ErrorCode::io_error, "no folder for pages can be made in the folder for temporary files"})
          : ReportFolder::open(folder.path());
  if (!pages) return bad(pages.error().message);
  Site site(options.release, folder.path(), std::move(*pages));

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
