#include "tools/hunt/database.h"

#include <sqlite3.h>

#include <utility>

namespace heir::tools {

namespace {

Error failure(sqlite3* database) {
  const int code = sqlite3_errcode(database);
  const int system = sqlite3_system_errno(database);
  // A limit on the size of files is as full as a disk.
  constexpr int too_big = 27;  // EFBIG
  ErrorCode kind = ErrorCode::failed;
  if (code == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && system == too_big))
    kind = ErrorCode::out_of_space;
  else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    kind = ErrorCode::invalid;
  else if ((code & 0xff) == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_READONLY)
    kind = ErrorCode::io_error;
  const std::string message = sqlite3_errmsg(database);
  if (kind == ErrorCode::out_of_space) return {kind, "there is no room for more (" + message + ")"};
  return {kind, message};
}

}  // namespace

// ---- Statement ----

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  sqlite3_bind_text64(statement_, index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int index, std::optional<std::int64_t> value) {
  if (value) return bind(index, *value);
  sqlite3_bind_null(statement_, index);
  return *this;
}

Statement& Statement::bind_real(int index, double value) {
  sqlite3_bind_double(statement_, index, value);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(statement_));
}

Result<> Statement::run() {
  Result<> outcome;
  for (;;) {
    const Result<bool> row = step();
    if (!row) outcome = row.error();
    if (!row || !*row) break;
  }
  reset();
  return outcome;
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return std::string(bytes ? bytes : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

// ---- Database ----

Result<Database> Database::open(const std::string& path) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(opened);
  if (code != SQLITE_OK) return failure(opened);
  sqlite3_extended_result_codes(opened, 0);
  sqlite3_busy_timeout(opened, 10'000);  // somebody may be looking
  return database;
}

Database::Database(Database&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Database::~Database() {
  sqlite3_close(database_);
}

Result<> Database::execute(const char* statements) {
  if (sqlite3_exec(database_, statements, nullptr, nullptr, nullptr) != SQLITE_OK) return failure(database_);
  return {};
}

Result<Statement> Database::prepare(std::string_view statement) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database_, statement.data(), static_cast<int>(statement.size()), &prepared, nullptr) !=
      SQLITE_OK)
    return failure(database_);
  return Statement(prepared);
}

Result<std::string> Database::value(std::string_view query) {
  Result<Statement> statement = prepare(query);
  if (!statement) return statement.error();
  const Result<bool> row = statement->step();
  if (!row) return row.error();
  return *row ? statement->text(0) : std::string();
}

std::int64_t Database::last_row() const {
  return sqlite3_last_insert_rowid(database_);
}

void Database::leave_log_alone(bool alone) {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, alone ? 1 : 0, nullptr);
}

// ---- Transaction ----

Result<Transaction> Transaction::begin(Database& database, const char* how) {
  if (const Result<> begun = database.execute(how); !begun) return begun.error();
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // SQLite may have taken it back already; then this fails, and nothing is lost by that.
  if (database_ && !database_->execute("ROLLBACK")) return;
}

Result<> Transaction::commit() {
  const Result<> committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace heir::tools
