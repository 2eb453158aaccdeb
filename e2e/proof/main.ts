/**
 * `make proof`: shows that no client misses an event, gets one twice, or gets another user's, while networks, a gateway and the broker
 * fail.
 */
import { parseArgs } from 'node:util'
import { runProof } from './run-proof.ts'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    users: { type: 'string', default: '40' },
    organizations: { type: 'string', default: '4' },
    events: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
    brokers: { type: 'string', default: '1' },
    'kill-broker': { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(
    'make proof, or node e2e/proof/main.ts [--clients 200] [--users 40] [--organizations 4] [--events 10000] [--seconds 60] [--seed 1] [--brokers 1|3] [--kill-broker]',
  )
} else {
  const startedMs = Date.now()
  const say = (line: string): void => console.log(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`)
  const result = await runProof({
    clients: Number(values.clients),
    users: Number(values.users),
    organizations: Number(values.organizations),
    events: Number(values.events),
    durationMs: Number(values.seconds) * 1000,
    maxCutMs: 2000,
    brokers: Number(values.brokers),
    killsBroker: values['kill-broker'],
    seed: Number(values.seed),
    say,
  })
  console.log(result.table)
  console.log(result.isProven ? 'Proven: every client has exactly the events that the oracle expects.' : 'NOT proven.')
  process.exit(result.isProven ? 0 : 1)
}
