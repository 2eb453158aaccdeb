import { SendingSdkClient } from '../../../testing/clients/sending-sdk-client.ts'
import { until } from '../../../testing/until.ts'
import { startBrokers } from '../brokers.ts'
import { channel, portOf, startGateways } from '../gateways.ts'
import { createIncidents } from '../incidents.ts'
import { createRandom } from '../plan.ts'
import { percentile, renderTable } from '../report.ts'
import type { ProofResult } from '../run-proof.ts'
import { createIssuer } from '../tokens.ts'
import { readUpstream, type UpstreamRecords } from './read-upstream.ts'
import { sendAll, type SendReport, sendType } from './send-all.ts'

export interface UpstreamOptions {
  readonly clients: number
  readonly sends: number
  /** Milliseconds over which events are sent. */
  readonly durationMs: number
  /** Longest time without network for one client. */
  readonly maxCutMs: number
  /** Chance that a client loses its network within a second. */
  readonly cutChance: number
  /** Number of brokers; three replicate the topics. */
  readonly brokers: number
  /** Kills one broker in the middle, and restarts it. */
  readonly killsBroker: boolean
  readonly seed: number
  readonly say: (line: string) => void
}

const accept = [{ type: sendType, ratePerUser: 1_000, burst: 1_000 }]

/**
 * Runs two gateways on one real Kafka, with clients that send while their networks, one gateway and a broker fail. Afterwards each acknowledged
 * event must be in the upstream topic, once for a reader that suppresses by source and id (G10). Ends everything that it starts.
 */
export async function runUpstreamProof(options: UpstreamOptions): Promise<ProofResult> {
  const ends: (() => Promise<unknown> | void)[] = []
  try {
    options.say('starting Kafka')
    const kafka = await startBrokers(options.brokers)
    ends.push(() => kafka.stop())
    const issuer = createIssuer()
    const env = { UPSTREAM: 'on', UPSTREAM_ACCEPT: JSON.stringify(accept), UPGRADE_RATE_PER_S: '10000', UPGRADE_BURST: '10000' }
    const gateways = await startGateways({ brokers: kafka.bootstrap, issuer, env }, ends)
    options.say(`two gateways on 127.0.0.1:${gateways.map(({ port }) => port).join(' and :')}`)
    const random = createRandom(options.seed)
    const clients = Array.from({ length: options.clients }, (_, index) => {
      const user = `user-${index}`
      return new SendingSdkClient({
        user,
        url: `ws://127.0.0.1/wss/${channel}/v1/ws`,
        token: issuer.token({ user_id: user, username: user, org_id: 'proof' }),
        maxBackoffMs: 500,
        ports: () => portOf(gateways, random),
      })
    })
    ends.push(() => clients.forEach((client) => client.close()))
    await until(() => clients.every(({ isOpen }) => isOpen), { seconds: 120, everyMs: 100, what: 'all clients to be connected' })
    options.say(`${clients.length} clients are connected`)
    const incidents = createIncidents({ ...options, steps: options.sends, unit: 'sends' }, { gateways, clients, random, broker: kafka })
    const sent = await sendAll(clients, { sends: options.sends, durationMs: options.durationMs, progress: incidents.progress })
    options.say(`${sent.acknowledged.length} sends acknowledged; reading the upstream topic`)
    const exitCodes = await incidents.finish()
    const records = await readUpstream(kafka.bootstrap, `${channel}.upstream`, 120_000)
    return conclude({ clients, sent, records, exitCodes, unready: incidents.sawUnready() }, options)
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

interface Outcome {
  readonly clients: readonly SendingSdkClient[]
  readonly sent: SendReport
  readonly records: UpstreamRecords
  readonly exitCodes: readonly (number | null)[]
  readonly unready: boolean
}

function conclude({ clients, sent, records, exitCodes, unready }: Outcome, options: UpstreamOptions): ProofResult {
  const { acknowledged, refused, latenciesMs } = sent
  const connections = clients.reduce((sum, client) => sum + client.connections, 0)
  const faults: readonly (readonly [string, number])[] = [
    ['sends without an acknowledgement', options.sends - acknowledged.length],
    ['sends acknowledged and lost', acknowledged.filter((event) => !records.counts.has(event)).length],
    ['duplicates after suppression by source and id', records.distinct - records.counts.size],
    ['events that no client sent', [...records.counts.keys()].filter((event) => !isSent(event, options)).length],
    ['records without their user', records.unsigned],
    ['clients refused finally', clients.reduce((sum, client) => sum + client.refusals.length, 0)],
    ['gateways that did not exit with 0', exitCodes.filter((code) => code !== 0).length],
    ...(options.killsBroker ? [['a ready gateway became unready after a broker was killed', unready ? 1 : 0] as const] : []),
  ]
  const rows: readonly (readonly [string, string | number])[] = [
    ['clients, over 2 gateways', clients.length],
    ['sends acknowledged', acknowledged.length],
    ['connections', connections],
    ['records in the upstream topic', records.total],
    ['of them repeated', records.total - records.counts.size],
    ['call to acknowledgement, p50 / p99 ms', `${percentile(latenciesMs, 0.5)} / ${percentile(latenciesMs, 0.99)}`],
    ...faults,
  ]
  const isExercised = connections > clients.length
  if (refused.length > 0) options.say(`the first send that was refused: ${refused[0]}`)
  return { table: renderTable(rows), isProven: isExercised && faults.every(([, count]) => count === 0) }
}

/** Every send has one number, and its client follows from that. */
function isSent(event: string, { clients, sends }: UpstreamOptions): boolean {
  const [user = '', id = ''] = event.split(' ')
  const number = Number(/^send-(\d+)$/.exec(id)?.[1] ?? -1)
  return number >= 0 && number < sends && user === `user-${number % clients}`
}
