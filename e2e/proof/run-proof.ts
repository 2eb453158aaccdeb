import { SdkClient } from '../../testing/clients/sdk-client.ts'
import type { RestartableGateway } from '../../testing/processes/gateway-process.ts'
import { sleep } from '../../program/waiting.ts'
import { until } from '../../testing/until.ts'
import { startBrokers } from './brokers.ts'
import { emitAll, type EmitReport } from './emit-all.ts'
import { channel, portOf, startGateways } from './gateways.ts'
import { createIncidents } from './incidents.ts'
import { createRandom, isExpected, type PlannedEvent, planEvents, planUsers, type User } from './plan.ts'
import { checkClient, percentile, renderTable, sum, type Verdict } from './report.ts'
import { createIssuer, type Issuer } from './tokens.ts'

/** Options of the proof that clients get what they must. */
export interface ProofOptions {
  readonly clients: number
  readonly users: number
  readonly organizations: number
  readonly events: number
  /** Milliseconds over which events are emitted. */
  readonly durationMs: number
  /** Longest time without network for one client. */
  readonly maxCutMs: number
  /** Number of brokers; three replicate the topic. */
  readonly brokers: number
  /** Kills one broker in the middle, and restarts it. */
  readonly killsBroker: boolean
  readonly seed: number
  readonly say: (line: string) => void
}

export interface ProofResult {
  readonly table: string
  readonly isProven: boolean
}

/**
 * Runs two gateways on one real Kafka, with clients that lose their network at random, and restarts one gateway while events are emitted.
 * Afterwards each client must have exactly the events that the oracle expects. Ends everything that it starts.
 */
export async function runProof(options: ProofOptions): Promise<ProofResult> {
  const ends: (() => Promise<unknown> | void)[] = []
  try {
    options.say('starting Kafka')
    const kafka = await startBrokers(options.brokers)
    ends.push(() => kafka.stop())
    const issuer = createIssuer()
    const gateways = await startGateways({ brokers: kafka.bootstrap, issuer }, ends)
    options.say(`two gateways on 127.0.0.1:${gateways.map(({ port }) => port).join(' and :')}`)
    const random = createRandom(options.seed)
    const events = planEvents(options.events, planUsers(options.users, options.organizations), random)
    const clients = await connectClients(options, { gateways, issuer, random })
    ends.push(() => clients.forEach((client) => client.close()))
    const incidents = createIncidents(
      { ...options, steps: options.events, unit: 'events', cutChance: 0.2 },
      { gateways, clients, random, broker: kafka },
    )
    const emitted = await emitAll(events, {
      post: postTo(() => portOf(gateways, random), issuer.token({ user_id: 'emitter', scope: 'carillon.emit' })),
      durationMs: options.durationMs,
      giveUpAfterMs: 60_000,
      progress: incidents.progress,
    })
    options.say(`${emitted.acknowledged} events acknowledged; waiting for the last deliveries`)
    const exitCodes = await incidents.finish()
    await settle(clients, events, options)
    return conclude({ clients, events, emitted, exitCodes, unready: incidents.sawUnready() }, options)
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

type ProofClient = SdkClient<User>

interface Stage {
  readonly gateways: readonly RestartableGateway[]
  readonly random: () => number
  readonly issuer: Issuer
}

/** @param port returns the port for the next attempt */
const postTo =
  (port: () => number, token: string) =>
  async (body: string): Promise<{ readonly status: number; readonly text: string }> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`http://127.0.0.1:${port()}/api/${channel}/v1/emit-message`, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(15_000),
    })
    return { status: response.status, text: await response.text() }
  }

async function connectClients(options: ProofOptions, stage: Stage): Promise<readonly ProofClient[]> {
  const users = planUsers(options.users, options.organizations)
  const clients = Array.from({ length: options.clients }, (_, index) => {
    const user = users[index % users.length] ?? { id: 'nobody', username: 'nobody', organization: 'none', roles: [] }
    const token = stage.issuer.token({ user_id: user.id, username: user.username, org_id: user.organization, roles: user.roles })
    return new SdkClient({
      user,
      url: `ws://127.0.0.1/wss/${channel}/v1/ws`,
      token,
      maxBackoffMs: 500,
      ports: () => portOf(stage.gateways, stage.random),
    })
  })
  await until(() => clients.every(({ isOpen }) => isOpen), { seconds: 30, everyMs: 50, what: 'all clients to be connected' })
  options.say(`${clients.length} clients of ${users.length} users in ${options.organizations} organizations are connected`)
  return clients
}

/** Waits until every client has its events, or for 30 s. */
async function settle(clients: readonly ProofClient[], events: readonly PlannedEvent[], options: ProofOptions): Promise<void> {
  const expected = new Map(clients.map((client) => [client, events.filter((event) => isExpected(event, client.user)).length]))
  const lacking = (): number =>
    clients.filter((client) => new Set(client.received.map(({ id }) => id)).size < (expected.get(client) ?? 0)).length
  const deadlineMs = Date.now() + 30_000
  while (lacking() > 0 && Date.now() < deadlineMs) await sleep(250)
  // Time for wrong events to arrive as well.
  await sleep(1000)
  if (lacking() > 0) options.say(`${lacking()} clients still lack events`)
}

interface Outcome {
  readonly clients: readonly ProofClient[]
  readonly events: readonly PlannedEvent[]
  readonly emitted: EmitReport
  readonly exitCodes: readonly (number | null)[]
  readonly unready: boolean
}

function conclude(outcome: Outcome, options: ProofOptions): ProofResult {
  const { clients, emitted } = outcome
  const verdicts: readonly Verdict[] = clients.map((client) => checkClient(client, outcome.events))
  const total = (of: (client: ProofClient) => number): number => clients.reduce((count, client) => count + of(client), 0)
  const reconnects = clients.flatMap((client) => client.reconnects.map(({ tookMs }) => tookMs))
  const latencies = clients.flatMap(({ latenciesMs }) => latenciesMs)
  const faults: readonly (readonly [string, number])[] = [
    ['events given up by the emitter', emitted.abandoned.length],
    ['missing deliveries', sum(verdicts, 'missing')],
    ['deliveries to the wrong client', sum(verdicts, 'foreign')],
    ['duplicates, on the wire', sum(verdicts, 'duplicates')],
    ['out of order within a key', sum(verdicts, 'outOfOrder')],
    ['gaps', total(({ gaps }) => gaps.length)],
    ['clients refused finally', total(({ refusals }) => refusals.length)],
    ['gateways that did not exit with 0', outcome.exitCodes.filter((code) => code !== 0).length],
    ...(options.killsBroker ? [['a ready gateway became unready after a broker was killed', outcome.unready ? 1 : 0] as const] : []),
  ]
  const rows: readonly (readonly [string, string | number])[] = [
    ['clients, over 2 gateways', clients.length],
    ['events emitted and acknowledged', emitted.acknowledged],
    ['emits retried', emitted.retries],
    ['connections', total(({ connections }) => connections)],
    ['events replayed after reconnecting', total(({ replayed }) => replayed)],
    ['deliveries expected', sum(verdicts, 'expected')],
    ['deliveries made', sum(verdicts, 'delivered')],
    ['emit to application, p50 / p99 ms', `${percentile(latencies, 0.5)} / ${percentile(latencies, 0.99)}`],
    ['network back to resumed, p50 / p99 ms', `${Math.round(percentile(reconnects, 0.5))} / ${Math.round(percentile(reconnects, 0.99))}`],
    ...faults,
  ]
  const isExercised = total(({ replayed }) => replayed) > 0 && reconnects.length > 0
  return {
    table: renderTable(rows),
    isProven: isExercised && emitted.acknowledged === options.events && faults.every(([, count]) => count === 0),
  }
}
