import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { options } from '../../config/options.ts'
import { parseCurl } from './testing/curl.ts'
import { type Rig, startPublicServer } from './testing/start-public-server.ts'

const page = readFileSync(new URL('../../../docs/emit-api.md', import.meta.url), 'utf8')

/** Each shell example: the command, and in its comment the status and, where it is the same every time, the body. */
const examples = [...page.matchAll(/```sh\n(.*?)\n# (\d{3})(?: (.*?))?\n```/gs)].map(
  ([, command = '', status = '', body]) => ({ command, status: Number(status), body: body ?? null })
)

describe('docs/emit-api.md', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startPublicServer()
  })
  afterAll(() => rig.stop())

  test('says of every shell example what is answered', () => {
    expect(examples).toHaveLength([...page.matchAll(/^```sh$/gm)].length)
    expect(examples.length).toBeGreaterThan(6)
  })

  test.each(examples)('$command', async ({ command, status, body }) => {
    const { url, ...request } = parseCurl(command)
    const response = await fetch(url.replace('http://localhost:8000', rig.url), request)
    const answer = await response.text()
    expect([response.status, body === null ? null : answer]).toEqual([status, body])
  })

  test('names the defaults of the options as they are', () => {
    const row = (what: string): string => page.split('\n').find((line) => line.startsWith(`| ${what} |`)) ?? ''
    expect(row("an event's data")).toContain(`${options.maxEventBytes.default / 1024} KiB`)
    expect(row('a body')).toContain(`${options.emitMaxBodyBytes.default / 1024 / 1024} MiB`)
    expect(row('events of a batch')).toContain(`| ${options.emitMaxBatch.default} |`)
    expect(row('names in an audience')).toContain(options.maxAudienceSize.default.toLocaleString('en'))
    expect(row('events per second of one emitter')).toContain(
      `${options.emitRatePerS.default.toLocaleString('en')}, and ${options.emitBurst.default.toLocaleString('en')} at once`
    )
    expect(row('events of a pod that wait for the log')).toContain(options.emitMaxInFlight.default.toLocaleString('en'))
    const known: readonly string[] = Object.values(options).map(({ env }) => env)
    const named = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, env]) => env)
    expect(named.filter((env) => !known.includes(env ?? ''))).toEqual([])
  })
})
