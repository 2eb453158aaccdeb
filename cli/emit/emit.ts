import { randomUUID } from 'node:crypto'
import { isRecord } from '../../program/is-record.ts'
import { escapeControls } from '../../program/log/escape-controls.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { readToken, tokenFlags } from '../bearer-token.ts'
import { defineCommand, type Flags, type Given, refuse } from '../command.ts'
import type { Exit } from '../exit-codes.ts'
import { messageOf } from '../../program/message-of.ts'
import { describeRefusal } from '../problem.ts'
import { aboutUrl, readTarget, type Target, targetFlags } from '../target.ts'
import { readWholeNumber } from '../whole-number.ts'
import type { World } from '../world.ts'
import { audienceFlags, readAudience } from './audience.ts'
import { emitBatches, type Tally } from './batch.ts'
import { defaultSource, readEvent } from './read-event.ts'
import { createSender, type EmitRequest, type Sender } from './send.ts'

const flags = {
  type: { type: 'string', value: 'TYPE', sentence: 'Type of the event, such as order.shipped.' },
  data: {
    type: 'string',
    value: 'JSON',
    sentence: 'Data of the event, any JSON; @FILE reads them from a file, and @- from standard input.',
  },
  ...audienceFlags,
  id: {
    type: 'string',
    value: 'ID',
    sentence: 'Id of the event. An event with the id of an earlier one is delivered once. Default: a new one.',
  },
  event: { type: 'string', value: 'FILE', sentence: 'Emit the CloudEvent in this file (JSON); - reads standard input.' },
  batch: { type: 'string', value: 'FILE', sentence: 'Emit each line of this file, a CloudEvent in JSON; - reads standard input.' },
  'batch-size': { type: 'string', value: 'N', sentence: 'Most events of one request. Default: 100.' },
  retries: { type: 'string', value: 'N', sentence: 'Attempts after a failed one, with the same ids. Default: 5.' },
  json: { type: 'boolean', sentence: 'Print the answer, or the tally of a batch, as one line of JSON.' },
  ...tokenFlags,
  ...targetFlags,
} as const satisfies Flags

type EmitGiven = Given<keyof typeof flags>

export const emit = defineCommand({
  name: 'emit',
  summary: 'send an event, or a file of events',
  about: [
    aboutUrl,
    `Give --type and an audience, or --event, or --batch. Events of --event and --batch get what they lack: specversion, an id, the source ${defaultSource}, and the audience and type of the flags.`,
    'An accepted event is in the topic; that does not mean that a recipient was connected.',
  ],
  flags,
  examples: [
    `carillon emit http://localhost:8000 --type order.shipped --user ann --data '{"order": 17}'`,
    'carillon emit https://push.example.com --channel orders --batch events.ndjson --organization o1 --token-file emitter.jwt',
  ],
  run: async (given, world) => {
    const target = readTarget(given)
    if (!target.ok) return refuse(world, 'usage', target.error)
    const token = readToken(given, world)
    if (!token.ok) return refuse(world, 'usage', token.error)
    const retries = readWholeNumber(given.text('retries'), { flag: 'retries', least: 0, most: 100, fallback: 5 })
    if (!retries.ok) return refuse(world, 'usage', retries.error)
    const maxEvents = readWholeNumber(given.text('batch-size'), { flag: 'batch-size', least: 1, most: 10_000, fallback: 100 })
    if (!maxEvents.ok) return refuse(world, 'usage', maxEvents.error)
    const conflict = findConflict(given)
    if (conflict !== null) return refuse(world, 'usage', conflict)
    const sender = createSender({ token: token.value, maxRetries: retries.value, note: ', with the same ids', world })
    const batch = given.text('batch')
    if (batch !== undefined) {
      const lines = batch === '-' ? world.stdin() : world.chunks(batch)
      return emitFile({ url: target.value.events, lines, defaults: defaultsOf(given), maxEvents: maxEvents.value, sender, world }, given)
    }
    const request = await readRequest(given, target.value, world)
    return request.ok ? emitOne(request.value, sender, given, world) : refuse(world, 'usage', request.error)
  },
})

function findConflict(given: EmitGiven): string | null {
  const sources = (['event', 'batch'] as const).filter((flag) => given.has(flag))
  if (sources.length > 1) return '--event and --batch were both given. Give one of the two.'
  const [source] = sources
  if (source === undefined) {
    if (given.has('type')) return null
    return 'There is nothing to emit. Give --type TYPE with an audience such as --user ID or --broadcast, or --event FILE, or --batch FILE.'
  }
  const alone = (['data', 'id'] as const).find((flag) => given.has(flag))
  return alone === undefined ? null : `--${alone} is for one message, and --${source} has its own. Leave one of the two out.`
}

const defaultsOf = (given: EmitGiven) => ({ type: given.text('type') ?? null, audience: readAudience(given) })

async function readRequest(given: EmitGiven, target: Target, world: World): Promise<Result<EmitRequest, string>> {
  const file = given.text('event')
  if (file === undefined) {
    const payload = await readData(given.text('data'), world)
    if (!payload.ok) return payload
    const message = { id: given.text('id') ?? randomUUID(), type: given.text('type'), ...readAudience(given), ...payload.value }
    return ok({ url: target.emitMessage, contentType: 'application/json', body: JSON.stringify(message) })
  }
  const text = await readText(file, 'event', world)
  if (!text.ok) return text
  const event = readEvent(1, text.value, defaultsOf(given))
  if (!event.ok) return failed(`The file of --event ${event.error}. Give a CloudEvent in JSON; for one event per line use --batch.`)
  return ok({ url: target.events, contentType: 'application/cloudevents+json', body: event.value.json })
}

async function readData(data: string | undefined, world: World): Promise<Result<{ readonly payload?: unknown }, string>> {
  if (data === undefined) return ok({})
  const text = data.startsWith('@') ? await readText(data.slice(1), 'data', world) : ok(data)
  if (!text.ok) return text
  try {
    return ok({ payload: JSON.parse(text.value) as unknown })
  } catch (error) {
    // Often a shell has taken the quotes.
    return failed(
      `--data is not JSON (${messageOf(error)}). Put it in single quotes, such as '{"order": 17}' or '"text"'; @FILE reads a file.`,
    )
  }
}

async function readText(path: string, flag: string, world: World): Promise<Result<string, string>> {
  try {
    if (path !== '-') return ok(world.readFile(path))
    const chunks: Buffer[] = []
    for await (const chunk of world.stdin()) chunks.push(Buffer.from(chunk))
    return ok(Buffer.concat(chunks).toString())
  } catch (error) {
    return failed(`The file of --${flag} cannot be read (${messageOf(error)}). Give the path of a file that this user can read.`)
  }
}

async function emitOne(request: EmitRequest, sender: Sender, given: EmitGiven, world: World): Promise<Exit> {
  const outcome = await sender.send(request)
  switch (outcome.kind) {
    case 'accepted':
      world.out(given.has('json') ? `${outcome.text}\n` : `accepted  ${escapeControls(renderAccepted(outcome.text))}\n`)
      return 'ok'
    case 'refused':
      return refuse(world, 'failed', `The gateway refuses the event: ${describeRefusal(outcome.refusal)}`)
    case 'gave-up':
      return refuse(
        world,
        'failed',
        `Not accepted: ${outcome.reason} The event may or may not be in the topic. Emit it again with its id: ${idOf(request)}`,
      )
    case 'interrupted':
      return refuse(world, 'failed', `Interrupted. The event may or may not be in the topic. Emit it again with its id: ${idOf(request)}`)
    default:
      return outcome satisfies never
  }
}

function renderAccepted(text: string): string {
  const answer: unknown = JSON.parse(text)
  return isRecord(answer)
    ? Object.entries(answer)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join('  ')
    : text
}

const idOf = ({ body }: EmitRequest): string => String((JSON.parse(body) as { readonly id: unknown }).id) // made in this file, with an id

async function emitFile(parts: Parameters<typeof emitBatches>[0], given: EmitGiven): Promise<Exit> {
  const { world } = parts
  const startedAtMs = world.now()
  const tally = await emitBatches(parts)
  const tookMs = world.now() - startedAtMs
  if (given.has('json')) world.out(`${JSON.stringify({ ...tally, tookMs })}\n`)
  world.err(renderTally(tally, tookMs))
  return tally.stopped === null && tally.refused === 0 ? 'ok' : 'failed'
}

function renderTally({ accepted, refused, requests, retries, lastLine, stopped }: Tally, tookMs: number): string {
  const sum = `${accepted} accepted, ${refused} refused; ${requests} requests, ${retries} retries, ${(tookMs / 1000).toFixed(1)} s\n`
  return stopped === null
    ? sum
    : `${sum}carillon: Stopped after line ${lastLine}: ${stopped} Emit the lines after it again; keep the ids of lines that have them.\n`
}
