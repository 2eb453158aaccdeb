import { expect, it } from 'vitest'
import { runProof } from './run-proof.ts'
import { runUpstreamProof } from './upstream/run-upstream.ts'

it(
  'every client gets exactly the events that an oracle expects, while networks, a gateway and the broker fail',
  { timeout: 180_000 },
  async () => {
    const said: string[] = []
    const result = await runProof({
      clients: 40,
      users: 20,
      organizations: 4,
      events: 1200,
      durationMs: 15_000,
      maxCutMs: 2000,
      brokers: 1,
      killsBroker: true,
      seed: 7,
      say: (line) => said.push(line),
    })
    expect(result.isProven, `${said.join('\n')}\n${result.table}`).toBe(true)
  },
)

it(
  'every acknowledged event of a client is in the upstream topic, once for a reader that suppresses, while networks, a gateway and the broker fail',
  { timeout: 180_000 },
  async () => {
    const said: string[] = []
    const result = await runUpstreamProof({
      clients: 40,
      sends: 2000,
      durationMs: 15_000,
      maxCutMs: 2000,
      cutChance: 0.1,
      brokers: 1,
      killsBroker: true,
      seed: 7,
      say: (line) => said.push(line),
    })
    expect(result.isProven, `${said.join('\n')}\n${result.table}`).toBe(true)
  },
)
