import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { options } from '../../config/options.ts'

const page = readFileSync(new URL('../../../docs/emit-api.md', import.meta.url), 'utf8')

// The examples of the page are run by scripts/docs/examples.test.ts.
describe('docs/emit-api.md', () => {
  test('names the defaults of the options as they are', () => {
    const row = (what: string): string => page.split('\n').find((line) => line.startsWith(`| ${what} |`)) ?? ''
    expect(row("an event's data")).toContain(`${options.maxEventBytes.default / 1024} KiB`)
    expect(row('a body')).toContain(`${options.emitMaxBodyBytes.default / 1024 / 1024} MiB`)
    expect(row('events of a batch')).toContain(`| ${options.emitMaxBatch.default} |`)
    expect(row('names in an audience')).toContain(options.maxAudienceSize.default.toLocaleString('en'))
    expect(row('events per second of one emitter')).toContain(
      `${options.emitRatePerS.default.toLocaleString('en')}, and ${options.emitBurst.default.toLocaleString('en')} at once`,
    )
    expect(row('events of a pod that wait for Kafka')).toContain(options.emitMaxInFlight.default.toLocaleString('en'))
  })
})
