// SQLite as values: a database, its statements, and errors that are returned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace heir::tools {

/// A prepared statement. Does not outlive its database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Parameters are counted from 1; they stay bound until they are bound anew.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, std::optional<std::int64_t> value);
  Statement& bind_real(int index, double value);
  /// A 64-bit pattern: SQLite's integers have a sign.
  Statement& bind_bits(int index, std::uint64_t value) { return bind(index, static_cast<std::int64_t>(value)); }

  /// True: there is a row, which the columns are of; false: there is none any more.
  Result<bool> step();
  /// Runs it to its end, without looking at rows, and makes it ready to be run again.
  Result<> run();
  void reset();

  /// Columns are counted from 0.
  std::int64_t integer(int column) const;
  std::uint64_t bits(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  double real(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_;
};

class Database {
 public:
  /// A file that exists, or is made; "" for one that is gone with the process.
  static Result<Database> open(const std::string& path);
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  /// Statements with semicolons between, of no rows that matter.
  Result<> execute(const char* statements);
  Result<Statement> prepare(std::string_view statement);
  /// The first column of the first row of `query`.
  Result<std::string> value(std::string_view query);
  std::int64_t last_row() const;
  /// Whether what the write-ahead log holds stays in it when the database is closed: for a file that is only looked at.
  void leave_log_alone(bool alone);

 private:
  explicit Database(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

/// Everything in it happens, or nothing: what is not committed is taken back.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database, const char* how = "BEGIN IMMEDIATE");
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace heir::tools
