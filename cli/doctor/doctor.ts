import { escapeControls } from '../../program/log/escape-controls.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { readRawToken, tokenFlags } from '../bearer-token.ts'
import { defineCommand, type Flags, type Given, refuse } from '../command.ts'
import { aboutUrl, readTarget, targetFlags } from '../target.ts'
import { readWholeNumber } from '../whole-number.ts'
import type { World } from '../world.ts'
import { checkNames, type Patient } from './check.ts'
import { examine, type NamedFinding } from './examine.ts'

const flags = {
  origin: { type: 'string', value: 'ORIGIN', sentence: 'Connect as a page of this origin, such as https://app.example.com.' },
  ...tokenFlags,
  'emit-token': { type: 'string', value: 'TOKEN', sentence: 'Token of an emitter: check that it may emit. No event is sent.' },
  'emit-token-file': {
    type: 'string',
    value: 'FILE',
    sentence: 'File with that token. Default: the token in the variable CARILLON_EMIT_TOKEN.',
  },
  quick: { type: 'boolean', sentence: 'Do not wait for a heartbeat, which comes after 25 seconds by default.' },
  timeout: { type: 'string', value: 'SECONDS', sentence: 'Time for each answer. Default: 5.' },
  json: { type: 'boolean', sentence: 'Print one JSON object with all checks.' },
  ...targetFlags,
} as const satisfies Flags

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'check the way from here to a gateway, and name remedies',
  about: [
    aboutUrl,
    `Checks in this order: ${checkNames.join(', ')}. Does not try what needs a failed check. Exits with 1 if a check failed.`,
  ],
  flags,
  examples: [
    'carillon doctor https://push.example.com --channel orders --token-file ann.jwt --origin https://app.example.com',
    'carillon doctor wss://push.example.com/wss/orders/v1/ws --quick --json',
  ],
  run: async (given, world) => {
    const patient = readPatient(given, world)
    if (!patient.ok) return refuse(world, 'usage', patient.error)
    const isJson = given.has('json')
    const findings = await examine(patient.value, {
      begins: (name) => {
        if (name === 'heartbeat' && !patient.value.isQuick) world.err('waiting for a heartbeat (--quick leaves it out)\n')
      },
      found: (finding) => {
        if (!isJson) world.out(renderFinding(finding))
      },
    })
    const bad = findings.filter(({ status }) => status === 'failed')
    if (isJson) world.out(`${JSON.stringify({ url: given.url, ok: bad.length === 0, checks: findings })}\n`)
    if (world.interrupted.aborted) return refuse(world, 'failed', 'Interrupted before the last check.')
    world.err(bad.length === 0 ? 'No check failed.\n' : `Failed: ${bad.map(({ name }) => name).join(', ')}.\n`)
    return bad.length === 0 ? 'ok' : 'failed'
  },
})

function readPatient(given: Given<keyof typeof flags>, world: World): Result<Patient, string> {
  const target = readTarget(given)
  if (!target.ok) return target
  // Mistakes in a token are findings here.
  const token = readRawToken(
    { flag: 'token', text: given.text('token'), file: given.text('token-file'), variable: 'CARILLON_TOKEN' },
    world,
  )
  if (!token.ok) return token
  const emitter = {
    flag: 'emit-token',
    text: given.text('emit-token'),
    file: given.text('emit-token-file'),
    variable: 'CARILLON_EMIT_TOKEN',
  }
  const emitToken = readRawToken(emitter, world)
  if (!emitToken.ok) return emitToken
  const origin = given.text('origin')
  if (origin !== undefined && !isOrigin(origin))
    return failed(`--origin is "${origin}". Give scheme and host alone, such as https://app.example.com.`)
  const timeout = readWholeNumber(given.text('timeout'), { flag: 'timeout', least: 1, most: 600, fallback: 5 })
  if (!timeout.ok) return timeout
  return ok({
    target: target.value,
    token: token.value,
    emitToken: emitToken.value,
    origin: origin ?? null,
    isQuick: given.has('quick'),
    timeoutMs: timeout.value * 1000,
    now: world.now,
    interrupted: world.interrupted,
  })
}

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

const statusWords = { ok: 'ok', warning: 'warning', failed: 'FAILED', 'not-tried': 'not tried' } as const satisfies Record<
  NamedFinding['status'],
  string
>
const statusWidth = Math.max(...Object.values(statusWords).map(({ length }) => length)) + 2
const nameWidth = Math.max(...checkNames.map(({ length }) => length)) + 2

/** Returns a line with the result and, if there is one, a line with the remedy. A server chose parts of the texts. */
function renderFinding({ name, status, result, remedy }: NamedFinding): string {
  const head = `${statusWords[status].padEnd(statusWidth)}${name.padEnd(nameWidth)}`
  const below = remedy === null ? '' : `${' '.repeat(head.length)}${escapeControls(`Remedy: ${remedy}`)}\n`
  return `${head}${escapeControls(result)}\n${below}`
}
