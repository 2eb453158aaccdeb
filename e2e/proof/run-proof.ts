import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SdkClient } from '../../testing/clients/sdk-client.ts'
import { createRestartableGateway, type RestartableGateway } from '../../testing/processes/gateway-process.ts'
import { sleep } from '../../program/waiting.ts'
import { until } from '../../testing/until.ts'
import { type ProofBrokers, startBrokers } from './brokers.ts'
import { emitAll, type EmitReport } from './emit-all.ts'
import { createRandom, isExpected, type PlannedEvent, planEvents, planUsers, type User } from './plan.ts'
import { checkClient, percentile, renderTable, sum, type Verdict } from './report.ts'
import { createIssuer, type Issuer } from './tokens.ts'

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

const channel = 'proof'

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
    const gateways = await startGateways(kafka.bootstrap, issuer, ends)
    options.say(`two gateways on 127.0.0.1:${gateways.map(({ port }) => port).join(' and :')}`)
    const random = createRandom(options.seed)
    const events = planEvents(options.events, planUsers(options.users, options.organizations), random)
    const clients = await connectClients(options, { gateways, issuer, random })
    ends.push(() => clients.forEach((client) => client.close()))
    const incidents = createIncidents(options, { gateways, clients, random, broker: kafka })
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

async function startGateways(
  brokers: readonly string[],
  issuer: Issuer,
  ends: (() => Promise<unknown> | void)[],
): Promise<readonly RestartableGateway[]> {
  const directory = await mkdtemp(join(tmpdir(), 'carillon-proof-'))
  ends.push(() => rm(directory, { recursive: true }))
  const keysFile = join(directory, 'jwks.json')
  await writeFile(keysFile, issuer.jwks)
  const env = {
    NODE_ENV: 'production',
    CHANNEL: channel,
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_TOPIC: 'proof',
    KAFKA_CREATE_TOPIC: 'on',
    JWT_KEYS_FILE: keysFile,
    JWT_ISSUER: issuer.issuer,
    JWT_AUDIENCE: issuer.audience,
    ALLOWED_ORIGINS: 'https://proof.invalid',
    DRAIN_MS: '2000',
    KAFKA_PRODUCE_TIMEOUT_MS: '10000',
    EMIT_RATE_PER_S: '100000',
    EMIT_BURST: '100000',
  }
  const gateways = [await createRestartableGateway('A', env), await createRestartableGateway('B', env)]
  for (const gateway of gateways) {
    ends.push(() => gateway.kill())
    await gateway.start()
  }
  return gateways
}

type ProofClient = SdkClient<User>

interface Stage {
  readonly gateways: readonly RestartableGateway[]
  readonly random: () => number
}

const portOf = (gateways: readonly RestartableGateway[], random: () => number): number =>
  gateways[Math.floor(random() * gateways.length)]?.port ?? 1

/**
 *
 * @param port returns the port for the next attempt
 */
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

async function connectClients(options: ProofOptions, stage: Stage & { readonly issuer: Issuer }): Promise<readonly ProofClient[]> {
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

interface Incidents {
  progress(emitted: number): void
  /** Ends the incidents; resolves with the exit codes of the gateways that were stopped. */
  finish(): Promise<readonly (number | null)[]>
  sawUnready(): boolean
}

function createIncidents(
  options: ProofOptions,
  stage: Stage & { readonly clients: readonly ProofClient[]; readonly broker: ProofBrokers },
): Incidents {
  const exitCodes: (number | null)[] = []
  const running: Promise<void>[] = []
  let isOver = false
  let sawUnready = false
  const cutNow = (client: ProofClient): void => client.cut(stage.random() * options.maxCutMs)
  const timers = stage.clients.map((client) => setInterval(() => stage.random() < 0.2 && cutNow(client), 1000))
  const due = new Map<number, () => Promise<void>>()
  due.set(Math.floor(options.events * 0.35), async () => {
    const [, second] = stage.gateways
    if (second === undefined) return
    options.say('gateway B gets SIGTERM')
    exitCodes.push(await second.terminate())
    options.say(`gateway B left with ${String(exitCodes.at(-1))}; starting it again`)
    await second.start()
    options.say('gateway B is ready again')
  })
  if (options.killsBroker) {
    due.set(Math.floor(options.events * 0.7), async () => {
      options.say('the broker gets SIGKILL')
      await stage.broker.kill()
      const [first] = stage.gateways
      if (stage.broker.isAlone)
        await until(async () => first === undefined || first.isDegraded(), {
          seconds: 60,
          everyMs: 50,
          what: 'gateway A to report what is wrong',
        })
      // A starting gateway may wait for the broker. A gateway that has served must stay ready.
      sawUnready = stage.broker.isAlone ? (await first?.isReady()) !== true : await isEverUnready(stage.gateways, otherLeadersAfterMs)
      options.say(`gateway A ${sawUnready ? 'is unready' : 'stayed ready'}; starting the broker again`)
      await stage.broker.restart()
      await until(async () => (await Promise.all(stage.gateways.map((gateway) => gateway.isReady()))).every(Boolean), {
        seconds: 60,
        everyMs: 50,
        what: 'the gateways to be ready again',
      })
      options.say('both gateways are ready again by themselves')
    })
  }
  return {
    progress: (emitted) => {
      const incident = due.get(emitted)
      due.delete(emitted)
      if (incident !== undefined && !isOver) {
        const happening = incident()
        // `finish` reports a failure. Unhandled until then, it would end this process before it ends the gateways.
        happening.catch(() => {})
        running.push(happening)
      }
      if (emitted % Math.ceil(options.events / 10) === 0) options.say(`${emitted} of ${options.events} events`)
    },
    finish: async () => {
      isOver = true
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running)
      return exitCodes
    },
    sawUnready: () => sawUnready,
  }
}

/** Time until other brokers lead: the controller declares a broker dead when its session has expired (9 s). */
const otherLeadersAfterMs = 12_000

async function isEverUnready(gateways: readonly RestartableGateway[], forMs: number): Promise<boolean> {
  for (const untilMs = Date.now() + forMs; Date.now() < untilMs; await sleep(200)) {
    if ((await Promise.all(gateways.map((gateway) => gateway.isReady()))).includes(false)) return true
  }
  return false
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
