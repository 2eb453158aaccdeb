import type { RestartableGateway } from '../../testing/processes/gateway-process.ts'
import { sleep } from '../../program/waiting.ts'
import { until } from '../../testing/until.ts'
import type { ProofBrokers } from './brokers.ts'

export interface IncidentOptions {
  /** Number of steps of the whole proof: events or sends. */
  readonly steps: number
  /** What a step is, in the plural. */
  readonly unit: string
  /** Longest time without network for one client. */
  readonly maxCutMs: number
  /** Chance that a client loses its network within a second. */
  readonly cutChance: number
  /** Kills one broker in the middle, and restarts it. */
  readonly killsBroker: boolean
  readonly say: (line: string) => void
}

interface Stage {
  readonly gateways: readonly RestartableGateway[]
  readonly clients: readonly { cut(holdMs: number): void }[]
  readonly broker: ProofBrokers
  readonly random: () => number
}

export interface Incidents {
  /** @param done number of steps that are done */
  progress(done: number): void
  /** Ends the incidents; resolves with the exit codes of the gateways that were stopped. */
  finish(): Promise<readonly (number | null)[]>
  sawUnready(): boolean
}

/** Cuts clients at random, restarts one gateway after a third of the steps, and kills a broker after two thirds. */
export function createIncidents(options: IncidentOptions, stage: Stage): Incidents {
  const exitCodes: (number | null)[] = []
  const running: Promise<void>[] = []
  let isOver = false
  let sawUnready = false
  const cutNow = (client: Stage['clients'][number]): void => client.cut(stage.random() * options.maxCutMs)
  const timers = stage.clients.map((client) => setInterval(() => stage.random() < options.cutChance && cutNow(client), 1000))
  const due = new Map<number, () => Promise<void>>()
  due.set(Math.floor(options.steps * 0.35), async () => {
    const [, second] = stage.gateways
    if (second === undefined) return
    options.say('gateway B gets SIGTERM')
    exitCodes.push(await second.terminate())
    options.say(`gateway B left with ${String(exitCodes.at(-1))}; starting it again`)
    await second.start()
    options.say('gateway B is ready again')
  })
  if (options.killsBroker) {
    due.set(Math.floor(options.steps * 0.7), async () => {
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
    progress: (done) => {
      const incident = due.get(done)
      due.delete(done)
      if (incident !== undefined && !isOver) {
        const happening = incident()
        // `finish` reports a failure. Unhandled until then, it would end this process before it ends the gateways.
        happening.catch(() => {})
        running.push(happening)
      }
      if (done % Math.ceil(options.steps / 10) === 0) options.say(`${done} of ${options.steps} ${options.unit}`)
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
