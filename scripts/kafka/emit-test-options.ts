import { messageOf } from '../../program/message-of.ts'
import { parseArgs } from 'node:util'
import type { Audience } from '../../gateway/audience/audience.ts'
import { checkAttribute } from '../../gateway/event/attributes.ts'
import { failed, ok, type Result } from '../../program/result.ts'

/** Form of a test record; a gateway reads all three. */
export type Form = 'binary' | 'structured' | 'legacy'

export interface EmitTestOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly form: Form
  readonly audience: Audience
  readonly type: string
  readonly source: string
  /** Null: each record gets an id of its own. */
  readonly id: string | null
  readonly payload: unknown
  readonly count: number
  /** Records per second; 0 is as fast as possible. */
  readonly ratePerS: number
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Returns the text of a file. @throws when it cannot be read */
  readonly readFile: (path: string) => string
}

export const emitTestHelp = `Produces test records to the topic of a channel, as a service would.

Usage: make emit-test ARGS="[flags]"      (or: npm run emit-test -- [flags])

Where
  --brokers HOST:PORT,...   default: KAFKA_BROKERS, else 127.0.0.1:9092
  --topic NAME              default: KAFKA_TOPIC, else platform.chrome
Audience (several add up; without any: --broadcast)
  --broadcast               every client of the channel
  --user ID                 a user, by id; may be repeated, as may the next three
  --username NAME           a user, by name
  --organization ID         every user of an organization ...
  --role NAME               ... or only its users with one of these roles
What
  --form binary|structured|legacy      default: binary
  --type TYPE               default: com.example.test
  --source URI              default: urn:carillon:emit-test
  --id ID                   default: a new one for each; with --count N: ID-1 to ID-N
  --payload JSON|@FILE      default: {"title": "Test notification", "description": "..."}
How many
  --count N                 default: 1, at most 1000000
  --rate N                  per second; default: 0, as fast as they go
`

const flags = {
  help: { type: 'boolean', short: 'h', default: false },
  brokers: { type: 'string' },
  topic: { type: 'string' },
  form: { type: 'string', default: 'binary' },
  broadcast: { type: 'boolean', default: false },
  user: { type: 'string', multiple: true },
  username: { type: 'string', multiple: true },
  organization: { type: 'string', multiple: true },
  role: { type: 'string', multiple: true },
  type: { type: 'string', default: 'com.example.test' },
  source: { type: 'string', default: 'urn:carillon:emit-test' },
  id: { type: 'string' },
  payload: { type: 'string', default: '{"title": "Test notification", "description": "It came through Kafka."}' },
  count: { type: 'string', default: '1' },
  rate: { type: 'string', default: '0' },
} as const

/** Parses the flags of emit-test; null for --help. Reports all errors at once. */
export function parseEmitTest(argv: readonly string[], around: Surroundings): Result<EmitTestOptions | null, readonly string[]> {
  const values = readFlags(argv)
  if (!values.ok) return values
  const given = values.value
  if (given.help) return ok(null)
  const { user: users = [], username: usernames = [], organization: organizations = [], role: roles = [] } = given
  const form = readForm(given.form)
  const payload = readPayload(given.payload, around)
  const count = readInteger('--count', given.count, 1)
  const ratePerS = readInteger('--rate', given.rate, 0)
  const brokers = (given.brokers ?? nonEmpty(around.env['KAFKA_BROKERS']) ?? '127.0.0.1:9092').split(',').map((broker) => broker.trim())
  const errors = [
    ...[form, payload, count, ratePerS].flatMap((result) => (result.ok ? [] : [result.error])),
    ...brokers.filter((broker) => !/^\S+:\d{1,5}$/.test(broker)).map((broker) => `--brokers: ${JSON.stringify(broker)} is not host:port`),
    ...(roles.length > 0 && organizations.length === 0
      ? ['--role: expected --organization beside it; roles alone would cross tenants']
      : []),
    ...(given.topic === '' ? ['--topic: expected a text that is not empty'] : []),
    ...checkAttributes(given),
  ]
  if (errors.length > 0 || !form.ok || !payload.ok || !count.ok || !ratePerS.ok) return failed(errors)
  const names = [...users, ...usernames, ...organizations]
  return ok({
    brokers,
    topic: given.topic ?? nonEmpty(around.env['KAFKA_TOPIC']) ?? 'platform.chrome',
    form: form.value,
    audience: { broadcast: given.broadcast || names.length === 0, users, usernames, organizations, roles },
    type: given.type,
    source: given.source,
    id: given.id ?? null,
    payload: payload.value,
    count: count.value,
    ratePerS: ratePerS.value,
  })
}

/** Refuses records that no gateway would deliver: the producer gets no error later. */
function checkAttributes(given: { readonly type: string; readonly source: string; readonly id?: string | undefined }): readonly string[] {
  return (['type', 'source', 'id'] as const).flatMap((name) => {
    const wrong = given[name] === undefined ? null : checkAttribute(name, given[name])
    return wrong === null ? [] : [`--${name}: it must ${wrong}`]
  })
}

function readFlags(argv: readonly string[]) {
  try {
    return ok(parseArgs({ args: [...argv], options: flags }).values)
  } catch (error) {
    // An unknown flag, a flag without its value, or a word that is not a flag: the message names it.
    return failed([`${messageOf(error)} (--help lists all flags)`])
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function readForm(text: string): Result<Form, string> {
  return text === 'binary' || text === 'structured' || text === 'legacy'
    ? ok(text)
    : failed(`--form: ${JSON.stringify(text)} is not valid; expected binary, structured or legacy`)
}

function readInteger(flag: string, text: string, min: number): Result<number, string> {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= 1_000_000
    ? ok(value)
    : failed(`${flag}: ${JSON.stringify(text)} is not valid; expected a whole number from ${min} to 1000000`)
}

function readPayload(text: string, around: Surroundings): Result<unknown, string> {
  const path = text.startsWith('@') ? text.slice(1) : null
  try {
    return ok(JSON.parse(path === null ? text : around.readFile(path)))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : 'the file cannot be read'
    return failed(
      `--payload: ${why}; expected JSON, or @ and the path of a file with JSON${path === null ? ' (quote it for the shell)' : ''}`,
    )
  }
}
