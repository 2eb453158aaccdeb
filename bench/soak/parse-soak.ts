import { parseArgs } from 'node:util'
import { messageOf } from '../../program/message-of.ts'
import { failed, ok, type Result } from '../../program/result.ts'

export interface SoakPlan {
  readonly minutes: number
  /** Connections that stay. */
  readonly sockets: number
  readonly eventsPerSecond: number
  /** Connections that come each second, and leave some seconds later. */
  readonly churnPerSecond: number
  /** File for the picture. */
  readonly out: string
}

export const soakUsage = `Usage: node bench/soak/main.ts [--minutes N] [--sockets N] [--events N] [--churn N] [--out FILE]

Runs one gateway on a real Kafka for a long time, and draws its memory and the delays of its event loop.
--minutes 30            length
--sockets 5000          connections that stay, besides one slow reader
--events 200            events per second, most of them to one user
--churn 50              connections that come and go, per second
--out artifacts/soak.svg  the picture`

const bounds = { minutes: [0.25, 24 * 60], sockets: [1, 12_000], events: [10, 2_000], churn: [0, 500] } as const
type Name = keyof typeof bounds

/** Parses the command line; null: it asks for help. */
export function parseSoak(args: readonly string[]): Result<SoakPlan | null, string> {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const options = {
    minutes: text('30'),
    sockets: text('5000'),
    events: text('200'),
    churn: text('50'),
    out: text('artifacts/soak.svg'),
    help: { type: 'boolean', default: false },
  } as const
  try {
    const { values } = parseArgs({ args: [...args], options })
    if (values.help) return ok(null)
    // The keys of `bounds`.
    const wrong = (Object.keys(bounds) as Name[]).find((name) => !isWithin(Number(values[name]), name))
    if (wrong !== undefined)
      return failed(`--${wrong} must be between ${bounds[wrong][0]} and ${bounds[wrong][1]}, and is ${values[wrong]}.`)
    return ok({
      minutes: Number(values.minutes),
      sockets: Math.floor(Number(values.sockets)),
      eventsPerSecond: Math.floor(Number(values.events)),
      churnPerSecond: Math.floor(Number(values.churn)),
      out: values.out,
    })
  } catch (error) {
    // The option is unknown, or lacks its value.
    return failed(messageOf(error))
  }
}

const isWithin = (value: number, name: Name): boolean => value >= bounds[name][0] && value <= bounds[name][1]
