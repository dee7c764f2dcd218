// MQTT.js over WebSocket: what two of its clients get of each other, as one line of JSON.
// node mqttjs_peer.cjs <folder with node_modules> <url> <protocol version>
"use strict";

const [folder, url, version] = process.argv.slice(2);
const mqtt = require(require.resolve("mqtt", { paths: [folder] }));
const v5 = version === "5";

function connect(clientId, options = {}) {
  return mqtt.connectAsync(url, {
    clientId, protocolVersion: Number(version), reconnectPeriod: 0, connectTimeout: 5000, ...options,
  });
}

// Collects messages; `until(n)` resolves when there are n of them.
function inbox(client) {
  const got = [];
  let wanted = Infinity;
  let resolve = () => {};
  client.on("message", (topic, payload, packet) => {
    const { qos, retain, properties } = packet;
    got.push({ topic, payload: payload.toString(), qos, retain, user: properties?.userProperties ?? null });
    if (got.length >= wanted) resolve(got);
  });
  return (number) => new Promise((done) => {
    wanted = number;
    resolve = done;
    if (got.length >= number) done(got);
  });
}

async function main() {
  const hearer = await connect("hearer");
  const live = inbox(hearer);
  const granted = await hearer.subscribeAsync("js/#", { qos: 2 });
  const speaker = await connect("speaker", { will: { topic: "js/will", payload: "gone", qos: 1, retain: true } });
  const properties = v5 ? { userProperties: { a: "1", b: ["2", "3"] }, contentType: "text/plain" } : undefined;
  for (const qos of [0, 1, 2]) {
    await speaker.publishAsync(`js/${qos}`, `said ${qos}`, { qos, properties });
  }
  await speaker.publishAsync("js/kept", "still here", { qos: 2, retain: true });
  await live(4);
  speaker.stream.destroy();
  const heard = await live(5);

  const late = await connect("late");
  const kept = inbox(late);
  await late.subscribeAsync("js/#", { qos: 2 });
  const found = await kept(2);
  await late.endAsync();
  await hearer.endAsync();
  console.log(JSON.stringify({ granted: granted.map((grant) => grant.qos), heard, found }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
