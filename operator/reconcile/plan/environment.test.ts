import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../../gateway/config/parse-options.ts'
import type { PodVariable } from '../../../cdk8s/operands/operand-input.ts'
import { settableVariables } from '../../../api/v1alpha1/schema/gateway-options.ts'
import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { aStoredSpec, smallestSpec } from '../../testing/channel-builders.ts'
import { gatewayEnvironment } from './environment.ts'
import type { KafkaOfPods } from '../kafka-of-pods.ts'
import { parseAcceptRules } from '../../../gateway/config/accept-rules.ts'
import type { OptionSource } from './options-of-spec.ts'

const sideTopics = { deadLetters: 'shop.chat.dlq', upstream: null, control: 'shop.chat.control' }

const source = (more: Partial<OptionSource> = {}): OptionSource => ({
  channelName: 'chat',
  kafka: { brokers: ['kafka:9092'], tls: null, sasl: null },
  topicName: 'shop.chat',
  topicEpoch: 'topic-1',
  sideTopics,
  paths: { socket: '/wss/chat', api: '/api/chat' },
  ...more,
})

function render(spec: Partial<RealtimeChannelSpec> = {}, more: Partial<OptionSource> = {}) {
  const rendered = gatewayEnvironment(aStoredSpec(spec), source(more))
  if (!rendered.ok) throw new Error(rendered.error.message)
  return { ...rendered.value, env: Object.fromEntries(rendered.value.environment.map((variable) => [variable.name, textOf(variable)])) }
}

const textOf = (variable: PodVariable): string => ('field' in variable ? `<${variable.field}>` : variable.value)

function refusal(spec: Partial<RealtimeChannelSpec>): string {
  const rendered = gatewayEnvironment(aStoredSpec(spec), source())
  return rendered.ok ? '' : `${rendered.error.reason}: ${rendered.error.message}`
}

const env = (variables: Readonly<Record<string, string>>): Partial<RealtimeChannelSpec> => ({
  // The names of tests are of the table.
  gateway: { replicas: 2, env: Object.entries(variables).map(([name, value]) => ({ name, value })) },
})

describe('the environment of gateways', () => {
  it('leaves out values that equal a default of the gateway', () => {
    const { env: variables } = render()
    expect(variables).toEqual({
      CHANNEL: 'chat',
      SOCKET_PATH_PREFIX: '/wss/chat',
      API_PATH_PREFIX: '/api/chat',
      NODE_ENV: 'production',
      LOG_FORMAT: 'json',
      KAFKA_BROKERS: 'kafka:9092',
      KAFKA_TOPIC: 'shop.chat',
      KAFKA_CREATE_TOPIC: 'off',
      KAFKA_TOPIC_EPOCH: 'topic-1',
      KAFKA_CONTROL_TOPIC: 'shop.chat.control',
      UPSTREAM: 'off',
      JWT_JWKS_URI: 'https://sso.example.com/keys',
      JWT_ISSUER: 'https://sso.example.com',
      JWT_AUDIENCE: 'carillon',
      ALLOWED_ORIGINS: 'https://app.example.com',
      DRAIN_MS: '15000',
      STOP_TIMEOUT_MS: '5000',
    })
  })

  it('has every field of the channel', () => {
    const { env: variables } = render({
      gateway: { replicas: 1, logLevel: 'debug', drainSeconds: 60 },
      auth: { ...smallestSpec.auth, algorithms: ['ES256'], claims: { userId: 'sub', roles: 'realm_access.roles' }, cookieName: 'session' },
      emit: { scopes: ['a', 'b'], trustXRhIdentity: true, ratePerSecond: 10, burst: 200 },
      replay: { window: '1m', maxBytes: '128Mi' },
      limits: { connectionsPerPod: 100, connectionsPerUser: 5, connectionsPerSecond: 50, connectionsBurst: 60, eventBytes: 65_536 },
    })
    expect(variables).toMatchObject({
      LOG_LEVEL: 'debug',
      DRAIN_MS: '60000',
      JWT_ALGORITHMS: 'ES256',
      JWT_CLAIM_USER_ID: 'sub',
      JWT_CLAIM_ROLES: 'realm_access.roles',
      JWT_COOKIE: 'session',
      EMIT_SCOPES: 'a,b',
      EMIT_TRUST_X_RH_IDENTITY: 'true',
      EMIT_RATE_PER_S: '10',
      EMIT_BURST: '200',
      REPLAY_WINDOW_MS: '60000',
      REPLAY_MAX_BYTES: '134217728',
      MAX_CONNECTIONS: '100',
      MAX_CONNECTIONS_PER_USER: '5',
      UPGRADE_RATE_PER_S: '50',
      UPGRADE_BURST: '60',
      MAX_EVENT_BYTES: '65536',
    })
  })

  it('names secrets as files, never by their values, with the source of each', () => {
    const kafka: KafkaOfPods = {
      brokers: ['kafka:9093'],
      tls: { ca: { secret: 'ca', key: 'ca.pem' }, clientSecret: 'client' },
      sasl: { mechanism: 'scram-sha-512', secret: 'user', usernameKey: 'u', passwordKey: 'p' },
    }
    const { env: variables, files } = render({ auth: { ...smallestSpec.auth, jwks: { configMapRef: { name: 'keys' } } } }, { kafka })
    expect(variables).toMatchObject({
      KAFKA_TLS: 'true',
      KAFKA_TLS_CA_FILE: '/etc/carillon/kafka-ca/ca.crt',
      KAFKA_TLS_CERT_FILE: '/etc/carillon/kafka-client/tls.crt',
      KAFKA_TLS_KEY_FILE: '/etc/carillon/kafka-client/tls.key',
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME_FILE: '/etc/carillon/kafka-sasl/username',
      KAFKA_SASL_PASSWORD_FILE: '/etc/carillon/kafka-sasl/password',
      JWT_KEYS_FILE: '/etc/carillon/jwt-keys/keys',
    })
    expect(variables).not.toHaveProperty('JWT_JWKS_URI')
    expect(files.map(({ path, from }) => `${path} ${from.kind} ${from.name}/${from.key}`)).toEqual([
      '/etc/carillon/kafka-ca/ca.crt Secret ca/ca.pem',
      '/etc/carillon/kafka-client/tls.crt Secret client/tls.crt',
      '/etc/carillon/kafka-client/tls.key Secret client/tls.key',
      '/etc/carillon/kafka-sasl/username Secret user/u',
      '/etc/carillon/kafka-sasl/password Secret user/p',
      '/etc/carillon/jwt-keys/keys ConfigMap keys/jwks.json',
    ])
  })

  it('mounts the secrets of resume tickets, which the team has made, and has none otherwise', () => {
    const { env: variables, files } = render({ auth: { ...smallestSpec.auth, resumeTickets: { secretRef: { name: 'tickets' } } } })
    expect(variables).toMatchObject({ TICKET_KEYS_FILE: '/etc/carillon/tickets/keys' })
    expect(files).toEqual([{ path: '/etc/carillon/tickets/keys', from: { kind: 'Secret', name: 'tickets', key: 'keys' } }])
    expect(render({}).env).not.toHaveProperty('TICKET_KEYS_FILE')
  })

  it("uses the channel's proxy and authorities for the keys, but no proxy for a host in noProxy", () => {
    const jwks = { uri: 'https://sso.corp.example.com/keys', caSecretRef: { name: 'company-ca' } }
    const proxy = { httpsProxy: 'http://proxy.example.com:3128', noProxy: ['svc'] }
    const { env: variables, files } = render({ auth: { ...smallestSpec.auth, jwks }, network: { proxy } })
    expect(variables).toMatchObject({ JWKS_CA_FILE: '/etc/carillon/jwks-ca/ca.crt', JWKS_PROXY: 'http://proxy.example.com:3128' })
    expect(files).toEqual([{ path: '/etc/carillon/jwks-ca/ca.crt', from: { kind: 'Secret', name: 'company-ca', key: 'ca.crt' } }])
    const inside = render({
      auth: {
        ...smallestSpec.auth,
        jwks: { uri: 'https://keycloak.sso.svc/keys', caConfigMapRef: { name: 'service-ca', key: 'service-ca.crt' } },
      },
      network: { proxy },
    })
    expect(inside.env).not.toHaveProperty('JWKS_PROXY')
    expect(inside.files).toEqual([
      { path: '/etc/carillon/jwks-ca/ca.crt', from: { kind: 'ConfigMap', name: 'service-ca', key: 'service-ca.crt' } },
    ])
  })

  it('ends with the variables of gateway.env, in the order of the option table', () => {
    const { environment } = render(env({ SOCKET_BUFFER_BYTES: '131072', CONSOLE: 'on', LOG_FORMAT: 'text' }))
    expect(environment.slice(-3)).toEqual([
      { name: 'LOG_FORMAT', value: 'text' },
      { name: 'CONSOLE', value: 'on' },
      { name: 'SOCKET_BUFFER_BYTES', value: '131072' },
    ])
    expect(environment.filter(({ name }) => name === 'LOG_FORMAT')).toHaveLength(1)
  })

  it('passes on variables of tracing, and adds the identity of the pod', () => {
    const { environment } = render(
      env({
        OTEL_TRACES_SAMPLER: 'always_on',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        OTEL_RESOURCE_ATTRIBUTES: 'team=shop',
        OTEL_LOG_LEVEL: '',
      }),
    )
    expect(environment.slice(-6).map((variable) => `${variable.name}=${textOf(variable)}`)).toEqual([
      'POD_NAME=<metadata.name>',
      'POD_NAMESPACE=<metadata.namespace>',
      'NODE_NAME=<spec.nodeName>',
      'OTEL_TRACES_SAMPLER=always_on',
      'OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318',
      'OTEL_RESOURCE_ATTRIBUTES=k8s.pod.name=$(POD_NAME),k8s.namespace.name=$(POD_NAMESPACE),k8s.node.name=$(NODE_NAME),team=shop',
    ])
  })

  it('passes on spec.tracing, over which gateway.env wins', () => {
    const { env: variables } = render({
      tracing: { endpoint: 'http://otel:4318', samplePercent: 5 },
      gateway: { env: [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://other:4318' }] },
    })
    expect(variables).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other:4318',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.05',
      POD_NAME: '<metadata.name>',
    })
    expect(render({ tracing: { endpoint: 'http://otel:4317', protocol: 'grpc' } }).env).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    })
  })

  it('sets options from the fields that came later than their variables', () => {
    const { env: variables } = render({
      auth: { ...smallestSpec.auth, audienceClaim: 'client_id', tokenTypes: ['at+jwt'], allowedRequestHeaders: ['x-request-source'] },
      emit: { maxBatch: 50 },
      limits: { audienceMembers: 200 },
      gateway: { heartbeat: '20s' },
    })
    expect(variables).toMatchObject({
      JWT_AUDIENCE_CLAIM: 'client_id',
      JWT_TYPES: 'at+jwt',
      CORS_REQUEST_HEADERS: 'x-request-source',
      EMIT_MAX_BATCH: '50',
      MAX_AUDIENCE_SIZE: '200',
      HEARTBEAT_INTERVAL_MS: '20000',
    })
    expect(refusal({ auth: { ...smallestSpec.auth, allowedRequestHeaders: ['cookie'] } })).toContain('spec.auth.allowedRequestHeaders')
  })

  it('accepts no variable with credentials of tracing', () => {
    expect(settableVariables.filter((name) => /^OTEL_.*HEADERS|CERTIFICATE|_KEY|CONFIG_FILE/.test(name))).toEqual([])
  })

  it('names the dead letter topic of the operator, and turns dead letters off without one', () => {
    expect(render({}, { sideTopics: { ...sideTopics, deadLetters: 'shop.lost' } }).env).toMatchObject({ KAFKA_DLQ_TOPIC: 'shop.lost' })
    expect(render({}, { sideTopics: { ...sideTopics, deadLetters: null } }).env).toMatchObject({ KAFKA_DLQ: 'false' })
    expect(Object.keys(render().env).filter((name) => name.startsWith('KAFKA_DLQ') || name === 'KAFKA_CLIENT_ID')).toEqual([])
  })

  it('gives the rules of the channel and the topic to gateways that take events of browsers, and turns them off without the topic', () => {
    const asked = { upstream: { accept: [{ type: 'chat.message', roles: ['member'] }, { typePrefix: 'typing.' }] } }
    const {
      UPSTREAM,
      KAFKA_UPSTREAM_TOPIC,
      UPSTREAM_ACCEPT = '',
    } = render(asked, {
      sideTopics: { ...sideTopics, upstream: 'shop.chat.upstream' },
    }).env
    expect([UPSTREAM, KAFKA_UPSTREAM_TOPIC]).toEqual(['on', 'shop.chat.upstream'])
    expect(parseAcceptRules(UPSTREAM_ACCEPT)).toMatchObject({
      ok: true,
      value: [
        { match: { kind: 'exact', text: 'chat.message' }, roles: ['member'], maxBytes: 4096 },
        { match: { kind: 'prefix', text: 'typing.' }, roles: null, deliverTo: 'none' },
      ],
    })
    const off = render(asked).env
    expect([off['UPSTREAM'], off['KAFKA_UPSTREAM_TOPIC'], off['UPSTREAM_ACCEPT']]).toEqual(['off', undefined, undefined])
  })

  it.each([
    ['pattern', { type: 'string', pattern: '^a' }, 'spec.upstream.accept: .*regular expressions are not allowed'],
    ['size', { enum: ['x'.repeat(16_385)] }, 'spec.upstream.accept: .*16384 are allowed'],
  ])('refuses a schema of data that the gateway would refuse, by its %s', (_what, schema, says) => {
    const rendered = gatewayEnvironment(
      aStoredSpec({ upstream: { accept: [{ type: 'a', schema }] } }),
      source({ sideTopics: { ...sideTopics, upstream: 'shop.chat.upstream' } }),
    )
    expect(rendered).toMatchObject({ ok: false, error: { reason: 'InvalidGatewayOptions', message: expect.stringMatching(says) } })
  })

  // Stored channels may have them: the value reached the gateways unjudged, and a foreign topic got the records of the channel.
  it.each(['KAFKA_CLIENT_ID', 'KAFKA_DLQ', 'KAFKA_DLQ_TOPIC'])('refuses %s in a stored channel, and names its replacement', (name) => {
    expect(refusal({ gateway: { env: [{ name, value: 'payments.news' }] } })).toMatch(
      new RegExp(`spec\\.gateway\\.env\\[${name}\\] can no longer be set: .+Running pods keep`),
    )
  })

  it('has an empty topic epoch when the brokers report no id of the topic', () => {
    expect(render({}, { topicEpoch: '' }).env['KAFKA_TOPIC_EPOCH']).toBe('')
  })

  it('lets an option with a default follow the one that the channel chose', () => {
    expect(render({ limits: { eventBytes: 4_194_304 } }).env).toMatchObject({ MAX_EVENT_BYTES: '4194304', EMIT_MAX_BODY_BYTES: '4194304' })
    expect(render({ emit: { ratePerSecond: 10, burst: 20 } }).env).toMatchObject({ EMIT_BURST: '20', EMIT_MAX_BATCH: '20' })
    expect(render({ replay: { maxBytes: '64Ki' } }).env).toMatchObject({ REPLAY_MAX_BYTES: '65536', MAX_EVENT_BYTES: '65536' })
    expect(render(env({ EMIT_MAX_BATCH: '9000' })).env).toMatchObject({
      EMIT_MAX_BATCH: '9000',
      EMIT_BURST: '9000',
      EMIT_MAX_IN_FLIGHT: '9000',
    })
  })

  it('refuses two chosen options that do not fit, even if one was written as its default', () => {
    expect(refusal({ limits: { eventBytes: 131_072 }, replay: { maxBytes: '64Ki' } })).toBe(
      'InvalidGatewayOptions: The gateway would refuse to start. spec.replay.maxBytes: REPLAY_MAX_BYTES: "65536" is not valid; expected at least MAX_EVENT_BYTES (131072): an event of the largest size could not be held',
    )
    expect(refusal({ emit: { ratePerSecond: 10, burst: 20 }, ...env({ EMIT_MAX_BATCH: '100' }) })).toContain(
      'spec.emit.burst: EMIT_BURST: "20" is not valid; expected at least EMIT_MAX_BATCH (100)',
    )
  })

  it('reports all wrong values at once, each with field, value and what is expected', () => {
    const message = refusal({
      ...env({ EMIT_MAX_BATCH: 'many', CONSOLE: 'perhaps' }),
      auth: { ...smallestSpec.auth, allowedOrigins: ['https://app.example.com:443'] },
    })
    expect(message).toContain(
      'spec.gateway.env[EMIT_MAX_BATCH]: EMIT_MAX_BATCH: "many" is not valid; expected a whole number from 1 to 10000',
    )
    expect(message).toContain('spec.gateway.env[CONSOLE]: CONSOLE: "perhaps" is not valid; expected one of auto, on, off')
  })

  it.each<[string, Partial<RealtimeChannelSpec>]>([
    ['spec.auth.allowedOrigins', { auth: { ...smallestSpec.auth, allowedOrigins: ['https://app.example.com:443'] } }],
    ['spec.auth.claims.userId', { auth: { ...smallestSpec.auth, claims: { userId: ' user' } } }],
    ['spec.auth.issuer', { auth: { ...smallestSpec.auth, issuer: 'https://sso.example.com ' } }],
    ['spec.auth.audience', { auth: { ...smallestSpec.auth, audience: ['a,b'] } }],
    ['spec.replay.window', { replay: { window: 'soon' } }],
    ['spec.replay.maxBytes', { replay: { maxBytes: '1Ki' } }],
    ['spec.gateway.drainSeconds', { gateway: { replicas: 1, drainSeconds: 601 } }],
  ])('names the field of a wrong value: %s', (field, spec) => {
    expect(refusal(spec)).toContain(`${field}: `)
  })

  it('is never one that the gateway would refuse, for any channel', () => {
    const anyVariable = fc.constantFrom(...settableVariables)
    const anyValue = fc.oneof(fc.integer({ min: 0, max: 20_000 }).map(String), fc.constantFrom('true', 'on', 'x', ''))
    const anyCount = fc.integer({ min: 1, max: 3_000 })
    fc.assert(
      fc.property(
        fc.dictionary(anyVariable, anyValue, { maxKeys: 4 }),
        anyCount,
        anyCount,
        fc.integer({ min: 1_024, max: 8_388_608 }),
        (variables, rate, burst, eventBytes) => {
          const rendered = gatewayEnvironment(
            aStoredSpec({ ...env(variables), emit: { ratePerSecond: Math.min(rate, burst), burst }, limits: { eventBytes } }),
            source(),
          )
          const isAccepted =
            rendered.ok &&
            parseOptions(Object.fromEntries(rendered.value.environment.map((variable) => [variable.name, textOf(variable)])), {
              readable: () => true,
            }).ok
          expect(isAccepted).toBe(rendered.ok)
          const listed = rendered.ok ? rendered.value.environment.map(({ name }) => name) : []
          expect(new Set(listed).size).toBe(listed.length)
        },
      ),
      { numRuns: 300 },
    )
  })
})
