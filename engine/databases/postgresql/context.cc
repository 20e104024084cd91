#include "engine/databases/postgresql/context.h"

#include <charconv>

namespace heir::postgresql {

namespace {

Error unexpected(std::string_view statement, std::size_t column, const std::optional<std::string>& value) {
  return {ErrorCode::failed, "the server answered " + (value ? "\"" + *value + "\"" : std::string("nothing")) +
                                 " in column " + std::to_string(column) + " of \"" + std::string(statement) + "\""};
}

template <class Number>
Result<Number> parse(const Row& row, std::size_t column, std::string_view statement) {
  const std::optional<std::string>& value = row[column];
  if (!value) return unexpected(statement, column, value);
  Number number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size()) return unexpected(statement, column, value);
  return number;
}

}  // namespace

Result<const Row*> single_row(const Rows& rows, std::size_t columns, std::string_view statement) {
  if (rows.size() != 1 || rows.front().size() < columns)
    return {ErrorCode::failed, "the server answered \"" + std::string(statement) + "\" with " +
                                   std::to_string(rows.size()) + " rows" +
                                   (rows.empty() ? "" : " of " + std::to_string(rows.front().size()) + " columns")};
  return &rows.front();
}

Result<std::uint64_t> number_at(const Row& row, std::size_t column, std::string_view statement) {
  return parse<std::uint64_t>(row, column, statement);
}

Result<std::optional<std::uint64_t>> optional_number_at(const Row& row, std::size_t column,
                                                        std::string_view statement) {
  if (!row[column]) return std::optional<std::uint64_t>();
  const Result<std::uint64_t> number = parse<std::uint64_t>(row, column, statement);
  if (!number) return number.error();
  return std::optional<std::uint64_t>(*number);
}

Result<std::int64_t> signed_at(const Row& row, std::size_t column, std::string_view statement) {
  return parse<std::int64_t>(row, column, statement);
}

Result<bool> flag_at(const Row& row, std::size_t column, std::string_view statement) {
  if (row[column] == "t") return true;
  if (row[column] == "f") return false;
  return unexpected(statement, column, row[column]);
}

std::string text_at(const Row& row, std::size_t column) {
  return row[column].value_or(std::string());
}

}  // namespace heir::postgresql
