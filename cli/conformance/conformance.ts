import { isRecord } from '../../program/is-record.ts'
import { messageOf } from '../../program/message-of.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { readRawToken, readToken, tokenFlags } from '../bearer-token.ts'
import { defineCommand, type Flags, type Given, refuse } from '../command.ts'
import { readTarget, targetFlags } from '../target.ts'
import { readWholeNumber } from '../whole-number.ts'
import type { World } from '../world.ts'
import { faultsOf, judgeServer } from './judge-server.ts'
import type { Subject } from './lab.ts'
import { profiles } from './profiles.ts'
import { renderHeading, renderJudged, renderJUnit, renderSummary, reportOf } from './report.ts'
import { type ProfileName, profileNames } from './rule.ts'

const flags = {
  profile: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    sentence: `Check this profile only: ${profileNames.join(', ')}. Default: all.`,
  },
  'socket-url': { type: 'string', value: 'URL', sentence: 'The WebSocket, where URL is not it.' },
  'stream-url': { type: 'string', value: 'URL', sentence: 'The Server-Sent Events, where URL is not the address of a gateway.' },
  'emit-url': {
    type: 'string',
    value: 'URL',
    sentence: 'Target of POST for events. Without one, the profile websocket sends events over the WebSocket itself.',
  },
  header: { type: 'string', value: '"NAME: VALUE"', multiple: true, sentence: 'Header of every request and handshake.' },
  extension: {
    type: 'string',
    value: 'NAME=VALUE',
    multiple: true,
    sentence: "Extension of every event that is sent. Default for a gateway: an audience of the token's user alone.",
  },
  origin: { type: 'string', value: 'ORIGIN', sentence: 'Connect as a page of this origin, which sees close codes.' },
  ...tokenFlags,
  'emit-token': { type: 'string', value: 'TOKEN', sentence: 'Token for emitting.' },
  'emit-token-file': {
    type: 'string',
    value: 'FILE',
    sentence: 'File with that token. Default: the token in the variable CARILLON_EMIT_TOKEN.',
  },
  timeout: { type: 'string', value: 'SECONDS', sentence: 'Time for each answer and each event. Default: 5.' },
  json: { type: 'boolean', sentence: 'Print one JSON object with all rules and verdicts.' },
  junit: { type: 'string', value: 'FILE', sentence: 'Write the verdicts to this file as JUnit XML, too.' },
  ...targetFlags,
} as const satisfies Flags

type Asked = Given<keyof typeof flags>

export const conformance = defineCommand({
  name: 'conformance',
  summary: 'check a server against the CloudEvents bindings and the resume profile',
  about: [
    'With the profile resume or --channel, URL is the address of a gateway, such as http://localhost:8000, or of one of its endpoints. Otherwise URL is the endpoint itself: the WebSocket for the profile websocket, the target of POST for the profile http.',
    'Sends events to the server, which its users may get. Each rule cites its section, and is a MUST, SHOULD or MAY. A verdict is pass, FAIL, n/a with the reason, or NOT CHECKED with the reason. Exits with 1 unless every MUST passes or does not apply.',
    'The server understood an event as a CloudEvent in its answer says, or as it arrives at the WebSocket.',
  ],
  flags,
  examples: [
    'carillon conformance http://localhost:8000 --token-file ann.jwt',
    'carillon conformance http://localhost:8080/ --profile http --timeout 2 --junit conformance.xml',
    'carillon conformance wss://example.com/events --profile websocket --emit-url https://example.com/emit --header "X-Api-Key: k"',
  ],
  run: async (given, world) => {
    const names = readProfiles(given)
    if (!names.ok) return refuse(world, 'usage', names.error)
    const subject = readSubject(given, names.value, world)
    if (!subject.ok) return refuse(world, 'usage', subject.error)
    const isJson = given.has('json')
    let heading: ProfileName | null = null
    const all = await judgeServer(subject.value, names.value, (judged) => {
      if (isJson) return
      if (heading !== judged.profile) world.out(renderHeading(judged.profile))
      heading = judged.profile
      world.out(renderJudged(judged))
    })
    if (world.interrupted.aborted) return refuse(world, 'failed', 'Interrupted before the last rule.')
    if (isJson) world.out(`${JSON.stringify(reportOf(given.url, names.value, all))}\n`)
    const written = writeJUnit(given.text('junit'), () => renderJUnit(names.value, all), world)
    if (!written.ok) return refuse(world, 'failed', written.error)
    world.err(renderSummary(names.value, all))
    return faultsOf(all).length === 0 ? 'ok' : 'failed'
  },
})

function writeJUnit(path: string | undefined, render: () => string, world: World): Result<void, string> {
  if (path === undefined) return ok(undefined)
  try {
    world.writeFile(path, render())
    return ok(undefined)
  } catch (error) {
    // No such folder, or no right to write there.
    return failed(`The file of --junit cannot be written (${messageOf(error)}). Give a path in a folder that exists.`)
  }
}

function readProfiles(given: Asked): Result<readonly ProfileName[], string> {
  const asked = given.texts('profile')
  const unknown = asked.find((name) => !profileNames.some((known) => known === name))
  if (unknown !== undefined) return failed(`There is no profile "${unknown}". Give one of ${profileNames.join(', ')}.`)
  return ok(profileNames.filter((name) => asked.length === 0 || asked.includes(name)))
}

type Endpoints = Pick<Subject, 'socket' | 'stream' | 'emit'>

function readEndpoints(given: Asked, names: readonly ProfileName[]): Result<Endpoints, string> {
  const flagged = readUrls(given)
  if (!flagged.ok) return flagged
  const of = isGateway(given, names) ? ofGateway(given) : ofForeignServer(given, names)
  if (!of.ok) return of
  const endpoints = {
    socket: flagged.value['socket-url'] ?? of.value.socket,
    stream: flagged.value['stream-url'] ?? of.value.stream,
    emit: flagged.value['emit-url'] ?? of.value.emit,
  }
  for (const name of names) {
    const missing = profiles[name].needs.find((need) => endpoints[need] === null)
    if (missing !== undefined) return failed(`The profile ${name} needs --${missing}-url.`)
  }
  return ok(endpoints)
}

/** Only a gateway has the resume profile, and channels. */
const isGateway = (given: Asked, names: readonly ProfileName[]): boolean =>
  names.includes('resume') || Object.keys(targetFlags).some((flag) => given.has(flag as keyof typeof targetFlags)) // a key of the table

function ofGateway(given: Asked): Result<Endpoints, string> {
  const target = readTarget(given)
  if (!target.ok) return target
  const { socket, events } = target.value
  return ok({ socket, stream: events, emit: events })
}

/** Of another server, URL is the endpoint of the first profile. */
function ofForeignServer(given: Asked, names: readonly ProfileName[]): Result<Endpoints, string> {
  const url = readUrl(given.url, 'URL')
  if (!url.ok) return url
  return ok(
    names.includes('websocket')
      ? { socket: withScheme(url.value, 'ws'), stream: null, emit: null }
      : { socket: null, stream: null, emit: withScheme(url.value, 'http') },
  )
}

const urlFlags = ['socket-url', 'stream-url', 'emit-url'] as const

function readUrls(given: Asked): Result<Partial<Record<(typeof urlFlags)[number], URL>>, string> {
  const urls: Partial<Record<(typeof urlFlags)[number], URL>> = {}
  for (const flag of urlFlags) {
    const text = given.text(flag)
    if (text === undefined) continue
    const url = readUrl(text, `--${flag}`)
    if (!url.ok) return url
    urls[flag] = withScheme(url.value, flag === 'socket-url' ? 'ws' : 'http')
  }
  return ok(urls)
}

function readUrl(text: string, what: string): Result<URL, string> {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && /^(https?|wss?):$/.test(url.protocol)
    ? ok(url)
    : failed(`${what} is "${text}". Give a whole address with http, https, ws or wss, such as http://localhost:8080/.`)
}

function withScheme(url: URL, scheme: 'ws' | 'http'): URL {
  const isEncrypted = url.protocol === 'https:' || url.protocol === 'wss:'
  return new URL(url.href.replace(/^[a-z]+:/, `${scheme}${isEncrypted ? 's' : ''}:`))
}

function readSubject(given: Asked, names: readonly ProfileName[], world: World): Result<Subject, string> {
  const endpoints = readEndpoints(given, names)
  if (!endpoints.ok) return endpoints
  const token = readToken(given, world)
  if (!token.ok) return token
  const emitToken = readRawToken(
    { flag: 'emit-token', text: given.text('emit-token'), file: given.text('emit-token-file'), variable: 'CARILLON_EMIT_TOKEN' },
    world,
  )
  if (!emitToken.ok) return emitToken
  const headers = readPairs(
    given.texts('header'),
    'header',
    /^([\w!#$%&'*+.^`|~-]+):\s*([\t\u0020-\u007e\u0080-\u00ff]*)$/,
    '"X-Api-Key: VALUE"',
  )
  if (!headers.ok) return headers
  const extensions = readPairs(
    given.texts('extension'),
    'extension',
    /^([a-z0-9]+)=(.*)$/s,
    'NAME=VALUE, with a name of lower-case letters and digits',
  )
  if (!extensions.ok) return extensions
  const timeout = readWholeNumber(given.text('timeout'), { flag: 'timeout', least: 1, most: 600, fallback: 5 })
  if (!timeout.ok) return timeout
  const audience = isGateway(given, names) ? audienceOf(extensions.value, token.value) : ok({})
  if (!audience.ok) return audience
  return ok({
    ...endpoints.value,
    headers: headers.value,
    token: token.value,
    emitToken: emitToken.value,
    origin: given.text('origin') ?? null,
    extensions: { ...audience.value, ...extensions.value },
    timeoutMs: timeout.value * 1000,
    interrupted: world.interrupted,
  })
}

function readPairs(texts: readonly string[], flag: string, form: RegExp, wanted: string): Result<Readonly<Record<string, string>>, string> {
  const pairs: Record<string, string> = {}
  for (const text of texts) {
    const [, name, value = ''] = form.exec(text) ?? []
    // The text may be a secret.
    if (name === undefined) return failed(`A --${flag} cannot be read. Give ${wanted}.`)
    pairs[name] = value
  }
  return ok(pairs)
}

/** Returns an audience of the token's user alone, so that no other user gets the events of a run. */
function audienceOf(given: Readonly<Record<string, string>>, token: string | null): Result<Readonly<Record<string, string>>, string> {
  if (given['audience'] !== undefined) return ok({})
  const user = userOf(token)
  return user === null
    ? failed(
        'The events of a run need an audience, and the token\'s user (user_id or sub) is not known. Give --token-file, or --extension \'audience={"users":["ID"]}\'.',
      )
    : ok({ audience: JSON.stringify({ users: [user] }) })
}

function userOf(token: string | null): string | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString())
    const user = isRecord(claims) ? (claims['user_id'] ?? claims['sub']) : null
    return typeof user === 'string' || typeof user === 'number' ? String(user) : null
  } catch {
    // Damaged, or of another kind: the server says so.
    return null
  }
}
