// What a service in Go does with ClickHouse over HTTP; prints one JSON object that the test compares.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

func main() {
	options, err := clickhouse.ParseDSN(os.Args[1])
	must(err)
	options.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	connection, err := clickhouse.Open(options)
	must(err)
	report := map[string]any{}
	ctx := context.Background()

	must(connection.Ping(ctx))
	must(connection.Exec(ctx, "DROP TABLE IF EXISTS go_client"))
	must(connection.Exec(ctx, "CREATE TABLE go_client (n UInt64, s String, t DateTime64(3, 'UTC'), "+
		"l LowCardinality(String), o Nullable(Float64), a Array(String)) ENGINE = MergeTree ORDER BY n"))
	write(ctx, connection)
	report["rows"] = read(ctx, connection)
	report["streamed"] = stream(ctx, connection)
	report["error"] = fail(ctx, connection)
	report["cancelled"] = cancel(connection)
	must(connection.Exec(ctx, "DROP TABLE go_client"))
	must(connection.Close())
	must(json.NewEncoder(os.Stdout).Encode(report))
}

func write(ctx context.Context, connection driver.Conn) {
	batch, err := connection.PrepareBatch(ctx, "INSERT INTO go_client")
	must(err)
	half := 0.5
	moment := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	for n := range uint64(20000) {
		optional := &half
		if n%2 == 0 {
			optional = nil
		}
		must(batch.Append(n, fmt.Sprintf("it's FORMAT %d;", n), moment, "low", optional, []string{"a", "b"}))
	}
	must(batch.Send())
}

func read(ctx context.Context, connection driver.Conn) []any {
	named := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"n": "6", "like": "it's FORMAT%"}))
	rows, err := connection.Query(named, "SELECT * FROM go_client WHERE n IN ({n:UInt64}, 7) AND s LIKE {like:String} ORDER BY n")
	must(err)
	found := []any{}
	for rows.Next() {
		var n uint64
		var text, low string
		var moment time.Time
		var optional *float64
		var words []string
		must(rows.Scan(&n, &text, &moment, &low, &optional, &words))
		found = append(found, []any{n, text, moment.UTC().Format(time.RFC3339Nano), low, optional, words})
	}
	must(rows.Err())
	return found
}

func stream(ctx context.Context, connection driver.Conn) uint64 {
	rows, err := connection.Query(ctx, "SELECT number FROM numbers(200000)")
	must(err)
	var sum, n uint64
	for rows.Next() {
		must(rows.Scan(&n))
		sum += n
	}
	must(rows.Err())
	return sum
}

func fail(ctx context.Context, connection driver.Conn) string {
	_, err := connection.Query(ctx, "SELECT nosuch")
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return fmt.Sprintf("%d", exception.Code)
	}
	return fmt.Sprint(err)
}

func cancel(connection driver.Conn) bool {
	ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	var sum uint64
	row := connection.QueryRow(ctx, "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)")
	return errors.Is(row.Scan(&sum), context.DeadlineExceeded)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
