import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPinoLogger } from './pino.ts'
import type { PinoLoggerOptions } from './pino.ts'
import type { LogFields, Logger } from './logger.ts'

const secret = 'hunter2-hunter2'
const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJ1c2VyX2lkIjoiYSJ9.c2lnbmF0dXJl'

function createLog(level: PinoLoggerOptions['level'] = 'debug'): {
  readonly logger: Logger
  text(): string
  lines(): Record<string, unknown>[]
} {
  const texts: string[] = []
  const logger = createPinoLogger({ level, name: 'carillon', version: '1.2.3', destination: { write: (line) => void texts.push(line) } })
  const parse = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown> // pino writes objects
  return { logger, text: () => texts.join(''), lines: () => texts.map(parse) }
}

/** Returns the fields of the line that is written. */
function written(fields: LogFields): Record<string, unknown> {
  const { logger, lines } = createLog()
  logger.info(fields, 'message')
  return lines()[0] ?? {}
}

describe('a log line', () => {
  it('is one line of JSON with message, time, level and program', () => {
    const { logger, lines, text } = createLog()
    logger.warn({ partition: 3, reason: 'two\nlines' }, 'a record could not be decoded')
    expect(text().match(/\n/g)).toHaveLength(1)
    expect(lines()[0]).toMatchObject({
      level: 'warn',
      name: 'carillon',
      version: '1.2.3',
      msg: 'a record could not be decoded',
      partition: 3,
      reason: 'two\nlines',
    })
    expect(new Date(String(lines()[0]?.['time'])).toISOString()).toBe(lines()[0]?.['time'])
  })

  it('is written from its level on, and never when the log is silent', () => {
    const levels = (['debug', 'info', 'warn', 'error', 'silent'] as const).map((level) => {
      const { logger, lines } = createLog(level)
      for (const severity of ['debug', 'info', 'warn', 'error'] as const) logger[severity]({}, 'message')
      return lines()
        .map((line) => line['level'])
        .join()
    })
    expect(levels).toEqual(['debug,info,warn,error', 'info,warn,error', 'warn,error', 'error', ''])
  })

  it('keeps its own fields when a caller uses their names', () => {
    expect(written({ level: 'mine', msg: 'mine', time: 0, name: 'mine' })).toMatchObject({
      level: 'info',
      msg: 'message',
      name: 'carillon',
      level_: 'mine',
      msg_: 'mine',
      time_: 0,
      name_: 'mine',
    })
  })

  it('shows an error with its code, its members and the chain of its causes', () => {
    const root = Object.assign(new RangeError('root'), { code: 'ECONNREFUSED' })
    const { err } = written({ err: Object.assign(new Error('top', { cause: new Error('middle', { cause: root }) }), { retriable: true }) })
    expect(err).toMatchObject({
      type: 'Error',
      message: 'top',
      retriable: true,
      cause: { message: 'middle', cause: { type: 'RangeError', message: 'root', code: 'ECONNREFUSED' } },
    })
    expect((err as { stack: string }).stack).toContain('pino.test.ts') // an error's stack is text
  })

  it('shows all errors of an aggregate', () => {
    const { err } = written({ err: new AggregateError([new Error('one'), new Error('two')], 'both') })
    expect(err).toMatchObject({ message: 'both', errors: [{ message: 'one' }, { message: 'two' }] })
  })

  it('survives cycles, depth, length, and values that JSON does not know', () => {
    const cycle: Record<string, unknown> = {
      big: 10n,
      when: new Date(0),
      bytes: Buffer.from(secret),
      call: () => secret,
      map: new Map([['a', secret]]),
      long: 'x'.repeat(5_000),
      many: Array.from({ length: 150 }, (_, index) => index),
    }
    cycle['self'] = cycle
    const error = new Error('its own cause')
    error.cause = error
    const line = written({ cycle, error })
    expect(line['cycle']).toMatchObject({
      big: '10',
      when: '1970-01-01T00:00:00.000Z',
      bytes: '[15 bytes]',
      call: '[function]',
      map: '[Map of 1]',
    })
    const { long, many } = line['cycle'] as { long: string; many: unknown[] } // set above
    expect(long).toBe(`${'x'.repeat(4_096)}... (904 more characters)`)
    expect(many).toHaveLength(101)
    expect(many.at(-1)).toBe('... (50 more)')
    expect(JSON.stringify(line)).toContain('[deeper]')
    expect(JSON.stringify(line)).not.toContain(secret)
  })
})

describe('secrets in a log', () => {
  it.each([
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'Set-Cookie',
    'token',
    'accessToken',
    'id_token',
    'TOKENS',
    'password',
    'KAFKA_SASL_PASSWORD',
    'kafkaSaslPassword',
    'payload',
    'eventPayload',
    'data',
    'data_base64',
    'clientSecret',
    'authorizationHeader',
    'credentials',
    'jwt',
  ])('are replaced when they are named %s, at any depth and of any type', (name) => {
    const { logger, text } = createLog()
    logger.error({ [name]: secret }, 'message')
    logger.error({ request: { headers: [{ [name]: [secret] }] } }, 'message')
    logger.error(
      {
        err: Object.assign(new Error('broken', { cause: Object.assign(new Error('deep'), { [name]: { is: secret } }) }), {
          [name]: secret,
        }),
      },
      'message',
    )
    expect(text()).not.toContain(secret)
    expect(text().match(/\[redacted\]/g)).toHaveLength(4)
  })

  it('are not replaced when their name is only similar', () => {
    const harmless = { tokenExpiresInMs: 5, metadata: 'shown', database: 'shown', isToken: true, cookies: null, dated: 'shown' }
    expect(written(harmless)).toMatchObject(harmless)
    expect(written({ token: 1234 })).toMatchObject({ token: '[redacted]' })
  })

  it('are replaced inside texts: fields, messages, errors, stacks', () => {
    const { logger, text } = createLog()
    logger.info(
      { url: `/wss?x=${jwt}`, note: `Authorization: Bearer ${secret}`, protocols: `cloudevents.json, bearer.${jwt}` },
      `message with ${jwt}`,
    )
    logger.error({ err: new Error(`cannot verify ${jwt}`, { cause: new Error(`nor Basic ${secret}`) }) }, 'message')
    expect(text()).not.toContain('eyJ')
    expect(text()).not.toContain(secret)
    expect(text()).toContain('cannot verify [redacted]')
  })

  it('are replaced at any place in any value', () => {
    const name = fc.constantFrom('authorization', 'cookie', 'token', 'password', 'payload', 'data')
    const planted = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'large' },
        fc
          .record({ key: name, value: fc.constantFrom<unknown>(secret, [secret], { deep: secret }, Buffer.from(secret)) })
          .map(({ key, value }) => ({ [key]: value })),
        fc.dictionary(fc.string(), tie('tree')),
        fc.array(tie('tree'), { maxLength: 3 }),
        tie('tree').map((inner) => Object.assign(new Error('e', { cause: inner }), { inner })),
      ),
    })).tree
    fc.assert(
      fc.property(planted, (field) => {
        const { logger, text } = createLog()
        logger.info({ field }, 'message')
        return text().endsWith('\n') && !text().includes(secret)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the log on standard output', () => {
  it('has every line when the process exits right after writing them', () => {
    const script = `
      import { createPinoLogger } from ${JSON.stringify(new URL('./pino.ts', import.meta.url).href)}
      const logger = createPinoLogger({ level: 'info', name: 'carillon', version: '1' })
      for (let line = 0; line < 500; line += 1) logger.info({ line }, 'line')
      process.exit(0)`
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    const seen = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { line: number }).line) // written above
    expect(status).toBe(0)
    expect(new Set(seen)).toEqual(new Set(Array.from({ length: 500 }, (_, line) => line)))
  })
})
