import { expect, test } from 'vitest'
import { parseOptions } from '../../../gateway/config/parse-options.ts'
import { dialects } from '../dialects/dialects.ts'
import { measures } from '../measures/measures.ts'
import { carillon } from './carillon.ts'
import { type LaunchOptions, measureNames } from './contender.ts'
import { contenders } from './contenders.ts'
import { createNatsIssuer } from './nats-account.ts'
import { versionOf } from './nchan.ts'

const options: LaunchOptions = {
  directory: '/tmp/own',
  buildDirectory: '/tmp/built',
  port: 4000,
  key: 'secret',
  ticketSecret: 'of at least thirty-two characters',
  issuer: {
    issuer: 'https://issuer.invalid',
    audience: 'bench',
    keysFile: '/tmp/keys.json',
    publicKeyPem: 'PEM',
    nats: createNatsIssuer().account,
  },
  kafka: null,
}
const kafka = { brokers: ['127.0.0.1:9092'], topic: 'events' }

test('contenders have unique names and a dialect, and Carillon is first', () => {
  expect(new Set(contenders.map(({ name }) => name)).size).toBe(contenders.length)
  expect(contenders.filter(({ dialect }) => !(dialect in dialects))).toEqual([])
  expect(contenders[0]).toBe(carillon)
})

test('Carillon gets valid options for production, and the broker where there is one', () => {
  const readable = () => true
  expect(parseOptions(carillon.launch(options).env, { readable })).toMatchObject({ ok: true, value: { isDevelopment: false, port: 4000 } })
  expect(parseOptions(carillon.launch({ ...options, kafka }).env, { readable })).toMatchObject({
    ok: true,
    value: { kafkaBrokers: kafka.brokers, kafkaTopic: 'events' },
  })
})

test('Centrifugo keeps history only for recovery, and reads the topic where there is one', () => {
  const configOf = (name: string, launchOptions: LaunchOptions): unknown =>
    JSON.parse(contenders.find((one) => one.name === name)?.launch(launchOptions).files['centrifugo.json'] ?? '')
  expect(configOf('centrifugo', options)).toMatchObject({ channel: { without_namespace: {} }, http_api: { key: 'secret' } })
  expect(configOf('centrifugo', options)).not.toHaveProperty('consumers')
  expect(configOf('centrifugo-recovery', { ...options, kafka })).toMatchObject({
    channel: { without_namespace: { force_recovery: true } },
    consumers: [{ kafka: { topics: ['events'], publication_data_mode: { enabled: true } } }],
  })
})

const launchOf = (name: string) => contenders.find((one) => one.name === name)?.launch(options)

test('the measures that contenders leave out have the names of measures', () => {
  expect(measures.map(({ name }) => name)).toEqual(measureNames)
})

test('Carillon takes part in all measures, and every contender in those of speed', () => {
  expect(contenders[0]?.leavesOut).toBeUndefined()
  expect(contenders.filter(({ leavesOut }) => leavesOut?.broadcast !== undefined || leavesOut?.idle !== undefined)).toEqual([])
})

test('a contender that resumes nothing is not in the table of losses, except the one by hand', () => {
  const inLoss = contenders.filter(({ leavesOut }) => leavesOut?.loss === undefined)
  expect(inLoss.filter(({ resumes }) => !resumes).map(({ name }) => name)).toEqual(['ws'])
})

test('NATS takes the tokens of its own account, over a WebSocket without compression', () => {
  const launch = launchOf('nats')
  expect(launch).toMatchObject({ command: '/tmp/built/nats-server', publishPort: 4001 })
  expect(JSON.parse(launch?.files['nats.conf'] ?? '')).toMatchObject({
    port: 4001,
    websocket: { port: 4000, compression: false, authorization: { timeout: 30 } },
    operator: options.issuer.nats.operatorToken,
    resolver_preload: { [options.issuer.nats.accountId]: options.issuer.nats.accountToken },
  })
})

test('nchan asks about each subscriber, and takes publications with the key alone', () => {
  const config = launchOf('nchan')?.files['nginx.conf'] ?? ''
  expect(config).toContain('load_module /tmp/built/usr/lib/nginx/modules/ngx_nchan_module.so;')
  expect(config).toContain('listen 127.0.0.1:4000 ')
  expect(config.match(/location = \/(ws|events) \{\s+auth_request/g)).toHaveLength(2)
  expect(config).toContain('if ($http_authorization != "Bearer secret") { return 403; }')
  expect(launchOf('nchan-sse')?.files).toEqual(launchOf('nchan')?.files)
})

test("nchan's version is read from the names of its packages", () => {
  expect(versionOf(['libnginx-mod-nchan_1%3a1.3.6+dfsg-2_amd64.deb', 'nginx_1.22.1-9+deb12u11_amd64.deb'])).toBe('1.3.6, nginx 1.22.1')
})

test('Bun runs its server with the binary of its package, without the flags of Node.js', () => {
  expect(launchOf('bun')).toMatchObject({
    command: '/tmp/built/node_modules/bun/bin/bun.exe',
    args: [expect.stringMatching(/servers\/bun\.ts$/)],
    publishPort: 4000,
  })
})
