import { describe, expect, test } from 'vitest'
import { emitTestHelp, parseEmitTest, type EmitTestOptions, type Surroundings } from './emit-test-options.ts'
import { testRecord } from './emit-test-records.ts'
import { eventOf } from '../../gateway/event/testing/read-record.ts'

const bare: Surroundings = {
  env: {},
  readFile: (path) => {
    if (path === 'event.json') return '{"from": "a file"}'
    throw new Error('no such file')
  },
}

function parsed(argv: readonly string[], around = bare): EmitTestOptions {
  const result = parseEmitTest(argv, around)
  if (!result.ok || result.value === null) throw new Error(`refused: ${JSON.stringify(result)}`)
  return result.value
}

function complaints(argv: readonly string[]): readonly string[] {
  const result = parseEmitTest(argv, bare)
  return result.ok ? [] : result.error
}

describe('the flags of emit-test', () => {
  test('have defaults: one binary broadcast record, to the Kafka of make infra', () => {
    expect(parsed([])).toMatchObject({
      brokers: ['127.0.0.1:9092'],
      topic: 'platform.chrome',
      form: 'binary',
      audience: { broadcast: true, users: [] },
      id: null,
      count: 1,
      ratePerS: 0,
    })
  })

  test("default to the gateway's variables for brokers and topic, unless these are empty", () => {
    expect(parsed([], { ...bare, env: { KAFKA_BROKERS: 'a:1,b:2', KAFKA_TOPIC: 't' } })).toMatchObject({
      brokers: ['a:1', 'b:2'],
      topic: 't',
    })
    expect(parsed([], { ...bare, env: { KAFKA_BROKERS: '', KAFKA_TOPIC: '' } })).toMatchObject({
      brokers: ['127.0.0.1:9092'],
      topic: 'platform.chrome',
    })
    expect(parsed(['--brokers=c:3', '--topic', 'u'], { ...bare, env: { KAFKA_BROKERS: 'a:1' } })).toMatchObject({
      brokers: ['c:3'],
      topic: 'u',
    })
  })

  test('name an audience, each part as often as wanted, and then the record is not a broadcast', () => {
    expect(parsed(['--user', 'a', '--user=b', '--username', 'ü', '--organization', 'o', '--role', 'r', '--role', 's']).audience).toEqual({
      broadcast: false,
      users: ['a', 'b'],
      usernames: ['ü'],
      organizations: ['o'],
      roles: ['r', 's'],
    })
    expect(parsed(['--user', 'a', '--broadcast']).audience.broadcast).toBe(true)
  })

  test('take a payload as JSON or from a file', () => {
    expect(parsed(['--payload', '[1]']).payload).toEqual([1])
    expect(parsed(['--payload', '@event.json']).payload).toEqual({ from: 'a file' })
  })

  test.each([
    [['--payload', '{broken'], /--payload: it is not JSON/],
    [['--payload', '@missing.json'], /--payload: the file cannot be read/],
    [['--form', 'avro'], /--form: "avro".*binary, structured or legacy/],
    [['--count', '0'], /--count: "0".*from 1 to 1000000/],
    [['--count', 'many'], /--count/],
    [['--rate', '-1'], /--rate/],
    [['--brokers', 'localhost'], /--brokers: "localhost" is not host:port/],
    [['--role', 'admin'], /--role: expected --organization/],
    [['--type', ''], /--type: it must be a non-empty string/],
    [['--type', 'dev.carillon.test'], /--type: .*not begin with `dev\.carillon\.`/],
    [['--source', 'a b'], /--source: it must be a URI reference/],
    [['--id', 'a\nb'], /--id: it must be a non-empty string/],
    [['--topic', ''], /--topic: expected a text/],
    [['--nonsense'], /--nonsense.*--help/],
    [['word'], /word.*--help/],
  ])('%j is refused with a reason', (argv, reason) => {
    expect(complaints(argv)).toEqual([expect.stringMatching(reason)])
  })

  test('are all checked at once', () => {
    expect(complaints(['--count', '0', '--form', 'x', '--payload', '{'])).toHaveLength(3)
  })

  test('--help is answered with each of them', () => {
    expect(parseEmitTest(['--help'], bare)).toEqual({ ok: true, value: null })
    const missing = [
      'brokers',
      'topic',
      'form',
      'broadcast',
      'user',
      'username',
      'organization',
      'role',
      'type',
      'source',
      'id',
      'payload',
      'count',
      'rate',
    ].filter((flag) => !emitTestHelp.includes(`--${flag}`))
    expect(missing).toEqual([])
  })
})

describe('a test record', () => {
  const at = { now: new Date('2030-01-02T03:04:05Z'), fresh: () => 'fresh' }
  const record = (argv: readonly string[], index = 0) => testRecord(parsed(argv), index, at)
  const value = (argv: readonly string[]): unknown => JSON.parse(record(argv).value?.toString() ?? 'null')

  // `dev.carillon.test` was the default, and gateways refuse types that begin so: the record was written and never delivered.
  test.each(['binary', 'structured', 'legacy'])(
    'is an event that a gateway delivers, in %s form, with the defaults for all else',
    (form) => {
      const { headers, value: bytes } = record(['--form', form])
      const ours = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]))
      expect(eventOf({ partition: 0, offset: 0, timestampMs: 0, key: null, value: bytes, headers: ours })).toMatchObject({
        id: 'fresh',
        data: { title: 'Test notification' },
      })
    },
  )

  test('is binary: attributes and audience in headers, the payload alone in the value', () => {
    const { headers } = record(['--user', 'ü', '--payload', '{"a":1}'])
    expect(headers).toEqual({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: 'fresh',
      ce_source: 'urn:carillon:emit-test',
      ce_type: 'com.example.test',
      ce_time: '2030-01-02T03:04:05.000Z',
      ce_audience: JSON.stringify({ broadcast: false, users: ['ü'], usernames: [], organizations: [], roles: [] }),
    })
    expect(value(['--payload', '{"a":1}'])).toEqual({ a: 1 })
  })

  test('is structured: one JSON, with the content type for it', () => {
    expect(record(['--form', 'structured']).headers).toEqual({ 'content-type': 'application/cloudevents+json' })
    expect(value(['--form', 'structured', '--payload', '1'])).toMatchObject({
      specversion: '1.0',
      id: 'fresh',
      data: 1,
      audience: expect.stringContaining('"broadcast":true'),
    })
  })

  test('is legacy: no content type, the old specversion, the audience beside the payload', () => {
    expect(record(['--form', 'legacy']).headers).toEqual({})
    expect(value(['--form', 'legacy', '--username', 'ada', '--payload', '{"title":"x"}'])).toMatchObject({
      specversion: '1.0.2',
      data: { usernames: ['ada'], broadcast: false, payload: { title: 'x' } },
    })
  })

  test("has its one user as key, so that a user's events keep their order", () => {
    expect(record(['--user', 'a']).key).toBe('a')
    expect(record(['--user', 'a', '--user', 'b']).key).toBeNull()
    expect(record([]).key).toBeNull()
  })

  test('has the id of the flags, numbered when there are several', () => {
    expect(record(['--id', 'x']).identity).toBe('urn:carillon:emit-test x')
    expect(record(['--id', 'x', '--count', '3'], 2).headers['ce_id']).toBe('x-3')
  })
})
