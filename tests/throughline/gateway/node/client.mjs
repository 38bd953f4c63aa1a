// What a service in Node.js does with ClickHouse; prints one JSON object that the test compares.
import { createClient } from "@clickhouse/client";

const client = createClient({ url: process.argv[2], compression: { request: true, response: true } });
const report = {};

report.ping = (await client.ping()).success;
await client.command({ query: "DROP TABLE IF EXISTS node" });
await client.command({ query: "CREATE TABLE node (n UInt64, s String, j JSON) ENGINE = MergeTree ORDER BY n" });
const values = Array.from({ length: 20000 }, (_, n) => ({ n, s: `FORMAT ${n};`, j: { a: { b: n } } }));
await client.insert({ table: "node", values, format: "JSONEachRow", query_id: "node-insert" });

const rows = await client.query({
  query: "SELECT n, s, j.a.b AS b FROM node WHERE n = {n:UInt64} AND s LIKE {like:String}",
  query_params: { n: 7, like: "FORMAT%;" },
  format: "JSONEachRow",
});
report.rows = await rows.json();
report.query_id = rows.query_id.length > 0;

const whole = await client.query({ query: "SELECT count() AS c, sum(n) AS s FROM node", format: "JSON" });
report.whole = (await whole.json()).data;

let streamed = 0;
const stream = await client.query({ query: "SELECT n FROM node ORDER BY n", format: "JSONCompactEachRow" });
for await (const chunk of stream.stream()) streamed += chunk.length;
report.streamed = streamed;

try {
  await client.query({ query: "SELECT nosuch FROM node" });
} catch (error) {
  report.error = { code: error.code, type: error.type };
}

const session = createClient({ url: process.argv[2], session_id: "node-session" });
await session.command({ query: "CREATE TEMPORARY TABLE kept (n UInt8)" });
await session.insert({ table: "kept", values: [[1], [2]], format: "JSONCompactEachRow" });
report.session = await (await session.query({ query: "SELECT n FROM kept ORDER BY n", format: "TabSeparated" })).text();
await session.close();

const abort = new AbortController();
const slow = client.query({ query: "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", abort_signal: abort.signal });
setTimeout(() => abort.abort(), 300);
report.aborted = await slow.then(() => false, () => true);

await client.command({ query: "DROP TABLE node" });
await client.close();
process.stdout.write(JSON.stringify(report));
