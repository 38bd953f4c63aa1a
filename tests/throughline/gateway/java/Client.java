// What a BI tool does over JDBC; prints lines `name=value` that the test compares.
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

public final class Client {
  public static void main(String[] arguments) throws SQLException {
    // address, user, password
    String url = "jdbc:clickhouse://" + arguments[0] + "/throughline";
    try (Connection connection = DriverManager.getConnection(url, arguments[1], arguments[2])) {
      tell("product", connection.getMetaData().getDatabaseProductName());
      tell("valid", connection.isValid(5));
      try (Statement statement = connection.createStatement()) {
        statement.execute("DROP TABLE IF EXISTS jdbc");
        statement.execute(
            "CREATE TABLE jdbc (n Int64, s String, t DateTime64(3, 'UTC'), d Decimal(18, 4), l LowCardinality(String),"
                + " o Nullable(Float64), a Array(String)) ENGINE = MergeTree ORDER BY n");
      }
      write(connection);
      read(connection);
      look(connection.getMetaData());
      fail(connection);
      try (Statement statement = connection.createStatement()) {
        statement.execute("DROP TABLE jdbc");
      }
    }
  }

  private static void write(Connection connection) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc VALUES (?, ?, ?, ?, ?, ?, ?)")) {
      for (int n = 0; n < 2000; n++) {
        insert.setLong(1, n);
        insert.setString(2, "it's FORMAT " + n + ";\n");
        insert.setObject(3, LocalDateTime.of(2026, 1, 2, 3, 4, 5, 678_000_000));
        insert.setBigDecimal(4, new BigDecimal("12.5"));
        insert.setString(5, "low");
        insert.setObject(6, n % 2 == 0 ? null : 0.5);
        insert.setArray(7, connection.createArrayOf("String", new Object[] {"a", "b"}));
        insert.addBatch();
      }
      tell("inserted", insert.executeBatch().length);
    }
  }

  private static void read(Connection connection) throws SQLException {
    String sql = "SELECT * FROM jdbc WHERE n IN (?, ?) AND s LIKE ? ORDER BY n";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setInt(1, 6);
      select.setInt(2, 7);
      select.setString(3, "it's FORMAT%");
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          String number = "row" + rows.getLong("n");
          tell(number + ".s", rows.getString("s").strip());
          tell(number + ".t", rows.getObject("t", LocalDateTime.class));
          tell(number + ".d", rows.getBigDecimal("d").stripTrailingZeros());
          tell(number + ".l", rows.getString("l"));
          tell(number + ".o", rows.getObject("o"));
          tell(number + ".a", Arrays.toString((Object[]) rows.getArray("a").getArray()));
        }
      }
    }
    long sum = 0;
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT number FROM numbers(200000)")) {
      while (rows.next()) sum += rows.getLong(1);
    }
    tell("streamed", sum);
  }

  private static void look(DatabaseMetaData about) throws SQLException {
    try (ResultSet tables = about.getTables(null, "throughline", "jdbc", null)) {
      while (tables.next()) tell("table", tables.getString("TABLE_NAME"));
    }
    List<String> columns = new ArrayList<>();
    try (ResultSet found = about.getColumns(null, "throughline", "jdbc", null)) {
      while (found.next()) columns.add(found.getString("COLUMN_NAME"));
    }
    tell("columns", columns);
  }

  private static void fail(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeQuery("SELECT nosuch");
      tell("error", "none");
    } catch (SQLException error) {
      tell("error", error.getErrorCode());
    }
  }

  private static void tell(String name, Object value) {
    System.out.println(name + "=" + value);
  }
}
