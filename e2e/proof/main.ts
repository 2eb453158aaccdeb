/**
 * `make proof`: shows that no client misses an event, gets one twice, or gets another user's, while networks, a gateway and the broker
 * fail. `make proof ARGS=--upstream`: shows that no event is lost, or written twice for a reader that suppresses, which a client has sent and the
 * gateway has acknowledged.
 */
import { parseArgs } from 'node:util'
import { runProof } from './run-proof.ts'
import { runUpstreamProof } from './upstream/run-upstream.ts'

const { values } = parseArgs({
  options: {
    upstream: { type: 'boolean', default: false },
    clients: { type: 'string' },
    users: { type: 'string', default: '40' },
    organizations: { type: 'string', default: '4' },
    events: { type: 'string', default: '10000' },
    sends: { type: 'string', default: '100000' },
    seconds: { type: 'string' },
    brokers: { type: 'string' },
    'kill-broker': { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

const usage = `Usage: make proof ARGS="FLAGS", or node e2e/proof/main.ts FLAGS

  --clients N       clients, over two gateways; default 200, with --upstream 1000
  --users N         users of the clients; default 40
  --organizations N organizations of the users; default 4
  --events N        events that are emitted; default 10000
  --seconds N       time over which they are emitted or sent; default 60, with --upstream 200
  --brokers 1|3     brokers of Kafka; default 1, with --upstream 3
  --kill-broker     kill a broker with SIGKILL, and start it again; always with --upstream
  --seed N          the same seed makes the same events and cuts; default 1
  --upstream        clients send; each acknowledged event must be in the upstream topic
  --sends N         events that are sent, with --upstream; default 100000
`

async function main(): Promise<void> {
  if (values.help) return void console.log(usage)
  const startedMs = Date.now()
  const say = (line: string): void => console.log(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`)
  const isUpstream = values.upstream
  const common = {
    clients: Number(values.clients ?? (isUpstream ? 1_000 : 200)),
    durationMs: Number(values.seconds ?? (isUpstream ? 200 : 60)) * 1000,
    maxCutMs: 2000,
    brokers: Number(values.brokers ?? (isUpstream ? 3 : 1)),
    seed: Number(values.seed),
    say,
  }
  const result = isUpstream
    ? await runUpstreamProof({ ...common, sends: Number(values.sends), cutChance: 0.02, killsBroker: true })
    : await runProof({
        ...common,
        users: Number(values.users),
        organizations: Number(values.organizations),
        events: Number(values.events),
        killsBroker: values['kill-broker'],
      })
  console.log(result.table)
  const proven = isUpstream
    ? 'Proven: every acknowledged event is in the upstream topic, once for a reader that suppresses.'
    : 'Proven: every client has exactly the events that the oracle expects.'
  console.log(result.isProven ? proven : 'NOT proven.')
  process.exit(result.isProven ? 0 : 1)
}

await main()
