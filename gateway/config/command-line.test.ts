import { describe, expect, test } from 'vitest'
import { flagOf } from '../../program/options/command-line.ts'
import { gatewayOptions } from './bind-options.ts'
import { options, type Option } from './options.ts'

const { names: optionNames, parseCommandLine } = gatewayOptions

const open: readonly Option[] = optionNames.map((name) => options[name]).filter((option: Option) => option.kind !== 'secret')

describe('a command line', () => {
  test('that is empty is read without variables', () => {
    expect(parseCommandLine([])).toEqual({ ok: true, value: { kind: 'run', env: {}, switches: new Set() } })
  })

  test.each([
    ['--help', 'help'],
    ['-h', 'help'],
    ['--version', 'version'],
  ])('with %s asks for text, and its other flags are ignored', (flag, kind) => {
    expect(parseCommandLine(['--nonsense', flag])).toEqual({ ok: true, value: { kind } })
  })

  test('takes values after = and in the next argument, with = in them', () => {
    expect(parseCommandLine(['--kafka-brokers=a:1,b:2', '--port', '80', '--jwt-issuer=https://x/?a=b'])).toEqual({
      ok: true,
      value: { kind: 'run', env: { KAFKA_BROKERS: 'a:1,b:2', PORT: '80', JWT_ISSUER: 'https://x/?a=b' }, switches: new Set() },
    })
  })

  test('takes a boolean without a value', () => {
    expect(parseCommandLine(['--kafka-tls', '--kafka-dlq', 'false', '--emit-trust-x-rh-identity'])).toEqual({
      ok: true,
      value: { kind: 'run', env: { KAFKA_TLS: 'true', KAFKA_DLQ: 'false', EMIT_TRUST_X_RH_IDENTITY: 'true' }, switches: new Set() },
    })
  })

  test('lets the last of two equal flags win', () => {
    expect(parseCommandLine(['--port=1', '--port=2'])).toMatchObject({ value: { env: { PORT: '2' } } })
  })

  test.each(open.map((option) => [flagOf(option), option.env]))('takes %s for %s', (flag, variable) => {
    expect(parseCommandLine([`${flag}=x`])).toEqual({ ok: true, value: { kind: 'run', env: { [variable]: 'x' }, switches: new Set() } })
  })
})

describe('a command line is refused', () => {
  test('for unknown flags, all of them, with the nearest one', () => {
    expect(parseCommandLine(['--kafka-broker=a', 'word', '--port=1'])).toEqual({
      ok: false,
      error: [
        { variable: '--kafka-broker', given: null, expected: 'a flag that --help lists, such as --kafka-brokers' },
        { variable: 'word', given: null, expected: 'a flag that --help lists' },
      ],
    })
  })

  test.each([[['--port']], [['--port', '--host=x']]])('for a missing value: %j', (argv) => {
    expect(parseCommandLine(argv)).toMatchObject({ ok: false, error: [{ variable: '--port', expected: 'a value, as in --port=VALUE' }] })
  })

  test('for a secret, and the error does not show the secret', () => {
    const result = parseCommandLine(['--kafka-sasl-password=hunter2'])
    expect(result).toMatchObject({ ok: false, error: [{ variable: '--kafka-sasl-password', given: null }] })
    expect(JSON.stringify(result)).not.toContain('hunter2')
  })

  test.each(['__proto__', 'constructor', '--toString'])('for %s, a name that every object has', (argument) => {
    expect(parseCommandLine([argument])).toMatchObject({ ok: false, error: [{ variable: argument }] })
  })
})
