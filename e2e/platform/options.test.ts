import { expect, it } from 'vitest'
import { parsePlatformOptions, renderHelp } from './options.ts'

it('platform options have defaults', () => {
  expect(parsePlatformOptions([], {})).toMatchObject({
    ok: true,
    value: { name: 'carillon', httpPort: 8080, httpsPort: 8443, brokers: 1, ipFamily: 'ipv4', metrics: false, sample: true },
  })
})

it('platform options prefer flags to variables, and variables to defaults', () => {
  const env = { GATEWAY_API_CRDS: '/env.yaml' }
  expect(parsePlatformOptions(['--name', 'other', '--metrics', '--no-sample'], env)).toMatchObject({
    ok: true,
    value: { name: 'other', metrics: true, sample: false, gatewayApiCrds: '/env.yaml' },
  })
  expect(parsePlatformOptions(['--gateway-api-crds', '/flag.yaml'], env)).toMatchObject({
    ok: true,
    value: { gatewayApiCrds: '/flag.yaml' },
  })
  expect(parsePlatformOptions([], { GATEWAY_API_CRDS: '' })).toMatchObject({
    ok: true,
    value: { gatewayApiCrds: expect.stringMatching(/^https:/) },
  })
})

it('platform options report every error at once', () => {
  expect(parsePlatformOptions(['--name', 'A', '--http-port', '0', '--https-port', 'x', '--brokers', '4'], {})).toEqual({
    ok: false,
    error: [
      '--name: expected up to 32 of a-z, 0-9 and -',
      '--http-port: expected a port, 1 to 65535',
      '--https-port: expected a port, 1 to 65535',
      '--brokers: expected 1, 2 or 3',
    ],
  })
  expect(parsePlatformOptions(['--https-port', '8080'], {})).toEqual({
    ok: false,
    error: ['--https-port: expected another port than --http-port'],
  })
  expect(parsePlatformOptions(['--ip-family', 'ipv5'], {})).toEqual({ ok: false, error: ['--ip-family: expected one of ipv4, ipv6, dual'] })
  expect(parsePlatformOptions(['--ip-family', 'ipv6'], {})).toMatchObject({ ok: false, error: [expect.stringContaining('--no-sample')] })
  expect(parsePlatformOptions(['--ip-family', 'ipv6', '--no-sample'], {})).toMatchObject({ ok: true, value: { ipFamily: 'ipv6' } })
  expect(parsePlatformOptions(['--nmae', 'x'], {})).toMatchObject({ ok: false, error: [expect.stringContaining("'--nmae'")] })
})

it('platform options have a help text', () => {
  expect(parsePlatformOptions(['--help', '--brokers', '9'], {})).toEqual({ ok: true, value: 'help' })
  expect(renderHelp('up', 'Makes it.')).toMatch(/^Makes it\.\n\n.*make up ARGS=.*\n\n {2}--name +Name of the kind cluster\. \[carillon\]\n/)
})
